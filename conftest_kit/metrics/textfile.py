"""The text form of a file's content, written by us and read by the client. PYTEST_DONT_REWRITE"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from conftest_kit.metrics import client
from conftest_kit.metrics.content import (
    BOUNDS,
    Content,
    Family,
    Histogram,
    Summary,
    Value,
    carried_metrics,
)
from conftest_kit.metrics.table import METRICS, Metric


class CorruptError(ValueError):
    """A stored file does not hold what we write."""


def written(content: Content, labels: Mapping[str, str]) -> bytes:
    """The text, in the order of the table; each series has these labels besides its own.

    Format: https://prometheus.io/docs/instrumenting/exposition_formats/. Written here, for the
    client's own writer comes with its HTTP server.
    """
    return "".join(_lines(content, labels)).encode()


def read(path: Path) -> tuple[Content, list[str]]:
    """What a file holds that is carried over, nothing where there is none; and what is not.

    Raises:
        CorruptError: it cannot be parsed, or holds values that no counter has.
        OSError: it is there and cannot be read.
    """
    families = client.parser().text_string_to_metric_families
    content: Content = {}
    dropped: list[str] = []
    try:
        text = path.read_bytes().decode("utf-8")
        samples: dict[str, list[Any]] = {}
        for family in families(text):
            for sample in family.samples:
                samples.setdefault(sample.name, []).append(sample)
        for metric in carried_metrics():
            if metric.type != "histogram":
                content[metric.name] = _plain(metric, samples.get(metric.name, ()))
                continue
            found = _histograms(metric, samples)
            if found is None:
                dropped.append(f"{metric.name} begins anew: {path} has other buckets")
            else:
                content[metric.name] = found
    except FileNotFoundError:
        return {}, []
    # What the client's parser raises on arbitrary text.
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise CorruptError(f"{type(error).__name__}: {error}") from None
    return content, dropped


def _plain(metric: Metric, samples: Iterable[Any]) -> Family:
    totals: dict[tuple[str, ...], float] = {}
    for sample in samples:
        key = _key(metric, sample.labels)
        if key is not None:
            totals[key] = totals.get(key, 0.0) + _counted(sample)
    return dict(totals)


def _histograms(metric: Metric, samples: Mapping[str, list[Any]]) -> Family | None:
    """None where one of them has other buckets than ours."""
    buckets: dict[tuple[str, ...], dict[float, float]] = {}
    for sample in samples.get(f"{metric.name}_bucket", ()):
        key = _key(metric, sample.labels)
        if key is not None:
            bounds, bound = buckets.setdefault(key, {}), float(sample.labels["le"])
            bounds[bound] = bounds.get(bound, 0.0) + _counted(sample)
    sums: dict[tuple[str, ...] | None, float] = {}
    for sample in samples.get(f"{metric.name}_sum", ()):
        key = _key(metric, sample.labels)
        sums[key] = sums.get(key, 0.0) + _counted(sample)
    found: Family = {}
    for labels, counts in buckets.items():
        ordered = dict(sorted(counts.items()))
        if tuple(ordered) != BOUNDS[metric.name]:
            return None
        found[labels] = Histogram(counts=tuple(ordered.values()), sum=sums.get(labels, 0.0))
    return found


def _key(metric: Metric, labels: Mapping[str, str]) -> tuple[str, ...] | None:
    """The values of the metric's own labels: those that a project set may change."""
    if not all(name in labels for name in metric.labels):
        return None
    return tuple(labels[name] for name in metric.labels)


def _counted(sample: Any) -> float:
    value = float(sample.value)
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"{sample.name} is {value}")
    return value


def _lines(content: Content, labels: Mapping[str, str]) -> Iterator[str]:
    for metric in METRICS:
        family = content.get(metric.name)
        if not family:
            continue
        yield f"# HELP {metric.name} {_escaped(metric.help)}\n"
        yield f"# TYPE {metric.name} {metric.type}\n"
        for values, value in family.items():
            # A summary's own label is no part of its values.
            own = {**labels, **dict(zip(metric.labels, values, strict=False))}
            for suffix, further, number in _samples(metric, value):
                yield f"{metric.name}{suffix}{_label_set({**own, **further})} {_number(number)}\n"


def _label_set(labels: Mapping[str, str]) -> str:
    pairs = [f'{name}="{_quoted(value)}"' for name, value in sorted(labels.items())]
    return f"{{{','.join(pairs)}}}" if pairs else ""


def _samples(metric: Metric, value: Value) -> Iterator[tuple[str, dict[str, str], float]]:
    """Suffix, further labels and number of each series of one value."""
    if isinstance(value, Histogram):
        for bound, count in zip(BOUNDS[metric.name], value.counts, strict=True):
            yield "_bucket", {"le": _number(bound)}, count
        yield "_count", {}, value.counts[-1]
        yield "_sum", {}, value.sum
    elif isinstance(value, Summary):
        for quantile, number in value.quantiles.items():
            yield "", {"quantile": _number(quantile)}, number
        yield "_count", {}, value.number
        yield "_sum", {}, value.sum
    else:
        yield "", {}, value


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _quoted(text: str) -> str:
    # Lone surrogates, from names that are not UTF-8, cannot be encoded.
    encodable = text.encode("utf-8", "backslashreplace").decode()
    return _escaped(encodable).replace('"', r"\"")


def _number(value: float) -> str:
    return "+Inf" if value == math.inf else repr(float(value))
