"""Causes that say little for themselves are joined by what they have in common, and no others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_causes import (
    LONG,
    SOURCES,
    TESTS,
    failed_check,
    seen_in,
    thrown_by,
    united,
    verdict_of,
)

from conftest_kit.records import (
    Frame,
)
from corpus_memory_logging.records import Culprit
from orchestrator.checkout.source import Source

CUT = (
    "assert '<p><a h...p>\\n' == '<p><a h...p>\\n'\n  Skipping 55 identical leading characters\n"
    '  - {0} rel="no">{0}</a>\n  ?     ^^^\n  + {0} target="no">{0}</a>\n'
)


@pytest.mark.parametrize(
    ("one", "other", "passed", "causes"),
    [
        # the same check with the same values, in another class of the file
        ((f"{TESTS}::A::t", "assert x.y", LONG), (f"{TESTS}::B::t", "assert x.y", LONG), 0, 1),
        ((f"{TESTS}::A::t", "assert x.y", LONG), (f"{TESTS}::B::t", "assert x.z", "assert 3"), 0, 2),
        (
            (f"{TESTS}::A::t", "assert ok", "assert False"),
            (f"{TESTS}::B::t", "assert ok", "assert False"),
            7,
            2,
        ),
        # what they differ by
        ((f"{TESTS}::t", "a", "assert 6 == 5"), (f"{TESTS}::u", "b", "assert 11 == 10"), 0, 1),
        ((f"{TESTS}::A::t", "a", "6 != 5"), ("b::B::u", "b", "11 != 10"), 99, 2),
        ((f"{TESTS}::t", "a", "assert 400 == 200"), (f"{TESTS}::u", "b", "assert 500 == 300"), 0, 2),
        ((f"{TESTS}::t", "a", "assert 402 == 401"), ("b::u", "b", "402 != 401"), 0, 1),
        ((f"{TESTS}::t", "a", "assert 500 == 200"), ("b::u", "b", "500 != 200"), 0, 2),
        ((f"{TESTS}::t", "a", "assert 'a!' == 'a.'"), ("b::u", "b", "assert 'c b!' == 'c b.'"), 0, 1),
        ((f"{TESTS}::t", "a", "assert True == False"), ("b::u", "b", "assert True == False"), 0, 2),
        ((f"{TESTS}::t", "a", "assert '../abc' == 'abc'"), ("b::u", "b", "'../d.efg' != 'd.efg'"), 0, 1),
        ((f"{TESTS}::t", "a", "assert '../abc' == 'abc'"), ("b::u", "b", "'d.efg' != '../d.efg'"), 0, 2),
        ((f"{TESTS}::t", "a", "assert '../ab' == 'ab'"), ("b::u", "b", "'../d.efg' != 'd.efg'"), 0, 2),
        ((f"{TESTS}::t", "a", "assert '1234' == '123'"), ("b::u", "b", "'9994' != '999'"), 0, 2),
        ((f"{TESTS}::t", "a", CUT.format("abc")), ("b::u", "b", CUT.format("defg")), 0, 1),
        # what they ask of the product: worth something where most of the run passed
        ((f"{TESTS}::A::t", "price(1)", "x"), (f"{TESTS}::B::u", "price(2)", "y"), 4, 1),
        ((f"{TESTS}::A::t", "price(1)", "x"), (f"{TESTS}::B::u", "price(2)", "y"), 3, 2),
        ((f"{TESTS}::t", "price(1)", "x"), (f"{TESTS}::u", "weigh(2)", "y"), 99, 2),
        ((f"{TESTS}::t", "Cart().total()", "x"), (f"{TESTS}::u", "Cart().size()", "y"), 99, 2),
        # one class, and nothing that says what they ask
        ((f"{TESTS}::A::t", "x.total", "x"), (f"{TESTS}::A::u", "x.size", "y"), 4, 1),
        ((f"{TESTS}::A::t", "x.total", "x"), (f"{TESTS}::A::u", "x.size", "y"), 3, 2),
        ((f"{TESTS}::A::t", "x.total", "x"), (f"{TESTS}::B::u", "x.size", "y"), 7, 2),
        # two classes of one file, and nothing elsewhere
        ((f"{TESTS}::A::t", "x.total", "x"), (f"{TESTS}::B::u", "x.size", "y"), 8, 1),
        ((f"{TESTS}::A::t", "x.total", "x"), ("b::B::u", "x.size", "y"), 99, 2),
        # the same is there, whatever is expected
        ((f"{TESTS}::t", "x", "assert '7.7' == '0.1'"), ("b::u", "y", "assert '7.7' == '3.5'"), 4, 1),
        ((f"{TESTS}::t", "x", "assert '7.7' == '0.1'"), ("b::u", "y", "assert '3.5' == '7.7'"), 4, 2),
        ((f"{TESTS}::t", "x", "assert None == 'ab'"), ("b::u", "y", "assert None == 'cd'"), 4, 2),
    ],
)  # fmt: skip
def test_checks_are_joined_by_what_they_have_in_common(one, other, passed, causes):
    """By the check and its values, what they differ by, what they ask, and where they are."""
    found = united(
        [failed_check(*one), failed_check(*other)],
        passed=passed,
        sources=SOURCES,
        files=["shop/__init__.py", "shop/cart.py"],
    )

    assert len(found) == causes


def _beneath(nodeid, message, function="execute"):
    """An exception that a library raised, and no line of the project above it is known."""
    frame = Frame(file="base/backend.py", line=3, function=function, origin="installed")
    return seen_in(
        nodeid, "OperationalError", message, frame, verdict=verdict_of("unknown", "", 0.1)
    )


def test_what_a_library_does_not_find_is_not_one_complaint():
    """A key alone says nothing of why it was asked for."""
    frame = Frame(file="frames/index.py", line=3, function="get_loc", origin="installed")
    unknown = verdict_of("unknown", "", 0.1)
    missing = [
        seen_in(f"{n}::t", "KeyError", message, frame, verdict=unknown)
        for n, message in enumerate(("'quantity'", "'salary'"))
    ]

    assert len(united(missing)) == 2


@pytest.mark.parametrize(
    ("other", "causes"),
    [
        (("no such table: orders",), 1),
        (("no such column: orders",), 2),
        (("no such table: orders", "commit"), 2),
    ],
)
def test_a_library_complains_of_many_things_for_one_reason(other, causes):
    """The same words out of the same function, whatever they are about."""
    assert (
        len(united([_beneath("a::t", "no such table: users"), _beneath("b::u", *other)])) == causes
    )


def test_a_check_is_joined_with_what_comes_out_of_the_function_that_called_it():
    """A visitor that is called wrongly fails in the test's own method; elsewhere it raises."""
    called_by = Frame(file="shop/visit.py", line=9, function="visit")
    check = Frame(file="tests/a.py", line=3, function="leave", source="assert x", origin="test")
    seen = seen_in("tests/a.py::t", "AssertionError", "assert x", called_by, check)
    died, other = (
        thrown_by(f"b::{kind}", kind, "pop", "visit", file="shop/visit.py")
        for kind in ("IndexError", "KeyError")
    )

    assert len(united([seen, died], passed=9)) == 1
    assert len(united([died, other], passed=9)) == 2


