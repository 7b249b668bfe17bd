"""What a project's memory adds up to, for a monitoring system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from corpus_memory_logging.engine import Partition
from corpus_memory_logging.keys import moment

FLAKY_WINDOW = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums over all runs that were ever remembered, and the present state."""

    failures: Mapping[str, int]
    """Failed attempts by the category that the first review of their run gave them. A sum never
    falls: not where runs are pruned, and not where a reviewer decides otherwise later."""
    findings: Mapping[str, int]
    """Findings by kind; never falls either."""
    open_causes: Mapping[str, int]
    """Causes whose status is `open`, by category, as reviewers decided."""
    last_review: datetime | None


def totals(memory: Partition) -> Totals:
    """The present totals; categories and kinds that never occurred are left out."""
    sums: dict[str, dict[str, int]] = {"failures": {}, "findings": {}}
    for row in memory.select("tallies"):
        sums[row["name"]][row["label"]] = row["value"]
    reviewed = memory.select("last_review")[0]["reviewed"]
    return Totals(
        failures=sums["failures"],
        findings=sums["findings"],
        open_causes={row["category"]: row["causes"] for row in memory.select("open_causes")},
        last_review=datetime.fromisoformat(reviewed) if reviewed else None,
    )


def flaky_ratio(memory: Partition, *, now: datetime) -> float | None:
    """Of the tests executed in the last 7 days, the share that was flaky; None without tests.

    A test was flaky where it passed after a rerun, or both passed and failed with one commit,
    without changes to it, in one environment.
    """
    found = memory.select("flaky_tests", since=moment(now - FLAKY_WINDOW))[0]
    return found["flaky"] / found["tests"] if found["tests"] else None
