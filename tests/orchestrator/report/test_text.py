"""The report for a terminal: causes first, readable at any width, safe whatever tests print."""

from __future__ import annotations

import unicodedata
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from rich.cells import cell_len

from conftest_kit.records import Attempt, Failure, Recording
from orchestrator.report.text import picture, render


def test_causes_come_first_with_what_to_do(red):
    """What broke, where, why and the fix stand before the failures, the biggest cause first."""
    text = render(red)

    order = [
        "2 minutes ago",
        "working tree is at",
        "3 causes of 44 failures",
        " 1  missing dependency · PyYAML · 42 failures · NEW",
        "where   src/shop/config.py:7 in <module>",
        "import yaml",
        "very likely (97%) · distribution · missing-module@1",
        "- PyYAML provides 'yaml'",
        "$ uv add PyYAML",
        "tests/test_config.py (collection)",
        "… and 38 more",
        "kept 12 tests",
        " 2  compatibility · numpy 2.3.0 · 1 failure · known since 2025-11-03, 3 runs before",
        "(accepted by a reviewer; this kind was followed by green 7 of 9 times)",
        "noted   The port is tracked",
        "fixed   last time by commit 4be1d20",
        " 3  unknown · 1 failure · NEW",
        "look    Look at the values",
        "finding  capture",
        "warning  htmlcov/",
        "archive  logs/archive",
    ]
    positions = [text.index(piece) for piece in order]
    assert positions == sorted(positions)


def test_a_green_run_takes_two_lines(green):
    """Nothing failed, so there is nothing to read."""
    assert render(green).splitlines() == [
        green.notes[0],
        "164 passed, 2 skipped in 12.3 s · Python 3.11.4 on Linux",
    ]


@pytest.mark.parametrize(
    ("state", "exit_code", "said"),
    [
        ("died", None, "the process died"),
        ("died", 137, "the process died (exit status 137)"),
        ("not_started", 4, "no test started (exit status 4)"),
        ("interrupted", 2, "interrupted (exit status 2)"),
        ("complete", 5, "exit status 5, no tests collected"),
    ],
)
def test_how_a_run_ended_is_said(green, state, exit_code, said):
    """What the counts do not tell: the process died, nothing was collected."""
    run = green.recording.run._replace(state=state, exit_code=exit_code)
    text = render(replace(green, recording=Recording(run=run, in_flight=("tests/a.py::b",))))

    assert f" · {said} · " in text
    assert "was running: tests/a.py::b" in text


def test_a_run_that_died_is_counted_from_its_record(red):
    """Its counts were never written: attempts, collection errors and crashes tell them."""
    attempts = tuple(Attempt(nodeid=f"a.py::{number}", outcome="passed") for number in range(3))
    failures = (
        Failure(nodeid="b.py", phase="collect"),
        Failure(nodeid="a.py::test_x", phase="crash"),
    )
    run = red.recording.run._replace(state="died", counts={}, finished="", exit_code=None)
    recording = Recording(run=run, attempts=attempts, failures=failures)

    assert "1 failed, 1 error, 3 passed · the process died" in render(
        replace(red, recording=recording)
    )


def test_through_a_pipe_nothing_is_wrapped_or_cut(red):
    """Without a width every node id, command and evidence is whole on one line."""
    long = "tests/" + "deep/" * 60 + "test_a.py::test_b"
    cause = red.causes[1]
    failure = cause.failures[0]._replace(nodeid=long)
    verdict = replace(cause.verdict, evidence=("word " * 100 + "end",))
    text = render(replace(red, causes=(replace(cause, failures=(failure,), verdict=verdict),)))

    assert any(long in line for line in text.splitlines())
    assert any(
        line.endswith("word end") and line.count("word") == 100 for line in text.splitlines()
    )
    assert "\x1b" not in text


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
def test_prose_fits_any_width(red, width):
    """Prose is wrapped to the terminal; what must stay whole may be longer."""
    text = render(red, width=width)

    whole = ("::", "$ ", "known since", "conftest", "next ", "archive ", "tests failed")
    wrapped = [line for line in text.splitlines() if not any(mark in line for mark in whole)]
    assert max(map(cell_len, wrapped)) <= width
    assert not any(line != line.rstrip() for line in text.splitlines())


def test_colours_only_where_asked(red):
    """A terminal gets colours, and the same words without them."""
    coloured = render(red, colour=True, width=100)

    assert "\x1b[1;31mmissing dependency" in coloured
    assert "\x1b" not in render(red, width=100)


def test_no_text_steers_the_terminal(reviews):
    """Whatever tests, warnings and file names hold: no control character but the newline."""

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(reviews)
    def check(review):
        for width in (None, 60):
            text = render(review, width=width)
            assert not [
                one
                for one in text.replace("\n", "")
                if unicodedata.category(one) in {"Cc", "Cs"} or "\u202a" <= one <= "\u202e"
            ]

    check()


def test_the_picture_is_an_image_of_the_report(red):
    """The README's picture is made by the report itself."""
    image = picture(red, "orchestrator review")

    assert ET.fromstring(image).tag == "{http://www.w3.org/2000/svg}svg"
    assert "missing&#160;dependency" in image
    assert "url(" not in image.replace("url(#", "")
