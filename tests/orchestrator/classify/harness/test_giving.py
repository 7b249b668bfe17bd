"""Fixtures that give nothing: told by what their users do with it, and by their own source."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_for_rules.surroundings import GIVING_NOTHING

from orchestrator.checkout.project import FixtureDefinition, Project

TEST = "tests/test_cart.py:9:test_total"
HELPER = "tests/test_cart.py:4:priced"
BASKET = [("basket", "tests/conftest.py", 4)]


@pytest.mark.parametrize(
    ("message", "source", "is_fixture"),
    [
        ("shop.price() argument after ** must be a mapping, not NoneType", "price(**basket)", True),
        ("cannot unpack non-iterable NoneType object", "a, b = basket", True),
        ("'NoneType' object is not iterable", "for one in basket:", True),
        ("'NoneType' object is not iterable", "for one in basket.rows:", False),
        ("'NoneType' object is not iterable", "for one in total(basket):", False),
        ("argument of type 'NoneType' is not iterable", "assert 'a' in basket", True),
        ("object of type 'NoneType' has no len()", "assert len(basket) == 3", True),
        ("'NoneType' object does not support item assignment", "basket['a'] = 1", True),
        ("'NoneType' object is not subscriptable", "basket['a']['b']", False),
        ("'NoneType' object is not callable", "basket()", True),
        ("'NoneType' object does not support the context manager protocol", "with basket:", True),
        ("object NoneType can't be used in 'await' expression", "await basket", True),
        ("unsupported operand type(s) for +: 'NoneType' and 'int'", "assert basket + 1", True),
        ("unsupported operand type(s) for +: 'NoneType' and 'int'", "assert f(basket) + 1", False),
        ("'NoneType' object has no attribute 'add'", "basket.add(1)", True),
        ("'NoneType' object has no attribute 'add'", "shop.basket.add(1)", False),
        ("'NoneType' object is not callable", "price(basket=1)()", False),
    ],
)
def test_what_a_line_does_with_nothing(red, raised, message, source, is_fixture):
    """The fixture is to blame where it is what the line uses so, and not what is made of it."""
    error = raised("TypeError", message, TEST, source=source)

    found = red(error, fixtures=BASKET).verdict()

    assert (found.rule == "fixture-gives-nothing@2") is is_fixture


@pytest.mark.parametrize(
    ("lines", "is_fixture"),
    [
        (("priced(cart, basket)", "return price(**basket)"), True),
        (("priced(cart)", "return price(**basket)"), False),
        (("priced(other=basket)", "return price(**other)"), False),
    ],
)
def test_a_helper_is_handed_the_fixture(red, raised, lines, is_fixture):
    """It is known by the name that it has in each line on the way."""
    error = raised(
        "TypeError", "price() argument after ** must be a mapping, not NoneType", TEST, HELPER
    )
    frames = tuple(
        frame._replace(source=line) for frame, line in zip(error.frames, lines, strict=True)
    )

    found = red(error._replace(frames=frames), fixtures=BASKET).verdict()

    assert (found.rule == "fixture-gives-nothing@2") is is_fixture


CONFTEST = """
import pytest

@pytest.fixture
def prices():
    {prices} {{"a": 3}}

@pytest.fixture
def basket(prices):
    yield prices["a"]
"""
USERS = """
import json

def test_total(basket):
    assert basket == 3

def test_written(prices):
    assert json.dumps(prices) == '{"a": 3}'

def test_kept(prices):
    rows = [prices]
    assert len(rows) == 2

def test_other(prices):
    assert 1 == 2
