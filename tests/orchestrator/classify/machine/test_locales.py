"""Texts that differ only in what data on languages says of spaces."""

from __future__ import annotations

import pytest

from conftest_kit.records import Distribution
from orchestrator.checkout.project import Project
from orchestrator.checkout.source import Source

TEST = "tests/test_cart.py:9:test_total"
FRAMES = Distribution(name="frames", version="2.0", modules=("frames",))


def _verdict_and_remedy(red, raised, message, version="2.14.0", uses="babel.dates"):
    project = Project(
        name="shop",
        modules=frozenset({"shop", "tests"}),
        files=("shop/cart.py", "tests/test_cart.py"),
        sources={
            "tests/test_cart.py": Source(imports={"total": "shop.cart.total"}),
            "shop/cart.py": Source(imports={"it": uses}),
        },
    )
    babel = Distribution(name="Babel", version=version, modules=("babel",))
    made = red(
        raised("AssertionError", message, TEST), project=project, distributions=(babel, FRAMES)
    )
    return made.verdict(), made.suggestions()[0].text


@pytest.mark.parametrize(
    ("message", "category"),
    [
        ("assert '1:46\\u202fPM' == '1:46 PM'", "compatibility"),
        ("'1:46\\u202fPM' != '1:46 PM'\n- 1:46", "compatibility"),
        ("assert '1:46\u202fPM' == \"1:46 PM\"", "compatibility"),
        ("assert 'Apr 12, 2010...46:00\\u202fPM' == 'Apr 12, 2010, 1:46:00 PM'", "compatibility"),
        ("assert '1\\xa0234' == '1\\u202f234'", "assertion"),
        ("assert '1:47\\u202fPM' == '1:46 PM'", "assertion"),
        ("assert '1:46 PM' == '1:46  PM'", "assertion"),
        ("assert 'Apr 12, 2010...47:00\\u202fPM' == 'Apr 12, 2010, 1:46:00 PM'", "assertion"),
    ],
)
def test_texts_that_differ_in_spaces(red, raised, message, category):
    """Only in these, as far as they are shown, and one side alone has them."""
    verdict, _ = _verdict_and_remedy(red, raised, message)

    assert verdict.category == category


@pytest.mark.parametrize(("version", "pin"), [("2.14.0", "babel<2.12"), ("2.11.0", "babel>=2.12")])
def test_the_release_whose_data_fits_is_named(red, raised, version, pin):
    """What is expected was written with the data of the other side of the change."""
    _, text = _verdict_and_remedy(red, raised, "assert '1\\u202fPM' == '1 PM'", version)

    assert f"pin `{pin}`" in text


def test_a_library_that_is_not_used_writes_nothing(red, raised):
    """Though it is installed."""
    verdict, _ = _verdict_and_remedy(
        red, raised, "assert '1\\u202fPM' == '1 PM'", uses="frames.dates"
    )

    assert verdict.category == "assertion"
