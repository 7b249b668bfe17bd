"""The Prometheus textfile: what runs add up to, and how the last one was.

Counters and the histogram continue those in the file, so that `rate()` and `increase()` mean
something; gauges describe the last run alone. The file is ours: other tools' families are dropped.
PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import math
import os
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from conftest_kit.locking import TIMEOUT_SECONDS, lock
from conftest_kit.run import OUTCOMES, Run

FAILURES = "pytest_test_failures"
PASSES = "pytest_test_passes"
DURATION = "pytest_test_duration_seconds"


class _CorruptError(ValueError):
    """A stored file does not hold what we write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Totals:
    """What is carried over from run to run."""

    failures: float = 0.0
    passes: float = 0.0
    seconds: float = 0.0
    buckets: dict[float, float] | None = None
    """Observations up to each bound; None where there were none."""

    def plus(self, other: _Totals) -> _Totals:
        mine, others = self.buckets or {}, other.buckets or {}
        return _Totals(
            failures=self.failures + other.failures,
            passes=self.passes + other.passes,
            seconds=self.seconds + other.seconds,
            buckets={bound: mine.get(bound, 0) + others.get(bound, 0) for bound in mine | others},
        )


def update(
    path: Path, *, run: Run, durations: Sequence[float], lock_seconds: float = TIMEOUT_SECONDS
) -> list[str]:
    """Add a run to the textfile at `path`; what could not be done is returned, never raised.

    `durations` has one value for each executed test: the sum of its phases. Where another writer
    holds the lock for `lock_seconds`, the run is left in a hidden file beside it for the next
    update to add. A file that cannot be parsed is moved to another name, and counting begins anew.
    """
    path = Path(os.path.realpath(path))
    try:
        totals = _totals_of(run, durations)
        _make_folder(path)
        with lock(path, timeout_seconds=lock_seconds) as held:
            if held:
                return _add(path, run, totals)
            pending = _pending(path, run.run_id)
            _replace(pending, _exposition(totals, run))
            return [f"metrics file {path} is locked; the next run adds this one from {pending}"]
    except ImportError as error:
        return [f"metrics not written to {path}: {error}; pip install prometheus-client"]
    except OSError as error:
        return [f"metrics not written to {path}: {error}"]


def _add(path: Path, run: Run, totals: _Totals) -> list[str]:
    bounds = set(totals.buckets or ())
    warnings = []
    prefix = _pending(path, "").name
    pending = sorted(other for other in path.parent.iterdir() if other.name.startswith(prefix))
    for source in (path, *pending):
        try:
            stored = _stored(source)
        except _CorruptError as error:
            aside = path.with_name(f"{path.name}.corrupt-{time.time_ns()}")
            source.replace(aside)
            warnings.append(f"counting begins anew, {source} was moved to {aside}: {error}")
            continue
        if stored.buckets and set(stored.buckets) != bounds:
            warnings.append(f"{DURATION} begins anew: {source} has other buckets")
            stored = _Totals(failures=stored.failures, passes=stored.passes)
        totals = totals.plus(stored)
    _replace(path, _exposition(totals, run))
    for source in pending:
        source.unlink(missing_ok=True)
    return warnings


def _pending(path: Path, run_id: str) -> Path:
    return path.with_name(f".{path.name}.pending-{run_id}")


def _totals_of(run: Run, durations: Sequence[float]) -> _Totals:
    from prometheus_client import Histogram  # noqa: PLC0415 - 20 ms that a session has at its end

    bounds = [float(bound) for bound in Histogram.DEFAULT_BUCKETS]
    counts = [0] * len(bounds)
    for duration in durations:
        counts[bisect_left(bounds, duration)] += 1
    return _Totals(
        failures=run.counts.get("failed", 0) + run.counts.get("error", 0),
        passes=run.counts.get("passed", 0),
        seconds=math.fsum(durations),
        buckets={bound: sum(counts[: index + 1]) for index, bound in enumerate(bounds)},
    )


