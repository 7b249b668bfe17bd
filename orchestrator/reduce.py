"""Failures of one cause as few numbered lines: what decides is kept, however much is printed; pure.

Every line has a rank: first what was raised, then where in own code, then what was printed and
mentions an error, at last the rest. Lines are taken by rank until the limit is reached, and stand
in their natural order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice

from conftest_kit.records import Failure, Frame, Raised
from orchestrator.failures.chain import decisive, headline
from orchestrator.report.plain import clean

BYTES_PER_TOKEN = 3
"""Of the text of 164 cases o200k and cl100k make a token of 3.9 bytes on the average, in none of
fewer than 2.9 (gpt-tokenizer, 2026-11): an estimate with 3 is on the safe side."""
_NUMBER_TOKENS = 2
"""What a line's number and its end cost."""

_LONGEST_LINE = 600
_CUT = " … "
_OWN = ("project", "test")
_SHOWN_IN_FULL = 6
"""Failures that say something else than those before them."""
_NAMED = 20
"""Further failures, of those that say something else and of those that say the same."""
_FIRST_LINES = 30
"""Of a message: beyond them it is a dump."""
_OWN_FRAMES, _OTHER_FRAMES = 12, 3
_ERROR_LINES, _LAST_LINES = 4, 6
_JOINTS = {"cause": "caused by ", "context": "raised while handling ", "raised": ""}

_ERROR = re.compile(
    r"error|exception|traceback|fatal|fail|refused|denied|not found|no such|cannot|can't|"
    r"unable|missing|invalid|unexpected|unrecognized|undefined|timed? ?out|killed|abort|panic|"
    r"segmentation|out of memory|no module",
    re.IGNORECASE,
)
_SAID_BY_PYTEST = re.compile(r"E {2,}\S|assert |[+?-] |where |Did you mean")
_SHOWS_RAISED = re.compile(
    r"E  |(?:[\w.]+\.)?\w*(?:Error|Exception|Warning|Interrupt|Exit|Failed)\b(?::|$)"
)


class _Rank(IntEnum):
    """What is kept first; `_LATER` of it is what a further failure adds."""

    HEAD = 0
    CHAIN = 1
    TELLING = 2
    PLACE = 3
    TEST = 4
    PRINTED_ERROR = 5
    FIXTURE = 6
    MESSAGE = 7
    LAST_PRINTED = 8
    OTHER_PLACE = 9
    REST = 10


_LATER = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduced:
    """What is left of failures."""

    lines: tuple[str, ...]
    """In their natural order; the first is number 1. No control characters, no line ends."""
    tokens: int
    """Of the numbered lines, as `tokens` estimates them."""
    left_out: int
    """Lines for which there was no room."""


@dataclass(frozen=True, slots=True)
class _Line:
    rank: int
    text: str


def reduce(failures: Sequence[Failure], *, max_tokens: int) -> Reduced:
    """The lines of failures of one cause that say most about it, within `max_tokens`.

    The first failure is taken for the cause, and of others what they say otherwise. The same
    failures give the same lines.
    """
    lines = [*_unlike_before(_lines(failures))]
    left, taken = max_tokens, set[int]()
    for position, line in sorted(enumerate(lines), key=lambda entry: (entry[1].rank, entry[0])):
        cost = _cost(line.text)
        if cost <= left:
            taken.add(position)
            left -= cost
    return Reduced(
        lines=tuple(line.text for position, line in enumerate(lines) if position in taken),
        tokens=max_tokens - left,
        left_out=len(lines) - len(taken),
    )


def numbered(lines: Sequence[str]) -> str:
    """The lines as they are shown: each with its number."""
    return "\n".join(f"{number} {line}" for number, line in enumerate(lines, start=1))


