"""What real runs write is what the dashboards ask for and the rules judge."""

from __future__ import annotations

import itertools
import json
import math
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

MONITORING = Path(__file__).parents[2] / "monitoring"
DASHBOARDS = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((MONITORING / "dashboards").glob("*.json"))
}
QUERIES = [
    pytest.param(target, id=f"{name}-{panel['title']}-{target['refId']}")
    for name, page in DASHBOARDS.items()
    for panel in page["panels"]
    for target in panel["targets"]
]
RULE_FILES = sorted((MONITORING / "rules").glob("*.yml"))
RULES = [
    rule
    for path in RULE_FILES
    for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
FAILURES = (2, 0, 3)
RANGE_SECONDS = 600
STEP_SECONDS = 1
VARIABLES = re.compile(r"\$\{?(\w+)")

# What the panels speak of: sizes, a test over its limit and one near it, a rerun, a warning.
CODE = "def used():\n    return 1\n\n\ndef unused():\n    return 2\n"
TESTS = """
import os
import time
import warnings

import pytest

from shop import used


@pytest.mark.small
@pytest.mark.parametrize("number", range(8))
def test_fails_below(number):
    assert number >= FAILURES


@pytest.mark.small(timeout=0.01)
def test_too_slow():
    time.sleep(0.05)


@pytest.mark.medium(timeout=0.5)
def test_nearly_too_slow():
    time.sleep(0.45)


@pytest.mark.large
def test_warns():
    warnings.warn("soon", stacklevel=1)
    assert used() == 1


@pytest.mark.flaky(reruns=2)
def test_flaky(tmp_path_factory):
    seen = os.path.join(os.path.dirname(__file__), f"seen-{FAILURES}")
    if not os.path.exists(seen):
        open(seen, "w").close()
        assert False
"""


def _run(project: Path, textfiles: Path, failures: int) -> None:
    """Run pytest and the review, as a job of CI does."""
    (project / "test_shop.py").write_text(TESTS.replace("FAILURES", str(failures)))
    environ = {
        **os.environ,
        "CONFTEST_KIT_METRICS_DIR": str(textfiles),
        "CONFTEST_KIT_PROJECT": project.name,
        "CI": "true",
        "GITHUB_ACTIONS": "true",
    }
    tests = ["pytest", "-q", "-p", "conftest_kit", "--cov=shop", "--cov-report="]
    for command, allowed in ((tests, {0, 1}), (["orchestrator", "review"], {0})):
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=project,
            env=environ,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode in allowed, done.stdout + done.stderr


def _record(folder: Path) -> None:
    """Three runs of two projects, each reviewed; the textfiles after the first are in `1`."""
    for name in ("shop", "till"):
        (folder / name).mkdir()
        (folder / name / "pytest.ini").write_text(
            "[pytest]\nmarkers =\n    small\n    medium\n    large\n    flaky\n"
        )
        (folder / name / "shop.py").write_text(CODE)
    textfiles = folder / "textfiles"
    textfiles.mkdir()
    for runs, failures in enumerate(FAILURES, start=1):
        for name in ("shop", "till"):
            _run(folder / name, textfiles, failures)
        shutil.copytree(textfiles, folder / str(runs))


@pytest.fixture(scope="module")
def prometheus(once, tmp_path_factory, start_node_exporter, start_prometheus):
    """It has seen those runs, one after the other."""
    recorded = once("real-runs", _record)
    textfiles = tmp_path_factory.mktemp("textfiles")
    server = start_prometheus({"node": start_node_exporter(textfiles)}, rules=RULE_FILES)
    for runs, failures in enumerate(itertools.accumulate(FAILURES), start=1):
        for path in (recorded / str(runs)).glob("*.prom"):
            # As the kit does: never half a file.
            shutil.copy(path, textfiles / f"{path.name}.tmp").replace(textfiles / path.name)
        server.wait_for(f"count(sum by (project) (pytest_runs_total) == {runs}) == 2")
        by_category = "sum by (project) (pytest_test_failures_by_category_total)"
        server.wait_for(f"count({by_category} == {failures}) == 2")
    time.sleep(2 * STEP_SECONDS)  # a second sample of the last run, for what rose in it
    return server


def _as_grafana_does(expression: str, project: str) -> str:
    values = {
        "project": project,
        "instance": ".*",
        "__rate_interval": f"{4 * STEP_SECONDS}s",
        "__range": f"{RANGE_SECONDS}s",
    }
    return VARIABLES.sub(lambda found: values[found[1]], expression)


def _numbers(prometheus, target: dict[str, Any], project: str) -> list[float]:
    """All values that the panel would draw."""
    expression = _as_grafana_does(target["expr"], project)
    if target.get("instant"):
        found = [series["value"] for series in prometheus.query(expression)]
    else:
        now = time.time()
        answer = prometheus.get(
            "/api/v1/query_range",
            query=expression,
            start=str(now - RANGE_SECONDS),
            end=str(now),
            step=str(STEP_SECONDS),
        )
        series = json.loads(answer)["data"]["result"]
        found = list(itertools.chain.from_iterable(one["values"] for one in series))
    return [float(value) for _, value in found]


@pytest.mark.parametrize("project", [".*", "(shop|till)", "till"])
@pytest.mark.parametrize("target", QUERIES)
def test_a_query_finds_what_real_runs_have_written(prometheus, target, project):
    """Whatever is selected, there are numbers to show."""
    numbers = _numbers(prometheus, target, project)

    assert any(map(math.isfinite, numbers)), target["expr"]


def test_the_variables_offer_what_is_there(prometheus):
    """`label_values(metric, label)`, as Grafana asks Prometheus for them."""
    offered = {}
    for variable in DASHBOARDS["health"]["templating"]["list"][1:]:
        metric, label = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]).groups()
        asked = {"match[]": _as_grafana_does(metric, ".*")}
        answer = json.loads(prometheus.get(f"/api/v1/label/{label}/values", **asked))
        offered[variable["name"]] = answer["data"]

    assert offered["project"] == ["shop", "till"]
    assert len(offered["instance"]) == 1


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_can_be_evaluated(prometheus, rule):
    """No series of two projects, or of two files of one, stand in each other's way."""
    prometheus.query(rule["expr"])


def test_the_age_of_a_run_is_that_of_its_file(prometheus):
    """For each project, from node_exporter's mtime."""
    ages = prometheus.values("pytest:last_run:age_seconds", "project")
    mtimes = prometheus.values("time() - node_textfile_mtime_seconds", "file")
    files = {(Path(file).stem,): age for (file,), age in mtimes.items()}

    assert ages.keys() == {("shop",), ("till",)}
    assert ages == pytest.approx({project: files[project] for project in ages}, abs=5)


def test_alerts_name_the_run_that_they_speak_of(prometheus):
    """The red runs are told, each project's with its own run."""
    info = prometheus.query("pytest_run_info")
    last = {one["metric"]["project"]: one["metric"]["run_id"] for one in info}
    prometheus.wait_for('count(ALERTS{alertname="PytestTestsFailed", alertstate="firing"}) == 2')
    alerts = json.loads(prometheus.get("/api/v1/alerts"))["data"]["alerts"]
    told = {
        alert["labels"]["project"]: alert["annotations"]
        for alert in alerts
        if alert["labels"]["alertname"] == "PytestTestsFailed"
    }

    assert {project: texts["run_id"] for project, texts in told.items()} == last
    assert {project: texts["summary"] for project, texts in told.items()} == {
        "shop": "shop: tests failed",
        "till": "till: tests failed",
    }
