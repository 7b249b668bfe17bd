"""What a release has: names of modules and members of classes, with what they take from others."""

from __future__ import annotations

import builtins
import importlib
from collections.abc import Iterable
from dataclasses import dataclass

from sources import STDLIB, Call, Module

_TRANSPARENT = frozenset({"Generic", "Protocol", "NamedTuple", "TypedDict", "object"})
_OF_EVERY_MODULE = {"__all__", "__getattr__", "__dir__", "__doc__", "__path__", "__file__"}
_DEPTH = 40
"""Of classes and of star imports that are followed."""


@dataclass(frozen=True)
class Named:
    """Names that something has; where it is open, it may have others."""

    names: frozenset[str]
    is_open: bool
    passed_on: frozenset[str] = frozenset()
    """Those that a module only imports."""
    hinted: frozenset[str] = frozenset()
    """Those that it may make when they are asked for."""


@dataclass(frozen=True)
class Surface:
    """What a release has. Classes and functions go by the name that exceptions call them by,
    without their module: several of one name are taken together.
    """

    modules: dict[str, Named]
    classes: dict[str, Named]
    calls: dict[str, tuple[Call, ...]]


def surface(files: Iterable[Module]) -> Surface:
    """What a release of these files has."""
    modules = {module.name: module for module in files}
    for name in list(modules):
        for parent in _parents(name):
            modules.setdefault(parent, Module(parent, is_package=True, is_open=True))
    classes: dict[str, Named] = {}
    calls: dict[str, tuple[Call, ...]] = {}
    for module in modules.values():
        for title in module.classes:
            found = _members_of(f"{module.name}.{title}", modules, 0)
            before = classes.get(title, Named(frozenset(), is_open=False))
            classes[title] = Named(before.names | found.names, before.is_open or found.is_open)
        for title, call in module.calls.items():
            calls[title] = (*calls.get(title, ()), call)
    names = {name: _named(module, modules) for name, module in modules.items()}
    return Surface(names, classes, calls)


def _named(module: Module, modules: dict[str, Module]) -> Named:
    names, is_open = _names_of(module, modules, frozenset())
    return Named(names, is_open, frozenset(module.imported), frozenset(module.texts) - names)


def _names_of(
    module: Module, modules: dict[str, Module], seen: frozenset[str]
) -> tuple[frozenset[str], bool]:
    """The names of a module with those of its star imports, and whether it may have others."""
    names, is_open = set(module.names), module.is_open
    for star in module.stars:
        source = modules.get(star)
        if star in seen or len(seen) > _DEPTH:
            continue
        if source is None:
            is_open |= star.partition(".")[0] not in STDLIB
            names |= _stdlib_names(star)
            continue
        found, other = _names_of(source, modules, seen | {module.name})
        names |= found if source.exported is None else found & source.exported
        is_open |= other
    return frozenset(names - _OF_EVERY_MODULE), is_open


def _stdlib_names(name: str) -> set[str]:
    if name.partition(".")[0] not in STDLIB:
        return set()
    try:
        return set(dir(importlib.import_module(name)))
    except ImportError:
        return set()


def _members_of(path: str, modules: dict[str, Module], depth: int) -> Named:
    """The members of a class with those of its bases."""
    module, title = _split(path, modules)
    found = modules[module].classes.get(title) if module else None
    if found is None or depth > _DEPTH:
        return Named(frozenset(), is_open=True)
    names, is_open = set(found.members), found.is_open
    for base in found.bases:
        inherited = _base(base, modules[module], modules, depth)
        names |= inherited.names
        is_open |= inherited.is_open
    return Named(frozenset(name for name in names if not name.startswith("__")), is_open)


def _base(written: str, module: Module, modules: dict[str, Module], depth: int) -> Named:
    """The members of a base as a class statement writes it."""
    bare = written.partition("[")[0]
    first, _, rest = bare.partition(".")
    if bare.rpartition(".")[2] in _TRANSPARENT:
        return Named(frozenset(), is_open=False)
    if bare in module.classes:
        return _members_of(f"{module.name}.{bare}", modules, depth + 1)
    dotted = ".".join(filter(None, (module.imported.get(first, ""), rest)))
    if not dotted or first not in module.imported:
        return _outside(builtins, bare)
    for _ in range(_DEPTH):  # where modules only pass it on
        owner, title = _split(dotted, modules)
        if not owner or title in modules[owner].classes:
            break
        passed = modules[owner].imported.get(title.partition(".")[0])
        if passed is None:
            break
        dotted = passed
    owner, title = _split(dotted, modules)
    if owner:
        return _members_of(dotted, modules, depth + 1)
    return _of_stdlib(dotted)


def _split(path: str, modules: dict[str, Module]) -> tuple[str, str]:
    """The longest module of a dotted path, and the rest of it."""
    parts = path.split(".")
    for length in range(len(parts) - 1, 0, -1):
        name = ".".join(parts[:length])
        if name in modules:
            return name, ".".join(parts[length:])
    return "", ""


def _of_stdlib(dotted: str) -> Named:
    module, _, title = dotted.rpartition(".")
    if module.partition(".")[0] not in STDLIB:
        return Named(frozenset(), is_open=True)
    try:
        return _outside(importlib.import_module(module), title)
    except ImportError:
        return Named(frozenset(), is_open=True)


def _outside(holder: object, name: str) -> Named:
    """The members of a class that is there to be looked at: Python's own."""
    found = getattr(holder, name, None)
    if not isinstance(found, type):
        return Named(frozenset(), is_open=True)
    return Named(frozenset(name for name in dir(found) if name[0] != "_"), is_open=False)


def _parents(name: str) -> Iterable[str]:
    parts = name.split(".")
    return (".".join(parts[:length]) for length in range(1, len(parts)))
