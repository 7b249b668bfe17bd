"""Facts about imports: why a module cannot be had, and which distribution brings it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from orchestrator.checkout.requirements import Requirement
from orchestrator.classify.distributions.mapping import (
    imported_part,
    imported_whole,
    imports,
    known_names,
)
from orchestrator.classify.distributions.owners import asking, asks, is_of_developers, owner_of
from orchestrator.classify.facts import Context, Fact, Facts
from orchestrator.classify.imports.stand_ins import is_no_package
from orchestrator.classify.imports.standard import stdlib_state
from orchestrator.classify.rules import knowledge

_NO_MODULE = re.compile(r"^No module named '?(?P<module>[\w.]{1,200})'?")
_NO_MODULE_BEHIND = re.compile(r": No module named '(?P<module>[\w.]{1,200})'$")
_FROM = re.compile(
    r"^cannot import name '(?P<symbol>\w{1,200})' from "
    r"(?:partially initialized module )?'(?P<module>[\w.]{1,200})'"
)
_OF_MODULE = re.compile(
    r"^(?:<module '(?P<patched>[\w.]{1,200})'.{0,400}> does not have the"  # mock.patch
    r"|module '?(?P<module>[\w.]{1,200})'? has no) attribute "
)
_NO_ATTRIBUTE = re.compile(r"(?:has no|does not have the) attribute '?(?P<symbol>\w{1,200})")
_SITE = re.compile(r"^.*[/\\](?:site|dist)-packages[/\\]")
_OF_TOOLS = ("types", "pytest", "sphinx", "flake8", "mypy", "pylint", "mkdocs", "tox")
"""Before a name: what adds to a tool and does not bring the module of that name."""
_AFFIX = re.compile(r"^(?:python-?|py-?)|(?:-?python|-?py)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """Which distribution brings a module, and who says so."""

    distribution: str
    source: str
    """`declared`, `required`, `known` or `unverified`."""
    said: str
    """The source, for a person; empty where it has nothing to do with the failure."""


def _module(facts: Facts) -> str:
    """The module that an import names."""
    if facts.group("module"):
        return facts.group("module")
    message = facts.link.message[:500]
    found = _NO_MODULE.match(message) or _FROM.match(message) or _OF_MODULE.match(message)
    # An AttributeError has a name as well: that of the attribute.
    is_import = "ImportError" in (facts.link.type, *facts.link.bases)
    # Who raises it again may put words of his own before Python's.
    found = found or (_NO_MODULE_BEHIND.search(message.rstrip()) if is_import else None)
    said = (found.groupdict().get("patched") or found["module"]) if found else ""
    named = (facts.attribute("name") if is_import else "") or said
    if is_import and named in imports().namespaces:
        # Where all of a namespace lacks, Python names its top alone.
        return imported_whole(facts.frames[-1].source if facts.frames else "", named)
    return named or _asked_of(facts)


def _asked_of(facts: Facts) -> str:
    """The module whose own `__getattr__` did not find an attribute, whatever it says of that."""
    asked = facts.attribute("obj")
    known = asked in knowledge("stdlib")["names"] or asked in facts.context.installed.modules
    return asked if known else ""


def _home(facts: Facts) -> str:
    """The name under which the module is installed: `requests.packages.urllib3` is `urllib3`."""
    path = facts.attribute("path") if facts["symbol"] else ""
    inside = _SITE.sub("", path)
    if inside == path or not inside.endswith(".py"):
        return facts["module"]
    return inside.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _top(facts: Facts) -> str:
    return facts["module"].partition(".")[0]


def _symbol(facts: Facts) -> str:
    """The name that `from module import name`, or `module.name`, did not find."""
    found = _FROM.match(facts.link.message[:500])
    if facts.group("symbol") or found:
        return facts.group("symbol") or (found["symbol"] if found else "")
    is_attribute = "AttributeError" in (facts.link.type, *facts.link.bases)
    if not is_attribute or not facts["module"]:
        return ""
    said = _NO_ATTRIBUTE.search(facts.link.message[:500])
    return facts.attribute("name") or (said["symbol"] if said else "")


def _module_state(facts: Facts) -> str:
    """Why there is no such module.

    `shadowed` a module stands where a package is expected · `stood_in` it is that of another
    distribution, see `stand_in` · `removed` from, `newer` than or
    `unbuilt` in this Python's standard library · `project` the project should hold it ·
    `unreachable` the checkout holds it, out of the import path · `gone` from an installed
    distribution · `broken` an installed distribution should bring it · `outdated` another release
    of an installed distribution brings it · `absent` nobody brings it.
    """
    module, top = facts["module"], facts["top"]
    if not module:
        return ""
    # What the standard library brings is what it is: no file stands in its way.
    if is_no_package(facts) and top in knowledge("stdlib")["names"]:
        return ""
    if is_no_package(facts) and not facts["single_file_of"]:
        return "shadowed"
    if facts["stand_in"]:
        return "stood_in"
    if state := stdlib_state(facts, module):
        return state
    if is_own(facts, top):
        return "unreachable" if facts["helper"] else "project"
    owner = owner_of(facts, module)
    if owner is not None:
        return "gone" if "." in module and facts["raiser"] != owner.name else "broken"
    if facts["outdated"]:
        return "outdated"
    if facts["helper"] and not _is_meant_elsewhere(facts):
        return "unreachable"
    return "absent"


def _is_meant_elsewhere(facts: Facts) -> bool:
    """Whether an import means a distribution, though a file of the checkout has the module's name:
    somebody asks for it, or the file lies in a package, whose modules have longer names.
    """
    source = facts["distribution_source"]
    folder = facts["helper"].removesuffix("/__init__.py").rpartition("/")[0]
    in_package = f"{folder}/__init__.py" in facts.context.project.files
    return source in ("declared", "required") or (source == "known" and in_package)


def _outdated(facts: Facts) -> str:
    """The installed distribution of which another release brings the module at the top level."""
    installed = facts.context.installed
    candidates = known_names(facts["top"])[:1] if installed.is_described else ()
    return next((name for name in candidates if installed.has(name)), "")


def _outdated_version(facts: Facts) -> str:
    return facts.context.installed.version(facts["outdated"]) if facts["outdated"] else ""


def is_own(facts: Facts, top: str) -> bool:
    """Whether a module at the top level is the project's, though it may be installed as well."""
    known = facts.context.once(_known_to_be_own)
    if top not in known:
        known[top] = _is_own_as_installed(facts, top)
    if (said := known[top]) is not None:
        return said
    # Without a checkout the frames show it: src/app/cli.py imports `app.gone`.
    return any(
        top in frame.file.removeprefix("src/").split("/")[:1]
        for frame in facts.frames
        if frame.origin in ("project", "test") and "/" in frame.file
    )


