"""Near causes: those of which something was learned and that look like another."""

from __future__ import annotations

import re

from corpus_memory_logging.errors import StoreError
from corpus_memory_logging.keys import storable
from corpus_memory_logging.records import Culprit, Similar
from corpus_memory_logging.store import Store

_LIMIT = 1500
"""Characters that are compared: a message, and the two lines of code that raised it."""
_WORD = re.compile(r"\w+")
_DIGITS = re.compile(r"\d+")


def similar(
    store: Store, *, signature: str, title: str, text: str, limit: int = 3
) -> tuple[Similar, ...]:
    """The causes nearest to one, the nearest first, of those that reviewers decided or of which a
    suggestion worked. Those of the signature itself are left out: `Store.recall` knows them.

    `text` is the `Cause.likeness` of the one; the title counts where it is empty. The store's
    full-text index names at most 50 candidates, whatever the memory holds.

    Raises:
        StoreError: the database fails, or RapidFuzz is not installed.
    """
    wanted = _words(text or title)
    words = store.engine.telling_words(storable(wanted))
    candidates = store.select("near", signature=storable(signature), words=words)
    scores = {row["cause_id"]: _similarity(wanted, _words(row["content"])) for row in candidates}
    near = sorted(scores, key=lambda cause_id: (-scores[cause_id], cause_id))
    return tuple(
        _similar(store, cause_id, scores[cause_id]) for cause_id in near[:limit] if scores[cause_id]
    )


def _similar(store: Store, cause_id: str, similarity: float) -> Similar:
    (row,) = store.select("learned", cause_id=cause_id)
    name = row["culprit_name"]
    judged = store.select("judged_suggestions", cause_id=cause_id)
    return Similar(
        cause_id=cause_id,
        signature=row["signature"],
        title=row["title"],
        similarity=similarity,
        category=row["category"],
        kind=row["kind"],
        culprit=Culprit(type=row["culprit_type"], name=name) if name else None,
        remedies=tuple(
            found["text"] for found in judged if found["status"] in ("accepted", "worked")
        ),
        reviewer=row["reviewer"],
        decided=row["time"],
        note=row["note"],
        fix=row["fix"],
    )


def _words(text: str) -> str:
    """The words of a text in their order, with one digit for every number."""
    return " ".join(_WORD.findall(_DIGITS.sub("0", text[:_LIMIT]).lower()))


def _similarity(one: str, other: str) -> float:
    # Late, as sqlite-utils is: the records of this package are read where it is not installed.
    try:
        from rapidfuzz import fuzz  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise StoreError(
            f'near causes need {error.name}: pip install "conftest-kit[orchestrator]"'
        ) from error
    return fuzz.token_sort_ratio(_once(one), _once(other)) / 100


def _once(words: str) -> str:
    """Each word once: the line that raises says again what the message says."""
    return " ".join(dict.fromkeys(words.split()))
