"""What a file says before it is run, read from its syntax tree."""

from __future__ import annotations

import textwrap

import pytest

from orchestrator.checkout import source
from orchestrator.checkout.source import Source


@pytest.fixture
def read(tmp_path):
    """`read(text)`: what a file `shop/sub/a.py` of that text says."""

    def written(text, file="shop/sub/a.py"):
        path = tmp_path / "a.py"
        path.write_text(textwrap.dedent(text), "utf-8")
        return source.read(path, file)

    return written


def test_imports(read):
    """Under the names that the file uses, those of its own package by their full name."""
    text = """
        import numpy as np, os.path
        from pandas import DataFrame as DF
        from . import x
        from ..other import y
    """

    assert read(text).imports == {
        "np": "numpy",
        "os": "os.path",
        "DF": "pandas.DataFrame",
        "x": "shop.sub.x",
        "y": "shop.other.y",
    }


def test_a_folder_src_is_no_package(read):
    """`src/shop/a.py` is of the package `shop`."""
    assert read("from . import x", file="src/shop/a.py").imports == {"x": "shop.x"}


@pytest.mark.parametrize(
    ("text", "modules", "names"),
    [
        ("try:\n import yaml\nexcept ImportError:\n yaml = None", {"yaml"}, {"yaml"}),
        (
            "try:\n import yaml\nexcept (KeyError, ImportError):\n pass\nelse:\n def load(): pass",
            {"yaml"},
            {"yaml", "load"},
        ),
        ("try:\n from . import html\nexcept Exception:\n pass", {"shop.sub.html"}, {"html"}),
        ("try:\n from a.b import c\nexcept:\n c = None", {"a.b"}, {"c"}),
        (
            "from contextlib import suppress\nwith suppress(ImportError):\n import yaml",
            {"yaml"},
            {"yaml"},
        ),
        ("HAS = importlib.util.find_spec('yaml') is not None", {"yaml"}, {"HAS"}),
        (
            "try:\n y = importlib.import_module('yaml')\nexcept ImportError:\n y = None",
            {"yaml"},
            {"y"},
        ),
        (
            (
                "try:\n import yaml\nexcept ImportError:\n yaml = None\nHAS = yaml is not None\n"
                "if HAS:\n class Loader: pass"
            ),
            {"yaml"},
            {"yaml", "HAS", "Loader"},
        ),
        (
            (
                "try:\n from yaml import dump, load\n HAS = True\n"
                "except ImportError:\n from shop.plain import load\n HAS = False"
            ),
            {"yaml"},
            {"dump", "HAS"},
        ),
    ],
)
def test_what_a_file_does_without(read, text, modules, names):
    """The modules, and the names that hang on them."""
    (guard,) = read(text).guards

    assert (set(guard.modules), set(guard.names)) == (modules, names)


@pytest.mark.parametrize(
    "text",
    [
        "import yaml",
        "try:\n import yaml\nfinally:\n pass",
        "try:\n import yaml\nexcept KeyError:\n pass",
        "try:\n import simplejson as json\nexcept ImportError:\n import json",
        "try:\n import ujson\n dumps = ujson.dumps\nexcept ImportError:\n import json\n dumps = json.dumps",
        "try:\n x = 1\nexcept ImportError:\n pass",
        "x = find_spec(name)",
        "def (",
    ],
)
def test_what_is_no_guard(read, text):
    """Nothing is done without, or something else takes its place."""
    assert read(text).guards == ()


def test_where_something_is_missing(read):
    """Handlers, and the branches that ask for what is not there."""
    (guard,) = read(
        """
        try:
            import yaml
        except ImportError:
            yaml = None
        if yaml is None:
            fail()
        if not yaml or other:
            fail()
        if yaml:
            works()
        else:
            fail()
        x = works() if yaml else fail()
        """
    ).guards

    assert [line for line in range(1, 15) if guard.holds(line)] == [4, 5, 7, 9, 13, 14]


def test_where_an_exception_is_expected(read):
    """In pytest's way, in unittest's, and by hand."""
    said = read(
        """
        def test_a(self):
            with pytest.raises(ValueError):
                one()
                two()
            with self.assertRaises(ValueError):
                three()
            with open(x):
                four()
            try:
                five()
            except KeyError:
                pass
            try:
                six()
            except Exception:
                self.fail()
            try:
                seven()
            except KeyError as error:
                assert error.args
            try:
                eight()
            except KeyError:
                pass
            else:
                raise AssertionError("none came")
            try:
                nine()
                self.fail()
            except KeyError:
                pass
        """
    )

    expected = [4, 5, 7, 19, 23, 29, 30]
    assert [line for line in range(1, 40) if said.expects_at(line)] == expected


def test_what_cannot_be_read(tmp_path):
    """Says nothing."""
    (tmp_path / "large.py").write_text("import x\n" * 50_000, "utf-8")

    assert source.read(tmp_path / "gone.py", "gone.py") == Source()
    assert source.read(tmp_path / "large.py", "large.py") == Source()


@pytest.mark.parametrize(
    ("text", "binds"),
    [
        ("from .a import b\nif b:\n    C = 1\ndef d():\n    e = 1\nclass F: g = 1", {"b", "C", "d", "F"}),
        ("from .a import *\nx = 1", {"*", "x"}),
        ("def __getattr__(name): ...", {"*", "__getattr__"}),
    ],
)  # fmt: skip
def test_what_a_package_binds(read, text, binds):
    """By itself, at the top level; of other files nothing is said."""
    assert set(read(text, "shop/__init__.py").binds) == binds
    assert read(text).binds == ()
