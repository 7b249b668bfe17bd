"""Which link of a chain a rule may hold for, and how much that counts."""

from __future__ import annotations

import pytest

from conftest_kit.records import Distribution

SHOP = "shop/cart.py:7:total"
STOPPED = "lib/pytest_timeout.py:317:timeout_sigalrm"
TEST = "tests/test_cart.py:9:test_total"
LIBRARY = "lib/sqlalchemy/engine/base.py:9:execute"
SQLALCHEMY = Distribution(name="SQLAlchemy", version="2.0.30", modules=("sqlalchemy",))


@pytest.mark.parametrize(
    ("first", "rule"),
    [
        ("sqlalchemy.exc.ObjectNotExecutableError", "known-changed-behaviour@1"),
        ("sqlalchemy.exc.StatementError", "data-mismatch@2"),
    ],
)
def test_what_came_out_counts_nearly_as_much_as_its_root(red, raised, first, rule):
    """A library that wraps what it stumbled over says what it stands for."""
    wrapping = raised(first, "Not an executable object: 'SELECT 1'", SHOP, LIBRARY, source="raise")
    root = raised(
        "AttributeError", "'str' object has no attribute '_execute_on_connection'", LIBRARY
    )

    made = red(wrapping, root._replace(relation="cause"), distributions=(SQLALCHEMY,))

    assert made.verdict().rule == rule


def test_a_time_limit_that_was_handled_on_the_way(red, raised):
    """What came out of it came of that."""
    limit = raised("Failed", "Timeout (>5.0s) from pytest-timeout.", TEST, STOPPED)
    complaint = raised("AssertionError", "Cannot have cache", TEST, "std/pool.py:698:terminate")

    verdict = red(complaint, limit._replace(relation="context")).verdict()

    assert (verdict.category, verdict.rule) == ("timeout", "pytest-timeout@2")
