"""The memory's totals as a Prometheus textfile, beside the one that the kit writes of the runs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from conftest_kit.locking import hidden, replace
from conftest_kit.settings import Settings
from corpus_memory_logging.records import CATEGORIES, FINDING_KINDS
from corpus_memory_logging.store import Store
from corpus_memory_logging.totals import Totals, flaky_ratio, totals

FILE = "pytest_causes.prom"


def place(settings: Settings) -> Path:
    """Where the file goes: beside the metrics file; in a shared folder named by the project."""
    own = settings.metrics_file
    return own.with_name(f"{own.stem}-causes.prom" if settings.metrics_dir else FILE)


def update(settings: Settings, store: Store, *, now: datetime) -> list[str]:
    """Writes the file anew; what could not be done is returned, never raised.

    Two reviews at once leave the later totals: each reads and writes while no other writes to the
    memory.

    Raises:
        corpus_memory_logging.errors.StoreError: the memory refused.
    """
    path = Path(os.path.realpath(place(settings)))
    ratio = flaky_ratio(store, now=now)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with store.transaction():
            exposed = render(totals(store), ratio, settings.metrics_labels)
            replace(path, exposed, folder=hidden(path))
    except OSError as error:
        return [f"metrics not written to {path}: {error.strerror}"]
    return []


def refresh(settings: Settings, store: Store, *, now: datetime) -> list[str]:
    """As `update`, where there is a file: whoever only decides is not the one who is scraped."""
    return update(settings, store, now=now) if place(settings).exists() else []


def render(found: Totals, ratio: float | None, labels: Mapping[str, str]) -> bytes:
    """The text exposition: every category and kind, also those that never occurred; the labels
    stand on every series.
    """
    registry = CollectorRegistry()
    registry.register(_Families(found, ratio, labels))
    return generate_latest(registry)


class _Families(Collector):
    """What the client's exposition asks for."""

    def __init__(self, found: Totals, ratio: float | None, labels: Mapping[str, str]) -> None:
        self._found = found
        self._ratio = ratio
        # Lone surrogates, from names that are not UTF-8, cannot be encoded.
        self._labels = {
            name: text.encode("utf-8", "backslashreplace").decode() for name, text in labels.items()
        }

    def collect(self) -> Iterator[Metric]:
        found = self._found
        yield self._filled(
            CounterMetricFamily(
                "pytest_test_failures_by_category",
                "Failed attempts of reviewed runs by the category of their cause.",
                labels=[*self._labels, "category"],
            ),
            {(category,): found.failures.get(category, 0) for category in CATEGORIES},
        )
        yield self._filled(
            CounterMetricFamily(
                "pytest_findings",
                "Findings of reviewed runs: what was off though no test failed.",
                labels=[*self._labels, "kind"],
            ),
            {(kind,): found.findings.get(kind, 0) for kind in FINDING_KINDS},
        )
        yield self._filled(
            GaugeMetricFamily(
                "pytest_causes_open",
                "Causes that nobody has resolved.",
                labels=[*self._labels, "category"],
            ),
            {(category,): found.open_causes.get(category, 0) for category in CATEGORIES},
        )
        if self._ratio is not None:
            yield self._filled(
                GaugeMetricFamily(
                    "pytest_flaky_tests_ratio",
                    "Flaky tests among those executed in the last 7 days of reviewed runs.",
                    labels=[*self._labels],
                ),
                {(): self._ratio},
            )
        if found.last_review is not None:
            yield self._filled(
                GaugeMetricFamily(
                    "pytest_last_review_timestamp_seconds",
                    "When a run was reviewed last.",
                    labels=[*self._labels],
                ),
                {(): found.last_review.timestamp()},
            )

    def _filled(
        self,
        family: CounterMetricFamily | GaugeMetricFamily,
        values: Mapping[tuple[str, ...], float],
    ) -> Metric:
        for labels, value in values.items():
            family.add_metric([*self._labels.values(), *labels], value)
        return family
