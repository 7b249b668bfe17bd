"""Facts about what pytest was told: its command line, its settings file, its variables."""

from __future__ import annotations

import difflib
import re
import shlex
from collections import defaultdict
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from itertools import pairwise

from packaging.utils import canonicalize_name

from orchestrator.checkout.install import where_to_write
from orchestrator.classify.distributions.plugins import (
    WIDELY_USED,
    Plugin,
    plugins,
    plugins_by_name,
)
from orchestrator.classify.facts import Context, Fact, Facts
from orchestrator.classify.rules import knowledge
from orchestrator.failures.following import runs_pytest

_AUTOLOAD = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"
_ADDED = "PYTEST_ADDOPTS"
_SEVERAL = 2
_NOBODY_RUNS = "async def function and no async plugin"
_SAID = 2000
_NAME = re.compile(r"[A-Za-z_][\w.-]{1,60}\w")
_QUOTED = re.compile(r"""['"`]([^'"`\n]{1,100})['"`]""")
_SETTINGS_FILE = re.compile(r"(?<![\w./-])([\w.-]{0,60}\.(?:cfg|ini|toml))(?![\w/])")
LISTS = ("addopts", "testpaths", "norecursedirs", "required_plugins", "markers")
"""Settings that hold words of which a message may speak for other reasons."""


def words(facts: Facts) -> Iterator[tuple[str, str]]:
    """The words that pytest was started with, and where each stands."""
    for word in facts.context.recording.run.command[1:]:
        yield word, "on the command line"
    project = facts.context.project
    try:
        added = shlex.split(project.settings.get("addopts", ""))
    except ValueError:  # an open quote
        added = project.settings.get("addopts", "").split()
    for word in added:
        yield word, f"in `addopts` of {project.settings_file}"


def blocked(facts: Facts, names: set[str]) -> tuple[str, str]:
    """What of `-p no:NAME` keeps a plugin of one of these names away, and where it stands."""
    for (word, where), (following, _) in pairwise((*words(facts), ("", ""))):
        given = following if word == "-p" else word.removeprefix("-p")
        if given.startswith("no:") and given.removeprefix("no:") in names:
            return f"-p {given}", where
    return "", ""


def _disabled(facts: Facts) -> tuple[str, str]:
    """What keeps the plugin from being loaded, and where that stands."""
    wanted = facts["plugin"] or facts["async_plugin"]
    known = plugins_by_name().get(canonicalize_name(wanted))
    brought = facts.context.installed.plugins.get(canonicalize_name(wanted), {})
    names = {*(known.names if known else ()), *brought, wanted, wanted.removeprefix("pytest-")}
    found = blocked(facts, names)
    if found[0] or not wanted:
        return found
    loaded = {canonicalize_name(name) for name in facts.context.recording.run.environment.plugins}
    variables = facts.context.recording.run.environment.variables
    if _AUTOLOAD in variables:
        return _AUTOLOAD, "in the environment"
    if _ADDED in variables and loaded and canonicalize_name(wanted) not in loaded:
        return _ADDED, "in the environment"
    return "", ""


def _disabled_by(facts: Facts) -> str:
    return facts.once(_disabled)[0]


def _disabled_where(facts: Facts) -> str:
    return facts.once(_disabled)[1]


def _disabled_name(facts: Facts) -> str:
    """The plugin as `-p no:` names it; else its distribution."""
    given, _ = facts.once(_disabled)
    name = given.removeprefix("-p no:")
    return name if name != given else facts["plugin"]


def _inner_plugins_off(facts: Facts) -> str:
    """The variable that keeps the plugins of the environment from being loaded, where a test runs
    pytest inside it.
    """
    is_off = _AUTOLOAD in facts.context.recording.run.environment.variables
    return _AUTOLOAD if is_off and runs_pytest(facts.failure) else ""


def _own_blocked(facts: Facts) -> tuple[str, str]:
    """What keeps a plugin of the project's own away that defines the fixture: one that `-p no:`
    names as its file or package is called.
    """
    parts = facts["defined_in"].rpartition(":")[0].removesuffix(".py").split("/")
    names = {*parts, *(part.replace("_", "-") for part in parts), ".".join(parts)}
    return blocked(facts, names - {"", "conftest", "tests"})


def _builtin(facts: Facts) -> str:
    """The plugin of pytest's own that brings the fixture. What another distribution brought before
    pytest did (`subtests`) is its own only where it was switched off.
    """
    own = knowledge("pytest")["fixtures"].items() if facts["fixture"] else ()
    found = [plugin for plugin, names in own if facts["fixture"] in names.split()]
    switched_off = (plugin for plugin in found if blocked(facts, {plugin})[0])
    # What comes of two plugins is absent for the one that is loaded only on request.
    on_request = (plugin for plugin in found if plugin in knowledge("pytest")["on_request"].split())
    return next(switched_off, "" if facts["plugin"] else next(on_request, next(iter(found), "")))


def _builtin_on_request(facts: Facts) -> str:
    """The plugin, where pytest loads it only if it is asked to, and nothing switched it off."""
    plugin = facts["builtin_plugin"]
    is_asked_for = plugin in knowledge("pytest")["on_request"].split()
    return plugin if is_asked_for and not facts["builtin_blocked_by"] else ""


