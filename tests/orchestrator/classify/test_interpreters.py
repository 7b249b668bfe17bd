"""Code that counts on how one Python is made inside, run on another."""

from __future__ import annotations

import pytest

from orchestrator.project import Project

TEST = "tests/test_cart.py:9:test_total"
SHOP = "shop/cart.py:7:total"
READS = "names = code.co_names[oparg]"


@pytest.mark.parametrize(
    ("newest", "source", "places", "category", "sure"),
    [
        ("3.11", READS, (TEST, SHOP), "compatibility", True),
        ("3.11", "arg = cmp_op[oparg]", (TEST, SHOP), "compatibility", True),
        ("3.11", "for one in dis.get_instructions(f):", (TEST, SHOP), "compatibility", True),
        ("3.12", READS, (TEST, SHOP), "compatibility", False),
        ("", READS, (TEST, SHOP), "compatibility", False),
        ("3.11", "price = prices[name]", (TEST, SHOP), "product_error", True),
        ("3.11", "code.co_namesake[0]", (TEST, SHOP), "product_error", True),
        ("3.11", READS, (TEST,), "product_error", False),
    ],
)
def test_bytecode_of_another_python(red, raised, newest, source, places, category, sure):  # noqa: PLR0917 - a table
    """Sure where the project names no Python so late; an old classifier alone says nothing."""
    project = Project(name="shop", modules=frozenset({"shop"}), newest_python=newest)

    verdict = red(raised("IndexError", "x", *places, source=source), project=project).verdict()

    assert verdict.category == category
    assert (verdict.confidence > 0.7) is sure
