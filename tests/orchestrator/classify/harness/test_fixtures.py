"""Fixtures that lie near: one of another name above a test, one that several tests share."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.checkout.project import FixtureDefinition, Project
from orchestrator.checkout.source import Source

TEST = "tests/test_cart.py:9:test_total"
CONFTEST = "tests/conftest.py"
BASKET = "tests/conftest.py:9:basket"
TWICE = "Table 'hero' is already defined for this MetaData instance."


def defined(name, file):
    """A fixture of the checkout."""
    return FixtureDefinition(name=name, function=name, file=file, line=4)


@pytest.mark.parametrize(
    ("other", "elsewhere", "near"),
    [
        (defined("shop_basket", CONFTEST), "tests/test_other.py", True),
        (defined("basket_", "conftest.py"), "tests/test_other.py", True),
        (defined("prices", CONFTEST), "tests/test_other.py", False),
        (defined("shop_basket", "tests/unit/conftest.py"), "tests/test_other.py", False),
        (defined("shop_basket", CONFTEST), "tests/unit/conftest.py", False),
    ],
)
def test_a_fixture_of_a_near_name_above_the_test(red, raised, other, elsewhere, near):
    """A renamed one is more likely than one that was to come out of another test's file."""
    project = Project(name="shop", fixtures=(other, defined("basket", elsewhere)))
    link = raised(
        "_pytest.fixtures.FixtureLookupError",
        "fixture 'basket' not found",
        attributes={"argname": "basket"},
    )

    first = red(link, phase="setup", project=project).suggestions()[0]

    assert (f"`{other.name}` is within reach" in first.text) is near


@pytest.mark.parametrize(
    ("asked", "culprit"),
    [
        ((["clean"], ["clean"]), "clean"),
        ((["clean", "app"], ["clean"]), "clean"),
        ((["clean", "app"], ["clean", "app"]), None),
        ((["clean"], []), None),
        ((["clean"],), None),
    ],
)
def test_the_one_fixture_that_leaking_tests_share(red, raised, asked, culprit):
    """It stands around each of them, so that it is what should clean up."""
    made = [
        red(
            raised("sqlalchemy.exc.InvalidRequestError", TWICE, TEST),
            nodeid=f"tests/test_cart.py::test_{place}",
            fixtures=[(name, CONFTEST, 4) for name in names],
        )
        for place, names in enumerate(asked)
    ]
    failures = tuple(
        entry._replace(fixtures=tuple(one._replace(origin="test") for one in entry.fixtures))
        for each in made
        for entry in each.recording.failures
    )
    together = replace(made[0], recording=made[0].recording._replace(failures=failures))

    found = together.verdict("::test_0")

    assert found.rule == "leaked-state@1"
    assert (found.culprit.name if found.culprit else None) == culprit


@pytest.mark.parametrize(
    ("raising", "rule"),
    [
        (("teardown", "open('out/a.csv')", BASKET), "teardown-finds-it-gone@1"),
        (("teardown", "x", "tests/test_cart.py:5:teardown_method"), "teardown-finds-it-gone@1"),
        (("teardown", "total()", BASKET, "shop/cart.py:7:total"), "project-file-missing@1"),
        (("setup", "open('out/a.csv')", BASKET), "project-file-missing@1"),
        (("setup", "rmtree('out')", BASKET, "std/shutil.py:5:rmtree"), "setup-removes-what-is-gone@1"),
        (("call", "os.remove('out/a.csv')", TEST), "project-file-missing@1"),
    ],
)  # fmt: skip
def test_what_a_fixture_does_not_find(red, raised, raising, rule):
    """What is to be removed need not be there; what the product or a set-up reads must."""
    phase, source, *places = raising
    gone = raised(
        "FileNotFoundError",
        "[Errno 2] No such file or directory: 'out/a.csv'",
        *places,
        source=source,
        attributes={"errno": 2, "filename": "out/a.csv"},
    )

    found = red(gone, phase=phase, fixtures=[("basket", CONFTEST, 4)]).verdict()

    assert found.rule == rule


def test_a_circle_through_a_plugin_is_closed_by_what_overrides(red, raised):
    """Both stand in what is to do; the plugin's fixture was there before."""
    circle = raised(
        "_pytest.fixtures.FixtureLookupError",
        "recursive dependency involving fixture 'web' detected",
        attributes={"argname": "web", "requested_by": "basket"},
    )
    made = red(circle, phase="setup", fixtures=[("web", "web.py", 4), ("basket", CONFTEST, 4)])
    (failure,) = made.recording.failures
    plugin, own = failure.fixtures
    fixtures = (plugin._replace(origin="installed"), own._replace(origin="test"))
    of = made.recording._replace(failures=(failure._replace(fixtures=fixtures),))

    found = replace(made, recording=of)

    assert found.verdict().culprit.name == "basket"
    assert "`web`, `basket`" in found.suggestions()[0].text


