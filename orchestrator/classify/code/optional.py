"""Facts about what code does without: imports that a file guards, and which of them are absent.

`try: import x except ImportError:` turns a missing distribution into a name that is not there, a
`None` or a message of the project's own. What guards what is read from the checkout.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from packaging.utils import canonicalize_name

from orchestrator.checkout.project import Project
from orchestrator.checkout.source import Guard, Source, is_of_tests
from orchestrator.classify.code.calls import is_own_call
from orchestrator.classify.code.tested import home, imported_product
from orchestrator.classify.distributions.owners import is_of_developers, owner_of
from orchestrator.classify.distributions.surface import library
from orchestrator.classify.facts import Fact, Facts, is_harness, own_frame, part
from orchestrator.classify.imports.modules import is_own
from orchestrator.classify.installed import Owner
from orchestrator.classify.names.spelling import whole_word
from orchestrator.classify.rules import knowledge
from orchestrator.failures.chain import decisive

_DEPTH = 4
"""Modules of the project that are followed one through the other."""
_LOOKED_AT = 500
"""Failures of a run in which the same is looked for."""
_ALIKE = 0.8
"""Of difflib, from which on one name is taken for another's old one."""
_NAME = re.compile(r"[A-Za-z_]\w{0,100}")
_PATCHES_NONE = re.compile(r"None does not have the attribute '\w")
_KNOWN = ("declared", "required", "known")


class Lacking(NamedTuple):
    """A distribution that something is guarded against, and that is absent or too old."""

    distribution: str
    module: str
    file: str
    """Whose guard it is."""
    how: str
    """`handler`: what raised runs only without it; `name`: what was not found comes with it;
    `file`: it is of the same file, which says no more; `test`: the test bears its name.
    """
    installed: str
    """The version that is there and does not have the module yet; empty where it is absent."""


def _lacking(facts: Facts) -> Lacking | None:
    """The guarded import that explains the failure; the closest."""
    return next(_found(facts), None)


def _found(facts: Facts) -> Iterator[Lacking]:
    frame = own_frame(facts)
    if frame is not None:
        source = facts.context.project.source(frame.file)
        here = [guard for guard in source.guards if guard.holds(frame.line)]
        yield from _absent(facts, here, frame.file, "handler")
    if facts["symbol"] and facts["owner_state"] == "project":
        file = facts.context.project.file_of(facts["module"])
        yield from _without(facts, file, facts["symbol"], _DEPTH)
    elif frame is not None and frame is facts.frames[-1]:
        for name in _names_in_question(facts, frame.source):
            yield from _without(facts, frame.file, name, _DEPTH)
    yield from _patched(facts)
    yield from _named_by_test(facts)


def _patched(facts: Facts) -> Iterator[Lacking]:
    """What the product does without and a test means to patch a part of; where that is one."""
    if not _PATCHES_NONE.match(facts.link.message):
        return
    lacking = {
        one.distribution: one
        for file in imported_product(facts)
        for one in _absent(facts, facts.context.project.source(file).guards, file, "file")
    }
    if len(lacking) == 1:
        yield from lacking.values()


def _named_by_test(facts: Facts) -> Iterator[Lacking]:
    """What the test's own name or its file's speaks of, where the product that it imports does
    without; never for what an object of another library has not, or what a call of one does not
    take, nor for what the tests raise themselves.
    """
    last = facts.frames[-1] if facts.frames else None
    is_raised_by_tests = last is not None and is_harness(last) and last.source.startswith("raise ")
    if facts["object_owner"] or facts["callee"] or is_raised_by_tests:
        return
    file, _, test = facts["test"].lower().partition("::")
    words = set(re.findall(r"[a-z]+", f"{file.rpartition('/')[2]}::{test}"))
    for file in imported_product(facts):
        for guard in facts.context.project.source(file).guards:
            others = (one for one in guard.modules if not is_own(facts, one.partition(".")[0]))
            if any(words & set(module.lower().split(".")) for module in others):
                yield from _absent(facts, (guard,), file, "test")


def _names_in_question(facts: Facts, source: str) -> Iterable[str]:
    """What a NameError names; of a line that stumbled over `None` every name on it."""
    if facts["undefined"]:
        return (facts["undefined"],)
    types = {facts.link.type, *facts.link.bases}
    stumbled = types & {"AttributeError", "TypeError"} and "'NoneType' object" in facts.link.message
    return dict.fromkeys(_NAME.findall(source)) if stumbled else ()


