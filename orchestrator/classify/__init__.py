"""Says what a cause is: category, kind, culprit and evidence. Rules are data; see `rules.py`."""

from __future__ import annotations

from collections.abc import Sequence

from conftest_kit.records import Failure, Recording
from corpus_memory_logging.records import Verdict
from orchestrator.checkout.project import Project
from orchestrator.classify.catalogue import CATALOGUE
from orchestrator.classify.decided import apply_decision, apply_near, near_remedies
from orchestrator.classify.engine import Match, match, said_since_green
from orchestrator.classify.facts import Context
from orchestrator.classify.installed import Installed
from orchestrator.classify.rules import rules

__all__ = [
    "Context",
    "apply_decision",
    "apply_near",
    "context_of",
    "near_remedies",
    "rule_for",
    "verdict_on",
]


def context_of(recording: Recording, project: Project) -> Context:
    """What the causes of one run share; with `green` replaced it is that of one cause.

    Everything that is said of the tested environment comes from the recording.
    """
    return Context(
        recording=recording,
        project=project,
        installed=Installed(recording),
        catalogue=CATALOGUE,
    )


def rule_for(failures: Sequence[Failure], context: Context) -> Match | None:
    """The rule that decides on failures of one signature, with its facts; None where none holds."""
    return match(rules(), failures, context)


def verdict_on(failures: Sequence[Failure], context: Context, found: Match | None) -> Verdict:
    """What the rule that was found says of the failures; `unknown` where there is none."""
    return found.verdict() if found else _unknown(failures, context)


def _unknown(failures: Sequence[Failure], context: Context) -> Verdict:
    first = failures[0] if failures else Failure(nodeid="", phase="call")
    chain = " ← ".join(link.type for link in first.exceptions) or "none was recorded"
    installed = len(context.recording.run.environment.distributions)
    asked = len(context.project.requirements)
    looked_at = (
        first.message.strip()[:300].partition("\n")[0],
        f"exceptions: {chain}",
        f"nothing of {installed} installed distributions and {asked} requirements explains it",
        *said_since_green(context.facts(first, None)),
    )
    return Verdict(
        category="unknown",
        kind="",
        culprit=None,
        confidence=0.1,
        evidence=tuple(filter(None, looked_at)),
        rule="none",
    )
