"""What a Python file says before it is run: what it imports, what it does without, what it expects.

Read from its syntax tree, within bounds; nothing is executed.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from orchestrator.checkout import uses
from orchestrator.checkout.outline import mentions, outline
from orchestrator.checkout.uses import Lines, Use, last_name

_TEST_FILES = ("_test.py", "/tests.py")

# A generated file of 1 MB parses in 0.5 s; hand-written ones are smaller.
_MAX_BYTES = 256 * 1024
_IMPORT_ERRORS = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
_EXPECTING = ("raises", "assertRaises", "assertRaisesRegex", "assertRaisesMessage")
_MAX_USES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Modules that a file can do without, and what it lacks where one of them is absent."""

    modules: tuple[str, ...]
    """Dotted; those of the file's own package too."""
    names: tuple[str, ...] = ()
    """Names of the file that are not bound, or are `None` or `False`, without them."""
    lines: tuple[Lines, ...] = ()
    """What runs only without them: handlers, and branches of `if not HAS_…`."""

    def holds(self, line: int) -> bool:
        """Whether a line runs only without the modules."""
        return any(first <= line <= last for first, last in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What one file says; empty where it cannot be read."""

    imports: Mapping[str, str] = field(default_factory=dict)
    """Local name to dotted name: `import numpy as np` gives `{"np": "numpy"}`."""
    guards: tuple[Guard, ...] = ()
    expects: tuple[Lines, ...] = ()
    """The bodies of `with pytest.raises(…)`, and of `try` that waits for something certain."""
    uses: tuple[Use, ...] = ()
    """Of the machine: variables, programs, files that are not there."""
    binds: tuple[str, ...] = ()
    """Names at the top level of a package's `__init__.py`, imported or made there; `*` where it
    takes over what another has. Empty of other files.
    """
    holds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What there is to ask of it, as `outline` has it; empty where it is not known."""
    mentions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What its functions ask of what it imports or makes, as `outline` has it; likewise."""

    def expects_at(self, line: int) -> bool:
        """Whether an exception is expected to come out of that line."""
        return any(first <= line <= last for first, last in self.expects)


def is_of_tests(file: str) -> bool:
    """Whether a file is of the tests, by its name or its folder."""
    parts = file.split("/")
    named = parts[-1].startswith(("test_", "conftest")) or f"/{file}".endswith(_TEST_FILES)
    return named or "tests" in parts or "test" in parts


def module_name(file: str) -> str:
    """The dotted name of a file's module: `src/shop/__init__.py` is `shop`."""
    return file.removesuffix(".py").removesuffix("/__init__").removeprefix("src/").replace("/", ".")


def read(path: Path, file: str) -> Source:
    """The file at `path`, which `file` names from the project's root."""
    tree = parse(path)
    package, names = _package(file), _at_top(tree)
    imports = dict(_imported(ast.walk(tree), package))
    return Source(
        imports=imports,
        guards=tuple(_guards(tree, package)),
        expects=tuple(_expecting(tree)),
        uses=tuple(islice(uses.found_in(tree, path, file), _MAX_USES)),
        binds=names if file.endswith("__init__.py") else (),
        holds=outline(tree, names),
        mentions=mentions(tree, {*imports, *names}),
    )


def parse(path: Path) -> ast.Module:
    """Empty where the file is too large, cannot be read or does not parse."""
    try:
        return parsed(path.read_bytes() if path.stat().st_size <= _MAX_BYTES else b"")
    except OSError:
        return parsed(b"")


def parsed(content: bytes) -> ast.Module:
    """Empty where it is too large or does not parse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its invalid escapes are no concern of ours
            return ast.parse(content if len(content) <= _MAX_BYTES else b"")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module(body=[], type_ignores=[])


def gives_nothing(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether no line of a function returns or yields a value."""
    for statement in function.body:
        for node in _here(statement):
            value = getattr(node, "value", None)
            is_none = value is None or (isinstance(value, ast.Constant) and value.value is None)
            given = isinstance(node, (ast.Return, ast.Yield)) and not is_none
            if given or isinstance(node, ast.YieldFrom):
                return False
    return True


def _package(file: str) -> list[str]:
    """The package that a file is in: `["bs4", "builder"]`."""
    return file.removeprefix("src/").split("/")[:-1]


def _imported(nodes: Iterable[ast.AST], package: list[str]) -> Iterator[tuple[str, str]]:
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0], alias.name
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join((*above, *([node.module] if node.module else [])))
            for alias in node.names:
                yield alias.asname or alias.name, f"{module}.{alias.name}".lstrip(".")


