"""Many failures to few causes."""

from __future__ import annotations

import pytest

from conftest_kit.records import Failure, Frame, Raised
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


def _died(nodeid):
    frame = Frame(file="shop/cart.py", line=7, function="total", source="", origin="project")
    raised = Raised(type="KeyError", message="'price'", frames=(frame,))
    return Failure(nodeid=nodeid, phase="call", exceptions=(raised,))


def _asserted(nodeid, log):
    raised = Raised(type="AssertionError", message="assert 500 == 200")
    return Failure(nodeid=nodeid, phase="call", exceptions=(raised,), captured={"log": log})


TRACEBACK = (
    'Traceback (most recent call last):\n  File "/shop/shop/cart.py", line 7, in total\n'
    "    raise KeyError('price')\nKeyError: 'price'\n"
)


def test_an_assertion_after_the_logged_exception_of_others_follows():
    """A server that logs an exception and answers 500 fails the tests that it dies in elsewhere."""
    (found,) = group([_asserted("a", TRACEBACK), _died("b"), _asserted("c", TRACEBACK)])

    assert found.signature.title == "KeyError: 'price'"
    assert [failure.nodeid for failure in found.failures] == ["b", "a", "c"]


@pytest.mark.parametrize(
    "log",
    ["", "KeyError: 'price'", TRACEBACK.replace("line 7", "line 9"), TRACEBACK.replace("pr", "v")],
)
def test_an_assertion_without_that_traceback_is_a_cause(log):
    """Another place, another message or a mere mention are no evidence."""
    assert len(group([_died("b"), _asserted("a", log)])) == 2


@pytest.mark.parametrize(
    ("said", "causes"),
    [("No YAML package found. To process it, run: x", 1), ("No YAML package found", 2), ("no", 2)],
)
def test_an_assertion_that_quotes_what_was_raised_has_its_cause(said, causes):
    """The output of a command, say; short texts may be the same by chance."""
    raised = Raised(type="shop.UsageError", message=said)
    quoting = Raised(type="AssertionError", message=f"assert 'data' in 'error: {said}!'")
    failures = [
        Failure(nodeid=name, phase="call", exceptions=(link,))
        for name, link in (("a", raised), ("b", quoting))
    ]

    assert len(group(failures)) == causes
