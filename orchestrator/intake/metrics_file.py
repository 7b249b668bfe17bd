"""The metrics file of the last run: what it says."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from orchestrator.errors import UnreadableInput

_FAILURES = "pytest_test_failures_total"
_RUN_INFO = "pytest_run_info"

Numbers = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """What a metrics file says of pytest; null and empty where it says nothing."""

    failures_total: int | None = None
    """Over all runs since the counter began."""
    run_id: str | None = None
    """The last run, which all of the following describes."""
    last_run: Mapping[str, int] = field(default_factory=dict)
    """Tests by outcome."""
    exit_code: float | None = None
    collected: float | None = None
    """Without those that were deselected."""
    coverage_percent: float | None = None
    coverage_modules: Numbers = field(default_factory=dict)
    """Percent by module."""
    uncovered_lines: Numbers = field(default_factory=dict)


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
    known = [sample for sample in samples if math.isfinite(sample.value)]
    collected = _value(known, "pytest_last_run_collected")
    if collected is not None:
        collected -= _value(known, "pytest_last_run_deselected") or 0
    outcomes = _by_label(known, "pytest_last_run_tests", "outcome")
    return Metrics(
        failures_total=_failures_total(known),
        run_id=next((s.labels.get("run_id") for s in samples if s.name == _RUN_INFO), None),
        last_run={outcome: int(number) for outcome, number in outcomes.items()},
        exit_code=_value(known, "pytest_last_run_exit_code"),
        collected=collected,
        coverage_percent=_value(known, "pytest_coverage_percent"),
        coverage_modules=_by_label(known, "pytest_coverage_module_percent", "module"),
        uncovered_lines=_by_label(known, "pytest_uncovered_lines", "module"),
    )


def _value(samples: Iterable[Sample], name: str) -> float | None:
    return next((sample.value for sample in samples if sample.name == name), None)


def _by_label(samples: Iterable[Sample], name: str, label: str) -> Numbers:
    found = (sample for sample in samples if sample.name == name and label in sample.labels)
    return {sample.labels[label]: sample.value for sample in found}


def _failures_total(samples: Iterable[Sample]) -> int | None:
    values = [sample for sample in samples if sample.name == _FAILURES]
    unlabelled = [sample for sample in values if not sample.labels]
    counted = unlabelled or values
    return int(sum(sample.value for sample in counted)) if counted else None
