"""Facts about the test harness: fixtures, plugins and what they bring, options and markers."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from packaging.utils import canonicalize_name

from conftest_kit.records import Fixture, Frame
from orchestrator.classify.facts import Fact, Facts, is_harness, own_frame
from orchestrator.classify.plugins import Plugin, plugins, plugins_by_name
from orchestrator.classify.rules import knowledge

_OWN = ("project", "test")
_STACK = re.compile(
    r"(?P<title>Requesting fixture stack|involved factories):\n"
    r"(?P<stack>.*?)(?:\nRequested fixture:|\Z)",
    re.DOTALL,
)
_DEFINITION = re.compile(r"^(.{1,500}?):(\d{1,7}):  def (\w{1,200})\(", re.MULTILINE)


_AROUND_TESTS = frozenset({"setUp", "tearDown", "asyncSetUp", "asyncTearDown"})
_WIDELY_USED = 100
"""How many plugins, of those that are known."""


def _plugin_of(facts: Facts, brings: str, name: str) -> Plugin | None:
    """Who brings it: a plugin the project asks for, else one installed, else the most used.

    Markers are words that projects make up (`slow`): of them only widely used plugins are believed.
    """
    project, installed = facts.context.project, facts.context.installed
    believed = plugins()[:_WIDELY_USED] if brings == "markers" else plugins()
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


def _plugin(facts: Facts) -> str:
    """The distribution whose plugin brings what was not found."""
    brings, name = _wanted(facts)
    found = _plugin_of(facts, brings, name) if name else None
    return found.distribution if found else facts.group("plugin") or _of_its_name(facts)


def _of_its_name(facts: Facts) -> str:
    """The plugin that adds a name to the module `pytest`: `lazy_fixture` says whose it is."""
    name = canonicalize_name(f"pytest-{facts['symbol']}")
    known = name in plugins_by_name() or facts.context.project.declared((name,))
    return name if facts["module"] == "pytest" and facts["symbol"] and known else ""


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


def _timeout_plugin(facts: Facts) -> str:
    """The version of the pytest-timeout that is loaded."""
    return facts.context.recording.run.environment.plugins.get("pytest-timeout", "")


def _plugin_fits(facts: Facts) -> str:
    """`yes` unless the plugin serves a library that this project does not use.

    Without Django, a fixture `db` is not that of pytest-django; `django_db_setup` is.
    """
    plugin, project = facts["plugin"], facts.context.project
    serves = plugin.removeprefix("pytest-")
    bring = knowledge("imports")["modules"].get(serves, (plugin,))
    if not plugin or serves == plugin or plugin in bring or serves in facts["fixture"]:
        return "yes" if plugin else ""
    used = facts.context.installed.has(serves) or project.declared((serves, plugin))
    return "yes" if used else ""


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
    project, test = facts.context.project, facts["test_file"]
    found = (
        entry
        for entry in project.fixtures
        # An example in the checkout that is a project of its own does not serve these tests.
        if entry.name == facts["fixture"] and project.part_of(entry.file) == project.part_of(test)
    )
    first = next(found, None)
    return f"{first.file}:{first.line}" if first else ""


def _out_of_reach(facts: Facts) -> str:
    """Why the test does not see that fixture."""
    file = facts["defined_in"].rpartition(":")[0]
    folder, _, name = file.rpartition("/")
    if not file:
        return ""
    if name != "conftest.py":
        return f"{file} is no conftest.py, so its fixtures serve only the tests in it"
    if not folder or facts["test_file"].startswith(f"{folder}/"):
        return f"{file} is above the test and was not loaded (--noconftest, confcutdir, rootdir)"
    return f"{file} serves only tests below {folder}/"


def _own_conftest(facts: Facts) -> str:
    """The nearest conftest.py that the checkout has for the test; empty where it has none."""
    folder = facts["test_file"].rpartition("/")[0]
    while True:
        file = f"{folder}/conftest.py".lstrip("/")
        if file in facts.context.project.files:
            return file
        if not folder:
            return ""
        folder = folder.rpartition("/")[0]


def _fixture_asked_for_by(facts: Facts) -> str:
    """The fixture that asks for the one that nobody brings; empty where the test does."""
    asking = facts.attribute("requested_by")
    return "" if asking.startswith("test") or asking == facts["fixture"] else asking


def _asks_itself(facts: Facts) -> str:
    """`yes` where the fixture asks for one of its own name, which somebody else would bring."""
    name = facts["fixture"]
    own = any(name in one.asks for one in facts.context.project.fixtures if one.name == name)
    return "yes" if name and (own or facts.attribute("requested_by") == name) else ""


def _raised_in(facts: Facts) -> Fixture | None:
    """The fixture in whose code the exception was raised.

    While a test is set up or torn down, the code that runs is a fixture's: the one whose file and
    function, or nearest line above, the first own frame of the traceback shows.
    """
    if facts.failure.phase not in ("setup", "teardown"):
        return None
    for frame in facts.frames:
        if frame.origin not in ("project", "test"):
            continue
        here = [entry for entry in facts.failure.fixtures if entry.file == frame.file]
        names = {frame.function, *_names_of(facts, frame)}
        named = [entry for entry in here if entry.name in names]
        above = [entry for entry in here if entry.line <= frame.line and not _is_xunit(frame)]
        found = named or sorted(above, key=lambda entry: -entry.line)
        return found[0] if found else None
    return None


def _asking(facts: Facts) -> tuple[str, str]:
    """The own fixture that asks for one of a narrower scope, and its place; empty for a plugin's.

    pytest hands this over as text only: of the stack that it prints, the last line asks; where it
    prints no other list, the last is what is asked for.
    """
    stack = _STACK.search(facts.link.message)
    lines = _DEFINITION.findall(stack["stack"]) if stack else []
    if stack and stack["title"] == "involved factories":
        lines = [line for line in lines if line[2] != facts.group("fixture")]
    if not lines:
        return "", ""
    file, line, function = lines[-1]
    for entry in facts.failure.fixtures:
        if entry.line == int(line) and _is_same_file(file, entry.file):
            place = f"{entry.file}:{entry.line}"
            overridden = entry.origin == "project" and _origin(facts) == "test"
            return (entry.name, place) if entry.origin in _OWN and not overridden else ("", "")
    return ("", "") if "-packages/" in file else (function, f"{file}:{line}")


def _is_same_file(shown: str, recorded: str) -> bool:
    """Whether a path that pytest shows from where it was started is the one recorded."""
    return f"/{shown}".endswith(f"/{recorded}") or f"/{recorded}".endswith(f"/{shown}")


def _asking_fixture(facts: Facts) -> str:
    return _asking(facts)[0]


def _asking_place(facts: Facts) -> str:
    return _asking(facts)[1]


def _fixture_is_own(facts: Facts) -> str:
    """`yes` where a file of the checkout defines the fixture that was asked for."""
    named = (entry for entry in facts.failure.fixtures if entry.name == facts["fixture"])
    return "yes" if any(entry.origin in _OWN for entry in named) else ""


def _origin(facts: Facts) -> str:
    """Whose the fixture is that was asked for: what tests define stands in for the product's."""
    named = (one.origin for one in facts.failure.fixtures if one.name == facts["fixture"])
    return next(named, "")


