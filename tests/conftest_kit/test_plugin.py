from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest_kit import rundir

WORKERS = pytest.mark.parametrize("workers", ["-n0", "-n2"])

NINE = """
    import pytest

    def test_passes(): pass
    def test_assert(): assert 1 == 2
    def test_raise(): raise ValueError("no")
    def test_fail(): pytest.fail("said so")
    def test_no_raise():
        with pytest.raises(KeyError): pass
    def test_chain():
        try: {}["key"]
        except KeyError as error: raise RuntimeError("wrapped") from error
    @pytest.fixture
    def broken(): raise OSError(2, "gone", "file.txt")
    def test_setup(broken): pass
    def test_missing(no_such_fixture): pass
    @pytest.fixture
    def late():
        yield
        1 / 0
    def test_teardown(late): pass
"""


@WORKERS
@pytest.mark.parametrize("style", ["long", "short", "line", "no"])
def test_nine_failures(record, workers: str, style: str):
    """Each of nine ways to fail is recorded with its chain, however little pytest renders."""
    run = record(
        workers, f"--tb={style}", "--continue-on-collection-errors",
        test_nine=NINE, test_import="import no_such_module",
    )  # fmt: skip

    found = {
        (failure.phase, failure.nodeid.rpartition("::")[2] or failure.nodeid): (
            [raised.type.rpartition(".")[2] for raised in failure.exceptions],
            failure.message,
        )
        for failure in run.recording.failures
    }
    assert found == {
        ("call", "test_assert"): (["AssertionError"], "assert 1 == 2"),
        ("call", "test_raise"): (["ValueError"], "no"),
        ("call", "test_fail"): (["Failed"], "said so"),
        ("call", "test_no_raise"): (["Failed"], found["call", "test_no_raise"][1]),
        ("call", "test_chain"): (["RuntimeError", "KeyError"], "wrapped"),
        ("setup", "test_setup"): (
            ["FileNotFoundError"],
            "[Errno 2] gone: 'file.txt'",
        ),
        ("setup", "test_missing"): (["FixtureLookupError"], "fixture 'no_such_fixture' not found"),
        ("teardown", "test_teardown"): (["ZeroDivisionError"], "division by zero"),
        ("collect", "test_import.py"): (
            ["CollectError", "ModuleNotFoundError"],
            "No module named 'no_such_module'",
        ),
    }
    counts = run.recording.run.counts
    assert (counts["passed"], counts["failed"], counts["error"]) == (1, 5, 4)
    assert run.recording.run.exit_code == run.result.ret == 1
    assert run.recording.in_flight == ()


@WORKERS
def test_outcomes(record, workers: str):
    """Every outcome has its word, its reason and its attempts."""
    run = record(workers, test_it="""
        import pytest
        TRIES = []
        def test_skip(): pytest.skip("not today")
        @pytest.mark.skip(reason="never")
        def test_mark(): pass
        @pytest.mark.xfail(reason="known")
        def test_xfail(): assert 0
        @pytest.mark.xfail
        def test_xpass(): pass
        @pytest.mark.xfail(strict=True, reason="must fail")
        def test_strict(): pass
        @pytest.mark.flaky(reruns=2)
        def test_flaky():
            TRIES.append(1)
            assert len(TRIES) == 3
        @pytest.fixture
        def late():
            yield
            assert 0
        def test_both(late): assert 1 == 2
    """)  # fmt: skip

    reasons = {a.nodeid.rpartition("::")[2]: a.reason for a in run.recording.attempts if a.reason}
    assert run.outcomes == {
        "test_skip": "skipped",
        "test_mark": "skipped",
        "test_xfail": "xfailed",
        "test_xpass": "xpassed",
        "test_strict": "failed",
        "test_flaky": "rerun rerun passed",
        "test_both": "failed",
    }
    assert reasons == {"test_skip": "not today", "test_mark": "never", "test_xfail": "known"}
    strict = [f for f in run.recording.failures if f.nodeid.endswith("test_strict")]
    assert [(f.phase, f.message, f.exceptions) for f in strict] == [
        ("call", "[XPASS(strict)] must fail", ())
    ]
    flaky = [f for f in run.recording.failures if f.nodeid.endswith("test_flaky")]
    assert [f.attempt for f in flaky] == [1, 2]
    assert run.recording.in_flight == ()


