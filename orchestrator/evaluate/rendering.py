"""How right the rules are, as text, Markdown or JSON."""

from __future__ import annotations

import json

from orchestrator.evaluate import scores, with_model
from orchestrator.evaluate.scores import Evaluation
from orchestrator.evaluate.with_model import Comparison
from orchestrator.report.markdown import environment, unescaped

FORMATS = ("text", "markdown", "json")


MEASURES = (
    ("macro-F1 of categories", "macro_f1"),
    ("accuracy of categories", "accuracy"),
    ("culprit found", "culprit"),
    ("remedy found", "remedy"),
    ("abstained (unknown)", "abstained"),
    ("wrong with a confidence of 0.9 and more", "confidently_wrong"),
    ("expected calibration error", "calibration_error"),
)


def render(
    evaluation: Evaluation,
    form: str,
    *,
    show_scored: bool = False,
    summary: bool = False,
    comparison: Comparison | None = None,
) -> str:
    """The scores by kind and part, and what a model makes of it where one was asked.

    Single cases are shown of parts only that rules may be tuned on, unless asked for, and not in a
    summary.
    """
    if form == "json":
        document = scores.to_json(evaluation, show_scored=show_scored)
        if comparison:
            document["model"] = with_model.to_json(comparison)
        return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    made = environment()
    if form == "text":
        made = made.overlay(finalize=None)
    made.filters["share"] = lambda value, digits=3: unescaped(f"{value:.{digits}f}")
    suffix = "md" if form == "markdown" else "txt"
    page = made.get_template(f"evaluation.{suffix}").render(
        scores=evaluation.scores,
        wrong={} if summary else evaluation.wrong,
        reducer=evaluation.reducer,
        show_lost=not summary,
        is_shown=lambda section: show_scored or scores.is_shown(section),
    )
    if comparison is None:
        return page
    return page + made.get_template(f"comparison.{suffix}").render(
        one=comparison, measures=MEASURES
    )
