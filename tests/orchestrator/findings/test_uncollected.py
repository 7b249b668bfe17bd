"""Why tests that ran before are not collected any more."""

from __future__ import annotations

import pytest

from conftest_kit.records import Attempt
from orchestrator.checkout.project import read
from orchestrator.findings.uncollected import why

CART = "tests/test_cart.py"
TOTAL = (f"{CART}::TestCart::test_total[1]", f"{CART}::TestCart::test_total[2]")
WRITTEN = "class TestCart:\n    def test_total(self): pass\n"


@pytest.fixture(name="told")
def told_fixture(tmp_path):
    """`told(files, addopts=…)`: what is said of the tests of a cart, in a checkout of these."""

    def say(files, *, addopts="", attempts=(), nodeids=TOTAL):
        made = {"pytest.ini": f"[pytest]\naddopts = {addopts}\n", **files}
        for name, content in made.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, "utf-8")
        return [one.evidence for one in why(CART, nodeids, read(tmp_path), attempts)]

    return say


@pytest.mark.parametrize(
    ("addopts", "said"),
    [
        ("--ignore=tests/test_cart.py", "`--ignore=tests/test_cart.py` stands in `addopts`"),
        ("-q --ignore ./tests", "`--ignore=./tests` stands in `addopts` of pytest.ini"),
        ("--ignore-glob=*_cart.py", "`--ignore-glob=*_cart.py` stands in"),
        ("--deselect tests/test_cart.py::TestCart", "`--deselect=tests/test_cart.py::TestCart`"),
        ("-m 'not slow'", "`-m not slow` stands in `addopts`"),
        ("--ignore=tests/test_other.py", None),
        ("-k 'an open quote", None),
    ],
)
def test_left_out_by_the_settings(told, addopts, said):
    """The command line is as before, and the settings may not be."""
    found = told({CART: WRITTEN}, addopts=addopts)

    assert [one.startswith(said or "") for one in found] == ([True] if said else [])


def test_what_leaves_nothing_to_select_counts_more(told):
    """An expression that was there all the time is the last thing to look at."""
    found = told({CART: "class TestOther: pass\n"}, addopts="-m 'not slow'")

    assert found == [f"{CART} does not define `TestCart::test_total` any more"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"tests/cart.py": WRITTEN}, "tests/cart.py has these tests, and its name is not one"),
        ({"tests/cart.py": "def total(): pass\n"}, f"{CART} is gone"),
        ({"cart_tests.py": WRITTEN}, "cart_tests.py has these tests"),
    ],
)
def test_a_file_that_is_gone(told, files, said):
    """Another that pytest does not look into may have its tests."""
    (found,) = told(files)

    assert said in found


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (WRITTEN, None),
        (
            WRITTEN + "    def __init__(self): pass\n",
            "The class TestCart of tests/test_cart.py has",
        ),
        ("def test_other(): pass\n", f"{CART} does not define `TestCart::test_total` any more"),
        ("class TestCart(Base):\n    def test_other(self): pass\n", None),
        ("from shared import *\n", None),
        ("from shared import TestCart\n", None),
        ("from shared import TestBook\n", f"{CART} does not define `TestCart::test_total`"),
        ("def broken(:\n", None),
    ],
)
def test_a_file_that_is_there(told, source, said):
    """What it inherits or takes over is not to be seen in it."""
    found = told({CART: source})

    assert [one.startswith(said or "") for one in found] == ([True] if said else [])


def test_a_list_of_parameters_that_became_empty(told):
    """pytest skips one test in place of all."""
    skip = Attempt(
        nodeid=f"{CART}::TestCart::test_total[NOTSET]",
        outcome="skipped",
        reason="got empty parameter set for (number)",
    )
    found = told({CART: WRITTEN}, attempts=(skip, skip._replace(nodeid=f"{CART}::test_b[NOTSET]")))

    assert found == [f"{skip.nodeid} is skipped: got empty parameter set for (number)"]


def test_without_a_checkout_nothing_is_said_of_files():
    """Of another machine's run, for one."""
    assert why(CART, TOTAL, read(None), ()) == ()
