"""The sources that count a run: a disagreement is named, with both figures."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from conftest_kit import rundir
from conftest_kit.records import Attempt, Failure
from conftest_kit.settings import load
from corpus_memory_logging.history import Held
from orchestrator import findings
from orchestrator.intake import metrics_file, recorded

MANY_SHAPES = {
    "test_shapes.py": """
import unittest
import pytest

@pytest.fixture
def bad_setup():
    raise RuntimeError("setup")

@pytest.fixture
def bad_teardown():
    yield
    raise RuntimeError("teardown")

def test_passes(): pass
def test_fails(): assert 0
def test_setup(bad_setup): pass
def test_teardown(bad_teardown): pass
def test_both(bad_teardown): assert 0
def test_skipped_late(bad_teardown): pytest.skip("inside")
@pytest.mark.skip
def test_skipped(): pass
@pytest.mark.xfail
def test_xfails(): assert 0
@pytest.mark.xfail
def test_xfails_and_teardown(bad_teardown): assert 0
@pytest.mark.xfail
def test_xpasses(): pass
@pytest.mark.xfail(strict=True)
def test_xpasses_strictly(): pass
@pytest.mark.xfail(run=False)
def test_never_run(): pass

class TestUnit(unittest.TestCase):
    def test_subtests(self):
        for number in range(4):
            with self.subTest(number=number):
                assert number % 2
    def test_subtests_and_more(self):
        with self.subTest("one"):
            assert 0
        assert 0
    def test_good_subtests(self):
        with self.subTest("one"):
            pass
""",
    "test_broken.py": "import no_such_module_anywhere\n",
    "test_left_out.py": "import pytest\npytest.skip('whole module', allow_module_level=True)\n",
    "test_builtin.py": """
def test_subtests(subtests):
    for number in range(3):
        with subtests.test(number=number):
            assert number == 1
""",
    "test_again.py": """
import itertools
import pytest
count = itertools.count()

@pytest.mark.flaky(reruns=3)
def test_second_time_lucky():
    assert next(count)

@pytest.mark.flaky(reruns=1)
def test_never_lucky():
    assert 0
