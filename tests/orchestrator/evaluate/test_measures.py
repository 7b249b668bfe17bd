from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.evaluate import measures
from orchestrator.evaluate.measures import Bin, Category, Grouping

LABELS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40)


def _words(pairs):
    return [(str(one), str(other)) for one, other in pairs]


def test_counts_who_was_taken_for_whom():
    """By hand: of three assertions one is taken for an error, of one error none is told."""
    pairs = [("assertion", "assertion")] * 2 + [("assertion", "error"), ("error", "unknown")]
    matrix = measures.confusion(pairs)
    found = measures.by_category(matrix)

    assert matrix == {"assertion": {"assertion": 2, "error": 1}, "error": {"unknown": 1}}
    assert found["assertion"] == Category(
        precision=1.0, recall=2 / 3, f1=pytest.approx(0.8), support=3
    )
    assert found["error"] == Category(precision=0.0, recall=0.0, f1=0.0, support=1)
    assert found["unknown"].support == 0
    assert measures.macro_f1(found.values()) == pytest.approx(0.4)


@given(LABELS)
def test_f1_lies_between_precision_and_recall(pairs):
    """And all lie between 0 and 1; supports add up."""
    found = measures.by_category(measures.confusion(_words(pairs))).values()

    assert sum(one.support for one in found) == len(pairs)
    for one in found:
        low, high = sorted((one.precision, one.recall))
        assert 0 <= low <= one.f1 + 1e-9
        assert one.f1 <= high + 1e-9 <= 1 + 1e-9


@pytest.mark.parametrize(
    ("labelled", "grouped", "expected"),
    [  # of scikit-learn 1.9.1: adjusted_rand_score, homogeneity_score, completeness_score
        ([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2], (0.24242424, 0.66666667, 0.42061984)),
        ([0, 0, 1, 1], [0, 0, 0, 0], (0.0, 0.0, 1.0)),
        ([0, 0, 1, 2], [0, 0, 1, 1], (0.57142857, 0.66666667, 1.0)),
        ([0, 0, 0], [5, 5, 5], (1.0, 1.0, 1.0)),
        ([0, 0], [0, 1], (0.0, 1.0, 0.0)),
        ([0], [3], (1.0, 1.0, 1.0)),
    ],
)
def test_groupings_are_scored_as_others_do(labelled, grouped, expected):
    """The values of a well-known library."""
    found = measures.grouping(labelled, grouped)

    assert (found.ari, found.homogeneity, found.completeness) == pytest.approx(expected)


@given(LABELS, st.permutations(range(5)))
def test_the_names_of_groups_do_not_matter(pairs, renamed):
    """Nor which of the views comes first, for the Rand index; agreement scores 1."""
    one, other = [a for a, _ in pairs], [b for _, b in pairs]
    found = measures.grouping(one, other)
    again = measures.grouping(one, [renamed[label] for label in other])
    turned = measures.grouping(other, one)

    assert found.ari == pytest.approx(again.ari) == pytest.approx(turned.ari)
    assert found.homogeneity == pytest.approx(again.homogeneity)
    assert found.homogeneity == pytest.approx(turned.completeness)
    assert measures.grouping(one, one) == Grouping(ari=1.0, homogeneity=1.0, completeness=1.0)


def test_bins_compare_confidence_with_truth():
    """By hand: 0.9 and 1.0 share a bin; the error weighs each by its size."""
    bins = measures.calibration([(0.9, True), (1.0, False), (0.3, True), (0.35, True)])

    assert [(one.low, one.count, one.accuracy) for one in bins] == [(0.3, 2, 1.0), (0.9, 2, 0.5)]
    assert [one.confidence for one in bins] == pytest.approx([0.325, 0.95])
    assert measures.calibration_error(bins) == pytest.approx((0.675 + 0.45) / 2)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans())))
def test_every_verdict_is_in_one_bin(verdicts):
    """Whatever the confidence; the error lies between 0 and 1."""
    bins = measures.calibration(verdicts)

    assert sum(one.count for one in bins) == len(verdicts)
    assert 0 <= measures.calibration_error(bins) <= 1


def test_perfect_confidence_has_no_error():
    """It says 1 and is right."""
    bins = measures.calibration([(1.0, True)])

    assert bins == (Bin(low=0.9, count=1, confidence=1.0, accuracy=1.0),)
    assert measures.calibration_error(bins) == 0
    assert measures.calibration_error(()) == 0