@pytest.mark.parametrize(
    ("imported", "remedy"),
    [
        ("tests.base", "Correct `setUp` in tests/base.py, which"),
        ("tests.other", "Correct `setUp` of the class of tests/test_cart.py::test_total, or"),
        ("shop.cart", "Correct `setUp` of the class of tests/test_cart.py::test_total, or"),
    ],
)
def test_what_tests_share_whose_set_up_is_not_whole(red, raised, imported, remedy):
    """The one module of tests that all their files import, where several do."""
    files = ("tests/base.py", "tests/other.py", "shop/cart.py")
    sources = {
        "tests/test_cart.py": Source(imports={"base": "tests.base", "cart": "shop.cart"}),
        "tests/test_more.py": Source(imports={"base": imported, "cart": "shop.cart"}),
    }
    made = red(
        raised("ValueError", "Case.setUp was not called."),
        project=Project(name="shop", files=files, sources=sources),
    )
    failure = made.failure()
    several = (failure, failure._replace(nodeid="tests/test_more.py::test_total"))
    made = replace(made, recording=made.recording._replace(failures=several))

    assert made.suggestions("test_cart.py::test_total")[0].text.startswith(remedy)


@pytest.mark.parametrize(
    ("others", "is_named"),
    [
        ((defined("tests_dir", CONFTEST),), True),
        ((defined("basket", CONFTEST),), False),
        ((defined("tests_dir", CONFTEST), defined("tests_root", CONFTEST)), False),
        ((defined("tests_dir", CONFTEST), replace(defined("a", CONFTEST), asks=("tests_dir",))), False),
    ],
)  # fmt: skip
def test_a_fixture_that_nothing_asks_for_may_be_the_renamed_one(red, raised, others, is_named):
    """As far as it has a word in common with that which is not found, and is the only one."""
    link = raised(
        "_pytest.fixtures.FixtureLookupError",
        "fixture 'tests_path' not found",
        attributes={"argname": "tests_path", "available": [one.name for one in others]},
    )
    made = red(link, phase="setup", project=Project(name="shop", fixtures=others))

    assert ("`tests_dir`" in made.suggestions()[0].text) is is_named


GONE = "[Errno 2] No such file or directory"


@pytest.mark.parametrize(
    ("places", "source", "filename", "category"),
    [
        (("tests/conftest.py:7:prepare",), "origin = os.getcwd()", None, "fixture"),
        (("tests/test_cart.py:7:test_total", "std/posixpath.py:9:abspath"), "", None, "fixture"),
        (("tests/test_cart.py:7:test_total",), "here = Path.cwd()", None, "fixture"),
        (("tests/test_cart.py:7:test_total",), "open(getcwd_of(x))", None, "environment"),
        (("tests/test_cart.py:7:test_total",), "open(os.getcwd())", "prices.csv", "environment"),
    ],
)
def test_a_folder_that_is_gone_under_the_process(
    red, raised, *, places, source, filename, category
):
    """Asked where it is, the system knows no such folder: what ran before did not go back."""
    attributes = {"errno": 2, **({"filename": filename} if filename else {})}
    link = raised("FileNotFoundError", GONE, *places, source=source, attributes=attributes)

    assert red(link).verdict().category == category


@pytest.mark.parametrize(
    ("said", "category"),
    [
        ("fatal: Unable to read current working directory: No such file or directory", "fixture"),
        ("shell-init: error retrieving current directory: getcwd: cannot access", "fixture"),
        ("fatal: not a git repository (or any of the parent directories)", "product_error"),
    ],
)
def test_a_program_that_says_that_its_folder_is_gone(red, raised, said, category):
    """What a helper of the tests raises of it."""
    link = raised("RuntimeError", said, "tests/tools.py:7:run", source="raise RuntimeError(out)")

    assert red(link).verdict().category == category


@pytest.mark.parametrize(
    ("filename", "folders", "function", "rule"),
    [
        ("pages/cart.html", ("tests/pages",), "setUp", "set-up-looks-elsewhere@1"),
        ("pages/cart.html", ("pages", "tests/pages"), "setUp", "project-file-missing@1"),
        ("pages/cart.html", ("a/pages", "b/pages"), "setUp", "project-file-missing@1"),
        ("pages/cart.html", ("tests/mypages",), "setUp", "project-file-missing@1"),
        ("pages/cart.html", ("tests/pages",), "test_total", "project-file-missing@1"),
        ("cart.html", ("tests/pages",), "setUp", "project-file-missing@1"),
    ],
)
def test_a_set_up_that_looks_in_the_wrong_folder(red, raised, *, filename, folders, function, rule):
    """The one folder of that name is further down, and has such files."""
    link = raised(
        "FileNotFoundError",
        GONE,
        f"tests/test_cart.py:7:{function}",
        attributes={"errno": 2, "filename": f"/shop/{filename}"},
    )

    assert red(link, project=Project(name="shop", data={".html": folders})).verdict().rule == rule


