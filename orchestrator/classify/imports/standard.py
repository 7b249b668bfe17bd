"""Facts about what the standard library of this Python has, had or does not have yet."""

from __future__ import annotations

from orchestrator.classify.facts import Fact, Facts
from orchestrator.classify.installed import Owner
from orchestrator.classify.rules import knowledge


def stdlib_state(facts: Facts, module: str) -> str:
    """`removed` from, `newer` than or `unbuilt` in this Python; empty where it should have it.

    Where the run does not tell its Python, that the import failed does.
    """
    table = knowledge("stdlib")
    python = _release(facts["python"])
    for name in (module, module.partition(".")[0]):
        removed, added = table["removed"].get(name), table["added"].get(name)
        if removed and (not python or _release(removed) <= python):
            return "removed"
        if added and (not python or python < _release(added)):
            return "newer"
    if module in table["optional"]:
        return "unbuilt"
    return ""


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")) if version else ()


def _removed_in(facts: Facts) -> str:
    table = knowledge("stdlib")
    return str(table["removed"].get(facts["module"]) or table["removed"].get(facts["top"]) or "")


def _added_in(facts: Facts) -> str:
    table = knowledge("stdlib")
    return str(table["added"].get(facts["module"]) or table["added"].get(facts["top"]) or "")


def _name_known_to(facts: Facts) -> str:
    """The releases of Python that have the name which a module of this one's does not."""
    table, name = knowledge("stdlib"), f"{facts['module']}.{facts['symbol']}"
    python, since = _release(facts["python"]), table["names_added"].get(name)
    if since and python and python < _release(since):
        return f"Python {since} and later"
    until = table["names_removed"].get(name)
    return f"Python before {until}" if until and python and python >= _release(until) else ""


def _replacement(facts: Facts) -> str:
    """What brings a module back that the standard library dropped or does not have yet."""
    table = knowledge("stdlib")["replaced_by"]
    return str(table.get(facts["module"]) or table.get(facts["top"]) or "")


def _replacement_asked(facts: Facts) -> str:
    """Who asks for what brings the module back, on this Python, where it is not installed."""
    name, installed = facts["replacement"], facts.context.installed
    if not name or installed.has(name):
        return ""
    for unmet in installed.unmet((name,)):
        return f"{unmet.by.name} {unmet.by.version} requires {unmet.requirement}"
    project = facts.context.project
    declared = project.declared((name,))
    owner = Owner(name=project.name, version="")
    is_asked = declared is not None and installed.unmet_by(owner, declared.text)
    return f"{declared.file} asks for it: {declared.text}" if declared and is_asked else ""


def _system_package(facts: Facts) -> str:
    """What a Python must be built with to have an optional module."""
    return str(knowledge("stdlib")["optional"].get(facts["module"], ""))


FACTS: dict[str, Fact] = {
    "added_in": _added_in,
    "name_known_to": _name_known_to,
    "removed_in": _removed_in,
    "replacement": _replacement,
    "replacement_asked": _replacement_asked,
    "system_package": _system_package,
}
