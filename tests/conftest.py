"""What tests of every package share."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_the_developer():
    # For the session: fixtures of modules start pytest too.
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name in os.environ:
            if name.startswith(
                ("CONFTEST_KIT_", "PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_XDIST_")
            ):
                monkeypatch.delenv(name)
        yield


@pytest.fixture
def another_was_first(tmp_path, monkeypatch) -> None:
    """The next folder that is about to be made has just been made by another process."""
    make = Path.mkdir

    def make_twice(folder: Path, *args: Any, **options: Any) -> None:
        monkeypatch.undo()
        make(folder)
        make(folder, *args, **options)

    monkeypatch.setattr(Path, "mkdir", make_twice)


@pytest.fixture(scope="session")
def left_out() -> tuple[str, ...]:
    """Options for a pytest inside of a test, against plugins that load themselves and that it does
    not need: four fifths of what a short run imports are theirs.
    """
    return tuple(f"-pno:{name}" for name in ("anyio", "hypothesispytest", "randomly"))


@pytest.fixture(scope="session")
def unavailable() -> Callable[[str], NoReturn]:
    """Ends a test for want of something outside: skipped for a newcomer, failed in CI."""

    def end(reason: str) -> NoReturn:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{reason} (required in CI)", pytrace=False)
        pytest.skip(reason)

    return end


@pytest.fixture(scope="session")
def require_program(unavailable) -> Callable[[str, str], str]:
    """`require_program(name, debian_package)` gives the path of a program, else ends the test."""

    def find(name: str, debian_package: str) -> str:
        path = shutil.which(name)
        if path is None:
            unavailable(f"{name} is not installed; apt-get install {debian_package}")
        return path

    return find


@pytest.fixture(scope="session")
def once(tmp_path_factory) -> Callable[[str, Callable[[Path], None]], Path]:
    """`once(name, fill)` gives a folder that is filled once, by whichever worker comes first."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if base.name.startswith("popen-") else base

    def folder(name: str, fill: Callable[[Path], None]) -> Path:
        made, filled = shared / name, shared / f"{name}.filled"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not filled.exists():
                shutil.rmtree(made, ignore_errors=True)
                made.mkdir()
                fill(made)
                filled.touch()
        return made

    return folder


@pytest.fixture(scope="session")
def wheel(once) -> Path:
    """The wheel of this checkout."""
    (path,) = once("wheel", _build_wheel).glob("*.whl")
    return path


def _build_wheel(folder: Path) -> None:
    # Built in the checkout, a wheel could hold what an earlier build left there.
    copy = folder / "source"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    for name in ("conftest_kit", "corpus_memory_logging", "monitoring", "orchestrator"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    built = subprocess.run(
        [*build, "--wheel-dir", folder, copy], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr


@pytest.fixture(scope="session")
def pins() -> list[str]:
    """The versions of the lock file, `name==version`."""
    locked = (ROOT / "requirements" / "development.txt").read_text(encoding="utf-8")
    return re.findall(r"^[\w.-]+==[^\s;]+", locked, re.MULTILINE)
