"""The embedded engine: SQLite in WAL mode, through sqlite-utils."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from corpus_memory_logging.engine import Row
from corpus_memory_logging.errors import StoreError
from corpus_memory_logging.keys import moment
from corpus_memory_logging.statements import statement

APPLICATION_ID = 0x436B4D31
"""What tells our files from other applications' ("CkM1" in the file's header)."""

_MOST_MATCHES = 500
"""What may be ranked: FTS5 ranks 10,000 matches in 30 ms, which a run of 100 causes asks for."""

# By the beginning of SQLite's own name of the error, the longer first.
_REMEDIES = {
    "SQLITE_NOTADB": "it is not a SQLite database: name another file, or move it away",
    "SQLITE_CORRUPT": "it is damaged: move it away and restore a backup; nothing was deleted",
    "SQLITE_READONLY": "it cannot be written: make the file and its folder writable, "
    "or name another place with --memory",
    "SQLITE_CANTOPEN": "make sure that its folder exists and that you may write there, "
    "or name another place with --memory",
    "SQLITE_PERM": "make the file and its folder writable, or name another place with --memory",
    "SQLITE_BUSY": "another process kept it locked for {seconds:g} s: wait for that to end and try "
    "again",
    "SQLITE_FULL": "the disk is full: free some space and try again",
    "SQLITE_IOERR": "the disk did not do what it was told: check it, or name another place with "
    "--memory",
}


class SQLiteEngine:
    """A database file, created and migrated on opening.

    Raises:
        StoreError: the file cannot be opened, is not ours, or is of a newer version.
    """

    def __init__(self, path: Path, *, timeout_seconds: float) -> None:
        self.location = str(path)
        self._timeout_seconds = timeout_seconds
        if path.is_dir():
            raise StoreError(f"the memory {self.location!r} is a folder: name a file in it")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"cannot create the folder of the memory {self.location!r}: {error.strerror}; "
                "name another place with --memory"
            ) from error
        with self._explained():
            # No implicit transactions: each BEGIN below is written out. Plugins of sqlite-utils are
            # other people's code, which has no business in here.
            self._connection = sqlite3.connect(path, timeout=timeout_seconds, isolation_level=None)
        try:
            with self._explained():
                self._database = Database(self._connection, execute_plugins=False)
                self._prepare()
        except BaseException:
            self.close()
            raise

    def select(self, name: str, parameters: Mapping[str, Any]) -> list[Row]:
        """See Engine."""
        text = statement(name, parameters, engine="sqlite")
        with self._explained():
            return list(self._database.query(text, dict(parameters)))

    def execute(self, name: str, parameters: Mapping[str, Any]) -> int:
        """See Engine."""
        text = statement(name, parameters, engine="sqlite")
        with self._explained():
            return self._database.execute(text, dict(parameters)).rowcount

    def many(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """See Engine."""
        with self._explained():
            self._connection.executemany(statement(name, {}, engine="sqlite"), rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """See Engine."""
        with self._explained():
            # IMMEDIATE waits for other writers here, where waiting is possible; a transaction that
            # begins by reading would be refused later, at its first write.
            self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            with self._explained():
                self._connection.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    def search_expression(self, words: str) -> str:
        """See Engine."""
        found = re.findall(r"[^\W_]+", words)
        # "" is no expression of FTS5; a phrase without letters matches nothing, which is meant.
        return " ".join(f'"{word}"*' for word in found) or '"."'

    def telling_words(self, text: str) -> str:
        """See Engine."""
        words = sorted(set(re.findall(r"[^\W_]+", text.lower())))
        told: list[str] = []
        matches = 0
        for row in self.select("word_counts", {"words": json.dumps(words)}):
            matches += row["doc"]
            if told and matches > _MOST_MATCHES:
                break
            told.append(f'"{row["term"]}"')
        return " OR ".join(told) or '"."'

    def problems(self) -> list[str]:
        """See Engine."""
        with self._explained():
            lines = [row[0] for row in self._connection.execute("PRAGMA quick_check")]
            lines += [
                f"table {table}: row {row} refers to a missing row of {parent}"
                for table, row, parent, _ in self._connection.execute("PRAGMA foreign_key_check")
            ]
        return [line for line in lines if line != "ok"]

    def close(self) -> None:
        """See Engine."""
        self._connection.close()

    def _roll_back(self) -> None:
        # SQLite has rolled back by itself after some errors (disk full, I/O).
        with suppress(sqlite3.Error):
            self._connection.execute("ROLLBACK")

    def _prepare(self) -> None:
        if self._number("user_version") != len(_migrations()):
            self._migrate()
        self._use_wal()
        # In WAL mode NORMAL cannot damage the file; a power cut may undo the last commits.
        for pragma in ("synchronous = NORMAL", "foreign_keys = ON"):
            self._connection.execute(f"PRAGMA {pragma}")

    def _migrate(self) -> None:
        with self.transaction():
            # Read again under the lock: another process may have migrated meanwhile.
            version = self._number("user_version")
            self._refuse_strangers(version)
            for number, (name, statements) in enumerate(_migrations()[version:], version + 1):
                for text in statements:
                    self._connection.execute(text)
                # Not Table.insert(), which would commit in sqlite-utils 3.
                record = {"number": number, "name": name, "applied": moment(datetime.now(UTC))}
                self.execute("add_migration", record)
            self._connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            self._connection.execute(f"PRAGMA user_version = {len(_migrations())}")

    def _refuse_strangers(self, version: int) -> None:
        empty = not self._connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        if not empty and self._number("application_id") != APPLICATION_ID:
            raise StoreError(
                f"{self.location!r} is a SQLite database of another application: name another file"
            )
        if version > len(_migrations()):
            raise StoreError(
                f"the memory {self.location!r} has schema {version}, this version of conftest-kit "
                f"knows {len(_migrations())}: upgrade conftest-kit"
            )

    def _use_wal(self) -> None:
        deadline = time.monotonic() + self._timeout_seconds
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL").fetchone()
            except sqlite3.OperationalError:
                # SQLite does not wait by itself where two processes do this at once.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return

    def _number(self, pragma: str) -> int:
        number: int = self._connection.execute(f"PRAGMA {pragma}").fetchone()[0]
        return number

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            name = getattr(error, "sqlite_errorname", "")
            remedy = next(
                (text for start, text in _REMEDIES.items() if name.startswith(start)),
                "nothing was deleted",
            ).format(seconds=self._timeout_seconds)
            raise StoreError(f"the memory {self.location!r}: {error}; {remedy}") from error


@cache
def _migrations() -> tuple[tuple[str, tuple[str, ...]], ...]:
    folder = files(__package__).joinpath("migrations")
    scripts = sorted((entry for entry in folder.iterdir()), key=lambda entry: entry.name)
    return tuple(
        (script.name, tuple(_statements(script.read_text("utf-8"))))
        for script in scripts
        if script.name.endswith(".sql")
    )


def _statements(script: str) -> Iterator[str]:
    # executescript() would commit the transaction that a migration belongs in.
    lines: list[str] = []
    for line in script.splitlines():
        lines.append(line)
        text = "\n".join(lines)
        if sqlite3.complete_statement(text):
            yield text
            lines.clear()
