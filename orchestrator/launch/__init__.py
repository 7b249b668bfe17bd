"""Run the user's pytest command, lend it the kit, and pass on what it says and how it ended."""

from __future__ import annotations

import os
import re
import selectors
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import BinaryIO

from conftest_kit import rundir
from conftest_kit.masking import Mask
from orchestrator.errors import UsageProblem
from orchestrator.launch import lending

TAIL_BYTES = 64 * 1024
DRAIN_SECONDS = 1.0
"""How long a grandchild that holds standard error open may keep us after the command ended."""
QUIET_SECONDS = 0.05

_PASSED_ON = (
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGUSR1,
    signal.SIGUSR2,
)
_FROM_KEYS = frozenset({signal.SIGINT, signal.SIGQUIT})
_ESCAPE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """How a command ended, and what is known of the pytest run inside it.

    Its texts do not hold the values of environment variables whose names suggest a secret.
    """

    command: tuple[str, ...]
    directory: Path
    exit_code: int
    """The command's own; 128+n where signal n ended it."""
    run_id: str
    run_directory: Path | None
    """Where the kit recorded the run; None where no kit did."""
    started: str
    """RFC 3339, UTC."""
    finished: str
    stderr_tail: str
    """The last 64 KiB of standard error, without terminal escapes."""
    notes: tuple[str, ...] = ()
    """What kept the kit out, or the record from telling all, with the remedy."""
    variables: tuple[str, ...] = ()
    """Names of the environment variables that the caller gave the command, sorted."""


def launch(
    command: Sequence[str], *, environ: Mapping[str, str], directory: Path, stderr: BinaryIO
) -> Launched:
    """Run `command` in `directory` with the kit lent, and wait for it.

    Standard input and output are the caller's own; standard error goes to `stderr` byte for byte as
    it comes. Signals that arrive meanwhile are passed on. Call it from the main thread.

    Raises:
        UsageProblem: the command cannot be started.
    """
    if not command:
        raise UsageProblem("no command: name one that runs pytest, `orchestrator run -- pytest`")
    barred = lending.bar(command, environ=environ, directory=directory)
    launched = _attempt(command, environ, directory, stderr, barred=barred)
    if launched.exit_code and lending.broke(launched.stderr_tail):
        with suppress(OSError, ValueError):  # nobody reads it
            stderr.write(b"orchestrator: the kit cannot be lent there, running again without it\n")
            stderr.flush()
        barred = "PYTHONPATH does not reach its pytest, or its Python is older than 3.6"
        launched = _attempt(command, environ, directory, stderr, barred=barred)
    return launched


def _attempt(
    command: Sequence[str],
    environ: Mapping[str, str],
    directory: Path,
    stderr: BinaryIO,
    *,
    barred: str | None,
) -> Launched:
    started = time.time()
    run_id = rundir.new_run_id(started)
    token = _new_token(run_id)
    if token is None:
        barred = "there is no temporary folder that can be written to"
    try:
        variables = lending.environment(environ, token, lend=barred is None)
        exit_code, tail = _run(command, variables, directory, stderr)
        answer = lending.read_answer(token)
    finally:
        if token:
            shutil.rmtree(token, ignore_errors=True)
    mask = Mask.of(environ)
    stderr_tail = mask(_text(tail))
    note = lending.note(answer, barred=barred, stderr=stderr_tail if exit_code else "")
    return Launched(
        command=tuple(mask(word) for word in command),
        directory=directory,
        exit_code=exit_code,
        run_id=run_id,
        run_directory=answer.run_directory,
        started=rundir.timestamp(started),
        finished=rundir.timestamp(time.time()),
        stderr_tail=stderr_tail,
        notes=(note,) if note else (),
        variables=tuple(sorted(environ)),
    )


def _new_token(run_id: str) -> Path | None:
    try:
        token = Path(tempfile.mkdtemp(prefix="conftest-kit-"))
        lending.write_token(token, run_id=run_id)
    except OSError:  # a full disk must not keep the tests from running
        return None
    return token


def _text(tail: bytes) -> str:
    if len(tail) == TAIL_BYTES:  # it may begin in the middle of a line, or of a secret
        tail = tail[tail.find(b"\n") + 1 :]
    return _ESCAPE.sub("", tail.decode(errors="replace"))


def _run(
    command: Sequence[str], environ: Mapping[str, str], directory: Path, stderr: BinaryIO
) -> tuple[int, bytes]:
    """Exit status as a shell says it, and the tail of standard error."""
    with ExitStack() as stack:
        relay = stack.enter_context(_relay())
        ours, childs = _stderr_ends(stderr)
        stack.callback(os.close, ours)
        try:
            process = subprocess.Popen(
                command,
                cwd=directory,
                env=environ,
                stderr=childs,
                # Without a terminal, who stops a group of processes must not reach pytest twice:
                # directly, and through us.
                process_group=0 if _terminal_group() is None else None,
            )
        except OSError as error:
            raise UsageProblem(_why_not_started(error, command, environ, directory)) from error
        finally:
            os.close(childs)
        tee = _Tee(ours, stderr)
        tee.start()
        relay.pass_on_to(process)
        status = process.wait()
        tail = tee.finish()
    return (status if status >= 0 else 128 - status), tail


