"""What a `setup.py` passes to `setup()`, as far as it is written down and not computed."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from orchestrator.checkout.requirements.requirement import Requirement, parsed, where_asked
from orchestrator.checkout.source import parse
from orchestrator.checkout.uses import last_name

FILE = "setup.py"
_MAX_DEPTH = 10
"""Names that stand for names that stand for values."""


class Setup(NamedTuple):
    """What `setup.py` says plainly; empty where it does not."""

    name: str
    requirements: tuple[Requirement, ...]
    classifiers: tuple[str, ...]


def read(root: Path) -> Setup:
    """The project's name, what it asks for, and how it is classified."""
    given = _passed(parse(root / FILE))
    name, classified = given.get("name"), _lines(given.get("classifiers"))
    return Setup(
        name=name if isinstance(name, str) else "",
        requirements=tuple(_requirements(given)),
        classifiers=tuple(one.strip() for one in classified or () if isinstance(one, str)),
    )


def _requirements(given: Mapping[str, Any]) -> Iterator[Requirement]:
    yield from parsed(_lines(given.get("install_requires")), FILE)
    yield from parsed(_lines(given.get("tests_require")), FILE, by="setup.py test")
    extras = given.get("extras_require")
    for extra, lines in extras.items() if isinstance(extras, dict) else ():
        # `dev:python_version < "3.12"`: an extra, and where it holds; without an extra always so.
        group, _, where = str(extra).partition(":")
        asked = parsed(_lines(lines), FILE, group=group, is_extra=bool(group))
        yield from (where_asked(one, where) for one in asked) if where.strip() else asked


def _lines(value: Any) -> Any:
    return value.splitlines() if isinstance(value, str) else value


def _passed(tree: ast.Module) -> Mapping[str, Any]:
    """The keywords of the call of `setup`, and what a dictionary passes with `**`."""
    names: dict[str, ast.expr] = {}
    found: dict[str, Any] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            names.setdefault(node.targets[0].id, node.value)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and last_name(node.func) == "setup":
            for keyword in node.keywords:
                value = _value(keyword.value, names)
                found.update({keyword.arg: value} if keyword.arg else _as_table(value))
    return found


def _value(node: ast.expr, names: Mapping[str, ast.expr], depth: int = 0) -> Any:
    """What an expression is: text, a list or a dictionary; None where it is computed."""
    if depth > _MAX_DEPTH:
        return None
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return _value(names[node.id], names, depth + 1) if node.id in names else None
    if isinstance(node, ast.List | ast.Tuple):
        values = [_value(one, names, depth + 1) for one in node.elts]
        return [one for one in values if isinstance(one, str)]
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return {
            _value(key, names, depth + 1): _value(value, names, depth + 1)
            for key, value in pairs
            if isinstance(key, ast.Constant)
        }
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        both = [_value(one, names, depth + 1) for one in (node.left, node.right)]
        return [line for one in both if isinstance(one, list) for line in one]
    if isinstance(node, ast.Call) and last_name(node.func) == "dict" and not node.args:
        return {one.arg: _value(one.value, names, depth + 1) for one in node.keywords if one.arg}
    return None


def _as_table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
