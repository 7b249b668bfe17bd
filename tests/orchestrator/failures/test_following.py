"""What only followed from other failures of the run is no cause of its own."""

from __future__ import annotations

import pytest

from conftest_kit.records import Failure, Fixture, Frame, Raised
from orchestrator.failures.following import leads
from orchestrator.failures.signature import sign


def _failed(nodeid, kind, message, *, phase="call", **fields):
    raised = Raised(type=kind, message=message, frames=fields.pop("frames", ()))
    return Failure(nodeid=nodeid, phase=phase, message=message, exceptions=(raised,), **fields)


def _led(*failures):
    """For each failure the place of that which it followed from, or its own."""
    signed = [(failure, sign(failure)) for failure in failures]
    own = [signature.id for _, signature in signed]
    return [own.index(lead.id) for lead in leads(signed)]


NO_TABLE = "no table of prices was found in the database of the shop"


@pytest.mark.parametrize(
    ("quoted", "follows"),
    [
        (f"assert 'ok' in 'error: {NO_TABLE}'", True),
        (f"assert 'ok' in 'line\\\\n{NO_TABLE}\\\\n'", True),
        (f"assert 'ok' in 'x{NO_TABLE}'", False),
        (f"assert 'ok' in '{NO_TABLE[:-1]}!'", False),
        (f"assert 'ok' in '{NO_TABLE[:29]}'", False),
    ],
)
def test_an_assertion_that_quotes_an_exception_follows_from_it(quoted, follows):
    """Also behind a line break as repr() shows it; a part of the message is not enough."""
    died = _failed("a", "LookupError", NO_TABLE)

    assert _led(died, _failed("b", "AssertionError", quoted)) == [0, 0 if follows else 1]


def test_of_several_exceptions_the_first_explains():
    """Whichever is quoted first: what was seen first is what broke first."""
    one, other = f"{NO_TABLE} one", f"{NO_TABLE} two"
    failures = (
        _failed("a", "LookupError", other),
        _failed("b", "KeyError", one),
        _failed("c", "AssertionError", f"assert '{one}' == '{other}'"),
    )

    assert _led(*failures) == [0, 1, 0]


def test_a_logged_traceback_is_found_by_its_place_and_what_it_says():
    """Not by either alone, and in whichever folder the project lies."""
    frame = Frame(file="shop/cart.py", line=7, function="total", origin="project")
    died = _failed("a", "shop.errors.NoPrice", "of plums", frames=(frame,))

    def logged(path, line, said):
        log = f'Traceback:\n  File "{path}", line {line}, in total\n    raise\n{said}\n'
        return _failed("b", "AssertionError", "assert 500 == 200", captured={"log": log})

    said = "shop.errors.NoPrice: of plums"

    assert _led(died, logged("/srv/x/shop/cart.py", 7, said)) == [0, 0]
    assert _led(died, logged("/srv/x/shop/cart.py", 8, said)) == [0, 1]
    assert _led(died, logged("/srv/x/shop/bill.py", 7, said)) == [0, 1]
    assert _led(died, logged("/srv/x/shop/cart.py", 7, "NoPrice: of pears")) == [0, 1]


@pytest.mark.parametrize(("asked", "follows"), [("test_a.py", True), ("test_b.py", False)])
def test_tests_that_are_not_found_in_a_broken_file_follow_from_it(asked, follows):
    """pytest that is given a test by name says that it is not there, where its file is broken."""
    broken = _failed("tests/test_a.py", "ModuleNotFoundError", "No module", phase="collect")
    message = f"('found no collectors for /srv/tests/{asked}::test_one',)"
    usage = _failed("", "_pytest.config.exceptions.UsageError", message, phase="internal")

    assert _led(broken, usage) == [0, 0 if follows else 1]


@pytest.mark.parametrize(
    ("kind", "bases", "log", "follows"),
    [
        ("AssertionError", (), f"Traceback (most recent call last):\nshop.Gone: {NO_TABLE}\n", True),
        ("AssertionError", (), f"shop.Gone: {NO_TABLE}\n", False),
        ("AssertionError", (), f"Traceback (most recent call last):\nGone: {NO_TABLE} yet\n", False),
        ("http.client.RemoteDisconnected", ("ConnectionError",), f"Traceback\nGone: {NO_TABLE}", True),
        ("KeyError", (), f"Traceback (most recent call last):\nshop.Gone: {NO_TABLE}\n", False),
    ],
)  # fmt: skip
def test_what_a_log_ends_with_is_what_others_died_of(kind, bases, log, follows):
    """Though the log is cut before it: of a check, and of a connection whose other end died."""
    died = _failed("a", "shop.Gone", NO_TABLE)
    seen = _failed("b", kind, "Remote end closed connection", captured={"stderr": log})
    (raised,) = seen.exceptions
    seen = seen._replace(exceptions=(raised._replace(bases=bases),))

    assert (_led(died, seen) == [0, 0]) is follows


