"""What recording costs: the kit and others against bare pytest. Prints a Markdown table.

Each figure is the median of paired runs: bare pytest and the recorder one after the other, in
turns. CPU is user and system time of the whole process tree. `--instructions` counts what was
executed instead, where a machine is too noisy to tell two recorders apart by their times.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
VENV = ROOT / ".venvs" / "benchmark"
PYTHON = VENV / "bin" / "python"

# Plugins are loaded by name: what else is installed must not count for anyone.
RECORDERS: dict[str, tuple[str, ...]] = {
    "conftest-kit": ("-p", "conftest_kit"),
    "floor": ("-p", "floor"),
    "pytest-reportlog": ("-p", "pytest_reportlog.plugin", "--report-log", "{out}/log.jsonl"),
    "junitxml": ("--junitxml", "{out}/junit.xml"),
    "pytest-json-report": (
        *("-p", "pytest_metadata.plugin", "-p", "pytest_jsonreport.plugin"),
        *("--json-report", "--json-report-file", "{out}/report.json"),
    ),
    "pytest-html": (
        *("-p", "pytest_metadata.plugin", "-p", "pytest_html.plugin"),
        *("--html", "{out}/report.html", "--self-contained-html"),
    ),
    "allure-pytest": ("-p", "allure_pytest.plugin", "--alluredir", "{out}/allure"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A generated test suite."""

    title: str
    tests: int
    files: int
    body: str
    """Of one test; `{number}` is its own."""
    prelude: str = ""
    arguments: tuple[str, ...] = ()


