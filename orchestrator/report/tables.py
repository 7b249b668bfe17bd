"""Rows of a query as a table, JSON, CSV or Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from orchestrator.report.json_report import dumps
from orchestrator.report.markdown import code, escape
from orchestrator.report.plain import one_line

FORMATS = ("text", "json", "csv", "markdown")

Row = Mapping[str, Any]

# Wide columns give way first on a narrow terminal; those that name something stay whole.
_IDENTITIES = ("id", "_id", "status", "category", "confidence", "occurrences", "seen", "started")


def render(
    rows: Sequence[Row],
    form: str,
    *,
    columns: Sequence[str],
    width: int | None = None,
    colour: bool = False,
) -> str:
    """The rows in one of `FORMATS`. JSON and CSV have every key, the others the columns named.

    Without a width (a pipe, a file) nothing is cut.
    """
    if form == "json":
        return dumps([dict(row) for row in rows])
    if form == "csv":
        return _csv(rows)
    if form == "markdown":
        return _markdown(rows, columns)
    return _text(rows, columns, width, colour=colour)


def cell(value: Any) -> str:
    """A value as people read it, on one line."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, Mapping) and set(value) == {"type", "name", "version"}:
        return " ".join(filter(None, (cell(value["name"]), cell(value["version"]))))
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {cell(item)}" for key, item in value.items() if cell(item))
    if isinstance(value, (list, tuple)):
        return "; ".join(filter(None, map(cell, value)))
    return one_line(str(value))


def _csv(rows: Sequence[Row]) -> str:
    stream = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(stream, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: cell(value) for name, value in row.items()} for row in rows)
    return stream.getvalue() if names else ""


def _markdown(rows: Sequence[Row], columns: Sequence[str]) -> str:
    lines = [
        f"| {' | '.join(_heading(column) for column in columns)} |",
        "|" + "---|" * len(columns),
    ]
    for row in rows:
        cells = [_markdown_cell(column, cell(row.get(column))) for column in columns]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _markdown_cell(column: str, text: str) -> str:
    return str(code(text)) if column.endswith(("id", "test")) else escape(text)


def _text(rows: Sequence[Row], columns: Sequence[str], width: int | None, *, colour: bool) -> str:
    shown = [column for column in columns if any(cell(row.get(column)) for row in rows)]
    table = Table(
        box=None, pad_edge=False, header_style="bold" if colour else "", padding=(0, 2, 0, 0)
    )
    for column in shown:
        whole = width is None or column.endswith(_IDENTITIES)
        table.add_column(
            _heading(column),
            no_wrap=True,
            overflow="ellipsis",
            min_width=max((len(cell(row.get(column))) for row in rows), default=0) if whole else 12,
            justify="right" if all(_is_number(row.get(column)) for row in rows) else "left",
        )
    for row in rows:
        table.add_row(*(Text(cell(row.get(column))) for column in shown))
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width or 1_000_000,
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        highlight=False,
    )
    console.print(table, crop=False)
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())


def _heading(column: str) -> str:
    return column.replace("_", " ")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
