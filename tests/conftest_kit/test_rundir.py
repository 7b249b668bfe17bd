from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest_kit import reading, records, rundir
from conftest_kit.records import Attempt, Distribution, Failure, Run
from conftest_kit.rundir import RunDir, UnreadableRun

RUN = Run(run_id="20260102T030405.000006Z-0000abcd", state="complete", exit_code=0)


def line(kind: str, record: object) -> bytes:
    """As the kit writes it."""
    document = {"$record": kind, **records.to_json(record)}
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"


def make(logs: Path, run: Run, *lines: bytes) -> Path:
    """A run directory with these lines."""
    directory = RunDir.new(logs, run.run_id)
    directory.create(run)
    directory.append(b"".join(lines))
    directory.close()
    return directory.path


def test_run_ids_sort_by_time_and_are_unique():
    """A later run has a greater id, a run of the same moment another one."""
    first, second, later = (rundir.new_run_id(now) for now in (1e9, 1e9, 1e9 + 1e-6))

    assert first.partition("-")[0] == "20010909T014640.000000Z"
    assert first != second
    assert max(first, second) < later


def test_round_trip(tmp_path: Path):
    """What was written comes back."""
    attempt = Attempt(nodeid="a.py::b", outcome="failed", durations={"call": 0.5})
    failure = Failure(nodeid="a.py::b", phase="call", message="no")
    distribution = Distribution(name="pytest", version="9.2.0", modules=("pytest",))
    path = make(tmp_path / "logs", RUN, line("attempt", attempt), line("failure", failure))
    RunDir(path).write_distributions([distribution])

    recording = reading.read(path)
    assert recording.run == RUN
    assert recording.attempts == (attempt,)
    assert recording.failures == (failure,)
    assert recording.distributions == (distribution,)


def test_in_flight(tmp_path: Path):
    """A test that started more often than it ended was running when the process died."""
    start = b'{"$record":"start","nodeid":"a.py::b","time":""}\n'
    ended = line("attempt", Attempt(nodeid="a.py::b", outcome="rerun"))

    assert reading.read(make(tmp_path, RUN, start, ended, start)).in_flight == ("a.py::b",)


def test_damage_is_counted(tmp_path: Path):
    """Unknown records are skipped, damaged lines are counted, lone surrogates are escaped."""
    good = rb'{"$record":"attempt","nodeid":"\ud800","outcome":"passed","later":1}' + b"\n"
    path = make(tmp_path, RUN, b"\xff\n", b"[]\n", b'{"$record":"new"}\n', good, good[:30])

    recording = reading.read(path)
    assert recording.malformed_lines == 3
    assert [attempt.nodeid for attempt in recording.attempts] == ["\\ud800"]


