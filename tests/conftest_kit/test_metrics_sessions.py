from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from conftest_kit import rundir
from conftest_kit.metrics.table import METRICS

WORKERS = pytest.mark.parametrize("workers", ["-n0", "-n2"])
EVERYTHING = """
    import pytest
    TRIES = []
    def test_passes(): pass
    def test_fails(): assert 0
    def test_raises(): raise OSError("no")
    def test_says(): pytest.fail("said so")
    def test_skips(): pytest.skip("not today")
    @pytest.mark.skip
    def test_skipped(): pass
    @pytest.mark.xfail
    def test_xfails(): assert 0
    @pytest.mark.xfail(run=False)
    def test_never(): pass
    @pytest.mark.xfail
    def test_xpasses(): pass
    @pytest.mark.xfail(strict=True)
    def test_strict(): pass
    @pytest.mark.flaky(reruns=2)
    def test_flaky():
        TRIES.append(1)
        assert len(TRIES) == 3
    @pytest.fixture
    def broken(): raise OSError
    def test_setup(broken): pass
    @pytest.fixture
    def late():
        yield
        1 / 0
    def test_teardown(late): pass
    def test_both(late): assert 1 == 2
    def test_subtest(subtests):
        with subtests.test("a"): assert 0
"""
FAILED = 6
ERRORS = 3


def families(folder: Path) -> dict[str, list]:
    """Samples of the metrics file by their names."""
    text = (folder / "monitoring" / "pytest_metrics.prom").read_bytes().decode("utf-8")
    found: dict[str, list] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample)
    return found


def numbers(folder: Path, name: str) -> Mapping[tuple[str, ...], float]:
    """Label values, in alphabetical order of their names, to value; what is 0 is left out."""
    return {
        tuple(value for _, value in sorted(sample.labels.items())): sample.value
        for sample in families(folder).get(name, [])
        if sample.value
    }


def number(folder: Path, name: str) -> float | None:
    """The value of a metric without labels; None where it is not there."""
    (sample,) = families(folder).get(name, [None])
    return sample and sample.value


@WORKERS
def test_outcomes(record, workers: str):
    """Each attempt counts once, under the phase that decided; the sums are the record's."""
    run = record(
        workers, "--continue-on-collection-errors", test_it=EVERYTHING, test_import="import no_such"
    )
    found = numbers(run.folder, "pytest_test_outcomes_total")

    assert found == {
        ("passed", "call"): 2,
        ("failed", "call"): FAILED,
        ("error", "setup"): 1,
        ("error", "teardown"): 1,
        ("error", "collect"): 1,
        ("skipped", "call"): 1,
        ("skipped", "setup"): 1,
        ("xfailed", "call"): 1,
        ("xfailed", "setup"): 1,
        ("xpassed", "call"): 1,
        ("rerun", "call"): 2,
    }
    for outcome, count in run.recording.run.counts.items():
        assert sum(value for labels, value in found.items() if labels[0] == outcome) == count
    assert number(run.folder, "pytest_test_failures_total") == FAILED + ERRORS
    assert number(run.folder, "pytest_test_reruns_total") == 2
    assert number(run.folder, "pytest_collection_errors_total") == 1
    assert number(run.folder, "pytest_test_duration_seconds_count") == 13
    assert numbers(run.folder, "pytest_runs_total") == {("failed",): 1}
    assert "pytest_last_success_timestamp_seconds" not in families(run.folder)
    assert "ci_test_failures_total" not in families(run.folder)


@WORKERS
def test_failures_in_ci(record, workers: str, monkeypatch: pytest.MonkeyPatch):
    """Each failure has a type, and the types add up to the failures."""
    monkeypatch.setenv("GITLAB_CI", "true")
    run = record(
        workers, "--continue-on-collection-errors", test_it=EVERYTHING, test_import="import no_such"
    )

    assert numbers(run.folder, "ci_test_failures_total") == {
        ("assertion",): 5,  # test_fails, test_says, test_strict, test_both, test_subtest
        ("error",): FAILED + ERRORS - 5,
    }
    assert number(run.folder, "ci_test_suite_duration_seconds") > 0


