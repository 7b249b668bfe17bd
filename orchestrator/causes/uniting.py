"""Causes that are one: what one edit mends, and what the evidence joins.

What is certain (`mended`) comes first. What is left and has no explanation of its own is joined by
the traces that it leaves (`traces`), then with the one explanation that the run has where that
touches it (`lending`), then where all of it is in one class or file; last few checks, where the
rest passes and one change may be behind them. Two causes that are explained differently are never
joined so, and a cause that rests on weak evidence says so and is worth no more than that.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from corpus_memory_logging.records import Cause
from orchestrator.causes import traces
from orchestrator.causes.lending import Explanation, Touch, reached
from orchestrator.causes.meant import Meant
from orchestrator.causes.mended import mended
from orchestrator.causes.quoting import quotes, words
from orchestrator.causes.sets import (
    GIVES_NOTHING,
    Joined,
    Sets,
    given,
    is_explained,
    names,
    one_of,
    says_what,
    standing,
)
from orchestrator.checkout.source import is_of_tests
from orchestrator.classify import Context

_GREEN = 2
"""So many tests have to pass for each that fails without an explanation, for it to mean something
that these ask the same function, or stand in the same class.
"""
_VERY_GREEN = 4
"""The same where they are all in one file, but in several of its classes."""


class _Evidence(NamedTuple):
    """By what unexplained causes are joined."""

    keys: Callable[[Cause, Context], Iterator[str]]
    why: str
    worth: float
    needs_explained: bool = False
    """Whether it only joins what is not explained with what is."""
    needs_check: bool = False
    """Whether it only joins with a check that failed, never two exceptions."""
    needs_green: bool = False
    """Whether it is worth nothing where much of the run failed."""


_JOINING = (
    _Evidence(traces.told, "the same check, with the same values", 0.9),
    _Evidence(traces.thrown, "the same exception out of the same function", 0.9),
    _Evidence(traces.parts, "it differs from what is expected in the same parts", 0.85),
    _Evidence(traces.worded, "the same sentence of the same package", 0.85),
    _Evidence(traces.function, "it comes out of the same function", 0.8, needs_explained=True),
    _Evidence(
        traces.distribution, "it comes out of the same distribution", 0.8, needs_explained=True
    ),
    _Evidence(traces.nothing, "the same function gives `None`", 0.8),
    _Evidence(traces.differing, "it differs from what is expected in the same way", 0.8),
    _Evidence(traces.beneath, "the same complaint of a library", 0.75),
    _Evidence(
        traces.way, "it was called by the same function", 0.75, needs_check=True, needs_green=True
    ),
    _Evidence(traces.constant, "the same is there, whatever is expected", 0.75, needs_green=True),
    _Evidence(traces.said, "the same exception says the same elsewhere", 0.75, needs_green=True),
    _Evidence(traces.asked, "it asks the same function of the product", 0.75, needs_green=True),
)
"""The surest first."""
_GIVING_WRONGLY = frozenset({"leaked_state", GIVES_NOTHING})
"""Kinds of what is wrong with the value of a fixture, for whoever is given it."""
_GIVEN = 0.7
"""What it is worth that they are given such a value."""
_INSTEAD = Touch("what should give it is not there", 0.75)
"""What it is worth that a variable or host is asked for want of a file, recording or fixture."""
_QUOTED = 0.85
"""What it is worth that they repeat what it says."""
_CONCENTRATED = 0.6
"""What it is worth that they stand in one class or file, or are all that fails."""
_FEW = 8
"""Checks that one change may well be behind."""
_FILES = 50
"""Files of tests of which it is looked up what they import; each takes up to 100 ms."""


def united(
    found: Iterable[Cause], context: Context, edits: Mapping[str, str] | None = None
) -> tuple[Cause, ...]:
    """The causes, the biggest first; those that are one become one.

    `edits`, by `cause_id`: the one edit that may have broken it since it passed, where that is
    known. Those of one edit are one.
    A cause that was seen before stands for the others, else the best explained, else the biggest.
    The cost grows with the causes and what their failures say, not with the pairs of them.
    """
    causes = [one_of(alike) for alike in _mended_alike(list(found), context, edits or {})]
    if len(causes) > 1:
        causes = _joined(causes, context)
    return tuple(sorted(causes, key=lambda cause: -len(cause.failures)))


def _mended_alike(
    known: Sequence[Cause], context: Context, edits: Mapping[str, str]
) -> Iterable[Sequence[Joined]]:
    """The causes that are certainly one, together."""
    others = Meant.of(known, context)
    same: dict[str, list[Joined]] = {}
    of_edits: dict[str, str] = {}
    joined: dict[str, str] = {}
    for cause in known:
        meant = others.follows(cause)
        key = meant or others.shares(cause) or mended(cause, context) or cause.cause_id
        if edit := edits.get(cause.cause_id):
            joined.setdefault(key, of_edits.setdefault(edit, key))
        same.setdefault(key, []).append(Joined(cause, follows=bool(meant)))
    found: dict[str, list[Joined]] = {}
    for key, alike in same.items():
        found.setdefault(joined.get(key, key), []).extend(alike)
    return found.values()


def _joined(causes: Sequence[Cause], context: Context) -> list[Cause]:
    sets = Sets.of(causes)
    is_green = _is_green(sets, context)
    for evidence in _JOINING:
        if is_green or not evidence.needs_green:
            _join_by(evidence, sets, context)
    _join_given(sets)
    _join_quoting(sets)
    _lend(sets, context)
    if is_green:
        _concentrate(sets, context)
    if _is_green(sets, context, times=_VERY_GREEN):
        _join_checks(sets, context)
    below: dict[str, int] = {}
    return [
        one_of([_placed(sets.joined[index], found, context, below) for index in found])
        for found in sets.members().values()
    ]


def _placed(one: Joined, found: Sequence[int], context: Context, below: dict[str, int]) -> Joined:
    """With how many files of the product lie below what its check asks for, where others could
    stand for it; endless if nobody knows. `below` keeps what was counted.
    """
    if len(found) == 1 or is_explained(one.cause):
        return one
    files = {asked.file for asked in traces.functions(one.cause, context)}
    for file in files - below.keys():
        below[file] = len(context.project.sources_near([file]))
    return one._replace(depth=max((below[file] for file in files), default=math.inf))


def _join_by(evidence: _Evidence, sets: Sets, context: Context) -> None:
    holders: dict[str, int] = {}
    for index, cause in enumerate(sets.causes):
        for key in evidence.keys(cause, context):
            other = holders.setdefault(key, index)
            if _allows(evidence, sets, index, other):
                sets.join(other, index, evidence.why, evidence.worth)
                if sets.explained[sets.root(index)]:
                    holders[key] = index


def _allows(evidence: _Evidence, sets: Sets, one: int, other: int) -> bool:
    if evidence.needs_check and says_what(sets.causes[one]) and says_what(sets.causes[other]):
        return False
    explained = sets.explained[sets.root(one)] or sets.explained[sets.root(other)]
    return explained or not evidence.needs_explained


def _join_given(sets: Sets) -> None:
    """Join what has no explanation with what is wrong with a fixture that all of it was given."""
    giving = {
        culprit.name: index
        for index, cause in enumerate(sets.causes)
        if cause.verdict.kind in _GIVING_WRONGLY
        and (culprit := cause.verdict.culprit) is not None
        and culprit.type == "fixture"
    }
    for index, cause in enumerate(sets.causes if giving else ()):
        if not sets.explained[sets.root(index)]:
            for name in sorted(giving.keys() & given(cause)):
                sets.join(giving[name], index, f"it is given `{name}` as well", _GIVEN)


def _join_quoting(sets: Sets) -> None:
    """Join what has no explanation with the one cause whose words it repeats."""
    explained = [sets.explained[sets.root(index)] for index in range(len(sets.causes))]
    said = words(sets.causes, [index for index, known in enumerate(explained) if known])
    for index, cause in enumerate(sets.causes if said else ()):
        if not explained[index] and (line := quotes(cause, said)):
            sets.join(said[line], index, "it repeats what that says", _QUOTED)


def _lend(sets: Sets, context: Context) -> None:
    """Join what the only explanation of the run touches."""
    explained = [root for root in sets.members() if sets.explained[root]]
    if len(explained) != 1:
        return
    (leading,) = explained
    telling = min(sets.members()[leading], key=lambda one: standing(sets.joined[one])[1:])
    explanation = Explanation.of(sets.causes[telling], context)
    for index, cause in enumerate(sets.causes):
        if sets.root(index) == sets.root(telling):
            continue
        if _asks_instead(sets.joined[index]):
            touch: Touch | None = _INSTEAD
        else:
            touch = explanation.touch(cause) if explanation else None
        if touch:
            sets.join(telling, index, touch.why, touch.worth)


def _asks_instead(one: Joined) -> bool:
    """Whether it asks for what the explanation should give: a variable, a host."""
    return one.follows and (names(one.cause, "variable") or names(one.cause, "host"))


def _is_green(sets: Sets, context: Context, *, times: int = _GREEN) -> bool:
    """Whether most of the run passed."""
    causes = (cause for cause, done in zip(sets.causes, sets.explained, strict=True) if not done)
    failed = sum(len(cause.failures) for cause in causes)
    return context.recording.run.counts.get("passed", 0) >= times * failed


def _concentrate(sets: Sets, context: Context) -> None:
    """Join what has no explanation and stands in one class, or where it is nowhere else in one
    file, unless it asks for different things.
    """
    within: dict[str, dict[int, None]] = {}
    files: dict[str, dict[int, None]] = {}
    for index, cause in enumerate(sets.causes):
        for failure in cause.failures if not sets.explained[sets.root(index)] else ():
            within.setdefault(traces.place(failure.nodeid), {})[index] = None
            files.setdefault(failure.nodeid.partition("::")[0], {})[index] = None
    if len(files) == 1 and _is_green(sets, context, times=_VERY_GREEN):
        within |= files
    for where, indices in within.items():
        first, *others = indices
        if others and _is_agreed([sets.causes[index] for index in indices], context):
            for index in others:
                sets.join(first, index, f"it is in {where} as well, and most passed", _CONCENTRATED)


def _join_checks(sets: Sets, context: Context) -> None:
    """Join the checks that have no explanation, where they are few and all of their files import
    one file of the product: one change is likelier than several, unless they ask for different
    things.
    """
    checks = {
        index: sets.root(index)
        for index, cause in enumerate(sets.causes)
        if not (sets.explained[sets.root(index)] or says_what(cause))
    }
    causes = [sets.causes[index] for index in checks]
    tests = {failure.nodeid.partition("::")[0] for cause in causes for failure in cause.failures}
    if not 1 < len({*checks.values()}) <= _FEW or len(tests) > _FILES:
        return
    behind = frozenset.intersection(*(_imported(file, context) for file in tests))
    if behind and _is_agreed(causes, context):
        first, *others = checks
        for index in others:
            sets.join(first, index, "a check as well, and the rest passed", _CONCENTRATED)


def _imported(test: str, context: Context) -> frozenset[str]:
    """Files of the product that a file of tests imports, directly or through others."""
    near = context.project.sources_near([test])
    return frozenset(file for file in near if not is_of_tests(file))


def _is_agreed(causes: Sequence[Cause], context: Context) -> bool:
    """Whether no two ask for nothing in common, or come out of different lines of the product, or
    one out of a file that another does not reach; who does not tell agrees.
    """
    asked = [found for cause in causes if (found := traces.functions(cause, context))]
    thrown = [frozenset(traces.thrown(cause, context)) for cause in causes]
    lines = frozenset().union(*thrown)
    files = {line.split()[1] for line in lines}
    silent = (cause for cause, keys in zip(causes, thrown, strict=True) if not keys)
    ways = filter(None, (reached(cause, context) for cause in silent))
    if files and any(files.isdisjoint(way) for way in ways):
        return False
    return len(lines) < 2 and (not asked or bool(frozenset.intersection(*asked)))