def _stderr_ends(sink: BinaryIO) -> tuple[int, int]:
    """Where to read standard error, and what the command gets: a terminal if ours is one."""
    if not sink.isatty():
        return os.pipe()
    import termios  # noqa: PLC0415 - POSIX only, as terminals are

    ours, childs = os.openpty()
    attributes = termios.tcgetattr(childs)
    attributes[1] &= ~termios.OPOST  # the real terminal turns \n into \r\n already
    termios.tcsetattr(childs, termios.TCSANOW, attributes)
    termios.tcsetwinsize(childs, termios.tcgetwinsize(sink.fileno()))
    return ours, childs


class _Tee(threading.Thread):
    """Passes standard error through as it comes and keeps its tail."""

    def __init__(self, source: int, sink: BinaryIO) -> None:
        super().__init__(name="stderr", daemon=True)
        self._source = source
        self._sink: BinaryIO | None = sink
        self._tail = bytearray()
        self._wake_read, self._wake_write = os.pipe()

    def run(self) -> None:
        """Until the end of the stream; after the command's end, until nothing more is waiting."""
        deadline = None
        with selectors.DefaultSelector() as selector:
            selector.register(self._source, selectors.EVENT_READ)
            selector.register(self._wake_read, selectors.EVENT_READ)
            while deadline is None or time.monotonic() < deadline:
                ready = {key.fd for key, _ in selector.select(deadline and QUIET_SECONDS)}
                if self._wake_read in ready:
                    selector.unregister(self._wake_read)
                    deadline = time.monotonic() + DRAIN_SECONDS
                elif self._source not in ready or not self._pass_through():
                    return

    def finish(self) -> bytes:
        """Call it when the command has ended: what it wrote last is passed through too."""
        os.write(self._wake_write, b".")
        self.join()
        os.close(self._wake_read)
        os.close(self._wake_write)
        return bytes(self._tail)

    def _pass_through(self) -> bool:
        try:
            chunk = os.read(self._source, 65536)
        except OSError:  # EIO: every other end of the pseudo-terminal is closed
            return False
        self._tail += chunk
        del self._tail[:-TAIL_BYTES]
        if self._sink is not None:
            try:
                self._sink.write(chunk)
                self._sink.flush()
            except (OSError, ValueError):  # nobody listens any more: the command must not feel it
                self._sink = None
        return bool(chunk)


class _Relay:
    """A signal handler that hands signals to the command; those that come before it starts wait."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._waiting: list[int] = []

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        if self._process is None:
            self._waiting.append(number)
        elif not (number in _FROM_KEYS and _in_foreground()):
            self._process.send_signal(number)

    def pass_on_to(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        for number in self._waiting:
            process.send_signal(number)


@contextmanager
def _relay() -> Iterator[_Relay]:
    relay = _Relay()
    before = {number: signal.getsignal(number) for number in _PASSED_ON}
    passed_on = [number for number in _PASSED_ON if before[number] != signal.SIG_IGN]  # nohup
    for number in passed_on:
        signal.signal(number, relay)
    try:
        yield relay
    finally:
        for number in passed_on:
            signal.signal(number, before[number])


def _in_foreground() -> bool:
    """Whether the terminal's keys (Ctrl-C) reach the command by themselves: it is in our group."""
    return _terminal_group() == os.getpgrp()


def _terminal_group() -> int | None:
    """The group of processes in the foreground of our terminal; None where we have no terminal."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return None
    try:
        return os.tcgetpgrp(terminal)
    except OSError:
        return None
    finally:
        os.close(terminal)


def _why_not_started(
    error: OSError, command: Sequence[str], environ: Mapping[str, str], directory: Path
) -> str:
    program = command[0]
    if not directory.is_dir():
        return f"cannot run in {str(directory)!r}: there is no such folder"
    named = str(directory / program) if os.sep in program else program
    if isinstance(error, FileNotFoundError) and shutil.which(named, path=environ.get("PATH")):
        return (
            f"cannot run {program!r}: the interpreter in its first line does not exist; "
            "build its environment anew"
        )
    if isinstance(error, FileNotFoundError):
        return (
            f"cannot run {program!r}: there is no such program; activate its environment, "
            "or name the path or the runner (`.venv/bin/pytest`, `uv run pytest`)"
        )
    if isinstance(error, PermissionError):
        return f"cannot run {program!r}: it is not executable; is it a test path without `pytest`?"
    return f"cannot run {program!r}: {error.strerror}"
