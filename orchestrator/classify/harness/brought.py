"""Facts about what plugins bring to pytest, and what of it is lacking: options, markers, hooks."""

from __future__ import annotations

import difflib
import re

from packaging.utils import canonicalize_name
from packaging.version import Version

from orchestrator.classify.distributions.plugins import (
    WIDELY_USED,
    Plugin,
    plugins,
    plugins_by_name,
)
from orchestrator.classify.facts import Fact, Facts, own_frame, part
from orchestrator.classify.harness.bringing import plugin_of_fixture
from orchestrator.classify.installed import Owner, Unmet, version_of
from orchestrator.failures.following import runs_pytest

_ASYNC = {
    "pytest-asyncio": "asyncio",
    "pytest-trio": "trio",
    "pytest-aiohttp": "aiohttp",
    "pytest-tornasync": "tornado",
    "pytest-twisted": "twisted",
}
"""Plugins that run `async def` tests, and the library that each runs them with."""
# /env/lib/python3.11/site-packages/_pytest/fixtures.py:1290: AssertionError
_INSIDE_PYTEST = re.compile(
    r"^/\S{0,300}/site-packages/(?P<place>(?:_pytest/(?:config/)?"
    r"(?:__init__|cacheprovider|capture|fixtures|main|mark|nodes|python|reports|runner|terminal)"
    r"|pluggy/\w{1,30})\.py:\d{1,6}): AssertionError$",
    re.MULTILINE,
)
# INTERNALERROR>   File "/env/lib/python3.11/site-packages/_pytest/_code/code.py", line 422, in x
_BROKEN_OFF = re.compile(
    r'^INTERNALERROR> +File "/\S{0,300}/site-packages/(?P<place>_pytest/\S{1,100}\.py)", '
    r"line (?P<line>\d{1,6}), in \S{1,100}\n(?:INTERNALERROR>  +\S.{0,500}\n){0,3}"
    r"INTERNALERROR> \w{1,60}(?:Error|Exception)\b",
    re.MULTILINE,
)
_READ = 65536
_REGISTERED = re.compile(r"\w[\w.-]{0,100}")
_OF_PYTEST = {"parametrize", "skip", "skipif", "xfail", "usefixtures", "filterwarnings"}


def _plugin_of(facts: Facts, brings: str, name: str) -> Plugin | None:
    """Who brings it: a plugin the project asks for, else one installed, else the most used.

    Markers are words that projects make up (`slow`): of them only widely used plugins are believed.
    """
    project, installed = facts.context.project, facts.context.installed
    believed = plugins()[:WIDELY_USED] if brings == "markers" else plugins()
    known = dict.fromkeys((*believed, *(one for one in plugins() if _is_asked_for(facts, one))))
    ranked = sorted(
        (plugin for plugin in known if plugin.brings(brings, name)),
        key=lambda plugin: (
            project.declared((plugin.distribution,)) is None,
            not installed.has(plugin.distribution),
        ),
    )
    return ranked[0] if ranked else None


def _is_asked_for(facts: Facts, plugin: Plugin) -> bool:
    declared = facts.context.project.declared((plugin.distribution,)) is not None
    return declared or facts.context.installed.has(plugin.distribution)


def _wanted(facts: Facts) -> tuple[str, str]:
    """What pytest could not find: its kind in the data, and its name."""
    if fixture := facts["fixture"]:
        return "fixtures", fixture
    if facts.group("options"):
        return "options", facts["option"]
    for brings, group in (
        ("markers", "marker"),
        ("ini", "ini"),
        ("names", "plugin_name"),
        ("hooks", "hook_name"),
    ):
        if name := facts.group(group):
            return brings, name
    return "", ""


def _broken_inside(facts: Facts) -> str:
    """The line of pytest's own at which it found itself broken, in a run inside the test, or broke
    off where no line of the project had a part in it.
    """
    texts = list(facts.failure.captured.values()) if runs_pytest(facts.failure) else []
    found = (_INSIDE_PYTEST.search(text[-_READ:]) for text in texts)
    broken = next((one["place"] for one in found if one), "")
    return broken or next(filter(None, (_broken_off(facts, text[-_READ:]) for text in texts)), "")


def _broken_off(facts: Facts, text: str) -> str:
    root = facts.context.recording.run.root.rstrip("/")
    lines = [line for line in text.splitlines() if line.startswith("INTERNALERROR>")]
    found = None if any(f'"{root}/' in line for line in lines) else _BROKEN_OFF.search(text)
    return f"{found['place']}:{found['line']}" if found else ""


def _plugin(facts: Facts) -> str:
    """The distribution whose plugin brings what was not found."""
    brings, name = _wanted(facts)
    if brings == "fixtures":
        found = plugin_of_fixture(facts)
    else:
        found = _plugin_of(facts, brings, name) if name else None
    if found:
        return found.distribution
    return facts.group("plugin") or _of_its_name(facts) or _of_hook(facts) or _of_option(facts)


def _plugin_is_own(facts: Facts) -> str:
    """`yes` where the project that is tested is the plugin."""
    return "yes" if canonicalize_name(facts["plugin"]) in facts.context.own_names else ""


