"""The MCP inspector's command line, which is not ours and not the SDK's, finds the same server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROJECT = Path(__file__).parent / "inspector"


@pytest.fixture(scope="session")
def inspector(once, unavailable) -> Path:
    """The folder of Node.js and of the inspector, as their lock files have them."""

    def need(command, **options) -> None:
        ended = subprocess.run(command, capture_output=True, text=True, check=False, **options)
        if ended.returncode:
            reason = f"{' '.join(map(str, command))}\n{ended.stderr.strip()[-600:]}"
            unavailable(f"the MCP inspector cannot be installed from PyPI and npm: {reason}")

    def fill(folder: Path) -> None:
        venv.create(folder / "node", with_pip=True)
        lock = ROOT / "requirements" / "inspector.txt"
        pip = [folder / "node" / "bin" / "python", "-m", "pip", "--disable-pip-version-check"]
        need([*pip, "install", "--quiet", "--require-hashes", "-r", lock])
        for name in ("package.json", "package-lock.json"):
            shutil.copy(PROJECT / name, folder)
        npm = [folder / "node" / "bin" / "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        need(npm, cwd=folder, env=_with_node(folder))

    return once("inspector", fill)


def _with_node(folder: Path) -> dict[str, str]:
    return {**os.environ, "PATH": f"{folder / 'node' / 'bin'}{os.pathsep}{os.environ['PATH']}"}


@pytest.fixture(params=["stdio", "http"])
def inspect(request, inspector, shop):
    """What the inspector prints, over each transport."""
    if request.param == "stdio":
        target = [sys.executable, "-m", "orchestrator", "serve", "mcp"]
    else:
        target = [request.getfixturevalue("shop_server"), "--transport", "http"]
    command = [inspector / "node_modules" / ".bin" / "mcp-inspector", "--cli", *target]

    def ask(*arguments: str):
        ended = subprocess.run(
            [*command, *arguments],
            cwd=shop,
            env=_with_node(inspector),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return json.loads(ended.stdout)

    return ask


def test_lists_and_calls(inspect):
    """Tools are listed, one is called, and its answer is what the SDK's client gets."""
    tools = {tool["name"]: tool for tool in inspect("--method", "tools/list")["tools"]}
    called = inspect(
        *("--method", "tools/call", "--tool-name", "causes"),
        *("--tool-arg", "category=fixture", "--tool-arg", "limit=1"),
    )

    assert tools["brief"]["annotations"]["readOnlyHint"] is True
    assert "record_decision" not in tools
    assert called["isError"] is False
    assert called["structuredContent"]["items"][0]["category"] == "fixture"


def test_reads_resources_and_prompts(inspect):
    """The rest of what is offered."""
    read = inspect("--method", "resources/read", "--uri", "conftest-kit://runs/latest")
    prompt = inspect("--method", "prompts/get", "--prompt-name", "triage")

    assert json.loads(read["contents"][0]["text"])["exit_code"] == 1
    assert "# Test run: 1 cause of 1 failure" in prompt["messages"][0]["content"]["text"]
