"""Parts of a text: found in it as a person sees it, mapped back, merged and replaced."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

MARKER = re.compile(r"\[(?:redacted:[a-z0-9-]+|masked:[\w.-]+)\]")
"""Ours, and that of the kit (`conftest_kit.masking`)."""
FILLER = "\ue000"
"""Stands for each character of a marker while a text is searched: in no pattern, and no letter."""

# Colours, and the break that a terminal (or rich, in its boxes and columns) makes in a long word.
_UNSEEN = re.compile(
    r"\x1b\[[0-9;?]*[A-Za-z]"
    r"|(?<=[^\n]{59}[\w+/=.-])(?:[ \t]*[│|])?\n(?:[ \t]*[E>│|][ \t]+|[ \t]{20,})?(?=[\w+/=.-])"
)


# coverage puts each word of a source line into a tag of its own.
_TAGS = re.compile(r"</?[a-zA-Z][^<>]{0,500}>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A part of a text that must go."""

    start: int
    end: int
    label: str
    """What it is; empty for the rest of a secret that another span names."""


def without_markers(text: str) -> str:
    """`text`, as long as before, with its markers made unreadable."""
    return MARKER.sub(lambda found: FILLER * len(found[0]), text)


def find_as_seen(
    text: str, find: Callable[[str], Iterable[Span]], *, markup: bool
) -> Iterator[Span]:
    """What `find` finds in `text` and, mapped back, in `text` as a person sees it.

    A person sees no colours, no break in a long word and, with `markup`, no tags.
    """
    yield from find(text)
    for unseen in (_UNSEEN, _TAGS) if markup else (_UNSEEN,):
        parts = list(_visible_parts(text, unseen))
        if parts:
            starts = list(accumulate((end - start for start, end in parts), initial=0))
            for span in find("".join(text[start:end] for start, end in parts)):
                yield from _mapped(span, parts, starts)


def _visible_parts(text: str, unseen: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Start and end of what remains of those lines that look different."""
    position = line_end = -1
    for gap in unseen.finditer(text):
        if gap.start() > line_end:
            if position >= 0:
                yield position, line_end + 1
            position = text.rfind("\n", 0, gap.start()) + 1
        yield position, gap.start()
        position = gap.end()
        line_end = text.find("\n", position)
        line_end = len(text) if line_end < 0 else line_end
    if position >= 0:
        yield position, line_end


def _mapped(span: Span, parts: list[tuple[int, int]], starts: list[int]) -> Iterator[Span]:
    label, position = span.label, span.start
    while position < span.end:
        part = bisect_right(starts, position) - 1
        end = min(span.end, starts[part + 1])
        shift = parts[part][0] - starts[part]
        yield Span(start=position + shift, end=end + shift, label=label)
        label, position = "", end


def merged(text: str, spans: Iterable[Span]) -> list[Span]:
    """The spans in order and apart; those that hold nothing but markers are dropped.

    `text` is `without_markers`; a span that takes a part of a marker takes all of it.
    """
    result: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if not text[span.start : span.end].strip(FILLER):
            continue
        start, end = span.start, span.end
        while start and text[start] == text[start - 1] == FILLER:
            start -= 1
        while end < len(text) and text[end] == text[end - 1] == FILLER:
            end += 1
        if result and start < result[-1].end:
            last = result.pop()
            label = last.label or span.label
            result.append(Span(start=min(start, last.start), end=max(end, last.end), label=label))
        else:
            result.append(Span(start=start, end=end, label=span.label))
    return result


def replaced(text: str, spans: Iterable[Span]) -> str:
    """`text` with a marker in the place of each span."""
    pieces, position = [], 0
    for span in spans:
        pieces.append(text[position : span.start])
        pieces.append(f"[redacted:{span.label}]" if span.label else "")
        position = span.end
    return "".join((*pieces, text[position:]))
