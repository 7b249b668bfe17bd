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


def test_disagreement_is_a_finding():
    """A record that lost a failure of the same run is a capture finding."""
    metrics = metrics_file.parse(
        'pytest_run_info{run_id="r1"} 1\n'
        'pytest_last_run_tests{outcome="failed"} 2\npytest_last_run_tests{outcome="passed"} 1\n'
    )

    same = metrics_file.disagreement(metrics, Run(run_id="r1", counts={"failed": 2, "passed": 1}))
    less = metrics_file.disagreement(metrics, Run(run_id="r1", counts={"failed": 1, "passed": 1}))
    other = metrics_file.disagreement(metrics, Run(run_id="r2", counts={"failed": 1}))

    assert same is None
    assert less is not None
    assert less.kind == "capture"
    assert less.evidence == ("failed: 2 in the metrics, 1 in the record",)
    assert other is None
