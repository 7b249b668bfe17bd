"""What findings are made of: a run, what the metrics say of it, and the runs before it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from conftest_kit.records import Recording, Run
from corpus_memory_logging.records import PastRun
from orchestrator.checkout.project import Project
from orchestrator.intake.metrics_file import Metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What is asked of the memory only where it is needed; nothing without one."""

    durations: Callable[[Iterable[PastRun]], Mapping[str, float]] = lambda _: {}
    """How many seconds each test took on the average in some runs."""
    outcomes: Callable[[PastRun], Mapping[str, str]] = lambda _: {}
    """What became of each test in a run."""
    run: Callable[[PastRun], Run | None] = lambda _: None
    """The run with its environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From where on something is a finding: the settings of these names."""

    coverage_min: float
    coverage_max_drop: float
    runtime_max_rise: float
    runtime_floor_seconds: float
    runtime_baseline_runs: int
    size_targets: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One run under review, and all that it can be held against."""

    recording: Recording
    thresholds: Thresholds
    metrics_file: str
    """Where the metrics are, or should be."""
    metrics: Metrics | None = None
    """What the metrics file says, of whichever run."""
    is_latest: bool = False
    """Whether this is the latest run, which the metrics file should describe."""
    past: tuple[PastRun, ...] = field(default=())
    """Complete runs that the memory holds, the latest first."""
    project: Project = field(default_factory=Project)
    """What the checkout says."""

    @property
    def run(self) -> Run:
        """The run."""
        return self.recording.run

    @cached_property
    def own(self) -> Metrics | None:
        """The metrics, where they are of this run."""
        same = self.metrics is not None and self.metrics.run_id == self.run.run_id
        return self.metrics if same else None

    @cached_property
    def seconds(self) -> dict[str, float]:
        """The tests that it executed, each with the seconds of all its attempts and phases."""
        found: dict[str, float] = {}
        for attempt in self.recording.attempts:
            if attempt.outcome != "skipped":
                took = sum(attempt.durations.values())
                found[attempt.nodeid] = found.get(attempt.nodeid, 0.0) + took
        return found

    @cached_property
    def duration(self) -> float | None:
        """Seconds from its start to its end."""
        try:
            began, ended = map(datetime.fromisoformat, (self.run.started, self.run.finished))
        except ValueError:
            return None
        return (ended - began).total_seconds()

    @property
    def workers(self) -> int:
        """Of xdist; 0 without."""
        return len({attempt.worker for attempt in self.recording.attempts} - {None})

    @property
    def branch(self) -> str:
        """As git, else CI says."""
        environment = self.run.environment
        return str(environment.git.get("branch") or environment.ci.get("branch", ""))

    @property
    def ci(self) -> str:
        """The provider; empty for a run of no CI."""
        return self.run.environment.ci.get("provider", "")
