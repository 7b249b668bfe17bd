"""What a cause looks like: the text by which near causes are found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conftest_kit.records import Failure, Raised
from orchestrator.failures.chain import decisive
from orchestrator.failures.signature import normalise

_LIMIT = 1500
_OWN = ("project", "test")


def likeness(failures: Sequence[Failure]) -> str:
    """The exception, what it says without what differs from run to run, and the code that raised
    it: the deepest line of own code and the deepest of all. Pure; empty without a failure.
    """
    if not failures:
        return ""
    raised = decisive(failures[0])
    if raised is None:
        return normalise(failures[0].message)[:_LIMIT]
    lines = (f"{raised.type.rpartition('.')[2]}: {normalise(raised.message)}", *_raised_by(raised))
    return "\n".join(lines)[:_LIMIT]


def _raised_by(raised: Raised) -> Iterator[str]:
    own = [frame for frame in raised.frames if frame.origin in _OWN]
    if own:
        yield own[-1].source
    if raised.frames:
        yield f"{raised.frames[-1].function} {raised.frames[-1].source}"
