from __future__ import annotations

import errno
import http
import json
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest_kit import records
from conftest_kit.failures import MAX_RAISED, Extraction
from conftest_kit.places import Places
from conftest_kit.records import Raised
from conftest_kit.texts import bounded

HERE = Path(__file__).parent.parent.parent


def chain(action) -> tuple[Raised, ...]:
    """What is extracted from the exception that `action` raises; it must be plain JSON."""
    try:
        action()
    except Exception as error:  # noqa: BLE001
        found = Extraction(Places(HERE)).chain(error)
    json.dumps([records.to_json(link) for link in found], allow_nan=False).encode("ascii")
    return found


@given(st.text(st.characters(exclude_categories=[])), st.integers(min_value=100, max_value=300))
def test_bounded(text: str, limit: int):
    """Never longer than allowed, always encodable, and the same where nothing was to do."""
    short = bounded(text, limit)

    assert len(short.encode()) <= limit
    if text.isprintable() and len(text.encode()) <= limit:
        assert short == text


def test_head_and_tail_stay():
    """The cut is said, with the number of bytes."""
    short = bounded("a" * 1000 + "z" * 1000, 200)

    assert short.startswith("aaa")
    assert short.endswith("zzz")
    assert "1800 bytes left out" in short


def raise_from():
    """With a cause."""
    try:
        {}["key"]
    except KeyError as error:
        raise ValueError("bad") from error


def raise_while():
    """With a context."""
    try:
        {}["key"]
    except KeyError:
        raise ValueError("bad")  # noqa: B904


def raise_from_none():
    """With a context that is suppressed."""
    try:
        {}["key"]
    except KeyError:
        raise ValueError("bad") from None


def raise_in_circles():
    """With a cause that it causes itself."""
    first, second = ValueError("1"), ValueError("2")
    first.__cause__, second.__cause__ = second, first
    raise first


@pytest.mark.parametrize(
    ("action", "relations"),
    [
        (raise_from, ["raised", "cause"]),
        (raise_while, ["raised", "context"]),
        (raise_from_none, ["raised"]),
        (raise_in_circles, ["raised", "cause"]),
    ],
)
def test_chain(action, relations: list[str]):
    """Causes and contexts as Python shows them, circles cut."""
    assert [link.relation for link in chain(action)] == relations


def test_one_link():
    """Type, bases, message, notes and frames of an exception."""

    class Own(LookupError):
        pass

    def action():
        error = Own("what", "happened")
        error.add_note("in the night")
        raise error

    (link,) = chain(action)
    assert link.type.endswith("test_one_link.<locals>.Own")
    assert link.bases == ("LookupError", "Exception", "BaseException")
    assert link.message == "('what', 'happened')"
    assert link.notes == ("in the night",)
    frame = link.frames[-1]
    assert (frame.file, frame.function) == ("tests/conftest_kit/test_failures.py", "action")
    assert (frame.source, frame.origin) == ("raise error", "test")


class LocalProxy:
    """Says that it is a class."""

    __class__ = property(lambda _: type)


class WithStatus(Exception):
    """As libraries for HTTP raise it."""

    def __init__(self):
        super().__init__("refused")
        self.status_code = http.HTTPStatus.FORBIDDEN
        self.request = object()


@pytest.mark.parametrize(
    ("action", "attributes"),
    [
        (lambda: __import__("no_such_module.x"), {"name": "no_such_module"}),
        (lambda: Path("/no/such").stat(), {"errno": errno.ENOENT, "filename": "/no/such"}),
        (lambda: compile("a b\n", "file.py", "exec"), {"filename": "file.py", "lineno": 1}),
        (lambda: json.nothing, {"name": "nothing", "obj": "json"}),
        (
            lambda: Fraction(1).nothing,
            {
                "obj": "fractions.Fraction",
                "derives": [
                    "numbers.Rational",
                    "numbers.Real",
                    "numbers.Complex",
                    "numbers.Number",
                ],
            },
        ),
        (lambda: Fraction.nothing, {"obj": "fractions.Fraction"}),
        (lambda: LocalProxy().nothing, {"derives": None}),
        (lambda: object().nothing, {"derives": None}),
        (lambda: True.nothing, {"obj": "bool", "derives": None}),
        (lambda: no_such_name, {"name": "no_such_name"}),  # noqa: F821
        (
            lambda: subprocess.run(["false", "x"], check=True),
            {"returncode": 1, "cmd": ["false", "x"]},
        ),
        (lambda: (_ for _ in ()).throw(WithStatus()), {"status_code": 403}),
        (lambda: {}["x"], {}),
    ],
)
def test_attributes(action, attributes: dict[str, object]):
    """What an exception knows beside its message, and nothing that could be anything."""
    found = chain(action)[-1].attributes

    assert {key: found.get(key) for key in attributes} == attributes
    assert "request" not in found


def test_groups():
    """Members have chains of their own; a group without end is cut, and says so."""

    def action():
        try:
            raise_from()
        except ValueError as error:
            group = ExceptionGroup("several", [error, TypeError("t")])
        raise ExceptionGroup("outer", [group, *(KeyError(i) for i in range(500))])

    (outer,) = chain(action)
    inner = outer.members[0][0]
    assert [[link.type for link in member] for member in inner.members] == [
        ["ValueError", "KeyError"],
        ["TypeError"],
    ]
    assert len(outer.members) <= MAX_RAISED
    assert "left out" in outer.notes[-1]


class Hostile(Exception):
    """Does harm when it is looked at."""

    def __str__(self):  # noqa: PLE0307
        pytest.fail("looked at")

    @property
    def __notes__(self):
        raise RuntimeError


def test_hostile():
    """An exception that does harm when looked at is still recorded."""

    def action():
        raise Hostile

    assert "raised Failed" in chain(action)[0].message


def test_endless_recursion():
    """First and last frames stay; one between says how many are missing."""

    def again():
        again()

    frames = chain(again)[0].frames
    assert len(frames) == 61
    assert "frames left out" in frames[20].source


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ({"__name__": "pandas._libs.index"}, "pandas/_libs/index.pyx"),
        ({"__name__": None}, "index.pyx"),
    ],
)
def test_a_frame_of_compiled_code(module, expected):
    """It is installed, and named after its module."""
    code = compile("raise KeyError('a')", "index.pyx", "exec")

    (link,) = chain(lambda: exec(code, dict(module)))

    assert (link.frames[-1].file, link.frames[-1].origin) == (expected, "installed")
