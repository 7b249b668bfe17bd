"""Facts about calls: whose function, object, warning or source file an exception speaks of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conftest_kit.records import Frame
from orchestrator.classify.code.tested import home
from orchestrator.classify.distributions.mapping import known_names
from orchestrator.classify.distributions.owners import owner_of
from orchestrator.classify.facts import Fact, Facts, is_harness, module_of, part
from orchestrator.classify.imports.modules import is_own
from orchestrator.classify.installed import Owner, version_of

_OWN = ("project", "test")
_CALLED = re.compile(r"[A-Za-z_]\w{0,100}(?:\.[A-Za-z_]\w{0,100}){0,6}")

_PATCHED = re.compile(
    r"<(?:class '(?P<type>[\w.]{1,200})'|(?P<of>[\w.]{1,200}) object at 0x\w{1,20})>"
    r" (?:does not have the|has no) attribute "
)
"""What `mock.patch` and `monkeypatch` say."""
_CALL = re.compile(r"([\w.<>]{1,200})\(\) (?:got|missing|takes) ")
# (Deprecated NumPy 1.25.), was deprecated in Matplotlib 3.7
_DEPRECATED_IN = re.compile(
    r"(?i)\bdeprecated (?:in |since |as of )?(?P<name>[a-z][\w-]{2,40}) v?\d{1,4}\.\d"
)
_NO_BRACKETS = re.compile(r"type '(?P<name>\w{1,200})' is not subscriptable")
_ARRAYS = {
    "data frames": re.compile(r"\b(?:DataFrame|Series)\b"),
    "tensors": re.compile(r"\b[Tt]ensors?\b"),
    "arrays": re.compile(r"\b(?:nd)?arrays?\b(?:\(| are )|\bdtypes?\b"),
}
_BRINGS_ARRAYS = {
    "numpy": "arrays",
    "pandas": "data frames",
    "polars": "data frames",
    "torch": "tensors",
    "xarray": "arrays",
}


def _arrays(facts: Facts) -> str:
    """`arrays`, `tensors` or `data frames` where a message or the library that raised tells so."""
    texts = (link.message[:4096] for link in (facts.link, *facts.failure.exceptions))
    text = "\n".join(texts)
    shown = (name for name, pattern in _ARRAYS.items() if pattern.search(text))
    return next(shown, _BRINGS_ARRAYS.get(facts["raiser"], ""))


def _callee(facts: Facts) -> Owner | None:
    """Whose function own code called, as the kit found it, or as far as the imports of the calling
    file tell.
    """
    if called := facts.attribute("called"):
        return None if is_own(facts, called.partition(".")[0]) else owner_of(facts, called)
    call = _CALL.match(facts.link.message[:500])
    parts = (facts.group("function") or (call[1] if call else "")).split(".")
    names = [name for name in parts if name not in ("__init__", "__new__")]
    frame = facts.frames[-1] if facts.frames else None
    if not names or frame is None or frame.origin not in ("project", "test"):
        return None
    return next(named_owners(facts, frame, names[-1]), None)


def is_own_call(facts: Facts) -> bool:
    """Whether a line of the product calls a function, no library's, with what that does not take:
    nothing was raised by what is called.
    """
    types, frame = (facts.link.type, *facts.link.bases), facts.frames[-1] if facts.frames else None
    refused = "TypeError" in types and bool(_CALL.match(facts.link.message[:500]))
    is_product = frame is not None and frame.origin == "project" and not is_harness(frame)
    return refused and is_product and _callee(facts) is None


def named_owners(facts: Facts, frame: Frame, called: str = "") -> Iterator[Owner]:
    """The installed distributions that the names on a line were imported from; where it calls
    `called`, those of that name only.
    """
    owners = (owner_of(facts, module) for module in _bound(facts, frame, called))
    return filter(None, owners)


def _bound(facts: Facts, frame: Frame, called: str) -> Iterator[str]:
    """The modules that the names on a line were imported from."""
    imported = facts.context.project.source(frame.file).imports
    for dotted in _CALLED.findall(frame.source):
        first, *rest = dotted.split(".")
        if first in imported and (not called or called in (first, *rest)):
            module = imported[first]
            if not is_own(facts, module.partition(".")[0]):
                yield module


def _callee_name(facts: Facts) -> str:
    owner = _callee(facts)
    return owner.name if owner else ""


def _callee_version(facts: Facts) -> str:
    owner = _callee(facts)
    return owner.version if owner else ""


def _subscripted_of(facts: Facts) -> Owner | None:
    """Whose class a line of one's own puts brackets behind that the class does not take."""
    found = _NO_BRACKETS.match(facts.link.message[:500])
    frame = facts.frames[-1] if facts.frames else None
    if found is None or frame is None or frame.origin not in _OWN:
        return None
    shown = f"{found['name']}[" in frame.source
    return next(named_owners(facts, frame, found["name"]), None) if shown else None


def _lender_of(facts: Facts) -> Owner | None:
    """Who brings the object that the project took from another of its modules and that has no such
    attribute: of what that module imports, if all of it is of one distribution.
    """
    frame = facts.frames[-1] if facts.frames else None
    if frame is None or frame.origin not in ("project", "test") or facts["owner_state"]:
        return None
    project, imports = facts.context.project, facts.context.project.source(frame.file).imports
    taken = {
        home(project, imports[first])
        for dotted in _CALLED.findall(frame.source)
        for first, *rest in [dotted.split(".")]
        if rest[-1:] == [facts["symbol"]] and first in imports
    }
    imported = (
        module
        for file in taken - {"", frame.file}
        for module in project.source(file).imports.values()
        if not is_own(facts, module.partition(".")[0])
    )
    owners = set(filter(None, (owner_of(facts, module) for module in imported)))
    return owners.pop() if len(owners) == 1 else None


