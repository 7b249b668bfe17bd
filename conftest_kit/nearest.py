"""What a name that was not found may have meant. PYTEST_DONT_REWRITE

Reads what modules and classes hold in their `__dict__` and runs no code of theirs.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from types import TracebackType
from typing import Any

MAX_NAMES = 5000
_CUTOFF = 0.75
_READ = 500
_OTHER_LENGTH = 2
_IMPORTED = re.compile(r"cannot import name '(\w{1,200})' from '([\w.]{1,300})'")
_NO_MODULE = re.compile(r"No module named '([\w.]{1,300})\.(\w{1,200})'$")


def nearest(error: BaseException, message: str) -> str:
    """The name nearest to the one that an import, an attribute or a line did not find, of those
    that are there; empty where none is near.
    """
    if isinstance(error, AttributeError):
        typed, names = error.name, _names_of(error.obj)
    elif isinstance(error, NameError) and not isinstance(error, UnboundLocalError):
        typed, names = error.name, _names_at(error.__traceback__)
    elif found := _IMPORTED.match(message[:_READ]):
        typed, names = found[1], _names_of(sys.modules.get(found[2]))
    elif found := _NO_MODULE.match(message[:_READ]):
        typed, names = found[2], _parts_of(found[1])
    else:
        return ""
    if not isinstance(typed, str) or not typed:
        return ""
    like = {name for name in names if abs(len(name) - len(typed)) <= _OTHER_LENGTH}
    private = typed.startswith("_")
    return _nearest(typed, frozenset(name for name in like if name.startswith("_") is private))


@lru_cache(maxsize=256)
def _nearest(typed: str, names: frozenset[str]) -> str:
    found = difflib.get_close_matches(typed, sorted(names)[:MAX_NAMES], n=1, cutoff=_CUTOFF)
    return next(iter(found), "")


def class_of(value: Any) -> type[Any]:
    """Itself, if it is a class: whatever it says that it is."""
    kind = type(value)
    return value if issubclass(kind, type) else kind


def _names_of(value: Any) -> Iterator[str]:
    """What a module, a class or an object of it holds."""
    if type(value) is type(sys):
        yield from _texts(value.__dict__)
    elif value is not None:
        for base in type.__dict__["__mro__"].__get__(class_of(value)):
            yield from _texts(type.__dict__["__dict__"].__get__(base))


def _names_at(traceback: TracebackType | None) -> Iterator[str]:
    """What the function that raised could have named."""
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is not None:
        frame = traceback.tb_frame
        for names in (frame.f_locals, frame.f_globals, frame.f_builtins):
            yield from _texts(names)


def _parts_of(package: str) -> Iterator[str]:
    """The modules of a package that are imported."""
    above = f"{package}."
    parts = (name.removeprefix(above) for name in list(sys.modules) if name.startswith(above))
    return (part for part in parts if "." not in part)


def _texts(names: Any) -> Iterator[str]:
    return (name for name in list(names) if type(name) is str)
