"""The formulas; pure. Verified in the tests against values of scikit-learn, which has them too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import comb, log

BINS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """How well one category is told."""

    precision: float
    recall: float
    f1: float
    support: int
    """Labelled causes of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Verdicts of like confidence."""

    low: float
    count: int
    confidence: float
    """The mean."""
    accuracy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """How well failures were put together; each from 0 to 1, the Rand index down to -1."""

    ari: float
    homogeneity: float
    completeness: float


def confusion(pairs: Iterable[tuple[str, str]]) -> dict[str, dict[str, int]]:
    """How often each expected word met each predicted one."""
    counted: dict[str, dict[str, int]] = {}
    for (expected, predicted), count in sorted(Counter(pairs).items()):
        counted.setdefault(expected, {})[predicted] = count
    return counted


def by_category(matrix: Mapping[str, Mapping[str, int]]) -> dict[str, Category]:
    """Precision, recall and F1 of each word that is expected or predicted."""
    words = sorted({*matrix, *(word for row in matrix.values() for word in row)})
    return {word: _category(matrix, word) for word in words}


def macro_f1(categories: Iterable[Category]) -> float:
    """The mean over the categories that occur; what is only predicted lowers others' recall."""
    return mean([category.f1 for category in categories if category.support])


def calibration(verdicts: Sequence[tuple[float, bool]]) -> tuple[Bin, ...]:
    """Ten bins of equal width that hold something: confidence beside how often it was right."""
    held: dict[int, list[tuple[float, bool]]] = {}
    for confidence, is_right in verdicts:
        # 0.9 is of the bin that begins with it, which floating point would deny.
        held.setdefault(min(int(confidence * BINS + 1e-9), BINS - 1), []).append(
            (confidence, is_right)
        )
    return tuple(
        Bin(
            low=index / BINS,
            count=len(inside),
            confidence=mean([confidence for confidence, _ in inside]),
            accuracy=mean([float(is_right) for _, is_right in inside]),
        )
        for index, inside in sorted(held.items())
    )


def calibration_error(bins: Sequence[Bin]) -> float:
    """ECE: the mean distance of confidence and accuracy (Naeini, Cooper, Hauskrecht 2015)."""
    total = sum(one.count for one in bins)
    distances = (one.count * abs(one.accuracy - one.confidence) for one in bins)
    return sum(distances) / total if total else 0.0


def grouping(labelled: Sequence[int], grouped: Sequence[int]) -> Grouping:
    """Adjusted Rand index (Hubert, Arabie 1985); homogeneity and completeness (Rosenberg,
    Hirschberg 2007). All are 1 where both views agree.
    """
    return Grouping(
        ari=_adjusted_rand(labelled, grouped),
        homogeneity=_homogeneity(labelled, grouped),
        completeness=_homogeneity(grouped, labelled),
    )


def mean(values: Sequence[float]) -> float:
    """0 of nothing."""
    return sum(values) / len(values) if values else 0.0


def _category(matrix: Mapping[str, Mapping[str, int]], word: str) -> Category:
    support = sum(matrix.get(word, {}).values())
    right = matrix.get(word, {}).get(word, 0)
    predicted = sum(row.get(word, 0) for row in matrix.values())
    precision = right / predicted if predicted else 0.0
    recall = right / support if support else 0.0
    both = precision + recall
    return Category(
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / both if both else 0.0,
        support=support,
    )


def _adjusted_rand(one: Sequence[int], other: Sequence[int]) -> float:
    together = _pairs(zip(one, other, strict=True))
    in_one, in_other, all_pairs = _pairs(one), _pairs(other), comb(len(one), 2)
    expected = in_one * in_other / all_pairs if all_pairs else 0.0
    best = (in_one + in_other) / 2
    return 1.0 if best == expected else (together - expected) / (best - expected)


def _pairs(labels: Iterable[object]) -> int:
    return sum(comb(count, 2) for count in Counter(labels).values())


def _homogeneity(labelled: Sequence[int], grouped: Sequence[int]) -> float:
    """1 - H(labelled | grouped) / H(labelled)."""
    entropy = _entropy(labelled)
    if not entropy:
        return 1.0
    given = _entropy(list(zip(labelled, grouped, strict=True))) - _entropy(grouped)
    return 1 - given / entropy


def _entropy(labels: Sequence[object]) -> float:
    counts = Counter(labels).values()
    if len(counts) < 2:
        return 0.0
    return -sum(count / len(labels) * log(count / len(labels)) for count in counts)