""",
}


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("-n2",),
        ("-x",),
        ("-p", "no:terminal"),
        ("--lf",),
        ("-k", "not xfails"),
        ("-n2", "-k", "not xfails"),
    ],
)
def test_real_runs_agree_with_themselves(make, pytester, options):
    """Subtests, reruns, tear-downs, skips and collection errors are counted differently by pytest
    and by the kit; none of it is a disagreement.
    """
    for name, source in MANY_SHAPES.items():
        pytester.path.joinpath(name).write_text(source)
    pytester.makeini("[pytest]\nmarkers = flaky\n")
    pytester.runpytest_subprocess("-p", "conftest_kit", "--continue-on-collection-errors", *options)
    settings = load(pytester.path, {})
    (run_directory,) = rundir.runs(settings.logs_dir)
    seen = replace(
        make.seen(),
        recording=recorded.read(run_directory),
        metrics=metrics_file.read(settings.metrics_file),
        is_latest=True,
    )

    assert seen.run.counts["failed"] + seen.run.counts["error"] > 0
    assert list(findings.find(seen, lambda _: {})) == []


@pytest.mark.parametrize(
    ("passed", "subtests", "evidence"),
    [
        (2, 2, []),
        (1, 2, []),
        (2, 0, ["passed: 2 in pytest's own summary, 1 in the record"]),
        (3, 2, ["passed: 3 in pytest's own summary, 1 in the record"]),
    ],
)
def test_the_test_around_subtests_that_failed(make, passed, subtests, evidence):
    """pytest 9.2 counts it as passed where it is of unittest, and the record as failed."""
    seen = make.seen(
        attempts=(Attempt(nodeid="a", outcome="failed"), Attempt(nodeid="b", outcome="passed")),
        counts={"failed": 1, "passed": 1},
        pytest_counts={"failed": max(subtests, 1), "passed": passed},
        failures=tuple(Failure(nodeid="a", phase="call", subtest=f"{n}") for n in range(subtests))
        or (Failure(nodeid="a", phase="call"),),
    )

    assert [list(one.evidence) for one in make.found(seen, "capture")] == list(
        filter(None, [evidence])
    )


@pytest.mark.parametrize(
    ("changed", "evidence"),
    [
        ({}, None),
        (
            {"counts": {"passed": 9, "failed": 1}},
            [
                "failed: 0 in records.ndjson, 1 in run.json",
                "passed: 10 in records.ndjson, 9 in run.json",
            ],
        ),
        (
            {"pytest_counts": {"passed": 9, "failed": 1}},
            [
                "failed: 1 in pytest's own summary, 0 in the record",
                "passed: 9 in pytest's own summary, 10 in the record",
            ],
        ),
        (
            {"pytest_counts": {"passed": 10, "error": 2}},
            ["error: 2 in pytest's own summary, 0 in the record"],
        ),
        # Reports that a plugin counts under a word of its own may be any of ours.
        ({"pytest_counts": {"passed": 8, "lucky": 2}}, None),
        ({"pytest_counts": {"passed": 10, "warnings": 3, "skipped": 1, "deselected": 4}}, None),
        ({"pytest_counts": None}, None),
        # A run that died has no summary.
        ({"counts": {}, "pytest_counts": None, "state": "died"}, None),
    ],
)
def test_pytest_the_record_and_its_lines(make, changed, evidence):
    """Two figures and where each comes from."""
    found = make.found(make.seen(**changed), "capture")

    assert [list(one.evidence) for one in found] == ([evidence] if evidence else [])


def test_a_lost_failure_is_noticed(make):
    """pytest counted a set-up error of which the record has nothing."""
    attempts = (Attempt(nodeid="a", outcome="error"), Attempt(nodeid="b", outcome="error"))
    seen = make.seen(
        attempts=attempts,
        counts={"error": 2},
        pytest_counts={"error": 2},
        failures=(Failure(nodeid="a", phase="setup"),),
    )
    (found,) = make.found(seen, "capture")

    assert found.subject == "pytest"
    assert found.evidence == ("error: 2 in pytest's own summary, 1 in the record",)


@pytest.mark.parametrize(
    ("metrics", "is_latest", "changed", "expected"),
    [
        ({}, True, {}, None),
        ({"last_run": {"passed": 7}}, True, {}, "passed: 7 in pytest_metrics.prom, 10 in the"),
        ({"exit_code": 1.0}, True, {}, "exit code: 1 in pytest_metrics.prom, 0 in the record"),
        ({"collected": 12}, True, {"collected": 10}, "collected: 12 in pytest_metrics.prom, 10"),
        ({"collected": 12}, True, {}, None),
        ({"run_id": "r1"}, True, {}, "metrics file:"),
        ({"run_id": None}, True, {}, "metrics file:"),
        ({"run_id": "r1"}, False, {}, None),
        ({"run_id": "r1"}, True, {"state": "died", "counts": {}}, None),
        (None, True, {}, "metrics file:"),
    ],
)
def test_the_metrics_file(make, metrics, is_latest, changed, expected):
    """It describes the latest run, unless that one died before it could write it."""
    seen = replace(make.seen(metrics=metrics, **changed), is_latest=is_latest)
    found = make.found(seen, "capture")

    assert [one.evidence[0].startswith(expected or "") for one in found] == (
        [True] if expected else []
    )


@pytest.mark.parametrize(("exit_code", "texts"), [(4, []), (0, ["no pytest was recorded"])])
def test_what_never_started(make, exit_code, texts):
    """A command that went well and told nothing is in doubt; one that failed is a failure."""
    seen = make.seen(state="not_started", exit_code=exit_code, attempts=(), counts={})
    found = make.found(seen, "capture")

    assert [one.text.partition(":")[0] for one in found] == texts


@pytest.mark.parametrize(
    ("held", "evidence"),
    [
        (None, None),
        ({}, None),
        ({"counts": {"passed": 9}}, "passed: 9 in the memory, 10 in the record"),
        ({"exit_code": 1}, "exit code: 1 in the memory, 0 in the record"),
        ({"attempts": {"passed": 9}}, "tests passed: 9 in the memory, 10 in records.ndjson"),
    ],
)
def test_the_memory(make, held, evidence):
    """What was remembered of the run, once it was."""
    agreed = {"counts": {"passed": 10}, "exit_code": 0, "attempts": {"passed": 10}}
    of_run = None if held is None else Held(**{**agreed, **held})
    found = list(findings.of_memory(make.seen(), of_run))

    assert [one.evidence for one in found] == ([(evidence,)] if evidence else [])


def test_what_is_missing_is_said_where_the_metrics_are_of_another_run(make):
    """Modules are nowhere else; a file that has none of them leaves nothing out."""
    modules = {"coverage_modules": {"a.py": 1.0}}
    said = list(findings.unknown(make.seen(metrics={"run_id": "r1", **modules})))
    silent = make.seen(metrics={"run_id": "r1"})

    (sentence,) = said
    assert sentence.startswith("not judged: coverage by module; the metrics file is of run r1, and")
    assert list(findings.unknown(silent)) == []
    assert list(findings.unknown(make.seen(metrics=modules))) == []


def test_what_later_runs_are_compared_with(make):
    """What only the metrics of this run say, as plain data."""
    metrics = {"coverage_modules": {"a.py": 1.0}}
    kept = findings.measured(make.seen(metrics=metrics))

    assert json.loads(json.dumps(kept)) == metrics
    assert findings.measured(make.seen(metrics={"run_id": "r1", **metrics})) == {}
