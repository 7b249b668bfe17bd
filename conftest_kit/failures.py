"""From an exception to data: its chain, messages, attributes, notes and frames. PYTEST_DONT_REWRITE

Reads the objects themselves, never a rendered traceback. Whatever an exception does when it is
looked at (a `__str__` that raises, a chain in circles, a million frames) ends as a bounded record.
"""

from __future__ import annotations

import dis
import linecache
import os
from collections.abc import Iterator, Mapping
from types import CodeType, TracebackType
from typing import Any

import _pytest
import pluggy

from conftest_kit.attributes import carried, described, texts, type_name
from conftest_kit.places import Places
from conftest_kit.pointing import Variables
from conftest_kit.records import Fixture, Frame, Raised
from conftest_kit.texts import bounded

MAX_SOURCE = 500
MAX_LINKS = 20
MAX_RAISED = 100
"""Exceptions of one failure, members of groups among them."""
MAX_DEPTH = 5
"""Groups inside groups."""
FIRST_FRAMES = 20
LAST_FRAMES = 40
MAX_FIXTURES = 50
MAX_REMEMBERED = 200
"""Lines of source; those that many tests share come again soon."""

_RUNNER = tuple(
    os.path.dirname(file) + os.sep for file in (_pytest.__file__, pluggy.__file__) if file
)
_IMPORT_MACHINERY = (
    "<frozen importlib",
    os.path.dirname(os.__file__) + f"{os.sep}importlib{os.sep}",
)


def links(error: BaseException) -> Iterator[tuple[BaseException, str]]:
    """The exceptions that Python shows for `error`, each with its relation to the one before."""
    seen: set[int] = set()
    current: BaseException | None = error
    relation = "raised"
    while current is not None and id(current) not in seen and len(seen) < MAX_LINKS:
        seen.add(id(current))
        yield current, relation
        if type(current).__name__ == "FixtureLookupError":
            return  # what pytest 7.4 was handling then is its own business
        if type(current).__name__ == "UnexpectedException":  # of a doctest, whose example raised
            current, relation = getattr(current, "exc_info", (None, None))[1], "cause"
        elif current.__cause__ is not None:
            current, relation = current.__cause__, "cause"
        elif not current.__suppress_context__:
            current, relation = current.__context__, "context"
        else:
            current = None


