from __future__ import annotations

import inspect
import logging
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

import corpus_memory_logging as memory

WRITE = """
import sys
import corpus_memory_logging as memory
worker, number = sys.argv[1], int(sys.argv[2])
for record in range(number):
    match record % 4:
        case 0: memory.log_interaction(f"{worker}-{record}", {}, {}, "ok")
        case 1: memory.log_suggestion(f"{worker}-{record}")
        case 2: memory.log_test_failure(f"{worker}-{record}", "logs/pytest.log")
        case 3: memory.log_ritual_result(f"{worker}-{record}", ["step"])
"""


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """The current folder: a project without settings."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_public_names():
    """What a caller may rely on."""
    assert memory.__all__ == sorted(memory.__all__)
    for name in memory.__all__:
        assert getattr(memory, name).__doc__


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("log_test_failure", "test, log_path, artifacts=None"),
        ("log_suggestion", "text, context=None"),
        (
            "log_interaction",
            (
                "input_text, intent, result, outcome, *, source_type=None, genre=None, "
                "instrument=None, feedback=None, rating=None"
            ),
        ),
        ("load_interactions", "limit=None"),
        ("log_ritual_result", "name, steps"),
        ("watchdog", ""),
    ],
)
def test_the_predecessor_s_functions_keep_their_arguments(name, arguments):
    """In their order, with their defaults."""
    signature = inspect.signature(getattr(memory, name))
    plain = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in signature.parameters.values()
    ]

    assert str(inspect.Signature(plain)) == f"({arguments})"


def test_everything_comes_back(project):
    """With the predecessor's keys, the oldest first; the functions themselves give nothing."""
    given = [
        memory.log_interaction(
            "hi", {"emotion": "calm"}, {"a": [1]}, "ok", genre="ambient", rating=0.0
        ),
        memory.log_suggestion("Pin numpy", {"failures": 2}),
        memory.log_suggestion("Pin numpy"),
        memory.log_test_failure("t.py::test_1", Path("logs/pytest.log"), [Path("htmlcov")]),
        memory.log_test_failure("t.py::test_2", "logs/pytest.log", []),
        memory.log_ritual_result("dawn", ["one", "two"]),
    ]

    records = memory.load_interactions()
    times = [datetime.fromisoformat(record.pop("timestamp")) for record in records]

    assert given == [None] * 6
    assert records == [
        {
            "input": "hi",
            "intent": {"emotion": "calm"},
            "result": {"a": [1]},
            "outcome": "ok",
            "emotion": "calm",
            "genre": "ambient",
            "rating": 0.0,
        },
        {"suggestion": "Pin numpy", "context": {"failures": 2}},
        {"suggestion": "Pin numpy"},
        {"test_failure": {"test": "t.py::test_1", "log": "logs/pytest.log", "artifacts": ["htmlcov"]}},
        {"test_failure": {"test": "t.py::test_2", "log": "logs/pytest.log"}},
        {"ritual": "dawn", "steps": ["one", "two"]},
    ]  # fmt: skip
    assert times == sorted(times)
    assert {time.tzinfo for time in times} == {UTC}
    assert (project / "logs" / "corpus_memory.db").is_file()


def test_a_new_memory_has_no_interactions():
    """Nothing was told yet."""
    assert memory.load_interactions(3) == []


def test_the_settings_say_where(project, monkeypatch):
    """As they do for the orchestrator."""
    monkeypatch.setenv("CONFTEST_KIT_MEMORY", "elsewhere.db")
    memory.log_ritual_result("dawn", [])

    assert (project / "elsewhere.db").is_file()
    assert not (project / "logs").exists()


def test_files_are_imported(project, caplog):
    """As many as are new; malformed lines are said."""
    path = project / "interactions.jsonl"
    path.write_text('{"ritual": "dawn"}\nbroken\n')

    assert memory.import_interactions(path) == 1
    assert memory.import_interactions(str(project)) == 0
    path.write_text('{"ritual": "dawn"}\n')
    assert memory.import_interactions(path) == 0
    assert caplog.messages == [
        f"{path}: left out 1 malformed lines",
        f"{project}: left out 1 malformed lines",
    ]


def test_the_watchdog_is_quiet_where_all_is_well(caplog):
    """It gives nothing and says nothing."""
    memory.log_ritual_result("dawn", [])

    assert memory.watchdog() is None
    assert caplog.messages == []


def test_the_watchdog_says_what_is_wrong(project, caplog):
    """As an error of the log, with the predecessor's event; nothing is deleted."""
    memory.log_suggestion("Pin numpy")
    with closing(sqlite3.connect(project / "logs" / "corpus_memory.db")) as connection:
        connection.execute("DELETE FROM texts")
        connection.commit()

    memory.watchdog()

    (record,) = caplog.records
    assert (record.levelno, record.event) == (logging.ERROR, "corpus_watchdog")
    assert record.getMessage().endswith("refers to a missing row of texts")


def test_six_processes_lose_nothing(project, start):
    """400 records each, of every kind, into a memory that none of them finds."""
    workers = [start(WRITE, worker, 400, cwd=project) for worker in range(6)]
    outputs = [process.communicate(timeout=300)[0] for process in workers]

    assert outputs == [""] * 6
    told = {str(record) for record in memory.load_interactions()}
    assert len(told) == 2400
    memory.watchdog()
