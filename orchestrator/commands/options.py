"""The options that commands share, and how their values are checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from corpus_memory_logging.records import CATEGORIES, FINDING_KINDS
from orchestrator import report
from orchestrator.report import tables

FAIL_ON = 80
FAIL_ON_WORDS = ("new", *FINDING_KINDS, *CATEGORIES)

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _together(*options: Callable[[_Function], _Function]) -> Callable[[_Function], _Function]:
    def add(function: _Function) -> _Function:
        for option in reversed(options):
            function = option(function)
        return function

    return add


def _writable(_context: click.Context, _option: click.Parameter, value: str | None) -> Path | None:
    # Before pytest runs, not after.
    if value is None:
        return None
    path = Path(value)
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise click.BadParameter(f"{value!r} must be a file in a folder that exists")
    return path


def _gate(_context: click.Context, _option: click.Parameter, value: str) -> frozenset[str]:
    asked = frozenset(filter(None, (word.strip() for word in value.split(","))))
    unknown = ", ".join(sorted(asked - set(FAIL_ON_WORDS)))
    if unknown:
        raise click.BadParameter(f"{unknown!r} is none of: {', '.join(FAIL_ON_WORDS)}")
    return asked


def chosen_format(formats: Sequence[str], help: str) -> Callable[[_Function], _Function]:
    """The option `--format` with those formats, `text` unless asked otherwise."""
    return click.option(
        "--format", "form", type=click.Choice(formats), default="text", show_default=True, help=help
    )


memory = click.option(
    "--memory", metavar="PATH|URL", help="The memory to use instead of the one in the settings."
)

no_model = click.option("--no-model", is_flag=True, help="Ask no model, whatever the settings say.")

metrics_dir = click.option(
    "--metrics-dir",
    metavar="DIR",
    type=click.Path(file_okay=False, resolve_path=True),
    help="Write the metrics to `<project>.prom` in this folder, which projects may share.",
)

output = click.option(
    "--output",
    metavar="FILE",
    callback=_writable,
    help="Write the report to this file instead of standard output.",
)

reporting = _together(
    memory,
    chosen_format(report.FORMATS, "How the report is written."),
    output,
    click.option(
        "--fail-on",
        metavar="WORD,…",
        default="",
        callback=_gate,
        help=f"Exit with {FAIL_ON} where a cause is of one of these categories or is `new`, or "
        f"where there is a finding of one of these kinds: {', '.join(FINDING_KINDS)}.",
    ),
)

run = click.option("--run", metavar="RUN", help="Of this run.")

since = click.option(
    "--since", metavar="AGE|DATE", help="Not older than 90m, 12h, 7d, 2w, or since a date."
)

known = click.option("--known/--new", default=None, help="Seen by an earlier run, or not.")

limit = click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=50,
    show_default=True,
    help="At most so many.",
)

filtering = _together(
    memory,
    click.option(
        "--category", type=click.Choice(CATEGORIES), metavar="CATEGORY", help="Of this category."
    ),
    click.option(
        "--kind",
        metavar="KIND",
        help="Of this kind, finer than the category; or for a finding of this kind.",
    ),
    click.option("--culprit", metavar="NAME", help="With this culprit."),
    click.option(
        "--test",
        metavar="GLOB",
        help="Of tests whose node id matches, or lies below what matches.",
    ),
    run,
    since,
    click.option(
        "--status",
        metavar="STATUS",
        help="open, resolved, ignored (causes); also proposed, accepted, rejected, worked, failed "
        "(suggestions); complete, interrupted, died, not_started (runs).",
    ),
    known,
    click.option("--search", metavar="TEXT", help="With these words in messages or suggestions."),
    limit,
    chosen_format(tables.FORMATS, "How the list is written."),
)