class Extraction:
    """Makes records of exceptions; remembers the files and classes it has seen.

    `environment` is what the run began with: of its variables some point at what is not there.
    """

    def __init__(self, places: Places, environment: Mapping[str, str] | None = None) -> None:
        self.places = places
        self._variables = Variables(environment or {})
        self._bases: dict[type[Any], tuple[str, ...]] = {}
        self._runners: dict[str, bool] = {}
        self._sources: dict[tuple[str, int], str] = {}
        self._fixtures: dict[CodeType, Fixture] = {}

    def chain(
        self, error: BaseException, traceback: TracebackType | None = None
    ) -> tuple[Raised, ...]:
        """`error` and what caused it; `traceback` is that of the first where it has lost its own,
        as `twisted.trial` takes it away.
        """
        first, *others = self._chain(error, [MAX_RAISED], depth=0)
        if traceback is not None and not first.frames:
            first = first._replace(frames=self.frames(traceback))
        return (first, *others)

    def _chain(self, error: BaseException, left: list[int], depth: int) -> tuple[Raised, ...]:
        chain = []
        for link, relation in links(error):
            if left[0] <= 0:
                break
            left[0] -= 1
            chain.append(self._raised(link, relation, left, depth))
        return tuple(chain)

    def _raised(self, error: BaseException, relation: Any, left: list[int], depth: int) -> Raised:
        kind = type(error)
        bases = self._bases.get(kind)
        if bases is None:
            mro = [type_name(base) for base in kind.__mro__[1:] if base is not object]
            bases = self._bases[kind] = tuple(mro)
        noted = carried(error).get("__notes__")
        notes = [] if noted is None else list(texts(noted))
        members = self._members(error, left, depth, notes)
        message, attributes = described(error)
        if pointing := self._variables.pointing(message):
            attributes["pointing"] = pointing
        return Raised(
            type=type_name(kind),
            bases=bases,
            message=message,
            relation=relation,
            attributes=attributes,
            notes=tuple(notes),
            frames=self.frames(error.__traceback__),
            members=members,
        )

    def _members(
        self, error: BaseException, left: list[int], depth: int, notes: list[str]
    ) -> tuple[tuple[Raised, ...], ...]:
        if not isinstance(error, BaseExceptionGroup):
            return ()
        members = []
        if depth < MAX_DEPTH:
            for member in error.exceptions:
                if left[0] <= 0:
                    break
                members.append(self._chain(member, left, depth + 1))
        missing = len(error.exceptions) - len(members)
        if missing:
            notes.append(f"{missing} more exceptions in this group were left out")
        return tuple(members)

    def frames(self, traceback: TracebackType | None) -> tuple[Frame, ...]:
        """The frames, outermost first, without those of pytest that lead to the test.

        Of very many the first and the last are kept, and between them one that says how many are
        missing.
        """
        while traceback is not None and self._is_runner(traceback.tb_frame.f_code.co_filename):
            traceback = traceback.tb_next
        raw: list[TracebackType] = []
        while traceback is not None:
            raw.append(traceback)
            traceback = traceback.tb_next
        missing = len(raw) - FIRST_FRAMES - LAST_FRAMES
        if missing <= 0:
            return tuple([self._frame(entry) for entry in raw])
        gap = Frame(file="", line=0, function="…", source=f"… {missing} frames left out …")
        first = [self._frame(entry) for entry in raw[:FIRST_FRAMES]]
        return (*first, gap, *[self._frame(entry) for entry in raw[-LAST_FRAMES:]])

    def fixtures(self, item: Any) -> tuple[Fixture, ...]:
        """Those that the test asked for, directly or through another; parameters are none."""
        info = getattr(item, "_fixtureinfo", None)
        found, nothing = [], _given_nothing(item)
        for definitions in getattr(info, "name2fixturedefs", {}).values():
            code = _code_of(definitions[-1].func)
            if code is not None and code.co_name != "get_direct_param_fixture_func":
                fixture = self._fixture(definitions[-1], code)
                gave_nothing = fixture.name in nothing
                found.append(fixture._replace(gave_nothing=True) if gave_nothing else fixture)
        return tuple(found[:MAX_FIXTURES])

    def _fixture(self, definition: Any, code: CodeType) -> Fixture:
        known = self._fixtures.get(code)
        if known is None or known.name != definition.argname:
            file, origin = self.places(code.co_filename)
            known = self._fixtures[code] = Fixture(
                name=str(definition.argname),
                scope=str(definition.scope),
                file=file,
                line=code.co_firstlineno,
                origin=origin,
            )
        return known

    def _is_runner(self, file: str) -> bool:
        known = self._runners.get(file)
        if known is None:
            known = self._runners[file] = file.startswith(_RUNNER + _IMPORT_MACHINERY)
        return known

    def _frame(self, entry: TracebackType) -> Frame:
        code = entry.tb_frame.f_code
        line = entry.tb_lineno or 0
        file, origin = self.places(code.co_filename)
        if origin == "installed" and not os.path.isabs(code.co_filename):
            file = _compiled(file, entry.tb_frame.f_globals)
        place = (code.co_filename, line)
        source = self._sources.get(place)
        if source is None:
            if len(self._sources) >= MAX_REMEMBERED:
                self._sources.clear()
            source = linecache.getline(*place, entry.tb_frame.f_globals).strip()
            source = self._sources[place] = bounded(source, MAX_SOURCE)
        return Frame(file=file, line=line, function=code.co_name, source=source, origin=origin)


_LOADS = ("LOAD_FAST", "LOAD_DEREF", "LOAD_CLOSURE", "STORE_FAST_LOAD_FAST")
"""Python's instructions that read a variable of a function; those of 3.13 name two."""


def _given_nothing(item: Any) -> frozenset[str]:
    """The parameters of a test that are `None`, and that its code uses."""
    values = getattr(item, "funcargs", None)
    empty = {name for name, value in values.items() if value is None} if values else set()
    code = _code_of(getattr(item, "function", None)) if empty else None
    if code is None:
        return frozenset()
    loads = (one.argval for one in dis.get_instructions(code) if one.opname.startswith(_LOADS))
    used = {name for names in loads for name in (names if type(names) is tuple else (names,))}
    parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return frozenset(empty & used & set(parameters))


def _code_of(function: Any) -> CodeType | None:
    """Of the innermost function: under decorators, `functools.partial` and bound methods."""
    for _ in range(10):
        inner = getattr(function, "__wrapped__", None) or getattr(function, "func", None)
        if inner is None:
            break
        function = inner
    code = getattr(function, "__code__", None)
    return code if isinstance(code, CodeType) else None


def _compiled(file: str, module: dict[str, Any]) -> str:
    """The file of compiled code as its module has it: some compilers keep the last name alone."""
    name = module.get("__name__")
    if not isinstance(name, str):
        return file
    return name.replace(".", "/") + os.path.splitext(file)[1]
