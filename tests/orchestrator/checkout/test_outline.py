"""What there is to ask of a file: its names, those of its classes, what its functions take."""

from __future__ import annotations

import textwrap

import pytest

from orchestrator.checkout import source


@pytest.fixture
def holds(tmp_path):
    """`holds(text)`: the outline of a file of that text."""

    def read(text):
        path = tmp_path / "a.py"
        path.write_text(textwrap.dedent(text), "utf-8")
        return source.read(path, "shop/a.py").holds

    return read


def test_names_at_the_top(holds):
    """Made there or imported; `*` where a module takes over what another has."""
    assert set(holds("import os\nX = 1\nif X:\n    def y(): z = 1\n")[""]) == {"os", "X", "y"}
    assert "*" in holds("from b import *\n")[""]
    assert holds("") == {}


def test_what_functions_take(holds):
    """By name; `*` where they take any."""
    said = holds("def a(x, /, y=1, *, z): ...\nasync def b(*all, **more): ...\n")

    assert said["a()"] == ("x", "y", "z")
    assert said["b()"] == ("*",)


def test_classes(holds):
    """Their parts, what their methods give `self`, and what it takes to make one."""
    said = holds("""
        class Cart:
            size: int = 0
            def __init__(self, items): self.items = items
            def total(self, tax): self.cached = 1
            @staticmethod
            def of(text): ...
        class Sub(Cart): ...
    """)

    assert set(said["Cart"]) == {"size", "__init__", "total", "of", "items", "cached"}
    assert (said["Cart()"], said["Cart.total()"], said["Cart.of()"]) == (
        ("items",),
        ("tax",),
        ("text",),
    )
    assert said["Sub"] == ("*",)
    assert "Sub()" not in said


def test_classes_that_are_made_of_their_fields(holds):
    """What a dataclass annotates it takes; one that inherits may take more."""
    said = holds("""
        @dataclass(frozen=True)
        class Order:
            id: int
            total: float = 0
            LIMIT = 3
        class Plain:
            id: int
    """)

    assert said["Order()"] == ("id", "total")
    assert "Plain()" not in said


def test_what_functions_mention(tmp_path):
    """Of what the file imports or makes, with the parts that are asked of it."""
    path = tmp_path / "a.py"
    text = """
        import numpy as np
        from shop import cart
        def total(x):
            from shop import till
            return np.linalg.norm(x.y) + till.open().close() + _more()
        def _more(): return 1
        class Sub(cart.Cart):
            def add(self): return self.np
            def all(self): return [cart for cart in total(1)]
    """
    path.write_text(textwrap.dedent(text), "utf-8")

    assert source.read(path, "shop/a.py").mentions == {
        "total": ("np.linalg.norm", "till.open", "_more"),
        "Sub": ("cart.Cart",),
        "Sub.all": ("cart", "total"),
    }