def _guards(tree: ast.Module, package: list[str]) -> Iterator[Guard]:
    nodes = list(ast.walk(tree))
    for node in nodes:
        found = _guard(node, package)
        if found:
            yield _widened(found, nodes)


def _guard(node: ast.AST, package: list[str]) -> Guard | None:
    if isinstance(node, ast.Try):
        return _tried(node, package)
    if isinstance(node, ast.With) and any(_suppresses(item.context_expr) for item in node.items):
        modules = _modules(node.body, package)
        return Guard(modules=modules, names=_bound(node.body)) if modules else None
    if isinstance(node, ast.Assign) and (looked_for := _looked_for(node.value)):
        return Guard(modules=(looked_for,), names=_bound([node]))
    return None


def _tried(node: ast.Try, package: list[str]) -> Guard | None:
    """None where the handler imports something in its place, unless it does without that too; what
    it has nothing for is lacking still.
    """
    handlers = [one for one in node.handlers if _catches_import_error(one.type)]
    modules = _modules(node.body, package)
    handled = [statement for handler in handlers for statement in handler.body]
    instead = [statement for statement in handled if not _does_without(statement)]
    given, asked = _taken(instead), _taken(node.body)
    is_partly_given = bool(given & asked and asked - given)
    if not handlers or not modules or (_modules(instead, package) and not is_partly_given):
        return None
    bound = _bound([*node.body, *node.orelse, *handled])
    return Guard(
        modules=modules,
        names=tuple(name for name in bound if name not in given),
        lines=tuple((one.lineno, one.end_lineno or one.lineno) for one in handlers),
    )


def _taken(body: Iterable[ast.stmt]) -> frozenset[str]:
    """The names that statements import."""
    nodes = [node for statement in body for node in _here(statement)]
    return frozenset(name for name, _ in _imported(nodes, []))


def _does_without(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Try) and any(
        _catches_import_error(one.type) for one in statement.handlers
    )


def _catches_import_error(caught: ast.expr | None) -> bool:
    if caught is None:
        return True
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(last_name(name) in _IMPORT_ERRORS for name in names)


def _suppresses(expression: ast.expr) -> bool:
    called = isinstance(expression, ast.Call) and last_name(expression.func) == "suppress"
    return called and any(last_name(one) in _IMPORT_ERRORS for one in expression.args)  # type: ignore[attr-defined]


def _looked_for(value: ast.expr) -> str:
    """`find_spec("numpy") is not None` looks for `numpy`."""
    for node in ast.walk(value):
        if isinstance(node, ast.Call) and last_name(node.func) == "find_spec" and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                return first.value
    return ""


def _modules(body: list[ast.stmt], package: list[str]) -> tuple[str, ...]:
    """What these statements import, without `.name` of what `from … import name` takes."""
    found: dict[str, None] = {}
    for node in (node for statement in body for node in _here(statement)):
        if isinstance(node, ast.Import):
            found.update(dict.fromkeys(alias.name for alias in node.names))
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found[node.module] = None
        elif isinstance(node, ast.ImportFrom):
            found.update(dict.fromkeys(dotted for _, dotted in _imported([node], package)))
        elif isinstance(node, ast.Call) and last_name(node.func) in (
            "import_module",
            "__import__",
        ):
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                found[first.value] = None
    return tuple(found)


