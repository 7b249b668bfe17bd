"""The memory: what runs, their causes, suggestions and reviewers' decisions were, in a database."""

from __future__ import annotations

from corpus_memory_logging.errors import CorpusMemoryError, QueryError, StoreError
from corpus_memory_logging.filters import Filters
from corpus_memory_logging.store import Store, open_store

__all__ = [
    "CorpusMemoryError",
    "Filters",
    "QueryError",
    "Store",
    "StoreError",
    "open_store",
]
