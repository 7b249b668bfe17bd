"""Causes that are one become one, and neighbours stay neighbours."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conftest_kit.records import (
    Distribution,
    Environment,
    Failure,
    Fixture,
    Frame,
    Raised,
    Recording,
    Run,
)
from corpus_memory_logging.records import Cause, Culprit, Remembered, Verdict
from orchestrator.causes.uniting import united as united_in
from orchestrator.checkout.project import FixtureDefinition, Project
from orchestrator.checkout.source import Guard, Source
from orchestrator.classify import context_of


def _context(*, passed=0, distributions=(), installed=None, variables=(), sources=None, files=()):
    run = Run(
        run_id="1",
        counts={"passed": passed},
        environment=Environment(distributions=installed or {}, variables=variables),
    )
    return context_of(
        Recording(run=run, distributions=tuple(distributions)),
        Project(files=tuple(files), sources=sources or {}),
    )


def united(causes, **context):
    """The causes, in a run of that context."""
    return united_in(causes, _context(**context))


def _failure(nodeid, message):
    return Failure(
        nodeid=nodeid, phase="call", exceptions=(Raised(type="ValueError", message=message),)
    )


def _cause(name, title, failures, *, category="missing_dependency", kind="", remembered=None):
    return Cause(
        cause_id=title,
        signature=f"reason-v1:{title}",
        title=title,
        verdict=Verdict(
            category=category,
            kind=kind,
            culprit=Culprit(type="distribution", name=name),
            confidence=0.9,
            evidence=(title,),
            rule="x@1",
        ),
        failures=tuple(_failure(f"{title}{n}", title) for n in range(failures)),
        remembered=remembered,
    )


def test_one_distribution_to_install_is_one_cause():
    """An absent plugin is one cause, whether a marker, a module or a setting shows it."""
    found = united(
        [
            _cause("pytest-asyncio", "marker", 1),
            _cause("pytest_asyncio", "module", 3),
            _cause("PyYAML", "yaml", 1),
        ]
    )

    assert [(cause.title, len(cause.failures)) for cause in found] == [("module", 4), ("yaml", 1)]
    assert found[0].verdict.evidence == ("module", "Seen as well: marker")


def test_what_was_seen_before_stands_for_the_others():
    """The cause that the memory knows keeps its identity and what was decided about it."""
    known = Remembered(first_seen="", last_seen="", occurrences=1, status="open")

    (found,) = united([_cause("PyYAML", "new", 3), _cause("PyYAML", "old", 1, remembered=known)])

    assert (found.title, found.remembered) == ("old", known)


@pytest.mark.parametrize(("category", "causes"), [("compatibility", 1), ("unknown", 2)])
def test_another_release_mends_all_that_one_broke(category, causes):
    """Two names that a release removed are one release; of nothing certain nothing is made one."""
    found = united([_cause("numpy", "float", 1, category=category, kind="removed_name"),
                    _cause("numpy", "NaN", 1, category=category, kind="removed_name")])  # fmt: skip

    assert len(found) == causes


def _fixture_broke(module, line):
    frame = Frame(file="tests/conftest.py", line=line, function="app", source="", origin="test")
    raised = Raised(type="AttributeError", message=f"{module!r} has no name", frames=(frame,))
    failure = Failure(nodeid=f"{module}::test", phase="setup", exceptions=(raised,))
    return replace(
        _cause("app", module, 0, category="fixture", kind="setup_raised"),
        verdict=Verdict(
            category="fixture",
            kind="setup_raised",
            culprit=Culprit(type="fixture", name="app"),
            confidence=0.9,
            evidence=(module,),
            rule="x@1",
        ),
        failures=(failure,),
    )


def test_one_line_of_a_fixture_is_one_cause():
    """A fixture that raises on one line is one cause, whatever it says for each module."""
    found = united([_fixture_broke("a", 4), _fixture_broke("b", 4), _fixture_broke("c", 9)])

    assert [len(cause.failures) for cause in found] == [2, 1]


@pytest.mark.parametrize(
    ("places", "causes"), [((), 1), (("tests/test_a.py", "tests/test_b.py"), 2)]
)
def test_set_ups_that_the_harness_itself_complains_of(places, causes):
    """Whatever it says of each class; where own code raised, that is another thing for each."""
    frames = [(Frame(file=place, line=4, function="setUp", origin="test"),) for place in places]
    made = []
    for name, own in zip("ab", frames or ((), ()), strict=True):
        raised = Raised(type="ValueError", message=f"{name}.setUp was not called", frames=own)
        cause = _cause("", name, 1, category="fixture", kind="setup_raised")
        (failure,) = cause.failures
        made.append(
            replace(
                cause,
                verdict=replace(cause.verdict, culprit=None),
                failures=(failure._replace(exceptions=(raised,)),),
            )
        )

    assert len(united(made)) == causes


def _of(culprit, *, kind, category="environment", place="shop/a.py", message="x", origin="project"):
    frames = (
        Frame(file=place, line=3, function="run", origin=origin),
        Frame(file=f"lib{place}", line=4, function="wait", origin="installed"),
    )
    raised = Raised(type="KeyError", message=message, frames=frames)
    return replace(
        _cause("x", f"{place} {message}", 0, category=category, kind=kind),
        verdict=Verdict(
            category=category, kind=kind, culprit=culprit, confidence=0.9, evidence=(), rule="x@1"
        ),
        failures=(Failure(nodeid=f"{place}::test", phase="call", exceptions=(raised,)),),
    )


VARIABLE = Culprit(type="variable", name="DATABASE_URL")
NUMPY = Culprit(type="distribution", name="numpy")
DJANGO = Culprit(type="plugin", name="django")
BASKET = Culprit(type="fixture", name="basket")
PART = Culprit(type="module", name="shop.cart")
PYTHON = Culprit(type="interpreter", name="Python")
HOST = Culprit(type="host", name="prices.invalid")
MODULE = Culprit(type="module", name="shop.errors")


def _file(name):
    return Culprit(type="file", name=name)


@pytest.mark.parametrize(
    ("one", "other", "causes"),
    [
        ((VARIABLE, "variable", "x"), (VARIABLE, "variable", "y"), 1),
        ((VARIABLE, "variable", "x"), (Culprit(type="variable", name="HOME"), "variable", "x"), 2),
        ((PART, "missing_name", "no price 3"), (PART, "missing_name", "no price 4"), 1),
        ((PART, "missing_name", "no price"), (PART, "missing_name", "no total"), 2),
        ((PART, "missing_module", "no price"), (PART, "missing_module", "no total"), 1),
        ((PART, "missing_module", "no price"), (MODULE, "missing_module", "no price"), 2),
        ((PART, "circular_import", "no price"), (MODULE, "circular_import", "no total"), 1),
        ((PART, "import_path", "no price"), (MODULE, "import_path", "no total"), 1),
        ((NUMPY, "python_version", "x"), (PYTHON, "python_version", "y"), 1),
        ((HOST, "dns", "x"), (None, "dns", "y"), 1),
        ((HOST, "refused", "x"), (None, "refused", "y"), 2),
        ((NUMPY, "data_mismatch", "x"), (NUMPY, "data_mismatch", "x"), 2),
        ((BASKET, "not_found", "x"), (BASKET, "recursive", "y"), 1),
        ((BASKET, "no_value", "no price"), (BASKET, "no_value", "no total"), 1),
        ((BASKET, "async_fixture", "refused"), (BASKET, "async_fixture", "unfinished"), 1),
        ((PART, "unregistered_class", "no Usr"), (PART, "unregistered_class", "'Usr'"), 1),
        ((DJANGO, "plugin_disabled", "no rf"), (DJANGO, "plugin_disabled", "no client"), 1),
        ((BASKET, "wrong_path", "no price"), (BASKET, "wrong_path", "no total"), 1),
        ((None, "current_folder", "no price"), (None, "current_folder", "no total"), 1),
        ((_file("data/x.csv"), "file", "x"), (_file("data/x.csv"), "wrong_path", "y"), 1),
        ((_file("data/x.csv"), "file", "x"), (_file("x.csv"), "file", "y"), 1),
        ((_file("data/x.csv"), "file", "x"), (_file("y.csv"), "file", "y"), 2),
        ((None, "memory", "x"), (None, "memory", "y"), 1),
        ((None, "killed", "x"), (None, "killed", "y"), 2),
    ],
)
def test_what_one_edit_mends_is_one_cause_wherever_it_is_noticed(one, other, causes):
    """A variable to set, a name that a release removed, a fixture's wiring, a full machine."""
    made = [
        _of(
            culprit,
            kind=kind,
            category="resource" if culprit is None else "environment",
            place=place,
            message=message,
        )
        for place, (culprit, kind, message) in (("shop/a.py", one), ("shop/b.py", other))
    ]

    assert len(united(made)) == causes


