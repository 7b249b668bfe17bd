"""What a textfile holds, as data: of one run, of several together, and no more than allowed.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import math
import time
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from conftest_kit.metrics import table
from conftest_kit.metrics.table import METRICS, NEVER, Metric
from conftest_kit.metrics.tally import FAILURE_TYPES, Sizes, Tally
from conftest_kit.run import OUTCOMES, Run

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""The client's own."""
SIZED_BUCKETS = (0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0)
BOUNDS = {
    table.DURATION: (*BUCKETS, math.inf),
    table.SIZED_DURATION: (*SIZED_BUCKETS, math.inf),
}
QUANTILES = (0.5, 0.95, 0.99)
SIZES = ("small", "medium", "large", "xlarge")
MAX_MODULES = 50
MAX_LABEL = 200
"""Characters of a label's value."""
RESULTS = {
    0: "passed",
    1: "failed",
    2: "interrupted",
    3: "internal_error",
    4: "usage_error",
    5: "no_tests",
}
# What is usual is there from the first run on, so that it rises from 0 instead of appearing.
_USUAL = (
    ("passed", "call"),
    *(("failed", phase) for phase in ("call", "crash")),
    *(("error", phase) for phase in ("setup", "teardown", "collect")),
    *((outcome, phase) for outcome in ("skipped", "xfailed") for phase in ("setup", "call")),
    ("xpassed", "call"),
    *(("rerun", phase) for phase in ("setup", "call")),
)


class Histogram(NamedTuple):
    """Observations, one value of a histogram."""

    counts: tuple[float, ...]
    """Up to each of the metric's bounds, the last without one."""
    sum: float

    def plus(self, other: Histogram) -> Histogram:
        """These observations and others."""
        counts = (mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True))
        return Histogram(counts=tuple(counts), sum=self.sum + other.sum)


class Summary(NamedTuple):
    """Observations of one run: quantile to value."""

    quantiles: Mapping[float, float]
    number: int
    sum: float


Value = float | Histogram | Summary
Family = dict[tuple[str, ...], Value]
"""Values of the metric's labels, in its order, to its value; a summary's quantile is no part."""
Content = dict[str, Family]
"""Names of metrics to what the file holds of them."""


def of(run: Run, tally: Tally) -> Content:
    """The content of a file that holds this run only."""
    counts = {outcome: run.counts.get(outcome, 0) for outcome in OUTCOMES}
    durations = sorted(tally.durations)
    started, ended = _seconds(run.started), _seconds(run.finished)
    took = max(0.0, ended - started)
    result = _result(run)
    warnings = None if run.pytest_counts is None else run.pytest_counts.get("warnings", 0)
    collected = None if run.collected is None else run.collected + tally.deselected
    outcomes = dict.fromkeys(_USUAL, 0) | dict(tally.outcomes)
    content: Content = {
        table.FAILURES: _one(counts["failed"] + counts["error"]),
        table.PASSES: _one(counts["passed"]),
        table.DURATION: _one(_histogram(durations, BUCKETS)),
        table.OUTCOMES: {pair: float(number) for pair, number in outcomes.items()},
        table.RERUNS: _one(counts["rerun"]),
        table.COLLECTION_ERRORS: _one(tally.outcomes.get(("error", "collect"), 0)),
        table.CRASHES: _one(tally.worker_crashes),
        table.RUNS: {(name,): float(name == result) for name in RESULTS.values()},
        table.SESSION: _one(took),
        table.ENDED: _one(ended),
        table.STARTED: _one(started),
        table.SUCCESS: _one(ended if result == "passed" else None),
        table.LAST_TESTS: {(outcome,): float(number) for outcome, number in counts.items()},
        table.EXIT_CODE: _one(run.exit_code),
        table.COLLECTED: _one(collected),
        table.DESELECTED: _one(tally.deselected),
        table.WARNINGS: _one(warnings),
        table.SLOWEST: _one(durations[-1] if durations else None),
        table.LAST_DURATIONS: _one(_summary(durations)),
        table.INFO: {_info(run): 1.0},
        table.COVERAGE: _one(run.coverage_percent),
        **_modules(tally),
        **_sizes(tally.sizes),
    }
    if run.environment.ci:
        content[table.CI_DURATION] = _one(took)
        content[table.CI_FAILURES] = {
            (kind,): float(tally.failure_types.get(kind, 0)) for kind in FAILURE_TYPES
        }
    return content


def carry(content: Content, stored: Content) -> Content:
    """The content with what was stored before added to it; gauges of the past are past."""
    carried = dict(content)
    for metric in carried_metrics():
        before = stored.get(metric.name)
        if not before:
            continue
        family = dict(carried.get(metric.name, {}))
        if metric.carried:
            for labels, value in before.items():
                family[labels] = _plus(value, family[labels]) if labels in family else value
        else:
            family[()] = max(*before.values(), *family.values(), 0.0)
        carried[metric.name] = family
    return carried


