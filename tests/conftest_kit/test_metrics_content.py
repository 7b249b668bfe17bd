from __future__ import annotations

import pytest

from conftest_kit import values
from conftest_kit.metrics import Module, Sizes, Tally, content, table
from conftest_kit.metrics.content import BOUNDS, SIZES, Content, bounded, carry, of, series
from conftest_kit.metrics.table import METRICS
from conftest_kit.run import OUTCOMES, Environment, Run

RUN = Run(
    run_id="20250101T000000.000000Z-0123abcd",
    state="complete",
    started="2025-01-01T00:00:00.000000Z",
    finished="2025-01-01T00:00:02.500000Z",
    exit_code=1,
    collected=10,
    counts={"passed": 3, "failed": 1, "error": 2, "rerun": 4},
    pytest_counts={"passed": 3, "warnings": 7},
    environment=Environment(
        git={"branch": "main"}, python={"version": "3.11.7"}, platform={"system": "Linux"}
    ),
)
TALLY = Tally(
    outcomes={("passed", "call"): 3, ("failed", "call"): 1, ("error", "collect"): 2},
    durations=(0.3, 0.005, 11.0),
    worker_crashes=1,
    deselected=5,
)
IN_CI = RUN._replace(environment=Environment(ci={"provider": "gitlab", "branch": "from-ci"}))
EVERY_SIZE = Sizes(
    tests=dict.fromkeys(SIZES, 1),
    durations={(size, outcome): [1.0] for size in SIZES for outcome in OUTCOMES},
)
ENORMOUS = of(
    IN_CI._replace(coverage_percent=50.0),
    TALLY._replace(
        sizes=EVERY_SIZE,
        modules=[Module(name=f"m{i}", percent=i, uncovered=i) for i in range(90)],
    ),
)
"""More series than are allowed unless asked for."""


def number(content: Content, name: str, *labels: str) -> float | None:
    """One value; None where it is not there."""
    value = content.get(name, {}).get(labels)
    assert value is None or isinstance(value, float)
    return value


def total(content: Content) -> int:
    """Series of a file."""
    return sum(map(series, content.values()))


