from __future__ import annotations

import fcntl
import math
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import prometheus_client
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from conftest_kit.locking import hidden
from conftest_kit.metrics import Module, Place, Sizes, Tally, update
from conftest_kit.metrics.table import METRICS
from conftest_kit.run import Environment, Run

RUN = Run(
    run_id="20250101T000000.000000Z-0123abcd",
    started="2025-01-01T00:00:00.000000Z",
    finished="2025-01-01T00:00:02.500000Z",
    counts={"passed": 3, "failed": 1, "error": 2, "rerun": 4},
    environment=Environment(
        git={"branch": "main"}, python={"version": "3.11.7"}, platform={"system": "Linux"}
    ),
)
NASTY = 'a"b\\c\nd\r\x00{e="f"} # \udcff \u2028 ünï'


TALLY = Tally(
    outcomes={
        ("passed", "call"): 3,
        ("failed", "call"): 1,
        ("error", "setup"): 1,
        ("error", "collect"): 1,
        ("rerun", "call"): 4,
    },
    durations=(0.005, 0.3, 11.0),
    sizes=Sizes(tests={"small": 1}, durations={("small", "passed"): (0.005,)}),
)


def add(path: Path, run: Run = RUN, tally: Tally = TALLY, **place: object) -> list[str]:
    """Add a run of three tests to the file."""
    return update(Place(path=path, **place), run=run, tally=tally)


def labelled(**changes: object) -> Run:
    """The run with other values."""
    return Run(
        **{field: getattr(RUN, field) for field in ("run_id", "started", "finished")} | changes
    )


def update_elsewhere(
    path: Path, before: str = "", times: int = 1, **environ: str
) -> subprocess.Popen:
    """The same, many times and of one test of half a second, in a process of its own."""
    code = (
        f"import os, pathlib, sys\n{before}\n"
        "from conftest_kit.metrics import Place, Sizes, Tally, update\n"
        "from conftest_kit.run import Run\n"
        "place = Place(path=pathlib.Path(sys.argv[1]))\n"
        "sizes = Sizes(tests={'small': 1}, durations={('small', 'passed'): [0.5]})\n"
        "tally = Tally(outcomes={('passed', 'call'): 1}, durations=[0.5], sizes=sizes)\n"
        "for number in range(int(sys.argv[2])):\n"
        "    run = Run(run_id=f'{os.getpid()}-{number}', exit_code=0, counts={'passed': 1})\n"
        "    print(*update(place, run=run, tally=tally), sep='\\n')\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, path, str(times)],
        env=os.environ | environ,
        stdout=subprocess.PIPE,
        text=True,
    )


