"""Facts about the release that is out of step with the others: it came long after the moment of
which the environment is, or was replaced by a newer one long before.

It is what was installed by itself: of what does not fit each other the likelier culprit, and where
nothing else says why a value is another one, the one to look at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from packaging.utils import canonicalize_name

from orchestrator.classify.changes.since_green import changed
from orchestrator.classify.distributions.owners import asking, misfit, owner_of, touching
from orchestrator.classify.facts import Context, Fact, Facts, module_of, part
from orchestrator.classify.installed import Unmet, is_exact
from orchestrator.classify.releases import dates
from orchestrator.classify.releases.asked import used
from orchestrator.classify.releases.dates import PYTHON, Moment, Span
from orchestrator.classify.releases.sought import above

_AHEAD = 3
"""Months after the others, from which on a release did not come with them."""
_BEHIND = 12
_LONG_BEHIND = 30
"""Months from which on who is behind by no wish explains a value."""
_LEFT_BEHIND = 15
"""The same where the others agree only in that all of them came later."""
_HARNESS = frozenset({"pytest", "pluggy", "iniconfig"})
_INSTALLERS = frozenset({"pip", "wheel"})
"""What is of the day on which an environment was made, whatever else is in it."""
_PARTIES = ("owner", "object_owner", "callee", "released_owner", "break_owner")


class _Dated(NamedTuple):
    """What is known of when the releases of an environment came out."""

    moment: Moment
    apart: Mapping[str, int]
    """Normalised names, `python` too, to the months after the moment; negative ones before."""
    long: int
    """Months before it that explain a value."""


class Step(NamedTuple):
    """A release that is out of step."""

    name: str
    version: str
    months: int
    moment: Moment

    @property
    def way(self) -> str:
        """`ahead` or `behind`."""
        return "ahead" if self.months > 0 else "behind"

    @property
    def then(self) -> str:
        """`2.2`: its newest minor release at the moment; empty where none was out."""
        month = self.moment.last if self.way == "ahead" else self.moment.first
        newest = dates.newest_at(self.name, month)
        return f"{newest[0]}.{newest[1]}" if newest else ""

    @property
    def rest(self) -> str:
        """`the rest is of December 2024, as pandas 2.2 is`."""
        beside = f", as {self.name} {self.then} is" if self.then else ""
        return f"the rest is of {self.moment.said}{beside}"

    @property
    def said(self) -> str:
        """`pandas 3.0.1 came out 13 months later: the rest is of December 2024, as pandas 2.2 is
        (23 of 24 dated releases)`.
        """
        months = abs(self.months)
        how = f"came out {months} months later"
        if self.way == "behind":
            how = f"had been followed by a newer one {months} months before"
        agreed = f"{self.moment.fitting} of {self.moment.known} dated releases"
        return f"{self.name} {self.version} {how}: {self.rest} ({agreed})"


def _dated(context: Context) -> _Dated | None:
    own, installed = context.own_names, context.installed
    names = installed.versions.keys() - own - _INSTALLERS
    spans = {name: one for name in names if (one := dates.span(name, installed.versions[name]))}
    moment = dates.moment(spans.values())
    if moment is None:
        return _left_behind(spans)
    python = dates.span(PYTHON, context.recording.run.environment.python.get("version", ""))
    # An older Python is supported for years; one that came later was new to all of them.
    if python and python.first > moment.last:
        spans[PYTHON] = python
    months = {name: moment.months_from(one) for name, one in spans.items()}
    apart = {name: by for name, by in months.items() if by >= _AHEAD or -by >= _BEHIND}
    return _Dated(moment, apart, _LONG_BEHIND)


def _left_behind(spans: Mapping[str, Span]) -> _Dated | None:
    name, moment = dates.since_one(spans) or ("", None)
    if moment is None or moment.first - spans[name].last < _LEFT_BEHIND:
        return None
    return _Dated(moment, {name: spans[name].last - moment.first}, _LEFT_BEHIND)


def step_of(facts: Facts, name: str) -> Step | None:
    """How far a distribution is out of step; None where it is not, or nothing is known."""
    found, normalised = facts.context.once(_dated), canonicalize_name(name)
    if found is None or normalised not in found.apart:
        return None
    version = facts.context.installed.version(name)
    return Step(name, version, found.apart[normalised], found.moment)


def is_alone_behind(facts: Facts, step: Step) -> bool:
    """Whether it is the only one that was held back: what a project holds back comes in numbers."""
    dated = facts.context.once(_dated)
    behind = [name for name, months in dated.apart.items() if months < 0] if dated else []
    return behind == [canonicalize_name(step.name)]


def _newcomer(facts: Facts) -> Step | None:
    """Of what the failing files use the only release that came long after the others, or that
    alone of all was held back for long, and is not so by anybody's wish; where a green run is known
    only if it changed since.
    """
    found = [step_of(facts, name) for name in sorted(facts.once(used) - _HARNESS)]
    ahead = [one for one in found if one and one.way == "ahead"]
    behind = [one for one in found if one and is_alone_behind(facts, one)]
    dated = facts.context.once(_dated)
    apart = ahead or [one for one in behind if dated and -one.months >= dated.long]
    if len(apart) != 1 or _is_wished(facts, apart[0]):
        return None
    is_new = facts.context.green is None or apart[0].name in facts.once(changed)
    return apart[0] if is_new else None


def _other_newcomer(facts: Facts) -> str:
    """The same, unless it is what does not meet a requirement: that says more than dates."""
    return facts["newcomer"] if facts["newcomer"] != facts["asked_name"] else ""


def _is_wished(facts: Facts, step: Step) -> bool:
    """Whether the project, or what is installed, refuses what was the newest at the moment."""
    installed, name = facts.context.installed, canonicalize_name(step.name)
    entries = [one for one in facts.context.project.requirements if one.name == name]
    bounds = [found for one in entries if (found := installed.admitted(one.text))]
    bounds = [one for one in bounds if not any(map(is_exact, one))]
    bounds += [asked for _, asked in installed.specifiers(step.name)]
    return any(not one.contains(f"{step.then}.9999") for one in bounds if step.then)


def _misdated(facts: Facts) -> Step | None:
    """Of the distributions that have a part in the failure the only one that is out of step; none
    that asks for another release of what others refuse as well.
    """
    parties = {canonicalize_name(name): name for name in _parties(facts) if name}
    steps = [found for name in parties.values() if (found := step_of(facts, name))]
    if len(steps) != 1:
        return None
    asked = (one for one in _unmet(facts) if one.by.name == steps[0].name)
    return None if any(_is_refused_by_others(facts, one) for one in asked) else steps[0]


def _is_refused_by_others(facts: Facts, unmet: Unmet) -> bool:
    asking = facts.context.installed.specifiers(unmet.name)
    return any(by != unmet.by and not asked.contains(unmet.installed) for by, asked in asking)


def _misdated_shown(facts: Facts) -> str:
    """What is said of it where it is the culprit of what does not fit each other."""
    is_asked = facts["category"] == "compatibility" and not facts["green_run"]
    found = facts.once(_misdated) if is_asked else None
    culprit = canonicalize_name(facts.group("culprit"))
    return found.said if found and culprit == canonicalize_name(found.name) else ""


def _parties(facts: Facts) -> Iterator[str]:
    """Who raised, who called, who was asked, and what does not get the version that it requires."""
    for frame in facts.frames:
        owner = owner_of(facts, module_of(frame)) if frame.origin == "installed" else None
        yield owner.name if owner else ""
    yield from (facts[name] for name in _PARTIES)
    for unmet in _unmet(facts):
        yield from (unmet.name, unmet.by.name)


def _unmet(facts: Facts) -> Iterator[Unmet]:
    """The requirements that are not met and may have to do with it."""
    # What own code asks of a library has nothing to do with what that requires of another.
    asks_itself = bool(facts.frames) and facts.frames[-1].origin in ("project", "test")
    found = (facts.once(misfit), None if asks_itself else facts.once(touching))
    yield from filter(None, found)


def _base(facts: Facts) -> Step | None:
    """Of the distributions that a class of the project derives from which lacks a name the only one
    that is out of step.
    """
    modules = (one.rpartition(".")[0] for one in above(facts) if facts["object_is_own"])
    owners = {owner.name for module in modules if (owner := owner_of(facts, module))}
    steps = [step for name in sorted(owners) if (step := step_of(facts, name))]
    return steps[0] if len(steps) == 1 else None


def _late_asker(facts: Facts) -> Step | None:
    """Who alone requires the distribution that is absent, where it came long after the others."""
    asked = asking(facts, facts["distribution"]) if facts["distribution"] else ()
    names = {owner.name for owner, extra in asked if not extra}
    step = step_of(facts, names.pop()) if len(names) == 1 else None
    return step if step and step.way == "ahead" else None


def _being_edited(facts: Facts) -> str:
    """`yes` where the checkout had changes that were not committed: these come first."""
    return "yes" if facts.context.recording.run.environment.git.get("dirty") else ""


def _python_then(facts: Facts) -> str:
    """`3.12`: the newest Python at the moment, where the one that ran came long after it."""
    found = facts.context.once(_dated)
    newest = dates.newest_at(PYTHON, found.moment.last) if found and PYTHON in found.apart else None
    return f"{newest[0]}.{newest[1]}" if newest else ""


FACTS: dict[str, Fact] = {
    "base_apart": part(_base, "name"),
    "base_apart_said": part(_base, "said"),
    "base_apart_version": part(_base, "version"),
    "being_edited": _being_edited,
    "late_asker": part(_late_asker, "name"),
    "late_asker_version": part(_late_asker, "version"),
    "misdated": part(_misdated, "name"),
    "misdated_shown": _misdated_shown,
    "misdated_version": part(_misdated, "version"),
    "misdated_way": part(_misdated, "way"),
    "newcomer": part(_newcomer, "name"),
    "newcomer_said": part(_newcomer, "said"),
    "newcomer_version": part(_newcomer, "version"),
    "other_newcomer": _other_newcomer,
    "python_then": _python_then,
}
