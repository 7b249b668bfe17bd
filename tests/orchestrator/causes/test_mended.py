"""What one edit mends is one cause, wherever it is noticed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_causes import (
    BASKET,
    DJANGO,
    HOST,
    MODULE,
    NUMPY,
    PART,
    PYTHON,
    VARIABLE,
    blaming,
    cause_of,
    file_of,
    seen_in,
    united,
)

from conftest_kit.records import (
    Distribution,
    Failure,
    Frame,
    Raised,
    Recording,
    Run,
)
from corpus_memory_logging.records import Culprit, Remembered, Verdict
from orchestrator.causes.uniting import united as united_in
from orchestrator.checkout.project import FixtureDefinition, Project
from orchestrator.checkout.source import Source
from orchestrator.classify import context_of


def test_one_distribution_to_install_is_one_cause():
    """An absent plugin is one cause, whether a marker, a module or a setting shows it."""
    found = united(
        [
            cause_of("pytest-asyncio", "marker", 1),
            cause_of("pytest_asyncio", "module", 3),
            cause_of("PyYAML", "yaml", 1),
        ]
    )

    assert [(cause.title, len(cause.failures)) for cause in found] == [("module", 4), ("yaml", 1)]
    assert found[0].verdict.evidence == ("module", "Seen as well: marker")


def test_what_was_seen_before_stands_for_the_others():
    """The cause that the memory knows keeps its identity and what was decided about it."""
    known = Remembered(first_seen="", last_seen="", occurrences=1, status="open")

    (found,) = united(
        [cause_of("PyYAML", "new", 3), cause_of("PyYAML", "old", 1, remembered=known)]
    )

    assert (found.title, found.remembered) == ("old", known)


@pytest.mark.parametrize(("category", "causes"), [("compatibility", 1), ("unknown", 2)])
def test_another_release_mends_all_that_one_broke(category, causes):
    """Two names that a release removed are one release; of nothing certain nothing is made one."""
    found = united([cause_of("numpy", "float", 1, category=category, kind="removed_name"),
                    cause_of("numpy", "NaN", 1, category=category, kind="removed_name")])  # fmt: skip

    assert len(found) == causes


def _fixture_broke(module, line):
    frame = Frame(file="tests/conftest.py", line=line, function="app", source="", origin="test")
    raised = Raised(type="AttributeError", message=f"{module!r} has no name", frames=(frame,))
    failure = Failure(nodeid=f"{module}::test", phase="setup", exceptions=(raised,))
    return replace(
        cause_of("app", module, 0, category="fixture", kind="setup_raised"),
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
    ("places", "causes"),
    [((), 1), (("tests/test_a.py", "tests/test_b.py"), 2), (("tests/base.py", "tests/base.py"), 1)],
)
def test_set_ups_that_the_harness_itself_complains_of(places, causes):
    """Whatever it says of each class; where own code raised, each line is another thing."""
    frames = [(Frame(file=place, line=4, function="setUp", origin="test"),) for place in places]
    made = []
    for name, own in zip("ab", frames or ((), ()), strict=True):
        raised = Raised(type="ValueError", message=f"{name}.setUp was not called", frames=own)
        cause = cause_of("", name, 1, category="fixture", kind="setup_raised")
        (failure,) = cause.failures
        made.append(
            replace(
                cause,
                verdict=replace(cause.verdict, culprit=None),
                failures=(failure._replace(exceptions=(raised,)),),
            )
        )

    assert len(united(made)) == causes


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
        ((file_of("data/x.csv"), "file", "x"), (file_of("data/x.csv"), "wrong_path", "y"), 1),
        ((file_of("data/x.csv"), "file", "x"), (file_of("x.csv"), "file", "y"), 1),
        ((file_of("data/x.csv"), "file", "x"), (file_of("y.csv"), "file", "y"), 2),
        ((None, "memory", "x"), (None, "memory", "y"), 1),
        ((None, "killed", "x"), (None, "killed", "y"), 2),
    ],
)
def test_what_one_edit_mends_is_one_cause_wherever_it_is_noticed(one, other, causes):
    """A variable to set, a name that a release removed, a fixture's wiring, a full machine."""
    made = [
        blaming(
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
    made = blaming(
        Culprit(type="class", name=owner), kind="missing_name", message=f"{owner}{symbol}"
    )
    (failure,) = made.failures
    return replace(made, failures=(failure._replace(exceptions=(raised,)),))


@pytest.mark.parametrize(
    ("variables", "causes"), [((), 2), (("PYTEST_DISABLE_PLUGIN_AUTOLOAD",), 1)]
)
def test_plugins_that_pytest_is_told_not_to_load_are_one_cause(variables, causes):
    """Whatever they would have brought."""
    made = [
        blaming(DJANGO, kind="plugin_disabled", category="configuration"),
        blaming(NUMPY, kind="async_mode", category="configuration", place="shop/b.py"),
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
    made = cause_of("x", how, 1, category="product_error", kind=verdict)
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
        cause = cause_of(name, name, 1, category="fixture", kind="not_found")
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
        blaming(test, kind="test_timeout", category="timeout", message=str(number))
        for number, test in enumerate(tests)
    ]

    assert len(united(made)) == 1
    assert len(united([made[0], blaming(tests[1], kind="test_timeout", place="shop/b.py")])) == 2


def test_tests_that_were_stopped_in_the_same_function():
    """Whichever called it: the loop is in what their ways have in common."""
    ways = (("get", "read"), ("line", "get"), ("write",))
    stopped = []
    for number, way in enumerate(ways):
        made = blaming(None, kind="test_timeout", category="timeout", message=str(number))
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
    stopped = blaming(tests[0], kind="test_timeout", category="timeout")
    frame = Frame(file="tests/test_a.py", line=3, function="test", source="run(1)", origin="test")
    elsewhere = seen_in(
        "tests/test_a.py::test", "Failed", "Timeout", frame, verdict=stopped.verdict
    )

    assert len(united([stopped, elsewhere], sources=sources, files=["shop/a.py"])) == 1


def test_what_a_library_lacks_is_what_is_not_installed_beside_it():
    """An installed distribution does without what one of its extras brings."""
    jwt = Distribution(
        name="PyJWT", version="2", requires=('cryptography; extra == "crypto"',), extras=("crypto",)
    )
    lacking = cause_of("PyJWT", "hashes", 3, category="compatibility", kind="removed_name")
    absent = cause_of("cryptography", "absent", 1)

    (found,) = united([lacking, absent], distributions=[jwt])

    assert found.verdict.culprit == Culprit(type="distribution", name="cryptography")
    assert len(united([lacking, absent])) == 2


@pytest.mark.parametrize(
    ("others", "causes"),
    [
        ([("numpy", "unmet_requirement")], 1),
        ([("pandas", "unmet_requirement")], 2),
    ],
)
def test_a_release_that_fits_neither_python_nor_what_asks_for_it(others, causes):
    """Another release of it mends both; what it merely raised is another thing."""
    made = [
        cause_of(name, f"{name} {kind}", 1, category="compatibility", kind=kind)
        for name, kind in [("numpy", "python_version"), *others]
    ]

    assert len(united(made)) == causes


def test_a_fixture_that_is_gone_and_one_that_overrides_it():
    """Who asks for the one of the same name above it finds itself."""
    circle = cause_of("", "recursive", 1, category="fixture", kind="recursive")
    gone = cause_of("", "not found", 2, category="fixture", kind="not_found")
    named = [
        replace(one, verdict=replace(one.verdict, culprit=Culprit(type="fixture", name="db")))
        for one in (circle, gone)
    ]

    (found,) = united(named)

    assert found.verdict.kind == "not_found"


@pytest.mark.parametrize(
    ("message", "causes"),
    [
        ("cannot import name 'carts' from 'shop' (/srv/shop/__init__.py)", 1),
        ("module 'shop' has no attribute 'carts'", 1),
        ("<module 'shop' from '/srv/shop/__init__.py'> has no attribute 'carts'", 1),
        ("module 'shop' has no attribute 'till'", 2),
    ],
)
def test_a_module_that_is_gone_and_what_lacks_it_as_a_name(message, causes):
    """Who asks the package for it finds no such name."""
    found = []
    for name, kind, said in (
        ("shop.carts", "missing_module", "No module named 'shop.carts'"),
        ("shop", "missing_name", message),
    ):
        cause = cause_of("", kind, 1, category="product_error", kind=kind)
        (failure,) = cause.failures
        raised = Raised(type="AttributeError", message=said)
        verdict = replace(cause.verdict, culprit=Culprit(type="module", name=name))
        failures = (failure._replace(exceptions=(raised,)),)
        found.append(replace(cause, verdict=verdict, failures=failures))

    assert len(united(found)) == causes


@pytest.mark.parametrize(
    ("message", "causes"),
    [("Unknown template 'shop.kitchen'", 1), ("Unknown template 'shop.total'", 2)],
)
def test_a_file_that_is_named_without_its_ending(message, causes):
    """Who looks for it as a module or a template says no more."""
    named = blaming(
        Culprit(type="file", name="tests/data/kitchen.html"), kind="file", message="No such file"
    )
    told = blaming(None, kind="file", place="shop/b.py", message=message)

    assert len(united([named, told])) == causes
