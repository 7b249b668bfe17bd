from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest_kit import log
from conftest_kit.records import Attempt, Environment, Failure, Frame, Raised, Recording, Run

RUN = Run(
    run_id="20250101T000000.000000Z-0123abcd",
    project="shop",
    state="complete",
    started="2025-01-01T00:00:00.000000Z",
    finished="2025-01-01T00:00:02.500000Z",
    exit_code=1,
    command=("pytest", "-q"),
    directory="/src/shop",
    counts={"passed": 1, "failed": 1},
    coverage_percent=81.5,
    warnings=("metrics not written",),
    environment=Environment(
        python={"version": "3.11.7", "implementation": "cpython", "executable": "/usr/bin/python"},
        platform={"system": "Linux", "release": "6.1", "machine": "x86_64"},
        git={"commit": "abc", "branch": "main", "dirty": True},
        ci={"provider": "github", "job": "test"},
        random_seed=0,
    ),
)


def failure(**fields: object) -> Failure:
    """A failure of a test's call."""
    return Failure(nodeid="tests/test_a.py::test_b", phase="call", **fields)


def rendered(*failures: Failure, **fields: object) -> str:
    """The text of a run with these failures."""
    return log.render(Recording(run=RUN, failures=failures, **fields)).decode()


class TestRender:
    """A run as readable text."""

    def test_a_run(self):
        """Header, tests, failures, in-flight tests, warnings and summary, in this order."""
        text = rendered(
            failure(
                time="2025-01-01T00:00:01.000000Z",
                text="def test_b():\n>   assert 0\nE   assert 0",
                captured={"stdout": "printed\n", "stderr": "", "log": "WARNING logged"},
            ),
            attempts=(
                Attempt(
                    nodeid="tests/test_a.py::test_a",
                    outcome="passed",
                    started="2025-01-01T00:00:00.100000Z",
                    durations={"setup": 0.5, "call": 0.25},
                ),
                Attempt(
                    nodeid="tests/test_a.py::test_b", outcome="failed", attempt=2, worker="gw1"
                ),
                Attempt(
                    nodeid="tests/test_a.py::test_c", outcome="skipped", reason="needs network"
                ),
            ),
            in_flight=("tests/test_a.py::test_d",),
            malformed_lines=2,
        )
        lines = [line.rstrip("=-").rstrip() for line in text.splitlines()]

        assert lines == [
            "==== run 20250101T000000.000000Z-0123abcd",
            "project:     shop",
            "started:     2025-01-01T00:00:00.000000Z",
            "directory:   /src/shop",
            "command:     pytest -q",
            "python:      3.11.7 cpython /usr/bin/python",
            "platform:    Linux 6.1 x86_64",
            "commit:      abc (main, with changes)",
            "ci:          provider github, job test",
            "random seed: 0",
            "---- tests",
            "2025-01-01T00:00:00.100000Z PASSED      0.750 s  tests/test_a.py::test_a",
            f"{'':<28}FAILED      0.000 s  tests/test_a.py::test_b (attempt 2) [gw1]",
            f"{'':<28}SKIPPED     0.000 s  tests/test_a.py::test_c",
            f"{'':<48}needs network",
            "---- failure 1: tests/test_a.py::test_b",
            "phase call, attempt 1, 2025-01-01T00:00:01.000000Z",
            "def test_b():",
            ">   assert 0",
            "E   assert 0",
            "captured stdout:",
            "printed",
            "captured log:",
            "WARNING logged",
            "---- started and never ended",
            "tests/test_a.py::test_d",
            "---- warnings",
            "metrics not written",
            "---- summary",
            "1 passed, 1 failed; 1 failure(s) recorded",
            "complete, exit status 1, finished 2025-01-01T00:00:02.500000Z after 2.500 s",
            "coverage 81.50 %",
            "2 lines of the record could not be read",
            "==== end of run 20250101T000000.000000Z-0123abcd",
            "",
        ]

    def test_a_run_of_which_little_is_known(self):
        """A run that died has no end and no counts; its tests are counted here."""
        attempts = (Attempt(nodeid="t::a", outcome="passed"),) * 2
        text = log.render(Recording(run=Run(run_id="x", state="died"), attempts=attempts)).decode()

        assert "2 passed; 0 failure(s) recorded" in text
        assert "died, exit status unknown, finished never\n" in text
        assert "commit:" not in text

    def test_the_chain_stands_in_for_the_text(self):
        """With `--tb=no` the recorded exceptions say what happened."""
        chain = (
            Raised(
                type="app.Failed",
                message="no\nluck",
                notes=("try again",),
                frames=(Frame(file="app.py", line=3, function="go", source="raise Failed"),),
            ),
            Raised(
                type="ExceptionGroup",
                relation="cause",
                message="two",
                members=((Raised(type="KeyError", message="'x'"),),),
            ),
            Raised(type="OSError", relation="context", message="first"),
        )

        assert (
            "app.Failed: no\n"
            "    luck\n"
            "    note: try again\n"
            "    app.py:3 in go: raise Failed\n"
            "caused by ExceptionGroup: two\n"
            "  | KeyError: 'x'\n"
            "raised while handling OSError: first\n"
        ) in rendered(failure(exceptions=chain))

    def test_a_message_alone(self):
        """A crash has neither text nor chain; a subtest and a worker are named."""
        text = rendered(failure(message="worker crashed", subtest="[i=1]", worker="gw0"))

        assert "phase call, attempt 1, subtest [i=1], worker gw0\nworker crashed\n" in text

    def test_escapes_are_left_out(self):
        """Colours, titles, links, carriage returns and reversed text do nothing to a terminal."""
        text = rendered(
            failure(
                text="\x1b[31mred\x1b[0m \x1b]0;title\x07x \x1b]8;;http://a\x1b\\link\x1b]8;;\x1b\\"
                "\r\nold\rnew \x9b2J \u202eesrever\x00 \x1bc"
            )
        )

        assert "red x link\noldnew 2J esrever \n" in text

    @given(text=st.text())
    def test_no_text_keeps_controls(self, text: str):
        """Whatever a test prints or is called."""
        written = log.render(
            Recording(
                run=Run(run_id="x", command=(text,), warnings=(text,)),
                attempts=(Attempt(nodeid=text, outcome="passed", reason=text),),
                failures=(Failure(nodeid=text, phase="call", text=text, captured={"log": text}),),
            )
        ).decode()

        assert not any(
            character < " " or "\x7f" <= character <= "\x9f"
            for character in written.replace("\n", "").replace("\t", "")
        )

    def test_a_name_that_is_no_utf_8(self):
        """What cannot be encoded is written as an escape."""
        attempt = Attempt(nodeid="test_it.py::test[\udcff]", outcome="passed")

        assert b"::test[\\udcff]" in log.render(Recording(run=RUN, attempts=(attempt,)))

    @given(name=st.text())
    def test_a_name_stays_on_its_line(self, name: str):
        """No test is called so that its line looks like two."""
        one = Recording(run=Run(run_id="x"), attempts=(Attempt(nodeid="a", outcome="passed"),))
        other = Recording(run=Run(run_id="x"), attempts=(Attempt(nodeid=name, outcome="passed"),))

        assert log.render(one).count(b"\n") == log.render(other).count(b"\n")


