"""A run as a whole: the content of `run.json`. PYTEST_DONT_REWRITE

Apart from the other records, because this is all that a green run needs of them; named tuples,
because to define a dataclass of so many fields takes 2 ms, and that at the start of each session.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from conftest_kit.documents import build, known

SCHEMA_VERSION = 1

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

State = Literal["running", "complete", "interrupted", "died", "not_started"]
"""`running` is what a run directory says until the session ends; a reader turns it into `died` when
the process is gone."""


class Environment(NamedTuple):
    """Where a run ran. Every field may be missing in a record of another version."""

    python: Mapping[str, str] = {}
    """`version`, `implementation`, `executable`, `prefix`."""
    platform: Mapping[str, str] = {}
    """`system`, `release`, `machine`."""
    distributions: Mapping[str, str] = {}
    """Installed distributions: normalised name to version."""
    plugins: Mapping[str, str] = {}
    """Distributions that brought a loaded pytest plugin, pytest among them: name to version."""
    sys_path: tuple[str, ...] = ()
    git: Mapping[str, Any] = {}
    """`commit`, `branch`, `dirty` (null where git took too long)."""
    ci: Mapping[str, str] = {}
    """`provider` and what it says of the job: `job`, `build`, `url`, `branch`, `commit`, …"""
    variables: tuple[str, ...] = ()
    """Names of the environment variables, never their values."""
    random_seed: int | None = None


class Run(NamedTuple):
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
    counts: Mapping[str, int] = {}
    """One outcome per attempt; a collection error counts as `error`, a crashed worker as
    `failed`."""
    pytest_counts: Mapping[str, int] | None = None
    """pytest's own summary, where subtests count; null where no terminal reporter was there."""
    collected: int | None = None
    coverage_percent: float | None = None
    artifacts: tuple[str, ...] = ()
    """Files kept for failed tests, relative to the run directory."""
    warnings: tuple[str, ...] = ()
    """What the kit itself could not do."""
    environment: Environment = Environment()
    schema_version: int = SCHEMA_VERSION


def run_from_json(document: dict[str, Any]) -> Run:
    """Unknown keys are ignored.

    Raises:
        ValueError: `run_id` is missing, or a value has the wrong shape.
    """
    values = known(Run, document)
    if "environment" in values:
        values["environment"] = Environment(**known(Environment, values["environment"]))
    return build(Run, values)
