"""What a model is worth on labelled cases: the rules alone, the model alone, and both together."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from corpus_memory_logging.records import Cause, Reading, Verdict
from orchestrator.classify import Context
from orchestrator.errors import OverBudget, Unanswered
from orchestrator.evaluate.cases import LabelledCase
from orchestrator.evaluate.judge import JudgedCase, compare, explained
from orchestrator.evaluate.measures import mean
from orchestrator.evaluate.scores import Scores, rounded, score
from orchestrator.reader import prompt
from orchestrator.reader.model_settings import ModelSettings
from orchestrator.reader.reading import Asks, applied, asked_about, is_undecided, knows

IN_A_ROW = 3
"""Cases without an answer after which the model is given up."""
_NOTHING = Verdict(
    category="unknown", kind="", culprit=None, confidence=0.0, evidence=(), rule="none"
)


@dataclass(slots=True)
class Allowance:
    """A meter that an evaluation may use up: what the settings allow a day."""

    requests: int
    tokens: int

    def reserve(self, tokens: int) -> None:
        """See llm.Meter."""
        if self.requests < 1 or self.tokens < tokens:
            raise OverBudget("`day_requests` or `day_tokens` of the settings are used up")
        self.requests -= 1
        self.tokens -= tokens

    def settle(self, reserved: int, used: int) -> None:
        """See llm.Meter."""
        self.tokens += reserved - used


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What the answers cost, as the server counts."""

    answers: int
    rejected: int
    unanswered: int
    requests: int
    prompt_tokens: int
    answer_tokens: int
    seconds_mean: float
    """Of one answer, repairs included."""
    seconds_slowest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Scores by who decides (`rules`, `model`, `both`), of each kind of case and part."""

    model: str
    prompt: str
    scores: Mapping[str, Mapping[str, Scores]]
    cost: Cost
    left_out: int
    """Cases for which there was no budget; they are in no score here."""


@dataclass(slots=True)
class _Round:
    """What was asked so far."""

    readings: list[Reading] = field(default_factory=list)
    unanswered: int = 0
    in_a_row: int = 0


def evaluate(
    cases: Iterable[LabelledCase],
    *,
    settings: ModelSettings,
    model_of_a_review: Callable[[Allowance], Asks],
    redact: Callable[[str], str],
) -> Comparison:
    """Asks about every cause without what the rules thought, and about the undecided ones as a
    review does, until all is asked or what the settings allow a day is used up.

    Raises:
        Unanswered: the model gave no answer in several cases in a row.
    """
    allowance = Allowance(settings.day_requests, settings.day_tokens)
    done, left_out, asked = dict[str, list[Mapping[str, JudgedCase]]](), 0, _Round()
    for case in cases:
        if left_out:
            left_out += 1
            continue
        try:
            judged = _judged(case, settings, model_of_a_review(allowance), redact, asked)
        except OverBudget:
            left_out += 1
            continue
        done.setdefault(case.section, []).append(judged)
    return Comparison(
        model=settings.name,
        prompt=prompt.version(),
        scores={
            section: {
                who: score([judged[who] for judged in done[section]])
                for who in ("rules", "model", "both")
            }
            for section in sorted(done, reverse=True)
        },
        cost=_cost(asked),
        left_out=left_out,
    )


def to_json(comparison: Comparison) -> dict[str, Any]:
    """The JSON form."""
    document: dict[str, Any] = rounded(asdict(comparison))
    return document


def _judged(
    case: LabelledCase,
    settings: ModelSettings,
    model: Asks,
    redact: Callable[[str], str],
    asked: _Round,
) -> dict[str, JudgedCase]:
    found, context = explained(case)
    ask = _Asking(context=context, model=model, redact=redact, asked=asked)
    alone = [_alone(one, ask, settings) for one in found]
    both = [
        applied(one, reading, settings)
        if is_undecided(one, settings) and (reading := ask.about(one, with_rules=True))
        else one
        for one in found
    ]
    views: dict[str, Sequence[Cause]] = {"rules": found, "model": alone, "both": both}
    return {who: compare(case, view) for who, view in views.items()}


def _alone(cause: Cause, ask: _Asking, settings: ModelSettings) -> Cause:
    """The cause as the model alone sees it, as sure as it says that it is."""
    bare = replace(cause, verdict=_NOTHING, suggestions=())
    reading = ask.about(bare, with_rules=False) if cause.failures else None
    return applied(bare, reading, replace(settings, confidence=1.0)) if reading else bare


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    context: Context
    model: Asks
    redact: Callable[[str], str]
    asked: _Round

    def about(self, cause: Cause, *, with_rules: bool) -> Reading | None:
        question = prompt.build(
            cause,
            self.context,
            (),
            delimiter=secrets.token_hex(12),
            redact=self.redact,
            with_rules=with_rules,
        )
        try:
            reading = asked_about(
                cause,
                question,
                self.model,
                known=knows(cause, self.context),
                redact=self.redact,
            )
        except OverBudget:
            raise
        except Unanswered:
            self.asked.unanswered += 1
            self.asked.in_a_row += 1
            if self.asked.in_a_row >= IN_A_ROW:
                raise
            return None
        self.asked.in_a_row = 0
        self.asked.readings.append(reading)
        return reading


def _cost(asked: _Round) -> Cost:
    found = asked.readings
    seconds = [one.seconds for one in found]
    return Cost(
        answers=len(found),
        rejected=sum(one.status == "rejected" for one in found),
        unanswered=asked.unanswered,
        requests=sum(one.requests for one in found),
        prompt_tokens=sum(one.prompt_tokens for one in found),
        answer_tokens=sum(one.answer_tokens for one in found),
        seconds_mean=mean(seconds),
        seconds_slowest=max(seconds, default=0.0),
    )
