"""Frozen records to and from JSON documents. PYTEST_DONT_REWRITE

Readers ignore keys that they do not know, and fill what is missing with defaults, so old and new
versions read each other's files.
"""

from __future__ import annotations

import functools
import json
from typing import Any, TypeVar

_Record = TypeVar("_Record")

encoded = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
"""A document, which is a tree, as ASCII JSON without spaces."""

_EMPTY: tuple[Any, ...] = ("", (), {}, None)

_SHAPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "str | None": (str, type(None)),
    "int": (int,),
    "int | None": (int, type(None)),
    "float | None": (float, int, type(None)),
    "bool": (bool,),
    "Environment": (dict,),
    "Outcome": (str,),
    "Phase": (str,),
    "State": (str,),
    "Origin": (str,),
    "Any": (object,),
}
_MEMBERS: dict[str, tuple[type, ...]] = {
    "tuple[str, ...]": (str,),
    "Mapping[str, str]": (str,),
    "Mapping[str, int]": (int,),
    "Mapping[str, int] | None": (int,),
    "Mapping[str, float]": (float, int),
}


def to_json(record: Any) -> dict[str, Any]:
    """The JSON form of a record; what is empty, null or false and has a default is left out."""
    document: dict[str, Any] = {}
    defaults = record._field_defaults
    for name, value in zip(record._fields, record, strict=True):
        if type(value) is str or type(value) is int:  # Nearly always.
            if value != "" or name not in defaults:
                document[name] = value
        elif not (name in defaults and (value is False or value in _EMPTY)):
            document[name] = _plain(value)
    return document


def _plain(value: Any) -> Any:
    if hasattr(value, "_fields"):
        return to_json(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


@functools.cache
def _shapes(kind: Any) -> dict[str, tuple[tuple[type, ...], tuple[type, ...] | None]]:
    """For each field what its value may be, and what the members of that value may be."""
    return {
        name: (_outer_shape(wrapped.__forward_arg__), _MEMBERS.get(wrapped.__forward_arg__))
        for name, wrapped in kind.__annotations__.items()  # `NamedTuple` wraps the texts
    }


def _outer_shape(annotation: str) -> tuple[type, ...]:
    if annotation.startswith("tuple["):
        return (tuple,)
    if annotation.startswith("Mapping["):
        return (dict, type(None)) if annotation.endswith("| None") else (dict,)
    return _SHAPES.get(annotation, (str,))  # a Literal of words


def known(kind: Any, document: Any) -> dict[str, Any]:
    """Of `document` what a record of this kind has, lists as tuples.

    Raises:
        ValueError: it is no object, or a value has the wrong shape.
    """
    if not isinstance(document, dict):
        raise ValueError(f"a {kind.__name__} must be a JSON object, not {document!r:.80}")
    shapes = _shapes(kind)
    values: dict[str, Any] = {}
    for key, value in document.items():
        if key not in shapes:
            continue
        if type(value) is list:
            value = tuple(value)  # noqa: PLW2901 - lists are tuples in records
        outer, inner = shapes[key]
        if not isinstance(value, outer):
            raise ValueError(f"{kind.__name__}.{key} cannot be {value!r:.80}")
        if inner is not None and value:
            held: Any = value.values() if type(value) is dict else value
            for member in held:
                if not isinstance(member, inner):
                    raise ValueError(f"{kind.__name__}.{key} cannot hold {member!r:.80}")
        values[key] = value
    return values


def build(kind: type[_Record], values: dict[str, Any]) -> _Record:
    """The record that has these values.

    Raises:
        ValueError: a required one is missing.
    """
    try:
        return kind(**values)
    except TypeError as error:
        raise ValueError(f"incomplete {kind.__name__}: {error}") from None


def parse(line: bytes) -> dict[str, Any]:
    """The object that `line` holds, in texts that everybody can encode.

    Raises:
        ValueError: it holds something else.
        RecursionError: it is nested too deeply.
    """
    document: Any = json.loads(line)
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")
    if b"\\ud" in line or b"\\uD" in line:
        document = _without_surrogates(document)
    parsed: dict[str, Any] = document
    return parsed


def _without_surrogates(value: Any) -> Any:
    """Lone surrogates are legal in JSON and nowhere else: neither files nor databases take them."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value
