"""Tests and the sizes that they claim: too slow for it, nearly so, or the wrong mix."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from conftest_kit.records import Attempt
from corpus_memory_logging.records import Finding, Suggestion
from orchestrator.findings.seen import Seen

_ORIGIN = "sizes@2"
_SHOWN = 5
_NEAR = 0.8
_LARGER = {"small": "medium", "medium": "large", "large": "xlarge", "xlarge": None}


def find(seen: Seen) -> Iterator[Finding]:
    """What the record says of the tests that have a size."""
    sized = [attempt for attempt in seen.recording.attempts if attempt.size in _LARGER]
    for size, tests in _slow(sized, above=1.0, most=math.inf):
        yield Finding(
            kind="timing_violation",
            text=f"{_tests(len(tests), size)} took longer than allowed",
            subject=size,
            evidence=_shown(tests),
            suggestions=(_faster(size, "now"),),
        )
    for size, tests in _slow(sized, above=_NEAR, most=1.0):
        yield Finding(
            kind="near_limit",
            text=f"{_tests(len(tests), size)} took more than 80 % of what is allowed",
            subject=size,
            evidence=_shown(tests),
            suggestions=(_faster(size, "before a busy machine makes them fail"),),
        )
    yield from _distribution(
        seen, Counter(attempt.size for attempt in sized if attempt.outcome != "rerun")
    )


def _slow(
    sized: Iterable[Attempt], *, above: float, most: float
) -> Iterator[tuple[str, list[Attempt]]]:
    """By size the tests whose call took such shares of its limit, the slowest first."""
    found: dict[str, dict[str, Attempt]] = {size: {} for size in _LARGER}
    for attempt in sized:
        limit = attempt.limit or math.inf
        if above * limit < _call(attempt) <= most * limit:
            slowest = found[attempt.size].setdefault(attempt.nodeid, attempt)
            found[attempt.size][attempt.nodeid] = max(slowest, attempt, key=_call)
    for size, tests in found.items():
        if tests:
            yield size, sorted(tests.values(), key=_call, reverse=True)


def _call(attempt: Attempt) -> float:
    return attempt.durations.get("call", 0.0)


def _shown(tests: list[Attempt]) -> tuple[str, ...]:
    lines = [f"{one.nodeid}: {_call(one):.2f} s, {one.limit:g} s allowed" for one in tests[:_SHOWN]]
    return (*lines, *([f"and {len(tests) - _SHOWN} more"] if tests[_SHOWN:] else []))


def _faster(size: str, when: str) -> Suggestion:
    larger = f", or mark them {_LARGER[size]} if they must take so long" if _LARGER[size] else ""
    return Suggestion(
        text=f"Make these tests faster {when}: wait for conditions instead of sleeping, replace "
        f"what is outside of the process{larger}.",
        commands=("pytest --durations=20 --durations-min=0.5",),
        confidence=0.5,
        origin=_ORIGIN,
    )


def _distribution(seen: Seen, counts: Counter[str]) -> Iterator[Finding]:
    total = sum(counts.values())
    held = {
        "small": counts["small"],
        "medium": counts["medium"],
        "large": counts["large"] + counts["xlarge"],
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
            f"{size}: {held[size]} of {total} sized tests, {number} too "
            + ("few" if few else "many")
            for size, (_, number, few) in off.items()
        ),
        suggestions=(_rebalance(off),),
    )


def _status(held: Mapping[str, int], total: int) -> str:
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


def _share(number: int, total: int) -> str:
    return f"{100 * number / total:.1f} %"


def _tests(count: int, size: str) -> str:
    return f"{count} {size} test{'' if count == 1 else 's'}"
