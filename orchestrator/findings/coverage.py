"""Coverage that is too low, or lower than it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import median

from corpus_memory_logging.records import Finding, PastRun, Suggestion
from orchestrator.findings import comparable
from orchestrator.findings.seen import Seen

_ORIGIN = "coverage@1"
_SHOWN = 5
_MISSING = "coverage report --show-missing --skip-covered"


def find(seen: Seen) -> Iterator[Finding]:
    """Only of runs in full: a part of a suite covers a part of the code."""
    percent = _percent(seen)
    if percent is None or comparable.is_partial(seen):
        return
    if percent < seen.thresholds.coverage_min:
        yield _below(percent, seen)
    earlier = [past for past in comparable.green_runs(seen) if past.coverage_percent is not None]
    if earlier:
        figures = [past.coverage_percent or 0.0 for past in earlier]
        # The higher of both: a rise counts at once, and a drop stays one until it is the rule.
        before = max(median(figures), figures[0])
        if before - percent > seen.thresholds.coverage_max_drop:
            yield _dropped(percent, before, earlier, seen)


def _percent(seen: Seen) -> float | None:
    if seen.run.coverage_percent is not None:
        return seen.run.coverage_percent
    return seen.own.coverage_percent if seen.own else None


def _below(percent: float, seen: Seen) -> Finding:
    worst = _worst(seen)
    first = f"Begin with {worst[0][0]}. " if worst else ""
    return Finding(
        kind="coverage",
        text=f"coverage is {percent:.2f} %, below {seen.thresholds.coverage_min:g} %",
        subject="below",
        evidence=(*(line for _, line in worst), *_red(seen)),
        suggestions=(
            Suggestion(
                text=f"{first}The report names the lines that no test executes. Where less is "
                "meant to be enough, set `coverage_min`.",
                commands=(_MISSING,),
                confidence=0.5,
                origin=_ORIGIN,
            ),
        ),
    )


def _dropped(percent: float, before: float, earlier: list[PastRun], seen: Seen) -> Finding:
    latest = earlier[0]
    lost = _lost(latest.measured.get("coverage_modules", {}), seen)
    what = f"Look at {lost[0][0]} first. " if lost else ""
    commit = str(seen.run.environment.git.get("commit") or "")
    commands = [_MISSING]
    if latest.commit and commit and latest.commit != commit:
        commands.insert(0, f"git diff --stat {latest.commit[:10]} {commit[:10]}")
    runs = f"{len(earlier)} comparable green run{'s' if len(earlier) > 1 else ''}"
    return Finding(
        kind="coverage",
        text=f"coverage dropped by {before - percent:.2f} points, from {before:.2f} to "
        f"{percent:.2f} %",
        subject="dropped",
        evidence=(
            f"{runs}, the latest {latest.run_id} with {latest.coverage_percent:.2f} %",
            *(line for _, line in lost),
            *_red(seen),
        ),
        suggestions=(
            Suggestion(
                text=f"{what}Test what came since the last run that had more, or see which tests "
                "went away; then run the suite again.",
                commands=tuple(commands),
                confidence=0.6,
                origin=_ORIGIN,
            ),
        ),
    )


def _worst(seen: Seen) -> list[tuple[str, str]]:
    """The modules with the most uncovered lines, each with what is said of it."""
    if seen.own is None:
        return []
    percents, lines = seen.own.coverage_modules, seen.own.uncovered_lines
    found = sorted(lines.items(), key=lambda item: (-item[1], item[0]))
    return [
        (module, f"{module}: {count:g} lines uncovered{_said(percents, module)}")
        for module, count in found[:_SHOWN]
        if count
    ]


def _said(percents: Mapping[str, float], module: str) -> str:
    return f", {percents[module]:.1f} % covered" if module in percents else ""


def _lost(before: Mapping[str, float], seen: Seen) -> list[tuple[str, str]]:
    """The modules that lost most against an earlier run."""
    now = seen.own.coverage_modules if seen.own else {}
    drops = {name: before[name] - now[name] for name in before.keys() & now.keys()}
    found = sorted(drops.items(), key=lambda item: (-item[1], item[0]))
    return [
        (module, f"{module}: from {before[module]:.1f} to {now[module]:.1f} %")
        for module, drop in found[:_SHOWN]
        if drop > 0
    ]


def _red(seen: Seen) -> Iterator[str]:
    counts = seen.run.counts
    if failed := counts.get("failed", 0) + counts.get("error", 0):
        yield f"{failed} failed, and what they did not reach counts as uncovered: mend them first"