class TestSpool:
    """Text that waits, the most of it outside of the memory."""

    @given(st.lists(st.integers(0, 20_000), max_size=9))
    def test_what_was_added_comes_back(self, tmp_path_factory: pytest.TempPathFactory, sizes):
        """In order, however much it is, and no file is left."""
        folder = tmp_path_factory.mktemp("spool")
        texts = [bytes([number % 256]) * size for number, size in enumerate(sizes)]
        spool = log.Spool(folder)
        for text in texts:
            spool.add(text)
            spool.settle()

        assert (spool.count, spool.size) == (len(texts), sum(sizes))
        assert b"".join(spool.parts()) == b"".join(texts)
        assert list(folder.iterdir()) == []

    @pytest.mark.parametrize("limit", [0, 10_000, 20_000, 50_000])
    def test_a_full_disk(self, tmp_path: Path, limit: int):
        """What does not fit stays in memory, and nothing is lost."""
        code = (
            "import pathlib, resource, signal, sys; from conftest_kit import log\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
            "spool = log.Spool(pathlib.Path(sys.argv[1]))\n"
            "texts = [b'%d' % n * 7_000 for n in range(9)]\n"
            "for text in texts: spool.add(text), spool.settle()\n"
            "assert b''.join(spool.parts()) == b''.join(texts)"
        )
        subprocess.run([sys.executable, "-B", "-c", code, tmp_path], check=True)

    def test_no_folder(self, tmp_path: Path):
        """Where no file can be opened the text stays in memory."""
        spool = log.Spool(tmp_path / "gone")
        for _ in range(3):
            spool.add(b"x" * 20_000)
            spool.settle()

        assert b"".join(spool.parts()) == b"x" * 60_000


