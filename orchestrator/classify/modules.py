"""Facts about modules: whose a module is, why it cannot be imported, which distribution brings it."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from conftest_kit.records import Frame
from orchestrator.classify.facts import Fact, Facts, is_harness, module_of, own_frame
from orchestrator.classify.installed import Owner, Unmet
from orchestrator.classify.rules import knowledge
from orchestrator.project import Requirement

_NO_MODULE = re.compile(r"^No module named '?(?P<module>[\w.]{1,200})'?")
_FROM = re.compile(
    r"^cannot import name '(?P<symbol>\w{1,200})' from "
    r"(?:partially initialized module )?'(?P<module>[\w.]{1,200})'"
)
_NOT_A_PACKAGE = re.compile(r"; '[\w.]{1,200}' is not a package")
_AFFIX = re.compile(r"^(?:python-?|py-?)|(?:-?python|-?py)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """Which distribution brings a module, and who says so."""

    distribution: str
    source: str
    """`declared`, `required`, `known` or `unverified`."""
    said: str
    """The source, for a person."""


def _module(facts: Facts) -> str:
    """The module that an import names."""
    if facts.group("module"):
        return facts.group("module")
    found = _NO_MODULE.match(facts.link.message[:500]) or _FROM.match(facts.link.message[:500])
    return facts.attribute("name") or (found["module"] if found else "")


def _top(facts: Facts) -> str:
    return facts["module"].partition(".")[0]


def _symbol(facts: Facts) -> str:
    """The name that `from module import name` did not find."""
    found = _FROM.match(facts.link.message[:500])
    return facts.group("symbol") or (found["symbol"] if found else "")


def _module_state(facts: Facts) -> str:
    """Why there is no such module.

    `shadowed` a module stands where a package is expected · `removed` from, `newer` than or `unbuilt` in
    this Python's standard library · `project` the project should hold it · `unreachable` the checkout
    holds it, out of the import path · `gone` from an installed distribution · `broken` an installed
    distribution should bring it · `absent` nobody installed brings it.
    """
    module, top = facts["module"], facts["top"]
    if not module:
        return ""
    if _NOT_A_PACKAGE.search(facts.link.message[:500]):
        return "shadowed"
    if state := _stdlib_state(facts, module):
        return state
    owner = facts.context.installed.owner(module, known_names(module))
    if _is_own(facts, top) and (owner is None or top not in facts.context.installed.modules):
        return "project"
    if owner is not None:
        return "gone" if "." in module else "broken"
    if facts["helper"]:
        return "unreachable"
    return "absent"


def _stdlib_state(facts: Facts, module: str) -> str:
    table = knowledge("stdlib")
    python = _release(facts["python"])
    for name in (module, module.partition(".")[0]):
        removed, added = table["removed"].get(name), table["added"].get(name)
        if removed and python and _release(removed) <= python:
            return "removed"
        if added and python and python < _release(added):
            return "newer"
    if module in table["optional"]:
        return "unbuilt"
    return ""


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")) if version else ()


def _is_own(facts: Facts, top: str) -> bool:
    project = facts.context.project
    if top in project.modules and project.declared(known_names(top)) is None:
        return True
    # Without a checkout the frames show it: src/app/cli.py imports `app.gone`.
    return any(
        top in frame.file.removeprefix("src/").split("/")[:1]
        for frame in facts.frames
        if frame.origin in ("project", "test") and "/" in frame.file
    )


def _helper(facts: Facts) -> str:
    """A file of the checkout's tests that the import means and cannot reach."""
    path = facts["module"].replace(".", "/")
    suffixes = (f"/{path}.py", f"/{path}/__init__.py")
    if not path:
        return ""
    return next(
        (file for file in facts.context.project.files if f"/{file}".endswith(suffixes)), ""
    )


def _resolution(facts: Facts, module: str) -> Resolution | None:
    if not module:
        return None
    candidates = known_names(module)
    top = module.partition(".")[0]
    declared = facts.context.project.declared((*candidates, top)) or _resembling(facts, top)
    if declared:
        return Resolution(
            distribution=declared.name if not candidates else _as_known(declared.name, candidates),
            source="declared",
            said=f"{declared.file} asks for it: {declared.text}",
        )
    for name in (*candidates, top):
        for owner, extra in facts.context.installed.asked_for(name):
            through = f" with its extra {extra!r}" if extra else ""
            return Resolution(
                distribution=name,
                source="required",
                said=f"the metadata of {owner.name} {owner.version} asks for it{through}",
            )
    if candidates:
        source = knowledge("imports")["source"]
        return Resolution(
            distribution=candidates[0], source="known", said=f"known from {source}"
        )
    return Resolution(
        distribution=top, source="unverified", said="no source names the distribution of this module"
    )


