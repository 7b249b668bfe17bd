from __future__ import annotations

from dataclasses import replace

import pytest

from conftest_kit.records import Environment, Failure, Frame, Raised, Recording, Run
from corpus_memory_logging.records import Culprit, Remembered, Suggestion
from orchestrator.checkout.project import Project
from orchestrator.classify import apply_decision, context_of, rule_for, verdict_on
from orchestrator.suggest import suggest

MISSING = Failure(
    nodeid="tests/test_cart.py",
    phase="collect",
    exceptions=(
        Raised(
            type="ModuleNotFoundError",
            bases=("ImportError", "Exception", "BaseException"),
            message="No module named 'yaml'",
            attributes={"name": "yaml"},
            frames=(Frame(file="tests/test_cart.py", line=1, function="<module>", origin="test"),),
        ),
    ),
)
RECORDING = Recording(
    run=Run(run_id="r", environment=Environment(python={"version": "3.12.1"})), failures=(MISSING,)
)
BEFORE = Remembered(
    first_seen="2026-11-01T00:00:00Z", last_seen="2026-11-02T00:00:00Z", occurrences=2
)


def explained(failure, project=Project()):  # noqa: B008 - it does not change
    """The rule that explains a failure, and the verdict."""
    context = context_of(RECORDING, project)
    found = rule_for([failure], context)
    return found, verdict_on([failure], context, found)


@pytest.fixture
def suggested():
    """`suggested(remembered)`: the suggestions for a missing module."""

    def of(remembered=None):
        found, verdict = explained(MISSING)
        return suggest(apply_decision(verdict, remembered), found, Project(), remembered)

    return of


def remembered(status, text="Use the bundled parser.", **fields):
    """What the memory knows of one suggestion."""
    entry = Suggestion(text=text, source="reviewer", confidence=0.5, status=status, origin="anna")
    return replace(BEFORE, suggestions=(entry,), **fields)


def test_from_a_rule(suggested):
    """A rule's suggestion carries source, origin, confidence, command and checklist."""
    best, *others = suggested()

    assert (best.source, best.origin, best.commands) == (
        "rule",
        "missing-module@1",
        ("pip install PyYAML",),
    )
    assert "importorskip" in best.checklist
    assert [entry.confidence for entry in others] == sorted(
        (entry.confidence for entry in others), reverse=True
    )


@pytest.mark.parametrize("status", ["accepted", "worked"])
def test_what_was_accepted_comes_first(suggested, status):
    """A reviewer's accepted suggestion outranks any rule's."""
    best, second, *_ = suggested(remembered(status))

    assert (best.text, best.source, best.status) == ("Use the bundled parser.", "reviewer", status)
    assert second.source == "rule"


@pytest.mark.parametrize("status", ["rejected", "failed"])
def test_what_was_rejected_does_not_come_again(suggested, status):
    """Neither as it was, nor from the rule that proposed it."""
    text = suggested()[0].text

    texts = [entry.text for entry in suggested(remembered(status, text))]

    assert text not in texts
    assert texts


def test_note_and_fix_are_said(suggested):
    """What a reviewer wrote and which commit mended it come before rules."""
    best, *_ = suggested(replace(BEFORE, note="Ask the data team", fix="abc1234"))

    assert best.source == "reviewer"
    assert "Ask the data team" in best.text
    assert "abc1234" in best.text


@pytest.mark.parametrize(
    ("note", "said"),
    [
        ("use our plugin, not mock", "A reviewer noted: use our plugin, not mock. It was mended"),
        ("Ask Anna! ", "A reviewer noted: Ask Anna! It was mended"),
    ],
)
def test_what_a_reviewer_wrote_ends_as_a_sentence(suggested, note, said):
    """What follows a note does not run into it."""
    assert suggested(replace(BEFORE, note=note, fix="abc1234"))[0].text.startswith(said)


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("assert 1 == 2", None),
        ("assert 'array' == 'list'", None),
        ("Arrays are not equal\n x: array([1])\n y: array([2])", "dtypes of arrays before"),
        ('DataFrame.iloc[:, 0] (column name="a") are different', "dtypes of data frames before"),
        ("assert tensor([1]) is None", "dtypes of tensors before"),
    ],
)
def test_shapes_are_spoken_of_where_there_are_some(message, line):
    """An assertion on plain values gets no line on arrays."""
    raised = Raised(
        type="AssertionError",
        bases=("Exception",),
        message=message,
        frames=(Frame(file="tests/test_a.py", line=3, function="test_a", origin="test"),),
    )
    failure = Failure(nodeid="tests/test_a.py::test_a", phase="call", exceptions=(raised,))

    found, verdict = explained(failure)
    best, *_ = suggest(verdict, found, Project(), None)

    assert (line in best.checklist) if line else best.checklist is None


def test_a_decision_outranks_the_rule(suggested):
    """With a reviewer's category, culprit and rule change, and the rule's remedies fall away."""
    decided = replace(BEFORE, category="environment", culprit=Culprit(type="file", name="x.cfg"))

    verdict = apply_decision(explained(MISSING)[1], decided)

    assert (verdict.category, verdict.kind, verdict.culprit.name) == ("environment", "", "x.cfg")
    assert verdict.rule == "reviewer"
    assert "A reviewer decided so" in verdict.evidence[0]
    assert [entry.origin for entry in suggested(decided)] == ["reviewer"]


def test_a_decision_on_the_culprit_keeps_the_rest():
    """Only what the reviewer corrected changes."""
    _, rule = explained(MISSING)

    verdict = apply_decision(rule, replace(BEFORE, culprit=Culprit(type="distribution", name="x")))

    assert (verdict.category, verdict.kind, verdict.culprit.name) == (rule.category, rule.kind, "x")
    assert apply_decision(rule, BEFORE) == rule
    assert apply_decision(rule, None) == rule


def test_unknown_says_what_to_look_at():
    """Where nothing supports a verdict there is still something to do, and what was not read is said."""
    odd = Failure(nodeid="t.py::a", phase="call", message="odd")
    project = Project(warnings=("pyproject.toml cannot be read",))

    found, verdict = explained(odd, project)
    (only,) = suggest(verdict, found, project, None)

    assert "The cause is unknown" in only.text
    assert "pyproject.toml cannot be read" in only.text
    assert only.confidence < 0.2
