"""What tests leave behind in their process is recorded with those that fail later."""

from __future__ import annotations

import pytest

from conftest_kit.leftovers import MAX_LEFT
from conftest_kit.records import Failure, Left

LEAVING = """
    import os

    def test_sets(): os.environ["SHOP_URL"] = "s3cr3t-place"
    def test_changes(): os.environ["SHOP_MODE"] = "fast"
    def test_removes(): del os.environ["SHOP_KEY"]
    def test_cleans_up(monkeypatch, tmp_path):
        monkeypatch.setenv("SHOP_OTHER", "x")
        monkeypatch.chdir(tmp_path)
    def test_fails(): assert 0
"""


@pytest.fixture
def _variables(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SHOP_MODE", "slow")
    monkeypatch.setenv("SHOP_KEY", "1")


def told(failure: Failure) -> list[Left]:
    """What is said to be left, without the fixtures of those who left it."""
    return [one._replace(fixtures=()) for one in failure.left]


def one_process(workers: str) -> tuple[str, ...]:
    """With xdist in one worker: what tests leave stays in theirs."""
    return () if workers == "-n0" else ("-n1",)


@pytest.mark.usefixtures("_variables")
def test_variables(record, workers: str):
    """By name and with the test that left it so; no value, and nothing that was taken back."""
    run = record(*one_process(workers), test_it=LEAVING)

    assert told(run.failure) == [
        Left("variable", "SHOP_URL", "set", "test_it.py::test_sets"),
        Left("variable", "SHOP_MODE", "changed", "test_it.py::test_changes"),
        Left("variable", "SHOP_KEY", "removed", "test_it.py::test_removes"),
    ]
    assert b"s3cr3t-place" not in (run.paths[0] / "records.ndjson").read_bytes()


def test_the_current_folder(record, workers: str):
    """By its place in the project; one that is gone has no name."""
    run = record(
        *one_process(workers),
        test_it="""
            import os
            def test_goes(): os.mkdir("sub"); os.chdir("sub")
            def test_there(): assert 0
            def test_deletes(): os.rmdir(os.getcwd())
            def test_nowhere(): assert 0
            def test_back(request): os.chdir(request.config.rootpath)
            def test_here(): assert 0
        """,
    )

    there, nowhere, here = run.recording.failures
    assert told(there) == [Left("folder", "sub", "changed", "test_it.py::test_goes")]
    assert told(nowhere) == [Left("folder", "", "removed", "test_it.py::test_deletes")]
    assert told(here) == []


def test_logging_that_is_switched_off(record, workers: str):
    """Up to which level, and no more where it was switched on again."""
    run = record(
        *one_process(workers),
        test_it="""
            import logging
            def test_silences(): logging.disable(logging.ERROR)
            def test_silent(): assert 0
            def test_speaks(): logging.disable(logging.NOTSET)
            def test_loud(): assert 0
        """,
    )

    silent, loud = run.recording.failures
    assert told(silent) == [Left("logging", "ERROR", "changed", "test_it.py::test_silences")]
    assert told(loud) == []


def test_what_is_set_before_the_tests(record):
    """What modules set when they are imported, and the test itself, is nobody's leaving."""
    run = record(
        conftest="import os; os.environ['SHOP_A'] = '1'",
        test_it="""
            import os
            os.environ["SHOP_B"] = "1"
            def test_passes(): pass
            def test_fails(): os.environ["SHOP_C"] = "1"; assert 0
        """,
    )

    assert run.failure.left == ()


def test_what_is_changed_again(record):
    """Only what is still as it was left."""
    run = record(
        test_it="""
            import os
            def test_sets(): os.environ["SHOP_A"] = os.environ["SHOP_B"] = "1"
            def test_takes_back(): del os.environ["SHOP_A"]
            def test_fails(monkeypatch): monkeypatch.setenv("SHOP_B", "2"); assert 0
        """,
    )

    assert run.failure.left == ()


def test_a_tear_down_that_fails(record):
    """What its test left is known to later ones, and pytest's own variable is not."""
    run = record(
        test_it="""
            import os, pytest
            @pytest.fixture
            def broken():
                yield
                os.environ["SHOP_A"] = "1"
                raise OSError
            def test_leaves(broken): pass
            def test_fails(): assert 0
        """,
    )

    assert [
        [(left.name, left.fixtures) for left in one.left] for one in run.recording.failures
    ] == [
        [],
        [("SHOP_A", ("broken",))],
    ]


def test_is_bounded(record):
    """The latest, where it is much."""
    run = record(
        test_it="""
            import os
            def test_sets(): os.environ.update({f"SHOP_{n:03}": "1" for n in range(100)})
            def test_more(): os.environ["SHOP_LAST"] = "1"
            def test_fails(): assert 0
        """,
    )

    assert len(run.failure.left) == MAX_LEFT
    assert run.failure.left[-1].name == "SHOP_LAST"