def _matched_by(facts: Facts) -> str:
    """`pytester` where its matching of an inner run's output raised."""
    inside = any(frame.file == "_pytest/pytester.py" for frame in facts.link.frames)
    return "pytester" if inside else ""


def _names_of(facts: Facts, frame: Frame) -> Iterator[str]:
    """The fixture that a function defines under another name."""
    for entry in facts.context.project.fixtures:
        if (entry.file, entry.function) == (frame.file, frame.function):
            yield entry.name


def _is_xunit(frame: Frame) -> bool:
    return frame.function.lower().startswith(("setup", "teardown", "asyncsetup", "asyncteardown"))


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


_EMPTY = re.compile(
    r"^'(?P<type>NoneType|coroutine|async_generator|generator|function)' object "
    r"(?:is not \w{1,20}|has no attribute '(?P<attribute>\w{1,200})')"
)


def _empty(facts: Facts) -> tuple[str, str]:
    """A fixture of the project that the raising line of the test uses as what it is not, and what
    it is.
    """
    found = _EMPTY.match(facts.link.message)
    frame = facts.frames[-1] if facts.frames else None
    if not found or frame is None or not frame.function.startswith("test"):
        return "", ""
    used = rf"\.{found['attribute']}\b" if found["attribute"] else r"(?:\[|\()"
    for entry in facts.failure.fixtures:
        if entry.origin in _OWN and re.search(rf"(?<![\w.]){entry.name}{used}", frame.source):
            return entry.name, found["type"]
    return "", ""


