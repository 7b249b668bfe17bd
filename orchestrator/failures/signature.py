"""The fingerprint of a failure: failures of one signature have one cause.

A signature is made of the exception's type, its normalised message and the place in the project
that raised it, without line numbers, so that it survives edits, machines and parametrised values.
It carries the algorithm's version: signatures of two versions never meet.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from conftest_kit.records import Failure, Frame, Raised
from orchestrator.failures.chain import decisive, headline, is_assertion, said

ALGORITHM = "reason-v1"

_MESSAGE_LIMIT = 1000

_MASKS: tuple[tuple[re.Pattern[str], str], ...] = (
    # 3f2504e0-4f89-11d3-9a0c-0305e82c3301
    (re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE), "<uuid>"),
    # 2026-11-21T10:00:00.123+01:00, 2026-11-21 10:00:00
    (
        re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"),
        "<time>",
    ),
    # Sat Nov 21 10:00:00 2026, 21 Nov 2026 10:00:00
    (
        re.compile(
            r"\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\w{0,6},? )?"
            r"(?:(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\w{0,6} {1,2}\d{1,2}|"
            r"\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\w{0,6} \d{4})"
            r"(?:,? \d\d:\d\d(?::\d\d)?)?(?:,? \d{4})?\b"
        ),
        "<time>",
    ),
    (re.compile(r"\b\d{4}-\d\d-\d\d\b"), "<date>"),
    # 10:00:00.5
    (re.compile(r"\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b"), "<time>"),
    # 0x7f3a5c0d1e80
    (re.compile(r"\b0x[0-9a-f]+\b", re.IGNORECASE), "<hex>"),
    # 127.0.0.1:8080
    (re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b"), "<address>"),
    # /tmp/pytest-of-me/pytest-4/test_a0/out.csv -> <temporary>/out.csv
    (
        re.compile(r"[^\s'\"]{0,200}\bpytest-of-[^/\s]{1,100}/pytest-\d+/[^/\s'\":,;()<>]+"),
        "<temporary>",
    ),
    # /srv/app/data/out.csv -> <dir>/out.csv; C:\Users\me\x.py -> <dir>/x.py
    (re.compile(r"(?<![\w/.:])(?:[A-Za-z]:)?[\\/](?:[^\\/\s'\":,;()<>]+[\\/])+"), "<dir>/"),
    # tmpa1b2c3d4
    (re.compile(r"\btmp[0-9a-z_]{6,}\b"), "<temporary>"),
    # a digest, a commit, a request's id
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,64}\b"), "<hash>"),
    # worker 'gw3'
    (re.compile(r"\bgw\d+\b"), "<worker>"),
    # 12, -3.5e-4, 1.2.3, and with a unit: 0.53s, 12ms, 1.5GiB, 80%
    (
        re.compile(
            r"(?<![\w.])[+-]?\d+(?:\.\d+)*(?:e[+-]?\d+)?(?=(?:[a-zµ]{1,3})?(?!\w))",
            re.IGNORECASE,
        ),
        "<n>",
    ),
    (re.compile(r"\s+"), " "),
)

_NAMES_THE_CULPRIT: tuple[tuple[str, re.Pattern[str]], ...] = (
    # Wherever these are raised, the message alone says what is wrong.
    ("ImportError", re.compile(r"")),
    ("FixtureLookupError", re.compile(r"")),
    ("NameError", re.compile(r"")),
    ("SyntaxError", re.compile(r"")),
    ("Warning", re.compile(r"")),
    ("AttributeError", re.compile(r"^(?:partially initialized )?module '")),
    ("TypeError", re.compile(r"\bargument|required keyword")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a failure is recognised by."""

    id: str
    """`reason-v1:` and 16 hex digits."""
    title: str
    """One line for people: the type and the message as they were."""


def sign(failure: Failure) -> Signature:
    """The signature of one failure. Pure; depends on nothing but the failure."""
    raised = decisive(failure)
    parts: list[str]
    if raised is None:
        parts = [failure.phase, normalise(failure.message), _test_of(failure)]
        title = headline(failure.message)
    else:
        said_of_any = _of_any_test(raised.message, failure)
        parts = [raised.type, _asserted(raised) or normalise(said_of_any), _place(raised)]
        title = said(raised)
        if raised.members:
            parts += sorted({_member(chain) for chain in raised.members})
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:16]
    return Signature(id=f"{ALGORITHM}:{digest}", title=title or f"failed in {failure.phase}")


def normalise(message: str) -> str:
    """The beginning of the message with what differs from run to run masked.

    Masked are numbers, hex, addresses, folders, UUIDs, times, hashes and temporary names.
    """
    text = message[:_MESSAGE_LIMIT]
    for pattern, mask in _MASKS:
        text = pattern.sub(mask, text)
    return text.strip()


def _of_any_test(message: str, failure: Failure) -> str:
    """The message without the test's own node id, which some quote."""
    for own in (failure.nodeid, _test_of(failure)):
        message = message.replace(own, "<test>") if "::" in own else message
    return message


def _asserted(raised: Raised) -> str:
    """The source line of an assertion that a test makes itself.

    What pytest says of it shows the values, which differ with each parameter.
    """
    last = raised.frames[-1] if raised.frames else None
    if last is None or last.origin != "test" or not last.function.startswith("test"):
        return ""
    return last.source if is_assertion(raised) and raised.message.startswith("assert ") else ""


def _member(chain: tuple[Raised, ...]) -> str:
    return sign(Failure(nodeid="", phase="call", exceptions=chain)).id


def _place(raised: Raised) -> str:
    if _names_its_culprit(raised):
        return ""
    for frame in reversed(raised.frames):
        if frame.origin in ("project", "test"):
            return _position(frame, assertion=is_assertion(raised))
    return ""


def _position(frame: Frame, *, assertion: bool) -> str:
    # Many tests of one file that stumble over the same thing have one cause; what a test asserts
    # itself is its own.
    if frame.origin == "test" and frame.function.startswith("test") and not assertion:
        return frame.file
    return f"{frame.file}:{frame.function}"


def _names_its_culprit(raised: Raised) -> bool:
    kinds = {_short(name) for name in (raised.type, *raised.bases)}
    return any(
        kind in kinds and pattern.search(raised.message) for kind, pattern in _NAMES_THE_CULPRIT
    )


def _test_of(failure: Failure) -> str:
    return failure.nodeid.partition("[")[0]


def _short(qualified: str) -> str:
    return qualified.rpartition(".")[2]
