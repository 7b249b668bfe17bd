"""What monitoring/README.md says of delivery is so: its blocks are run, or read by what reads them."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parents[2] / "monitoring" / "README.md").read_text(encoding="utf-8")
DELIVERY = README.partition("\n## Delivery\n")[2].partition("\n## ")[0]


def blocks(language: str) -> list[str]:
    """The code blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", DELIVERY, re.MULTILINE | re.DOTALL)


@pytest.fixture
def check(tmp_path, require_program):
    """`check(text)` is what promtool says of a configuration of Prometheus."""
    promtool = require_program("promtool", "prometheus")

    def check(text: str) -> subprocess.CompletedProcess[str]:
        path = tmp_path / "prometheus.yml"
        path.write_text(text)
        return subprocess.run(
            [promtool, "check", "config", path], capture_output=True, text=True, check=False
        )

    return check


@pytest.fixture
def project(tmp_path):
    """A project with a red run and its review."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_red.py").write_text("def test_red():\n    assert 1 == 2\n")
    command = [sys.executable, "-m", "orchestrator", "run", "--", sys.executable, "-m", "pytest"]
    subprocess.run(command, cwd=folder, capture_output=True, check=False)
    return folder


def run(line: str, *, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """A line, as a shell does, with our own command."""
    ours = f"{shlex.quote(sys.executable)} -m orchestrator"
    return subprocess.run(
        ["bash", "-c", line.replace("orchestrator", ours, 1)],
        cwd=cwd,
        env={**os.environ, "NO_PROXY": "127.0.0.1", **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("block", blocks("yaml"))
def test_prometheus_reads_the_configuration(check, block):
    """Each block by itself."""
    checked = check(block)

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_commands_send(project, start_pushgateway):
    """One line after the other, to a real gateway; the last takes away what the second brought."""
    gateway = start_pushgateway()
    lines = blocks("sh")[0].splitlines()
    groups = []
    for line in lines:
        done = run(line.replace("http://127.0.0.1:9091", gateway.url), cwd=project)
        assert done.returncode == 0, done.stderr
        pushed = gateway.get("/metrics")
        groups.append(
            len(re.findall(r"^pytest_test_failures_total\{.*\} 1$", pushed, re.MULTILINE))
        )

    assert groups == [1, 2, 1]


def test_archives_hold_the_records(project, tmp_path):
    """Unpacked as shown, in a folder for each run."""
    done = run(blocks("sh")[1], cwd=project, RECORDS=str(tmp_path))
    (records,) = tmp_path.glob("*/records.ndjson")

    assert done.returncode == 0, done.stderr
    lines = records.read_text().splitlines()
    assert {json.loads(line)["$record"] for line in lines} == {"start", "failure", "attempt"}


def test_file_sd_config_refuses_a_textfile(check):
    """The advice of others cannot work."""
    checked = check(
        "scrape_configs:\n  - job_name: x\n    file_sd_configs:\n"
        "      - files: [monitoring/pytest_metrics.prom]\n"
    )

    assert checked.returncode != 0
    assert "is not valid for file discovery" in checked.stdout + checked.stderr
