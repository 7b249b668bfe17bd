"""Whether the decisive lines of a case outlive its reduction, beside what simpler means keep; pure.

What is decisive is read from the whole record and the label, not from what the reducer thinks of
it. The record is taken as text, as `logs/pytest.log` has it. Of a failure two things are decisive:

- what was raised: the beginning of the first line that the innermost exception says (the last of
  the recorded chain), or where there was none, the report. Lines of a usage do not count;
- what it is about: the words around the culprit that the label names (for an edit, what its remedy
  mentions) in what exceptions say; else in the name of the test; else anywhere.

A cause is kept where both are left of one of its failures that has both, else of one that has one
of them. To make it hard, each is measured once more among noise: 20 kB of the records of other
projects' failures, full of exceptions that have nothing to do with it. The reducer has it as what
each failure printed; in the text half of it comes before, as where pytest captures nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from conftest_kit import log
from conftest_kit.records import Failure, Raised, Recording, Run
from orchestrator.evaluate.cases import LabelledCase, LabelledCause, belonging
from orchestrator.evaluate.measures import mean
from orchestrator.reduce import numbered, reduce, tokens
from orchestrator.report.plain import clean

MAX_TOKENS = 2000
NOISE_BYTES = 20_000
_AROUND, _BEGINNING = 60, 120
_ERRORS = re.compile(r"error|exception|fail", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Shares of causes whose decisive lines are left, from 0 to 1."""

    all: float
    large: float
    """Of the causes whose text is longer than the limit."""
    noisy: float
    """With what other failures print."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduction:
    """What is left of causes at `max_tokens`, by means."""

    max_tokens: int
    causes: int
    """That have failures."""
    large: int
    means: Mapping[str, Kept]
    lost: tuple[str, ...]
    """Cases of which the reducer loses something, with noise or without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    case: str
    is_large: bool
    kept: Mapping[str, bool]
    kept_noisy: Mapping[str, bool]


def measure(cases: Sequence[LabelledCase], *, max_tokens: int = MAX_TOKENS) -> Reduction:
    """What is left of these cases."""
    texts = [(case.recording.run.project, _text(case.recording.failures)) for case in cases]
    measured = [
        one
        for place, case in enumerate(cases)
        for one in _measured(case, _noise(texts, place), max_tokens)
    ]
    large = [one for one in measured if one.is_large]
    return Reduction(
        max_tokens=max_tokens,
        causes=len(measured),
        large=len(large),
        means={
            name: Kept(
                all=mean([one.kept[name] for one in measured]),
                large=mean([one.kept[name] for one in large]),
                noisy=mean([one.kept_noisy[name] for one in measured]),
            )
            for name in MEANS
        },
        lost=tuple(
            dict.fromkeys(
                one.case
                for one in measured
                if not (one.kept["reducer"] and one.kept_noisy["reducer"])
            )
        ),
    )


def by_section(
    cases: Iterable[LabelledCase], *, max_tokens: int = MAX_TOKENS
) -> dict[str, Reduction]:
    """What is left, by kind of case and part: `runs/tuned`."""
    sections: dict[str, list[LabelledCase]] = {}
    for case in cases:
        sections.setdefault(case.section, []).append(case)
    return {name: measure(sections[name], max_tokens=max_tokens) for name in sections}


def _reducer(failures: Sequence[Failure], _text: str, max_tokens: int) -> str:
    return numbered(reduce(failures, max_tokens=max_tokens).lines)


def _head(_failures: Sequence[Failure], text: str, max_tokens: int) -> str:
    return "\n".join(_fitting(text.splitlines(), max_tokens))


def _tail(_failures: Sequence[Failure], text: str, max_tokens: int) -> str:
    return "\n".join(_fitting(reversed(text.splitlines()), max_tokens))


def _both_ends(failures: Sequence[Failure], text: str, max_tokens: int) -> str:
    half = max_tokens // 2
    return f"{_head(failures, text, half)}\n{_tail(failures, text, half)}"


def _grep(_failures: Sequence[Failure], text: str, max_tokens: int) -> str:
    """`grep -i -E 'error|exception|fail' | head`."""
    return "\n".join(_fitting(filter(_ERRORS.search, text.splitlines()), max_tokens))


MEANS: Mapping[str, Callable[[Sequence[Failure], str, int], str]] = {
    "reducer": _reducer,
    "head": _head,
    "tail": _tail,
    "head and tail": _both_ends,
    "grep": _grep,
}


