"""One thing out of the memory with its history, as text or JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orchestrator.report import tables
from orchestrator.report.json_report import dumps
from orchestrator.report.plain import clean
from orchestrator.report.tables import cell

FORMATS = ("text", "json")

_Shown = Mapping[str, Any]

_NAMES = {
    "run": "run_id",
    "cause": "cause_id",
    "failure": "failure_id",
    "suggestion": "suggestion_id",
    "finding": "finding_id",
    "alert": "alert_id",
}
_FACTS: dict[str, tuple[str, ...]] = {
    "run": (
        *("started", "finished", "state", "exit_code", "counts", "branch", "commit", "dirty"),
        *("host", "archive", "details"),
    ),
    "cause": (
        *("title", "status", "category", "kind", "culprit", "confidence", "rule", "first_seen"),
        *("last_seen", "occurrences", "note", "fix", "evidence", "prevented"),
    ),
    "failure": (
        *("nodeid", "phase", "attempt", "subtest", "exception", "message", "time", "run_id"),
        *("cause_id", "title", "status", "category", "kind", "culprit", "context"),
    ),
    "suggestion": (
        *("text", "commands", "status", "source", "confidence", "success", "origin", "checklist"),
        *("created", "last_suggested", "cause_id", "finding_id", "title", "category", "kind"),
        *("culprit", "context"),
    ),
    "finding": (
        *("kind", "text", "status", "evidence", "run_id", "first_seen", "last_seen"),
        *("occurrences", "note", "fix"),
    ),
    "alert": (
        *("name", "severity", "status", "started", "ended", "received", "labels", "annotations"),
        *("fingerprint", "run_id", "state", "note"),
    ),
}
_LISTS: dict[str, tuple[str, ...]] = {
    "causes": ("cause_id", "status", "category", "culprit", "failures", "title"),
    "suggestions": ("suggestion_id", "status", "source", "confidence", "text"),
    "decisions": (
        *("time", "reviewer", "status", "category", "culprit", "accepted", "rejected", "note"),
        *("fix", "run_id"),
    ),
    "runs": ("run_id", "state", "exit_code", "counts", "branch", "commit"),
    "environments": ("first_seen", "runs", "python", "platform", "changes"),
    "alerts": ("alert_id", "name", "severity", "status", "started", "summary"),
    "findings": ("finding_id", "kind", "status", "text"),
    "failures": ("failure_id", "run_id", "nodeid", "phase", "message"),
    "artifacts": ("run_id", "name", "size"),
}
_EXPLANATION = (
    *("status", "reason", "category", "kind", "culprit", "confidence", "remedy", "commands"),
    *("unverified", "evidence", "more_information", "model", "prompt"),
)
_GUTTER = 14


def render(shown: _Shown, form: str, *, width: int | None = None, colour: bool = False) -> str:
    """What `queries.show` found, in one of `FORMATS`; without a width nothing is cut or wrapped."""
    if form == "json":
        return dumps(shown)
    return "".join(f"{line}\n" for line in _lines(shown, width, colour=colour))


def _lines(shown: _Shown, width: int | None, *, colour: bool) -> Iterator[str]:
    kind = shown["type"]
    yield f"{kind} {cell(shown[_NAMES[kind]])}"
    for name in _FACTS[kind]:
        yield from _fact(name, shown.get(name), width)
    for name, columns in _LISTS.items():
        rows = [_readable(row) for row in _rows(shown, name)]
        if rows:
            table = tables.render(
                rows,
                "text",
                columns=[column for column in columns if column != _NAMES[kind]],
                width=width and width - 2,
                colour=colour,
            )
            yield from ("", name, *textwrap.indent(table, "  ").splitlines())
    if explanation := shown.get("explanation"):
        yield from ("", "what the model says")
        for name in _EXPLANATION:
            yield from _fact(name, explanation.get(name), width)
    text = clean((shown.get("record") or {}).get("text", ""))
    if text.strip():
        yield from ("", "what pytest said", *textwrap.indent(text, "  ").splitlines())


def _fact(name: str, value: Any, width: int | None) -> Iterator[str]:
    if isinstance(value, Mapping) and name == "details":
        for key, detail in value.items():
            if key not in _FACTS["run"]:
                yield from _fact(key, detail, width)
        return
    several = isinstance(value, (list, tuple)) and name != "command"
    items = [cell(item) for item in (value if several else [value])]
    label = name.replace("_", " ")
    for item in filter(None, items):
        first, rest = f"  {label:<{_GUTTER}}", " " * (_GUTTER + 2)
        yield from _wrapped(" ".join(value) if name == "command" else item, first, rest, width)
        label = ""


def _wrapped(text: str, first: str, rest: str, width: int | None) -> list[str]:
    if width is None:
        return [first + cell(text)]
    return textwrap.wrap(
        cell(text),
        max(width, 40),
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _rows(shown: _Shown, name: str) -> Sequence[_Shown]:
    if name == "environments" and isinstance(shown.get("environment"), Mapping):
        return [shown["environment"]]
    if name in ("causes", "findings") and shown.get(name.removesuffix("s")):
        return [shown[name.removesuffix("s")]]
    found = shown.get(name)
    return found if isinstance(found, list) else []


def _readable(row: _Shown) -> _Shown:
    if "changes" not in row:
        return row
    changes = [
        f"{change['name']} {change['before'] or 'absent'} → {change['after'] or 'absent'}"
        for change in row["changes"]
    ]
    return {**row, "changes": changes}
