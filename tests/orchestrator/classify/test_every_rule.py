"""Each rule fires on a failure made for it: the smallest one that shows what the rule is about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from made_for_rules import (
    assertion,
    compatibility,
    configuration,
    environment,
    fixture,
    missing_dependency,
    network,
    product_error,
    resource,
    syntax,
    timeout,
)
from made_for_rules.surroundings import (
    ALONE,
    ASYNC,
    CASE,
    CONFTEST,
    EXPECTING,
    LIB,
    LOOKUP,
    MISMATCH,
    SHOP,
    STOPPED,
    TEST,
    WITH_CV2X,
    using,
)

from conftest_kit.records import Attempt, Distribution
from orchestrator.checkout.project import FixtureDefinition, Project
from orchestrator.classify.rules import rules

ALONE_BELOW = {
    "project-file-missing-wrapped",
    "async-mode-set",
    "scope-narrowed",
    "signature-changed",
    "too-many-files-elsewhere",
    "group-of-another-release",
    "group-where-one-is-expected",
    "fixture-kept-for-others",
    "current-folder-elsewhere",
    "left-by-another-test-beside",
    "rows-left",
    "inside-of-a-later-python",
    "fallback-of-what-left",
    "async-fixture-without-its-mark",
    "missing-module-tried-first",
}
"""Those that need more than one failure, exception or test: they have a test below, in
test_around.py, test_asynchronous.py, test_fallbacks.py, test_groups.py, test_kept.py or
test_interpreters.py.
"""
OF_CHANGES = {
    "changed-since-green",
    "python-changed-since-green",
    "gone-since-green",
    "variable-since-green",
    "library-complains-since-green",
    "module-wrong-since-green",
    "name-wrong-since-green",
    "changed-among-others-since-green",
    "changed-apart-since-green",
    "changed-asks-for-another-since-green",
    "fixture-edited-since-green",
    "fixture-edited-beside-since-green",
    "harness-edited-since-green",
    "settings-edited-since-green",
    "edited-setup-lacks-something",
    "file-removed-since-green",
    "upgrade-finds-another",
    "upgrade-lacks-requirement",
}
"""Those that need a green run: see test_changes.py, test_complaints.py and test_edited.py."""
MADE = (
    assertion,
    compatibility,
    configuration,
    environment,
    fixture,
    missing_dependency,
    network,
    product_error,
    resource,
    syntax,
    timeout,
)
CASES = {rule: case for of in MADE for rule, case in of.CASES.items()}


@pytest.mark.parametrize("rule", sorted(CASES))
def test_fires_on_what_it_is_for(red, raised, rule):
    """The failure is explained by this rule and no other, and there is something to do."""
    chain, more = CASES[rule]
    of_link = {key: more[key] for key in ("attributes", "bases", "source") if key in more}
    of_run = {key: value for key, value in more.items() if key not in of_link}
    made = red(*(raised(*link, **of_link) for link in chain), **of_run)

    verdict, suggestions = made.verdict(), made.suggestions()

    assert verdict.rule.partition("@")[0] == rule, verdict
    assert verdict.evidence[0]
    assert suggestions[0].origin == verdict.rule


@pytest.mark.parametrize(
    ("name", "command", "expected"),
    [
        ("testdir", (), ("fixture-of-pytest-not-asked-for@1", "testdir")),
        ("linecomp", (), ("fixture-of-pytest-not-asked-for@1", "linecomp")),
        ("testdir", ("-p", "no:legacypath"), ("fixture-of-pytest-switched-off@1", "legacypath")),
        ("pytester", ("-p", "no:pytester"), ("fixture-of-pytest-switched-off@1", "pytester")),
        ("tmpdir", (), ("fixture-of-pytest-switched-off@1", "legacypath")),
    ],
)
def test_a_fixture_of_pytest_that_is_not_there(red, raised, name, command, expected):
    """What two of its plugins bring together lacks the one that is loaded only on request."""
    missing = raised(LOOKUP, f"fixture {name!r} not found", attributes={"argname": name})

    verdict = red(missing, phase="setup", run={"command": ("pytest", *command)}).verdict()

    assert (verdict.rule, verdict.culprit.name) == expected


@pytest.mark.parametrize(
    ("message", "place", "file"),
    [
        ("snapshot tests/a/b.txt doesn't exist.", LIB, "tests/a/b.txt"),
        ("Image file not found: /shop/tests/a/b.png", LIB, "tests/a/b.png"),
        ("Image file differs: /shop/tests/a/b.png", LIB, None),
        ("Image file not found: /elsewhere/a/b.png", LIB, None),
        ("not found: tests/a/b.png", TEST, None),
        ("no test was found: tests/test_cart.py is missing", LIB, None),
    ],
)
def test_a_file_to_compare_with_that_is_told_missing(red, raised, message, place, file):
    """By what compares; a test that says so itself, or of other files, says what it expects."""
    project = Project(name="shop", files=("tests/test_cart.py",))

    found = red(raised("AssertionError", message, TEST, place), project=project).verdict()

    assert (found.culprit.name if found.rule == "expected-file-told-missing@1" else None) == file


def test_the_callers_of_where_a_test_was_stopped_are_named(red, raised):
    """The loop that does not end is as likely in one of them."""
    stopped = raised(
        "Failed", "Timeout >5.0s", TEST, "shop/cart.py:4:gains", "shop/cart.py:9:sorted", STOPPED
    )

    (first, *_) = red(stopped).suggestions()

    assert "It was called by gains (shop/cart.py:4)" in first.text


def test_signature_changed(red, raised, tmp_path):
    """Whose function a line calls is read from the imports of its file."""
    (tmp_path / "shop").mkdir()
    Path(tmp_path / "shop/cart.py").write_text("import frames as fr\nfr.read(sep=1)\n", "utf-8")
    error = "read() got an unexpected keyword argument 'sep'"

    verdict = red(
        raised("TypeError", error, SHOP, source="return fr.read(path, sep=1)"),
        project=Project(root=tmp_path, name="shop"),
        **ALONE,
    ).verdict()

    assert (verdict.rule, verdict.culprit.name) == ("signature-changed@2", "frames")
    assert "`read()` belongs to frames 2.0" in verdict.evidence


def test_a_variable_that_is_read_further_down(red, raised):
    """What a function has not read yet when it fails is not why."""
    project = using("variable", "SHOP_URL", file="tests/test_cart.py", at=8)
    later = using("variable", "SHOP_URL", file="tests/test_cart.py", at=12)
    failed = raised("AssertionError", "assert None", TEST)

    assert red(failed, project=project).verdict().culprit.name == "SHOP_URL"
    assert red(failed, project=later).verdict().category == "assertion"


def test_the_fixture_that_closes_a_circle(red, raised):
    """Of two fixtures that ask for each other the one that many others ask for was there before."""
    asks = {"cart": ("shop",), "shop": ("cart",), "shelf": ("shop",), "till": ("shop",)}
    project = Project(
        name="shop",
        fixtures=tuple(
            FixtureDefinition(name=name, function=name, file="tests/conftest.py", line=1, asks=of)
            for name, of in asks.items()
        ),
    )
    circles = [
        raised(LOOKUP, f"recursive dependency involving fixture '{name}' detected")
        for name in ("cart", "shop")
    ]
    fixtures = [(name, "tests/conftest.py", 1) for name in asks]
    made = [red(one, phase="setup", fixtures=fixtures, project=project) for one in circles]
    both = tuple(one.recording.failures[0] for one in made)

    verdict = replace(made[0], recording=made[0].recording._replace(failures=both)).verdict()

    assert verdict.culprit.name == "shop"


@pytest.mark.parametrize(
    ("source", "culprit"), [("os.makedirs(path)", "cache"), ("os.listdir(path)", "cache/a")]
)
def test_what_is_no_folder(red, raised, source, culprit):
    """What is listed is it itself; else it is on the way."""
    link = raised(
        "NotADirectoryError",
        "",
        SHOP,
        attributes={"errno": 20, "filename": "./cache/a"},
        source=source,
    )

    assert red(link).verdict().culprit.name == culprit


def test_a_file_whose_absence_is_said_otherwise(red, raised):
    """A function that catches the absence of a file and raises its own says what is missing."""
    said = raised("shop.Unready", "no prices", SHOP, source="raise Unready()")
    file = {"errno": 2, "filename": "/shop/shop/prices.csv"}
    missing = raised("FileNotFoundError", "x", SHOP, attributes=file, relation="context")
    key = raised("KeyError", "'x'", SHOP, relation="context")

    verdict = red(said, missing, key).verdict()

    assert verdict.rule == "project-file-missing-wrapped@1"
    assert verdict.culprit.name == "shop/prices.csv"


@pytest.mark.parametrize(
    ("message", "is_older"),
    [
        ("Please install frames >= 2.5 to get tables", True),
        ("Please install frames >= 1.5 to get tables", False),
        ("upgrade to frames 2.5 or later", True),
        ("use frames version 2.0 or later", False),
        ("it has 3 frames >= 2.5 wide", False),
    ],
)
def test_a_version_that_a_message_asks_for(red, raised, message, is_older):
    """It is the cause where what is installed is less."""
    frames = Distribution(name="frames", version="2.0", modules=("frames",))

    verdict = red(raised("AttributeError", message, SHOP), distributions=(frames,)).verdict()

    assert (verdict.rule == "named-version-too-old@2") is is_older


@pytest.mark.parametrize(
    "message",
    [
        'Environment variable "MAIL_USER" not set',
        "MAIL_USER is not set in the environment",
        "MAIL_USER not found. Declare it as envvar or define a default value.",
        "'MAIL_USER' is required: give it as an environment variable",
    ],
)
def test_a_variable_that_a_message_asks_for(red, raised, message):
    """In the words of several libraries that read them."""
    verdict = red(raised("config.Undefined", message, SHOP, "lib/config/a.py:3:get")).verdict()

    assert (verdict.rule, verdict.culprit.name) == ("variable-said@3", "MAIL_USER")


@pytest.mark.parametrize(("name", "is_one"), [("None", False), ("None.csv", True)])
def test_what_stands_for_no_name_is_no_file(red, raised, name, is_one):
    """A path that a value that was not there ended up in names no file of the project."""
    attributes = {"errno": 2, "filename": f"/shop/{name}"}

    verdict = red(raised("FileNotFoundError", "x", SHOP, attributes=attributes)).verdict()

    assert (verdict.rule == "project-file-missing@1") is is_one
    assert bool(verdict.culprit and verdict.culprit.name == name) is is_one


@pytest.mark.parametrize(
    ("asks", "scope", "culprit"),
    [("a", "session", "a"), ("d", "session", "b"), ("a", "function", "b")],
    ids=["both ask for it", "the other asks for another", "the other lives no longer"],
)
def test_a_fixture_that_what_stands_beside_asks_for_as_well(red, raised, asks, scope, culprit):
    """Where both of what one is given that lives longer ask for it, and live as long, it is off."""
    stack = (
        "object. Requesting fixture stack:\ntests/conftest.py:8:  def served(b, c)\n"
        "tests/conftest.py:4:  def b(a)\nRequested fixture:"
    )
    lines = {"a": 9, "b": 4, "c": 6}
    made = red(
        raised("Failed", f"{MISMATCH} {stack}"),
        phase="setup",
        fixtures=[(name, "tests/conftest.py", line) for name, line in lines.items()],
        project=Project(
            name="shop",
            fixtures=tuple(
                FixtureDefinition(
                    name=name, function=name, file="tests/conftest.py", line=lines[name], asks=(of,)
                )
                for name, of in (("b", "a"), ("c", asks))
            ),
        ),
    )
    (failure,) = made.recording.failures
    scopes = {"a": "function", "b": "session", "c": scope}
    given = tuple(one._replace(scope=scopes[one.name]) for one in failure.fixtures)
    recording = made.recording._replace(failures=(failure._replace(fixtures=given),))

    assert replace(made, recording=recording).verdict().culprit.name == culprit


def test_a_fixture_that_several_find_too_narrow(red, raised):
    """Where two that live longer ask for one, that one is off; one alone may be off itself."""
    fixtures = [(name, "tests/conftest.py", line) for name, line in (("a", 9), ("b", 4), ("c", 6))]
    stack = (
        "object. Requesting fixture stack:\ntests/conftest.py:{}:  def {}(a)\nRequested fixture:"
    )
    made = [
        red(
            raised("Failed", f"{MISMATCH} {stack.format(line, name)}"),
            phase="setup",
            fixtures=fixtures,
        )
        for name, line in (("b", 4), ("c", 6))
    ]
    both = tuple(one.recording.failures[0] for one in made)
    together = replace(made[0], recording=made[0].recording._replace(failures=both))

    assert made[0].verdict().culprit.name == "b"
    assert together.verdict().rule == "scope-narrowed@1"
    assert together.verdict().culprit.name == "a"


@pytest.mark.parametrize(
    ("settings", "command"),
    [({"asyncio_mode": "strict"}, ()), ({}, ("pytest", "--asyncio-mode=strict"))],
)
def test_a_mode_that_leaves_several_tests_alone(red, raised, settings, command):
    """The mode that is asked for is why several are not run; of one alone its marker may be."""
    project = replace(ASYNC, settings=settings, settings_file="setup.cfg")
    made = red(
        raised("Failed", "async def functions are not natively supported."),
        project=project,
        distributions=(Distribution(name="pytest-asyncio", version="1.5.0"),),
        run={"command": command},
    )
    (failure,) = made.recording.failures
    several = (failure, failure._replace(nodeid="tests/test_cart.py::test_more"))
    together = replace(made, recording=made.recording._replace(failures=several))

    skipped = Attempt(
        nodeid="tests/test_cart.py::test_sold",
        outcome="skipped",
        reason="async def function and no async plugin installed (see warnings)",
    )
    beside = replace(made, recording=made.recording._replace(attempts=(skipped, skipped)))

    assert made.verdict().rule == "async-mode@2"
    assert together.verdict().rule == "async-mode-set@2"
    assert beside.verdict().rule == "async-mode-set@2"
    assert together.verdict().culprit.name == "asyncio_mode"


def test_files_ran_out_elsewhere(red, raised):
    """What SQLite does not say, another failure of the run does."""
    made = red(raised("sqlite3.OperationalError", "unable to open database file", SHOP))
    full = red(raised("OSError", "[Errno 24] Too many open files", SHOP, attributes={"errno": 24}))
    alone, both = made.verdict(), (*made.recording.failures, *full.recording.failures)
    together = replace(made, recording=made.recording._replace(failures=both[::-1]))

    assert (alone.category, alone.kind) == ("environment", "file")
    assert together.verdict().rule == "too-many-files-elsewhere@1"


@pytest.mark.parametrize(
    ("message", "frames", "rule"),
    [
        ("total() got an unexpected keyword argument 'sep'", (TEST, SHOP), "product-raised@1"),
        ("Cart.total() takes 1 positional argument but 2 were given", (TEST, SHOP), "product-raised@1"),
        ("unsupported operand type(s) for +: 'int' and 'str'", (TEST, SHOP), "another-exception@1"),
        ("total() missing 1 required positional argument: 'x'", (TEST,), "another-exception@1"),
    ],
)  # fmt: skip
def test_a_call_that_the_product_gets_wrong(red, raised, message, frames, rule):
    """What the product's own line passes wrongly no test can have expected otherwise."""
    assert red(raised("TypeError", message, *frames), project=EXPECTING).verdict().rule == rule


