"""Asks the model about the causes that the rules could not decide, within what the user allows.

What it answers is remembered and applied: never against a reviewer or a rule that is sure.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from corpus_memory_logging import readings
from corpus_memory_logging.records import (
    Cause,
    Culprit,
    Reading,
    Remembered,
    Similar,
    Suggestion,
    Verdict,
)
from corpus_memory_logging.similar import similar
from corpus_memory_logging.store import Store
from orchestrator.classify import Context
from orchestrator.errors import OverBudget, Unanswered
from orchestrator.failures.chain import decisive
from orchestrator.reader import answer, prompt
from orchestrator.reader.answer import Answer, Rejected
from orchestrator.reader.installs import UNREADABLE
from orchestrator.reader.model_settings import ModelSettings
from orchestrator.reader.prompt import Prompt
from orchestrator.suggest import ranked

if TYPE_CHECKING:
    from orchestrator.reader.llm import Message, Reply

_REPAIRS = 1
_SHOWN = 400
_LONGEST = 24 * 3600
"""Seconds after which a review that began to ask is given up, whatever its time limit."""


class Asks(Protocol):
    """What `llm.Model` does."""

    name: str

    def ask(self, messages: Sequence[Message], *, schema: dict[str, Any]) -> Reply:
        """See llm.Model."""


@dataclass(slots=True)
class Budget:
    """Counts what one review asks, and in the memory what the day does."""

    settings: ModelSettings
    store: Store
    now: datetime
    requests: int = 0
    tokens: int = 0

    def reserve(self, tokens: int) -> None:
        """See llm.Meter."""
        limits = self.settings
        if self.requests + 1 > limits.review_requests:
            raise OverBudget(f"the review's {limits.review_requests} requests are used up")
        if self.tokens + tokens > limits.review_tokens:
            raise OverBudget(f"the review's {limits.review_tokens:,} tokens are used up")
        if not readings.reserve(
            self.store,
            limits.name,
            tokens,
            max_requests=limits.day_requests,
            max_tokens=limits.day_tokens,
            now=self.now,
        ):
            raise OverBudget(
                f"today's {limits.day_requests} requests or {limits.day_tokens:,} tokens are "
                "used up"
            )
        self.requests += 1
        self.tokens += tokens

    def settle(self, reserved: int, used: int) -> None:
        """See llm.Meter."""
        self.tokens += used - reserved
        readings.settle(self.store, self.settings.name, used - reserved, now=self.now)


@dataclass(slots=True)
class SecondReader:
    """Reads the causes of one review. Called by the pipeline, which knows no more of it."""

    model: Asks
    settings: ModelSettings
    store: Store
    redact: Callable[[str], str]
    now: datetime
    delimiter: Callable[[], str] = field(default=lambda: secrets.token_hex(12))

    def __call__(
        self, asked: Sequence[tuple[Cause, Context]]
    ) -> tuple[tuple[Cause, ...], tuple[str, ...]]:
        """The causes, those with a reading changed by it, and a warning where some had to go
        without because the model gave no answer or may not be asked any more.
        """
        causes, silent, reason = [], 0, ""
        # A run that is reviewed again does not recall what was decided after it: a reader has to.
        by_now = self.store.recall([cause.signature for cause, _ in asked])
        for cause, context in asked:
            reading = None
            if is_undecided(cause, self.settings) and not _is_decided(by_now.get(cause.signature)):
                try:
                    reading = self.read(cause, context)
                except Unanswered as error:
                    silent, reason = silent + 1, reason or self.redact(str(error))
            causes.append(applied(cause, reading, self.settings) if reading else cause)
        if not silent:
            return tuple(causes), ()
        left = "1 cause was" if silent == 1 else f"{silent} causes were"
        return tuple(causes), (f"{left} not read by the model: {reason}",)

    def read(self, cause: Cause, context: Context) -> Reading:
        """What the model says of a cause: as it is remembered, else it is asked, and that is kept.

        Raises:
            OverBudget: it may not be asked any more.
            Unanswered: it gives no answer.
        """
        identity = {"prompt": prompt.version(), "model": self.settings.name}
        if known := readings.recall(self.store, cause.signature, **identity):
            return known
        stale = self.now - timedelta(seconds=2 * min(self.settings.review_seconds, _LONGEST))
        if not readings.claim(self.store, cause.signature, **identity, now=self.now, stale=stale):
            if known := readings.recall(self.store, cause.signature, **identity):
                return known
            raise Unanswered("another review is asking it the same; review again for its answer")
        try:
            reading = self._asked(cause, context)
        except BaseException:
            readings.release(self.store, cause.signature, **identity)
            raise
        readings.keep(self.store, reading, now=self.now)
        return reading

    def _asked(self, cause: Cause, context: Context) -> Reading:
        question = prompt.build(
            cause,
            context,
            self._near(cause),
            delimiter=self.delimiter(),
            redact=self.redact,
        )
        return asked_about(
            cause, question, self.model, known=knows(cause, context), redact=self.redact
        )

    def _near(self, cause: Cause) -> tuple[Similar, ...]:
        return similar(
            self.store,
            signature=cause.signature,
            title=cause.title,
            text=cause.likeness,
        )


def is_undecided(cause: Cause, settings: ModelSettings) -> bool:
    """Whether the model is asked: no reviewer said anything, and the rules are not sure."""
    verdict = cause.verdict
    if not cause.failures or verdict.rule == "reviewer" or _is_decided(cause.remembered):
        return False
    return verdict.category == "unknown" or verdict.confidence < settings.confidence


def _is_decided(known: Remembered | None) -> bool:
    return known is not None and bool(known.status == "ignored" or known.category or known.culprit)


def knows(cause: Cause, context: Context) -> Callable[[str], bool]:
    """Whether the run's own metadata, its project or our maps know a distribution."""
    first = cause.failures[0] if cause.failures else None
    facts = context.facts(first, decisive(first)) if first else None

    def known(name: str) -> bool:
        if facts is None or name == UNREADABLE:
            return False
        return facts.with_groups({"named": name})["named_state"] in ("installed", "verified")

    return known


