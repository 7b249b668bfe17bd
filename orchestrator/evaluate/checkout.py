"""What a checkout said, as JSON and back, so that a case needs nothing of the checkout itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from orchestrator.checkout.project import Project


def to_json(project: Project) -> dict[str, Any]:
    """The JSON form; without the folder, and without what is empty."""
    document: dict[str, Any] = _filled(dataclasses.asdict(dataclasses.replace(project, root=None)))
    return document


def _filled(value: Any) -> Any:
    """Without what is empty."""
    if isinstance(value, dict):
        kept = {key: _filled(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item}
    if isinstance(value, list | tuple):
        return [_filled(item) for item in value]
    return sorted(value) if isinstance(value, frozenset) else value


def from_json(document: Mapping[str, Any]) -> Project:
    """The project that `to_json` wrote; keys that are not known are passed over.

    Raises:
        ValueError: a value has the wrong shape.
    """
    return Project(**_values(Project, document))


def _values(kind: type, document: Any) -> dict[str, Any]:
    if not isinstance(document, Mapping):
        raise ValueError(f"a {kind.__name__} must be a JSON object, not {document!r:.80}")
    hints = _hints(kind)
    return {key: _value(hints[key], value) for key, value in document.items() if key in hints}


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _value(hint: Any, value: Any) -> Any:
    origin = get_origin(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _made(hint, value)
    if origin is Mapping:
        (_, member) = get_args(hint)
        return {key: _value(member, item) for key, item in _mapping(value).items()}
    if origin not in (tuple, frozenset):
        return value
    if not isinstance(value, list):
        raise ValueError(f"not a list: {value!r:.80}")
    (member, *_) = get_args(hint)
    return origin(_value(member, item) for item in value)


def _made(kind: type, value: Any) -> Any:
    try:
        return kind(**_values(kind, value))
    except TypeError as error:
        raise ValueError(f"incomplete {kind.__name__}: {error}") from None


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"not a JSON object: {value!r:.80}")
    return value
