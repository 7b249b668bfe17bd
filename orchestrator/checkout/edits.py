"""Edits of files, and of Python files which functions they change; pure.

Comments, docstrings and layout count as no edit of a Python file, and of a `pyproject.toml` what is
said to tools alone.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from orchestrator.checkout import source

State = Literal["added", "changed", "removed"]
_MANIFEST = "pyproject.toml"


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


def is_compared(file: str) -> bool:
    """Whether more can be said of a file than that it was edited."""
    return file.endswith(".py") or file.rpartition("/")[2] == _MANIFEST


def compared(file: str, before: bytes | None, now: bytes | None) -> Edit | None:
    """The edit that makes one content of a file the other; None where neither is there, or where
    both say the same.
    """
    if before == now:
        return None
    state: State = "added" if before is None else "removed" if now is None else "changed"
    old, new = _parts(file, before), _parts(file, now)
    if state == "changed" and not (old and new):  # nothing that can be taken apart
        return Edit(file=file)
    if old == new and old:
        return None
    if not file.endswith(".py"):
        return Edit(file=file, state=state)
    return Edit(
        file=file,
        state=state,
        parts=tuple(name for name, text in new.items() if old.get(name) != text),
        gone=tuple(name for name in old if name not in new),
    )


def _parts(file: str, content: bytes | None) -> dict[str, str]:
    """The functions, methods and classes of a file by name, and under `` the rest of it; of a
    `pyproject.toml` what is said to tools. Empty where it cannot be read.
    """
    if content is None:
        return {}
    if not file.endswith(".py"):
        return {"tool": repr(_tools(content))} if is_compared(file) else {}
    found: dict[str, list[str]] = {}
    try:
        for name, node in _defined(source.parsed(content).body, ""):
            found.setdefault(name, []).append(ast.dump(node))
    except (RecursionError, MemoryError):  # generated code
        return {}
    return {name: "\n".join(texts) for name, texts in found.items()}


def _tools(content: bytes) -> object:
    try:
        return tomllib.loads(content.decode()).get("tool")
    except (ValueError, RecursionError):
        return content


def _defined(body: list[ast.stmt], within: str) -> Iterator[tuple[str, ast.AST]]:
    for node in _without_docstring(body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.body = _without_docstring(node.body)
            yield f"{within}.{node.name}".lstrip("."), node
        elif isinstance(node, ast.ClassDef):
            name = f"{within}.{node.name}".lstrip(".")
            yield name, ast.Pass()  # should it hold nothing but methods
            yield from ((name, one) for one in (*node.decorator_list, *node.bases, *node.keywords))
            yield from _defined(node.body, name)
        else:
            yield within, node


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0].value if body and isinstance(body[0], ast.Expr) else None
    is_one = isinstance(first, ast.Constant) and isinstance(first.value, str)
    return body[1:] if is_one else body
