"""Causes that are one: what one edit mends, and what the evidence joins.

What is certain (`mended`) comes first. What is left and has no explanation of its own is joined by
the traces that it leaves (`traces`), then with the one explanation that the run has where that
touches it (`lending`), last where all of it is in one class or file. Two causes that are explained
differently are never joined so, and a cause that rests on weak evidence says so and is worth no
more than that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from corpus_memory_logging.records import Cause
from orchestrator.causes import traces
from orchestrator.causes.lending import LENDING, Explanation, Touch, is_sure_of
from orchestrator.causes.mended import (
    absent_distribution,
    file_meant,
    fixtures_not_found,
    lacked,
    mended,
    overrides,
    paths_by_name,
    waited_in,
)
from orchestrator.causes.quoting import quotes, words
from orchestrator.causes.together import suggested
from orchestrator.classify import Context
from orchestrator.failures.chain import decisive, is_assertion

_UNEXPLAINED = frozenset(
    {
        "wrong_value",
        "wrong_exception",
        "explicit_fail",
        "exception",
        "exit",
        "setup_raised",
        "teardown_raised",
        "library_raised",
        "",
    }
)
"""Kinds that say what was seen, not why."""
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
_GIVES_NOTHING = "no_value"
_GIVING_WRONGLY = frozenset({"leaked_state", _GIVES_NOTHING})
"""Kinds of what is wrong with the value of a fixture, for whoever is given it."""
_GIVEN = 0.7
"""What it is worth that they are given such a value."""
_INSTEAD = Touch("what should give it is not there", 0.75)
"""What it is worth that a variable or host is asked for want of a file, recording or fixture."""
_QUOTED = 0.85
"""What it is worth that they repeat what it says."""
_CONCENTRATED = 0.6
"""What it is worth that they stand in one class or file."""


def united(
    found: Iterable[Cause], context: Context, edits: Mapping[str, str] | None = None
) -> tuple[Cause, ...]:
    """The causes, the biggest first; those that are one become one.

    `edits`, by `cause_id`: the one edit that may have broken it since it passed, where that is
    known. Those of one edit are one.
    A cause that was seen before stands for the others, else the best explained, else the biggest.
    The cost grows with the causes and what their failures say, not with the pairs of them.
    """
    causes = [_one(alike) for alike in _mended_alike(list(found), context, edits or {})]
    if len(causes) > 1:
        causes = _joined(causes, context)
    return tuple(sorted(causes, key=lambda cause: -len(cause.failures)))


def _mended_alike(
    known: Sequence[Cause], context: Context, edits: Mapping[str, str]
) -> Iterable[Sequence[_Joined]]:
    """The causes that are certainly one, together."""
    absent = dict.fromkeys(filter(None, map(absent_distribution, known)))
    waited, paths = waited_in(known), paths_by_name(known)
    not_found = fixtures_not_found(known, context)
    same: dict[str, list[_Joined]] = {}
    of_edits: dict[str, str] = {}
    joined: dict[str, str] = {}
    for cause in known:
        without = lacked(cause, absent, context)
        stopped = waited.get(cause.cause_id, "")
        meant = file_meant(cause, paths) or overrides(cause, not_found)
        key = without or stopped or meant or mended(cause, context) or cause.cause_id
        if edit := edits.get(cause.cause_id):
            joined.setdefault(key, of_edits.setdefault(edit, key))
        same.setdefault(key, []).append(_Joined(cause, follows=bool(without or meant)))
    found: dict[str, list[_Joined]] = {}
    for key, alike in same.items():
        found.setdefault(joined.get(key, key), []).extend(alike)
    return found.values()


class _Joined(NamedTuple):
    """A cause, and what joined it with others where that is not certain."""

    cause: Cause
    why: str = ""
    worth: float = 1.0
    follows: bool = False
    """Whether it never stands for others."""


@dataclass(frozen=True, slots=True)
class _Sets:
    """Which causes are joined; of each set at most one is explained."""

    causes: Sequence[Cause]
    parents: list[int] = field(default_factory=list)
    explained: list[bool] = field(default_factory=list)
    joined: list[_Joined] = field(default_factory=list)

    @classmethod
    def of(cls, causes: Sequence[Cause]) -> _Sets:
        """Each by itself. Without a file that sets them variables follow, without a recording, or
        what a fixture should give in their place, the hosts that are asked instead. What others may
        have left in a value is only suspected where the run has a sure explanation.
        """
        is_sure = any(cause.verdict.category in LENDING and is_sure_of(cause) for cause in causes)
        unset = any(map(_is_file_of_variables, causes))
        unrecorded = any(cause.verdict.kind == "recording" for cause in causes)
        idle = {
            cause.verdict.culprit.name
            for cause in causes
            if cause.verdict.kind == _GIVES_NOTHING and cause.verdict.culprit
        }
        follows = [
            (unset and _names(cause, "variable"))
            or (_names(cause, "host") and (unrecorded or not idle.isdisjoint(_given(cause))))
            or (is_sure and cause.verdict.kind == "leaked_state" and not is_sure_of(cause))
            for cause in causes
        ]
        return cls(
            causes,
            list(range(len(causes))),
            [_is_explained(one) and not of for one, of in zip(causes, follows, strict=True)],
            [_Joined(one, follows=of) for one, of in zip(causes, follows, strict=True)],
        )

    def root(self, index: int) -> int:
        """The set that a cause is in."""
        while self.parents[index] != index:
            self.parents[index] = self.parents[self.parents[index]]
            index = self.parents[index]
        return index

    def join(self, one: int, other: int, why: str, worth: float) -> None:
        """Make the sets of two causes one, unless both are explained."""
        first, second = sorted((self.root(one), self.root(other)))
        if first == second or (self.explained[first] and self.explained[second]):
            return
        if _was_apart(self.causes[one], self.causes[other]):
            return
        self.parents[second] = first
        self.explained[first] = self.explained[first] or self.explained[second]
        for index in (one, other):
            known = self.joined[index]
            self.joined[index] = known._replace(why=known.why or why, worth=min(known.worth, worth))

    def members(self) -> dict[int, list[int]]:
        """The causes of each set."""
        found: dict[int, list[int]] = {}
        for index in range(len(self.causes)):
            found.setdefault(self.root(index), []).append(index)
        return found


def _is_explained(cause: Cause) -> bool:
    """Whether it is said why, and not only what was seen; by a reviewer always."""
    verdict = cause.verdict
    return verdict.rule == "reviewer" or verdict.kind not in _UNEXPLAINED


def _was_apart(one: Cause, other: Cause) -> bool:
    """Whether both were causes of their own before, or one was there before what explains it."""
    known = _was_there(one), _was_there(other)
    if not any(known) or all(known):
        return all(known)
    older, newer = (one, other) if known[0] else (other, one)
    return _is_explained(newer) and not _is_explained(older)


def _was_there(cause: Cause) -> bool:
    return cause.remembered is not None and cause.remembered.status != "resolved"


def _names(cause: Cause, kind: str) -> bool:
    culprit = cause.verdict.culprit
    return culprit is not None and culprit.type == kind


def _given(cause: Cause) -> set[str]:
    """The fixtures that all of its failures were given."""
    return set.intersection(*({one.name for one in of.fixtures} for of in cause.failures))


def _is_file_of_variables(cause: Cause) -> bool:
    culprit = cause.verdict.culprit
    if culprit is None or culprit.type != "file":
        return False
    return culprit.name.rpartition("/")[2].startswith(".env")


def _joined(causes: Sequence[Cause], context: Context) -> list[Cause]:
    sets = _Sets.of(causes)
    is_green = _is_green(sets, context)
    for evidence in _JOINING:
        if is_green or not evidence.needs_green:
            _join_by(evidence, sets, context)
    _join_given(sets)
    _join_quoting(sets)
    _lend(sets, context)
    if is_green:
        _concentrate(sets, context)
    return [_one([sets.joined[index] for index in found]) for found in sets.members().values()]


def _join_by(evidence: _Evidence, sets: _Sets, context: Context) -> None:
    holders: dict[str, int] = {}
    for index, cause in enumerate(sets.causes):
        for key in evidence.keys(cause, context):
            other = holders.setdefault(key, index)
            if _allows(evidence, sets, index, other):
                sets.join(other, index, evidence.why, evidence.worth)
                if sets.explained[sets.root(index)]:
                    holders[key] = index


def _allows(evidence: _Evidence, sets: _Sets, one: int, other: int) -> bool:
    if evidence.needs_check and _says_what(sets.causes[one]) and _says_what(sets.causes[other]):
        return False
    explained = sets.explained[sets.root(one)] or sets.explained[sets.root(other)]
    return explained or not evidence.needs_explained


def _join_given(sets: _Sets) -> None:
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
            for name in sorted(giving.keys() & _given(cause)):
                sets.join(giving[name], index, f"it is given `{name}` as well", _GIVEN)


def _join_quoting(sets: _Sets) -> None:
    """Join what has no explanation with the one cause whose words it repeats."""
    explained = [sets.explained[sets.root(index)] for index in range(len(sets.causes))]
    said = words(sets.causes, [index for index, known in enumerate(explained) if known])
    for index, cause in enumerate(sets.causes if said else ()):
        if not explained[index] and (line := quotes(cause, said)):
            sets.join(said[line], index, "it repeats what that says", _QUOTED)


def _lend(sets: _Sets, context: Context) -> None:
    """Join what the only explanation of the run touches."""
    explained = [root for root in sets.members() if sets.explained[root]]
    if len(explained) != 1:
        return
    (leading,) = explained
    telling = min(sets.members()[leading], key=lambda one: _standing(sets.joined[one])[1:])
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


def _asks_instead(one: _Joined) -> bool:
    """Whether it asks for what the explanation should give: a variable, a host."""
    return one.follows and (_names(one.cause, "variable") or _names(one.cause, "host"))


def _is_green(sets: _Sets, context: Context, *, times: int = _GREEN) -> bool:
    """Whether most of the run passed."""
    causes = (cause for cause, done in zip(sets.causes, sets.explained, strict=True) if not done)
    failed = sum(len(cause.failures) for cause in causes)
    return context.recording.run.counts.get("passed", 0) >= times * failed


def _concentrate(sets: _Sets, context: Context) -> None:
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


def _is_agreed(causes: Sequence[Cause], context: Context) -> bool:
    """Whether no two ask for nothing in common, or come out of different lines of the product; who
    does not tell agrees.
    """
    asked = [found for cause in causes if (found := traces.functions(cause, context))]
    thrown = {key for cause in causes for key in traces.thrown(cause, context)}
    return len(thrown) < 2 and (not asked or bool(frozenset.intersection(*asked)))


def _one(alike: Sequence[_Joined]) -> Cause:
    first, *others = sorted(alike, key=_standing)
    if not others:
        return first.cause
    causes = [first.cause, *(one.cause for one in others)]
    prevented = dict.fromkeys(nodeid for cause in causes for nodeid in cause.prevented)
    seen = tuple(
        f"Seen as well: {one.cause.title}{f' ({one.why})' if one.why else ''}" for one in others
    )
    verdict = first.cause.verdict
    worth = min(one.worth for one in alike)
    if worth < 1:
        said = [cause.verdict for cause in causes if cause.verdict.category != "unknown"]
        if verdict.rule == "reviewer":  # of whom nobody makes it less sure than what joins them
            said = [verdict]
        weakest = min((one.confidence for one in said), default=verdict.confidence)
        verdict = replace(verdict, confidence=min(worth, weakest))
    return replace(
        first.cause,
        verdict=replace(verdict, evidence=(*verdict.evidence, *seen)),
        failures=tuple(failure for cause in causes for failure in cause.failures),
        suggestions=suggested(first.cause, [one.cause for one in others]),
        prevented=tuple(prevented),
    )


def _standing(one: _Joined) -> tuple[bool, bool, bool, bool, int, bool, float, int]:
    """What stands for others comes first: what is known from before, what is explained, what
    another distribution is to blame for, what is seen most of what is not explained, what says what
    is wrong rather than that something is, what is surest, what is seen most.
    """
    cause, culprit = one.cause, one.cause.verdict.culprit
    is_explained = _is_explained(cause)
    return (
        cause.remembered is None,
        one.follows,
        not is_explained,
        culprit is None or culprit.type != "distribution",
        0 if is_explained else -len(cause.failures),
        not _says_what(cause),
        -cause.verdict.confidence,
        -len(cause.failures),
    )


def _says_what(cause: Cause) -> bool:
    """Whether an exception came out, rather than that a check failed."""
    raised = decisive(cause.failures[0]) if cause.failures else None
    return raised is not None and not is_assertion(raised)
