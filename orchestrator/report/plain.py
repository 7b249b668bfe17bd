"""Untrusted text made harmless: what a test prints must not steer a terminal or a page."""

from __future__ import annotations

import re

# CSI … final byte; OSC, DCS, SOS, PM and APC up to their terminator (or the end of the line, where
# it was cut off); two-byte escapes. Both the 7-bit and the 8-bit (C1) introducers.
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
)
# C0 but newline and tab, DEL, C1; marks and overrides of direction, which reorder what is read;
# invisible separators; byte order mark.
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e"
    "\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)

# Half a character, from bytes that are not UTF-8: no stream takes it.
_SURROGATE = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """The text without escape sequences and control characters; newlines stay, tabs expand."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    text = _CONTROL.sub("", _SEQUENCE.sub("", text))
    return _SURROGATE.sub("\ufffd", text).expandtabs(4)


def one_line(text: str, limit: int | None = None) -> str:
    """`clean`, on one line; the middle of what is longer than `limit` is replaced by ` … `."""
    line = " ".join(clean(text).split())
    if limit is None or len(line) <= limit:
        return line
    half = (limit - 3) // 2
    return f"{line[:half]} … {line[-half:]}"