SUITES = {
    "trivial": Suite(
        title="(a) 10,000 trivial tests", tests=10_000, files=50, body="    assert {number} >= 0\n"
    ),
    "failing": Suite(
        title="(b) 2,000 failing tests",
        tests=2_000,
        files=50,
        prelude="def double(number):\n    return {'value': number * 2, 'unit': 'cm'}\n\n\n",
        body="    print('measuring', {number})\n    assert double({number}) == {{'value': -1}}\n",
    ),
    "parallel": Suite(
        title="(c) 3,000 tests of 1 ms, -n 2",
        tests=3_000,
        files=50,
        prelude="import time\n\n\n",
        body="    time.sleep(0.001)\n",
        arguments=("-p", "xdist.plugin", "-n", "2"),
    ),
    "one": Suite(title="one test", tests=1, files=1, body="    assert {number} >= 0\n"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one run took."""

    cpu: float
    """Seconds."""
    wall: float
    """Seconds."""
    memory: int
    """Peak of the largest process, in KiB."""
    written: int
    """Bytes."""


def generate(suite: Suite, folder: Path, *, share: float) -> None:
    """Writes the suite's files; `share` of its tests."""
    tests = max(1, int(suite.tests * share))
    files = min(suite.files, tests)
    for index in range(files):
        numbers = range(index, tests, files)
        functions = (f"def test_{n}():\n{suite.body.format(number=n)}" for n in numbers)
        path = folder / f"test_part_{index}.py"
        path.write_text(suite.prelude + "\n\n".join(functions), encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")


def measure(folder: Path, suite: Suite, recorder: tuple[str, ...]) -> Cost:
    """Runs the suite once in a clean folder."""
    outputs = clean(folder)
    started = time.perf_counter()
    process = start(folder, suite, recorder)
    # wait4 counts the process and the children that it waited for: xdist's workers.
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    check(process.returncode, suite, recorder)
    files = [file for path in outputs for file in path.rglob("*") if file.is_file()]
    return Cost(
        cpu=usage.ru_utime + usage.ru_stime,
        wall=wall,
        memory=usage.ru_maxrss,
        written=sum(file.stat().st_size for file in files),
    )


def count(folder: Path, suite: Suite, recorder: tuple[str, ...]) -> int:
    """Runs the suite once under valgrind: the instructions of all its processes."""
    clean(folder)
    said = folder / "out" / "valgrind.%p"
    under = (
        *("valgrind", "--tool=cachegrind", "--cache-sim=no", "--trace-children=yes"),
        *("--cachegrind-out-file=/dev/null", f"--log-file={said}"),
    )
    check(start(folder, suite, recorder, under=under).wait(), suite, recorder)
    logs = (path.read_text(encoding="utf-8") for path in said.parent.glob("valgrind.*"))
    counted = (re.search(r"I\s+refs:\s+([\d,]+)", log) for log in logs)
    return sum(int(found[1].replace(",", "")) for found in counted if found)


def clean(folder: Path) -> list[Path]:
    """The folders that a run writes to, empty or gone."""
    outputs = [folder / name for name in ("out", "logs", "monitoring")]
    for path in outputs:
        shutil.rmtree(path, ignore_errors=True)
    (folder / "out").mkdir()
    return outputs


def start(
    folder: Path, suite: Suite, recorder: tuple[str, ...], *, under: tuple[str, ...] = ()
) -> subprocess.Popen[bytes]:
    """Starts pytest, `under` another program."""
    arguments = [argument.format(out=folder / "out") for argument in recorder]
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST", "CONFTEST_KIT", "PYTHON"))
    }
    environ |= {
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": str(HERE),
        "FLOOR_FILE": str(folder / "out" / "floor.ndjson"),
    }
    if under:
        environ["PYTHONHASHSEED"] = "0"
    return subprocess.Popen(
        [*under, PYTHON, "-m", "pytest", "-q", *suite.arguments, *arguments],
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )


def check(status: int, suite: Suite, recorder: tuple[str, ...]) -> None:
    """Ends the benchmark where a run did not end as it should."""
    if status not in {0, 1}:
        sys.exit(f"pytest ended with {status}: {suite.title}, {' '.join(recorder)}")


def compare(suite: Suite, names: list[str], *, pairs: int, share: float) -> Iterator[str]:
    """Table rows, one a recorder."""
    with tempfile.TemporaryDirectory(prefix="overhead-") as place:
        folder = Path(place)
        generate(suite, folder, share=share)
        found: dict[str, list[tuple[Cost, Cost]]] = {name: [] for name in names}
        for turn in range(pairs + 1):
            for name in names:
                pair = _pair(folder, suite, RECORDERS[name], bare_first=turn % 2 == 0)
                if turn:  # the first turn warms the caches
                    found[name].append(pair)
    for name in names:
        ratios = (
            _median_with_spread(
                [getattr(cost, field) / getattr(bare, field) for bare, cost in found[name]]
            )
            for field in ("cpu", "wall", "memory")
        )
        bare = statistics.median(bare.cpu for bare, _ in found[name])
        written = statistics.median(cost.written for _, cost in found[name])
        cells = [suite.title, name, *ratios, f"{bare:.2f}", f"{written / 1000:,.0f}"]
        yield f"| {' | '.join(cells)} |"


def counted(suite: Suite, names: list[str], *, share: float) -> Iterator[str]:
    """Table rows, one a recorder."""
    with tempfile.TemporaryDirectory(prefix="overhead-") as place:
        folder = Path(place)
        generate(suite, folder, share=share)
        measure(folder, suite, ())  # writes the bytecode of the tests
        bare = count(folder, suite, ())
        for name in names:
            found = count(folder, suite, RECORDERS[name])
            yield f"| {suite.title} | {name} | {found / bare:.3f} | {bare / 1e9:.2f} |"


def _pair(
    folder: Path, suite: Suite, recorder: tuple[str, ...], *, bare_first: bool
) -> tuple[Cost, Cost]:
    if bare_first:
        bare = measure(folder, suite, ())
        return bare, measure(folder, suite, recorder)
    cost = measure(folder, suite, recorder)
    return measure(folder, suite, ()), cost


def _median_with_spread(ratios: list[float]) -> str:
    low, middle, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
    return f"{middle:.3f} ({low:.3f}–{high:.3f})"


def install() -> None:
    """Builds the environment from its lock file, and the kit as a user installs it."""
    if not PYTHON.exists():
        venv.create(VENV, with_pip=True)
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    lock = ROOT / "requirements" / "benchmark.txt"
    subprocess.run([*pip, "--require-hashes", "-r", lock], check=True)
    kit = ["--no-deps", "--no-build-isolation", "--force-reinstall", ROOT]
    subprocess.run([*pip, *kit], check=True)


def main() -> None:
    """Prints the table as it grows."""
    parser = argparse.ArgumentParser(description="What recording costs against bare pytest.")
    parser.add_argument("--pairs", type=int, default=11, help="of runs, for each figure")
    parser.add_argument("--only", nargs="+", choices=RECORDERS, default=list(RECORDERS))
    parser.add_argument("--suites", nargs="+", choices=SUITES, default=list(SUITES))
    parser.add_argument(
        "--quick", action="store_true", help="two pairs of a twentieth: a smoke test"
    )
    parser.add_argument(
        "--instructions", action="store_true", help="count them with valgrind, of half a suite"
    )
    asked = parser.parse_args()
    install()
    suites, pairs, share = asked.suites, asked.pairs, 1.0
    if asked.quick:
        pairs, share = 2, 0.05
    rows: Iterable[str]
    if asked.instructions:
        print("| suite | recorder | instructions | bare, 10⁹ |\n|---|---|---|---|", flush=True)
        rows = (
            row for name in suites for row in counted(SUITES[name], asked.only, share=share / 2)
        )
    else:
        print(f"{pairs} pairs, {_conditions()}\n")
        print("| suite | recorder | CPU | wall | peak memory | bare CPU, s | kB written |")
        print("|---|---|---|---|---|---|---|", flush=True)
        rows = (
            row
            for name in suites
            for row in compare(SUITES[name], asked.only, pairs=pairs, share=share)
        )
    for row in rows:
        print(row, flush=True)


def _conditions() -> str:
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    python, cores = platform.python_version(), os.cpu_count()
    return f"Python {python}, {cores} cores, load at the start {load}"


if __name__ == "__main__":
    main()
