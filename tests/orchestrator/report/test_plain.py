"""Untrusted text cannot steer what shows it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.report.plain import clean, one_line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;https://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b31mred", "red"),
        ("\x1bPq#0;2\x1b\\after", "after"),
        ("\x1b]0;never ended\nnext line", "\nnext line"),
        ("\x1bcreset", "reset"),
        ("a\rb\r\nc", "a\nb\nc"),
        ("a\tb", "a   b"),
        ("bell\x07, back\x08space, nul\x00", "bell, backspace, nul"),
        ("left\u202eright\u2066", "leftright"),
        ("[bold]kept[/bold] :smile:", "[bold]kept[/bold] :smile:"),
        ("tests/test_ü.py::test[日本]", "tests/test_ü.py::test[日本]"),
        ("undecodable \udcff byte", "undecodable \ufffd byte"),
    ],
)
def test_sequences_go_and_text_stays(text, expected):
    """Escape sequences go with all they hold; ordinary text stays as it is."""
    assert clean(text) == expected


@given(st.text())
def test_nothing_that_steers_is_left(text):
    """Whatever comes in: no control character but the newline, and nothing a stream refuses."""
    cleaned = clean(text)

    assert all(unicodedata.category(one) not in {"Cc", "Cs"} for one in cleaned.replace("\n", ""))
    assert cleaned.encode().decode() == cleaned
    assert clean(cleaned) == cleaned


@given(st.text(), st.integers(min_value=10, max_value=100))
def test_one_line_is_one_line(text, limit):
    """However long and however many lines: one line, within the limit."""
    line = one_line(text, limit)

    assert "\n" not in line
    assert len(line) <= limit
