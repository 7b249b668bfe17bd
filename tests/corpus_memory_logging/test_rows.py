from __future__ import annotations

from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from conftest_kit.records import OUTCOMES, Failure, Fixture, Frame, Raised
from corpus_memory_logging import rows

TEXT = st.text(st.characters(exclude_categories=()), max_size=9)
NAME = st.text(st.characters(exclude_categories=()), min_size=1, max_size=9)
# `partial`, because of a named tuple hypothesis fills what has a default too.
RAISED = st.builds(
    partial(Raised),
    type=NAME,
    message=TEXT,
    frames=st.lists(st.builds(partial(Frame), file=NAME, line=st.integers(), function=NAME)).map(
        tuple
    ),
)
FAILURES = st.builds(
    partial(Failure),
    nodeid=TEXT,
    phase=st.sampled_from(["setup", "call", "collect"]),
    text=TEXT,
    exceptions=st.lists(RAISED, max_size=2).map(tuple),
    fixtures=st.lists(
        st.builds(partial(Fixture), name=NAME, scope=NAME, file=NAME, line=st.integers()),
        max_size=2,
    ).map(tuple),
    captured=st.dictionaries(st.sampled_from(["stdout", "log"]), TEXT.filter(bool)),
)


@given(FAILURES)
def test_a_failure_comes_back_whole(failure):
    """From what the memory packs, whatever its texts are."""
    assert rows.unpacked(rows.packed(failure)) == failure


def test_every_outcome_has_its_number():
    """For good: they are in databases."""
    assert list(rows.OUTCOME_NUMBERS) == list(OUTCOMES)
    assert list(rows.OUTCOME_NUMBERS.values()) == list(range(7))


def test_the_environment_is_what_runs_share(make):
    """Commit, CI and seed of a run are not part of it; a distribution is."""
    environment = make.review().recording.run.environment
    elsewhere = environment._replace(git={"commit": "b0b"}, ci={"job": "7"}, random_seed=3)
    upgraded = environment._replace(distributions={"numpy": "2.3.0"})

    row = rows.environment_row("demo", environment)

    assert rows.environment_row("demo", elsewhere) == row
    assert rows.environment_row("demo", upgraded)["environment"] != row["environment"]
