"""Facts about what releases dropped or changed: what left which version, and what replaced it.

The knowledge is `knowledge/breaks/`, one file for each distribution and one for Python itself. An
entry counts where the release that is installed is the one that dropped it, or a later one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

from packaging.utils import canonicalize_name
from packaging.version import Version

from orchestrator.classify.facts import Fact, Facts
from orchestrator.classify.installed import version_of
from orchestrator.classify.releases.sought import Sought, above, sought
from orchestrator.classify.rules import knowledge

_PYTHON = "python"
_CHECKED = {"AssertionError": "Failed"}  # as `pytest.raises`, where the words are others


class Break(NamedTuple):
    """What a distribution of this environment no longer has."""

    distribution: str
    version: str
    """The one that is installed."""
    name: str
    entry: Mapping[str, Any]

    @property
    def is_python(self) -> bool:
        """Whether it was Python itself."""
        return self.distribution.lower() == _PYTHON

    @property
    def instead(self) -> str:
        """What replaced it; empty where nothing did."""
        return str(self.entry["names"][self.name])


def _break(facts: Facts) -> Break | None:
    """The entry that explains a failure, of those whose distributions have to do with it first."""
    asked = list(sought(facts))
    of_class = {_last(one.of) for one in asked}
    for name in _distributions(facts):
        version = _installed_version(facts, name)
        if not version:
            continue
        document = knowledge(f"breaks/{name}")
        entries = sorted(
            _past(name, version), key=lambda one: _last(one.get("of", "")) not in of_class
        )
        for entry in entries:  # what is said of the very class before what is said of its kin
            if found := _name_of(entry, asked, facts):
                return Break(document["distribution"], version, found, entry)
    return None


@lru_cache(maxsize=1000)
def _past(name: str, version: str) -> tuple[Mapping[str, Any], ...]:
    """The entries of a distribution on what an installed release of it lacks."""
    return tuple(
        entry
        for entry in knowledge(f"breaks/{name}")["break"]
        if _is_past(entry["removed_in"], entry.get("back_in", ""), version)
    )


@cache
def _known() -> tuple[str, ...]:
    folder = files("orchestrator").joinpath("knowledge/breaks")
    return tuple(sorted(file.name.removesuffix(".toml") for file in folder.iterdir()))


@cache
def newest_known(name: str) -> Version | None:
    """The newest release of a distribution, by its normalised name, that the entries speak of."""
    if name not in _known() or name == _PYTHON:
        return None
    entries = knowledge(f"breaks/{name}")["break"]
    return max((Version(entry["removed_in"]) for entry in entries), default=None)


def _distributions(facts: Facts) -> Iterator[str]:
    """Normalised names with entries: those that the failure names first, then all others."""
    named = (facts["owner"], facts["object_owner"], facts["callee"], facts["raiser"])
    near = [canonicalize_name(name) for name in named if name]
    yield from (name for name in dict.fromkeys(near) if name in _known())
    yield from (name for name in _known() if name not in near)


def _installed_version(facts: Facts, name: str) -> str:
    return facts["python"] if name == _PYTHON else facts.context.installed.version(name)


def _is_past(removed_in: str, back_in: str, version: str) -> bool:
    """Whether a release lacks what an entry is about."""
    installed = version_of(version)
    is_back = bool(back_in) and installed is not None and installed >= Version(back_in)
    return installed is not None and installed >= Version(removed_in) and not is_back


def _name_of(entry: Mapping[str, Any], asked: list[Sought], facts: Facts) -> str:
    """The name of an entry that was asked for; empty where none was."""
    if entry["kind"] == "behaviour":
        return _behaviour(entry, facts)
    if entry["kind"] == "option":
        return facts["option"] if facts["option"] in entry["names"] else ""
    found = (_MATCHES[entry["kind"]](entry, one, facts) for one in asked)
    return next(filter(None, found), "")


def _behaviour(entry: Mapping[str, Any], facts: Facts) -> str:
    """The name that the message holds, if it is one of the entry's; `line` says what was asked."""
    wanted = {entry["exception"], _CHECKED.get(entry["exception"], "")}
    if facts.once(_types).isdisjoint(wanted):
        return ""
    patterns = entry["message"] if isinstance(entry["message"], list) else [entry["message"]]
    searched = (re.search(pattern, facts.link.message[:4096]) for pattern in patterns)
    said = next(filter(None, searched), None)
    elsewhere = entry.get("raised_in", facts["raised_file"]) != facts["raised_file"]
    asked = not entry.get("line") or any(re.search(entry["line"], f.source) for f in facts.frames)
    if said is None or elsewhere or not asked:
        return ""
    named = said.groupdict().get("name", "")
    return named if named in entry["names"] else str(next(iter(entry["names"])))


