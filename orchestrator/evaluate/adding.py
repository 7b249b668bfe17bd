"""A cause that a reviewer decided becomes a case: its failures, and a label from the decision."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conftest_kit import rundir
from conftest_kit.records import Recording
from conftest_kit.settings import Settings
from corpus_memory_logging import history, queries
from corpus_memory_logging.store import Store
from orchestrator import diagnosis, pipeline
from orchestrator.checkout.project import Project
from orchestrator.checkout.project import read as read_project
from orchestrator.classify import context_of
from orchestrator.errors import UnreadableInput, UsageProblem
from orchestrator.evaluate import keeping
from orchestrator.evaluate.before import Before, between
from orchestrator.reader.installs import UNREADABLE, installed_by
from orchestrator.redact import Redactor

KIND = "reviewed"
"""The folder of such cases, and what they are scored as: `reviewed/tuned`."""
_MOST_TESTS = 50


def add(
    store: Store,
    cause_id: str,
    *,
    folder: Path,
    settings: Settings,
    redactor: Redactor,
    mentions: tuple[str, ...] = (),
) -> Path:
    """Write the case of a cause below `folder`, and return its own.

    The label is what reviewers decided: the category and the culprit, and of the remedy what a
    right suggestion has to mention.

    Raises:
        UsageProblem: it is no cause, nobody said what it is, or the case is there already.
        UnreadableInput: the record of its last run is gone.
    """
    shown = queries.show(store, cause_id)
    if shown["type"] != "cause":
        raise UsageProblem(f"{shown['type']} {cause_id!r} is no cause: only causes become cases")
    recording = _recording(shown, settings, redactor)
    label = _label(_as_decided(shown), recording, mentions)
    name = label["case"]
    case: Path = folder / KIND / str(name)
    if case.exists():
        raise UsageProblem(f"the case {str(case)!r} is there already: remove it to write it anew")
    project = read_project(settings.root)
    before = _before(store, recording, project)
    documents = keeping.documents(recording, project, name=name, label=label, before=before)
    files = keeping.contents(_without_places(documents, settings.root))
    case.mkdir(parents=True)
    for file, text in files.items():
        (case / file).write_text(text, "utf-8")
    return case


def _recording(shown: Mapping[str, Any], settings: Settings, redactor: Redactor) -> Recording:
    """The cause's failures in the last run that had it, and their attempts, redacted."""
    try:
        whole, _ = pipeline.read(rundir.find(settings.logs_dir, shown["run_id"]))
    except (UnreadableInput, rundir.UnreadableRun) as error:
        raise UnreadableInput(
            f"the record of run {shown['run_id']} is gone, and a case is made of it: {error}"
        ) from error
    recording = redactor.redact_recording(whole)
    of_cause = {(one["nodeid"], one["phase"]) for one in shown["failures"]}
    failures = tuple(one for one in recording.failures if (one.nodeid, one.phase) in of_cause)
    nodeids = {one.nodeid for one in failures}
    attempts = tuple(one for one in recording.attempts if one.nodeid in nodeids)
    return recording._replace(failures=failures, attempts=attempts, skips=(), in_flight=())


def _before(store: Store, recording: Recording, project: Project) -> Before | None:
    """What was otherwise when its tests passed last; None where the memory or git cannot say."""
    tests = (one.nodeid for one in recording.failures)
    green = history.last_green(store, tests, before=recording.run.started)
    known = diagnosis.green_added(context_of(recording, project))(green)
    if green is None or known.edits is None:
        return None
    return between(green.run.environment, recording.run.environment, known.edits)


def _as_decided(shown: Mapping[str, Any]) -> dict[str, Any]:
    """The cause as reviewers see it: who corrects the category leaves nothing of the verdict."""
    decided = [one for one in shown["decisions"] if one["reviewer"] != "memory"]
    if not any(one["category"] or one["culprit"] or one["accepted"] for one in decided):
        raise UsageProblem(
            f"nobody said what cause {shown['cause_id']} is: `orchestrator resolve "
            f"{shown['cause_id']} --category … --culprit … --accept …` does"
        )
    corrected = any(one["category"] for one in decided)
    named = any(one["culprit"] for one in decided)
    return {
        **shown,
        "kind": "reviewed" if corrected else shown["kind"],
        "culprit": shown["culprit"] if named or not corrected else None,
    }


def _label(
    shown: Mapping[str, Any], recording: Recording, mentions: tuple[str, ...]
) -> dict[str, Any]:
    mentions = mentions or _mentioned(shown)
    if not mentions:
        raise UsageProblem(
            f"nothing tells which suggestion for cause {shown['cause_id']} is right: say with "
            "--mentions what one has to name"
        )
    project = recording.run.project
    plain = re.sub(r"[^a-z0-9]+", "-", project.lower()).strip("-") or "project"
    cause: dict[str, Any] = {"category": shown["category"], "kind": shown["kind"]}
    if culprit := shown["culprit"]:
        cause["culprit"] = {"type": culprit["type"], "name": culprit["name"]}
    tests = dict.fromkeys(one.nodeid for one in recording.failures)
    cause["tests"] = [name.replace("[", "[[]") for name in tests][:_MOST_TESTS]
    cause["remedy"] = {"revert": True, "mentions": list(mentions)}
    return {
        "case": f"{plain}-{shown['cause_id'][:8]}",
        "project": project,
        "what": shown["note"] or shown["title"],
        "causes": [cause],
    }


def _mentioned(shown: Mapping[str, Any]) -> tuple[str, ...]:
    """What the accepted suggestion names: what it installs, what it quotes, else the culprit."""
    accepted = {one["accepted"] for one in shown["decisions"]} - {None}
    right = [one for one in shown["suggestions"] if one["suggestion_id"] in accepted]
    installed = [
        name
        for one in right
        for command in one["commands"]
        for name in installed_by(command) or ()
        if name != UNREADABLE
    ]
    quoted = [name for one in right for name in re.findall(r"`([^`\s]{2,60})`", one["text"])]
    culprit = [shown["culprit"]["name"]] if shown["culprit"] else []
    return tuple(dict.fromkeys(installed or quoted or culprit))


def _without_places(documents: Mapping[str, Any], root: Path) -> dict[str, Any]:
    """Without the folders of this machine."""
    places = {str(root): "/project", str(Path.home()): "/home/user"}

    def neutral(value: Any) -> Any:
        if isinstance(value, str):
            for place, name in places.items():
                value = value.replace(place, name) if len(place) > 1 else value
            return value
        if isinstance(value, (list, tuple)):
            return [neutral(item) for item in value]
        if isinstance(value, dict):
            return {neutral(key): neutral(item) for key, item in value.items()}
        return value

    return {name: neutral(list(many)) for name, many in documents.items()}
