"""The demo shows what it promises."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import orchestrator
from orchestrator import demo

SAMPLE = Path(orchestrator.__file__).parent / "data" / "demo"


@pytest.fixture(scope="module")
def shown(tmp_path_factory) -> tuple[Path, list[str]]:
    """The folder in which the demo ran once, and what it said."""
    directory = tmp_path_factory.mktemp("demo") / "shop"
    lines: list[str] = []
    status = demo.run(directory, lines.append)
    assert status == 0, "\n".join(lines)
    return directory, lines


def test_finds_the_cause_of_everything_that_is_broken(shown):
    """Each planted fault is one cause of the right category with the right culprit."""
    directory, _ = shown
    answer = subprocess.run(
        [sys.executable, "-m", "orchestrator", "causes", "--format", "json"],
        cwd=directory,
        capture_output=True,
        check=True,
    )
    causes = json.loads(answer.stdout)

    assert sorted((cause["category"], cause["kind"], cause["failures"]) for cause in causes) == [
        ("compatibility", "removed_name", 1),
        ("fixture", "scope_mismatch", 2),
        ("missing_dependency", "distribution", 1),
        ("missing_dependency", "pytest_plugin", 1),
        ("product_error", "exception", 4),
        ("resource", "segfault", 1),
    ]
    assert {cause["culprit"]["name"].lower() for cause in causes} >= {
        "beautifulsoup4",
        "jinja2",
        "pytest-benchmark",
        "shop/prices.py",
        "tests/test_warehouse.py::test_reads_a_barcode",
    }


def test_shows_every_command_before_its_output(shown):
    """The transcript can be typed again, line by line."""
    _, lines = shown
    commands = [line.split()[2] for line in lines if line.startswith("$ orchestrator")]

    assert commands == ["run", "causes", "suggestions", "show", "resolve", "run"]
    assert lines[0].startswith("$ cd ")


def test_tells_the_second_run_what_the_reviewer_accepted(shown):
    """The known cause comes back with the decision."""
    _, lines = shown
    again = max(index for index, line in enumerate(lines) if line.startswith("$ orchestrator run"))
    report = "\n".join(lines[again:])

    assert "known" in report
    assert "accepted" in report
    assert "belongs in pyproject.toml" in report


def test_takes_no_folder_that_exists(tmp_path):
    """Nothing of the caller's is overwritten."""
    with pytest.raises(FileExistsError):
        demo.run(tmp_path, print)


def test_the_sample_is_data():
    """Neither pytest nor an import can take the sample for code of the project."""
    files = [path for path in SAMPLE.rglob("*") if path.is_file()]

    assert files
    assert {path.suffix for path in files} == {".txt"}
