"""The readable log: a run as text, and the file that texts are appended to.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

from conftest_kit.locking import TIMEOUT_SECONDS, lock
from conftest_kit.run import OUTCOMES, Run

if TYPE_CHECKING:
    from conftest_kit.records import Failure, Raised, Recording

# Not compiled before it is needed: a green run has no use for it.
_ESCAPES = (
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours and cursor movements
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"  # titles, links and other strings
    r"|\x1b[ -/]*[0-~]?"
    # Other controls, and what turns the direction of text around.
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
)
_RULE_WIDTH = 100
_AT_ONCE = 1 << 14
"""Bytes of a text that are held in memory."""


class Spool:
    """Text that waits for the block it belongs to: the end of it in memory, the rest in a file.

    The file has no name, and is there only where there is much text. Where it cannot be opened or
    written to, the text stays in memory. What a process forked by a test adds is its own.
    """

    def __init__(self, folder: Path) -> None:
        self.size = 0
        """Bytes."""
        self.count = 0
        """How often something was added."""
        self._folder = folder
        self._end = bytearray()
        self._file: IO[bytes] | None = None

    def add(self, text: bytes | bytearray) -> None:
        """Add it at the end, in memory."""
        self._end += text
        self.size += len(text)
        self.count += 1

    def settle(self) -> None:
        """Move it to the file where it has become much. Never raises OSError."""
        if len(self._end) >= _AT_ONCE:
            with contextlib.suppress(OSError):
                if self._file is None:  # which `parts` closes
                    self._file = tempfile.TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115
                del self._end[: self._file.write(self._end)]

    def parts(self) -> Iterator[bytes | bytearray]:
        """All that was added, in order; nothing can be added after this."""
        if self._file is not None:
            with self._file as file:
                file.seek(0)
                while part := file.read(_AT_ONCE):
                    yield part
        yield self._end


def render(recording: Recording) -> bytes:
    """A run as text: header, tests with times, failures in full, summary; no control characters."""
    tests = b"".join(
        entry(
            attempt.nodeid,
            attempt.outcome,
            started=attempt.started,
            seconds=sum(attempt.durations.values()),
            attempt=attempt.attempt,
            worker=attempt.worker,
            reason=attempt.reason,
        )
        for attempt in recording.attempts
    )
    run = recording.run
    # A run that died counted nothing.
    counts = run.counts or Counter(attempt.outcome for attempt in recording.attempts)
    return b"".join(
        block(
            run._replace(counts=counts),
            tests=(tests,),
            failures=itertools.starmap(failure_entry, enumerate(recording.failures, start=1)),
            failed=len(recording.failures),
            in_flight=recording.in_flight,
            malformed_lines=recording.malformed_lines,
        )
    )


def block(
    run: Run,
    *,
    tests: Iterable[bytes | bytearray],
    failures: Iterable[bytes | bytearray],
    failed: int,
    in_flight: Iterable[str] = (),
    malformed_lines: int = 0,
) -> Iterator[bytes | bytearray]:
    """As `render`, of parts and in parts: what `entry` gave, and `failure_entry` for `failed`."""
    yield _encoded(_rule("=", f"run {run.run_id}"), *_header(run), _rule("-", "tests"))
    yield from tests
    yield from failures
    if in_flight:
        yield _encoded(_rule("-", "started and never ended"), *map(_line, in_flight))
    if run.warnings:
        yield _encoded(_rule("-", "warnings"), *map(_line, run.warnings))
    yield _encoded(_rule("-", "summary"), *_summary(run, failed, malformed_lines))
    yield _encoded(_rule("=", f"end of run {run.run_id}"), "")


def entry(
    nodeid: str,
    outcome: str,
    *,
    started: str,
    seconds: float,
    attempt: int = 1,
    worker: str | None = None,
    reason: str = "",
) -> bytes:
    """The line of one attempt at a test; a second one says the reason."""
    line = f"{started:<28}{outcome.upper():<8}{seconds:9.3f} s  {nodeid}"
    if attempt > 1:
        line += f" (attempt {attempt})"
    if worker:
        line += f" [{worker}]"
    line = _line(line)
    return _encoded(line, f"{'':<48}{_line(reason)}") if reason else _encoded(line)


def failure_entry(number: int, failure: Failure) -> bytes:
    """A failure in full: what pytest rendered, else its exceptions, and what was captured."""
    title = f"failure {number}: {failure.nodeid or 'pytest'}"
    return _encoded(_rule("-", title), *_failure(failure))


def append(
    path: Path,
    block: Iterable[bytes | bytearray],
    *,
    max_bytes: int = 10_000_000,
    backups: int = 5,
    lock_seconds: float = TIMEOUT_SECONDS,
) -> None:
    """Add one block to the log; one that would grow too big becomes `<name>.1`, that `.2` …

    Blocks of several processes do not mix. Where another writer holds the lock for
    `lock_seconds`, the block is added all the same, without rotation.

    Raises:
        OSError: the file cannot be written to.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    spool = Spool(path.parent)
    for part in block:
        spool.add(part)
        spool.settle()
    with lock(path, timeout_seconds=lock_seconds) as held:
        if held and path.exists() and path.stat().st_size + spool.size > max_bytes:
            _rotate(path, backups)
        # Where others write too, what is written at once stays together.
        _add(path, spool.parts() if held else [b"".join(spool.parts())])


