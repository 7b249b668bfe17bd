"""What passed when it was run again is a finding, not a cause."""

from __future__ import annotations

import pytest

from conftest_kit.records import Attempt, Failure, Recording, Run
from orchestrator import flaky

TEST = "t.py::test_a"


def _recording(*outcomes, failed):
    """A test with these outcomes; `failed` are the attempts that left a failure."""
    return Recording(
        run=Run(run_id="1"),
        attempts=tuple(
            Attempt(nodeid=TEST, outcome=outcome, attempt=number)
            for number, outcome in enumerate(outcomes, start=1)
        ),
        failures=tuple(
            Failure(nodeid=TEST, phase="call", attempt=number, message="no luck")
            for number in failed
        ),
    )


@pytest.mark.parametrize(
    ("outcomes", "failed", "counting", "text"),
    [
        (["rerun", "passed"], [1], 0, "failed once and then passed"),
        (["rerun", "rerun", "passed"], [1, 2], 0, "failed 2 times and then passed"),
        (["rerun", "failed"], [1, 2], 2, None),
        (["failed"], [1], 1, None),
        (["rerun", "error"], [1, 2], 2, None),
    ],
)
def test_split(outcomes, failed, counting, text):
    """Only what came out well in the end is forgiven."""
    failures, findings = flaky.split(_recording(*outcomes, failed=failed))

    assert len(failures) == counting
    assert [finding.kind for finding in findings] == (["flaky"] if text else [])
    if text:
        assert text in findings[0].text
        assert findings[0].evidence == ("no luck",)


def test_failures_without_a_test_count():
    """Collection errors and crashes have no attempt, and count."""
    failure = Failure(nodeid="t.py", phase="collect", message="no module")
    recording = Recording(run=Run(run_id="1"), failures=(failure,))

    assert flaky.split(recording) == ((failure,), ())
