"""The main job, top to bottom: one recorded run → its causes, what to do, and a memory of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from conftest_kit import log, rundir
from conftest_kit.records import Recording
from conftest_kit.settings import Settings
from corpus_memory_logging import alerts, trials
from corpus_memory_logging.records import Cause, Review
from corpus_memory_logging.similar import similar
from corpus_memory_logging.store import Store
from orchestrator import (
    archive,
    causes,
    comparing,
    diagnosis,
    exposition,
    findings,
    flaky,
    freshness,
)
from orchestrator.archive import Archived
from orchestrator.checkout.project import read as read_project
from orchestrator.classify import Context, context_of
from orchestrator.errors import UnfinishedRun, UnreadableInput
from orchestrator.intake import metrics_file, recorded
from orchestrator.intake.metrics_file import Metrics
from orchestrator.redact import Redactor

Reader = Callable[[Sequence[tuple[Cause, Context]]], tuple[tuple[Cause, ...], tuple[str, ...]]]
"""Reads causes in their contexts a second time: the causes as it sees them, and warnings."""


def review(
    run_directory: Path,
    *,
    settings: Settings,
    store: Store | None,
    redactor: Redactor,
    now: datetime,
    reader: Reader | None = None,
) -> Iterator[str | Review]:
    """Review one run. Yields the name of each stage as it begins, and last the review.

    Without a store nothing is recalled or remembered, without a reader no model is asked. Reviewing
    a run again changes nothing.

    Raises:
        UnreadableInput: there is no finished run in the directory.
        corpus_memory_logging.errors.StoreError: the memory refused.
    """
    yield "metrics"
    metrics, untold = read_metrics(settings)

    yield "read"
    recording, warnings = read(run_directory)

    yield "redact"
    recording = redactor.redact_recording(recording)

    yield "group"
    failures, flaky_tests = flaky.split(recording)
    groups = causes.group(failures)

    yield "recall"
    run_id = recording.run.run_id
    reviewed_before = store.reviewed(run_id) if store else rundir.is_reviewed(run_directory)
    remembered = store.recall(diagnosis.signatures(groups), run_id=run_id) if store else {}
    prevented = store.prevented(diagnosis.collectors(groups)) if store else {}

    yield "compare"
    context = context_of(recording, read_project(settings.root))
    seen = comparing.seen(recording, metrics, run_directory, settings, store)
    seen = replace(seen, project=context.project)
    known = diagnosis.since_green(groups, context, prevented, store)
    unsteady = (one for group, since in known for one in flaky.both_outcomes(group.failures, since))
    found = comparing.recalled(
        (*comparing.find(seen, store), *flaky_tests, *unsteady), recording, store
    )

    yield "classify"
    near = partial(similar, store) if store else None
    explained = diagnosis.explain(known, remembered=remembered, prevented=prevented, near=near)
    explained = diagnosis.recalled_as_parts(explained, store, run_id) if store else explained

    yield "ask"
    explained, unread = (
        reader(diagnosis.in_context(explained, known)) if reader else (explained, ())
    )

    yield "archive"
    archived, trouble = (
        _archive(recording, run_directory, settings, redactor) if groups else (None, ())
    )

    yield "remember"
    result = Review(
        recording=recording,
        causes=trials.with_success(store, explained) if store else explained,
        findings=findings.in_order(found),
        warnings=(*untold, *warnings, *findings.unknown(seen), *unread, *trouble),
        archive=str(archived.path) if archived else None,
        artifacts=archived.artifacts if archived else (),
        reviewed_before=reviewed_before,
        notes=(
            *freshness.notes(
                recording, root=settings.root, now=now, reviewed_before=reviewed_before
            ),
            *freshness.unfetched((context for _, context in known), settings.root),
            *(_alerted(store, run_id) if store else ()),
        ),
        measured=findings.measured(seen),
    )
    if store:
        store.remember(result, now=now)
        result = comparing.checked(result, seen, store)
        trouble = tuple(exposition.update(settings, store, now=now))
        result = replace(result, warnings=(*result.warnings, *trouble))
    _leave_traces(recording, run_directory, settings)
    yield result


def read(run_directory: Path) -> tuple[Recording, tuple[str, ...]]:
    """A finished run, and what could not be read of it.

    Raises:
        UnreadableInput: there is no finished run in the directory.
    """
    try:
        recording = recorded.read(run_directory)
    except rundir.UnreadableRun as error:
        raise UnreadableInput(str(error)) from error
    run, warnings = recording.run, list(recording.run.warnings)
    if run.state == "running":
        raise UnfinishedRun(f"run {run.run_id} is still going on (process {run.pid}): wait for it")
    if recording.malformed_lines:
        warnings.append(f"{recording.malformed_lines} lines of the record could not be read")
    return recording, tuple(warnings)


def read_metrics(settings: Settings) -> tuple[Metrics | None, tuple[str, ...]]:
    """What the metrics file says of whichever run, and why it cannot be read."""
    try:
        return metrics_file.read(settings.metrics_file), ()
    except UnreadableInput as error:
        return None, (str(error),)


def _alerted(store: Store, run_id: str) -> Iterator[str]:
    """A sentence for each alert that speaks of the run."""
    for alert in alerts.of_run(store, run_id):
        severity = f" ({alert['severity']})" if alert["severity"] else ""
        summary = f": {alert['summary']}" if alert["summary"] else ""
        since = f"{alert['status']}, since {alert['started'][:16].replace('T', ' ')}"
        yield f"alert {alert['name']}{severity}, {since}{summary}"


def _archive(
    recording: Recording, run_directory: Path, settings: Settings, redactor: Redactor
) -> tuple[Archived | None, tuple[str, ...]]:
    """The archive of a red run, and what to say about it."""
    folder = settings.logs_dir / rundir.ARCHIVE_FOLDER
    try:
        archived = archive.write(
            folder / f"{recording.run.run_id}{archive.SUFFIX}",
            recording=recording,
            run_directory=run_directory,
            root=settings.root,
            redactor=redactor,
            extra=settings.artifacts,
        )
    except OSError as error:
        return None, (f"no archive was written to '{folder}': {error.strerror}",)
    removed = archive.prune(folder, max_bytes=settings.max_archive_bytes, keep=archived.path)
    return archived, (
        *archived.left_out,
        *(f"{name} is binary and was archived unsearched" for name in archived.unscanned),
        *(f"archive {name} was removed to make room" for name in removed),
    )


def _leave_traces(recording: Recording, run_directory: Path, settings: Settings) -> None:
    """Once for each run: mark it, and write the log of one that could not do so itself."""
    if rundir.is_reviewed(run_directory):
        return
    try:
        if recording.run.state in ("died", "not_started"):
            log.append(settings.logs_dir / rundir.LOG_FILE, [log.render(recording)])
        rundir.mark_reviewed(run_directory)
    except OSError:
        # A folder that cannot be written to was said by the archive already.
        return
