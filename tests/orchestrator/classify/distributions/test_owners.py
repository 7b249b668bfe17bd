"""Whose a failure is among what is installed, and which unmet requirement it touches."""

from __future__ import annotations

import pytest
from made_for_rules.surroundings import LIBRARY, SHOP

from orchestrator.checkout.project import Project
from orchestrator.checkout.source import Source

MADE = Source(holds={"Cart": ("total",)})
TAKEN = Source(imports={"Cart": "shop.carts.Cart"})


@pytest.mark.parametrize(
    ("source", "files", "rule"),
    [
        (Source(), (), "unmet-requirement@2"),
        (MADE, (), "signature-changed-inside@2"),
        (TAKEN, ("shop/carts.py",), "signature-changed-inside@2"),
        (TAKEN, (), "unmet-requirement@2"),
    ],
)
def test_a_library_calls_what_a_class_of_the_project_does_not_take(
    red, raised, source, files, rule
):
    """What the library requires of others has nothing to do with it."""
    called = raised(
        "TypeError", "Cart.total() got an unexpected keyword argument 'tax'", SHOP, LIBRARY
    )
    project = Project(
        name="shop", modules=frozenset({"shop"}), files=files, sources={"shop/cart.py": source}
    )

    assert red(called, project=project).verdict().rule == rule
