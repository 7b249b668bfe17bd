from __future__ import annotations

from orchestrator.evaluate import cases
from orchestrator.evaluate.judge import judge


def _judged(folder):
    (case,) = cases.read_all(folder)
    return judge(case)


def test_each_labelled_cause_has_the_predicted_one_with_its_failures(write_case, both):
    """Whatever their order; nothing is left over."""
    judged = _judged(write_case("a", *both))
    missing, wrong = judged.causes

    assert (missing.predicted, missing.culprit_hit) == ("missing_dependency", True)
    assert missing.remedy_hit
    assert missing.rule.startswith("missing-module@")
    assert (wrong.expected, wrong.predicted) == ("assertion", "assertion")
    assert judged.labelled == (0, 1)
    assert len(set(judged.grouped)) == 2
    assert judged.surplus == 0


def test_counts_causes_that_the_label_does_not_have(write_case, both):
    """A split cause: the label says that all failures are of one."""
    failures, (missing, _) = both
    judged = _judged(write_case("a", failures, [{**missing, "tests": ["*"]}]))

    assert judged.surplus == 1
    assert judged.labelled == (0, 0)
    assert len(judged.causes) == 1


def test_a_cause_without_failures_was_not_found(write_case, missing):
    """It counts as unknown, with no confidence."""
    failures, (label,) = missing
    judged = _judged(write_case("a", failures, [{**label, "tests": ["no such test"]}]))
    (cause,) = judged.causes

    assert (cause.predicted, cause.confidence) == ("unknown", 0.0)
    assert not cause.culprit_hit
    assert not cause.remedy_hit
    assert judged.labelled == ()


def test_a_culprit_is_compared_as_what_it_is(write_case, missing):
    """Names of distributions in their normal form; another type or version is no hit."""
    failures, (label,) = missing
    culprits = [
        {"type": "distribution", "name": "pyyaml"},
        {"type": "module", "name": "PyYAML"},
        {"type": "distribution", "name": "PyYAML", "version": "1"},
        None,
    ]
    found = []
    for number, culprit in enumerate(culprits):
        write_case(str(number), failures, [{**label, "culprit": culprit}])
    folder = write_case("z", failures, [{**label, "kind": "other"}])
    found = [judge(case).causes[0] for case in cases.read_all(folder)]

    assert [cause.culprit_hit for cause in found] == [True, False, False, False, True]
    assert [cause.has_culprit for cause in found] == [True, True, True, False, True]
