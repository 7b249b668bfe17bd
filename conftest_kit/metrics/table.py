"""Every metric of the kit's textfile, once. PYTEST_DONT_REWRITE"""

from __future__ import annotations

from typing import Literal, NamedTuple

NEVER = 0


class Metric(NamedTuple):
    """One row of the table in the README."""

    name: str
    """As in the file, counters with `_total`."""
    type: Literal["counter", "gauge", "histogram", "summary"]
    help: str
    """One sentence; the same in every file, or node_exporter complains."""
    labels: tuple[str, ...] = ()
    left_out: int = NEVER
    """Its turn to go where the file would have too many series: 1 goes first."""

    @property
    def carried(self) -> bool:
        """Whether runs add to what the file holds."""
        return self.type in ("counter", "histogram")


FAILURES = "pytest_test_failures_total"
PASSES = "pytest_test_passes_total"
DURATION = "pytest_test_duration_seconds"
OUTCOMES = "pytest_test_outcomes_total"
RERUNS = "pytest_test_reruns_total"
COLLECTION_ERRORS = "pytest_collection_errors_total"
CRASHES = "pytest_worker_crashes_total"
RUNS = "pytest_runs_total"
SESSION = "pytest_session_duration_seconds"
ENDED = "pytest_last_run_timestamp_seconds"
STARTED = "pytest_last_run_start_timestamp_seconds"
SUCCESS = "pytest_last_success_timestamp_seconds"
LAST_TESTS = "pytest_last_run_tests"
EXIT_CODE = "pytest_last_run_exit_code"
COLLECTED = "pytest_last_run_collected"
DESELECTED = "pytest_last_run_deselected"
WARNINGS = "pytest_last_run_warnings"
SLOWEST = "pytest_last_run_slowest_test_seconds"
LAST_DURATIONS = "pytest_last_run_test_duration_seconds"
INFO = "pytest_run_info"
COVERAGE = "pytest_coverage_percent"
MODULE_COVERAGE = "pytest_coverage_module_percent"
UNCOVERED = "pytest_uncovered_lines"
SIZES = "pytest_tests_by_size"
SIZE_RATIOS = "pytest_test_size_distribution"
SIZED_DURATION = "pytest_sized_test_duration_seconds"
VIOLATIONS = "pytest_timing_violations_total"
NEAR_LIMIT = "pytest_near_timing_limit_tests"
CI_DURATION = "ci_test_suite_duration_seconds"
CI_FAILURES = "ci_test_failures_total"
SERIES = "pytest_metrics_series"
DROPPED = "pytest_metrics_series_dropped"

METRICS: tuple[Metric, ...] = (
    Metric(
        name=FAILURES,
        type="counter",
        help="Attempts that failed or errored, collection errors and crashed tests; not reruns.",
    ),
    Metric(name=PASSES, type="counter", help="Attempts that passed."),
    Metric(
        name=DURATION,
        type="histogram",
        help="Duration of an executed test, the sum of its phases.",
    ),
    Metric(
        name=OUTCOMES,
        type="counter",
        labels=("outcome", "phase"),
        help="Attempts and collection errors by outcome and the phase that decided it.",
        left_out=6,
    ),
    Metric(name=RERUNS, type="counter", help="Attempts that failed and were run again."),
    Metric(
        name=COLLECTION_ERRORS,
        type="counter",
        help="Modules, packages and classes that could not be collected.",
    ),
    Metric(name=CRASHES, type="counter", help="Workers of pytest-xdist that died."),
    Metric(
        name=RUNS,
        type="counter",
        labels=("result",),
        help="Runs by result, as pytest's exit status has it.",
        left_out=7,
    ),
    Metric(name=SESSION, type="gauge", help="Wall-clock duration of the last run."),
    Metric(name=ENDED, type="gauge", help="When the last run ended."),
    Metric(name=STARTED, type="gauge", help="When the last run started."),
    Metric(
        name=SUCCESS,
        type="gauge",
        help="When the last run that passed ended; absent before the first.",
    ),
    Metric(
        name=LAST_TESTS,
        type="gauge",
        labels=("outcome",),
        help="Attempts of the last run by outcome.",
    ),
    Metric(
        name=EXIT_CODE,
        type="gauge",
        help="Exit status of the last run.",
    ),
    Metric(
        name=COLLECTED,
        type="gauge",
        help="Tests that the last run collected, deselected ones included.",
    ),
    Metric(name=DESELECTED, type="gauge", help="Tests that the last run deselected."),
    Metric(name=WARNINGS, type="gauge", help="Warnings that pytest counted in the last run."),
    Metric(
        name=SLOWEST,
        type="gauge",
        help="Duration of the slowest test of the last run; absent where none was executed.",
    ),
    Metric(
        name=LAST_DURATIONS,
        type="summary",
        labels=("quantile",),
        help="Durations of the tests of the last run alone; absent where none was executed.",
        left_out=5,
    ),
    Metric(
        name=INFO,
        type="gauge",
        labels=("run_id", "branch", "python_version", "os"),
        help="The last run; always 1.",
    ),
    Metric(
        name=COVERAGE,
        type="gauge",
        help="Coverage that the last run measured, 0 to 100; absent where it measured none.",
    ),
    Metric(
        name=MODULE_COVERAGE,
        type="gauge",
        labels=("module",),
        help="The same for each package or module at the top level, the 50 largest.",
        left_out=1,
    ),
    Metric(
        name=UNCOVERED,
        type="gauge",
        labels=("module",),
        help="Statements of these packages and modules that the last run did not execute.",
        left_out=1,
    ),
    Metric(
        name=SIZES,
        type="gauge",
        labels=("size",),
        help="Tests of the last run by size.",
        left_out=4,
    ),
    Metric(
        name=SIZE_RATIOS,
        type="gauge",
        labels=("size",),
        help="Share of each size in the tests of the last run that have one, 0 to 1.",
        left_out=4,
    ),
    Metric(
        name=SIZED_DURATION,
        type="histogram",
        labels=("size", "outcome"),
        help="Duration of an executed test that has a size, the sum of its phases.",
        left_out=2,
    ),
    Metric(
        name=VIOLATIONS,
        type="counter",
        labels=("size",),
        help="Tests whose call took longer than their size allows.",
        left_out=4,
    ),
    Metric(
        name=NEAR_LIMIT,
        type="gauge",
        labels=("size",),
        help="Tests of the last run whose call took 80 to 100 % of what their size allows.",
        left_out=4,
    ),
    Metric(name=CI_DURATION, type="gauge", help="Duration of the last run, where CI ran it."),
    Metric(
        name=CI_FAILURES,
        type="counter",
        labels=("failure_type",),
        help="Failures in CI by what they are.",
        left_out=3,
    ),
    Metric(name=SERIES, type="gauge", help="Series in this file."),
    Metric(
        name=DROPPED,
        type="gauge",
        help="Series that are not in this file because there would have been too many.",
    ),
)


def markdown() -> str:
    """The table of the README."""
    rows = ["| metric | type | meaning |", "|---|---|---|"]
    for metric in METRICS:
        labels = f"{{{','.join(metric.labels)}}}" if metric.labels else ""
        rows.append(f"| `{metric.name}{labels}` | {metric.type} | {metric.help} |")
    return "\n".join(rows) + "\n"
