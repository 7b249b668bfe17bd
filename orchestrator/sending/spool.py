"""Requests that wait on disk until their server takes them.

Each is a file in one folder, named by when it came. Of two with the same URL the newer stays. What
is in the folder holds no credentials; it is readable by its owner alone.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from orchestrator.sending.deliver import Request

MAX_REQUESTS = 100
MAX_BYTES = 16_000_000
"""A project's files have about 100 kB, so that the number comes first."""
WRITING_SECONDS = 60.0
"""Nobody needs longer for a file of the spool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A request in the spool."""

    path: Path
    request: Request


class Spool:
    """The spool in a folder, which is made when the first request comes."""

    def __init__(
        self, folder: Path, *, max_requests: int = MAX_REQUESTS, max_bytes: int = MAX_BYTES
    ) -> None:
        self.folder = folder
        self._max_requests = max_requests
        self._max_bytes = max_bytes

    def add(self, request: Request) -> list[Request]:
        """Put a request at the end, in place of one with its URL; gives what had to leave for it.

        Raises:
            OSError: the folder cannot be written to.
        """
        self._make_folder()
        older = self.waiting()
        path = self.folder / f"{time.time_ns():020}-{os.urandom(4).hex()}.json"
        temporary = path.with_suffix(".tmp")
        try:
            temporary.touch(mode=0o600, exist_ok=False)
            temporary.write_text(json.dumps({"$record": "request", **asdict(request)}))
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        for replaced in (other for other in older if other.request.url == request.url):
            replaced.path.unlink(missing_ok=True)
        return self._prune()

    def waiting(self) -> list[Waiting]:
        """All requests, the oldest first. What is damaged is removed: nobody could send it."""
        found = []
        for path in self._files():
            try:
                fields = json.loads(path.read_text(encoding="utf-8"))
                request = Request(**{name: str(fields[name]) for name in Request.__slots__})
            except FileNotFoundError:  # another process has sent it
                continue
            except (ValueError, LookupError, TypeError):
                path.unlink(missing_ok=True)
                continue
            found.append(Waiting(path=path, request=request))
        return found

    @contextlib.contextmanager
    def alone(self, seconds: float) -> Iterator[bool]:
        """Keep other processes from delivering; False where one still does after those seconds."""
        deadline = time.monotonic() + seconds
        with (self.folder / ".lock").open("w") as file:
            while not (held := _lock(file.fileno())) and time.monotonic() < deadline:
                time.sleep(0.05)
            yield held

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*.json"))

    def _make_folder(self) -> None:
        logs_dir = self.folder.parent
        if not logs_dir.exists():
            logs_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            (logs_dir / ".gitignore").write_text("*\n")
        self.folder.mkdir(mode=0o700, exist_ok=True)

    def _prune(self) -> list[Request]:
        for left in self.folder.glob("*.tmp"):  # by a process that was killed
            with contextlib.suppress(FileNotFoundError):
                if time.time() - left.stat().st_mtime > WRITING_SECONDS:
                    left.unlink()
        waiting = self.waiting()
        sizes = {each.path: each.path.stat().st_size for each in waiting}
        dropped = []
        while len(waiting) > 1 and (
            len(waiting) > self._max_requests
            or sum(sizes[each.path] for each in waiting) > self._max_bytes
        ):
            oldest = waiting.pop(0)
            oldest.path.unlink(missing_ok=True)
            dropped.append(oldest.request)
        return dropped


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
