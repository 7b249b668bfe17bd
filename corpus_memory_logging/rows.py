"""A review as rows of the tables: pure, and the only place that knows both sides."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

from conftest_kit.records import (
    Attempt,
    Distribution,
    Environment,
    Failure,
    Run,
    distribution_from_json,
    failure_from_json,
    to_json,
)
from corpus_memory_logging.engine import Row
from corpus_memory_logging.keys import identifier, key, moment, moment_of, storable, to_text
from corpus_memory_logging.records import Artifact, Cause, Finding, Review, Suggestion

# Stored for good: append, never renumber.
OUTCOME_NUMBERS = {
    "passed": 0,
    "failed": 1,
    "error": 2,
    "skipped": 3,
    "xfailed": 4,
    "xpassed": 5,
    "rerun": 6,
}


def started(run: Run, now: datetime) -> str:
    """When a run started, as well as the record says; `now` where it says nothing."""
    return moment_of(run.started) or moment_of(run.finished) or moment(now)


def environment_row(project: str, environment: Environment) -> Row:
    """What runs share of an environment; git, CI and the seed differ from run to run."""
    document = to_json(environment)
    content = to_text(
        {name: document[name] for name in document if name not in {"git", "ci", "random_seed"}}
    )
    return {"environment": key(project, "environment", content), "content": content}


def run_row(review: Review, *, now: datetime) -> Row:
    """The row of a run without its number and environment."""
    run = review.recording.run
    git = run.environment.git
    details = {
        "host": run.host,
        "command": run.command,
        "directory": run.directory,
        "root": run.root,
        "inifile": run.inifile,
        "pytest_counts": run.pytest_counts,
        "collected": run.collected,
        "coverage_percent": run.coverage_percent,
        "ci": run.environment.ci,
        "random_seed": run.environment.random_seed,
        "warnings": [*run.warnings, *review.warnings],
        "in_flight": review.recording.in_flight,
        "malformed_lines": review.recording.malformed_lines,
        "workers": len({attempt.worker for attempt in review.recording.attempts} - {None}),
        "measured": dict(review.measured),
    }
    dirty = git.get("dirty")
    return {
        "run_id": storable(run.run_id),
        "started": started(run, now),
        "finished": moment_of(run.finished),
        "reviewed": moment(now),
        "state": storable(run.state),
        "exit_code": run.exit_code,
        "counts": to_text(run.counts),
        "commit_id": _optional(git.get("commit")),
        "branch": _optional(git.get("branch")),
        "dirty": None if dirty is None else int(bool(dirty)),
        "archive": _optional(review.archive),
        "details": to_text({name: value for name, value in details.items() if value}),
    }


def text_row(project: str, text: str) -> Row:
    """A text and the key that stands for it."""
    content = storable(text)
    return {"text": key(project, content), "content": content}


def nodeid_row(project: str, nodeid: str) -> Row:
    """A node id and the key that stands for it."""
    name = storable(nodeid)
    return {"test": key(project, name), "nodeid": name}


def attempt_rows(project: str, attempts: Iterable[Attempt]) -> Iterator[Row]:
    """One row for each attempt; two of one test with one number (`--dist each`) are both kept.

    An outcome that only another version knows is left out.
    """
    taken: set[tuple[int, int]] = set()
    for attempt in attempts:
        if attempt.outcome not in OUTCOME_NUMBERS:
            continue
        test = key(project, storable(attempt.nodeid))
        number = attempt.attempt
        while (test, number) in taken:
            number += 1
        taken.add((test, number))
        yield {
            "test": test,
            "attempt": number,
            "outcome": OUTCOME_NUMBERS[attempt.outcome],
            "microseconds": round(sum(attempt.durations.values()) * 1e6),
        }


def failures_by_cause(review: Review) -> Iterator[tuple[str | None, Failure, str]]:
    """Every failure once with the id of its cause and its own; those without a cause come last."""
    run_id = review.recording.run.run_id
    seen: Counter[tuple[str, ...]] = Counter()

    def named(failure: Failure) -> str:
        name = _name(failure)
        seen[name] += 1
        return identifier(run_id, *name, str(seen[name]))

    for cause in review.causes:
        for failure in cause.failures:
            yield cause.cause_id, failure, named(failure)
    explained = Counter(seen)
    for failure in review.recording.failures:
        if explained[_name(failure)] > 0:
            explained[_name(failure)] -= 1
        else:
            yield None, failure, named(failure)


def _name(failure: Failure) -> tuple[str, ...]:
    subtest = "" if failure.subtest is None else f"subtest {failure.subtest}"
    return (failure.nodeid, failure.phase, str(failure.attempt), subtest, failure.worker or "")


def failure_rows(project: str, review: Review, *, run_started: str) -> Iterator[Row]:
    """The rows of all failures without their run."""
    for cause_id, failure, failure_id in failures_by_cause(review):
        yield {
            "failure_id": failure_id,
            "cause_id": _optional(cause_id),
            "test": key(project, storable(failure.nodeid)),
            "time": moment_of(failure.time) or run_started,
            "phase": storable(failure.phase),
            "attempt": failure.attempt,
            "subtest": _optional(failure.subtest),
            "exception": _optional(failure.exceptions[-1].type if failure.exceptions else None),
            "message": text_row(project, failure.message)["text"],
            "context": None,
            "record": packed(failure),
        }


def packed(failure: Failure) -> bytes:
    """A whole failure, small: tracebacks repeat themselves."""
    return zlib.compress(json.dumps(to_json(failure), default=str).encode("ascii"), level=1)


def unpacked(record: bytes) -> Failure:
    """The failure of `packed`."""
    return failure_from_json(json.loads(zlib.decompress(record)))


def packed_distributions(distributions: Iterable[Distribution]) -> bytes | None:
    """What metadata says, small; null where nothing was recorded."""
    documents = [to_json(one) for one in distributions]
    return zlib.compress(to_text(documents).encode(), level=6) if documents else None


def unpacked_distributions(content: bytes | None) -> tuple[Distribution, ...]:
    """The distributions of `packed_distributions`."""
    documents = json.loads(zlib.decompress(content)) if content else ()
    return tuple(distribution_from_json(document) for document in documents)


def occurrence_row(cause: Cause) -> Row:
    """The row of a cause in a run without the run."""
    verdict = cause.verdict
    culprit = verdict.culprit
    return {
        "cause_id": storable(cause.cause_id),
        "known": int(cause.remembered is not None),
        "failures": len(cause.failures),
        "category": storable(verdict.category),
        "kind": storable(verdict.kind),
        "culprit_type": _optional(culprit.type if culprit else None),
        "culprit_name": _optional(culprit.name if culprit else None),
        "culprit_version": _optional(culprit.version if culprit else None),
        "confidence": verdict.confidence,
        "evidence": to_text(verdict.evidence),
        "rule": storable(verdict.rule),
        "prevented": to_text(cause.prevented),
    }


def suggestion_id(about: str, text: str) -> str:
    """The same advice for a cause or finding is one suggestion, whoever gives it, however often."""
    return identifier(about, "suggestion", storable(text))


def suggestion_row(
    project: str,
    suggestion: Suggestion,
    *,
    cause_id: str | None = None,
    finding_id: str | None = None,
) -> Row:
    """The row of a suggestion without its id, context and time."""
    return {
        "cause_id": cause_id,
        "finding_id": finding_id,
        "text": text_row(project, suggestion.text)["text"],
        "commands": to_text(suggestion.commands),
        "source": suggestion.source,
        "confidence": suggestion.confidence,
        "status": suggestion.status,
        "origin": storable(suggestion.origin),
        "checklist": _optional(suggestion.checklist),
    }


def finding_id(project: str, finding: Finding) -> str:
    """The identity of a finding across runs: 16 hex digits."""
    return finding.finding_id or identifier(
        project, "finding", finding.kind, finding.subject or finding.text
    )


def finding_row(number: int, finding: Finding) -> Row:
    """The row of a finding in a run, without its id and the run."""
    return {
        "number": number,
        "known": int(finding.remembered is not None),
        "text": storable(finding.text),
        "evidence": to_text(finding.evidence),
    }


def failures_by_category(review: Review) -> Counter[str]:
    """How many attempts failed by the category of their cause, the bigger cause first where an
    attempt has several; what pytest itself could not do counts as one each.
    """
    found: Counter[str] = Counter()
    seen: set[tuple[str, ...]] = set()
    for cause in review.causes:
        for failure in cause.failures:
            of_attempt = (failure.nodeid, failure.worker or "", str(failure.attempt))
            name = of_attempt if failure.nodeid else (failure.phase, failure.message)
            found[storable(cause.verdict.category)] += name not in seen
            seen.add(name)
    return found


def artifact_row(artifact: Artifact) -> Row:
    """The row of an artifact without its run."""
    return {
        "name": storable(artifact.name),
        "size": artifact.size,
        "sha256": artifact.sha256,
    }


def _optional(text: str | None) -> str | None:
    return storable(text) if text else None