def _types(facts: Facts) -> frozenset[str]:
    """The exception's class and its bases, dotted and by their last names."""
    dotted = {facts.link.type, *facts.link.bases}
    return frozenset(dotted | {_last(name) for name in dotted})


def _module(entry: Mapping[str, Any], asked: Sought, _: Facts) -> str:
    if asked.kind not in ("module", "name"):
        return ""
    wanted = f"{asked.of}.{asked.name}" if asked.kind == "name" else asked.name
    inside = (name for name in entry["names"] if f"{wanted}.".startswith(f"{name}."))
    return max(inside, key=len, default="")


def _member(entry: Mapping[str, Any], asked: Sought, _: Facts) -> str:
    wanted = asked.kind == "name" and asked.of == entry["of"] and asked.name in entry["names"]
    return asked.name if wanted else ""


def _attribute(entry: Mapping[str, Any], asked: Sought, facts: Facts) -> str:
    """Of the class or another of the same library; of one's own where that is meant to derive."""
    if asked.kind != "attribute" or asked.name not in entry["names"]:
        return ""
    of = asked.of if asked.of in above(facts) else facts["object"] or asked.of
    inherits = "inherited" in entry and not facts["object_owner"]
    same = of.partition(".")[0] == entry["of"].partition(".")[0] or of == _last(entry["of"])
    return asked.name if same or inherits else ""


def _keyword(entry: Mapping[str, Any], asked: Sought, facts: Facts) -> str:
    wanted = asked.kind == "keyword" and asked.name in entry["names"]
    return asked.name if wanted and _calls(entry, asked, facts) else ""


def _positional(entry: Mapping[str, Any], asked: Sought, facts: Facts) -> str:
    wanted = asked.kind == "positional" and _calls(entry, asked, facts)
    return next(iter(entry["names"])) if wanted else ""


def _required(entry: Mapping[str, Any], asked: Sought, facts: Facts) -> str:
    wanted = asked.kind == "required" and asked.name in entry["names"]
    return asked.name if wanted and _calls(entry, asked, facts) else ""


def _argument(entry: Mapping[str, Any], asked: Sought, _: Facts) -> str:
    wanted = asked.kind == "argument" and asked.of == _last(entry["of"])
    return asked.name if wanted and asked.name in entry["names"] else ""


def _brought(entry: Mapping[str, Any], asked: Sought, _: Facts) -> str:
    return asked.name if asked.kind == entry["kind"] and asked.name in entry["names"] else ""


def _calls(entry: Mapping[str, Any], asked: Sought, facts: Facts) -> bool:
    """Whether the message names the entry's function or class, or the line that raised calls it."""
    function = _last(entry["of"])
    if function in asked.of.split("."):
        return True
    source = facts.frames[-1].source if facts.frames else ""
    return re.search(rf"\b{function}\(", source) is not None


def _last(dotted: str) -> str:
    return dotted.rpartition(".")[2]


_MATCHES = {
    "argument": _argument,
    "attribute": _attribute,
    "fixture": _brought,
    "hook": _brought,
    "keyword": _keyword,
    "module": _module,
    "name": _member,
    "positional": _positional,
    "required": _required,
}


def _break_kind(facts: Facts) -> str:
    """`module`, `name`, `attribute`, `keyword` …; empty where no entry explains the failure."""
    found = facts.once(_break)
    return str(found.entry["kind"]) if found else ""


def _break_owner(facts: Facts) -> str:
    """The distribution that dropped it; empty for Python."""
    found = facts.once(_break)
    return found.distribution if found and not found.is_python else ""


