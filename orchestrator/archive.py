"""Keeps what a red run left behind in one file, without its secrets.

An archive holds one folder, named like the run: the redacted record in the kit's own format (so
that `conftest_kit.rundir` reads an unpacked archive), the log rendered from it, the failures'
artifacts, `files/` (what the settings name), `htmlcov/` and `manifest.json`. The same input gives
the same bytes.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import os
import re
import stat
import tarfile
import tempfile
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from conftest_kit import log, records, rundir
from conftest_kit.records import Recording
from corpus_memory_logging.records import Artifact
from orchestrator.errors import UnreadableInput
from orchestrator.redact import Redactor

MANIFEST_FILE = "manifest.json"
MANIFEST_VERSION = 1
SUFFIX = ".tar.gz"

MAX_FILE_BYTES = 50_000_000
MAX_TEXT_BYTES = 5_000_000
"""Texts are searched for secrets at about 1.5 MB a second; a longer one is left out."""
MAX_FILES = 5_000
_OWN_FILES = 5
"""Records, log and manifest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """An archive that was written."""

    path: Path
    artifacts: tuple[Artifact, ...]
    """Its members but the manifest; names are those within its one folder."""
    left_out: tuple[str, ...] = ()
    """What is not in it, and why; each a sentence."""
    unscanned: tuple[str, ...] = ()
    """Binary members, which nobody can search for secrets."""


@dataclass(slots=True, kw_only=True)
class _Writer:
    """An archive in the making."""

    tar: tarfile.TarFile
    folder: str
    mtime: int
    room: int
    """Bytes that further files may take."""
    artifacts: list[Artifact] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    unscanned: list[str] = field(default_factory=list)

    def add(self, name: str, content: bytes) -> None:
        member = tarfile.TarInfo(f"{self.folder}/{name}")
        member.size, member.mtime, member.mode = len(content), self.mtime, 0o600
        self.tar.addfile(member, io.BytesIO(content))
        if name != MANIFEST_FILE:
            digest = hashlib.sha256(content).hexdigest()
            self.artifacts.append(Artifact(name=name, size=len(content), sha256=digest))


def write(
    destination: Path,
    *,
    recording: Recording,
    run_directory: Path,
    root: Path,
    redactor: Redactor,
    extra: Sequence[str] = (),
    include_binary: bool = True,
    max_bytes: int = 100_000_000,
) -> Archived:
    """Write the archive of a run to `destination`, at once or not at all.

    `recording` is redacted already. `extra` are files, folders and patterns below `root`. Texts are
    redacted; binary files cannot be and stay out unless `include_binary`. Records and log are in
    always, other files as long as all together stay below `max_bytes` before compression.

    Raises:
        OSError: the archive cannot be written.
    """
    destination.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    own = _own_members(recording)
    refused: dict[str, str] = {}
    files: dict[str, Path] = {}
    for name, path in _files(recording, run_directory, root, extra, refused):
        if path != destination:
            files[_free_name(redactor.redact_text(name), {*own, *files})] = path
    with _replacing(destination) as target, _tar(target) as tar:
        writer = _Writer(
            tar=tar,
            folder=_safe_name(recording.run.run_id),
            mtime=max(int(_started(recording)), 0),
            room=max_bytes - sum(map(len, own.values())),
            left_out={_safe_name(redactor.redact_text(name)): why for name, why in refused.items()},
        )
        for name in sorted({*own, *files}):
            if name in own:
                writer.add(name, own[name])
            else:
                _add_file(writer, name, files[name], redactor, include_binary=include_binary)
        writer.add(MANIFEST_FILE, _manifest(recording, writer))
    return Archived(
        path=destination,
        artifacts=tuple(writer.artifacts),
        left_out=tuple(
            f"{name} is not in the archive: {why}" for name, why in writer.left_out.items()
        ),
        unscanned=tuple(writer.unscanned),
    )


def prune(folder: Path, *, max_bytes: int, keep: Path | None = None) -> tuple[str, ...]:
    """Remove the oldest archives in `folder` until all together have at most `max_bytes`.

    `keep` stays. Returns the names of those that went.
    """
    try:
        found = sorted(path for path in folder.iterdir() if path.name.endswith(SUFFIX))
        sizes = {path: path.lstat().st_size for path in found}
    except OSError:
        return ()
    total, removed = sum(sizes.values()), []
    for path in found:  # run ids sort by time
        if total <= max_bytes:
            break
        if path != keep:
            with contextlib.suppress(OSError):
                path.unlink()
                total -= sizes[path]
                removed.append(path.name)
    return tuple(removed)