def known_names(module: str) -> tuple[str, ...]:
    """The distributions known to bring a module, the most used first: of its longest known prefix."""
    table = knowledge("imports")["modules"]
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        names = table.get(".".join(parts[:length]))
        if names:
            return tuple(names)
    return ()


def _resembling(facts: Facts, top: str) -> Requirement | None:
    """A declared distribution that is not installed and differs by `python-` or the like only."""
    bare = _bare(top)
    return next(
        (
            entry
            for entry in facts.context.project.requirements
            if _bare(entry.name) == bare and not facts.context.installed.has(entry.name)
        ),
        None,
    )


def _bare(name: str) -> str:
    return _AFFIX.sub("", canonicalize_name(name))


def _as_known(declared: str, candidates: tuple[str, ...]) -> str:
    return next((name for name in candidates if canonicalize_name(name) == declared), declared)


def _distribution(facts: Facts) -> str:
    """The distribution that brings the module."""
    found = _resolution(facts, facts["module"])
    return found.distribution if found else ""


def _distribution_source(facts: Facts) -> str:
    found = _resolution(facts, facts["module"])
    return found.source if found else ""


def _distribution_said(facts: Facts) -> str:
    found = _resolution(facts, facts["module"])
    return found.said if found else ""


def _nearest_module(facts: Facts) -> str:
    """A module that the import may have meant: misspelt, or moved."""
    installed, project = facts.context.installed, facts.context.project
    top = facts["top"]
    own = {
        file.removesuffix(".py").removesuffix("/__init__").removeprefix("src/").replace("/", ".")
        for file in project.files
        if file.removeprefix("src/").startswith(f"{top}/")
    }
    if own:
        return next(iter(difflib.get_close_matches(facts["module"], own, n=1, cutoff=0.7)), "")
    names = {*installed.modules, *knowledge("imports")["modules"], *project.modules} - {top}
    return next(iter(difflib.get_close_matches(top, names, n=1, cutoff=0.85)), "")


def owner_of(facts: Facts, module: str) -> Owner | None:
    """The installed distribution that brings a module."""
    return facts.context.installed.owner(module, known_names(module)) if module else None


def _owner(facts: Facts) -> str:
    """The installed distribution that owns the module."""
    owner = owner_of(facts, facts["module"])
    return owner.name if owner else ""


def _owner_version(facts: Facts) -> str:
    owner = owner_of(facts, facts["module"])
    return owner.version if owner else ""


def _owner_state(facts: Facts) -> str:
    """Whose the module is: `project`, `stdlib`, `installed` or empty."""
    module, top = facts["module"], facts["top"]
    if not module:
        return ""
    if _is_own(facts, top):
        return "project"
    if top in knowledge("stdlib")["names"]:
        return "stdlib"
    return "installed" if owner_of(facts, module) else ""


def _raiser_of(facts: Facts) -> Owner | None:
    frame = facts.frames[-1] if facts.frames else None
    return owner_of(facts, module_of(frame)) if frame and frame.origin == "installed" else None


def _raiser(facts: Facts) -> str:
    """The installed distribution whose code raised."""
    owner = _raiser_of(facts)
    return owner.name if owner else ""


def _raiser_version(facts: Facts) -> str:
    owner = _raiser_of(facts)
    return owner.version if owner else ""


def _called(facts: Facts) -> Owner | None:
    """The installed distribution that own code called into, at the deepest own frame."""
    frames = facts.frames
    own = own_frame(facts)
    if own is None:
        return None
    below = frames[max(i for i, frame in enumerate(frames) if frame is own) + 1 :]
    entered = next((frame for frame in below if frame.origin == "installed"), None)
    return owner_of(facts, module_of(entered)) if entered else None


def _entered(facts: Facts) -> str:
    owner = _called(facts)
    return owner.name if owner else ""


def _entered_version(facts: Facts) -> str:
    owner = _called(facts)
    return owner.version if owner else ""