@pytest.mark.parametrize(
    "message",
    [
        "cannot access local variable 'price' where it is not associated with a value",
        "local variable 'price' referenced before assignment",
        "cannot access free variable 'price' where it is not associated with a value in enclosing scope",
        "free variable 'price' referenced before assignment in enclosing scope",
    ],
)
def test_a_variable_without_a_value_is_named(red, raised, message):
    """In the words of every Python, though the exception itself does not name it."""
    (first, *_) = red(raised("UnboundLocalError", message, SHOP)).suggestions()

    assert first.text.startswith("Give `price` a value on every way through total in shop/cart.py")


@pytest.mark.parametrize(
    ("object_", "rule"),
    [("frames.core.Table", "attribute-removed@2"), ("NoneType", "guarded-import-of-test@1")],
)
def test_a_guard_explains_no_object_of_another_library(red, raised, object_, rule):
    """Though the test bears the name of what is absent: an object that is there is not of that."""
    chain, more = CASES["guarded-import-of-test"]
    kind = object_.rpartition(".")[2]
    failed = raised(
        "AttributeError",
        f"'{kind}' object has no attribute 'append'",
        *chain[0][2:],
        attributes={"obj": object_, "name": "append"},
    )

    assert red(failed, **more, **ALONE).verdict().rule == rule