def bounded(content: Content, max_series: int) -> Content:
    """The content with `max_series` series at most, and what is known of that.

    Whole metrics go, in the order that the table says; of modules the smallest. What has no
    turn there stays, whatever the bound is.
    """
    kept = {name: family for name, family in content.items() if family}
    wanted = sum(map(series, kept.values())) + 2  # the two below
    turns = sorted({metric.left_out for metric in METRICS} - {NEVER})
    for turn in turns:
        names = [metric.name for metric in METRICS if metric.left_out == turn]
        excess = sum(map(series, kept.values())) + 2 - max_series
        if excess <= 0:
            break
        for name in names:
            family = kept.pop(name, {})
            if turn == turns[0] and len(family) * len(names) > excess:
                most = len(family) - math.ceil(excess / len(names))
                kept[name] = dict(list(family.items())[:most])
    there = sum(map(series, kept.values())) + 2
    return kept | {table.SERIES: _one(there), table.DROPPED: _one(wanted - there)}


def series(family: Family) -> int:
    """How many time series a family is to Prometheus."""
    return sum(
        len(value.counts) + 2
        if isinstance(value, Histogram)
        else len(value.quantiles) + 2
        if isinstance(value, Summary)
        else 1
        for value in family.values()
    )


def carried_metrics() -> Iterator[Metric]:
    """Those of which a stored value counts."""
    return (metric for metric in METRICS if metric.carried or metric.name == table.SUCCESS)


def _plus(value: Value, other: Value) -> Value:
    if isinstance(value, Histogram):
        assert isinstance(other, Histogram)
        return value.plus(other)
    assert isinstance(value, float)
    assert isinstance(other, float)
    return value + other


def _one(value: Value | None) -> Family:
    if value is None:
        return {}
    return {(): float(value) if isinstance(value, int) else value}


def _histogram(ordered: Sequence[float], buckets: Sequence[float]) -> Histogram:
    counts = [float(bisect_right(ordered, bound)) for bound in buckets]
    return Histogram(counts=(*counts, float(len(ordered))), sum=math.fsum(ordered))


def _summary(ordered: Sequence[float]) -> Summary | None:
    if not ordered:
        return None
    last = len(ordered) - 1
    return Summary(
        # The smallest value that is not below that share of all.
        quantiles={q: ordered[min(last, math.ceil(q * len(ordered)) - 1)] for q in QUANTILES},
        number=len(ordered),
        sum=math.fsum(ordered),
    )


def _modules(tally: Tally) -> Content:
    modules = tally.modules[:MAX_MODULES]
    return {
        table.MODULE_COVERAGE: {(_label(m.name),): m.percent for m in modules},
        table.UNCOVERED: {(_label(m.name),): float(m.uncovered) for m in modules},
    }


def _sizes(sizes: Sizes) -> Content:
    total = sum(sizes.tests.values())
    if not total:
        return {}

    def by_size(numbers: Mapping[str, float], share: float = 1.0) -> Family:
        return {(size,): numbers.get(size, 0) / share for size in SIZES}

    return {
        table.SIZES: by_size(sizes.tests),
        table.SIZE_RATIOS: by_size(sizes.tests, total),
        table.VIOLATIONS: by_size(sizes.violations),
        table.NEAR_LIMIT: by_size(sizes.near_limit),
        table.SIZED_DURATION: {
            labels: _histogram(sorted(durations), SIZED_BUCKETS)
            for labels, durations in sizes.durations.items()
        },
    }


def _info(run: Run) -> tuple[str, ...]:
    environment = run.environment
    values = {
        "run_id": run.run_id,
        "branch": environment.git.get("branch") or environment.ci.get("branch", ""),
        "python_version": environment.python.get("version", ""),
        "os": environment.platform.get("system", ""),
    }
    return tuple(map(_label, values.values()))


def _label(text: str) -> str:
    return text[:MAX_LABEL]


def _result(run: Run) -> str:
    code = run.exit_code
    if code == 2 and run.state == "complete" and _failed(run):  # pytest stopped by itself
        return "failed"
    if run.state == "interrupted" and code not in (3, 4):
        return "interrupted"
    return RESULTS.get(1 if code is None else code, "failed")


def _failed(run: Run) -> bool:
    return bool(run.counts.get("failed") or run.counts.get("error"))


def _seconds(timestamp: str) -> float:
    return datetime.fromisoformat(timestamp).timestamp() if timestamp else time.time()
