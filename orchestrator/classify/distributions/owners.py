"""Facts about distributions: who raised or was called, and whether what is installed fits."""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.utils import canonicalize_name
from packaging.version import Version

from orchestrator.classify.distributions.mapping import distributions, imports, known_names
from orchestrator.classify.distributions.plugins import plugins_by_name
from orchestrator.classify.distributions.surface import library
from orchestrator.classify.facts import Fact, Facts, module_of, own_frame
from orchestrator.classify.installed import Owner, Unmet, version_of

_OF_ITS_DEVELOPERS = frozenset(
    ["dev", "develop", "development", "test", "tests", "testing", "doc", "docs", "lint", "typing"]
)
"""Extras that who uses a distribution has no part in; so are those of which a word is one."""
_WORDS = re.compile(r"[-_.]+")


# BulkOperationBuilder.add_replace() got an unexpected keyword argument 'sort'
_METHOD = re.compile(r"(?P<class>[A-Z]\w{0,100})\.\w{1,100}\(\) (?:got|missing|takes) ")
_READ = 500


def is_of_developers(extra: str) -> bool:
    """Whether an extra is for those who make the distribution: `docs`, `testing-extras`."""
    return not _OF_ITS_DEVELOPERS.isdisjoint(_WORDS.split(extra.lower()))


def owner_of(facts: Facts, module: str) -> Owner | None:
    """The installed distribution that brings a module."""
    if not module:
        return None
    shared = module.partition(".")[0] in imports().namespaces
    return facts.context.installed.owner(module, known_names(module), shared=shared)


def needed_and_absent(facts: Facts) -> Iterator[str]:
    """What the project always needs to run, here, and is not installed; not what only its
    developers need.
    """
    project = facts.context.project
    owner = Owner(name=project.name, version="")
    for entry in project.requirements:
        if entry.group or entry.by or entry.is_extra or is_of_developers(entry.file):
            continue
        unmet = facts.context.installed.unmet_by(owner, entry.text)
        if unmet and not unmet.installed:
            yield unmet.name


def asking(facts: Facts, name: str) -> Iterator[tuple[Owner, str]]:
    """Who requires a distribution, and through which extra, if not always: an extra counts where
    its distribution is in the traceback or one that the project declares.
    """
    for owner, extra in facts.context.installed.asked_for(name):
        declared = facts.context.project.declared((owner.name,))
        if (
            not extra
            or owner in facts.once(_in_frames)
            or (declared and not is_of_developers(extra))
        ):
            yield owner, extra


def asks(owner: Owner, extra: str) -> str:
    """Of one of these: that it asks for the distribution, for a person."""
    through = f" with its extra {extra!r}" if extra else ""
    return f"the metadata of {owner.name} {owner.version} asks for it{through}"


def _in_frames(facts: Facts) -> frozenset[Owner | None]:
    installed = (frame for frame in facts.frames if frame.origin == "installed")
    return frozenset(owner_of(facts, module_of(frame)) for frame in installed)


def _raiser_of(facts: Facts) -> Owner | None:
    frame = facts.frames[-1] if facts.frames else None
    return owner_of(facts, module_of(frame)) if frame and frame.origin == "installed" else None


def _raiser(facts: Facts) -> str:
    """The installed distribution whose code raised."""
    owner = facts.once(_raiser_of)
    return owner.name if owner else ""


def _raiser_version(facts: Facts) -> str:
    owner = facts.once(_raiser_of)
    return owner.version if owner else ""


def _raiser_is_plugin(facts: Facts) -> str:
    """`yes` where a plugin of pytest's, not pytest itself, raised, and no own code called it."""
    own = any(frame.origin in ("project", "test") for frame in facts.frames)
    is_plugin = facts.context.installed.is_plugin(facts["raiser"])
    return "yes" if is_plugin and not own and facts["raiser"] != "pytest" else ""


def is_latest(owner: Owner) -> bool:
    """Whether no later release is known, of what is known."""
    name, version = canonicalize_name(owner.name), version_of(owner.version)
    known, plugin = library(name), plugins_by_name().get(name)
    newest = max(
        (*(known.released if known else ()), *([Version(plugin.version)] if plugin else ())),
        default=None,
    )
    return newest is not None and version is not None and version >= newest


def _raiser_is_latest(facts: Facts) -> str:
    """`yes` where no later release of the plugin that raised is known."""
    raiser = Owner(name=facts["raiser"], version=facts["raiser_version"])
    return "yes" if is_latest(raiser) else ""


def _called(facts: Facts) -> Owner | None:
    """The installed distribution that own code called into, at the deepest own frame."""
    frames = facts.frames
    own = own_frame(facts)
    if own is None:
        return None
    below = frames[max(i for i, frame in enumerate(frames) if frame == own) + 1 :]
    entered = next((frame for frame in below if frame.origin == "installed"), None)
    return owner_of(facts, module_of(entered)) if entered else None


def _entered(facts: Facts) -> str:
    owner = facts.once(_called)
    return owner.name if owner else ""


def _entered_version(facts: Facts) -> str:
    owner = facts.once(_called)
    return owner.version if owner else ""


def _named_distribution(facts: Facts) -> str:
    """The distribution that a message names, as others write it."""
    named = facts.group("named").partition("[")[0]
    if not named:
        return ""
    return known_names(named)[0] if known_names(named) and not _is_known(named) else named


