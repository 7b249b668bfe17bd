from __future__ import annotations

import fcntl
import math
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from conftest_kit import metrics
from conftest_kit.records import OUTCOMES, Environment, Run

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


def update(path: Path, run: Run = RUN, durations=(0.005, 0.3, 11.0), **options) -> list[str]:
    """Add a run of three tests to the file."""
    return metrics.update(path, run=run, durations=durations, **options)


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
        f"import pathlib, sys\n{before}\n"
        "from conftest_kit import metrics; from conftest_kit.records import Run\n"
        "run = Run(run_id=sys.argv[2], counts={'passed': 1})\n"
        "for _ in range(int(sys.argv[3])):\n"
        "    print(*metrics.update(pathlib.Path(sys.argv[1]), run=run, durations=[0.5]), end='')\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, path, "elsewhere", str(times)],
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


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the textfile goes; its folder does not exist yet."""
    return tmp_path / "monitoring" / "pytest_metrics.prom"


class TestContent:
    """Which metrics a file has."""

    def test_of_a_first_run(self, path: Path):
        """Exactly the documented metrics, with this run's values."""
        warnings = update(path)
        found = samples(path)
        buckets = {key: found.pop(key) for key in list(found) if key[0].endswith("_bucket")}

        assert warnings == []
        assert found == {
            ("pytest_test_failures_total",): 3,
            ("pytest_test_passes_total",): 3,
            ("pytest_test_duration_seconds_count",): 3,
            ("pytest_test_duration_seconds_sum",): 11.305,
            ("pytest_session_duration_seconds",): 2.5,
            ("pytest_last_run_timestamp_seconds",): 1735689602.5,
            **{("pytest_last_run_tests", outcome): 0 for outcome in OUTCOMES},
            **{("pytest_last_run_tests", outcome): n for outcome, n in RUN.counts.items()},
            ("pytest_run_info", "main", "Linux", "3.11.7", RUN.run_id): 1,
        }
        assert buckets["pytest_test_duration_seconds_bucket", "0.005"] == 1
        assert buckets["pytest_test_duration_seconds_bucket", "0.25"] == 1
        assert buckets["pytest_test_duration_seconds_bucket", "0.5"] == 2
        assert buckets["pytest_test_duration_seconds_bucket", "+Inf"] == 3

    def test_what_is_carried_over(self, path: Path):
        """Counters and the histogram grow; gauges are the last run's alone."""
        update(path)
        update(path, labelled(run_id="second", counts={"passed": 10}), (0.1,) * 10)
        found = samples(path)

        assert found["pytest_test_failures_total",] == 3
        assert found["pytest_test_passes_total",] == 13
        assert found["pytest_test_duration_seconds_count",] == 13
        assert found["pytest_test_duration_seconds_bucket", "0.1"] == 11
        assert found["pytest_test_duration_seconds_sum",] == pytest.approx(12.305)
        assert found["pytest_last_run_tests", "failed"] == 0
        assert [key[-1] for key in found if key[0] == "pytest_run_info"] == ["second"]

    def test_coverage_is_never_stale(self, path: Path):
        """It is there for the run that measured it, also where that is nothing at all."""
        for percent in (81.5, 0.0):
            update(path, labelled(coverage_percent=percent))
            assert samples(path)["pytest_coverage_percent",] == percent

        update(path)
        assert ("pytest_coverage_percent",) not in samples(path)

    def test_neither_timestamps_nor_creation_times(self, path: Path):
        """A timestamp makes node_exporter skip the file; `_created` gauges only look like resets."""
        update(path)
        lines = path.read_text().splitlines()

        assert all(re.fullmatch(r"#.*|[^ ]+(?:\{.*\})? \S+", line) for line in lines)
        assert "_created" not in path.read_text()

    def test_a_branch_of_the_ci(self, path: Path):
        """CI checks out commits, and knows the branch."""
        environment = Environment(git={"commit": "x", "branch": None}, ci={"branch": "from-ci"})
        update(path, labelled(environment=environment))

        assert ("pytest_run_info", "from-ci", "", "", RUN.run_id) in samples(path)

    @pytest.mark.parametrize("branch", ["main", NASTY])
    def test_promtool_has_nothing_to_say(self, path: Path, branch: str, require_program):
        """The judge of the format finds no error and nothing to improve."""
        program = require_program("promtool", "prometheus")
        for _ in range(2):
            update(path, labelled(environment=Environment(git={"branch": branch})))
        with path.open("rb") as file:
            result = subprocess.run(
                [program, "check", "metrics"], stdin=file, capture_output=True, check=False
            )

        assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")

    @settings(
        deadline=None,
        max_examples=50,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(branch=st.text(st.characters()))
    def test_no_label_value_breaks_the_counters(self, tmp_path: Path, branch: str):
        """Whatever a branch is called, the next run reads what this one wrote."""
        path = tmp_path / "m.prom"
        path.unlink(missing_ok=True)
        run = labelled(counts={"failed": 1}, environment=Environment(git={"branch": branch}))

        assert update(path, run) == []
        assert update(path, run) == []
        assert samples(path)["pytest_test_failures_total",] == 2


class TestFile:
    """How the file is written."""

    def test_it_is_readable_for_others(self, path: Path):
        """node_exporter is another user, whatever the umask of the test run."""
        before = os.umask(0o077)
        try:
            update(path)
        finally:
            os.umask(before)

        assert path.stat().st_mode & 0o777 == 0o644
        assert path.parent.stat().st_mode & 0o777 == 0o755

    def test_nothing_else_looks_like_metrics(self, path: Path):
        """node_exporter reads `*.prom`: what lies beside the file has other names."""
        path.parent.mkdir()
        path.write_text("broken {")
        update(path)

        assert [other.name for other in path.parent.iterdir() if other.suffix == ".prom"] == [
            path.name
        ]

    def test_it_stays_out_of_the_repository(self, path: Path):
        """In a folder that the kit made, git sees none of the kit's files, and all others."""
        subprocess.run(["git", "init", "-q"], cwd=path.parent.parent, check=True)
        update(path)
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
        update(path)
        update(path)

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
        (warning,) = update(path)
        (aside,) = path.parent.glob("pytest_metrics.prom.corrupt-*")

        assert str(aside) in warning
        assert aside.read_bytes() == content
        assert samples(path)["pytest_test_failures_total",] == 3
        assert update(path) == []

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
        update(path)

        assert samples(path)["pytest_test_passes_total",] >= 3

    def test_a_predecessors_file_is_continued(self, path: Path):
        """Its counters count on; its `_created` gauges and the families of others go."""
        path.parent.mkdir()
        path.write_text(
            "# TYPE pytest_test_failures_total counter\npytest_test_failures_total 1e+06\n"
            "# TYPE pytest_test_failures_created gauge\npytest_test_failures_created 1.7e+09\n"
            "something_else 4\n"
        )

        assert update(path) == []
        assert samples(path)["pytest_test_failures_total",] == 1_000_003
        assert "_created" not in path.read_text()
        assert "something_else" not in path.read_text()

    def test_other_buckets_begin_anew(self, path: Path):
        """Buckets that differ cannot be added up; the counters can."""
        path.parent.mkdir()
        path.write_text(
            "# TYPE pytest_test_duration_seconds histogram\n"
            'pytest_test_duration_seconds_bucket{le="1"} 7\n'
            'pytest_test_duration_seconds_bucket{le="+Inf"} 9\n'
            "pytest_test_duration_seconds_count 9\npytest_test_duration_seconds_sum 30\n"
            "# TYPE pytest_test_passes_total counter\npytest_test_passes_total 9\n"
        )
        (warning,) = update(path)

        assert "pytest_test_duration_seconds begins anew" in warning
        assert samples(path)["pytest_test_duration_seconds_count",] == 3
        assert samples(path)["pytest_test_duration_seconds_sum",] == pytest.approx(11.305)
        assert samples(path)["pytest_test_passes_total",] == 12

    def test_a_place_that_cannot_be_written_to(self, tmp_path: Path):
        """One warning, no exception."""
        (tmp_path / "file").touch()
        (warning,) = update(tmp_path / "file" / "m.prom")

        assert "metrics not written to" in warning

    def test_a_folder_in_its_place(self, path: Path):
        """The same, and no temporary file stays."""
        path.mkdir(parents=True)
        (warning,) = update(path)

        assert "metrics not written to" in warning
        assert [other.name for other in path.parent.iterdir() if "tmp" in other.name] == []

    def test_a_full_disk(self, path: Path):
        """The previous file stays as it was, and nothing is left beside it."""
        update(path)
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
        warnings = [process.communicate()[0] for process in processes]

        assert warnings == [""] * 8
        assert samples(path)["pytest_test_passes_total",] == 400
        assert samples(path)["pytest_test_duration_seconds_count",] == 400
        assert samples(path)["pytest_test_duration_seconds_sum",] == 200

    def test_a_lock_that_nobody_gives_back(self, path: Path):
        """The run is kept beside the file, said, and added by the next run: nothing is lost."""
        update(path)
        with (path.parent / ".pytest_metrics.prom.lock").open() as holder:
            fcntl.flock(holder, fcntl.LOCK_EX)
            (warning,) = update(
                path, labelled(run_id="late", counts={"failed": 5}), lock_seconds=0.05
            )

        assert "locked" in warning
        assert samples(path)["pytest_test_failures_total",] == 3
        assert update(path) == []
        assert samples(path)["pytest_test_failures_total",] == 11
        assert samples(path)["pytest_test_duration_seconds_count",] == 9
        assert update(path) == []
        assert samples(path)["pytest_test_failures_total",] == 14

    def test_a_pending_run_that_cannot_be_read(self, path: Path):
        """It is set aside once, not tried for ever."""
        path.parent.mkdir()
        (path.parent / ".pytest_metrics.prom.pending-x").write_text("broken {")

        assert len(update(path)) == 1
        assert update(path) == []

    def test_no_files_of_multiprocess_mode(self, path: Path, tmp_path: Path):
        """Where the tested application uses that mode of the client, nothing is left in its folder."""
        folder = tmp_path / "multiprocess"
        folder.mkdir()
        process = update_elsewhere(path, PROMETHEUS_MULTIPROC_DIR=str(folder))

        assert process.communicate()[0] == ""
        assert list(folder.iterdir()) == []
        assert samples(path)["pytest_test_duration_seconds_count",] == 1


def test_without_prometheus_client(path: Path):
    """The warning says what to install."""
    process = update_elsewhere(path, "sys.modules['prometheus_client'] = None")

    assert "pip install prometheus-client" in process.communicate()[0]


def test_the_client_is_imported_late():
    """Importing the module costs a run nothing; its client is imported at the end."""
    code = "import sys, conftest_kit.metrics; print('prometheus_client' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert result.stdout == "False\n"


def test_a_clock_that_was_set_back(path: Path):
    """A session never took less than no time."""
    update(path, labelled(started="2025-01-01T00:00:05Z"))

    assert samples(path)["pytest_session_duration_seconds",] == 0
    assert math.isclose(samples(path)["pytest_last_run_timestamp_seconds",], 1735689602.5)


def test_a_run_that_did_not_finish(path: Path):
    """Its end is now."""
    update(path, Run(run_id="x"))

    assert samples(path)["pytest_last_run_timestamp_seconds",] == pytest.approx(time.time(), abs=60)
