"""What a session hands over to be counted. PYTEST_DONT_REWRITE

Named tuples throughout this package: to define a dataclass takes 1 ms, and that at the end of each
session.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from conftest_kit.records import Phase
    from conftest_kit.run import Outcome

FailureType = Literal["timing_violation", "assertion", "error"]
FAILURE_TYPES: tuple[FailureType, ...] = ("timing_violation", "assertion", "error")


class Module(NamedTuple):
    """Coverage of a package or module at the top level."""

    name: str
    percent: float
    uncovered: int
    """Statements that were not executed."""


class Sizes(NamedTuple):
    """Of the tests that have a size, by size: small, medium, large, xlarge."""

    tests: Mapping[str, int] = {}
    """Reruns left out."""
    durations: Mapping[tuple[str, Outcome], Sequence[float]] = {}
    """Seconds of each executed test, by size and outcome."""
    violations: Mapping[str, int] = {}
    near_limit: Mapping[str, int] = {}


class Tally(NamedTuple):
    """What is counted of one run, beyond what its record says."""

    outcomes: Mapping[tuple[Outcome, Phase], int] = {}
    """Attempts and collection errors, by the phase that decided."""
    durations: Sequence[float] = ()
    """Seconds of each executed test: the sum of its phases."""
    worker_crashes: int = 0
    deselected: int = 0
    failure_types: Mapping[FailureType, int] = {}
    sizes: Sizes = Sizes()
    modules: Sequence[Module] = ()
    """Where coverage was measured; the largest first."""
