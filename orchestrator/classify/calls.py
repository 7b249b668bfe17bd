"""Facts about calls: whose function, object, warning or source file an exception speaks of."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from pathlib import Path

from conftest_kit.records import Frame
from orchestrator.classify.facts import Fact, Facts, module_of
from orchestrator.classify.installed import Owner
from orchestrator.classify.modules import known_names, owner_of

_MAX_BYTES = 512 * 1024
_CALLED = re.compile(r"[A-Za-z_]\w{0,100}(?:\.[A-Za-z_]\w{0,100}){0,6}")


def _callee(facts: Facts) -> Owner | None:
    """The installed distribution whose function own code called, by the imports of the calling file."""
    names = [name for name in facts.group("function").split(".") if name not in ("__init__", "__new__")]
    frame = facts.frames[-1] if facts.frames else None
    if not names or frame is None or frame.origin not in ("project", "test"):
        return None
    return _bound_owner(facts, frame, names[-1])


def _bound_owner(facts: Facts, frame: Frame, called: str = "") -> Owner | None:
    root = facts.context.project.root
    imported = _imports(root / frame.file) if root else {}
    for dotted in _CALLED.findall(frame.source):
        first, *rest = dotted.split(".")
        if first not in imported or (called and called not in (first, *rest)):
            continue
        owner = owner_of(facts, imported[first])
        if owner:
            return owner
    return None


@lru_cache(maxsize=256)
def _imports(file: Path) -> dict[str, str]:
    """Local name to the dotted name that it was imported from; empty where the file cannot be read."""
    try:
        if file.stat().st_size > _MAX_BYTES:
            return {}
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return {}
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.partition(".")[0]] = alias.name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def _callee_name(facts: Facts) -> str:
    owner = _callee(facts)
    return owner.name if owner else ""


def _callee_version(facts: Facts) -> str:
    owner = _callee(facts)
    return owner.version if owner else ""


def _object(facts: Facts) -> str:
    """The type whose attribute was asked for: `pandas.core.frame.DataFrame`."""
    return facts.attribute("obj")


def _object_owner_of(facts: Facts) -> Owner | None:
    module, dot, _ = facts["object"].rpartition(".")
    return owner_of(facts, module) if dot else None


def _object_owner(facts: Facts) -> str:
    owner = _object_owner_of(facts)
    return owner.name if owner else ""


def _object_owner_version(facts: Facts) -> str:
    owner = _object_owner_of(facts)
    return owner.version if owner else ""


def _warner_of(facts: Facts) -> Owner | None:
    """Who warned: the warning's own class, else the code that raised it, else what its line calls."""
    module = facts["type_module"]
    if module and (owner := owner_of(facts, module)):
        return owner
    frames = [frame for frame in facts.frames if frame.file != "warnings.py"]
    if not frames:
        return None
    if frames[-1].origin == "installed":
        return owner_of(facts, module_of(frames[-1]))
    return None if frames[-1].origin == "stdlib" else _bound_owner(facts, frames[-1])


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
    """The installed version of the distribution that the message names."""
    named = facts.group("named")
    candidates = (named, *known_names(named)) if named else ()
    return next(filter(None, map(facts.context.installed.version, candidates)), "")


FACTS: dict[str, Fact] = {
    "callee": _callee_name,
    "callee_version": _callee_version,
    "named_installed": _named_installed,
    "numpy_version": _numpy_version,
    "object": _object,
    "object_owner": _object_owner,
    "object_owner_version": _object_owner_version,
    "own_deprecation": _own_deprecation,
    "syntax_file": _syntax_file,
    "syntax_owner": _syntax_owner,
    "syntax_owner_version": _syntax_owner_version,
    "warner": _warner,
    "warner_version": _warner_version,
}
