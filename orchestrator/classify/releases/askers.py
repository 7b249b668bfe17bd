"""Facts about a distribution that asks another for what it does not have, or cannot be imported."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import NamedTuple

from packaging.utils import canonicalize_name
from packaging.version import Version

from conftest_kit.records import Frame
from orchestrator.classify.distributions.owners import is_latest, misfit, owner_of, touching
from orchestrator.classify.facts import Fact, Facts, module_of, part
from orchestrator.classify.installed import Owner, Unmet, version_of
from orchestrator.classify.releases.sought import Sought, sought
from orchestrator.classify.rules import knowledge

_CALLING = ("pytest", "pluggy")
_PROMISED = {"FixtureDef": {"scope", "addfinalizer", "finish", "execute", "cache_key"}}
"""Of classes whose own text says that only what it documents is promised: what may be asked for."""
_READ = 1000
_SEVERAL = 2
_REFUSED = re.compile(r"\) got an unexpected keyword argument '(?P<keyword>\w{1,200})'")
_PASSED_ON = re.compile(r"\*\*[A-Za-z_][\w.]{0,100}\s*[,)]")
"""`super().__init__(*args, **kwargs)`: what came in goes on."""
_VERSION = re.compile(r"""['"](\d{1,4}(?:\.\d{1,4}){1,3})['"]""")


def _asker_of(facts: Facts) -> Owner | None:
    """Who asked the owner of the module, where that was no code of the project."""
    owner = facts["owner"]
    for frame in reversed(facts.frames if owner else ()):
        if frame.origin != "installed":
            return None
        asking = owner_of(facts, module_of(frame))
        if asking and asking.name != owner:
            return asking
    return None


def _asker_may_be_newer(facts: Facts) -> str:
    """`yes` where all who require the asker take its next major release (before 1.0: the next minor
    one) as well, and a later one may be had: then it is the asker that is behind.
    """
    found = facts.once(_asker_of)
    following = _following(found.version) if found else None
    if found is None or following is None or is_latest(found):
        return ""
    bounds = [specifier for _, specifier in facts.context.installed.specifiers(found.name)]
    declared = facts.context.project.declared((found.name,))
    pinned = declared is not None and any(mark in declared.text for mark in ("==", "~", "<", "^"))
    admitted = all(bound.contains(following, prereleases=True) for bound in bounds)
    return "yes" if admitted and not pinned else ""


def _outgrown(facts: Facts) -> Unmet | None:
    """The asker, where somebody else that is installed asks for a later release of it."""
    found = facts.once(_asker_of)
    asking = facts.context.installed.outgrown(found.name) if found else iter(())
    own = {facts["owner"], *facts.context.own_names}
    return next((one for one in asking if one.by.name not in own), None)


def _outgrown_by(facts: Facts) -> str:
    """`Sphinx 9.0.4`: who asks for the later release."""
    found = facts.once(_outgrown)
    return f"{found.by.name} {found.by.version}" if found else ""


class TooYoung(NamedTuple):
    """A distribution that asks for later releases of several others than are installed."""

    name: str
    version: str
    asks: str
    """`click>=8.1.3, jinja2>=3.1.2`."""


def _too_young(facts: Facts) -> TooYoung | None:
    """The one whose requirement is not met, where it is not the only one: what it requires is what
    it was, and it came by itself.
    """
    for unmet in filter(None, (facts.once(misfit), facts.once(touching))):
        asked = {
            one.name: one.requirement for one in facts.context.installed.later_asked(unmet.by.name)
        }
        if len(asked) >= _SEVERAL and unmet.by.name not in facts.context.own_names:
            return TooYoung(unmet.by.name, unmet.by.version, ", ".join(asked.values()))
    return None


