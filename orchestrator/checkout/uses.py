"""What of the machine a Python file uses: variables, programs, files beside it, modes of files.

Read from its syntax tree, as `source` is; of files only whether they are there is looked at.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

Lines = tuple[int, int]
"""The first and the last."""

_READERS = ("get", "pop", "getenv", "__getitem__")
_HANDED_ON = ("environment", "env")
"""What functions call the variables that they are given."""
_SETTERS = ("setenv", "delenv", "setdefault", "putenv", "unsetenv")
_SAME = ("resolve", "absolute", "expanduser", "abspath", "realpath", "normpath", "Path", "str")
_PARENTS = ("dirname",)
_JOINS = ("joinpath", "join")
_OWNER = 0o600
_LIKE_A_VARIABLE = re.compile(r"^[A-Z][A-Z0-9]{1,40}(?:_[A-Z0-9]{1,40}){1,8}$")
_URL = re.compile(
    r"^[a-z][a-z0-9+]{1,20}://(?:[^@/\s]{1,100}@)?(?P<host>[\w.-]{1,200}(?::\d{1,5})?)"
)
_HOST_AND_PORT = re.compile(
    r"^(?P<host>(?:[\w-]{1,63}\.){1,6}[A-Za-z][\w-]{0,62}:\d{1,5})(?:/\S{0,200})?$"
)
_HOST = re.compile(r"^(?:[\w-]{1,63}\.)+[\w-]{1,63}$|^localhost$")
_NAMED_HOST = re.compile(r"(?i)host|server|addr|endpoint|domain")
_MAX_FUNCTIONS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One thing outside of the code that a file uses."""

    kind: str
    """`variable` read from the environment · `unwanted`: one whose presence raises · `named`: a
    text like the name of one · `set`: one that it sets or removes itself · `program` looked for on
    PATH · `absent`: a path from the file's own place to nothing · `mode`: access that is taken from
    the owner of a file · `host` that it names.
    """
    name: str
    """Of a path: from the project's root."""
    at: int
    """The line."""
    lines: tuple[Lines, ...] = ()
    """The functions that hold it, or mention what the module keeps of it."""
    default: bool = False
    """Whether there is a value where the variable is not set."""

    def serves(self, line: int) -> bool:
        """Whether it is in, or mentioned by, the function that a line is in."""
        return self.at == line or any(first <= line <= last for first, last in self.lines)


def found_in(tree: ast.Module, path: Path, file: str) -> Iterator[Use]:
    """What the file at `path`, which `file` names from the root, uses."""
    functions = [
        node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ][:_MAX_FUNCTIONS]
    constants = _texts(tree)
    root = path.parents[len(Path(file).parts) - 1]
    kept = {name: value for value, name in _kept(tree)}
    paths = dict(_paths(kept, path))
    yield from _hosts_kept(kept, functions)
    for node in ast.walk(tree):
        for kind, name, default in _found(node, constants, path, root, paths):
            bound = next((one for one, value in kept.items() if _is_in(node, value)), "")
            yield Use(
                kind=kind,
                name=name,
                at=node.lineno,  # type: ignore[attr-defined]
                lines=tuple(_where(node, bound, functions)),
                default=default,
            )


def _hosts_kept(
    kept: Mapping[str, ast.expr], functions: list[ast.FunctionDef | ast.AsyncFunctionDef]
) -> Iterator[Use]:
    """`HOST = "db.internal"`: hosts that the module keeps under a name which says so."""
    for name, value in kept.items():
        is_text = isinstance(value, ast.Constant) and isinstance(value.value, str)
        if is_text and _NAMED_HOST.search(name) and _HOST.match(value.value):  # type: ignore[attr-defined]
            lines = tuple(_where(value, name, functions))
            yield Use(kind="host", name=value.value, at=value.lineno, lines=lines)  # type: ignore[attr-defined]


