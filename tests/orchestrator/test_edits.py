"""What makes one content of a file another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.edits import Edit, compared

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


@given(before=st.none() | st.binary(max_size=40), now=st.none() | st.binary(max_size=40))
def test_any_content_can_be_compared(before, now):
    """The same contents are never an edit, and no content is refused."""
    edit = compared("a.py", before, now)

    assert before != now or edit is None
    assert edit is None or not {*edit.parts} & {*edit.gone}