"""


USING = ("test_total", "test_written", "test_kept", "test_other")


@pytest.mark.parametrize("prices", ["made =", "yield;", ""])
def test_a_fixture_whose_source_gives_nothing(run, prices):
    """Also where its `None` does no harm to what is called, and one fixture below another."""
    conftest = CONFTEST.format(prices=prices)
    red = run({"conftest.py": conftest, "test_shop.py": USERS})

    kinds = {name: red.verdict(name).kind for name in USING}
    assert kinds == {**dict.fromkeys(USING, "no_value"), "test_other": "wrong_value"}
    assert red.verdict("test_total").culprit.name == "prices"
    assert red.verdict("test_written").rule == "fixture-without-value@1"


def test_a_fixture_that_gives_what_the_product_made(run):
    """That it is nothing is then what the product did."""
    conftest = CONFTEST.format(prices="return None and")
    red = run({"conftest.py": conftest, "test_shop.py": USERS})

    assert red.verdict("test_written").category == "assertion"


@pytest.mark.parametrize(
    ("kind", "asking", "source", "is_fixture"),
    [
        ("async_generator", "price(", "basket.total()", True),
        ("coroutine", "price(basket)", "basket.total()", True),
        ("NoneType", "price(basket)", "basket.total()", False),
        ("coroutine", "price(basket)", "rows.total()", False),
        ("coroutine", "basket = price()", "basket.total()", False),
        ("coroutine", "with price() as basket:", "basket.total()", False),
    ],
)
def test_what_the_product_was_handed_unawaited(red, raised, *, kind, asking, source, is_fixture):
    """By the name that the fixture has, where no line on the way gives that to something else."""
    message = f"'{kind}' object has no attribute 'total'"
    test = raised("AttributeError", message, TEST, source=asking)
    inside = raised("AttributeError", message, "shop/cart.py:7:price", source=source)
    error = test._replace(frames=(*test.frames, *inside.frames))

    found = red(error, fixtures=BASKET).verdict()

    assert (found.rule == "fixture-gives-nothing@2") is is_fixture


@pytest.mark.parametrize(
    ("message", "source", "is_fixture"),
    [
        ("'NoneType' object has no attribute 'total'", "return self.basket.total()", True),
        ("'NoneType' object has no attribute 'total'", "return self.rows.total()", False),
        ("'Rows' object has no attribute 'total'", "return self.basket.total()", False),
    ],
)
def test_what_the_product_kept_of_a_fixture_without_value(red, raised, message, source, is_fixture):
    """It uses nothing under the name of the fixture that gives nothing."""
    test = raised("AttributeError", message, TEST, source="shop.price()")
    inside = raised("AttributeError", message, "shop/cart.py:7:price", source=source)
    error = test._replace(frames=(*test.frames, *inside.frames))
    found = red(error, fixtures=BASKET, project=GIVING_NOTHING).verdict()

    assert (found.rule == "fixture-without-value@1") is is_fixture


@pytest.mark.parametrize(("name", "is_fixture"), [("mock_basket", True), ("shop_basket", False)])
def test_what_the_product_calls_without_the_stand_in(red, raised, name, is_fixture):
    """`basket`, which was given `mock_basket`."""
    void = replace(GIVING_NOTHING.fixtures[0], name=name, function=name)
    message = "'NoneType' object has no attribute 'total'"
    test = raised("AttributeError", message, TEST, source="shop.price(")
    inside = raised("AttributeError", message, "shop/cart.py:7:price", source="basket.total()")
    error = test._replace(frames=(*test.frames, *inside.frames))
    project = replace(GIVING_NOTHING, fixtures=(void,))

    found = red(error, fixtures=[(name, "tests/conftest.py", 4)], project=project).verdict()

    assert (found.rule == "fixture-without-value@1") is is_fixture


@pytest.mark.parametrize(
    ("kind", "message", "source", "is_fixture"),
    [
        ("KeyError", "'pear'", "price(self.rows['pear'])", True),
        ("KeyError", "'pear'", 'assert basket["pear"] == 3', True),
        ("KeyError", "'pear'", "a, b = self.rows['fig'], self.rows['pear']", True),
        ("IndexError", "list index out of range", "self.rows[1].weigh()", True),
        ("KeyError", "'pear'", "price(self.rows['fig'])", False),
        ("KeyError", "'pear'", "price(found['pear'])", False),
        ("KeyError", "'pear'", "price(basket.rows['pear'])", False),
        ("ValueError", "'pear'", "price(basket['pear'])", False),
    ],
)
def test_what_was_made_for_a_test_lacks_an_item(red, raised, *, kind, message, source, is_fixture):
    """Of what the product gave in the test itself it is the product's."""
    found = red(raised(kind, message, TEST, source=source), fixtures=BASKET).verdict()

    assert (found.rule == "prepared-without@1") is is_fixture


@pytest.mark.parametrize(
    ("case", "culprit"),
    [("[3-prices]", "prices"), ("[3-rows]", "basket"), ("", "basket")],
)
def test_a_fixture_that_hands_on_what_a_parameter_names(red, raised, case, culprit):
    """`request.getfixturevalue(request.param)` gives what that one does, which is nothing."""
    project = Project(
        name="shop",
        fixtures=tuple(
            FixtureDefinition(
                name=name, function=name, file="tests/conftest.py", line=line, gives_nothing=nothing
            )
            for name, line, nothing in (("basket", 4, False), ("prices", 9, True))
        ),
    )
    error = raised("TypeError", "'NoneType' object is not subscriptable", TEST, source="basket[0]")
    nodeid = f"tests/test_cart.py::test_total{case}"

    found = red(error, fixtures=BASKET, project=project, nodeid=nodeid).verdict()

    assert (found.rule, found.culprit.name) == ("fixture-gives-nothing@2", culprit)
