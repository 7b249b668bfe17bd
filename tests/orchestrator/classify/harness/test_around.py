"""What stands around tests: set-ups that leave something out, replace what is not there, clash, or
point elsewhere.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from conftest_kit.records import Attempt, Fixture
from orchestrator.checkout.project import FixtureDefinition, Project
from orchestrator.checkout.source import Source

TEST = "tests/test_cart.py:9:test_total"
CONFTEST = "tests/conftest.py:5:basket"
SHOP = "shop/cart.py:7:total"
CASE = "std/unittest/case.py:579:_callTestMethod"
BASKET = [("basket", "tests/conftest.py", 4)]
OF_CASE = "tests/test_cart.py::TestCart::test_total"
FILES = {
    "shop/__init__.py": "",
    "shop/cart.py": "def total(rows):\n    return sum(rows)\n",
    "prices/apple.json": "1",
    "tests/data/cart/rows.json": "1",
    "tests/conftest.py": """
        import os
        from pathlib import Path

        import pytest

        @pytest.fixture
        def quiet(capfd):
            yield

        @pytest.fixture
        def rows():
            return list(ROWS)

        @pytest.fixture
        def patched(monkeypatch):
            monkeypatch.setattr("shop.cart.tax.rate", 3)

        @pytest.fixture
        def folder():
            return Path(__file__).parent / "samples"

        @pytest.fixture
        def row(folder):
            return _read(folder / "cart" / "rows.json")

        def _read(path):
            return path.read_text()

        @pytest.fixture
        def noted(tmp_path):
            os.environ["SHOP_NOTES"] = str(tmp_path / "notes.json")

        @pytest.fixture
        def priced():
            return 3

        @pytest.fixture
        def counted():
            def count():
                return priced()

            return count
    """,
    "tests/test_a_cart.py": """
        import os
        import unittest

        import pytest

        class TestCart(unittest.TestCase):
            def setUp(self):
                basket = [1]

            def tearDown(self):
                pass

            def test_total(self):
                assert len(self.basket) == 1

        class TestShop(unittest.TestCase):
            def setUpClass(cls):
                cls.shop = "shop"

            def test_shop(self):
                assert self.shop

        class TestNames(unittest.TestCase):
            def setUp(self):
                self.rows = ROWS

            def test_rows(self):
                assert self.rows

        def test_captures(quiet, capsys):
            pass

        def test_rows(rows):
            pass

        def test_patched(patched):
            pass

        def test_folder(row):
            pass

        def test_noted(noted):
            pass

        def test_without_notes():
            assert os.environ.get("SHOP_NOTES") is None

        def test_without_any():
            with pytest.raises(KeyError):
                os.environ["SHOP_NOTES"]

        def test_counted(counted):
            assert counted() == 3
    """,
    "tests/test_b_prices.py": """
        import os

        import pytest

        def test_moves(tmp_path):
            os.chdir(tmp_path)

        @pytest.mark.parametrize("name", ["apple", "pear", "plum"])
        def test_price(name):
            with open(f"prices/{name}.json") as file:
                assert file.read()
    """,
}


@pytest.fixture(scope="module")
def around(run_once):
    """A run of tests around which something is wrong, as of a kit that saw nothing of what tests
    left: `test_left.py` has what it saw.
    """
    red = run_once(FILES)
    failures = tuple(failure._replace(left=()) for failure in red.recording.failures)
    return replace(red, recording=red.recording._replace(failures=failures))


@pytest.mark.parametrize(
    ("test", "rule", "culprit", "said"),
    [
        ("TestCart::test_total", "case-attribute-not-set", None, "keep `basket`"),
        ("TestShop::test_shop", "class-set-up-of-no-class", None, "Put `@classmethod` over `setUpClass`"),
        ("TestNames::test_rows", "set-up-asks-undefined-name", None, "`setUp` asks for it"),
        ("::test_captures", "captures-clash", "capfd", "Take `capfd` out of the fixture `quiet` (tests/conftest.py:"),
        ("::test_rows", "fixture-asks-undefined-name", "rows", "define `ROWS` in tests/conftest.py"),
        ("::test_patched", "set-up-patches-elsewhere", "patched", "no `shop.cart.tax`"),
        ("::test_folder", "fixture-points-elsewhere", "folder", "point to tests/data"),
        ("::test_without_notes", "left-by-another-test", "noted", "What `test_noted` had is still there"),
        ("::test_without_any", "left-by-another-test-beside", "noted", "What `test_noted` had is still there"),
        ("::test_counted", "fixture-called-directly", "priced", "Let the fixture `counted` (tests/conftest.py:"),
        ("::test_price[plum]", "current-folder-elsewhere", None, "ran tests/test_b_prices.py::test_moves"),
    ],
)  # fmt: skip
def test_what_is_wrong_around_a_test(around, test, rule, culprit, said):
    """A fixture's fault is told with its name and place."""
    verdict = around.verdict(test)

    assert (verdict.category, verdict.rule.partition("@")[0]) == ("fixture", rule)
    assert (verdict.culprit.name if verdict.culprit else None) == culprit
    assert said in " ".join(one.text for one in around.suggestions(test))


