"""A reader of the README: the tools that it tells to install, and a sample project.

The first test of a session installs the tools of requirements/readme.txt and runs the README's two
installations; `conftest-kit` is the wheel of this checkout there, whatever a registry has by that name.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import subprocess
import sys
import venv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PYTEST = f"pytest=={importlib.metadata.version('pytest')}"

# Red: one test fails, one misses a package. It is a project of uv, tox and nox at once.
SAMPLE = {
    "pyproject.toml": f"""\
[project]
name = "sample"
version = "1.0"
requires-python = ">=3.11"

[dependency-groups]
dev = ["{PYTEST}"]

[tool.pytest.ini_options]
testpaths = ["tests"]
""",
    "tox.ini": f"""\
[tox]
env_list = tests

[testenv]
package = skip
deps = {PYTEST}
commands = pytest
""",
    "noxfile.py": f"""\
import nox

@nox.session
def tests(session):
    session.install("{PYTEST}")
    session.run("pytest")
""",
    "tests/api/test_login.py": """\
def test_greets():
    assert "Hello " + "Ada" == "Hello Bob"
""",
    "tests/test_pages.py": """\
def test_parses():
    import bs4

    assert bs4.BeautifulSoup("<p>")
""",
}


@dataclass(frozen=True, kw_only=True)
class Project:
    """A sample project, and a shell in it."""

    folder: Path
    environ: dict[str, str]

    def run(self, script: str, *, activated: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs a line or more as GitHub's shell does."""
        path = [*([f"{self.folder}/.venv/bin"] if activated else []), self.environ["PATH"]]
        return subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=self.folder,
            env=self.environ | {"PATH": os.pathsep.join(path)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def follow_job(self, steps: Iterable[Mapping[str, Any]]) -> tuple[bool, dict[str, Any]]:
        """Whether a job of GitHub failed, and what it gave to each action."""
        failed, used = False, {}
        for step in steps:
            if not {None: not failed, "always()": True, "failure()": failed}[step.get("if")]:
                continue
            if uses := step.get("uses"):
                used[uses.partition("@")[0]] = step.get("with")
            else:
                failed |= self.run(step["run"]).returncode != 0
        return failed, used

    def follow(self, line: str, *, activated: bool = True) -> str:
        """What a line of the README says; it ends as the README promises."""
        ended = self.run(line, activated=activated)

        said = ended.stdout + ended.stderr
        assert ended.returncode == promised(line), f"$ {line}\n{said}"
        return said


def promised(line: str) -> int:
    """pytest's own status, which is 1 for the sample, wherever pytest runs; else 0."""
    return 1 if re.match(r"orchestrator run|uv run|\S*pytest$", line) else 0


@pytest.fixture(scope="session")
def tools(once, wheel, pins, unavailable) -> dict[str, str]:
    """The environment variables of a reader who followed the first block."""

    def fill(folder: Path) -> None:
        _write_sources(folder, wheel, pins)
        venv.create(folder / "venv", with_pip=True)
        pip = [folder / "venv" / "bin" / "python", "-m", "pip", "--disable-pip-version-check"]
        lock = ROOT / "requirements" / "readme.txt"
        _need([*pip, "install", "--require-hashes", "-r", lock], unavailable)
        variables = _variables(folder)
        for line in _installations():
            _need(["bash", "-c", line], unavailable, variables)

    return _variables(once("readme", fill))


def _installations() -> list[str]:
    """The first code block of the README."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return readme.partition("```sh\n")[2].partition("```")[0].splitlines()


def _need(
    command: Sequence[object], unavailable: Callable[[str], None], environ: object = None
) -> None:
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if ended.returncode:
        reason = f"{' '.join(map(str, command))}\n{ended.stderr.strip()[-600:]}"
        unavailable(f"the README's tools cannot be installed: {reason}")


def _write_sources(folder: Path, wheel: Path, pins: list[str]) -> None:
    # uv takes a package from the first index that has it; for pip a constraint names the file.
    index = folder / "index" / "conftest-kit"
    index.mkdir(parents=True)
    (index / wheel.name).symlink_to(wheel)
    (index / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>')
    (folder / "pins.txt").write_text("\n".join(pins))
    (folder / "constraints.txt").write_text("\n".join([*pins, f"conftest-kit @ {wheel.as_uri()}"]))


def _variables(folder: Path) -> dict[str, str]:
    # Of the developer's own, what reaches the registry; nothing that changes how the tools work.
    kept = {
        name: value
        for name, value in os.environ.items()
        if not re.match(
            r"UV_(?!CACHE_DIR|NATIVE_TLS|SYSTEM_CERTS|DEFAULT_INDEX|INDEX_URL)|PIPX_|TOX_|NOX|GITHUB_"
            r"|VIRTUAL_ENV|PYTHON(PATH|HOME)$|(COLUMNS|FORCE_COLOR|PY_COLORS)$",
            name,
        )
    }
    path = [folder / "bin", folder / "venv" / "bin", os.environ["PATH"]]
    return kept | {
        "PATH": os.pathsep.join(map(str, path)),
        "PIP_CONSTRAINT": str(folder / "constraints.txt"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIPX_HOME": str(folder / "pipx"),
        "PIPX_BIN_DIR": str(folder / "bin"),
        "PIPX_MAN_DIR": str(folder / "man"),
        "UV_CONSTRAINT": str(folder / "pins.txt"),
        "UV_INDEX": (folder / "index").as_uri(),
        "UV_PYTHON": sys.executable,
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_TOOL_DIR": str(folder / "uv"),
        "UV_TOOL_BIN_DIR": str(folder / "uv" / "bin"),
    }


@pytest.fixture
def project(tmp_path, tools, pins) -> Project:
    """The sample in a git repository, with pytest in `.venv`."""
    folder = tmp_path / "sample"
    for name, text in SAMPLE.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with (folder / "pyproject.toml").open("a") as file:
        file.write(f"\n[tool.uv]\nconstraint-dependencies = {json.dumps(pins)}\n")
    made = Project(folder=folder, environ=dict(tools))
    for line in (
        "git init --quiet",
        "uv venv --quiet --seed",
        f"uv pip install --quiet --python .venv/bin/python {PYTEST}",
    ):
        made.follow(line)
    return made
