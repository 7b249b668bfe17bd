"""Many failures to few causes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from conftest_kit.records import Failure
from orchestrator.signature import Signature, sign


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Failures of one signature, and what followed from them."""

    signature: Signature
    failures: tuple[Failure, ...]


def group(failures: Iterable[Failure]) -> tuple[Group, ...]:
    """One group for each signature: the biggest first, equal ones as they were seen.

    A tear-down that only fails where the test had failed already follows from that failure: what
    a test leaves behind when it breaks off is no cause of its own.
    """
    failures = tuple(failures)
    signatures = _lead({id(failure): sign(failure) for failure in failures}, failures)
    found: dict[str, tuple[Signature, list[Failure]]] = {}
    for failure in failures:
        signature = signatures[id(failure)]
        found.setdefault(signature.id, (signature, []))[1].append(failure)
    groups = [
        Group(signature=signature, failures=tuple(members)) for signature, members in found.values()
    ]
    return tuple(sorted(groups, key=lambda group: -len(group.failures)))


def _lead(signatures: dict[int, Signature], failures: tuple[Failure, ...]) -> dict[int, Signature]:
    """The signatures, with those of tear-downs that follow replaced by what they follow from."""
    broke: dict[tuple[str, int], Signature] = {}
    for failure in failures:
        if failure.phase in ("setup", "call"):
            broke.setdefault(_execution(failure), signatures[id(failure)])
    alone = {
        signatures[id(failure)].id
        for failure in failures
        if failure.phase != "teardown" or _execution(failure) not in broke
    }
    return {
        id(failure): signature
        if (signature := signatures[id(failure)]).id in alone
        else broke[_execution(failure)]
        for failure in failures
    }


def _execution(failure: Failure) -> tuple[str, int]:
    return failure.nodeid, failure.attempt


def cause_id(project: str, signature: str) -> str:
    """The identity of a cause across runs: 16 hex digits of a hash of project and signature."""
    return hashlib.sha256(f"{project}\0{signature}".encode()).hexdigest()[:16]