@pytest.mark.parametrize("nodeid", ["tests/test_cart.py", "tests/test_cart.py::TestCart"])
def test_the_function_that_is_not_collected_is_named(red, raised, nodeid):
    """Where its file or class could not be collected for it."""
    failed = raised("Failed", "In test_total: function uses no argument 'basket'")

    found = red(failed, phase="collect", nodeid=nodeid).verdict()

    assert found.culprit.name == f"{nodeid}::test_total"


OF_TESTS = Project(
    name="shop",
    modules=frozenset({"shop", "shoptest", "tests"}),
    files=("shop/cart.py", "shoptest/baskets.py", "tests/support.py", "tests/test_cart.py"),
)
TORN = "tests/test_cart.py:8:tearDown"


@pytest.mark.parametrize(
    ("message", "places", "phase", "category"),
    [
        ("'tests.test_cart.T' object has no attribute 'a'", (CASE, TORN), "call", "fixture"),
        ("module 'tests.support' has no attribute 'a'", (CONFTEST,), "setup", "fixture"),
        ("module 'tests.support' has no attribute 'a'", (TEST,), "teardown", "fixture"),
        ("module 'shoptest.baskets' has no attribute 'a'", ("shoptest/conftest.py:5:basket",), "teardown", "fixture"),
        ("module 'shoptest.baskets' has no attribute 'a'", (TEST,), "call", "product_error"),
        ("module 'shop.cart' has no attribute 'a'", (CONFTEST,), "teardown", "product_error"),
        ("'shop.cart.Cart' object has no attribute 'a'", (CASE, TORN), "call", "fixture"),
        ("module 'shop.cart' has no attribute 'a'", (TEST,), "call", "product_error"),
        ("'tests.test_cart.T' object has no attribute 'a'", (CASE, TORN, SHOP), "call", "product_error"),
    ],
)  # fmt: skip
def test_a_name_that_tests_lack_around_a_test(red, raised, *, message, places, phase, category):
    """What a fixture or a set-up alone misses is its own fault; what tests miss of the product is
    the product's.
    """
    failed = raised(
        "AttributeError", message, *places, attributes={"obj": message.split("'")[1], "name": "a"}
    )

    assert red(failed, phase=phase, project=OF_TESTS).verdict().category == category


