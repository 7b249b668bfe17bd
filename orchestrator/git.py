"""What git says of the checkout: its commit, and what was edited since another one.

Asked within bounds, and so that no program is started which the checkout names.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from conftest_kit.records import Run
from orchestrator.edits import Edit, State, compared

_STATES: Mapping[str, State] = {"A": "added", "D": "removed"}
_LIMIT_SECONDS = 10
_MAX_FILES = 1000
_MAX_COMPARED = 100
"""Python files that are compared by function; a commit seldom has more."""
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_HARMLESS = ("-c", "core.fsmonitor=false", "-c", "core.quotePath=false")


def commit(root: Path) -> str | None:
    """The commit that is checked out at `root`; None where git cannot say."""
    answer = _git(root, "rev-parse", "HEAD")
    return answer.decode().strip() if answer is not None else None


def is_shallow(root: Path) -> bool:
    """Whether older commits of the checkout were left out when it was cloned."""
    return _git(root, "rev-parse", "--is-shallow-repository") == b"true\n"


def edited_since(root: Path, before: Run, now: Mapping[str, Any]) -> tuple[Edit, ...] | None:
    """What differs in the checkout at `root` between the commit of an earlier run and the state
    that was tested now, as `Environment.git` names it.

    None where that cannot be known: one of them is no commit, git does not have it (a shallow
    clone), or what was not committed is not there any more. New files that git does not track are
    not seen. What was not committed when the earlier run began is passed over where its file is as
    old; where it was committed since, it is taken for an edit.
    """
    old, new = (str(git.get("commit") or "") for git in (before.environment.git, now))
    if not _COMMIT.fullmatch(old) or not _COMMIT.fullmatch(new):
        return None
    is_committed = now.get("dirty") is False  # else it is the files that were tested
    if not is_committed and commit(root) != new:
        return None
    options = ("--relative", "--no-renames", "--no-ext-diff", "--name-status", "-z")
    listed = _git(root, "diff", *options, old, *([new] if is_committed else []), "--")
    if listed is None:
        return None
    files: Iterable[tuple[State, str]] = islice(_listed(listed), _MAX_FILES)
    if not is_committed and before.environment.git.get("dirty") is not False:
        files = (one for one in files if not _is_older(root / one[1], before.started))
    return tuple(_edits(root, old, new if is_committed else "", files))


def _edits(root: Path, old: str, new: str, listed: Iterable[tuple[State, str]]) -> Iterator[Edit]:
    left = _MAX_COMPARED
    for state, file in listed:
        if not file.endswith(".py") or not left:
            yield Edit(file=file, state=state)
            continue
        left -= 1
        before = None if state == "added" else _git(root, "cat-file", "blob", f"{old}:./{file}")
        now = None if state == "removed" else _content(root, new, file)
        if found := compared(file, before, now):
            yield found


def _is_older(path: Path, moment: str) -> bool:
    """Whether a file was last written before a moment; not where one of both is not known."""
    try:
        return path.stat().st_mtime < datetime.fromisoformat(moment).timestamp()
    except (OSError, ValueError):
        return False


def _listed(told: bytes) -> Iterator[tuple[State, str]]:
    """A letter and a path in turns, each ended by a NUL: `git diff --name-status -z`."""
    fields = told.decode("utf-8", "replace").split("\0")
    for letter, file in zip(fields[::2], fields[1::2], strict=False):
        yield _STATES.get(letter, "changed"), file


def _content(root: Path, commit: str, file: str) -> bytes | None:
    """Of a commit, or of the work tree where none is named."""
    if commit:
        return _git(root, "cat-file", "blob", f"{commit}:./{file}")
    try:
        return (root / file).read_bytes()
    except OSError:
        return None


def _git(root: Path, *arguments: str) -> bytes | None:
    """What git answers; None where it cannot."""
    try:
        answer = subprocess.run(
            ["git", "--no-optional-locks", *_HARMLESS, *arguments],
            cwd=root,
            capture_output=True,
            timeout=_LIMIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout if answer.returncode == 0 else None