def read_text(folder: Path, artifact: Mapping[str, Any]) -> str:
    """A text out of an archive in `folder`: what the memory holds of it as `queries.artifacts` has
    it, and nothing else that may be in a file of that name.

    Raises:
        UnreadableInput: the archive is not there, or holds something else; or it is no text.
    """
    name, path = artifact["name"], folder / Path(artifact["archive"] or "none").name
    content = _member(path, f"{_safe_name(artifact['run_id'])}/{_safe_name(name)}")
    if content is None or hashlib.sha256(content).hexdigest() != artifact["sha256"]:
        raise UnreadableInput(f"{str(path)!r} does not hold {name!r} as it was archived")
    text = _as_text(content)
    if text is None:
        raise UnreadableInput(f"{name!r} is binary ({len(content)} bytes): unpack {str(path)!r}")
    return text[0]


def _member(path: Path, name: str) -> bytes | None:
    """The content of a regular file in an archive; None where there is none of that name."""
    try:
        with tarfile.open(path, "r:gz") as tar:
            for member in islice(tar, MAX_FILES + _OWN_FILES):
                if member.name == name and member.isreg() and member.size <= MAX_FILE_BYTES:
                    file = tar.extractfile(member)
                    return file.read() if file else None
    except (OSError, tarfile.TarError, EOFError, zlib.error) as error:
        raise UnreadableInput(
            f"the archive {str(path)!r} cannot be read ({error}): it was removed to make room, or "
            "is on the machine that reviewed the run"
        ) from error
    return None


def _own_members(recording: Recording) -> dict[str, bytes]:
    """The record in the format of `conftest_kit.rundir`, and the log."""
    run = {"$record": "run", **records.to_json(recording.run)}
    members = {
        rundir.RUN_FILE: json.dumps(run, indent=1).encode(),
        rundir.RECORDS_FILE: "".join(f"{line}\n" for line in _record_lines(recording)).encode(),
        rundir.LOG_FILE: log.render(recording),
    }
    if recording.distributions:
        documents = [records.to_json(distribution) for distribution in recording.distributions]
        members[rundir.DISTRIBUTIONS_FILE] = json.dumps(documents).encode()
    return members


def _record_lines(recording: Recording) -> Iterator[str]:
    # A reader counts starts against attempts to find what was in flight.
    for attempt in recording.attempts:
        yield _line("start", {"nodeid": attempt.nodeid, "time": attempt.started})
        yield _line("attempt", records.to_json(attempt))
    for failure in recording.failures:
        yield _line("failure", records.to_json(failure))
    for skip in recording.skips:
        yield _line("skip", records.to_json(skip))
    for nodeid in recording.in_flight:
        yield _line("start", {"nodeid": nodeid})


def _line(kind: str, document: dict[str, Any]) -> str:
    return json.dumps({"$record": kind, **document})


def _files(
    recording: Recording,
    run_directory: Path,
    root: Path,
    extra: Sequence[str],
    refused: dict[str, str],
) -> Iterator[tuple[str, Path]]:
    """What else belongs to the run; what cannot be taken is named in `refused`."""
    folder = run_directory / rundir.ARTIFACTS_FOLDER
    yield from _below(folder, rundir.ARTIFACTS_FOLDER, refused)
    for pattern in extra:
        yield from _matching(root, pattern, run_directory, refused)
    coverage = root / "htmlcov"
    with contextlib.suppress(OSError):
        # coverage rewrites this page always, the others only where they changed.
        if (coverage / "index.html").lstat().st_mtime >= _started(recording):
            yield from _below(coverage, "htmlcov", refused)


def _matching(
    root: Path, pattern: str, run_directory: Path, refused: dict[str, str]
) -> Iterator[tuple[str, Path]]:
    if Path(pattern).is_absolute() or ".." in Path(pattern).parts or not Path(pattern).parts:
        refused[pattern] = "a path in `artifacts` must lie below the project"
        return
    real_root = root.resolve()
    for path in sorted(root.glob(pattern)):
        name = f"files/{path.relative_to(root).as_posix()}"
        if not path.resolve().is_relative_to(real_root):
            refused[name] = "it is a link out of the project"
        elif path.resolve().is_relative_to(run_directory.parent.resolve()):
            refused[name] = "records of runs are unmasked"
        else:
            yield from _below(path, name, refused)


