"""What a cause broke in one run, and what of a run is asked for by its id."""

from __future__ import annotations

import pytest

from conftest_kit.records import Environment
from corpus_memory_logging import environments, history, occurrences, queries
from corpus_memory_logging.errors import UnknownId


@pytest.fixture
def red(store, make):
    """A memory of two runs: in the second one test failed twice and a subtest once."""
    store.remember(make.review(1))
    failures = (
        make.failure("tests/test_b.py::test_z", time=make.started(2).isoformat()),
        make.failure("tests/test_b.py::test_z", attempt=2, time=make.started(3).isoformat()),
        make.failure("tests/test_a.py::test_y", subtest="one", time=make.started(4).isoformat()),
    )
    store.remember(make.review(2, failures=failures, environment=Environment()))
    return store


def test_tests_in_the_order_in_which_they_failed(red, make):
    """Each once, with how many of its attempts failed; those of other runs are not among them."""
    found = occurrences.tests(red, make.cause_id, run_id=make.run_id(2))

    assert found == [
        {"nodeid": "tests/test_b.py::test_z", "phase": "call", "subtest": None, "attempts": 2},
        {"nodeid": "tests/test_a.py::test_y", "phase": "call", "subtest": "one", "attempts": 1},
    ]


@pytest.mark.parametrize(("limit", "attempts"), [(1, [1]), (10, [1, 2, 1])])
def test_failures_are_whole(red, make, limit, attempts):
    """As they were recorded, the first of them."""
    found = occurrences.failures(red, make.cause_id, run_id=make.run_id(2), limit=limit)

    assert [failure.attempt for failure in found] == attempts
    assert found[0].exceptions[0].type == "ModuleNotFoundError"


def test_a_run_by_its_id(red, make):
    """A unique beginning does, and `latest`; details come with it."""
    assert queries.run(red, "latest")["run_id"] == make.run_id(2)
    assert queries.run(red, make.run_id(1)[:18])["details"]["command"] == ["pytest", "-q"]
    assert history.run_named(red, make.run_id(1)).environment.distributions == {"numpy": "1.26.4"}


def test_artifacts_of_a_run(red, make):
    """By name, with where they are."""
    assert queries.artifacts(red, make.run_id(1)) == [
        {
            "run_id": make.run_id(1),
            "name": "shot.png",
            "size": 7,
            "sha256": "ab" * 32,
            "archive": f"logs/archive/{make.run_id(1)}.tar.gz",
        }
    ]


@pytest.mark.parametrize(
    "ask",
    [
        lambda store: queries.run(store, "nowhere"),
        lambda store: queries.artifacts(store, "nowhere"),
        lambda store: history.run_named(store, "nowhere"),
        lambda store: occurrences.tests(store, "cause", run_id="nowhere"),
    ],
)
def test_an_unknown_run(red, ask):
    """The message names what was asked for."""
    with pytest.raises(UnknownId) as unknown:
        ask(red)

    assert "no run has an id that begins with 'nowhere'" in str(unknown.value)


def test_two_runs_compared(red, make):
    """Their checkouts, and what differs between their environments."""
    before, after = (history.run_named(red, make.run_id(number)) for number in (1, 2))

    compared = environments.compared(before, after)

    assert compared["before"]["commit"] == "c0ffee"
    assert compared["after"] == {
        "run_id": make.run_id(2),
        "started": after.started,
        "commit": None,
        "branch": None,
        "dirty": None,
    }
    assert {"name": "numpy", "before": "1.26.4", "after": None} in compared["changes"]