def _of_its_name(facts: Facts) -> str:
    """The plugin that adds a name to the module `pytest`: `lazy_fixture` says whose it is."""
    name = canonicalize_name(f"pytest-{facts['symbol']}")
    known = name in plugins_by_name() or facts.context.project.declared((name,))
    return name if facts["module"] == "pytest" and facts["symbol"] and known else ""


def _of_hook(facts: Facts) -> str:
    """The plugin whose name a hook begins with: that of pytest-asyncio `pytest_asyncio_…`."""
    parts = facts.group("hook_name").split("_")
    for length in range(len(parts) - 1, 1, -1):
        name = "-".join(parts[:length])
        asked = facts.context.project.declared((name,)) is not None
        if asked or name in plugins_by_name() or facts.context.installed.has(name):
            return name
    return ""


def _of_option(facts: Facts) -> str:
    """The plugin that an option bears the name of, where it is installed and not loaded, or the
    project asks for it and it is not installed.
    """
    return _absent_of_option(facts, facts["option"]) or _unloaded_of_option(facts)


def _absent_of_option(facts: Facts, option: str) -> str:
    bare = canonicalize_name(option.lstrip("-"))
    for entry in facts.context.project.requirements if bare else ():
        name = entry.name.removeprefix("pytest-")
        bears = name != entry.name and (bare == name or bare.startswith(f"{name}-"))
        if bears and not facts.context.installed.has(entry.name):
            return entry.name
    return ""


def _unloaded_of_option(facts: Facts) -> str:
    loaded = {canonicalize_name(name) for name in facts.context.recording.run.environment.plugins}
    option = canonicalize_name(facts["option"].lstrip("-")) if facts.group("options") else ""
    if not option or not loaded:
        return ""
    for distribution, entries in facts.context.installed.plugins.items():
        called = (distribution.removeprefix("pytest-"), *entries)
        names = {canonicalize_name(name) for name in called}
        bears = any(option == name or option.startswith(f"{name}-") for name in names)
        if bears and distribution not in loaded:
            return distribution
    return ""


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
    return (
        "loaded" if canonicalize_name(plugin) in loaded and not facts["disabled_by"] else "disabled"
    )


def _plugin_behind(facts: Facts) -> str:
    """The release of the plugin that is known to bring it, where an older one is installed."""
    brings, name = _wanted(facts)
    known = plugins_by_name().get(canonicalize_name(facts["plugin"])) if name else None
    version = version_of(facts["plugin_version"])
    if known is None or version is None or name not in getattr(known, brings):
        return ""
    return known.version if version < Version(known.version) else ""


def _timeout_plugin(facts: Facts) -> str:
    """The version of the pytest-timeout that is loaded."""
    return facts.context.recording.run.environment.plugins.get("pytest-timeout", "")


def _plugin_said(facts: Facts) -> str:
    """How the project asks for the plugin, where it does."""
    declared = facts.context.project.declared((facts["plugin"],)) if facts["plugin"] else None
    return f"{declared.file} asks for it: {declared.text}" if declared else ""


def _option(facts: Facts) -> str:
    """The first unknown option that a plugin is known to bring, else the first."""
    options = _options(facts)
    known = (option for option in options if _plugin_of(facts, "options", option))
    return next(known, options[0] if options else "")


def _options(facts: Facts) -> list[str]:
    words = facts.group("options").split()
    # -n4 is -n with its value.
    return [
        re.sub(r"^(-[A-Za-z])\d+$", r"\1", word.partition("=")[0])
        for word in words
        if word.startswith("-")
    ]


def _lacking(facts: Facts) -> dict[str, list[str]]:
    """What pytest refuses to start without: each distribution, and its options in question."""
    required = filter(None, (name.strip() for name in facts.group("required").split(",")))
    found: dict[str, list[str]] = {name: [] for name in required}
    for option in _options(facts):
        plugin = _plugin_of(facts, "options", option)
        name = plugin.distribution if plugin else _absent_of_option(facts, option)
        if name and not facts.context.installed.has(name):
            found.setdefault(name, []).append(option)
    return found


def _lacking_plugins(facts: Facts) -> str:
    """`pytest-cov pytest-xdist`, as a command takes them."""
    return " ".join(_lacking(facts))


def _lacking_said(facts: Facts) -> str:
    """`` `pytest-cov` (--cov, --cov-report), `pytest-xdist` (-n) ``."""
    return ", ".join(
        f"`{plugin}` ({', '.join(options)})" if options else f"`{plugin}`"
        for plugin, options in _lacking(facts).items()
    )


def _plugin_of_other_version(facts: Facts) -> Unmet | None:
    """The first plugin that the settings require in another version than is installed, where none
    of those that they require is absent.
    """
    settings = Owner(name=facts.context.project.settings_file, version="")
    asked = filter(None, map(str.strip, facts.group("required").split(",")))
    unmet = [facts.context.installed.unmet_by(settings, text) for text in asked]
    found = [one for one in unmet if one]
    return found[0] if found and all(one.installed for one in found) else None


