"""Facts about what releases have: whether what was not found left a library or came to it later.

Looked up in the releases of the library that was asked: `knowledge/surface/`. What is known of the
same failure from `knowledge/breaks/` stands before it: that says what to write instead as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from packaging.utils import canonicalize_name

from orchestrator.classify.distributions.owners import owner_of
from orchestrator.classify.distributions.surface import Change, Section, library
from orchestrator.classify.facts import Fact, Facts
from orchestrator.classify.imports.modules import is_own
from orchestrator.classify.releases.asked import imported
from orchestrator.classify.releases.sought import Sought, above, sought
from orchestrator.classify.rules import knowledge

_CALLS = ("keyword", "positional", "required")
_OF_A_BASE = "super"
"""What Python names where `super().name` is not found: no class."""


class Released(NamedTuple):
    """What the releases of an installed distribution say of a failure."""

    distribution: str
    """As it was recorded, or normalised."""
    version: str
    sought: Sought
    change: Change
    is_sure: bool
    """Whether it is shown that this distribution was asked."""


def _released(facts: Facts) -> Released | None:
    """What is shown to be asked comes first; of others that may be, the only one that changed."""
    if facts["break_kind"]:
        return None
    for one in sought(facts):
        for name in _asked(facts, one):
            if found := _looked_up(facts, one, name, is_sure=True):
                return found
        likely = {canonicalize_name(name) for name in _may_be_asked(facts, one)}
        every = [_looked_up(facts, one, name, is_sure=False) for name in sorted(likely)]
        changed = [found for found in every if found]
        if len(changed) == 1:
            return changed[0]
    return None


def _looked_up(facts: Facts, one: Sought, name: str, *, is_sure: bool) -> Released | None:
    version = facts.context.installed.version(name)
    known = library(canonicalize_name(name)) if version else None
    if known is None:
        return None
    if one.of == _OF_A_BASE:
        change = known.agreed("members", one.name, version)
        return Released(name, version, one, change, is_sure) if change else None
    for section, owner, part in _places(one):
        if change := known.change(section, owner, part, version):
            return Released(name, version, one, change, is_sure)
    return None


def _asked(facts: Facts, one: Sought) -> Iterable[str]:
    """The distribution that is shown to be asked: by the module, the object's type or one that it
    derives from, or the import of what the line calls.
    """
    kind = one.kind
    if kind in ("module", "name"):
        own = is_own(facts, facts["top"]) if facts["top"] else True
        return () if own else filter(None, (facts["owner"], facts["outdated"]))
    if kind == "attribute" and one.of in above(facts):
        module = one.of.rpartition(".")[0]
        owner = None if is_own(facts, one.of.partition(".")[0]) else owner_of(facts, module)
        return (owner.name,) if owner else ()
    if kind == "attribute":
        return filter(None, (facts["object_owner"],))
    return filter(None, (facts["callee"],)) if kind in _CALLS else ()


def _may_be_asked(facts: Facts, one: Sought) -> Iterator[str]:
    """Who has to do with the failing line, where nothing shows whose the class or function is: the
    library that raised and what it requires, or what own code imports.
    """
    of_unknown = one.kind == "attribute" and facts["object"] in ("", _OF_A_BASE)
    of_class = one.kind in _CALLS and "." in one.of
    if not of_unknown and not of_class:
        return
    if facts["raiser"]:
        yield facts["raiser"]
        yield from facts.context.installed.required_by(facts["raiser"])
    elif not facts["callee"]:
        yield from facts.once(imported)


def _places(one: Sought) -> Iterator[tuple[Section, str, str]]:
    """Where it is written down: section, owner and name."""
    if one.kind == "module":
        parts = one.name.split(".")
        for length in range(len(parts), 0, -1):
            yield "modules", ".", ".".join(parts[:length])
    elif one.kind == "name":
        yield "names", one.of, one.name
        yield "modules", ".", f"{one.of}.{one.name}"
    elif one.kind == "attribute":
        yield "members", one.of.rpartition(".")[2], one.name
    elif one.kind == "keyword":
        yield "calls", one.of, one.name
    elif one.kind == "positional":
        yield "calls", one.of, f"@{one.name}"
    elif one.kind == "required":
        yield "calls", one.of, f"{one.name}?"


def _released_kind(facts: Facts) -> str:
    """`module`, `name` or `call`: what left or came; empty where the releases do not tell."""
    found = facts.once(_released)
    if found is None:
        return ""
    kind = found.sought.kind
    return "call" if kind in _CALLS else "name" if kind == "attribute" else kind


def _released_state(facts: Facts) -> str:
    """`left` before the installed release, or `later`: it came after it."""
    found = facts.once(_released)
    return "" if found is None else "left" if found.change.left else "later"


def _released_sure(facts: Facts) -> str:
    """`yes` where it is shown that this distribution was asked."""
    found = facts.once(_released)
    return "yes" if found and found.is_sure else ""


def _released_owner(facts: Facts) -> str:
    found = facts.once(_released)
    return found.distribution if found else ""


def _released_version(facts: Facts) -> str:
    found = facts.once(_released)
    return found.version if found else ""


def _released_has(facts: Facts) -> str:
    """The nearest release that has it."""
    found = facts.once(_released)
    return found.change.has if found else ""


def _released_pin(facts: Facts) -> str:
    """`werkzeug<3`: the releases that have it."""
    found = facts.once(_released)
    return f"{found.distribution}{found.change.pin}" if found else ""


def _released_said(facts: Facts) -> str:
    """`` `werkzeug.urls.url_quote` left werkzeug with 3.0: looked up in the releases, … ``."""
    found = facts.once(_released)
    if found is None:
        return ""
    wording, change = knowledge("surface"), found.change
    seen = wording["seen" if change.lacks else "seen_one"]
    said = _filled(found, "left" if change.left else "came")
    return f"{said}: {seen.format(has=change.has, lacks=change.lacks)}"


def _released_without(facts: Facts) -> str:
    """How to do without what left, for the beginning of a sentence."""
    found = facts.once(_released)
    return _filled(found, "without") if found else ""


def _filled(found: Released, key: str) -> str:
    """The wording for what was asked for."""
    wording, change, one = knowledge("surface"), found.change, found.sought
    between = "between_left" if change.left else "between"
    when = "with_series" if change.series else between if change.lacks else "since"
    return str(wording[one.kind][key]).format(
        distribution=found.distribution,
        name=one.name,
        of=one.of.rpartition(".")[2] if one.kind == "attribute" else one.of,
        when=wording[when].format(series=change.series, has=change.has, lacks=change.lacks),
    )


def _never_seen(facts: Facts) -> str:
    """`yes` where an own line asks a library whose releases were looked at for what none of them is
    known to have had: it was taken from elsewhere there, in a release that was not looked at, or it
    never was. Of attributes, which may be inherited or made, only where one of nearly that name is.
    """
    known = library(canonicalize_name(facts["meant_of"])) if facts["meant_of"] else None
    is_said = facts["break_kind"] or facts["released_kind"] or facts["asked_inside"]
    is_certain = "ImportError" in (facts.link.type, *facts.link.bases) or facts["nearest_there"]
    return "yes" if known and is_certain and not is_said else ""


FACTS: dict[str, Fact] = {
    "never_seen": _never_seen,
    "released_has": _released_has,
    "released_kind": _released_kind,
    "released_owner": _released_owner,
    "released_pin": _released_pin,
    "released_said": _released_said,
    "released_state": _released_state,
    "released_sure": _released_sure,
    "released_version": _released_version,
    "released_without": _released_without,
}
