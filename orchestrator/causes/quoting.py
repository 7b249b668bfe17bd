"""Failures that repeat what others say: an inner run, a process, an exception raised anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from conftest_kit.records import Failure
from corpus_memory_logging.records import Cause

_TRIED = 5
_LOOKED_FOR = 50
"""Causes, and lines of theirs, that are looked for in what the others say."""
_READ = 16384
_OWN_WORDS = 30
"""Characters from which on nobody says the same by chance."""


def words(causes: Sequence[Cause], indices: Sequence[int]) -> Mapping[str, int]:
    """What the exceptions of these causes say, each in its first line, and which cause it is; not
    what several of them say, nor what compares values.
    """
    said: dict[str, set[int]] = {}
    for index in indices[:_LOOKED_FOR]:
        for failure in islice(causes[index].failures, _TRIED):
            for link in failure.exceptions:
                line = link.message.strip().partition("\n")[0]
                if len(line) >= _OWN_WORDS and "AssertionError" not in (link.type, *link.bases):
                    said.setdefault(line, set()).add(index)
    own = ((line, min(by)) for line, by in said.items() if len(by) == 1)
    return dict(islice(own, _LOOKED_FOR))


def quotes(cause: Cause, said: Mapping[str, int]) -> str:
    """The words of others that each failure of a cause repeats, of those that are looked at; empty
    where one repeats none, or the words of several.
    """
    found: set[str] = set()
    for failure in islice(cause.failures, _TRIED):
        texts, written = list(_texts(failure)), list(_written(failure))
        here = {
            line
            for line in said
            if any(line in text for text in texts) and not any(line in one for one in written)
        }
        if len({said[line] for line in here}) != 1:
            return ""
        found |= here
    return min(found) if len({said[line] for line in found}) == 1 else ""


def _texts(failure: Failure) -> Iterator[str]:
    """What it says, and the end of what was printed."""
    yield failure.message[:_READ]
    yield from (link.message[:_READ] for link in failure.exceptions)
    yield from (text[-_READ:] for text in failure.captured.values())


def _written(failure: Failure) -> Iterator[str]:
    """Lines of code on the way: who writes such words out repeats nobody."""
    for link in failure.exceptions:
        yield from (frame.source.replace("\\", "") for frame in link.frames)
