"""How right the rules are, as text, Markdown or JSON."""

from __future__ import annotations

import json

from orchestrator.evaluate import scores
from orchestrator.evaluate.scores import Evaluation
from orchestrator.report.markdown import environment, unescaped

FORMATS = ("text", "markdown", "json")


def render(
    evaluation: Evaluation, form: str, *, show_scored: bool = False, summary: bool = False
) -> str:
    """The scores by kind and part.

    Single cases are shown of parts only that rules may be tuned on, unless asked for, and not in a
    summary.
    """
    if form == "json":
        document = scores.to_json(evaluation, show_scored=show_scored)
        return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    made = environment()
    if form == "text":
        made = made.overlay(finalize=None)
    made.filters["share"] = lambda value, digits=3: unescaped(f"{value:.{digits}f}")
    return made.get_template("evaluation.md" if form == "markdown" else "evaluation.txt").render(
        scores=evaluation.scores,
        wrong={} if summary else evaluation.wrong,
        reducer=evaluation.reducer,
        show_lost=not summary,
        is_shown=lambda section: show_scored or scores.is_shown(section),
    )