def _below(top: Path, name: str, refused: dict[str, str]) -> Iterator[tuple[str, Path]]:
    """The file `top`, or the files in the folder `top`, with names; links are not followed."""
    open_ = [(name, top)]
    while open_:
        name, path = open_.pop()
        try:
            mode = path.lstat().st_mode
            if stat.S_ISDIR(mode):
                entries = sorted(path.iterdir(), reverse=True)
                open_ += [(f"{name}/{entry.name}", entry) for entry in entries]
            elif stat.S_ISREG(mode):
                yield name, path
            else:
                refused[name] = "it is a link, a device or a socket"
        except FileNotFoundError:
            continue
        except OSError as error:
            refused[name] = f"{error.strerror}"


def _add_file(
    writer: _Writer, name: str, path: Path, redactor: Redactor, *, include_binary: bool
) -> None:
    if len(writer.artifacts) >= MAX_FILES:
        writer.left_out[name] = f"an archive takes {MAX_FILES} files"
        return
    try:
        content = _content(path)
    except OSError as error:
        writer.left_out[name] = f"{error.strerror}"
        return
    text = _as_text(content)
    limit = min(writer.room, MAX_FILE_BYTES if text is None else MAX_TEXT_BYTES)
    if len(content) > limit:
        writer.left_out[name] = f"it has {len(content)} bytes where {max(limit, 0)} are allowed"
        return
    if text is not None:
        markup = name.endswith((".html", ".htm", ".xml", ".svg"))
        content = redactor.redact_text(text[0], markup=markup).encode(text[1])
    elif not include_binary:
        writer.left_out[name] = "it is binary and cannot be searched for secrets"
        return
    else:
        writer.unscanned.append(name)
    writer.room -= len(content)
    writer.add(name, content)


def _content(path: Path) -> bytes:
    """At most a little more than may be kept; a link or a pipe that came in between is an error."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(0, "it is no file")
        return file.read(MAX_FILE_BYTES + 1)


_NEVER_IN_TEXT = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f]")


def _as_text(content: bytes) -> tuple[str, str] | None:
    """The text and its encoding; None for what is binary."""
    if _NEVER_IN_TEXT.search(content):
        return None
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return content.decode("latin-1"), "latin-1"


_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\\:*?\"<>|\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


def _safe_name(name: str) -> str:
    """`name` for every file system: relative, without `..`, controls and what Windows forbids."""
    name = _UNSAFE.sub("_", name)
    parts = [part for part in name.split("/") if part not in ("", ".", "..")]
    return "/".join(parts) or "_"


def _free_name(name: str, taken: Collection[str]) -> str:
    """A safe form of `name` that no other member has."""
    name = _safe_name(name)
    while name in taken:
        name += "~"
    return name


def _manifest(recording: Recording, writer: _Writer) -> bytes:
    document = {
        "manifest_version": MANIFEST_VERSION,
        "run_id": recording.run.run_id,
        "malformed_lines": recording.malformed_lines,
        "members": [asdict(artifact) for artifact in writer.artifacts],
        "unscanned": writer.unscanned,
        "left_out": [{"name": name, "reason": why} for name, why in writer.left_out.items()],
    }
    return json.dumps(document, indent=1).encode()


def _started(recording: Recording) -> float:
    """When the run began, in seconds; 0 where the record does not say."""
    try:
        return datetime.fromisoformat(recording.run.started).timestamp()
    except ValueError:
        return 0.0


@contextlib.contextmanager
def _replacing(destination: Path) -> Iterator[BinaryIO]:
    """A file for its owner only that takes the place of `destination` once it is whole."""
    descriptor, name = tempfile.mkstemp(dir=destination.parent, prefix=".archive-")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
        temporary.replace(destination)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _tar(target: BinaryIO) -> Iterator[tarfile.TarFile]:
    # No name and no time in the header: they would differ each time.
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=target, mtime=0, compresslevel=6) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        yield tar