def _named_state(facts: Facts) -> str:
    """`installed`, `verified`: not installed, and somebody beside the message knows it, or
    `unverified`.
    """
    name = facts["named_distribution"]
    if not name:
        return ""
    if facts.context.installed.has(name):
        return "installed"
    if facts.context.project.declared((name,)) or any(facts.context.installed.asked_for(name)):
        return "verified"
    return "verified" if _is_known(name) else "unverified"


def _is_known(name: str) -> bool:
    wanted = canonicalize_name(name)
    return wanted in distributions() or wanted in plugins_by_name()


def _extra_lacks(facts: Facts) -> str:
    """What the extra that a message names would bring: `pip install "shop[pdf]"`."""
    extras = facts.group("extras").replace(" ", "").split(",")
    named, own = facts.group("named"), facts.context.own_names
    names = own if named == "." else (named,)
    lacking = (
        facts.context.installed.lacking(name, extra) for name in sorted(names) for extra in extras
    )
    return next(filter(None, lacking), "")


def _named_by(facts: Facts) -> str:
    """Who asks for the named distribution, by metadata: `fastapi 0.110 (extra all)`."""
    for owner, extra in asking(facts, facts["named_distribution"]):
        return f"{owner.name} {owner.version}" + (f" (extra {extra!r})" if extra else "")
    return ""


def touching(facts: Facts) -> Unmet | None:
    """The unmet requirement between distributions that the failure touches; none where a library
    calls what a class of the project does not take.
    """
    if _calls_own_class(facts):
        return None
    owners = (owner_of(facts, facts["module"]), facts.once(_raiser_of), facts.once(_called))
    touched = [owner.name for owner in owners if owner]
    found = facts.context.installed.unmet(touched)
    return next((unmet for unmet in found if unmet.installed), None) if touched else None


def _calls_own_class(facts: Facts) -> bool:
    """Whether the function that a TypeError names is of a class that own code on the way has."""
    call, project = _METHOD.match(facts.link.message[:_READ]), facts.context.project
    if call is None:
        return False
    own = (frame.file for frame in facts.frames if frame.origin in ("project", "test"))
    sources = map(project.source, dict.fromkeys(own))
    homes = [one.imports.get(call["class"], "").rpartition(".")[0] for one in sources]
    return any(map(project.file_of, filter(None, homes))) or any(
        call["class"] in project.source(frame.file).holds for frame in facts.frames
    )


def misfit(facts: Facts) -> Unmet | None:
    """The requirement that the installed version of what was called or asked does not satisfy."""
    names = (facts["callee"], facts["object_owner"], facts["owner"])
    for name in filter(None, names):
        for unmet in facts.context.installed.unmet((name,)):
            if unmet.installed and canonicalize_name(unmet.name) == canonicalize_name(name):
                return unmet
    return None


def _misfit_said(facts: Facts) -> str:
    found = facts.once(misfit)
    return _said(found) if found else ""


def _misfit_name(facts: Facts) -> str:
    found = facts.once(misfit)
    return found.name if found else ""


def _misfit_version(facts: Facts) -> str:
    found = facts.once(misfit)
    return found.installed if found else ""


def _misfit_requirement(facts: Facts) -> str:
    found = facts.once(misfit)
    return found.requirement if found else ""


def _said(unmet: Unmet) -> str:
    """`fastapi 0.110 requires starlette<0.37, installed is 0.40`."""
    return (
        f"{unmet.by.name} {unmet.by.version} requires {unmet.requirement},"
        f" installed is {unmet.name} {unmet.installed}"
    )


def _unmet(facts: Facts) -> str:
    found = facts.once(touching)
    return _said(found) if found else ""


def _unmet_name(facts: Facts) -> str:
    found = facts.once(touching)
    return found.name if found else ""


def _raiser_unmet(facts: Facts) -> str:
    """`yes` where what raised is not of the version that another asks for, which was called on the
    way, or where libraries were among themselves.
    """
    raiser, unmet = facts.once(_raiser_of), facts.once(touching)
    if raiser is None or unmet is None:
        return ""
    is_it = canonicalize_name(raiser.name) == canonicalize_name(unmet.name)
    near = unmet.by in facts.once(_in_frames) or own_frame(facts) is None
    return "yes" if is_it and near else ""


def _unmet_version(facts: Facts) -> str:
    found = facts.once(touching)
    return found.installed if found else ""


def _unmet_requirement(facts: Facts) -> str:
    found = facts.once(touching)
    return found.requirement if found else ""


FACTS: dict[str, Fact] = {
    "entered": _entered,
    "entered_version": _entered_version,
    "extra_lacks": _extra_lacks,
    "misfit": _misfit_said,
    "misfit_name": _misfit_name,
    "misfit_requirement": _misfit_requirement,
    "misfit_version": _misfit_version,
    "named_by": _named_by,
    "named_distribution": _named_distribution,
    "named_state": _named_state,
    "raiser": _raiser,
    "raiser_is_latest": _raiser_is_latest,
    "raiser_is_plugin": _raiser_is_plugin,
    "raiser_unmet": _raiser_unmet,
    "raiser_version": _raiser_version,
    "unmet": _unmet,
    "unmet_name": _unmet_name,
    "unmet_requirement": _unmet_requirement,
    "unmet_version": _unmet_version,
}
