from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest_kit.records import Failure, Fixture, Frame, Raised
from orchestrator.reduce import numbered, reduce, tokens
from orchestrator.report.plain import clean

ENOUGH = 2000


def _failure(
    message="boom", *, kind="ValueError", nodeid="tests/test_shop.py::test_total", **other
):
    frames = (
        Frame("tests/test_shop.py", 7, "test_total", "assert total() == 3", "test"),
        Frame("shop/prices.py", 31, "total", "return parse(text)", "project"),
        Frame("json/decoder.py", 355, "raw_decode", "raise error", "stdlib"),
    )
    raised = Raised(type=kind, message=message, frames=frames)
    return Failure(**{"phase": "call", "nodeid": nodeid, "exceptions": (raised,), **other})


def _noise(lines=5000, word="request"):
    return "\n".join(f"INFO {word} {number} served in {number % 7} ms" for number in range(lines))


def test_a_small_failure_is_kept_whole():
    """Test, exception, frames with their sources, fixtures, what was printed: in that order."""
    fixture = Fixture("prices", "session", "tests/conftest.py", 12, "test")
    reduced = reduce(
        [_failure(fixtures=(fixture,), captured={"stdout": "hello\n"})], max_tokens=ENOUGH
    )

    assert reduced.lines == (
        "tests/test_shop.py::test_total (call)",
        "ValueError: boom",
        "    tests/test_shop.py:7 in test_total: assert total() == 3",
        "    shop/prices.py:31 in total: return parse(text)",
        "    json/decoder.py:355 in raw_decode: raise error",
        "fixture prices (session) tests/conftest.py:12",
        "stdout: hello",
    )
    assert reduced.left_out == 0


@pytest.mark.parametrize("max_tokens", [0, 1, 10, 60, 200, 2000])
def test_the_limit_holds(max_tokens):
    """Whatever is asked for, no more is given, and what is left out is counted."""
    failures = [_failure(f"boom {number}\n{_noise(20)}") for number in range(40)]

    reduced = reduce(failures, max_tokens=max_tokens)

    assert reduced.tokens <= max_tokens
    assert tokens(numbered(reduced.lines)) <= max_tokens
    assert (reduced.left_out > 0) == (max_tokens < 2000)


def test_what_was_raised_outlives_everything_else():
    """With room for next to nothing it is the exception and its own place that stay."""
    reduced = reduce([_failure(captured={"stdout": _noise()})], max_tokens=45)

    assert "ValueError: boom" in reduced.lines
    assert "    shop/prices.py:31 in total: return parse(text)" in reduced.lines


def test_the_whole_chain_is_named():
    """Of a chain every link says what it is, down to the root, and so do members of a group."""
    member = Raised(type="KeyError", message="'colour'")
    chain = (
        Raised(type="RuntimeError", message="cannot start"),
        Raised(type="OSError", message="disk full", relation="cause"),
        Raised(type="ExceptionGroup", message="two", relation="context", members=((member,),)),
    )
    failure = Failure(phase="setup", exceptions=chain, captured={"log": _noise()})

    lines = reduce([failure], max_tokens=200).lines

    assert "RuntimeError: cannot start" in lines
    assert "caused by OSError: disk full" in lines
    assert "raised while handling ExceptionGroup: two" in lines
    assert "  | KeyError: 'colour'" in lines


@pytest.mark.parametrize("stream", ["stdout", "stderr", "log"])
def test_an_error_is_found_in_what_was_printed(stream):
    """The line that mentions an error is kept, wherever it stands among thousands."""
    printed = f"{_noise()}\nERROR cannot reach redis at 10.0.0.7\n{_noise(word='answer')}"

    lines = reduce([_failure(captured={stream: printed})], max_tokens=300).lines

    assert f"{stream}: ERROR cannot reach redis at 10.0.0.7" in lines


def test_of_many_errors_that_were_printed_the_first_and_last_stay():
    """One of them is the cause as a rule, seldom the two hundredth."""
    printed = "\n".join(f"ERROR number {number}" for number in range(1000))

    lines = reduce([_failure(captured={"stderr": printed})], max_tokens=300).lines

    assert "stderr: ERROR number 0" in lines
    assert "stderr: ERROR number 999" in lines
    assert "stderr: ERROR number 500" not in lines


def test_failures_that_say_the_same_are_counted():
    """A thousand tests that stumble over one thing cost as much as one."""
    failures = [_failure(nodeid=f"tests/test_shop.py::test_{number}") for number in range(1000)]

    reduced = reduce(failures, max_tokens=ENOUGH)

    assert reduced.lines[0] == "tests/test_shop.py::test_0 (call), and 999 more that say the same"
    assert sum("ValueError" in line for line in reduced.lines) == 1


def test_failures_that_say_something_else_are_named():
    """Of failures of one cause some say more than others."""
    failures = [_failure(f"no colour {number}") for number in range(100)]

    lines = reduce(failures, max_tokens=ENOUGH).lines

    assert "ValueError: no colour 0" in lines
    assert "ValueError: no colour 5" in lines
    place = "shop/prices.py:31 in total: return parse(text)"
    also = f"also tests/test_shop.py::test_total (call): ValueError: no colour 6, {place}"
    assert also in lines
    assert lines[-1] == "and 74 more failures that say something else"


def test_what_has_no_exception_is_read_from_its_text():
    """A crash and the text of a worker have pytest's marks and the last lines of a traceback."""
    text = (
        f"{_noise()}\n>   import shop\nE   ModuleNotFoundError: No module named 'yaml'\n{_noise()}"
    )

    lines = reduce([Failure(phase="collect", text=text)], max_tokens=100).lines

    assert "E   ModuleNotFoundError: No module named 'yaml'" in lines


def test_what_argparse_says_stands_below_its_usage():
    """`usage:` comes first and tells nothing."""
    message = "usage: pytest [options]\npytest: error: unrecognized arguments: --cov"

    lines = reduce([_failure(message, kind="UsageError")], max_tokens=40).lines

    assert "UsageError: pytest: error: unrecognized arguments: --cov" in lines


def test_a_line_keeps_its_ends():
    """A line of 100 KB is no reason to lose what it begins and ends with."""
    reduced = reduce([_failure(f"begins {'x' * 100_000} ends")], max_tokens=ENOUGH)

    (line,) = (line for line in reduced.lines if line.startswith("ValueError"))
    assert line.startswith("ValueError: begins xx")
    assert line.endswith("xx ends")
    assert len(line) < 700


@given(st.text(), st.text(), st.text(), st.integers(0, 400))
def test_no_line_holds_another(message, printed, name, max_tokens):
    """Whatever was raised, named and printed, a number stands for one line of plain text."""
    failure = _failure(message, kind=name, nodeid=name, captured={"stdout": printed})

    reduced = reduce([failure], max_tokens=max_tokens)

    assert len(numbered(reduced.lines).splitlines()) == len(reduced.lines)
    assert all(clean(line) == line for line in reduced.lines)
