"""Many failures to few causes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from conftest_kit.records import Failure
from orchestrator.signature import Signature, sign


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Failures of one signature."""

    signature: Signature
    failures: tuple[Failure, ...]


def group(failures: Iterable[Failure]) -> tuple[Group, ...]:
    """One group for each signature: the biggest first, equal ones as they were seen."""
    found: dict[str, tuple[Signature, list[Failure]]] = {}
    for failure in failures:
        signature = sign(failure)
        found.setdefault(signature.id, (signature, []))[1].append(failure)
    groups = [
        Group(signature=signature, failures=tuple(members)) for signature, members in found.values()
    ]
    return tuple(sorted(groups, key=lambda group: -len(group.failures)))


def cause_id(project: str, signature: str) -> str:
    """The identity of a cause across runs: 16 hex digits of a hash of project and signature."""
    return hashlib.sha256(f"{project}\0{signature}".encode()).hexdigest()[:16]
