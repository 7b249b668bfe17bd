"""Many failures to few causes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from conftest_kit.records import Failure
from orchestrator.causes.subjects import told_apart
from orchestrator.failures import following
from orchestrator.failures.signature import Signature, sign


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Failures of one signature, and after them those that followed from them."""

    signature: Signature
    failures: tuple[Failure, ...]


def group(failures: Iterable[Failure]) -> tuple[Group, ...]:
    """One group for each cause: the biggest first, equal ones as they were seen.

    What says the same of different things, of parts of one namespace or of several remotes, is told
    apart; see `subjects`.
    What only followed from other failures stands with these; see `following`. The cost is linear.
    """
    signed = [(failure, told_apart(failure, sign(failure))) for failure in failures]
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
