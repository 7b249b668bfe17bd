"""Facts about a key of a time zone that there is none for."""

from __future__ import annotations

import difflib
import re
from functools import cache
from importlib.resources import files

from conftest_kit.records import Frame
from orchestrator.classify.facts import Fact, Facts
from orchestrator.failures.following import OWN

_NOT_FOUND = {
    "ZoneInfoNotFoundError": re.compile(r"No time zone found with key (?P<key>[^'\"\s]{1,100})"),
    "UnknownTimeZoneError": re.compile(r"^['\"]?(?P<key>[\w/+-]{1,100})['\"]?$"),
}
_ALIKE = 0.7


@cache
def zones() -> frozenset[str]:
    """The keys of all time zones, as the database of IANA has them."""
    text = files("orchestrator").joinpath("knowledge/time_zones.txt").read_text("utf-8")
    return frozenset(
        key for line in text.splitlines() if not line.startswith("#") for key in line.split()
    )


def _zone_unknown(facts: Facts) -> str:
    """The key that somebody asked for and that is no time zone's; data alone do not lack there."""
    for link in facts.failure.exceptions:
        shape = _NOT_FOUND.get(link.type.rpartition(".")[2])
        found = shape.search(link.message[:500]) if shape else None
        if found and found["key"] not in zones():
            return found["key"]
    return ""


def _zone_meant(facts: Facts) -> str:
    """The key that is the nearest."""
    near = difflib.get_close_matches(facts["zone_unknown"], sorted(zones()), n=1, cutoff=_ALIKE)
    return next(iter(near), "")


def _asking(facts: Facts) -> Frame | None:
    """The deepest line of own code, of any exception of the chain."""
    frames = [frame for link in facts.failure.exceptions for frame in link.frames]
    return next((frame for frame in reversed(frames) if frame.origin in OWN), None)


def _zone_file(facts: Facts) -> str:
    frame = facts.once(_asking)
    return frame.file if frame else ""


def _zone_place(facts: Facts) -> str:
    frame = facts.once(_asking)
    return f"{frame.file}:{frame.line}" if frame else ""


FACTS: dict[str, Fact] = {
    "zone_file": _zone_file,
    "zone_meant": _zone_meant,
    "zone_place": _zone_place,
    "zone_unknown": _zone_unknown,
}