fields = st.sampled_from([name for kind in (Failure, Attempt, Run) for name in kind._fields])
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
objects = st.dictionaries(fields, scalars | st.lists(scalars))
json_values = scalars | st.lists(scalars | objects) | st.dictionaries(st.text(), scalars)
documents = st.builds(
    lambda kind, values: json.dumps({**values, "$record": kind}).encode(),
    st.sampled_from(["start", "attempt", "failure", "run", "?"]),
    st.dictionaries(fields, json_values),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(lines=st.lists(st.binary() | documents), document=documents | st.binary())
def test_reading_never_raises_anything_else(tmp_path: Path, lines: list[bytes], document: bytes):
    """Whatever the files hold, the answer is a recording or UnreadableRun."""
    (tmp_path / "run.json").write_bytes(document)
    (tmp_path / "records.ndjson").write_bytes(b"\n".join(lines))
    (tmp_path / "distributions.json").write_bytes(document)

    try:
        recording = reading.read(tmp_path)
    except UnreadableRun:
        pass
    else:
        json.dumps([records.to_json(failure) for failure in recording.failures]).encode()


def test_state_of_a_run_that_never_finished(tmp_path: Path):
    """Running while its process lives; died when it is gone, or its id means another process."""
    mine = RUN._replace(state="running", pid=os.getpid(), started=rundir.timestamp(time.time()))
    states = {
        "mine": mine,
        "gone": mine._replace(pid=2**22 + 1),
        "reused": mine._replace(started=rundir.timestamp(1e9)),
        "other host": mine._replace(host="elsewhere", pid=2**22 + 1),
    }
    paths = {name: make(tmp_path, run._replace(run_id=name)) for name, run in states.items()}

    found = {name: reading.read(path).run.state for name, path in paths.items()}
    assert found == {"mine": "running", "gone": "died", "reused": "died", "other host": "running"}
    for name in ("run.json", "records.ndjson"):
        os.utime(paths["other host"] / name, (1e9, 1e9))
    assert reading.read(paths["other host"]).run.state == "died"


def test_find(tmp_path: Path):
    """By `latest`, id, unique beginning and path; what is not found is named."""
    older, newer = (make(tmp_path, RUN._replace(run_id=name)) for name in ("2026-a", "2026-b"))

    assert rundir.runs(tmp_path) == [newer, older]
    assert rundir.find(tmp_path, "latest") == newer
    assert rundir.find(tmp_path, "2026-a") == rundir.find(tmp_path, str(older)) == older
    for reference, message in (("2026", "2 runs begin with 2026"), ("2027", "2027"), ("", "''")):
        with pytest.raises(UnreadableRun, match=message):
            rundir.find(tmp_path, reference)
    with pytest.raises(UnreadableRun, match="no runs"):
        rundir.find(tmp_path / "empty", "latest")


def test_prune(tmp_path: Path):
    """The oldest go first; red ones that nobody reviewed last; running ones never."""
    changes = {
        "1-red": {"exit_code": 1},
        "2-reviewed": {"exit_code": 1},
        "3-running": {"state": "running", "pid": os.getpid(), "started": rundir.timestamp(9e9)},
        "4-green": {},
        "5-red": {"exit_code": 1},
    }
    for name, change in changes.items():
        make(tmp_path, RUN._replace(run_id=name, **change))
    rundir.mark_reviewed(tmp_path / "runs/2-reviewed")

    assert rundir.prune(tmp_path, 5) == ()
    assert rundir.prune(tmp_path, 3) == ()
    assert [path.name for path in rundir.runs(tmp_path)] == ["5-red", "3-running", "1-red"]
    assert [path.name for path in rundir.prune(tmp_path, 1)] == ["1-red", "5-red"]
    assert [path.name for path in rundir.runs(tmp_path)] == ["3-running"]


def test_an_own_gitignore_stays(tmp_path: Path):
    """Only a folder that the kit made itself gets one."""
    (tmp_path / "theirs").mkdir()
    make(tmp_path / "theirs", RUN)
    make(tmp_path / "ours", RUN)

    assert not (tmp_path / "theirs/.gitignore").exists()
    assert (tmp_path / "ours/.gitignore").read_text() == "*\n"


@pytest.mark.usefixtures("another_was_first")
def test_two_first_runs_at_once(tmp_path: Path):
    """Both make the folder of the logs, and both are kept."""
    assert reading.read(make(tmp_path / "logs", RUN)).run == RUN


def test_a_run_ends_on_a_full_disk(tmp_path):
    """Where nothing new can be written, `run.json` still learns how the run ended."""
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from conftest_kit.records import Run\n"
        "from conftest_kit.rundir import RunDir\n"
        "directory = RunDir.new(Path(sys.argv[1]), 'r1')\n"
        "directory.create(Run(run_id='r1', pid=1))\n"
        "before = (directory.path / 'run.json').stat().st_size\n"
        "os.replace = lambda *args: (_ for _ in ()).throw(OSError(28, 'full'))\n"
        "directory.finish(Run(run_id='r1', state='complete', exit_code=1, warnings=('full',)))\n"
        "assert (directory.path / 'run.json').stat().st_size == before\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)

    run = rundir.read_run(tmp_path / "runs" / "r1")

    assert (run.state, run.exit_code, run.warnings) == ("complete", 1, ("full",))