KEYERROR = ("KeyError", "'pear'")


@pytest.mark.parametrize(
    ("one", "other", "causes"),
    [
        ((*KEYERROR, "price"), ("KeyError", "no plums", "price"), 1),
        ((*KEYERROR, "price"), ("TypeError", "no plums", "price"), 2),
        ((*KEYERROR, "price"), ("KeyError", "no plums", "total"), 2),
        (("ValueError", "a cart must not be empty", "total"), ("ValueError", "a cart must not be empty", "price"), 1),
    ],
)  # fmt: skip
def test_exceptions_are_joined_by_the_function_that_throws_them(one, other, causes):
    """The same exception, that is: a function may well have two defects."""
    assert len(united([thrown_by("a::t", *one), thrown_by("a::u", *other)], passed=99)) == causes


def test_what_is_explained_stands_for_what_comes_out_of_the_same_function():
    """Though it says less often what it is; what rests on weak evidence is worth no more."""
    gone = verdict_of(
        "product_error", "missing_name", 0.85, Culprit(type="class", name="shop.Node")
    )
    causes = [
        thrown_by("a::t", "KeyError", "'b'", "dump"),
        thrown_by("a::u", "AttributeError", "no pop", "dump", verdict=gone),
    ]

    (found,) = united(causes)

    assert (found.title, found.verdict.kind) == ("AttributeError: no pop", "missing_name")
    assert found.verdict.confidence == 0.8
    assert found.verdict.evidence[-1] == (
        "Seen as well: KeyError: 'b' (it comes out of the same function)"
    )


def test_two_explanations_are_never_joined_by_what_lies_between_them():
    """What is not explained goes with one of them."""
    gone, other = (
        verdict_of("product_error", "missing_name", 0.85, Culprit(type="class", name=name))
        for name in ("shop.Node", "shop.Leaf")
    )
    causes = [
        thrown_by("a::t", "AttributeError", "no pop", "dump", verdict=gone),
        thrown_by("a::u", "KeyError", "'b'", "dump"),
        thrown_by("a::v", "AttributeError", "no push", "dump", verdict=other),
    ]

    assert sorted(len(cause.failures) for cause in united(causes, passed=99)) == [1, 2]


