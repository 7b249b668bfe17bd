"""The report in Markdown, for a GitHub job summary, a merge request or a wiki."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from corpus_memory_logging.records import Review
from orchestrator.report import view
from orchestrator.report.plain import clean, one_line

# GitHub refuses a job summary over 1 MiB; the rest is for what else the step writes.
_MAX_BYTES = 900_000
_MAX_CAUSES = 50
_MAX_TEXT = 2_000

# What CommonMark, GitHub's tables and its formulas give a meaning inside a line, and what would
# begin a list, a quotation or a heading.
_SPECIAL = re.compile(r"[\\`*_\[\]#|~$]|^[-+=>]|(?<=^\d)[.)]")


def render(review: Review) -> str:
    """The report; causes that do not fit a job summary are counted, not shown."""
    template = environment().get_template("report.md")
    shown = _MAX_CAUSES
    while True:
        page = template.render(
            review=replace(review, causes=review.causes[:shown]),
            run=review.recording.run,
            counts=view.counts(review.recording),
            summary=view.summary(review),
            left_out=max(len(review.causes) - shown, 0),
            view=view,
        )
        if len(page.encode("utf-8", "replace")) <= _MAX_BYTES or shown == 1:
            return page
        shown //= 2


def escape(text: Any) -> str:
    """The text on one line, without a meaning to Markdown or HTML."""
    line = _SPECIAL.sub(r"\\\g<0>", one_line(str(text), _MAX_TEXT))
    # A word joiner keeps people from being mentioned and addresses from becoming links.
    line = line.replace("@", "@\u2060").replace("://", ":\u2060//").replace("www.", "www\u2060.")
    return html.escape(line, quote=False)


def code(text: Any) -> Markup:
    """The text on one line as code, whatever backticks and pipes it holds."""
    line = one_line(str(text), _MAX_TEXT)
    fence = "`" * (longest_backticks(line) + 1)
    pad = " " if line[:1] == "`" or line[-1:] == "`" else ""
    # GitHub splits the cells of a table before it looks for code.
    return unescaped(f"{fence}{pad}{line}{pad}{fence}".replace("|", "\\|") if line else "")


def block(text: Any, language: str = "text") -> Markup:
    """The text as a block of code."""
    lines = clean(str(text)).strip("\n")[:_MAX_TEXT]
    fence = "`" * max(longest_backticks(lines) + 1, 3)
    return unescaped(f"{fence}{language}\n{lines}\n{fence}")


def as_html(text: Any) -> Markup:
    """The text inside a block of HTML (`<summary>`), where Markdown is not read."""
    return unescaped(html.escape(one_line(str(text), _MAX_TEXT)))


def unescaped(text: str) -> Markup:
    """Text of ours that means nothing to Markdown, or shall."""
    return Markup(text)  # noqa: S704 - each caller has fenced or escaped it


def longest_backticks(text: str) -> int:
    """Of the runs of backticks in a text the longest: a fence has to be longer."""
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _escaped_unless_marked(value: Any) -> Any:
    return value if isinstance(value, (Markup, int)) else escape(value)


def environment() -> Environment:
    """Where templates come from, and what they may call."""
    made = Environment(
        loader=PackageLoader("orchestrator.report"),
        # Escaping for HTML alone would leave Markdown's own characters: everything a template
        # prints goes through `escape`, unless one of the filters below made it safe.
        autoescape=False,  # noqa: S701
        finalize=_escaped_unless_marked,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    made.filters |= {"code": code, "block": block, "html": as_html}
    return made
