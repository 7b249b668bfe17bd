"""What a library raises: a complaint about what it was given, or a release that does not fit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conftest_kit.records import Distribution, Run
from corpus_memory_logging.records import Green
from orchestrator.checkout.edits import Edit
from orchestrator.checkout.project import Project
from orchestrator.checkout.requirements import Requirement

GREEN, RED = {"commit": "a" * 40, "dirty": False}, {"commit": "b" * 40, "dirty": False}
TEST, CART = "tests/test_cart.py:9:test_total", "shop/cart.py:7:total"
TABLE, INDEX = "lib/frames/table.py:3:read", "lib/indexes/index.py:8:find"
FRAMES = Distribution(name="frames", version="2.0", modules=("frames",), requires=("indexes",))
INDEXES = Distribution(name="indexes", version="1.1", modules=("indexes",))
SERVED = Distribution(name="served", version="3", modules=("served",))
LIBRARIES = (FRAMES, INDEXES, SERVED)
COMPLAINS = ("KeyError", "'b'", TEST, CART, TABLE)
STUMBLES = ("TypeError", "'Cart' object layout differs from 'Array'", TEST, CART, TABLE)
SHOP = Project(name="shop", modules=frozenset({"shop", "tests"}))


def declaring(text):
    """The project, with a requirement."""
    return replace(
        SHOP, requirements=(Requirement(name="frames", text=text, file="pyproject.toml"),)
    )


@pytest.mark.parametrize(
    ("link", "source", "culprit"),
    [
        (COMPLAINS, "raise KeyError(key) from error", "shop/cart.py"),
        (COMPLAINS, "return self._rows[key]", "shop/cart.py"),
        (("frames.Error", "no", TEST, CART, TABLE), "rows.check(given)", "shop/cart.py"),
        (("TypeError", "Cart() got no 'name'", TEST, CART, TABLE), "raise TypeError(", None),
        (("AttributeError", "'int' object has no attribute 'x'", TEST, CART, TABLE), "f.x", None),
        (("frames.Error", "no", TEST, TABLE), "raise Error()", "tests/test_cart.py::test_total"),
        (("frames.Error", "no", TEST, CART, TABLE, INDEX), "raise Error()", "shop/cart.py"),
    ],
)
def test_what_a_library_says_of_what_it_is_given(red, raised, link, source, culprit):
    """Belongs to who called it, and no other release is guessed."""
    made = red(raised(*link, source=source), project=SHOP, distributions=LIBRARIES)

    verdict, suggestions = made.verdict(), made.suggestions()

    assert verdict.category == "product_error"
    assert verdict.culprit.name == (culprit or "shop/cart.py")
    assert not any("<" in one.text or one.commands for one in suggestions)


@pytest.mark.parametrize(
    ("link", "source", "project"),
    [
        (COMPLAINS, "raise KeyError(key)", declaring("frames<2")),
        (COMPLAINS, "raise KeyError(key)", declaring("frames==1.4")),
        (STUMBLES, "self.__class__ = found", SHOP),
        (("ValueError", "x", TEST, CART, "lib/frames/a.py:1:<module>", INDEX), "int(x)", SHOP),
        (("served.Off", "no", TEST, CART, TABLE, "lib/served/a.py:3:__getattr__"), "raise", SHOP),
        (("frames.Off", "no", TEST, CART, TABLE), "warnings.warn(", SHOP),
    ],
)
def test_what_supports_that_a_release_does_not_fit(red, raised, link, source, project):
    """What somebody asks for, a library that stumbles itself, is imported, or asks another."""
    bases = ("UserWarning", "Warning") if "warn" in source else ()
    error = raised(*link, source=source, bases=bases)

    made = red(error, project=project, distributions=LIBRARIES)

    assert (made.verdict().category, made.verdict().kind) == ("compatibility", "library_raised")


def passed(made, *edits, commit=GREEN, **versions):
    """The same, where the test passed before these edits, with these versions."""
    run = made.recording.run
    before = run.environment._replace(
        git=commit, distributions={**run.environment.distributions, **versions}
    )
    now = run.environment._replace(git=RED if edits else GREEN)
    return replace(
        made,
        recording=made.recording._replace(run=run._replace(environment=now)),
        green=Green(run=Run(run_id="green", environment=before)),
        edits=edits,
    )


@pytest.mark.parametrize(
    ("versions", "culprit"),
    [
        ({}, "shop/cart.py"),
        ({"served": "2"}, "shop/cart.py"),
        ({"frames": "1.9"}, "frames"),
        ({"indexes": "1.0"}, "frames"),
    ],
)
@pytest.mark.parametrize("link", [COMPLAINS, STUMBLES])
def test_a_library_that_is_what_it_was(red, raised, link, versions, culprit):
    """And rests on what it rested on, when the test passed: then it is what was edited."""
    made = red(raised(*link, source="find(rows)"), project=SHOP, distributions=LIBRARIES)
    edit = Edit(file="shop/cart.py", parts=("other", "find"))

    found = passed(made, edit, **versions)

    category = "compatibility" if culprit == "frames" else "product_error"
    assert (found.verdict().category, found.verdict().culprit.name) == (category, culprit)
    if category == "product_error":
        assert "It is `find`." in found.suggestions()[0].text


def test_a_library_that_is_what_it_was_and_nothing_was_edited(red, raised):
    """It is for who called it still."""
    made = red(raised(*STUMBLES, source="find(rows)"), project=SHOP, distributions=LIBRARIES)

    verdict = passed(made).verdict()

    assert verdict.rule == "library-complains@1"
    assert verdict.culprit.name == "shop/cart.py"


def test_a_name_that_the_same_library_never_had(red, raised):
    """Nothing of it went since the test passed; much else may have changed."""
    error = raised("ImportError", "cannot import name 'rad' from 'frames' (/v/frames.py)", CART)
    made = red(error, project=SHOP, distributions=LIBRARIES)

    verdict = passed(made, Edit(file="shop/cart.py", parts=("",)), served="2").verdict()

    assert verdict.rule == "name-wrong-since-green@2"


def test_a_module_that_the_same_library_never_had(red, raised):
    """As a name of it; where nothing at all changed, it is not known what it is."""
    error = raised(
        "ModuleNotFoundError",
        "No module named 'frames.rad'",
        CART,
        attributes={"name": "frames.rad"},
    )
    made = red(error, project=SHOP, distributions=LIBRARIES)

    edited = passed(made, Edit(file="shop/cart.py", parts=("",))).verdict()

    assert (edited.rule, edited.culprit.name) == ("module-wrong-since-green@1", "shop/cart.py")
    assert passed(made).verdict().rule == "module-gone@2"


@pytest.mark.parametrize(
    ("places", "rule"),
    [
        ((TEST, "lib/frames/base.py:9:__getattr__"), "own-attribute-missing@2"),
        ((TEST, CART, "lib/frames/base.py:9:__getattr__"), "own-attribute-missing@2"),
        ((TEST, TABLE, "lib/frames/base.py:9:__getattr__"), "library-asks-own@2"),
        ((TEST, TABLE), "library-asks-own@2"),
    ],
)
def test_who_asks_an_own_object(red, raised, places, rule):
    """Not what answers for it: `__getattr__`, which a base class has from a library."""
    attributes = {"obj": "shop.cart.Item", "name": "nam"}
    said = "'Item' object has no attribute 'nam'"
    error = raised("AttributeError", said, *places, attributes=attributes)

    assert red(error, project=SHOP, distributions=LIBRARIES).verdict().rule == rule


def test_a_test_that_did_not_ask_for_the_database(red, raised):
    """As Django and pytest-django say it, each with its own way out."""
    said = "Database queries to 'default' are not allowed in SimpleTestCase subclasses. Either"
    error = raised("AssertionError", said, TEST, CART, TABLE)

    made = red(error, project=SHOP, distributions=LIBRARIES)

    assert made.verdict().rule == "database-not-asked-for@1"
    assert "instead of `SimpleTestCase`" in made.suggestions()[0].text


@pytest.mark.parametrize(
    ("names", "places", "rule"),
    [
        (("safe_laod", "safe_load"), (TEST,), "name-misspelt@1"),
        (("DataFrme", "DataFrame"), (TEST, CART), "name-misspelt@1"),
        (("safe_laod", "safe_load"), (TEST, "lib/served/a.py:3:read"), "asker-behind@2"),
        (("parser", "parsers"), (TEST,), "name-removed@2"),
        (("Html", "HTML"), (TEST,), "name-removed@2"),
        (("get_rows", "set_rows"), (TEST,), "name-removed@2"),
        (("rows", ""), (TEST,), "name-removed@2"),
        (("releese", "release"), (TEST,), "name-misspelt@1"),
        (("loader2", "loader3"), (TEST,), "name-removed@2"),
    ],
)
def test_a_slip_of_a_name_that_a_library_has(red, raised, names, places, rule):
    """Is for the line of one's own; a rename looks otherwise, and what a library asks is its own."""
    typed, nearest = names
    said = f"cannot import name {typed!r} from 'frames' (/v/frames/__init__.py)"
    error = raised("ImportError", said, *places, attributes={"name": "frames", "nearest": nearest})

    made = red(error, project=SHOP, distributions=LIBRARIES)

    assert made.verdict().rule == rule
    assert rule == "asker-behind@2" or nearest in made.suggestions()[0].text


