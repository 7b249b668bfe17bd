"""The report for programs; its shape is `orchestrator/data/report.schema.json`."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from typing import Any

from conftest_kit.records import OUTCOMES, Failure, Run
from corpus_memory_logging.records import Cause, Culprit, Finding, Review, Suggestion
from orchestrator.report.view import tally

SCHEMA_VERSION = 1
"""Raised by what a reader of the version before would misread; a new key is not."""

# A terminal obeys these even inside JSON, and lone surrogates cannot be encoded; as escapes they
# are the same text to a parser.
_UNSAFE = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def render(review: Review) -> str:
    """One JSON document and a newline."""
    return dumps(document(review))


def dumps(value: Any) -> str:
    """Indented JSON, readable in any script, without a character that steers a terminal."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"


def document(review: Review) -> dict[str, Any]:
    """What the report says, as plain data."""
    return {
        "schema_version": SCHEMA_VERSION,
        "run": _run(review),
        "causes": [_cause(cause, review.recording.run) for cause in review.causes],
        "findings": [_finding(finding) for finding in review.findings],
        "warnings": list(review.warnings),
    }


def _run(review: Review) -> dict[str, Any]:
    run, counts = review.recording.run, tally(review.recording)
    return {
        "run_id": run.run_id,
        "project": run.project,
        "exit_code": run.exit_code,
        "state": run.state,
        "counts": {outcome: counts.get(outcome, 0) for outcome in OUTCOMES},
        "pytest_counts": run.pytest_counts,
        "started": run.started or None,
        "finished": run.finished or None,
        "command": list(run.command),
        "directory": run.directory,
        "root": run.root,
        "collected": run.collected,
        "coverage_percent": run.coverage_percent,
        "in_flight": list(review.recording.in_flight),
        "git": {key: run.environment.git.get(key) for key in ("commit", "branch", "dirty")},
        "python": run.environment.python.get("version"),
        "platform": run.environment.platform.get("system"),
        "archive": review.archive,
        "reviewed_before": review.reviewed_before,
        "notes": list(review.notes),
    }


def _cause(cause: Cause, run: Run) -> dict[str, Any]:
    known = cause.remembered
    return {
        "cause_id": cause.cause_id,
        "signature": cause.signature,
        "title": cause.title,
        "category": cause.verdict.category,
        "kind": cause.verdict.kind,
        "culprit": _culprit(cause.verdict.culprit),
        "confidence": cause.verdict.confidence,
        "evidence": list(cause.verdict.evidence),
        "rule": cause.verdict.rule,
        "known": known is not None,
        "first_seen": known.first_seen if known else run.started or None,
        "occurrences": 1 + (known.occurrences if known else 0),
        "suggestions": [_suggestion(suggestion) for suggestion in cause.suggestions],
        "failures": [_failure(failure) for failure in cause.failures],
        "prevented": list(cause.prevented),
    }


def _culprit(culprit: Culprit | None) -> dict[str, Any] | None:
    if culprit is None:
        return None
    return {"type": culprit.type, "name": culprit.name, "version": culprit.version}


def _suggestion(suggestion: Suggestion) -> dict[str, Any]:
    return {
        "text": suggestion.text,
        "commands": list(suggestion.commands),
        "source": suggestion.source,
        "confidence": suggestion.confidence,
        "status": suggestion.status,
        "origin": suggestion.origin,
        "checklist": suggestion.checklist,
        "success": asdict(suggestion.success) if suggestion.success else None,
    }


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "nodeid": failure.nodeid,
        "phase": failure.phase,
        "attempt": failure.attempt,
        "subtest": failure.subtest,
        "message": failure.message,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    known = finding.remembered
    return {
        "finding_id": finding.finding_id,
        "kind": finding.kind,
        "text": finding.text,
        "evidence": list(finding.evidence),
        "known": known is not None,
        "status": known.status if known else "open",
        "suggestions": [_suggestion(suggestion) for suggestion in finding.suggestions],
    }