@pytest.mark.parametrize(
    ("nodeid", "kind", "source", "places", "category"),
    [
        (OF_CASE, "tests.test_cart.TestCart", "total(self.rows)", (CASE, TEST), "fixture"),
        (OF_CASE, "tests.test_cart.TestCart", "total(cls.rows)", (CASE, TEST), "fixture"),
        (OF_CASE, "tests.test_cart.TestCart", "total(self.rows)", (TEST,), "compatibility"),
        (OF_CASE, "tests.test_cart.TestCart", "self.rows()", (CASE, TEST), "product_error"),
        (OF_CASE, "shop.cart.Cart", "total(self.rows)", (CASE, TEST), "product_error"),
        (OF_CASE, "tests.test_cart.TestCart", "total(self.rows)", (CASE, TEST, SHOP), "product_error"),
        ("tests/test_cart.py::test_total", "tests.support.Cart", "self.rows", (TEST,), "product_error"),
    ],
)  # fmt: skip
def test_an_attribute_that_nothing_set(red, raised, *, nodeid, kind, source, places, category):
    """What a test reads of its own class; a method that is called comes from the class, and what
    the product's objects lack is the product's. Without unittest a newer pytest may call no set-up.
    """
    attributes = {"obj": kind, "name": "rows"}
    message = f"'{kind.rpartition('.')[2]}' object has no attribute 'rows'"
    link = raised("AttributeError", message, *places, source=source, attributes=attributes)

    assert red(link, nodeid=nodeid).verdict().category == category


@pytest.mark.parametrize(
    ("kind", "places", "category"),
    [
        ("NameError", (CONFTEST,), "fixture"),
        ("UnboundLocalError", (CONFTEST,), "fixture"),
        ("NameError", (CONFTEST, SHOP), "product_error"),
    ],
)
def test_a_name_that_a_fixture_lacks(red, raised, kind, places, category):
    """What the product lacks is the product's, whoever called it."""
    made = red(raised(kind, "name 'ROWS' is not defined", *places), phase="setup", fixtures=BASKET)

    assert made.verdict().category == category


@pytest.mark.parametrize(
    ("method", "phase", "category"),
    [
        ("setUp", "call", "fixture"),
        ("setup_method", "setup", "fixture"),
        ("setUpClass", "setup", "fixture"),
        ("tearDownClass", "teardown", "fixture"),
        ("test_total", "call", "product_error"),
    ],
)
def test_a_name_that_a_set_up_lacks(red, raised, method, phase, category):
    """Of unittest or of pytest; a test's own line is told of as before."""
    link = raised("NameError", "name 'ROWS' is not defined", f"tests/test_cart.py:5:{method}")

    assert red(link, phase=phase).verdict().category == category


@pytest.mark.parametrize(
    ("message", "through", "phase", "category"),
    [
        ("'shop.cart' is not a package", "lib/_pytest/monkeypatch.py:82:resolve", "setup", "fixture"),
        ("'shop.cart' is not a package", "std/unittest/mock.py:9:_importer", "setup", "fixture"),
        ("'shop.cart' is not a package", "std/importlib/__init__.py:9:import_module", "setup", "product_error"),
        ("'shop.cart' is not a package", "lib/_pytest/monkeypatch.py:82:resolve", "call", "product_error"),
        ("", "lib/_pytest/monkeypatch.py:82:resolve", "setup", "product_error"),
    ],
)  # fmt: skip
def test_what_is_replaced_where_it_is_not(red, raised, *, message, through, phase, category):
    """A module that the product may have lost is the product's."""
    missing = "No module named 'shop.cart.tax'"
    said = f"{missing}; {message}" if message else missing
    project = Project(
        name="shop", modules=frozenset({"shop"}), files=("shop/__init__.py", "shop/cart.py")
    )
    chain = (
        raised("ImportError", f"import error in shop.cart.tax: {said}", CONFTEST, through),
        raised("ModuleNotFoundError", said, attributes={"name": "shop.cart.tax"}),
    )

    verdict = red(*chain, phase=phase, fixtures=BASKET, project=project).verdict()

    assert verdict.category == category