def test_a_worker_that_dies(record):
    """The worker is counted, and its test under a phase of its own."""
    run = record("-n1", test_it="import os\ndef test_dies(): os._exit(3)\ndef test_lives(): pass")

    assert number(run.folder, "pytest_worker_crashes_total") == 1
    assert numbers(run.folder, "pytest_test_outcomes_total") == {
        ("failed", "crash"): 1,
        ("passed", "call"): 1,
    }


@WORKERS
def test_the_last_run(record, workers: str):
    """What pytest says of a run in its summary."""
    run = record(
        workers, "-k", "warns or passes",
        test_it="""
            import warnings
            def test_warns(): warnings.warn("beware")
            def test_passes(): pass
            def test_other(): pass
        """,
    )  # fmt: skip

    assert number(run.folder, "pytest_last_run_collected") == 3
    assert number(run.folder, "pytest_last_run_deselected") == 1
    assert number(run.folder, "pytest_last_run_warnings") == 1
    assert number(run.folder, "pytest_last_run_exit_code") == 0
    assert number(run.folder, "pytest_last_run_slowest_test_seconds") < 1
    ended = number(run.folder, "pytest_last_run_timestamp_seconds")
    assert number(run.folder, "pytest_last_success_timestamp_seconds") == ended
    assert number(run.folder, "pytest_last_run_start_timestamp_seconds") < ended


SIZED = """
    import time
    import pytest

    @pytest.mark.small
    def test_small(): pass
    @pytest.mark.small(timeout=0.01)
    def test_slow(): time.sleep(0.02)
    @pytest.mark.small(timeout=0.01)
    def test_slow_outside_of_its_call(late): pass
    @pytest.fixture
    def late():
        time.sleep(0.02)
        yield
        time.sleep(0.02)
    @pytest.mark.medium(timeout=2)
    def test_near(): time.sleep(1.65)
    @pytest.mark.large
    class TestLarge:
        def test_inherits(self): assert 0
        @pytest.mark.small(timeout="soon")
        def test_has_its_own(self): pytest.skip()
    def test_none(): pass
"""
MARKERS = "[pytest]\nmarkers =\n    small\n    medium\n    large\n    xlarge\n    unit\n    e2e\n"


@WORKERS
def test_sizes(record, pytester: pytest.Pytester, workers: str):
    """Sizes and limits come from the closest marker, durations from our own clock; the record has them."""
    (pytester.path / "pytest.ini").write_text(MARKERS)
    run = record(workers, "-Werror", test_it=SIZED)

    assert numbers(run.folder, "pytest_tests_by_size") == {
        ("small",): 4,
        ("medium",): 1,
        ("large",): 1,
    }
    shares = numbers(run.folder, "pytest_test_size_distribution")
    assert shares == {("small",): 4 / 6, ("medium",): 1 / 6, ("large",): 1 / 6}
    assert numbers(run.folder, "pytest_timing_violations_total") == {("small",): 1}
    assert numbers(run.folder, "pytest_near_timing_limit_tests") == {("medium",): 1}
    assert numbers(run.folder, "pytest_sized_test_duration_seconds_count") == {
        ("passed", "small"): 3,
        ("passed", "medium"): 1,
        ("failed", "large"): 1,
    }
    said = {a.nodeid.rpartition("::")[2]: (a.size, a.limit) for a in run.recording.attempts}
    assert said == {
        "test_small": ("small", 1.0),
        "test_slow": ("small", 0.01),
        "test_slow_outside_of_its_call": ("small", 0.01),
        "test_near": ("medium", 2.0),
        "test_inherits": ("large", 900.0),
        "test_has_its_own": ("small", 1.0),
        "test_none": ("", None),
    }


