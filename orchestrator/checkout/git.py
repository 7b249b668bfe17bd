"""What git says of the checkout: its commit, and what was edited since another one.

Asked within bounds, and without asking any other machine for what a partial clone lacks.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from conftest_kit.records import Run
from orchestrator.checkout.edits import Edit, State, compared, is_compared

_STATES: Mapping[str, State] = {"A": "added", "D": "removed"}
_LIMIT_SECONDS = 10
_MAX_FILES = 1000
_MAX_COMPARED = 100
"""Files that are compared by function; a commit seldom has more."""
_MAX_BYTES = 2_000_000
"""Of both contents of all of them: to compare so much takes two seconds."""
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_HARMLESS = ("core.fsmonitor=false", "core.quotePath=false", "protocol.allow=never")
_QUIETLY = {"GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}


def commit(root: Path) -> str | None:
    """The commit that is checked out at `root`; None where git cannot say."""
    answer = _git(root, "rev-parse", "HEAD")
    return answer.decode().strip() if answer is not None else None


def is_shallow(root: Path) -> bool:
    """Whether older commits of the checkout were left out when it was cloned."""
    return _git(root, "rev-parse", "--is-shallow-repository") == b"true\n"


def edited_since(root: Path, before: Run, now: Run) -> tuple[Edit, ...] | None:
    """What differs in the checkout at `root` between the commit of an earlier run and the code that
    a later one tested; of the same repository beside `root` too (`../libs/money.py`).

    None where that cannot be known: one of them is of no commit, git does not have it (a shallow
    clone), too much differs, or what was tested without being committed is not there any more. A
    Python file that git does not track counts from when it was written, and so does what the
    earlier run had tested without a commit, where it is not committed now either.
    """
    old, new = (str(run.environment.git.get("commit") or "") for run in (before, now))
    if not _COMMIT.fullmatch(old) or not _COMMIT.fullmatch(new):
        return None
    is_committed, is_here = now.environment.git.get("dirty") is False, commit(root) == new
    if not is_committed and not (is_here and _is_as_tested(root, now)):
        return None
    options = ("--no-renames", "--no-ext-diff", "--name-status", "-O/dev/null", "-z")
    told = _git(root, "diff", *options, old, *([new] if is_committed else []), "--")
    prefix = _git(root, "rev-parse", "--show-prefix")
    if told is None or prefix is None:
        return None
    files = _listed(told, os.fsdecode(prefix).strip())
    if not is_committed and before.environment.git.get("dirty") is not False:
        files = [one for one in files if not _is_older(root / one[1], before.started)]
    untracked = list(_untracked(root, before.started)) if is_here else []
    if sum(is_compared(file) for _, file in (*files, *untracked)) > _MAX_FILES:
        return None
    later = new if is_committed else ""
    return (*_edits(root, old, later, files), *_edits(root, "", "", untracked))


def _edits(root: Path, old: str, new: str, files: Sequence[tuple[State, str]]) -> Iterator[Edit]:
    """`new` is empty where the files themselves are meant."""
    wanted = [(state, file) for state, file in files if is_compared(file)][:_MAX_COMPARED]
    before = _contents(root, old, [file for state, file in wanted if state != "added"])
    now = _contents(root, new, [file for state, file in wanted if state != "removed"])
    left = _MAX_BYTES
    for state, file in files:
        contents = before.get(file), now.get(file)
        left -= sum(len(one or b"") for one in contents)
        is_known = (contents[0] is None, contents[1] is None) == (
            state == "added",
            state == "removed",
        )
        if not is_known or left < 0:
            yield Edit(file=file, state=state)
        elif found := compared(file, *contents):
            yield found


def _listed(told: bytes, prefix: str) -> list[tuple[State, str]]:
    """A letter and a path in turns, each ended by a NUL: `git diff --name-status -z`. The paths are
    made relative to the folder that `prefix` names; beside it only Python files count.
    """
    fields = os.fsdecode(told).split("\0")
    return [
        (_STATES.get(letter, "changed"), _relative(file, prefix))
        for letter, file in zip(fields[::2], fields[1::2], strict=False)
        if file.startswith(prefix) or file.endswith(".py")
    ]


def _relative(file: str, prefix: str) -> str:
    if file.startswith(prefix):
        return file.removeprefix(prefix)
    return os.path.relpath(f"/{file}", f"/{prefix}").replace(os.sep, "/")


def _untracked(root: Path, moment: str) -> Iterator[tuple[State, str]]:
    """Python files that git does not track, nor is told to ignore, written since."""
    told = _git(root, "ls-files", "--others", "--exclude-standard", "-z", "--", "*.py")
    for file in filter(None, os.fsdecode(told or b"").split("\0")):
        if not _is_older(root / file, moment):
            yield "added", file


def _is_as_tested(root: Path, run: Run) -> bool:
    """Whether what was not committed is still there."""
    was_dirty = run.environment.git.get("dirty") is True
    return not was_dirty or _git(root, "diff", "--quiet", "HEAD", "--") is None


def _is_older(path: Path, moment: str) -> bool:
    """Whether a file was last written before a moment; not where one of both is not known."""
    try:
        return path.stat().st_mtime < datetime.fromisoformat(moment).timestamp()
    except (OSError, ValueError):
        return False


def _contents(root: Path, revision: str, files: Iterable[str]) -> dict[str, bytes]:
    """Of a commit, or of the work tree where none is named; without what cannot be had."""
    if revision:
        return _blobs(root, {file: f"{revision}:./{file}" for file in files})
    found = {}
    for file in files:
        try:
            found[file] = (root / file).read_bytes()
        except OSError:
            continue
    return found


def _blobs(root: Path, names: Mapping[str, str]) -> dict[str, bytes]:
    asked = {file: name for file, name in names.items() if "\n" not in name}
    lines = "".join(f"{name}\n" for name in asked.values())
    told = _git(root, "cat-file", "--batch", given=os.fsencode(lines), partly=True) or b""
    found = {}
    for file in asked:
        header, _, told = told.partition(b"\n")
        size = header.rpartition(b" ")[2]
        if header.split(b" ")[1:2] == [b"blob"] and size.isdigit():
            found[file], told = told[: int(size)], told[int(size) + 1 :]
    return found


def _git(root: Path, *arguments: str, given: bytes = b"", partly: bool = False) -> bytes | None:
    """What git answers; None where it cannot, unless a part will do."""
    settings = (word for one in _HARMLESS for word in ("-c", one))
    try:
        answer = subprocess.run(
            ["git", *settings, *arguments],
            cwd=root,
            env={**os.environ, **_QUIETLY},
            input=given,
            capture_output=True,
            timeout=_LIMIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout if partly or answer.returncode == 0 else None
