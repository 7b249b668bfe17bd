"""The size that a marker gives a test, and how long it lets the test's call take.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest_kit.metrics import Sizes
    from conftest_kit.run import Outcome

LIMITS = {"small": 1.0, "medium": 300.0, "large": 900.0, "xlarge": 900.0}
"""Seconds, as pytest-test-categories has them; a marker's `timeout` counts instead."""
NEAR_LIMIT = 0.8
"""Share of the limit from which on a test is near it."""

Size = tuple[str, float]
"""Name and limit."""


class SizedTests:
    """Counts the tests that have a size."""

    def __init__(self) -> None:
        self._tests: Counter[str] = Counter()
        self._durations: dict[tuple[str, Outcome], array[float]] = {}
        self._violations: Counter[str] = Counter()
        self._near_limit: Counter[str] = Counter()

    def add(self, size: Size, outcome: Outcome, *, seconds: float, call: float) -> None:
        """An attempt ended; `call` is what that phase took, `seconds` what all did."""
        name, limit = size
        if call > limit:
            self._violations[name] += 1
        elif call > limit * NEAR_LIMIT:
            self._near_limit[name] += 1
        if outcome == "rerun":
            return
        self._tests[name] += 1
        if outcome != "skipped":
            durations = self._durations.get((name, outcome))
            if durations is None:
                durations = self._durations[name, outcome] = array("d")
            durations.append(seconds)

    def counted(self) -> Sizes:
        """What they add up to."""
        from conftest_kit.metrics import Sizes  # noqa: PLC0415 - at the end, and not in workers

        return Sizes(
            tests=self._tests,
            durations=self._durations,
            violations=self._violations,
            near_limit=self._near_limit,
        )


def of(items: Iterable[pytest.Item], markers: Mapping[str, str]) -> dict[str, Size]:
    """The tests that have a size by node id: the closest marker counts.

    `markers` names the size that each marker stands for.
    """
    found: dict[str, Size] = {}
    inherited: dict[Any, Size | None] = {None: None}
    for item in items:
        # Most tests have no marker of their own, and share few parents.
        own = _given(item, markers) if item.own_markers else None
        size = own or _inherited(item.parent, markers, inherited)
        if size is not None:
            found[str(item.nodeid)] = size
    return found


def _inherited(node: Any, markers: Mapping[str, str], known: dict[Any, Size | None]) -> Size | None:
    if node not in known:
        known[node] = _given(node, markers) or _inherited(node.parent, markers, known)
    return known[node]


def _given(node: Any, markers: Mapping[str, str]) -> Size | None:
    for mark in node.own_markers:
        size = markers.get(mark.name)
        if size is not None:
            timeout = mark.kwargs.get("timeout")
            return size, float(timeout) if _is_limit(timeout) else LIMITS[size]
    return None


def _is_limit(value: Any) -> bool:
    return type(value) in (int, float) and 0 < value < math.inf
