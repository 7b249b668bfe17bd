"""What an agent is told, in two parts: our own words, and below `untrusted` what others said; pure.

Tests, libraries and reviewers write node ids, messages and notes; an agent must read them as data.
A row is split by a list of the keys that hold nothing but our own words, so that a new key is
untrusted until somebody says otherwise. JSON's own quoting keeps the two apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from orchestrator.report.plain import clean

UNTRUSTED = "untrusted"
LIST_TEXT = 300
"""Characters of one text in a list."""
WHOLE_TEXT = 4_000
"""Characters of one text of a thing that was asked for by its id."""

_OURS = frozenset(
    (
        # ids and references
        *("run_id", "cause_id", "failure_id", "suggestion_id", "finding_id", "alert_id"),
        *("signature", "environment", "accepted", "rejected", "sha256", "commit"),
        # words from closed sets, and of our rules
        *("type", "state", "status", "category", "kind", "phase", "source", "rule", "outcome"),
        "cause_status",
        # times and numbers
        *("started", "finished", "reviewed", "time", "first_seen", "last_seen", "created"),
        *("last_suggested", "exit_code", "counts", "dirty", "causes", "new_causes", "failures"),
        *("findings", "alerts", "runs", "confidence", "known", "occurrences", "attempt"),
        *("attempts", "size", "similarity", "passed", "success"),
    )
)


def marked(row: Mapping[str, Any], *, most: int = LIST_TEXT) -> dict[str, Any]:
    """The row with what others said below `untrusted`: without control characters, bounded, and
    without keys that have no value.
    """
    told = {name: value for name, value in row.items() if value not in (None, "", [], {}, ())}
    ours = {name: value for name, value in told.items() if _is_ours(name, value)}
    others = {name: bounded(value, most) for name, value in told.items() if name not in ours}
    return {**ours, UNTRUSTED: others} if others else ours


def all_marked(rows: Iterable[Mapping[str, Any]], *, most: int = LIST_TEXT) -> list[dict[str, Any]]:
    """Each row as `marked` has it."""
    return [marked(row, most=most) for row in rows]


def bounded(value: Any, most: int) -> Any:
    """The value with texts at most so long, without control characters; what was cut is said."""
    if isinstance(value, str):
        text = clean(value)
        return (
            text if len(text) <= most else f"{text[:most]} … ({len(text) - most} more characters)"
        )
    if isinstance(value, Mapping):
        return {clean(str(name)): bounded(item, most) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [bounded(item, most) for item in value]
    return value


def _is_ours(name: str, value: Any) -> bool:
    """Numbers are; of what our keys name a short text is and counts are, whatever else it holds."""
    if isinstance(value, Mapping):
        return name in _OURS and all(isinstance(number, int) for number in value.values())
    if isinstance(value, str):
        return name in _OURS and value.isprintable() and len(value) <= 100
    return isinstance(value, (bool, int, float))
