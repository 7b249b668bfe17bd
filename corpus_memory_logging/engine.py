"""What a database must be able to do, and one project's part of a memory on top of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

Row = dict[str, Any]


class Engine(Protocol):
    """A database of the current schema. Statements are named; parameters are bound by name.

    Every method raises StoreError, with a message that names the database and a remedy.
    """

    location: str
    """Path or URL, fit to be shown."""

    def select(self, name: str, parameters: Mapping[str, Any]) -> list[Row]:
        """The rows of a reading statement."""

    def execute(self, name: str, parameters: Mapping[str, Any]) -> int:
        """Carries out a writing statement; how many rows it changed."""

    def many(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Carries out a writing statement once for each row."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, and no other writer meanwhile."""

    def search_expression(self, words: str) -> str:
        """What a user typed, as this engine's full-text search takes it.

        Every word must occur, the beginning of a word is enough. Nothing typed is an error.
        """

    def telling_words(self, text: str) -> str:
        """What this engine's full-text search finds likenesses near a text by: any of its words
        that few likenesses have, so that the answer takes no longer the more the memory holds.
        """

    def problems(self) -> list[str]:
        """What an integrity check finds; empty where all is well."""

    def close(self) -> None:
        """Gives back the connection; twice does no harm."""


class Partition:
    """One project's part of a memory: every statement is bound to the project."""

    def __init__(self, engine: Engine, project: str) -> None:
        self.engine = engine
        self.project = project
        self._key = _project_key(engine, project)

    def select(self, name: str, /, **parameters: Any) -> list[Row]:
        """The rows of a reading statement; a parameter that is None counts as not given."""
        return self.engine.select(name, self._bound(parameters))

    def first(self, name: str, /, **parameters: Any) -> Row | None:
        """The first row, if there is one."""
        return next(iter(self.select(name, **parameters)), None)

    def execute(self, name: str, /, **parameters: Any) -> int:
        """Carries out a writing statement; how many rows it changed."""
        return self.engine.execute(name, self._bound(parameters))

    def many(self, name: str, rows: Iterable[Mapping[str, Any]], /, **common: Any) -> None:
        """Carries out a writing statement for each row, with what the rows have in common."""
        shared = self._bound(common)
        self.engine.many(name, ({**shared, **row} for row in rows))

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, and no other writer meanwhile."""
        return self.engine.transaction()

    def _bound(self, parameters: Mapping[str, Any]) -> Row:
        return {"project": self._key, **parameters}


def _project_key(engine: Engine, project: str) -> int:
    name = {"name": project}
    if not (found := engine.select("project", name)):
        engine.execute("add_project", name)
        found = engine.select("project", name)
    key: int = found[0]["project"]
    return key