@WORKERS
def test_subtests(record, workers: str):
    """A failing subtest is a failure; the test that failed only because of it is none."""
    run = record(workers, test_it="""
        import unittest
        def test_three(subtests):
            for i in range(3):
                with subtests.test("round", i=i): assert i != 1
        def test_own(subtests):
            with subtests.test(name="a"): assert 0
            raise ValueError("own")
        class TestOld(unittest.TestCase):
            def test_old(self):
                for i in range(3):
                    with self.subTest(i=i): self.assertNotEqual(i, 2)
    """)  # fmt: skip

    found = {(f.nodeid.rpartition("::")[2], f.subtest) for f in run.recording.failures}
    assert found == {
        ("test_three", "[round] (i=1)"),
        ("test_own", "(name='a')"),
        ("test_own", None),
        ("test_old", "(i=2)"),
    }
    assert set(run.outcomes.values()) == {"failed"}


def test_crash_in_a_worker(record):
    """A worker that dies fails the test it was running; the others go on."""
    run = record("-n2", test_it="""
        import os
        def test_dies(): os._exit(3)
        def test_lives(): pass
    """)  # fmt: skip

    assert run.failure.phase == "crash"
    assert "crashed while running" in run.failure.message
    assert run.failure.worker is not None
    assert run.outcomes == {"test_dies": "failed", "test_lives": "passed"}
    assert run.recording.in_flight == ()


def test_process_that_dies(record):
    """A run whose process died reads as died, with the test that was in flight."""
    run = record(test_it="""
        import os
        def test_first(): pass
        def test_dies(): os._exit(3)
    """)  # fmt: skip

    assert run.recording.run.state == "died"
    assert run.recording.in_flight == ("test_it.py::test_dies",)
    assert run.outcomes == {"test_first": "passed"}


@WORKERS
@pytest.mark.parametrize("statement", ["raise KeyboardInterrupt", "pytest.exit('enough')"])
def test_interrupted(record, workers: str, statement: str):
    """A run that somebody stopped says so."""
    run = record(workers, test_it=f"import pytest\ndef test_stop(): {statement}")

    assert run.recording.run.state == "interrupted"
    assert run.recording.run.exit_code == run.result.ret == 2


@WORKERS
def test_stops_at_the_first(record, workers: str):
    """-x is pytest's own way to end a run: it is complete."""
    run = record(workers, "-x", test_it="def test_a(): assert 0\ndef test_b(): assert 0")

    assert run.recording.run.state in ("complete", "interrupted")
    assert run.recording.run.exit_code == run.result.ret
    assert run.recording.failures[0].message == "assert 0"


@WORKERS
def test_internal_error(record, workers: str):
    """An error inside a plugin is a failure of its own, even where xdist ends with 0 after it."""
    run = record(
        workers,
        conftest="def pytest_runtest_protocol(item): 1 / 0",
        test_it="def test_a(): pass",
    )

    assert run.recording.run.exit_code == run.result.ret
    assert run.recording.run.state == "interrupted"
    assert run.recording.failures[0].phase == "internal"
    assert "division by zero" in run.recording.failures[0].message


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_conftest_that_cannot_be_imported(record, workers: str):
    """pytest gives up before any test; loaded early, the kit records why."""
    run = record(workers, conftest="import no_such_module", test_it="def test_a(): pass")

    assert run.recording.run.state == "not_started"
    assert run.recording.run.exit_code == run.result.ret == 4
    assert run.failure.phase == "start"
    assert run.failure.message == "No module named 'no_such_module'"
    assert [frame.file for frame in run.failure.exceptions[-1].frames] == ["conftest.py"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--no-such-option"], "no-such-option"), (["missing.py"], "missing.py")],
)
@pytest.mark.parametrize("early", [True, False])
def test_usage_error(record, arguments: list[str], message: str, *, early: bool):
    """A command line that pytest refuses is recorded, also where the root conftest names the kit."""
    named = "pytest_plugins = ['conftest_kit']"
    run = record(*arguments, plugin=early, conftest="" if early else named)

    assert run.recording.run.exit_code == run.result.ret == 4
    assert run.recording.run.state == "not_started"
    assert run.failure.phase == "start"
    assert message in run.failure.message


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


