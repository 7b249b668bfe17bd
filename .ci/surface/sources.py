"""What the sources of a release say that it has: read with `ast`, neither imported nor run.

A module, a class or a function is `open` where the sources do not tell all: what is not seen in it
may be there all the same. A module whose own `__getattr__` makes names is expected to hold these as
texts: `if name == "escape"`.
"""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PASSED_OVER = re.compile(
    r"(^|/)(tests|_vendor|_vendored_packages|vendored|[^/]+\.(dist-info|data))/"
    r"|(^|/)(test_[^/]*|conftest)\.py$"
)
_OLD_WAYS = re.compile(
    r"deprecat|renam|legacy|alias|kwarg|keyword|positional|_args|delete_param|compat", re.IGNORECASE
)
_ADDING = re.compile(r"delegat|accessor|inherit|propert|expos|proxy|forward")
"""A decorator of such a name may give members to a class."""
_OPENING = re.compile(
    r"\bglobals\(\)|\bsys\.modules\[|\bexec\(|\b(?:vars|locals)\(\)(?:\[|\.update)|\blazy\.|LazyModule"
)
"""Statements that may bind names which cannot be read off."""
_OPENING_WORDS = (
    b"globals()",
    b"sys.modules[",
    b"exec(",
    b"vars()",
    b"locals()",
    b"lazy.",
    b"Lazy",
)
"""A decorator of such a name takes calls that the function below it does not."""
STDLIB = frozenset(sys.stdlib_module_names)

Scope = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Call:
    """How a function can be called."""

    keywords: frozenset[str]
    required: frozenset[str]
    positional: int
    """How many it takes by position, `self` counted."""
    any_keyword: bool
    any_positional: bool
    old_ways: bool = False
    """Whether a decorator may take calls that it does not."""


@dataclass
class Class:
    """What a class statement says."""

    bases: list[str]
    members: set[str]
    is_open: bool


@dataclass
class Module:
    """What one file says."""

    name: str
    is_package: bool
    names: set[str] = field(default_factory=set)
    stars: list[str] = field(default_factory=list)
    """Modules of which it takes all names."""
    exported: set[str] | None = None
    """`__all__`, where it can be read."""
    imported: dict[str, str] = field(default_factory=dict)
    """Name to the dotted path that it was imported from."""
    classes: dict[str, Class] = field(default_factory=dict)
    calls: dict[str, Call] = field(default_factory=dict)
    is_open: bool = False
    makes_names: bool = False
    """Whether it has a `__getattr__`."""
    texts: set[str] = field(default_factory=set)
    """Texts in it that can be names, of one that is open."""


def modules_of(folder: Path) -> Iterator[Module]:
    """What the files say that are unpacked in a folder."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).as_posix()
        if _PASSED_OVER.search(inside) or path.suffix not in (".py", ".so", ".pyd"):
            continue
        stem = inside.partition(".")[0] if path.suffix != ".py" else inside.removesuffix(".py")
        name = stem.removesuffix("/__init__").replace("/", ".")
        if not all(part.isidentifier() for part in name.split(".")):
            continue
        if path.suffix != ".py":
            yield Module(name, is_package=False, is_open=True)
        elif module := parse(path.read_bytes(), name, is_package=path.name == "__init__.py"):
            yield module


def parse(content: bytes, name: str, *, is_package: bool) -> Module | None:
    """What a file says; None where it does not parse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes in what others wrote
            tree = ast.parse(content)
    except (SyntaxError, ValueError):
        return None
    module = Module(name, is_package)
    # To write every statement out takes longer than all the rest: only where one may be such.
    opening = any(word in content for word in _OPENING_WORDS)
    _Reader(module, opening=opening).read(tree)
    if module.is_open or module.makes_names:
        module.texts = {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and node.value.isidentifier()
        }
    return module


