"""Edits of files, and of Python files which functions they change; pure.

Comments and layout count as no edit of a Python file.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from orchestrator import source

State = Literal["added", "changed", "removed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One file that is not what it was."""

    file: str
    """Relative to the project's root, with `/`."""
    state: State = "changed"
    parts: tuple[str, ...] = ()
    """Of a Python file what is new or differs: `add`, `Shop.add`, `Shop` for the rest of a class,
    and `` for what stands in no function or class."""
    gone: tuple[str, ...] = ()
    """Its functions, methods and classes that are not there any more."""


def compared(file: str, before: bytes | None, now: bytes | None) -> Edit | None:
    """The edit that makes one content of a file the other; None where neither is there, or where a
    Python file says the same.
    """
    if before == now:
        return None
    state: State = "added" if before is None else "removed" if now is None else "changed"
    old, new = _parts(file, before), _parts(file, now)
    if state == "changed" and not (old and new):  # no Python, or none that parses
        return Edit(file=file)
    if old == new and old:
        return None
    return Edit(
        file=file,
        state=state,
        parts=tuple(name for name, text in new.items() if old.get(name) != text),
        gone=tuple(name for name in old if name not in new),
    )


def _parts(file: str, content: bytes | None) -> dict[str, str]:
    """The functions, methods and classes of a file by name, and under `` the rest of it."""
    found: dict[str, list[str]] = {}
    body = source.parsed(content).body if content and file.endswith(".py") else []
    for name, node in _defined(body, ""):
        found.setdefault(name, []).append(ast.dump(node))
    return {name: "\n".join(texts) for name, texts in found.items()}


def _defined(body: Iterable[ast.stmt], within: str) -> Iterator[tuple[str, ast.AST]]:
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield f"{within}.{node.name}".lstrip("."), node
        elif isinstance(node, ast.ClassDef):
            name = f"{within}.{node.name}".lstrip(".")
            yield name, ast.Pass()  # should it hold nothing but methods
            yield from ((name, one) for one in (*node.decorator_list, *node.bases, *node.keywords))
            yield from _defined(node.body, name)
        else:
            yield within, node