def _lacks(owner, symbol, line):
    frame = Frame(file="shop/cart.py", line=line, function="total", origin="project")
    raised = Raised(
        type="AttributeError",
        message=f"{owner!r} object has no attribute {symbol!r}",
        attributes={"name": symbol},
        frames=(frame,),
    )
    made = _of(Culprit(type="class", name=owner), kind="missing_name", message=f"{owner}{symbol}")
    (failure,) = made.failures
    return replace(made, failures=(failure._replace(exceptions=(raised,)),))


@pytest.mark.parametrize(
    ("variables", "causes"), [((), 2), (("PYTEST_DISABLE_PLUGIN_AUTOLOAD",), 1)]
)
def test_plugins_that_pytest_is_told_not_to_load_are_one_cause(variables, causes):
    """Whatever they would have brought."""
    made = [
        _of(DJANGO, kind="plugin_disabled", category="configuration"),
        _of(NUMPY, kind="async_mode", category="configuration", place="shop/b.py"),
    ]

    assert len(united(made, variables=variables)) == causes


@pytest.mark.parametrize(
    ("other", "causes"),
    [
        (("shop.cart.Basket", "price", 4), 1),
        (("shop.cart.Cart", "price", 9), 1),
        (("shop.cart.Cart", "total", 4), 2),
        (("pool.cart.Cart", "price", 4), 2),
    ],
)
def test_what_classes_of_one_package_lack_is_gone_from_one_place(other, causes):
    """A method of a base class, which each class made from it is asked for."""
    assert len(united([_lacks("shop.cart.Cart", "price", 4), _lacks(*other)])) == causes


