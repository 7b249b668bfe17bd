"""What a run is compared with: the runs before it, and what the memory itself holds of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from conftest_kit.records import Run, run_from_json
from corpus_memory_logging.engine import Partition, Row
from corpus_memory_logging.keys import from_text, key, moment_of, storable, to_text
from corpus_memory_logging.lookup import named
from corpus_memory_logging.records import Green, PastRun
from corpus_memory_logging.rows import OUTCOME_NUMBERS

_TESTS = 20
"""Tests of a cause that are looked up: they failed for one reason, and few passed alone."""
_RUNS = 30
"""Runs that are looked at: with 10,000 tests each 0.3 s of CPU time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the memory holds of one run."""

    counts: Mapping[str, int]
    """As its record said when it was remembered."""
    exit_code: int | None
    attempts: Mapping[str, int]
    """Rows by outcome."""


def past_runs(memory: Partition, run_id: str, nodeids: Iterable[str]) -> tuple[PastRun, ...]:
    """The complete runs that were remembered before the first review of `run_id`, the one that
    started last first, at most 30. `nodeids` are the tests that the run executed.
    """
    number = memory.first("run_number", run_id=storable(run_id))
    tests = [key(memory.project, storable(nodeid)) for nodeid in nodeids]
    found = memory.select(
        "past_runs", before=number and number["run"], tests=to_text(tests), limit=_RUNS
    )
    return tuple(_past_run(row) for row in found)


def last_green(memory: Partition, nodeids: Iterable[str], *, before: str) -> Green | None:
    """The run remembered last in which one of the tests passed, else the last that was green, with
    its environment; None where there is none. Only runs that started before `before` (RFC 3339,
    where it is known) count, and of the tests the first 20.
    """
    limit = moment_of(before)
    passed: dict[int, set[str]] = {}
    for nodeid in islice(nodeids, _TESTS):
        test = key(memory.project, storable(nodeid))
        if row := memory.first("last_passed", test=test, before=limit):
            passed.setdefault(row["run"], set()).add(nodeid)
    if passed:
        last = max(passed)
        run, workers = _run_and_workers(memory, last)
        return Green(run=run, passed=frozenset(passed[last]), workers=workers)
    green = memory.first("last_green", before=limit)
    return Green(run=run_of(memory, green["run"])) if green else None


def run_of(memory: Partition, run: int) -> Run:
    """A run that the memory holds by its number: id, start, environment, what git said, how and
    where it was started, and how many tests it had.
    """
    return _run_and_workers(memory, run)[0]


def _run_and_workers(memory: Partition, run: int) -> tuple[Run, int]:
    row = memory.select("environment_of", run=run)[0]
    dirty = row["dirty"]
    git = {
        "commit": row["commit_id"],
        "branch": row["branch"],
        "dirty": None if dirty is None else bool(dirty),
    }
    details = from_text(row["details"])
    content = {
        **from_text(row["content"]),
        "git": git,
        "random_seed": details.get("random_seed"),
        "ci": details.get("ci") or {},
    }
    kept = ("host", "command", "directory", "root", "collected")
    document = {
        "run_id": row["run_id"],
        "started": row["started"],
        "environment": content,
        **{name: details[name] for name in kept if details.get(name)},
    }
    return run_from_json(document), details.get("workers") or 0


def run_named(memory: Partition, typed: str) -> Run:
    """The run of an id, of a unique beginning of one, or the `latest`; as `run_of` gives it.

    Raises:
        UnknownId: the memory has no such run.
    """
    return run_of(memory, named(memory, typed, ("run",))[1]["run"])


def outcomes(memory: Partition, run: int) -> dict[str, str]:
    """What became of each test in a run that the memory holds: the outcome of its last attempt."""
    names = {number: name for name, number in OUTCOME_NUMBERS.items()}
    return {row["nodeid"]: names[row["outcome"]] for row in memory.select("outcomes", run=run)}


def usual_durations(memory: Partition, runs: Iterable[PastRun]) -> dict[str, float]:
    """How many seconds each test took on the average in those runs."""
    numbers = to_text([past.run for past in runs])
    return {row["nodeid"]: row["seconds"] for row in memory.select("usual_durations", runs=numbers)}


def held(memory: Partition, run_id: str) -> Held | None:
    """What the memory holds of a run; None where it does not have it."""
    rows = memory.select("counted", run_id=storable(run_id))
    if not rows:
        return None
    names = {number: name for name, number in OUTCOME_NUMBERS.items()}
    return Held(
        counts=from_text(rows[0]["counts"]),
        exit_code=rows[0]["exit_code"],
        attempts={
            names[row["outcome"]]: row["attempts"] for row in rows if row["outcome"] is not None
        },
    )


def _past_run(row: Row) -> PastRun:
    details: Mapping[str, Any] = from_text(row["details"])
    ci: Mapping[str, str] = details.get("ci") or {}
    return PastRun(
        run=row["run"],
        run_id=row["run_id"],
        started=row["started"],
        seconds=_seconds(row["started"], row["finished"]),
        green=row["exit_code"] == 0,
        commit=row["commit_id"],
        branch=row["branch"] or ci.get("branch", ""),
        ci=ci.get("provider", ""),
        workers=details.get("workers", 0),
        coverage_percent=details.get("coverage_percent"),
        tests=row["tests"],
        shared=row["shared"],
        command=tuple(details.get("command") or ()),
        measured=details.get("measured") or {},
    )


def _seconds(started: str, finished: str | None) -> float | None:
    if finished is None:
        return None
    return (datetime.fromisoformat(finished) - datetime.fromisoformat(started)).total_seconds()
