"""The ways into a review: a command that was launched, a run by name, a metrics file alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from conftest_kit import rundir
from conftest_kit.masking import Mask
from conftest_kit.root import find_root
from conftest_kit.settings import Settings, load
from corpus_memory_logging.errors import QueryError
from corpus_memory_logging.records import Review
from corpus_memory_logging.store import Store, open_store
from orchestrator import archive, counted, pipeline
from orchestrator.errors import UnreadableInput, UsageProblem
from orchestrator.intake import metrics_file
from orchestrator.launch import Launched, outside
from orchestrator.reader.model_settings import KEY_VARIABLE, ModelSettings
from orchestrator.reader.reading import Budget, SecondReader
from orchestrator.redact import Redactor

_TYPED = ("accept", "culprit", "fix", "note")
"""What a decision holds of a reviewer's own words."""


def of_launched(
    launched: Launched,
    *,
    settings: Settings,
    store: Store | None,
    now: datetime,
    model: ModelSettings | None = None,
) -> Iterator[str | Review]:
    """Review the run of `orchestrator run`; where no kit recorded it, what was seen from outside.

    With a model, it reads what the rules cannot decide.

    Raises:
        UnreadableInput: nothing can be written where runs are kept.
        corpus_memory_logging.errors.StoreError: the memory refused.
    """
    run_directory, notes = _record(launched, settings)
    for stage in _review(run_directory, settings=settings, store=store, now=now, model=model):
        if isinstance(stage, Review):
            yield replace(stage, warnings=(*notes, *stage.warnings))
        else:
            yield stage


def _record(launched: Launched, settings: Settings) -> tuple[Path, tuple[str, ...]]:
    """The run directory, completed by what was seen from outside, and what it does not say."""
    place = rundir.RunDir.new(settings.logs_dir, launched.run_id).path
    run_directory = launched.run_directory or place
    try:
        if (run_directory / rundir.RUN_FILE).is_file():
            outside.record_death(launched, run_directory)
            return run_directory, launched.notes
        return outside.record_not_started(
            launched, logs_dir=settings.logs_dir, project=settings.project
        ), ()
    except rundir.UnreadableRun as error:
        raise UnreadableInput(str(error)) from error
    except OSError as error:
        raise UnreadableInput(
            f"the run cannot be recorded in '{settings.logs_dir}': {error.strerror}; "
            "name a folder that can be written to with CONFTEST_KIT_LOGS_DIR"
        ) from error


def of_named(
    run: str,
    *,
    settings: Settings,
    store: Store | None,
    now: datetime,
    model: ModelSettings | None = None,
) -> Iterator[str | Review]:
    """Review a run: RUN is an id, a unique prefix of one, a path or `latest`.

    Where no run was ever recorded, `latest` is what the metrics file counts. With a model, it reads
    what the rules cannot decide.

    Raises:
        UnreadableInput: there is no such run, or it cannot be read.
        corpus_memory_logging.errors.StoreError: the memory refused.
    """
    if run == "latest" and not rundir.runs(settings.logs_dir):
        metrics = metrics_file.read(settings.metrics_file)
        if metrics and metrics.failures_total is not None:
            yield counted.review(metrics, project=settings.project)
            return
    directory = locate(run, settings)
    yield from _review(directory, settings=settings, store=store, now=now, model=model)


def locate(run: str, settings: Settings) -> Path:
    """The directory of a run, as in `of_named`.

    Raises:
        UnreadableInput: there is none, or the prefix fits several.
    """
    try:
        return rundir.find(settings.logs_dir, run)
    except rundir.UnreadableRun as error:
        raise UnreadableInput(str(error)) from error


def recorded(run: str, settings: Settings) -> Path | None:
    """The directory of a run, as in `of_named`; None where none has that name here."""
    try:
        return rundir.find(settings.logs_dir, run)
    except rundir.UnreadableRun:
        return None


def ensure(run_directory: Path, *, settings: Settings, store: Store, now: datetime) -> None:
    """Review a run that the memory does not hold yet.

    Raises:
        UnreadableInput: there is no finished run in the directory.
        corpus_memory_logging.errors.StoreError: the memory refused.
    """
    recording, _ = pipeline.read(run_directory)
    if not store.reviewed(recording.run.run_id):
        for _ in _review(run_directory, settings=settings, store=store, now=now):
            pass


