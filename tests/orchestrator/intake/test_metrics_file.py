"""The metrics file of the last run."""

from __future__ import annotations

import pytest

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


def test_what_the_file_says_of_the_last_run():
    """Every family by its labels, whatever static labels stand beside them; no number is nothing."""
    text = """
pytest_run_info{run_id="r1",project="shop"} 1
pytest_last_run_tests{outcome="failed",project="shop"} 2
pytest_last_run_exit_code{project="shop"} 1
pytest_last_run_collected{project="shop"} 43
pytest_last_run_deselected{project="shop"} 3
pytest_coverage_percent{project="shop"} 71.5
pytest_coverage_module_percent{module="shop/cli.py",project="shop"} 60.5
pytest_uncovered_lines{module="shop/cli.py",project="shop"} 12
pytest_uncovered_lines{module="shop/core.py",project="shop"} NaN
"""

    assert metrics_file.parse(text) == metrics_file.Metrics(
        run_id="r1",
        last_run={"failed": 2},
        exit_code=1,
        collected=40,
        coverage_percent=71.5,
        coverage_modules={"shop/cli.py": 60.5},
        uncovered_lines={"shop/cli.py": 12},
    )
