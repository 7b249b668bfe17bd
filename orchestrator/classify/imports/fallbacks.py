"""Facts about imports that are tried only because another one failed before.

`try: from frames.utils.rows import x except ImportError: from rows import x` says in the end that
`rows` is absent. That may never have been meant to be there: what was tried first has left a
distribution that is installed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from conftest_kit.records import Raised
from orchestrator.classify.facts import Fact, Facts, part
from orchestrator.classify.installed import Owner
from orchestrator.failures.printed import READ, exception

_IMPORTING = ("ModuleNotFoundError", "ImportError")
_PRINTED_BEFORE = re.compile(
    r"^(?P<type>ModuleNotFoundError|ImportError): (?P<message>.{1,1000})\n\n"
    r"During handling of the above exception, another exception occurred:$",
    re.MULTILINE,
)


def _tried_first(facts: Facts) -> Facts | None:
    """What is said of the import that failed before, where a release is known to have dropped what
    it asked for, and what is absent now was asked for in its place.
    """
    for handled in _handled(facts) if facts["module"] and not facts["symbol"] else ():
        first = facts.context.facts(facts.failure, handled)
        wanted, absent = first["module"], facts["module"]
        replaces = wanted.endswith(f".{absent}") or f"`{absent}`" in first["break_change"]
        if wanted != absent and replaces and first["break_owner"]:
            return first
    return None


def _asked_first(facts: Facts) -> Facts | None:
    """What is said of the import that failed before, where somebody asks for what brings it, and
    nobody for what brings the one that was tried in its place.
    """
    if facts["module_state"] != "absent" or facts["distribution_source"] != "unverified":
        return None
    tried = (facts.context.facts(facts.failure, handled) for handled in _handled(facts))
    return next((first for first in tried if _is_asked_and_absent(first)), None)


def _is_asked_and_absent(facts: Facts) -> bool:
    asked = facts["distribution_source"] in ("declared", "required")
    return asked and facts["module_state"] == "absent"


def _handled(facts: Facts) -> Iterator[Raised]:
    """The failed imports that the exception was raised in the handler of, as far as one can see."""
    links = facts.failure.exceptions
    places = [place for place, link in enumerate(links) if link is facts.link]
    for link in links[places[0] + 1 :] if places else ():
        if link.type in _IMPORTING and link.relation == "context":
            yield link
    for text in () if places else facts.failure.captured.values():
        for found in _PRINTED_BEFORE.finditer(text[-READ:]):
            yield exception(found["type"], found["message"])


def _owner_of(facts: Facts) -> Owner | None:
    first = facts.once(_tried_first)
    return Owner(name=first["break_owner"], version=first["break_version"]) if first else None


def _of_first(name: str, find: Callable[[Facts], Facts | None] = _tried_first) -> Fact:
    """What is known of the import that was tried first; empty where there is none."""

    def fact(facts: Facts) -> str:
        first = facts.once(find)
        return first[name] if first else ""

    return fact


FACTS: dict[str, Fact] = {
    "asked_first": _of_first("distribution", _asked_first),
    "asked_first_module": _of_first("module", _asked_first),
    "asked_first_said": _of_first("distribution_said", _asked_first),
    "tried_first": _of_first("module"),
    "tried_first_of": part(_owner_of, "name"),
    "tried_first_of_version": part(_owner_of, "version"),
    "tried_first_pin": _of_first("break_pin"),
    "tried_first_said": _of_first("break_said"),
}
