"""The metrics file of the last run."""

from __future__ import annotations

import pytest

from conftest_kit.records import Run
from orchestrator.errors import UnreadableInput
from orchestrator.intake import metrics_file


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pytest_test_failures_total 2\n", 2),
        ("pytest_test_failures_total 2", 2),
        (
            "# TYPE pytest_test_failures_total counter\npytest_test_failures_total 1e+06\n",
            1_000_000,
        ),
        (
            'pytest_test_failures_total{project="a"} 2\npytest_test_failures_total{project="b"} 3\n',
            5,
        ),
        ('pytest_test_failures_total 4\npytest_test_failures_total{project="a"} 3\n', 4),
        ("something_else 1\n", None),
        ("pytest_test_failures_total NaN\n", None),
        ("", None),
    ],
)
def test_failures_total(text, expected):
    """Any valid exposition is understood; the unlabelled sample counts where there is one."""
    assert metrics_file.parse(text).failures_total == expected


def test_missing_file(tmp_path):
    """No file is no metrics."""
    assert metrics_file.read(tmp_path / "none.prom") is None


@pytest.mark.parametrize("content", [b"pytest_test_failures_total two\n", b"\xff\xfe", b"{{{\n"])
def test_unreadable_file(tmp_path, content):
    """What is not an exposition is named, with what to do."""
    path = tmp_path / "bad.prom"
    path.write_bytes(content)

    with pytest.raises(UnreadableInput, match=r"bad\.prom"):
        metrics_file.read(path)


METRICS = metrics_file.parse(
    'pytest_run_info{run_id="r1"} 1\n'
    'pytest_last_run_tests{outcome="failed"} 2\npytest_last_run_tests{outcome="passed"} 1\n'
)
FULL = {"failed": 2, "passed": 1}


@pytest.mark.parametrize(
    ("metrics", "run", "is_latest", "expected"),
    [
        (METRICS, Run(run_id="r1", counts=FULL, state="complete"), True, None),
        (METRICS, Run(run_id="r1", counts={"passed": 1}, state="complete"), True, "differently"),
        (METRICS, Run(run_id="r2", counts=FULL, state="complete"), True, "of run r1"),
        (METRICS, Run(run_id="r2", counts=FULL, state="complete"), False, None),
        (METRICS, Run(run_id="r2", state="died"), True, None),
        (None, Run(run_id="r2", state="complete"), True, "is missing"),
        (METRICS, Run(run_id="r2", state="not_started", exit_code=4), True, None),
        (METRICS, Run(run_id="r2", state="not_started", exit_code=0), True, "no pytest"),
    ],
)
def test_doubts_are_findings(metrics, run, is_latest, expected):
    """A record that may not hold what happened is a capture finding that says why."""
    found = list(metrics_file.doubts(metrics, run, is_latest=is_latest))

    assert [finding.kind for finding in found] == (["capture"] if expected else [])
    if expected:
        assert expected in found[0].text
