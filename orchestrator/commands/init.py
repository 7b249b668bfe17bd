"""The command `init`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from conftest_kit import settings as kit_settings
from orchestrator import init as switch
from orchestrator.checkout import project
from orchestrator.commands import terminal
from orchestrator.init import agent_files, shipped


@click.command()
@click.option(
    "--monitoring",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Also copy rules, dashboards and configuration for Prometheus and its kin into DIR.",
)
@click.option(
    "--ci",
    type=click.Choice(shipped.CI),
    help="Also write a job that keeps the memory, shows the report and uploads archives.",
)
@click.option(
    "--agents",
    is_flag=True,
    help="Also tell coding agents: a section in AGENTS.md, and .mcp.json for their clients.",
)
@click.option("--force", is_flag=True, help="Overwrite files that are there and differ.")
@click.option("--dry-run", is_flag=True, help="Show what would be written, and write nothing.")
def init(
    *, monitoring: Path | None, ci: str | None, agents: bool, force: bool, dry_run: bool
) -> None:
    """Switch the kit on in this repository: lines in conftest.py, pyproject.toml and .gitignore.

    What is to be written is shown first. Lines are added to files; none is overwritten.
    """
    root = switch.top(Path.cwd())
    changes, notes = switch.plan(kit_settings.load(root, os.environ)), list[str]()
    if monitoring:
        changes += shipped.monitoring(monitoring.absolute(), root)
    if ci:
        # The environment of this machine is not that of the job.
        jobs, notes = shipped.job(ci, kit_settings.load(root, {}), project.read(root))
        changes += jobs
    if agents:
        changes += agent_files.plan(project.read(root), root)
        notes.append('the MCP server needs its extra: pipx install --force "conftest-kit[mcp]"')
    if not force:
        switch.spare(changes)
    told = (switch.told(change, _shown(change.path)) for change in changes)
    terminal.emit("".join(f"{line}\n" for line in told))
    for change in changes:
        if change.needed and not dry_run:
            switch.write(change)
    if not dry_run and not switch.has_ini_file(root):
        notes.append(
            f"without a pyproject.toml or pytest.ini, start pytest in {str(root)!r} itself"
        )
    for note in notes:
        terminal.say(note)
    if dry_run:
        terminal.emit("\nNothing was written.\n")
    else:
        terminal.emit(
            "\nNext: install conftest-kit beside your tests, run pytest, `orchestrator review`.\n"
        )


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