@pytest.mark.parametrize(
    ("places", "guesses"), [((TEST,), False), ((TEST, CART), False), ((TEST, TABLE), True)]
)
def test_no_release_is_guessed_where_none_had_the_name(red, raised, places, guesses):
    """As far as the releases of a library were looked at, and one's own line asks."""
    known = Distribution(name="beautifulsoup4", version="4.13.4", modules=("bs4",))
    said = "cannot import name 'zzyzx' from 'bs4' (/v/bs4/__init__.py)"

    made = red(raised("ImportError", said, *places), project=SHOP, distributions=(known, FRAMES))

    assert ("a guess" in made.suggestions()[0].text) is guesses


@pytest.mark.parametrize(("nearest", "guesses"), [("find_all", False), ("", True)])
def test_no_release_is_guessed_for_an_attribute_near_another(red, raised, nearest, guesses):
    """One that resembles none may have been inherited or made in another release."""
    known = Distribution(name="beautifulsoup4", version="4.13.4", modules=("bs4",))
    attributes = {"obj": "bs4.element.Tag", "name": "fund_ell", "nearest": nearest}
    said = "'Tag' object has no attribute 'fund_ell'"

    made = red(
        raised("AttributeError", said, TEST, attributes=attributes),
        project=SHOP,
        distributions=(known, FRAMES),
    )

    assert ("a guess" in made.suggestions()[0].text) is guesses


