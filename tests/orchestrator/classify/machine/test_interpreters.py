"""Code that counts on how one Python is made inside, run on another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.checkout.project import Project
from orchestrator.checkout.source import Source

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


def _run(red, raised, reads, newest, ways):
    """A run in which as many tests fail as the product has ways to, and one that only compares."""
    project = Project(
        name="shop",
        modules=frozenset({"shop"}),
        files=("shop/cart.py", "tests/test_cart.py"),
        newest_python=newest,
        sources={
            "shop/cart.py": Source(imports={"it": reads}),
            "tests/test_cart.py": Source(imports={"total": "shop.cart.total"}),
        },
    )
    chains = [raised("ValueError", "x", TEST, f"shop/cart.py:{7 + way}:f") for way in range(ways)]
    made = [red(one, project=project) for one in (*chains, raised("AssertionError", "2", TEST))]
    failures = tuple(
        failure._replace(nodeid=f"tests/test_cart.py::test_{place}")
        for place, one in enumerate(made)
        for failure in one.recording.failures
    )
    return replace(made[0], recording=made[0].recording._replace(failures=failures))


@pytest.mark.parametrize(
    ("reads", "newest", "ways", "category"),
    [
        ("dis.opname", "3.11", 3, "compatibility"),
        ("types.CodeType", "3.11", 3, "compatibility"),
        ("dis", "3.11", 4, "compatibility"),
        ("dis", "3.11", 2, "product_error"),
        ("dis", "3.12", 3, "product_error"),
        ("dis", "", 3, "product_error"),
        ("types.SimpleNamespace", "3.11", 3, "product_error"),
        ("distutils.core", "3.11", 3, "product_error"),
    ],
)
def test_the_inside_of_a_later_python(red, raised, reads, newest, ways, category):  # noqa: PLR0917 - a table
    """Told by the many ways in which it fails, and the Pythons that the project names: one alone is
    an error like any other, and so is what one edit may have broken.
    """
    made = _run(red, raised, reads, newest, ways)
    compared = "compatibility" if category == "compatibility" else "assertion"

    assert made.verdict("test_0").category == category
    assert made.verdict(f"test_{ways}").category == compared
