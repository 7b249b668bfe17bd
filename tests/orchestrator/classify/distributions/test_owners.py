"""Whose a failure is among what is installed, and which unmet requirement it touches."""

from __future__ import annotations

import pytest
from made_for_rules.surroundings import LIBRARY, SHOP

from conftest_kit.records import Distribution
from orchestrator.checkout.project import Project
from orchestrator.checkout.source import Source

MADE = Source(holds={"Cart": ("total",)})
TAKEN = Source(imports={"Cart": "shop.carts.Cart"})


@pytest.mark.parametrize(
    ("source", "files", "rule"),
    [
        (Source(), (), "unmet-requirement@2"),
        (MADE, (), "signature-changed-inside@2"),
        (TAKEN, ("shop/carts.py",), "signature-changed-inside@2"),
        (TAKEN, (), "unmet-requirement@2"),
    ],
)
def test_a_library_calls_what_a_class_of_the_project_does_not_take(
    red, raised, source, files, rule
):
    """What the library requires of others has nothing to do with it."""
    called = raised(
        "TypeError", "Cart.total() got an unexpected keyword argument 'tax'", SHOP, LIBRARY
    )
    project = Project(
        name="shop", modules=frozenset({"shop"}), files=files, sources={"shop/cart.py": source}
    )

    assert red(called, project=project).verdict().rule == rule


@pytest.mark.parametrize(
    ("requires", "absent"),
    [
        (('cv2y; python_version < "3.9" and extra == "all"', 'cv2x; extra == "all"'), "cv2x"),
        (('cv2x; extra == "all"', 'cv2y; python_version < "3.9" and extra == "all"'), "cv2x"),
        (('cv2y; python_version > "3.9" and extra == "all"', 'cv2x; extra == "all"'), "cv2y"),
    ],
)
def test_what_an_extra_brings_on_this_python(red, raised, requires, absent):
    """What it asks for elsewhere is not missed here."""
    webframe = Distribution(name="webframe", version="1", extras=("all",), requires=requires)
    link = raised("shop.Unavailable", 'Run `pip install "webframe[all]"`.', "shop/cart.py:7:total")
    verdict = red(link, distributions=(webframe,)).verdict()

    assert (verdict.rule, verdict.culprit.name) == ("named-extra@1", absent)


@pytest.mark.parametrize(
    ("message", "rule"),
    [
        (
            "no cv2x, please run `pip install -e .[all]`\nassert False is True",
            "extra-asked-by-assert@1",
        ),
        ("Run pip install webframe[all]\nassert None", "extra-asked-by-assert@1"),
        ("Run pip install webframe[all]\nassert found is not None", "extra-asked-by-assert@1"),
        ("assert 'pip install webframe[all]' == 'pip install webframe'", "assertion@1"),
        ("Run pip install webframe[none]\nassert False is True", "assertion@1"),
        ("said 'pip install webframe[all]'\nassert 'a' == 'b'", "assertion@1"),
    ],
)
def test_an_extra_that_an_assertion_asks_for(red, raised, message, rule):
    """In words of its own, and where no values are compared that may hold such words."""
    requires = ('cv2x; extra == "all"',)
    webframe = Distribution(name="webframe", version="1", extras=("all",), requires=requires)
    made = red(
        raised("AssertionError", message, "tests/test_cart.py:9:test_total"),
        distributions=(webframe,),
        project=Project(name="webframe"),
    )

    assert made.verdict().rule == rule
