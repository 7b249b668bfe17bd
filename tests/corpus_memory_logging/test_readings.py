"""What models answered, and what a day may cost: in the memory."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from corpus_memory_logging import Filters, queries, readings
from corpus_memory_logging.records import Reading, Suggestion
from corpus_memory_logging.store import open_store

NOW = datetime(2026, 1, 2, 23, 59, tzinfo=UTC)
LIMITS = {"max_requests": 3, "max_tokens": 1000, "now": NOW}


def reading(**changed):
    """An accepted one, changed as said."""
    fields = {
        "signature": "reason-v1:1",
        "prompt": "triage@1",
        "model": "llama",
        "status": "accepted",
        "answer": {"category": "fixture", "commands": ["make"]},
        "requests": 2,
        "prompt_tokens": 700,
        "answer_tokens": 50,
        "seconds": 1.5,
    }
    return Reading(**{**fields, **changed})


def recalled(store, **changed):
    """What the memory knows of asking the model."""
    asked = {"signature": "reason-v1:1", "prompt": "triage@1", "model": "llama", **changed}
    return readings.recall(store, asked.pop("signature"), **asked)


@pytest.mark.parametrize("kept", [reading(), reading(status="rejected", reason="no", answer={})])
def test_a_reading_is_recalled_as_it_was(store, kept):
    """Accepted or rejected: nobody need ask again."""
    readings.keep(store, kept, now=NOW)

    assert recalled(store) == kept


@pytest.mark.parametrize("other", [{"signature": "2"}, {"prompt": "triage@2"}, {"model": "qwen"}])
def test_another_signature_prompt_or_model_is_another_reading(store, other):
    """None stands for another."""
    readings.keep(store, reading(), now=NOW)

    assert recalled(store, **other) is None


def test_the_first_reading_stays(store):
    """Two reviews at once may have asked."""
    readings.keep(store, reading(), now=NOW)
    readings.keep(store, reading(seconds=9.0), now=NOW)

    assert recalled(store) == reading()


def test_projects_have_their_own_readings(store, location):
    """And their own days."""
    readings.keep(store, reading(), now=NOW)
    readings.reserve(store, "llama", 1000, **LIMITS)
    with open_store(location, project="other") as other:
        assert recalled(other) is None
        assert readings.reserve(other, "llama", 1000, **LIMITS)


@pytest.mark.parametrize(
    ("costs", "granted"),
    [
        ([10, 10, 10, 10], [True, True, True, False]),
        ([600, 600, 400], [True, False, True]),
        ([1001], [False]),
        ([1000], [True]),
    ],
)
def test_a_day_has_its_budget(store, costs, granted):
    """In requests and in tokens; what does not fit is not counted."""
    assert [readings.reserve(store, "llama", cost, **LIMITS) for cost in costs] == granted


def test_all_models_share_a_day(store):
    """Another name is no way around it."""
    readings.reserve(store, "llama", 600, **LIMITS)

    assert not readings.reserve(store, "qwen", 600, **LIMITS)


def test_tomorrow_is_another_day(store):
    """In UTC."""
    readings.reserve(store, "llama", 1000, **LIMITS)
    tomorrow = {**LIMITS, "now": NOW + timedelta(minutes=2)}

    assert readings.reserve(store, "llama", 1000, **tomorrow)


def test_what_was_not_used_is_given_back(store):
    """And what was used beyond is taken."""
    readings.reserve(store, "llama", 600, **LIMITS)
    readings.settle(store, "llama", -500, now=NOW)

    assert readings.reserve(store, "llama", 900, **LIMITS)
    readings.settle(store, "llama", 1, now=NOW)
    assert not readings.reserve(store, "llama", 0, **LIMITS)


def test_the_last_request_of_a_day_is_granted_once(store, location):
    """However many ask for it at once."""
    granted = []

    def ask():
        with open_store(location, project="demo") as opened:
            granted.append(readings.reserve(opened, "llama", 1000, **LIMITS))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(granted) == [False] * 5 + [True]


def test_what_was_spent_is_listed(store):
    """By day and model, with what became of the answers."""
    readings.reserve(store, "llama", 100, **LIMITS)
    readings.reserve(store, "llama", 100, **LIMITS)
    readings.keep(store, reading(), now=NOW)
    readings.keep(store, reading(signature="2", status="rejected"), now=NOW)
    later = NOW + timedelta(days=1)
    readings.reserve(store, "qwen", 7, **{**LIMITS, "now": later})
    rows = readings.spent(store, Filters(), now=later)

    assert rows == [
        {
            "day": "2026-01-03",
            "model": "qwen",
            "requests": 1,
            "tokens": 7,
            "accepted": 0,
            "rejected": 0,
            "seconds": 0,
        },
        {
            "day": "2026-01-02",
            "model": "llama",
            "requests": 2,
            "tokens": 200,
            "accepted": 1,
            "rejected": 1,
            "seconds": 3.0,
        },
    ]
    assert readings.spent(store, Filters(since="1h"), now=later) == rows[:1]
    assert readings.spent(store, Filters(limit=1), now=later) == rows[:1]


def test_a_suggestion_outside_of_a_review_can_be_judged(store, make):
    """It is one of the cause's; given twice it stays as it was judged."""
    store.remember(make.review())
    suggestion = Suggestion(text="A model suggests: sing.", source="model", origin="llama triage@1")
    readings.propose(store, make.cause_id, suggestion, now=NOW)
    (proposed,) = (one for one in queries.suggestions(store) if one["source"] == "model")
    store.resolve(make.cause_id, reject=proposed["suggestion_id"], now=NOW, reviewer="me")
    readings.propose(store, make.cause_id, suggestion, now=NOW)
    (judged,) = (one for one in queries.suggestions(store) if one["source"] == "model")

    assert (proposed["status"], judged["status"]) == ("proposed", "rejected")
    assert judged["origin"] == "llama triage@1"
