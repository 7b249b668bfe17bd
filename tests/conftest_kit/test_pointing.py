"""Which variable points at a path that is not there, as the record keeps it."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest_kit.failures import Extraction
from conftest_kit.places import Places
from conftest_kit.pointing import Variables

GONE = "/nowhere/at/all"
HERE = str(Path(__file__).parent)


@pytest.mark.parametrize(
    ("environment", "text", "name"),
    [
        (
            {"SHOP_DATA": GONE},
            f"[Errno 2] No such file or directory: '{GONE}/cart.json'",
            "SHOP_DATA",
        ),
        ({"SHOP_DATA": GONE}, f"[Errno 2] No such file or directory: b'{GONE}'", "SHOP_DATA"),
        ({"SHOP_DATA": f"{GONE}/"}, f"invalid path: {GONE}", "SHOP_DATA"),
        ({"SHOP_DATA": "~/nowhere"}, "no folder ~/nowhere/cart", "SHOP_DATA"),
        ({"HOME": "/nowhere", "SHOP_DATA": GONE}, f"no {GONE}/cart", "SHOP_DATA"),
        ({"HOME": "/nowhere", "SHOP_DATA": GONE}, "no /nowhere/cart", "HOME"),
        # Another path, that only looks like it.
        ({"SHOP_DATA": GONE}, f"no {GONE}-else/cart.json", ""),
        ({"SHOP_DATA": GONE}, f"no /srv{GONE}/cart.json", ""),
        # A path that is there.
        ({"SHOP_DATA": HERE}, f"no {HERE}/cart.json", ""),
        # All variables, of which one is meant.
        ({"SHOP_DATA": GONE}, f"where 1 = get of environ({{'SHOP_DATA': '{GONE}'}})", ""),
        # Lists of paths, and what is none.
        ({"PATH": f"{GONE}:/usr/bin"}, f"no {GONE}:/usr/bin", ""),
        ({"SHOP_DATA": "nowhere"}, "no nowhere", ""),
        ({"SHOP_DATA": "/x"}, "no /x", ""),
        ({}, f"no {GONE}", ""),
        # Modules.
        ({"SHOP_SETTINGS": "shop.settings"}, "No module named 'shop'", "SHOP_SETTINGS"),
        ({"SHOP_APP": "shop.web:app"}, "No module named 'shop.web'", "SHOP_APP"),
        ({"SHOP_SETTINGS": "shop.settings"}, "No module named 'shops'", ""),
        ({"SHOP_SETTINGS": "shop"}, "No module named 'shop.settings'", ""),
        ({"SHOP_SETTINGS": "shop"}, "is there No module named 'shop'?", ""),
    ],
)
def test_the_variable_that_points_there(environment, text, name):
    """The one that leads furthest; never for a path that is there."""
    assert Variables(environment).pointing(text) == name


def test_of_every_exception_of_a_chain():
    """Whatever its class: libraries have their own for what is not there."""
    try:
        try:
            Path(GONE).read_text(encoding="utf-8")
        except OSError as error:
            raise ValueError(f"no settings at {GONE}") from error
    except ValueError as error:
        chain = Extraction(Places("/nowhere"), {"SHOP_DATA": GONE}).chain(error)

    assert [link.attributes.get("pointing") for link in chain] == ["SHOP_DATA", "SHOP_DATA"]


def test_what_a_test_sets_is_its_own(record, workers, monkeypatch):
    """Only what the run began with counts."""
    monkeypatch.setenv("SHOP_DATA", GONE)
    run = record(
        workers,
        test_cart="""
        import os, pathlib

        def test_own(monkeypatch):
            monkeypatch.setenv("OWN_DATA", "/nothing/there")
            pathlib.Path(os.environ["OWN_DATA"], "cart.json").read_text()

        def test_of_the_shell():
            pathlib.Path(os.environ["SHOP_DATA"], "cart.json").read_text()
        """,
    )

    assert {
        one.nodeid.rpartition("::")[2]: one.exceptions[0].attributes.get("pointing")
        for one in run.recording.failures
    } == {"test_own": None, "test_of_the_shell": "SHOP_DATA"}
