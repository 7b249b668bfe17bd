"""What a line of a test asks of the product."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conftest_kit.records import Failure, Frame
from orchestrator.checkout.project import Project
from orchestrator.checkout.source import Source, is_of_tests
from orchestrator.classify.code.tested import Called, called

TESTS = "tests/test_cart.py"
PROJECT = Project(
    files=(
        "src/shop/__init__.py",
        "src/shop/cart.py",
        "src/shop/deep/prices.py",
        "src/store/__init__.py",
        "src/store/rows.py",
        "tests/tools.py",
    ),
    sources={
        TESTS: Source(
            imports={
                "shop": "shop",
                "cart": "shop.cart",
                "price": "shop.price",
                "Cart": "shop.cart.Cart",
                "tool": "tests.tools.tool",
                "loads": "json.loads",
                "again": "shop.again",
                "store": "store.rows",  # `import store.rows`
            }
        ),
        "src/shop/__init__.py": Source(
            imports={"price": "shop.deep.prices.price", "again": "shop.again"}
        ),
    },
)


@pytest.mark.parametrize(
    ("source", "asked"),
    [
        ("assert price(1) == 2", [("src/shop/deep/prices.py", "price")]),
        ("assert cart.total(3) == price(1)", [("src/shop/cart.py", "total"), ("src/shop/deep/prices.py", "price")]),
        ("assert Cart(1).total() == 3", [("src/shop/cart.py", "Cart.total")]),
        ("assert cart.Cart(1) == cart.Cart(2)", [("src/shop/cart.py", "Cart"), ("src/shop/cart.py", "Cart")]),
        ("assert Cart(tool.of(1)).total() == 3", [("src/shop/cart.py", "Cart.total")]),
        ("assert Cart.empty() == 3", [("src/shop/cart.py", "Cart.empty")]),
        ("cart = Cart(1)", [("src/shop/cart.py", "Cart")]),
        ("assert again(1)", [("src/shop/__init__.py", "again")]),
        ("assert basket.price(1) == loads(tool(2))", []),
        ("assert price", []),
        ("assert shop.price(1)", [("src/shop/deep/prices.py", "price")]),
        ("assert shop.cart.total(3)", [("src/shop/cart.py", "total")]),
        ("assert store.price(1)", [("src/store/__init__.py", "price")]),
        ("assert store.rows.total(1)", [("src/store/rows.py", "total")]),
    ],
)  # fmt: skip
def test_functions_of_the_product_by_the_names_that_the_file_imports(source, asked):
    """Where they are defined, rather than where they are taken from."""
    frame = Frame(file=TESTS, line=3, function="test_total", source=source, origin="test")

    assert list(called(PROJECT, frame)) == [Called(*one) for one in asked]


def test_a_class_alone_says_little():
    """Two tests of one class may ask for anything."""
    assert [Called("a", name).is_class for name in ("Cart", "Cart.total", "price")] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("file", "is_test"),
    [("tests/shop.py", True), ("a/test_b.py", True), ("conftest.py", True), ("shop/tested.py", False)],
)  # fmt: skip
def test_files_of_tests(file, is_test):
    """By the name, or the folder."""
    assert is_of_tests(file) is is_test


def test_a_remedy_names_what_the_test_asks(red, raised):
    """The function and its file, at the line of the test itself and not of what it checks with."""
    project = Project(
        files=("shop/cart.py",), sources={TESTS: Source(imports={"total": "shop.cart.total"})}
    )
    error = raised(
        "AssertionError",
        "assert 3 == 4",
        f"{TESTS}:9:test_total",
        "tests/tools.py:2:check",
        source="check(total(1))",
    )

    made = red(error, project=project, nodeid=f"{TESTS}::test_total")

    (suggestion, *_) = made.suggestions()
    assert "The test asks for it at tests/test_cart.py:9" in suggestion.text
    assert "It calls total of shop/cart.py." in suggestion.text


READS = "tests/test_cart.py:9:test_total"


@pytest.mark.parametrize(
    ("places", "source", "category"),
    [
        ((READS,), "assert next(rows) == 3", "assertion"),
        ((READS, "shop/cart.py:7:__next__"), "first = next(rows)", "assertion"),
        ((READS, "lib/frames/table.py:3:__next__"), "self.assertEqual(next(rows), 3)", "assertion"),
        ((READS, "shop/cart.py:7:__anext__"), "row = await anext(rows)", "assertion"),
        ((READS, "shop/cart.py:7:first"), "assert next(first(rows))", "product_error"),
        ((READS, "shop/cart.py:7:__next__"), "assert total(rows) == 3", "product_error"),
    ],
)
def test_an_iterator_that_ends_is_a_value_like_another(red, raised, places, source, category):
    """Where the test's line asks it for more; what the product does not catch is its own fault."""
    assert red(raised("StopIteration", "", *places, source=source)).verdict().category == category


