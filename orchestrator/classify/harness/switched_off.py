"""Facts about a plugin that is installed and switched off, and that a framework counts on."""

from __future__ import annotations

from typing import NamedTuple

from packaging.utils import canonicalize_name

from orchestrator.classify.distributions.plugins import Plugin, plugins
from orchestrator.classify.facts import Fact, Facts, part
from orchestrator.classify.harness.settings import blocked

_FINDS_MANAGE = "pytest-django"
"""It puts the folder of `manage.py` on the import path."""


class _Off(NamedTuple):
    plugin: str
    name: str
    """As `-p no:` names it."""
    by: str
    where: str


def _off(facts: Facts) -> _Off | None:
    """One that the settings file has a setting of, or that bears the name of what raised."""
    given = facts.context.project.settings.keys()
    of_raiser = f"pytest-{canonicalize_name(facts['raiser'])}" if facts["raiser"] else ""
    for plugin in plugins():
        if plugin.ini & given or plugin.distribution == of_raiser:
            found = _found(facts, plugin)
            if found:
                return found
    return None


def _off_path(facts: Facts) -> _Off | None:
    """The one that would have put the folder of a module of the checkout on the import path."""
    folder = facts["import_folder"].removeprefix(".").lstrip("/")
    manages = f"{folder}/manage.py".lstrip("/") in facts.context.project.files
    if not facts["helper"] or not manages:
        return None
    of_name = (plugin for plugin in plugins() if plugin.distribution == _FINDS_MANAGE)
    plugin = next(of_name, None)
    return _found(facts, plugin) if plugin else None


def _found(facts: Facts, plugin: Plugin) -> _Off | None:
    brought = facts.context.installed.plugins.get(plugin.distribution, {})
    if not facts.context.installed.has(plugin.distribution):
        return None
    bare = plugin.distribution.removeprefix("pytest-")
    by, where = blocked(facts, {*plugin.names, *brought, plugin.distribution, bare})
    return _Off(plugin.distribution, by.removeprefix("-p no:"), by, where) if by else None


FACTS: dict[str, Fact] = {
    "off_by": part(_off, "by"),
    "off_name": part(_off, "name"),
    "off_plugin": part(_off, "plugin"),
    "off_where": part(_off, "where"),
    "path_off_by": part(_off_path, "by"),
    "path_off_name": part(_off_path, "name"),
    "path_off_plugin": part(_off_path, "plugin"),
    "path_off_where": part(_off_path, "where"),
}
