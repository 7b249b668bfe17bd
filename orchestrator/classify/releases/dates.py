"""When releases came out, and the moment of which an environment is.

Who installs a project gets, of most distributions, the newest release of that day; a lock file
keeps it so. A release that came long after that day was installed later, by itself; one that was
no longer the newest was held back. Months only, minor releases only: `knowledge/releases.txt`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from packaging.utils import canonicalize_name

from orchestrator.classify.installed import version_of

PYTHON = "python"
_SEVERAL = 5
"""So many releases have to be known for most of them to mean something."""
_MOST = 0.75
"""How many of them have to agree."""
_SPREAD = 24
"""Months from which on they are no moment."""
_FOR_EVER = 1 << 20
_DATE = re.compile(r"^# date: (\d{2})(\d{2})-(\d{2})-", re.MULTILINE)
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip

Minor = tuple[int, int]


class Span(NamedTuple):
    """From which month to which a minor release was the newest; months are counted from 2000."""

    first: int
    last: int

    def holds(self, month: int) -> bool:
        """Whether it was the newest then."""
        return self.first <= month <= self.last


class Moment(NamedTuple):
    """When most of what is installed was the newest of its kind."""

    first: int
    last: int
    fitting: int
    known: int

    def months_from(self, span: Span) -> int:
        """How long after the moment a release came; how long before it, negative, a newer one did;
        0 where it was the newest.
        """
        if span.first > self.last:
            return span.first - self.last
        return min(span.last - self.first, 0)

    @property
    def said(self) -> str:
        """`February 2024`; of what is spread over years `February 2024 or later`."""
        is_spread = self.last - self.first > _SPREAD
        return f"{said(self.first)} or later" if is_spread else said(self.last)


def moment(spans: Collection[Span]) -> Moment | None:
    """Of releases that are installed; None where few are known, or they do not agree.

    The first and the last month in which so many of them were the newest as in no other.
    """
    if len(spans) < _SEVERAL:
        return None
    months = sorted({one.first for one in spans})
    fitting = {month: sum(one.holds(month) for one in spans) for month in months}
    most = max(fitting.values())
    best = [month for month in months if fitting[month] == most]
    last = min(one.last for one in spans if one.holds(best[-1]))
    agree = most >= _MOST * len(spans)
    return Moment(best[0], min(last, listed()), most, len(spans)) if agree else None


def since_one(spans: Mapping[str, Span]) -> tuple[str, Moment] | None:
    """The release that was replaced before any of the others came out, where there is one, and
    from when on these are.
    """
    name = min(spans, key=lambda one: spans[one].last, default="")
    others = [found.first for other, found in spans.items() if other != name]
    if len(others) < _SEVERAL - 1 or spans[name].last >= min(others):
        return None
    return name, Moment(min(others), listed(), len(others), len(spans))


def span(name: str, version: str) -> Span | None:
    """Of the minor release that a version belongs to; None where its month is not known. What is
    newer than all that are known came after they were listed.
    """
    known, minor = months(canonicalize_name(name)), _minor(version)
    if not known or minor is None:
        return None
    if minor > max(known):
        return Span(listed(), _FOR_EVER)
    if minor not in known:
        return None
    later = (month for other, month in known.items() if other > minor and month >= known[minor])
    return Span(known[minor], min(later, default=_FOR_EVER))


def newest_at(name: str, month: int) -> Minor | None:
    """The minor release that was the newest in a month; None where none was out."""
    known = months(canonicalize_name(name))
    return max((minor for minor, released in known.items() if released <= month), default=None)


def said(month: int) -> str:
    """`February 2024`."""
    return f"{_MONTHS[month % 12]} {2000 + month // 12}"


@lru_cache(maxsize=2048)
def months(name: str) -> Mapping[Minor, int]:
    """Minor releases of a distribution, by normalised name, to the months in which they came out;
    of Python by the name `python`. Empty where it is not known.
    """
    found: dict[Minor, int] = {}
    for entry in _lines().get(name, "").split():
        release, _, month = entry.partition(":")
        major, _, minor = release.partition(".")
        found[int(major), int(minor)] = int(month[:2]) * 12 + int(month[2:]) - 1
    return found


@cache
def listed() -> int:
    """The month in which the releases were listed."""
    date = _DATE.search(_text()[:500])
    return int(date[2]) * 12 + int(date[3]) - 1 if date else 0


@cache
def _lines() -> Mapping[str, str]:
    lines = (line.partition(" ") for line in _text().splitlines() if not line.startswith("#"))
    return {name: releases for name, _, releases in lines}


@cache
def _text() -> str:
    return files("orchestrator").joinpath("knowledge/releases.txt").read_text("utf-8")


def _minor(version: str) -> Minor | None:
    known = version_of(version)
    return (known.major, known.minor) if known else None