class _Reader:
    """Goes through the statements of a file that are executed when it is imported."""

    def __init__(self, module: Module, *, opening: bool) -> None:
        self.module = module
        self.opening = opening
        """Whether a statement of the file may bind names that cannot be read off."""

    def read(self, tree: ast.Module) -> None:
        for node in _executed(tree):
            self._bind(node)
        self.module.makes_names = "__getattr__" in self.module.names
        for title in self.module.classes.keys() & self.module.names:
            # `Class.attribute = …` below the class.
            self.module.classes[title].members |= _set_later(tree, title)

    def _bind(self, node: ast.stmt) -> None:
        module = self.module
        if isinstance(node, Function):
            module.names.add(node.name)
            self._call(node, "")
        elif isinstance(node, ast.ClassDef):
            module.names.add(node.name)
            self._class(node, "")
        elif isinstance(node, ast.Import):
            for alias in node.names:
                self._import(alias.asname or alias.name.partition(".")[0], alias.name, alias.asname)
        elif isinstance(node, ast.ImportFrom):
            self._import_from(node)
        elif isinstance(node, ast.Delete):
            module.names -= {target.id for target in node.targets if isinstance(target, ast.Name)}
        else:
            module.names.update(_assigned(node))
            module.exported = _exported(node, module.exported)
            if self.opening and isinstance(node, (ast.Expr, ast.Assign)):
                module.is_open |= _OPENING.search(ast.unparse(node)) is not None

    def _import(self, bound: str, dotted: str, renamed: str | None) -> None:
        if dotted.partition(".")[0] not in STDLIB:
            self.module.names.add(bound)
        self.module.imported[bound] = dotted if renamed else bound

    def _import_from(self, node: ast.ImportFrom) -> None:
        source = _absolute(self.module, node)
        for alias in node.names:
            if alias.name == "*":
                self.module.stars.append(source)
                continue
            bound = alias.asname or alias.name
            if source.partition(".")[0] not in STDLIB:
                self.module.names.add(bound)
            self.module.imported[bound] = f"{source}.{alias.name}"

    def _class(self, node: ast.ClassDef, outer: str) -> None:
        title = f"{outer}{node.name}"
        found = Class([ast.unparse(base) for base in node.bases], set(), is_open=False)
        for keyword in node.keywords:
            found.is_open |= ast.unparse(keyword.value).rpartition(".")[2] not in (
                "ABCMeta",
                "EnumMeta",
                "EnumType",
            )
        found.is_open |= any(_ADDING.search(ast.unparse(one)) for one in node.decorator_list)
        for line in _executed(node):
            if isinstance(line, Function):
                found.members.add(line.name)
                found.members |= _set_on_self(line)
                found.is_open |= line.name in ("__getattr__", "__getattribute__")
                self._call(line, f"{title}.")
            elif isinstance(line, ast.ClassDef):
                found.members.add(line.name)
                self._class(line, f"{title}.")
            elif isinstance(line, (ast.Import, ast.ImportFrom)):
                found.members |= {alias.asname or alias.name for alias in line.names}
            else:
                found.members.update(_assigned(line))
                found.members |= _slots(line)
        self.module.classes[title] = found
        self._made_call(node, title, found.bases)

    def _call(self, node: Function, outer: str) -> None:
        decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
        names = {text.partition("(")[0] for text in decorators}
        last = {name.rpartition(".")[2] for name in names}
        if last & {"overload", "property", "cached_property", "setter", "deleter", "getter"}:
            return
        taken = node.args
        by_position = [*taken.posonlyargs, *taken.args]
        needed = by_position[: len(by_position) - len(taken.defaults)]
        implied = by_position[:1] if outer and "staticmethod" not in last else []
        keyword_only = zip(taken.kwonlyargs, taken.kw_defaults, strict=True)
        needed += [one for one, default in keyword_only if default is None]
        old_ways = any(_OLD_WAYS.search(name) for name in names)
        implied_names = {one.arg for one in implied}
        self.module.calls[f"{outer}{node.name}"] = Call(
            keywords=frozenset(
                one.arg for one in (*taken.args, *taken.kwonlyargs) if one.arg not in implied_names
            ),
            required=frozenset(one.arg for one in needed if one.arg not in implied_names),
            positional=len(by_position),
            any_keyword=taken.kwarg is not None or old_ways,
            any_positional=taken.vararg is not None or old_ways,
            old_ways=old_ways,
        )

    def _made_call(self, node: ast.ClassDef, title: str, bases: Sequence[str]) -> None:
        """How to call a class whose constructor its fields make."""
        decorators = {ast.unparse(one).partition("(")[0] for one in node.decorator_list}
        is_tuple = any(base.rpartition(".")[2] == "NamedTuple" for base in bases)
        if not is_tuple and not decorators & {"dataclass", "dataclasses.dataclass"}:
            return
        fields = {
            line.target.id: line.value
            for line in _executed(node)
            if isinstance(line, ast.AnnAssign)
            and isinstance(line.target, ast.Name)
            and "ClassVar" not in ast.unparse(line.annotation)
        }
        inherits = bool(bases) and not is_tuple
        made = Call(
            keywords=frozenset(fields),
            required=frozenset(name for name, value in fields.items() if value is None),
            positional=1 + len(fields),
            any_keyword=inherits,
            any_positional=inherits,
        )
        self.module.calls.setdefault(f"{title}.{'__new__' if is_tuple else '__init__'}", made)