@pytest.mark.parametrize(
    ("filename", "rule"),
    [
        ("/shop/src/shop/runner/main.py", "module-file-missing@1"),
        ("/shop/shop/runner/main.py", "module-file-missing@1"),
        ("/shop/shop/tests/test_main.py", "project-file-missing@1"),
        ("/shop/scripts/main.py", "project-file-missing@1"),
        ("/shop/shop/runner/main.txt", "project-file-missing@1"),
        ("/srv/shop/main.py", "file-missing@1"),
    ],
)
def test_a_file_that_would_be_a_module_of_the_project(red, raised, filename, rule):
    """A part of the product is gone, not something that the machine lacks."""
    attributes = {"errno": 2, "filename": filename}
    link = raised("FileNotFoundError", GONE, "shop/cart.py:7:total", attributes=attributes)

    assert red(link).verdict().rule == rule


@pytest.mark.parametrize(
    ("place", "phase", "category"),
    [
        ("tests/base.py:9:teardown_method", "teardown", "fixture"),
        ("tests/base.py:9:setup_class", "setup", "fixture"),
        ("tests/base.py:9:teardown_methods", "teardown", "product_error"),
        ("tests/base.py:9:tearDownClass", "teardown", "fixture"),
        ("shop/base.py:9:teardown_method", "teardown", "product_error"),
    ],
)
def test_what_pytest_runs_around_tests_by_its_name(red, raised, place, phase, category):
    """As in fixtures: what the tests' own code asks of a library there is theirs to mend."""
    link = raised("webframe.Closed", "It is closed", place, "lib/webframe/app.py:3:get")

    assert red(link, phase=phase).verdict().category == category


def test_a_set_up_that_writes_a_name_wrongly(red, raised):
    """Its own line is told, with what is nearest."""
    link = raised(
        "AttributeError",
        "'Feed' object has no attribute 'titel'",
        "tests/test_feed.py:9:setUp",
        attributes={"name": "titel", "obj": "shop.feed.Feed", "nearest": "title"},
    )
    project = Project(
        name="shop", modules=frozenset({"shop"}), files=("shop/__init__.py", "shop/feed.py")
    )
    made = red(link, project=project)

    assert made.verdict().category == "fixture"
    said = "'Feed' object has no `titel`, but `title`: correct the name"
    assert said in made.suggestions()[0].text


REAL_CLEANUPS = """
    import os, unittest
    from shop import close

    class TestCart(unittest.TestCase):
        def test_own(self):
            self.addCleanup(self.unset)

        def unset(self):
            del os.environ["SHOP_NOT_SET"]

        def test_of_library(self):
            self.addCleanup(os.remove, "nowhere.txt")

        def test_of_product(self):
            self.addCleanup(close)
"""


@pytest.mark.parametrize(
    ("test", "category", "culprit"),
    [
        ("test_own", "fixture", "unset"),
        ("test_of_library", "fixture", None),
        ("test_of_product", "product_error", "shop.py"),
    ],
)
def test_what_was_given_to_be_cleaned_up(run, test, category, culprit):
    """unittest calls it after the test, which may have passed; what the product raises is its own."""
    made = run({"shop.py": "def close():\n    return {}['till']\n", "test_cart.py": REAL_CLEANUPS})
    verdict = made.verdict(test)

    assert verdict.category == category
    assert (verdict.culprit.name if verdict.culprit else None) == culprit


@pytest.mark.parametrize(
    ("places", "is_cleanup"),
    [
        (("tests/test_cart.py:5:cleanup",), True),
        (("tests/test_cart.py:5:_reset_prices", "lib/frames/table.py:3:read"), True),
        (("tests/test_cart.py:9:test_total", "tests/test_cart.py:5:cleanup"), False),
        (("tests/test_cart.py:5:test_reset",), False),
        (("tests/test_cart.py:5:totals",), False),
        (("shop/cart.py:5:cleanup",), False),
    ],
)
def test_what_cleans_up_after_a_test_that_has_no_part_in_it(red, raised, places, is_cleanup):
    """Other runners than unittest leave no frames of their own."""
    found = red(raised("KeyError", "'SHOP_URL'", *places)).verdict()

    assert (found.rule == "cleanup-raised@1") is is_cleanup


@pytest.mark.parametrize(
    ("phase", "culprit"), [("teardown", "packages"), ("setup", None)], ids=["after", "before"]
)
def test_what_lives_on_ends_after_a_test_that_never_had_it(red, raised, phase, culprit):
    """The function of the traceback is a fixture, though the test did not ask for it."""
    packages = FixtureDefinition(name="packages", function="_packages", file=CONFTEST, line=8)
    verdict = red(
        raised("ValueError", "list.remove(x): x not in list", "tests/conftest.py:21:_packages"),
        project=Project(name="shop", fixtures=(packages,)),
        phase=phase,
    ).verdict()

    assert verdict.category == "fixture"
    assert (verdict.culprit.name if verdict.culprit else None) == culprit
