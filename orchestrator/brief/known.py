"""What is known of a run and its causes, gathered from the memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from conftest_kit.records import Failure, Frame, Run
from corpus_memory_logging import Filters, Store, environments, history, occurrences, queries
from corpus_memory_logging.lookup import named
from orchestrator.brief import reproduce
from orchestrator.checkout.project import Project
from orchestrator.failures.chain import decisive

MAX_CAUSES = 12
"""Causes of which a brief says more than one line: nobody mends more at once."""
_FAILURES = 30
"""Failures of a cause that are read whole: they failed for one reason."""
_ASKED_FOR = 12
"""Tests that one command names."""
_OWN = ("project", "test")
_REFUSED = ("rejected", "failed")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """A cause in one run, and what is known of it from all runs."""

    cause: Row
    """The keys of `queries.causes`."""
    tests: tuple[Row, ...] = ()
    """The keys of `occurrences.tests`."""
    failures: tuple[Failure, ...] = ()
    frames: tuple[Frame, ...] = ()
    """Where to look: own code, the deepest frame first."""
    suggestions: tuple[Row, ...] = ()
    """Best first, without those that were refused; the keys of `queries.suggestions`."""
    refused: tuple[Row, ...] = ()
    """What was tried and did not help, or a reviewer rejected."""
    decisions: tuple[Row, ...] = ()
    """The latest first; keys as in `queries.show`, with texts in `accepted` and `rejected`."""
    difference: Row | None = None
    """The keys of `environments.compared`, before which was green, and `passed`: whether tests of
    the cause passed then. None where no green run is known."""
    reproduce: str = ""
    """The command that shows it."""
    check: str = ""
    """The command that runs all that it broke, where that is more than `reproduce` names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """A run with its causes, or one of them."""

    run: Row
    """The keys of `queries.run`."""
    recorded: Run
    """The same with its environment."""
    is_of_cause: bool
    """Whether it is about one cause, of which the run is the last that had it."""
    causes: tuple[Occurrence, ...]
    """The biggest first. Beyond `MAX_CAUSES` they have nothing but `cause`."""
    findings: tuple[Row, ...] = ()
    reproduce: tuple[str, ...] = ()
    """The command that shows the first cause in one test, that which shows the first two …;
    where there is no cause, the run's own."""


def gather(store: Store, typed: str, *, project: Project) -> Brief:
    """The brief on a run or a cause, named by its id, a unique beginning of it, or `latest`.

    Of a cause it is about the last run that had it. Nothing is read but the memory.

    Raises:
        corpus_memory_logging.errors.UnknownId: the memory has no such run or cause.
        corpus_memory_logging.errors.StoreError: the memory refused.
    """
    kind, found = named(store, typed, ("run", "cause"))
    is_of_cause = kind == "cause"
    shown = queries.show(store, found["id"])["run_id"] if is_of_cause else found["id"]
    run = queries.run(store, shown)
    of_run = Filters(run=run["run_id"], limit=None)
    causes = [
        cause
        for cause in queries.causes(store, of_run)
        if not is_of_cause or cause["cause_id"] == found["id"]
    ]
    recorded = history.run_named(store, run["run_id"])
    told = [_occurrence(store, cause, run, recorded, project) for cause in causes[:MAX_CAUSES]]
    one_of_each = [[test["nodeid"] for test in one.tests[:1]] for one in told]
    return Brief(
        run=run,
        recorded=recorded,
        is_of_cause=is_of_cause,
        causes=(*told, *(Occurrence(cause=cause) for cause in causes[MAX_CAUSES:])),
        findings=() if is_of_cause else tuple(queries.findings(store, of_run)),
        reproduce=tuple(
            reproduce.command(project, run["details"], list(chain(*one_of_each[:number])))
            for number in range(1, len(told) + 1)
        )
        or (reproduce.command(project, run["details"], ()),),
    )


def _occurrence(store: Store, cause: Row, run: Row, recorded: Run, project: Project) -> Occurrence:
    cause_id, run_id, details = cause["cause_id"], run["run_id"], run["details"]
    shown = queries.show(store, cause_id)
    tests = tuple(occurrences.tests(store, cause_id, run_id=run_id))
    nodeids = list(dict.fromkeys(test["nodeid"] for test in tests if test["nodeid"]))
    failures = occurrences.failures(store, cause_id, run_id=run_id, limit=_FAILURES)
    files = reproduce.files(nodeids)
    return Occurrence(
        cause=cause,
        tests=tests,
        failures=failures,
        frames=tuple(_frames(failures)),
        suggestions=tuple(_standing(shown["suggestions"], run)),
        refused=tuple(row for row in shown["suggestions"] if row["status"] in _REFUSED),
        decisions=tuple(_decided(shown)),
        difference=_difference(store, nodeids, recorded),
        reproduce=reproduce.command(project, details, nodeids[:_ASKED_FOR]),
        check=reproduce.command(project, details, files if len(files) <= _ASKED_FOR else ())
        if len(nodeids) > _ASKED_FOR
        else "",
    )


def _frames(failures: Sequence[Failure]) -> Iterator[Frame]:
    """Of the first failure: own code from the deepest frame outwards, and below it what raised."""
    raised = decisive(failures[0]) if failures else None
    frames = raised.frames if raised else ()
    own = [frame for frame in reversed(frames) if frame.origin in _OWN]
    yield from dict.fromkeys(own)
    if frames and frames[-1] not in own:
        yield frames[-1]


def _standing(suggestions: Iterable[Row], run: Row) -> Iterator[Row]:
    """What worked or was accepted, and what is proposed since this run."""
    for row in suggestions:
        is_old = row["status"] == "proposed" and row["last_suggested"] < run["started"]
        if row["status"] not in _REFUSED and not is_old:
            yield row


def _decided(shown: Row) -> Iterator[Row]:
    """The decisions, the latest first, with what they accepted and rejected in words."""
    texts = {row["suggestion_id"]: row["text"] for row in shown["suggestions"]}
    for row in reversed(shown["decisions"]):
        chosen = {name: texts.get(row[name], row[name]) for name in ("accepted", "rejected")}
        yield {**row, **chosen}


def _difference(store: Store, nodeids: Sequence[str], run: Run) -> Row | None:
    green = history.last_green(store, nodeids, before=run.started)
    if green is None:
        return None
    return {**environments.compared(green.run, run), "passed": bool(green.passed)}