GONE = {
    "undefined": (
        "NameError",
        "name 'total' is not defined",
        "undefined_name",
        "file",
        "shop/cart.py",
    ),
    "read": (
        "AttributeError",
        "module 'shop.cart' has no attribute 'total'",
        "missing_name",
        "module",
        "shop.cart",
    ),
    "imported": (
        "ImportError",
        "cannot import name 'total' from 'shop' (/shop/__init__.py)",
        "missing_name",
        "module",
        "shop",
    ),
    "another": ("NameError", "name 'tax' is not defined", "undefined_name", "file", "shop/cart.py"),
    "elsewhere": (
        "NameError",
        "name 'total' is not defined",
        "undefined_name",
        "file",
        "pool/a.py",
    ),
}


def _gone(how):
    kind, message, verdict, culprit, name = GONE[how]
    attributes = {"name": message.split("'")[1]} if kind == "NameError" else {}
    if kind == "AttributeError":
        attributes = {"name": "total", "obj": "shop.cart"}
    raised = Raised(type=kind, message=message, attributes=attributes)
    made = _cause("x", how, 1, category="product_error", kind=verdict)
    return replace(
        made,
        verdict=replace(made.verdict, culprit=Culprit(type=culprit, name=name)),
        failures=(Failure(nodeid=how, phase="call", exceptions=(raised,)),),
    )


@pytest.mark.parametrize(
    ("other", "causes"), [("read", 1), ("imported", 1), ("another", 2), ("elsewhere", 2)]
)
def test_a_name_that_is_gone_shows_in_three_ways(other, causes):
    """Its own module finds it undefined, others cannot read or import it."""
    assert len(united([_gone("undefined"), _gone(other)])) == causes


