"""Tests and the sizes that they claim: too slow for it, nearly so, or the wrong mix."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from corpus_memory_logging.records import Finding, Suggestion
from orchestrator.findings.seen import Seen

_ORIGIN = "sizes@1"
_SHOWN = 5
_LIMITS = {"small": 1.0, "medium": 300.0, "large": 900.0, "xlarge": 900.0}
"""Seconds that the call of a test may take, as pytest-test-categories has it."""
_NEAR = 0.8
_LARGER = {"small": "medium", "medium": "large", "large": "xlarge"}


def find(seen: Seen) -> Iterator[Finding]:
    """What the metrics of this run say of sizes; nothing where they are of another run."""
    if seen.own is not None:
        yield from _violations(seen, seen.own.violations_total)
        yield from _near(seen, seen.own.near_limit)
        yield from _distribution(seen, seen.own.tests_by_size)


def _violations(seen: Seen, totals: Mapping[str, float]) -> Iterator[Finding]:
    """The counter goes from run to run: what it was in the last remembered run was there before."""
    measured = [past for past in seen.past if "violations_total" in past.measured]
    last = measured[0] if measured else None
    for size, total in totals.items():
        before = last.measured["violations_total"].get(size, 0) if last else 0
        new = total - before if total >= before else total
        if new <= 0:
            continue
        since = f"since run {last.run_id}, the last one remembered" if last else "in all"
        yield Finding(
            kind="timing_violation",
            text=f"{_tests(new, size)} took longer than allowed: {_LIMITS.get(size, 0):g} s, or "
            "what the marker says",
            subject=size,
            evidence=(
                f"pytest_timing_violations_total is {total:g}, {new:g} more {since}"
                if last
                else f"pytest_timing_violations_total is {total:g} {since}",
                *_candidates(seen, new, _LIMITS.get(size, math.inf), math.inf),
            ),
            suggestions=(_faster(size, "now"),),
        )


def _near(seen: Seen, counts: Mapping[str, float]) -> Iterator[Finding]:
    for size, count in counts.items():
        limit = _LIMITS.get(size, math.inf)
        if count > 0:
            yield Finding(
                kind="near_limit",
                text=f"{_tests(count, size)} took more than 80 % of what is allowed: {limit:g} s, "
                "or what the marker says",
                subject=size,
                evidence=(
                    f"pytest_near_timing_limit_tests is {count:g}",
                    *_candidates(seen, count, _NEAR * limit, limit),
                ),
                suggestions=(_faster(size, "before a busy machine makes them fail"),),
            )


def _candidates(seen: Seen, count: float, above: float, most: float) -> Iterator[str]:
    """The tests in question, where their time alone tells which they are."""
    calls = {
        attempt.nodeid: attempt.durations.get("call", 0.0) for attempt in seen.recording.attempts
    }
    found = {nodeid: took for nodeid, took in calls.items() if above < took <= most}
    if len(found) == count:
        for nodeid, took in sorted(found.items(), key=lambda item: -item[1])[:_SHOWN]:
            yield f"{nodeid}: {took:.2f} s"


def _faster(size: str, when: str) -> Suggestion:
    larger = f", or mark them {_LARGER[size]} if they must take so long" if size in _LARGER else ""
    return Suggestion(
        text=f"Make these tests faster {when}: wait for conditions instead of sleeping, replace "
        f"what is outside of the process{larger}.",
        commands=("pytest --durations=20 --durations-min=0.5",),
        confidence=0.5,
        origin=_ORIGIN,
    )


def _distribution(seen: Seen, counts: Mapping[str, float]) -> Iterator[Finding]:
    total = sum(counts.values())
    held = {
        "small": counts.get("small", 0.0),
        "medium": counts.get("medium", 0.0),
        "large": counts.get("large", 0.0) + counts.get("xlarge", 0.0),
    }
    off = {}
    for size, least, most in seen.thresholds.size_targets:
        # By less than one test no suite can be nearer.
        below, above = total * least / 100 - held[size], held[size] - total * most / 100
        if max(below, above) >= 1:
            off[size] = (f"{least:g} to {most:g} %", math.ceil(max(below, above)), below > 0)
    if not off:
        return
    status = _status(held, total)
    yield Finding(
        kind="sizes",
        text=f"the sizes of tests are out of target ({status}): "
        + ", ".join(f"{_share(held[size], total)} {size}, target {off[size][0]}" for size in off),
        subject="distribution",
        evidence=tuple(
            f"{size}: {held[size]:g} of {total:g} sized tests, {number} too "
            + ("few" if few else "many")
            for size, (_, number, few) in off.items()
        ),
        suggestions=(_rebalance(off),),
    )


def _status(held: Mapping[str, float], total: float) -> str:
    """As pytest-test-categories names it."""
    if held["small"] < total * 0.5:
        return "critical: fewer than half are small"
    if held["medium"] > total * 0.2:
        return "too many are medium"
    return "too few are small" if held["small"] < total * 0.75 else "warning"


def _rebalance(off: Mapping[str, tuple[str, int, bool]]) -> Suggestion:
    if off.get("small", ("", 0, False))[2]:
        text = (
            f"Make {off['small'][1]} tests small: take file system, network, processes and sleeps "
            "out of those that test logic, the fastest of the medium ones first."
        )
    elif "small" in off:
        text = (
            f"Test what the parts do together: about {off['small'][1]} of the small tests have no "
            "counterpart that is medium or large."
        )
    else:
        text = "Move the tests named to the size beside theirs, or set `size_targets` as you mean."
    return Suggestion(text=text, confidence=0.4, origin=_ORIGIN)


def _share(number: float, total: float) -> str:
    return f"{100 * number / total:.1f} %"


def _tests(count: float, size: str) -> str:
    return f"{count:g} {size} test{'' if count == 1 else 's'}"
