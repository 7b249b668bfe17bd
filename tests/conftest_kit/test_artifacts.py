"""What a run leaves on disk is kept where it helps, private, and without secrets."""

from __future__ import annotations

from pathlib import Path

import pytest


def test_failure_artifacts(record, workers: str):
    """What a test leaves in the folder is kept with the run if the test fails."""
    run = record(workers, test_it="""
        import pytest
        def test_good(failure_artifacts): (failure_artifacts / "good.txt").write_text("x")
        def test_bad(failure_artifacts):
            (failure_artifacts / "bad.txt").write_text("evidence")
            assert 0
        @pytest.fixture
        def late():
            yield
            assert 0
        def test_late(failure_artifacts, late): (failure_artifacts / "late.txt").write_text("x")
        def test_empty(failure_artifacts): assert 0
    """)  # fmt: skip

    kept = run.recording.run.artifacts
    assert sorted(Path(name).name for name in kept) == ["bad.txt", "late.txt"]
    assert all((run.paths[0] / name).is_file() for name in kept)


def test_secrets_are_masked(record, workers: str, monkeypatch: pytest.MonkeyPatch):
    """The value of a secret variable is in nothing that is written."""
    monkeypatch.setenv("SERVICE_TOKEN", "s3cr3t-value-0815")
    run = record(workers, test_it="""
        import os, pytest
        def test_a():
            print(os.environ["SERVICE_TOKEN"])
            raise ValueError("refused " + os.environ["SERVICE_TOKEN"])
        def test_b(): pytest.skip("because " + os.environ["SERVICE_TOKEN"])
    """)  # fmt: skip

    written = b"".join(
        path.read_bytes()
        for path in run.folder.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    )
    assert b"refused [masked:SERVICE_TOKEN]" in written
    assert b"s3cr3t-value-0815" not in (run.paths[0] / "records.ndjson").read_bytes()
    assert b"s3cr3t-value-0815" not in (run.folder / "logs/pytest.log").read_bytes()


def test_secrets_leave_no_trace(record, workers: str, monkeypatch: pytest.MonkeyPatch):
    """Neither node ids nor artifacts nor what a test loads into its environment tell a secret."""
    monkeypatch.setenv("SERVICE_TOKEN", "plainword-kqzjx-77")
    run = record(
        workers,
        test_it="""
            import os
            import pytest

            TOKEN = os.environ["SERVICE_TOKEN"]

            @pytest.mark.parametrize("value", [TOKEN])
            def test_id(value, failure_artifacts):
                (failure_artifacts / f"{TOKEN}.txt").write_text(f"sent {TOKEN}")
                (failure_artifacts / "old.txt").write_bytes(f"\xe9 {TOKEN}".encode("latin-1"))
                assert 0

            def test_loaded(monkeypatch):
                monkeypatch.setenv("DB_PASSWORD", "late-ghost-4711")
                print("connecting with", os.environ["DB_PASSWORD"])
                assert os.environ["DB_PASSWORD"] == "wrong"
        """,
    )

    files = [path for path in (run.folder / "logs").rglob("*") if path.is_file()]
    written = b"".join(path.read_bytes() for path in files) + "".join(map(str, files)).encode()
    assert b"kqzjx" not in written
    assert b"ghost-4711" not in written
    assert "test_id[[masked:SERVICE_TOKEN]]" in run.outcomes
    assert b"connecting with [masked:DB_PASSWORD]" in written
    assert b"sent [masked:SERVICE_TOKEN]" in written
    assert b"\xe9 [masked:SERVICE_TOKEN]" in written


def test_files_are_private(record):
    """Folders and files of a run are the user's alone, and git ignores them."""
    run = record(test_it="def test_a(): assert 0")
    logs = run.folder / "logs"

    modes = {path: path.stat().st_mode & 0o777 for path in [logs, *logs.rglob("*")]}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {m for path, m in modes.items() if path.is_file() and path.suffix != ".lock"} == {0o600}
    assert (logs / ".gitignore").read_text() == "*\n"
