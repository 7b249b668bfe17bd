"""Which link of a chain decides."""

from __future__ import annotations

import pytest

from conftest_kit.records import Failure, Frame, Raised
from orchestrator.failures.chain import decisive


def _link(kind, relation="raised", *, functions=("test_a",), members=(), source="", origin="test"):
    frames = tuple(
        Frame(file="tests/test_a.py", line=1, function=name, source=source, origin=origin)
        for name in functions
    )
    return Raised(type=kind, relation=relation, frames=frames, members=members)


def _decisive(*chain):
    found = decisive(Failure(nodeid="t", phase="call", exceptions=chain))
    return found.type if found else None


def test_nothing_raised():
    """A failure without an exception has no decisive link."""
    assert _decisive() is None


def test_cause_is_followed():
    """`raise … from …` names the root, however far away it was raised."""
    chain = (_link("A", functions=("f", "g")), _link("B", "cause", functions=("x",)))

    assert _decisive(*chain) == "B"


@pytest.mark.parametrize("relation", ["cause", "context"])
@pytest.mark.parametrize("kind", ["TimeoutError", "asyncio.exceptions.TimeoutError"])
def test_what_a_timeout_cancelled_is_no_cause_of_it(kind, relation):
    """`asyncio.wait_for` says that the time was over, and what it cancelled stands behind."""
    cancelled = _link("asyncio.exceptions.CancelledError", relation)

    assert _decisive(_link(kind), cancelled) == kind
    assert _decisive(
        _link("RuntimeError"), _link("asyncio.exceptions.CancelledError", "cause")
    ) == ("asyncio.exceptions.CancelledError")


def test_context_of_a_wrapper_is_followed():
    """A handler that raises itself wraps what it handled."""
    chain = (
        _link("RuntimeError", functions=("test_a", "load")),
        _link("KeyError", "context", functions=("load", "lookup")),
    )

    assert _decisive(*chain) == "KeyError"


@pytest.mark.parametrize(
    ("function", "decisive"), [("test_a", "KeyError"), ("clean", "UnboundLocalError")]
)
def test_what_was_not_set_because_something_failed(function, decisive):
    """`finally: basket.close()` stumbles where `basket = open()` raised; another function's local
    has nothing to do with it.
    """
    chain = (
        _link(
            "UnboundLocalError",
            functions=("test_a",) if function == "test_a" else ("test_a", function),
        ),
        _link("KeyError", "context", functions=("test_a", "open")),
    )

    assert _decisive(*chain) == decisive


def test_a_slip_of_the_handler_is_no_wrapper():
    """`except Error: raise BadDate` with no such name failed for the name."""
    chain = (
        _link("NameError", functions=("test_a", "load")),
        _link("binascii.Error", "context", functions=("load", "lookup")),
    )

    assert _decisive(*chain) == "NameError"


@pytest.mark.parametrize(
    ("source", "decisive"),
    [
        ("assert str(error) == expected", "AssertionError"),
        ("assert (error.code == 3)", "AssertionError"),
        ("assert False, error", "KeyError"),
        ("assert not True", "KeyError"),
        ("raise AssertionError(error)", "KeyError"),
    ],
)
def test_what_a_handler_finds_wrong_with_what_it_caught(source, decisive):
    """An exception that was expected is looked at; one that was not is only told."""
    chain = (
        _link("AssertionError", functions=("test_a", "raises"), source=source),
        _link("KeyError", "context", functions=("raises", "lookup")),
    )

    assert _decisive(*chain) == decisive


@pytest.mark.parametrize(("origin", "expected"), [("installed", "ValueError"), ("project", None)])
def test_what_a_library_says_in_place_of_its_own_check(origin, expected):
    """`assert`, and `raise ValueError` where that fails: the words are in the second."""
    said = _link("ValueError", functions=("test_a", "set"), source="raise x", origin=origin)
    check = _link("AssertionError", "context", functions=("set",), origin=origin)

    assert _decisive(said, check) == (expected or "AssertionError")


def test_context_of_a_failing_fallback_is_not_followed():
    """What broke in a call made by the handler is a failure of its own."""
    chain = (
        _link("ValueError", functions=("test_a", "load", "fallback")),
        _link("ImportError", "context", functions=("load",)),
    )

    assert _decisive(*chain) == "ValueError"


def test_context_of_an_import_that_does_not_help_is_not_followed():
    """What a handler imports instead is what is wanted in the end."""
    chain = (
        _link("ModuleNotFoundError", functions=("<module>",), source="import imp"),
        _link("ImportError", "context", functions=("<module>",), source="import importlib.abc.x"),
    )

    assert _decisive(*chain) == "ModuleNotFoundError"


def test_what_an_import_for_a_setting_raises_is_followed():
    """pytest only reports it, and its own frames are not recorded."""
    chain = (
        _link("_pytest.config.exceptions.UsageError", functions=("parse_warning_filter",)),
        _link("ImportWarning", "context", functions=("<module>",)),
    )

    assert _decisive(*chain) == "ImportWarning"


def test_group_of_one_stands_for_its_member():
    """An exception group with one member is that member; with several it is itself."""
    one = _link("ExceptionGroup", members=((_link("KeyError"),),))
    two = _link("ExceptionGroup", members=((_link("KeyError"),), (_link("OSError"),)))

    assert _decisive(one) == "KeyError"
    assert _decisive(two) == "ExceptionGroup"
