"""Answers in pages: so many rows, changes or characters at a time, and where to read on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from corpus_memory_logging import Filters, Store
from orchestrator.agents.marking import UNTRUSTED, all_marked

_CHANGES = 10

Answer = dict[str, Any]


def asked(
    store: Store,
    ask: Callable[[Store, Filters], list[dict[str, Any]]],
    filters: Filters,
    limit: int,
    offset: int,
) -> Answer:
    """A page of what a query answers, and where the next one begins."""
    rows = ask(store, replace(filters, limit=offset + limit + 1))
    return page_of(rows, limit, offset)


def page_of(rows: list[dict[str, Any]], limit: int, offset: int) -> Answer:
    """A page of rows, and where the next one begins."""
    return {
        "items": all_marked(rows[offset : offset + limit]),
        "next_offset": offset + limit if len(rows) > offset + limit else None,
    }


def part_of(text: str, offset: int, limit: int) -> Answer:
    """A part of a text, and where the next one begins."""
    end = min(offset + limit, len(text))
    return {
        UNTRUSTED: {"text": text[offset:end]},
        "offset": offset,
        "next_offset": end if end < len(text) else None,
        "total_characters": len(text),
    }


def few_changes(entries: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Environments with some of their changes, and the number of all."""
    return [
        {
            **entry,
            "changes": entry["changes"][:_CHANGES],
            "number_of_changes": len(entry["changes"]),
        }
        for entry in entries
    ]