@pytest.mark.parametrize(
    ("file", "causes"), [("tests/a/conftest.py", 1), ("tests/c/conftest.py", 2)]
)
def test_fixtures_of_a_file_that_is_out_of_reach(file, causes):
    """Whichever of them is asked for."""
    places = {"row": "tests/a/conftest.py", "table": file}
    made = []
    for name in places:
        missing = Raised(type="X", message="", attributes={"argname": name})
        cause = _cause(name, name, 1, category="fixture", kind="not_found")
        verdict = replace(cause.verdict, culprit=Culprit(type="fixture", name=name))
        asks = Failure(nodeid=f"tests/b/test_b.py::{name}", phase="setup", exceptions=(missing,))
        made.append(replace(cause, verdict=verdict, failures=(asks,)))
    fixtures = tuple(
        FixtureDefinition(name=name, function=name, file=place, line=4)
        for name, place in places.items()
    )
    context = context_of(Recording(run=Run(run_id="1")), Project(fixtures=fixtures))

    assert len(united_in(made, context)) == causes


def test_where_a_test_that_did_not_end_was_stopped_is_chance():
    """What the tests called is the cause, not the line that was reached."""
    tests = [Culprit(type="test", name=name) for name in "ab"]
    made = [
        _of(test, kind="test_timeout", category="timeout", message=str(number))
        for number, test in enumerate(tests)
    ]

    assert len(united(made)) == 1
    assert len(united([made[0], _of(tests[1], kind="test_timeout", place="shop/b.py")])) == 2


def test_tests_that_were_stopped_in_the_same_function():
    """Whichever called it: the loop is in what their ways have in common."""
    ways = (("get", "read"), ("line", "get"), ("write",))
    stopped = []
    for number, way in enumerate(ways):
        made = _of(None, kind="test_timeout", category="timeout", message=str(number))
        frames = tuple(Frame(file="shop/a.py", line=3, function=one) for one in way)
        raised = Raised(type="Failed", message=str(number), frames=frames)
        (failure,) = made.failures
        culprit = Culprit(type="test", name=str(number))
        stopped.append(
            replace(
                made,
                cause_id=str(number),
                verdict=replace(made.verdict, culprit=culprit),
                failures=(failure._replace(exceptions=(raised,)),),
            )
        )

    assert [len(cause.failures) for cause in united(stopped)] == [2, 1]


def test_a_test_that_was_stopped_elsewhere_called_the_same():
    """Where no line of the product is in the traceback, the test's line says what it called."""
    sources = {"tests/test_a.py": Source(imports={"run": "shop.a.run"})}
    tests = [Culprit(type="test", name=name) for name in "ab"]
    stopped = _of(tests[0], kind="test_timeout", category="timeout")
    frame = Frame(file="tests/test_a.py", line=3, function="test", source="run(1)", origin="test")
    elsewhere = _seen("tests/test_a.py::test", "Failed", "Timeout", frame, verdict=stopped.verdict)

    assert len(united([stopped, elsewhere], sources=sources, files=["shop/a.py"])) == 1


def test_what_a_library_lacks_is_what_is_not_installed_beside_it():
    """An installed distribution does without what one of its extras brings."""
    jwt = Distribution(
        name="PyJWT", version="2", requires=('cryptography; extra == "crypto"',), extras=("crypto",)
    )
    lacking = _cause("PyJWT", "hashes", 3, category="compatibility", kind="removed_name")
    absent = _cause("cryptography", "absent", 1)

    (found,) = united([lacking, absent], distributions=[jwt])

    assert found.verdict.culprit == Culprit(type="distribution", name="cryptography")
    assert len(united([lacking, absent])) == 2


def _verdict(category, kind, confidence, culprit=None):
    return Verdict(
        category=category,
        kind=kind,
        culprit=culprit,
        confidence=confidence,
        evidence=("said",),
        rule="x@1",
    )


WRONG = _verdict("assertion", "wrong_value", 0.82)
RAISED = _verdict("product_error", "exception", 0.8, Culprit(type="file", name="shop/cart.py"))


def _seen(nodeid, kind, message, *frames, verdict=WRONG):
    raised = Raised(type=kind, message=message, frames=frames)
    failure = Failure(nodeid=nodeid, phase="call", message=message, exceptions=(raised,))
    return Cause(
        cause_id=nodeid,
        signature=f"reason-v1:{nodeid}",
        title=f"{kind}: {message}",
        verdict=verdict,
        failures=(failure,),
    )


def _check(nodeid, source, message):
    """A check that a test of `tests/` makes itself."""
    file, _, test = nodeid.partition("::")
    frame = Frame(file=file, line=len(nodeid), function=test, source=source, origin="test")
    return _seen(nodeid, "AssertionError", message, frame)


