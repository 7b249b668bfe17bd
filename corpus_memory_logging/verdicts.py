"""What reviews said of causes, run by run: to be read again, and to be replaced."""

from __future__ import annotations

from dataclasses import dataclass

from conftest_kit.records import Recording, attempt_from_json, run_from_json
from corpus_memory_logging import history
from corpus_memory_logging.keys import from_text, storable
from corpus_memory_logging.records import Cause, Culprit, Verdict
from corpus_memory_logging.rows import (
    OUTCOME_NUMBERS,
    occurrence_row,
    unpacked,
    unpacked_distributions,
)
from corpus_memory_logging.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the review of a run said of a cause."""

    run: int
    run_id: str
    cause_id: str
    signature: str
    title: str
    verdict: Verdict
    decided: bool
    """Whether a reviewer said what the cause is, which counts instead."""
    broken: frozenset[tuple[str, str]]
    """Node id and phase of its failures."""


def held(store: Store, *, since: str | None) -> list[Held]:
    """All of runs that started at `since` (RFC 3339) or later, the latest run first."""
    return [
        Held(
            run=row["run"],
            run_id=row["run_id"],
            cause_id=row["cause_id"],
            signature=row["signature"],
            title=row["title"],
            verdict=Verdict(
                category=row["category"],
                kind=row["kind"],
                culprit=Culprit(
                    type=row["culprit_type"],
                    name=row["culprit_name"],
                    version=row["culprit_version"],
                )
                if row["culprit_name"]
                else None,
                confidence=row["confidence"],
                evidence=tuple(from_text(row["evidence"])),
                rule=row["rule"],
            ),
            decided=bool(row["decided"]),
            broken=frozenset(
                (broken["nodeid"], broken["phase"])
                for broken in store.select("broken", run=row["run"], cause_id=row["cause_id"])
            ),
        )
        for row in store.select("verdicts", since=since)
    ]


def recording(store: Store, run: int) -> Recording:
    """A run as far as the memory holds it: its environment, the failures that had a cause, and its
    attempts without workers and phases. `distributions` is empty where the memory was never told.
    """
    row = store.select("recorded_run", run=run)[0]
    details = from_text(row["details"])
    document = {
        **{name: details[name] for name in _OF_RUN if name in details},
        **{name: row[name] for name in ("run_id", "started", "state", "exit_code")},
        "project": store.project,
        "finished": row["finished"] or "",
        "counts": from_text(row["counts"]),
    }
    names = {number: name for name, number in OUTCOME_NUMBERS.items()}
    return Recording(
        run=run_from_json(document)._replace(environment=history.run_of(store, run).environment),
        attempts=tuple(
            attempt_from_json({"nodeid": found["nodeid"], "outcome": names[found["outcome"]]})
            for found in store.select("outcomes", run=run)
        ),
        failures=tuple(
            unpacked(found["record"]) for found in store.select("recorded_failures", run=run)
        ),
        in_flight=tuple(details.get("in_flight", ())),
        distributions=unpacked_distributions(row["distributions"]),
    )


def replace(store: Store, run: int, cause: Cause) -> None:
    """What is said of a cause in a run from now on, and what is suggested for it: suggestions of
    rules that nobody judged give way to those of the cause. Decisions stay as they are.
    """
    cause_id = storable(cause.cause_id)
    started = store.select("recorded_run", run=run)[0]["started"]
    with store.transaction():
        store.execute("set_verdict", run=run, **occurrence_row(cause))
        store.execute("withdraw_proposals", run=run, cause_id=cause_id)
        store.propose(cause.suggestions, run=run, created=started, cause_id=cause_id)
        store.execute("forget_suggestions", cause_id=cause_id)


_OF_RUN = (
    *("host", "command", "directory", "root", "inifile", "pytest_counts", "collected"),
    *("coverage_percent", "warnings"),
)
"""What the memory keeps among the details of a run."""
