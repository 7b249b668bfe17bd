"""Fixtures that are made once for several tests: told by what a check looks at, and by where
several tests break.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from conftest_kit.records import Fixture
from orchestrator.checkout.project import FixtureDefinition, Project
from orchestrator.checkout.source import Source

TEST = "tests/test_cart.py:9:test_total"
BASKET = Fixture(name="basket", scope="module", file="tests/conftest.py", line=4, origin="test")
ROW = Fixture(name="row", scope="function", file="tests/conftest.py", line=8, origin="test")
ASKING = Project(
    name="shop",
    fixtures=(
        FixtureDefinition(
            name="row", function="row", file="tests/conftest.py", line=9, asks=("basket",)
        ),
    ),
)
CART = {
    "tests/conftest.py": """
        import pytest

        @pytest.fixture(scope="module")
        def basket():
            return {}
    """,
    "tests/test_cart.py": """
        def test_first(basket):
            assert basket.get("pear") is None
            assert basket["rows"] if "rows" in basket else True
            basket["apple"] = 1

        def test_second(basket):
            assert basket["apple"] == 2

        def test_third():
            pass
    """,
}


def _with(made, *fixtures, project=ASKING, passed=5):
    """The run with these fixtures of its failure, and so many tests that passed."""
    recording = made.recording
    (failure,) = recording.failures
    return replace(
        made,
        project=project,
        recording=recording._replace(
            run=recording.run._replace(counts={"passed": passed}),
            failures=(failure._replace(fixtures=fixtures),),
        ),
    )


def _together(made):
    """One run with the failure of each of these, of a test of its own."""
    failures = tuple(
        one.failure()._replace(nodeid=f"tests/test_cart.py::test_{number}")
        for number, one in enumerate(made)
    )
    return replace(made[0], recording=made[0].recording._replace(failures=failures))


@pytest.mark.parametrize(
    ("source", "is_kept"),
    [
        ("assert basket.rows == 3", True),
        ("assert basket['rows'][0] == 3", True),
        ("assert price(3, of=basket.owner.name) == 3", True),
        ("assert len(row.basket) == 3", True),
        ("assert repr(basket) == 'Basket(0)'", True),
        ("assert [] == list(basket)", True),
        ("assert len(rows) == len(basket)", False),
        ("assert total(rows) == list(basket)", False),
        ("assert repr(shop.basket) == 'Basket(0)'", False),
        ("assert repr(basket) ==", False),
        ("assert basket.total() == 3", False),
        ("assert total(basket) == 3", False),
        ("assert shop.basket.rows == 3", False),
        ("assert 'basket.rows' in text", False),
    ],
)
def test_a_check_of_what_others_may_have_changed(red, raised, source, is_kept):
    """A check that looks at the state of the value; one that asks it to do something asks the
    product.
    """
    made = red(raised("AssertionError", "assert 4 == 3", TEST, source=source))

    found = _with(made, ROW, BASKET).verdict()

    assert (found.rule == "fixture-kept-for-others@1") is is_kept


def test_a_check_of_what_a_function_did_not_give(red, raised):
    """Whatever it was given: it gave nothing."""
    message = "assert None\n +  where None = price(3)"
    made = red(raised("AssertionError", message, TEST, source="assert price(basket.rows)"))

    assert _with(made, ROW, BASKET).verdict().category == "assertion"


MORE = "assert [1, 2] == [1]\n  \n  Left contains {} more items, first extra item: 2"


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        (((BASKET,), (BASKET,), (BASKET, ROW)), "fixture-kept-for-others@1"),
        (((BASKET,), (BASKET,)), "assertion@1"),
        (((BASKET,), (BASKET,), (ROW,)), "assertion@1"),
        (((ROW,), (ROW,), (ROW,)), "assertion@1"),
    ],
    ids=["all were given it", "they are two", "one was not given it", "it is made for each test"],
)
def test_what_has_grown_for_several_tests(red, raised, given, rule):
    """Their checks find more than they expect, whatever their lines ask for."""
    made = [
        _with(
            red(raised("AssertionError", MORE.format(number), TEST, source="assert found == [1]")),
            *own,
        )
        for number, own in enumerate(given, 2)
    ]

    assert _together(made).verdict("test_0").rule == rule


@pytest.mark.parametrize(
    ("times", "rule"),
    [((1, 4, 5), "fixture-kept-for-others@1"), ((2, 2, 2), "assertion@1")],
    ids=["more and more", "always as often"],
)
def test_a_mock_that_is_called_more_and_more(red, raised, times, rule):
    """Who lives on counts what other tests do; what is called twice each time is another matter."""
    message = "Expected 'sell' to have been called once. Called {} times.\nCalls: [call()]."
    mock = "std/unittest/mock.py:918:assert_called_once"
    made = [
        _with(red(raised("AssertionError", message.format(number), TEST, mock)), BASKET)
        for number in times
    ]

    assert _together(made).verdict("test_0").rule == rule


@pytest.mark.parametrize(
    ("source", "is_kept"),
    [
        ("basket.sold.assert_called_once()", True),
        ("basket.sell().assert_called_once()", False),
        ("sold.assert_called_once()", False),
    ],
)
def test_a_mock_in_what_is_kept(red, raised, source, is_kept):
    """The line above the mock's own is the check."""
    message = "Expected 'sold' to have been called once. Called 2 times."
    made = red(raised("AssertionError", message, TEST, "std/unittest/mock.py:918:x", source=source))

    assert (_with(made, BASKET).verdict().category == "fixture") is is_kept


