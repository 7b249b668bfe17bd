"""The run directory: names its files, writes, finds and prunes it. PYTEST_DONT_REWRITE"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from conftest_kit.documents import parse, to_json
from conftest_kit.run import Run, State, run_from_json

if TYPE_CHECKING:
    from conftest_kit.records import Distribution

RUN_FILE = "run.json"
RECORDS_FILE = "records.ndjson"
DISTRIBUTIONS_FILE = "distributions.json"
ARTIFACTS_FOLDER = "artifacts"
REVIEWED_FILE = "reviewed"
RUNS_FOLDER = "runs"
ARCHIVE_FOLDER = "archive"
LOG_FILE = "pytest.log"

_ROOM = 2048
"""Bytes that `run.json` has to spare from its start, so that a run can end on a full disk."""
SILENT_SECONDS = 3600
"""A run of another machine, whose processes cannot be seen from here, counts as died when nothing
was written for so long."""

_Read = TypeVar("_Read")


class UnreadableRun(ValueError):
    """There is no run where one was looked for, or its `run.json` cannot be read."""


def timestamp(seconds: float) -> str:
    """RFC 3339 in UTC with microseconds."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def new_run_id(now: float) -> str:
    """An id that sorts by time and is unique across machines."""
    moment = datetime.fromtimestamp(now, UTC)
    return moment.strftime("%Y%m%dT%H%M%S.%fZ-") + os.urandom(4).hex()


