"""What tells coding agents of the kit: a section in AGENTS.md, and their clients' configuration."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from orchestrator.checkout.install import in_environment
from orchestrator.checkout.project import Project
from orchestrator.errors import UsageProblem
from orchestrator.init import Change, text_of

NAME = "conftest-kit"
SERVER: dict[str, Any] = {"command": "orchestrator", "args": ["serve", "mcp"]}
_MARK = "<!-- conftest-kit -->"
# Claude Code reads the first; the others only where their folder says that they are used here.
_CLIENTS = (
    ("", ".mcp.json", "mcpServers"),
    (".cursor", ".cursor/mcp.json", "mcpServers"),
    (".vscode", ".vscode/mcp.json", "servers"),
)
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)


def plan(project: Project, root: Path) -> list[Change]:
    """The changes of AGENTS.md and of the configuration of MCP clients that are used here.

    Raises:
        UsageProblem: a file cannot be read or edited safely; the message says what to add.
    """
    path = root / "AGENTS.md"
    before, encoding = text_of(path)
    changes = [
        Change(path=path, before=before, after=told(before or "", project), encoding=encoding)
    ]
    for folder, name, key in _CLIENTS:
        if (root / folder).is_dir():
            path = root / name
            before, encoding = text_of(path)
            after = configured(before or "", key, path)
            changes.append(Change(path=path, before=before, after=after, encoding=encoding))
    return changes


def told(text: str, project: Project) -> str:
    """The text of an AGENTS.md with a section on red tests at its end; one that it has stays."""
    if _MARK in text:
        return text
    source = files("orchestrator").joinpath("data", "agents.md").read_text("utf-8")
    template = Environment(autoescape=False, undefined=StrictUndefined).from_string(source)  # noqa: S701 - Markdown
    section = template.render(command=f"orchestrator run -- {in_environment(project, 'pytest')}")
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    added = f"{gap}{_MARK}\n{section}\n"
    return text + (added.replace("\n", "\r\n") if "\r\n" in text else added)


def configured(text: str, key: str, path: Path) -> str:
    """The text of a client's configuration with our server among the others; ours, where it has one
    already, stays as it is.

    Raises:
        UsageProblem: it is not JSON, or not in the form that clients read.
    """
    try:
        document = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError) as error:
        if json.dumps(NAME) in text:  # by hand, among comments, say, which some clients allow
            return text
        raise _by_hand(path, key, str(error)) from error
    servers = document.setdefault(key, {}) if isinstance(document, dict) else None
    if not isinstance(servers, dict):
        raise _by_hand(path, key, f"no object, or no object at {key!r}")
    if NAME in servers:
        return text
    servers[NAME] = SERVER
    found = _INDENT.search(text)
    after = json.dumps(document, indent=found[0] if found else 2, ensure_ascii=False) + "\n"
    return after.replace("\n", "\r\n") if "\r\n" in text else after


def _by_hand(path: Path, key: str, why: str) -> UsageProblem:
    entry = json.dumps({NAME: SERVER})
    return UsageProblem(f"cannot edit {path} ({why}): add {entry} to its {key!r}")
