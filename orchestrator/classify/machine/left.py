"""Facts about what earlier tests left in the process, as the kit saw it: variables, the folder,
logging that is switched off.

Who is right of two tests in one file, no record tells; that what is left is read by the code under
test, or named by the exception, does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from conftest_kit.records import Fixture, Left
from orchestrator.checkout.project import FixtureDefinition
from orchestrator.classify.code.tested import imported_product
from orchestrator.classify.facts import Context, Fact, Facts, is_harness, part
from orchestrator.classify.machine.uses import is_everybodys
from orchestrator.classify.names.spelling import whole_word

_OWN = ("project", "test")
_READ = 4096
_OF_MODULES = ("_unittest_setUpModule_fixture", "_xunit_setup_module_fixture")
"""How pytest calls the fixtures that it makes of them."""
_NOTHING_LOGGED = re.compile(r"''|\"\"|\[\]|\(\)|\b0\b|no logs of level|\bNone\b|^assert False$")
_SAID = {"set": "set", "changed": "set to something else", "removed": "removed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Variable:
    """One that an earlier test left otherwise than it was."""

    left: Left
    read: str
    """How it comes into this failure; empty where only both tests are of one file."""


def _variable(facts: Facts) -> _Variable | None:
    """The one that is read on the way to the failure, else the last that a test of the same file
    left and that this file speaks of; none that a fixture sets which lives on.
    """
    lasting = facts.once(_set_for_long)
    left = [
        one
        for one in reversed(_left(facts, "variable"))
        if one.name not in lasting and not is_everybodys(one.name)
    ]
    read = ((one, how) for one in left if (how := _how_read(facts, one.name)))
    beside = ((one, "") for one in left if _is_of_file(facts, one))
    found, how = next(read, next(beside, (None, "")))
    if found is None:
        return None
    return _Variable(left=found, read=how)


def _is_of_file(facts: Facts, left: Left) -> bool:
    """Whether a test of the same file left it that did not fail itself, and not a library that the
    test was the first to import.
    """
    file = facts["test_file"]
    speaks = any(use.name == left.name for use in facts.context.project.source(file).uses)
    failed = left.nodeid in facts.context.once(_failed)
    return speaks and _file(left.nodeid) == file and not failed


def _failed(context: Context) -> frozenset[str]:
    return frozenset(one.nodeid for one in context.recording.failures)


def _how_read(facts: Facts, name: str) -> str:
    project = facts.context.project
    if "_" in name and whole_word(name).search(facts.link.message[:_READ]):
        return "the exception names it"
    passed = (frame for frame in reversed(facts.frames) if frame.origin in _OWN)
    for frame in passed:
        if any(
            use.name == name and use.serves(frame.line) for use in project.source(frame.file).uses
        ):
            return f"{frame.function} in {frame.file} speaks of it"
    files = (frame.file for frame in facts.frames if frame.origin in _OWN and not is_harness(frame))
    for file in dict.fromkeys((*files, *imported_product(facts))):
        if any(use.name == name and use.kind != "set" for use in project.source(file).uses):
            return f"{file} reads it"
    return ""


def _set_for_long(facts: Facts) -> frozenset[str]:
    """Variables that the files of the test's own fixtures set which outlive a test."""
    lasting = [one for one in facts.failure.fixtures if one.scope != "function"]
    return frozenset().union(*(_set_by(facts, one) for one in lasting))


def _left(facts: Facts, what: str) -> list[Left]:
    """What is of this sort, and not in its place because a fixture lives on that both tests had."""
    found = [one for one in facts.failure.left if one.what == what]
    return [one for one in found if not _may_last(facts, one)]


def _may_last(facts: Facts, left: Left) -> bool:
    """Whether a fixture that outlives tests may have done it for both, as `setUpModule` may; not
    where the file of the test that left a variable sets it.
    """
    lasting = [
        one.name
        for one in facts.failure.fixtures
        if one.name.startswith(_OF_MODULES)
        or (one.origin in _OWN and _spans(one.scope, left.nodeid, facts.failure.nodeid))
    ]
    if set(lasting).isdisjoint(left.fixtures):
        return False
    uses = facts.context.project.source(_file(left.nodeid)).uses
    is_set = any(use.kind == "set" and use.name == left.name for use in uses)
    return not is_set or any(name.startswith(_OF_MODULES) for name in lasting)


