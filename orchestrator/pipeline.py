"""The main job, top to bottom: one recorded run → its causes, what to do, and a memory of both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from conftest_kit import log, rundir
from conftest_kit.records import Recording
from conftest_kit.settings import Settings
from corpus_memory_logging.records import Cause, Finding, Remembered, Review
from corpus_memory_logging.store import Store
from orchestrator import archive, causes, flaky, freshness
from orchestrator.archive import Archived
from orchestrator.causes import Group
from orchestrator.classify import apply_decision, classify
from orchestrator.errors import UnreadableInput
from orchestrator.intake import metrics_file, recorded
from orchestrator.project import Project
from orchestrator.project import read as read_project
from orchestrator.redact import Redactor
from orchestrator.suggest import suggest


def review(
    run_directory: Path,
    *,
    settings: Settings,
    store: Store | None,
    redactor: Redactor,
    now: datetime,
) -> Iterator[str | Review]:
    """Review one run. Yields the name of each stage as it begins, and last the review.

    Without a store nothing is recalled or remembered. Reviewing a run again changes nothing.

    Raises:
        UnreadableInput: there is no finished run in the directory.
        corpus_memory_logging.errors.StoreError: the memory refused.
    """
    yield "read"
    recording, findings, warnings = read(run_directory, settings)

    yield "redact"
    recording = redactor.redact_recording(recording)

    yield "group"
    failures, flaky_tests = flaky.split(recording)
    groups = causes.group(failures)

    yield "recall"
    run_id = recording.run.run_id
    reviewed_before = store.reviewed(run_id) if store else rundir.is_reviewed(run_directory)
    remembered = store.recall(_signatures(groups), run_id=run_id) if store else {}
    prevented = store.prevented(_collectors(groups)) if store else {}

    yield "classify"
    project = read_project(settings.root)
    found = causes.united(
        _cause(group, recording, project, remembered, prevented) for group in groups
    )

    yield "archive"
    archived, trouble = (
        _archive(recording, run_directory, settings, redactor) if groups else (None, ())
    )

    yield "remember"
    result = Review(
        recording=recording,
        causes=found,
        findings=(*findings, *flaky_tests),
        warnings=(*warnings, *trouble),
        archive=str(archived.path) if archived else None,
        artifacts=archived.artifacts if archived else (),
        reviewed_before=reviewed_before,
        notes=freshness.notes(
            recording, root=settings.root, now=now, reviewed_before=reviewed_before
        ),
    )
    if store:
        store.remember(result, now=now)
    _leave_traces(recording, run_directory, settings)
    yield result


def read(
    run_directory: Path, settings: Settings
) -> tuple[Recording, tuple[Finding, ...], tuple[str, ...]]:
    """A finished run, what the metrics file contradicts in it, and what could not be read.

    Raises:
        UnreadableInput: there is no finished run in the directory.
    """
    try:
        recording = recorded.read(run_directory)
    except rundir.UnreadableRun as error:
        raise UnreadableInput(str(error)) from error
    run, warnings = recording.run, list(recording.run.warnings)
    if run.state == "running":
        raise UnreadableInput(
            f"run {run.run_id} is still going on (process {run.pid}): wait for it"
        )
    if recording.malformed_lines:
        warnings.append(f"{recording.malformed_lines} lines of the record could not be read")
    findings: tuple[Finding, ...] = ()
    try:
        metrics = metrics_file.read(settings.metrics_file)
        is_latest = run_directory in rundir.runs(settings.logs_dir)[:1]
        findings = tuple(metrics_file.doubts(metrics, run, is_latest=is_latest))
    except UnreadableInput as error:
        warnings.append(str(error))
    return recording, findings, tuple(warnings)


def _signatures(groups: Iterable[Group]) -> list[str]:
    return [group.signature.id for group in groups]


def _collectors(groups: Iterable[Group]) -> list[str]:
    failures = (failure for group in groups for failure in group.failures)
    return [failure.nodeid for failure in failures if failure.phase == "collect"]


def _cause(
    group: Group,
    recording: Recording,
    project: Project,
    remembered: Mapping[str, Remembered],
    prevented: Mapping[str, tuple[str, ...]],
) -> Cause:
    signature, failures = group.signature, group.failures
    known = remembered.get(signature.id)
    verdict = apply_decision(classify(failures, recording, project), known)
    kept_back = (prevented.get(failure.nodeid, ()) for failure in failures)
    return Cause(
        cause_id=causes.cause_id(recording.run.project, signature.id),
        signature=signature.id,
        title=signature.title,
        verdict=verdict,
        failures=failures,
        suggestions=suggest(verdict, failures, recording, project, known),
        remembered=known,
        prevented=tuple(dict.fromkeys(nodeid for nodeids in kept_back for nodeid in nodeids)),
    )


def _archive(
    recording: Recording, run_directory: Path, settings: Settings, redactor: Redactor
) -> tuple[Archived | None, tuple[str, ...]]:
    """The archive of a red run, and what to say about it."""
    folder = settings.logs_dir / "archive"
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
            log.append(settings.logs_dir / rundir.LOG_FILE, log.render(recording))
        rundir.mark_reviewed(run_directory)
    except OSError:
        # A folder that cannot be written to was said by the archive already.
        return
