"""What makes one content of a file another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.checkout.edits import Edit, compared

SHOP = b"""\
import json

LIMIT = 3


class Cart:
    currency = "EUR"

    def add(self, item):
        return item

    def total(self):
        return 0


async def load():
    return json.loads("{}")
"""


@pytest.mark.parametrize(
    ("old", "new", "parts", "gone"),
    [
        (b"return item", b"return [item]", ("Cart.add",), ()),
        (b"    def add(", b"    @property\n    def add(", ("Cart.add",), ()),
        (b"def add(", b"def put(", ("Cart.put",), ("Cart.add",)),
        (b'"EUR"', b'"USD"', ("Cart",), ()),
        (b"class Cart:", b"class Cart(dict):", ("Cart",), ()),
        (b"LIMIT = 3", b"LIMIT = 4", ("",), ()),
        (b"import json\n", b"", ("",), ()),
        (b"async def load", b"def load", ("load",), ()),
        (b'async def load():\n    return json.loads("{}")\n', b"", (), ("load",)),
    ],
)
def test_names_the_parts_of_a_python_file(old, new, parts, gone):
    """Functions, methods, classes, and what stands in none of them."""
    edit = compared("shop.py", SHOP, SHOP.replace(old, new))

    assert edit == Edit(file="shop.py", parts=parts, gone=gone)


@pytest.mark.parametrize(
    "now",
    [SHOP, SHOP.replace(b"\n", b"\r\n"), SHOP + b"# note\n", SHOP.replace(b"\n\n\n", b"\n\n")],
)
def test_comments_and_layout_are_no_edit(now):
    """What runs is the same."""
    assert compared("shop.py", SHOP, now) is None


@pytest.mark.parametrize(
    ("file", "before", "now", "edit"),
    [
        ("a.json", b"{}", b"[]", Edit(file="a.json")),
        ("a.json", None, b"{}", Edit(file="a.json", state="added")),
        ("a.json", b"{}", None, Edit(file="a.json", state="removed")),
        ("a.py", None, b"def f(): pass", Edit(file="a.py", state="added", parts=("f",))),
        ("a.py", b"def f(): pass", None, Edit(file="a.py", state="removed", gone=("f",))),
        ("a.py", b"x = 1", b"x = (", Edit(file="a.py")),
        ("a.py", b"", b"x = 1", Edit(file="a.py")),
        ("a.py", None, None, None),
    ],
)
def test_what_is_no_python_that_parses_is_named_alone(file, before, now, edit):
    """Also what came or went."""
    assert compared(file, before, now) == edit


DOCUMENTED = b'''"""Of a shop."""

class Cart:
    """What is bought."""

    def add(self):
        """Later."""
'''


@pytest.mark.parametrize("words", [b"Of a shop.", b"What is bought.", b"Later."])
def test_what_a_docstring_says_is_no_edit(words):
    """Of modules, classes and functions."""
    assert compared("shop.py", DOCUMENTED, DOCUMENTED.replace(words, b"Else")) is None


@pytest.mark.parametrize(
    ("old", "new", "is_edit"),
    [
        (b'version = "1"', b'version = "2"', False),
        (b"dependencies = []", b"dependencies = ['six']", False),
        (b"addopts = '-q'", b"addopts = '-v'", True),
        (b"addopts = '-q'", b"addopts = ", True),
    ],
)
def test_of_a_manifest_what_is_said_to_tools(old, new, is_edit):
    """A version or a dependency is nothing that tests read."""
    manifest = (
        b'[project]\nversion = "1"\ndependencies = []\n'
        b"[tool.pytest.ini_options]\naddopts = '-q'\n"
    )
    edit = compared("lib/pyproject.toml", manifest, manifest.replace(old, new))

    assert edit == (Edit(file="lib/pyproject.toml") if is_edit else None)


@pytest.mark.parametrize(
    "deep",
    [
        "def f(x):\n" + "".join(f"    {'el' * bool(n)}if x == {n}: pass\n" for n in range(900)),
        "x = " + " + ".join("1" for _ in range(9000)),
    ],
)
def test_generated_code_that_is_too_deep_is_named_alone(deep):
    """No review ends there."""
    edit = compared("table.py", deep.encode(), f"{deep}\ny = 1\n".encode())

    assert edit in (Edit(file="table.py"), Edit(file="table.py", parts=("",)))


@given(before=st.none() | st.binary(max_size=40), now=st.none() | st.binary(max_size=40))
def test_any_content_can_be_compared(before, now):
    """The same contents are never an edit, and no content is refused."""
    edit = compared("a.py", before, now)

    assert before != now or edit is None
    assert edit is None or not {*edit.parts} & {*edit.gone}
