"""What the README shows is so: each of its code blocks is run, or read by what reads it.

The first test of a session installs the tools of requirements/readme.txt and runs the README's two
installations; `conftest-kit` is the wheel of this checkout there, whatever a registry has by that name.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
import venv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from conftest_kit import settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
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
class Block:
    """A code block of the README."""

    section: str
    language: str
    text: str

    @property
    def lines(self) -> list[str]:
        """Its commands."""
        return [shlex.join(_words(line)) for line in self.text.splitlines() if line.strip()]


def _words(line: str) -> list[str]:
    return shlex.split(line, comments=True)


def _blocks() -> list[Block]:
    section, found = "", []
    for heading, language, text in re.findall(
        r"^#+ ([^\n]*)$|^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL
    ):
        section = heading or section
        if text:
            found.append(Block(section=section, language=language, text=text))
    return found


BLOCKS = _blocks()


def shown(section: str, language: str) -> list[Block]:
    """The blocks of one language in a section."""
    return [block for block in BLOCKS if (block.section, block.language) == (section, language)]


def test_every_block_is_tested():
    """A new block of the README finds its test here, or a new one."""
    assert [(block.section, block.language) for block in BLOCKS] == [
        ("Quick start", "sh"),  # installs: the fixture `tools`
        ("Quick start", "sh"),  # lends
        ("Quick start", "sh"),  # switches on
        ("Quick start", "sh"),  # make
        ("uv, tox, nox", "sh"),
        ("GitHub Actions", "yaml"),
        ("Asking the memory", "sh"),
        ("The kit", "python"),
        ("Settings", "toml"),
    ]


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

    def follow(self, line: str, *, activated: bool = True) -> str:
        """What a line of the README says; it ends as the README promises."""
        ended = self.run(line, activated=activated)

        said = ended.stdout + ended.stderr
        assert ended.returncode == promised(line), f"$ {line}\n{said}"
        return said


def promised(line: str) -> int:
    """pytest's own status, which is 1 for the sample, wherever pytest runs; else 0."""
    return 1 if re.match(r"orchestrator run|uv run|\S*pytest$", line) else 0


@pytest.fixture(scope="module")
def tools(once, wheel, pins, unavailable) -> dict[str, str]:
    """The environment variables of a reader who followed the first block."""

    def fill(folder: Path) -> None:
        _write_sources(folder, wheel, pins)
        venv.create(folder / "venv", with_pip=True)
        pip = [folder / "venv" / "bin" / "python", "-m", "pip", "--disable-pip-version-check"]
        lock = ROOT / "requirements" / "readme.txt"
        _need([*pip, "install", "--require-hashes", "-r", lock], unavailable)
        variables = _variables(folder)
        for line in shown("Quick start", "sh")[0].lines:
            _need(["bash", "-c", line], unavailable, variables)

    return _variables(once("readme", fill))


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
    made = Project(folder=folder, environ=tools)
    for line in (
        "git init --quiet",
        "uv venv --quiet --seed",
        f"uv pip install --quiet --python .venv/bin/python {PYTEST}",
    ):
        made.follow(line)
    return made


def test_installs_the_command_with_either_tool(tools):
    """pipx and uv both leave a command that starts."""
    commands = [Path(tools[name]) / "orchestrator" for name in ("PIPX_BIN_DIR", "UV_TOOL_BIN_DIR")]
    said = [
        subprocess.run([command, "--version"], capture_output=True, text=True, check=True).stdout
        for command in commands
    ]

    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert [text.split()[-1] for text in said] == [version, version]


def test_starts_quickly(project):
    """Lent first, then switched on: both record and review, git sees nothing of what they write."""
    _, lend, switch_on, _ = shown("Quick start", "sh")
    (line,) = lend.lines
    lent = project.follow(line)
    untracked = project.run("git status --short").stdout
    init, *lines = switch_on.lines
    told = project.follow(init, activated=False)
    *_, reviewed = [project.follow(line, activated=False) for line in lines]

    assert "2 causes of 2 failures" in lent
    assert "logs" not in untracked
    assert "monitoring" not in untracked
    assert 'pytest_plugins = ["conftest_kit"]' in told
    assert "2 causes of 2 failures" in reviewed
    assert len(list((project.folder / "logs" / "runs").iterdir())) == 2


