"""Facts about which releases of a culprit to go to, where no entry says what broke it.

What is asked for decides; else it is a guess, and no command. A guess goes back, unless something
says that what is installed is old: then what was not found is more often not there yet than gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from orchestrator.classify.distributions.owners import misfit, touching
from orchestrator.classify.distributions.surface import library
from orchestrator.classify.facts import Fact, Facts, part
from orchestrator.classify.installed import Unmet, is_exact, version_of
from orchestrator.classify.releases.breaks import newest_known
from orchestrator.classify.releases.out_of_step import Step, is_alone_behind, step_of

_SERIES = 4
"""So many series have to be known for most of them to mean something."""
_LOWER = (">", ">=", "~=", "==", "===")


class Pin(NamedTuple):
    """A requirement that excludes the version which is installed, and why it was chosen."""

    requirement: str
    said: str
    is_asked_for: bool = False


class _Bound(NamedTuple):
    """What somebody asks of a distribution."""

    by: str
    specifier: SpecifierSet


def _pin(facts: Facts) -> Pin | None:
    """Before the rule's culprit: what is asked of it excludes the version, else a guess."""
    return _of(facts, facts.group("culprit"))


def _owner_pin(facts: Facts) -> Pin | None:
    """The same for the owner of the module, where another is the culprit: what is known of the name
    comes before what is asked of the owner.
    """
    name = facts["owner"]
    for pin, last_with in (("break_pin", "break_last_with"), ("released_pin", "released_has")):
        known = facts[pin]
        if known and canonicalize_name(Requirement(known).name) == canonicalize_name(name):
            return Pin(known, f"{facts[last_with]} still has it")
    return _of(facts, name)


def _of(facts: Facts, name: str) -> Pin | None:
    version = version_of(facts.context.installed.version(name)) if name else None
    if version is None:
        return None
    bounds, step = list(_bounds(facts, name)), step_of(facts, name)
    is_old = step is not None and (is_alone_behind(facts, step) or _is_blamed_as_old(facts, step))
    # The release that a file names is often the oldest that will do.
    named = None if is_old else _pinned(facts, name, version)
    if asked := _refused(name, version, bounds) or named:
        return asked
    before = _before(name, version, bounds, step.then if step and step.way == "ahead" else "")
    if before and step and step.way == "ahead":
        return before._replace(said=f"{before.said}; {step.rest}")
    if step and is_old:
        return Pin(f"{name}>{version.base_version}", f"a guess: a later release, as {step.rest}")
    if old := _old(name, version, bounds) or _first(name, version, bounds, before):
        return Pin(f"{name}>{version.base_version}", f"a guess: a later release, as {old}")
    return before


def _is_blamed_as_old(facts: Facts, step: Step) -> bool:
    """Whether another changed, and it is this one that is out of step: behind the rest."""
    blamed, changed = facts["misdated"], facts["break_owner"]
    is_blamed = bool(blamed) and canonicalize_name(blamed) == canonicalize_name(step.name)
    return is_blamed and step.way == "behind" and changed not in ("", blamed)


def _first(name: str, version: Version, bounds: list[_Bound], before: Pin | None) -> str:
    """Why it is rather too old, where somebody asks for its series at least, so that before it only
    releases of the same series are left, and later majors are known.
    """
    newest = newest_known(canonicalize_name(name))
    series = Version(f"{version.major}.{version.minor}")
    is_left = before is not None and not before.requirement.endswith(f"<{version.base_version}")
    asking = [bound for bound in bounds if _is_above(bound, series)]
    if is_left or not asking or newest is None or newest.major <= version.major:
        return ""
    return f"{asking[0].by} asks for {series} at least; {newest} is known"


def _before(name: str, version: Version, bounds: list[_Bound], then: str = "") -> Pin | None:
    """The releases before what may have brought the change, as far as they are admitted, and admit
    the release that there was then.
    """
    base, least = Version(version.base_version), Version(then or "0")
    for below, what in _guesses(version):
        if least < below <= base and not any(_is_above(bound, below) for bound in bounds):
            said = f"a guess: the releases before {what}, as none is known that changed it"
            nearest = f"; the nearest are `{name}<{base}`" if below < base else ""
            return Pin(f"{name}<{below}", f"{said}{nearest}")
    return None


def asked_otherwise(facts: Facts, name: str) -> Pin | None:
    """What is asked for of a distribution, where that excludes the version which is installed."""
    version = version_of(facts.context.installed.version(name)) if name else None
    return _excluding(facts, name, version, list(_bounds(facts, name))) if version else None


def _excluding(facts: Facts, name: str, version: Version, bounds: list[_Bound]) -> Pin | None:
    return _refused(name, version, bounds) or _pinned(facts, name, version)


def _refused(name: str, version: Version, bounds: list[_Bound]) -> Pin | None:
    for bound in bounds:
        if not bound.specifier.contains(version, prereleases=True):
            said = f"{bound.by} asks for {name}{bound.specifier}"
            return Pin(f"{name}{bound.specifier}", said, is_asked_for=True)
    return None


