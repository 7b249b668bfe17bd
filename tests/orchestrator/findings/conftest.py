"""Runs to find something in, and runs to compare them with."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from conftest_kit.records import Attempt, Environment, Recording, Run
from conftest_kit.settings import load
from corpus_memory_logging.records import PastRun
from orchestrator import findings
from orchestrator.checkout.project import Project
from orchestrator.findings.seen import Seen, Thresholds
from orchestrator.intake.metrics_file import Metrics

TESTS = tuple(f"tests/test_{number}.py::test" for number in range(10))


class Make:
    """A complete green run of ten tests on the main line, changed as a test says."""

    tests = TESTS

    def __init__(self, thresholds):
        self._thresholds = thresholds

    def seen(self, *, past=(), metrics=None, durations=None, settings=None, **changed):
        """What a review sees; what is not named is as in every other run."""
        attempts = changed.pop("attempts", None)
        if attempts is None:
            attempts = tuple(
                Attempt(
                    nodeid=name,
                    outcome="passed",
                    durations={"setup": 0.1, "call": (durations or {}).get(name, 0.2)},
                )
                for name in changed.pop("tests", TESTS)
            )
        git = {"branch": changed.pop("branch", "main"), "commit": changed.pop("commit", "b" * 40)}
        fields = {
            "run_id": "r9",
            "project": "shop",
            "state": "complete",
            "started": "2026-01-01T00:00:00.000000Z",
            "finished": changed.pop("finished", "2026-01-01T00:01:00.000000Z"),
            "exit_code": 0,
            "command": ("pytest",),
            "counts": {"passed": len(attempts)},
            "pytest_counts": {"passed": len(attempts)},
            "environment": Environment(git=git, ci=changed.pop("ci", {})),
        }
        failures = changed.pop("failures", ())
        project = changed.pop("project", Project())
        own = {"run_id": "r9", "last_run": {"passed": len(attempts)}}
        return Seen(
            recording=Recording(
                run=Run(**{**fields, **changed}), attempts=attempts, failures=failures
            ),
            thresholds=replace(self._thresholds, **(settings or {})),
            metrics_file="monitoring/pytest_metrics.prom",
            metrics=Metrics(**{**own, **metrics}) if metrics is not None else None,
            past=tuple(past),
            project=project,
        )

    @staticmethod
    def past(number=1, **changed):
        """An earlier green run of the same ten tests in one minute."""
        fields = {
            "run": number,
            "run_id": f"r{number}",
            "started": f"2025-12-{number:02}T00:00:00.000000+00:00",
            "seconds": 60.0,
            "green": True,
            "commit": "a" * 40,
            "branch": "main",
            "ci": "",
            "workers": 0,
            "coverage_percent": 90.0,
            "tests": 10,
            "shared": 10,
            "command": ("pytest",),
        }
        return PastRun(**{**fields, **changed})

    @staticmethod
    def found(seen, kind, usual=None, **earlier):
        """The findings of that kind."""
        asked = findings.Earlier(durations=lambda _: usual or {}, **earlier)
        everything = findings.find(seen, asked)
        return [finding for finding in everything if finding.kind == kind]


@pytest.fixture
def make(tmp_path):
    """Runs, and what is found in them."""
    settings = load(tmp_path, {})
    return Make(Thresholds(**{one.name: getattr(settings, one.name) for one in fields(Thresholds)}))
