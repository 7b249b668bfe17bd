"""How names are found again, and what one that is not found may have meant."""

from __future__ import annotations

import difflib
import re
from functools import lru_cache
from itertools import islice

from orchestrator.checkout.source import module_name
from orchestrator.classify.distributions.mapping import imports
from orchestrator.classify.facts import Fact, Facts, own_frame
from orchestrator.classify.rules import knowledge

_TELLING = 5
"""Letters of a name from which on another that differs by one is hardly there by chance."""
_POPULAR = 3000
"""How many of the names that are known somebody may have meant: one that few know is seldom it."""


def _nearest_module(facts: Facts) -> str:
    """A module that the import may have meant: misspelt, or moved."""
    installed, project = facts.context.installed, facts.context.project
    top = facts["top"]
    own = {
        module_name(file)
        for file in project.files
        if file.removeprefix("src/").startswith(f"{top}/")
    }
    if own:
        return close(facts["module"], frozenset(own), cutoff=0.7)
    if top in imports().namespaces:
        return ""
    known = islice(imports().modules, _POPULAR)
    names = {*installed.modules, *known, *project.modules} - {top}
    return close(top, frozenset(names), cutoff=0.8)


@lru_cache(maxsize=4096)  # 13 ms for 3,000 names, and failures of one cause ask alike
def close(word: str, names: frozenset[str], *, cutoff: float) -> str:
    """The name most like a word; empty where none is alike enough."""
    return next(iter(difflib.get_close_matches(word, sorted(names), n=1, cutoff=cutoff)), "")


@lru_cache(maxsize=4096)
def whole_word(*names: str) -> re.Pattern[str]:
    """Finds one of the names as a word in small letters, or as a part of one that underscores
    join.
    """
    said = "|".join(_said(name) for name in names)
    return re.compile(rf"(?<![a-z0-9])(?:{said})(?![a-z0-9])")


def _said(name: str) -> str:
    parts = map(re.escape, re.split(r"[-_.]+", name.strip("-_.").lower()))
    return "[-_.]".join(parts)


def _meant_module(facts: Facts) -> str:
    """A module that is there and whose name differs by a slip of the keyboard."""
    installed, project = facts.context.installed, facts.context.project
    names = {*installed.modules, *project.modules, *knowledge("stdlib")["names"]}
    if facts["top"] in names:
        return ""
    return min((name for name in names if is_slip(facts["top"], name)), default="")


def is_slip(typed: str, meant: str) -> bool:
    """Whether letters changed places, or one was left out or doubled."""
    if sorted(typed) == sorted(meant):
        return len(typed) > 3
    longer, shorter = sorted((typed, meant), key=len, reverse=True)
    without = (longer[:place] + longer[place + 1 :] for place in range(len(longer)))
    return len(shorter) > 3 and len(longer) == len(shorter) + 1 and shorter in without


def is_typo(typed: str, meant: str) -> bool:
    """Whether one letter too many, one too few, one for another or two that changed places make a
    name of five letters and more another.
    """
    if typed == meant or min(len(typed), len(meant)) < _TELLING:
        return False
    pairs = enumerate(zip(typed, meant, strict=False))
    start = next((at for at, (one, other) in pairs if one != other), min(len(typed), len(meant)))
    left, right = typed[start:], meant[start:]
    swapped = left[:2] == right[1::-1] and left[2:] == right[2:]
    return swapped or left[1:] == right[1:] or left[1:] == right or left == right[1:]


def _folder_of_module(facts: Facts) -> str:
    """A folder of the checkout that Python takes for a package of that name, for want of one."""
    top = facts["top"]
    if not top or not facts["symbol"]:
        return ""
    files = frozenset(facts.context.project.files)
    for file in facts.context.project.files:
        above, found, _ = f"/{file}".rpartition(f"/{top}/")
        folder = f"{above}/{top}".lstrip("/")
        if found and f"{folder}/__init__.py" not in files:
            return f"`{folder}`" if _is_not_meant(facts, folder) else ""
    unknown = "(unknown location)" in facts.link.message[:500]
    return "somewhere on the import path" if unknown else ""


def _is_not_meant(facts: Facts, folder: str) -> bool:
    """Whether an import means a distribution rather than a folder: somebody asks for that, or the
    folder holds tests alone.
    """
    inside = (one for one in facts.context.project.files if one.startswith(f"{folder}/"))
    names = (one.rpartition("/")[2] for one in inside)
    only_tests = all(name.startswith(("test_", "conftest")) for name in names)
    return only_tests or facts["distribution_source"] in ("declared", "required")


def _part_gone(facts: Facts) -> str:
    """The module that a package of the project is asked for while it is imported, and that no file
    of the checkout is: Python takes it for a circle.
    """
    frame, symbol, project = own_frame(facts), facts["symbol"], facts.context.project
    if frame is None or frame is not facts.frames[-1] or not symbol:
        return ""
    init = frame.file if frame.file.endswith("__init__.py") else project.file_of(facts["module"])
    package, part = module_name(init), f"{facts['module']}.{symbol}"
    is_package = init in project.files and init.endswith("__init__.py")
    if not is_package or not f".{package}".endswith(f".{facts['module']}"):
        return ""
    is_there = any(
        f"{module_name(file)}.".startswith(f"{package}.{symbol}.") for file in project.files
    )
    binds = project.source(init).binds
    has_none = init == frame.file or (binds and not {symbol, "*"} & {*binds})
    return part if has_none and not is_there else ""


FACTS: dict[str, Fact] = {
    "folder_of_module": _folder_of_module,
    "meant_module": _meant_module,
    "nearest_module": _nearest_module,
    "part_gone": _part_gone,
}
