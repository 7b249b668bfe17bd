"""Interactions, rituals, and failures and suggestions told without a run: one record each.

The records have the keys of ABZU's `data/interactions.jsonl`, and their kind shows in which of the
keys `input`, `suggestion`, `test_failure` or `ritual` they have.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from corpus_memory_logging.engine import Partition, Row
from corpus_memory_logging.errors import StoreError
from corpus_memory_logging.keys import (
    fresh_identifier,
    from_text,
    identifier,
    moment,
    moment_of,
    to_text,
)
from corpus_memory_logging.records import Suggestion
from corpus_memory_logging.rows import nodeid_row, suggestion_row, text_row

Record = Mapping[str, Any]

_BATCH = 1000
_ROTATED = re.compile(r"\d{8}_\d{6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What came of taking in files."""

    added: int
    repeated: int
    """Records that the memory had already."""
    malformed: int
    """Lines that are no JSON object."""


def add(memory: Partition, record: Record, *, time: str, record_id: str | None = None) -> bool:
    """Keeps one record (without its `timestamp`); False where one of that id is there already."""
    record_id = record_id or fresh_identifier()
    if _is_suggestion(record):
        return _add_suggestion(memory, record, time=time, record_id=record_id)
    if _is_test_failure(record):
        return _add_failure(memory, record["test_failure"], time=time, record_id=record_id)
    content = to_text(record)
    row = {"interaction_id": record_id, "time": time, "content": content}
    return memory.execute("add_interaction", **row) > 0


def load(memory: Partition, limit: int | None = None) -> list[dict[str, Any]]:
    """The last `limit` records (all without one), the oldest first.

    Suggestions and failures of reviewed runs are among them: the memory keeps each fact once.
    """
    if limit is not None and limit < 1:
        return []
    rows = memory.select("interaction_log", limit=limit)
    return [_record(row) for row in reversed(rows)]


def take_in(memory: Partition, path: Path) -> Imported:
    """Takes in a JSONL file, or those of a folder whose names begin with `interactions`.

    Rotated (`interactions-YYYYmmdd_HHMMSS.jsonl`) and quarantined ones are read too; lines that are
    no JSON object are counted. A line taken in before, from whichever file, is not added again.

    Raises:
        StoreError: a file cannot be read, or the memory cannot be written.
    """
    added = repeated = malformed = 0
    for lines in _batches(_files(path)):
        with memory.transaction():
            for text, written in lines:
                record = _parsed(text)
                if record is None:
                    malformed += 1
                    continue
                time = moment_of(str(record.pop("timestamp", ""))) or written
                name = identifier("imported", memory.project, text)
                if add(memory, record, time=time, record_id=name):
                    added += 1
                else:
                    repeated += 1
    return Imported(added=added, repeated=repeated, malformed=malformed)


def _add_suggestion(memory: Partition, record: Record, *, time: str, record_id: str) -> bool:
    context = record.get("context")
    suggestion = Suggestion(text=record["suggestion"], origin="log_suggestion")
    memory.execute("add_text", **text_row(memory.project, suggestion.text))
    added = memory.execute(
        "add_suggestion",
        suggestion_id=record_id,
        created=time,
        context=to_text(context) if context else None,
        **suggestion_row(memory.project, suggestion),
    )
    return added > 0


def _add_failure(memory: Partition, told: Record, *, time: str, record_id: str) -> bool:
    test = nodeid_row(memory.project, told["test"])
    message = text_row(memory.project, "")
    memory.execute("add_test", **test)
    memory.execute("add_text", **message)
    nothing = dict.fromkeys(("run", "cause_id", "subtest", "exception", "record"))
    added = memory.execute(
        "add_failure",
        failure_id=record_id,
        test=test["test"],
        time=time,
        phase="call",
        attempt=1,
        message=message["text"],
        context=to_text({name: told[name] for name in told if name != "test"}),
        **nothing,
    )
    return added > 0


def _record(row: Row) -> dict[str, Any]:
    context = from_text(row["context"])
    timestamp = {"timestamp": row["time"]}
    if row["kind"] == "interaction":
        return {**timestamp, **context}
    if row["kind"] == "suggestion":
        of = {"cause": row["cause_id"], "finding": row["finding_id"]}
        context = context or {name: value for name, value in of.items() if value}
        told = {"suggestion": row["text"], "context": context}
        return timestamp | {name: value for name, value in told.items() if value}
    return {
        **timestamp,
        "test_failure": {"test": row["text"], **(context or {"log": row["archive"] or ""})},
    }


def _is_suggestion(record: Record) -> bool:
    # A record of another shape is kept as it is rather than cut to ours.
    return set(record) <= {"suggestion", "context"} and isinstance(record.get("suggestion"), str)


def _is_test_failure(record: Record) -> bool:
    told = record.get("test_failure")
    return set(record) == {"test_failure"} and isinstance(told, dict) and _named(told)


def _named(told: Record) -> bool:
    return isinstance(told.get("test"), str) and len(told) > 1


def _files(path: Path) -> list[Path]:
    return sorted(path.glob("interactions*.jsonl*")) if path.is_dir() else [path]


def _batches(paths: list[Path]) -> Iterator[list[tuple[str, str]]]:
    """Lines with the time at which they were written at the latest, in lots for one transaction."""
    lot: list[tuple[str, str]] = []
    for path in paths:
        try:
            written = _written(path)
            with path.open(encoding="utf-8", errors="replace") as file:
                for number, line in enumerate(file):
                    if text := line.strip():
                        # A microsecond apart, lines without a time keep their order.
                        lot.append((text, moment(written + timedelta(microseconds=number))))
                    if len(lot) == _BATCH:
                        yield lot
                        lot = []
        except OSError as error:
            raise StoreError(f"cannot read {str(path)!r}: {error.strerror}") from error
    yield lot


def _written(path: Path) -> datetime:
    rotated = _ROTATED.search(path.name)
    if rotated:
        return datetime.strptime(rotated[0], "%Y%m%d_%H%M%S").replace(tzinfo=UTC)
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None
