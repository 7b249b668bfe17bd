"""Two modules that import each other, and which of them ought not to."""

from __future__ import annotations

import pytest

from orchestrator.checkout.project import Project
from orchestrator.checkout.source import Source

TEST = "tests/test_cart.py:1:<module>"


@pytest.mark.parametrize(
    ("asked", "asking", "imports", "lower"),
    [
        # The cart imports what else there is; who is imported and asks for the cart is below it.
        ("shop.cart", "shop/errors.py", {"shop/cart.py": ("errors", "price")}, "shop.errors"),
        ("shop.errors", "shop/cart.py", {"shop/cart.py": ("errors", "price")}, "shop.errors"),
        # A package is above its modules, whoever imports more.
        ("shop", "shop/cart.py", {"shop/cart.py": ("errors", "price")}, "shop.cart"),
        ("shop.cart", "shop/__init__.py", {}, "shop.cart"),
        # Nothing tells.
        ("shop.cart", "shop/errors.py", {}, "shop.cart"),
        ("shop.gone", "shop/errors.py", {}, "shop.gone"),
        # A file that has the name of a library, and asks for that.
        ("random", "random.py", {}, "random"),
        ("shop.cart", "tests/test_cart.py", {"shop/cart.py": ("errors", "price")}, "shop.cart"),
    ],
)
def test_the_lower_of_two(red, raised, *, asked, asking, imports, lower):
    """It is the culprit; the remedy names the other too."""
    files = ("shop/__init__.py", "shop/cart.py", "shop/errors.py", "shop/price.py")
    sources = {
        file: Source(imports={name: f"shop.{name}" for name in names})
        for file, names in imports.items()
    }
    project = Project(
        name="shop", modules=frozenset({"shop"}), files=(*files, "random.py"), sources=sources
    )
    message = f"cannot import name 'load' from partially initialized module '{asked}' (most)"
    places = [TEST] if asking.startswith("tests/") else [TEST, f"{asking}:3:<module>"]

    made = red(raised("ImportError", message, *places), phase="collect", project=project)

    assert made.verdict().rule == "circular-import@2"
    assert made.verdict().culprit.name == lower
    assert f"`{lower}`" in made.suggestions()[0].text
