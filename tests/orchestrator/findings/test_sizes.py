"""Tests and the sizes that they claim."""

from __future__ import annotations

import pytest

from conftest_kit.records import Attempt


def sizes(*counts):
    """As many attempts of each size, small first."""
    return tuple(
        sized(size, nodeid=f"{size}::{number}")
        for size, count in zip(("small", "medium", "large", "xlarge"), counts, strict=False)
        for number in range(count)
    )


def sized(size, call=0.2, limit=1.0, **changed):
    """An attempt at a test of that size."""
    values = {"nodeid": size, "outcome": "passed", **changed}
    return Attempt(durations={"setup": 9.0, "call": call}, size=size, limit=limit, **values)


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
    found = make.found(make.seen(attempts=sizes(*counts)), "sizes")

    assert [f"({expected})" in one.text for one in found] == ([True] if expected else [])


def test_distribution_says_how_many_tests_are_to_change(make):
    """Each size that is off with its share and target, and what to do about it."""
    (found,) = make.found(make.seen(attempts=sizes(40, 50, 5, 5)), "sizes")

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
    seen = make.seen(attempts=sizes(40, 50, 10), settings={"size_targets": targets})
    found = make.found(seen, "sizes")

    assert [one.suggestions[0].text.startswith(start) for one in found] == ([True] if start else [])


def test_a_test_that_is_run_again_is_one_test(make):
    """In the mix, and among those that are too slow, where the slowest attempt stands."""
    again = (
        sized("small", 1.2, outcome="rerun"),
        sized("small", 1.5, outcome="rerun", attempt=2),
        sized("small", 1.1, attempt=3),
    )
    seen = make.seen(attempts=again)
    (slow,) = make.found(seen, "timing_violation")

    assert slow.text == "1 small test took longer than allowed"
    assert slow.evidence == ("small: 1.50 s, 1 s allowed",)
    assert make.found(seen, "sizes") == []


@pytest.mark.parametrize(
    ("call", "limit", "kind"),
    [
        (0.8, 1.0, None),
        (0.81, 1.0, "near_limit"),
        (1.0, 1.0, "near_limit"),
        (1.01, 1.0, "timing_violation"),
        (1.01, 300.0, None),
        (0.02, 0.01, "timing_violation"),
        (5000.0, None, None),
    ],
)
def test_a_call_is_held_against_its_limit(make, call, limit, kind):
    """What the record says it may take, be it by the size or by the marker."""
    seen = make.seen(attempts=(sized("small", call, limit),))
    kinds = ("near_limit", "timing_violation")

    assert [one.kind for of in kinds for one in make.found(seen, of)] == ([kind] if kind else [])


def test_the_slowest_are_named(make):
    """Five of each size, and how many more there are."""
    slow = [sized("small", 1.0 + number, nodeid=f"t::{number}") for number in range(1, 8)]
    seen = make.seen(attempts=(*slow, sized("large", 901.0, 900.0)))
    small, large = make.found(seen, "timing_violation")

    assert (small.subject, small.text) == ("small", "7 small tests took longer than allowed")
    assert small.evidence[:2] == ("t::7: 8.00 s, 1 s allowed", "t::6: 7.00 s, 1 s allowed")
    assert small.evidence[5:] == ("and 2 more",)
    assert large.evidence == ("large: 901.00 s, 900 s allowed",)


def test_a_record_without_sizes_has_none(make):
    """As those of earlier versions, and those of a size that is none of ours."""
    seen = make.seen(attempts=(Attempt(nodeid="a", outcome="passed"), sized("tiny", 9.0)))

    assert [make.found(seen, kind) for kind in ("near_limit", "timing_violation", "sizes")] == [
        [],
        [],
        [],
    ]


def test_the_largest_tests_cannot_be_marked_larger(make):
    """The advice is to make them faster, and nothing else."""
    small, xlarge = (
        make.found(make.seen(attempts=(sized(size, 0.9),)), "near_limit")[0]
        for size in ("small", "xlarge")
    )

    assert "or mark them medium" in small.suggestions[0].text
    assert "mark them" not in xlarge.suggestions[0].text
    assert xlarge.text == "1 xlarge test took more than 80 % of what is allowed"
