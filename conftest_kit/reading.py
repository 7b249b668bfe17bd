"""Reads back what a run left in its directory. PYTEST_DONT_REWRITE"""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from conftest_kit import records
from conftest_kit.documents import parse
from conftest_kit.records import Distribution, Recording
from conftest_kit.rundir import DISTRIBUTIONS_FILE, RECORDS_FILE, read_run


def read(path: Path) -> Recording:
    """What the run directory `path` holds, even if the run died halfway.

    Raises:
        UnreadableRun: `path` has no readable `run.json`. Damaged records never raise; their lines
            are counted.
    """
    run = read_run(path)
    found: dict[str, list[Any]] = {
        kind: [] for kind in ("start", "attempt", "failure", "skip", "malformed")
    }
    for line in _lines(path):
        try:
            for kind, value in _record(parse(line)):
                found[kind].append(value)
        except (ValueError, KeyError, RecursionError):
            found["malformed"].append(line)
    in_flight = Counter(found["start"])
    in_flight.subtract(attempt.nodeid for attempt in found["attempt"])
    return Recording(
        run=run,
        attempts=tuple(found["attempt"]),
        failures=tuple(found["failure"]),
        skips=tuple(found["skip"]),
        in_flight=tuple(nodeid for nodeid, count in in_flight.items() if count > 0),
        distributions=_distributions(path / DISTRIBUTIONS_FILE),
        malformed_lines=len(found["malformed"]),
    )


def _lines(path: Path) -> Iterator[bytes]:
    with contextlib.suppress(OSError), (path / RECORDS_FILE).open("rb") as file:
        yield from file


def _record(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The record with its kind, of a `start` the node id; nothing where it is of no known kind."""
    kind = document.get("$record")
    if kind == "start":
        nodeid = document["nodeid"]
        if not isinstance(nodeid, str):
            raise ValueError(f"not a text: {nodeid!r:.80}")
        yield "start", nodeid
    elif kind == "attempt":
        yield "attempt", records.attempt_from_json(document)
    elif kind == "failure":
        yield "failure", records.failure_from_json(document)
    elif kind == "skip":
        yield "skip", records.skip_from_json(document)


def _distributions(path: Path) -> tuple[Distribution, ...]:
    try:
        documents = json.loads(path.read_bytes())
        return tuple(records.distribution_from_json(document) for document in documents)
    except (OSError, ValueError, TypeError, RecursionError):
        return ()
