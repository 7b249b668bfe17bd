"""The commands of the group `memory`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from corpus_memory_logging import interactions
from corpus_memory_logging.filters import earliest
from corpus_memory_logging.records import Verdict
from orchestrator import reclassify, reviews
from orchestrator.commands import options, terminal
from orchestrator.reclassify import Reread
from orchestrator.report import tables
from orchestrator.report.view import counted

_COLUMNS = ("cause_id", "runs", "old", "new", "title")


@click.group()
def memory() -> None:
    """Work on the memory as a whole."""


@memory.command("import")
@options.memory
@click.argument("path", type=click.Path(exists=True, path_type=Path))
def import_(path: Path, memory: str | None) -> None:
    """Take in the interactions that ABZU's JSONL files hold, rotated and quarantined ones too."""
    with terminal.open_memory(terminal.settings_here(memory), create=True) as store:
        taken = interactions.take_in(store, path)
    terminal.emit(f"{counted(taken.added, 'record')} added, {taken.repeated} known already\n")
    if taken.malformed:
        terminal.say(f"{counted(taken.malformed, 'line')} left out: no JSON objects")


@memory.command("reclassify")
@options.memory
@options.since
@click.option("--apply", "change", is_flag=True, help="Change the memory; else show what would.")
@options.chosen_format(tables.FORMATS, "How the list is written.")
def reclassify_(*, memory: str | None, since: str | None, change: bool, form: str) -> None:
    """Show what today's rules say otherwise of remembered causes, before it is changed.

    What reviewers decided stays as it is.
    """
    settings, now = terminal.settings_here(memory), terminal.now()
    start = earliest(since, now=now) if since else None
    with terminal.open_memory(settings) as store:
        found = list(
            reclassify.reread(
                store, settings=settings, redactor=reviews.redactor_here(), since=start
            )
        )
        if change:
            reclassify.apply(store, found)
    for sentence in _said(found, done=change):
        terminal.say(sentence)
    rows = _rows(found)
    if form in ("text", "markdown"):
        rows = [{**row, "old": _line(row["old"]), "new": _line(row["new"])} for row in rows]
    if rows or form != "text":
        terminal.emit(tables.render(rows, form, columns=_COLUMNS, **terminal.look()))


def _rows(found: Iterable[Reread]) -> list[dict[str, Any]]:
    """A row for each cause and change: a cause may have been something else in another run."""
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for one in found:
        if one.cause is None or not one.changed:
            continue
        held, old, new = one.held, _verdict(one.held.verdict), _verdict(one.cause.verdict)
        row = rows.setdefault(
            (held.cause_id, str(old), str(new)),
            {"cause_id": held.cause_id, "title": held.title, "runs": 0, "old": old, "new": new},
        )
        row["runs"] += 1
    return list(rows.values())


def _verdict(verdict: Verdict) -> dict[str, Any]:
    culprit = verdict.culprit
    return {
        "category": verdict.category,
        "kind": verdict.kind,
        "culprit": {"type": culprit.type, "name": culprit.name, "version": culprit.version}
        if culprit
        else None,
        "confidence": verdict.confidence,
        "rule": verdict.rule,
    }


def _line(verdict: dict[str, Any]) -> str:
    words = (verdict["category"], verdict["kind"], tables.cell(verdict["culprit"]))
    return f"{' '.join(filter(None, words))} ({verdict['confidence']:.2f}, {verdict['rule']})"


def _said(found: Sequence[Reread], *, done: bool) -> Iterable[str]:
    decided = [one for one in found if one.reason == reclassify.DECIDED]
    found = [one for one in found if one.reason != reclassify.DECIDED]
    changed = [one for one in found if one.cause and one.changed]
    runs = {one.held.run_id: one.source for one in found}
    from_logs = sum(source == "logs" for source in runs.values())
    yield (
        f"{counted(len(found), 'verdict')} of {counted(len(runs), 'run')} read again, "
        f"{from_logs} of these from their run directories, the others from the memory"
    )
    causes = counted(len({one.held.cause_id for one in changed}), "cause")
    verdicts = counted(len(changed), "verdict")
    if not changed:
        yield "nothing changes"
    elif done:
        yield f"{verdicts} of {causes} changed"
    else:
        yield f"{verdicts} of {causes} would change: --apply changes them"
    if decided:
        yield f"left as reviewers decided: {counted(len(decided), 'verdict')}"
    for one in found:
        if one.cause is None:
            yield f"cause {one.held.cause_id} in run {one.held.run_id} stays: {one.reason}"
