"""The nearest that the project has, where it lacks what it is asked for by name."""

from __future__ import annotations

import pytest

from orchestrator.checkout.project import Project
from orchestrator.checkout.source import Source

FILES = {
    "shop/__init__.py": "",
    "shop/cart.py": """
        import json
        from dataclasses import dataclass
        LIMIT_OF_ITEMS = 3
        @dataclass
        class Line:
            price: float
            amount: int = 1
        class Cart:
            def __init__(self, items=()): self.items = items
            def find_all(self): return []
            def wrong(self): return self.add(prize=1)
            def add(self, price): ...
        def fetch_posts(): return []
        def price_of(article, currency="EUR", **more): return 1
        def tax_of(amount, rate): return 1
    """,
    "shop/goods.py": "def article(): return 1\n",
    "tests/test_shop.py": """
        from pathlib import Path
        from unittest import mock
        import pytest
        from shop import cart
        def test_from(): from shop.cart import fetch_post
        def test_part(): from shop import carts
        def test_moved(): from shop.cart import article
        def test_constant(): cart.LIMIT_OF_ITEM
        def test_case(): cart.FetchPosts
        def test_far(): cart.nothing_like_it
        def test_method(): cart.Cart().findall()
        def test_item(): cart.Cart().itms
        def test_of_class(): cart.Cart.find_al
        def test_patch():
            with mock.patch("shop.cart.fetch_post"): pass
        def test_patch_object():
            with mock.patch.object(cart.Cart, "find_al"): pass
        def test_setattr(monkeypatch): monkeypatch.setattr(cart, "fetch_post", 1)
        def test_setattr_class(monkeypatch): monkeypatch.setattr(cart.Cart, "find_al", 1)
        def test_setattr_text(monkeypatch): monkeypatch.setattr("shop.cart.fetch_post", 1)
        def test_keyword(): cart.tax_of(1, rat=2)
        def test_field(): cart.Line(1, amout=2)
        def test_inside(): cart.Cart().wrong()
        def test_many(): cart.tax_of(1, 2, 3)
        def test_few(): cart.tax_of(1)
        def test_unlike(): cart.Line(1, colour="red")
        def test_file(): open("tests/daat.json")
        def test_file_by_path(): (Path(__file__).parent / "orders.jsn").read_text()
        def test_file_elsewhere(): open("prices.csv")
        def test_file_far(): open("tests/zzz.toml")
        def test_library(): __import__("json").dump_s
        def test_own_check():
            raise TypeError("tax_of() got an unexpected keyword argument 'rat', says the shop")
    """,
    "tests/data.json": "{}",
    "tests/orders.json": "{}",
    "tests/tables/prices.csv": "",
    "tests/tables/b.csv": "",
}


@pytest.fixture(scope="module")
def shop(run_once):
    """A run in which all of these failed."""
    return run_once(FILES)


@pytest.mark.parametrize(
    ("test", "rule", "nearest"),
    [
        ("from", "project-name-missing", "`fetch_posts`"),
        ("part", "project-name-missing", "`cart`"),
        ("moved", "project-name-missing", "`shop.goods`"),
        ("constant", "project-attribute-missing", "`LIMIT_OF_ITEMS`"),
        ("case", "project-attribute-missing", "`fetch_posts`"),
        ("patch", "project-attribute-missing", "`fetch_posts`"),
        ("setattr", "project-attribute-missing", "`fetch_posts`"),
        ("setattr_text", "project-attribute-missing", "`fetch_posts`"),
        ("method", "own-attribute-missing", "`find_all`"),
        ("item", "own-attribute-missing", "`items`"),
        ("of_class", "own-attribute-missing", "`find_all`"),
        ("patch_object", "own-attribute-missing", "`find_all`"),
        ("setattr_class", "own-attribute-missing", "`find_all`"),
        ("keyword", "own-call-misfit", "`rate`"),
        ("field", "own-call-misfit", "`amount`"),
        ("inside", "own-call-misfit", "`price`"),
        ("file", "project-file-missing", "tests/data.json"),
        ("file_by_path", "project-file-missing", "tests/orders.json"),
        ("file_elsewhere", "project-file-missing", "tests/tables/prices.csv"),
    ],
)
def test_the_nearest_is_named(shop, test, rule, nearest):
    """In what is suggested first, and in the evidence."""
    ending = f"::test_{test}"

    assert shop.verdict(ending).rule.partition("@")[0] == rule
    assert nearest in shop.suggestions(ending)[0].text
    assert any(nearest in line for line in shop.verdict(ending).evidence)


@pytest.mark.parametrize("test", ["far", "file_far", "library", "many", "unlike"])
def test_where_nothing_is_near(shop, test):
    """Nothing is called the nearest."""
    said = (*shop.verdict(f"::test_{test}").evidence, shop.suggestions(f"::test_{test}")[0].text)

    assert not any("earest" in line for line in said)


@pytest.mark.parametrize(
    ("test", "signature"),
    [
        ("many", "`tax_of(amount, rate)`"),
        ("few", "`tax_of(amount, rate)`"),
        ("unlike", "`Line(price, amount)`"),
    ],
)
def test_the_own_signature_is_named(shop, test, signature):
    """Where a callable of the project is called in a way that it cannot be."""
    verdict = shop.verdict(f"::test_{test}")

    assert (verdict.category, verdict.culprit.name) == ("product_error", "shop/cart.py")
    assert signature in shop.suggestions(f"::test_{test}")[0].text


def test_what_a_recorded_project_does_not_say(red, raised):
    """A project of before says nothing of names and signatures: nothing is made up."""
    link = raised(
        "TypeError",
        "total() got an unexpected keyword argument 'tx'",
        "tests/test_cart.py:9:test_a",
    )
    project = Project(
        name="shop",
        files=("shop/cart.py",),
        sources={"tests/test_cart.py": Source(imports={"total": "shop.cart.total"})},
    )

    assert red(link, project=project).verdict().rule.startswith("test-raised")
