"""Lists fit the terminal, stay whole through a pipe, and are exact for programs."""

from __future__ import annotations

import csv
import io
import json

import pytest
from rich.cells import cell_len

from orchestrator.report.tables import cell, render

ROWS = [
    {
        "id": "567cfe1d",
        "seen": "2025-11-21T22:55:45.761768+00:00",
        "culprit": {"type": "distribution", "name": "numpy", "version": "2.3.0"},
        "failures": 12,
        "text": "word " * 30 + "日本語 end",
    },
    {"id": "21124def", "seen": None, "culprit": None, "failures": 3, "text": "\x1b[31m=1+1|x"},
]
COLUMNS = ("id", "seen", "culprit", "failures", "text")


def test_through_a_pipe_a_row_is_a_line():
    """Nothing is wrapped or cut, and columns are aligned."""
    head, first, second = render(ROWS, "text", columns=COLUMNS).splitlines()

    assert head == "id        seen              culprit      failures  text"
    assert first.startswith("567cfe1d  2025-11-21 22:55  numpy 2.3.0        12  word word")
    assert first.endswith("日本語 end")
    assert second == "21124def                                        3  =1+1|x"


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
def test_on_a_terminal_the_last_column_is_wrapped(width):
    """Beside the others where there is room, else below them; what names something stays whole."""
    lines = render(ROWS, "text", columns=COLUMNS, width=width).splitlines()

    assert max(map(cell_len, lines)) <= width
    assert any(line.startswith("567cfe1d  2025-11-21 22:55  numpy 2.3.0") for line in lines)
    assert any(line.endswith(("end", "…")) for line in lines)


def test_only_a_heading_is_bold():
    """Colours stay out of the cells."""
    text = render(ROWS, "text", columns=COLUMNS, colour=True)

    assert text.startswith("\x1b[1mid ")
    assert text.count("\x1b[") == 2


def test_programs_get_every_key_as_it_is():
    """JSON is a list; CSV has times and numbers unrounded, and nested values as JSON."""
    document = json.loads(render(ROWS, "json", columns=COLUMNS))
    records = list(csv.DictReader(io.StringIO(render(ROWS, "csv", columns=COLUMNS))))

    assert document == ROWS
    assert records[0]["seen"] == "2025-11-21T22:55:45.761768+00:00"
    assert json.loads(records[0]["culprit"])["version"] == "2.3.0"
    assert records[0]["failures"] == "12"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ('=HYPERLINK("http://x")', '\'=HYPERLINK("http://x")'),
        ("+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\x1b[31m=1+1", "'=1+1"),
        ("\t=1", "'    =1"),
        ("\r=1", "'\n=1"),
        ("＝1", "'＝1"),
        ("1=1; a=2", "1=1; a=2"),
        (-3, "-3"),
        (-0.25, "-0.25"),
        (["=1"], '["=1"]'),
        (None, ""),
    ],
)
def test_no_cell_is_a_formula(value, written):
    """A spreadsheet computes nothing that a test printed; numbers stay numbers."""
    (record,) = csv.DictReader(io.StringIO(render([{"cell": value}], "csv", columns=())))

    assert record["cell"] == written


def test_texts_are_quoted_and_numbers_are_not():
    """So that a text holds no cells of its own where another separator is expected."""
    lines = render([{"text": "a;=1+1", "number": -3}], "csv", columns=()).splitlines()

    assert lines == ['"text","number"', '"a;=1+1",-3']


def test_markdown_escapes_its_cells():
    """A pipe in a text does not end its cell."""
    page = render(ROWS, "markdown", columns=("id", "text")).splitlines()

    assert page[:2] == ["| id | text |", "|---|---|"]
    assert page[3] == "| `21124def` | =1+1\\|x |".replace("=", "\\=")


@pytest.mark.parametrize("form", ["text", "csv"])
def test_nothing_is_nothing(form):
    """Without rows there is no heading either."""
    assert render([], form, columns=COLUMNS) == ""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (True, "yes"),
        (0.256, "0.26"),
        (["a", "", "b"], "a; b"),
        ({"failed": 2, "passed": 0, "error": 1}, "2 failed, 1 error"),
        ({"name": "PYTHON", "before": None, "after": "3.12"}, "name PYTHON, after 3.12"),
    ],
)
def test_values_read_like_words(value, expected):
    """People get words, not data structures."""
    assert cell(value) == expected