def _without(facts: Facts, file: str, name: str, depth: int) -> Iterator[Lacking]:
    """Why a file has no `name`: a guard of its own, or of the file that it takes the name from."""
    if not file or not depth:
        return
    source = facts.context.project.source(file)
    naming = [guard for guard in source.guards if name in guard.names]
    yield from _absent(facts, _closest(naming, source.imports.get(name, "")), file, "name")
    if name in source.imports:
        further, _, inner = source.imports[name].rpartition(".")
        if is_own(facts, further.partition(".")[0]):
            yield from _without(facts, facts.context.project.file_of(further), inner, depth - 1)
        elif not naming:
            # It ran to its end without it: the handler binds other names, or none.
            yield from _absent(facts, (Guard(modules=(further,)),), file, "name")
    elif not naming and depth == _DEPTH and facts["symbol"] and not _is_renamed(facts, source):
        # Bound by other means: registered, or taken over with `from … import *`.
        yield from _absent(facts, source.guards, file, "file")


def _is_renamed(facts: Facts, source: Source) -> bool:
    """Whether the file binds a name that differs in little from the one that was not found."""
    guarded = (one for guard in source.guards for one in guard.names)
    bound = (*guarded, facts.attribute("nearest"))
    return bool(difflib.get_close_matches(facts["symbol"], bound, n=1, cutoff=_ALIKE))


def _closest(guards: Iterable[Guard], dotted: str) -> Iterator[Guard]:
    """The guards, of each first what it imports `dotted` from: the rest is only beside it."""
    for guard in guards:
        asked = sorted(guard.modules, key=lambda one: not f"{dotted}.".startswith(f"{one}."))
        yield replace(guard, modules=tuple(asked))


def _absent(facts: Facts, guards: Iterable[Guard], file: str, how: str) -> Iterator[Lacking]:
    imports = facts.context.project.source(file).imports
    for guard in guards:
        tops = tuple(f"{module}." for module in guard.modules)
        taken = (imports.get(name, "") for name in guard.names)
        inner = (dotted for dotted in taken if dotted.startswith(tops))
        for module in dict.fromkeys((*guard.modules, *inner)):
            found = _brings(facts, module, _DEPTH)
            if found:
                yield Lacking(found, module, file, how, facts.context.installed.version(found))


def _brings(facts: Facts, module: str, depth: int) -> str:
    """The distribution without which a module cannot be had; empty where it can be."""
    # Modules of a project import each other: one is come upon by a thousand ways.
    known, asked = facts.once(_brought), (module, depth)
    if asked not in known:
        known[asked] = _find_brought(facts, module, depth)
    return known[asked]


def _brought(_facts: Facts) -> dict[tuple[str, int], str]:
    """What `_brings` has found so far."""
    return {}


def _find_brought(facts: Facts, module: str, depth: int) -> str:
    top = module.partition(".")[0]
    if top in knowledge("stdlib")["names"] or not depth:
        return ""
    if is_own(facts, top):
        source = facts.context.project.source(facts.context.project.file_of(module))
        guarded = {name for guard in source.guards for name in guard.names}
        imported = (dotted for name, dotted in source.imports.items() if name not in guarded)
        return next(filter(None, (_brings(facts, one, depth - 1) for one in imported)), "")
    owner = owner_of(facts, module)
    if owner is not None:
        return owner.name if _comes_later(owner, module) else _needed(facts, owner.name)
    asked = facts.with_groups({"module": module})
    known = asked["module_state"] == "absent" and asked["distribution_source"] in _KNOWN
    return asked["distribution"] if known else ""


def _comes_later(owner: Owner, module: str) -> bool:
    """Whether a module is known to be in later releases than the one that is installed."""
    known = library(canonicalize_name(owner.name))
    change = known.change("modules", ".", module, owner.version) if known else None
    return change is not None and not change.left


def _needed(facts: Facts, name: str) -> str:
    """What an installed distribution requires, and what that requires, that is not installed."""
    unmet = facts.context.installed.unmet((name,))
    return next((one.name for one in unmet if not one.installed and one.by.name == name), "")


def _extra_lacking(facts: Facts) -> str:
    """What the extra of the project brings that bears the missing attribute's name, and that is not
    installed.
    """
    installed, project, name = facts.context.installed, facts.context.project, facts["symbol"]
    lacking = (installed.lacking(one, name) for one in sorted(facts.context.own_names))
    declared = (
        entry.name
        for entry in project.requirements
        if entry.is_extra and entry.group == name and not installed.has(entry.name)
    )
    return next(filter(None, (*lacking, *declared)), "") if name else ""