def _private_asker(facts: Facts) -> Owner | None:
    """A distribution whose own line asks pytest for what is pytest's own affair: a name of a module
    or class that the module `pytest` does not offer, or one that begins with an underscore or that
    its class does not promise.
    """
    last = facts.frames[-1] if facts.frames else None
    asking = owner_of(facts, module_of(last)) if last and last.origin == "installed" else None
    left = facts["released_owner"] if facts["released_state"] == "left" else ""
    dropped = facts["break_owner"] or left
    if asking is None or asking.name in _CALLING or dropped != "pytest" or is_latest(asking):
        return None
    return asking if any(map(_is_private, sought(facts))) else None


def _is_private(asked: Sought) -> bool:
    public = {*knowledge("pytest")["public"].split(), "pytest"}
    promised = _PROMISED.get(asked.of.rpartition(".")[2], {asked.name})
    is_hidden = asked.name.startswith("_") or asked.name not in promised
    return is_hidden or not public & {asked.name, *asked.of.split(".")}


def _asking_of(facts: Facts) -> Owner | None:
    """Who asks the rule's culprit for what it is to blame for, where that is no code of the
    project, nor pytest, which only calls.
    """
    culprit = canonicalize_name(facts.group("culprit"))
    for frame in reversed(facts.frames if culprit else ()):
        if frame.origin in ("project", "test"):
            return None
        asking = owner_of(facts, module_of(frame)) if frame.origin == "installed" else None
        if asking and canonicalize_name(asking.name) != culprit:
            is_free = asking.name not in _CALLING and not is_latest(asking)
            return asking if is_free else None
    return None


def _asking(facts: Facts) -> str:
    found = facts.once(_asking_of)
    return f"{found.name} {found.version}" if found else ""


def _asking_later(facts: Facts) -> str:
    """`webframe>1.4`: the releases of who asks that are later than the one which does."""
    found = facts.once(_asking_of)
    return f"{found.name}>{found.version}" if found else ""


def _following(version: str) -> Version | None:
    known = version_of(version)
    if known is None:
        return None
    release = known.release
    if release[0]:
        return Version(f"{release[0] + 1}.0")
    return Version(f"0.{release[1] + 1}") if len(release) > 1 else None


def _imported_badly_of(facts: Facts) -> Owner | None:
    """The distribution that raised all by itself while it was imported: its module was being
    executed, and from there on no other's code was called.
    """
    frames = facts.frames
    places = [place for place, frame in enumerate(frames) if frame.function == "<module>"]
    if not places or frames[-1].origin not in ("installed", "stdlib"):
        return None
    executed = frames[places[-1]]
    owner = owner_of(facts, module_of(executed)) if executed.origin == "installed" else None
    called = [frame for frame in frames[places[-1] :] if frame.origin != "stdlib"]
    alone = owner and all(owner_of(facts, module_of(frame)) == owner for frame in called)
    return owner if owner and alone and canonicalize_name(owner.name) != "pytest" else None


def _refusal_of(facts: Facts) -> tuple[Owner, Frame] | None:
    """Where the exception was raised and handled within libraries: the one that the product's line
    called, as the exception that came out in the end tells, and that line; not a plugin.
    """
    return _refusal(facts, "project")


def _refusal_of_test(facts: Facts) -> tuple[Owner, Frame] | None:
    """The same of a line of the tests, where no product's has a part in it."""
    every = (frame.origin for link in facts.failure.exceptions for frame in link.frames)
    return None if "project" in every else _refusal(facts, "test")


def _refusal(facts: Facts, origin: str) -> tuple[Owner, Frame] | None:
    if any(frame.origin in ("project", "test") for frame in facts.frames):
        return None
    for link in facts.failure.exceptions:
        own = [place for place, frame in enumerate(link.frames) if frame.origin == origin]
        below = link.frames[own[-1] + 1 :] if own else ()
        if below and all(frame.origin == "installed" for frame in below):
            owner = owner_of(facts, module_of(below[0]))
            is_plain = owner and not facts.context.installed.is_plugin(owner.name)
            return (owner, link.frames[own[-1]]) if owner and is_plain else None
    return None


def _refuser_of(facts: Facts) -> Owner | None:
    found = facts.once(_refusal_of)
    return found[0] if found else None