def _pinned(facts: Facts, name: str, version: Version) -> Pin | None:
    """From the release that a file of the project names, or up to it: it did with that one."""
    named = list(_named(facts, canonicalize_name(name)))
    if any(known.release == version.release for _, known in named):
        return None
    for file, known in named:
        said = f"{file} names {known}"
        if known > version:
            return Pin(f"{name}>={known}", said, is_asked_for=True)
        below = next((below for below, _ in _guesses(version) if known < below), None)
        if below:
            return Pin(f"{name}>={known},<{below}", said, is_asked_for=True)
    return None


def _named(facts: Facts, name: str) -> Iterator[tuple[str, Version]]:
    """The releases that files of the project name exactly; several where they lock for several."""
    for entry in facts.context.project.requirements:
        admitted = facts.context.installed.admitted(entry.text) if entry.name == name else None
        exact = [version_of(one.version) for one in admitted or () if one.operator == "=="]
        if known := next(filter(None, exact), None):
            yield entry.file, known


def _old(name: str, version: Version, bounds: list[_Bound]) -> str:
    """Why what is installed is rather too old than too new; empty where nothing says so."""
    for bound in bounds:
        lowest = (one for one in bound.specifier if one.operator in (">=", "~="))
        if any(version_of(one.version) == version for one in lowest):
            return f"{version} is the oldest that {bound.by} admits"
    if any(_admits_older(bound, version) for bound in bounds):
        return ""
    if later := _later(name, version, bounds):
        return later
    newest = newest_known(canonicalize_name(name))
    following = Version(f"{version.major + 1}.0")
    if newest and newest.major > version.major and _is_admitted(following, bounds):
        return f"{version} is of an old major version; {newest.major} is known"
    return ""


def _later(name: str, version: Version, bounds: list[_Bound]) -> str:
    """How many series of releases came later and are admitted, where that is half of all.

    Of 45 breaks that were mended by going back it was so in none, of 27 that were mended by going
    on in 21 (in cases that are looked at, whatever others admit).
    """
    known = library(canonicalize_name(name))
    series = {one.release[:2] for one in known.released} if known else set()
    later = {
        one.release[:2]
        for one in (known.released if known else ())
        if one.release[:2] > version.release[:2] and _is_admitted(one, bounds)
    }
    if len(series) < _SERIES or len(later) * 2 < len(series):
        return ""
    return f"{len(later)} of the {len(series)} series that are known came after {version}"


def _is_admitted(version: Version, bounds: list[_Bound]) -> bool:
    return all(bound.specifier.contains(version, prereleases=True) for bound in bounds)


def _admits_older(bound: _Bound, version: Version) -> bool:
    """Whether somebody did with less: what is not found was there, and has gone."""
    lowest = (one for one in bound.specifier if one.operator in (">=", "~=", ">"))
    return any(known < version for known in (version_of(one.version) for one in lowest) if known)


def _guesses(version: Version) -> Iterator[tuple[Version, str]]:
    """What may have brought the change, the likeliest first.

    Breaks come with a new major version; with a minor one before and throughout 1, since what was
    before 1.0 is seldom meant.
    """
    if version.major > 1 or (version.major == 1 and version.minor == 0):
        yield Version(f"{version.major}"), f"the major version {version.major}"
    if version.minor:
        yield Version(f"{version.major}.{version.minor}"), f"{version.major}.{version.minor}"
    yield Version(version.base_version), version.base_version


def _bounds(facts: Facts, name: str) -> Iterator[_Bound]:
    """What the project and what is installed ask for."""
    wanted = canonicalize_name(name)
    for entry in facts.context.project.requirements:
        specifier = facts.context.installed.admitted(entry.text) if entry.name == wanted else None
        if specifier and not any(is_exact(one) for one in specifier):
            yield _Bound(entry.file, specifier)
    for owner, specifier in facts.context.installed.specifiers(name):
        yield _Bound(f"{owner.name} {owner.version}", specifier)


def _is_above(bound: _Bound, below: Version) -> bool:
    """Whether somebody asks for at least that much."""
    lower = (one for one in bound.specifier if one.operator in _LOWER)
    versions = (version_of(one.version.removesuffix(".*")) for one in lower)
    return any(version >= below for version in versions if version)


def _culprit_pin(facts: Facts) -> str:
    """`werkzeug<3`: what is asked for of the rule's culprit where that excludes what is installed;
    else a guess: later releases where it is old, or those before its major version (before 2.0: the
    minor one).
    """
    found = facts.once(_pin)
    return found.requirement if found else ""


def _culprit_asked(facts: Facts) -> str:
    """The same where it is no guess."""
    found = facts.once(_pin)
    return found.requirement if found and found.is_asked_for else ""


def _culprit_asked_later(facts: Facts) -> str:
    """The same where it is later than what is installed."""
    asked = Requirement(facts["culprit_asked"]).specifier if facts["culprit_asked"] else ()
    installed = version_of(facts.context.installed.version(facts.group("culprit")))
    lowest = (version_of(one.version.removesuffix(".*")) for one in asked if one.operator in _LOWER)
    later = installed and any(version > installed for version in lowest if version)
    return facts["culprit_asked"] if later else ""


