from __future__ import annotations

import json

import pytest

from orchestrator.evaluate import scores
from orchestrator.evaluate.judge import Judged, JudgedCase


def _cause(expected, predicted, confidence=0.5, *, hit=True):
    return Judged(
        case="a",
        expected=expected,
        predicted=predicted,
        confidence=confidence,
        rule="rule@1",
        has_culprit=True,
        culprit_hit=hit,
        remedy_hit=hit,
    )


def _case(*causes, part="tuned", labelled=(0, 0), grouped=(0, 0)):
    return JudgedCase(
        name="a",
        kind="runs",
        part=part,
        causes=causes,
        labelled=labelled,
        grouped=grouped,
        surplus=0,
    )


RIGHT = _cause("fixture", "fixture", 0.95)
WRONG = _cause("fixture", "assertion", 0.95, hit=False)
UNSURE = _cause("network", "unknown", 0.1, hit=False)


def test_adds_up_by_hand():
    """Four causes in three cases, one with two causes that were taken for one."""
    found = scores.evaluate(
        [
            _case(RIGHT),
            _case(WRONG, UNSURE, labelled=(0, 0, 1, 1), grouped=(0, 0, 0, 0)),
            _case(RIGHT, part="scored"),
        ],
        {},
    )
    tuned = found.scores["runs/tuned"]

    assert list(found.scores) == ["runs/tuned", "runs/scored"]
    assert (tuned.cases, tuned.causes, tuned.several) == (2, 3, 1)
    assert tuned.accuracy == tuned.culprit == tuned.remedy == pytest.approx(1 / 3)
    assert tuned.macro_f1 == pytest.approx((2 / 3 + 0) / 2)
    assert tuned.abstained == tuned.confidently_wrong == pytest.approx(1 / 3)
    assert (tuned.ari, tuned.several_ari) == (0.5, 0.0)
    assert tuned.completeness == 1.0
    assert found.wrong == {"runs/tuned": (WRONG, UNSURE), "runs/scored": ()}


def test_keeps_single_cases_of_the_scored_part_back():
    """Only counted, unless asked for."""
    found = scores.evaluate([_case(WRONG), _case(WRONG, part="scored")], {})
    kept = scores.to_json(found, show_scored=False)["wrong"]
    shown = scores.to_json(found, show_scored=True)["wrong"]

    assert kept["runs/scored"] == 1
    assert kept["runs/tuned"][0]["rule"] == "rule@1"
    assert shown["runs/scored"] == shown["runs/tuned"]


def _document(*cases):
    return json.loads(json.dumps(scores.to_json(scores.evaluate(cases, {}), show_scored=False)))


def test_names_each_score_that_fell():
    """And none that rose or stayed."""
    before, now = _document(_case(RIGHT)), _document(_case(WRONG))
    fallen = list(scores.fallen(now, before))

    assert "runs/tuned: accuracy is 0.0000, was 1.0000" in fallen
    assert "runs/tuned: F1 of fixture is 0.0000, was 1.0000" in fallen
    assert "runs/tuned: confidently_wrong is 1.0000, was 0.0000" in fallen
    assert not [sentence for sentence in fallen if "ari" in sentence]
    assert list(scores.fallen(before, now)) == []
    assert list(scores.fallen(before, before)) == []


def test_says_that_cases_are_gone():
    """To delete what is hard would be too easy."""
    before = _document(_case(RIGHT), _case(RIGHT, part="scored"))
    without = _document(_case(RIGHT))

    assert list(scores.fallen(without, before)) == ["runs/scored: there are no cases any more"]


@pytest.mark.parametrize("document", [{}, {"scores": []}, {"scores": {"runs/tuned": {}}}])
def test_refuses_what_are_no_scores(document):
    """A wrong file is said, not taken for a floor that holds."""
    with pytest.raises(ValueError) as refused:
        list(scores.fallen(_document(_case(RIGHT)), document))
    assert "no scores" in str(refused.value)
