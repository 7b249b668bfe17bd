"""Like is compared with like."""

from __future__ import annotations

import pytest

from conftest_kit.records import Attempt
from orchestrator.findings import comparable


@pytest.mark.parametrize(
    ("changed", "comparable_to"),
    [
        ({}, True),
        ({"green": False}, False),
        ({"ci": "github"}, False),
        ({"workers": 2}, False),
        ({"shared": 8}, False),
        ({"tests": 11, "shared": 10}, True),
        ({"tests": 100, "shared": 10}, False),
        ({"branch": "release/1.2"}, True),
        ({"branch": "origin/main"}, True),
        ({"branch": "feature"}, False),
        ({"branch": ""}, False),
    ],
)
def test_a_run_of_the_main_line(make, changed, comparable_to):
    """The same tests, in the same CI, with as many workers, green, on the main line."""
    found = comparable.green_runs(make.seen(past=[make.past(**changed)]))

    assert bool(found) is comparable_to


def test_a_branch_is_compared_with_the_main_line_first(make):
    """Where there are enough runs of it, so that a branch cannot get used to its own drop."""
    own = [make.past(number, branch="feature") for number in range(1, 5)]
    enough = [make.past(number) for number in range(5, 8)]
    branch = {"branch": "feature"}

    with_both = comparable.green_runs(make.seen(past=own + enough, **branch))
    with_few = comparable.green_runs(make.seen(past=own + enough[:2], **branch))

    assert {past.branch for past in with_both} == {"main"}
    assert {past.branch for past in with_few} == {"feature"}


def test_a_run_without_a_branch_is_compared_with_its_like(make):
    """A checkout without git, or a detached one, whose CI says nothing."""
    past = [make.past(1), make.past(2, branch="")]

    assert [one.run for one in comparable.green_runs(make.seen(past=past, branch=""))] == [2]


def test_in_ci_the_branch_may_be_known_to_ci_alone(make):
    """Checkouts of CI are detached."""
    seen = make.seen(branch=None, ci={"provider": "github", "branch": "main"})

    assert (seen.branch, seen.ci) == ("main", "github")


def test_workers_are_those_that_ran_something(make):
    """Whatever number was asked for."""
    attempts = [Attempt(nodeid=str(n), outcome="passed", worker=f"gw{n % 2}") for n in range(4)]

    assert make.seen(attempts=tuple(attempts)).workers == 2