def _known_to_be_own(_: Context) -> dict[str, bool | None]:
    """What was already asked of a run: modules at the top level, and whether they are its own."""
    return {}


def _is_own_as_installed(facts: Facts, top: str) -> bool | None:
    """What the checkout and what is installed say, the same for each failure; None: nothing."""
    project, owner = facts.context.project, owner_of(facts, top)
    if project.declared((*known_names(top), *([owner.name] if owner else [top]))):
        return False
    if top in project.modules:
        return True
    if owner and canonicalize_name(owner.name) in facts.context.own_names:
        return True
    # In a repository of several packages these are installed from folders of the checkout.
    return True if owner and _is_root_package(facts, top) else None


def _is_root_package(facts: Facts, top: str) -> bool:
    """Whether the checkout holds the package, and not inside of another: `app/ext/yaml` is none."""
    files = facts.context.project.files
    folders = (
        f"/{file}".removesuffix(f"/{top}/__init__.py")
        for file in files
        if f"/{file}".endswith(f"/{top}/__init__.py")
    )
    return any(f"{folder}/__init__.py".lstrip("/") not in files for folder in folders)


def _helper(facts: Facts) -> str:
    """A file of the checkout that the import means and cannot reach."""
    path = facts["module"].replace(".", "/")
    suffixes = (f"/{path}.py", f"/{path}/__init__.py")
    if not path:
        return ""
    return next((file for file in facts.context.project.files if f"/{file}".endswith(suffixes)), "")


def _import_folder(facts: Facts) -> str:
    """The folder that would have to be on the import path to reach `helper`: `.`, `src`."""
    path = facts["module"].replace(".", "/")
    return (
        facts["helper"].removesuffix(".py").removesuffix("/__init__").removesuffix(path).rstrip("/")
        or "."
    )


def _resolution(facts: Facts) -> Resolution | None:
    """The distribution that brings the module, whether it exists or not; None without a module."""
    module = facts["module"]
    if not module:
        return None
    candidates = known_names(module)
    top = module.partition(".")[0]
    named = (*candidates, *_joined(module), *_of_part(facts, module))
    part = imported_part(facts.frames[-1].source if facts.frames else "")
    exact = _joined(part)[: -1 - module.count(".")] if part.startswith(f"{module}.") else ()
    project = facts.context.project
    declared = project.declared(exact) or project.declared(named) or _resembling(facts, top)
    if not declared and not candidates:
        declared = _of_framework(facts, top)
    if declared:
        return Resolution(
            distribution=_as_known(declared.name, candidates),
            source="declared",
            said=f"{declared.file} asks for it: {declared.text}",
        )
    for name in named:
        for owner, extra in asking(facts, name):
            return Resolution(
                distribution=name,
                source="required",
                said=asks(owner, extra),
            )
    if candidates:
        said = f"known from {imports().source}"
        return Resolution(distribution=candidates[0], source="known", said=said)
    for name in named:
        if any(facts.context.installed.asked_for(name)):
            return Resolution(distribution=name, source="required", said="")
    return Resolution(
        distribution=top,
        source="unverified",
        said="no source names the distribution of this module",
    )


