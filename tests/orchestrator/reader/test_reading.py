"""The second reader with a memory and a model that says what it is told to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from corpus_memory_logging import readings
from corpus_memory_logging.records import Remembered, Review, Suggestion
from corpus_memory_logging.store import open_store
from orchestrator.errors import OverBudget, Unanswered
from orchestrator.reader import prompt
from orchestrator.reader.llm import Reply
from orchestrator.reader.model_settings import load
from orchestrator.reader.reading import Budget, SecondReader


@dataclass
class Parrot:
    """Says one thing after another, and remembers what it was asked."""

    sayings: list
    name: str = "llama"
    asked: list = field(default_factory=list)

    def ask(self, messages, *, schema):
        """See llm.Model."""
        assert schema == prompt.schema()
        self.asked.append(messages)
        saying = self.sayings.pop(0)
        if isinstance(saying, Exception):
            raise saying
        return Reply(text=saying, prompt_tokens=100, answer_tokens=10, seconds=0.5)


@pytest.fixture
def store(tmp_path):
    """A memory."""
    with open_store(tmp_path / "memory.db", project="sound") as opened:
        yield opened


@pytest.fixture
def settings(tmp_path):
    """A model, and a budget of two requests a review."""
    limits = {"endpoint": "http://127.0.0.1:1", "name": "llama", "review_requests": "2"}
    return load(tmp_path, {f"CONFTEST_KIT_MODEL_{key.upper()}": limits[key] for key in limits})


@pytest.fixture
def reader(store, settings, make):
    """`reader(*sayings)` reads causes with a model that says so."""

    def read_by(*sayings, redact=str):
        return SecondReader(
            model=Parrot(list(sayings)),
            settings=settings,
            store=store,
            redact=redact,
            now=make.now,
            delimiter=lambda: "0f1e2d3c4b5a",
        )

    return read_by


def read(reader, cause, make, **how):
    """The cause as it is after the reader, and its warnings."""
    (found,), warnings = reader([(cause, make.context(**how))])
    return found, warnings


def test_an_undecided_cause_is_read(reader, make):
    """The verdict is the model's and says so; its suggestion comes before that to look around."""
    look = Suggestion(text="The cause is unknown", confidence=0.1)
    found, warnings = read(reader(make.said()), make.cause(suggestions=(look,)), make)

    assert warnings == ()
    assert (found.verdict.category, found.verdict.kind) == ("product_error", "bad_tune")
    assert found.verdict.culprit == make.culprit(type="file", name="sound/play.py")
    assert found.verdict.rule == f"model llama {prompt.version()}"
    assert found.verdict.confidence == 0.6
    assert found.verdict.evidence == (
        "The model llama says so, and cites:",
        "sound.TuneError: the frobnicator is out of tune",
        "nothing of 3 distributions explains it",
    )
    suggestion, other = found.suggestions
    assert suggestion.source == "model"
    assert suggestion.origin == f"llama {prompt.version()}"
    assert suggestion.text == "A model suggests: Tune the frobnicator before it plays."
    assert other == look


@pytest.mark.parametrize(
    ("changed", "is_asked"),
    [
        ({}, True),
        ({"category": "fixture", "confidence": 0.59}, True),
        ({"category": "fixture", "confidence": 0.6}, False),
        ({"category": "unknown", "confidence": 0.9}, True),
        ({"category": "fixture", "rule": "reviewer", "confidence": 0.1}, False),
        ({"failures": ()}, False),
        ({"remembered": {"status": "ignored"}}, False),
        ({"remembered": {"category": "fixture"}}, False),
        ({"remembered": {"note": "seen before"}}, True),
    ],
)
def test_only_what_is_undecided_is_asked_about(reader, make, changed, is_asked):
    """Neither what a rule is sure of, nor what a reviewer said anything of."""
    if "remembered" in changed:
        seen = {"first_seen": "", "last_seen": "", "occurrences": 1}
        changed = {"remembered": Remembered(**seen, **changed["remembered"])}
    cause = replace(make.cause(**{k: v for k, v in changed.items() if k != "failures"}))
    cause = replace(cause, failures=()) if "failures" in changed else cause
    asked = reader(make.said())
    found, _ = read(asked, cause, make)

    assert bool(asked.model.asked) is is_asked
    assert (found == cause) is not is_asked


@pytest.mark.parametrize(("sure", "wins"), [(0.3, False), (0.4, False), (0.41, True)])
def test_the_surer_of_two_guesses_stands(reader, make, sure, wins):
    """Of a rule below the threshold and the model; its suggestion is shown in any case."""
    cause = make.cause(category="fixture", confidence=0.4, rule="guess@1")
    found, _ = read(reader(make.said(confidence=sure)), cause, make)

    assert found.verdict.category == ("product_error" if wins else "fixture")
    assert [one.source for one in found.suggestions] == ["model"]


