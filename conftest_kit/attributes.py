"""What an exception says: its message and its attributes, and what only its process knows of it.

PYTEST_DONT_REWRITE

Code of the user's is run where a message is asked for and where an attribute is a property; what it
raises is of no account.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from conftest_kit.addresses import address
from conftest_kit.called import called
from conftest_kit.nearest import class_of, nearest
from conftest_kit.texts import bounded, message_of

MAX_VALUE = 2000
MAX_LIST = 200
MAX_CLASSES = 8

_ATTRIBUTES: tuple[tuple[type[BaseException], tuple[str, ...]], ...] = (
    (ImportError, ("name", "path", "name_from")),
    (AttributeError, ("name",)),
    (NameError, ("name",)),
    (OSError, ("errno", "strerror", "filename", "filename2")),
    (SyntaxError, ("msg", "filename", "lineno", "offset", "text")),
    (UnicodeError, ("encoding", "reason")),
    (SystemExit, ("code",)),
)
_CARRIED = frozenset(
    {
        "argname",
        "cmd",
        "code",
        "errno",
        "field",
        "filename",
        "hint",
        "key",
        "lineno",
        "name",
        "param",
        "path",
        "reason",
        "returncode",
        "signal",
        "status",
        "status_code",
        "strerror",
        "timeout",
    }
)
"""Attributes that exceptions of libraries keep in their `__dict__` and that say what went wrong.
Others are left alone: reading them may run code or expose a whole request."""
_OF_NAMES = (AttributeError, ImportError, NameError)
"""What is raised for want of something of that name."""


def type_name(kind: type[Any]) -> str:
    """`module.qualname`, without the module for builtins."""
    module = kind.__dict__.get("__module__", "")
    if not isinstance(module, str) or module in ("builtins", ""):
        return str(kind.__qualname__)
    return f"{module}.{kind.__qualname__}"


def described(error: BaseException) -> tuple[str, dict[str, Any]]:
    """Its message and its attributes, with what pytest's own exceptions need."""
    kind = type(error).__name__
    if kind == "FixtureLookupError" and hasattr(error, "formatrepr"):
        return _fixture_lookup(error)
    message = message_of(error)
    if kind == "CollectError":
        message = _collect_message(error, message)
    return message, _attributes(error, message)


def _collect_message(error: BaseException, message: str) -> str:
    """Without the traceback that pytest renders into it; the cause has its own frames."""
    if error.args and not isinstance(error.args[0], str):
        return ""
    head, rendered, _ = message.partition("\nTraceback:\n")
    return head.partition("\n")[0] if rendered else message


def _fixture_lookup(error: Any) -> tuple[str, dict[str, Any]]:
    lines = error.formatrepr().errorstring.splitlines() or [""]
    attributes: dict[str, Any] = {"argname": _simple(error.argname)}
    for line in lines[1:]:
        _, found, names = line.partition("available fixtures: ")
        if found:
            attributes["available"] = names.split(", ")[:MAX_LIST]
    stack = error.fixturestack
    asked = stack[-1].argname if stack else getattr(error.request.node, "name", None)
    attributes["requested_by"] = _simple(asked)
    return bounded(lines[0].strip()), {
        key: value for key, value in attributes.items() if value is not None
    }


def _attributes(error: BaseException, message: str) -> dict[str, Any]:
    names: list[str] = []
    for kind, known in _ATTRIBUTES:
        if isinstance(error, kind):
            names.extend(known)
    names.extend(name for name in carried(error) if name in _CARRIED)
    found: dict[str, Any] = {}
    for name in names:
        value = _simple(_read(error, name))
        if value is not None:
            found[name] = value
    return found | {name: said for name, said in _only_here(error, message, found) if said}


def _only_here(
    error: BaseException, message: str, found: Mapping[str, Any]
) -> Iterator[tuple[str, str | list[str]]]:
    """What nobody can tell later; empty where it is not found."""
    if isinstance(error, AttributeError):
        asked = _read(error, "obj")
        yield "obj", _object_name(asked)
        yield "derives", _derives(asked)
    if isinstance(error, _OF_NAMES):
        yield "nearest", _looked_for(nearest, error, message)
    if isinstance(error, OSError) and "filename" not in found:
        yield "address", _looked_for(address, error.__traceback__)
    if isinstance(error, TypeError):
        yield "called", _looked_for(called, error.__traceback__, message)


def _looked_for(look: Callable[..., str], *where: Any) -> str:
    try:
        return look(*where)
    except Exception:  # noqa: BLE001 - what stands for a name or a variable may be of any kind
        return ""


def carried(error: BaseException) -> dict[str, Any]:
    """What somebody attached to it; properties are not asked."""
    attached = object.__getattribute__(error, "__dict__")
    return attached if type(attached) is dict else {}


def _read(error: BaseException, name: str) -> Any:
    try:
        return getattr(error, name, None)
    except Exception:  # noqa: BLE001 - a property of the user's
        return None


def _object_name(value: Any) -> str:
    """Never its repr: that is the user's code, and as long as it likes."""
    if value is None:
        return ""
    if type(value) is type(sys):
        return str(value.__dict__.get("__name__", "module"))
    return type_name(class_of(value))


def _derives(value: Any) -> list[str]:
    """The classes above that of an object, builtins left out; the nearest first."""
    above = type.__dict__["__mro__"].__get__(class_of(value))[1:-1]
    named = map(type_name, above)
    return [name for name in named if "." in name][:MAX_CLASSES]


def _simple(value: Any) -> Any:
    """Text, number or list of text; None for everything else."""
    if isinstance(value, int):  # enum members too, such as http.HTTPStatus.OK
        return (
            bool(value) if type(value) is bool else int(value) if value.bit_length() < 64 else None
        )
    if type(value) is float:
        return value if math.isfinite(value) else str(value)
    if type(value) is bytes:
        return bounded(value.decode("utf-8", "replace"), MAX_VALUE)
    if isinstance(value, str):
        return bounded(str.__str__(value), MAX_VALUE)
    if isinstance(value, os.PathLike):
        return bounded(str(value), MAX_VALUE)
    if type(value) in (list, tuple):
        return list(texts(value))
    return None


def texts(values: Any) -> Iterable[str]:
    """The plain values of a sequence, as texts; of a text itself none."""
    if not isinstance(values, Sequence) or isinstance(values, str):
        return ()
    simple = (_simple(value) for value in values[:MAX_LIST])
    return [str(value) for value in simple if value is not None]
