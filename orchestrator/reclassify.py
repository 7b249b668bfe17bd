"""Today's rules on what the memory holds: what they would say of what was reviewed before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import Literal

from conftest_kit import rundir
from conftest_kit.records import Recording
from conftest_kit.settings import Settings
from corpus_memory_logging import verdicts
from corpus_memory_logging.records import Cause, Verdict
from corpus_memory_logging.similar import similar
from corpus_memory_logging.store import Store
from corpus_memory_logging.verdicts import Held
from orchestrator import causes, diagnosis, flaky, pipeline
from orchestrator.checkout.project import Project
from orchestrator.checkout.project import read as read_project
from orchestrator.classify import context_of
from orchestrator.errors import OrchestratorError
from orchestrator.redact import Redactor

DECIDED = "a reviewer decided"
_NO_FAILURES = "the memory holds no failure of it, and its run directory is gone"
_NO_CAUSE = "its failures are no cause of their own by today's grouping"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reread:
    """What the rules say today of a cause in a run."""

    held: Held
    cause: Cause | None
    """Null where they could not be asked."""
    reason: str = ""
    """Why not."""
    source: Literal["logs", "memory"] = "memory"
    """Whether its record was read from the run directory, or what the memory holds of it."""

    @property
    def changed(self) -> bool:
        """Whether the verdict is another; what it rests on may be said otherwise. What a model read
        stays, unless the rules are surer today.
        """
        new = self.cause.verdict if self.cause else self.held.verdict
        by_model = self.held.verdict.rule.startswith("model ")
        if by_model and new.confidence <= self.held.verdict.confidence:
            return False
        return _without_evidence(new) != _without_evidence(self.held.verdict)


def reread(
    store: Store, *, settings: Settings, redactor: Redactor, since: str | None
) -> Iterator[Reread]:
    """Every cause of every run that started at `since` (RFC 3339) or later, the latest first.

    The record is read from the run directory where there is one, else from the memory; the project
    is read as it is now. Nothing is changed, and what reviewers decided is not asked for.
    """
    project = read_project(settings.root)
    for run, group in groupby(verdicts.held(store, since=since), key=lambda held: held.run):
        of_run = list(group)
        for held in of_run:
            if held.decided:
                yield Reread(held=held, cause=None, reason=DECIDED)
        undecided = [held for held in of_run if not held.decided]
        if not undecided:
            continue
        recording, source = _recording(store, run, undecided[0].run_id, settings, redactor)
        found = _explained(recording, project, store)
        for held in undecided:
            cause = _holding(held, found)
            reason = "" if cause else (_NO_CAUSE if recording.failures else _NO_FAILURES)
            yield Reread(held=held, cause=cause, reason=reason, source=source)


def apply(store: Store, found: Sequence[Reread]) -> None:
    """Makes what changed the verdict of its run, with today's suggestions.

    Raises:
        corpus_memory_logging.errors.StoreError: the memory refused.
    """
    for one in found:
        if one.cause and one.changed:
            cause = replace(one.cause, cause_id=one.held.cause_id)
            verdicts.replace(store, one.held.run, cause)


def _recording(
    store: Store, run: int, run_id: str, settings: Settings, redactor: Redactor
) -> tuple[Recording, Literal["logs", "memory"]]:
    directory = rundir.RunDir.new(settings.logs_dir, run_id).path
    if directory.is_dir():
        try:
            recording, _ = pipeline.read(directory)
        except OrchestratorError:
            # Half removed, or damaged since: the memory has it too.
            return verdicts.recording(store, run), "memory"
        recording = redactor.redact_recording(recording)
        failures, _ = flaky.split(recording)
        return recording._replace(failures=failures), "logs"
    return verdicts.recording(store, run), "memory"


def _explained(recording: Recording, project: Project, store: Store) -> tuple[Cause, ...]:
    groups = causes.group(recording.failures)
    prevented = store.prevented(diagnosis.collectors(groups))
    context = context_of(recording, project)
    return diagnosis.explain(
        diagnosis.since_green(groups, context, prevented, store),
        remembered=store.recall(diagnosis.signatures(groups), run_id=recording.run.run_id),
        prevented=prevented,
        near=partial(similar, store),
    )


def _holding(held: Held, found: Sequence[Cause]) -> Cause | None:
    """The cause that has most of the failures; None where none has any."""
    shared = [
        len(held.broken & {(failure.nodeid, failure.phase) for failure in cause.failures})
        for cause in found
    ]
    best = max(shared, default=0)
    return found[shared.index(best)] if best else None


def _without_evidence(verdict: Verdict) -> Verdict:
    return replace(verdict, confidence=round(verdict.confidence, 4), evidence=())