def _nearest_marker(facts: Facts) -> str:
    """The marker of the same letters, else the one that is most like it: first of those that the
    settings register, for these are what the tests mean.
    """
    marker = facts.group("marker")
    lines = facts.context.project.settings.get("markers", "").splitlines()
    own = {found[0] for line in lines if (found := _REGISTERED.search(line))}
    brought = {name for plugin in plugins() for name in plugin.markers}
    for known, cutoff in ((own, 0.7), (brought | _OF_PYTEST, 0.8)):
        others = sorted(known - {marker})
        swapped = [name for name in others if sorted(name) == sorted(marker)]
        near = swapped or difflib.get_close_matches(marker, others, n=1, cutoff=cutoff)
        if near:
            return near[0]
    return ""


def _async_plugin(facts: Facts) -> str:
    """The plugin that runs `async def` tests: that of the library which the test is for, where it
    is lacking; else the one the project asks for, or sets up, else the usual one.
    """
    # anyio comes along with many libraries, so that it is installed says nothing of the tests.
    project, installed = facts.context.project, facts.context.installed
    asked = [name for name in (*_ASYNC, "anyio") if project.declared((name,))]
    declared = [*(name for name in _ASYNC if _is_set_up(facts, name)), *asked]
    present = (name for name in _ASYNC if installed.has(name))
    return (
        _async_lacking(facts, declared)
        or next(iter(declared), "")
        or next(present, "pytest-asyncio")
    )


def _is_set_up(facts: Facts, name: str) -> bool:
    """Whether the settings of pytest speak to a plugin: `asyncio_mode`."""
    plugin = plugins_by_name().get(name)
    return plugin is not None and not plugin.ini.isdisjoint(facts.context.project.settings)


def _async_lacking(facts: Facts, declared: list[str]) -> str:
    """The plugin of the library that a parameter of the test names, or that its file imports, where
    it is not loaded: others may run the tests for other libraries.
    """
    installed = facts.context.installed
    loaded = {canonicalize_name(name) for name in facts.context.recording.run.environment.plugins}
    lacking = {
        library: name
        for name, library in _ASYNC.items()
        if name not in loaded and (loaded or not installed.has(name))
    }
    parameters = facts.failure.nodeid.partition("[")[2].rstrip("]").split("-")
    if named := next((word for word in parameters if word in _ASYNC.values()), ""):
        name = lacking.get(named, "")
        # anyio names its backends so, and runs such tests itself.
        of_anyio = any(one.name == "anyio_backend" for one in facts.failure.fixtures)
        return name if name in declared or (installed.has(named) and not of_anyio) else ""
    imports = facts.context.project.source(facts["test_file"]).imports.values()
    tops = {dotted.partition(".")[0] for dotted in imports}
    of_file = (name for library, name in lacking.items() if library in tops and name in declared)
    return next(of_file, "")


def _async_plugin_state(facts: Facts) -> str:
    return "installed" if facts.context.installed.has(facts["async_plugin"]) else "absent"


def _absent_importer(facts: Facts) -> str:
    """The plugin for a library, which the project asks for and which is not installed, where a line
    takes a module of that library for granted: it is there once anybody has imported it.
    """
    frame, name = own_frame(facts), canonicalize_name(f"pytest-{facts['owner']}")
    inner = f"{facts['module']}.{facts['symbol']}."
    if not facts["symbol"] or frame is None or inner not in frame.source:
        return ""
    asked = facts.context.project.declared((name,)) is not None
    return name if asked and not facts.context.installed.has(name) else ""


def _only_plugin(facts: Facts) -> str:
    """The one distribution that brings pytest a plugin; empty where several do."""
    found = [one.name for one in facts.context.recording.distributions if one.pytest_plugins]
    return found[0] if len(found) == 1 else ""


def _only_plugin_version(facts: Facts) -> str:
    return facts.context.installed.version(facts["only_plugin"]) if facts["only_plugin"] else ""


def _plugin_manager(facts: Facts) -> str:
    """The pytest that is installed."""
    return facts.context.installed.version("pytest")


FACTS: dict[str, Fact] = {
    "absent_importer": _absent_importer,
    "async_plugin": _async_plugin,
    "async_plugin_state": _async_plugin_state,
    "broken_inside": _broken_inside,
    "lacking_plugins": _lacking_plugins,
    "lacking_said": _lacking_said,
    "nearest_marker": _nearest_marker,
    "only_plugin": _only_plugin,
    "only_plugin_version": _only_plugin_version,
    "option": _option,
    "plugin": _plugin,
    "plugin_behind": _plugin_behind,
    "plugin_misfit": part(_plugin_of_other_version, "name"),
    "plugin_misfit_requirement": part(_plugin_of_other_version, "requirement"),
    "plugin_misfit_version": part(_plugin_of_other_version, "installed"),
    "plugin_said": _plugin_said,
    "plugin_is_own": _plugin_is_own,
    "plugin_state": _plugin_state,
    "plugin_version": _plugin_version,
    "pytest_version": _plugin_manager,
    "timeout_plugin": _timeout_plugin,
}