def _back_of(facts: Facts) -> Pin | None:
    """As `_pin`, where what there was has gone: only releases from before have it."""
    name = facts.group("culprit")
    version = version_of(facts.context.installed.version(name)) if name else None
    if version is None:
        return None
    bounds = list(_bounds(facts, name))
    return _excluding(facts, name, version, bounds) or _before(name, version, bounds)


def _culprit_back(facts: Facts) -> str:
    """As `culprit_pin`, of releases from before alone."""
    found = facts.once(_back_of)
    return found.requirement if found else ""


def _culprit_back_said(facts: Facts) -> str:
    found = facts.once(_back_of)
    return found.said if found else ""


def _owner_back(facts: Facts) -> str:
    found = facts.once(_owner_pin)
    return found.requirement if found else ""


def _owner_old(facts: Facts) -> str:
    """Why the owner of the module is rather too old itself than asked by what is."""
    name = facts["owner"]
    version = version_of(facts.context.installed.version(name)) if name else None
    return _old(name, version, list(_bounds(facts, name))) if version else ""


def _owner_back_said(facts: Facts) -> str:
    found = facts.once(_owner_pin)
    return found.said if found else ""


def _culprit_pin_said(facts: Facts) -> str:
    """Where that comes from, plainly."""
    found = facts.once(_pin)
    return found.said if found else ""


def _raiser_refused(facts: Facts) -> str:
    """`yes` where the project, or what is installed, asks for another release of what raised."""
    version = version_of(facts["raiser_version"])
    bounds = (bound.specifier for bound in _bounds(facts, facts["raiser"]))
    refused = any(not bound.contains(version, prereleases=True) for bound in bounds if version)
    return "yes" if refused else ""


def _ahead_of(facts: Facts) -> Unmet | None:
    """What a plugin of pytest's asks for more of than is installed, where the project holds neither
    the plugin at its release nor that to another one: then the plugin is ahead of the rest.
    """
    unmet = facts.once(misfit) or facts.once(touching)
    version = version_of(unmet.installed) if unmet else None
    if unmet is None or version is None or not facts.context.installed.is_plugin(unmet.by.name):
        return None
    asked = Requirement(unmet.requirement).specifier
    refusing = [one for one in asked if not one.contains(version, prereleases=True)]
    is_older = all(one.operator in (">=", ">", "~=") for one in refusing)
    held = [canonicalize_name(one) for one in (unmet.name, unmet.by.name)]
    is_held = any(next(_named(facts, name), None) for name in held)
    return unmet if is_older and not is_held and not _is_refused(facts, held[0], version) else None


def _is_refused(facts: Facts, name: str, version: Version) -> bool:
    """Whether the project itself admits other versions of a distribution alone."""
    for entry in facts.context.project.requirements:
        admitted = facts.context.installed.admitted(entry.text) if entry.name == name else None
        if admitted is not None and not admitted.contains(version, prereleases=True):
            return True
    return False


def _ahead(facts: Facts) -> str:
    found = facts.once(_ahead_of)
    return found.by.name if found else ""


def _ahead_version(facts: Facts) -> str:
    found = facts.once(_ahead_of)
    return found.by.version if found else ""


def _asker_refused(facts: Facts) -> str:
    """Who asks for another release of what asked the owner of the module, where the project admits
    only others, and nothing refuses the release of the owner.
    """
    name = canonicalize_name(facts["asker"])
    version = version_of(facts.context.installed.version(name)) if name else None
    if version is None or not _is_refused(facts, name, version):
        return ""
    found = asked_otherwise(facts, name)
    return found.said if found and not asked_otherwise(facts, facts["owner"]) else ""


def _late_asker_back(facts: Facts) -> str:
    """The releases of the time of the rest, of who requires what is absent."""
    found = _of(facts, facts["late_asker"])
    return found.requirement if found else ""


def _raiser_back(facts: Facts) -> str:
    """The releases before, of the library that asked another for what it does not have yet."""
    name = facts["raiser"]
    own = canonicalize_name(facts.group("culprit") or facts["released_owner"])
    found = _of(facts, name) if name and canonicalize_name(name) != own else None
    return found.requirement if found and ">" not in found.requirement else ""


FACTS: dict[str, Fact] = {
    "ahead": _ahead,
    "ahead_of": part(_ahead_of, "name"),
    "ahead_of_requirement": part(_ahead_of, "requirement"),
    "ahead_of_version": part(_ahead_of, "installed"),
    "ahead_version": _ahead_version,
    "asker_refused": _asker_refused,
    "culprit_asked": _culprit_asked,
    "culprit_asked_later": _culprit_asked_later,
    "culprit_back": _culprit_back,
    "culprit_back_said": _culprit_back_said,
    "culprit_pin": _culprit_pin,
    "culprit_pin_said": _culprit_pin_said,
    "late_asker_back": _late_asker_back,
    "owner_back": _owner_back,
    "owner_back_said": _owner_back_said,
    "owner_old": _owner_old,
    "raiser_back": _raiser_back,
    "raiser_refused": _raiser_refused,
}
