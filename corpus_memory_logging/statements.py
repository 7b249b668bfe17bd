"""The named statements of `sql/*.sql`, and the small notation they are written in.

`-- name: NAME` begins a statement, `-- fragment: NAME` a piece that `{NAME}` puts into others.
A line that ends in `-- if PARAMETER` counts only where that parameter has a value, one that ends in
`-- unless PARAMETER` only where it has none, so an unused filter costs the planner nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

_HEADING = re.compile(r"^-- (name|fragment): (\w+)$", re.MULTILINE)
_CONDITION = re.compile(r"-- (if|unless) (\w+)$")
_COMMENT = re.compile(r"^--.*\n?", re.MULTILINE)
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def statement(name: str, parameters: Mapping[str, Any], *, engine: str) -> str:
    """The text of a statement for these parameters, with the fragments of an engine's own file."""
    given = frozenset(key for key, value in parameters.items() if value is not None)
    return _composed(name, engine, given)


@cache
def _composed(name: str, engine: str, given: frozenset[str]) -> str:
    pieces = _pieces(engine)

    def compose(piece: str) -> str:
        text = "\n".join(_wanted(pieces[piece], given))
        return _PLACEHOLDER.sub(lambda match: compose(match[1]), text)

    return compose(name)


def _wanted(text: str, given: frozenset[str]) -> Iterator[str]:
    for line in text.splitlines():
        condition = _CONDITION.search(line)
        if condition is None:
            yield line
        elif (condition[2] in given) == (condition[1] == "if"):
            yield line[: condition.start()]


@cache
def _pieces(engine: str) -> dict[str, str]:
    pieces: dict[str, str] = {}
    for stem in ("write", "read", "findings", "alerts", "learned", "readings", engine):
        source = files(__package__).joinpath("sql", f"{stem}.sql").read_text("utf-8")
        _, *found = _HEADING.split(source)
        names, texts = found[1::3], found[2::3]
        pieces |= {
            name: _COMMENT.sub("", text).strip() for name, text in zip(names, texts, strict=True)
        }
    return pieces
