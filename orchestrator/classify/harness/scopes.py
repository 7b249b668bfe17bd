"""Facts about fixtures that live longer than one which they ask for."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from orchestrator.classify.facts import Context, Fact, Facts
from orchestrator.failures.following import OWN

_STACK = re.compile(
    r"(?P<title>Requesting fixture stack|involved factories):\n"
    r"(?P<stack>.*?)(?:\nRequested fixture:|\Z)",
    re.DOTALL,
)
# tests/conftest.py:241:  def web_server(certificate, key)
_GIVEN = re.compile(r":\d{1,7}:  def \w{1,200}\(([^()\n]{0,1000})\)")
_NARROWER = re.compile(
    r"ScopeMismatch: You tried to access the \w{1,20} scoped fixture (?P<fixture>\w{1,200}) "
)
_DEFINITION = re.compile(r"^(.{1,500}?):(\d{1,7}):  def (\w{1,200})\(", re.MULTILINE)


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
            return (entry.name, place) if entry.origin in OWN and not overridden else ("", "")
    return ("", "") if "-packages/" in file else (function, f"{file}:{line}")


def _wider_fixtures(facts: Facts) -> str:
    """Who asks for this one and lives longer, where several do: then it is this one that is off."""
    seen = facts.context.once(_asking_for_narrower).get(facts["fixture"], {})
    asking = dict.fromkeys((*seen, *_asking_beside(facts)))
    return ", ".join(f"`{name}`" for name in asking) if len(asking) > 1 else ""


def _asking_beside(facts: Facts) -> Iterator[str]:
    """Fixtures that those of the stack are given, that live as long and that ask for it too."""
    stack = _STACK.search(facts.link.message)
    lists = _GIVEN.findall(stack["stack"]) if stack else []
    given = {name.strip() for found in lists for name in found.split(",")}
    scopes = {(one.name, one.file): one.scope for one in facts.failure.fixtures}
    for entry in facts.context.project.fixtures:
        lives_as_long = scopes.get((entry.name, entry.file)) == facts.group("requesting_scope")
        if entry.name in given and facts["fixture"] in entry.asks and lives_as_long:
            yield entry.name


def _asking_for_narrower(context: Context) -> Mapping[str, dict[str, None]]:
    """By fixture: who asks for it and lives longer."""
    asking: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for failure in context.recording.failures:
        for link in failure.exceptions[:1]:
            if found := _NARROWER.match(link.message):
                groups = {"fixture": found["fixture"]}
                asked = context.facts(failure, link).with_groups(groups)
                asking[found["fixture"]].update(
                    dict.fromkeys(filter(None, (asked["asking_fixture"],)))
                )
    return asking


def _is_same_file(shown: str, recorded: str) -> bool:
    """Whether a path that pytest shows from where it was started is the one recorded."""
    return f"/{shown}".endswith(f"/{recorded}") or f"/{recorded}".endswith(f"/{shown}")


def _asking_fixture(facts: Facts) -> str:
    return _asking(facts)[0]


def _asking_place(facts: Facts) -> str:
    return _asking(facts)[1]


def _origin(facts: Facts) -> str:
    """Whose the fixture is that was asked for: what tests define stands in for the product's."""
    named = (one.origin for one in facts.failure.fixtures if one.name == facts["fixture"])
    return next(named, "")


FACTS: dict[str, Fact] = {
    "asking_fixture": _asking_fixture,
    "asking_place": _asking_place,
    "wider_fixtures": _wider_fixtures,
}