def _stored(path: Path) -> _Totals:
    """What a file holds; nothing where there is none.

    Raises:
        _CorruptError: it cannot be parsed, or holds values that no counter has.
    """
    from prometheus_client.parser import text_string_to_metric_families  # noqa: PLC0415 - as above

    try:
        text = path.read_bytes().decode("utf-8")
        samples = [
            sample for family in text_string_to_metric_families(text) for sample in family.samples
        ]
        plain = {sample.name: sample.value for sample in samples if not sample.labels}
        buckets = {
            float(sample.labels["le"]): sample.value
            for sample in samples
            if sample.name == f"{DURATION}_bucket"
        }
    except FileNotFoundError:
        return _Totals()
    # What the client's parser raises on arbitrary text.
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise _CorruptError(f"{type(error).__name__}: {error}") from None
    values = [plain.get(f"{FAILURES}_total", 0.0), plain.get(f"{PASSES}_total", 0.0)]
    seconds = plain.get(f"{DURATION}_sum", 0.0)
    if not all(
        math.isfinite(value) and value >= 0 for value in (*values, seconds, *buckets.values())
    ):
        raise _CorruptError("a counter is negative or no number")
    return _Totals(failures=values[0], passes=values[1], seconds=seconds, buckets=buckets or None)


def _exposition(totals: _Totals, run: Run) -> bytes:
    from prometheus_client.exposition import generate_latest  # noqa: PLC0415 - as above

    # Families from a collector of our own: live Counter objects write files of their own where the
    # tested application uses the client's multiprocess mode.
    return generate_latest(_Collector(totals, run))


class _Collector:
    """What the client's exposition asks for."""

    def __init__(self, totals: _Totals, run: Run) -> None:
        self._totals = totals
        self._run = run

    def collect(self) -> Iterator[Any]:
        from prometheus_client import core  # noqa: PLC0415 - as above

        totals, run = self._totals, self._run
        finished = _seconds(run.finished)
        yield core.CounterMetricFamily(
            FAILURES,
            "Tests that failed or errored, collection errors and crashes.",
            totals.failures,
        )
        yield core.CounterMetricFamily(PASSES, "Tests that passed.", totals.passes)
        yield core.HistogramMetricFamily(
            DURATION,
            "Duration of a test: the sum of its phases.",
            buckets=[
                ("+Inf" if math.isinf(bound) else str(bound), count)
                for bound, count in sorted((totals.buckets or {}).items())
            ],
            sum_value=totals.seconds,
        )
        yield core.GaugeMetricFamily(
            "pytest_session_duration_seconds",
            "Duration of the last run.",
            max(0.0, finished - _seconds(run.started)),
        )
        if run.coverage_percent is not None:
            yield core.GaugeMetricFamily(
                "pytest_coverage_percent",
                "Coverage that the last run measured, 0 to 100.",
                run.coverage_percent,
            )
        yield core.GaugeMetricFamily(
            "pytest_last_run_timestamp_seconds", "End of the last run.", finished
        )
        tests = core.GaugeMetricFamily(
            "pytest_last_run_tests", "Attempts of the last run by outcome.", labels=["outcome"]
        )
        for outcome in OUTCOMES:
            tests.add_metric([outcome], run.counts.get(outcome, 0))
        yield tests
        yield _info(run)


def _info(run: Run) -> Any:
    from prometheus_client import core  # noqa: PLC0415 - as above

    environment = run.environment
    labels = {
        "run_id": run.run_id,
        "branch": environment.git.get("branch") or environment.ci.get("branch", ""),
        "python_version": environment.python.get("version", ""),
        "os": environment.platform.get("system", ""),
    }
    family = core.GaugeMetricFamily("pytest_run_info", "The last run.", labels=list(labels))
    # Lone surrogates, from names that are not UTF-8, cannot be encoded.
    printable = [text.encode("utf-8", "backslashreplace").decode() for text in labels.values()]
    family.add_metric(printable, 1)
    return family


def _seconds(timestamp: str) -> float:
    return datetime.fromisoformat(timestamp).timestamp() if timestamp else time.time()


def _make_folder(path: Path) -> None:
    folder = path.parent
    if not folder.is_dir():
        folder.mkdir(parents=True)
        folder.chmod(0o755)  # node_exporter is another user
        # What the kit brought into a project is not for its repository; what joins it later may be.
        (folder / ".gitignore").write_text(f"/.gitignore\n/{path.name}*\n/.{path.name}*\n")


def _replace(path: Path, content: bytes) -> None:
    """At once or not at all; readable for node_exporter whatever the umask says."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
