"""One line of what a project asks for, and how such lines are read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Parsed
from packaging.utils import canonicalize_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One line of what the project asks for."""

    name: str
    """Normalised."""
    text: str
    """As written."""
    file: str
    group: str = ""
    """The extra or dependency group that it belongs to."""
    is_extra: bool = False
    by: str = ""
    """What alone installs it, `tox`; empty where pip or the project's own tool does."""


def parsed(
    lines: Any, file: str, *, group: str = "", is_extra: bool = False, by: str = ""
) -> Iterator[Requirement]:
    """The requirements of a list of lines; what is none is passed over, and so is no list."""
    for line in lines if isinstance(lines, list | tuple) else ():
        text = re.sub(r"(^|\s)#.*$", "", line).strip() if isinstance(line, str) else ""
        try:
            name = canonicalize_name(Parsed(text).name)
        except InvalidRequirement:
            continue
        yield Requirement(name=name, text=text, file=file, group=group, is_extra=is_extra, by=by)


def where_asked(one: Requirement, marker: str) -> Requirement:
    """The requirement, asked for only where this marker holds, too; as it is where that is none."""
    text, semicolon, own = one.text.partition(";")
    narrowed = f"{text.strip()}; {f'({own.strip()}) and ({marker})' if semicolon else marker}"
    try:
        Parsed(narrowed)
    except InvalidRequirement:
        return one
    return replace(one, text=narrowed)


def named(table: Mapping[str, Any], file: str, *, group: str = "") -> Iterator[Requirement]:
    """The requirements of a table of names and constraints, as poetry and pipenv have it."""
    for name, constraint in table.items():
        if name != "python":
            text = f'{name} = "{constraint}"' if isinstance(constraint, str) else name
            yield Requirement(name=canonicalize_name(name), text=text, file=file, group=group)