def _thrown(nodeid, kind, message, function, *, file="shop/cart.py", verdict=RAISED):
    """An exception out of the product."""
    frame = Frame(file=file, line=len(message), function=function, source="raise")
    return _seen(nodeid, kind, message, frame, verdict=verdict)


TESTS = "tests/test_cart.py"
SOURCES = {
    TESTS: Source(imports={"price": "shop.cart.price", "weigh": "shop.cart.weigh", "Cart": "shop.Cart"})
}  # fmt: skip
LONG = "assert 'utf-16' == 'utf-8'"


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
        ((f"{TESTS}::t", "a", "assert 'a!' == 'a.'"), ("b::u", "b", "assert 'c b!' == 'c b.'"), 0, 1),
        ((f"{TESTS}::t", "a", "assert True == False"), ("b::u", "b", "assert True == False"), 0, 2),
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
        [_check(*one), _check(*other)],
        passed=passed,
        sources=SOURCES,
        files=["shop/__init__.py", "shop/cart.py"],
    )

    assert len(found) == causes


def _beneath(nodeid, message, function="execute"):
    """An exception that a library raised, and no line of the project above it is known."""
    frame = Frame(file="base/backend.py", line=3, function=function, origin="installed")
    return _seen(nodeid, "OperationalError", message, frame, verdict=_verdict("unknown", "", 0.1))