@WORKERS
def test_sizes_of_other_names(record, workers: str):
    """A project that has such markers need not rename them."""
    run = record(
        workers, "--conftest-kit", "size_markers=unit=small,e2e=large",
        test_it="""
            import pytest
            pytestmark = pytest.mark.unit
            def test_a(): pass
            @pytest.mark.e2e
            def test_b(): pass
            @pytest.mark.medium
            def test_c(): pass
        """,
    )  # fmt: skip

    assert numbers(run.folder, "pytest_tests_by_size") == {("small",): 2, ("large",): 1}


def test_no_sizes(record):
    """Nothing is said of sizes where no test has one, nor is anything registered."""
    run = record(
        test_it="def test_a(request): assert not request.config.pluginmanager.has_plugin('conftest_kit.sizes')"
    )

    assert [name for name in families(run.folder) if "size" in name] == []
    assert run.outcomes == {"test_a": "passed"}


LIKE_TEST_CATEGORIES = """
    import pytest

    @pytest.hookimpl(hookwrapper=True)
    def pytest_collection_modifyitems(items):
        yield
        for item in items:
            item._nodeid = item.nodeid + " [SMALL]"  # pytest 9.2 has another attribute

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(item):
        outcome = yield
        report = outcome.get_result()
        if report.when == "call" and "slow" in item.name:
            report.longrepr = f"[TC006] Timing Violation\\nTest: {report.nodeid}\\nexceeded 1.0 seconds"
            report.outcome = "failed"
"""


@WORKERS
def test_a_plugin_that_replaces_tracebacks(
    record, pytester: pytest.Pytester, workers: str, monkeypatch: pytest.MonkeyPatch
):
    """What really went wrong stays in the record, and the plugin's word beside it."""
    monkeypatch.setenv("GITLAB_CI", "true")
    (pytester.path / "pytest.ini").write_text(MARKERS)
    run = record(
        workers,
        conftest=LIKE_TEST_CATEGORIES,
        test_it="""
            import pytest
            pytestmark = pytest.mark.small
            def test_slow(): pass
            def test_slow_and_wrong():
                print("captured")
                raise OSError("the real reason")
            @pytest.mark.xfail
            def test_slow_xfail(): assert 0
            def test_keeps(failure_artifacts):
                (failure_artifacts / "a.txt").write_text("a")
                assert 0
        """,
    )

    failures = {failure.nodeid: failure for failure in run.recording.failures}
    wrong, slow = failures["test_it.py::test_slow_and_wrong"], failures["test_it.py::test_slow"]
    assert wrong.message == "the real reason"
    assert "def test_slow_and_wrong():" in wrong.text
    assert "[TC006] Timing Violation" in wrong.text
    assert wrong.captured == {"stdout": "captured\n"}
    assert slow.exceptions == ()
    assert slow.message.splitlines()[1] == "Test: test_it.py::test_slow"
    assert numbers(run.folder, "ci_test_failures_total") == {
        ("assertion",): 1,
        ("error",): 1,
        ("timing_violation",): 2,
    }
    records = (run.paths[0] / "records.ndjson").read_text().splitlines()
    said = [{**json.loads(line), "text": ""} for line in records]
    assert "SMALL" not in json.dumps(said)
    assert "SMALL" not in str(list(run.paths[0].rglob("*")))


NASTY = r"""
    import pytest
    @pytest.mark.parametrize("value", ['quo"te', "back\\slash", "new\nline", "\udcff", "}{,=#"])
    def test_nasty(value): raise ValueError(f"message {value}")
"""