EMPTY = "tests/test_cart.py:9:test_empty"


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("DID NOT RAISE <class 'shop.EmptyCart'>", "Failed"),
        ("EmptyCart not raised", "AssertionError"),
    ],
)
def test_where_the_exception_comes_from_that_was_expected(red, raised, message, kind):
    """What takes it to raise it, rather than what hands it on."""
    project = Project(
        name="shop",
        modules=frozenset({"shop"}),
        files=("shop/__init__.py", "shop/cart.py", "shop/errors.py", "tests/test_cart.py"),
        sources={
            "tests/test_cart.py": Source(imports={"EmptyCart": "shop.EmptyCart"}),
            "shop/__init__.py": Source(
                imports={"EmptyCart": "shop.errors.EmptyCart", "Cart": "shop.cart.Cart"}
            ),
            "shop/cart.py": Source(imports={"EmptyCart": "shop.errors.EmptyCart"}),
        },
    )

    suggestion = red(raised(kind, message, EMPTY), project=project).suggestions()[0]

    assert "`EmptyCart` comes from shop/cart.py" in suggestion.text


@pytest.mark.parametrize(
    ("error", "source", "category"),
    [
        (("KeyError", "'total'"), "assert cart['total'] == 3", "assertion"),
        (("IndexError", "list index out of range"), "self.assertEqual(rows[0], 3)", "assertion"),
        (
            ("AttributeError", "'NoneType' object has no attribute 'total'"),
            "assert cart.total == 3",
            "assertion",
        ),
        (("TypeError", "unsupported operand"), "assert cart + 1 == 3", "product_error"),
        (("KeyError", "'total'"), "total = cart['total']", "product_error"),
    ],
)
def test_a_check_that_could_not_be_made(red, raised, error, source, category):
    """It found another value than it expects, and nothing of the product raised."""
    assert red(raised(*error, READS, source=source)).verdict().category == category


@pytest.mark.parametrize(("line", "rule"), [(9, "another-exception@1"), (19, "product-raised@1")])
def test_what_also_comes_to_tests_that_wait_for_none(red, raised, line, rule):
    """Out of the same line of the product: then it is no matter of what a test expects."""
    project = Project(name="shop", sources={"tests/test_cart.py": Source(expects=((8, 10),))})
    places = ("tests/test_cart.py:9:test_total", "shop/cart.py:7:total")
    waiting = red(raised("KeyError", "'x'", *places), project=project)
    other = raised("KeyError", "'x'", f"tests/test_cart.py:{line}:test_other", places[1])
    failures = (
        *waiting.recording.failures,
        Failure(nodeid="tests/test_cart.py::test_other", phase="call", exceptions=(other,)),
    )

    together = replace(waiting, recording=waiting.recording._replace(failures=failures))

    assert together.verdict("::test_total").rule == rule


NAMED = replace(
    PROJECT,
    sources={
        TESTS: Source(
            imports={
                "prices": "shop.deep.prices",
                "price": "shop.deep.prices.price",
                "price_of": "shop.deep.prices.price_of",
                "price_of_plums": "shop.deep.prices.price_of_plums",
                "Cart": "shop.cart.Cart",
                "tool": "tests.tools.tool",
                "loads": "json.loads",
            }
        )
    },
)