def test_what_a_library_does_not_find_is_not_one_complaint():
    """A key alone says nothing of why it was asked for."""
    frame = Frame(file="frames/index.py", line=3, function="get_loc", origin="installed")
    unknown = _verdict("unknown", "", 0.1)
    missing = [
        _seen(f"{n}::t", "KeyError", message, frame, verdict=unknown)
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
    seen = _seen("tests/a.py::t", "AssertionError", "assert x", called_by, check)
    died, other = (
        _thrown(f"b::{kind}", kind, "pop", "visit", file="shop/visit.py")
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
    assert len(united([_thrown("a::t", *one), _thrown("a::u", *other)], passed=99)) == causes


def test_what_is_explained_stands_for_what_comes_out_of_the_same_function():
    """Though it says less often what it is; what rests on weak evidence is worth no more."""
    gone = _verdict("product_error", "missing_name", 0.85, Culprit(type="class", name="shop.Node"))
    causes = [
        _thrown("a::t", "KeyError", "'b'", "dump"),
        _thrown("a::u", "AttributeError", "no pop", "dump", verdict=gone),
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
        _verdict("product_error", "missing_name", 0.85, Culprit(type="class", name=name))
        for name in ("shop.Node", "shop.Leaf")
    )
    causes = [
        _thrown("a::t", "AttributeError", "no pop", "dump", verdict=gone),
        _thrown("a::u", "KeyError", "'b'", "dump"),
        _thrown("a::v", "AttributeError", "no push", "dump", verdict=other),
    ]

    assert sorted(len(cause.failures) for cause in united(causes, passed=99)) == [1, 2]


ABSENT = _verdict("missing_dependency", "extra", 0.94, Culprit(type="distribution", name="Brotli"))
SHOWN = "tests/test_codes.py::Codes::test_load"
DEPENDS = "shop/near.py depends on `Brotli`"
AFTER = "its test names `Brotli`, and shop/near.py depends on it"


def _explained(nodeid=SHOWN, phase="call", verdict=ABSENT):
    cause = _thrown(
        nodeid, "RuntimeError", "not there", "load", file="shop/codes.py", verdict=verdict
    )
    return replace(cause, failures=tuple(one._replace(phase=phase) for one in cause.failures))


@pytest.mark.parametrize(
    ("nodeid", "line", "why"),
    [
        ("tests/test_near.py::test_size", "assert size() == 3", DEPENDS),
        ("tests/test_near.py::test_size", "assert found == 3", DEPENDS),
        ("tests/test_near.py::test_size", "assert price() == 3", ""),
        ("tests/test_near.py::TestBrotli::test_size", "assert price() == 3", AFTER),
        ("tests/test_other.py::test_brotli_too", "assert found == 3", ""),
        ("tests/test_other.py::test_embrotlied", "assert found == 3", ""),
        ("tests/test_codes.py::Codes::test_size", "assert found == 3", ""),
        ("tests/test_other.py::test_size", "assert brotli == 3", ""),
    ],
)
def test_the_one_explanation_of_a_run_is_that_of_what_it_touches(nodeid, line, why):
    """What the check calls does without what is absent; where it calls nothing, or is called after
    that, the file of the tests does. To stand beside it is nothing, nor is a word of that name.
    """
    sources = {
        "tests/test_near.py": Source(
            imports={"size": "shop.near.size", "price": "shop.price.price"}
        ),
        "shop/near.py": Source(guards=(Guard(modules=("brotli",)),)),
    }
    found = united(
        [_explained(), _check(nodeid, line, "assert 4 == 3")],
        sources=sources,
        files=["shop/near.py", "shop/price.py"],
    )

    assert len(found) == (1 if why else 2)
    assert found[0].verdict.category == "missing_dependency"
    assert (f"({why})" in found[0].verdict.evidence[-1]) is bool(why)


@pytest.mark.parametrize(("file", "causes"), [("shop/codes.py", 2), ("shop/near.py", 1)])
def test_a_module_that_refuses_to_do_without_what_is_absent(file, causes):
    """It guards the import, and raises: it goes on with nothing in its place."""
    sources = {
        "tests/test_near.py": Source(imports={"load": "shop.load"}),
        file: Source(guards=(Guard(modules=("brotli",)),)),
        "shop/__init__.py": Source(
            imports={"load": f"{file.removesuffix('.py').replace('/', '.')}.load"}
        ),
    }
    check = _check("tests/test_near.py::test_size", "assert size == 3", "assert 4 == 3")

    found = united([_explained(), check], sources=sources, files=["shop/__init__.py", file])

    assert len(found) == causes


@pytest.mark.parametrize(
    ("raised", "causes"),
    [
        (("AssertionError", "assert 'install pytest-mock' == ''"), 2),
        (("RuntimeError", "served the pytest-mock"), 2),
        (("RuntimeError", "install pytest-mock"), 1),
        (("RuntimeError", "no pytest-mock library here"), 1),
    ],
)
def test_an_exception_may_name_what_is_absent(raised, causes):
    """As a distribution: a value that is compared, or any sentence with the word, says nothing."""
    absent = _verdict(
        "missing_dependency", "plugin", 0.94, Culprit(type="distribution", name="pytest-mock")
    )
    missing = _seen(
        SHOWN, "_pytest.fixtures.FixtureLookupError", "fixture 'mocker' not found", verdict=absent
    )
    kind, message = raised
    if kind == "AssertionError":
        other = _check("tests/test_codes.py::Codes::test_size", "assert size == 3", message)
    else:
        other = _thrown("tests/test_codes.py::Codes::test_size", kind, message, "size")

    assert len(united([missing, other])) == causes


@pytest.mark.parametrize(
    ("explained", "other", "causes"),
    [
        (None, None, 1),
        (None, "open", 2),
        ("open", "open", 2),
        ("open", None, 1),
        (None, "resolved", 1),
    ],
)
def test_what_was_there_before_is_not_of_what_is_new(explained, other, causes):
    """A cause that the memory knows as one of its own stays one."""

    def remembered(cause, status):
        known = Remembered(first_seen="1", last_seen="2", occurrences=2, status=status or "open")
        return replace(cause, remembered=known if status else None)

    thrown = _thrown("tests/test_codes.py::t", "RuntimeError", "install the brotli package", "size")

    found = united([remembered(_explained(), explained), remembered(thrown, other)])

    assert len(found) == causes


def test_that_the_process_ended_is_no_explanation():
    """It says what was seen, not why."""
    ended = _thrown(
        "tests/test_codes.py::Codes::test_main",
        "SystemExit",
        "install brotli",
        "main",
        verdict=_verdict("product_error", "exit", 0.75),
    )

    assert len(united([_explained(), ended])) == 1


@pytest.mark.parametrize(
    "explained",
    [
        [_explained(phase="collect", nodeid="tests/test_codes.py")],
        [_explained(verdict=_verdict("product_error", "missing_name", 0.9, Culprit(type="class", name="a")))],
        [_explained(verdict=_verdict("fixture", "not_found", 0.9, Culprit(type="fixture", name="size")))],
        [_explained(verdict=_verdict("syntax", "syntax_error", 0.9, Culprit(type="file", name="a")))],
        [_explained(), _explained("b::t", verdict=_verdict("network", "dns", 0.9, Culprit(type="host", name="b")))],
    ],
    ids=["file not collected", "line of the product", "fixture", "one file", "one of two"],
)  # fmt: skip
def test_other_explanations_lend_nothing(explained):
    """What kept a file from being collected, what is of one file, and what is not the only one."""
    check = _check("tests/test_codes.py::Codes::test_size", "assert size == 3", "assert 4 == 3")

    assert len(united([*explained, check])) == len(explained) + 1


@pytest.mark.parametrize(
    ("kind", "near", "causes"),
    [
        ("RuntimeError", Source(imports={"get": "webby.get"}), 1),
        ("ImportError", Source(guards=(Guard(modules=("webby",)),)), 1),
        ("AttributeError", Source(imports={"webby": "webby"}), 2),
        ("AttributeError", Source(guards=(Guard(modules=("webby",)),)), 2),
    ],
)
def test_an_installed_release_touches_what_imports_it(kind, near, causes):
    """What is there and changed needs no guard to be depended on; one attribute that it has not
    breaks only what asks for it.
    """
    changed = _verdict("compatibility", "changed", 0.9, Culprit(type="distribution", name="webby"))
    explained = _thrown(SHOWN, kind, "not there", "load", file="shop/codes.py", verdict=changed)
    check = _check("tests/test_near.py::test_size", "assert size == 3", "assert 4 == 3")
    found = united(
        [explained, check],
        sources={"tests/test_near.py": near},
        installed={"webby": "2"},
        distributions=[Distribution(name="webby", version="2", modules=("webby",))],
    )

    assert len(found) == causes


@pytest.mark.parametrize(
    ("edits", "causes"),
    [
        ({"x0 x": "total", "x1 x": "total", "x2 x": "total"}, 1),
        ({"x0 x": "total", "x1 x": "total"}, 2),
        ({"x0 x": "total", "x1 x": "price"}, 3),
        ({}, 3),
    ],
)
def test_what_one_edit_broke_is_one_cause(edits, causes):
    """Wherever it shows."""
    known = [
        _of(None, kind="wrong_value", category="assertion", place=f"x{n}", message="x")
        for n in range(3)
    ]

    found = united_in(known, _context(), edits)

    assert len(found) == causes


def test_what_is_mended_alike_stays_one_beside_an_edit():
    """Also where the edit is known of some of it only."""
    known = [_of(VARIABLE, kind="variable", place=f"x{n}", message="x") for n in range(3)] + [
        _of(None, kind="wrong_value", category="assertion", place="x9", message="x")
    ]

    found = united_in(known, _context(), {"x9 x": "total", "x1 x": "total"})

    assert len(found) == 1


def test_a_file_that_stands_in_two_folders():
    """Which of the two is meant by its name alone is not known."""
    names = ("data/x.csv", "old/x.csv", "x.csv")

    causes = [
        _of(_file(name), kind="file", category="environment", place=f"t/{n}.py:1:t", message="x")
        for n, name in enumerate(names)
    ]

    assert len(united(causes)) == 3


def test_variables_follow_from_the_file_that_sets_them():
    """Without `.env` what it says is not set."""
    causes = [
        _explained(f"{SHOWN}_{name}", verdict=_verdict("environment", kind, 0.88, culprit))
        for name, kind, culprit in (
            ("a", "variable", Culprit(type="variable", name="STRING")),
            ("b", "variable", Culprit(type="variable", name="NUMBER")),
            ("c", "file", Culprit(type="file", name="tests/.env")),
        )
    ]

    (found,) = united([*causes])

    assert found.verdict.culprit == Culprit(type="file", name="tests/.env")
    assert len(united(causes[:2])) == 2


def test_what_a_reviewer_decided_is_explained():
    """It is never joined with another explanation; of others it says no more than what joins them."""
    decided = replace(_verdict("fixture", "", 0.99), rule="reviewer")
    check = f"{TESTS}::A::t", "assert x.y", LONG
    other = _check(f"{TESTS}::A::u", "assert x.y", LONG)
    first = replace(_check(*check), verdict=decided)

    (found,) = united([other, first])

    assert (found.verdict.category, found.verdict.confidence) == ("fixture", 0.9)
    assert len(united([first, replace(other, verdict=decided)])) == 2


def test_what_is_unknown_makes_nothing_less_sure():
    """It says nothing; what it is joined by counts."""
    unknown = _thrown(
        "a::t", "RuntimeError", "install brotli", "size", verdict=_verdict("unknown", "", 0.1)
    )

    (found,) = united([_explained(), unknown])

    assert found.verdict.confidence == 0.85


def _of_basket(kind):
    """What is wrong with the fixture `basket`."""
    wrong = _cause("basket", "wrong", 2, category="fixture", kind=kind)
    culprit = Culprit(type="fixture", name="basket")
    return replace(wrong, verdict=replace(wrong.verdict, culprit=culprit))


def _given(cause, name):
    """The cause, with tests that were given a fixture of that name."""
    fixture = Fixture(name=name, scope="module", file="tests/conftest.py", line=4, origin="test")
    failures = tuple(failure._replace(fixtures=(fixture,)) for failure in cause.failures)
    return replace(cause, failures=failures)


@pytest.mark.parametrize(
    ("kind", "given", "causes"),
    [("no_value", "basket", 1), ("no_value", "client", 2), ("leaked_state", "basket", 2)],
)
def test_hosts_are_asked_for_want_of_what_a_fixture_should_give(kind, given, causes):
    """A stand-in that is not there keeps no test from asking the host itself."""
    asked = _explained(verdict=_verdict("network", "dns", 0.95, HOST))

    found = united([_given(asked, given), _of_basket(kind)])

    assert len(found) == causes
    assert any(cause.verdict.kind == kind for cause in found)


@pytest.mark.parametrize(
    ("kind", "given", "causes"),
    [
        ("leaked_state", "basket", 1),
        ("no_value", "basket", 1),
        ("no_value", "client", 2),
        ("setup_raised", "basket", 2),
    ],
)
def test_what_was_given_the_same_wrong_value_is_one_cause(kind, given, causes):
    """As far as every test of it was given the value; a set-up that raised gave none."""
    wrong = _of_basket(kind)
    other = _cause("", "other", 3, category="assertion", kind="wrong_value")
    other = _given(replace(other, verdict=replace(other.verdict, culprit=None)), given)

    found = united([other, wrong])

    assert len(found) == causes
    assert any(cause.verdict.kind == kind for cause in found)


@pytest.mark.parametrize(("confidence", "causes"), [(0.68, 1), (0.85, 2)])
def test_a_value_that_is_only_suspected_yields_to_a_sure_explanation(confidence, causes):
    """Where that touches what the test said; a leak that is beyond doubt stays one of its own."""
    left = _cause("x", "assert frames.rows == 1", 1, category="fixture", kind="leaked_state")
    culprit = Culprit(type="fixture", name="basket")
    left = replace(left, verdict=replace(left.verdict, culprit=culprit, confidence=confidence))
    broke = _cause("frames", "gone", 3, category="compatibility", kind="removed_name")

    found = united([left, broke])

    assert len(found) == causes
    assert found[0].verdict.kind == "removed_name"


REFUSED = "[Errno 111] Connection refused"


@pytest.mark.parametrize(
    "others",
    [
        [("db", "network", "refused", None)],
        [("db", "network", "refused", "db.invalid:5432")],
        [("db", "network", "refused", None), ("mq", "network", "refused", None)],
    ],
    ids=["another that nobody names", "one that is named", "several"],
)
def test_a_remote_that_nobody_names_is_no_other(others):
    """Each says that a connection was refused; a check beside them is none of theirs either."""
    nowhere = _verdict("network", "refused", 0.94)
    causes = [
        _thrown("b::t", "ConnectionRefusedError", REFUSED, "ask", verdict=nowhere),
        _check("b::u", "assert size == 3", "assert 4 == 3"),
        *(
            _thrown(
                f"{name}::t",
                "ConnectionRefusedError",
                REFUSED,
                name,
                verdict=_verdict(of, kind, 0.94, Culprit(type="host", name=host) if host else None),
            )
            for name, of, kind, host in others
        ),
    ]

    assert len(united(causes, passed=99)) == len(causes)
