"""Which release of a library has which name and takes which argument: `knowledge/surface/`.

One file for each distribution, read when it is asked for: the releases that were looked at, all
that there are, and what came (`+`) and left (`-`) with which of those looked at. What is always
there, or comes and goes with its module or class, is not in it: of that nothing is said.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Literal, NamedTuple

from packaging.version import Version

from orchestrator.classify.installed import version_of

Section = Literal["modules", "names", "members", "calls"]

_STEP = re.compile(r"([+-])([^+-]+)")


class Change(NamedTuple):
    """Two releases that differ in what was asked for, and the one that is installed lacks it."""

    left: bool
    """Whether it left before the installed release; else it came after."""
    has: str
    """The nearest release looked at that has it."""
    lacks: str
    """The next to that, towards the installed one, that has not; empty where none was looked at."""
    series: str
    """`2.3`: the release that it left or came with, as exactly as is known."""
    pin: str
    """`<2.3`: the releases that have it."""


class Library(NamedTuple):
    """What is known of a distribution."""

    looked: tuple[Version, ...]
    """The oldest first."""
    released: tuple[Version, ...]
    sections: dict[str, dict[str, str]]

    def change(self, section: Section, owner: str, name: str, installed: str) -> Change | None:
        """How others differ from an installed release that lacks a name; None where they do not, or
        where it should be there.
        """
        steps = _steps(self.sections.get(section, {}).get(owner, ""), name)
        version = version_of(installed)
        if not steps or version is None:
            return None
        seen = _seen(self.looked, steps)
        before = [one for one in self.looked if one <= version]
        after = [one for one in self.looked if one > version]
        nearest = seen[before[-1]] if before else None
        if not after and nearest is not False:
            return None
        if nearest and (version == before[-1] or seen[after[0]]):
            return None
        last = next((one for one in reversed(before) if seen[one]), None)
        if last is not None:
            return self._left(last, seen, version)
        first = next((one for one in after if seen[one]), None)
        return self._came(first, seen, version) if first is not None else None

    def agreed(self, section: Section, name: str, installed: str) -> Change | None:
        """The same of whatever holds the name, where all that do differ alike."""
        holding = (
            owner
            for owner, line in self.sections.get(section, {}).items()
            if name in line and _steps(line, name)
        )
        found = {self.change(section, owner, name, installed) for owner in holding}
        return found.pop() if len(found) == 1 else None

    def _left(self, last: Version, seen: dict[Version, bool], installed: Version) -> Change:
        absent = (one for one in self.looked if one > last and not seen[one])
        lacks = next(absent, installed)
        below = self._following(last)
        return Change(
            left=True,
            has=str(last),
            lacks=str(min(lacks, installed)),
            series=self._series(below, last, min(lacks, installed)),
            pin=f"<{below}",
        )

    def _came(self, first: Version, seen: dict[Version, bool], installed: Version) -> Change:
        missing = [one for one in self.looked if one < first]
        later = [one for one in self.looked if one > first and not seen[one]]
        lowest = _shortest(missing[-1], first) if missing else first
        at_least = f">={lowest}" if lowest > installed else f">{installed}"
        kept = [one for one in self.looked if later and first <= one < later[0]]
        below = f",<{self._following(kept[-1])}" if kept else ""
        return Change(
            left=False,
            has=str(first),
            lacks=str(missing[-1]) if missing else "",
            series=self._series(lowest, missing[-1], first) if missing else "",
            pin=f"{at_least}{below}",
        )

    def _series(self, edge: Version, before: Version, after: Version) -> str:
        """The edge, where no series between the two was left out."""
        near = (before.release[:2], after.release[:2])
        between = (one for one in self.released if before < one < after)
        if any(one.release[:2] not in near for one in between):
            return ""
        return str(edge) if len(edge.release) > 1 else f"{edge}.0"

    def _following(self, version: Version) -> Version:
        """The shortest version that is above one and not above the next that was released."""
        after = next((one for one in self.released if one > version), None)
        return _shortest(version, after) if after else version


@cache
def _known() -> dict[str, Traversable]:
    folder = files("orchestrator").joinpath("knowledge/surface")
    return {file.name.removesuffix(".txt"): file for file in folder.iterdir()}


@cache
def library(name: str) -> Library | None:
    """What is known of a distribution, by its normalised name."""
    file = _known().get(name)
    return parse(file.read_text("utf-8")) if file else None


def parse(text: str) -> Library:
    """The content of a file."""
    head, *rest = text.split("\n[")
    said = dict(line.split(" ", 1) for line in head.splitlines() if not line.startswith("#"))
    sections: dict[str, dict[str, str]] = {}
    for part in rest:
        title, _, lines = part.partition("]\n")
        held = sections.setdefault(title, {})
        for line in filter(None, lines.splitlines()):
            owners, _, changed = line.partition(" ")
            for owner in owners.split(","):
                held[owner] = f"{held[owner]} {changed}" if owner in held else changed
    return Library(
        looked=tuple(map(Version, said["looked"].split())),
        released=tuple(map(Version, said["released"].split())),
        sections=sections,
    )


def _steps(line: str, name: str) -> list[tuple[bool, Version]]:
    """When a name came and left, of a line of an owner."""
    changed = ""
    for word in line.split():
        if word[0] in "+-":
            changed = word
        elif word == name:
            return [(sign == "+", Version(text)) for sign, text in _STEP.findall(changed)]
    return []


def _seen(looked: tuple[Version, ...], steps: list[tuple[bool, Version]]) -> dict[Version, bool]:
    """Which of the releases looked at have a name."""
    found = {}
    for version in looked:
        past = [came for came, at in steps if at <= version]
        found[version] = past[-1] if past else not steps[0][0]
    return found


def _shortest(below: Version, version: Version) -> Version:
    """As much of a version as sets it above another: 2.3 of 2.3.1 above 2.2.5."""
    for length in range(1, len(version.release)):
        cut = Version(f"{version.epoch}!" + ".".join(map(str, version.release[:length])))
        if below < cut:
            return cut
    return version
