"""Which function it was that did not take what a call gave it. PYTEST_DONT_REWRITE

Python says `dumps() got an unexpected keyword argument 'indent'`, and no frame is of `dumps`: it
was not entered. Whoever called it has it, under whatever name; nobody's code is run to find it.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    MethodType,
    ModuleType,
    TracebackType,
)
from typing import Any

MAX_NAMES, MAX_HELD = 2000, 50
_REFUSED = re.compile(
    r"(?P<name>[A-Za-z_][\w.<>]{0,200})\(\) "
    r"(?:(?:got|missing|takes)\b)(?:.{0,40} keyword arguments? '(?P<keyword>\w{1,200})')?"
)
_READ = 500


def called(traceback: TracebackType | None, message: str) -> str:
    """The dotted name of the function that a TypeError of these words is about, by the module that
    defines it: `tomli_w._writer.dumps`; empty where it is not found, or more than one may be meant.
    """
    refused = _REFUSED.match(message[:_READ])
    if refused is None or traceback is None:
        return ""
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    name, keyword = refused["name"], refused["keyword"] or ""
    variables = traceback.tb_frame.f_locals, traceback.tb_frame.f_globals
    for looked_in in (_directly, _of_objects, _of_modules):
        owners = {
            module
            for names in variables
            for module, function in looked_in(names, name)
            if not _takes(function, keyword)
        }
        if owners:
            return f"{owners.pop()}.{name}" if len(owners) == 1 else ""
    return ""


def _values(names: Mapping[str, Any]) -> Iterator[Any]:
    for name in list(names)[:MAX_NAMES]:
        yield names.get(name)


def _directly(names: Mapping[str, Any], name: str) -> Iterator[tuple[str, Any]]:
    """Functions and classes that are what variables hold."""
    for value in _values(names):
        yield from _meant(value, name)


def _of_objects(names: Mapping[str, Any], name: str) -> Iterator[tuple[str, Any]]:
    """Methods of what variables hold, and of what that holds."""
    of, _, method = name.rpartition(".")
    held = (one for value in _values(names) for one in (value, *_held(value)))
    for one in islice(held, MAX_NAMES) if of else ():
        for base in _of_class(type(one), "__mro__"):
            if _of_class(base, "__qualname__") == of and method in _of_class(base, "__dict__"):
                yield _of_class(base, "__module__"), None


def _of_modules(names: Mapping[str, Any], name: str) -> Iterator[tuple[str, Any]]:
    """What is at the top of modules that variables hold."""
    for value in _values(names):
        if type(value) is ModuleType:
            yield from _meant(value.__dict__.get(name.partition(".")[0]), name)


def _meant(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """The value and its module, if it is the function of that name, or the class that has it."""
    function = value.__func__ if type(value) is MethodType else value
    if type(function) in (FunctionType, BuiltinFunctionType):
        if function.__qualname__ == name and type(function.__module__) is str:
            yield function.__module__, function
    elif _is_class(value):
        is_meant = _of_class(value, "__qualname__") in (name, name.rpartition(".")[0])
        if is_meant and type(_of_class(value, "__module__")) is str:
            yield _of_class(value, "__module__"), None


def _is_class(value: Any) -> bool:
    return issubclass(type(value), type)  # `isinstance` asks the value


def _of_class(kind: type[Any], name: str) -> Any:
    """What every class has of that name, whatever its own class would answer."""
    return type.__dict__[name].__get__(kind)


def _held(value: Any) -> list[Any]:
    if type(value) is ModuleType or _is_class(value):
        return []
    try:
        return list(object.__getattribute__(value, "__dict__").values())[:MAX_HELD]
    except (AttributeError, TypeError):
        return []


def _takes(function: Any, keyword: str) -> bool:
    """Whether a function has this keyword, so that it cannot be the one that refused it."""
    code = getattr(function, "__code__", None)
    if not keyword or type(code) is not CodeType:
        return False
    taken = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return keyword in taken or bool(code.co_flags & inspect.CO_VARKEYWORDS)