@pytest.fixture(scope="module")
def real(run_once, installed):
    """A run whose tests and product use a library wrongly, each in its own way."""
    library = "class Wrong(ValueError): pass\ndef read(x):\n    raise Wrong(x)\n"
    library += "def safe_load(x):\n    try:\n        return {}[x]\n    except KeyError as error:\n"
    library += "        raise Wrong(x) from error\n"
    files = installed("frames", "2.0", {"frames/__init__.py": library})
    product = "import frames\ndef total(): return frames.read(3)\ndef load(): return frames.safe_load(3)\n"
    tests = "import frames\nfrom cart import load, total\n"
    tests += "def test_total(): total()\ndef test_load(): load()\ndef test_read(): frames.read(3)\n"
    tests += "def test_safe_load(): frames.safe_load(3)\ndef test_slip(): frames.safe_laod(3)\n"
    tests += "def test_import():\n    from frames import raed\n"
    return run_once({**files, "cart.py": product, "tests/test_cart.py": tests, "conftest.py": ""})


@pytest.mark.parametrize(
    ("test", "culprit"),
    [
        ("test_total", "cart.py"),
        ("test_load", "cart.py"),
        ("test_read", "tests/test_cart.py::test_read"),
        ("test_safe_load", "tests/test_cart.py::test_safe_load"),
        ("test_slip", "tests/test_cart.py"),
        ("test_import", "tests/test_cart.py"),
    ],
)
def test_in_a_real_run(real, test, culprit):
    """Who called it is named, and no release is guessed."""
    verdict = real.verdict(f"::{test}")

    assert (verdict.category, verdict.culprit.name) == ("product_error", culprit)
    assert not any(one.commands or "<2" in one.text for one in real.suggestions(f"::{test}"))


@pytest.mark.parametrize(
    ("message", "category"),
    [
        ("dump_all() got multiple values for keyword argument 'Dumper'", "product_error"),
        ("dump_all() takes no object of 'Dumper'", "compatibility"),
    ],
)
def test_what_a_library_was_given_twice(red, raised, message, category):
    """Who called it gave what the library gives itself; of other stumbles it is at fault."""
    places = (
        "tests/test_cart.py:9:test_total",
        "shop/cart.py:7:total",
        "lib/frames/table.py:3:read",
    )
    link = raised("TypeError", message, *places, source="return dump_all(rows, Dumper=Dumper)")

    assert red(link, project=SHOP, distributions=LIBRARIES).verdict().category == category
