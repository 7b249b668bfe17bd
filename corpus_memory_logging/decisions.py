"""What a reviewer decided of a cause, kept and carried out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from corpus_memory_logging.engine import Partition, Row
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
    """Keeps what a reviewer decided of a cause or a finding (its id or a unique beginning), with
    the time.

    `accept` and `reject` take the id of a suggestion or a unique beginning of it; `accept` also
    takes the reviewer's own remedy, in more than one word, which becomes a suggestion of source
    `reviewer`. `culprit` is a name, or `type:name`. Whoever accepts what the last review of the
    cause suggested accepts its verdict, unless the cause was decided before.

    The cause is ignored with `ignore`; it stays as it is where the decision only corrects
    (category, culprit) or rejects; otherwise it is resolved, until its signature returns. A finding
    is decided in the same way; it has no category and no culprit.

    Returns:
        `type` (cause or finding), `id`, `title`, `status`, `category`, `culprit` (`type:name`),
        `note`, `fix`, `accepted` and `rejected` (ids of suggestions), `reviewer`, `time`: null for
        what was not decided.

    Raises:
        UnknownId: the cause, finding or suggestion is not one that the memory knows.
        QueryError: the category is none, the suggestion is another's, or a finding is given a
            category or a culprit.
    """
    if category is not None and category not in CATEGORIES:
        raise QueryError(f"category {category!r} is none of {', '.join(CATEGORIES)}")
    time = moment(now)
    with memory.transaction():
        kind, found = named(memory, cause, ("cause", "finding"))
        about = found["id"]
        if kind == "finding" and (category or culprit):
            raise QueryError(f"{about} is a finding, which has no category and no culprit")
        accepted = _accepted(memory, accept, kind, about, reviewer=reviewer, time=time)
        rejected = _suggestion(memory, reject, kind, about) if reject else None
        _set_status(memory, accepted, "accepted", time)
        _set_status(memory, rejected, "rejected", time)
        only_corrects = bool(category or culprit or rejected) and not (accepted or fix or ignore)
        decision: Row = {
            "status": "ignored" if ignore else None if only_corrects else "resolved",
            "time": time,
            "note": _stored(note),
            "fix": _stored(fix),
            "accepted": accepted,
            "rejected": rejected,
            "reviewer": storable(reviewer),
        }
        decide = _decide_cause if kind == "cause" else _decide_finding
        said = decide(memory, about, decision, category=category, culprit=culprit)
    return {"type": kind, "id": about, **decision, **said, "title": found["about"]}


def _decide_cause(
    memory: Partition, cause_id: str, decision: Row, *, category: str | None, culprit: str | None
) -> Row:
    row = {
        **decision,
        "cause_id": cause_id,
        "status": decision["status"] or memory.select("cause", cause_id=cause_id)[0]["status"],
        "status_since": decision["time"] if decision["status"] else None,
        "category": category,
        **_culprit(memory, culprit, cause_id, category),
    }
    memory.execute("decide_cause", **row)
    memory.execute("add_decision", **row, run=None)
    if decision["accepted"] and not (category or culprit):
        memory.execute("confirm_verdict", cause_id=cause_id, accepted=decision["accepted"])
    if category or culprit or decision["accepted"]:
        memory.execute("learn", cause_id=cause_id)
    named_so = f"{row['culprit_type']}:{row['culprit']}" if row["culprit_type"] else None
    return {"status": row["status"], "category": category, "culprit": named_so}


def _decide_finding(memory: Partition, finding_id: str, decision: Row, **_none: str | None) -> Row:
    now = memory.select("findings", finding_id=finding_id)[0]["status"]
    row = {**decision, "finding_id": finding_id, "status": decision["status"] or now}
    memory.execute("add_finding_decision", **row)
    return {"status": row["status"], "category": None, "culprit": None}


def _accepted(
    memory: Partition, accept: str | None, kind: str, about: str, *, reviewer: str, time: str
) -> str | None:
    if not accept:
        return None
    # One word is an id, perhaps mistyped: as a remedy it would outrank every rule.
    if len(accept.split()) < 2:
        return _suggestion(memory, accept, kind, about)
    words = Suggestion(
        text=accept, source="reviewer", confidence=1.0, status="accepted", origin=reviewer
    )
    new = suggestion_id(about, accept)
    memory.execute("add_text", **text_row(memory.project, accept))
    memory.execute(
        "add_suggestion",
        suggestion_id=new,
        context=None,
        created=time,
        **suggestion_row(memory.project, words, **{f"{kind}_id": about}),
    )
    return new


def _suggestion(memory: Partition, typed: str, kind: str, about: str) -> str:
    try:
        _, found = named(memory, typed, ("suggestion",))
    except UnknownId as error:
        raise UnknownId(f"{error}; {_choice(memory, kind, about)}") from None
    if found[f"{kind}_id"] != about:
        other = found["cause_id"] or found["finding_id"]
        of = "cause" if found["cause_id"] else "finding"
        raise QueryError(
            f"suggestion {found['id']} belongs to {of} {other}, not to {about}; "
            f"{_choice(memory, kind, about)}"
        )
    chosen: str = found["id"]
    return chosen


def _choice(memory: Partition, kind: str, about: str) -> str:
    rows = memory.select("suggestions", **{f"{kind}_id": about})
    ids = ", ".join(row["suggestion_id"] for row in rows) or "none"
    return f"suggestions of {kind} {about}: {ids}; a remedy of your own takes several words"


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