@WORKERS
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


@WORKERS
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


@WORKERS
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


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
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


@WORKERS
def test_odd_texts(record, workers: str):
    """Huge messages, deep recursion and a raising __str__ end as readable records."""
    run = record(
        workers,
        "--tb=no",
        test_it="""
            class Odd(Exception):
                def __str__(self): raise RuntimeError
            def test_huge(): raise ValueError("x" * 1_000_000)
            def test_odd(): raise Odd
            def test_recursion():
                def again(): again()
                again()
        """,
    )

    failures = {f.nodeid.rpartition("::")[2]: f for f in run.recording.failures}
    assert len(failures["test_huge"].message) <= 64 * 1024
    assert "bytes left out" in failures["test_huge"].message
    assert "raised RuntimeError" in failures["test_odd"].message
    assert len(failures["test_recursion"].exceptions[0].frames) <= 61
    assert run.recording.malformed_lines == 0


def test_lone_surrogates(record):
    """They are legal in a str and nowhere else (xdist itself cannot send them)."""
    run = record(
        "--tb=no", "-rN", test_it=r"def test_a(): raise ValueError('lone \udc80 surrogate')"
    )

    assert run.failure.message == r"lone \udc80 surrogate"


def test_too_large_a_run(record):
    """A run that grows too large keeps its counts, and says what it left out."""
    run = record(
        "--conftest-kit", "max_run_bytes=40000",
        test_it="""
            import pytest
            @pytest.mark.parametrize("i", range(60))
            def test_a(i): assert i == "x" * 500
        """,
    )  # fmt: skip

    assert run.recording.run.counts["failed"] == 60
    assert (run.paths[0] / "records.ndjson").stat().st_size <= 40000
    assert any("too large" in warning for warning in run.recording.run.warnings)


def test_what_only_shows_something_is_not_recorded(record):
    """--collect-only leaves nothing, unless collecting fails."""
    green = record("--collect-only", test_it="def test_a(): pass")
    assert green.paths == []

    red = record("--collect-only", test_it="import no_such_module")
    assert red.failure.phase == "collect"


def test_the_last_word_on_the_exit_status(record):
    """A plugin that changes the exit status at the end is believed."""
    run = record(
        conftest="def pytest_sessionfinish(session): session.exitstatus = 7",
        test_it="def test_a(): pass",
    )

    assert run.recording.run.exit_code == run.result.ret == 7


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


def _same_but_for_times(output: str) -> list[str]:
    """The kit's fixture is among those that exist."""
    output = re.sub(r"in \d+\.\d+s", "in TIME", output).replace(" failure_artifacts,", "")
    lines = [line.strip("=") for line in output.splitlines()]
    return [line for line in lines if not line.startswith(("conftest-kit", "plugins:"))]


