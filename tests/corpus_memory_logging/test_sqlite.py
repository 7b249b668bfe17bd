from __future__ import annotations

import os
import re
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from corpus_memory_logging import StoreError, queries, sqlite
from corpus_memory_logging.statements import statement
from corpus_memory_logging.store import open_store

OPEN_AS_NOBODY = """
import os, sys
from corpus_memory_logging import StoreError, interactions
from corpus_memory_logging.statements import statement
from corpus_memory_logging.store import open_store
open_store(":memory:", project="demo").close()  # nobody may not read what root installed
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
try:
    with open_store(sys.argv[1], project="demo") as store:
        interactions.add(store, {"ritual": "x"}, time="2026")
except StoreError as error:
    print(error)
"""


@pytest.fixture
def path(tmp_path):
    """Where a memory may be."""
    return tmp_path / "memory.db"


def refusal(path, **options):
    """What is said instead of opening; nothing may have been deleted or changed."""
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StoreError) as refused:
        open_store(path, project="demo", **options)

    assert (path.read_bytes() if path.is_file() else None) == before
    return str(refused.value)


def test_opening_creates_folders_and_tables(tmp_path):
    """A memory is there after the first opening, in WAL mode."""
    path = tmp_path / "a" / "b" / "memory.db"
    with open_store(path, project="demo") as store:
        assert queries.runs(store) == []
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("SELECT number, name FROM migrations").fetchall() == [
            (1, "0001_first_tables.sql"),
            (2, "0002_findings_alerts_tallies.sql"),
            (3, "0003_what_was_learned.sql"),
            (4, "0004_readings.sql"),
        ]


def test_an_existing_memory_is_brought_up_to_date(path, make, monkeypatch):
    """A migration that came later is applied once, with its record, and what was there stays."""
    with open_store(path, project="demo") as store:
        store.remember(make.review())
    later = ("0009_later.sql", ("CREATE TABLE later (project INTEGER)",))
    migrations = (*sqlite._migrations(), later)
    monkeypatch.setattr(sqlite, "_migrations", lambda: migrations)

    for _ in range(2):
        with open_store(path, project="demo") as store:
            assert len(queries.runs(store)) == 1

    with closing(sqlite3.connect(path)) as connection:
        names = connection.execute("SELECT name FROM migrations ORDER BY number").fetchall()
    assert [name for (name,) in names][0::4] == ["0001_first_tables.sql", "0009_later.sql"]


def test_a_migration_that_fails_leaves_no_trace(path, monkeypatch):
    """Neither its tables nor its record, and the next version of it can be applied."""
    broken = ("0009_broken.sql", ("CREATE TABLE half (x)", "CREATE TABLE half (x)"))
    migrations = (*sqlite._migrations(), broken)
    with monkeypatch.context() as patch:
        patch.setattr(sqlite, "_migrations", lambda: migrations)
        with pytest.raises(StoreError, match="table half already exists"):
            open_store(path, project="demo")

    with open_store(path, project="demo") as store:
        assert store.problems() == []
    with closing(sqlite3.connect(path)) as connection:
        assert not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'half'").fetchall()


def test_a_newer_memory_is_refused(path):
    """Its schema is one that this version cannot know."""
    open_store(path, project="demo").close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")

    said = refusal(path)

    assert re.fullmatch(r"the memory '.*memory.db' has schema 99, .* knows 4: upgrade .*", said)


def test_another_application_s_database_is_refused(path):
    """It is not touched."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (x)")

    assert refusal(path) == (
        f"{str(path)!r} is a SQLite database of another application: name another file"
    )


def test_a_folder_is_refused(tmp_path):
    """With the advice to name a file."""
    assert refusal(tmp_path) == f"the memory {str(tmp_path)!r} is a folder: name a file in it"


def test_a_file_in_place_of_the_folder_is_refused(path):
    """The folder cannot be created."""
    path.write_text("in the way")

    said = refusal(path / "memory.db")

    assert said.startswith(f"cannot create the folder of the memory {str(path / 'memory.db')!r}: ")


@pytest.mark.parametrize("content", [b"not a database, but long enough to be one" * 9, b"\0" * 999])
def test_a_file_that_is_no_database_is_refused(path, content):
    """It is named, and left as it is."""
    path.write_bytes(content)

    assert "it is not a SQLite database: name another file, or move it away" in refusal(path)


def test_a_damaged_memory_says_so(path, make):
    """On reading, on writing and in the integrity check, never as a traceback of SQLite's."""
    with open_store(path, project="demo") as store:
        for number in range(30):
            store.remember(make.review(number))
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(os.urandom(size - 8192))

    with (
        pytest.raises(StoreError, match=r"memory\.db': .*; it is damaged: move it away and"),
        open_store(path, project="demo") as store,
    ):
        store.remember(make.review(31))


def test_a_locked_memory_says_so_after_its_time(path, make):
    """Readers go on meanwhile."""
    with (
        open_store(path, project="demo") as holder,
        holder.transaction(),
        open_store(path, project="demo", timeout_seconds=0.1) as store,
    ):
        assert queries.runs(store) == []
        with pytest.raises(StoreError, match=r"another process kept it locked for 0\.1 s: wait"):
            store.remember(make.review())


def test_a_new_project_cannot_begin_in_a_locked_memory(path):
    """The memory is closed again."""
    with (
        open_store(path, project="demo") as holder,
        holder.transaction(),
        pytest.raises(StoreError, match="database is locked; another process kept it locked"),
    ):
        open_store(path, project="another", timeout_seconds=0.1)