def _type_owner(facts: Facts) -> str:
    """The installed distribution that the exception's class comes from."""
    owner = owner_of(facts, facts["type_module"].partition(".")[0])
    return owner.name if owner else ""


def _removed_in(facts: Facts) -> str:
    table = knowledge("stdlib")
    return str(table["removed"].get(facts["module"]) or table["removed"].get(facts["top"]) or "")


def _added_in(facts: Facts) -> str:
    table = knowledge("stdlib")
    return str(table["added"].get(facts["module"]) or table["added"].get(facts["top"]) or "")


def _replacement(facts: Facts) -> str:
    """What brings a module back that the standard library dropped or does not have yet."""
    table = knowledge("stdlib")["replaced_by"]
    return str(table.get(facts["module"]) or table.get(facts["top"]) or "")


def _system_package(facts: Facts) -> str:
    """What a Python must be built with to have an optional module."""
    return str(knowledge("stdlib")["optional"].get(facts["module"], ""))


def _named_distribution(facts: Facts) -> str:
    """The distribution that a message names, as others write it."""
    named = facts.group("named").partition("[")[0]
    if not named:
        return ""
    return known_names(named)[0] if known_names(named) and not _is_known(named) else named


def _named_state(facts: Facts) -> str:
    """`installed`, `verified` (not installed, and somebody beside the message knows it) or `unverified`."""
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
    return any(
        canonicalize_name(candidate) == wanted
        for names in knowledge("imports")["modules"].values()
        for candidate in names
    ) or any(plugin["distribution"] == wanted for plugin in knowledge("plugins")["plugin"])


def _named_by(facts: Facts) -> str:
    """Who asks for the named distribution, by metadata: `fastapi 0.110 (extra all)`."""
    for owner, extra in facts.context.installed.asked_for(facts["named_distribution"]):
        return f"{owner.name} {owner.version}" + (f" (extra {extra!r})" if extra else "")
    return ""


def _touching(facts: Facts) -> Unmet | None:
    """The unmet requirement between distributions that the failure touches."""
    owners = [owner_of(facts, facts["module"]), _raiser_of(facts), _called(facts)]
    touched = {canonicalize_name(owner.name) for owner in owners if owner}
    for unmet in facts.context.installed.unmet if touched else ():
        if unmet.installed and touched & {
            canonicalize_name(unmet.name),
            canonicalize_name(unmet.by.name),
        }:
            return unmet
    return None


def _unmet(facts: Facts) -> str:
    """`fastapi 0.110 requires starlette<0.37, installed is 0.40`."""
    found = _touching(facts)
    if found is None:
        return ""
    return (
        f"{found.by.name} {found.by.version} requires {found.requirement},"
        f" installed is {found.name} {found.installed}"
    )


def _unmet_name(facts: Facts) -> str:
    found = _touching(facts)
    return found.name if found else ""


def _unmet_version(facts: Facts) -> str:
    found = _touching(facts)
    return found.installed if found else ""


def _unmet_requirement(facts: Facts) -> str:
    found = _touching(facts)
    return found.requirement if found else ""


def _importer(facts: Facts) -> Frame | None:
    return facts.frames[-1] if facts.frames else None


def _import_origin(facts: Facts) -> str:
    """Who imports: `project`, `test`, `installed` or `stdlib`."""
    frame = _importer(facts)
    if frame is None:
        return ""
    return "test" if is_harness(frame) else frame.origin


FACTS: dict[str, Fact] = {
    "added_in": _added_in,
    "distribution": _distribution,
    "distribution_said": _distribution_said,
    "distribution_source": _distribution_source,
    "entered": _entered,
    "entered_version": _entered_version,
    "helper": _helper,
    "import_origin": _import_origin,
    "module": _module,
    "module_state": _module_state,
    "named_by": _named_by,
    "named_distribution": _named_distribution,
    "named_state": _named_state,
    "nearest_module": _nearest_module,
    "owner": _owner,
    "owner_state": _owner_state,
    "owner_version": _owner_version,
    "raiser": _raiser,
    "raiser_version": _raiser_version,
    "removed_in": _removed_in,
    "replacement": _replacement,
    "symbol": _symbol,
    "system_package": _system_package,
    "top": _top,
    "type_owner": _type_owner,
    "unmet": _unmet,
    "unmet_name": _unmet_name,
    "unmet_requirement": _unmet_requirement,
    "unmet_version": _unmet_version,
}