def _empty_fixture(facts: Facts) -> str:
    return _empty(facts)[0]


def _empty_object(facts: Facts) -> str:
    return _empty(facts)[1]


def _case_method(facts: Facts) -> str:
    """The method of a unittest.TestCase that the exception came out of, where it is no test."""
    own = next((frame for frame in facts.frames if frame.origin in _OWN), None)
    return own.function if own and own.function in _AROUND_TESTS else ""


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
        if plugin and not facts.context.installed.has(plugin.distribution):
            found.setdefault(plugin.distribution, []).append(option)
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


def _nearest_marker(facts: Facts) -> str:
    known = {"parametrize", "skip", "skipif", "xfail", "usefixtures", "filterwarnings"}
    for plugin in plugins():
        known.update(plugin.markers)
    return next(iter(difflib.get_close_matches(facts.group("marker"), known, n=1, cutoff=0.8)), "")


def _async_plugin(facts: Facts) -> str:
    """The plugin that runs `async def` tests: the one the project asks for, else the usual one."""
    # anyio comes along with many libraries, so that it is installed says nothing of the tests.
    names = (
        "pytest-asyncio",
        "pytest-trio",
        "pytest-aiohttp",
        "pytest-tornasync",
        "pytest-twisted",
    )
    project, installed = facts.context.project, facts.context.installed
    declared = (name for name in (*names, "anyio") if project.declared((name,)))
    present = (name for name in names if installed.has(name))
    return next(declared, "") or next(present, names[0])


def _async_plugin_state(facts: Facts) -> str:
    return "installed" if facts.context.installed.has(facts["async_plugin"]) else "absent"


def _plugin_manager(facts: Facts) -> str:
    """The pytest that is installed."""
    return facts.context.installed.version("pytest")


FACTS: dict[str, Fact] = {
    "asks_itself": _asks_itself,
    "asking_fixture": _asking_fixture,
    "asking_place": _asking_place,
    "async_plugin": _async_plugin,
    "async_plugin_state": _async_plugin_state,
    "defined_in": _defined_in,
    "empty_fixture": _empty_fixture,
    "empty_object": _empty_object,
    "failing_fixture": _failing_fixture,
    "failing_fixture_place": _failing_fixture_place,
    "fixture": _fixture,
    "fixture_asked_for_by": _fixture_asked_for_by,
    "fixture_is_own": _fixture_is_own,
    "case_method": _case_method,
    "harness_raised": _harness_raised,
    "matched_by": _matched_by,
    "lacking_plugins": _lacking_plugins,
    "lacking_said": _lacking_said,
    "nearest_fixture": _nearest_fixture,
    "nearest_marker": _nearest_marker,
    "option": _option,
    "out_of_reach": _out_of_reach,
    "own_conftest": _own_conftest,
    "plugin": _plugin,
    "plugin_fits": _plugin_fits,
    "plugin_said": _plugin_said,
    "plugin_state": _plugin_state,
    "plugin_version": _plugin_version,
    "pytest_version": _plugin_manager,
    "timeout_plugin": _timeout_plugin,
}
