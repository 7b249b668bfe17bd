"""Says what a cause is: category, kind, culprit and evidence. Rules are data; see `rules.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from conftest_kit.records import Failure, Recording
from corpus_memory_logging.records import Remembered, Verdict
from orchestrator.classify import calls, facts, harness, machine, modules, owners
from orchestrator.classify.engine import Match, match
from orchestrator.classify.facts import Context
from orchestrator.classify.installed import Installed
from orchestrator.classify.rules import rules
from orchestrator.project import Project

__all__ = ["apply_decision", "classify", "explain"]

CATALOGUE = {
    name: fact
    for topic in (facts, modules, owners, calls, harness, machine)
    for name, fact in topic.FACTS.items()
}


def classify(failures: Sequence[Failure], recording: Recording, project: Project) -> Verdict:
    """The verdict on failures of one signature; `unknown` where no rule holds. Pure.

    Everything that is said of the tested environment comes from the recording.
    """
    found = explain(failures, recording, project)
    return found.verdict() if found else _unknown(failures, recording, project)


def explain(failures: Sequence[Failure], recording: Recording, project: Project) -> Match | None:
    """The rule that decides on these failures, with its facts."""
    context = Context(
        recording=recording,
        project=project,
        installed=_installed(_Same(recording)),
        catalogue=CATALOGUE,
    )
    return match(rules(), failures, context)


@dataclass(frozen=True, slots=True, eq=False)
class _Same:
    """A recording, compared by identity: it holds dictionaries, which have no hash."""

    recording: Recording

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.recording is self.recording

    def __hash__(self) -> int:
        return id(self.recording)


@lru_cache(maxsize=1)
def _installed(same: _Same) -> Installed:
    """The causes of one run share what was looked up of its environment."""
    return Installed(same.recording)


def apply_decision(verdict: Verdict, remembered: Remembered | None) -> Verdict:
    """The verdict as a reviewer corrected it for this signature; else as it is."""
    if remembered is None or (remembered.category is None and remembered.culprit is None):
        return verdict
    category = remembered.category or verdict.category
    return replace(
        verdict,
        category=category,
        kind=verdict.kind if category == verdict.category else "",
        culprit=remembered.culprit or (verdict.culprit if category == verdict.category else None),
        confidence=0.99,
        evidence=(f"A reviewer decided so; last seen {remembered.last_seen}", *verdict.evidence),
        rule="reviewer",
    )


def _unknown(failures: Sequence[Failure], recording: Recording, project: Project) -> Verdict:
    first = failures[0] if failures else Failure(nodeid="", phase="call")
    chain = " ← ".join(link.type for link in first.exceptions) or "none was recorded"
    installed, asked = len(recording.run.environment.distributions), len(project.requirements)
    looked_at = (
        first.message.strip()[:300].partition("\n")[0],
        f"exceptions: {chain}",
        f"nothing of {installed} installed distributions and {asked} requirements explains it",
    )
    return Verdict(
        category="unknown",
        kind="",
        culprit=None,
        confidence=0.1,
        evidence=tuple(filter(None, looked_at)),
        rule="none",
    )
