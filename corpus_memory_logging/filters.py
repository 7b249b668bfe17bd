"""What a reviewer may ask the memory to narrow down, and its form as parameters of statements."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from conftest_kit.records import State
from corpus_memory_logging.engine import Partition
from corpus_memory_logging.errors import QueryError
from corpus_memory_logging.keys import moment, storable
from corpus_memory_logging.lookup import named
from corpus_memory_logging.records import CATEGORIES, CauseStatus, SuggestionStatus

_AGE = re.compile(r"(\d{1,6})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

STATUSES: dict[str, tuple[str, ...]] = {
    "runs": get_args(State),
    "causes": get_args(CauseStatus),
    "failures": get_args(CauseStatus),
    "findings": get_args(CauseStatus),
    "suggestions": get_args(SuggestionStatus) + get_args(CauseStatus),
}
"""What `Filters.status` may be in each list: a run's state, a cause's or finding's status, a
suggestion's or its cause's status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a list is narrowed down to; all that is given must hold."""

    category: str | None = None
    """One of `records.CATEGORIES`: as a reviewer decided, else as the review said."""
    kind: str | None = None
    """Of the cause; or one of `records.FINDING_KINDS`."""
    culprit: str | None = None
    """Name of the culprit, in any case; `-`, `_` and `.` are one, as in names of distributions."""
    test: str | None = None
    """A node id, with `*` for any text and `?` for any character, in any case. Whatever lies below
    a match matches too: a folder or file names its tests, a test its parameters."""
    run: str | None = None
    """A run's id, a unique beginning of one, or `latest`."""
    since: str | datetime | None = None
    """A time, an age (`90m`, `12h`, `7d`, `2w`), or a date or time in ISO form (UTC where it says
    nothing)."""
    status: str | None = None
    """See `STATUSES`."""
    known: bool | None = None
    """True: causes that an earlier run had already. False: new ones."""
    search: str | None = None
    """Words that must occur in one text: the message of a failure, the title of its cause, or (but
    not to find failures) a suggestion. The beginning of a word is enough."""
    limit: int | None = 50
    """None for all."""


def parameters(memory: Partition, filters: Filters, name: str, *, now: datetime) -> dict[str, Any]:
    """The parameters of the statement of that name; what is not asked for is None.

    Raises:
        QueryError: a value is not allowed; the message says which.
        UnknownId: the run is not there.
    """
    if filters.category is not None and filters.category not in CATEGORIES:
        raise QueryError(f"category {filters.category!r} is none of {', '.join(CATEGORIES)}")
    if filters.limit is not None and filters.limit < 1:
        raise QueryError(f"limit {filters.limit} is not a number from 1")
    test = filters.test or None
    run = named(memory, filters.run, ("run",))[1]["run"] if filters.run else None
    found = {
        "category": filters.category,
        "kind": _stored(filters.kind),
        "culprit": _spelt_alike(filters.culprit) if filters.culprit else None,
        "test": _pattern(test) if test else None,
        "run": run,
        "run_of_test": run if test else None,
        "since": earliest(filters.since, now=now) if filters.since else None,
        **_status(filters.status, name),
        "known": None if filters.known is None else int(filters.known),
        "search": memory.engine.search_expression(filters.search) if filters.search else None,
        "limit": filters.limit,
    }
    of_causes = ("category", "kind", "culprit", "known", "cause_status")
    asked = [key for key in of_causes if found[key] is not None]
    found["verdict"] = bool(asked) or None
    # Findings have kinds too, and nothing else of a verdict.
    found["only_kind"] = found["kind"] if asked == ["kind"] else None
    return found


def _status(status: str | None, name: str) -> dict[str, str | None]:
    found: dict[str, str | None] = dict.fromkeys(("state", "cause_status", "suggestion_status"))
    if status is None:
        return found
    if status not in STATUSES[name]:
        raise QueryError(f"status {status!r} of {name} is none of {', '.join(STATUSES[name])}")
    if status in get_args(CauseStatus):
        return found | {"cause_status": status}
    return found | {"state" if name == "runs" else "suggestion_status": status}


def earliest(asked: str | datetime, *, now: datetime) -> str:
    """The time that `Filters.since` means: RFC 3339.

    Raises:
        QueryError: it is none.
    """
    if isinstance(asked, datetime):
        return moment(asked)
    age = _AGE.fullmatch(asked)
    try:
        if age:
            return moment(now - timedelta(**{_UNITS[age[2]]: int(age[1])}))
        value = datetime.fromisoformat(asked)
        return moment(value if value.tzinfo else value.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise QueryError(
            f"since {asked!r} is neither an age such as 90m, 12h, 7d or 2w nor a date such as "
            "2026-01-31"
        ) from None


def _pattern(glob: str) -> str:
    # `[` is an ordinary character here: node ids are full of it.
    escaped = re.sub(r"([%_\\])", r"\\\1", storable(glob).lower().rstrip("/"))
    return escaped.replace("*", "%").replace("?", "_")


def _spelt_alike(name: str) -> str:
    # As the statements spell the other side.
    return storable(name).lower().replace("_", "-").replace(".", "-")


def _stored(text: str | None) -> str | None:
    return storable(text) if text else None