class TestAppend:
    """The file that runs are appended to."""

    def test_it_is_private(self, tmp_path: Path):
        """The log is not redacted: nobody else reads it."""
        path = tmp_path / "logs" / "pytest.log"
        log.append(path, [b"one\n"])
        log.append(path, [b"two\n"])

        assert path.read_text() == "one\ntwo\n"
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700

    def test_rotation(self, tmp_path: Path):
        """Full logs move up, as many as are kept, and the oldest goes."""
        path = tmp_path / "pytest.log"
        for number in range(9):
            log.append(path, [b"block %d\n" % number], max_bytes=20, backups=3)

        assert {file.name: file.read_text() for file in tmp_path.glob("pytest.log*")} == {
            "pytest.log": "block 8\n",
            "pytest.log.1": "block 6\nblock 7\n",
            "pytest.log.2": "block 4\nblock 5\n",
            "pytest.log.3": "block 2\nblock 3\n",
        }

    def test_a_block_that_is_too_big_alone(self, tmp_path: Path):
        """It is written whole, into a log of its own."""
        path = tmp_path / "pytest.log"
        for block in (b"a\n", b"b" * 50 + b"\n", b"c\n"):
            log.append(path, [block], max_bytes=20)

        assert path.read_text() == "c\n"
        assert path.with_name("pytest.log.1").read_text() == "b" * 50 + "\n"

    def test_blocks_of_several_processes_do_not_mix(self, tmp_path: Path):
        """Six processes that append and rotate at once lose and break nothing."""
        path = tmp_path / "pytest.log"
        code = (
            "import pathlib, sys; from conftest_kit import log\n"
            "for _ in range(40):\n"
            "    block = sys.argv[2].encode() * 999 + b'\\n'\n"
            "    log.append(pathlib.Path(sys.argv[1]), [block], max_bytes=60_000)"
        )
        processes = [
            subprocess.Popen([sys.executable, "-c", code, path, letter]) for letter in "abcdef"
        ]

        assert [process.wait() for process in processes] == [0] * 6
        lines = [
            line for file in tmp_path.glob("pytest.log*") for line in file.read_text().splitlines()
        ]
        assert sorted(lines) == sorted(letter * 999 for letter in "abcdef" * 40)

    def test_a_lock_that_nobody_gives_back(self, tmp_path: Path):
        """The block is added without waiting for ever, and nothing is rotated meanwhile."""
        path = tmp_path / "pytest.log"
        log.append(path, [b"one\n"])
        with (tmp_path / ".pytest.log.lock").open() as holder:
            fcntl.flock(holder, fcntl.LOCK_EX)
            log.append(path, [b"two\n"], max_bytes=5, lock_seconds=0.01)

        assert path.read_text() == "one\ntwo\n"

    def test_a_full_disk(self, tmp_path: Path):
        """A block that was not written whole is an error, for the caller to say."""
        code = (
            "import pathlib, resource, signal, sys; from conftest_kit import log\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))\n"
            "log.append(pathlib.Path(sys.argv[1]), [b'x' * 30])"
        )
        command = [sys.executable, "-B", "-c", code, tmp_path / "pytest.log"]
        result = subprocess.run(command, capture_output=True, text=True, check=False)

        assert f"File too large: '{tmp_path / 'pytest.log'}'" in result.stderr
