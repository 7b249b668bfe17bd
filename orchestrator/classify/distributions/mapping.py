"""Which distributions bring an import name, where no metadata says so: `knowledge/imports.txt`.

One name a line, the popular ones first, and the distributions whose released files hold it, the
likeliest first. Only popular distributions are in it: a name that only somebody unknown brings is
never one to install.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from packaging.utils import canonicalize_name

_IMPORT = re.compile(
    r"\b(?:(?:import|from) |(?:import_module|__import__|importorskip)\(['\"])"
    r"(?P<module>[\w.]{1,200})(?: import (?P<name>\w{1,200}))?"
)
_HEAD = re.compile(r"^# (source|date): (.+)$", re.MULTILINE)


class Imports(NamedTuple):
    """The mapping, and where it is from."""

    source: str
    date: str
    modules: Mapping[str, tuple[str, ...]]
    """Import name, of a namespace package with its part, to distributions; never empty. The most
    downloaded first.
    """
    namespaces: frozenset[str]
    """Names at the top level that many distributions share: `google`, `zope`."""


@cache
def imports() -> Imports:
    """What the file says."""
    text = files("orchestrator").joinpath("knowledge/imports.txt").read_text("utf-8")
    head = dict(_HEAD.findall(text[:1000]))
    lines = (line.split() for line in text.splitlines() if not line.startswith("#"))
    modules = {module: tuple(names) for module, *names in lines}
    return Imports(
        source=head["source"],
        date=head["date"],
        modules=modules,
        namespaces=frozenset(name.partition(".")[0] for name in modules if "." in name),
    )


@cache
def tops() -> Mapping[str, tuple[str, ...]]:
    """Normalised name of a distribution to the names at the top level that it is the likeliest to
    bring.
    """
    found: dict[str, tuple[str, ...]] = {}
    for module, names in imports().modules.items():
        if "." not in module:
            first = canonicalize_name(names[0])
            found[first] = (*found.get(first, ()), module)
    return found


@cache
def brought() -> Mapping[str, tuple[str, ...]]:
    """Normalised name of a distribution to all that it is known to bring, of a namespace its part;
    the popular first.
    """
    found: dict[str, list[str]] = {}
    for module, names in imports().modules.items():
        for name in names:
            found.setdefault(canonicalize_name(name), []).append(module)
    return {name: tuple(modules) for name, modules in found.items()}


@cache
def distributions() -> frozenset[str]:
    """Normalised names of all that bring something."""
    every = {name for names in imports().modules.values() for name in names}
    return frozenset(map(canonicalize_name, every))


def known_names(module: str) -> tuple[str, ...]:
    """Who is known to bring a module or its longest known prefix, the likeliest first."""
    known, parts = imports().modules, module.split(".")
    prefixes = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((known[prefix] for prefix in prefixes if prefix in known), ())


def imported_whole(source: str, namespace: str) -> str:
    """What a line imports of a namespace, as far as it tells whose that is."""
    found = _IMPORT.search(source)
    if not found or found["module"].partition(".")[0] != namespace:
        return namespace
    known = known_names(found["module"])
    return found["module"] if known or not found["name"] else imported_part(source)


def imported_part(source: str) -> str:
    """What a line imports, whoever brings it: `from backports import zstd` is `backports.zstd`."""
    found = _IMPORT.search(source)
    return ".".join(filter(None, (found["module"], found["name"]))) if found else ""
