"""Three public projects, each broken in one real way, are explained from outside their environment.

The first test of a session downloads the source distributions and what they need: pinned by hash in
requirements/real-projects*.txt.
"""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

REQUIREMENTS = Path(__file__).parents[1] / "requirements"


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """An environment with the projects' dependencies, and the projects' sources."""

    python: Path
    sources: Path

    def pip(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs pip in the environment."""
        command = [self.python, "-m", "pip", "--disable-pip-version-check", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def review(self, project: Path) -> tuple[int, dict[str, Any]]:
        """The exit status and the JSON report of the project's own tests."""
        report = project / "report.json"
        command = ["run", "--format", "json", "--output", report, "--"]
        pytest_ = [self.python, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        # They are older than the Pythons that deprecate what they use.
        pytest_ += ["-W", "ignore::DeprecationWarning"]
        ended = subprocess.run(
            [sys.executable, "-m", "orchestrator", *command, *pytest_],
            cwd=project,
            check=False,
        )
        return ended.returncode, json.loads(report.read_text(encoding="utf-8"))


@dataclass(frozen=True, kw_only=True)
class Fault:
    """How a project is broken, and what the review must say of it."""

    project: str
    inflict: Callable[[Workshop, Path], object]
    exit_code: int
    category: str
    culprit: dict[str, str]


def remove_dateutil(workshop: Workshop, _project: Path) -> None:
    """A dependency is removed."""
    assert workshop.pip("uninstall", "--yes", "python-dateutil").returncode == 0


def upgrade_werkzeug(workshop: Workshop, _project: Path) -> None:
    """A dependency is newer than the project can stand."""
    newer = str(REQUIREMENTS / "real-projects-newer.txt")
    assert workshop.pip("install", "--require-hashes", "--no-deps", "-r", newer).returncode == 0


def rename_fixture(_workshop: Workshop, project: Path) -> None:
    """A fixture is renamed in the conftest that defines it."""
    conftest = project / "tests" / "conftest.py"
    text = conftest.read_text(encoding="utf-8")
    assert "def db(" in text
    conftest.write_text(text.replace("def db(", "def database("), encoding="utf-8")


FAULTS = [
    Fault(
        project="freezegun-1.5.5",
        inflict=remove_dateutil,
        exit_code=2,
        category="missing_dependency",
        culprit={"type": "distribution", "name": "python-dateutil"},
    ),
    Fault(
        project="Flask-Login-0.6.2",
        inflict=upgrade_werkzeug,
        exit_code=2,
        category="compatibility",
        culprit={"type": "distribution", "name": "werkzeug", "version": "3.0.6"},
    ),
    Fault(
        project="tinydb-4.9.0",
        inflict=rename_fixture,
        exit_code=1,
        category="fixture",
        culprit={"type": "fixture", "name": "db"},
    ),
]


@pytest.fixture(scope="module")
def workshop(tmp_path_factory, unavailable) -> Workshop:
    """Ends the test where the registry cannot be reached."""
    folder = tmp_path_factory.mktemp("real-projects")
    venv.create(folder / "venv", with_pip=True)
    made = Workshop(python=folder / "venv" / "bin" / "python", sources=folder)
    # The sources come last: pip reads their metadata with the build tools that were installed first.
    for command in (
        ["install", "--require-hashes", "-r", REQUIREMENTS / "real-projects.txt"],
        [
            *("download", "--require-hashes", "-r", REQUIREMENTS / "real-projects-sources.txt"),
            *("--no-binary", ":all:", "--no-deps", "--no-build-isolation", "--dest", folder),
        ],
    ):
        ended = made.pip(*map(str, command))
        if ended.returncode:
            unavailable(f"the package registry cannot be reached: {ended.stderr.strip()[-300:]}")
    for archive in folder.glob("*.tar.gz"):
        subprocess.run(["tar", "-xzf", archive, "-C", folder], check=True)
    return made


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.project)
def test_names_what_was_broken(workshop, fault):
    """Green before; afterwards every cause has the category and the culprit of the fault."""
    project = workshop.sources / fault.project
    editable = workshop.pip(
        "install", "--no-deps", "--no-build-isolation", "--editable", str(project)
    )
    assert editable.returncode == 0, editable.stderr
    status, before = workshop.review(project)
    assert (status, before["causes"]) == (0, [])

    fault.inflict(workshop, project)
    status, after = workshop.review(project)

    assert status == fault.exit_code
    assert {cause["category"] for cause in after["causes"]} == {fault.category}
    assert [_named(cause["culprit"]) for cause in after["causes"]] == [fault.culprit]


def _named(culprit: dict[str, Any]) -> dict[str, Any]:
    # Names of distributions have no case: Werkzeug is werkzeug.
    named = {key: value for key, value in culprit.items() if value is not None}
    return named | {"name": culprit["name"].lower()}
