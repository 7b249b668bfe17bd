"""What was otherwise while a case was green, kept beside it and made a memory of."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest_kit.records import Distribution, Environment
from orchestrator.checkout.edits import Edit
from orchestrator.classify import context_of
from orchestrator.errors import UnreadableInput
from orchestrator.evaluate import before, cases
from orchestrator.evaluate.before import Before, between
from orchestrator.evaluate.judge import judge_all

_NAMES = st.text("abc", min_size=1, max_size=3)
_EDITS = st.builds(
    Edit,
    file=_NAMES,
    state=st.sampled_from(["added", "changed", "removed"]),
    parts=st.lists(_NAMES | st.just("")).map(tuple),
    gone=st.lists(_NAMES).map(tuple),
)
_BEFORE = st.builds(
    Before,
    distributions=st.dictionaries(_NAMES, st.sampled_from(["", "1.0"])),
    python=st.sampled_from(["", "3.11.7"]),
    variables=st.lists(_NAMES).map(tuple),
    edits=st.lists(_EDITS).map(tuple),
)


@given(made=_BEFORE)
def test_is_read_as_it_was_written(made):
    """Through JSON."""
    assert before.from_json(json.loads(json.dumps(before.to_json(made)))) == made


def test_what_two_runs_differ_in():
    """Versions as they were, nothing for what was not there; variables of either."""
    green = Environment(
        python={"version": "3.11.7"}, distributions={"a": "1", "b": "1"}, variables=("HOME", "OLD")
    )
    red = Environment(
        python={"version": "3.12.1"}, distributions={"b": "2", "c": "1"}, variables=("HOME", "NEW")
    )

    assert between(green, red, ()) == Before(
        distributions={"a": "1", "b": "1", "c": ""}, python="3.11.7", variables=("NEW", "OLD")
    )
    assert between(red, red, ()) == Before()
    assert between(green, green._replace(python={"version": "3.11"}), ()) == Before()
    assert between(green, green._replace(python={}), ()) == Before()


INSTALLED = (Distribution(name="PyYAML", version="6.0"), Distribution(name="six", version="1"))


@pytest.fixture
def green_known(write_case, both):
    """A case with two causes, and what was otherwise before."""

    def write(document):
        folder = write_case("a", *both, installed=INSTALLED)
        (folder / "runs" / "a" / cases.GREEN_FILE).write_text(json.dumps(document))
        return folder

    return write


def test_the_green_run_is_remembered(green_known):
    """Its environment is that of the red one but for what was otherwise; the commit is another
    only where the code was edited.
    """
    document = {"distributions": {"six": "0.9", "yaml-old": "1"}, "variables": ["MODE"]}
    (case,) = cases.read_all(green_known(document))
    context = case.before.remembered(context_of(case.recording, case.project))
    environment = context.green.run.environment

    assert environment.distributions == {"PyYAML": "6.0", "six": "0.9", "yaml-old": "1"}
    assert environment.variables == ("MODE",)
    assert environment.git == context.recording.run.environment.git
    assert context.green.passed == {one.nodeid for one in case.recording.failures}

    (edited,) = cases.read_all(green_known({"edits": [{"file": "a.py"}]}))
    context = edited.before.remembered(context_of(edited.recording, edited.project))

    assert context.green.run.environment.git != context.recording.run.environment.git
    assert context.edits == (Edit(file="a.py"),)


def test_a_case_is_judged_with_and_without_its_green_run(green_known):
    """Each is a section of its own."""
    found = {
        one.kind: one
        for one in judge_all(cases.read_all(green_known({"distributions": {"six": "0.9"}})))
    }
    _, alone = found["runs"].causes
    _, known = found["after-green"].causes

    assert [*found] == ["runs", "after-green", "after-changes"]
    assert (alone.predicted, known.predicted) == ("assertion", "compatibility")
    assert known.predicted_culprit == "distribution six"


def test_without_one_it_is_a_first_run_alone(write_case, both):
    """What reviewers made cases of has none."""
    assert [one.kind for one in judge_all(cases.read_all(write_case("a", *both)))] == ["runs"]


def test_much_else_that_changed_hides_nothing(green_known):
    """What was otherwise stays so."""
    document = {"distributions": {"six": "0.9"}, "edits": [{"file": "a.py", "parts": ["f"]}]}
    (case,) = cases.read_all(green_known(document))
    names = {f"d{number}": "1" for number in range(500)}
    recording = case.recording
    environment = recording.run.environment._replace(distributions={**names, "six": "1"})
    recording = recording._replace(run=recording.run._replace(environment=environment))
    busy = case.before.among_others(context_of(recording, case.project))

    assert busy.distributions["six"] == "0.9"
    assert 50 < len(busy.distributions) < 150
    assert busy.edits[0] == Edit(file="a.py", parts=("f",))


def test_a_damaged_one_is_named(green_known):
    """Said, not scored."""
    with pytest.raises(UnreadableInput, match="KeyError: 'file'"):
        list(cases.read_all(green_known({"edits": [{}]})))
