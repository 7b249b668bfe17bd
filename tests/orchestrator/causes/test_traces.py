"""What failures leave by which they are found to be one cause."""

from __future__ import annotations

import pytest

from conftest_kit.records import Failure, Frame, Raised, Recording, Run
from corpus_memory_logging.records import Cause, Verdict
from orchestrator.causes import traces
from orchestrator.checkout.project import Project
from orchestrator.classify import context_of

HELPER = Frame(
    file="tests/conftest.py", line=20, function="check", source="assert a == b", origin="test"
)
TEST = Frame(
    file="tests/test_cart.py", line=9, function="test_a", source="assert a == b", origin="test"
)
ATTRIBUTES = (
    "assert Info(hi...x=8) == Info(hi...x=8)\n  \n  Differing attributes:\n  ['hits', 'misses']"
)
ITEMS = (
    "assert {'a': 1, 'b': 2} == {'a': 3, 'b': 4}\n  \n  Differing items:\n"
    "  {'b': 2} != {'b': 4}\n  {'a': 1} != {'a': 3}\n  Use -v to get more diff"
)


def cause(kind, message, *frames, nodeid="tests/test_cart.py::test_a"):
    """A cause of one failure."""
    raised = Raised(type=kind, message=message, frames=frames)
    failure = Failure(nodeid=nodeid, phase="call", message=message, exceptions=(raised,))
    verdict = Verdict(
        category="assertion", kind="", culprit=None, confidence=0.8, evidence=(), rule="x@1"
    )
    return Cause(
        cause_id=nodeid,
        signature="reason-v1:x",
        title=message,
        verdict=verdict,
        failures=(failure,),
    )


def left(trace, made):
    """The keys that a cause leaves."""
    return list(trace(made, context_of(Recording(run=Run(run_id="r")), Project())))


@pytest.mark.parametrize(
    ("message", "frame", "keys"),
    [
        (ATTRIBUTES, HELPER, ["tests/conftest.py check assert a == b 'hits', 'misses'"]),
        (ITEMS, HELPER, ["tests/conftest.py check assert a == b 'a' 'b'"]),
        (ATTRIBUTES, TEST, ["tests/test_cart.py Info 'hits', 'misses'"]),
        (ITEMS, TEST, []),
        ("assert Info(1) == Info(2)", HELPER, []),
    ],
    ids=["attributes", "keys", "a test's own check", "keys of any dictionary", "nothing shown"],
)
def test_parts_that_differ(message, frame, keys):
    """Which attributes and keys, not by how much; of a test's own check those of one class."""
    assert left(traces.parts, cause("AssertionError", message, TEST, frame)) == keys


SAID = "Docstrings have been removed! The grammar is read from them."
RAISES = Frame(file="shop/parser.py", line=3, function="parse", source="raise", origin="project")
BELOW = Frame(file="frames/a.py", line=3, function="read", source="raise", origin="installed")


@pytest.mark.parametrize(
    ("kind", "message", "frames", "is_told"),
    [
        ("shop.errors.ParserError", SAID, (TEST, RAISES), True),
        ("shop.errors.LexerError", SAID, (TEST, RAISES), True),
        ("ValueError", SAID, (TEST, RAISES), False),
        ("shop.errors.ParserError", "no such price", (TEST, RAISES), False),
        ("shop.errors.ParserError", SAID, (TEST, RAISES, BELOW), False),
        ("shop.errors.ParserError", SAID, (TEST,), False),
    ],
)
def test_a_sentence_of_a_package(kind, message, frames, is_told):
    """Long enough to be its own, and said by the product in a class of a package."""
    expected = [f"shop {SAID}"] if is_told else []

    assert left(traces.worded, cause(kind, message, *frames)) == expected


ENGINE = Frame(file="shop/db.py", line=2, function="engine", origin="project")
LOADED = Frame(file="sqlalchemy/util.py", line=9, function="load", origin="installed")


@pytest.mark.parametrize(
    ("frames", "one", "other", "shared"),
    [
        ((ENGINE,), "no engine a", "no engine b", 1),
        ((ENGINE, LOADED), "no plugin a", "no plugin b", 0),
        ((ENGINE, LOADED), "no plugin a in line 3", "no plugin a in line 4", 1),
    ],
    ids=["raised itself", "a library says of different things", "a library says of one"],
)
def test_what_comes_out_of_one_function(frames, one, other, shared):
    """What the product raises is one whatever it says; what a library says beneath tells it apart."""
    keys = [set(left(traces.thrown, cause("x.Error", said, *frames))) for said in (one, other)]

    assert len(set.intersection(*keys)) == shared


STRIPPED = "'NoneType' object has no attribute 'strip'"


@pytest.mark.parametrize(
    ("kind", "message", "source", "functions"),
    [
        ("AttributeError", STRIPPED, "x = cart.serialize().strip()", ["serialize"]),
        ("TypeError", "'NoneType' object is not subscriptable", "serialize(f(1), 2)[0]", ["serialize"]),
        ("TypeError", "object of type 'NoneType' has no len()", "len(cart.rows(sole(1)))", ["rows", "sole"]),
        ("AssertionError", "assert None == 'a'\n +  where None = cart.serialize(1)", "x", ["serialize"]),
        ("AssertionError", "assert None == 3\n +  where None = <function eval at 0x7f>('1')", "x", ["eval"]),
        ("AssertionError", "assert None\n +  where None = <bound method A.sum of <A>>()", "x", ["sum"]),
        ("AssertionError", "None != 'a'", "self.assertEqual(path_of(a), b)", ["path_of"]),
        ("AttributeError", STRIPPED, "x = cart.total.strip()", []),
        ("AttributeError", STRIPPED, "re.match(A, b).group(1)", []),
        ("AttributeError", "'Cart' object has no attribute 'strip'", "x = serialize().strip()", []),
        ("AssertionError", "assert 1 == 2\n +  where 1 = serialize()", "", []),
    ],
)  # fmt: skip
def test_what_gave_nothing(kind, message, source, functions):
    """The check names it; else it is among what the line calls that stumbled over `None`."""
    frame = TEST._replace(source=source)

    assert left(traces.nothing, cause(kind, message, frame)) == functions