def _builtin_blocked_by(facts: Facts) -> str:
    """What switched it off."""
    plugin = facts["builtin_plugin"]
    return blocked(facts, {plugin})[0] if plugin else ""


def _builtin_blocked_where(facts: Facts) -> str:
    plugin = facts["builtin_plugin"]
    return blocked(facts, {plugin})[1] if plugin else ""


def _given(facts: Facts, option: str, value: str) -> str:
    """Where an option stands with this value."""
    for (word, where), (following, _) in pairwise((*words(facts), ("", ""))):
        if word == f"{option}={value}" or (word, following) == (option, value):
            return where
    return ""


def _import_mode_where(facts: Facts) -> str:
    """Where `--import-mode=importlib` stands."""
    return _given(facts, "--import-mode", "importlib")


def _suffering(context: Context) -> Mapping[tuple[str, str], set[str]]:
    """The functions that failed with an exception of this type and first line."""
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for one in context.recording.failures:
        for link in one.exceptions[:1]:
            said = link.type, link.message.partition("\n")[0]
            found[said].add(one.nodeid.partition("[")[0])
    return found


def _async_mode_set(facts: Facts) -> str:
    """Where the mode `strict` is asked for, if several functions suffer from it: that one is not
    marked is a slip of its own.
    """
    project, message = facts.context.project, facts.link.message.partition("\n")[0]
    suffering = facts.context.once(_suffering).get((facts.link.type, message), ())
    if max(len(suffering), facts.context.once(_left_out)) < _SEVERAL:
        return ""
    if where := _given(facts, "--asyncio-mode", "strict"):
        return f"`--asyncio-mode=strict`, {where},"
    is_set = project.settings.get("asyncio_mode", "").strip() == "strict"
    return f"`asyncio_mode = strict` in {project.settings_file}" if is_set else ""


def _said_variable_is_setting(facts: Facts) -> str:
    """`yes` where pytest's settings say what the variable would, to a plugin that is not there."""
    is_given = facts.group("said_variable") in facts.context.project.settings
    return "yes" if is_given and facts["plugin_expected"] else ""


def _left_out(context: Context) -> int:
    """How many tests pytest skipped, as it did before 8.4, because nobody runs their coroutines."""
    skipped = (one for one in context.recording.attempts if one.outcome == "skipped")
    return sum(one.reason.startswith(_NOBODY_RUNS) for one in skipped)


def _fixture_asked_by(facts: Facts) -> str:
    """`usefixtures` where the settings ask for the fixture, for every test."""
    project = facts.context.project
    asked = project.settings.get("usefixtures", "").split()
    return f"`usefixtures` of {project.settings_file}" if facts["fixture"] in asked else ""


def _option_stands(facts: Facts) -> str:
    """Where the option is given that pytest does not know."""
    option = facts["option"]
    given = (where for word, where in words(facts) if word.partition("=")[0] == option)
    found = next(given, "")
    if found or not option:
        return found
    added = _ADDED in facts.context.recording.run.environment.variables
    return f"in {_ADDED} in the environment" if added else ""


def _argument(facts: Facts) -> tuple[str, str]:
    """An option whose value was refused, as it is spelt where it stands, and that place: of several
    the one whose value the message speaks of.
    """
    spelt = [one.strip() for one in facts.group("argument").split("/") if one]
    given = []
    for (word, where), (following, _) in pairwise((*words(facts), ("", ""))):
        for option in spelt:
            value = _value_of(option, word, following)
            if value is not None:
                given.append((bool(value) and value in facts.link.message, option, where))
    if given:
        _, option, where = max(given, key=lambda one: one[0])
        return option, where
    added = _ADDED in facts.context.recording.run.environment.variables
    return (spelt[-1] if spelt else ""), (f"in {_ADDED} in the environment" if added else "")


def _value_of(option: str, word: str, following: str) -> str | None:
    """What a word gives an option, or the word behind it; None where it is another option."""
    if word == option:
        return following
    if word.startswith(f"{option}="):
        return word.removeprefix(f"{option}=")
    is_short = len(option) == len("-n") and word.startswith(option)
    return word.removeprefix(option) if is_short else None


def _argument_of(facts: Facts) -> str:
    """`addopts` where the settings file gives it, PYTEST_ADDOPTS where only the variable can."""
    where = facts.once(_argument)[1]
    return "addopts" if where.startswith("in `addopts`") else _ADDED if _ADDED in where else ""


def _plugin_expected(facts: Facts) -> str:
    """A plugin that is not installed and that somebody counts on: what raised has a plugin of its
    own name, or the settings file has a setting of it that is none of pytest's own.
    """
    has, project = facts.context.installed.has, facts.context.project
    of_raiser = f"pytest-{canonicalize_name(facts['raiser'])}" if facts["raiser"] else ""
    used = {plugin.distribution for plugin in plugins()[:WIDELY_USED]}
    # On one that few use nobody counts who does not ask for it.
    believed = of_raiser in used or project.declared((of_raiser,))
    if of_raiser in plugins_by_name() and believed and not has(of_raiser):
        return of_raiser
    given = project.settings.keys() - {*knowledge("pytest")["ini"].split()}
    reading = (plugin for plugin in plugins() if plugin.ini & given)
    return next((one.distribution for one in reading if not has(one.distribution)), "")


