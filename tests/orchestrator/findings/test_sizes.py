"""Tests and the sizes that they claim."""

from __future__ import annotations

import pytest


def sizes(*counts):
    """Tests by size, small first."""
    return dict(zip(("small", "medium", "large", "xlarge"), counts, strict=False))


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((80, 15, 5), None),
        ((75, 20, 4, 1), None),
        ((40, 50, 10), "critical: fewer than half are small"),
        ((70, 25, 5), "too many are medium"),
        ((74, 18, 8), "too few are small"),
        ((90, 7, 3), "warning"),
        ((80, 11, 4, 5), "warning"),
        # No suite of ten has 2 to 8 % large tests: that is no reason to say anything.
        ((8, 2, 0), None),
        ((4, 1, 0), None),
        ((10, 0, 0), "warning"),
        ((0, 0, 0), None),
        ((), None),
    ],
)
def test_distribution(make, counts, expected):
    """Out of target by a test or more, with the status as pytest-test-categories has it."""
    found = make.found(make.seen(metrics={"tests_by_size": sizes(*counts)}), "sizes")

    assert [f"({expected})" in one.text for one in found] == ([True] if expected else [])


def test_distribution_says_how_many_tests_are_to_change(make):
    """Each size that is off with its share and target, and what to do about it."""
    (found,) = make.found(make.seen(metrics={"tests_by_size": sizes(40, 50, 5, 5)}), "sizes")

    assert "40.0 % small, target 75 to 85 %" in found.text
    assert found.evidence == (
        "small: 40 of 100 sized tests, 35 too few",
        "medium: 50 of 100 sized tests, 30 too many",
        "large: 10 of 100 sized tests, 2 too many",
    )
    assert found.suggestions[0].text.startswith("Make 35 tests small")


@pytest.mark.parametrize(
    ("targets", "start"),
    [
        ((("small", 10.0, 20.0),), "Test what the parts do together: about 20"),
        ((("medium", 80.0, 90.0),), "Move the tests named"),
        ((), None),
    ],
)
def test_targets_are_a_setting(make, targets, start):
    """None of them is nothing to judge."""
    seen = make.seen(
        metrics={"tests_by_size": sizes(40, 50, 10)}, settings={"size_targets": targets}
    )
    found = make.found(seen, "sizes")

    assert [one.suggestions[0].text.startswith(start) for one in found] == ([True] if start else [])


@pytest.mark.parametrize(
    ("remembered", "total", "expected"),
    [
        (None, 2, ["2 small tests took longer", "2 in all"]),
        ({"small": 2}, 2, None),
        ({"small": 2}, 3, ["1 small test took longer", "3, 1 more since run r1, the last one"]),
        # The counter began anew, in another file.
        ({"small": 5}, 1, ["1 small test took longer", "is 1"]),
        (None, 0, None),
    ],
)
def test_violations_are_those_that_came_since_the_last_remembered_run(
    make, remembered, total, expected
):
    """The counter goes from run to run; what it was before is in the memory."""
    measured = {} if remembered is None else {"violations_total": remembered}
    past = [make.past(2), make.past(1, measured=measured)]
    seen = make.seen(past=past, metrics={"violations_total": {"small": total}})
    found = make.found(seen, "timing_violation")

    assert len(found) == (1 if expected else 0)
    for one in found:
        assert one.text.startswith(expected[0])
        assert expected[1] in one.evidence[0]


def test_the_tests_in_question_are_named_where_their_time_tells(make):
    """As many as the metrics count; else which they are is not known, and not guessed."""
    near, over, other = make.tests[:3]
    durations = {near: 0.9, over: 1.5}
    metrics = {"near_limit": {"small": 1}, "violations_total": {"small": 1}}

    sure = make.seen(metrics=metrics, durations=durations)
    unsure = make.seen(metrics=metrics, durations={**durations, other: 200.0})

    assert make.found(sure, "near_limit")[0].evidence[1:] == (f"{near}: 0.90 s",)
    assert make.found(sure, "timing_violation")[0].evidence[1:] == (f"{over}: 1.50 s",)
    assert make.found(unsure, "timing_violation")[0].evidence[1:] == ()


def test_the_largest_tests_cannot_be_marked_larger(make):
    """The advice is to make them faster, and nothing else."""
    seen = make.seen(metrics={"near_limit": {"small": 1, "xlarge": 2}})
    small, xlarge = make.found(seen, "near_limit")

    assert "or mark them medium" in small.suggestions[0].text
    assert "mark them" not in xlarge.suggestions[0].text
    assert xlarge.text.startswith("2 xlarge tests took more than 80 %")
