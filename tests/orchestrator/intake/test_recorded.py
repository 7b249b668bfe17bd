"""Everything that made a run red is a failure of the recording."""

from __future__ import annotations

import json

import pytest

from conftest_kit.records import Run
from conftest_kit.rundir import RunDir
from orchestrator.intake import recorded


@pytest.fixture
def record(tmp_path):
    """Writes a run directory: its run and its lines."""

    def write(run, *lines):
        directory = RunDir.new(tmp_path, run.run_id)
        directory.create(run)
        for line in lines:
            directory.append(json.dumps(line).encode() + b"\n")
        directory.close()
        return directory.path

    return write


START = {"$record": "start", "nodeid": "t.py::test_a"}
ATTEMPT = {"$record": "attempt", "nodeid": "t.py::test_a", "outcome": "passed"}
FAILURE = {"$record": "failure", "nodeid": "t.py::test_a", "phase": "call", "message": "bad"}


@pytest.mark.parametrize(
    ("run", "lines", "expected"),
    [
        (Run(run_id="1", state="complete", exit_code=0), [START, ATTEMPT], []),
        (Run(run_id="1", state="complete", exit_code=1), [START, FAILURE], [("call", "bad")]),
        (
            Run(run_id="1", state="complete", exit_code=5),
            [],
            [("collect", "no tests were collected")],
        ),
        (
            Run(run_id="1", state="complete", exit_code=1),
            [START, ATTEMPT],
            [("internal", "pytest ended with status 1 though no test failed")],
        ),
        (
            Run(run_id="1", state="died"),
            [START],
            [("crash", "the process died while this test ran")],
        ),
        (
            Run(run_id="1", state="died"),
            [START, ATTEMPT],
            [("crash", "the process died while no test was running")],
        ),
        (
            Run(run_id="1", state="died"),
            [START, {**FAILURE, "phase": "crash", "message": "said from outside"}],
            [("crash", "said from outside")],
        ),
    ],
)
def test_failures(record, run, lines, expected):
    """What no hook could see is added once, and nothing is added to what was seen."""
    recording = recorded.read(record(run, *lines))

    assert [(failure.phase, failure.message) for failure in recording.failures] == expected
