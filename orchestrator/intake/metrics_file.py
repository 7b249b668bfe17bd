"""The metrics file of the last run: what it says, and whether the record agrees."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from conftest_kit.records import Run
from corpus_memory_logging.records import Finding
from orchestrator.errors import UnreadableInput

_FAILURES = "pytest_test_failures_total"
_LAST_RUN = "pytest_last_run_tests"
_RUN_INFO = "pytest_run_info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """What a metrics file says of pytest."""

    failures_total: int | None = None
    """Over all runs since the counter began; null where the file does not count failures."""
    run_id: str | None = None
    last_run: Mapping[str, int] = field(default_factory=dict)
    """Tests of the last run by outcome."""


def read(path: Path) -> Metrics | None:
    """What the file says; None where there is no file.

    Raises:
        UnreadableInput: it is there, but is not a text exposition.
    """
    try:
        text = path.read_bytes().decode("utf-8")  # a label may hold what ends lines elsewhere
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableInput(f"cannot read the metrics file '{path}': {error}") from error
    return parse(text, name=str(path))


def parse(text: str, *, name: str = "metrics") -> Metrics:
    """Any valid text exposition, with or without HELP and TYPE.

    Raises:
        UnreadableInput: the text is not one; `name` is what the message calls it.
    """
    try:
        samples = [
            sample for family in text_string_to_metric_families(text) for sample in family.samples
        ]
    except ValueError as error:
        raise UnreadableInput(
            f"'{name}' is not a Prometheus text exposition ({error}); "
            "remove it, and the next run writes a new one"
        ) from error
    return Metrics(
        failures_total=_failures_total(samples),
        run_id=next((s.labels.get("run_id") for s in samples if s.name == _RUN_INFO), None),
        last_run={
            s.labels["outcome"]: int(s.value)
            for s in samples
            if s.name == _LAST_RUN and "outcome" in s.labels and math.isfinite(s.value)
        },
    )


def doubts(metrics: Metrics | None, run: Run, *, is_latest: bool) -> Iterator[Finding]:
    """A `capture` finding for each reason to doubt that the record holds what happened.

    The metrics file describes the latest run, unless that one ended before it could write it.
    """
    if run.state == "not_started":
        if run.exit_code == 0:
            yield _capture("no pytest was recorded: what ran, if anything, is not known")
        return
    if metrics is not None and metrics.run_id == run.run_id:
        if differing := tuple(_differing(metrics, run)):
            yield _capture(
                "the metrics file and the record of this run count differently", *differing
            )
    elif is_latest and run.state != "died":
        other = f"is of run {metrics.run_id or 'unknown'}" if metrics else "is missing"
        yield _capture(f"this is the latest run, and the metrics file {other}")


def _differing(metrics: Metrics, run: Run) -> Iterator[str]:
    for outcome in sorted({*metrics.last_run, *run.counts}):
        said, recorded = metrics.last_run.get(outcome, 0), run.counts.get(outcome, 0)
        if said != recorded:
            yield f"{outcome}: {said} in the metrics, {recorded} in the record"


def _capture(text: str, *evidence: str) -> Finding:
    return Finding(kind="capture", text=text, evidence=evidence)


def _failures_total(samples: list[Sample]) -> int | None:
    values = [s for s in samples if s.name == _FAILURES and math.isfinite(s.value)]
    unlabelled = [s for s in values if not s.labels]
    counted = unlabelled or values
    return int(sum(sample.value for sample in counted)) if counted else None
