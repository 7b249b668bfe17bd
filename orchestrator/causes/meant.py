"""What there is to mend of a cause as another cause of the run names it: both are certainly one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from corpus_memory_logging.records import Cause
from orchestrator.causes.mended import (
    OF_THE_RUN,
    STOPPED,
    asked_name,
    distribution,
    file_of_machine,
    mended,
    own_frames,
)
from orchestrator.classify import Context
from orchestrator.failures.chain import decisive

_LACKING = frozenset({"removed_name", "removed_module"})
"""Kinds of what an installed distribution does not have."""


_WORD = re.compile(r"\w+")
_READ = 1000
_LONG = 5
"""Letters of a name that can be told from chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What the causes of a run name, by which others of them may be meant."""

    context: Context
    absent: tuple[str, ...]
    """Distributions that are to be installed."""
    paths: Mapping[str, str]
    """Of the files of the machine that are to blame by their path: the path, by its last part where
    that is of no other.
    """
    not_found: Mapping[str, str]
    """Of the fixtures that are not found: what there is to mend, by their names."""
    modules: frozenset[str]
    """Those of the project that are not there."""
    unfit: frozenset[str]
    """What there is to mend of distributions of which a release is unfit whatever the Python; none
    where a cause blames Python itself.
    """
    waiting: Mapping[str, str]
    """Of the tests that were stopped, by the identity of their causes: the function of the product
    that most of them were in, where they are several.
    """

    @classmethod
    def of(cls, causes: Sequence[Cause], context: Context) -> Meant:
        """What these name."""
        return cls(
            context=context,
            absent=tuple(dict.fromkeys(filter(None, map(_absent, causes)))),
            paths=_paths_by_name(causes),
            not_found={
                _culprit(cause): mended(cause, context)
                for cause in causes
                if cause.verdict.kind == "not_found" and _culprit(cause)
            },
            modules=frozenset(_culprit(cause) for cause in causes if _is_module_gone(cause)),
            unfit=_unfit(causes),
            waiting=_waiting_in(causes),
        )

    def follows(self, cause: Cause) -> str:
        """As `mended`: what another cause is about, of which this one never stands for both."""
        return (
            self._lacked(cause)
            or self._file(cause)
            or self._overridden(cause)
            or self._module(cause)
        )

    def shares(self, cause: Cause) -> str:
        """As `mended`: what it has in common with another cause, by which either may be known."""
        return self.waiting.get(cause.cause_id, "") or self._release(cause)

    def _lacked(self, cause: Cause) -> str:
        """The absent distribution that the culprit asks for, in one of its extras too, where
        something of it is missing; it does without what is not installed.
        """
        name = canonicalize_name(_culprit(cause)) if cause.verdict.kind in _LACKING else ""
        asking = self.context.installed.asked_for
        for one in self.absent if name else ():
            if any(canonicalize_name(by.name) == name for by, _ in asking(one)):
                return distribution(one)
        return ""

    def _file(self, cause: Cause) -> str:
        """The file that it names by its last part, or without its ending where it names no file,
        where others name its path.
        """
        path = self.paths.get(file_of_machine(cause)) or self._file_told(cause)
        return f"environment file {path}" if path else ""

    def _file_told(self, cause: Cause) -> str:
        raised = decisive(cause.failures[0]) if cause.failures else None
        if not self.paths or raised is None or cause.verdict.kind != "file" or _culprit(cause):
            return ""
        words = {*_WORD.findall(raised.message[:_READ])}
        stems = {name.partition(".")[0]: path for name, path in self.paths.items()}
        return next((stems[word] for word in words & stems.keys() if len(word) >= _LONG), "")

    def _overridden(self, cause: Cause) -> str:
        """The fixture that is not found, where one of its name asks for it in vain and so for
        itself.
        """
        is_circle = cause.verdict.kind == "recursive"
        return self.not_found.get(_culprit(cause), "") if is_circle else ""

    def _module(self, cause: Cause) -> str:
        """The module that a package lacks a name for want of."""
        raised = decisive(cause.failures[0]) if cause.failures else None
        if not self.modules or raised is None or _type(cause) != "module":
            return ""
        name = asked_name(self.context.facts(cause.failures[0], raised))
        gone = f"{_culprit(cause)}.{name}"
        return f"product_error module {gone}" if gone in self.modules else ""

    def _release(self, cause: Cause) -> str:
        """The distribution that does not fit this Python, where its release is unfit."""
        if _type(cause) != "distribution" or cause.verdict.kind not in OF_THE_RUN:
            return ""
        found = distribution(_culprit(cause))
        return found if found in self.unfit else ""


def _culprit(cause: Cause) -> str:
    return cause.verdict.culprit.name if cause.verdict.culprit else ""


def _type(cause: Cause) -> str:
    return cause.verdict.culprit.type if cause.verdict.culprit else ""


def _absent(cause: Cause) -> str:
    is_one = cause.verdict.category == "missing_dependency" and _type(cause) == "distribution"
    return _culprit(cause) if is_one else ""


def _is_module_gone(cause: Cause) -> bool:
    verdict = cause.verdict
    is_gone = verdict.kind == "missing_module" and verdict.category == "product_error"
    return is_gone and _type(cause) == "module"


def _paths_by_name(causes: Iterable[Cause]) -> Mapping[str, str]:
    paths = {path for path in map(file_of_machine, causes) if "/" in path}
    names = Counter(path.rpartition("/")[2] for path in paths)
    found = {path.rpartition("/")[2]: path for path in paths}
    return {name: path for name, path in found.items() if names[name] == 1}


def _unfit(causes: Sequence[Cause]) -> frozenset[str]:
    if any(_type(cause) == "interpreter" for cause in causes):
        return frozenset()
    return frozenset(distribution(_culprit(cause)) for cause in causes if _is_of_release(cause))


def _is_of_release(cause: Cause) -> bool:
    is_other = cause.verdict.kind not in {*OF_THE_RUN, "library_raised"}
    return _type(cause) == "distribution" and cause.verdict.category == "compatibility" and is_other


def _waiting_in(causes: Iterable[Cause]) -> Mapping[str, str]:
    inside = {
        cause.cause_id: [
            f"timeout {frame.file} {frame.function}"
            for frame in own_frames(cause.failures[0])
            if frame.origin == "project"
        ]
        for cause in causes
        if cause.verdict.kind == STOPPED
    }
    held = Counter(function for functions in inside.values() for function in {*functions})
    common = {cause: max(found, key=held.__getitem__) for cause, found in inside.items() if found}
    return {cause: function for cause, function in common.items() if held[function] > 1}
