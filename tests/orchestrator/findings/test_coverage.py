"""Coverage below the threshold, and coverage that dropped."""

from __future__ import annotations

import pytest

MODULES = {
    "coverage_modules": {"shop/cli.py": 50.0, "shop/core.py": 95.0},
    "uncovered_lines": {"shop/cli.py": 40, "shop/core.py": 2, "shop/new.py": 0},
}


@pytest.mark.parametrize(
    ("percent", "settings", "expected"),
    [
        (79.99, {}, ["coverage is 79.99 %, below 80 %"]),
        (80.0, {}, []),
        (95.0, {"coverage_min": 95.5}, ["coverage is 95.00 %, below 95.5 %"]),
        (3.0, {"coverage_min": 0}, []),
        (None, {}, []),
    ],
)
def test_below_the_threshold(make, percent, settings, expected):
    """Only where coverage was measured, and only below what the project asks for."""
    found = make.found(make.seen(coverage_percent=percent, settings=settings), "coverage")

    assert [finding.text for finding in found] == expected


def test_what_to_do_names_the_module_to_begin_with(make):
    """The one with the most uncovered lines; modules come from the metrics of the same run."""
    (found,) = make.found(make.seen(metrics={"coverage_percent": 60.0, **MODULES}), "coverage")

    assert found.evidence[0] == "shop/cli.py: 40 lines uncovered, 50.0 % covered"
    assert len(found.evidence) == 2
    assert found.suggestions[0].text.startswith("Begin with shop/cli.py.")
    assert found.suggestions[0].commands == ("coverage report --show-missing --skip-covered",)


def test_metrics_of_another_run_say_nothing_of_this_one(make):
    """Neither a percentage nor modules."""
    other = {"run_id": "r1", "coverage_percent": 10.0, **MODULES}

    assert make.found(make.seen(metrics=other), "coverage") == []


@pytest.mark.parametrize(
    ("earlier", "percent", "expected"),
    [
        ([90.0], 88.9, "dropped by 1.10 points, from 90.00 to 88.90 %"),
        ([90.0], 89.0, None),
        ([90.0, 85.0, 85.0], 88.0, "from 90.00 to 88.00 %"),
        # A drop stays one until most of the earlier runs have it too.
        ([85.0, 90.0, 90.0], 85.0, "from 90.00 to 85.00 %"),
        ([85.0, 85.0, 90.0], 85.0, None),
        ([None], 85.0, None),
        ([], 85.0, None),
    ],
)
def test_against_earlier_runs(make, earlier, percent, expected):
    """The higher of the latest comparable green run and the median of them is the baseline."""
    past = [make.past(9 - n, coverage_percent=figure) for n, figure in enumerate(earlier)]
    found = make.found(make.seen(past=past, coverage_percent=percent), "coverage")

    assert [expected in finding.text for finding in found] == ([True] if expected else [])


def test_a_drop_names_what_lost_and_what_changed(make):
    """Modules against the latest comparable run, and the difference of the commits."""
    past = [make.past(measured={"coverage_modules": {"shop/cli.py": 75.0, "shop/core.py": 95.0}})]
    (found,) = make.found(make.seen(past=past, coverage_percent=85.0, metrics=MODULES), "coverage")

    assert found.evidence == (
        "1 comparable green run, the latest r1 with 90.00 %",
        "shop/cli.py: from 75.0 to 50.0 %",
    )
    assert found.suggestions[0].text.startswith("Look at shop/cli.py first.")
    assert found.suggestions[0].commands[0] == "git diff --stat aaaaaaaaaa bbbbbbbbbb"


def test_a_red_run_says_that_failures_lower_coverage(make):
    """Who mends them first may have nothing else to do."""
    seen = make.seen(coverage_percent=70.0, exit_code=1, counts={"passed": 8, "failed": 2})
    (found,) = make.found(seen, "coverage")

    assert found.evidence[-1].startswith("2 failed, and what they did not reach")


@pytest.mark.parametrize(
    "changed",
    [
        {"command": ("pytest", "-k", "one")},
        {"command": ("pytest", "-kone")},
        {"command": ("pytest", "--lf")},
        {"command": ("pytest", "--deselect=tests/test_1.py")},
        {"command": ("pytest", "tests/test_1.py::test")},
        {"collected": 11},
        {"tests": ("tests/test_1.py::test",), "past": 3},
        {"state": "interrupted"},
    ],
)
def test_a_part_of_a_suite_is_not_judged(make, changed):
    """Not against a threshold either: asked for, stopped early, or much smaller than usual."""
    past = [
        make.past(number, tests=10, shared=1) for number in range(1, changed.pop("past", 0) + 1)
    ]

    assert make.found(make.seen(coverage_percent=5.0, past=past, **changed), "coverage") == []
