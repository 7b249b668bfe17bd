"""What can go wrong with the memory.

    CorpusMemoryError
    ├── StoreError     the memory cannot be opened, read or written
    └── QueryError     a question or a decision asks for what is not allowed
        └── UnknownId  an id names nothing, or its beginning several things

Every message names the thing, its value and what to do, and can be shown as it is.
"""

from __future__ import annotations


class CorpusMemoryError(Exception):
    """Root of the errors of this package."""


class StoreError(CorpusMemoryError):
    """The memory cannot be opened, read or written. Nothing was deleted."""


class QueryError(CorpusMemoryError):
    """A filter, an id or a decision is not one that the memory can follow."""


class UnknownId(QueryError):
    """Nothing has an id that begins so, or several things have."""
