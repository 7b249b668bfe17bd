"""What the model says of one cause that somebody asks about, however sure the rules were."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from conftest_kit import rundir
from conftest_kit.records import Failure, Recording, failure_from_json
from conftest_kit.settings import Settings
from corpus_memory_logging import history, queries, readings
from corpus_memory_logging.records import Cause, Culprit, Verdict
from corpus_memory_logging.store import Store
from orchestrator import diagnosis, pipeline, reviews
from orchestrator.causes.likeness import likeness
from orchestrator.checkout.project import read as read_project
from orchestrator.classify import Context, context_of
from orchestrator.errors import UnreadableInput, UsageProblem
from orchestrator.reader.model_settings import PREFIX, ModelSettings
from orchestrator.reader.reading import suggestion_of
from orchestrator.redact import Redactor


def explained(
    shown: Mapping[str, Any],
    *,
    store: Store,
    settings: Settings,
    model: ModelSettings | None,
    now: datetime,
) -> dict[str, Any]:
    """A cause as `queries.show` gave it, with `explanation`: the reading, as plain data.

    What it suggests can be accepted and rejected from then on like any other suggestion.

    Raises:
        UsageProblem: it is no cause, or no model is configured.
        Unanswered: the model gave no answer, or may not be asked any more.
    """
    if shown["type"] != "cause":
        raise UsageProblem(f"--explain is for causes: {shown['type']} is none")
    if model is None:
        raise UsageProblem(
            "--explain needs a model: set `endpoint` and `name` in [tool.conftest_kit.model], or "
            f"{PREFIX}ENDPOINT and {PREFIX}NAME"
        )
    redactor = reviews.redactor_here(model)
    reader = reviews.reader_of(model, store=store, redactor=redactor, now=now)
    cause = _cause(shown, store)
    reading = reader.read(cause, _context(shown, cause, store, settings, redactor))
    if suggestion := suggestion_of(reading, model):
        readings.propose(store, cause.cause_id, suggestion, now=now)
        shown = queries.show(store, cause.cause_id)
    said = {name: getattr(reading, name) for name in ("model", "prompt", "status", "reason")}
    return {**shown, "explanation": {**said, **reading.answer}}


def _cause(shown: Mapping[str, Any], store: Store) -> Cause:
    failures = tuple(_failures(shown, store))
    if not failures:
        raise UnreadableInput(
            f"cause {shown['cause_id']} has no failures that are remembered whole: nothing to ask"
        )
    culprit = shown["culprit"]
    return Cause(
        cause_id=shown["cause_id"],
        signature=shown["signature"],
        title=shown["title"],
        verdict=Verdict(
            category=shown["category"],
            kind=shown["kind"],
            culprit=Culprit(**culprit) if culprit else None,
            confidence=shown["confidence"],
            evidence=tuple(shown["evidence"]),
            rule=shown["rule"],
        ),
        failures=failures,
        likeness=likeness(failures),
    )


def _failures(shown: Mapping[str, Any], store: Store) -> list[Failure]:
    """Those of the last run that had the cause."""
    ids = [one["failure_id"] for one in shown["failures"] if one["run_id"] == shown["run_id"]]
    records = [queries.show(store, failure_id)["record"] for failure_id in ids]
    return [failure_from_json(record) for record in records if record]


def _context(
    shown: Mapping[str, Any], cause: Cause, store: Store, settings: Settings, redactor: Redactor
) -> Context:
    """From the run's directory where it is still there; else from what the memory knows of it."""
    number = store.select("run_number", run_id=shown["run_id"])[0]["run"]
    run = history.run_of(store, number)
    try:
        recording, _ = pipeline.read(rundir.find(settings.logs_dir, shown["run_id"]))
    except (UnreadableInput, rundir.UnreadableRun):
        recording = Recording(run=run, failures=cause.failures)
    nodeids = (failure.nodeid for failure in cause.failures)
    green = history.last_green(store, nodeids, before=run.started)
    context = context_of(redactor.redact_recording(recording), read_project(settings.root))
    return diagnosis.green_added(context)(green)