@pytest.mark.parametrize(
    ("other", "nearest", "category"),
    [("a", "cart", "product_error"), ("b", "cart", "fixture"), ("b", None, "product_error")],
    ids=["tests lack it too", "they lack another", "nothing is like it"],
)
def test_a_name_that_only_what_is_around_tests_lacks(red, raised, other, nearest, category):
    """It is said wrongly there, where the product has one that is like it."""

    def lacking(name, place):
        message = f"module 'shop.cart' has no attribute {name!r}"
        told = {"obj": "shop.cart", "name": name, **({"nearest": nearest} if nearest else {})}
        return raised("AttributeError", message, place, attributes=told)

    made = red(lacking("a", CONFTEST), phase="setup", project=OF_TESTS)
    beside = red(lacking(other, TEST), project=OF_TESTS, nodeid=f"{TEST}::test_other")
    failures = (*made.recording.failures, *beside.recording.failures)
    both = made.recording._replace(failures=failures)

    assert replace(made, recording=both).verdict("test_total").category == category


@pytest.mark.parametrize("extra", ["docs", "test", "testing-extras", "Dev_tools"])
def test_an_extra_for_developers_leaves_no_name_out(red, raised, extra):
    """Nearly every distribution has one, and the tools in it are those of the project as well."""
    webframe = Distribution(
        name="webframe",
        version="4.2",
        modules=("webframe",),
        extras=(extra,),
        requires=(f'cv2x; extra == "{extra}"',),
    )
    attributes = {"obj": "webframe", "name": "draw"}
    asked = raised(
        "AttributeError", "module 'webframe' has no attribute 'draw'", SHOP, attributes=attributes
    )
    made = red(asked, project=WITH_CV2X, distributions=(webframe,))

    assert (made.verdict().category, made.verdict().culprit.name) == ("compatibility", "webframe")


def test_every_rule_has_a_case():
    """A rule without a case cannot be added."""
    assert {rule.id for rule in rules()} == set(CASES) | ALONE_BELOW | OF_CHANGES


@pytest.mark.parametrize(
    ("message", "category"),
    [
        ("'shop' does not have a template named 'default.rst'.", "environment"),
        ("shop has no file called 'prices.json'", "environment"),
        ("invalid file ./tests/prices.json", "environment"),
        ("Invalid filename: 'tests/prices'", "environment"),
        ("invalid file format of shop", "product_error"),
        ("'shop' does not have a colour named 'default.rst'.", "product_error"),
        ("'shop' does not have a template named 'default'.", "product_error"),
    ],
)
def test_a_file_that_somebody_does_not_have(red, raised, message, category):
    """As who looks for it says."""
    assert red(raised("shop.Unready", message, TEST, SHOP)).verdict().category == category