class TestOfARun:
    """What a run puts into a file."""

    def test_single_numbers(self):
        """Each unlabelled metric has the value that its help says."""
        found = {name: family[()] for name, family in of(RUN, TALLY).items() if () in family}
        histogram, summary = found.pop(table.DURATION), found.pop(table.LAST_DURATIONS)

        assert found == {
            "pytest_test_failures_total": 3,
            "pytest_test_passes_total": 3,
            "pytest_test_reruns_total": 4,
            "pytest_collection_errors_total": 2,
            "pytest_worker_crashes_total": 1,
            "pytest_session_duration_seconds": 2.5,
            "pytest_last_run_timestamp_seconds": 1735689602.5,
            "pytest_last_run_start_timestamp_seconds": 1735689600.0,
            "pytest_last_run_exit_code": 1,
            "pytest_last_run_collected": 15,
            "pytest_last_run_deselected": 5,
            "pytest_last_run_warnings": 7,
            "pytest_last_run_slowest_test_seconds": 11.0,
        }
        assert dict(zip(BOUNDS[table.DURATION], histogram.counts, strict=True)) == {
            **{bound: 1 for bound in BOUNDS[table.DURATION] if 0.005 <= bound < 0.3},
            **{bound: 2 for bound in BOUNDS[table.DURATION] if 0.3 <= bound < 11},
            float("inf"): 3,
        }
        assert histogram.sum == summary.sum == 11.305
        assert summary.quantiles == {0.5: 0.3, 0.95: 11.0, 0.99: 11.0}

    def test_each_outcome(self):
        """What is usual is 0 where it did not happen; the sums by outcome are the counts."""
        family = of(RUN, TALLY)[table.OUTCOMES]

        assert family["passed", "call"] == 3
        assert family["skipped", "setup"] == 0
        for outcome in ("passed", "failed", "error"):
            values = [value for labels, value in family.items() if labels[0] == outcome]
            assert sum(values) == RUN.counts[outcome]

    @pytest.mark.parametrize(
        ("exit_code", "state", "counts", "result"),
        [
            (0, "complete", {}, "passed"),
            (1, "complete", {"failed": 1}, "failed"),
            (2, "complete", {"error": 1}, "failed"),  # errors during collection, -x, --stepwise
            (2, "complete", {}, "interrupted"),
            (2, "interrupted", {"failed": 1}, "interrupted"),
            (7, "interrupted", {}, "interrupted"),  # pytest.exit(returncode=7)
            (3, "interrupted", {}, "internal_error"),
            (4, "not_started", {}, "usage_error"),
            (5, "complete", {}, "no_tests"),
            (11, "complete", {}, "failed"),  # of a plugin
            (None, "complete", {}, "failed"),
        ],
    )
    def test_results(self, exit_code, state, counts, result):
        """Each run has one result, and only a passed one is a success."""
        run = RUN._replace(exit_code=exit_code, state=state, counts=counts)
        found = of(run, Tally())

        assert [labels for labels, value in found[table.RUNS].items() if value] == [(result,)]
        assert bool(found[table.SUCCESS]) is (result == "passed")

    def test_where_nothing_ran(self):
        """What cannot be known is not there, rather than 0 or not a number."""
        found = of(Run(run_id="x"), Tally())

        absent = {table.SLOWEST, table.LAST_DURATIONS, table.EXIT_CODE, table.COLLECTED}
        absent |= {table.WARNINGS, table.COVERAGE, table.MODULE_COVERAGE, table.UNCOVERED}
        assert not any(found[name] for name in absent)
        assert {table.SIZES, table.CI_DURATION, table.CI_FAILURES}.isdisjoint(found)

    @pytest.mark.parametrize(
        ("numbers", "expected"),
        [([1.0], (1, 1, 1)), ([1, 2], (1, 2, 2)), (range(1, 101), (50, 95, 99))],
    )
    def test_quantiles(self, numbers, expected):
        """A quantile is a duration that was observed, at the edges too."""
        found = of(RUN, Tally(durations=numbers))[table.LAST_DURATIONS][()]

        assert tuple(found.quantiles.values()) == expected

    def test_sizes(self):
        """Every size is there as soon as one test has one; shares are of tests that have one."""
        sizes = Sizes(
            tests={"small": 3, "large": 1},
            durations={("small", "passed"): [0.05, 0.2], ("large", "failed"): [899.0]},
            violations={"small": 1},
            near_limit={"large": 1},
        )
        found = of(RUN, TALLY._replace(sizes=sizes))

        def by_size(name: str) -> list[float | None]:
            return [number(found, name, size) for size in SIZES]

        assert by_size(table.SIZES) == [3, 0, 1, 0]
        assert by_size(table.SIZE_RATIOS) == [0.75, 0, 0.25, 0]
        assert by_size(table.VIOLATIONS) == [1, 0, 0, 0]
        assert by_size(table.NEAR_LIMIT) == [0, 0, 1, 0]
        durations = found[table.SIZED_DURATION]
        assert durations["small", "passed"].counts == (1, *[2] * 9)
        assert durations["large", "failed"].counts == (*[0] * 8, 1, 1)

    def test_in_ci(self):
        """CI has metrics of its own, every type of failure among them, and knows the branch."""
        found = of(IN_CI, TALLY._replace(failure_types={"assertion": 2}))

        assert number(found, table.CI_DURATION) == 2.5
        assert found[table.CI_FAILURES] == {
            ("timing_violation",): 0,
            ("assertion",): 2,
            ("error",): 0,
        }
        assert list(found[table.INFO]) == [(RUN.run_id, "from-ci", "", "")]

    def test_modules(self):
        """The 50 largest are there; a name has an end."""
        modules = [Module(name="m" * 999, percent=75.0, uncovered=3)]
        modules += [Module(name=f"m{i}", percent=1.0, uncovered=1) for i in range(99)]
        found = of(RUN, Tally(modules=modules))

        assert number(found, table.MODULE_COVERAGE, "m" * 200) == 75
        assert number(found, table.UNCOVERED, "m" * 200) == 3
        assert len(found[table.MODULE_COVERAGE]) == len(found[table.UNCOVERED]) == 50

    def test_a_clock_that_was_set_back(self):
        """A session never took less than no time."""
        found = of(RUN._replace(started="2025-01-01T00:00:05Z"), TALLY)

        assert number(found, table.SESSION) == 0