@pytest.mark.parametrize("workers", ["-n0", "-n1"])  # with two, the output is never the same
@pytest.mark.parametrize(
    "trouble",
    [
        "none",
        "read-only",
        "file size",
        "settings",
        "bug in a hook",
        "bug in a worker",
        "bug at the end",
        "lock",
    ],
)
def test_the_run_is_never_changed(record, pytester, monkeypatch, workers: str, trouble: str):
    """Whatever goes wrong in the kit: same output, same status, and one line that says it."""
    conftest = ""
    prelude = (
        "import conftest_kit.{0} as broken\ndef bug(*args, **named): raise RuntimeError('bug')\n"
    )
    if trouble == "bug in a hook":
        conftest = prelude.format("recorder") + "broken.Recorder.reported = bug"
    elif trouble == "bug in a worker":
        conftest = prelude.format("capture") + "broken.Capture.test = bug"
    elif trouble == "bug at the end":
        conftest = prelude.format("writer") + "broken.Writer.finish = bug"
    elif trouble == "lock":
        conftest = (
            prelude.format("locking")
            + "broken.lock = bug\nimport conftest_kit.log as l, conftest_kit.metrics as m\nl.lock = m.lock = bug"
        )
    elif trouble == "file size":
        conftest = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))"
    elif trouble == "settings":
        monkeypatch.setenv("CONFTEST_KIT_KEEP_RUNS", "many")
    elif trouble == "read-only":
        (pytester.path / "logs").write_text("in the way")
    modules = {"conftest": conftest, "test_it": NINE}
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


def test_files_are_private(record):
    """Folders and files of a run are the user's alone, and git ignores them."""
    run = record(test_it="def test_a(): assert 0")
    logs = run.folder / "logs"

    modes = {path: path.stat().st_mode & 0o777 for path in [logs, *logs.rglob("*")]}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {m for path, m in modes.items() if path.is_file() and path.suffix != ".lock"} == {0o600}
    assert (logs / ".gitignore").read_text() == "*\n"


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


def test_command_line_settings(record):
    """--conftest-kit KEY=VALUE is the last layer of the settings."""
    run = record("--conftest-kit", "logs_dir=out/here", test_it="def test_a(): pass")

    assert len(rundir.runs(run.folder / "out/here")) == 1


def test_nothing_is_written_during_the_call(record):
    """What arrives while a test runs waits until it is over: its size plugin may have patched I/O."""
    run = record(
        test_it="""
            from pathlib import Path

            def size():
                (records,) = Path("logs/runs").glob("*/records.ndjson")
                return records.stat().st_size

            def test_a(subtests):
                before = size()
                with subtests.test("inner"):
                    assert 0
                assert size() == before
        """,
    )

    assert run.failure.subtest == "[inner]"


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


def test_environment_and_counts(record):
    """The run says where it ran and what pytest itself counted."""
    run = record("--cov=.", test_it="def test_a(): pass").recording.run

    assert run.environment.plugins["pytest"] == pytest.__version__
    assert "pytest-cov" in run.environment.plugins
    assert run.pytest_counts == {"passed": 1}
    assert run.collected == 1
    assert run.coverage_percent == 100.0


def test_node_ids_are_identities(record):
    """The size that pytest-test-categories appends is not part of a node id."""
    run = record(
        conftest="""
            def pytest_collection_modifyitems(items):
                for item in items: item._nodeid += " [SMALL]"
        """,
        test_it="def test_a(): assert 0",
    )  # fmt: skip
    if pytest.version_tuple >= (9, 2):
        pytest.skip("node ids are objects there")

    assert run.failure.nodeid == "test_it.py::test_a"


def test_groups_of_xdist_are_not_part_of_a_node_id(record):
    """--dist=loadgroup appends the group."""
    run = record("-n2", "--dist=loadgroup", test_it="""
        import pytest
        @pytest.mark.xdist_group("db")
        @pytest.mark.parametrize("x", ["a@b"])
        def test_a(x): pass
    """)  # fmt: skip

    assert [a.nodeid for a in run.recording.attempts] == ["test_it.py::test_a[a@b]"]


def test_every_worker_runs_every_test(record):
    """--dist=each: attempts say in which worker."""
    run = record("--dist=each", "--tx=2*popen", test_it="def test_a(): assert 0")

    assert sorted(str(a.worker) for a in run.recording.attempts) == ["gw0", "gw1"]
    assert [a.attempt for a in run.recording.attempts] == [1, 1]
    assert len(run.recording.failures) == 2