def samples(path: Path) -> dict[tuple[str, ...], float]:
    """Name and label values to value."""
    text = path.read_bytes().decode("utf-8")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def metrics_in(path: Path) -> set[str]:
    """Their names, as the table has them."""
    return set(re.findall(r"^# TYPE (\S+)", path.read_text(), re.MULTILINE))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the textfile goes; its folder does not exist yet."""
    return tmp_path / "monitoring" / "pytest_metrics.prom"


class TestFormat:
    """What the file looks like to its readers."""

    def test_neither_timestamps_nor_creation_times(self, path: Path):
        """A timestamp makes node_exporter skip the file; `_created` gauges only look like resets."""
        add(path)
        lines = path.read_text().splitlines()

        assert all(re.fullmatch(r"#.*|[^ ]+(?:\{.*\})? \S+", line) for line in lines)
        assert "_created" not in path.read_text()

    @pytest.mark.parametrize("text", ["main", NASTY])
    def test_promtool_has_nothing_to_say(self, path: Path, text: str, require_program):
        """The judge of the format finds no error and nothing to improve, whatever the labels."""
        program = require_program("promtool", "prometheus")
        environment = Environment(git={"branch": text}, ci={"provider": "github"})
        run = labelled(
            exit_code=0, collected=9, pytest_counts={}, coverage_percent=9, environment=environment
        )
        tally = TALLY._replace(modules=[Module(name=text, percent=9, uncovered=3)])
        for _ in range(2):
            add(path, run, tally, labels={"project": text})
        with path.open("rb") as file:
            result = subprocess.run(
                [program, "check", "metrics"], stdin=file, capture_output=True, check=False
            )

        assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")
        assert {metric.name for metric in METRICS} == metrics_in(path)

    @settings(
        deadline=None,
        max_examples=50,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(text=st.text(st.characters()))
    def test_no_label_value_breaks_the_counters(self, tmp_path: Path, text: str):
        """Whatever a branch or project is called, the next run reads what this one wrote."""
        path = tmp_path / "m.prom"
        path.unlink(missing_ok=True)
        run = labelled(counts={"failed": 1}, environment=Environment(git={"branch": text}))

        assert add(path, run, labels={"project": text}) == []
        assert add(path, run, labels={"project": text}) == []
        written = path.read_bytes().decode("utf-8")
        families = {family.name: family for family in text_string_to_metric_families(written)}
        assert [sample.value for sample in families["pytest_test_failures"].samples] == [2]


class TestFile:
    """How the file is written."""

    def test_it_is_readable_for_others(self, path: Path):
        """node_exporter is another user, whatever the umask of the test run."""
        before = os.umask(0o077)
        try:
            add(path)
        finally:
            os.umask(before)

        assert path.stat().st_mode & 0o777 == 0o644
        assert path.parent.stat().st_mode & 0o777 == 0o755

    def test_nothing_else_looks_like_metrics(self, path: Path):
        """node_exporter reads `*.prom`: what lies beside the file has other names."""
        path.parent.mkdir()
        path.write_text("broken {")
        add(path)

        assert [other.name for other in path.parent.iterdir() if other.suffix == ".prom"] == [
            path.name
        ]

    def test_it_stays_out_of_the_repository(self, path: Path):
        """In a folder that the kit made, git sees none of the kit's files, and all others."""
        subprocess.run(["git", "init", "-q"], cwd=path.parent.parent, check=True)
        add(path)
        (path.parent / "rules.yml").touch()
        status = subprocess.run(
            ["git", "status", "--porcelain", "--untracked-files=all"],
            cwd=path.parent.parent,
            capture_output=True,
            text=True,
            check=True,
        )

        assert status.stdout == "?? monitoring/rules.yml\n"

    def test_a_symlink_stays_one(self, tmp_path: Path, path: Path):
        """The file that it names is replaced."""
        path.parent.mkdir()
        target = tmp_path / "elsewhere" / "real.prom"
        path.symlink_to(target)
        add(path)
        add(path)

        assert path.is_symlink()
        assert samples(target)["pytest_test_failures_total",] == 6

    @pytest.mark.parametrize(
        "content",
        [
            b"pytest_test_failures_total 1 {",
            b"\xff\xfe\x00",
            b"pytest_test_failures_total NaN\n",
            b"pytest_test_passes_total -1\n",
            b'pytest_test_duration_seconds_bucket{le="many"} 1\n',
            b"pytest_test_failures_total{\n",
        ],
    )
    def test_a_corrupt_file_is_set_aside(self, path: Path, content: bytes):
        """Counting begins anew, and the file is kept under the name that the warning says."""
        path.parent.mkdir()
        path.write_bytes(content)
        (warning,) = add(path)
        (aside,) = path.parent.glob("pytest_metrics.prom.corrupt-*")

        assert str(aside) in warning
        assert aside.read_bytes() == content
        assert samples(path)["pytest_test_failures_total",] == 3
        assert add(path) == []

    @settings(
        deadline=None,
        max_examples=100,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(content=st.binary() | st.text(alphabet='pytest_ab{}=",#\\ 1.e\n').map(str.encode))
    def test_no_content_raises(self, tmp_path: Path, content: bytes):
        """Whatever lies where the file should be, the run is counted."""
        path = tmp_path / "m.prom"
        path.write_bytes(content)
        add(path)

        assert samples(path)["pytest_test_passes_total",] >= 3

    @pytest.mark.parametrize("labels", ["", '{project="other",team="x"}'])
    def test_a_predecessors_file_is_continued(self, path: Path, labels: str):
        """Its counters count on, whatever labels it had; `_created` and others' families go."""
        path.parent.mkdir()
        path.write_text(
            "# TYPE pytest_test_failures_total counter\n"
            f"pytest_test_failures_total{labels} 1e+06\n"
            "# TYPE pytest_test_failures_created gauge\npytest_test_failures_created 1.7e+09\n"
            "something_else 4\n"
        )

        assert add(path) == []
        assert samples(path)["pytest_test_failures_total",] == 1_000_003
        assert samples(path)["pytest_test_outcomes_total", "failed", "call"] == 1
        assert "_created" not in path.read_text()
        assert "something_else" not in path.read_text()

    @pytest.mark.parametrize(
        ("name", "labels", "count"),
        [
            ("pytest_test_duration_seconds", (), 3),
            ("pytest_sized_test_duration_seconds", ("passed", "small"), 1),
        ],
    )
    def test_other_buckets_begin_anew(self, path: Path, name: str, labels: tuple, count: int):
        """Buckets that differ cannot be added up; everything else can."""
        path.parent.mkdir()
        own = 'size="small",outcome="passed",' if labels else ""
        path.write_text(
            f"# TYPE {name} histogram\n"
            f'{name}_bucket{{{own}le="1"}} 7\n{name}_bucket{{{own}le="+Inf"}} 9\n'
            f"{name}_count{{{own}}} 9\n{name}_sum{{{own}}} 30\n"
            "# TYPE pytest_test_passes_total counter\npytest_test_passes_total 9\n"
        )
        (warning,) = add(path)

        assert f"{name} begins anew" in warning
        assert samples(path)[f"{name}_count", *labels] == count
        assert samples(path)["pytest_test_passes_total",] == 12

    def test_a_place_that_cannot_be_written_to(self, tmp_path: Path):
        """One warning, no exception."""
        (tmp_path / "file").touch()
        (warning,) = add(tmp_path / "file" / "m.prom")

        assert "metrics not written to" in warning

    def test_a_folder_in_its_place(self, path: Path):
        """The same, and no temporary file stays."""
        path.mkdir(parents=True)
        (warning,) = add(path)

        assert "metrics not written to" in warning
        assert [other.name for other in path.parent.iterdir() if "tmp" in other.name] == []

    def test_a_full_disk(self, path: Path):
        """The previous file stays as it was, and nothing is left beside it."""
        add(path)
        before = path.read_bytes()
        limit = (
            "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "sys.dont_write_bytecode = True; resource.setrlimit(resource.RLIMIT_FSIZE, (99, 99))"
        )
        output, _ = update_elsewhere(path, limit).communicate()

        assert "metrics not written to" in output
        assert path.read_bytes() == before
        assert [other.name for other in path.parent.iterdir() if "tmp" in other.name] == []


class TestTogether:
    """Several runs that end at once."""

    def test_eight_processes_lose_nothing(self, path: Path):
        """Eight processes of fifty updates each add up exactly."""
        processes = [update_elsewhere(path, times=50) for _ in range(8)]
        warnings = "".join(process.communicate()[0] for process in processes).split("\n")
        # On a busy machine one may have waited for too long: the next run adds it.
        assert [one for one in warnings if one and "the next run adds this one" not in one] == []
        assert add(path) == []

        found = samples(path)
        assert found["pytest_test_passes_total",] == 400 + 3
        assert found["pytest_test_outcomes_total", "passed", "call"] == 400 + 3
        assert found["pytest_runs_total", "passed"] == 400
        assert found["pytest_test_duration_seconds_count",] == 400 + 3
        assert found["pytest_sized_test_duration_seconds_count", "passed", "small"] == 400 + 1
        assert found["pytest_sized_test_duration_seconds_sum", "passed", "small"] == 200.005

    @pytest.mark.usefixtures("another_was_first")
    def test_two_first_runs_at_once(self, path: Path):
        """Both make the folder; neither loses its run."""
        assert add(path) == []
        assert samples(path)["pytest_test_passes_total",] == 3

    def test_a_lock_that_nobody_gives_back(self, path: Path):
        """The run is kept beside the file, said, and added by the next run: nothing is lost."""
        add(path)
        with (path.parent / ".pytest_metrics.prom.lock").open() as holder:
            fcntl.flock(holder, fcntl.LOCK_EX)
            late = labelled(run_id="late", counts={"failed": 5})
            (warning,) = add(path, late, lock_seconds=0.05)

        assert "locked" in warning
        assert samples(path)["pytest_test_failures_total",] == 3
        assert add(path) == []
        assert samples(path)["pytest_test_failures_total",] == 11
        assert samples(path)["pytest_test_duration_seconds_count",] == 9
        assert add(path) == []
        assert samples(path)["pytest_test_failures_total",] == 14

    def test_a_pending_run_that_cannot_be_read(self, path: Path):
        """It is set aside once, not tried for ever."""
        path.parent.mkdir()
        folder = hidden(path)
        folder.mkdir()
        (folder / "pending-x").write_text("broken {")

        assert len(add(path)) == 1
        assert add(path) == []

    def test_no_files_of_multiprocess_mode(self, path: Path, tmp_path: Path):
        """Where the tested application uses that mode of the client, nothing is left in its folder."""
        folder = tmp_path / "multiprocess"
        folder.mkdir()
        process = update_elsewhere(path, PROMETHEUS_MULTIPROC_DIR=str(folder))

        assert process.communicate()[0].strip() == ""
        assert list(folder.iterdir()) == []
        assert samples(path)["pytest_test_duration_seconds_count",] == 1


def test_without_prometheus_client(path: Path):
    """The warning says what to install."""
    process = update_elsewhere(path, "sys.modules['prometheus_client'] = None")

    assert "pip install prometheus-client" in process.communicate()[0]


@pytest.mark.parametrize("needs_package", [False, True])
def test_the_client_without_its_server(path: Path, tmp_path: Path, *, needs_package: bool):
    """Its parser is loaded without the package around it, unless that version cannot do so."""
    package = tmp_path / "prometheus_client"
    shutil.copytree(Path(prometheus_client.__file__).parent, package)
    (package / "__init__.py").write_text("IS_THERE = True\n")
    if needs_package:
        with (package / "parser.py").open("a") as file:
            file.write("from . import IS_THERE\n")
    code = "import atexit; atexit.register(lambda: print('prometheus_client' in sys.modules))"
    process = update_elsewhere(path, code, PYTHONPATH=str(tmp_path))

    assert process.communicate()[0].strip() == str(needs_package)
    assert samples(path)["pytest_test_duration_seconds_count",] == 1


def test_the_client_is_imported_late():
    """Importing the module costs a run nothing; its client is imported at the end."""
    code = "import sys, conftest_kit.metrics; print('prometheus_client' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert result.stdout == "False\n"


def test_a_clock_that_was_set_back(path: Path):
    """A session never took less than no time."""
    add(path, labelled(started="2025-01-01T00:00:05Z"))

    assert samples(path)["pytest_session_duration_seconds",] == 0
    assert math.isclose(samples(path)["pytest_last_run_timestamp_seconds",], 1735689602.5)


def test_a_run_that_did_not_finish(path: Path):
    """Its end is now."""
    add(path, Run(run_id="x"))

    assert samples(path)["pytest_last_run_timestamp_seconds",] == pytest.approx(time.time(), abs=60)
