"""Facts about the test harness: fixtures, plugins and what they bring, options, markers, settings."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from packaging.utils import canonicalize_name

from conftest_kit.records import Fixture
from orchestrator.classify.facts import Fact, Facts, is_harness, own_frame
from orchestrator.classify.rules import knowledge


def _plugin_of(facts: Facts, brings: str, name: str) -> dict[str, Any] | None:
    """The plugin that brings it: one that the project asks for, else one installed, else the most used."""
    found = [plugin for plugin in knowledge("plugins")["plugin"] if name in plugin.get(brings, ())]
    project, installed = facts.context.project, facts.context.installed
    ranked = sorted(
        found,
        key=lambda plugin: (
            project.declared((plugin["distribution"],)) is None,
            not installed.has(plugin["distribution"]),
        ),
    )
    return ranked[0] if ranked else None


def _wanted(facts: Facts) -> tuple[str, str]:
    """What pytest could not find: its kind in the data, and its name."""
    if fixture := facts["fixture"]:
        return "fixtures", fixture
    if facts.group("options"):
        return "options", facts["option"]
    if marker := facts.group("marker"):
        return "markers", marker
    return ("ini", facts.group("ini")) if facts.group("ini") else ("", "")


def _plugin(facts: Facts) -> str:
    """The distribution whose plugin brings what was not found."""
    brings, name = _wanted(facts)
    found = _plugin_of(facts, brings, name) if name else None
    return str(found["distribution"]) if found else facts.group("plugin")


def _plugin_version(facts: Facts) -> str:
    return facts.context.installed.version(facts["plugin"]) if facts["plugin"] else ""


def _plugin_state(facts: Facts) -> str:
    """`absent`, `disabled`: installed and not loaded, or `loaded`."""
    plugin = facts["plugin"]
    if not plugin:
        return ""
    if not facts.context.installed.has(plugin):
        return "absent"
    loaded = {canonicalize_name(name) for name in facts.context.recording.run.environment.plugins}
    return "loaded" if canonicalize_name(plugin) in loaded and not facts["disabled_by"] else "disabled"


def _disabled_by(facts: Facts) -> str:
    """What keeps the plugin from being loaded, as the command line or the environment says."""
    run = facts.context.recording.run
    found = next(
        (p for p in knowledge("plugins")["plugin"] if p["distribution"] == facts["plugin"]), None
    )
    names = {*(found["names"] if found else ()), facts["plugin"]}
    for before, argument in zip(("", *run.command), run.command, strict=False):
        blocked = argument.removeprefix("-p") if argument.startswith("-pno:") else argument
        if blocked.startswith("no:") and (before == "-p" or argument != blocked):
            if blocked.removeprefix("no:") in names:
                return f"-p {blocked}"
    if "PYTEST_DISABLE_PLUGIN_AUTOLOAD" in run.environment.variables:
        return "PYTEST_DISABLE_PLUGIN_AUTOLOAD"
    return ""


def _plugin_said(facts: Facts) -> str:
    """How the project asks for the plugin, where it does."""
    declared = facts.context.project.declared((facts["plugin"],)) if facts["plugin"] else None
    return f"{declared.file} asks for it: {declared.text}" if declared else ""


def _fixture(facts: Facts) -> str:
    return facts.group("fixture") or facts.attribute("argname")


def _nearest_fixture(facts: Facts) -> str:
    """Fixtures that the test may have meant, of those within reach."""
    available = facts.link.attributes.get("available")
    names = [str(name) for name in available] if isinstance(available, (list, tuple)) else []
    near = difflib.get_close_matches(facts["fixture"], names, n=3, cutoff=0.75)
    return ", ".join(near)


def _defined_in(facts: Facts) -> str:
    """Where the checkout defines the fixture, out of the test's reach."""
    found = [entry for entry in facts.context.project.fixtures if entry.name == facts["fixture"]]
    return f"{found[0].file}:{found[0].line}" if found else ""


