"""A run directory → a recording in which everything that made the run red is a failure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from conftest_kit import reading
from conftest_kit.records import Failure, Recording
from orchestrator.failures.printed import native

_NO_TESTS_COLLECTED = 5
_GREEN = 0


def read(run_directory: Path) -> Recording:
    """Read a run and complete its failures.

    Raises:
        conftest_kit.rundir.UnreadableRun: the directory holds no run.
    """
    recording = reading.read(run_directory)
    seen = (native(failure, recording.run.root) for failure in recording.failures)
    return recording._replace(failures=(*seen, *_unseen(recording)))


def deaths(recording: Recording) -> Iterator[Failure]:
    """What a run that died leaves unsaid: the tests that were running, else that none was."""
    if recording.run.state != "died":
        return
    said = {failure.nodeid for failure in recording.failures if failure.phase == "crash"}
    if not recording.in_flight and not said:
        yield Failure(
            nodeid="", phase="crash", message="the process died while no test was running"
        )
    for nodeid in recording.in_flight:
        if nodeid not in said:
            yield Failure(
                nodeid=nodeid, phase="crash", message="the process died while this test ran"
            )


def _unseen(recording: Recording) -> Iterator[Failure]:
    """The failures that no hook could see: its process was gone, or nobody asked it."""
    run = recording.run
    yield from deaths(recording)
    if recording.failures or run.state == "died":
        return
    if run.exit_code == _NO_TESTS_COLLECTED:
        yield Failure(nodeid="", phase="collect", message="no tests were collected")
    elif run.exit_code not in (None, _GREEN):
        yield Failure(
            nodeid="",
            phase="internal",
            message=f"pytest ended with status {run.exit_code} though no test failed",
        )
