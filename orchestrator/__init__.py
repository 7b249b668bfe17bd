"""Reviews a finished pytest run: what broke, why, whether it is new and what to do."""

from __future__ import annotations

from pathlib import Path

__all__ = ["review_test_outcomes"]


def review_test_outcomes(
    metrics_file: str | Path = "monitoring/pytest_metrics.prom",
) -> list[str]:
    """What to do about the failures that a metrics file counts; nothing where it is missing."""
    # Late: `import orchestrator` stays cheap, and works without the extra's packages.
    from orchestrator.reviews import review_test_outcomes as review  # noqa: PLC0415

    return review(Path(metrics_file))
