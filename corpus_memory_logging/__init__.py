"""The memory: what runs, their causes, suggestions and reviewers' decisions were, in a database."""

from __future__ import annotations

from corpus_memory_logging.abzu import (
    import_interactions,
    load_interactions,
    log_interaction,
    log_ritual_result,
    log_suggestion,
    log_test_failure,
    watchdog,
)
from corpus_memory_logging.errors import CorpusMemoryError, QueryError, StoreError, UnknownId
from corpus_memory_logging.filters import Filters
from corpus_memory_logging.store import Store, open_store

__all__ = [
    "CorpusMemoryError",
    "Filters",
    "QueryError",
    "Store",
    "StoreError",
    "UnknownId",
    "import_interactions",
    "load_interactions",
    "log_interaction",
    "log_ritual_result",
    "log_suggestion",
    "log_test_failure",
    "open_store",
    "watchdog",
]
