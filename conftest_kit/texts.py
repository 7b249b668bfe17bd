"""Texts of bounded length that every reader can encode. PYTEST_DONT_REWRITE"""

from __future__ import annotations

MAX_TEXT = 64 * 1024
"""Bytes of one text."""


def bounded(text: str, limit: int = MAX_TEXT) -> str:
    """`text` in at most `limit` bytes of UTF-8: head and tail stay, the cut is said.

    Lone surrogates become escapes, so that every reader can encode the text again.
    """
    if len(text) * 4 <= limit and text.isascii():
        return text
    encoded = text.encode("utf-8", "backslashreplace")
    if len(encoded) <= limit:
        return encoded.decode()
    note = f"\n… {len(encoded) - limit} bytes left out …\n"
    room = max(limit - len(note.encode()), 2) // 2
    head = encoded[:room].decode("utf-8", "ignore")
    return head + note + encoded[-room:].decode("utf-8", "ignore")


def message_of(error: BaseException) -> str:
    """`str(error)`, or what it raised."""
    try:
        return bounded(str(error))
    except (KeyboardInterrupt, MemoryError):
        raise
    except BaseException as problem:  # noqa: BLE001 - pytest.fail() in a __str__ is none
        return f"<str() of this {type(error).__name__} raised {type(problem).__name__}>"
