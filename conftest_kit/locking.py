"""Files that several processes write: one writer at a time, and never half a file.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: writers there are not kept apart.
    fcntl = None  # type: ignore[assignment]

TIMEOUT_SECONDS = 5.0
"""A writer needs a few milliseconds; whoever holds the lock for longer hangs."""


@contextlib.contextmanager
def lock(path: Path, *, timeout_seconds: float) -> Iterator[bool]:
    """Keep out others that ask for the lock of this file; False where the wait was too long.

    The lock is a hidden file beside `path`. The system releases it when its holder dies. Where the
    system or the file system has no such locks, nobody waits.

    Raises:
        OSError: the folder cannot be written to.
    """
    descriptor = os.open(
        path.with_name(f".{path.name}.lock"), os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644
    )
    try:
        yield _acquire(descriptor, time.monotonic() + timeout_seconds)
    finally:
        os.close(descriptor)


def hidden(path: Path) -> Path:
    """The folder beside a file for what comes and goes when it is written.

    pytest looks into no hidden folder. Elsewhere pytest 7.4 stumbles over a file that is gone by
    the time it comes to it, and another session may be listing the folder now.
    """
    return path.with_name(f".{path.name}.d")


def replace(path: Path, content: bytes, *, folder: Path) -> None:
    """At once or not at all; readable for others, as node_exporter is, whatever the umask says.

    The content passes through a file in `folder`, which is created where it is missing and has to
    be on the same file system.

    Raises:
        OSError: it cannot be written; what was there before is still there.
    """
    _make(folder)
    temporary = folder / f"{os.getpid()}.tmp"
    try:
        temporary.write_bytes(content)
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _make(folder: Path) -> None:
    """Whoever may write to the folder above may write to it."""
    try:
        folder.mkdir()
    except FileExistsError:
        return
    shutil.copymode(folder.parent, folder)


def _acquire(descriptor: int, deadline: float) -> bool:
    while fcntl is not None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.005)
        except OSError:  # A network file system without locks.
            return True
        else:
            return True
    return True
