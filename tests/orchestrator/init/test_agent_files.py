"""`orchestrator init --agents` adds to other people's files, once, and leaves the rest alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from orchestrator.checkout.project import Project
from orchestrator.cli import cli
from orchestrator.errors import UsageProblem
from orchestrator.init import write
from orchestrator.init.agent_files import SERVER, configured, plan, told

PATH = Path(".mcp.json")
OTHER = {"other": {"command": "x", "env": {"A": "é"}}}


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("", {}),
        ("{}", {}),
        ('{"mcpServers": {}}\n', {}),
        (json.dumps({"mcpServers": OTHER, "inputs": [1]}, indent=4), OTHER),
        (json.dumps({"mcpServers": OTHER}, indent="\t").replace("\n", "\r\n"), OTHER),
    ],
)
def test_adds_a_server_to_those_of_others(text, others):
    """Whatever is configured stays, in its order and with its indentation."""
    after = configured(text, "mcpServers", PATH)

    expected = {
        **(json.loads(text) if text else {}),
        "mcpServers": {**others, "conftest-kit": SERVER},
    }
    assert json.loads(after) == expected
    assert [line for line in text.splitlines() if "command" in line] == [
        line for line in after.splitlines() if '"x"' in line
    ]
    assert ("\r\n" in text) == ("\r\n" in after)
    assert configured(after, "mcpServers", PATH) == after


def test_our_own_server_stays_as_somebody_changed_it():
    """With --allow-write, say."""
    text = '{"mcpServers": {"conftest-kit": {"command": "uvx", "args": ["--allow-write"]}}}'

    assert configured(text, "mcpServers", PATH) == text


@pytest.mark.parametrize(
    "text",
    [
        "// comment\n{}",
        "[" * 100_000,
        "[]",
        "null",
        '{"mcpServers": []}',
        '{"mcpServers": 1}',
        '{"mcpServers": null}',
        '{"mcpServers": "conftest-kit"}',
    ],
    ids=lambda text: text[:40],
)
def test_says_what_to_add_by_hand(text):
    """What cannot be edited without a loss is not edited."""
    with pytest.raises(UsageProblem) as refused:
        configured(text, "mcpServers", PATH)

    assert "cannot edit .mcp.json" in str(refused.value)
    assert 'add {"conftest-kit": {"command": "orchestrator"' in str(refused.value)


def test_what_was_added_by_hand_is_enough():
    """Where there are comments: VS Code allows them."""
    text = '{\n  // ours\n  "servers": {"conftest-kit": {"command": "uvx"},},\n}\n'

    assert configured(text, "servers", PATH) == text


def test_a_heading_names_no_encoding(tmp_path):
    """Only of Python's files the first lines may say how they are written."""
    (tmp_path / "AGENTS.md").write_text("# é coding: see below\n\n", "utf-8")

    change, *_ = plan(Project(root=tmp_path), tmp_path)

    assert change.before == "# é coding: see below\n\n"
    assert change.encoding == "utf-8"


@pytest.mark.parametrize("text", ["", "# Agents", "# Agents\n\nBe kind.\n", "# Agents\r\n"])
def test_a_section_at_the_end(text):
    """Once, in the project's own idiom, after what is there."""
    after = told(text, Project(idiom="uv"))

    assert after.startswith(text)
    assert after.count("## Red tests") == 1
    assert "`orchestrator run -- uv run pytest`" in after
    assert told(after, Project(idiom="uv")) == after


@pytest.mark.parametrize("folder", [".cursor", ".vscode"])
def test_configures_the_clients_that_are_used_here(tmp_path, folder):
    """Each reads a file of its own; VS Code has another word for servers."""
    (tmp_path / folder).mkdir()

    for change in plan(Project(), tmp_path):
        write(change)

    key = "servers" if folder == ".vscode" else "mcpServers"
    assert json.loads((tmp_path / folder / "mcp.json").read_text())[key]["conftest-kit"] == SERVER
    assert json.loads((tmp_path / ".mcp.json").read_text())["mcpServers"] == {
        "conftest-kit": SERVER
    }
    assert len(list(tmp_path.glob("*/mcp.json"))) == 1


def test_shows_and_writes_once(tmp_path, monkeypatch):
    """The command says what it wrote, and the second time that there is nothing to do."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "AGENTS.md").write_text("# Mine\n")
    shown = CliRunner().invoke(cli, ["init", "--agents", "--dry-run"])
    before = (tmp_path / "AGENTS.md").read_text()

    first, second = (CliRunner().invoke(cli, ["init", "--agents"]) for _ in range(2))

    assert (shown.exit_code, first.exit_code, second.exit_code) == (0, 0, 0)
    assert before == "# Mine\n"
    assert "+ ## Red tests" in first.stdout
    assert '+     "conftest-kit": {' in first.stdout
    assert 'pipx install --force "conftest-kit[mcp]"' in first.stderr
    assert second.stdout.count("nothing to do") == 5
