"""The kit never changes a run."""

from __future__ import annotations

import re

import pytest

BUG = """
    import conftest_kit.{module} as broken
    def bug(*args, **named): raise RuntimeError("bug")
    broken.{name} = bug
"""
TROUBLES = {
    "bug in a hook": {"conftest": BUG.format(module="recorder", name="Recorder.reported")},
    "bug in a worker": {"conftest": BUG.format(module="capture", name="Capture.test")},
    "bug at the end": {"conftest": BUG.format(module="writer", name="Writer.finish")},
    "lock": {
        "conftest": BUG.format(module="locking", name="lock")
        + "    import conftest_kit.log as l, conftest_kit.metrics as m; l.lock = m.lock = bug"
    },
    # The limit holds for the file that pytester sends the output to as well: reasons that pytest
    # cuts to the width of a line take the records alone beyond it.
    "file size": {
        "conftest": """
            import resource
            resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))
        """,
        "test_large": """
            import pytest
            @pytest.mark.parametrize("i", range(20))
            def test_skip(i): pytest.skip("x" * 60_000)
        """,
    },
}
"""Modules that make the kit fail, by what goes wrong in it."""


def _same_but_for_times(output: str) -> list[str]:
    """The kit's fixture is among those that exist."""
    output = re.sub(r"in \d+\.\d+s", "in TIME", output).replace(" failure_artifacts,", "")
    lines = [line.strip("=") for line in output.splitlines()]
    return [line for line in lines if not line.startswith(("conftest-kit", "plugins:"))]


@pytest.mark.parametrize("workers", ["-n0", "-n1"])  # with two, the output is never the same
@pytest.mark.parametrize("trouble", ["none", "settings", "read-only", *TROUBLES])
def test_the_run_is_never_changed(
    record, pytester, monkeypatch, *, workers: str, trouble: str, nine_failures: str
):
    """Whatever goes wrong in the kit: same output, same status, and one line that says it."""
    if trouble == "settings":
        monkeypatch.setenv("CONFTEST_KIT_KEEP_RUNS", "many")
    elif trouble == "read-only":
        (pytester.path / "logs").write_text("in the way")
    modules = {"test_it": nine_failures, **TROUBLES.get(trouble, {})}
    options = (workers, "-v", "-p", "no:cacheprovider", "--tb=short")
    bare = record(*options, plugin=False, **modules)
    kit = record(*options, **modules)

    shown, expected = (_same_but_for_times(run.output) for run in (kit, bare))
    assert (sorted(shown), kit.result.ret) == (sorted(expected), bare.result.ret)
    lines = [line for line in kit.output.splitlines() if line.startswith("conftest-kit: ")]
    assert len([line for line in lines if "recorded run" not in line]) == (trouble != "none")


def test_where_every_warning_is_an_error(record):
    """Nothing of ours warns."""
    run = record("-W", "error", test_it="def test_a(): assert 0")

    assert run.outcomes == {"test_a": "failed"}
    assert run.recording.run.warnings == ()


@pytest.mark.parametrize("option", ["terminal", "cacheprovider", "logging", "xdist", "capture"])
def test_without_other_plugins(record, option: str):
    """The kit needs none of the plugins that may be switched off."""
    run = record("-p", f"no:{option}", test_it="def test_a(): pass\ndef test_b(): assert 0")

    assert run.outcomes == {"test_a": "passed", "test_b": "failed"}
    assert run.recording.run.warnings == ()


def test_one_line_when_red(record):
    """A red run names itself once; -q and green runs say nothing."""
    red = record(test_it="def test_a(): assert 0")
    quiet = record("-q", test_it="def test_a(): assert 0")
    green = record(test_it="def test_a(): pass")

    assert (
        len(
            re.findall(
                r"^conftest-kit: recorded run \S+ · orchestrator review$", red.output, re.MULTILINE
            )
        )
        == 1
    )
    assert "conftest-kit" not in quiet.output
    assert "conftest-kit: " not in green.output


def test_nothing_is_written_during_the_call(record):
    """What arrives while a test runs waits until it is over, the text for the log as well: its size
    plugin may have patched I/O.
    """
    run = record(
        test_it="""
            import os, tempfile
            from pathlib import Path

            def size():
                (records,) = Path("logs/runs").glob("*/records.ndjson")
                return records.stat().st_size

            def test_a(subtests, monkeypatch):
                before, done = size(), []
                monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: done.append("opened"))
                with subtests.test("inner"):
                    print("x" * 40_000)
                    assert 0
                monkeypatch.undo()
                assert size() == before
                assert done == []
        """,
    )

    assert run.failure.subtest == "[inner]"


@pytest.mark.parametrize("scope", ["function", "module", "session"])
def test_a_fixture_that_stands_in_for_the_file_system(record, scope: str):
    """What ran meanwhile is recorded, and the folder that is none is nobody's leaving."""
    run = record(
        test_it=f"""
            import os
            import pytest

            @pytest.fixture(autouse=True, scope="{scope}")
            def fake():
                def no_such_file(*_): raise OSError(9, "no such file in the fake")
                real = os.write, os.getcwd
                os.write, os.getcwd = no_such_file, lambda: "/"
                yield
                os.write, os.getcwd = real

            def test_passes(): pass
            def test_fails(): assert 0
        """
    )

    assert run.outcomes == {"test_passes": "passed", "test_fails": "failed"}
    assert run.failure.left == ()


def test_an_exception_that_lost_its_traceback(record):
    """A runner takes it away before pytest sees the exception, and hands it over beside that."""
    run = record(
        conftest="""
            import pytest

            @pytest.hookimpl(hookwrapper=True)
            def pytest_runtest_makereport(item, call):
                if call.excinfo is not None:
                    call.excinfo.value.__traceback__ = None
                yield
        """,
        test_it="def test_fails(): assert 0",
    )

    assert [frame.function for frame in run.failure.exceptions[0].frames] == ["test_fails"]