def _where_expected(facts: Facts) -> str:
    return where_to_write(facts.context.project, facts["plugin_expected"], for_tests=True)


def _nearest_option(facts: Facts) -> str:
    """The known option that the unknown one is most like."""
    known = {*knowledge("pytest")["options"].split()}
    known.update(option for plugin in _installed(facts) for option in plugin.options)
    return _nearest(facts["option"], known)


def _nearest_setting(facts: Facts) -> str:
    known = {*knowledge("pytest")["ini"].split()}
    known.update(setting for plugin in _installed(facts) for setting in plugin.ini)
    return _nearest(facts.group("ini"), known)


def _nearest_hook(facts: Facts) -> str:
    return _nearest(facts.group("hook_name"), {*knowledge("pytest")["hooks"].split()})


def _nearest(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known - {name}), n=1, cutoff=0.8)
    return near[0] if near else ""


def _installed(facts: Facts) -> Iterator[Plugin]:
    has = facts.context.installed.has
    return (plugin for plugin in plugins() if has(plugin.distribution))


def _setting_refused(facts: Facts) -> str:
    """The setting that pytest, or a plugin, names where it refuses its value."""
    said = facts["refused"]
    if not said:
        return ""
    given, known = facts.context.project.settings, {*knowledge("pytest")["ini"].split()}
    known.update(setting for plugin in _installed(facts) for setting in plugin.ini)
    named = [name for name in _NAME.findall(said) if name in known or name in given]
    quoted = _QUOTED.findall(said)
    of_value = (name for name, value in given.items() if value.strip() in quoted)
    return next((name for name in named if name in given), next(iter((*named, *of_value)), ""))


def _setting_rejected(facts: Facts) -> str:
    """The setting of whose value one of the messages speaks, where no own code was running: that
    quotes the value, or names the setting and the value.
    """
    if any(frame.origin in ("project", "test") for frame in facts.frames):
        return ""
    said = " \n ".join(link.message[:_SAID] for link in facts.failure.exceptions)
    given = facts.context.project.settings.items()
    values = [(name, value.strip()) for name, value in given if name not in LISTS]
    quoted = (name for name, value in values if value and value in _QUOTED.findall(said))
    spoken = (name for name, value in values if _is_said(name, said) and _is_said(value, said))
    return next(quoted, "") or next(spoken, "")


def _file_refused(facts: Facts) -> str:
    """The settings file that a refusal names."""
    found = _SETTINGS_FILE.search(facts.link.message[:_SAID])
    return found[1] if found else ""


def _pattern_matching_nothing(facts: Facts) -> str:
    """`python_files` where its patterns match no file of the folders that were given."""
    project = facts.context.project
    patterns = project.settings.get("python_files", "").split()
    given = [word.strip("./").rstrip("/") for word, _ in words(facts)]
    below = tuple(f"{word}/" for word in given if word)
    inside = [file for file in project.files if file.startswith(below)] or list(project.files)
    matched = any(
        fnmatch(file, f"*/{pattern}") or fnmatch(file, pattern)
        for file in inside
        for pattern in patterns
    )
    return "python_files" if patterns and inside and not matched else ""


def _is_said(text: str, said: str) -> bool:
    """Whether a text stands in another, not as a part of a word."""
    return bool(text) and bool(re.search(rf"(?<![\w.-]){re.escape(text)}(?![\w-])", said))


FACTS: dict[str, Fact] = {
    "argument_given": lambda facts: facts.once(_argument)[0],
    "argument_of": _argument_of,
    "argument_stands": lambda facts: facts.once(_argument)[1],
    "async_mode_set": _async_mode_set,
    "builtin_blocked_by": _builtin_blocked_by,
    "builtin_blocked_where": _builtin_blocked_where,
    "builtin_on_request": _builtin_on_request,
    "builtin_plugin": _builtin,
    "disabled_name": _disabled_name,
    "disabled_by": _disabled_by,
    "disabled_where": _disabled_where,
    "file_refused": _file_refused,
    "fixture_asked_by": _fixture_asked_by,
    "import_mode_where": _import_mode_where,
    "inner_plugins_off": _inner_plugins_off,
    "nearest_hook": _nearest_hook,
    "nearest_option": _nearest_option,
    "nearest_setting": _nearest_setting,
    "option_stands": _option_stands,
    "own_blocked_by": lambda facts: facts.once(_own_blocked)[0],
    "own_blocked_name": lambda facts: facts.once(_own_blocked)[0].removeprefix("-p no:"),
    "own_blocked_where": lambda facts: facts.once(_own_blocked)[1],
    "pattern_matching_nothing": _pattern_matching_nothing,
    "said_variable_is_setting": _said_variable_is_setting,
    "plugin_expected": _plugin_expected,
    "where_expected": _where_expected,
    "setting_refused": _setting_refused,
    "setting_rejected": _setting_rejected,
}
