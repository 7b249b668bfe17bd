"""Whether the one explanation that a run has touches failures that have none of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from packaging.utils import canonicalize_name

from corpus_memory_logging.records import Cause, Culprit
from orchestrator.chain import decisive
from orchestrator.classify import Context
from orchestrator.classify.mapping import tops
from orchestrator.classify.plugins import plugins_by_name
from orchestrator.classify.spelling import whole_word
from orchestrator.source import Source
from orchestrator.traces import place

LENDING = frozenset(
    {"missing_dependency", "compatibility", "environment", "configuration", "network"}
)
"""Categories of what is wrong with a whole run, rather than with a line of the product."""
_SURE = 0.7
"""Confidence from which on an explanation is one for others as well."""
_TRIED = 5
_READ = 4096
_SHORTEST = 3
"""Letters of a name that can be told from chance."""


_FILES = 50
"""Test files of which it is looked up what they import; each takes up to 100 ms."""


def is_sure_of(cause: Cause) -> bool:
    """Whether a cause is known well enough to explain others as well."""
    return cause.verdict.confidence >= _SURE


class Touch(NamedTuple):
    """How an explanation touches a failure."""

    why: str
    worth: float
    """What the union can be trusted with at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What a run has one of, and what it may be seen by in failures that have none."""

    culprit: str
    names: tuple[str, ...]
    """What the culprit is known by."""
    modules: frozenset[str]
    """What it brings, where it is a distribution."""
    is_installed: bool
    is_local: bool
    """Whether it breaks only what asks for one attribute, and not all that imports the culprit."""
    places: frozenset[str]
    """Classes and files of the tests that it explains."""
    refusing: frozenset[str]
    """Files out of which it came, that do not do without what is absent."""
    context: Context
    _imported: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, cause: Cause, context: Context) -> Explanation | None:
        """None where the cause explains no more than what shows it."""
        culprit = cause.verdict.culprit
        if culprit is None or cause.verdict.category not in LENDING or not is_sure_of(cause):
            return None
        is_distribution = culprit.type == "distribution"
        return cls(
            culprit=culprit.name,
            names=tuple(_names(culprit, context)),
            modules=frozenset(_modules(culprit.name, context) if is_distribution else ()),
            is_installed=context.installed.has(culprit.name),
            is_local="AttributeError" in _types(cause),
            places=frozenset() if _is_unbound(cause) or _is_asked_for(cause) else _places(cause),
            refusing=_last_files(cause),
            context=context,
        )

    def touch(self, other: Cause) -> Touch | None:
        """What speaks for this being the explanation of another cause; None where nothing does.

        Its failures name the culprit, stand in one class (or file) with those that this explains,
        or are of a test file that imports what is another release now, or that does without what
        is absent.
        """
        named = whole_word(*self.names).search(_text(other)) if self.names else None
        if named:
            name = next(one for one in self.names if whole_word(one).fullmatch(named[0]))
            return Touch(f"it names `{name}`", 0.85)
        if shared := self.places & _places(other):
            return Touch(f"it stands beside it in {min(shared)}", 0.75)
        file = self._dependent(other.failures[0].nodeid.partition("::")[0])
        return Touch(f"{file} depends on `{self.culprit}`", 0.7) if file else None

    def _dependent(self, test: str) -> str:
        """The file, of the tests or of what they import, that does without the absent culprit, or
        that imports the installed one.
        """
        is_felt = self.modules and not self.is_local
        if is_felt and test not in self._imported and len(self._imported) < _FILES:
            near = self.context.project.sources_near([test]).items()
            depending = (file for file, source in near if self._depends(file, source))
            self._imported[test] = next(depending, "")
        return self._imported.get(test, "")

    def _depends(self, file: str, source: Source) -> bool:
        if not self.is_installed and file in self.refusing:
            return False
        imported = source.imports.values() if self.is_installed else ()
        guarded = (module for guard in source.guards for module in guard.modules)
        return not self.modules.isdisjoint(
            dotted.partition(".")[0] for dotted in (*imported, *guarded)
        )


def _last_files(cause: Cause) -> frozenset[str]:
    """Those of the last frame of each failure."""
    raised = filter(None, map(decisive, cause.failures[:_TRIED]))
    return frozenset(one.frames[-1].file for one in raised if one.frames)


def _names(culprit: Culprit, context: Context) -> list[str]:
    found = [culprit.name.rpartition("/")[2] if culprit.type == "file" else culprit.name]
    if culprit.type == "distribution":
        found += _modules(culprit.name, context)
        plugin = plugins_by_name().get(canonicalize_name(culprit.name))
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
    return brought or list(tops().get(wanted, ()))


def _text(other: Cause) -> str:
    """What may name a culprit: the tests, what they say, and the lines that they went through."""
    return "\n".join(_texts(other)).lower()


def _texts(other: Cause) -> Iterator[str]:
    for failure in islice(other.failures, _TRIED):
        yield failure.nodeid
        for link in failure.exceptions:
            yield link.message[:_READ]
        raised = decisive(failure)
        for frame in raised.frames if raised else ():
            yield frame.source
            if frame.origin == "installed":
                yield frame.file


def _is_unbound(cause: Cause) -> bool:
    """Whether a name was not bound: that breaks what asks for it, and nothing beside it."""
    return "NameError" in _types(cause)


def _is_asked_for(cause: Cause) -> bool:
    """Whether it is a fixture that is not there: a test that ran did not ask for it."""
    return any(name.endswith("FixtureLookupError") for name in _types(cause))


def _types(cause: Cause) -> frozenset[str]:
    raised = decisive(cause.failures[0]) if cause.failures else None
    return frozenset((raised.type, *raised.bases) if raised else ())


def _places(cause: Cause) -> frozenset[str]:
    """Classes and files; of what could not be collected none."""
    return frozenset(
        place(failure.nodeid) for failure in cause.failures if failure.phase != "collect"
    )
