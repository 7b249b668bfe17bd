"""Which causes are joined, and what stands for those that are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from corpus_memory_logging.records import Cause
from orchestrator.causes.lending import LENDING, is_sure_of
from orchestrator.causes.together import suggested
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
_TELLING = 0.85
"""What evidence is worth that joins checks which are explained alike."""
GIVES_NOTHING = "no_value"
"""The kind of a fixture that gives nothing."""


class Joined(NamedTuple):
    """A cause, and what joined it with others where that is not certain."""

    cause: Cause
    why: str = ""
    worth: float = 1.0
    follows: bool = False
    """Whether it never stands for others."""
    depth: float = 0
    """Files of the product below what its check asks for: with the fewest it is nearest."""


@dataclass(frozen=True, slots=True)
class Sets:
    """Which causes are joined; of each set at most one is explained."""

    causes: Sequence[Cause]
    parents: list[int] = field(default_factory=list)
    explained: list[bool] = field(default_factory=list)
    joined: list[Joined] = field(default_factory=list)

    @classmethod
    def of(cls, causes: Sequence[Cause]) -> Sets:
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
            if cause.verdict.kind == GIVES_NOTHING and cause.verdict.culprit
        }
        follows = [
            (unset and names(cause, "variable"))
            or (names(cause, "host") and (unrecorded or not idle.isdisjoint(given(cause))))
            or (is_sure and cause.verdict.kind == "leaked_state" and not is_sure_of(cause))
            for cause in causes
        ]
        return cls(
            causes,
            list(range(len(causes))),
            [is_explained(one) and not of for one, of in zip(causes, follows, strict=True)],
            [Joined(one, follows=of) for one, of in zip(causes, follows, strict=True)],
        )

    def root(self, index: int) -> int:
        """The set that a cause is in."""
        while self.parents[index] != index:
            self.parents[index] = self.parents[self.parents[index]]
            index = self.parents[index]
        return index

    def join(self, one: int, other: int, why: str, worth: float) -> None:
        """Make the sets of two causes one, unless both are explained, and not alike."""
        first, second = sorted((self.root(one), self.root(other)))
        if first == second:
            return
        both = self.explained[first] and self.explained[second]
        if both and not (
            worth >= _TELLING and _explained_alike(self.causes[one], self.causes[other])
        ):
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


def is_explained(cause: Cause) -> bool:
    """Whether it is said why, and not only what was seen; by a reviewer always."""
    verdict = cause.verdict
    return verdict.rule == "reviewer" or verdict.kind not in _UNEXPLAINED


def _explained_alike(one: Cause, other: Cause) -> bool:
    """Whether one rule, no reviewer, explains both checks and blames the same."""
    same = (one.verdict.rule, one.verdict.culprit) == (other.verdict.rule, other.verdict.culprit)
    return same and one.verdict.rule != "reviewer" and not (says_what(one) or says_what(other))


def _was_apart(one: Cause, other: Cause) -> bool:
    """Whether both were causes of their own before, or one was there before what explains it."""
    known = _was_there(one), _was_there(other)
    if not any(known) or all(known):
        return all(known)
    older, newer = (one, other) if known[0] else (other, one)
    return is_explained(newer) and not is_explained(older)


def _was_there(cause: Cause) -> bool:
    return cause.remembered is not None and cause.remembered.status != "resolved"


def names(cause: Cause, kind: str) -> bool:
    """Whether its culprit is of this type."""
    culprit = cause.verdict.culprit
    return culprit is not None and culprit.type == kind


def given(cause: Cause) -> set[str]:
    """The fixtures that all of its failures were given."""
    return set.intersection(*({one.name for one in of.fixtures} for of in cause.failures))


def _is_file_of_variables(cause: Cause) -> bool:
    culprit = cause.verdict.culprit
    if culprit is None or culprit.type != "file":
        return False
    return culprit.name.rpartition("/")[2].startswith(".env")


def one_of(alike: Sequence[Joined]) -> Cause:
    """The one that stands for all of them, with the failures of all, and what was seen of each."""
    first, *others = sorted(alike, key=standing)
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


def standing(one: Joined) -> tuple[bool, bool, bool, bool, float, int, bool, float, int]:
    """What stands for others comes first: what is known from before, what is explained, what
    another distribution is to blame for, of what is not explained what lies deepest and is seen
    most, what says what is wrong rather than that something is, what is surest, what is seen most.
    """
    cause, culprit = one.cause, one.cause.verdict.culprit
    says_why = is_explained(cause)
    return (
        cause.remembered is None,
        one.follows,
        not says_why,
        culprit is None or culprit.type != "distribution",
        0 if says_why else one.depth,
        0 if says_why else -len(cause.failures),
        not says_what(cause),
        -cause.verdict.confidence,
        -len(cause.failures),
    )


def says_what(cause: Cause) -> bool:
    """Whether an exception came out, rather than that a check failed."""
    raised = decisive(cause.failures[0]) if cause.failures else None
    return raised is not None and not is_assertion(raised)
