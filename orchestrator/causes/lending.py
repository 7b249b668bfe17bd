"""Whether the one explanation that a run has touches failures that have none of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from packaging.utils import canonicalize_name

from conftest_kit.records import Frame
from corpus_memory_logging.records import Cause, Culprit
from orchestrator.checkout.source import Source
from orchestrator.classify import Context
from orchestrator.classify.code.tested import called, home
from orchestrator.classify.distributions.mapping import tops
from orchestrator.classify.distributions.plugins import plugins_by_name
from orchestrator.classify.names.spelling import whole_word
from orchestrator.failures.chain import decisive, is_assertion
from orchestrator.failures.following import runs_pytest

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
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OF_ONE_NAME = frozenset({"removed_name", "removed_module", "changed_signature"})
"""Kinds of what breaks only who asks for it."""
_KNOWN = "known-"
"""Begins the names of rules that know what a release changed."""
_PRINTED = 16384
_UNKNOWN = re.compile(
    r"(?:Unknown config option: |Unknown pytest\.mark\.|\bfixture '|unrecognized arguments: )"
    r"(?P<name>[\w-]{1,100})"
)
_FILES = 50
"""Files of which it is looked up what they import; each takes up to 100 ms."""
_SPEAKS_OF_ONE = re.compile(
    r"(?i)\b(?:(?:un)?install\w*|modules?|packages?|librar(?:y|ies)|plugins?|imports?|imported"
    r"|extras?|dependenc(?:y|ies)|requirements?|requires?|drivers?|backends?|unavailable)\b"
)
"""Words of a message that speaks of a distribution, rather than of what it is called after."""


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
    """Whether it breaks only what asks for one name, and not all that imports the culprit."""
    refusing: frozenset[str]
    """Files out of which it came, that do not do without what is absent."""
    askers: tuple[str, ...]
    """What is installed and always requires the absent culprit; not the project itself."""
    context: Context
    _imported: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, cause: Cause, context: Context) -> Explanation | None:
        """None where the cause explains no more than what shows it."""
        culprit = cause.verdict.culprit
        if culprit is None or cause.verdict.category not in LENDING or not is_sure_of(cause):
            return None
        is_distribution = culprit.type == "distribution"
        of_one_name = cause.verdict.kind in _OF_ONE_NAME or "AttributeError" in _types(cause)
        # What a release is known to have changed is seldom all that it changed.
        of_one_name &= not cause.verdict.rule.startswith(_KNOWN)
        return cls(
            culprit=culprit.name,
            names=tuple(_names(culprit, context)),
            modules=frozenset(_modules(culprit.name, context) if is_distribution else ()),
            is_installed=context.installed.has(culprit.name),
            is_local=context.installed.has(culprit.name) and of_one_name,
            refusing=_last_files(cause),
            askers=tuple(_askers(culprit.name, context)) if is_distribution else (),
            context=context,
        )

    def touch(self, other: Cause) -> Touch | None:
        """What speaks for this being the explanation of another cause; None where nothing does.

        An exception of it names the culprit, its tests are called after it and depend on it, or the
        product that it came through, or that its checks call, depends on it (the file of the tests,
        where neither tells): imports what is another release now, or does without what is absent.
        That both stand in one file, or that a line or a value has a word of that name, is nothing.
        """
        if name := self._named(other):
            return Touch(f"it names `{name}`", 0.85)
        if name := self._unknown_inside(other):
            return Touch(f"the pytest run inside it does not know `{name}`", 0.85)
        if self.is_local:
            return None
        test, _, _ = other.failures[0].nodeid.partition("::")
        if file := self._dependent(reached(other, self.context) or self._asked_by(test)):
            return Touch(f"{file} depends on `{self.culprit}`", 0.7)
        if file := self._dependent(self._called_after(other)):
            return Touch(f"its test names `{self.culprit}`, and {file} depends on it", 0.7)
        return None

    def _named(self, other: Cause) -> str:
        """The name of the culprit in what was raised on the way; of a distribution where that
        speaks of it as of one, or where its own code raised.
        """
        for failure in islice(other.failures, _TRIED):
            for link in failure.exceptions:
                if is_assertion(link):
                    continue
                if link.frames and _top(link.frames[-1]) in self.modules:
                    return self.culprit
                message = link.message[:_READ]
                found = self._name_in(message)
                if found and (not self.modules or _SPEAKS_OF_ONE.search(message)):
                    return found
                if asker := self._asker_in(message):
                    return asker
        return ""

    def _asked_by(self, test: str) -> Iterable[str]:
        """The files that define what a test's file imports of the product; itself, where that does
        without the absent culprit or imports the installed one, or imports nothing of the product.
        """
        project = self.context.project
        source = project.source(test)
        homes = {home(project, dotted) for dotted in source.imports.values()} - {""}
        return (test,) if not homes or self._depends(test, source) else homes

    def _asker_in(self, message: str) -> str:
        """The installed distribution that a message speaks of, and that cannot do without the
        absent culprit.
        """
        found = _named_in(self.askers, message) if _SPEAKS_OF_ONE.search(message) else ""
        return f"{found}, which requires {self.culprit}" if found else ""

    def _unknown_inside(self, other: Cause) -> str:
        """What a run of pytest inside a test says that it does not know, and the culprit brings."""
        for failure in islice(other.failures if self.modules else (), _TRIED):
            for text in failure.captured.values() if runs_pytest(failure) else ():
                for found in _UNKNOWN.finditer(text[-_PRINTED:]):
                    if found["name"] in self.names:
                        return found["name"]
        return ""

    def _name_in(self, text: str) -> str:
        return _named_in(self.names, text)

    def _called_after(self, other: Cause) -> Iterator[str]:
        """The files of tests whose names have that of the culprit."""
        for failure in islice(other.failures, _TRIED):
            file, _, test = failure.nodeid.partition("::")
            if self._name_in(_HUMP.sub("_", test)):
                yield file

    def _dependent(self, files: Iterable[str]) -> str:
        """The file, of these or of what they import, that does without the absent culprit, or that
        imports the installed one.
        """
        for asked in sorted({*files}) if self.modules else ():
            if asked not in self._imported and len(self._imported) < _FILES:
                near = self.context.project.sources_near([asked]).items()
                depending = (file for file, source in near if self._depends(file, source))
                self._imported[asked] = next(depending, "")
            if found := self._imported.get(asked, ""):
                return found
        return ""

    def _depends(self, file: str, source: Source) -> bool:
        if not self.is_installed and file in self.refusing:
            return False
        imported = source.imports.values() if self.is_installed else ()
        guarded = (module for guard in source.guards for module in guard.modules)
        return not self.modules.isdisjoint(
            dotted.partition(".")[0] for dotted in (*imported, *guarded)
        )


def _named_in(names: Sequence[str], text: str) -> str:
    """The name that stands in a text as a word of its own."""
    found = whole_word(*names).search(text.lower()) if names else None
    return next((one for one in names if found and whole_word(one).fullmatch(found[0])), "")


def reached(other: Cause, context: Context) -> frozenset[str]:
    """Files of the product that a failure came through, or that its checks call."""
    found: set[str] = set()
    for failure in islice(other.failures, _TRIED):
        raised = decisive(failure)
        for frame in raised.frames if raised else ():
            if frame.origin == "project":
                found.add(frame.file)
            elif frame.origin == "test":
                found.update(one.file for one in called(context.project, frame))
    return frozenset(found)


def _top(frame: Frame) -> str:
    """The import name at the top level that a frame's file is of."""
    return frame.file.partition("/")[0].removesuffix(".py")


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


def _askers(name: str, context: Context) -> Iterator[str]:
    if not context.installed.has(name):
        for by, extra in context.installed.asked_for(name):
            if not extra and canonicalize_name(by.name) not in context.own_names:
                yield by.name


def _modules(name: str, context: Context) -> list[str]:
    """Import names at the top level: those that are recorded, else those that are known."""
    wanted = canonicalize_name(name)
    brought = [
        module
        for module, owners in context.installed.modules.items()
        if any(canonicalize_name(owner.name) == wanted for owner in owners)
    ]
    return brought or list(tops().get(wanted, ()))


def _types(cause: Cause) -> frozenset[str]:
    raised = decisive(cause.failures[0]) if cause.failures else None
    return frozenset((raised.type, *raised.bases) if raised else ())
