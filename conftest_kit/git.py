"""Commit, branch and state of a git work tree, without git where files will do.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

_ORIGIN = r'(?m)^\[remote "origin"\][^\[]*?^\s*url\s*=\s*(\S+)'
DIRTY_LIMIT_SECONDS = 0.5


class Repository(NamedTuple):
    """Where git keeps what belongs to a work tree."""

    top: Path
    git_dir: Path
    """Holds HEAD: its own for every worktree and submodule."""
    common_dir: Path
    """Holds branches, packed refs and the configuration."""

    def head(self) -> tuple[str | None, str | None]:
        """Commit and branch; None for what HEAD does not name or what cannot be read."""
        text = _read(self.git_dir / "HEAD").strip()
        if not text.startswith("ref:"):
            return text or None, None
        ref = text.removeprefix("ref:").strip()
        # Repositories with reftables say `ref: refs/heads/.invalid` and keep HEAD elsewhere.
        if ref.endswith("/.invalid"):
            return None, None
        return self._commit(ref), ref.removeprefix("refs/heads/")

    def _commit(self, ref: str) -> str | None:
        for directory in (self.git_dir, self.common_dir):
            if loose := _read(directory / ref).strip():
                return loose
        for line in _read(self.common_dir / "packed-refs").splitlines():
            commit, _, name = line.partition(" ")
            if name == ref:
                return commit
        return None

    def name(self) -> str:
        """What people call it: the last part of `origin`'s URL, else the folder's name."""
        origin = re.search(_ORIGIN, _read(self.common_dir / "config"))
        if origin:
            last = re.split(r"[/:\\]", origin[1].rstrip("/"))[-1].removesuffix(".git")
            if last:
                return last
        return self.top.name


def find(start: Path) -> Repository | None:
    """The repository that `start` lies in."""
    for top in (start, *start.parents):
        entry = top / ".git"
        git_dir = entry
        if entry.is_file():
            # A worktree's or submodule's .git is a file that points at the directory.
            git_dir = top / _read(entry).strip().removeprefix("gitdir:").strip()
        if (git_dir / "HEAD").is_file():
            common = _read(git_dir / "commondir").strip()
            return Repository(top=top, git_dir=git_dir, common_dir=git_dir / common)
    return None


class DirtyCheck:
    """A `git status` that runs beside the caller."""

    def __init__(self, process: subprocess.Popen[bytes] | None) -> None:
        self._process = process
        self._deadline = time.monotonic() + DIRTY_LIMIT_SECONDS

    def result(self) -> bool | None:
        """Whether tracked files differ from the commit; None where git cannot tell in time.

        Ask once, before the first test: one that waits for any child process would meet this one.
        """
        process, self._process = self._process, None
        if process is None:
            return None
        with process:
            try:
                remaining = max(0.0, self._deadline - time.monotonic())
                output, _ = process.communicate(timeout=remaining)
            except subprocess.TimeoutExpired:
                process.kill()
                return None
        return bool(output) if process.returncode == 0 else None


def start_dirty_check(top: Path) -> DirtyCheck:
    """Begin asking git; never fails. Untracked files do not count: our own records would."""
    command = ("git", "--no-optional-locks", "-c", "core.fsmonitor=false", "status", "--porcelain")
    try:
        process = subprocess.Popen(
            (*command, "--untracked-files=no"),
            cwd=top,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return DirtyCheck(None)
    return DirtyCheck(process)


def _read(path: Path) -> str:
    """The text of a file; empty where there is none, so that a missing ref is no special case."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
