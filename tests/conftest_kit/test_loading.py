"""The ways in which the kit is switched on, and what each run is told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from conftest_kit import rundir


def test_loaded_in_every_way_at_once(record, monkeypatch: pytest.MonkeyPatch):
    """The option, the variable and the conftest line together record one run."""
    monkeypatch.setenv("PYTEST_PLUGINS", "conftest_kit")
    run = record(
        "-Werror", conftest="pytest_plugins = ['conftest_kit']", test_it="def test_a(): pass"
    )

    assert run.result.ret == 0
    assert run.outcomes == {"test_a": "passed"}
    assert run.recording.run.warnings == ()


@pytest.mark.parametrize("loaded", ["-p", "PYTEST_PLUGINS", "conftest"])
def test_loaded_in_each_way(record, monkeypatch: pytest.MonkeyPatch, loaded: str):
    """Each way to switch it on is enough."""
    if loaded == "PYTEST_PLUGINS":
        monkeypatch.setenv("PYTEST_PLUGINS", "conftest_kit")
    named = "pytest_plugins = ['conftest_kit']" if loaded == "conftest" else ""
    run = record(plugin=loaded == "-p", conftest=named, test_it="def test_a(): pass")

    assert run.outcomes == {"test_a": "passed"}


def test_import_is_light():
    """Importing the kit adds few modules, prometheus_client not among them."""
    script = (
        "import sys, pytest, _pytest.config as c; c.get_config(); before = set(sys.modules);"
        "import conftest_kit.plugin; print(*(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    added = done.stdout.split()
    assert len(added) <= 15
    assert not [name for name in added if name.startswith("prometheus")]


def test_one_time_token(record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The first pytest takes the token and its run id; the next stays silent."""
    (tmp_path / "run_id").write_text("20260102T030405.000006Z-0000abcd")
    monkeypatch.setenv("CONFTEST_KIT_TOKEN", str(tmp_path))
    first = record("-n2", test_it="def test_a(): pass")
    second = record(test_it="def test_a(): pass")

    assert [path.name for path in second.paths] == ["20260102T030405.000006Z-0000abcd"]
    assert first.outcomes == {"test_a": "passed"}
    taken = json.loads((tmp_path / "taken").read_text())
    assert taken["run_directory"] == str(first.paths[0])


def test_session_inside_a_session(record, workers: str):
    """A pytest inside a recorded one, in the same process, changes nothing."""
    run = record(
        workers, "-p", "pytester",
        test_it="""
            def test_outer(pytester):
                pytester.makepyfile("def test_inner(): assert 0")
                result = pytester.inline_run("-p", "conftest_kit")
                assert result.ret == 1
                assert not (pytester.path / "logs").exists()
        """,
    )  # fmt: skip

    assert run.outcomes == {"test_outer": "passed"}
    assert run.recording.run.warnings == ()


def test_command_line_settings(record):
    """--conftest-kit KEY=VALUE is the last layer of the settings."""
    run = record("--conftest-kit", "logs_dir=out/here", test_it="def test_a(): pass")

    assert len(rundir.runs(run.folder / "out/here")) == 1


def test_a_wrong_setting_costs_a_warning_not_the_record(record):
    """The run is recorded with the default, and one line names key, value and what is allowed."""
    run = record("--conftest-kit", "keep_runs=many", test_it="def test_a(): pass")

    assert run.result.ret == 0
    assert "keep_runs = 'many' is not allowed; allowed: a whole number from 1" in run.output
    assert run.outcomes == {"test_a": "passed"}


def test_option_that_another_plugin_has(record):
    """The kit gives way, and says so."""
    run = record(
        "-p", "other", "-p", "conftest_kit", plugin=False,
        other="def pytest_addoption(parser): parser.addoption('--conftest-kit')",
        test_it="def test_a(): pass",
    )  # fmt: skip

    assert run.result.ret == 0
    assert "another plugin has the option" in run.output
    assert run.outcomes == {"test_a": "passed"}


def test_paths_are_relative_to_the_ini_file(record, pytester: pytest.Pytester):
    """Else to the conftest that names the kit, else to where pytest was started."""
    inner = pytester.mkdir("inner")
    (inner / "conftest.py").write_text("pytest_plugins = ['conftest_kit']")
    (inner / "test_a.py").write_text("def test_a(): pass")
    record("inner", plugin=False)
    record("inner/test_a.py")
    assert len(rundir.runs(inner / "logs")) == 2

    pytester.makeini("[pytest]")
    record("inner", plugin=False)
    assert len(rundir.runs(pytester.path / "logs")) == 1
