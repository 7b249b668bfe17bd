"""Many failures to few causes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conftest_kit.records import Failure, Frame, Raised
from corpus_memory_logging.records import Cause, Culprit, Remembered, Verdict
from orchestrator.causes import cause_id, group, united


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


def _cause(name, title, failures, *, category="missing_dependency", kind="", remembered=None):
    return Cause(
        cause_id=title,
        signature=f"reason-v1:{title}",
        title=title,
        verdict=Verdict(
            category=category,
            kind=kind,
            culprit=Culprit(type="distribution", name=name),
            confidence=0.9,
            evidence=(title,),
            rule="x@1",
        ),
        failures=tuple(_failure(f"{title}{n}", title) for n in range(failures)),
        remembered=remembered,
    )


def test_one_distribution_to_install_is_one_cause():
    """An absent plugin is one cause, whether a marker, a module or a setting shows it."""
    found = united(
        [
            _cause("pytest-asyncio", "marker", 1),
            _cause("pytest_asyncio", "module", 3),
            _cause("PyYAML", "yaml", 1),
        ]
    )

    assert [(cause.title, len(cause.failures)) for cause in found] == [("module", 4), ("yaml", 1)]
    assert found[0].verdict.evidence == ("module", "Seen as well: marker")


def test_what_was_seen_before_stands_for_the_others():
    """The cause that the memory knows keeps its identity and what was decided about it."""
    known = Remembered(first_seen="", last_seen="", occurrences=1, status="open")

    (found,) = united([_cause("PyYAML", "new", 3), _cause("PyYAML", "old", 1, remembered=known)])

    assert (found.title, found.remembered) == ("old", known)


@pytest.mark.parametrize("category", ["compatibility", "unknown"])
def test_two_breaks_of_one_distribution_stay_two(category):
    """Two names that a release removed ask for two edits; only what is to be installed is one."""
    found = united([_cause("numpy", "float", 1, category=category, kind="removed_name"),
                    _cause("numpy", "NaN", 1, category=category, kind="removed_name")])  # fmt: skip

    assert len(found) == 2


def _fixture_broke(module, line):
    frame = Frame(file="tests/conftest.py", line=line, function="app", source="", origin="test")
    raised = Raised(type="AttributeError", message=f"{module!r} has no name", frames=(frame,))
    failure = Failure(nodeid=f"{module}::test", phase="setup", exceptions=(raised,))
    return replace(
        _cause("app", module, 0, category="fixture", kind="setup_raised"),
        verdict=Verdict(
            category="fixture",
            kind="setup_raised",
            culprit=Culprit(type="fixture", name="app"),
            confidence=0.9,
            evidence=(module,),
            rule="x@1",
        ),
        failures=(failure,),
    )


def test_one_line_of_a_fixture_is_one_cause():
    """A fixture that raises on one line is one cause, whatever it says for each module."""
    found = united([_fixture_broke("a", 4), _fixture_broke("b", 4), _fixture_broke("c", 9)])

    assert [len(cause.failures) for cause in found] == [2, 1]


def _of(culprit, *, kind, category="environment", place="shop/a.py", message="x", origin="project"):
    frames = (
        Frame(file=place, line=3, function="run", origin=origin),
        Frame(file=f"lib{place}", line=4, function="wait", origin="installed"),
    )
    raised = Raised(type="KeyError", message=message, frames=frames)
    return replace(
        _cause("x", f"{place} {message}", 0, category=category, kind=kind),
        verdict=Verdict(
            category=category, kind=kind, culprit=culprit, confidence=0.9, evidence=(), rule="x@1"
        ),
        failures=(Failure(nodeid=f"{place}::test", phase="call", exceptions=(raised,)),),
    )


VARIABLE = Culprit(type="variable", name="DATABASE_URL")
NUMPY = Culprit(type="distribution", name="numpy")
BASKET = Culprit(type="fixture", name="basket")


@pytest.mark.parametrize(
    ("one", "other", "causes"),
    [
        ((VARIABLE, "variable", "x"), (VARIABLE, "variable", "y"), 1),
        ((VARIABLE, "variable", "x"), (Culprit(type="variable", name="HOME"), "variable", "x"), 2),
        ((NUMPY, "removed_name", "np.float 3"), (NUMPY, "removed_name", "np.float 4"), 1),
        ((NUMPY, "removed_name", "np.float"), (NUMPY, "removed_name", "np.bool"), 2),
        ((NUMPY, "data_mismatch", "x"), (NUMPY, "data_mismatch", "x"), 2),
        ((BASKET, "not_found", "x"), (BASKET, "recursive", "y"), 1),
        ((None, "memory", "x"), (None, "memory", "y"), 1),
        ((None, "killed", "x"), (None, "killed", "y"), 2),
    ],
)
def test_what_one_edit_mends_is_one_cause_wherever_it_is_noticed(one, other, causes):
    """A variable to set, a name that a release removed, a fixture's wiring, a full machine."""
    made = [
        _of(
            culprit,
            kind=kind,
            category="resource" if culprit is None else "environment",
            place=place,
            message=message,
        )
        for place, (culprit, kind, message) in (("shop/a.py", one), ("shop/b.py", other))
    ]

    assert len(united(made)) == causes


def test_where_a_test_that_did_not_end_was_stopped_is_chance():
    """What the tests called is the cause, not the line that was reached."""
    tests = [Culprit(type="test", name=name) for name in "ab"]
    made = [
        _of(test, kind="test_timeout", category="timeout", message=str(number))
        for number, test in enumerate(tests)
    ]

    assert len(united(made)) == 1
    assert len(united([made[0], _of(tests[1], kind="test_timeout", place="shop/b.py")])) == 2