def _out_of_reach(facts: Facts) -> str:
    """Why the test does not see that fixture."""
    file = facts["defined_in"].rpartition(":")[0]
    folder, _, name = file.rpartition("/")
    if not file:
        return ""
    if name != "conftest.py":
        return f"{file} is a module: its fixtures serve only itself, those of a conftest.py serve others"
    below = f"{folder}/" if folder else ""
    if facts["test_file"].startswith(below):
        return f"{file} is above the test and was not loaded (--noconftest, confcutdir or rootdir)"
    return f"{file} serves only tests below {folder}/"


def _raised_in(facts: Facts) -> Fixture | None:
    """The fixture in whose code the exception was raised.

    While a test is set up or torn down, the code that runs is a fixture's, so it is the one whose file
    and function, or nearest line above, the first own frame of the traceback shows.
    """
    if facts.failure.phase not in ("setup", "teardown"):
        return None
    for frame in facts.frames:
        if frame.origin not in ("project", "test"):
            continue
        here = [entry for entry in facts.failure.fixtures if entry.file == frame.file]
        named = [entry for entry in here if entry.name == frame.function]
        above = [entry for entry in here if entry.line <= frame.line]
        found = named or sorted(above, key=lambda entry: -entry.line)
        return found[0] if found else None
    return None


def _failing_fixture(facts: Facts) -> str:
    found = _raised_in(facts)
    return found.name if found else ""


def _failing_fixture_place(facts: Facts) -> str:
    found = _raised_in(facts)
    return f"{found.file}:{found.line} ({found.scope})" if found else ""


def _harness_raised(facts: Facts) -> str:
    """`yes` where the deepest own frame is of tests, so that no product code was running."""
    frame = own_frame(facts)
    return "yes" if frame is None or is_harness(frame) else ""


def _option(facts: Facts) -> str:
    """The first unknown option that a plugin is known to bring, else the first."""
    options = [word.partition("=")[0] for word in facts.group("options").split() if word.startswith("-")]
    known = (option for option in options if _plugin_of(facts, "options", option))
    return next(known, options[0] if options else "")


def _nearest_marker(facts: Facts) -> str:
    known = {name for plugin in knowledge("plugins")["plugin"] for name in plugin.get("markers", ())}
    builtin = {"parametrize", "skip", "skipif", "xfail", "usefixtures", "filterwarnings"}
    return _near(facts.group("marker"), known | builtin)


def _near(name: str, names: Iterable[str]) -> str:
    return next(iter(difflib.get_close_matches(name, sorted(names), n=1, cutoff=0.8)), "") if name else ""


def _async_plugin(facts: Facts) -> str:
    """The plugin that runs `async def` tests here: the one the project asks for, else the usual one."""
    names = ("pytest-asyncio", "anyio", "pytest-trio", "pytest-aiohttp", "pytest-tornasync", "pytest-twisted")
    project, installed = facts.context.project, facts.context.installed
    declared = (name for name in names if project.declared((name,)))
    present = (name for name in names if installed.has(name))
    return next(declared, "") or next(present, names[0])


def _async_plugin_state(facts: Facts) -> str:
    return "installed" if facts.context.installed.has(facts["async_plugin"]) else "absent"


def _plugin_manager(facts: Facts) -> str:
    """The pytest that is installed."""
    return facts.context.installed.version("pytest")


FACTS: dict[str, Fact] = {
    "async_plugin": _async_plugin,
    "async_plugin_state": _async_plugin_state,
    "defined_in": _defined_in,
    "disabled_by": _disabled_by,
    "failing_fixture": _failing_fixture,
    "failing_fixture_place": _failing_fixture_place,
    "fixture": _fixture,
    "harness_raised": _harness_raised,
    "nearest_fixture": _nearest_fixture,
    "nearest_marker": _nearest_marker,
    "option": _option,
    "out_of_reach": _out_of_reach,
    "plugin": _plugin,
    "plugin_said": _plugin_said,
    "plugin_state": _plugin_state,
    "plugin_version": _plugin_version,
    "pytest_version": _plugin_manager,
}