def _joined(module: str) -> tuple[str, ...]:
    """What its distribution may be called: google-cloud-storage, google-cloud, google."""
    parts = module.split(".")
    return tuple("-".join(parts[:length]) for length in range(len(parts), 0, -1))


def _of_part(facts: Facts, module: str) -> Iterator[str]:
    """What may bring a part of itself that is not for others, named after it: `_cffi_backend`."""
    words = module.strip("_").split("_") if module.startswith("_") and "." not in module else []
    names = ("-".join(words[:length]) for length in range(len(words), 0, -1))
    return (name for name in names if not facts.context.installed.has(name))


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


def _of_framework(facts: Facts, top: str) -> Requirement | None:
    """The only declared distribution that is not installed and whose name ends in the module's:
    `django-environ` for `environ`.
    """
    ending = f"-{canonicalize_name(top)}"
    found = [
        entry
        for entry in facts.context.project.requirements
        if entry.name.endswith(ending)
        and entry.name.removesuffix(ending) not in _OF_TOOLS
        and not facts.context.installed.has(entry.name)
    ]
    return found[0] if len({entry.name for entry in found}) == 1 else None


def _bare(name: str) -> str:
    return _AFFIX.sub("", canonicalize_name(name))


def _as_known(declared: str, candidates: tuple[str, ...]) -> str:
    return next((name for name in candidates if canonicalize_name(name) == declared), declared)


def _resolved(part: str) -> Fact:
    """A fact that is one part of the resolution; empty where there is none."""
    return lambda facts: getattr(facts.once(_resolution), part, "")


def _distribution_meant(facts: Facts) -> str:
    """The distribution; of one that is known as a build of another, which bears the module's name,
    that: `psycopg2` of `psycopg2-binary`.
    """
    name, top = facts["distribution"], facts["top"]
    is_build = canonicalize_name(name) == f"{canonicalize_name(top)}-binary" if name else False
    return top if is_build and facts["distribution_source"] == "known" else name


def _importer_extra(facts: Facts) -> str:
    """The extra of the installed distribution that imports, which brings the module."""
    return next(
        (
            extra
            for owner, extra in facts.context.installed.asked_for(facts["distribution"])
            if extra and owner.name == facts["raiser"]
        ),
        "",
    )


def _like_named(facts: Facts) -> str:
    """The distribution of the module's name, where nothing tells which one brings it: not of a
    private module, nor of a part of one, nor of one that may be misspelt.
    """
    module = facts["module"]
    is_whole = "." not in module and module not in imports().namespaces
    tells = is_whole and not module.startswith("_") and not facts["nearest_module"]
    return canonicalize_name(module) if module and tells else ""


def _owner(facts: Facts) -> str:
    """The installed distribution that owns the module."""
    owner = owner_of(facts, _home(facts))
    return owner.name if owner else ""


def _owner_version(facts: Facts) -> str:
    owner = owner_of(facts, _home(facts))
    return owner.version if owner else ""


def _owner_state(facts: Facts) -> str:
    """Whose the module is: `project`, `stdlib`, `installed` or empty."""
    module, top = facts["module"], facts["top"]
    if not module:
        return ""
    if is_own(facts, top):
        return "project"
    if top in knowledge("stdlib")["names"]:
        return "stdlib"
    return "installed" if owner_of(facts, module) else ""


def _owner_lacks(facts: Facts) -> str:
    """What the owner brings with an extra for its users, nobody has installed, and the project asks
    for as well: in its files, or in its own metadata with an extra.
    """
    installed, project = facts.context.installed, facts.context.project
    own = facts.context.own_names
    for name, extra in installed.absent_of_extras(facts["owner"]) if facts["owner"] else ():
        if is_of_developers(extra):
            continue
        asking_it = {canonicalize_name(owner.name) for owner, _ in installed.asked_for(name)}
        if project.declared((name,)) or asking_it & own:
            return name
    return ""


FACTS: dict[str, Fact] = {
    "distribution": _resolved("distribution"),
    "distribution_meant": _distribution_meant,
    "distribution_said": _resolved("said"),
    "distribution_source": _resolved("source"),
    "helper": _helper,
    "import_folder": _import_folder,
    "importer_extra": _importer_extra,
    "module": _module,
    "module_path": lambda facts: facts.context.project.file_of(facts["module"]),
    "module_state": _module_state,
    "outdated": _outdated,
    "outdated_version": _outdated_version,
    "like_named": _like_named,
    "owner": _owner,
    "owner_lacks": _owner_lacks,
    "owner_state": _owner_state,
    "owner_version": _owner_version,
    "symbol": _symbol,
    "top": _top,
}
