"""Scores of judged cases, their JSON form, and what fell below those of before; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from orchestrator.evaluate import measures
from orchestrator.evaluate.judge import Judged, JudgedCase
from orchestrator.evaluate.measures import Bin, Category
from orchestrator.evaluate.reducing import Reduction

CONFIDENT = 0.9
FLOORS = (
    "accuracy",
    "macro_f1",
    "culprit",
    "remedy",
    "ari",
    "homogeneity",
    "completeness",
    "several_ari",
)
"""Scores that must not fall. Of those that must not rise there is one: `confidently_wrong`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """The scores of cases of one kind and part, shares from 0 to 1."""

    cases: int
    causes: int
    accuracy: float
    """Of categories."""
    macro_f1: float
    culprit: float
    """Of the labels that name one."""
    remedy: float
    """First suggestions that are the remedy that made it green."""
    abstained: float
    """`unknown`."""
    confidently_wrong: float
    """Of all causes those with the wrong category and a confidence of 0.9 and more."""
    calibration_error: float
    surplus: int
    """Predicted causes beyond the labelled ones."""
    ari: float
    """Means over cases, of the cases that have failures."""
    homogeneity: float
    completeness: float
    several: int
    """Cases with more than one cause."""
    several_ari: float
    categories: Mapping[str, Category]
    confusion: Mapping[str, Mapping[str, int]]
    calibration: tuple[Bin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """All scores, by kind of case and part: `runs/tuned`; and what was wrong."""

    scores: Mapping[str, Scores]
    wrong: Mapping[str, tuple[Judged, ...]]
    """Where category, culprit or remedy is wrong."""
    reducer: Mapping[str, Reduction]
    """What is left of the failures where a model or a brief reads them."""


def evaluate(judged: Iterable[JudgedCase], reducer: Mapping[str, Reduction]) -> Evaluation:
    """The scores of each kind and part that has cases."""
    sections: dict[str, list[JudgedCase]] = {}
    for case in judged:
        sections.setdefault(f"{case.kind}/{case.part}", []).append(case)
    names = sorted(sections, reverse=True)  # tuned before scored, runs before adversarial
    return Evaluation(
        scores={name: score(sections[name]) for name in names},
        wrong={name: tuple(_wrong(sections[name])) for name in names},
        reducer={name: reducer[name] for name in names if name in reducer},
    )


def to_json(evaluation: Evaluation, *, show_scored: bool) -> dict[str, Any]:
    """The JSON form; what was wrong in a part that is only scored as a count, unless asked for."""
    return {
        "version": 1,
        "scores": {name: rounded(asdict(one)) for name, one in evaluation.scores.items()},
        "wrong": {
            name: [rounded(asdict(one)) for one in wrong]
            if show_scored or is_shown(name)
            else len(wrong)
            for name, wrong in evaluation.wrong.items()
        },
        "reducer": {
            name: rounded(asdict(one))
            | {"lost": list(one.lost) if show_scored or is_shown(name) else len(one.lost)}
            for name, one in evaluation.reducer.items()
        },
    }


def is_shown(section: str) -> bool:
    """Whether those who write rules may see the single cases."""
    return not section.endswith("/scored")


def fallen(now: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each score that is worse than it was; both in their JSON form.

    Raises:
        ValueError: `before` is not of this form.
    """
    try:
        for section, old in before["scores"].items():
            new = now["scores"].get(section)
            if new is None:
                yield f"{section}: there are no cases any more"
                continue
            for name, is_worse, was, value in _compared(old, new):
                if is_worse:
                    yield f"{section}: {name} is {value:.4f}, was {was:.4f}"
        for section, old in before.get("reducer", {}).items():
            kept = now["reducer"][section]["means"]["reducer"]
            for name, was in old["means"]["reducer"].items():
                if kept[name] < was:
                    yield f"{section}: the reducer keeps {kept[name]:.4f} of {name}, was {was:.4f}"
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no scores: {type(error).__name__}: {error}") from error


def _compared(
    old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[tuple[str, bool, float, float]]:
    for name in FLOORS:
        yield name, new[name] < old[name], old[name], new[name]
    was, value = old["confidently_wrong"], new["confidently_wrong"]
    yield "confidently_wrong", value > was, was, value
    for word, scored in old["categories"].items():
        if scored["support"]:
            value = new["categories"].get(word, {"f1": 0.0})["f1"]
            yield f"F1 of {word}", value < scored["f1"], scored["f1"], value


def score(cases: Sequence[JudgedCase]) -> Scores:
    """The scores of cases together."""
    causes = [cause for case in cases for cause in case.causes]
    matrix = measures.confusion((cause.expected, cause.predicted) for cause in causes)
    categories = measures.by_category(matrix)
    right = [cause.expected == cause.predicted for cause in causes]
    confidences = [cause.confidence for cause in causes]
    bins = measures.calibration(list(zip(confidences, right, strict=True)))
    groupings = [
        (case, measures.grouping(case.labelled, case.grouped)) for case in cases if case.labelled
    ]
    several = [grouping.ari for case, grouping in groupings if len(case.causes) > 1]
    return Scores(
        cases=len(cases),
        causes=len(causes),
        accuracy=_share(right),
        macro_f1=measures.macro_f1(categories.values()),
        culprit=_share([cause.culprit_hit for cause in causes if cause.has_culprit]),
        remedy=_share([cause.remedy_hit for cause in causes]),
        abstained=_share([cause.predicted == "unknown" for cause in causes]),
        confidently_wrong=_share(
            [
                cause.expected != cause.predicted and cause.confidence >= CONFIDENT
                for cause in causes
            ]
        ),
        calibration_error=measures.calibration_error(bins),
        surplus=sum(case.surplus for case in cases),
        ari=measures.mean([grouping.ari for _, grouping in groupings]),
        homogeneity=measures.mean([grouping.homogeneity for _, grouping in groupings]),
        completeness=measures.mean([grouping.completeness for _, grouping in groupings]),
        several=len(several),
        several_ari=measures.mean(several),
        categories=categories,
        confusion=matrix,
        calibration=bins,
    )


def _wrong(cases: Iterable[JudgedCase]) -> Iterator[Judged]:
    for case in cases:
        for cause in case.causes:
            culprit_missed = cause.has_culprit and not cause.culprit_hit
            if cause.expected != cause.predicted or culprit_missed or not cause.remedy_hit:
                yield cause


def _share(truths: Sequence[bool]) -> float:
    return measures.mean([float(truth) for truth in truths])


def rounded(value: Any) -> Any:
    """JSON data with four digits after the point."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, (list, tuple)):
        return [rounded(item) for item in value]
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return value
