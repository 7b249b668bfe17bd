"""What a Python file holds: names at its top, those of its classes, and what its functions take.

Read from its syntax tree; nothing is executed. What the tree cannot tell is left out.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator

_MAX_CLASSES = 200
_MAX_NAMES = 500
_WITH_FIELDS = {"dataclass", "define", "frozen", "mutable", "attrs", "NamedTuple", "BaseModel"}
"""Decorators and bases whose classes take what their bodies annotate."""
_LOOSE = "*"
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def outline(tree: ast.Module, names: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Of a module with these names at its top: `""` to them, `Cart` to what the class and its
    objects have, `total()`, `Cart()` and `Cart.total()` to the parameters that have names; `*`
    among them where there may be others.
    """
    found = {"": names[:_MAX_NAMES]} if names else {}
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)][:_MAX_CLASSES]
    for node in tree.body:
        if isinstance(node, _FUNCTIONS):
            found[f"{node.name}()"] = _taken(node)
    for node in classes:
        members = dict.fromkeys(_members(node))
        loose = [_LOOSE] if {"__getattr__", "__getattribute__"} & {*members} or node.bases else []
        found[node.name] = (*loose, *list(members)[:_MAX_NAMES])
        found.update(_calls(node))
    return found


def mentions(tree: ast.Module, names: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Of each function, `Cart.total` of a method and `Cart` of what else a class has, what it asks
    of these names, which the file imports or has at its top: `np.float64`, `Cart`.
    """
    found = {}
    for node in tree.body:
        if isinstance(node, _FUNCTIONS):
            found[node.name] = _asked([node], names)
        elif isinstance(node, ast.ClassDef):
            others = [one for one in node.body if not isinstance(one, _FUNCTIONS)]
            found[node.name] = _asked([*node.bases, *node.decorator_list, *others], names)
            for one in node.body:
                if isinstance(one, _FUNCTIONS):
                    found[f"{node.name}.{one.name}"] = _asked([one], names)
    return {name: asked for name, asked in found.items() if asked}


def _asked(nodes: Iterable[ast.AST], names: Collection[str]) -> tuple[str, ...]:
    """In the order of the lines."""
    found: dict[str, tuple[int, int]] = {}
    for node in nodes:
        seen: set[ast.AST] = set()
        for one in ast.walk(node):
            dotted = _dotted(one, seen)
            if dotted.partition(".")[0] in names:
                place = getattr(one, "lineno", 0), getattr(one, "col_offset", 0)
                found[dotted] = min(place, found.get(dotted, place))
    return tuple(sorted(found, key=found.__getitem__))[:_MAX_NAMES]


def _dotted(node: ast.AST, seen: set[ast.AST]) -> str:
    """`np.linalg.norm`; empty for other expressions, and for a part of one that was seen."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute) and node not in seen:
        seen.add(node)
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node in seen:
        return ""
    seen.add(node)
    return ".".join((node.id, *reversed(parts)))


def _calls(node: ast.ClassDef) -> Iterator[tuple[str, tuple[str, ...]]]:
    made = False
    for one in node.body:
        if isinstance(one, _FUNCTIONS):
            is_static = any(
                getattr(what, "id", "") == "staticmethod" for what in one.decorator_list
            )
            made |= one.name == "__init__"
            name = node.name if one.name == "__init__" else f"{node.name}.{one.name}"
            yield f"{name}()", _taken(one)[0 if is_static else 1 :]
    if not made and _has_fields(node):
        annotated = (one.target for one in node.body if isinstance(one, ast.AnnAssign))
        loose = [_LOOSE] if len(node.bases) > 1 else []
        yield (
            f"{node.name}()",
            (*(one.id for one in annotated if isinstance(one, ast.Name)), *loose),
        )


def _has_fields(node: ast.ClassDef) -> bool:
    said = (
        one.func if isinstance(one, ast.Call) else one
        for one in (*node.decorator_list, *node.bases)
    )
    return any(_last(one) in _WITH_FIELDS for one in said)


def _last(expression: ast.expr) -> str:
    return str(getattr(expression, "attr", "") or getattr(expression, "id", ""))


def _taken(function: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[str, ...]:
    given = function.args
    named = (one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs))
    return (*named, *([_LOOSE] if given.kwarg else []))


def _members(node: ast.ClassDef) -> Iterator[str]:
    """What its body binds, and what its methods give `self`."""
    for one in node.body:
        if isinstance(one, (*_FUNCTIONS, ast.ClassDef)):
            yield one.name
        elif isinstance(one, ast.Assign | ast.AnnAssign):
            targets = one.targets if isinstance(one, ast.Assign) else [one.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))
    for inner in ast.walk(node):
        given = isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store)
        if given and getattr(inner.value, "id", "") in ("self", "cls"):  # type: ignore[attr-defined]
            yield inner.attr  # type: ignore[attr-defined]