def _fitting(lines: Iterable[str], max_tokens: int) -> Iterator[str]:
    """The first lines that fit; one that is too long is cut, as `head -c` does."""
    left = max_tokens
    for line in lines:
        cost = tokens(f"{line}\n")
        yield line if cost <= left else line[: 3 * left]
        left -= cost
        if left <= 0:
            return


def _measured(case: LabelledCase, noise: str, max_tokens: int) -> Iterator[_Measured]:
    failures = case.recording.failures
    belongs = belonging(
        [cause.tests for cause in case.causes], [failure.nodeid for failure in failures]
    )
    for index, cause in enumerate(case.causes):
        own = [one for one, of in zip(failures, belongs, strict=True) if of == index]
        if not own:
            continue
        text, decisive = _text(own), _decisive(cause, own)
        half = len(noise) // 2
        noisy = [one._replace(captured={**one.captured, "stdout": noise}) for one in own]
        yield _Measured(
            case=case.name,
            is_large=tokens(text) > max_tokens,
            kept=_kept(own, text, decisive, max_tokens),
            kept_noisy=_kept(noisy, noise[:half] + text + noise[half:], decisive, max_tokens),
        )


def _kept(
    failures: Sequence[Failure],
    text: str,
    decisive: Sequence[Sequence[frozenset[str]]],
    max_tokens: int,
) -> dict[str, bool]:
    left = {name: _flat(means(failures, text, max_tokens)) for name, means in MEANS.items()}
    return {
        name: any(
            all(any(line in kept for line in lines) for lines in of_failure)
            for of_failure in decisive
        )
        for name, kept in left.items()
    }


def _decisive(cause: LabelledCause, failures: Sequence[Failure]) -> list[list[frozenset[str]]]:
    """For each failure what must be left of it: one line of each set."""
    names = (cause.culprit.name,) if cause.culprit else cause.remedy.mentions
    found = [(_raised(failure), _about(failure, names)) for failure in failures]
    whole = [[raised, about] for raised, about in found if raised and about]
    return whole or [[one] for both in found for one in both if one]


def _raised(failure: Failure) -> frozenset[str]:
    said = failure.exceptions[-1].message if failure.exceptions else ""
    lines = _lines(said or failure.message or failure.text)
    telling = next((line for line in lines if not line.startswith("usage: ")), "")
    return frozenset({telling[:_BEGINNING]} if telling else ())


def _about(failure: Failure, names: Sequence[str]) -> frozenset[str]:
    said = [*_messages(failure.exceptions)] or [failure.message, failure.text]
    below_our_title = _text([failure]).split("\n", 2)[2:]
    for texts in (said, [failure.nodeid], below_our_title):
        lines = [line for text in texts for line in _lines(text)]
        if around := frozenset(_around(lines, names)):
            return around
    return frozenset()


def _around(lines: Iterable[str], names: Sequence[str]) -> Iterator[str]:
    """The words around each name; the signs between its parts are all one."""
    patterns = [
        re.compile(
            rf"(?<![\w-]){'[-_.]'.join(map(re.escape, re.split('[-_.]', name)))}(?![\w-])",
            re.IGNORECASE,
        )
        for name in names
    ]
    for line in lines:
        for pattern in patterns:
            for found in pattern.finditer(line):
                yield line[max(0, found.start() - _AROUND) : found.end() + _AROUND].strip()


def _messages(chain: Iterable[Raised]) -> Iterator[str]:
    for raised in chain:
        yield raised.message
        for member in raised.members:
            yield from _messages(member)


def _noise(texts: Sequence[tuple[str, str]], place: int) -> str:
    """The records of the cases before it, of other projects."""
    project, noise = texts[place][0], ""
    for distance in range(1, len(texts)):
        other, text = texts[place - distance]
        if other != project:
            noise += text
        if len(noise) >= NOISE_BYTES:
            break
    return noise[:NOISE_BYTES]


def _text(failures: Sequence[Failure]) -> str:
    """The failures as the readable log has them, without what it says of the run."""
    recording = Recording(run=Run(run_id=""), failures=tuple(failures))
    lines = log.render(recording).decode().splitlines()
    first = next((i for i, line in enumerate(lines) if line.startswith("---- failure ")), 0)
    return "\n".join(lines[first:]).rpartition("\n---- summary ")[0]


def _lines(text: str) -> list[str]:
    return [line for line in map(_flat, text.splitlines()) if line]


def _flat(text: str) -> str:
    return " ".join(clean(text).split())