@WORKERS
def test_nothing_of_a_test_gets_into_the_file(record, pytester: pytest.Pytester, workers: str):
    """No id, no message, no path, no commit: only the names of what a project has few of."""
    run = record(workers, "-q", "--tb=no", "-rN", test_it=NASTY)
    allowed = {label for metric in METRICS for label in metric.labels} | {"le"}
    samples = [sample for samples in families(run.folder).values() for sample in samples]

    assert {label for sample in samples for label in sample.labels} <= allowed
    text = (run.folder / "monitoring" / "pytest_metrics.prom").read_text()
    for word in ("nasty", "message", "test_it", str(run.folder), "quo", "slash"):
        assert word not in text


def test_a_folder_of_several_projects(record, require_program):
    """Each project has a file of its own, whatever its name is, and its name on each series."""
    program = require_program("promtool", "prometheus")
    for project in ("shop", 'a "b"/\\c'):
        settings = {"metrics_dir": "shared", "project": project, "metrics_labels": "team=x"}
        arguments = [f"--conftest-kit={key}={value}" for key, value in settings.items()]
        run = record(*arguments, test_it="def test_a(): pass")
    files = sorted((run.folder / "shared").glob("*.prom"))

    assert [path.name for path in files] == ["a%20%22b%22%2F%5Cc.prom", "shop.prom"]
    assert not (run.folder / "monitoring").exists()
    for path in files:
        text = path.read_bytes()
        parsed = list(text_string_to_metric_families(text.decode()))
        labels = [sample.labels for family in parsed for sample in family.samples]
        assert {label["team"] for label in labels} == {"x"}
        assert len({label["project"] for label in labels}) == 1
        checked = subprocess.run(
            [program, "check", "metrics"], input=text, capture_output=True, check=False
        )
        assert (checked.returncode, checked.stdout) == (0, b"")


# They look for tests in all folders, as pytest 7.4 does not get over a file that vanishes meanwhile.
MANY_SESSIONS = """
import pytest
for _ in range(12):
    assert pytest.main(["-q", "-p", "conftest_kit", "-p", "no:cacheprovider"]) == 0
"""


def test_sessions_that_end_at_once(record, monkeypatch: pytest.MonkeyPatch):
    """Eight processes of twelve sessions: every one of them is counted.

    Without a lock, of 80 sessions between 11 and 22 are not.
    """
    run = record(test_it="def test_a(): pass")
    # The shorter a session is, the more of it is its end.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    together = [
        subprocess.Popen(
            [sys.executable, "-c", MANY_SESSIONS], cwd=run.folder, stdout=subprocess.DEVNULL
        )
        for _ in range(8)
    ]
    assert [process.wait() for process in together] == [0] * 8

    assert number(run.folder, "pytest_test_passes_total") == 97
    assert numbers(run.folder, "pytest_runs_total") == {("passed",): 97}


MEASURED = {
    "shop/__init__": "def used():\n    return 1\n",
    "shop/deep/__init__": "def unused():\n    return 1\n",
    "till": "def used(flag):\n    if flag:\n        return 2\n    return 3\n",
    "test_it": """
import shop, shop.deep, till
def test_a(): assert shop.used() == 1
def test_b(): assert till.used(True) == 2
""",
}


