"""What people ask the memory: lists of runs, causes, failures, suggestions, and one of them whole.

Every list is made of plain dictionaries, fit for JSON, with all documented keys always present;
times are RFC 3339 in UTC. `culprit` is `{"type", "name", "version"}` or null.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

from conftest_kit.records import to_json
from corpus_memory_logging import alerts, environments, trials
from corpus_memory_logging.engine import Partition, Row
from corpus_memory_logging.filters import Filters, parameters
from corpus_memory_logging.keys import from_text
from corpus_memory_logging.lookup import named
from corpus_memory_logging.rows import unpacked

EVERYTHING = Filters()
_NAMED = 3
"""How many tests a list of causes names of each."""
_SHOWN = 20
"""How many of each thing `show` lists at the most."""


def runs(
    memory: Partition, filters: Filters = EVERYTHING, *, now: datetime | None = None
) -> list[dict[str, Any]]:
    """Runs, the one that started last first; with `category`, … those that had such a cause.

    Keys: run_id, started, finished, reviewed, state, exit_code, counts (outcome to number), commit,
    branch, dirty, host, environment (id), archive (path or null), causes, new_causes, failures,
    findings, alerts (numbers of each).

    Raises:
        QueryError: a filter has a value that is not allowed.
    """
    return [_run(row) for row in memory.select("runs", **_asked(memory, filters, "runs", now))]


def run(memory: Partition, typed: str) -> dict[str, Any]:
    """One run, by its id, a unique beginning of it, or `latest`: the keys of `runs` and `details`
    (command, directory, root, CI, seed, warnings, …).

    Raises:
        UnknownId: the memory has no such run.
    """
    row = memory.select("runs", run=named(memory, typed, ("run",))[1]["run"])[0]
    return {**_run(row), "details": from_text(row["details"])}


def causes(
    memory: Partition, filters: Filters = EVERYTHING, *, now: datetime | None = None
) -> list[dict[str, Any]]:
    """Causes, the one seen last first, of one run the biggest first.

    What the review said is of the run asked for, else of the last one that had the cause.

    Keys: cause_id, signature, title, status, category, kind, culprit, confidence, rule, evidence
    (list), known, run_id, failures (number in that run), tests (the first few that failed in it,
    without parameters), prevented (node ids), first_seen, last_seen, occurrences (runs that had
    it), note, fix, suggestion (text of the best one or null).

    Raises:
        QueryError: a filter has a value that is not allowed.
    """
    found = [
        _cause(row) for row in memory.select("causes", **_asked(memory, filters, "causes", now))
    ]
    return [_with_best(memory, {**cause, "tests": _tests(memory, cause)}) for cause in found]


def failures(
    memory: Partition, filters: Filters = EVERYTHING, *, now: datetime | None = None
) -> list[dict[str, Any]]:
    """Failures, the latest first; those told to log_test_failure() have no run and no cause.

    Keys: failure_id, run_id, time, nodeid, phase, attempt, subtest, exception (type of the
    root), message, cause_id, title, status (the cause's), category, kind, culprit, known.

    Raises:
        QueryError: a filter has a value that is not allowed.
    """
    asked = _asked(memory, filters, "failures", now)
    return [_failure(row) for row in memory.select("failures", **asked)]


def suggestions(
    memory: Partition, filters: Filters = EVERYTHING, *, now: datetime | None = None
) -> list[dict[str, Any]]:
    """Suggestions, those for the cause seen last first, of one cause the best first; with a run,
    those that its review made. Those for a finding have its id in place of the cause's, its kind
    and its text; those told to log_suggestion() have neither.

    Keys: suggestion_id, text, commands (list), source, confidence, status, origin, checklist,
    context (what log_suggestion was told), created, last_suggested, run_id (the last that
    made it), cause_id, finding_id, title, cause_status, category, kind, culprit, known, success
    (how often suggestions of its kind were followed by green: {judged, green} as `trials.successes`
    counts them, or null where too little is known).

    Raises:
        QueryError: a filter has a value that is not allowed.
    """
    asked = _asked(memory, filters, "suggestions", now)
    return _suggestions(memory, memory.select("suggestions", **asked))


def findings(
    memory: Partition, filters: Filters = EVERYTHING, *, now: datetime | None = None
) -> list[dict[str, Any]]:
    """Findings, the one seen last first; filters that only causes and tests have do not count.

    What the review said is of the run asked for, else of the last one that had the finding.

    Keys: finding_id, kind, text, evidence (list), known, run_id, status, note, fix, first_seen,
    last_seen, occurrences (runs that had it), suggestion (text of the best one or null).

    Raises:
        QueryError: a filter has a value that is not allowed.
    """
    asked = _asked(memory, filters, "findings", now)
    return [_with_best(memory, _finding(row)) for row in memory.select("findings", **asked)]


def artifacts(memory: Partition, typed: str) -> list[dict[str, Any]]:
    """The files kept with a run, by name.

    Keys: run_id, name (within the archive), size, sha256, archive (path).

    Raises:
        UnknownId: the memory has no such run.
    """
    return memory.select("artifacts", run=named(memory, typed, ("run",))[1]["run"])


def show(memory: Partition, typed: str) -> dict[str, Any]:
    """A run, cause, failure, suggestion, finding or alert with its history.

    It is named by its id, a unique beginning of that, or for a run `latest`. `type` says which it
    is; of a cause the latest 20 of each are listed.

    run: the keys of `runs`, `details` (command, directory, root, CI, seed, warnings, …),
    `environment` (as in a cause), `causes`, `failures`, `suggestions`, `findings` (as in the
    lists), `artifacts` (run_id, name, size, sha256, archive), `alerts` (as `alerts.of_run` gives
    them).

    cause: the keys of `causes`, `runs` (as in the list), `environments` (environment, python,
    platform, first_seen, last_seen, runs (number), changes: what differs from the one before, a
    list of {name, before, after}), `failures`, `suggestions`, `decisions` (time, reviewer, status,
    category, culprit, note, fix, accepted, rejected, run_id: set where the memory itself reopened
    the cause because of that run), `artifacts`.

    failure: the keys of `failures`, `record` (the whole failure as in records.ndjson, or null),
    `context` (log and artifacts as log_test_failure() was told, or null), `cause` (as in the list,
    or null), `suggestions`, `artifacts` (of its run).

    suggestion: the keys of `suggestions`, `cause` and `finding` (as in the lists, or null),
    `decisions` (those that accepted or rejected it), `runs` (those that had what it is for).

    finding: the keys of `findings`, `runs`, `suggestions` (as in the lists), `decisions` (as in a
    cause).

    alert: the keys of `alerts.of_run`, `runs` (the one that it speaks of, where the memory has it).

    Raises:
        UnknownId: nothing has that id, or several have; the message names them.
    """
    kind, found = named(memory, typed)
    if kind == "run":
        return {"type": kind, **_show_run(memory, found["run"])}
    shown = {
        "cause": _show_cause,
        "failure": _show_failure,
        "suggestion": _show_suggestion,
        "finding": _show_finding,
        "alert": _show_alert,
    }
    return {"type": kind, **shown[kind](memory, found["id"])}


def _show_run(memory: Partition, run: int) -> dict[str, Any]:
    row = memory.select("runs", run=run)[0]
    return {
        **_run(row),
        "details": from_text(row["details"]),
        "environment": environments.of_runs(memory, [row])[0],
        "causes": [_cause(found) for found in memory.select("causes", run=run)],
        "failures": [_failure(found) for found in memory.select("failures", run=run)],
        "suggestions": _suggestions(memory, memory.select("suggestions", run=run)),
        "findings": [_finding(found) for found in memory.select("findings", run=run)],
        "artifacts": memory.select("artifacts", run=run),
        "alerts": alerts.of_run(memory, row["run_id"]),
    }


def _show_cause(memory: Partition, cause_id: str) -> dict[str, Any]:
    of_cause = {"cause_id": cause_id}
    rows = memory.select("runs", verdict=True, **of_cause)
    return {
        **_cause(memory.select("causes", **of_cause)[0]),
        "runs": [_run(row) for row in rows[:_SHOWN]],
        "environments": environments.of_runs(memory, rows),
        "failures": [_failure(row) for row in memory.select("failures", limit=_SHOWN, **of_cause)],
        "suggestions": _suggestions(memory, memory.select("suggestions", limit=_SHOWN, **of_cause)),
        "decisions": memory.select("decisions", **of_cause),
        "artifacts": memory.select("artifacts", limit=_SHOWN, **of_cause),
    }


def _show_failure(memory: Partition, failure_id: str) -> dict[str, Any]:
    row = memory.select("failures", failure_id=failure_id)[0]
    record = memory.select("failure_record", failure_id=failure_id)[0]["record"]
    cause_id, run = row["cause_id"], row["run"]
    return {
        **_failure(row),
        "record": to_json(unpacked(record)) if record else None,
        "context": from_text(row["context"]),
        "cause": _cause(memory.select("causes", cause_id=cause_id, run=run)[0])
        if cause_id
        else None,
        "suggestions": _suggestions(memory, memory.select("suggestions", cause_id=cause_id))
        if cause_id
        else [],
        "artifacts": memory.select("artifacts", run=run) if run else [],
    }


def _show_suggestion(memory: Partition, suggestion_id: str) -> dict[str, Any]:
    row = memory.select("suggestions", suggestion_id=suggestion_id)[0]
    (listed,) = _suggestions(memory, [row])
    shown = {**listed, "cause": None, "finding": None, "decisions": [], "runs": []}
    if cause_id := row["cause_id"]:
        shown["cause"] = _cause(memory.select("causes", cause_id=cause_id)[0])
        decisions = memory.select("decisions", cause_id=cause_id)
        found = memory.select("runs", verdict=True, limit=_SHOWN, cause_id=cause_id)
    elif finding_id := row["finding_id"]:
        shown["finding"] = _finding(memory.select("findings", finding_id=finding_id)[0])
        decisions = memory.select("finding_decisions", finding_id=finding_id)
        found = memory.select("runs", limit=_SHOWN, finding_id=finding_id)
    else:
        return shown
    shown["decisions"] = [
        decision
        for decision in decisions
        if suggestion_id in (decision["accepted"], decision["rejected"])
    ]
    shown["runs"] = [_run(run) for run in found]
    return shown


def _show_finding(memory: Partition, finding_id: str) -> dict[str, Any]:
    of_finding = {"finding_id": finding_id}
    return {
        **_finding(memory.select("findings", **of_finding)[0]),
        "runs": [_run(row) for row in memory.select("runs", limit=_SHOWN, **of_finding)],
        "suggestions": _suggestions(
            memory, memory.select("suggestions", limit=_SHOWN, **of_finding)
        ),
        "decisions": memory.select("finding_decisions", **of_finding),
    }


def _show_alert(memory: Partition, alert_id: str) -> dict[str, Any]:
    alert = alerts.one(memory, alert_id)
    run = memory.first("run_number", run_id=alert["run_id"]) if alert["run_id"] else None
    found = memory.select("runs", run=run["run"]) if run else []
    return {**alert, "runs": [_run(row) for row in found]}


def _asked(memory: Partition, filters: Filters, name: str, now: datetime | None) -> dict[str, Any]:
    return parameters(memory, filters, name, now=now or datetime.now(UTC))


def _run(row: Row) -> dict[str, Any]:
    details = from_text(row["details"])
    return {
        "run_id": row["run_id"],
        "started": row["started"],
        "finished": row["finished"],
        "reviewed": row["reviewed"],
        "state": row["state"],
        "exit_code": row["exit_code"],
        "counts": from_text(row["counts"]),
        "commit": row["commit_id"],
        "branch": row["branch"],
        "dirty": None if row["dirty"] is None else bool(row["dirty"]),
        "host": details.get("host", ""),
        "environment": environments.identify(row["environment"]),
        "archive": row["archive"],
        **{name: row[name] for name in ("causes", "new_causes", "failures", "findings", "alerts")},
    }


def _verdict(row: Row) -> dict[str, Any]:
    name = row["culprit_name"]
    culprit = {"type": row["culprit_type"], "name": name, "version": row["culprit_version"]}
    return {
        "category": row["category"],
        "kind": row["kind"],
        "culprit": culprit if name else None,
        "known": None if row["known"] is None else bool(row["known"]),
    }


def _cause(row: Row) -> dict[str, Any]:
    plain = (
        *("cause_id", "signature", "title", "status", "confidence", "rule", "run_id", "failures"),
        *("first_seen", "last_seen", "occurrences", "note", "fix"),
    )
    return {
        **{name: row[name] for name in plain},
        **_verdict(row),
        "evidence": from_text(row["evidence"]),
        "prevented": from_text(row["prevented"]),
    }


def _finding(row: Row) -> dict[str, Any]:
    plain = (
        *("finding_id", "kind", "text", "status", "run_id", "first_seen", "last_seen"),
        *("occurrences", "note", "fix"),
    )
    return {
        **{name: row[name] for name in plain},
        "known": bool(row["known"]),
        "evidence": from_text(row["evidence"]),
    }


def _with_best(memory: Partition, listed: dict[str, Any]) -> dict[str, Any]:
    of = {name: listed[name] for name in ("cause_id", "finding_id") if name in listed}
    best = memory.first("suggestions", limit=1, **of)
    stands = best and best["status"] not in {"rejected", "failed"}
    return {**listed, "suggestion": best["text"] if best and stands else None}


def _tests(memory: Partition, cause: dict[str, Any]) -> list[str]:
    of = {name: cause[name] for name in ("cause_id", "run_id")}
    nodeids = (row["nodeid"] for row in memory.select("tests_of_cause", **of))
    return list(dict.fromkeys(nodeid.partition("[")[0] for nodeid in nodeids))[:_NAMED]


def _failure(row: Row) -> dict[str, Any]:
    plain = (
        *("failure_id", "run_id", "time", "nodeid", "phase", "attempt", "subtest", "exception"),
        *("message", "cause_id", "title", "status"),
    )
    return {**{name: row[name] for name in plain}, **_verdict(row)}


def _suggestions(memory: Partition, rows: Iterable[Row]) -> list[dict[str, Any]]:
    known = cache(partial(trials.success, memory))
    found = []
    for row in rows:
        success = known(row["source"], row["origin"])
        found.append({**_suggestion(row), "success": asdict(success) if success else None})
    return found


def _suggestion(row: Row) -> dict[str, Any]:
    plain = (
        *("suggestion_id", "text", "source", "confidence", "status", "origin", "checklist"),
        *("created", "last_suggested", "run_id", "cause_id", "finding_id", "title"),
        "cause_status",
    )
    shown = {
        **{name: row[name] for name in plain},
        **_verdict(row),
        "commands": from_text(row["commands"]),
        "context": from_text(row["context"]),
    }
    if row["finding_id"]:
        shown |= {"kind": row["finding_kind"], "known": bool(row["finding_known"])}
    return shown
