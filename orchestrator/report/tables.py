"""Rows of a query as a table, JSON, CSV or Markdown."""

from __future__ import annotations

import csv
import io
import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.style import Style

from orchestrator.report.json_report import dumps
from orchestrator.report.markdown import code, escape
from orchestrator.report.plain import clean, one_line

FORMATS = ("text", "json", "csv", "markdown")

Row = Mapping[str, Any]

# RFC 3339 in UTC, as the memory has it; people get minutes.
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)")

# What a spreadsheet may compute, also in full width (OWASP, CSV Injection). Tabs and carriage
# returns, which begin such a cell too, are white space once a text is clean.
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]")

_GAP = "  "
_BELOW = "    "
_LEAST_ROOM = 32
_MOST_LINES = 3


def render(
    rows: Sequence[Row],
    form: str,
    *,
    columns: Sequence[str],
    width: int | None = None,
    colour: bool = False,
) -> str:
    """The rows in one of `FORMATS`. JSON and CSV have every key, the others the columns named.

    Without a width (a pipe, a file) nothing is wrapped or cut.
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
    if isinstance(value, Mapping):
        return _mapping(value)
    if isinstance(value, (list, tuple)):
        return "; ".join(filter(None, map(cell, value)))
    text = one_line(str(value))
    return f"{text[:10]} {text[11:16]}" if _TIME.fullmatch(text) else text


def _mapping(value: Row) -> str:
    if set(value) == {"type", "name", "version"}:
        return " ".join(filter(None, (cell(value["name"]), cell(value["version"]))))
    if value and all(_is_number(number) for number in value.values()):
        return ", ".join(f"{number} {cell(name)}" for name, number in value.items() if number)
    return ", ".join(f"{cell(name)} {cell(item)}" for name, item in value.items() if cell(item))


def _csv(rows: Sequence[Row]) -> str:
    stream = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(stream, names, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writeheader()
    writer.writerows({name: _exact(value) for name, value in row.items()} for row in rows)
    return stream.getvalue() if names else ""


def _exact(value: Any) -> str | int | float:
    """For programs: times, numbers and nested values as they are. A text that a spreadsheet would
    compute begins with an apostrophe.
    """
    if value is None or _is_number(value):
        return "" if value is None else value
    if isinstance(value, (Mapping, list, tuple, bool)):
        return clean(json.dumps(value, ensure_ascii=False))
    text = clean(str(value))
    return f"'{text}" if _FORMULA.match(text) else text


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
    """Every column whole but the last, which is wrapped into the room that a terminal leaves."""
    cells = {column: [cell(row.get(column)) for row in rows] for column in columns}
    shown = [column for column in columns if any(cells[column])]
    if not shown:
        return ""
    *leading, last = shown
    ranks = [all(_is_number(row.get(column)) for row in rows) for column in leading]
    widths = [max(map(cell_len, (_heading(column), *cells[column]))) for column in leading]
    indent = sum(widths) + len(_GAP) * len(widths)

    def line(texts: Sequence[str]) -> str:
        return "".join(
            _padded(text, size, right=number) + _GAP
            for text, size, number in zip(texts, widths, ranks, strict=True)
        )

    crowded = width is not None and indent + max(map(cell_len, cells[last])) > width
    head = line([_heading(column) for column in leading]) + _heading(last)
    if colour:
        head = Style(bold=True).render(head, color_system=ColorSystem.STANDARD)
    lines = [head]
    for number in range(len(rows)):
        begun = line([cells[column][number] for column in leading])
        lines += _ended(begun, cells[last][number], indent, width if crowded else None)
    return "".join(f"{text.rstrip()}\n" for text in lines)


def _ended(begun: str, text: str, indent: int, width: int | None) -> list[str]:
    """A row with its last cell: beside the others, or below them where that leaves too little."""
    if width is None:
        return [begun + text]
    beside = width - indent >= _LEAST_ROOM
    folded = textwrap.wrap(
        text,
        width - indent if beside else max(width - len(_BELOW), _LEAST_ROOM),
        max_lines=_MOST_LINES,
        placeholder=" …",
        break_on_hyphens=False,
    )
    if not beside:
        return [begun, *(_BELOW + piece for piece in folded)]
    return [
        (" " * indent if position else begun) + piece
        for position, piece in enumerate(folded or [""])
    ]


def _padded(text: str, size: int, *, right: bool) -> str:
    space = " " * (size - cell_len(text))
    return space + text if right else text + space


def _heading(column: str) -> str:
    return column.replace("_", " ")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