@pytest.mark.parametrize(
    ("filename", "fixtures", "culprit"),
    [
        ("/shop/tests/samples/cart/rows.json", ["basket"], "basket"),
        ("/shop/tests/samples/cart", ["basket"], "basket"),
        ("/shop/tests/samples/cart/rows.json", ["basket", "data_path"], "data_path"),
        ("/shop/tests/samples/cart/rows.json", ["basket", "till"], None),
        ("/shop/tests/samples/cart/rows.json", ["data_dir", "data_path"], None),
        ("/shop/tests/samples/shop/rows.json", ["basket"], None),
        ("/shop/tests/data/cart/lines.json", ["basket"], None),
        ("/shop/prices/cart/rows.json", ["basket"], None),
        ("/home/tests/samples/cart/rows.json", ["basket"], None),
    ],
)
def test_a_fixture_that_points_elsewhere(red, raised, filename, fixtures, culprit):
    """The folder is not there, and one beside it holds the rest of the path; a file that is gone is
    none of it.
    """
    attributes = {"errno": 2, "filename": filename}
    link = raised("FileNotFoundError", "no", "lib/frames/table.py:3:read", attributes=attributes)
    project = Project(
        name="shop",
        files=("tests/data/cart/rows.json", "tests/conftest.py"),
        data={".json": ("tests/data/cart",)},
    )
    given = [(name, "tests/conftest.py", 4) for name in fixtures]

    verdict = red(link, phase="setup", fixtures=given, project=project).verdict()

    points = verdict.rule == "fixture-points-elsewhere@2"
    assert (verdict.culprit.name if points else None) == culprit


@pytest.mark.parametrize(
    ("names", "directory", "folder", "passed", "is_left"),
    [
        (["a", "b", "c"], "/shop", "prices", 5, True),
        (["a", "b"], "/shop", "prices", 5, False),
        (["a", "a", "a"], "/shop", "prices", 5, False),
        (["a", "b", "c"], "/shop/tests", "prices", 5, False),
        (["a", "b", "c"], "/shop", "rates", 5, False),
        (["a", "b", "c"], "/shop", "/shop/prices", 5, False),
        (["a", "b", "c"], "/shop", "prices", 0, False),
    ],
)
def test_a_folder_that_was_never_left(red, raised, *, names, directory, folder, passed, is_left):
    """Several files of one folder that is there are not found all at once; one may be gone."""
    failures = []
    for place, name in enumerate(names):
        attributes = {"errno": 2, "filename": f"{folder}/{name}.json"}
        link = raised("FileNotFoundError", "no", TEST, attributes=attributes)
        made = red(link, nodeid=f"tests/test_cart.py::test_{place}")
        failures += made.recording.failures
    run = made.recording.run._replace(directory=directory, counts={"passed": passed})
    recording = made.recording._replace(run=run, failures=tuple(failures))
    project = Project(name="shop", data={".json": ("prices",)})

    verdict = replace(made, recording=recording, project=project).verdict()

    assert (verdict.rule == "current-folder-elsewhere@2") is is_left


@pytest.mark.parametrize(
    ("fixture", "source", "culprit"),
    [
        ("reset_cart_state", "await Cart.ended.wait()", "reset_cart_state"),
        ("_clear_cart", "await CART.wait()", "_clear_cart"),
        ("reset_till", "await Cart.ended.wait()", None),
        ("cart", "await Cart.ended.wait()", None),
    ],
)
def test_what_belongs_to_the_loop_of_another_test(red, raised, fixture, source, culprit):
    """The fixture that is there to reset it; without one it may be the product's to mend."""
    message = "<asyncio.locks.Event object at 0x7f0 [unset]> is bound to a different event loop"
    link = raised("RuntimeError", message, TEST, SHOP, source=source)

    verdict = red(link, fixtures=[(fixture, "tests/conftest.py", 4)]).verdict()

    leaks = verdict.rule == "event-of-another-loop@1"
    assert (verdict.culprit.name if leaks else None) == culprit