def _spans(scope: str, first: str, second: str) -> bool:
    """Whether one fixture of this scope serves both tests."""
    if scope == "class":
        return first.rpartition("::")[0] == second.rpartition("::")[0]
    return _file(first) == _file(second) if scope == "module" else scope != "function"


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]


def _left_folder(facts: Facts) -> Left | None:
    """Where an earlier test went and did not come back from; also where a fixture of both may have
    gone there, if what is asked for is there to be found from the root.
    """
    asked, project = facts.attribute("filename").rstrip("/"), facts.context.project
    folders = (folder for of_kind in project.data.values() for folder in of_kind)
    known = (*project.files, *folders) if asked else ()
    is_there = any(f"{one}/".startswith(f"{asked}/") for one in known)
    everywhere = [one for one in facts.failure.left if one.what == "folder"]
    return next(iter(everywhere if is_there else _left(facts, "folder")), None)


def _looked_from_there(facts: Facts) -> str:
    """`yes` where the exception is about a file that is looked for from the current folder, and
    that is the one an earlier test left.
    """
    asked = facts.attribute("filename")
    is_relative = bool(asked) and not asked.startswith(("/", "~"))
    return "yes" if is_relative and facts.once(_left_folder) is not None else ""


def _left_logging(facts: Facts) -> Left | None:
    """What switched logging off, where a check finds nothing that it could have found in a log."""
    line = facts.link.message[:_READ].strip().partition("\n")[0]
    left = next(iter(_left(facts, "logging")), None)
    return left if _NOTHING_LOGGED.search(line) else None


def _setter(facts: Facts) -> str:
    """What prepares the test that left something: the one fixture of the project that it had and
    that may have done it; `setUp` where unittest prepares it.
    """
    variable = facts.once(_variable)
    others = facts.once(_left_logging) or facts.once(_left_folder)
    left = variable.left if variable else others
    if left is None:
        return ""
    known = {one.name for one in facts.context.project.fixtures}
    had = [name for name in left.fixtures if name in known]
    setting = [name for name in had if variable and _sets(facts, name, left.name)]
    if len(setting or had) == 1:
        return (setting or had)[0]
    if going := _going(facts, had) if left.what == "folder" else "":
        return going
    return "setUp" if not had and any(map(_is_of_unittest, left.fixtures)) else ""


def _going(facts: Facts, had: list[str]) -> str:
    """Of these fixtures the one in which a line on the way goes to a folder."""
    lines = (frame for frame in facts.frames if "chdir(" in frame.source and is_harness(frame))
    for frame in lines:
        above = [
            one
            for one in facts.context.project.fixtures
            if one.file == frame.file and one.line <= frame.line and one.name in had
        ]
        if above:
            return max(above, key=lambda one: one.line).name
    return ""


def _setter_place(facts: Facts) -> str:
    """Where the project defines the fixture."""
    for one in facts.context.project.fixtures:
        if one.name == facts["left_setter"]:
            return f"{one.file}:{one.line}"
    return ""


def _is_of_unittest(fixture: str) -> bool:
    return fixture.startswith("_unittest_")


def _sets(facts: Facts, fixture: str, variable: str) -> bool:
    defined = (one for one in facts.context.project.fixtures if one.name == fixture)
    return any(variable in _set_by(facts, one) for one in defined)


def _set_by(facts: Facts, fixture: Fixture | FixtureDefinition) -> frozenset[str]:
    """The variables that the function of a fixture sets or removes."""
    uses = facts.context.project.source(fixture.file).uses
    return frozenset(use.name for use in uses if use.kind == "set" and use.serves(fixture.line + 1))


def _of_variable(name: str) -> Fact:
    """The fact that is this field of the record of the variable."""

    def told(facts: Facts) -> str:
        found = facts.once(_variable)
        return str(getattr(found.left, name)) if found else ""

    return told


FACTS: dict[str, Fact] = {
    "folder_left_by": part(_left_folder, "nodeid"),
    "left_setter": _setter,
    "left_setter_place": _setter_place,
    "left_variable": _of_variable("name"),
    "left_variable_by": _of_variable("nodeid"),
    "left_variable_read": part(_variable, "read"),
    "left_variable_said": lambda facts: _SAID.get(_of_variable("change")(facts), ""),
    "logging_left": part(_left_logging, "name"),
    "logging_left_by": part(_left_logging, "nodeid"),
    "looked_from_left_folder": _looked_from_there,
}