@pytest.mark.parametrize(
    ("asked", "follows"),
    [("formats' has no attribute 'csv", True), ("formats' has no attribute 'xml", False)],
)
def test_a_part_that_broke_while_it_was_imported_is_lacked(asked, follows):
    """Who asks the package for it later only learns that it is not there."""
    frame = Frame(file="src/shop/formats/csv.py", line=3, function="<module>", origin="project")
    died = _failed("a", "ImportError", "cannot import name 'x' from 'y'", frames=(frame,))

    assert (
        _led(died, _failed("b", "AttributeError", f"module 'shop.{asked}'")) == [0, 0]
    ) is follows


HALF = "cannot import name 'Loader' from partially initialized module '{}' (most likely due to a"


@pytest.mark.parametrize(
    ("died", "asked", "follows"),
    [
        (("ModuleNotFoundError", "No module named 'x'"), "frames.loader", True),
        (("ValueError", "no such interface"), "frames.loader", True),
        (("ModuleNotFoundError", "No module named 'x'"), "frames.other", False),
        (("ImportError", HALF.format("frames.base")), "frames.loader", False),
    ],
)
def test_a_module_that_was_left_half_imported(died, asked, follows):
    """Who imports it next is told of a circle; there is one where nothing else broke the import."""
    frame = Frame(file="frames/loader.py", line=3, function="<module>", origin="installed")

    first = _failed("a", *died, frames=(frame,))
    second = _failed("b", "ImportError", HALF.format(asked), frames=(frame._replace(line=9),))

    assert (_led(first, second) == [0, 0]) is follows


PYTESTER = Fixture(
    name="pytester", scope="function", file="_pytest/pytester.py", line=9, origin="installed"
)
MISSING = ("_pytest.fixtures.FixtureLookupError", "fixture 'datadir' not found")


@pytest.mark.parametrize(
    ("died", "printed", "fixtures", "follows"),
    [
        (MISSING, "E       fixture 'datadir' not found", (PYTESTER,), True),
        (MISSING, "E       fixture 'datadir' not found", (), False),
        (MISSING, "E       fixture 'data' not found", (PYTESTER,), False),
        (("KeyError", "'x'"), "E   KeyError: 'x'", (PYTESTER,), True),
        (("KeyError", "'x'"), "KeyError: 'x'", (PYTESTER,), False),
    ],
)
def test_what_an_inner_run_of_pytest_reports_is_what_others_died_of(
    died, printed, fixtures, follows
):
    """However the test then fails: it checks what the run left, or reads a file that it did not."""
    seen = _failed(
        "b",
        "FileNotFoundError",
        "no report",
        captured={"stdout": f"== ERRORS ==\n{printed}\n"},
        fixtures=fixtures,
    )

    assert _led(_failed("a", *died, phase="setup"), seen) == [0, 0 if follows else 1]


ONCE = "PyO3 modules may only be initialized once per interpreter process"


@pytest.mark.parametrize(
    ("line", "kind", "message", "follows"),
    [
        (10, "ImportError", ONCE, True),
        (10, "ImportError", "cannot load module more than once per process", True),
        (10, "ImportError", "cannot import name 'x' from 'y'", False),
        (10, "RuntimeError", ONCE, False),
        (11, "ImportError", ONCE, False),
    ],
)
def test_a_compiled_module_that_can_be_begun_once(line, kind, message, follows):
    """Who imports it after it broke learns only that it was begun before."""
    at = Frame(file="keys/hashes.py", line=10, function="<module>", origin="installed")
    broke = _failed("a", "PanicException", "call failed", phase="collect", frames=(at,))
    later = at._replace(line=line)

    led = _led(broke, _failed("b", kind, message, phase="collect", frames=(later,)))

    assert (led == [0, 0]) is follows


@pytest.mark.parametrize(
    ("kind", "source", "file", "follows"),
    [
        ("RuntimeError", 'raise RuntimeError("populate() isn\'t reentrant")', "registry.py", True),
        ("RuntimeError", "return self.setting", "registry.py", False),
        ("KeyError", "raise KeyError(name)", "registry.py", False),
        ("RuntimeError", 'raise RuntimeError("no such app")', "other.py", False),
    ],
)
def test_what_an_import_ended_is_begun_again(kind, source, file, follows):
    """The library is left half set up, and says so to whoever comes next."""
    populate = Frame(file="apps/registry.py", line=91, function="populate", origin="installed")
    inner = Frame(file="apps/config.py", line=9, function="create", origin="installed")
    again = populate._replace(file=f"apps/{file}", line=83, source=source)
    broke = _failed("a", "ImportError", "No module named 'x'", frames=(populate, inner))

    led = _led(broke, _failed("b", kind, "populate() isn't reentrant", frames=(again,)))

    assert (led == [0, 0]) is follows
