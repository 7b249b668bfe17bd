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
    found = {
        (cause["category"], cause["kind"], (cause["culprit"] or {}).get("name"))
        for cause in json.loads(answer.stdout)
    }

    assert found == {
        ("missing_dependency", "distribution", "beautifulsoup4"),
        ("missing_dependency", "pytest_plugin", "pytest-benchmark"),
        ("compatibility", "api_removed", "jinja2"),
        ("fixture", "scope_mismatch", "database"),
        ("product_error", "exception", "shop.prices"),
        ("resource", "crash", None),
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
