"""What a metrics file alone says: how many tests failed, and no more."""

from __future__ import annotations

from conftest_kit.records import Recording, Run
from corpus_memory_logging.records import Cause, Review, Suggestion, Verdict
from orchestrator.causes import cause_id
from orchestrator.intake.metrics_file import Metrics

_SIGNATURE = "counted-v1:failures"
_RUN_ID = "unknown"


def review(metrics: Metrics, *, project: str) -> Review:
    """A review of a run that is known by its metrics only; without a failure it has no cause."""
    count = metrics.failures_total or 0
    recording = Recording(
        run=Run(
            run_id=metrics.run_id or _RUN_ID,
            project=project,
            state="not_started",
            counts=dict(metrics.last_run),
        )
    )
    warnings = ("no record of a run was found: this is what the metrics file says",)
    if not count:
        return Review(recording=recording, warnings=warnings)
    title = f"{count} failure{'s' if count > 1 else ''} counted in total, the last run unknown"
    cause = Cause(
        cause_id=cause_id(project, _SIGNATURE),
        signature=_SIGNATURE,
        title=title,
        verdict=Verdict(
            category="unknown",
            kind="counted",
            culprit=None,
            confidence=0.0,
            evidence=(f"pytest_test_failures_total is {count}",),
            rule="none",
        ),
        failures=(),
        suggestions=(_record_a_run(title),),
    )
    return Review(recording=recording, causes=(cause,), warnings=warnings)


def _record_a_run(title: str) -> Suggestion:
    return Suggestion(
        text=f"{title}. The metrics carry no names and no causes: run pytest with the kit, "
        "which records them, and review that run.",
        commands=("orchestrator run -- pytest",),
        origin=_SIGNATURE,
    )