def asked_about(
    cause: Cause,
    question: Prompt,
    model: Asks,
    *,
    known: Callable[[str], bool],
    redact: Callable[[str], str] = str,
) -> Reading:
    """Asks, and where the answer cannot be used once more if the budget allows; that has to do.

    Raises:
        Unanswered: there is no answer.
    """
    reading = Reading(
        signature=cause.signature, prompt=question.version, model=model.name, status="rejected"
    )
    messages = question.messages()
    for _ in range(1 + _REPAIRS):
        try:
            reply = model.ask(messages, schema=prompt.schema())
        except OverBudget:
            if reading.requests:  # or each review would spend its last request on the same answer
                break
            raise
        reading = replace(
            reading,
            requests=reading.requests + 1,
            prompt_tokens=reading.prompt_tokens + reply.prompt_tokens,
            answer_tokens=reading.answer_tokens + reply.answer_tokens,
            seconds=reading.seconds + reply.seconds,
        )
        text = redact(reply.text)
        try:
            found = answer.read(text, question, known=known)
        except Rejected as error:
            reading = replace(reading, reason=redact(str(error))[:_SHOWN])
            messages = question.repair(text, str(error))
        else:
            said = _redacted(asdict(found), redact)  # JSON has other spellings of a secret
            return replace(reading, status="accepted", reason=None, answer=said)
    return reading


def _redacted(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, tuple):
        return tuple(_redacted(item, redact) for item in value)
    if isinstance(value, dict):
        return {name: _redacted(item, redact) for name, item in value.items()}
    return value


def applied(cause: Cause, reading: Reading, settings: ModelSettings) -> Cause:
    """The cause with what the model said of it, marked as the model's.

    The verdict becomes the model's where no reviewer decided, and the rules are less sure than it
    may be: never surer than the confidence under which it is asked.
    """
    suggestion = suggestion_of(reading, settings)
    if suggestion is None:
        return cause
    said = _answer(reading)
    fresh = [one for one in cause.suggestions if one.source == "rule" and one.status == "proposed"]
    suggestions = ranked([*fresh, suggestion], cause.remembered)
    if not is_undecided(cause, settings) or not _outweighs(said, cause.verdict):
        return replace(cause, suggestions=suggestions)
    verdict = Verdict(
        category=said.category,
        kind=said.kind,
        culprit=said.culprit,
        confidence=suggestion.confidence,
        evidence=(
            f"The model {reading.model} says so, and cites:",
            *said.evidence,
            *cause.verdict.evidence,
        ),
        rule=f"model {suggestion.origin}",
    )
    return replace(cause, verdict=verdict, suggestions=suggestions)


def suggestion_of(reading: Reading, settings: ModelSettings) -> Suggestion | None:
    """What the model suggests, marked as the model's; None where its answer was rejected."""
    if reading.status == "rejected":
        return None
    said = _answer(reading)
    return Suggestion(
        text=_text(said),
        commands=said.commands,
        source="model",
        confidence=min(said.confidence, settings.confidence),
        origin=f"{reading.model} {reading.prompt}",
    )


def _outweighs(said: Answer, verdict: Verdict) -> bool:
    if said.category == "unknown":
        return False
    return verdict.category == "unknown" or said.confidence > verdict.confidence


def _answer(reading: Reading) -> Answer:
    content = dict(reading.answer)
    culprit = content["culprit"]
    lists = {name: tuple(content[name]) for name in ("commands", "unverified", "evidence")}
    return Answer(**{**content, **lists, "culprit": Culprit(**culprit) if culprit else None})


def _text(said: Answer) -> str:
    sentences = [f"A model suggests: {said.remedy}"]
    if said.unverified:
        sentences.append(
            f"Unverified, known neither to this run's metadata nor to us: "
            f"{', '.join(said.unverified)}."
        )
    if said.more_information:
        sentences.append(f"To be sure it would have to see: {said.more_information}")
    return " ".join(sentences)