def _extra_named(facts: Facts) -> str:
    """What an extra of the project brings that the test bears in its name, and that is absent."""
    installed, project = facts.context.installed, facts.context.project
    shop = Owner(name=project.name, version="")
    for entry in project.requirements:
        if not entry.is_extra or is_of_developers(entry.group):
            continue
        unmet = installed.unmet_by(shop, entry.text)
        if unmet and not unmet.installed and _bears(facts["test"], entry.name):
            return unmet.name
    return ""


def _bears(nodeid: str, name: str) -> bool:
    """Whether a test's name has a distribution's as a word: `test_brotli`, `TestBrotli`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", nodeid)
    return bool(whole_word(name).search(words.lower()))


def _guarded(facts: Facts) -> str:
    """The distribution, where it is not installed."""
    found = facts.once(_lacking)
    return found.distribution if found and not found.installed else ""


def _guarded_old(facts: Facts) -> str:
    """The distribution, where a release is installed that is too old."""
    found = facts.once(_lacking)
    return found.distribution if found and found.installed else ""


def _lacking_source(facts: Facts) -> str:
    """Who says that the distribution brings the module, as `distribution_source`."""
    found = facts.once(_lacking)
    if found is None:
        return ""
    declared = facts.context.project.declared((found.distribution,))
    if declared:
        return f"{declared.file} asks for it: {declared.text}"
    return facts.with_groups({"module": found.module})["distribution_said"]


def _expected_another(facts: Facts) -> str:
    """`yes` where the test waited for an exception at that line, and another came, which is not
    that the product calls itself wrongly, nor what comes to tests too that wait for none.
    """
    if is_own_call(facts) or not _waits(facts):
        return ""
    return "" if facts.once(_comes_to_others) else "yes"


def _waits(facts: Facts) -> bool:
    """Whether the test waited for an exception at one of the lines of the traceback."""
    return any(
        (frame.file == "unittest/case.py" and frame.function == "handle")
        or (
            frame.origin == "test"
            and facts.context.project.source(frame.file).expects_at(frame.line)
        )
        for frame in facts.frames
    )


def _comes_to_others(facts: Facts) -> bool:
    """Whether the same comes out of the same line of the product where no test waits for one."""
    frame = own_frame(facts)
    if frame is None or is_harness(frame):
        return False
    for failure in islice(facts.context.recording.failures, _LOOKED_AT):
        raised = decisive(failure)
        if raised is None or raised.type != facts.link.type or failure is facts.failure:
            continue
        other = facts.context.facts(failure, raised)
        if own_frame(other) == frame and not _waits(other):
            return True
    return False


def _under_test(facts: Facts) -> str:
    """The files of the project that what the test's file imports is defined in, that of its own
    name first; before all the one that it bears the name of and imports through others.
    """
    project, test = facts.context.project, facts["test_file"]
    stem = test.rpartition("/")[2].removesuffix(".py").removeprefix("test_").removesuffix("_test")
    imported = (home(project, one) for one in project.source(test).imports.values())
    product = [file for file in dict.fromkeys(imported) if file and not is_of_tests(file)]
    named = [file for file in product if stem and stem in file]
    beyond = () if named else _namesakes(project, stem)
    shown = list(dict.fromkeys((*beyond, *named, *product)))[:3]
    return ", ".join(shown)


def _namesakes(project: Project, stem: str) -> tuple[str, ...]:
    """The one file of the product whose name is, or ends in, that of a file of tests: `lang_EN.py`
    of `test_en.py`, `constraints.py` of `test_constraint.py`.
    """
    wanted = stem.lower().rstrip("s")
    found = []
    for file in project.files if wanted else ():
        name = file.rpartition("/")[2].removesuffix(".py").lower().rstrip("s")
        same = f"_{name}".endswith(f"_{wanted}")
        if same and file.endswith(".py") and not is_of_tests(file):
            found.append(file)
    return tuple(found) if len(found) == 1 else ()


FACTS: dict[str, Fact] = {
    "expected_another": _expected_another,
    "extra_lacking": _extra_lacking,
    "extra_named": _extra_named,
    "guarded": _guarded,
    "guarded_file": part(_lacking, "file"),
    "guarded_how": part(_lacking, "how"),
    "guarded_module": part(_lacking, "module"),
    "guarded_old": _guarded_old,
    "guarded_old_version": part(_lacking, "installed"),
    "guarded_said": _lacking_source,
    "under_test": _under_test,
}
