"""Facts about modules that import each other: which of the two should not ask for the other."""

from __future__ import annotations

from orchestrator.classify.facts import Fact, Facts


def _circle_module(facts: Facts) -> str:
    """Of the module that was asked for while it was being imported and the one that asked: the
    lower, which ought to know nothing of the other.

    A package stands above its modules; else whoever imports more of the project. Where nothing
    tells, the one that was asked for.
    """
    asked, asking = facts.group("module"), facts["own_module"]
    if facts["own_origin"] != "project" or asked.startswith(f"{asking}."):
        return asked
    if asking.startswith(f"{asked}."):
        return asking
    file = facts.context.project.file_of(asked)
    return asking if file and _own(facts, facts["own_file"]) < _own(facts, file) else asked


def _own(facts: Facts, file: str) -> int:
    """How many files of the project a file imports."""
    project = facts.context.project
    return len({project.file_of(one) for one in project.source(file).imports.values()} - {""})


def _circle_other(facts: Facts) -> str:
    """The other of the two; empty where there is none."""
    both = facts.group("module"), facts["own_module"]
    return next((one for one in both if one != facts["circle_module"]), "")


FACTS: dict[str, Fact] = {
    "circle_module": _circle_module,
    "circle_other": _circle_other,
}
