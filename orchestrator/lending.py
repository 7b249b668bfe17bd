"""Whether the one explanation that a run has touches failures that have none of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import NamedTuple

from packaging.utils import canonicalize_name

from corpus_memory_logging.records import Cause
from orchestrator.chain import decisive
from orchestrator.classify import Context
from orchestrator.classify.plugins import plugins_by_name
from orchestrator.classify.rules import knowledge
from orchestrator.traces import place

_LENDING = frozenset(
    {"missing_dependency", "compatibility", "environment", "configuration", "fixture", "network"}
)
"""Categories of what is wrong with a whole run, rather than with a line of the product."""
_TRIED = 5
_READ = 4096
_SHORTEST = 3
"""Letters of a name that can be told from chance."""


class Touch(NamedTuple):
    """How an explanation touches a failure."""

    why: str
    worth: float
    """What the union can be trusted with at most."""


def lends(cause: Cause) -> bool:
    """Whether a cause can explain more than what shows it."""
    return cause.verdict.category in _LENDING and cause.verdict.culprit is not None


def touch(leading: Cause, other: Cause, context: Context) -> Touch | None:
    """What speaks for the explanation of `leading` being that of `other`; None where nothing does.

    Its failures name the culprit, stand in one class (or file) with those that it explains, or are
    of a test file that imports what is another release now, or that does without what is absent.
    """
    names = _names(leading, context)
    if named := next((name for name in names if _named(name, other)), ""):
        return Touch(f"it names `{named}`", 0.85)
    shared = _places(leading) & _places(other)
    if shared:
        return Touch(f"it stands beside it in {min(shared)}", 0.75)
    file = _imported(leading, other, context)
    return Touch(f"{file} depends on `{names[0]}`", 0.7) if file else None


def _names(leading: Cause, context: Context) -> list[str]:
    """What the culprit is known by."""
    culprit = leading.verdict.culprit
    if culprit is None:
        return []
    name = culprit.name
    if culprit.type == "file":
        name = name.rpartition("/")[2]
    found = [name]
    if culprit.type == "distribution":
        found += _modules(name, context)
        plugin = plugins_by_name().get(canonicalize_name(name))
        found += sorted(plugin.ini | plugin.markers | plugin.options) if plugin else []
    return [one for one in dict.fromkeys(found) if len(one) >= _SHORTEST]


def _modules(name: str, context: Context) -> list[str]:
    """Import names at the top level: those that are recorded, else those that are known."""
    wanted = canonicalize_name(name)
    brought = [
        module
        for module, owners in context.installed.modules.items()
        if any(canonicalize_name(owner.name) == wanted for owner in owners)
    ]
    return brought or list(_known_modules().get(wanted, ()))


@cache
def _known_modules() -> dict[str, tuple[str, ...]]:
    """Normalised name of a distribution to the modules at the top level that it is the first to
    bring.
    """
    found: dict[str, tuple[str, ...]] = {}
    for module, names in knowledge("imports")["modules"].items():
        if "." not in module:
            name = canonicalize_name(names[0])
            found[name] = (*found.get(name, ()), module)
    return found


def _named(name: str, other: Cause) -> bool:
    pattern = _whole(name)
    return any(pattern.search(text) for text in _texts(other))


@cache
def _whole(name: str) -> re.Pattern[str]:
    """The name as a word, or as a part of one that underscores join: `test_brotli`."""
    parts = map(re.escape, re.split(r"[-_.]+", name.strip("-_.").lower()))
    return re.compile(rf"(?<![a-z0-9]){'[-_.]'.join(parts)}(?![a-z0-9])")


def _texts(other: Cause) -> Iterator[str]:
    for failure in islice(other.failures, _TRIED):
        yield failure.nodeid.lower()
        for link in failure.exceptions:
            yield link.message[:_READ].lower()
        raised = decisive(failure)
        for frame in raised.frames if raised else ():
            yield frame.source.lower()
            if frame.origin == "installed":
                yield frame.file.lower()


def _places(cause: Cause) -> frozenset[str]:
    """Classes and files; of what could not be collected none."""
    return frozenset(
        place(failure.nodeid) for failure in cause.failures if failure.phase != "collect"
    )


def _imported(leading: Cause, other: Cause, context: Context) -> str:
    """The file, of the test or of what it imports, that does without the absent culprit, or that
    imports the installed one.
    """
    culprit = leading.verdict.culprit
    if culprit is None or culprit.type != "distribution":
        return ""
    modules = set(_modules(culprit.name, context))
    test = other.failures[0].nodeid.partition("::")[0]
    is_installed = context.installed.has(culprit.name)
    for file, source in context.project.sources_near([test]).items():
        imported = source.imports.values() if is_installed else ()
        guarded = (module for guard in source.guards for module in guard.modules)
        if modules & {dotted.partition(".")[0] for dotted in (*imported, *guarded)}:
            return file
    return ""
