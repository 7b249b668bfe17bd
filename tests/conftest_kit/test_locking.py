from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from conftest_kit import locking
from conftest_kit.locking import lock


def test_one_at_a_time(tmp_path: Path):
    """While one holds the lock the next waits, for its time and no longer, and is told."""
    path = tmp_path / "file"

    with lock(path, timeout_seconds=0.01) as first, lock(path, timeout_seconds=0.01) as second:
        assert (first, second) == (True, False)
    with lock(path, timeout_seconds=0.01) as third:
        assert third


def test_its_file_lies_beside(tmp_path: Path):
    """Hidden, and not named like a metrics file."""
    with lock(tmp_path / "m.prom", timeout_seconds=0.01):
        assert [path.name for path in tmp_path.iterdir()] == [".m.prom.lock"]


def test_a_holder_that_dies_gives_it_back(tmp_path: Path):
    """A killed run blocks nobody."""
    path = tmp_path / "file"
    code = (
        "import pathlib, sys, time; from conftest_kit.locking import lock\n"
        "with lock(pathlib.Path(sys.argv[1]), timeout_seconds=1):\n"
        "    print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE) as holder:
        holder.stdout.readline()
        with lock(path, timeout_seconds=0.01) as held:
            assert not held
        holder.kill()
        holder.wait()

    with lock(path, timeout_seconds=1) as held:
        assert held


def test_a_place_without_folder(tmp_path: Path):
    """Where the folder cannot be written to, the caller learns it as an OSError."""
    with (
        pytest.raises(OSError, match="missing"),
        lock(tmp_path / "missing" / "file", timeout_seconds=0.01),
    ):
        pass


def test_a_system_without_locks(tmp_path: Path):
    """Nobody waits there, and nothing breaks."""
    code = (
        "import sys; sys.modules['fcntl'] = None\n"
        "import pathlib; from conftest_kit.locking import lock\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "with lock(path, timeout_seconds=1) as a, lock(path, timeout_seconds=1) as b: print(a, b)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "file"], capture_output=True, text=True, check=True
    )

    assert result.stdout == "True True\n"


def test_a_file_system_without_locks():
    """The same where the system refuses to lock, as for a descriptor that is none."""
    assert locking._acquire(987_654, deadline=0)
