"""What the README shows is so: each of its code blocks is run, or read by what reads it."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from conftest_kit import settings
from orchestrator.reader import model_settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


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
        ("A second reader", "toml"),
        ("Coding agents", "sh"),
        ("Coding agents", "sh"),
        ("Coding agents", "json"),
        ("The kit", "python"),
        ("Settings", "toml"),
    ]


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
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    made = " ".join(re.findall(r"^step make ([^#\n]*)", script, re.MULTILINE)).split()

    assert [line for line in block.lines if line.removeprefix("make ") not in made] == []


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


def test_briefs_an_agent(project):
    """On the run, then on a cause; the agent's files are those that the README shows."""
    block, _ = shown("Coding agents", "sh")
    latest, one, init = block.lines
    project.follow("orchestrator run -- pytest")
    listed = json.loads(project.follow("orchestrator causes --format json"))
    said = project.follow(latest)
    _, _, example, *_ = shlex.split(one)
    alone = project.follow(one.replace(example, listed[0]["cause_id"]))
    project.follow(init)

    assert "# Test run: 2 causes of 2 failures" in said
    assert "uv run pytest" in said
    assert "# Cause of 1 failure" in alone
    (example,) = shown("Coding agents", "json")
    assert json.loads((project.folder / ".mcp.json").read_text()) == json.loads(example.text)
    assert "uv run pytest" in (project.folder / "AGENTS.md").read_text()


def test_serves_an_agent(project, tmp_path):
    """The extra is installed as the README says; the server ends with its input, or listens."""
    _, block = shown("Coding agents", "sh")
    install, stdio, http = block.lines
    own = tmp_path / "pipx"
    # The other tests use the one that is installed already.
    project.environ.update(PIPX_HOME=str(own), PIPX_BIN_DIR=str(own / "bin"))
    project.environ["PATH"] = f"{own / 'bin'}{os.pathsep}{project.environ['PATH']}"
    project.follow(install, activated=False)
    project.follow(stdio, activated=False)
    listening = project.run(f"timeout 20 {http.replace('9196', '0')}", activated=False)

    assert "listening on http://127.0.0.1:" in listening.stderr


@pytest.mark.parametrize("green", [False, True], ids=["red", "green"])
def test_runs_on_github(project, green):
    """A red job reports, keeps the memory and uploads its archive; a green one uploads nothing."""
    (block,) = shown("GitHub Actions", "yaml")
    if green:
        (project.folder / "tests" / "api" / "test_login.py").write_text("def test_ok(): pass\n")
        (project.folder / "tests" / "test_pages.py").unlink()
    summary = project.folder / "summary.md"
    project.environ["GITHUB_STEP_SUMMARY"] = str(summary)
    failed, used = project.follow_job(yaml.safe_load(block.text))

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


def test_configures_a_model(tmp_path):
    """What the section shows is all that a local server needs."""
    (block,) = shown("A second reader", "toml")
    (tmp_path / "pyproject.toml").write_text(block.text)
    table = tomllib.loads(block.text)["tool"]["conftest_kit"]["model"]
    model = model_settings.load(tmp_path, {})

    assert {key: getattr(model, key) for key in table} == table
