"""Which function it was that did not take what a call gave it, as the record keeps it."""

from __future__ import annotations

import json
import textwrap
from array import array
from textwrap import dedent as stripped
from xml.etree.ElementTree import ElementTree

import pytest

from conftest_kit.failures import Extraction
from conftest_kit.places import Places

HERE = __name__


class Basket:
    """Takes nothing."""

    def add(self):
        """Takes nothing either."""


class Shop:
    """Has a basket."""

    def __init__(self):
        self.basket = Basket()

    def fill(self):
        """Asks the basket."""
        self.basket.add(fruit="plum")


class Loose:
    """Whoever asks it gets what is not there; its code is never run."""

    def __getattr__(self, name):
        raise AssertionError("nobody's code is run")


class Proxy:
    """Asks somebody what class it is of, as proxies do."""

    @property
    def __class__(self):
        """Never asked."""
        raise AssertionError("nobody's code is run")


class Answering(type):
    """Its classes answer to anything."""

    def __getattribute__(cls, name):
        raise AssertionError("nobody's code is run")


LOOSE = Loose()
PROXY = Proxy()
ODD = Answering("Odd", (), {})
NAMELESS = lambda: None  # noqa: E731
TREE = ElementTree()


def total(prices):
    """Takes no sum."""


def handed(function, **given):
    """Calls it under another name."""
    return function(**given)


def beside_others(**given):
    """Two have the name; the one of json takes anything."""

    def dumps(rows):
        pass

    assert json.dumps
    return dumps(**given)


@pytest.mark.parametrize(
    ("action", "name"),
    [
        (lambda: total(sum=3), f"{HERE}.total"),
        (total, f"{HERE}.total"),
        (lambda: total(1, 2, 3), f"{HERE}.total"),
        (lambda: handed(stripped, margin=3), "textwrap.dedent"),
        (lambda: textwrap.dedent(margin=3), "textwrap.dedent"),
        (lambda: handed(Basket, fruit="plum"), f"{HERE}.Basket"),
        (lambda: Basket().add(fruit="plum"), f"{HERE}.Basket.add"),
        (lambda: Shop().fill(), f"{HERE}.Basket.add"),
        (lambda: TREE.write(fruit="plum"), "xml.etree.ElementTree.ElementTree.write"),
        (lambda: total(LOOSE, LOOSE), f"{HERE}.total"),
        (lambda: array("b").append(fruit="plum"), "array.array.append"),
        (lambda: NAMELESS(fruit="plum"), None),
        (lambda: beside_others(sort=True), f"{HERE}.beside_others.<locals>.dumps"),
        (lambda: "".join(3), None),
        (lambda: len(3), None),
    ],
)
def test_what_was_called(action, name):
    """By the module that defines it, under whatever name the caller has it."""
    with pytest.raises(TypeError) as raised:
        action()
    (link,) = Extraction(Places("/nowhere")).chain(raised.value)

    assert link.attributes.get("called") == name