@pytest.mark.parametrize(
    ("nodeid", "scope", "path", "is_left"),
    [
        ("test_total", "function", "test_price0/notes", True),
        ("test_total", "function", "test_price_a_b_0/notes", True),
        ("test_total", "session", "test_price0/notes", False),
        ("test_total", "function", "test_total0/notes", False),
        ("test_total[a::b]", "function", "test_total_a__b_0/notes", False),
        ("test_total_of_all_the_rows_of_the_cart", "function", "test_total_of_all_the_rows_of_t0/n", False),
        ("test_total", "function", "prices0/notes", False),
    ],
)  # fmt: skip
def test_what_another_test_left(red, raised, *, nodeid, scope, path, is_left):
    """Its temporary folder bears its name; a wider fixture may have made one for several tests."""
    message = f"assert '/tmp/pytest-of-me/pytest-0/{path}' is None"
    made = red(raised("AssertionError", message, TEST), nodeid=f"tests/test_cart.py::{nodeid}")
    given = Fixture(name="basket", scope=scope, file="tests/conftest.py", line=4)
    failures = (made.failure()._replace(fixtures=(given,)),)
    made = replace(made, recording=made.recording._replace(failures=failures))

    assert (made.verdict().rule == "left-by-another-test@1") is is_left


@pytest.mark.parametrize(
    ("file", "message", "rule"),
    [
        ("tests/test_cart.py", "DID NOT RAISE <class 'KeyError'>", "left-by-another-test-beside@1"),
        ("tests/test_other.py", "DID NOT RAISE <class 'KeyError'>", "did-not-raise@1"),
        ("tests/test_cart.py", "assert 4 == 3", "assertion@1"),
    ],
)
def test_what_works_beside_something_left(red, raised, file, message, rule):
    """Only what should have failed, and only in the file where something left was found."""
    left = "assert '/tmp/pytest-of-me/pytest-0/test_price0/notes' is None"
    found = red(raised("AssertionError", left, TEST)).failure()
    kind = "Failed" if message.startswith("DID") else "AssertionError"
    made = red(raised(kind, message, f"{file}:9:test_rows"), nodeid=f"{file}::test_rows")
    failures = (found, made.failure())
    together = replace(made, recording=made.recording._replace(failures=failures))

    assert together.verdict("test_rows").rule == rule


@pytest.mark.parametrize(
    ("message", "fixtures", "culprit"),
    [
        ("too many yields in fixture", BASKET, "basket"),
        ("Async generator fixture didn't stop. Yield only once.", BASKET, "basket"),
        ("Async generator fixture did not stop", [*BASKET, ("till", "t.py", 4)], None),
    ],
)
def test_an_asynchronous_fixture_that_yields_twice(red, raised, message, fixtures, culprit):
    """Plugins say so without its name: it is told where the test was given one fixture only."""
    verdict = red(raised("RuntimeError", message), fixtures=fixtures).verdict()

    assert verdict.rule == "async-fixture-yields-twice@1"
    assert (verdict.culprit.name if verdict.culprit else None) == culprit


def test_captures_that_the_test_itself_asks_for(red, raised):
    """Then none of its fixtures is to blame."""
    message = "cannot use capsys and capfd at the same time"
    link = raised("_pytest.fixtures.FixtureLookupError", message)

    made = red(link, phase="setup", fixtures=BASKET)

    assert made.verdict().rule == "captures-clash@1"
    assert made.verdict().culprit is None
    assert made.suggestions()[0].text.startswith("Let `tests/test_cart.py::test_total` and")


def test_what_ran_before_where_nothing_was_recorded(red, raised):
    """The first test that ran has none before it."""
    link = raised("ValueError", "no", TEST)
    made = red(link)
    attempt = Attempt(nodeid=made.failure().nodeid, outcome="failed")
    first = replace(made, recording=made.recording._replace(attempts=(attempt,)))

    for one in (made, first):
        assert one.context.facts(one.failure(), link)["ran_before"] == ""


@pytest.mark.parametrize(
    ("frames", "source", "calling"),
    [
        (("tests/conftest.py:5:basket",), "till()", "basket"),
        (("tests/test_cart.py:9:test_total", "tests/conftest.py:7:count"), "basket(3)", "basket"),
        (("tests/test_cart.py:9:test_total", "tests/support.py:7:count"), "basket(3)", ""),
        (("tests/test_cart.py:9:test_total", "tests/conftest.py:7:count"), "shop.basket(3)", ""),
        (("tests/test_cart.py:9:test_total",), "till()", ""),
    ],
)
def test_a_fixture_that_calls_another(red, raised, frames, source, calling):
    """In its function, or in what it gave the test."""
    definition = FixtureDefinition(
        name="basket", function="basket", file="tests/conftest.py", line=5
    )
    project = Project(name="shop", fixtures=(definition,), sources={"a.py": Source()})
    link = raised("Failed", 'Fixture "till" called directly', *frames, source=source)
    made = red(link, fixtures=BASKET, project=project)

    assert made.context.facts(made.failure(), link)["calling_fixture"] == calling