def _executed(node: Scope) -> Iterator[ast.stmt]:
    """The statements of a block and of those in it that may be executed; not what only type
    checkers read.
    """
    for line in node.body:
        yield from _opened(line)


def _opened(node: ast.stmt) -> Iterator[ast.stmt]:
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        inside = node.orelse if not ast.unparse(node.test).startswith("not ") else node.body
        yield from (one for line in inside for one in _opened(line))
        return
    yield node
    if isinstance(node, (Function, ast.ClassDef)):
        return
    for name in ("body", "handlers", "orelse", "finalbody"):
        for line in getattr(node, name, ()):
            lines = line.body if isinstance(line, ast.ExceptHandler) else [line]
            yield from (one for inner in lines for one in _opened(inner))


def _assigned(node: ast.stmt) -> Iterator[str]:
    """Names that a statement itself binds."""
    for target in _targets(node):
        for part in ast.walk(target):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                yield part.id


def _targets(node: ast.stmt) -> list[ast.expr]:
    """What a statement itself assigns to."""
    if isinstance(node, ast.Assign):
        return node.targets
    if isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.For)):
        return [node.target]
    if isinstance(node, ast.With):
        return [item.optional_vars for item in node.items if item.optional_vars]
    return []


def _exported(node: ast.stmt, before: set[str] | None) -> set[str] | None:
    """`__all__` after a statement."""
    assigns = isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign))
    if not assigns or "__all__" not in _assigned(node):
        return before
    listed = getattr(node, "value", None)
    if isinstance(listed, (ast.List, ast.Tuple)):
        texts = {one.value for one in listed.elts if isinstance(one, ast.Constant)}
        whole = len(texts) == len(listed.elts)
        found = {text for text in texts if isinstance(text, str)}
        if whole and isinstance(node, ast.AugAssign):
            return before | found if before is not None else None
        return found if whole else None
    return None


def _set_on_self(function: Function) -> set[str]:
    """`self.name = …` in a method."""
    first = next(iter((*function.args.posonlyargs, *function.args.args)), None)
    if first is None:
        return set()
    return {
        part.attr
        for line in _executed(function)
        for target in _targets(line)
        for part in ast.walk(target)
        if isinstance(part, ast.Attribute)
        and isinstance(part.ctx, ast.Store)
        and isinstance(part.value, ast.Name)
        and part.value.id == first.arg
    }


def _set_later(tree: ast.Module, title: str) -> set[str]:
    """`Class.name = …` at the top level."""
    return {
        target.attr
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Attribute)
        and isinstance(target.value, ast.Name)
        and target.value.id == title
    }


def _slots(node: ast.stmt) -> set[str]:
    if not isinstance(node, ast.Assign) or "__slots__" not in _assigned(node):
        return set()
    constants = (one for one in ast.walk(node.value) if isinstance(one, ast.Constant))
    return {one.value for one in constants if isinstance(one.value, str)}


def _absolute(module: Module, node: ast.ImportFrom) -> str:
    """The dotted name that an import is from."""
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    upwards = node.level - (1 if module.is_package else 0)
    parts = parts[: len(parts) - upwards] if upwards else parts
    return ".".join([*parts, *([node.module] if node.module else [])])