def test_a_model_may_say_that_it_does_not_know(reader, make):
    """Then it says what it would have to see, and the verdict stays."""
    saying = make.said(category="unknown", culprit=None, more_information="the tuning log")
    found, _ = read(reader(saying), make.cause(category="fixture", confidence=0.05), make)

    assert found.verdict.category == "fixture"
    assert "To be sure it would have to see: the tuning log" in found.suggestions[0].text


def test_what_is_not_verified_is_named(reader, make):
    """And its command is not shown."""
    saying = make.said(commands=["pip install evil", "make tune"])
    found, _ = read(reader(saying), make.cause(), make)

    assert found.suggestions[0].commands == ("make tune",)
    assert "Unverified, known neither to this run's metadata nor to us: evil." in (
        found.suggestions[0].text
    )


def test_the_run_and_our_maps_verify(reader, make):
    """numpy is installed, PyYAML is in the maps."""
    commands = ["pip install numpy==1.26.4", "pip install PyYAML"]
    found, _ = read(reader(make.said(commands=commands)), make.cause(), make)

    assert found.suggestions[0].commands == tuple(commands)


def test_a_signature_is_asked_about_once(reader, make, store):
    """Whatever became of it, with that prompt and model."""
    first, _ = read(reader(make.said()), make.cause(), make)
    again = reader()
    second, warnings = read(again, make.cause(), make)

    assert (again.model.asked, warnings) == ([], ())
    assert second == first


def test_what_was_decided_since_the_run_is_not_asked(reader, make, store):
    """A run that is reviewed again recalls what was known before it, and no decision on itself."""
    store.remember(Review(recording=make.context().recording, causes=(make.cause(),)), now=make.now)
    store.resolve(make.cause().cause_id, category="network", now=make.now, reviewer="me")

    assert read(reader(), make.cause(), make) == (make.cause(), ())


def test_two_reviews_at_once_ask_once(reader, make, store):
    """The other says that it has to do without; when the first has died, it is asked again."""
    first, second = reader(make.said()), reader()
    ask = first.model.ask

    def meanwhile(messages, *, schema):
        assert read(second, make.cause(), make) == (make.cause(), (in_vain,))
        return ask(messages, schema=schema)

    in_vain = (
        "1 cause was not read by the model: another review is asking it the same; review again for "
        "its answer"
    )
    first.model.ask = meanwhile
    found, warnings = read(first, make.cause(), make)

    assert (found.verdict.category, warnings) == ("product_error", ())
    assert read(second, make.cause(), make)[0] == found


def test_what_a_review_that_died_was_asking_is_asked_again(reader, make, store):
    """After twice the time that it had."""
    identity = {"prompt": prompt.version(), "model": "llama"}
    long_ago = make.now - timedelta(hours=1)
    readings.claim(store, make.cause().signature, **identity, now=long_ago, stale=long_ago)
    found, _ = read(reader(make.said()), make.cause(), make)

    assert found.verdict.category == "product_error"


def test_a_bad_answer_may_be_repaired_once(reader, make, store):
    """The model is told what was wrong with it."""
    asked = reader("I am sorry", make.said())
    found, _ = read(asked, make.cause(), make)
    repair = asked.model.asked[1]

    assert found.verdict.category == "product_error"
    assert [message["role"] for message in repair] == ["system", "user", "assistant", "user"]
    assert repair[2]["content"] == "I am sorry"
    assert "it is no JSON object" in repair[3]["content"]
    kept = readings.recall(store, make.cause().signature, prompt=prompt.version(), model="llama")
    assert (kept.status, kept.requests, kept.prompt_tokens) == ("accepted", 2, 200)
    assert (kept.answer_tokens, kept.seconds) == (20, 1.0)


def test_an_answer_that_stays_bad_is_rejected_for_good(reader, make, store):
    """With the reason; the cause is as it was, and nobody asks again."""
    lie = make.said(citations=[{"line": 2, "quote": "all is well"}])
    found, warnings = read(reader(lie, lie), make.cause(), make)
    kept = readings.recall(store, make.cause().signature, prompt=prompt.version(), model="llama")

    assert (found, warnings) == (make.cause(), ())
    assert (kept.status, kept.answer) == ("rejected", {})
    assert kept.reason == "line 2 does not contain 'all is well'"
    assert read(reader(), make.cause(), make) == (make.cause(), ())


