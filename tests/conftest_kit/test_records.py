from __future__ import annotations

import json
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest_kit import records
from conftest_kit.records import (
    Attempt,
    Distribution,
    Environment,
    Failure,
    Fixture,
    Frame,
    Raised,
    Run,
)

# `partial`, because of a named tuple hypothesis fills what has a default too.
frames = st.builds(partial(Frame), file=st.text(), line=st.integers(), function=st.text())
raised = st.recursive(
    st.builds(partial(Raised), type=st.text(), message=st.text(), frames=st.tuples(frames)),
    lambda inner: st.builds(partial(Raised), type=st.text(), members=st.tuples(st.tuples(inner))),
    max_leaves=4,
)
everything = st.one_of(
    st.builds(partial(Attempt), nodeid=st.text(), outcome=st.sampled_from(records.OUTCOMES)),
    st.builds(
        partial(Failure),
        nodeid=st.text(),
        phase=st.sampled_from(["call", "setup"]),
        exceptions=st.tuples(raised),
        fixtures=st.tuples(
            st.builds(
                partial(Fixture),
                name=st.text(),
                scope=st.text(),
                file=st.text(),
                line=st.integers(),
            )
        ),
    ),
    st.builds(
        partial(Run),
        run_id=st.text(),
        environment=st.builds(partial(Environment), sys_path=st.tuples()),
    ),
    st.builds(
        partial(Distribution), name=st.text(), version=st.text(), requires=st.tuples(st.text())
    ),
)
READERS = {
    Attempt: records.attempt_from_json,
    Failure: records.failure_from_json,
    Run: records.run_from_json,
    Distribution: records.distribution_from_json,
}


@given(everything)
def test_round_trip(record: object):
    """A record survives JSON, with a key that a later version added."""
    document = {**json.loads(json.dumps(records.to_json(record))), "added_later": [1]}

    assert READERS[type(record)](document) == record


@pytest.mark.parametrize(
    ("reader", "document"),
    [
        (records.run_from_json, {}),
        (records.run_from_json, {"run_id": "x", "environment": []}),
        (records.run_from_json, {"run_id": "x", "command": [1]}),
        (records.run_from_json, {"run_id": "x", "counts": {"passed": "two"}}),
        (records.attempt_from_json, {"nodeid": 5, "outcome": "passed"}),
        (records.attempt_from_json, {"nodeid": "x", "outcome": "passed", "durations": [1]}),
        (records.failure_from_json, {"nodeid": "x", "phase": "call", "exceptions": "no"}),
        (records.failure_from_json, {"nodeid": "x", "phase": "call", "exceptions": [5]}),
        (records.failure_from_json, {"nodeid": "x", "phase": "call", "fixtures": [{}]}),
        (records.distribution_from_json, ["x"]),
    ],
)
def test_a_wrong_shape_is_a_value_error(reader, document):
    """Readers promise that a record's fields have their types."""
    with pytest.raises(ValueError):
        reader(document)
