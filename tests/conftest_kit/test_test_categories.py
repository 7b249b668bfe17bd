"""Beside the real pytest-test-categories.

It loads itself into every run of the environment that it is installed in, so the first test of a
session installs it into a folder of its own, pinned by hash in requirements/test-categories*.txt.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from conftest_kit import reading, rundir
from conftest_kit.records import Recording

pytestmark = pytest.mark.skipif(
    pytest.version_tuple < (8, 4), reason="it asks for pytest 8.4 or newer"
)
REQUIREMENTS = Path(__file__).parents[2] / "requirements"
LOCK = REQUIREMENTS / f"test-categories{'' if pytest.version_tuple >= (9, 1) else '-8.4'}.txt"
SUITE = """
    import time
    import pytest

    @pytest.mark.small
    @pytest.mark.parametrize("value", ["a", "[SMALL]"])
    def test_small(value): pass
    @pytest.mark.small
    def test_slow(): time.sleep(1.05)
    @pytest.mark.small
    def test_slow_and_wrong():
        print("captured")
        time.sleep(1.05)
        raise OSError("the real reason")
    @pytest.fixture
    def late(): time.sleep(0.06)
    @pytest.mark.small(timeout=0.05)
    def test_slow_outside_of_its_call(late): pass
    @pytest.mark.medium
    def test_medium(): assert 1 == 2
    @pytest.mark.xlarge
    class TestXlarge:
        def test_inherits(self): pass
    def test_none(): pass
"""


@pytest.fixture(scope="session")
def installed(once, unavailable) -> Path:
    """The folder that it is in; ends the test where the registry cannot be reached."""

    def fill(folder: Path) -> None:
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--no-deps"]
        ended = subprocess.run(
            [*pip, "--target", folder, "--require-hashes", "-r", LOCK],
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode:
            unavailable(f"the package registry cannot be reached: {ended.stderr.strip()[-300:]}")

    return once("test-categories", fill)


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a run of the suite left behind."""

    folder: Path

    @property
    def output(self) -> str:
        """What pytest printed."""
        return (self.folder / "output").read_text("utf-8")

    @property
    def path(self) -> Path:
        """The run directory."""
        (path,) = rundir.runs(self.folder / "logs")
        return path

    @property
    def recording(self) -> Recording:
        """Of that directory."""
        return reading.read(self.path)

    def numbers(self, name: str) -> dict[str, float]:
        """The values of a metric with one label, by that label; what is 0 is left out."""
        text = (self.folder / "monitoring" / "pytest_metrics.prom").read_text("utf-8")
        samples = (s for family in text_string_to_metric_families(text) for s in family.samples)
        return {
            value: sample.value
            for sample in samples
            if sample.name == name and sample.value
            for value in sample.labels.values()
        }


@pytest.fixture(scope="module", params=["-n0", "-n2"])
def run(request, once, installed) -> Run:
    """The suite, recorded with the plugin beside the kit, without xdist and with it."""

    def fill(folder: Path) -> None:
        (folder / "pytest.ini").write_text("[pytest]\n")
        (folder / "test_it.py").write_text(textwrap.dedent(SUITE))
        with (folder / "output").open("wb") as output:
            subprocess.run(
                [sys.executable, "-m", "pytest", "-p", "conftest_kit", request.param],
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(installed), "GITLAB_CI": "true"},
                stdout=output,
                check=False,
            )

    return Run(folder=once(f"test-categories{request.param}", fill))


def test_sizes_are_counted_alike(run):
    """As many of each as it says itself."""
    theirs = {
        size.lower(): float(count)
        for size, count in re.findall(r"^ *(\w+) +(\d+) tests? +\(", run.output, re.MULTILINE)
        if count != "0"
    }

    assert run.numbers("pytest_tests_by_size") == theirs
    assert theirs == {"small": 5, "medium": 1, "xlarge": 1}


def test_violations_are_those_of_our_own_clock(run):
    """Of calls that were too slow, in the metrics and in the record, for the plugin failed the same."""
    timed_out = {
        attempt.nodeid
        for attempt in run.recording.attempts
        if attempt.limit and attempt.durations["call"] > attempt.limit
    }

    assert timed_out == {"test_it.py::test_slow", "test_it.py::test_slow_and_wrong"}
    assert run.numbers("pytest_timing_violations_total") == {"small": 2}
    assert run.numbers("ci_test_failures_total") == {
        "timing_violation": 1,
        "assertion": 1,
        "error": 1,
    }


def test_node_ids_are_without_the_size(run):
    """What it adds is no part of them (pytest 9.2 keeps it out of reports); a parameter may say the same."""
    lines = (run.path / "records.ndjson").read_text().splitlines()
    # In what it says of a failure the id stands as it has it.
    said = json.dumps([{**json.loads(line), "text": ""} for line in lines])

    assert {attempt.nodeid for attempt in run.recording.attempts} == {
        "test_it.py::test_small[a]",
        "test_it.py::test_small[[SMALL]]",
        "test_it.py::test_slow",
        "test_it.py::test_slow_and_wrong",
        "test_it.py::test_slow_outside_of_its_call",
        "test_it.py::test_medium",
        "test_it.py::TestXlarge::test_inherits",
        "test_it.py::test_none",
    }
    assert not re.search(r" \[(SMALL|MEDIUM|XLARGE)\]", said)


def test_the_real_traceback_is_kept(run):
    """Where there was one; what is only too slow has the plugin's own words."""
    failures = {failure.nodeid: failure for failure in run.recording.failures}
    wrong, slow = failures["test_it.py::test_slow_and_wrong"], failures["test_it.py::test_slow"]

    assert [raised.type for raised in wrong.exceptions] == ["OSError"]
    assert wrong.message == "the real reason"
    assert wrong.exceptions[0].frames[-1].function == "test_slow_and_wrong"
    assert 'raise OSError("the real reason")' in wrong.text
    assert "[TC006] Timing Violation" in wrong.text
    assert wrong.captured == {"stdout": "captured\n"}
    assert slow.exceptions == ()
    assert slow.message.splitlines()[:2] == [
        "[TC006] Timing Violation",
        "Test: test_it.py::test_slow",
    ]
