"""Like with like: which earlier runs a run may be compared with, and whether it is one in full."""

from __future__ import annotations

from statistics import median

from corpus_memory_logging.records import PastRun
from orchestrator.findings.seen import Seen

_SAME = 0.9
"""Share of the tests that two runs have in common where they are of one suite."""
_MOST = 20
_MAINLINES = frozenset({"main", "master", "trunk", "develop", "development"})
_SELECTING = ("-k", "--lf", "--last-failed", "--sw", "--stepwise", "--deselect")


def green_runs(seen: Seen) -> tuple[PastRun, ...]:
    """Green runs of the same tests, the latest first, at most 20.

    They ran in the same CI (or in none), with as many workers. A run of the main line is compared
    with runs of the main line; one of another branch with these as well, where there are enough,
    else with others of its kind.
    """
    like = [
        past
        for past in seen.past
        if past.green
        and past.ci == seen.ci
        and past.workers == seen.workers
        and past.shared >= _SAME * max(past.tests, len(seen.seconds), 1)
    ]
    mainline = [past for past in like if _kind(past.branch) == "mainline"]
    kind = _kind(seen.branch)
    if kind == "mainline" or (kind and len(mainline) >= seen.thresholds.runtime_baseline_runs):
        return tuple(mainline[:_MOST])
    return tuple([past for past in like if _kind(past.branch) == kind][:_MOST])


def is_partial(seen: Seen) -> bool:
    """Whether the run left out a part of its suite: asked to, stopped early, or by the look of the
    runs before it.
    """
    if any(_selects(word) for word in seen.run.command[1:]):
        return True
    if len({attempt.nodeid for attempt in seen.recording.attempts}) < (seen.run.collected or 0):
        return True
    usual = [past.tests for past in seen.past if past.ci == seen.ci][:10]
    return bool(usual) and len(seen.seconds) < _SAME * median(usual)


def _selects(word: str) -> bool:
    option = word.partition("=")[0]
    short = word.startswith("-k") and not word.startswith("--")
    return short or option in _SELECTING or (not word.startswith("-") and "::" in word)


def _kind(branch: str) -> str:
    if not branch:
        return ""
    name = branch.removeprefix("origin/")
    return "mainline" if name in _MAINLINES or name.startswith("release") else "branch"