def test_a_bad_answer_without_a_budget_for_another_is_rejected_for_good(reader, make, store):
    """Else a review that may send one request would send it for ever."""
    asked = reader("I am sorry", OverBudget("used up"))
    found, warnings = read(asked, make.cause(), make)
    kept = readings.recall(store, make.cause().signature, prompt=prompt.version(), model="llama")

    assert (found, warnings) == (make.cause(), ())
    assert (kept.status, kept.requests) == ("rejected", 1)


@pytest.mark.parametrize("error", [Unanswered("it is down"), OverBudget("used up")])
def test_causes_without_an_answer_are_counted_in_one_warning(reader, make, store, error):
    """They stay as they are, and are asked about the next time."""
    other = make.cause(signature="reason-v1:2")
    asked = reader(error, error)
    found, warnings = asked([(make.cause(), make.context()), (other, make.context())])

    assert found == (make.cause(), other)
    assert warnings == (f"2 causes were not read by the model: {error}",)
    assert (
        readings.recall(store, make.cause().signature, prompt=prompt.version(), model="llama")
        is None
    )


def test_secrets_are_kept_from_the_model_and_from_the_memory(reader, make, store):
    """What the model says back is redacted too."""

    def redact(text):
        return text.replace("hunter2", "[redacted]")

    cause = make.cause(make.failure("the password is hunter2"))
    quote = [{"line": 2, "quote": "the password is [redacted]"}]
    asked = reader(make.said(citations=quote, remedy="Say hunter2."), redact=redact)
    found, _ = read(asked, cause, make)

    assert "hunter2" not in str(asked.model.asked)
    assert found.suggestions[0].text == "A model suggests: Say [redacted]."
    assert "hunter2" not in str(store.select("reading", **_of(cause)))


def test_a_secret_that_json_spells_otherwise_is_kept_from_the_memory_too(reader, make, store):
    """What is kept is searched as it will be read."""
    spelled = make.said(remedy="Say hunter2.").replace("hunter2", r"\u0068unter2")
    asked = reader(spelled, redact=lambda text: text.replace("hunter2", "[redacted]"))
    found, _ = read(asked, make.cause(), make)

    assert found.suggestions[0].text == "A model suggests: Say [redacted]."


def test_a_warning_repeats_no_secret(reader, make):
    """A server's words may be any."""
    asked = reader(
        Unanswered("it answers 401 hunter2"), redact=lambda text: text.replace("hunter2", "[it]")
    )
    _, (warning,) = read(asked, make.cause(), make)

    assert warning == "1 cause was not read by the model: it answers 401 [it]"


def _of(cause):
    return {"signature": cause.signature, "prompt": prompt.version(), "model": "llama"}


def test_similar_causes_are_told(reader, make, store):
    """Those of the memory that somebody decided, with the remedy."""
    old = make.cause(
        signature="reason-v1:9", cause_id="9" * 16, likeness="TuneError: the piano is out of tune"
    )
    recording = make.context().recording
    store.remember(Review(recording=recording, causes=(old,)), now=make.now)
    store.resolve("9" * 16, accept="Call the tuner.", now=make.now, reviewer="me")
    new = make.cause(likeness="TuneError: the frobnicator is out of tune")
    asked = reader(make.said())
    read(asked, new, make)

    assert "what people accepted: Call the tuner." in asked.model.asked[0][1]["content"]


def test_what_people_rejected_does_not_come_again(reader, make):
    """Nor does it in what rules suggest."""
    found, _ = read(reader(make.said()), make.cause(), make)
    refused = replace(found.suggestions[0], status="rejected")
    known = Remembered(first_seen="", last_seen="", occurrences=1, suggestions=(refused,))
    again, _ = read(reader(), make.cause(remembered=known), make)

    assert again.suggestions == ()


def test_a_review_has_its_budget(store, settings, make):
    """In requests and in tokens, whatever the day still has."""
    budget = Budget(settings, store, make.now)
    budget.reserve(100)
    budget.settle(100, 50)
    budget.reserve(100)

    assert (budget.requests, budget.tokens) == (2, 150)
    with pytest.raises(OverBudget, match="the review's 2 requests are used up"):
        budget.reserve(1)
    with pytest.raises(OverBudget, match="the review's 60,000 tokens are used up"):
        Budget(settings, store, make.now).reserve(60_001)


def test_the_day_s_budget_is_the_memory_s(store, settings, make):
    """Of all reviews together."""
    narrow = replace(settings, day_requests=1)
    Budget(narrow, store, make.now).reserve(10)

    with pytest.raises(OverBudget, match="today's 1 requests or 1,000,000 tokens are used up"):
        Budget(narrow, store, make.now).reserve(10)
