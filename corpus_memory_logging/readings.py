"""What models answered when they were asked about causes, and what a day may still cost."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from corpus_memory_logging.engine import Partition
from corpus_memory_logging.filters import Filters, parameters
from corpus_memory_logging.keys import from_text, moment, storable, to_text
from corpus_memory_logging.records import Reading, Suggestion
from corpus_memory_logging.rows import suggestion_id, suggestion_row, text_row


def recall(memory: Partition, signature: str, *, prompt: str, model: str) -> Reading | None:
    """What became of asking that model about a signature with that prompt; None if it never was."""
    row = memory.first(
        "reading",
        signature=storable(signature),
        prompt=storable(prompt),
        model=storable(model),
    )
    return Reading(**{**row, "answer": from_text(row["answer"])}) if row else None


def claim(
    memory: Partition, signature: str, *, prompt: str, model: str, now: datetime, stale: datetime
) -> bool:
    """Whether the caller may ask: nobody else does, or did; who began before `stale` has died.

    What was claimed is to be kept or released.
    """
    changed = memory.execute(
        "claim_reading",
        signature=storable(signature),
        prompt=storable(prompt),
        model=storable(model),
        time=moment(now),
        stale=moment(stale),
    )
    return changed > 0


def release(memory: Partition, signature: str, *, prompt: str, model: str) -> None:
    """Lets others ask what was claimed, for there was no answer."""
    memory.execute(
        "release_reading",
        signature=storable(signature),
        prompt=storable(prompt),
        model=storable(model),
    )


def keep(memory: Partition, reading: Reading, *, now: datetime) -> None:
    """Remembers a reading; the first of a signature, prompt and model stays. Texts are kept as they
    come: redacted, the caller promises.
    """
    row = {
        name: storable(value) if isinstance(value, str) else value
        for name, value in asdict(reading).items()
    }
    memory.execute("add_reading", **{**row, "answer": to_text(row["answer"])}, time=moment(now))


def propose(memory: Partition, cause_id: str, suggestion: Suggestion, *, now: datetime) -> None:
    """Adds a suggestion to a cause outside of a review; one that is there already stays."""
    with memory.transaction():
        memory.execute("add_text", **text_row(memory.project, suggestion.text))
        memory.execute(
            "add_suggestion",
            suggestion_id=suggestion_id(cause_id, suggestion.text),
            context=None,
            created=moment(now),
            **suggestion_row(memory.project, suggestion, cause_id=cause_id),
        )


def reserve(
    memory: Partition, model: str, tokens: int, *, max_requests: int, max_tokens: int, now: datetime
) -> bool:
    """Counts one request that may cost so many tokens; False, and nothing is counted, where the day
    (UTC) had as much as it may. Of two reviews at once only one gets the last of it.
    """
    with memory.transaction():
        return (
            memory.execute(
                "reserve",
                day=moment(now)[:10],
                model=storable(model),
                tokens=tokens,
                max_requests=max_requests,
                max_tokens=max_tokens,
            )
            > 0
        )


def settle(memory: Partition, model: str, difference: int, *, now: datetime) -> None:
    """Adds to a day's tokens what a request cost more than was reserved, or takes off the rest."""
    memory.execute("settle", day=moment(now)[:10], model=storable(model), difference=difference)


def spent(memory: Partition, filters: Filters, *, now: datetime) -> list[dict[str, Any]]:
    """What was asked, by day and model, the last day first; `since` and `limit` count.

    Keys: day, model, requests, tokens, accepted, rejected (answers), seconds (of these answers).

    Raises:
        QueryError: a filter has a value that is not allowed.
    """
    asked = parameters(memory, filters, "runs", now=now)
    return memory.select("spending", since=asked["since"], limit=asked["limit"])