def tokens(text: str) -> int:
    """How many tokens a text has at the most: an estimate, see `BYTES_PER_TOKEN`."""
    return -(-len(text.encode(errors="replace")) // BYTES_PER_TOKEN)


def _cost(line: str) -> int:
    return tokens(line) + _NUMBER_TOKENS


def _unlike_before(lines: Iterable[_Line]) -> Iterator[_Line]:
    """Without what another line says already, and bounded."""
    seen = set[str]()
    for line in lines:
        text = _shortened(clean(line.text).replace("\n", "\\n"))
        if (key := text.strip()) and key not in seen:
            seen.add(key)
            yield _Line(line.rank, text)


def _shortened(text: str) -> str:
    if len(text) <= _LONGEST_LINE:
        return text
    half = (_LONGEST_LINE - len(_CUT)) // 2
    return f"{text[:half]}{_CUT}{text[-half:]}"


def _lines(failures: Sequence[Failure]) -> Iterator[_Line]:
    alike: dict[str, list[Failure]] = {}
    for failure in failures:
        alike.setdefault(_saying(failure), []).append(failure)
    different = list(alike.items())
    for place, (_, same) in enumerate(different[:_SHOWN_IN_FULL]):
        for line in _failure(same[0], len(same) - 1):
            yield _Line(line.rank + _LATER * bool(place), line.text)
        for other in islice(same, 1, 1 + _NAMED):
            yield _Line(_Rank.LAST_PRINTED, f"also {_test(other)}{_place(other)}")
    for saying, same in islice(different, _SHOWN_IN_FULL, _SHOWN_IN_FULL + _NAMED):
        yield _Line(_Rank.MESSAGE, f"also {_test(same[0])}: {saying}{_place(same[0])}")
    if unnamed := sum(len(same) for _, same in different[_SHOWN_IN_FULL + _NAMED :]):
        yield _Line(_Rank.MESSAGE, f"and {unnamed} more failures that say something else")


def _saying(failure: Failure) -> str:
    """The type and first line of what decides a failure."""
    root = decisive(failure)
    if root is None:
        return headline(failure.message or failure.text)
    return f"{root.type}: {headline(root.message)}"


def _place(failure: Failure) -> str:
    """The deepest line of own code."""
    own = [frame for frame in _frames_of(failure) if frame.origin in _OWN]
    return f", {_shown(own[-1])}" if own else ""


def _frames_of(failure: Failure) -> Sequence[Frame]:
    root = decisive(failure)
    return root.frames if root else ()


def _shown(frame: Frame) -> str:
    place = f"{frame.file}:{frame.line} in {frame.function}"
    return f"{place}: {frame.source}" if frame.source else place


def _test(failure: Failure) -> str:
    where = failure.nodeid or "pytest"
    of = f" subtest {failure.subtest}" if failure.subtest is not None else ""
    return f"{where}{of} ({failure.phase})"


def _failure(failure: Failure, others: int) -> Iterator[_Line]:
    also = f", and {others} more that say the same" if others else ""
    yield _Line(_Rank.TEST, f"{_test(failure)}{also}")
    yield from _chain(failure.exceptions, root=decisive(failure))
    if not failure.exceptions:
        yield from _reported(failure)
    for fixture in failure.fixtures:
        if fixture.origin in _OWN:
            place = f"{fixture.file}:{fixture.line}"
            yield _Line(_Rank.FIXTURE, f"fixture {fixture.name} ({fixture.scope}) {place}")
    for stream, text in failure.captured.items():
        yield from _printed(stream, text)


def _chain(chain: Sequence[Raised], *, root: Raised | None, indent: str = "") -> Iterator[_Line]:
    for raised in chain:
        decides = raised is root
        head = f"{indent}{_JOINTS[raised.relation]}{raised.type}: "
        yield from _message(raised.message, head=head, rank=_Rank.HEAD if decides else _Rank.CHAIN)
        for note in _split(*raised.notes):
            yield _Line(_Rank.TELLING, f"{indent}    note: {note}")
        yield from _frames(raised.frames, indent=indent)
        for member in raised.members:
            yield from _chain(member, root=member[0], indent=f"{indent}  | ")


def _message(message: str, *, head: str, rank: int) -> Iterator[_Line]:
    """What was raised: the line that tells with the type before it, then the others."""
    lines = _split(message)
    # argparse says what is wrong below its usage.
    first = next((i for i, line in enumerate(lines) if not line.startswith("usage: ")), 0)
    yield _Line(rank, head + (lines[first] if lines else ""))
    others = [line for i, line in enumerate(lines) if i != first]
    telling = _error_lines(others, lambda line: bool(_SAID_BY_PYTEST.match(line.lstrip())))
    for place, line in enumerate(others):
        rest = _Rank.MESSAGE if place < _FIRST_LINES else _Rank.REST
        yield _Line(_Rank.TELLING if line in telling else rest, f"    {line}")


def _frames(frames: Sequence[Frame], *, indent: str) -> Iterator[_Line]:
    own = [frame for frame in frames if frame.origin in _OWN]
    near, other = set(own[-_OWN_FRAMES:]), set(frames[-_OTHER_FRAMES:])
    raised_in, deepest = frames[-1:], own[-1:]
    for frame in dict.fromkeys(frames):
        if frame in deepest or frame in raised_in:
            rank = _Rank.PLACE
        elif frame in near:
            rank = _Rank.FIXTURE
        else:
            rank = _Rank.OTHER_PLACE if frame in other or frame in own else _Rank.REST
        yield _Line(rank, f"{indent}    {_shown(frame)}")


def _reported(failure: Failure) -> Iterator[_Line]:
    """Of a failure without an exception: a crash, or what a worker sent as a text."""
    lines = _split(failure.message, failure.text)
    raised = _error_lines(lines, lambda line: bool(_SHOWS_RAISED.match(line)))
    last = set(lines[-_LAST_LINES:])
    for place, line in enumerate(lines):
        if not place or (line in raised and _SHOWS_RAISED.match(line)):
            rank = _Rank.HEAD
        elif line in raised:
            rank = _Rank.TELLING
        else:
            rank = _Rank.LAST_PRINTED if line in last else _Rank.REST
        yield _Line(rank, line)


def _printed(stream: str, text: str) -> Iterator[_Line]:
    lines = _split(text)
    telling = _error_lines(lines, lambda line: bool(_SHOWS_RAISED.match(line)))
    last = set(lines[-_LAST_LINES:])
    for line in lines:
        if line in telling:
            rank = _Rank.PRINTED_ERROR
        else:
            rank = _Rank.LAST_PRINTED if line in last else _Rank.REST
        yield _Line(rank, f"{stream}: {line}")


def _error_lines(lines: Sequence[str], is_error: Callable[[str], bool]) -> set[str]:
    """The first and the last of those that certainly, and that perhaps, speak of an error."""
    certain = [line for line in lines if is_error(line)]
    perhaps = [line for line in lines if _ERROR.search(line)]
    return {*_ends(certain, 2 * _ERROR_LINES), *_ends(perhaps, 2 * _ERROR_LINES)}


def _ends(lines: list[str], most: int) -> list[str]:
    """The first and the last lines, where there are more than `most`."""
    return lines if len(lines) <= most else [*lines[: most // 2], *lines[-(most // 2) :]]


def _split(*texts: str) -> list[str]:
    lines = (line.rstrip() for text in texts for line in clean(text).splitlines())
    return [line for line in lines if line.strip()]
