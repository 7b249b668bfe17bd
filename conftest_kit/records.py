"""What a run leaves behind: frozen records and their JSON form. PYTEST_DONT_REWRITE

Standard library only: the plugin writes these records inside the user's pytest process, the
orchestrator and the memory read them anywhere. Readers ignore records that they do not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from conftest_kit.documents import build, known, to_json
from conftest_kit.run import (
    OUTCOMES,
    SCHEMA_VERSION,
    Environment,
    Outcome,
    Run,
    State,
    run_from_json,
)

__all__ = [
    "OUTCOMES",
    "SCHEMA_VERSION",
    "Attempt",
    "Distribution",
    "Environment",
    "Failure",
    "Fixture",
    "Frame",
    "Left",
    "Origin",
    "Outcome",
    "Phase",
    "Raised",
    "Recording",
    "Run",
    "Skip",
    "State",
    "attempt_from_json",
    "distribution_from_json",
    "failure_from_json",
    "run_from_json",
    "skip_from_json",
    "to_json",
]

Phase = Literal["setup", "call", "teardown", "collect", "crash", "internal", "start"]
"""`crash`: the process or xdist worker that ran the test died. `internal`: an error inside pytest
or a plugin. `start`: pytest gave up before collection (usage error, conftest that cannot be
imported)."""

Origin = Literal["project", "test", "installed", "stdlib"]


class Frame(NamedTuple):
    """One frame of a traceback."""

    file: str
    """Relative to the root directory (project, test), to its site-packages (installed) or to the
    standard library, with `/`; absolute where none of these holds it."""
    line: int
    function: str
    source: str = ""
    """The source line, stripped; empty where it cannot be read."""
    origin: Origin = "project"


class Raised(NamedTuple):
    """One link of an exception chain."""

    type: str
    """`module.qualname`, builtins without module: `ModuleNotFoundError`, `socket.gaierror`."""
    bases: tuple[str, ...] = ()
    """The other classes of its method resolution order, `object` left out."""
    message: str = ""
    relation: Literal["raised", "cause", "context"] = "raised"
    """How the link before it names this one: `__cause__`, `__context__`; `raised` for the
    first."""
    attributes: Mapping[str, Any] = {}
    """Simple attributes the exception carries: `name`, `path`, `errno`, `filename`, `argname`,
    `obj` (the type's or module's name), `derives` (the classes above that type), `nearest` (the
    name that is there and is nearest to one that was not found), … : text, numbers and lists of
    text."""
    notes: tuple[str, ...] = ()
    frames: tuple[Frame, ...] = ()
    """Outermost first; the last frame raised."""
    members: tuple[tuple[Raised, ...], ...] = ()
    """For an exception group: the chain of each member."""


class Fixture(NamedTuple):
    """A fixture that the test asked for, directly or through another."""

    name: str
    scope: str
    file: str
    """As in `Frame.file`."""
    line: int
    origin: Origin = "project"
    gave_nothing: bool = False
    """Whether it gave the test `None`, and the test uses what it was given."""


class Left(NamedTuple):
    """Something that an earlier test of the process left as it was not before the first one."""

    what: Literal["variable", "folder", "logging"]
    """An environment variable, the current folder, or what `logging.disable` holds back."""
    name: str
    """Of the variable; of the folder as in `Frame.file`, empty where it is gone; of the level up to
    which nothing is logged."""
    change: Literal["set", "changed", "removed"]
    nodeid: str
    """Of the test after which it was so."""
    fixtures: tuple[str, ...] = ()
    """The names of those that this test had."""


class Failure(NamedTuple):
    """One thing that made a run red."""

    phase: Phase
    nodeid: str = ""
    """The test's, the collector's, or empty where pytest itself failed."""
    attempt: int = 1
    subtest: str | None = None
    worker: str | None = None
    time: str = ""
    """RFC 3339, UTC."""
    message: str = ""
    """What the exception (else the report) says, without pytest's rendering."""
    text: str = ""
    """What pytest rendered; short with `--tb=no`. Nothing downstream may need it."""
    exceptions: tuple[Raised, ...] = ()
    """The chain, the exception that was raised first, the root last. Empty where there was none
    (strict xpass, a crash)."""
    fixtures: tuple[Fixture, ...] = ()
    left: tuple[Left, ...] = ()
    """What tests that were over by then had left behind, and was still so."""
    captured: Mapping[str, str] = {}
    """`{"stdout" | "stderr" | "log": text}` over the phases so far."""


class Attempt(NamedTuple):
    """One execution of a test."""

    nodeid: str
    outcome: Outcome
    attempt: int = 1
    started: str = ""
    """RFC 3339, UTC."""
    durations: Mapping[str, float] = {}
    """Seconds by phase: `setup`, `call`, `teardown`, those that ran."""
    reason: str = ""
    """Why it was skipped or expected to fail."""
    worker: str | None = None
    size: str = ""
    """`small`, `medium`, `large` or `xlarge`; empty for a test that no marker gives a size."""
    limit: float | None = None
    """Seconds that its call may take, where it has a size."""


class Skip(NamedTuple):
    """A file or class that was skipped while it was collected: nothing is known of its tests."""

    nodeid: str
    """The collector's."""
    reason: str = ""


class Distribution(NamedTuple):
    """What the metadata of an installed distribution says; recorded for red runs only."""

    name: str
    version: str
    requires: tuple[str, ...] = ()
    """`Requires-Dist`, as written."""
    extras: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    """Import names at the top level."""
    pytest_plugins: Mapping[str, str] = {}
    """`pytest11` entry points: name to module."""


class Recording(NamedTuple):
    """A run as read back from its directory."""

    run: Run
    attempts: tuple[Attempt, ...] = ()
    failures: tuple[Failure, ...] = ()
    skips: tuple[Skip, ...] = ()
    in_flight: tuple[str, ...] = ()
    """Node ids of tests that started and never ended."""
    distributions: tuple[Distribution, ...] = ()
    malformed_lines: int = 0


def attempt_from_json(document: dict[str, Any]) -> Attempt:
    """As `run_from_json`."""
    return build(Attempt, known(Attempt, document))


def skip_from_json(document: dict[str, Any]) -> Skip:
    """As `run_from_json`."""
    return build(Skip, known(Skip, document))


def failure_from_json(document: dict[str, Any]) -> Failure:
    """As `run_from_json`."""
    values = known(Failure, document)
    values["exceptions"] = _chain(values.get("exceptions", ()))
    values["fixtures"] = tuple(
        build(Fixture, known(Fixture, fixture)) for fixture in values.get("fixtures", ())
    )
    values["left"] = tuple(build(Left, known(Left, left)) for left in values.get("left", ()))
    return build(Failure, values)


def distribution_from_json(document: dict[str, Any]) -> Distribution:
    """As `run_from_json`."""
    return build(Distribution, known(Distribution, document))


def _chain(documents: Any, depth: int = 0) -> tuple[Raised, ...]:
    if not isinstance(documents, tuple | list) or depth > _DEEPEST:
        raise ValueError(f"not a chain of exceptions: {documents!r:.80}")
    return tuple(_raised(document, depth) for document in documents)


def _raised(document: Any, depth: int) -> Raised:
    values = known(Raised, document)
    values["frames"] = tuple(
        build(Frame, known(Frame, frame)) for frame in values.get("frames", ())
    )
    values["members"] = tuple(_chain(member, depth + 1) for member in values.get("members", ()))
    return build(Raised, values)


_DEEPEST = 50
"""Exception groups inside one another that a reader follows."""