class TestCoverage:
    """Where the run was measured."""

    @pytest.fixture(autouse=True)
    def _project(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
        for name, source in MEASURED.items():
            path = pytester.path / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source)
        (pytester.path / ".coveragerc").write_text("[run]\nsource = shop\n    till\n")
        monkeypatch.setenv("PYTHONPATH", str(pytester.path))
        for name in [name for name in os.environ if name.startswith("COV")]:
            monkeypatch.delenv(name)

    def expect(self, folder: Path) -> None:
        """What each way to measure comes to."""
        assert numbers(folder, "pytest_uncovered_lines") == {("shop",): 1, ("till",): 1}
        assert numbers(folder, "pytest_coverage_module_percent") == {("shop",): 75, ("till",): 75}
        assert number(folder, "pytest_coverage_percent") == 75
        (recorded,) = rundir.runs(folder / "logs")
        assert rundir.read_run(recorded).coverage_percent == 75

    @WORKERS
    @pytest.mark.parametrize("report", ["--cov-report=term", "--cov-report=", "--cov-report=xml"])
    def test_by_pytest_cov(self, record, workers: str, report: str):
        """With its reports and without, here and in workers."""
        run = record(workers, "--cov", report)

        assert run.recording.run.warnings == ()
        self.expect(run.folder)

    def test_by_branches(self, record):
        """The percentage is coverage.py's own, in which branches count."""
        run = record("--cov", "--cov-branch")

        total = re.search(r"^TOTAL.* (\d+)%", run.output, re.MULTILINE)
        assert round(number(run.folder, "pytest_coverage_percent")) == int(total[1]) == 70
        assert numbers(run.folder, "pytest_coverage_module_percent")["till",] == pytest.approx(
            400 / 6
        )

    def test_by_coverage_run(self, pytester: pytest.Pytester):
        """What is measured and combined afterwards is the same as without the kit."""
        totals = []
        for kit in ("no:conftest_kit", "conftest_kit"):
            python = [sys.executable, "-Werror", "-m", "coverage"]
            tests = ["-m", "pytest", "-q", "-p", kit, "-p", "no:cov", "-p", "no:xdist"]
            for command in (["run", "-p", *tests], ["combine"], ["report", "--precision=9"]):
                ended = pytester.run(*python, *command)
                assert ended.ret == 0, ended.stderr.str()
            totals.append([line for line in ended.outlines if "%" in line])

        assert totals[0] == totals[1]
        self.expect(pytester.path)

    def test_by_coverage_run_with_workers(self, pytester: pytest.Pytester):
        """What the controller alone measured is not the run's coverage."""
        ended = pytester.run(
            sys.executable, "-m", "coverage", "run", "-m", "pytest", "-p", "conftest_kit", "-n2"
        )

        assert ended.ret == 0
        assert "pytest_coverage_percent" not in families(pytester.path)

    @WORKERS
    def test_a_run_that_stopped_early(self, record, workers: str):
        """A run whose measuring did not end has no coverage, and no warning."""
        run = record(workers, "--cov", test_broken="import no_such")

        assert run.recording.run.warnings == ()
        assert run.result.ret in (1, 2)

    def test_too_much_code(self, record, pytester: pytest.Pytester):
        """The kit does not hold up the end of a session with an analysis that nobody asked for."""
        (pytester.path / "till.py").write_text("# " + "x" * 1_000_000 + "\n" + MEASURED["till"])
        run = record("--cov", "--cov-report=")

        assert "pytest_coverage_percent" not in families(run.folder)


def test_what_the_table_promises(record, pytester: pytest.Pytester, monkeypatch):
    """A real file has every metric of the table, with its type, help and labels, and no other."""
    (pytester.path / "pytest.ini").write_text(MARKERS)
    monkeypatch.setenv("GITLAB_CI", "true")
    run = record("--cov=shop", shop="X = 1", test_it="""
        import pytest, shop
        @pytest.mark.small
        def test_a(): pass
    """)  # fmt: skip
    text = (run.folder / "monitoring" / "pytest_metrics.prom").read_text()
    labels: dict[str, set[str]] = {}
    for name, samples in families(run.folder).items():
        plain = re.sub("_(bucket|sum|count)$", "", name)
        labels.setdefault(plain, set()).update(*(sample.labels for sample in samples))

    assert run.result.ret == 0
    assert re.findall(r"^# TYPE (.+)$", text, re.MULTILINE) == [
        f"{m.name} {m.type}" for m in METRICS
    ]
    assert re.findall(r"^# HELP (.+)$", text, re.MULTILINE) == [
        f"{m.name} {m.help}" for m in METRICS
    ]
    assert {name: found - {"le"} for name, found in labels.items()} == {
        metric.name: set(metric.labels) for metric in METRICS
    }
