"""A run beside earlier ones and its metrics file: findings, with what the memory knows of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from pathlib import Path

from conftest_kit import rundir
from conftest_kit.records import Recording
from conftest_kit.settings import Settings
from corpus_memory_logging import history, rows
from corpus_memory_logging.records import Finding, Review
from corpus_memory_logging.store import Store
from orchestrator import findings
from orchestrator.findings import Earlier, Seen, Thresholds
from orchestrator.intake.metrics_file import Metrics


def seen(
    recording: Recording,
    metrics: Metrics | None,
    run_directory: Path,
    settings: Settings,
    store: Store | None,
) -> Seen:
    """What there is to compare: the run, its metrics file, and of the memory comparable runs."""
    found = Seen(
        recording=recording,
        thresholds=Thresholds(
            **{spec.name: getattr(settings, spec.name) for spec in fields(Thresholds)}
        ),
        metrics_file=str(settings.metrics_file),
        metrics=metrics,
        is_latest=run_directory in rundir.runs(settings.logs_dir)[:1],
    )
    if store is None or recording.run.state != "complete":
        return found
    return replace(found, past=history.past_runs(store, recording.run.run_id, found.seconds))


def find(seen: Seen, store: Store | None) -> Iterator[Finding]:
    """What is off, though no test failed."""
    if store is None:
        return findings.find(seen, Earlier())
    return findings.find(
        seen,
        Earlier(
            durations=lambda runs: history.usual_durations(store, runs),
            outcomes=lambda past: history.outcomes(store, past.run),
            run=lambda past: history.run_of(store, past.run),
        ),
    )


def recalled(
    found: Iterable[Finding], recording: Recording, store: Store | None
) -> tuple[Finding, ...]:
    """With their ids, and what the memory knows of each."""
    if store:
        return store.recall_findings(found, run_id=recording.run.run_id)
    project = recording.run.project
    return tuple(replace(one, finding_id=rows.finding_id(project, one)) for one in found)


def checked(result: Review, seen: Seen, store: Store) -> Review:
    """The review, and first what the memory made of it that the record does not say."""
    run = result.recording.run
    late = findings.of_memory(seen, history.held(store, run.run_id))
    found = recalled(late, result.recording, store)
    for finding in found:
        store.add_finding(run, finding)
    return replace(result, findings=(*found, *result.findings)) if found else result