def test_a_memory_that_is_read_elsewhere_is_waited_for(path):
    """Where it must be brought into WAL mode first."""
    open_store(path, project="demo").close()
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("PRAGMA journal_mode = DELETE")
        holder.execute("BEGIN")
        holder.execute("SELECT * FROM runs").fetchall()

        with pytest.raises(StoreError, match="database is locked; another process kept it locked"):
            open_store(path, project="demo", timeout_seconds=0.1)


def test_a_full_disk_says_so(path, make):
    """Nothing of the review is kept, and the memory goes on once there is room."""
    with open_store(path, project="demo") as store:
        store.engine._connection.execute("PRAGMA max_page_count = 1")
        with pytest.raises(StoreError, match="disk is full; the disk is full: free some space"):
            store.remember(make.review(failures=(make.failure(text=os.urandom(99_999).hex()),)))
        store.engine._connection.execute("PRAGMA max_page_count = 999999")
        assert queries.runs(store) == []
        store.remember(make.review())
        assert store.problems() == []


def test_without_the_extra_it_says_what_to_install(path, monkeypatch):
    """The rest of the package works without an engine."""
    monkeypatch.setitem(sys.modules, "sqlite_utils", None)
    monkeypatch.delitem(sys.modules, "corpus_memory_logging.sqlite")

    with pytest.raises(StoreError) as refused:
        open_store(path, project="demo")

    assert str(refused.value) == (
        'the memory needs sqlite_utils: pip install "conftest-kit[orchestrator]"'
    )


def test_a_memory_that_is_being_created_elsewhere_is_waited_for(path):
    """Not longer than the time given."""
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")

        with pytest.raises(StoreError, match="database is locked; another process kept it locked"):
            open_store(path, project="demo", timeout_seconds=0.1)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are POSIX's")
@pytest.mark.parametrize(("folder", "file"), [(0o555, None), (0o555, 0o444), (0o755, 0o444)])
def test_a_memory_that_cannot_be_written_says_so(start, folder, file):
    """A read-only folder or file is named, with what to do."""
    with tempfile.TemporaryDirectory() as top:
        Path(top).chmod(0o755)
        place = Path(top, "logs")
        path = place / "memory.db"
        place.mkdir()
        if file:
            open_store(path, project="demo").close()
            path.chmod(file)
        place.chmod(folder)

        output, _ = start(OPEN_AS_NOBODY, path, cwd=None).communicate(timeout=60)
        place.chmod(0o755)

    assert output.startswith(f"the memory {str(path)!r}: ")
    assert "or name another place with --memory" in output


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("postgresql://ada:secret@db/x", "postgresql:// memories are not supported yet: name the"),
        (
            "postgres://db/x",
            "postgres:// memories are not supported yet: name the path of a SQLite",
        ),
        ("mysql://ada:secret@db/x", "no memory has an address that begins with mysql://: name a"),
    ],
)
def test_other_engines_are_refused(address, message):
    """By their kind; a password in the address is not repeated."""
    with pytest.raises(StoreError) as refused:
        open_store(address, project="demo")

    assert str(refused.value).startswith(message)
    assert "secret" not in str(refused.value)


def test_an_unknown_failure_of_the_database_names_it(path):
    """Whatever SQLite says comes with the path."""
    with open_store(path, project="demo") as store:
        store.engine._connection.execute("DROP VIEW interaction_log")

        with pytest.raises(
            StoreError, match=r"memory\.db': no such table: interaction_log; nothing"
        ):
            store.select("interaction_log")


def test_a_missing_row_is_found_by_the_check(path, make):
    """Integrity is that of the file and of the references between rows."""
    with open_store(path, project="demo") as store:
        store.remember(make.review())
        connection = store.engine._connection
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("DELETE FROM texts")

        found = store.problems()

    assert "table failures: row 1 refers to a missing row of texts" in found


def test_a_million_attempts_stay_small(path, make):
    """Measured: 46 bytes an attempt with its index; node ids in every row would take 237."""
    from conftest_kit.records import Attempt

    names = [f"tests/test_{number % 50}.py::test_{number}" for number in range(1000)]
    with open_store(path, project="demo") as store:
        for run in range(20):
            ran = tuple(
                Attempt(nodeid=name, outcome="passed", durations={"call": 0.0123}) for name in names
            )
            store.remember(make.review(run, attempts=ran))
        sizes = store.engine._connection.execute(
            "SELECT SUM(pgsize) FROM dbstat WHERE name LIKE 'attempts%'"
        )

        assert sizes.fetchone()[0] / 20_000 < 57


@pytest.mark.parametrize(
    ("name", "of"),
    [
        *((name, "") for name in ("recall", "last_passed", "tests_below", "run_number", "cause")),
        ("judged_suggestions", "cause_id"),
        ("judged_suggestions", "finding_id"),
        ("recall_finding", "finding_id"),
        ("alerts_of_fingerprint", ""),
        ("counted", ""),
    ],
)
def test_what_a_review_asks_is_found_by_key(path, name, of):
    """Never by going through a project: it is asked for each signature or test of a red run."""
    text = statement(name, {of: ""}, engine="sqlite")
    with open_store(path, project="demo") as store:
        parameters = dict.fromkeys(re.findall(r":(\w+)", text), "")
        plan = store.engine._connection.execute(f"EXPLAIN QUERY PLAN {text}", parameters)

        steps = [step[3] for step in plan]

    scans = [step for step in steps if step.startswith("SCAN") and step != "SCAN seen"]
    assert not scans
    assert not [step for step in steps if step.endswith("(project=?)")]
