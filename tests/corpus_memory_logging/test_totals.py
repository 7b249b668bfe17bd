"""What the memory adds up to."""

from __future__ import annotations

import pytest

from conftest_kit.records import Attempt
from corpus_memory_logging.records import Finding
from corpus_memory_logging.totals import flaky_ratio, totals


def test_failed_attempts_by_category(store, make):
    """One each, however many failures an attempt has; pytest's own count too."""
    call, teardown = make.failure("a"), make.failure("a", phase="teardown")
    rerun = make.failure("a", attempt=2)
    start = make.failure("", phase="start")
    first = make.cause(call, rerun, start)
    second = make.cause(teardown, cause_id="b", signature="s:b", category="network")
    review = make.review(1, failures=(call, rerun, start, teardown), causes=(first, second))
    store.remember(review)

    assert totals(store).failures == {"missing_dependency": 3, "network": 0}


def test_what_never_falls(store, make):
    """Not by reviewing again, not by a decision, and not by pruning."""
    for number in (1, 2):
        store.remember(make.review(number))
    store.remember(make.review(2))
    before = totals(store)
    store.resolve(
        make.cause_id, now=make.started(3), reviewer="ada", category="network", note="as it is"
    )
    decided = totals(store)
    connection = store.engine._connection
    connection.execute("PRAGMA foreign_keys = OFF")
    for table in ("runs", "occurrences", "failures", "causes", "finding_occurrences", "attempts"):
        connection.execute(f"DELETE FROM {table}")
    pruned = totals(store)

    assert before.failures == {"missing_dependency": 2}
    assert before.findings == {"flaky": 2}
    assert before.open_causes == {"missing_dependency": 1}
    assert decided.failures == pruned.failures == before.failures
    assert decided.findings == pruned.findings == before.findings
    assert decided.open_causes == {"network": 1}
    assert pruned.open_causes == {}
    assert pruned.last_review is None


def test_resolved_causes_are_not_open(store, make):
    """Nor are those to be ignored."""
    store.remember(make.review(1))
    store.resolve(make.cause_id, now=make.started(2), reviewer="ada", ignore=True)

    assert totals(store).open_causes == {}


def test_findings_by_kind(store, make):
    """Each occurrence in a run."""
    low = Finding(kind="coverage", text="low", subject="below")
    for number in (1, 2):
        store.remember(make.review(number, findings=(low,)), now=make.started(10 + number))

    assert totals(store).findings == {"coverage": 2}
    assert totals(store).last_review == make.started(12)


def ran(*outcomes):
    """Attempts of one test."""
    return tuple(
        Attempt(nodeid="t", outcome=outcome, attempt=number)
        for number, outcome in enumerate(outcomes, 1)
    )


@pytest.mark.parametrize(
    ("runs", "changed", "expected"),
    [
        ([ran("passed")], {}, 0.0),
        ([ran("rerun", "passed")], {}, 1.0),
        ([ran("rerun", "failed")], {}, 0.0),
        # One commit, both outcomes.
        ([ran("passed"), ran("failed")], {}, 1.0),
        ([ran("passed"), ran("error")], {}, 1.0),
        ([ran("passed"), ran("xfailed")], {}, 0.0),
        ([ran("failed"), ran("failed")], {}, 0.0),
        ([ran("passed"), ran("failed")], {"dirty": True}, 0.0),
        ([ran("passed"), ran("failed")], {"commit": None}, 0.0),
        ([ran("skipped")], {}, None),
        ([], {}, None),
    ],
)
def test_flaky_ratio(store, make, runs, changed, expected):
    """Of the tests that were executed: reruns, and one commit that both passed and failed."""
    from conftest_kit.records import Environment

    git = {"commit": "c0ffee", "dirty": False, **changed}
    for number, attempts in enumerate(runs):
        environment = Environment(git=git)
        store.remember(make.review(number, attempts=attempts, environment=environment))

    assert flaky_ratio(store, now=make.started(60)) == expected


def test_flaky_ratio_of_other_commits_environments_and_weeks(store, make):
    """A test that fails with one Python only, or after a change, or long ago, is not flaky."""
    from conftest_kit.records import Environment

    for number, (python, commit, outcome) in enumerate(
        [
            ("3.11", "a", "passed"),
            ("3.12", "a", "failed"),
            ("3.12", "b", "passed"),
        ]
    ):
        environment = Environment(
            python={"version": python}, git={"commit": commit, "dirty": False}
        )
        store.remember(make.review(number, attempts=ran(outcome), environment=environment))

    assert flaky_ratio(store, now=make.started(60)) == 0.0
    assert flaky_ratio(store, now=make.started(60 * 24 * 8)) is None