def _lender(facts: Facts) -> str:
    owner = facts.once(_lender_of)
    return owner.name if owner else ""


def _lender_version(facts: Facts) -> str:
    owner = facts.once(_lender_of)
    return owner.version if owner else ""


def _base_owner_of(facts: Facts) -> Owner | None:
    """Who brings the base class that lacks what `super()` was asked for: of what called the method,
    the nearest that is installed.
    """
    own = [place for place, frame in enumerate(facts.frames) if frame.origin in _OWN]
    if not own or own[-1] != len(facts.frames) - 1:
        return None
    between = facts.frames[own[0] : own[-1]]
    calling = [frame for frame in between if frame.origin == "installed"]
    return owner_of(facts, module_of(calling[-1])) if calling else None


def _base_owner(facts: Facts) -> str:
    owner = facts.once(_base_owner_of)
    return owner.name if owner else ""


def _base_owner_version(facts: Facts) -> str:
    owner = facts.once(_base_owner_of)
    return owner.version if owner else ""


def _object(facts: Facts) -> str:
    """The type whose attribute was asked for: `pandas.core.frame.DataFrame`."""
    patched = _PATCHED.match(facts.link.message[:500])
    return facts.attribute("obj") or ((patched["type"] or patched["of"]) if patched else "")


def _object_is_own(facts: Facts) -> str:
    """`yes` where the type is one of the project's."""
    top, dot, _ = facts["object"].partition(".")
    return "yes" if dot and is_own(facts, top) else ""


def _object_owner_of(facts: Facts) -> Owner | None:
    module, dot, _ = facts["object"].rpartition(".")
    return owner_of(facts, module) if dot and not facts["object_is_own"] else None


def _object_owner(facts: Facts) -> str:
    owner = _object_owner_of(facts)
    return owner.name if owner else ""


def _object_owner_version(facts: Facts) -> str:
    owner = _object_owner_of(facts)
    return owner.version if owner else ""


def _warner_of(facts: Facts) -> Owner | None:
    """Who warned: the warning's class says it, its words, the code that raised it, or what its line
    calls.
    """
    module = facts["type_module"]
    if module and (owner := owner_of(facts, module)):
        return owner
    said = _DEPRECATED_IN.search(facts.link.message[:4096])
    for name in known_names(said["name"].lower()) or (said["name"],) if said else ():
        if version := facts.context.installed.version(name):
            return Owner(name=name, version=version)
    frames = [frame for frame in facts.frames if frame.file != "warnings.py"]
    if not frames:
        return None
    if frames[-1].origin == "installed":
        return owner_of(facts, module_of(frames[-1]))
    return None if frames[-1].origin == "stdlib" else next(named_owners(facts, frames[-1]), None)


def _warner(facts: Facts) -> str:
    owner = _warner_of(facts)
    return owner.name if owner else ""


def _warner_version(facts: Facts) -> str:
    owner = _warner_of(facts)
    return owner.version if owner else ""


def _own_deprecation(facts: Facts) -> str:
    """`yes` where the project's own line warns."""
    frames = [frame for frame in facts.frames if frame.file != "warnings.py"]
    own = bool(frames) and frames[-1].origin in ("project", "test")
    return "yes" if own and "warn" in frames[-1].source else ""


def _syntax_path(facts: Facts) -> str:
    """The source file that does not parse; `<string>` and the like are none."""
    path = facts["filename"].replace("\\", "/")
    return path if path.endswith(".py") else ""


def _syntax_file(facts: Facts) -> str:
    root = facts.context.recording.run.root.rstrip("/")
    return _syntax_path(facts).removeprefix(f"{root}/") if root else _syntax_path(facts)


def _syntax_owner_of(facts: Facts) -> Owner | None:
    _, found, inside = _syntax_path(facts).rpartition("-packages/")
    return owner_of(facts, inside.removesuffix(".py").replace("/", ".")) if found else None


def _syntax_owner(facts: Facts) -> str:
    owner = _syntax_owner_of(facts)
    return owner.name if owner else ""


def _syntax_owner_version(facts: Facts) -> str:
    owner = _syntax_owner_of(facts)
    return owner.version if owner else ""


def _numpy_version(facts: Facts) -> str:
    return facts.context.installed.version("numpy")


def _named_installed(facts: Facts) -> str:
    """The installed version of the distribution that the message names; where it names the least
    that would do as well, only one that is less.
    """
    named, least = facts.group("named"), version_of(facts.group("least"))
    candidates = (named, *known_names(named)) if named else ()
    found = next(filter(None, map(facts.context.installed.version, candidates)), "")
    installed = version_of(found)
    return "" if least and installed and installed >= least else found


FACTS: dict[str, Fact] = {
    "arrays": _arrays,
    "base_owner": _base_owner,
    "base_owner_version": _base_owner_version,
    "callee": _callee_name,
    "callee_version": _callee_version,
    "lender": _lender,
    "lender_version": _lender_version,
    "named_installed": _named_installed,
    "numpy_version": _numpy_version,
    "object": _object,
    "object_is_own": _object_is_own,
    "object_owner": _object_owner,
    "object_owner_version": _object_owner_version,
    "own_deprecation": _own_deprecation,
    "subscripted": part(_subscripted_of, "name"),
    "subscripted_version": part(_subscripted_of, "version"),
    "syntax_file": _syntax_file,
    "syntax_owner": _syntax_owner,
    "syntax_owner_version": _syntax_owner_version,
    "warner": _warner,
    "warner_version": _warner_version,
}