def _add(path: Path, parts: Iterable[bytes | bytearray]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "ab") as file:
            file.writelines(parts)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


def _rotate(path: Path, backups: int) -> None:
    names = [path, *(path.with_name(f"{path.name}.{n}") for n in range(1, backups + 1))]
    for older, newer in reversed(list(zip(names[1:], names, strict=False))):
        if newer.exists():
            newer.replace(older)


def _header(run: Run) -> Iterator[str]:
    environment = run.environment
    git = environment.git
    branch, commit = git.get("branch") or "detached", git.get("commit") or "none yet"
    state = {None: ", changes unknown", False: ""}.get(git.get("dirty"), ", with changes")
    facts = {
        "project": run.project,
        "started": run.started,
        "directory": run.directory,
        "command": " ".join(run.command),
        "python": _words(environment.python, "version", "implementation", "executable"),
        "platform": _words(environment.platform, "system", "release", "machine"),
        "commit": f"{commit} ({branch}{state})" if git else "",
        "ci": ", ".join(f"{key} {value}" for key, value in environment.ci.items()),
        "random seed": "" if environment.random_seed is None else str(environment.random_seed),
    }
    for name, fact in facts.items():
        if fact:
            yield f"{name + ':':<13}{_line(fact)}"


def _failure(failure: Failure) -> Iterator[str]:
    facts = [f"phase {failure.phase}", f"attempt {failure.attempt}"]
    facts += [f"subtest {failure.subtest}"] if failure.subtest is not None else []
    facts += [f"worker {failure.worker}"] if failure.worker else []
    facts += [failure.time] if failure.time else []
    yield _line(", ".join(facts))
    if failure.text:
        yield _plain(failure.text)
    elif failure.exceptions:
        yield from _chain(failure.exceptions)
    else:
        yield _plain(failure.message)
    for stream, text in failure.captured.items():
        if text:
            yield f"captured {_line(stream)}:"
            yield _plain(text)


def _chain(chain: Sequence[Raised], indent: str = "") -> Iterator[str]:
    """What pytest did not render: from the exception that ended the test back to the root."""
    joints = {"cause": "caused by ", "context": "raised while handling ", "raised": ""}
    for raised in chain:
        text = _plain(raised.message).replace("\n", f"\n{indent}    ")
        yield f"{indent}{joints[raised.relation]}{_line(raised.type)}: {text}"
        for note in raised.notes:
            yield f"{indent}    note: {_line(note)}"
        for frame in raised.frames:
            place = f"{frame.file}:{frame.line} in {frame.function}"
            yield _line(f"{indent}    {place}{': ' if frame.source else ''}{frame.source}")
        for member in raised.members:
            yield from _chain(member, indent + "  | ")


def _summary(run: Run, failures: int, malformed_lines: int) -> Iterator[str]:
    counts = run.counts
    parts = [f"{counts[outcome]} {outcome}" for outcome in OUTCOMES if counts.get(outcome)]
    yield f"{', '.join(parts) or 'no tests ran'}; {failures} failure(s) recorded"
    status = "unknown" if run.exit_code is None else run.exit_code
    yield _line(
        f"{run.state}, exit status {status}, finished {run.finished or 'never'}{_took(run)}"
    )
    if run.coverage_percent is not None:
        yield f"coverage {run.coverage_percent:.2f} %"
    if malformed_lines:
        yield f"{malformed_lines} lines of the record could not be read"


def _took(run: Run) -> str:
    try:
        took = datetime.fromisoformat(run.finished) - datetime.fromisoformat(run.started)
    except ValueError:
        return ""
    return f" after {took.total_seconds():.3f} s"


def _words(mapping: Mapping[str, str], *keys: str) -> str:
    return " ".join(mapping[key] for key in keys if mapping.get(key))


def _rule(character: str, title: str) -> str:
    return f"{character * 4} {_line(title)} ".ljust(_RULE_WIDTH, character)


def _plain(text: str) -> str:
    """Without what a terminal would act on; line ends are newlines."""
    if text.replace("\n", "").isprintable():  # Nearly always.
        return text.strip("\n")
    return re.sub(_ESCAPES, "", text.replace("\r\n", "\n")).strip("\n")


def _encoded(*lines: str) -> bytes:
    return ("\n".join(lines) + "\n").encode("utf-8", "backslashreplace")


def _line(text: str) -> str:
    """On one line, so that no test's name or message looks like a line of ours."""
    if text.isprintable():  # Nearly always: ten thousand tests in 30 ms.
        return text
    return _plain(text).replace("\n", "\\n").rstrip()