@pytest.mark.parametrize(
    ("message", "places", "asks", "file", "near"),
    [
        ("'shop_cart'", (TEST, "lib/frames/table.py:3:read"), ("shop",), "tests/conftest.py", "basket"),
        ("cart is not set up", (TEST,), ("shop",), "tests/conftest.py", "basket"),
        ("'carts'", (TEST,), ("shop",), "tests/conftest.py", ""),
        ("'shop_cart'", (TEST, SHOP), ("shop",), "tests/conftest.py", ""),
        ("'shop_cart'", (TEST,), (), "tests/conftest.py", ""),
        ("'shop_cart'", (TEST,), ("till",), "tests/conftest.py", ""),
        ("'shop_cart'", (TEST,), ("shop",), "tests/other/conftest.py", ""),
    ],
)  # fmt: skip
def test_a_fixture_that_nothing_asks_for_any_more(
    red, raised, *, message, places, asks, file, near
):
    """It prepares the same as one that the test has, and what was raised bears its name."""
    definitions = (
        FixtureDefinition(
            name="basket", function="basket", file="tests/conftest.py", line=5, asks=("shop",)
        ),
        FixtureDefinition(name="cart", function="cart", file=file, line=9, asks=asks),
    )
    given = [*BASKET, ("shop", "tests/conftest.py", 2)]
    project = Project(name="shop", modules=frozenset({"shop"}), fixtures=definitions)

    verdict = red(raised("KeyError", message, *places), fixtures=given, project=project).verdict()

    found = verdict.rule == "fixture-asked-for-no-more@1"
    assert (verdict.culprit.name if found else "") == near


def test_a_fixture_that_another_asks_for(red, raised):
    """Then tests can have it by that one."""
    asks = {"basket": ("shop",), "cart": ("shop",), "till": ("cart",)}
    definitions = tuple(
        FixtureDefinition(name=name, function=name, file="tests/conftest.py", line=5, asks=asked)
        for name, asked in asks.items()
    )
    given = [*BASKET, ("shop", "tests/conftest.py", 2)]
    made = red(
        raised("KeyError", "'cart'", TEST),
        fixtures=given,
        project=Project(name="shop", fixtures=definitions),
    )

    assert made.verdict().rule != "fixture-asked-for-no-more@1"


@pytest.mark.parametrize(
    ("place", "phase", "rule"),
    [
        ("std/unittest/mock.py:1416:get_original", "setup", "set-up-patches-elsewhere@2"),
        ("lib/_pytest/monkeypatch.py:82:resolve", "setup", "set-up-patches-elsewhere@2"),
        ("std/unittest/mock.py:1416:get_original", "call", "project-attribute-missing@2"),
        (None, "setup", "project-attribute-missing@2"),
    ],
)
def test_a_name_that_a_set_up_replaces_and_nobody_has(red, raised, place, phase, rule):
    """What prepares tests is behind the product; what only asks for a name may be right."""
    project = Project(name="shop", modules=frozenset({"shop"}), files=("shop/cart.py",))
    places = ["tests/conftest.py:5:basket", *([place] if place else [])]
    link = raised("AttributeError", "module 'shop.cart' has no attribute 'tax'", *places)
    made = red(
        link,
        phase=phase,
        project=project,
        fixtures=[("basket", "tests/conftest.py", 4)],
    )

    assert made.verdict().rule == rule
    told = "`shop.cart`", "shop.cart.tax"
    assert any(one in made.suggestions()[0].text for one in told)


def test_a_set_up_without_a_name_that_replaces_what_nobody_has(red, raised):
    """It is told what is not there, though nothing says who asked for it."""
    places = "tests/test_cart.py:5:prepare", "std/unittest/mock.py:1416:get_original"
    link = raised("AttributeError", "module 'shop.cart' has no attribute 'tax'", *places)
    project = Project(name="shop", modules=frozenset({"shop"}), files=("shop/cart.py",))
    made = red(link, phase="setup", project=project)

    assert made.verdict().rule == "set-up-patches-elsewhere@2"
    assert "tests/test_cart.py:5: the project has no `shop.cart.tax`." in made.suggestions()[0].text
