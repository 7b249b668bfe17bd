"""Whose function, object or warning an exception speaks of."""

from __future__ import annotations

import pytest
from made_for_rules.surroundings import LIBRARY, NUMPY, TEST, WEBFRAME

from orchestrator.checkout.project import Project


@pytest.mark.parametrize(
    ("message", "culprit"),
    [
        ("Conversion of an array is deprecated. (Deprecated NumPy 1.25.)", "numpy"),
        ("The `tax` argument was deprecated in numpy v2.0", "numpy"),
        ("get() was deprecated in Pages 3.1", "webframe"),
        ("get() is deprecated", "webframe"),
    ],
)
def test_who_deprecates(red, raised, message, culprit):
    """The words name it, where it is installed; else it is who warns."""
    warned = raised("DeprecationWarning", message, TEST, LIBRARY)

    assert red(warned, distributions=(NUMPY, WEBFRAME)).verdict().culprit.name == culprit


@pytest.mark.parametrize(
    ("called", "culprit"),
    [("frames.table.dumps", "frames"), ("shop.cart.dumps", None), ("", None)],
)
def test_whose_function_was_called_under_another_name(red, raised, called, culprit):
    """As the kit found it: the line says `encoder`."""
    link = raised(
        "TypeError",
        "dumps() got an unexpected keyword argument 'indent'",
        "shop/cart.py:7:total",
        source="return encoder(rows, indent=2)",
        attributes={"called": called},
    )
    verdict = red(link, project=Project(name="shop", modules=frozenset({"shop"}))).verdict()

    is_distribution = verdict.culprit is not None and verdict.culprit.type == "distribution"
    assert (verdict.culprit.name if is_distribution else None) == culprit