def _bound(body: Iterable[ast.stmt]) -> tuple[str, ...]:
    """The names that statements give a value."""
    found: dict[str, None] = {}
    for node in (node for statement in body for node in _here(statement)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found.update(dict.fromkeys(name for name, _ in _imported([node], [])))
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found[node.name] = None
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found[node.id] = None
    return tuple(name for name in found if name not in ("_", "*"))


def _at_top(tree: ast.Module) -> tuple[str, ...]:
    """The names of a module; `*` where others give it theirs as well."""
    names = _bound(tree.body)
    takes_over = "__getattr__" in names or "*" in dict(_imported(ast.walk(tree), []))
    return ("*", *names) if takes_over else names


def _here(statement: ast.AST) -> Iterator[ast.AST]:
    """A statement and what is in it, without the bodies of functions and classes."""
    yield statement
    if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        for child in ast.iter_child_nodes(statement):
            yield from _here(child)


def _widened(guard: Guard, nodes: list[ast.AST]) -> Guard:
    """With what hangs on its names: `HAS_X = x is not None`, `if HAS_X:` and what that binds."""
    names, lines = dict.fromkeys(guard.names), list(guard.lines)
    for node in nodes:
        if isinstance(node, ast.Assign) and _is_flag(node.value, names):
            names.update(dict.fromkeys(_bound([node])))
        elif isinstance(node, (ast.If, ast.IfExp)) and _mentions(node.test, names):
            without = _branch_without(node)
            if isinstance(node, ast.If):
                there = node.orelse if without is node.body else node.body
                names.update(dict.fromkeys(_bound(there)))
            if without:
                lines.append((without[0].lineno, without[-1].end_lineno or without[-1].lineno))
    return Guard(modules=guard.modules, names=tuple(names), lines=tuple(lines))


def _is_flag(value: ast.expr, names: Mapping[str, None]) -> bool:
    """`numpy is not None`, `bool(numpy)`: whether something is there."""
    is_asked = isinstance(value, (ast.Compare, ast.BoolOp, ast.UnaryOp)) or (
        isinstance(value, ast.Call) and last_name(value.func) == "bool"
    )
    return is_asked and _mentions(value, names)


def _branch_without(node: ast.If | ast.IfExp) -> list[ast.stmt] | list[ast.expr]:
    """What runs where the names are not there."""
    if isinstance(node, ast.IfExp):
        return [node.body] if _is_negative(node.test) else [node.orelse]
    return node.body if _is_negative(node.test) else node.orelse


def _is_negative(test: ast.expr) -> bool:
    if isinstance(test, ast.BoolOp):
        return any(_is_negative(value) for value in test.values)
    if isinstance(test, ast.Compare):
        return isinstance(test.ops[0], (ast.Is, ast.Eq, ast.NotIn))
    return isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)


def _mentions(expression: ast.expr, names: Mapping[str, None]) -> bool:
    return any(isinstance(one, ast.Name) and one.id in names for one in ast.walk(expression))


def _expecting(tree: ast.Module) -> Iterator[Lines]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.With, ast.AsyncWith)):
            called = (item.context_expr for item in node.items)
            expects = any(
                isinstance(one, ast.Call) and last_name(one.func) in _EXPECTING for one in called
            )
        else:
            expects = isinstance(node, ast.Try) and _waits_for_one(node)
        if expects:
            body: list[ast.stmt] = node.body  # type: ignore[attr-defined]
            yield body[0].lineno, body[-1].end_lineno or body[-1].lineno


def _waits_for_one(node: ast.Try) -> bool:
    """Whether a `try` checks what comes out of it: a handler asserts, or that none came fails.

    What is only swallowed or cleaned up after (`except SystemExit: pass`) is not waited for.
    """
    certain = [
        one for one in node.handlers if one.type is not None and not _catches_import_error(one.type)
    ]
    handled = [statement for one in certain for statement in one.body]
    return bool(certain) and any(map(_checks, (*handled, *node.orelse, *node.body[-1:])))


def _checks(statement: ast.stmt) -> bool:
    """`assert …`, `self.assertIn(…)`, `pytest.fail()`, `raise AssertionError`."""
    for node in ast.walk(statement):
        called = node.func if isinstance(node, ast.Call) else None
        raised = node.exc if isinstance(node, ast.Raise) else None
        named = called or (raised.func if isinstance(raised, ast.Call) else raised)
        name = last_name(named) if named is not None else ""
        if isinstance(node, ast.Assert) or name == "fail" or name.lower().startswith("assert"):
            return True
    return False