@pytest.mark.parametrize(
    ("name", "source", "is_kept"),
    [
        ("basket_of_fruit", "assert all(row for row in basket.rows.values())", True),
        ("of_fruit_basket", "assert basket.rows == 3", False),
        ("basket_of_fruit", "assert basket.total() == 3", False),
        ("row_basket", "assert row.price == 3", False),
        ("shop_basket", "assert shop.rows == 3", False),
    ],
)
def test_a_check_that_shortens_the_name(red, raised, name, source, is_kept):
    """By its first word, where nothing else of the test bears that name."""
    made = red(raised("AssertionError", "assert 4 == 3", TEST, source=source))
    project = Project(name="shop", sources={"tests/test_cart.py": Source(imports={"shop": "shop"})})

    found = _with(made, ROW, BASKET._replace(name=name), project=project).verdict()

    assert (found.rule == "fixture-kept-for-others@1") is is_kept


@pytest.mark.parametrize(
    ("source", "given", "is_kept"),
    [
        ("assert all(", (BASKET,), True),
        ("assert all(", (ROW,), False),
        ("assert total(rows) == 3", (BASKET,), False),
    ],
)
def test_a_check_of_several_lines(red, raised, source, given, is_kept):
    """Of which one line was recorded: it may look at what another check looks at."""
    whole = _with(
        red(raised("AssertionError", "assert 4 == 3", TEST, source="assert basket.rows == 3")),
        BASKET,
    )
    cut = _with(
        red(
            raised(
                "AssertionError", "assert False", "tests/test_cart.py:14:test_rows", source=source
            ),
            nodeid="tests/test_cart.py::test_rows",
        ),
        *given,
    )
    failures = (whole.failure(), cut.failure())
    together = replace(cut, recording=cut.recording._replace(failures=failures))

    found = together.verdict("test_rows")

    assert (found.rule == "fixture-kept-for-others@1") is is_kept


@pytest.mark.parametrize(
    ("fixture", "passed"),
    [
        (BASKET._replace(scope="function"), 5),
        (BASKET._replace(origin="installed"), 5),
        (BASKET, 0),
    ],
)
def test_what_no_other_test_can_have_changed(red, raised, fixture, passed):
    """A value of the test's own, of a plugin, or of the only tests that ran."""
    made = red(raised("AssertionError", "assert 4 == 3", TEST, source="assert basket.rows == 3"))

    assert _with(made, fixture, passed=passed).verdict().rule == "assertion@1"


USERS = tuple(
    Fixture(name=name, scope=scope, file="tests/conftest.py", line=4, origin="test")
    for name, scope in {
        "user": "session",
        "admin_user": "function",
        "new_user": "function",
        "idle_user": "function",
    }.items()
)
MADE_OF_IT = tuple(
    FixtureDefinition(name=one.name, function=one.name, file=one.file, line=4, asks=("user",))
    for one in USERS[1:]
)


@pytest.mark.parametrize(
    ("fixtures", "definitions", "is_kept"),
    [
        (USERS, (), True),
        (USERS[:3], (), False),
        ((USERS[0], *(one._replace(scope="session") for one in USERS[1:])), (), False),
        ((USERS[0]._replace(scope="function"), *USERS[1:]), (), False),
        (USERS, MADE_OF_IT, False),
    ],
)
def test_the_one_of_its_like_that_outlives_a_test(red, raised, fixtures, definitions, is_kept):
    """What several others are not made of, and that bear its name, is like them."""
    made = red(raised("AssertionError", "assert None is not None", TEST, source="assert found"))
    project = Project(name="shop", fixtures=definitions)

    verdict = _with(made, *fixtures, project=project).verdict()

    assert (verdict.culprit is not None and verdict.culprit.name == "user") is is_kept


@pytest.mark.parametrize(
    ("functions", "rule"),
    [
        (("add", "total", "total"), "fixture-kept-for-others@1"),
        (("total", "total", "total"), "product-raised@1"),
        (("add", "total"), "product-raised@1"),
    ],
)
def test_several_that_break_on_one_value(red, raised, functions, rule):
    """In one function of the product they break on that function."""
    failures = []
    for number, function in enumerate(functions):
        error = raised("ValueError", "twice", TEST, source="basket.put(3)")
        inside = raised("ValueError", "twice", f"shop/cart.py:{number}:{function}").frames
        made = _with(red(error._replace(frames=(*error.frames, *inside))), BASKET)
        failures += [made.failure()._replace(nodeid=f"tests/test_cart.py::test_{number}")]
    together = replace(made, recording=made.recording._replace(failures=tuple(failures)))

    assert together.verdict().rule == rule


