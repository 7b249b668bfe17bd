"""What a run leaves behind: frozen records and their JSON form. PYTEST_DONT_REWRITE

Standard library only: the plugin writes these records inside the user's pytest process, the
orchestrator and the memory read them anywhere. Readers ignore keys and records that they do not
know, and fill what is missing with defaults, so old and new versions read each other's files.
"""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

SCHEMA_VERSION = 1

_Record = TypeVar("_Record")
_EMPTY: tuple[Any, ...] = ("", (), {})

Outcome = Literal["passed", "failed", "error", "skipped", "xfailed", "xpassed", "rerun"]
OUTCOMES: tuple[Outcome, ...] = (
    "passed",
    "failed",
    "error",
    "skipped",
    "xfailed",
    "xpassed",
    "rerun",
)

Phase = Literal["setup", "call", "teardown", "collect", "crash", "internal", "start"]
"""`crash`: the process or xdist worker that ran the test died. `internal`: an error inside pytest
or a plugin. `start`: pytest gave up before collection (usage error, conftest that cannot be
imported)."""

State = Literal["running", "complete", "interrupted", "died", "not_started"]
"""`running` is what a run directory says until the session ends; a reader turns it into `died` when
the process is gone."""

Origin = Literal["project", "test", "installed", "stdlib"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One frame of a traceback."""

    file: str
    """Relative to the root directory (project, test), to its site-packages (installed) or to the
    standard library, with `/`; absolute where none of these holds it."""
    line: int
    function: str
    source: str = ""
    """The source line, stripped; empty where it cannot be read."""
    origin: Origin = "project"


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """One link of an exception chain."""

    type: str
    """`module.qualname`, builtins without module: `ModuleNotFoundError`, `socket.gaierror`."""
    bases: tuple[str, ...] = ()
    """The other classes of its method resolution order, `object` left out."""
    message: str = ""
    relation: Literal["raised", "cause", "context"] = "raised"
    """How the link before it names this one: `__cause__`, `__context__`; `raised` for the
    first."""
    attributes: dict[str, Any] = field(default_factory=dict)
    """Simple attributes the exception carries: `name`, `path`, `errno`, `filename`, `argname`,
    `obj` (the type's or module's name), … : text, numbers and lists of text."""
    notes: tuple[str, ...] = ()
    frames: tuple[Frame, ...] = ()
    """Outermost first; the last frame raised."""
    members: tuple[tuple[Raised, ...], ...] = ()
    """For an exception group: the chain of each member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixture:
    """A fixture that the test asked for, directly or through another."""

    name: str
    scope: str
    file: str
    """As in `Frame.file`."""
    line: int
    origin: Origin = "project"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One thing that made a run red."""

    nodeid: str = ""
    """The test's, the collector's, or empty where pytest itself failed."""
    phase: Phase
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
    captured: dict[str, str] = field(default_factory=dict)
    """`{"stdout" | "stderr" | "log": text}` over the phases so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One execution of a test."""

    nodeid: str
    outcome: Outcome
    attempt: int = 1
    started: str = ""
    """RFC 3339, UTC."""
    durations: dict[str, float] = field(default_factory=dict)
    """Seconds by phase: `setup`, `call`, `teardown`, those that ran."""
    reason: str = ""
    """Why it was skipped or expected to fail."""
    worker: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where a run ran. Every field may be missing in a record of another version."""

    python: dict[str, str] = field(default_factory=dict)
    """`version`, `implementation`, `executable`, `prefix`."""
    platform: dict[str, str] = field(default_factory=dict)
    """`system`, `release`, `machine`."""
    distributions: dict[str, str] = field(default_factory=dict)
    """Installed distributions: normalised name to version."""
    plugins: dict[str, str] = field(default_factory=dict)
    """Distributions that brought a loaded pytest plugin, pytest among them: name to version."""
    sys_path: tuple[str, ...] = ()
    git: dict[str, Any] = field(default_factory=dict)
    """`commit`, `branch`, `dirty` (null where git took too long)."""
    ci: dict[str, str] = field(default_factory=dict)
    """`provider` and what it says of the job: `job`, `build`, `url`, `branch`, `commit`, …"""
    variables: tuple[str, ...] = ()
    """Names of the environment variables, never their values."""
    random_seed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One pytest session: the content of `run.json`."""

    run_id: str
    project: str = ""
    state: State = "running"
    started: str = ""
    finished: str = ""
    exit_code: int | None = None
    pid: int | None = None
    host: str = ""
    command: tuple[str, ...] = ()
    directory: str = ""
    """Where pytest was started."""
    root: str = ""
    """The folder that paths of this run are relative to (pytest's rootdir)."""
    inifile: str | None = None
    counts: dict[str, int] = field(default_factory=dict)
    """One outcome per attempt; a collection error counts as `error`, a crashed worker as
    `failed`."""
    pytest_counts: dict[str, int] | None = None
    """pytest's own summary, where subtests count; null where no terminal reporter was there."""
    collected: int | None = None
    coverage_percent: float | None = None
    artifacts: tuple[str, ...] = ()
    """Files kept for failed tests, relative to the run directory."""
    warnings: tuple[str, ...] = ()
    """What the kit itself could not do."""
    environment: Environment = field(default_factory=Environment)
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """What the metadata of an installed distribution says; recorded for red runs only."""

    name: str
    version: str
    requires: tuple[str, ...] = ()
    """`Requires-Dist`, as written."""
    extras: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    """Import names at the top level."""
    pytest_plugins: dict[str, str] = field(default_factory=dict)
    """`pytest11` entry points: name to module."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A run as read back from its directory."""

    run: Run
    attempts: tuple[Attempt, ...] = ()
    failures: tuple[Failure, ...] = ()
    in_flight: tuple[str, ...] = ()
    """Node ids of tests that started and never ended."""
    distributions: tuple[Distribution, ...] = ()
    malformed_lines: int = 0


def to_json(record: Any) -> dict[str, Any]:
    """The JSON form of a record; what is empty or null and has a default is left out."""
    document: dict[str, Any] = {}
    for name, is_required in _fields(record.__class__).items():
        value = getattr(record, name)
        if not is_required and (value is None or value in _EMPTY):
            continue
        document[name] = _plain(value)
    return document


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return to_json(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def run_from_json(document: dict[str, Any]) -> Run:
    """Unknown keys are ignored.

    Raises:
        ValueError: `run_id` is missing, or a value has the wrong shape.
    """
    values = _known(Run, document)
    if "environment" in values:
        values["environment"] = Environment(**_known(Environment, values["environment"]))
    return _build(Run, values)


def attempt_from_json(document: dict[str, Any]) -> Attempt:
    """As `run_from_json`."""
    return _build(Attempt, _known(Attempt, document))


def failure_from_json(document: dict[str, Any]) -> Failure:
    """As `run_from_json`."""
    values = _known(Failure, document)
    values["exceptions"] = _chain(values.get("exceptions", ()))
    values["fixtures"] = tuple(
        _build(Fixture, _known(Fixture, fixture)) for fixture in values.get("fixtures", ())
    )
    return _build(Failure, values)


def distribution_from_json(document: dict[str, Any]) -> Distribution:
    """As `run_from_json`."""
    return _build(Distribution, _known(Distribution, document))


def _chain(documents: Any, depth: int = 0) -> tuple[Raised, ...]:
    if not isinstance(documents, tuple | list) or depth > _DEEPEST:
        raise ValueError(f"not a chain of exceptions: {documents!r:.80}")
    return tuple(_raised(document, depth) for document in documents)


def _raised(document: Any, depth: int) -> Raised:
    values = _known(Raised, document)
    values["frames"] = tuple(
        _build(Frame, _known(Frame, frame)) for frame in values.get("frames", ())
    )
    values["members"] = tuple(_chain(member, depth + 1) for member in values.get("members", ()))
    return _build(Raised, values)


_DEEPEST = 50
"""Exception groups inside one another that a reader follows."""

_SHAPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "str | None": (str, type(None)),
    "int": (int,),
    "int | None": (int, type(None)),
    "float | None": (float, int, type(None)),
    "Environment": (dict,),
    "Outcome": (str,),
    "Phase": (str,),
    "State": (str,),
    "Origin": (str,),
    "Any": (object,),
}
_MEMBERS: dict[str, tuple[type, ...]] = {
    "tuple[str, ...]": (str,),
    "dict[str, str]": (str,),
    "dict[str, int]": (int,),
    "dict[str, int] | None": (int,),
    "dict[str, float]": (float, int),
}


@functools.cache
def _fields(kind: Any) -> dict[str, bool]:
    """Each field, and whether it has no default."""
    missing = dataclasses.MISSING
    return {
        spec.name: spec.default is missing and spec.default_factory is missing
        for spec in dataclasses.fields(kind)
    }


@functools.cache
def _shapes(kind: Any) -> dict[str, tuple[tuple[type, ...], tuple[type, ...] | None]]:
    """For each field what its value may be, and what the members of that value may be."""
    return {
        spec.name: (_outer_shape(str(spec.type)), _MEMBERS.get(str(spec.type)))
        for spec in dataclasses.fields(kind)
    }


def _outer_shape(annotation: str) -> tuple[type, ...]:
    if annotation.startswith("tuple["):
        return (tuple,)
    if annotation.startswith("dict["):
        return (dict, type(None)) if annotation.endswith("| None") else (dict,)
    return _SHAPES.get(annotation, (str,))  # a Literal of words


def _known(kind: Any, document: Any) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise ValueError(f"a {kind.__name__} must be a JSON object, not {document!r:.80}")
    shapes = _shapes(kind)
    values: dict[str, Any] = {}
    for key, value in document.items():
        if key not in shapes:
            continue
        if type(value) is list:
            value = tuple(value)  # noqa: PLW2901 - lists are tuples in records
        outer, inner = shapes[key]
        if not isinstance(value, outer):
            raise ValueError(f"{kind.__name__}.{key} cannot be {value!r:.80}")
        if inner is not None and value:
            held: Any = value.values() if type(value) is dict else value
            for member in held:
                if not isinstance(member, inner):
                    raise ValueError(f"{kind.__name__}.{key} cannot hold {member!r:.80}")
        values[key] = value
    return values


def _build(kind: type[_Record], values: dict[str, Any]) -> _Record:
    try:
        return kind(**values)
    except TypeError as error:
        raise ValueError(f"incomplete {kind.__name__}: {error}") from None
