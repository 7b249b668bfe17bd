"""What a cause broke in one run: the tests, and the failures whole."""

from __future__ import annotations

from conftest_kit.records import Failure
from corpus_memory_logging.engine import Partition, Row
from corpus_memory_logging.lookup import named
from corpus_memory_logging.rows import unpacked


def tests(memory: Partition, cause_id: str, *, run_id: str) -> list[Row]:
    """What the cause broke in the run, in the order in which it failed.

    Keys: nodeid (empty for pytest itself), phase, subtest (or null), attempts (that failed).

    Raises:
        UnknownId: the memory does not have the run.
    """
    return memory.select("failing_tests", cause_id=cause_id, run=_number(memory, run_id))


def failures(memory: Partition, cause_id: str, *, run_id: str, limit: int) -> tuple[Failure, ...]:
    """The first failures of the cause in the run, whole as they were recorded.

    Raises:
        UnknownId: the memory does not have the run.
    """
    rows = memory.select(
        "failure_records", cause_id=cause_id, run=_number(memory, run_id), limit=limit
    )
    return tuple(unpacked(row["record"]) for row in rows)


def _number(memory: Partition, run_id: str) -> int:
    number: int = named(memory, run_id, ("run",))[1]["run"]
    return number
