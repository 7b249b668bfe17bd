"""A review as text for a terminal, as Markdown or as JSON; all of it pure."""

from __future__ import annotations

from corpus_memory_logging.records import Review
from orchestrator.report import json_report, markdown, text

FORMATS = ("text", "markdown", "json")


def render(
    review: Review,
    form: str,
    *,
    width: int | None = None,
    colour: bool = False,
) -> str:
    """The report in one of `FORMATS`; width and colour matter to text only."""
    if form == "json":
        return json_report.render(review)
    if form == "markdown":
        return markdown.render(review)
    return text.render(review, width=width, colour=colour)
