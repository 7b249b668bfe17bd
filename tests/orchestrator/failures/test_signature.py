"""Failures of one signature have one cause."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest_kit.records import Failure, Frame, Origin, Raised
from orchestrator.failures.signature import ALGORITHM, normalise, sign


def _failure(
    kind: str,
    message: str = "",
    *frames: tuple[str, str, Origin],
    bases: tuple[str, ...] = (),
    nodeid: str = "tests/test_a.py::test_a",
    line: int = 1,
) -> Failure:
    raised = Raised(
        type=kind,
        bases=bases,
        message=message,
        frames=tuple(
            Frame(file=file, line=line, function=function, origin=origin)
            for file, function, origin in frames
        ),
    )
    return Failure(nodeid=nodeid, phase="call", exceptions=(raised,))


IN_TEST_A = ("tests/test_a.py", "test_a", "test")
IN_TEST_B = ("tests/test_b.py", "test_b", "test")
IN_PROJECT = ("shop/cart.py", "total", "project")
IN_LIBRARY = ("requests/api.py", "get", "installed")

SAME = {
    "other line": (
        _failure("ValueError", "bad", IN_PROJECT, line=10),
        _failure("ValueError", "bad", IN_PROJECT, line=99),
    ),
    "other numbers": (
        _failure("ValueError", "got 3 of 10 rows", IN_PROJECT),
        _failure("ValueError", "got 4 of 12 rows", IN_PROJECT),
    ),
    "other test, same place in the project": (
        _failure("TypeError", "bad", IN_TEST_A, IN_PROJECT),
        _failure("TypeError", "bad", IN_TEST_B, IN_PROJECT),
    ),
    "other path into a library": (
        _failure("OSError", "bad", IN_PROJECT, IN_LIBRARY),
        _failure("OSError", "bad", IN_TEST_A, IN_PROJECT, IN_LIBRARY, IN_LIBRARY),
    ),
    "missing module, wherever it is imported": (
        _failure(
            "ModuleNotFoundError", "No module named 'yaml'", IN_PROJECT, bases=("ImportError",)
        ),
        _failure(
            "ModuleNotFoundError", "No module named 'yaml'", IN_TEST_B, bases=("ImportError",)
        ),
    ),
    "removed attribute, wherever it is used": (
        _failure("AttributeError", "module 'numpy' has no attribute 'float'", IN_TEST_A),
        _failure("AttributeError", "module 'numpy' has no attribute 'float'", IN_TEST_B),
    ),
    "other temporary folder": (
        _failure("OSError", "cannot open '/tmp/pytest-of-me/pytest-1/test_a0/x.csv'", IN_PROJECT),
        _failure("OSError", "cannot open '/tmp/pytest-of-ci/pytest-7/test_b3/x.csv'", IN_PROJECT),
    ),
}

DIFFERENT = {
    "other type": (
        _failure("ValueError", "bad", IN_PROJECT),
        _failure("TypeError", "bad", IN_PROJECT),
    ),
    "other module": (
        _failure("ModuleNotFoundError", "No module named 'yaml'", bases=("ImportError",)),
        _failure("ModuleNotFoundError", "No module named 'attr'", bases=("ImportError",)),
    ),
    "module names that differ in a digit": (
        _failure("ModuleNotFoundError", "No module named 'psycopg2'", bases=("ImportError",)),
        _failure("ModuleNotFoundError", "No module named 'psycopg3'", bases=("ImportError",)),
    ),
    "assertions of two tests": (
        _failure("AssertionError", "assert 1 == 2", IN_TEST_A),
        _failure("AssertionError", "assert 1 == 2", IN_TEST_B),
    ),
    "other place in the project": (
        _failure("KeyError", "'id'", IN_PROJECT),
        _failure("KeyError", "'id'", ("shop/orders.py", "load", "project")),
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_same_cause(name):
    """What differs between runs, machines and callers does not split a cause."""
    one, other = SAME[name]

    assert sign(one).id == sign(other).id


@pytest.mark.parametrize("name", DIFFERENT)
def test_different_causes(name):
    """What tells two causes apart stays in the signature."""
    one, other = DIFFERENT[name]

    assert sign(one).id != sign(other).id


def test_one_assertion_is_one_cause_whatever_it_compares():
    """The values of a parametrised assertion do not split its cause; another assertion does."""

    def asserted(message, source):
        frame = Frame(file="t.py", line=1, function="test_a", source=source, origin="test")
        raised = Raised(type="AssertionError", message=message, frames=(frame,))
        return sign(Failure(nodeid="t.py::test_a", phase="call", exceptions=(raised,))).id

    one = asserted("assert 'a b' == 1", "assert x == 1")

    assert asserted("assert '--x' == 1", "assert x == 1") == one
    assert asserted("assert 'a b' == 2", "assert x == 2") != one


def test_carries_its_version():
    """A signature names the algorithm that made it."""
    assert sign(SAME["other line"][0]).id.startswith(f"{ALGORITHM}:")


def test_without_an_exception_the_test_counts_but_not_its_parameters():
    """Strict xpasses of one parametrised test are one cause, those of two tests are two."""

    def passed(nodeid):
        return sign(Failure(nodeid=nodeid, phase="call", message="[XPASS(strict)] soon")).id

    assert passed("t.py::test_a[1]") == passed("t.py::test_a[2]")
    assert passed("t.py::test_a") != passed("t.py::test_b")


def test_title_is_one_short_line():
    """The title shows type and message on one line, however long or broken the message is."""
    title = sign(_failure("app.errors.BadThing", "first\nsecond" + "x" * 5000)).title

    assert title == "BadThing: first"


def test_title_leaves_out_where_things_are_installed():
    """What differs between machines and helps nobody is not in the title."""
    message = "cannot import name 'a' from 'b' (/home/me/.venv/lib/python3.12/site-packages/b.py)"

    assert sign(_failure("ImportError", message)).title == (
        "ImportError: cannot import name 'a' from 'b' (b.py)"
    )


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("object at 0x7f3a5c0d1e80", "object at <hex>"),
        ("id 3f2504e0-4f89-11d3-9a0c-0305e82c3301 gone", "id <uuid> gone"),
        ("since 2026-11-21T10:00:00.5Z", "since <time>"),
        ("127.0.0.1:8080 refused", "<address> refused"),
        ("no '/srv/app/data/x.csv'", "no '<dir>/x.csv'"),
        ("no 'C:\\Users\\me\\x.csv'", "no '<dir>/x.csv'"),
        ("worker 'gw3' crashed", "worker '<worker>' crashed"),
        ("3.5e-4 != -2", "<n> != <n>"),
        ("took 0.53s, 12ms, 1.5GiB at 80%", "took <n>s, <n>ms, <n>GiB at <n>%"),
        ("on Mon Nov 21 10:00:00 2026 it", "on <time> it"),
        ("Date: Sat, 21 Nov 2026 10:00:00 GMT", "Date: <time> GMT"),
        ("at 10:00:00,123 it", "at <time> it"),
        ("req 9f86d081 failed", "req <hash> failed"),
        ("no /tmp/pytest-of-me/pytest-1/test_a0", "no <temporary>"),
        ("no '/tmp/pytest-of-me/pytest-1/test_a0/x.csv'", "no '<temporary>/x.csv'"),
        ("utf8 and test_12 stay", "utf8 and test_12 stay"),
        ("tmpk3j2h1_x", "<temporary>"),
    ],
)
def test_normalise(message, expected):
    """Each mask takes what differs from run to run and nothing else."""
    assert normalise(message) == expected


@given(st.text(), st.integers(min_value=0), st.integers(min_value=0))
def test_numbers_never_split_a_cause(text, one, other):
    """Whatever stands around it, a free-standing number is masked."""
    assert normalise(f"{text} {one} left") == normalise(f"{text} {other} left")


def test_its_own_node_id_in_a_message_is_that_of_any_test():
    """A health check names the test that it stopped; many tests that it stops have one cause."""
    failures = [
        Failure(
            nodeid=nodeid,
            phase="call",
            exceptions=(Raised(type="FailedHealthCheck", message=f"'cart' is used by '{said}'"),),
        )
        for nodeid, said in (
            ("tests/test_a.py::test_b[1]", "tests/test_a.py::test_b[1]"),
            ("tests/test_a.py::test_c[2]", "tests/test_a.py::test_c"),
        )
    ]

    assert len({sign(failure).id for failure in failures}) == 1
