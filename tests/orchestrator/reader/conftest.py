"""Causes that the rules could not decide, and answers of models about them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from conftest_kit.records import (
    Distribution,
    Environment,
    Failure,
    Fixture,
    Frame,
    Raised,
    Recording,
    Run,
)
from corpus_memory_logging.records import Cause, Culprit, Green, Verdict
from orchestrator.checkout.project import Project
from orchestrator.classify import context_of

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def failure(message="the frobnicator is out of tune", **changed):
    """A failure that no rule explains."""
    frames = (
        Frame("tests/test_sound.py", 7, "test_sound", "assert play() == 440", "test"),
        Frame("sound/play.py", 31, "play", "return frobnicate(tune)", "project"),
    )
    raised = Raised(type="sound.TuneError", bases=("Exception",), message=message, frames=frames)
    fields = {
        "phase": "call",
        "nodeid": "tests/test_sound.py::test_sound",
        "message": message,
        "exceptions": (raised,),
        "fixtures": (Fixture("device", "session", "tests/conftest.py", 5, "test"),),
    }
    return Failure(**{**fields, **changed})


def cause(*failures, **changed):
    """Its cause, changed as said."""
    verdict = {"category": "unknown", "confidence": 0.1, "rule": "none", "kind": ""}
    verdict |= {"culprit": None, "evidence": ("nothing of 3 distributions explains it",)}
    verdict |= {name: changed.pop(name) for name in list(changed) if name in verdict}
    return Cause(
        **{
            "cause_id": "00aa11bb22cc33dd",
            "signature": "reason-v1:0123456789abcdef",
            "title": "TuneError: the frobnicator is out of tune",
            "verdict": Verdict(**verdict),
            "failures": failures or (failure(),),
            **changed,
        }
    )


def context(*, green=False):
    """The run it happened in; with `green` numpy was older when it passed last."""
    installed = (
        Distribution("numpy", "2.3.0"),
        Distribution("pandas", "1.5.3", requires=("numpy<2", "pytz; extra == 'time'")),
    )
    environment = Environment(
        python={"version": "3.12.4"},
        platform={"system": "Linux"},
        distributions={"numpy": "2.3.0", "pandas": "1.5.3", "pytest": "9.2.0"},
    )
    run = Run(run_id="now", project="sound", environment=environment)
    found = context_of(Recording(run=run, distributions=installed), Project(root=None))
    if not green:
        return found
    before = environment._replace(distributions={**environment.distributions, "numpy": "1.26.4"})
    return replace(found, green=Green(run=Run(run_id="then", environment=before)))


def said(**changed):
    """What a model answers that reads well: line 2 is what was raised."""
    return json.dumps(
        {
            "category": "product_error",
            "kind": "bad_tune",
            "culprit": {"type": "file", "name": "sound/play.py", "version": None},
            "remedy": "Tune the frobnicator before it plays.",
            "commands": [],
            "citations": [{"line": 2, "quote": "the frobnicator is out of tune"}],
            "confidence": 0.8,
            "more_information": None,
            **changed,
        }
    )


class Make:
    """Causes and answers, for tests."""

    now = NOW
    culprit = Culprit
    failure = staticmethod(failure)
    cause = staticmethod(cause)
    context = staticmethod(context)
    said = staticmethod(said)


@pytest.fixture(scope="session")
def make():
    """Causes and answers."""
    return Make()
