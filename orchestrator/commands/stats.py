"""The commands of the group `stats`."""

from __future__ import annotations

from typing import Any

import click

from corpus_memory_logging import Filters, queries, readings, trials
from corpus_memory_logging.filters import STATUSES
from corpus_memory_logging.records import FINDING_KINDS
from orchestrator.commands import options, terminal
from orchestrator.report import tables

_FINDINGS = ("finding_id", "kind", "status", "occurrences", "last_seen", "text")
_SUGGESTIONS = (
    *("source", "causes", "judged", "green", "success_rate", "tried", "worked", "failed"),
    "origin",
)

_MODEL = ("day", "model", "requests", "tokens", "accepted", "rejected", "seconds")


@click.group()
def stats() -> None:
    """Figures over many runs."""


@stats.command()
@options.memory
@click.option("--kind", type=click.Choice(FINDING_KINDS), metavar="KIND", help="Of this kind.")
@options.run
@options.since
@click.option(
    "--status", type=click.Choice(STATUSES["findings"]), help="As a reviewer decided.", default=None
)
@options.known
@options.limit
@options.chosen_format(tables.FORMATS, "How the list is written.")
def findings(memory: str | None, form: str, **filters: Any) -> None:
    """List what was off though no test failed, the most recently seen first."""
    with terminal.open_memory(terminal.settings_here(memory)) as store:
        rows = queries.findings(store, Filters(**filters))
    if not rows and form == "text":
        terminal.say("no findings match")
        return
    terminal.emit(tables.render(rows, form, columns=_FINDINGS, **terminal.look()))


@stats.command()
@options.memory
@options.chosen_format(tables.FORMATS, "How the list is written.")
def suggestions(memory: str | None, form: str) -> None:
    """How often each kind of suggestion was followed by green, the one most judged first."""
    with terminal.open_memory(terminal.settings_here(memory)) as store:
        rows = trials.successes(store)
    if not rows and form == "text":
        terminal.say("no later run says yet what became of a suggestion")
        return
    terminal.emit(tables.render(rows, form, columns=_SUGGESTIONS, **terminal.look()))


@stats.command()
@options.memory
@options.since
@options.limit
@options.chosen_format(tables.FORMATS, "How the list is written.")
def model(memory: str | None, form: str, **filters: Any) -> None:
    """What the model was asked and what that cost, by day (UTC), the last day first."""
    with terminal.open_memory(terminal.settings_here(memory)) as store:
        rows = readings.spent(store, Filters(**filters), now=terminal.now())
    if not rows and form == "text":
        terminal.say("no model was asked")
        return
    terminal.emit(tables.render(rows, form, columns=_MODEL, **terminal.look()))
