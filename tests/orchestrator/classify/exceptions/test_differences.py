"""What an assertion shows of two values that differ."""

from __future__ import annotations

import pytest

from orchestrator.classify.catalogue import CATALOGUE

TEST = "tests/test_cart.py:9:test_total"
LINES = """assert 'data: foo\\nev...' == 'data: foo\\nev...'

    data: foo
  - event: bar
  ?       -
  + event:bar
    data: foo
"""
OF_UNITTEST = """'max-age=3' != 'max-age=3; all'
- max-age=3
+ max-age=3; all
"""
ITEMS = """assert {'a': 1, ...} == {'a': 1, ...}

  Omitting 11 identical items, use -vv to show
  Differing items:
  {'date': '2021'} != {'date': '2020'}
  Use -v to get more diff
"""
AT = """assert [1, 2] == [1, 3]

  At index 1 diff: 2 != 3
  Use -v to get more diff
"""


@pytest.mark.parametrize(
    ("message", "difference"),
    [
        (LINES, "`event:bar` for `event: bar`"),
        (OF_UNITTEST, "`max-age=3` for `max-age=3; all`"),
        (ITEMS, "`{'date': '2021'} != {'date': '2020'}`"),
        (AT, "`2 != 3` (at 1)"),
        ("assert 1 == 2", ""),
        (f"- {'a' * 300}\n+ b", f"`b` for `{'a' * 119}…`"),
    ],
)
def test_the_first_difference(red, raised, message, difference):
    """As the tool shows it that compares."""
    assert _fact("difference", red(raised("AssertionError", message, TEST))) == difference


@pytest.mark.parametrize(
    ("message", "gave"),
    [
        ("assert -1 == 0\n +  where -1 = total(3)", "`total(3)` gives `-1`"),
        ("assert -1 == 0\n +  where -1 = <Cart>.total", ""),
        ("assert -1 == 0", ""),
    ],
)
def test_the_call_of_which_the_value_is(red, raised, message, gave):
    """As pytest explains a check."""
    assert _fact("gave", red(raised("AssertionError", message, TEST))) == gave


def _fact(name, made):
    (failure,) = made.recording.failures
    return CATALOGUE[name](made.context.facts(failure, failure.exceptions[0]))
