"""What a checkout said, as JSON and back, so that a case needs nothing of the checkout itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, get_args, get_origin, get_type_hints

from orchestrator.project import Project


def to_json(project: Project) -> dict[str, Any]:
    """The JSON form; without the folder, and without what is empty."""
    document = dataclasses.asdict(dataclasses.replace(project, root=None))
    return {
        key: sorted(value) if isinstance(value, frozenset) else value
        for key, value in document.items()
        if value
    }


def from_json(document: Mapping[str, Any]) -> Project:
    """The project that `to_json` wrote; keys that are not known are passed over.

    Raises:
        ValueError: a value has the wrong shape.
    """
    return Project(**_values(Project, document))


def _values(kind: type, document: Any) -> dict[str, Any]:
    if not isinstance(document, Mapping):
        raise ValueError(f"a {kind.__name__} must be a JSON object, not {document!r:.80}")
    hints = get_type_hints(kind)
    return {key: _value(hints[key], value) for key, value in document.items() if key in hints}


def _value(hint: Any, value: Any) -> Any:
    origin = get_origin(hint)
    if origin not in (tuple, frozenset):
        return value
    if not isinstance(value, list):
        raise ValueError(f"not a list: {value!r:.80}")
    (member, *_) = get_args(hint)
    if not dataclasses.is_dataclass(member) or not isinstance(member, type):
        return origin(value)
    try:
        return origin(member(**_values(member, item)) for item in value)
    except TypeError as error:
        raise ValueError(f"incomplete {member.__name__}: {error}") from None
