"""What a run leaves in its record, whatever happens to it."""

from __future__ import annotations

import pytest

from conftest_kit import reading


@pytest.mark.parametrize("style", ["long", "short", "line", "no"])
def test_nine_failures(record, workers: str, style: str, nine_failures: str):
    """Each of nine ways to fail is recorded with its chain, however little pytest renders."""
    run = record(
        workers, f"--tb={style}", "--continue-on-collection-errors",
        test_nine=nine_failures, test_import="import no_such_module",
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


def test_text_has_no_colours(record, workers: str, nine_failures: str, monkeypatch):
    """CI forces colours, which hide words from searches and secrets from masking."""
    texts = []
    for colours in ("0", "1"):
        monkeypatch.setenv("PY_COLORS", colours)
        run = record(
            workers, "--continue-on-collection-errors",
            test_nine=nine_failures, test_import="import no_such_module",
        )  # fmt: skip
        failures = reading.read(run.paths[0]).failures
        texts.append({(failure.nodeid, failure.phase): failure.text for failure in failures})

    assert len(texts[0]) == 9
    assert texts[1] == texts[0]


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


@pytest.mark.parametrize("hook", ["trylast", "tryfirst"])
def test_process_that_dies_after_its_tests(record, hook):
    """What a test left is written even where nothing follows it."""
    run = record(
        test_it="def test_first(): pass\ndef test_last(): assert 0",
        conftest=f"""
        import os, pytest
        @pytest.hookimpl({hook}=True)
        def pytest_sessionfinish(): os._exit(3)
    """,
    )  # fmt: skip

    assert run.recording.run.state == "died"
    assert run.recording.in_flight == ()
    assert run.outcomes == {"test_first": "passed", "test_last": "failed"}


def test_failures_of_a_process_without_descriptors(record, workers: str):
    """A test that used up all files is the one that must be recorded."""
    run = record(workers, test_it="""
        import os, resource
        import pytest
        @pytest.fixture
        def few():
            opened = []
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))
            yield opened
            for descriptor in opened: os.close(descriptor)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        def test_leaks(few):
            while True: few.append(os.open(os.devnull, os.O_RDONLY))
    """)  # fmt: skip

    (failure,) = run.recording.failures
    assert (failure.phase, failure.exceptions[0].type) == ("call", "OSError")
    assert failure.exceptions[0].frames[-1].function == "test_leaks"
    assert run.outcomes == {"test_leaks": "failed"}


def test_skipped_while_collected(record, workers: str):
    """Said once, however many workers saw it; it is no attempt, for its tests are not known."""
    run = record(workers, test_it="import pytest\npytest.importorskip('nothere')\ndef test(): pass")

    (skip,) = run.recording.skips
    assert skip.nodeid == "test_it.py"
    assert skip.reason.startswith("could not import 'nothere'")
    assert run.recording.attempts == ()


def test_skipped_as_doctests_and_failed_as_tests(record, workers: str):
    """Both collectors of one file have the same node id; each is said once."""
    run = record(
        workers,
        "--doctest-modules",
        "--doctest-ignore-import-errors",
        test_it="import nothere\ndef test(): pass",
    )

    (failure,) = run.recording.failures
    (skip,) = run.recording.skips
    assert (failure.phase, failure.exceptions[-1].type) == ("collect", "ModuleNotFoundError")
    assert failure.nodeid == skip.nodeid == "test_it.py"


@pytest.mark.parametrize("statement", ["raise KeyboardInterrupt", "pytest.exit('enough')"])
def test_interrupted(record, workers: str, statement: str):
    """A run that somebody stopped says so."""
    run = record(workers, test_it=f"import pytest\ndef test_stop(): {statement}")

    assert run.recording.run.state == "interrupted"
    assert run.recording.run.exit_code == run.result.ret == 2


def test_stops_at_the_first(record, workers: str):
    """-x is pytest's own way to end a run: it is complete."""
    run = record(workers, "-x", test_it="def test_a(): assert 0\ndef test_b(): assert 0")

    assert run.recording.run.state in ("complete", "interrupted")
    assert run.recording.run.exit_code == run.result.ret
    assert run.recording.failures[0].message == "assert 0"


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


@pytest.mark.parametrize("early", [True, False])
def test_configuring_that_raises(record, workers: str, *, early: bool):
    """pytest calls it an internal error, before there is a session to record."""
    named = "" if early else "pytest_plugins = ['conftest_kit']\n"
    run = record(
        workers,
        plugin=early,
        conftest=f"{named}def pytest_configure(config): {{}}['no such key']",
        test_it="def test_a(): pass",
    )

    assert run.recording.run.state == "not_started"
    assert run.recording.run.exit_code == run.result.ret == 3
    assert run.failure.phase == "internal"
    assert run.failure.exceptions[0].type == "KeyError"
    assert [frame.file for frame in run.failure.exceptions[-1].frames] == ["conftest.py"]


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


def test_the_last_word_on_the_exit_status(record):
    """A plugin that changes the exit status at the end is believed."""
    run = record(
        conftest="def pytest_sessionfinish(session): session.exitstatus = 7",
        test_it="def test_a(): pass",
    )

    assert run.recording.run.exit_code == run.result.ret == 7


def test_what_only_shows_something_is_not_recorded(record):
    """--collect-only leaves nothing, unless collecting fails."""
    green = record("--collect-only", test_it="def test_a(): pass")
    assert green.paths == []

    red = record("--collect-only", test_it="import no_such_module")
    assert red.failure.phase == "collect"


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


def test_pytest_itself_without_descriptors(record):
    """It breaks off before the first test; what it broke off with is recorded all the same."""
    run = record(
        conftest="""
        import os, resource
        def pytest_collection_finish(session):
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))
            while True: os.open(os.devnull, os.O_RDONLY)
        """,
        test_it="def test(): pass",
    )

    (failure,) = run.recording.failures
    assert (failure.phase, failure.exceptions[0].type) == ("internal", "OSError")
    assert run.recording.run.exit_code == 3


def test_a_process_that_may_open_few_files(record):
    """Nothing is held back of what pytest itself needs."""
    run = record(
        conftest="""
        import os, resource
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (len(os.listdir('/dev/fd')) + 12, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        )
        """,
        test_it="""
        import os
        def test(tmp_path):
            descriptors = [os.open(os.devnull, os.O_RDONLY) for _ in range(5)]
            for one in descriptors: os.close(one)
        """,
    )

    assert run.outcomes == {"test": "passed"}
