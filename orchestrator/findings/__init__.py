"""What is off in a run though no test failed; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from corpus_memory_logging.history import Held
from corpus_memory_logging.records import Finding
from orchestrator.findings import absent, capture, coverage, runtime, sizes
from orchestrator.findings.seen import Earlier, Seen, Thresholds
from orchestrator.suggest import ranked

__all__ = ["Earlier", "Seen", "Thresholds", "find", "in_order", "measured", "of_memory", "unknown"]


def find(seen: Seen, earlier: Earlier) -> Iterator[Finding]:
    """The findings of a run, those that put the others in doubt first."""
    yield from capture.find(seen)
    if seen.run.state == "complete":
        yield from absent.find(seen, earlier)
        yield from coverage.find(seen)
        yield from runtime.find(seen, earlier)
        yield from sizes.find(seen)


def of_memory(seen: Seen, held: Held | None) -> Iterator[Finding]:
    """What the memory holds of the run otherwise than the record does."""
    if held is not None:
        yield from capture.of_memory(seen, held)


def in_order(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings that were recalled, with what reviewers decided: their suggestions first, and last
    what is to be ignored.
    """
    advised = (
        replace(finding, suggestions=ranked(finding.suggestions, finding.remembered))
        for finding in found
    )
    return tuple(sorted(advised, key=_is_ignored))


def _is_ignored(finding: Finding) -> bool:
    return finding.remembered is not None and finding.remembered.status == "ignored"


def measured(seen: Seen) -> dict[str, Any]:
    """What only the metrics file says of the run and later runs are compared with."""
    modules = dict(seen.own.coverage_modules) if seen.own else {}
    return {"coverage_modules": modules} if modules else {}


def unknown(seen: Seen) -> Iterator[str]:
    """What cannot be judged because the metrics file is of another run: one sentence or none."""
    metrics = seen.metrics
    if metrics is None or seen.own is not None or seen.run.state != "complete":
        return
    if metrics.coverage_modules:
        yield (
            "not judged: coverage by module; the metrics file is of run "
            f"{metrics.run_id or 'unknown'}, and the record does not hold it"
        )
