"""Facts about what a library gave: to a test that asks nothing of the project, or of another type
than the line that takes it was written for.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from packaging.utils import canonicalize_name

from conftest_kit.records import Frame
from orchestrator.checkout.source import is_of_tests
from orchestrator.classify.distributions.owners import owner_of
from orchestrator.classify.facts import Fact, Facts, own_frame, part
from orchestrator.classify.imports.modules import is_own
from orchestrator.classify.installed import Owner
from orchestrator.classify.names.spelling import whole_word
from orchestrator.classify.rules import knowledge

_PYTESTS_OWN = "_pytest/"
_STARTING = frozenset({"subprocess", "multiprocessing", "importlib", "runpy"})
"""What reaches code of the project without an import of it."""
_TEXT = {("str", "decode"), ("bytes", "encode")}
"""What text took for bytes has not, and the other way round."""
_LACKS = re.compile(r"^'(?P<type>\w{1,100})' object has no attribute '(?P<name>\w{1,200})'")
_DEPTH = 3
"""Files of the tests that are followed, one importing the other."""


def _asked_alone_of(facts: Facts) -> Owner | None:
    """The one library that a test asks, where neither its file, nor what of the tests that imports,
    nor its fixtures reach any code of the project; one that the project itself works with.
    """
    own = {frame.origin for link in facts.failure.exceptions for frame in link.frames}
    files = _files_of_tests(facts)
    if "project" in own or files is None:
        return None
    dotted = {one for file in files for one in facts.context.project.source(file).imports.values()}
    others = {one for one in dotted if not _is_of_tests(facts, one)}
    if any(_reaches_further(facts, one) for one in others):
        return None
    owners = set(_libraries(facts, others))
    owner = owners.pop() if len(owners) == 1 else None
    return owner if owner and _is_needed(facts, owner) else None


def _files_of_tests(facts: Facts) -> frozenset[str] | None:
    """The test's file, those of its fixtures, and those of the tests that they import; None where a
    fixture comes from elsewhere.
    """
    given = {one.file for one in facts.failure.fixtures if not one.file.startswith(_PYTESTS_OWN)}
    if not facts["test_file"] or not all(is_of_tests(file) for file in given):
        return None
    found, project = {facts["test_file"], *given}, facts.context.project
    for _ in range(_DEPTH):
        imported = [one for file in found for one in project.source(file).imports.values()]
        found |= {project.file_of(one) for one in imported if _is_of_tests(facts, one)}
    return frozenset(found)


def _is_of_tests(facts: Facts, dotted: str) -> bool:
    file = facts.context.project.file_of(dotted)
    return bool(file) and is_of_tests(file) and is_own(facts, dotted.partition(".")[0])


def _reaches_further(facts: Facts, dotted: str) -> bool:
    """Whether it is of the project, starts what is, or helps to test what others made."""
    top, *inner = dotted.split(".")
    helps = any(part.lower().startswith("test") for part in inner)
    return is_own(facts, top) or top in _STARTING or (helps and top not in _stdlib())


def _libraries(facts: Facts, modules: Iterable[str]) -> Iterator[Owner]:
    """Whose modules these are, without Python's, pytest's and those of its plugins."""
    for module in modules:
        owner = owner_of(facts, module) if module.partition(".")[0] not in _stdlib() else None
        installed = facts.context.installed
        if owner and owner.name != "pytest" and not installed.is_plugin(owner.name):
            yield owner


def _stdlib() -> frozenset[str]:
    names: frozenset[str] = frozenset(knowledge("stdlib")["names"])
    return names


def _is_needed(facts: Facts, owner: Owner) -> bool:
    """Whether the project asks for it for whoever uses the project, and is not it."""
    requirements, name = facts.context.project.requirements, canonicalize_name(owner.name)
    for_users = (one.name for one in requirements if not (one.group or one.by))
    return name not in facts.context.own_names and name in for_users


def _returned_by_of(facts: Facts) -> Owner | None:
    """The library whose result has not the type that an own line took it for: the one that the line
    itself calls, or for text and bytes the one that the file is about.
    """
    lacks, frame = _LACKS.match(facts.link.message[:500]), own_frame(facts)
    if lacks is None or frame is None or frame is not facts.frames[-1]:
        return None
    if chained := _chained(facts, frame, lacks["name"]):
        return chained
    if (lacks["type"], lacks["name"]) not in _TEXT:
        return None
    imports = facts.context.project.source(frame.file).imports.values()
    others = [one for one in imports if not is_own(facts, one.partition(".")[0])]
    borne = {one for one in _libraries(facts, others) if _bears(facts, one, others)}
    owners = borne or set(_libraries(facts, others))
    return owners.pop() if len(owners) == 1 else None


def _chained(facts: Facts, frame: Frame, attribute: str) -> Owner | None:
    """Whose function the line calls to ask the result at once: `codec.encode(it).decode()`."""
    imports = facts.context.project.source(frame.file).imports
    for node in ast.walk(_parsed(frame.source)):
        if isinstance(node, ast.Attribute) and node.attr == attribute:
            called = node.value.func if isinstance(node.value, ast.Call) else None
            while isinstance(called, ast.Attribute):
                called = called.value
            dotted = imports.get(called.id, "") if isinstance(called, ast.Name) else ""
            if dotted and not is_own(facts, dotted.partition(".")[0]):
                return next(_libraries(facts, [dotted]), None)
    return None


def _parsed(line: str) -> ast.AST:
    """The syntax of one line, or of the head of a block; empty where it does not parse."""
    for text in (line, f"{line} pass", f"{line})", line.removesuffix(",")):
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return ast.Module(body=[], type_ignores=[])


def _bears(facts: Facts, owner: Owner, modules: Iterable[str]) -> bool:
    """Whether the test's name has one of the library's modules in it."""
    tops = {one.partition(".")[0] for one in modules if owner_of(facts, one) == owner}
    return bool(tops and whole_word(*tops).search(facts["test"].lower()))


def _gives_text(facts: Facts) -> str:
    """`yes` where a line decodes what is text by now: the release before gave bytes."""
    lacks = _LACKS.match(facts.link.message[:500])
    return "yes" if lacks and (lacks["type"], lacks["name"]) == ("str", "decode") else ""


FACTS: dict[str, Fact] = {
    "asked_alone": part(_asked_alone_of, "name"),
    "asked_alone_version": part(_asked_alone_of, "version"),
    "gives_text": _gives_text,
    "returned_by": part(_returned_by_of, "name"),
    "returned_by_version": part(_returned_by_of, "version"),
}
