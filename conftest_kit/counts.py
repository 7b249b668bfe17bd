"""What a session's attempts add up to, for its end: the run's counts and the metrics.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from array import array
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conftest_kit.metrics import FailureType, Tally
    from conftest_kit.records import Phase
    from conftest_kit.run import Outcome
    from conftest_kit.sizes import Size, SizedTests


class Counts:
    """Counts attempts as they end, and collectors that fail."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self._durations = array("d")
        """Seconds of each executed test, all phases together."""
        self._decided: Counter[tuple[Outcome, Phase]] = Counter()
        """Outcomes but `passed`, by the phase that decided."""
        self._failure_types: Counter[FailureType] = Counter()
        self._sized: SizedTests | None = None
        """Where a test has a size."""

    def ended(
        self, outcome: Outcome, phase: Phase, failure_type: FailureType | None, seconds: float
    ) -> None:
        """An attempt ended; `phase` is the one that decided how, and `seconds` what all took."""
        self.outcomes[outcome] += 1
        if outcome != "passed":
            self._decided[outcome, phase] += 1
            if outcome in ("failed", "error"):
                self._failure_types[failure_type or "error"] += 1
        if outcome not in ("skipped", "rerun"):
            self._durations.append(seconds)

    def sized(self, size: Size, outcome: Outcome, *, seconds: float, call: float) -> None:
        """It had a size, too; see SizedTests."""
        if self._sized is None:
            from conftest_kit.sizes import SizedTests  # noqa: PLC0415 - few suites have sizes

            self._sized = SizedTests()
        self._sized.add(size, outcome, seconds=seconds, call=call)

    def not_collected(self) -> None:
        """A collector failed."""
        self.outcomes["error"] += 1
        self._decided["error", "collect"] += 1
        self._failure_types["error"] += 1

    def tally(self, **known: Any) -> Tally:
        """All of it, for the metrics; `known` is what others know."""
        from conftest_kit.metrics import Sizes, Tally  # noqa: PLC0415 - at the end only

        passed: dict[tuple[Outcome, Phase], int] = {("passed", "call"): self.outcomes["passed"]}
        return Tally(
            outcomes=passed | self._decided,
            durations=self._durations,
            failure_types=self._failure_types,
            sizes=self._sized.counted() if self._sized else Sizes(),
            **known,
        )
