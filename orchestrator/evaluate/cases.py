"""Labelled cases: a recorded run, what its checkout said, and what really was its cause."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from packaging.utils import canonicalize_name

from conftest_kit.records import Recording
from corpus_memory_logging.records import CATEGORIES, Culprit
from orchestrator import pipeline
from orchestrator.checkout.project import Project
from orchestrator.errors import UnreadableInput
from orchestrator.evaluate import before, checkout
from orchestrator.evaluate.before import Before

LABEL_FILE = "label.json"
PROJECT_FILE = "project.json"
GREEN_FILE = "green.json"

Part = Literal["tuned", "scored"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """What made the run green again."""

    install: tuple[str, ...] = ()
    """Pins: `PyYAML==6.0.2`."""
    uninstall: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    """For edits: what a suggestion has to name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledCause:
    """What was broken, and how that was mended."""

    category: str
    kind: str
    culprit: Culprit | None
    tests: tuple[str, ...]
    """Patterns on the node ids of its failures."""
    remedy: Remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledCase:
    """A red run whose causes are known."""

    name: str
    kind: str
    """The folder that it is in: `runs`, `adversarial`."""
    part: Part
    recording: Recording
    project: Project
    causes: tuple[LabelledCause, ...]
    before: Before | None = None
    """What was otherwise while it was green, where that is known."""

    @property
    def section(self) -> str:
        """What it is scored with: `runs/tuned`."""
        return f"{self.kind}/{self.part}"


def part_of(project: str) -> Part:
    """Whether rules may be tuned on a project's cases: decided by its name, by nobody.

    What is not of a public project was made up together with the rules, and counts as tuned.
    """
    if not project:
        return "tuned"
    digest = hashlib.sha256(canonicalize_name(project).encode()).hexdigest()
    return "tuned" if int(digest, 16) % 3 else "scored"


def belonging(patterns: Sequence[Sequence[str]], nodeids: Sequence[str]) -> list[int | None]:
    """For each failure the first cause one of whose patterns fits its node id."""
    return [
        next(
            (
                index
                for index, of_cause in enumerate(patterns)
                if any(fnmatchcase(nodeid, pattern) for pattern in of_cause)
            ),
            None,
        )
        for nodeid in nodeids
    ]


def read_all(folder: Path) -> Iterator[LabelledCase]:
    """The cases below a folder, by name.

    Raises:
        UnreadableInput: there are none, or one cannot be read.
    """
    labels = sorted(folder.rglob(LABEL_FILE))
    if not labels:
        raise UnreadableInput(f"there are no cases below {str(folder)!r}: no {LABEL_FILE}")
    for label in labels:
        yield read(label.parent)


def read(folder: Path) -> LabelledCase:
    """One case.

    Raises:
        UnreadableInput: a file of it is missing or damaged; the message names it.
    """
    recording, _ = pipeline.read(folder)
    if recording.malformed_lines:
        raise UnreadableInput(f"{folder}: {recording.malformed_lines} records are damaged")
    label = _document(folder / LABEL_FILE)
    project = _document(folder / PROJECT_FILE)
    green = _document(folder / GREEN_FILE) if (folder / GREEN_FILE).exists() else None
    try:
        return LabelledCase(
            name=folder.name,
            kind=folder.parent.name,
            part=part_of(label.get("project", "")),
            recording=recording,
            project=checkout.from_json(project),
            causes=tuple(_cause(cause) for cause in label["causes"]),
            before=None if green is None else before.from_json(green),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableInput(
            f"{folder / LABEL_FILE}: {type(error).__name__}: {error}; see tests/cases/README.md"
        ) from error


def _cause(document: Mapping[str, Any]) -> LabelledCause:
    if document["category"] not in CATEGORIES:
        raise ValueError(f"{document['category']!r} is no category")
    culprit, remedy = document.get("culprit"), document.get("remedy", {})
    return LabelledCause(
        category=document["category"],
        kind=document["kind"],
        culprit=Culprit(**culprit) if culprit else None,
        tests=tuple(document["tests"]),
        remedy=Remedy(
            install=tuple(remedy.get("install", ())),
            uninstall=tuple(remedy.get("uninstall", ())),
            mentions=tuple(remedy.get("mentions", ())),
        ),
    )


def _document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UnreadableInput(f"{path} cannot be read: {error}") from error
    if not isinstance(document, dict):
        raise UnreadableInput(f"{path} must hold a JSON object")
    return document
