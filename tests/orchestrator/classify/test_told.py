"""Exceptions that a failure only tells of: they count, and for less."""

from __future__ import annotations

import pytest

TEST = "tests/test_cart.py:9:test_total"
RESULT = """assert 1 == 0\n +  where 1 = <Result {}>.exit_code"""
PRINTED = 'Traceback (most recent call last):\n  File "/x.py", line 1, in <module>\n{}\n'


@pytest.mark.parametrize(
    ("message", "captured", "expected"),
    [
        (
            RESULT.format("""ModuleNotFoundError("No module named 'yaml'")"""),
            "",
            ("missing_dependency", "PyYAML"),
        ),
        (
            RESULT.format("SystemExit('Cannot save it: PyYAML needs to be installed.')"),
            "",
            ("missing_dependency", "PyYAML"),
        ),
        (
            "assert 1 == 0",
            PRINTED.format("ModuleNotFoundError: No module named 'yaml'"),
            ("missing_dependency", "PyYAML"),
        ),
        (
            "assert 2 == 0",
            "python: can't open file '/shop/tools/gen.py': [Errno 2] No such file or directory\n",
            ("environment", "tools/gen.py"),
        ),
    ],
)
def test_what_a_process_died_of(red, raised, message, captured, expected):
    """Its result and its output say more than the status that the test looks at."""
    verdict = red(raised("AssertionError", message, TEST), captured={"stderr": captured}).verdict()

    assert (verdict.category, verdict.culprit.name) == expected
    assert verdict.confidence < 0.9


@pytest.mark.parametrize(
    "message",
    [
        "assert '<Result KeyError(1)>' == 'x'",
        "assert err == \"No module named 'yaml'\"",
        "assert 1 == 0\n +  where 1 = <Result okay>.exit_code",
    ],
)
def test_what_an_assertion_quotes_is_not_told(red, raised, message):
    """Only pytest's own line on a result is read."""
    assert red(raised("AssertionError", message, TEST)).verdict().category == "assertion"


def test_output_of_a_test_that_raised_itself_is_not_read(red, raised):
    """What it printed on the way is not why it failed."""
    printed = PRINTED.format("ModuleNotFoundError: No module named 'yaml'")

    verdict = red(raised("KeyError", "'x'", TEST), captured={"stdout": printed}).verdict()

    assert verdict.category == "product_error"


def test_a_traceback_that_was_only_printed(red):
    """Where pytest could not take the exception apart its text says what it was."""
    verdict = red(text="x = 1\nE   OSError: [Errno 24] Too many open files\n").verdict()

    assert (verdict.category, verdict.kind) == ("resource", "descriptors")
