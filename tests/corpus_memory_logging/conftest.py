"""Memories and reviews to fill them with."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from conftest_kit.records import Attempt, Environment, Failure, Raised, Recording, Run
from corpus_memory_logging.records import (
    Artifact,
    Cause,
    Culprit,
    Finding,
    Remembered,
    Review,
    Suggestion,
    Verdict,
)
from corpus_memory_logging.store import open_store

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
SIGNATURE = "reason-v1:0123456789abcdef"
CAUSE_ID = "00aa11bb22cc33dd"


def run_id(number):
    """The id of the run that started `number` minutes after the beginning."""
    return f"{started(number):%Y%m%dT%H%M%S.%fZ}-{number:08x}"


def started(number):
    """When that run started."""
    return BEGIN + timedelta(minutes=number)


def cause_of(*failures, **changed):
    """The cause of a missing yaml, changed as said."""
    verdict = {
        "category": "missing_dependency",
        "kind": "distribution",
        "culprit": Culprit(type="distribution", name="PyYAML", version="6.0"),
        "confidence": 0.9,
        "evidence": ("line 3: import yaml",),
        "rule": "missing-module@1",
    }
    verdict = {name: changed.pop(name, value) for name, value in verdict.items()}
    fields = {
        "cause_id": CAUSE_ID,
        "signature": SIGNATURE,
        "title": "No module named yaml",
        "suggestions": (
            Suggestion(text="Install PyYAML", commands=("pip install PyYAML",), confidence=0.9),
            Suggestion(text="Guard the import", checklist="importorskip", confidence=0.4),
        ),
    }
    return Cause(failures=failures, verdict=Verdict(**verdict), **(fields | changed))


def failure_of(nodeid="tests/test_a.py::test_x[1]", **changed):
    """A failure of that test, changed as said."""
    fields = {
        "phase": "call",
        "message": "No module named 'yaml'",
        "exceptions": (Raised(type="ModuleNotFoundError", message="No module named 'yaml'"),),
    }
    return Failure(nodeid=nodeid, **(fields | changed))


def review_of(number=1, *, known=False, **changed):
    """The review of a run with one failing and one passing test, changed as said."""
    failures = changed.pop("failures", (failure_of(),))
    earlier = Remembered(first_seen="", last_seen="", occurrences=1) if known else None
    causes = changed.pop("causes", (cause_of(*failures, remembered=earlier),))
    attempts = changed.pop(
        "attempts",
        (
            *(Attempt(nodeid=item.nodeid, outcome="failed") for item in failures),
            Attempt(nodeid="tests/test_a.py::test_y", outcome="passed", durations={"call": 0.25}),
        ),
    )
    run = {
        "run_id": run_id(number),
        "started": started(number).isoformat(),
        "finished": (started(number) + timedelta(seconds=3)).isoformat(),
        "state": "complete",
        "exit_code": 1,
        "host": "builder",
        "coverage_percent": None,
        "command": ("pytest", "-q"),
        "counts": {"passed": 1, "failed": 1},
        "environment": Environment(
            python={"version": "3.11.2"},
            distributions={"numpy": "1.26.4"},
            git={"commit": "c0ffee", "branch": "main", "dirty": False},
        ),
    }
    run = {name: changed.pop(name, value) for name, value in run.items()}
    rest = {
        "findings": (Finding(kind="flaky", text="test_y passed on rerun", evidence=("2 of 3",)),),
        "artifacts": (Artifact(name="shot.png", size=7, sha256="ab" * 32),),
        "archive": f"logs/archive/{run['run_id']}.tar.gz",
    }
    recording = Recording(run=Run(**run), attempts=attempts, failures=failures)
    return Review(recording=recording, causes=causes, **(rest | changed))


class Make:
    """Reviews and their parts, for tests."""

    signature = SIGNATURE
    cause_id = CAUSE_ID
    run_id = staticmethod(run_id)
    started = staticmethod(started)
    cause = staticmethod(cause_of)
    failure = staticmethod(failure_of)
    review = staticmethod(review_of)


@pytest.fixture(scope="session")
def make():
    """Reviews and their parts."""
    return Make()


@pytest.fixture(params=["sqlite"])
def location(request, tmp_path):
    """Where a memory of each engine may be; every engine is asked the same."""
    return tmp_path / "logs" / "memory.db"


@pytest.fixture
def store(location):
    """The memory of the project `demo`."""
    with open_store(location, project="demo") as opened:
        yield opened


@pytest.fixture
def start():
    """Starts Python code in a process of its own, with arguments."""
    running = []

    def start(code, *arguments, cwd):
        process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()
