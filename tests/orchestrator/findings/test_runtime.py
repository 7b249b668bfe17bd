"""A suite that takes longer than comparable green runs took."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("seconds", "settings", "found"),
    [
        ([60.0, 60.0, 60.0], {}, True),
        # One slow run in between is no baseline, and neither are two runs.
        ([60.0, 500.0, 60.0], {}, True),
        ([60.0, 60.0], {}, False),
        ([60.0, 60.0], {"runtime_baseline_runs": 2}, True),
        ([None, 60.0, 60.0], {}, False),
        # 120 s are no more than 30 % above 93.
        ([93.0] * 3, {}, False),
        ([92.0] * 3, {}, True),
        ([92.0] * 3, {"runtime_max_rise": 40.0}, False),
        ([60.0] * 3, {"runtime_floor_seconds": 61.0}, False),
        ([], {}, False),
    ],
)
def test_longer_than_the_median(make, seconds, settings, found):
    """By more than the share and by more than the floor, against enough runs; 120 s here."""
    past = [make.past(number, seconds=took) for number, took in enumerate(seconds, 1)]
    seen = make.seen(past=past, settings=settings, finished="2026-01-01T00:02:00.000000Z")

    assert bool(make.found(seen, "runtime")) is found


def test_what_to_do_names_the_tests_that_got_slower(make):
    """The greatest rise first; those that rose by next to nothing are left out."""
    slow, slower, same = make.tests[:3]
    seen = make.seen(
        past=[make.past(number) for number in range(1, 4)],
        durations={slow: 10.0, slower: 50.0},
        finished="2026-01-01T00:02:00.000000Z",
    )
    usual = {slow: 0.2, slower: 0.1, same: 0.25, "gone": 1.0}
    (found,) = make.found(seen, "runtime", usual)

    assert found.text == "the run took 120.0 s, 2.0 times the 60.0 s that comparable runs took"
    assert found.evidence[2:] == (
        f"{slower}: 50.10 s, usually 0.10 s",
        f"{slow}: 10.10 s, usually 0.20 s",
    )
    assert slower in found.suggestions[0].text


def test_where_no_test_got_slower_something_else_did(make):
    """Said, with less confidence."""
    past = [make.past(number) for number in range(1, 4)]
    seen = make.seen(past=past, finished="2026-01-01T00:02:00.000000Z")
    (found,) = make.found(seen, "runtime")

    assert found.suggestions[0].text.startswith("No test took noticeably longer")
    assert found.suggestions[0].confidence < 0.5


def test_a_run_without_an_end_is_not_judged(make):
    """There is nothing to compare."""
    past = [make.past(number, seconds=1.0) for number in range(1, 4)]

    assert make.found(make.seen(past=past, finished=""), "runtime") == []