def share(
    run_directory: Path, destination: Path, *, settings: Settings, include_binary: bool
) -> tuple[str, ...]:
    """Write an archive of a run to give away, and return what is not in it, each with its reason.

    Raises:
        UsageProblem: the destination cannot be a file.
        UnreadableInput: there is no finished run in the directory.
        OSError: the archive cannot be written.
    """
    if not destination.absolute().parent.is_dir() or (
        destination.exists() and not destination.is_file()
    ):
        raise UsageProblem(f"{str(destination)!r} must be a file in a folder that exists")
    recording, _ = pipeline.read(run_directory)
    redactor = redactor_here()
    archived = archive.write(
        destination,
        recording=redactor.redact_recording(recording),
        run_directory=run_directory,
        root=settings.root,
        redactor=redactor,
        extra=settings.artifacts,
        include_binary=include_binary,
    )
    unscanned = (f"{name} is binary and was not searched" for name in archived.unscanned)
    return (*archived.left_out, *unscanned)


def resolve(
    store: Store, cause: str, *, now: datetime, reviewer: str, **decision: Any
) -> dict[str, Any]:
    """Keep a reviewer's decision as `Store.resolve` does, without the secrets in what was typed.

    Raises:
        corpus_memory_logging.errors.QueryError: the memory cannot follow it.
        corpus_memory_logging.errors.StoreError: the memory refused.
    """
    if len((decision.get("fix") or "").split()) > 1:
        raise QueryError("a fix is a commit, in one word; what else there is to say is a note")
    redactor = redactor_here()
    typed = {"reviewer": reviewer, **{name: decision.get(name) for name in _TYPED}}
    redacted = {name: text and redactor.redact_text(text) for name, text in typed.items()}
    return store.resolve(cause, now=now, **decision | redacted)


def review_test_outcomes(path: Path) -> list[str]:
    """What to do about the failures that a metrics file counts, one text a cause, best first.

    The run that the file names is reviewed where it was recorded; else the count is all there is.
    Without a file, and without failures, there is nothing to do.

    Raises:
        UnreadableInput: the file or the run cannot be read.
        corpus_memory_logging.errors.StoreError: the memory refused.
    """
    metrics = metrics_file.read(path)
    if metrics is None or not metrics.failures_total:
        return []
    root = find_root(path.absolute().parent)
    settings = load(root, os.environ, {"metrics_file": str(path.absolute())})
    recorded = [found for found in rundir.runs(settings.logs_dir) if found.name == metrics.run_id]
    if not recorded:
        return _texts(counted.review(metrics, project=settings.project))
    with open_store(settings.memory_location, project=settings.project) as store:
        stages = _review(recorded[0], settings=settings, store=store, now=datetime.now(UTC))
        return [text for stage in stages if isinstance(stage, Review) for text in _texts(stage)]


def _review(
    run_directory: Path,
    *,
    settings: Settings,
    store: Store | None,
    now: datetime,
    model: ModelSettings | None = None,
) -> Iterator[str | Review]:
    redactor = redactor_here(model)
    # Without a memory nothing says what was asked already, and what a day has cost.
    reader = reader_of(model, store=store, redactor=redactor, now=now) if model and store else None
    return pipeline.review(
        run_directory, settings=settings, store=store, redactor=redactor, now=now, reader=reader
    )


def reader_of(
    model: ModelSettings, *, store: Store, redactor: Redactor, now: datetime
) -> SecondReader:
    """The second reader of one review, with the budget of one."""
    from orchestrator.reader.llm import Model  # noqa: PLC0415 - the HTTP client takes 0.2 s to import

    budget = Budget(model, store, now)
    return SecondReader(
        model=Model(model, meter=budget),
        settings=model,
        store=store,
        redact=redactor.redact_text,
        now=now,
    )


def redactor_here(model: ModelSettings | None = None) -> Redactor:
    """What hides secrets: those that this process knows, the model's key whatever the variable is
    called, and what looks like one.
    """
    # The kit masked what it wrote; coverage's pages and other artifacts were written by others.
    key = {KEY_VARIABLE: model.key} if model and model.key else {}
    return Redactor(mask=Mask.of({**os.environ, **key}))


def _texts(review: Review) -> list[str]:
    return [cause.suggestions[0].text for cause in review.causes if cause.suggestions]
