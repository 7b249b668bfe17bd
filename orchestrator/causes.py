"""Many failures to few causes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from packaging.utils import canonicalize_name

from conftest_kit.records import Failure
from corpus_memory_logging.records import Cause
from orchestrator import following
from orchestrator.chain import decisive
from orchestrator.signature import Signature, normalise, sign


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Failures of one signature, and after them those that followed from them."""

    signature: Signature
    failures: tuple[Failure, ...]


def group(failures: Iterable[Failure]) -> tuple[Group, ...]:
    """One group for each cause: the biggest first, equal ones as they were seen.

    What only followed from other failures stands with these; see `following`. The cost is linear.
    """
    signed = [(failure, sign(failure)) for failure in failures]
    found: dict[str, tuple[Signature, list[Failure], list[Failure]]] = {}
    for (failure, own), lead in zip(signed, following.leads(signed), strict=True):
        _, leading, others = found.setdefault(lead.id, (lead, [], []))
        (leading if own.id == lead.id else others).append(failure)
    groups = [
        Group(signature=signature, failures=(*leading, *others))
        for signature, leading, others in found.values()
    ]
    return tuple(sorted(groups, key=lambda group: -len(group.failures)))


def cause_id(project: str, signature: str) -> str:
    """The identity of a cause across runs: 16 hex digits of a hash of project and signature."""
    return hashlib.sha256(f"{project}\0{signature}".encode()).hexdigest()[:16]


def united(found: Iterable[Cause]) -> tuple[Cause, ...]:
    """The causes, the biggest first; those that one edit mends become one.

    An absent plugin shows as an unknown marker here and as a module that is not found there; a
    fixture that raises on one line may say something else for every module. A cause that was seen
    before stands for the others, else the biggest.
    """
    same: dict[str, list[Cause]] = {}
    for cause in found:
        same.setdefault(_mended(cause) or cause.cause_id, []).append(cause)
    causes = [_one(alike) for alike in same.values()]
    return tuple(sorted(causes, key=lambda cause: -len(cause.failures)))


_USED_UP = frozenset({"memory", "disk", "descriptors", "threads"})
"""Kinds of resources of which a machine has one."""
_OUTSIDE = frozenset(
    {"variable", "host", "program", "library", "marker", "option", "setting", "interpreter"}
)
"""Types of culprits that are mended outside of the code that failed."""
_LEFT = frozenset({"removed_name", "removed_module", "changed_signature"})
"""Kinds of what a distribution no longer has, wherever it is used."""


_PINNED = frozenset({"unmet_requirement", "plugin_incompatible"})
"""Kinds of what another version of the distribution mends, all of it."""
_RAISED = frozenset({"exception", "recursion"})
"""Kinds of what a line of the product raises, whatever it says of its input."""
_MISWIRED = frozenset({"not_found", "recursive", "scope_mismatch"})
"""Kinds of what is wrong with a fixture whoever asks for it."""


def _mended(cause: Cause) -> str:
    """What there is to mend: a distribution to install, a variable to set, a name that left a
    distribution, a line of a fixture; else empty.
    """
    verdict, culprit = cause.verdict, cause.verdict.culprit
    if verdict.category == "resource" and verdict.kind in _USED_UP:
        return f"resource {verdict.kind}"
    if culprit is None:
        return ""
    of_machine = verdict.category == "environment" and culprit.type == "file"
    if culprit.type in _OUTSIDE or of_machine:
        return f"{verdict.category} {culprit.type} {culprit.name}"
    if culprit.type == "distribution" and verdict.kind in _LEFT:
        raised = decisive(cause.failures[0])
        message = normalise(raised.message) if raised else ""
        return f"{verdict.kind} {canonicalize_name(culprit.name)} {message}" if message else ""
    if culprit.type == "distribution" and (
        verdict.category == "missing_dependency" or verdict.kind in _PINNED
    ):
        return f"{verdict.category} {canonicalize_name(culprit.name)}"
    if verdict.kind == "test_timeout":
        return _waiting(cause.failures[0])
    if verdict.category == "product_error" and verdict.kind in _RAISED:
        return _line_of_product(cause.failures[0])
    if culprit.type == "fixture" and verdict.kind in _MISWIRED:
        return f"fixture {culprit.name}"
    if culprit.type == "fixture" and verdict.kind in ("setup_raised", "teardown_raised"):
        return f"{verdict.kind} {culprit.name} {_line(cause.failures[0])}"
    return ""


def _waiting(failure: Failure) -> str:
    """What the test called that did not end; where in it the test was stopped is chance."""
    raised = decisive(failure)
    entered = (frame for frame in (raised.frames if raised else ()) if frame.origin == "project")
    first = next(entered, None)
    return f"timeout {first.file} {first.function}" if first else ""


def _line(failure: Failure) -> str:
    """The type of the exception, and the deepest line of own code."""
    raised = decisive(failure)
    own = [frame for frame in raised.frames if frame.origin in following.OWN] if raised else []
    return f"{raised.type} {own[-1].file}:{own[-1].line}" if raised and own else failure.nodeid


def _line_of_product(failure: Failure) -> str:
    """The type of the exception and the line of the product that it came out of; else empty."""
    raised = decisive(failure)
    own = [frame for frame in raised.frames if frame.origin in following.OWN] if raised else []
    return f"raised {_line(failure)}" if own and own[-1].origin == "project" else ""


def _one(alike: Sequence[Cause]) -> Cause:
    first, *others = sorted(
        alike, key=lambda cause: (cause.remembered is None, -len(cause.failures))
    )
    if not others:
        return first
    prevented = dict.fromkeys(nodeid for cause in (first, *others) for nodeid in cause.prevented)
    seen = tuple(f"Seen as well: {cause.title}" for cause in others)
    return replace(
        first,
        verdict=replace(first.verdict, evidence=(*first.verdict.evidence, *seen)),
        failures=tuple(failure for cause in (first, *others) for failure in cause.failures),
        prevented=tuple(prevented),
    )
