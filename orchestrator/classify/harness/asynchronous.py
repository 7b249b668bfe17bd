"""Facts about an async fixture that pytest-asyncio, in its mode `strict`, leaves to pytest."""

from __future__ import annotations

import re

from conftest_kit.records import Failure, Raised
from orchestrator.classify.facts import Context, Fact, Facts

_PLUGIN = "pytest-asyncio"
_ITS_OWN = "pytest_asyncio/"
_ASKED = re.compile(r"requested an async fixture '(\w{1,200})', with no plugin")
_NOBODY_RUNS = "async def functions are not natively supported"
_EXECUTES = ("_pytest/fixtures.py", "execute")


def _plain_async_fixture(facts: Facts) -> str:
    """The own async fixture that bears no mark of the plugin's, where its test does; or where it is
    the only one of the run, and no test is without one, so that the mode is not what is wrong.

    pytest 9.2 trips over the remains of such a fixture (`assert not self._finalizers`) in the tests
    that ask for it later.
    """
    if facts["async_plugin"] != _PLUGIN or not facts.context.installed.has(_PLUGIN):
        return ""
    refused = facts.context.once(_refused)
    name = _name_of(facts.failure, facts.link, refused)
    own = any(one.name == name and one.origin != "installed" for one in facts.failure.fixtures)
    if not own or facts["disabled_by"]:
        return ""
    lone = refused == {name} and not facts["async_mode_set"]
    return name if lone or name in facts.context.once(_of_marked) else ""


def _name_of(failure: Failure, link: Raised, refused: frozenset[str]) -> str:
    if found := _ASKED.search(link.message[:1000]):
        return found[1]
    last = link.frames[-1] if link.frames else None
    if last is None or (last.file, last.function) != _EXECUTES or link.message:
        return ""
    return next((one.name for one in failure.fixtures if one.name in refused), "")


def _refused(context: Context) -> frozenset[str]:
    """The async fixtures that pytest refuses; and `` where it refuses a test."""
    found = set()
    for failure in context.recording.failures:
        for link in failure.exceptions:
            if asked := _ASKED.search(link.message[:1000]):
                found.add(asked[1])
            elif link.message.startswith(_NOBODY_RUNS):
                found.add("")
    return frozenset(found)


def _of_marked(context: Context) -> frozenset[str]:
    """Those of them that a test asks for which the plugin took for its own: it prepares that."""
    refused = context.once(_refused)
    return frozenset(
        _name_of(failure, link, refused)
        for failure in context.recording.failures
        for link in failure.exceptions
        if any(one.file.startswith(_ITS_OWN) and one.function == "setup" for one in link.frames)
    )


def _async_fixture_place(facts: Facts) -> str:
    named = (one for one in facts.failure.fixtures if one.name == facts["plain_async_fixture"])
    return next((f"{one.file}:{one.line}" for one in named), "")


FACTS: dict[str, Fact] = {
    "async_fixture_place": _async_fixture_place,
    "plain_async_fixture": _plain_async_fixture,
}