def test_has_the_make_targets():
    """`.ci/run` runs what the README tells to make."""
    *_, block = shown("Quick start", "sh")
    commands = (ROOT / ".ci" / "run").read_text(encoding="utf-8")

    assert [line for line in block.lines if f"step {line}\n" not in commands] == []


@pytest.mark.parametrize("line", shown("uv, tox, nox", "sh")[0].lines)
def test_records_under_other_tools(project, line):
    """The run of each tool is recorded and reviewed."""
    said = project.follow(line)
    if not line.startswith("orchestrator"):
        said = project.follow("orchestrator review")

    assert "2 causes of 2 failures" in said
    assert "beautifulsoup4" in said
    assert len(list((project.folder / "logs" / "runs").iterdir())) == 1


def test_answers_from_the_memory(project):
    """Each query finds what the sample broke; what the reviewer decides comes back."""
    (block,) = shown("Asking the memory", "sh")
    causes, suggestions, failures, show, resolve = block.lines
    project.follow("orchestrator run -- pytest")
    wanted = "--category missing_dependency --format json"
    cause = json.loads(project.follow(f"orchestrator causes {wanted}"))[0]["cause_id"]
    advice = json.loads(project.follow(f"orchestrator suggestions {wanted}"))[0]["suggestion_id"]

    assert cause in project.follow(causes)
    assert advice in project.follow(suggestions)
    assert "tests/api/test_login.py::test_greets" in project.follow(failures)
    # The README's ids are the first characters of ids; here they are those of real ones.
    _, _, example, _, accepted, _, note = shlex.split(resolve)
    show, resolve = (
        line.replace(example, cause[:8]).replace(accepted, advice[:8]) for line in (show, resolve)
    )
    assert "beautifulsoup4" in project.follow(show)
    assert "is resolved" in project.follow(resolve)
    again = project.follow("orchestrator run -- pytest")
    assert "accepted by a reviewer" in again
    assert note in again


@pytest.mark.parametrize("green", [False, True], ids=["red", "green"])
def test_runs_on_github(project, green):
    """A red job reports, keeps the memory and uploads its archive; a green one uploads nothing."""
    (block,) = shown("GitHub Actions", "yaml")
    if green:
        (project.folder / "tests" / "api" / "test_login.py").write_text("def test_ok(): pass\n")
        (project.folder / "tests" / "test_pages.py").unlink()
    summary = project.folder / "summary.md"
    project.environ["GITHUB_STEP_SUMMARY"] = str(summary)
    failed, used = False, {}
    for step in yaml.safe_load(block.text):
        if not {None: not failed, "always()": True, "failure()": failed}[step.get("if")]:
            continue
        if uses := step.get("uses"):
            used[uses.partition("@")[0]] = step["with"]
        else:
            failed |= project.run(step["run"]).returncode != 0

    restored, saved = used["actions/cache/restore"], used["actions/cache/save"]
    assert failed is not green
    assert ("2 causes of 2 failures" in summary.read_text()) is not green
    assert (saved["path"], saved["key"]) == (restored["path"], restored["key"])
    assert (project.folder / saved["path"]).is_file()
    assert ("actions/upload-artifact" in used) is not green
    if not green:
        assert (project.folder / used["actions/upload-artifact"]["path"]).is_file()


@pytest.mark.parametrize(("title", "kept"), [("Shop", []), ("Error 500", ["page.html"])])
def test_keeps_what_a_failed_test_left_behind(pytester, title, kept):
    """The example of `failure_artifacts` keeps the page only if the test fails."""
    (block,) = shown("The kit", "python")
    pytester.makeconftest(f"""
        import types
        import pytest

        pytest_plugins = ["conftest_kit"]

        @pytest.fixture
        def page():
            return types.SimpleNamespace(title={title!r}, source="<html>")
    """)
    pytester.makepyfile(block.text)
    pytester.runpytest_subprocess().assert_outcomes(passed=not kept, failed=bool(kept))
    found = (pytester.path / "logs" / "runs").glob("*/artifacts/**/page.html")

    assert [path.name for path in found] == kept


def test_reads_the_settings(tmp_path):
    """The example is valid, and sets what it names."""
    (block,) = shown("Settings", "toml")
    (tmp_path / "pyproject.toml").write_text(block.text)
    loaded = settings.load(tmp_path, {})
    table = tomllib.loads(block.text)["tool"]["conftest_kit"]

    assert {key: getattr(loaded, key) for key in table} == {
        key: tuple(value) if isinstance(value, list) else value for key, value in table.items()
    }