@pytest.mark.parametrize(
    ("test", "source", "named"),
    [
        ("TestPriceOf::test_plums", "self.assertEqual(value, 3)", "price_of"),
        ("test_price_of_plum[3]", "assert value == 3", "price_of"),
        ("TestCart::test_empty", "assert value == 3", "Cart"),
        ("test_plums", "assert price_of == 3", ""),
        ("test_plums", "assert of_plums == 3", "price_of_plums"),
        ("test_plums", "assert of_plums() == 3", ""),
        ("test_plums", "assert row.of_plums == 3", ""),
        ("test_plums", "assert row['of_plums'] == 3", ""),
        ("test_plums", "assert plum == 3", ""),
        ("test_priceless", "assert value == 3", ""),
        ("test_prices", "assert value == 3", ""),
        ("test_tool_loads", "assert value == 3", ""),
        ("TestPriceOf::test_plums", "assert Cart.total() == 3", ""),
    ],
)
def test_what_a_test_bears_the_name_of(red, raised, test, source, named):
    """Where its line does not call the product itself: what its file imports by that name."""
    link = raised("AssertionError", "3 != 4", f"{TESTS}:9:test", source=source)
    made = red(link, nodeid=f"{TESTS}::{test}", project=NAMED)

    (first, *_) = made.suggestions()

    said = f"By its name it is about {named} of src/shop/" if named else "By its name"
    assert (said in first.text) is bool(named)


@pytest.mark.parametrize(
    ("test", "files", "named"),
    [
        ("tests/test_en.py", ("shop/lang_EN.py", "shop/lang_DE.py"), "shop/lang_EN.py"),
        ("tests/test_row.py", ("shop/rows.py", "shop/rowing.py"), "shop/rows.py"),
        ("tests/test_en.py", ("shop/lang_EN.py", "other/en.py"), ""),
        ("tests/test_en.py", ("tests/lang_en.py",), ""),
        ("tests/test_en.py", ("shop/encode.py",), ""),
    ],
)
def test_the_file_that_a_test_bears_the_name_of(red, raised, test, files, named):
    """Though it reaches it only through others."""
    project = Project(
        name="shop",
        files=("shop/__init__.py", *files),
        sources={test: Source(imports={"say": "shop.say"})},
    )
    link = raised("AssertionError", "3 != 4", f"{test}:9:test", source="assert value == 3")

    (first, *_) = red(link, nodeid=f"{test}::test", project=project).suggestions()

    about = f"It is about {named}, shop/__init__.py" if named else "It is about shop/__init__.py"
    assert about in first.text


@pytest.mark.parametrize(
    "places",
    [
        ("tests/test_cart.py:9:test_total", "lib/frames/table.py:3:read"),
        ("shop/cart.py:7:total", "lib/frames/testing/equal.py:3:equal"),
        ("shop/cart.py:7:total", "lib/frames/table.py:3:assert_same"),
        ("shop/tests/tools.py:7:same", "lib/frames/table.py:3:read"),
        ("shop/cart.py:7:total",),
    ],
)
def test_a_check_is_no_assertion_of_a_library_itself(red, raised, places):
    """Neither what a test calls to compare, nor what the product wraps of it, nor its own."""
    assert red(raised("AssertionError", "1 != 2", *places)).verdict().category == "assertion"


ROUTE, RAISES = "webframe/app.py:3:route", "raise AssertionError("


@pytest.mark.parametrize(
    ("last", "source", "message", "is_one"),
    [
        (ROUTE, RAISES, "twice", True),
        (ROUTE, RAISES, "", False),
        (ROUTE, "assert not twice", "twice", False),
        ("webframe/app.py:3:assert_it", RAISES, "no", False),
        ("webframe/testing.py:3:it", RAISES, "no", False),
        ("frames/table.py:3:read", RAISES, "twice", False),
    ],
)
def test_a_library_that_refuses_by_assertion(request, last, source, message, is_one):
    """One of the product's, in words, and none that checks for tests."""
    red, raised = map(request.getfixturevalue, ("red", "raised"))
    project = Project(
        name="shop",
        modules=frozenset({"shop", "tests"}),
        files=("shop/cart.py",),
        sources={
            TESTS: Source(imports={"cart": "shop.cart"}),
            "shop/cart.py": Source(imports={"w": "webframe"}),
        },
    )
    link = raised("AssertionError", message, f"{TESTS}:9:test_total", f"lib/{last}", source=source)

    rule = red(link, project=project).verdict().rule

    assert rule.startswith("library-refuses@" if is_one else "assertion@")
