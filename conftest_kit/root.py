"""Where a run's files are: the rule that the kit follows, for those who come after it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from conftest_kit.settings import read_pyproject, subtable


def find_root(start: Path) -> Path:
    """The folder that a run started in `start` writes to: the rule that the kit follows, upwards.

    The folder of pytest's ini file, else of a conftest.py that names the kit, else the nearest that
    holds `logs/runs`, else `start`. Only pytest's own files are searched for outside a repository's
    top, a home directory and the root of the file system: what lies there is seldom the project's.
    """
    start = start.absolute()
    above = (start, *start.parents)
    within = tuple(_within_project(start))
    # The second is for pytest >= 8.1, which takes a pyproject.toml without its section as well.
    for holds, folders in (
        (_has_ini, above),
        (_is_pyproject_folder, above),
        (_names_the_kit, within),
        (_has_runs, within),
    ):
        for folder in folders:
            if holds(folder):
                return folder
    return start


def _within_project(start: Path) -> Iterator[Path]:
    yield start
    for folder in start.parents:
        if (start / ".git").exists() or folder in (folder.parent, Path.home()):
            return
        yield folder
        start = folder


def _has_ini(folder: Path) -> bool:
    own = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini")
    if any((folder / name).is_file() for name in own):
        return True
    tool = subtable(read_pyproject(folder)[0], "tool")
    return (
        bool(tool.get("pytest"))
        or _contains(folder / "tox.ini", r"^\[pytest\]")
        or _contains(folder / "setup.cfg", r"^\[tool:pytest\]")
    )


def _is_pyproject_folder(folder: Path) -> bool:
    return (folder / "pyproject.toml").is_file()


def _names_the_kit(folder: Path) -> bool:
    return _contains(folder / "conftest.py", r"conftest_kit")


def _has_runs(folder: Path) -> bool:
    return (folder / "logs" / "runs").is_dir()


def _contains(path: Path, pattern: str) -> bool:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return re.search(pattern, text, re.MULTILINE) is not None