def _refused_place(facts: Facts) -> str:
    found = facts.once(_refusal_of)
    return f"{found[1].file}:{found[1].line}: {found[1].source}".rstrip(": ") if found else ""


def _passed_by_of(facts: Facts) -> Owner | None:
    """The library that called the product with a keyword which the product only passes on, to what
    does not take it; none where a line of one's own has that keyword, nor a plugin.
    """
    refused, frames = _REFUSED.search(facts.link.message[:_READ]), facts.frames
    passing = list(takewhile(lambda one: one.origin == "project", reversed(frames)))
    calling = frames[-len(passing) - 1] if refused and len(frames) > len(passing) else None
    if refused is None or calling is None or calling.origin != "installed" or not passing:
        return None
    chosen = re.compile(rf"\b{refused['keyword']}\b")
    own = (frame.source for frame in frames if frame.origin in ("project", "test"))
    passes_on = all(_PASSED_ON.search(frame.source) for frame in passing)
    owner = owner_of(facts, module_of(calling))
    is_plain = owner and not facts.context.installed.is_plugin(owner.name)
    return owner if is_plain and passes_on and not any(map(chosen.search, own)) else None


class _Demand(NamedTuple):
    """What a library asked the project for."""

    by: Owner
    version: str
    """That the project has to have at least, or exactly."""


def _demand_of(facts: Facts) -> _Demand | None:
    """The library that calls back into the product with a version on its line, which the product
    refuses in words that name the version.
    """
    below = next(iter(facts.frames[-1:]), None)
    if below is None or below.origin != "project":
        return None
    above = [frame for frame in facts.frames if frame.origin != "project"]
    calling = above[-1] if above and above[-1].origin == "installed" else None
    said = " ".join(link.message[:_READ] for link in facts.failure.exceptions)
    asked = _VERSION.search(calling.source) if calling else None
    if calling is None or asked is None or not _names_version(said, asked[1]):
        return None
    owner = owner_of(facts, module_of(calling))
    return _Demand(owner, asked[1]) if owner and owner.name not in _CALLING else None


def _names_version(said: str, version: str) -> bool:
    return bool(re.search(rf"(?<![\w.])v?{re.escape(version)}(?!\w|\.\d)", said))


def _demander_of(facts: Facts) -> Owner | None:
    found = facts.once(_demand_of)
    return found.by if found else None


def _demanded(facts: Facts) -> str:
    found = facts.once(_demand_of)
    return found.version if found else ""


def _refuser_of_test(facts: Facts) -> str:
    found = facts.once(_refusal_of_test)
    return found[0].name if found else ""


def _refused_file(facts: Facts) -> str:
    found = facts.once(_refusal_of)
    return found[1].file if found else ""


FACTS: dict[str, Fact] = {
    "asker": part(_asker_of, "name"),
    "asker_may_be_newer": _asker_may_be_newer,
    "asker_version": part(_asker_of, "version"),
    "asking": _asking,
    "asking_later": _asking_later,
    "demanded": _demanded,
    "demander": part(_demander_of, "name"),
    "demander_version": part(_demander_of, "version"),
    "imported_badly": part(_imported_badly_of, "name"),
    "imported_badly_version": part(_imported_badly_of, "version"),
    "too_young": part(_too_young, "name"),
    "too_young_asks": part(_too_young, "asks"),
    "too_young_version": part(_too_young, "version"),
    "outgrown": part(_outgrown, "requirement"),
    "outgrown_by": _outgrown_by,
    "passed_by": part(_passed_by_of, "name"),
    "passed_by_version": part(_passed_by_of, "version"),
    "private_asker": part(_private_asker, "name"),
    "private_asker_version": part(_private_asker, "version"),
    "refused_file": _refused_file,
    "refused_place": _refused_place,
    "refuser_of_test": _refuser_of_test,
    "refuser": part(_refuser_of, "name"),
    "refuser_version": part(_refuser_of, "version"),
}
