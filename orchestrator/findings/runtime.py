"""A suite that takes longer than it did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import median

from corpus_memory_logging.records import Finding, Suggestion
from orchestrator.findings import comparable
from orchestrator.findings.seen import Earlier, Seen

_ORIGIN = "runtime@1"
_SHOWN = 5
_NOTICEABLE = 0.05
"""Share of the rise from which on a test is named."""


def find(seen: Seen, earlier: Earlier) -> Iterator[Finding]:
    """Against the median of comparable green runs, where there are enough of them."""
    limits, took = seen.thresholds, seen.duration
    green = [past for past in comparable.green_runs(seen) if past.seconds is not None]
    if took is None or len(green) < limits.runtime_baseline_runs:
        return
    before = median(past.seconds or 0.0 for past in green)
    rise = took - before
    if rise <= limits.runtime_floor_seconds or rise <= before * limits.runtime_max_rise / 100:
        return
    times = f", {took / before:.1f} times" if before > 0 else ""
    slower = tuple(_slower(seen, earlier.durations(green), rise))
    if slower:
        what = f"Look at {slower[0][0]} first: the rise is in the tests named"
    else:
        what = "No test took noticeably longer: look at collection, plugins, and the machine"
    yield Finding(
        kind="runtime",
        text=f"the run took {took:.1f} s{times} the {before:.1f} s that comparable runs took",
        subject="suite",
        evidence=(
            f"median of {len(green)} green runs of the same tests",
            f"the latest of them, {green[0].run_id}, took {green[0].seconds:.1f} s",
            *(line for _, line in slower),
        ),
        suggestions=(
            Suggestion(
                text=f"{what}. Run it once more to see whether the machine was busy.",
                commands=("pytest --durations=20 --durations-min=0.5",),
                confidence=0.6 if slower else 0.3,
                origin=_ORIGIN,
            ),
        ),
    )


def _slower(seen: Seen, usual: Mapping[str, float], rise: float) -> Iterator[tuple[str, str]]:
    """The tests that took longer, each with what is said of it, the greatest rise first."""
    rises = {
        nodeid: took - usual[nodeid] for nodeid, took in seen.seconds.items() if nodeid in usual
    }
    ordered = sorted(rises.items(), key=lambda item: (-item[1], item[0]))
    for nodeid, more in ordered[:_SHOWN]:
        if more >= rise * _NOTICEABLE:
            took = seen.seconds[nodeid]
            yield nodeid, f"{nodeid}: {took:.2f} s, usually {usual[nodeid]:.2f} s"