@pytest.mark.parametrize(("way", "causes"), [("shop/cart.py", 1), ("shop/visit.py", 2)])
def test_one_class_in_which_the_product_raises_and_a_check_fails(way, causes):
    """A check that came through another file than the one that raises says something else."""
    passed_by = Frame(file=way, line=9, function="total", source="go()")
    check = Frame(file=TESTS, line=3, function="t", source="assert x", origin="test")
    failed = seen_in(f"{TESTS}::A::t", "AssertionError", "assert x", passed_by, check)
    died = thrown_by(f"{TESTS}::A::u", "KeyError", "no plums", "price", file="shop/cart.py")

    assert len(united([failed, died], passed=99)) == causes


def _elsewhere(asked, number, imported=None):
    """A check of a file of its own, that imports this of the product."""
    file = f"tests/test_{number}.py"
    made = failed_check(f"{file}::t", asked, f"assert {number}{number} is None")
    return made, {file: Source(imports=imported or {})}


@pytest.mark.parametrize(
    ("imported", "asked", "passed", "causes"),
    [
        (("shop.cart.price", "shop.cart.price"), ("x.sum", "y.sum"), 8, 1),
        (("shop.cart.price", "shop.cart.price"), ("x.sum", "y.sum"), 7, 2),
        (("shop.cart.price", "shop.till.count"), ("x.sum", "y.sum"), 99, 2),
        (("shop.cart.price", "shop.order.place"), ("x.sum", "y.sum"), 99, 1),
        (("shop.cart.price", "shop.cart.weigh"), ("price()", "weigh()"), 99, 2),
        (("shop.cart.price", "shop.cart.weigh"), ("price()", "y.sum"), 99, 1),
    ],
    ids=[
        "one file of the product",
        "much failed",
        "another file",
        "one imports the other",
        "they ask for different things",
        "one does not tell what it asks for",
    ],
)
def test_where_the_rest_passes_checks_of_one_part_of_the_product_are_one(
    imported, asked, passed, causes
):
    """One change is likelier than several that happen to be near each other."""
    sources = {"shop/order.py": Source(imports={"price": "shop.cart.price"})}
    checks = []
    for number, (dotted, line) in enumerate(zip(imported, asked, strict=True), 1):
        check, source = _elsewhere(line, number, {dotted.rpartition(".")[2]: dotted})
        checks.append(check)
        sources |= source
    files = ["shop/cart.py", "shop/till.py", "shop/order.py"]

    assert len(united(checks, passed=passed, sources=sources, files=files)) == causes


def test_many_checks_are_not_one_change():
    """Nor is an exception a check."""
    sources = {}
    checks = []
    for number in range(1, 10):
        check, source = _elsewhere("x.sum", number, {"price": "shop.cart.price"})
        checks.append(check)
        sources |= source
    context = {"passed": 99, "sources": sources, "files": ["shop/cart.py"]}
    died = thrown_by("tests/test_9.py::u", "KeyError", "no plums", "price")

    assert len(united(checks, **context)) == 9
    assert len(united(checks[:8], **context)) == 1
    assert len(united([*checks[:2], died], **context)) == 2


def test_the_check_of_what_lies_deepest_stands_for_the_others():
    """What it asks has the least below it: nothing is nearer to what is wrong."""
    sources = {
        "shop/order.py": Source(imports={"price": "shop.cart.price"}),
        "tests/test_1.py": Source(imports={"place": "shop.order.place"}),
        "tests/test_2.py": Source(imports={"price": "shop.cart.price"}),
    }
    checks = [
        failed_check("tests/test_1.py::t", "assert x", "assert 11 is None"),
        failed_check("tests/test_1.py::t", "assert place(x)", "assert 12 is None"),
        failed_check("tests/test_2.py::t", "assert place(price(x))", "assert 13 is None"),
    ]
    (found,) = united(checks, passed=99, sources=sources, files=["shop/cart.py", "shop/order.py"])

    assert found.title == "AssertionError: assert 13 is None"


@pytest.mark.parametrize(("other", "causes"), [("shop.Node", 1), ("shop.Leaf", 2)])
def test_what_is_explained_alike_and_is_the_same_check_is_one(other, causes):
    """One rule, one culprit, one check with the same values: in two tests."""
    checks = []
    for number, name in enumerate(("shop.Node", other)):
        check = failed_check(f"{TESTS}::test_{number}", "assert x.y", LONG)
        gone = verdict_of("fixture", "leaked_state", 0.8, Culprit(type="class", name=name))
        checks.append(replace(check, verdict=gone))

    assert len(united(checks)) == causes