def _break_python(facts: Facts) -> str:
    """`yes` where it was Python that dropped it."""
    found = facts.once(_break)
    return "yes" if found and found.is_python else ""


def _break_version(facts: Facts) -> str:
    found = facts.once(_break)
    return found.version if found else ""


def _break_pin(facts: Facts) -> str:
    """`numpy<2.0.0`: the releases before the break; empty for Python."""
    return f"{facts['break_owner']}<{facts['break_removed_in']}" if facts["break_owner"] else ""


def _break_removed_in(facts: Facts) -> str:
    found = facts.once(_break)
    return str(found.entry["removed_in"]) if found else ""


def _break_last_with(facts: Facts) -> str:
    found = facts.once(_break)
    return str(found.entry["last_with"]) if found else ""


def _break_said(facts: Facts) -> str:
    """`` `numpy.float_` left numpy in 2.0.0: so https://… and the releases themselves; … ``."""
    found = facts.once(_break)
    return _known_by(found) if found else ""


def _break_change(facts: Facts) -> str:
    """What to write instead, in a sentence."""
    if not (found := facts.once(_break)):
        return ""
    is_id = "-" in found.name  # of what has no name: `begun-by-itself`
    if found.entry["kind"] == "behaviour" and found.instead and not is_id:
        return _filled(found, "instead")
    said = str(found.entry.get("remedy", ""))
    return said or _filled(found, "instead" if found.instead else "without")


def _break_adds(facts: Facts) -> str:
    """The distribution that has it now, where it moved to another."""
    found = facts.once(_break)
    return str(found.entry.get("adds", "")) if found else ""


def _known_by(found: Break) -> str:
    """What left, and how that is known: by the releases, by the source, or by both."""
    entry = found.entry
    told = "removal" in entry.get("told", ())
    known = "both" if told and entry.get("probed", True) else "source" if told else "releases"
    return str(knowledge("breaks")["known"][known]).format(
        what=_filled(found, "said"),
        before=knowledge("breaks")[entry["kind"]]["before"],
        last_with=entry["last_with"],
        source=entry["source"],
    )


def _filled(found: Break, key: str) -> str:
    """The wording for an entry's kind, with the entry in it."""
    entry, wording = found.entry, knowledge("breaks")[found.entry["kind"]]
    facts = {
        "distribution": found.distribution,
        "function": _last(entry.get("of", "")),
        "instead": found.instead,
        "name": found.name,
        "of": entry.get("of", ""),
        "removed_in": entry["removed_in"],
    }
    return str(wording[key]).format(**facts)


def _hook_entry(facts: Facts) -> Mapping[str, Any] | None:
    """The entry on the only argument that a hook of pytest's lost, where it is not told which one a
    plugin asks for; by the installed release, unless none was recorded.
    """
    version, hook = facts.context.installed.version("pytest"), facts.group("hooked")
    lost = [
        entry
        for entry in (knowledge("breaks/pytest")["break"] if hook else ())
        if entry["kind"] == "argument" and _last(entry["of"]) == hook
    ]
    is_past = len(lost) == 1 and (not version or _is_past(lost[0]["removed_in"], "", version))
    return lost[0] if is_past else None


def _hook_lost(facts: Facts) -> str:
    """That argument: `path`."""
    entry = facts.once(_hook_entry)
    return next(iter(entry["names"])) if entry else ""


def _hook_pin(facts: Facts) -> str:
    """`pytest<9.1.0`: the releases that had it."""
    entry = facts.once(_hook_entry)
    return f"pytest<{entry['removed_in']}" if entry else ""


FACTS: dict[str, Fact] = {
    "break_adds": _break_adds,
    "break_change": _break_change,
    "break_kind": _break_kind,
    "break_last_with": _break_last_with,
    "break_owner": _break_owner,
    "break_pin": _break_pin,
    "break_python": _break_python,
    "break_removed_in": _break_removed_in,
    "break_said": _break_said,
    "break_version": _break_version,
    "hook_lost": _hook_lost,
    "hook_pin": _hook_pin,
}
