"""The Markdown report fits a GitHub job summary and shows untrusted text as text."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from orchestrator.report.markdown import block, code, escape, render


def test_what_a_reader_of_the_summary_sees(red):
    """A table of causes, then each with its fix, and the failures folded away."""
    page = render(red)

    assert page.startswith("## Test run: 3 causes of 44 failures\n")
    assert "| 1 | missing dependency | `PyYAML` | 42 | new | very likely (97%) |" in page
    assert "<details open><summary><b>1. missing dependency: PyYAML</b> (42 failures, new)" in page
    assert "```sh\nuv add PyYAML\n```" in page
    assert "<details><summary>42 tests</summary>" in page
    assert "- `tests/shop/test_orders.py::TestOrders::test_total[40]`" in page
    assert page.count("<details") == page.count("</details>")


def test_a_green_run_is_short(green):
    """Nothing failed: a title and two lines."""
    assert [line for line in render(green).splitlines() if line] == [
        "## Test run: nothing failed",
        green.notes[0],
        "164 passed, 2 skipped in 12.3 s · Python 3.11.4 on Linux",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a|b", r"a\|b"),
        ("<img src=x>", "&lt;img src=x&gt;"),
        ("![x](https://e.org/x.png)", "!\\[x\\](https:\u2060//e.org/x.png)"),
        ("@team", "@\u2060team"),
        ("`code` *b* _i_ ~s~ $m$ #1", r"\`code\` \*b\* \_i\_ \~s\~ \$m\$ \#1"),
        ("- item", r"\- item"),
        ("1. item", r"1\. item"),
        ("two\nlines", "two lines"),
        ("\x1b[31mred", "red"),
    ],
)
def test_text_has_no_meaning_to_markdown(text, expected):
    """What a test printed is read as text, not as markup."""
    assert escape(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", "`a`"),
        ("a`b", "``a`b``"),
        ("`", "`` ` ``"),
        ("a|b", r"`a\|b`"),
        ("", ""),
    ],
)
def test_code_holds_any_backticks(text, expected):
    """The fence is longer than what it holds, and cells of a table stay whole."""
    assert code(text) == expected


def test_a_block_cannot_be_left():
    """Text with a fence of its own gets a longer one around it."""
    assert block("a\n```\nb") == "````text\na\n```\nb\n````"


def test_any_review_stays_within_its_markup(reviews):
    """Whatever the texts hold: no tag but ours, no image, no link, folds that close."""

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(reviews)
    def check(review):
        page = render(review)
        outside = re.sub(r"(?ms)^(`{3,})\w+\n.*?^\1$", "", page)
        outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", outside)
        tags = set(re.findall(r"<(/?\w+)", outside))
        assert tags <= {"details", "/details", "summary", "/summary", "b", "/b", "sub", "/sub"}
        # Inside a block of HTML, Markdown has no meaning.
        outside = re.sub(r"<summary>.*?</summary>", "", outside)
        assert page.count("<details") >= page.count("</details>") - 1
        assert not re.search(r"(?<!\\)\]\(", outside)

    check()


def test_it_fits_a_job_summary(red):
    """GitHub refuses more than 1 MiB; what does not fit is counted."""
    cause = red.causes[0]
    huge = replace(
        cause,
        verdict=replace(cause.verdict, evidence=("x" * 10_000,) * 50),
        failures=tuple(
            cause.failures[1]._replace(nodeid=f"tests/{'x' * 3000}::{number}")
            for number in range(500)
        ),
    )
    page = render(replace(red, causes=(huge,) * 400))

    assert 1_000 < len(page.encode()) < 1024 * 1024
    assert re.search(r"\d+ further causes did not fit here\.", page)
    assert "and 400 more" in page
