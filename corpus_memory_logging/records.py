"""What a review finds and the memory keeps, beside the records of the kit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from conftest_kit.records import Failure, Recording, Run

CATEGORIES = (
    "missing_dependency",
    "compatibility",
    "fixture",
    "assertion",
    "product_error",
    "environment",
    "network",
    "timeout",
    "resource",
    "configuration",
    "syntax",
    "unknown",
)

FINDING_KINDS = (
    "capture",
    "coverage",
    "runtime",
    "timing_violation",
    "near_limit",
    "sizes",
    "flaky",
    "vanished",
    "newly_skipped",
)

CauseStatus = Literal["open", "resolved", "ignored"]
SuggestionStatus = Literal["proposed", "accepted", "rejected", "worked", "failed"]
Source = Literal["rule", "reviewer", "model"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Culprit:
    """The thing to act on."""

    type: str
    """`distribution`, `fixture`, `module`, `variable`, `file`, `program`, `host`, `test`, …"""
    name: str
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a cause is."""

    category: str
    kind: str
    """Finer than the category: `distribution`, `pytest_plugin`, `scope_mismatch`, …; empty if
    unknown."""
    culprit: Culprit | None
    confidence: float
    """0 to 1."""
    evidence: tuple[str, ...]
    """The lines and facts it rests on, each readable by a person."""
    rule: str
    """What decided, with its version: `missing-module@1`, `reviewer`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Success:
    """How often suggestions of one kind were followed by green."""

    judged: int
    """Episodes of causes for which one was made, and of which a later run says something."""
    green: int
    """Those whose tests passed in the run after one that made it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """What we say to do."""

    text: str
    commands: tuple[str, ...] = ()
    source: Source = "rule"
    confidence: float = 0.0
    status: SuggestionStatus = "proposed"
    origin: str = ""
    """The rule, reviewer or model that proposed it, with its version."""
    checklist: str | None = None
    """A line of the team's guidelines that prevents the next one."""
    success: Success | None = None
    """Of its kind (source and origin), where the memory knows enough to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What the memory knows of a signature from other runs."""

    first_seen: str
    """RFC 3339: start of the first run that had it."""
    last_seen: str
    occurrences: int
    """Runs that had it, the one under review not counted."""
    status: CauseStatus = "open"
    category: str | None = None
    """As a reviewer decided; null where none did."""
    culprit: Culprit | None = None
    reviewer: str | None = None
    """Who corrected or accepted last; null where nobody did."""
    decided: str | None = None
    """When: RFC 3339."""
    note: str | None = None
    fix: str | None = None
    """The commit that fixed it, as a reviewer said."""
    suggestions: tuple[Suggestion, ...] = ()
    """Those that a reviewer or later runs gave a status other than `proposed`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What explains failures; here its occurrence in one run."""

    cause_id: str
    """Hash of project and signature: the same in every run."""
    signature: str
    """`algorithm:hash`."""
    title: str
    """One line: what happened."""
    verdict: Verdict
    failures: tuple[Failure, ...]
    suggestions: tuple[Suggestion, ...] = ()
    """Best first."""
    remembered: Remembered | None = None
    """Null where no earlier run had it: it is new."""
    prevented: tuple[str, ...] = ()
    """Tests of earlier runs that a collection error kept from running."""
    likeness: str = ""
    """What near causes are found by: the exception, what it says, and the code that raised it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Similar:
    """A cause of the memory that is near another, and what was learned of it."""

    cause_id: str
    signature: str
    title: str
    similarity: float
    """Above 0, up to 1 where both look the same."""
    category: str
    """As a reviewer decided, else as the review of its last run said; so are kind and culprit."""
    kind: str
    culprit: Culprit | None
    remedies: tuple[str, ...] = ()
    """Suggestions that people accepted or that worked."""
    reviewer: str | None = None
    """Who said what it is or what mends it; null where that is known from runs alone."""
    decided: str | None = None
    """When: RFC 3339."""
    note: str | None = None
    fix: str | None = None
    """What the reviewer wrote of it, and the commit that fixed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What became of asking a model about a signature, with one version of the prompt."""

    signature: str
    prompt: str
    """Name and hash of the prompt."""
    model: str
    status: Literal["accepted", "rejected"]
    reason: str | None = None
    """Why its answer was rejected."""
    answer: Mapping[str, Any] = field(default_factory=dict)
    """What was accepted, as plain data."""
    requests: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something off though no test failed; here its occurrence in one run."""

    kind: str
    """One of `FINDING_KINDS`."""
    text: str
    evidence: tuple[str, ...] = ()
    subject: str = ""
    """Which of that kind: the project, the kind and this name the finding in every run."""
    suggestions: tuple[Suggestion, ...] = ()
    """Best first."""
    finding_id: str = ""
    """Hash of project, kind and subject; empty where nobody has looked it up yet."""
    remembered: Remembered | None = None
    """Null where no earlier run had it: it is new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A file kept with a run."""

    name: str
    """Its name in the archive."""
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """All that one review of one run found."""

    recording: Recording
    """Redacted."""
    causes: tuple[Cause, ...] = ()
    """Biggest first."""
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()
    archive: str | None = None
    """Path of the archive, where one was written."""
    artifacts: tuple[Artifact, ...] = ()
    reviewed_before: bool = False
    notes: tuple[str, ...] = field(default=())
    """What the reader should know first: age of the run, another commit, reviewed before."""
    measured: Mapping[str, Any] = field(default_factory=dict)
    """What the metrics file says of this run, for later runs to be compared with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Green:
    """The run that the memory remembered last in which tests passed."""

    run: Run
    """Its id, start, environment, what git said, how it was started, and its number of tests."""
    passed: frozenset[str] = frozenset()
    """Of the tests asked for those that passed in it; empty where it is the last green run, and
    none is known to have passed."""
    workers: int = 0
    """Of xdist; 0 without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """A complete run that the memory holds, as later ones are compared with it."""

    run: int
    run_id: str
    started: str
    seconds: float | None
    """Null where the record does not say when it ended."""
    green: bool
    commit: str | None
    branch: str
    ci: str
    """The provider; empty for a run of no CI."""
    workers: int
    """Of xdist; 0 without."""
    coverage_percent: float | None
    tests: int
    """That it executed."""
    shared: int
    """Of these, that the run under review executed as well."""
    command: tuple[str, ...] = ()
    measured: Mapping[str, Any] = field(default_factory=dict)
    """As in `Review`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What Alertmanager says of one alert."""

    fingerprint: str
    """The same as long as its labels are."""
    status: Literal["firing", "resolved"]
    started: str
    """RFC 3339, UTC."""
    ended: str | None
    name: str
    severity: str | None
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    @property
    def run_id(self) -> str | None:
        """The run that it speaks of: an annotation says the same alert of run after run."""
        return self.labels.get("run_id") or self.annotations.get("run_id") or None
