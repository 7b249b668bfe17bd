"""What pytest hands over as text only: the traceback in it is read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest_kit.records import Failure, Raised, Recording, Run
from orchestrator.checkout.project import Project
from orchestrator.classify import context_of, rule_for
from orchestrator.failures.printed import exception, literal, native

NATIVE = """NOTE: Incompatible Exception Representation, displaying natively:

testing.result.StringException: pythonlogging:'': {{{{loading}}}}

Traceback (most recent call last):
  File "/shop/tests/test_cart.py", line 9, in test_total
    self.{check}
  File "/env/lib/python3.12/{library}", line 9, in {function}
    raise it
{raised}

"""


@pytest.mark.parametrize(
    ("library", "function", "raised", "rule"),
    [
        ("unittest/case.py", "assertTrue", "AssertionError: False is not true", "assertion@1"),
        ("site-packages/checks/case.py", "assertThat", "checks.Mismatch: 1 != 2", "assertion@1"),
        ("site-packages/frames/table.py", "read", "KeyError: 'x'", "test-raised@1"),
    ],
)
def test_a_traceback_as_text_stands_for_what_pytest_could_not_represent(
    library, function, raised, rule
):
    """The exception that it tells, with its frames, in place of that of the rendering."""
    text = NATIVE.format(check="check()", library=library, function=function, raised=raised)
    rendering = Raised(type="TypeError", message="'NoneType' object is not iterable")
    failed = Failure(
        nodeid="tests/test_cart.py::test_total",
        phase="call",
        exceptions=(
            Raised(type="Failed", bases=("_pytest.outcomes.Failed",), message=text),
            rendering._replace(relation="context"),
        ),
    )

    found = native(failed, "/shop")

    assert found.message == raised.partition(": ")[2]
    assert found.exceptions[0].frames[0][:3] == ("tests/test_cart.py", 9, "test_total")
    context = context_of(Recording(run=Run(run_id="1", root="/shop"), failures=(found,)), Project())
    assert rule_for([found], context).rule.name == rule


UNTRACED = """NOTE: Incompatible Exception Representation, displaying natively:

testing.result.StringException: Empty attachments:
  stderr

{said}

"""


@pytest.mark.parametrize(
    ("said", "exception", "rule"),
    [
        (
            "ValueError: In File: /shop/tests/test_cart.py\nCase.setUp was not called. Call super()",
            "ValueError",
            "case-set-up-raised@1",
        ),
        ("shop.CaseError: no tearDown in Cart", "shop.CaseError", "case-tear-down-raised@1"),
        ("AssertionError: no setUp", "AssertionError", "assertion@1"),
        ("  stdout: nothing", "Failed", "explicit-fail@2"),
    ],
)
def test_an_exception_as_text_without_a_traceback(said, exception, rule):
    """Where nobody's code is in it, its words may name what runs around a test."""
    chain = (Raised(type="Failed", message=UNTRACED.format(said=said)),)
    failed = Failure(nodeid="tests/test_cart.py::T::test_a", phase="call", exceptions=chain)

    found = native(failed, "/shop")

    assert found.exceptions[0].type == exception
    context = context_of(Recording(run=Run(run_id="1", root="/shop"), failures=(found,)), Project())
    assert rule_for([found], context).rule.name == rule


@pytest.mark.parametrize("message", ["", "Traceback (most recent call last):\ncut off"])
def test_a_failure_without_such_a_traceback_stays(message):
    """Nothing is made up."""
    failed = Failure(nodeid="t", phase="call", exceptions=(Raised(type="Failed", message=message),))

    assert native(failed, "/shop") is failed


@given(text=st.text() | st.text("[]{}():,'\"\\\\ab1.-"))
@pytest.mark.filterwarnings("error")
def test_any_text_may_be_taken_for_a_literal(text):
    """What tests print is no program of ours: nothing is refused or warned of."""
    literal(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'a'", "a"),
        ("[1]", [1]),
        ("a b", "a b"),
        ("{[1]: 2}", "{[1]: 2}"),
        ("('a' 'b', )", ("ab",)),
        (r"'\d'", r"\d"),
        ("(" * 999, "(" * 999),
    ],
)
def test_a_literal_has_its_value(text, value):
    """What is none stays as it is: unhashable keys, names, what is too deep."""
    assert literal(text) == value


@pytest.mark.parametrize(
    ("kind", "message", "encoding"),
    [
        (
            "UnicodeEncodeError",
            "'ascii' codec can't encode character '\\xe9' in position 3",
            "ascii",
        ),
        ("UnicodeDecodeError", "'utf-8' codec can't decode byte 0xe9 in position 3", "utf-8"),
        ("ValueError", "'ascii' codec can't encode character", None),
        ("UnicodeDecodeError", "no codec", None),
    ],
)
def test_what_a_printed_exception_says_of_its_codec(kind, message, encoding):
    """As Python's own has it in an attribute."""
    assert exception(kind, message).attributes.get("encoding") == encoding
