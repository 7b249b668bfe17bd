"""Facts about names of distributions that stand where others belong: in an import, or misspelt."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import islice

from packaging.utils import canonicalize_name

from orchestrator.classify.distributions.mapping import brought, distributions, imports, known_names
from orchestrator.classify.distributions.plugins import plugins_by_name
from orchestrator.classify.facts import Fact, Facts
from orchestrator.classify.names.spelling import is_typo

_NOT_TO_IMPORT = frozenset({"test", "tests", "testing", "docs", "examples", "scripts"})
_SHOWN = 3
_POPULAR = 3000
"""How many of the modules that are known bring a distribution that somebody may have meant."""


def _misnamed(facts: Facts) -> str:
    """The distribution whose name an import says, though the modules that it brings have others:
    one that is installed or declared, else a popular one of exactly this name.
    """
    top = facts["top"]
    is_shared = top in imports().namespaces or "." in facts["module"]
    if facts["module_state"] != "absent" or is_shared or known_names(top):
        return ""
    return next((name for name in _meant(facts, top) if _brings(facts, name)), "")


def _meant(facts: Facts, top: str) -> Iterator[str]:
    named, has = canonicalize_name(top), facts.context.installed.has
    declared = facts.context.project.declared
    for name in (named, f"{named}-python", f"python-{named}"):
        if has(name) or declared((name,)) or (name == named and name in _popular()):
            yield name
    if facts["distribution_source"] == "declared":
        yield canonicalize_name(facts["distribution"])


@cache
def _popular() -> dict[str, None]:
    """Normalised names of distributions, the popular first."""
    names = (names[0] for names in islice(imports().modules.values(), _POPULAR))
    return dict.fromkeys(map(canonicalize_name, names))


def _brings(facts: Facts, name: str) -> tuple[str, ...]:
    """The modules of a distribution, as they are imported; none where one has the name that was."""
    recorded = [
        module
        for module, owners in facts.context.installed.modules.items()
        if any(canonicalize_name(owner.name) == name for owner in owners)
    ]
    known = brought().get(name, ())
    if recorded:
        known = tuple(one for one in known if one.partition(".")[0] in recorded)
    found = known or tuple(recorded)
    if facts["top"] in (one.partition(".")[0] for one in found):
        return ()
    return tuple(one for one in found if not one.startswith("_") and one not in _NOT_TO_IMPORT)


def _misnamed_modules(facts: Facts) -> str:
    """How what it brings is imported: `` `import yaml` ``."""
    found = _brings(facts, facts["misnamed"]) if facts["misnamed"] else ()
    return " or ".join(f"`import {one}`" for one in found[:_SHOWN])


def _misnamed_version(facts: Facts) -> str:
    return facts.context.installed.version(facts["misnamed"]) if facts["misnamed"] else ""


def _misnamed_said(facts: Facts) -> str:
    """Who asks for it."""
    declared = facts.context.project.declared((facts["misnamed"],)) if facts["misnamed"] else None
    return f"{declared.file} asks for it: {declared.text}" if declared else ""


def _look_alike(facts: Facts) -> str:
    """The popular distribution whose name differs by a slip from that of the one that is declared
    to bring an absent module, which nobody knows.
    """
    name = canonicalize_name(facts["distribution"]) if facts["distribution"] else ""
    if facts["distribution_source"] != "declared" or not _is_unheard_of(facts, name):
        return ""
    return next((one for one in _popular() if is_typo(name, one)), "")


def _is_unheard_of(facts: Facts, name: str) -> bool:
    """Whether a distribution is neither known nor installed."""
    is_known = name in distributions() or name in plugins_by_name()
    return bool(name) and not is_known and not facts.context.installed.has(name)


def _misdeclared(facts: Facts) -> str:
    """The requirement, on what nobody knows, that is the name of the absent one but for a slip."""
    name = canonicalize_name(facts["distribution"]) if facts["distribution"] else ""
    found = (
        one
        for one in facts.context.project.requirements
        if facts["distribution_source"] != "declared" and is_typo(one.name, name)
    )
    unheard = (one for one in found if _is_unheard_of(facts, one.name))
    return next((f"`{one.text}` in {one.file}" for one in unheard), "")


def _distribution_version(facts: Facts) -> str:
    """The installed version of what brings the module, or should."""
    name = facts["distribution"]
    return facts.context.installed.version(name) if name else ""


FACTS: dict[str, Fact] = {
    "distribution_version": _distribution_version,
    "look_alike": _look_alike,
    "misdeclared": _misdeclared,
    "misnamed": _misnamed,
    "misnamed_modules": _misnamed_modules,
    "misnamed_said": _misnamed_said,
    "misnamed_version": _misnamed_version,
}