@pytest.mark.parametrize(
    ("kind", "source", "rule"),
    [
        ("frames.errors.IntegrityError", "basket.session.commit()", "fixture-kept-for-others@1"),
        ("frames.errors.DuplicateKeyError", "put(basket, 3)", "fixture-kept-for-others@1"),
        ("frames.errors.IntegrityError", "session.commit()", "library-raised@2"),
        ("frames.errors.TableError", "basket.session.commit()", "library-raised@2"),
    ],
)
def test_what_is_there_already(red, raised, kind, source, rule):
    """What a library says by the type that it raises, of a value that others were given."""
    error = raised(kind, "no", TEST, source=source)
    inside = raised(kind, "no", "lib/frames/table.py:3:insert").frames

    made = red(error._replace(frames=(*error.frames, *inside)))

    assert _with(made, BASKET).verdict().rule == rule


@pytest.mark.parametrize(
    ("kind", "message", "rule"),
    [
        (
            "ValueError",
            "The price of 'apple' already exists in the basket",
            "fixture-kept-for-others@1",
        ),
        ("RuntimeError", "duplicate entry for key 'apple'", "fixture-kept-for-others@1"),
        ("shop.MultipleEntriesFound", "two of them", "fixture-kept-for-others@1"),
        ("ValueError", "the price of 'apple' is no number", "product-raised@1"),
        ("ValueError", "all ready", "product-raised@1"),
    ],
)
def test_what_says_that_it_is_there_already(red, raised, kind, message, rule):
    """In whatever class the product says so."""
    test = raised(kind, message, TEST, source="basket.add('apple')")
    inside = raised(kind, message, "shop/cart.py:7:add", source="raise ValueError(")
    made = _with(red(test._replace(frames=(*test.frames, *inside.frames))), BASKET)

    assert made.verdict().rule == rule


def test_a_value_that_another_test_changed(run):
    """In a run that the record holds whole."""
    found = run(CART).verdict("test_second")

    assert (found.category, found.kind) == ("fixture", "leaked_state")
    assert found.culprit.name == "basket"


def test_the_first_test_that_has_the_value(run):
    """What it finds no other test has changed."""
    found = run(CART, "-k", "second or third").verdict("test_second")

    assert found.rule == "prepared-without@1"


DICTS = "assert {'a': 1, 'b': 2} == {'a': 1}\n  \n  Omitting 1 identical items\n  Left contains 1 more item:"
LISTS = "assert [1] == [1, 2]\n  \n  Right contains one more item: 2"
SETS = "assert {1, 2} == {1}\n  \n  Extra items in the left set:\n  2"


@pytest.mark.parametrize(
    ("source", "message", "is_kept"),
    [
        ("assert basket.rows() == {'a': 1}", DICTS, True),
        ("assert basket.names() == {1}", SETS, True),
        ("assert {'a': 1} == basket.rows()", DICTS, False),
        ("assert [1] == basket.names()", LISTS, True),
        ("assert basket.names() == [1, 2]", LISTS, False),
        ("assert rows(basket.names()) == {1}", SETS, False),
        ("assert basket.rows() == {'a': 1}", "assert {'a': 2} == {'a': 1}", False),
    ],
)
def test_a_check_that_finds_more_than_it_expects(red, raised, source, message, is_kept):
    """What others put in is there in addition; on the side of the value, and of its own giving."""
    made = red(raised("AssertionError", message, TEST, source=source))

    verdict = _with(made, BASKET).verdict()

    assert (verdict.category == "fixture") is is_kept


ROWS = {
    "conftest.py": """
        import sqlite3
        import pytest

        DATABASE = sqlite3.connect(":memory:")
        DATABASE.execute("create table carts (name unique)")

        @pytest.fixture
        def database():
            return DATABASE
    """,
    "test_carts.py": """
        import pytest

        @pytest.mark.parametrize("size", [1, 2, 3][:{}])
        def test_makes_a_cart(database, size):
            database.execute("insert into carts values ('first')")
    """,
}


@pytest.mark.parametrize(("tests", "kind"), [(3, "leaked_state"), (2, None)])
def test_rows_that_tests_find_of_others(run, tests, kind):
    """Several write what there may be once; of one alone it may be the product's fault."""
    files = {name: text.replace("{}", str(tests)) for name, text in ROWS.items()}
    verdict = run(files).verdict()

    assert (verdict.kind == "leaked_state") is (kind == "leaked_state")
    if kind:
        assert verdict.culprit.name == "database"
