"""Many failures to few causes."""

from __future__ import annotations

from conftest_kit.records import Failure, Raised
from orchestrator.causes import cause_id, group


def _failure(nodeid, message):
    return Failure(
        nodeid=nodeid, phase="call", exceptions=(Raised(type="ValueError", message=message),)
    )


def test_biggest_group_first():
    """Groups come by size, equal ones in the order in which they were seen."""
    failures = [
        _failure("a", "one"),
        _failure("b", "two"),
        _failure("c", "two"),
        _failure("d", "x"),
    ]

    groups = group(failures)

    assert [[f.nodeid for f in found.failures] for found in groups] == [["b", "c"], ["a"], ["d"]]


def test_cause_id_belongs_to_a_project():
    """The same signature is another cause in another project."""
    ids = {cause_id("shop", "reason-v1:1"), cause_id("bank", "reason-v1:1")}

    assert len(ids) == 2
    assert all(len(found) == 16 for found in ids)


def _broke(nodeid, phase, message):
    return Failure(
        nodeid=nodeid, phase=phase, exceptions=(Raised(type="ValueError", message=message),)
    )


def test_a_tear_down_follows_from_the_failure_before_it():
    """What a test leaves behind when it breaks off counts with what broke it."""
    failures = [
        _broke("a", "call", "mutant"),
        _broke("a", "teardown", "a context was left"),
        _broke("b", "call", "mutant"),
        _broke("b", "teardown", "a context was left"),
    ]

    (found,) = group(failures)

    assert found.signature.title == "ValueError: mutant"
    assert len(found.failures) == 4


def test_a_tear_down_that_fails_by_itself_is_a_cause():
    """Where it also fails after a test that passed, nothing before it explains it."""
    failures = [
        _broke("a", "call", "mutant"),
        _broke("a", "teardown", "cannot close"),
        _broke("b", "teardown", "cannot close"),
    ]

    groups = group(failures)

    assert [len(found.failures) for found in groups] == [2, 1]
