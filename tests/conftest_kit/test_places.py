from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from conftest_kit.places import Places


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("src/shop/cart.py", ("src/shop/cart.py", "project")),
        ("src/shop/test_cart.py", ("src/shop/test_cart.py", "test")),
        ("conftest.py", ("conftest.py", "test")),
        ("src/shop/tests.py", ("src/shop/tests.py", "test")),
        ("src/shop/cart_test.py", ("src/shop/cart_test.py", "test")),
        ("src/shop/contests.py", ("src/shop/contests.py", "project")),
        ("tests/data.py", ("tests/data.py", "test")),
        ("src/checks_cart.py", ("src/checks_cart.py", "test")),
        (".venv/lib/python3.11/site-packages/numpy/core.py", ("numpy/core.py", "installed")),
        ("<frozen importlib._bootstrap>", ("<frozen importlib._bootstrap>", "stdlib")),
        ("<doctest a.b[0]>", ("<doctest a.b[0]>", "test")),
        (json.__file__, ("json/__init__.py", "stdlib")),
        (pytest.__file__, ("pytest/__init__.py", "installed")),
    ],
)
def test_origins(tmp_path: Path, file: str, expected: tuple[str, str]):
    """A file is the project's, a test's, installed, or Python's; its name is relative to that."""
    places = Places(tmp_path, ["checks_*.py"])
    absolute = file if file.startswith(("<", "/")) else str(tmp_path / file)

    assert places(absolute) == expected
    assert places(absolute) == expected


def test_compiled_code(tmp_path: Path, monkeypatch):
    """Its file is named from where it was built: the project's own is there, another's is not."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "fast.pyx").touch()
    places = Places(tmp_path)

    assert places("shop/fast.pyx") == ("shop/fast.pyx", "project")
    assert places("pandas/_libs/index.pyx") == ("pandas/_libs/index.pyx", "installed")


def test_outside_of_everything(tmp_path: Path):
    """Code beside the root keeps its absolute path."""
    assert Places(tmp_path / "root")(str(tmp_path / "beside.py")) == (
        str(tmp_path / "beside.py"),
        "project",
    )


def test_root_behind_a_link(tmp_path: Path):
    """Python may name files by the real path where pytest was given a link."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")

    assert Places(tmp_path / "link")(str(tmp_path / "real/a.py")) == ("a.py", "project")
    assert Places(tmp_path / "real")(str(tmp_path / "link/a.py")) == ("a.py", "project")


def test_interpreter_below_the_root():
    """The standard library stays itself where the root holds everything."""
    assert Places(Path("/"))(json.__file__)[1] == "stdlib"
    assert Places(Path(sys.prefix))(json.__file__)[1] == "stdlib"