class TestCarriedOver:
    """What is added to what was stored."""

    def test_counters_and_histograms(self):
        """They grow; what only the file has stays; gauges are the last run's."""
        first = of(IN_CI, TALLY._replace(sizes=EVERY_SIZE))
        second = of(RUN._replace(counts={"passed": 10}), Tally(durations=[0.1] * 10))
        found = carry(second, first)

        assert number(found, table.FAILURES) == 3
        assert number(found, table.PASSES) == 13
        assert number(found, table.OUTCOMES, "error", "collect") == 2
        assert number(found, table.RUNS, "failed") == 2
        assert found[table.DURATION][()].counts[-1] == 13
        assert found[table.DURATION][()].sum == pytest.approx(12.305)
        assert found[table.SIZED_DURATION] == first[table.SIZED_DURATION]
        assert found[table.CI_FAILURES] == first[table.CI_FAILURES]
        assert number(found, table.LAST_TESTS, "failed") == 0
        assert {table.SIZES, table.NEAR_LIMIT, table.CI_DURATION}.isdisjoint(found)

    @pytest.mark.parametrize(
        ("stored", "exit_code", "expected"),
        [(5.0, 1, 5.0), (5.0, 0, 1735689602.5), (9e9, 0, 9e9), (None, 1, None)],
    )
    def test_the_last_success(self, stored, exit_code, expected):
        """It is the latest of all, and absent before the first."""
        before = {table.SUCCESS: {(): stored}} if stored else {}
        found = carry(of(RUN._replace(exit_code=exit_code), TALLY), before)

        assert number(found, table.SUCCESS) == expected


class TestBound:
    """No more series than allowed."""

    @pytest.mark.parametrize("most", [500, 499, 480, 300, 120, 60, values.LEAST_SERIES])
    def test_it_holds(self, most: int):
        """The file has as many as are allowed, says so, and says how many it lacks."""
        found = bounded(ENORMOUS, most)
        there, lacking = total(found), number(found, table.DROPPED)

        assert there <= most
        assert number(found, table.SERIES) == there
        assert there + lacking == total(ENORMOUS) + 2

    def test_modules_go_first(self):
        """The smallest of them, and no more of them than necessary."""
        found = bounded(ENORMOUS, 500)

        kept = list(found[table.MODULE_COVERAGE])
        assert kept == list(ENORMOUS[table.MODULE_COVERAGE])[: len(kept)]
        assert kept == list(found[table.UNCOVERED])
        assert 0 < len(kept) < 50
        assert total(found) in (499, 500)
        assert found[table.SIZED_DURATION] == ENORMOUS[table.SIZED_DURATION]

    def test_the_core_stays(self):
        """What has no labels of its own is there, however low the bound is."""
        found = bounded(ENORMOUS, 1)

        core = {metric.name for metric in METRICS if not metric.labels}
        assert core - {table.SUCCESS} <= set(found)
        assert total(found) < values.LEAST_SERIES

    def test_nothing_goes_where_there_is_room(self):
        """A usual run is far from the bound."""
        found = bounded(of(RUN, TALLY), 500)

        assert number(found, table.DROPPED) == 0
        assert number(found, table.SERIES) == total(found) < 100


class TestTable:
    """What is said of the metrics."""

    def test_labels_that_a_project_may_not_set(self):
        """Those of our own series; `pytest_run_info` has its own beside the project's."""
        ours = {label for metric in METRICS for label in metric.labels}
        info = {"branch", "python_version", "os"}

        assert ours - info <= values.TAKEN_LABELS
        assert not info & values.TAKEN_LABELS

    def test_every_metric_is_computed(self):
        """No row without a value, no value without a row, and labels as the row says."""
        found = bounded(carry(ENORMOUS, {table.SUCCESS: {(): 1.0}}), 9999)
        widths = {name: {len(labels) for labels in family} for name, family in found.items()}

        assert widths == {
            metric.name: {0 if metric.type == "summary" else len(metric.labels)}
            for metric in METRICS
        }

    def test_buckets_are_the_clients(self):
        """Ours are written down, so that they do not change with the client's version."""
        from prometheus_client import Histogram

        assert BOUNDS[table.DURATION] == tuple(Histogram.DEFAULT_BUCKETS)
        assert values.SIZES == content.SIZES