class RunDir:
    """The directory of one run, as its only writer sees it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.artifacts = path / ARTIFACTS_FOLDER
        self._records: int | None = None

    @classmethod
    def new(cls, logs_dir: Path, run_id: str) -> RunDir:
        """The directory that the run will have; nothing is created yet."""
        return cls(logs_dir / RUNS_FOLDER / run_id)

    def create(self, run: Run) -> None:
        """Make the directory, write `run.json` and open the records.

        Raises:
            OSError: the place cannot be written to.
        """
        logs_dir = self.path.parent.parent
        if not logs_dir.exists():
            logs_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_new(logs_dir / ".gitignore", b"*\n")
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        self.path.mkdir(mode=0o700)
        _write_new(self.path / RUN_FILE, _run_content(run) + b" " * _ROOM)
        self.reopen()

    def reopen(self) -> None:
        """Open the records, also those of a run whose writer is gone.

        Raises:
            OSError: the place cannot be written to.
        """
        self._records = os.open(
            self.path / RECORDS_FILE,
            os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0),
            0o600,
        )

    def append(self, lines: bytes, write: Callable[[int, bytes], int] = os.write) -> None:
        """Add whole lines to the records in one write.

        The default keeps the system's own function where a fixture of tests stands in for the file
        system while they are reported.

        Raises:
            OSError: they could not be written, or not completely.
        """
        if self._records is None:
            raise OSError(f"{self.path / RECORDS_FILE} is not open")
        count = write(self._records, lines)
        if count != len(lines):
            raise OSError(f"only {count} of {len(lines)} bytes fit into {self.path / RECORDS_FILE}")

    def finish(self, run: Run) -> None:
        """Replace `run.json`, at once or not at all.

        Raises:
            OSError: it cannot be written.
        """
        content = _run_content(run)
        try:
            _replace(self.path / RUN_FILE, content)
        except OSError:  # the disk is full: there is room in the file itself
            _overwrite(self.path / RUN_FILE, content)

    def write_distributions(self, distributions: Iterable[Distribution]) -> None:
        """Keep what the metadata of the installed distributions says."""
        documents = [to_json(distribution) for distribution in distributions]
        _replace(self.path / DISTRIBUTIONS_FILE, json.dumps(documents).encode())

    def kept_artifacts(self) -> tuple[str, ...]:
        """The files below the artifacts folder, relative to the run directory."""
        return tuple(
            sorted(
                (Path(folder) / name).relative_to(self.path).as_posix()
                for folder, _, names in os.walk(self.artifacts)
                for name in names
            )
        )

    def close(self) -> None:
        """Close the records; nothing can be appended afterwards."""
        if self._records is not None:
            os.close(self._records)
            self._records = None


def read_run(path: Path) -> Run:
    """The content of `run.json` alone; a run whose process is gone has the state `died`.

    Raises:
        UnreadableRun: `path` has no readable `run.json`.
    """
    try:
        run = run_from_json(parse((path / RUN_FILE).read_bytes()))
    except (OSError, ValueError, RecursionError) as error:
        raise UnreadableRun(f"{path} holds no readable run: {error}") from None
    return run._replace(state=_state(run, path))


def runs(logs_dir: Path) -> list[Path]:
    """The run directories, newest first."""
    try:
        found = [path for path in (logs_dir / RUNS_FOLDER).iterdir() if _is_run(path)]
    except OSError:
        return []
    return sorted(found, key=lambda path: path.name, reverse=True)


def find(logs_dir: Path, reference: str) -> Path:
    """The directory of the run that `reference` names.

    `latest`, an id, a unique beginning of one, or a path.

    Raises:
        UnreadableRun: there is none, or several; the message says which.
    """
    known = runs(logs_dir)
    if reference == "latest":
        if not known:
            raise UnreadableRun(f"there are no runs in {logs_dir / RUNS_FOLDER}")
        return known[0]
    matching = [path for path in known if path.name.startswith(reference)] if reference else []
    exact = [path for path in matching if path.name == reference]
    if len(exact or matching) == 1:
        return (exact or matching)[0]
    if matching:
        names = ", ".join(path.name for path in matching[:3])
        raise UnreadableRun(f"{len(matching)} runs begin with {reference}: {names} …")
    if reference and _is_run(Path(reference)):
        return Path(reference)
    raise UnreadableRun(
        f"no run {reference!r} in {logs_dir / RUNS_FOLDER}, and no run at that path"
    )


def prune(logs_dir: Path, keep: int) -> tuple[Path, ...]:
    """Remove run directories until `keep` are left, the oldest first.

    Red ones that nobody reviewed go last, running ones never. Returns the unreviewed red ones that
    had to go.
    """
    known = runs(logs_dir)
    surplus = len(known) - keep
    if surplus <= 0:
        return ()
    finished = [path for path in reversed(known) if not _is_running(path)]
    unreviewed = {path for path in finished if _is_red(path) and not is_reviewed(path)}
    finished.sort(key=lambda path: path in unreviewed)
    removed = finished[:surplus]
    for path in removed:
        shutil.rmtree(path, ignore_errors=True)
    return tuple(path for path in removed if path in unreviewed)


def mark_reviewed(path: Path) -> None:
    """Note that the run was reviewed, so that it may be pruned before those that were not."""
    (path / REVIEWED_FILE).touch(mode=0o600)


def is_reviewed(path: Path) -> bool:
    """Whether `mark_reviewed` was called for this run."""
    return (path / REVIEWED_FILE).exists()


def is_red(run: Run) -> bool:
    """Whether the run ended otherwise than green or empty."""
    return run.state != "complete" or run.exit_code not in (0, 5)


def _is_run(path: Path) -> bool:
    return (path / RUN_FILE).is_file()


def _is_running(path: Path) -> bool:
    return _try(lambda: read_run(path).state == "running", default=False)


def _is_red(path: Path) -> bool:
    return _try(lambda: is_red(read_run(path)), default=False)


def _try(read: Callable[[], _Read], default: _Read) -> _Read:
    try:
        return read()
    except UnreadableRun:
        return default


def _state(run: Run, path: Path) -> State:
    if run.state != "running":
        return run.state
    if run.host and run.host != platform.node():
        return "died" if _seconds_silent(path) > SILENT_SECONDS else "running"
    return "running" if run.pid is not None and _lives(run.pid, run.started) else "died"


def _seconds_silent(path: Path) -> float:
    newest = 0.0
    for name in (RUN_FILE, RECORDS_FILE):
        with contextlib.suppress(OSError):
            newest = max(newest, (path / name).stat().st_mtime)
    return time.time() - newest


def _lives(pid: int, started: str) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # it lives, and is somebody else's
        pass
    born = _process_start(pid)
    return born is None or born <= _seconds(started) + 2


def _process_start(pid: int) -> float | None:
    """When the process started; None where the system does not say. Process ids are used again."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        up = float(Path("/proc/uptime").read_text().split()[0])
        return time.time() - up + int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return None


def _seconds(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return float("inf")


def _write_new(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        while content:
            content = content[os.write(descriptor, content) :]
    finally:
        os.close(descriptor)


def _run_content(run: Run) -> bytes:
    return json.dumps({"$record": "run", **to_json(run)}, indent=1).encode()


def _overwrite(path: Path, content: bytes) -> None:
    with path.open("r+b") as file:
        size = os.fstat(file.fileno()).st_size
        if len(content) > size:
            raise OSError(f"{path}: {len(content)} bytes do not fit into {size}")
        file.write(content.ljust(size))


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        _write_new(temporary, content)
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
