"""What a reviewer decided of a cause, kept and carried out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from corpus_memory_logging.engine import Partition
from corpus_memory_logging.errors import QueryError, UnknownId
from corpus_memory_logging.keys import moment, storable
from corpus_memory_logging.lookup import named
from corpus_memory_logging.records import CATEGORIES, Suggestion
from corpus_memory_logging.rows import suggestion_id, suggestion_row, text_row

_CULPRIT_TYPES = {
    "fixture": "fixture",
    "environment": "variable",
    "network": "host",
    "product_error": "module",
    "syntax": "file",
    "configuration": "file",
}
"""What a culprit most likely is where no review of the cause named one."""


def resolve(
    memory: Partition,
    cause: str,
    *,
    accept: str | None = None,
    reject: str | None = None,
    category: str | None = None,
    culprit: str | None = None,
    note: str | None = None,
    fix: str | None = None,
    ignore: bool = False,
    now: datetime,
    reviewer: str,
) -> dict[str, Any]:
    """Keeps what a reviewer decided of a cause (its id or a unique beginning), with the time.

    `accept` and `reject` take the id of a suggestion or a unique beginning of it; `accept` also
    takes the reviewer's own remedy, in more than one word, which becomes a suggestion of source
    `reviewer`. `culprit` is a name, or `type:name`.

    The cause is ignored with `ignore`; it stays as it is where the decision only corrects
    (category, culprit) or rejects; otherwise it is resolved, until its signature returns.

    Returns:
        `cause_id`, `title`, `status`, `category`, `culprit` (`type:name`), `note`, `fix`,
        `accepted` and `rejected` (ids of suggestions), `reviewer`, `time`: null for what was not
        decided.

    Raises:
        UnknownId: the cause or a suggestion is not one that the memory knows.
        QueryError: the category is none, or the suggestion is another cause's.
    """
    if category is not None and category not in CATEGORIES:
        raise QueryError(f"category {category!r} is none of {', '.join(CATEGORIES)}")
    time = moment(now)
    with memory.transaction():
        _, found = named(memory, cause, ("cause",))
        cause_id = found["id"]
        accepted = _accepted(memory, accept, cause_id, reviewer=reviewer, time=time)
        rejected = _suggestion(memory, reject, cause_id) if reject else None
        _set_status(memory, accepted, "accepted", time)
        _set_status(memory, rejected, "rejected", time)
        only_corrects = bool(category or culprit or rejected) and not (accepted or fix or ignore)
        before = memory.select("cause", cause_id=cause_id)[0]["status"]
        decision = {
            "cause_id": cause_id,
            "status": "ignored" if ignore else before if only_corrects else "resolved",
            "status_since": None if only_corrects else time,
            "time": time,
            "category": category,
            **_culprit(memory, culprit, cause_id, category),
            "note": _stored(note),
            "fix": _stored(fix),
        }
        memory.execute("decide_cause", **decision)
        decision |= {"accepted": accepted, "rejected": rejected, "reviewer": storable(reviewer)}
        memory.execute("add_decision", **decision, run=None)
    del decision["status_since"]
    kind = decision.pop("culprit_type")
    decision["culprit"] = f"{kind}:{decision['culprit']}" if kind else None
    return {**decision, "title": found["about"]}


def _accepted(
    memory: Partition, accept: str | None, cause_id: str, *, reviewer: str, time: str
) -> str | None:
    if not accept:
        return None
    # One word is an id, perhaps mistyped: as a remedy it would outrank every rule.
    if len(accept.split()) < 2:
        return _suggestion(memory, accept, cause_id)
    words = Suggestion(
        text=accept, source="reviewer", confidence=1.0, status="accepted", origin=reviewer
    )
    new = suggestion_id(cause_id, accept)
    memory.execute("add_text", **text_row(memory.project, accept))
    memory.execute(
        "add_suggestion",
        suggestion_id=new,
        context=None,
        created=time,
        **suggestion_row(memory.project, cause_id, words),
    )
    return new


def _suggestion(memory: Partition, typed: str, cause_id: str) -> str:
    try:
        _, found = named(memory, typed, ("suggestion",))
    except UnknownId as error:
        raise UnknownId(f"{error}; {_choice(memory, cause_id)}") from None
    if found["cause_id"] != cause_id:
        raise QueryError(
            f"suggestion {found['id']} belongs to cause {found['cause_id']}, not to {cause_id}; "
            f"{_choice(memory, cause_id)}"
        )
    chosen: str = found["id"]
    return chosen


def _choice(memory: Partition, cause_id: str) -> str:
    rows = memory.select("suggestions", cause_id=cause_id)
    ids = ", ".join(row["suggestion_id"] for row in rows) or "none"
    return f"suggestions of cause {cause_id}: {ids}; a remedy of your own takes several words"


def _set_status(memory: Partition, chosen: str | None, status: str, time: str) -> None:
    if chosen:
        memory.execute("set_suggestion_status", suggestion_id=chosen, status=status, time=time)


def _culprit(
    memory: Partition, typed: str | None, cause_id: str, category: str | None
) -> dict[str, str | None]:
    if not typed:
        return {"culprit": None, "culprit_type": None}
    kind, name = _parts(typed)
    row = memory.select("culprit_type", cause_id=cause_id)[0]
    guess = _CULPRIT_TYPES.get(category or row["category"], "distribution")
    return {
        "culprit": storable(name),
        "culprit_type": storable(kind) or row["culprit_type"] or guess,
    }


def _parts(typed: str) -> tuple[str, str]:
    """Names have colons too: `pay.example:8443`, `tests/test_cart.py::test_total`."""
    kind, _, name = typed.partition(":")
    typed_so = kind.isidentifier() and name and not name.startswith(":")
    return (kind, name) if typed_so else ("", typed)


def _stored(text: str | None) -> str | None:
    return storable(text) if text else None