def _kept(tree: ast.Module) -> Iterator[tuple[ast.expr, str]]:
    """What the module keeps under a name."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.value, node.targets[0].id
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            yield node.value, node.target.id


def _texts(tree: ast.Module) -> Mapping[str, str]:
    return {
        name: value.value
        for value, name in _kept(tree)
        if isinstance(value, ast.Constant) and isinstance(value.value, str)
    }


def _where(
    node: ast.AST, bound: str, functions: list[ast.FunctionDef | ast.AsyncFunctionDef]
) -> Iterator[Lines]:
    """The innermost function around a node; for what the module keeps, those that mention it."""
    line: int = node.lineno  # type: ignore[attr-defined]
    around = [one for one in functions if one.lineno <= line <= (one.end_lineno or one.lineno)]
    if around:
        inner = max(around, key=lambda one: one.lineno)
        yield inner.lineno, inner.end_lineno or inner.lineno
    elif bound:
        for one in functions:
            if any(isinstance(part, ast.Name) and part.id == bound for part in ast.walk(one)):
                yield one.lineno, one.end_lineno or one.lineno


def _is_in(node: ast.AST, value: ast.expr) -> bool:
    line: int = node.lineno  # type: ignore[attr-defined]
    return value.lineno <= line <= (value.end_lineno or value.lineno)


def _found(
    node: ast.AST, constants: Mapping[str, str], path: Path, root: Path, paths: Mapping[str, Path]
) -> Iterator[tuple[str, str, bool]]:
    if isinstance(node, ast.If):
        raises = any(isinstance(statement, ast.Raise) for statement in node.body)
        yield from (("unwanted", name, False) for name in _set(node.test, constants) if raises)
    elif isinstance(node, ast.Subscript) and _is_environ(node.value):
        name = _text(node.slice, constants)
        kind = "variable" if isinstance(node.ctx, ast.Load) else "set"
        yield from ((kind, name, False),) if name else ()
    elif isinstance(node, ast.Compare):
        yield from _asked(node, constants)
    elif isinstance(node, ast.Call):
        yield from _called(node, constants)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        url = _URL.match(node.value) or _HOST_AND_PORT.match(node.value)
        yield from (("host", url["host"], False),) if url else ()
        named = _LIKE_A_VARIABLE.match(node.value)
        yield from (("named", node.value, False),) if named else ()
    yield from (("host", host, False) for host in _hosts_set(node))
    if isinstance(node, (ast.BinOp, ast.Call)):
        there = _path(node, path, paths)
        if there is not None and not there.exists() and there.is_relative_to(root):
            yield "absent", there.relative_to(root).as_posix(), False


def _hosts_set(node: ast.AST) -> Iterator[str]:
    """`config["MAIL_SERVER"] = "mail.internal"`, `host="db.internal"`: what is set under such a
    name.
    """
    named: list[tuple[str, ast.expr]] = []
    if isinstance(node, ast.Assign) and not isinstance(node.targets[0], ast.Name):
        target = node.targets[0]
        key = target.slice if isinstance(target, ast.Subscript) else target
        named = [(_text(key, {}) or last_name(key), node.value)]
    elif isinstance(node, ast.keyword):
        named = [(node.arg or "", node.value)]
    elif isinstance(node, ast.Dict):
        named = [
            (_text(key, {}), value)
            for key, value in zip(node.keys, node.values, strict=True)
            if key
        ]
    for name, value in named:
        if _NAMED_HOST.search(name) and "." in _text(value, {}) and _HOST.match(_text(value, {})):
            yield _text(value, {})


def _called(node: ast.Call, constants: Mapping[str, str]) -> Iterator[tuple[str, str, bool]]:
    called = last_name(node.func)
    first = _text(node.args[0], constants) if node.args else ""
    asked = node.func.value if isinstance(node.func, ast.Attribute) else node.func
    handed = last_name(asked) in _HANDED_ON and _LIKE_A_VARIABLE.match(first)
    of_environ = asked is not node.func and (_is_environ(asked) or handed)
    if first and (called == "getenv" or (of_environ and called in _READERS)):
        yield "variable", first, _has_default(node)
    elif first and (called in _SETTERS or (called == "set" and "env" in last_name(asked).lower())):
        yield "set", first, False
    elif first and called == "which":
        yield "program", first, False
    elif first and _HOST.match(first) and len(node.args) > 1 and _is_port(node.args[1]):
        yield "host", f"{first}:{_number(node.args[1])}".rstrip(":"), False
    elif called == "chmod" and node.args:
        mode = node.args[-1]
        if isinstance(mode, ast.Constant) and isinstance(mode.value, int):
            taken = mode.value & _OWNER != _OWNER
            yield from (("mode", oct(mode.value), False),) if taken else ()


def _set(test: ast.expr, constants: Mapping[str, str]) -> Iterator[str]:
    """The variables for which a condition holds where they are set."""
    if isinstance(test, ast.BoolOp):
        yield from (name for one in test.values for name in _set(one, constants))
    elif isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.In):
        yield from (name for _, name, _ in _asked(test, constants))
    elif isinstance(test, ast.Call):
        found = _called(test, constants)
        yield from (name for kind, name, default in found if kind == "variable" and not default)


def _asked(node: ast.Compare, constants: Mapping[str, str]) -> Iterator[tuple[str, str, bool]]:
    name = _text(node.left, constants) if _is_environ(node.comparators[0]) else ""
    yield from (("variable", name, False),) if name else ()


def _is_port(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) or bool(_number(node))


def _number(node: ast.expr) -> str:
    is_number = isinstance(node, ast.Constant) and isinstance(node.value, int)
    return str(node.value) if is_number else ""  # type: ignore[attr-defined]


def _has_default(node: ast.Call) -> bool:
    given = [*node.args[1:], *(keyword.value for keyword in node.keywords)]
    return any(not (isinstance(one, ast.Constant) and one.value is None) for one in given)


def _is_environ(node: ast.expr) -> bool:
    return last_name(node) == "environ"


def _text(node: ast.expr, constants: Mapping[str, str]) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return constants.get(node.id, "") if isinstance(node, ast.Name) else ""


def _paths(kept: Mapping[str, ast.expr], path: Path) -> Iterator[tuple[str, Path]]:
    found: dict[str, Path] = {}
    for name, value in kept.items():
        there = _path(value, path, found)
        if there is not None:
            found[name] = there
            yield name, there


def _path(node: ast.expr, path: Path, known: Mapping[str, Path]) -> Path | None:
    """Where an expression leads that begins with `__file__`; None for any other."""
    if isinstance(node, ast.Name):
        return path if node.id == "__file__" else known.get(node.id)
    if isinstance(node, ast.Attribute):
        above = _path(node.value, path, known)
        return above.parent if above is not None and node.attr == "parent" else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return _joined(_path(node.left, path, known), [node.right])
    if isinstance(node, ast.Subscript):
        return _upwards(node, path, known)
    return _called_path(node, path, known) if isinstance(node, ast.Call) else None


def _called_path(node: ast.Call, path: Path, known: Mapping[str, Path]) -> Path | None:
    called = last_name(node.func)
    method = isinstance(node.func, ast.Attribute) and _path(node.func.value, path, known)
    if isinstance(method, Path):
        if called in _SAME:
            return method
        return _joined(method, node.args) if called in _JOINS else None
    first = _path(node.args[0], path, known) if node.args else None
    if first is None:
        return None
    if called in _PARENTS:
        return first.parent
    if called in _SAME:
        return _joined(first, node.args[1:])
    return _joined(first, node.args[1:]) if called in _JOINS else None


def _upwards(node: ast.Subscript, path: Path, known: Mapping[str, Path]) -> Path | None:
    """`Path(__file__).parents[1]`."""
    of, place = node.value, node.slice
    if not isinstance(of, ast.Attribute) or of.attr != "parents":
        return None
    above = _path(of.value, path, known)
    if above is None or not isinstance(place, ast.Constant) or not isinstance(place.value, int):
        return None
    return above.parents[place.value] if place.value < len(above.parents) else None


def _joined(folder: Path | None, parts: list[ast.expr]) -> Path | None:
    for part in parts:
        if folder is None or not isinstance(part, ast.Constant) or not isinstance(part.value, str):
            return None
        folder = Path(os.path.normpath(folder / part.value))
    return folder


def last_name(expression: ast.expr) -> str:
    """`b` of `a.b` and of `b`; empty where it is neither."""
    if isinstance(expression, ast.Attribute):
        return expression.attr
    return expression.id if isinstance(expression, ast.Name) else ""
