"""Facts about the nearest that the project has, where it lacks what it is asked for by a name: a
name of a module, a part of a class, a parameter, a file of data.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from orchestrator.checkout.source import is_of_tests, module_name
from orchestrator.classify.facts import Fact, Facts, part
from orchestrator.classify.imports.modules import is_own
from orchestrator.classify.names.spelling import close

_ANY = "*"
_MAX_FILES = 200
_CALL = re.compile(
    r"^(?P<callee>[\w.]{1,200})\(\) (?:got an unexpected keyword argument '(?P<keyword>\w{1,200})'"
    r"|got some positional-only arguments|got multiple values for|missing \d{1,3} required"
    r"|takes (?:no|(?:from )?\d{1,3}))"
)
_CASES = str.maketrans("", "", "_")


class Taking(NamedTuple):
    """A callable of the project that is called with what it does not take."""

    name: str
    file: str
    parameters: tuple[str, ...]
    keyword: str
    """What it was given and has not; empty where it is another misfit."""


def _nearest_name(facts: Facts) -> str:
    """The name of the project's module that `symbol` may be meant for; of a package a part too."""
    module, symbol = facts["module"], facts["symbol"]
    file = _file_of(facts, module)
    if not symbol or not file:
        return ""
    names = {*facts.context.project.source(file).holds.get("", ()), *_parts(facts, file)}
    return _likest(symbol, names - {symbol, _ANY})


def _moved_to(facts: Facts) -> str:
    """The one module of the same package that makes the name itself: it may have moved there."""
    module, symbol, project = facts["module"], facts["symbol"], facts.context.project
    file = _file_of(facts, module)
    if not symbol or not file or symbol.startswith("_"):
        return ""
    top = module.partition(".")[0]
    within = (one for one in project.files if module_name(one).partition(".")[0] == top)
    found = [
        module_name(one)
        for one in list(within)[:_MAX_FILES]
        if one != file and not is_of_tests(one) and _makes(facts, one, symbol)
    ]
    return found[0] if len(found) == 1 else ""


def _makes(facts: Facts, file: str, name: str) -> bool:
    said = facts.context.project.source(file)
    return name not in said.imports and name in said.holds.get("", ())


def _file_of(facts: Facts, module: str) -> str:
    """The file of exactly this module of the project."""
    file = facts.context.project.file_of(module) if module else ""
    name = module_name(file) if file else ""
    return file if f".{name}".endswith(f".{module}") else ""


def _parts(facts: Facts, file: str) -> Iterator[str]:
    """The modules and packages in the package that an `__init__.py` makes."""
    folder = file.removesuffix("__init__.py")
    if folder == file:
        return
    for other in facts.context.project.files:
        if other.startswith(folder) and other != file:
            yield other[len(folder) :].split("/")[0].removesuffix(".py")


def _nearest_member(facts: Facts) -> str:
    """The attribute or method of the project's class that `symbol` may be meant for: by its source,
    else by what the object itself had.
    """
    module, _, name = facts["object"].rpartition(".")
    file = _file_of(facts, module) if facts["object_is_own"] else ""
    if not file or not facts["symbol"]:
        return ""
    members = facts.context.project.source(file).holds.get(name, ())
    found = _likest(facts["symbol"], {*members} - {facts["symbol"], _ANY})
    return found or facts.attribute("nearest")


def _taking(facts: Facts) -> Taking | None:
    """What the project's source says of the callable that the message names, where the line that
    calls it, or what its file imports, has just one of that name.
    """
    found = _CALL.match(facts.link.message[:500])
    frame = facts.frames[-1] if facts.frames else None
    if found is None or frame is None or frame.origin not in ("project", "test"):
        return None
    name = found["callee"].removesuffix(".__init__").removesuffix(".__new__")
    # Python before 3.10 says `__init__() got …`, and no class.
    if name in ("__init__", "__new__") or "<locals>" in name:
        return None
    near = facts.context.project.sources_near([frame.file])
    holding = [
        (file, one.holds[f"{name}()"]) for file, one in near.items() if f"{name}()" in one.holds
    ]
    if len(holding) != 1 or not is_own(facts, module_name(holding[0][0]).partition(".")[0]):
        return None
    file, parameters = holding[0]
    return Taking(name, file, parameters, found["keyword"] or "")


def _taken(facts: Facts) -> str:
    """`Cart(items, currency)`."""
    found = facts.once(_taking)
    if found is None:
        return ""
    shown = ", ".join("…" if one == _ANY else one for one in found.parameters)
    return f"{found.name}({shown})"


def _nearest_parameter(facts: Facts) -> str:
    found = facts.once(_taking)
    if found is None or not found.keyword:
        return ""
    return _likest(found.keyword, {*found.parameters} - {_ANY})


def _nearest_file(facts: Facts) -> str:
    """The file whose name is nearly the same, beside where the one is missing; else the only one of
    that name elsewhere in the project.
    """
    project, name = facts.context.project, facts["file_placed"]
    folder, _, last = name.rpartition("/")
    if not last or name.startswith(("/", "~")) or facts["file_is_own"] != "yes":
        return ""
    if near := _likest(last, {*project.beside(folder)} - {last}):
        return posixpath.join(folder, near)
    elsewhere = project.data.get(posixpath.splitext(last)[1], ())
    found = [one for one in elsewhere if one != folder and last in project.beside(one)]
    return posixpath.join(found[0], last) if len(found) == 1 else ""


def _likest(word: str, names: Iterable[str]) -> str:
    """The nearest by letters; one that differs in capitals and underscores alone before others,
    and one that the word begins, or begins with, after them.
    """
    known = sorted(names)
    bare = word.translate(_CASES).lower()
    same = next((one for one in known if one.translate(_CASES).lower() == bare), "")
    return same or close(word, frozenset(known), cutoff=0.75) or _longer(word, known)


def _longer(word: str, names: Iterable[str]) -> str:
    """The only one that goes on where the word ends: `UserRepo` of `UserRepository`."""
    found = [one for one in names if len(word) > 3 and one.startswith(word)]
    return found[0] if len(found) == 1 else ""


FACTS: dict[str, Fact] = {
    "moved_to": _moved_to,
    "nearest_file": _nearest_file,
    "nearest_member": _nearest_member,
    "nearest_name": _nearest_name,
    "nearest_parameter": _nearest_parameter,
    "taken": _taken,
    "taken_file": part(_taking, "file"),
    "taken_not": part(_taking, "keyword"),
}
