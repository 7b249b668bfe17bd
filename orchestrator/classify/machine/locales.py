"""Facts about text that follows data on languages, which changes with who brings it."""

from __future__ import annotations

import re
from typing import NamedTuple

from orchestrator.classify.facts import Fact, Facts, part
from orchestrator.classify.installed import version_of
from orchestrator.classify.releases.asked import used
from orchestrator.classify.rules import knowledge

_NARROW = re.compile(r"\\u202f|\\u2009|\\xa0|[\u00a0\u2009\u202f]")
"""Spaces that are no blanks, as they are or as `repr` writes them."""
_QUOTED = r"'(?:[^'\\]|\\.){1,2000}'|\"(?:[^\"\\]|\\.){1,2000}\""
_COMPARED = re.compile(rf"^(?:AssertionError: )?(?:assert )?({_QUOTED}) (?:==|!=) ({_QUOTED})")
_LEFT_OUT = "..."


class _Written(NamedTuple):
    """A library that writes spaces otherwise from a release on."""

    name: str
    version: str
    since: str


def _spaces_of(facts: Facts) -> _Written | None:
    """The library that the failing files use and that writes one of two texts, which differ only in
    spaces that are no blanks.
    """
    compared = _COMPARED.match(facts.link.message[:5000])
    if compared is None or not _differ_in_spaces(compared[1], compared[2]):
        return None
    for name, since in knowledge("locales")["spaces"].items():
        version = facts.context.installed.version(name)
        if version and name in facts.once(used):
            return _Written(name, version, since)
    return None


def _differ_in_spaces(left: str, right: str) -> bool:
    """Whether one has such spaces where the other has blanks, as far as they are shown."""
    if bool(_NARROW.search(left)) is bool(_NARROW.search(right)):
        return False
    first, second = (_NARROW.sub(" ", text[1:-1]) for text in (left, right))
    if _LEFT_OUT not in first + second:
        return first == second
    begins = sorted((text.partition(_LEFT_OUT)[0] for text in (first, second)), key=len)
    ends = sorted((text.rpartition(_LEFT_OUT)[2] for text in (first, second)), key=len)
    return begins[1].startswith(begins[0]) and ends[1].endswith(ends[0])


def _spaces_pin(facts: Facts) -> str:
    """`babel<2.12`, or where an older release is installed `babel>=2.12`."""
    found = facts.once(_spaces_of)
    version, since = (version_of(found.version), version_of(found.since)) if found else (None, None)
    if found is None or version is None or since is None:
        return ""
    return f"{found.name}{'<' if version >= since else '>='}{found.since}"


FACTS: dict[str, Fact] = {
    "spaces_by": part(_spaces_of, "name"),
    "spaces_pin": _spaces_pin,
    "spaces_since": part(_spaces_of, "since"),
    "spaces_version": part(_spaces_of, "version"),
}
