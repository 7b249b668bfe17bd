"""From pytest to an alert, through real servers: what the documentation promises, happens."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

MONITORING = Path(__file__).parents[2] / "monitoring"
RULES = """
groups:
  - name: stack
    rules:
      - alert: TestsFail
        expr: increase(pytest_test_failures_total[5m]) > 0
        labels: {severity: warning}
        annotations: {summary: "{{ $labels.project }} has {{ $value }} more failures"}
"""
PASSING = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project that the kit records; its textfile is `<name>.prom` in the folder of textfiles."""

    root: Path
    environ: dict[str, str]
    options: tuple[str, ...]
    """Of its pytest."""

    def run(self, failures: int) -> None:
        """Run pytest: so many tests fail, `PASSING` pass."""
        (self.root / "test_some.py").write_text(
            "import pytest\n\n"
            f"@pytest.mark.parametrize('number', range({failures + PASSING}))\n"
            f"def test_some(number):\n    assert number >= {failures}\n"
        )
        done = self.call("pytest", "-q", "-p", "conftest_kit", *self.options)
        assert done.returncode == (1 if failures else 0), done.stdout + done.stderr
        assert "conftest-kit:" not in done.stdout, done.stdout

    def call(self, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a module of ours in the project."""
        return subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=self.root,
            env=self.environ,
            capture_output=True,
            text=True,
            errors="backslashreplace",
            timeout=120,
            check=False,
        )


@pytest.fixture
def textfiles(tmp_path) -> Path:
    """The folder that node_exporter reads."""
    folder = tmp_path / "textfiles"
    folder.mkdir()
    return folder


@pytest.fixture
def make_project(tmp_path, textfiles, left_out) -> Callable[..., Project]:
    """`make_project(name, **environ)`."""

    def make(name: str, **environ: str) -> Project:
        root = tmp_path / name
        root.mkdir()
        (root / "pytest.ini").write_text("[pytest]\n")
        return Project(
            root=root,
            environ={
                **os.environ,
                "CONFTEST_KIT_METRICS_DIR": str(textfiles),
                "NO_PROXY": "127.0.0.1",
                **environ,
            },
            options=("-p", "no:cacheprovider", *left_out),
        )

    return make


@pytest.fixture
def serve_alerts(wait_until) -> Iterator[Callable[..., str]]:
    """`serve_alerts(project, *options)` runs `orchestrator serve alerts` there; gives its URL."""
    with ExitStack() as running:

        def start(project: Project, *options: str | Path) -> str:
            ours = [sys.executable, "-m", "orchestrator", "serve", "alerts"]
            log = project.root / "serve.log"
            with log.open("wb") as stderr:
                process = subprocess.Popen(
                    [*ours, "--listen", "127.0.0.1:0", *options],
                    cwd=project.root,
                    env=project.environ,
                    stderr=stderr,
                )
            running.callback(process.wait, timeout=60)
            running.callback(process.terminate)
            found = wait_until(
                lambda: re.search(r"listening on (\S+)", log.read_text()), log.read_text
            )
            return found[1]

        yield start


@pytest.fixture
def alerting(tmp_path, serve_alerts, start_alertmanager, start_prometheus) -> Callable[..., Any]:
    """`alerting(target, project)`: a Prometheus with one alert, which the project reviews."""

    def start(target, project: Project):
        rules = tmp_path / "rules.yml"
        rules.write_text(RULES)
        hook = {"url": serve_alerts(project)}
        alertmanager = start_alertmanager(
            {
                "route": {"receiver": "ours", "group_wait": "0s"},
                "receivers": [{"name": "ours", "webhook_configs": [hook]}],
            }
        )
        return start_prometheus({"pytest": target}, rules=[rules], alertmanager=alertmanager)

    return start


@pytest.fixture
def shipped(tmp_path, serve_alerts, start_alertmanager, start_prometheus) -> Callable[..., Any]:
    """The same with our own rules and configuration of Alertmanager.

    Only address and token differ, and what comes later is told after a second, not a minute.
    """

    def start(target, project: Project):
        token = tmp_path / "token"
        token.write_text("s3cret\n")
        text = (MONITORING / "alertmanager" / "alertmanager.yml").read_text(encoding="utf-8")
        configuration = yaml.safe_load(text)
        (ours,) = (each for each in configuration["receivers"] if each["name"] == "orchestrator")
        (hook,) = ours["webhook_configs"]
        assert hook["url"] == "http://127.0.0.1:9195/alerts"
        hook["url"] = serve_alerts(project, "--token-file", token)
        hook["http_config"]["authorization"]["credentials_file"] = str(token)
        (route,) = configuration["route"]["routes"]
        (ours,) = (each for each in route["routes"] if each["receiver"] == "orchestrator")
        assert ours["group_interval"] == "1m"
        ours["group_interval"] = "1s"
        return start_prometheus(
            {"pytest": target},
            rules=sorted((MONITORING / "rules").glob("*.yml")),
            alertmanager=start_alertmanager(configuration),
        )

    return start


@pytest.fixture
def reviewed(wait_until) -> Callable[..., Any]:
    """`reviewed(project, run_id)` is what the memory shows of a run, once it is there."""

    def shown(project: Project, run_id: str) -> dict[str, Any]:
        def ask() -> dict[str, Any] | None:
            done = project.call("orchestrator", "show", run_id, "--format", "json")
            return json.loads(done.stdout) if done.returncode == 0 else None

        return wait_until(ask, (project.root / "serve.log").read_text)

    return shown


@pytest.fixture(params=["textfile", "pushgateway"])
def way(request, textfiles, start_node_exporter, start_pushgateway):
    """A server that Prometheus scrapes, and what brings a project's metrics there."""
    if request.param == "textfile":
        return start_node_exporter(textfiles), lambda _project: None
    gateway = start_pushgateway()

    def push(project: Project) -> None:
        done = project.call("orchestrator", "send", "pushgateway", gateway.url)
        assert done.returncode == 0, done.stderr

    return gateway, push


def run_id_of_last_run(prometheus) -> str:
    """As the metrics name it."""
    (info,) = prometheus.wait_for("pytest_run_info")
    return info["metric"]["run_id"]


def test_failures_rise_and_the_run_is_reviewed(  # noqa: PLR0917 - each is a part of the way
    make_project, way, alerting, reviewed, textfiles, wait_until
):
    """Runs with 2, 0 and 3 failures: counters are their sums, an alert fires, the memory knows why."""
    target, publish = way
    shop = make_project("shop")
    prometheus = alerting(target, shop)
    for failures, until in (
        (2, "pytest_test_failures_total == 2"),
        (0, "sum(pytest_runs_total) == 2"),
        (3, "pytest_test_failures_total == 5"),
    ):
        shop.run(failures)
        publish(shop)
        prometheus.wait_for(until)

    (risen,) = prometheus.wait_for("increase(pytest_test_failures_total[5m]) > 0")
    assert risen["metric"]["project"] == "shop"
    prometheus.expect(
        {("failed",): 5, ("passed",): 3 * PASSING},
        "sum by (outcome) (pytest_test_outcomes_total) > 0",
        "outcome",
    )
    prometheus.expect({("failed",): 2, ("passed",): 1}, "pytest_runs_total > 0", "result")
    prometheus.expect({(): 5 + 3 * PASSING}, "pytest_test_duration_seconds_count")
    run = reviewed(shop, run_id_of_last_run(prometheus))
    assert run["counts"]["failed"] == 3
    assert [alert["name"] for alert in run["alerts"]] == ["TestsFail"]
    wait_until((textfiles / "shop-causes.prom").exists, lambda: "the review wrote no metrics")
    publish(shop)
    prometheus.expect({("assertion",): 3}, "pytest_test_failures_by_category_total > 0", "category")


def test_what_we_ship_reviews_each_red_run(make_project, way, shipped, reviewed, wait_until):
    """Our rules and our Alertmanager, with a token: nobody called `orchestrator review`.

    The second run goes red while the alert that tests failed still fires, and is told no more.
    """
    target, publish = way
    shop = make_project("shop")
    prometheus = shipped(target, shop)

    def alerts_of(run_id: str) -> dict[str, Any]:
        return {alert["name"]: alert for alert in reviewed(shop, run_id)["alerts"]}

    shop.run(2)
    publish(shop)
    first = run_id_of_last_run(prometheus)
    assert reviewed(shop, first)["counts"]["failed"] == 2
    assert "PytestTestsFailed" in alerts_of(first)
    shop.run(1)
    publish(shop)
    (info,) = prometheus.wait_for(f'pytest_run_info{{run_id!="{first}"}}')
    second = info["metric"]["run_id"]
    assert reviewed(shop, second)["counts"]["failed"] == 1
    red = wait_until(
        lambda: alerts_of(second).get("PytestRunRed"), (shop.root / "serve.log").read_text
    )

    assert red["labels"]["run_id"] == second
    assert "PytestTestsFailed" not in alerts_of(second)


def test_two_projects_share_a_node_exporter(
    make_project, textfiles, start_node_exporter, start_prometheus
):
    """Both are visible, each under its name."""
    for name, failures in (("shop", 1), ("till", 2)):
        make_project(name).run(failures)
    prometheus = start_prometheus({"node": start_node_exporter(textfiles)})

    prometheus.expect({("shop",): 1, ("till",): 2}, "pytest_test_failures_total", "project")
    prometheus.expect({(): 0}, "node_textfile_scrape_error")


@pytest.mark.parametrize(
    "second",
    [
        "# HELP pytest_runs_total Runs.\n# TYPE pytest_runs_total counter\npytest_runs_total 2\n",
        '# HELP pytest_runs_total Others.\n# TYPE pytest_runs_total counter\npytest_runs_total{a="b"} 2\n',
    ],
    ids=["the same series", "another HELP"],
)
def test_two_files_with_the_same_unlabelled_series_lose_one(tmp_path, start_node_exporter, second):
    """What monitoring/README.md warns of: HTTP 200, no scrape error, and one value is gone."""
    first = (
        "# HELP pytest_runs_total Runs.\n# TYPE pytest_runs_total counter\npytest_runs_total 1\n"
    )
    (tmp_path / "first.prom").write_text(first)
    (tmp_path / "second.prom").write_text(second)
    served = start_node_exporter(tmp_path).get("/metrics")
    values = [line for line in served.splitlines() if line.startswith("pytest_runs_total")]

    assert len(values) == 1
    assert "node_textfile_scrape_error 0" in served


def test_a_timestamp_takes_its_whole_file_with_it(tmp_path, start_node_exporter):
    """The other files are served all the same."""
    (tmp_path / "with.prom").write_text(
        "pytest_runs_total 1\npytest_test_reruns_total 1 1700000000000\n"
    )
    (tmp_path / "without.prom").write_text("pytest_worker_crashes_total 1\n")
    served = start_node_exporter(tmp_path).get("/metrics")

    assert "\npytest_worker_crashes_total 1\n" in served
    assert "\npytest_runs_total" not in served


NASTY = 'a "quoted" \\ back\\nslash\nand \udcff'


def test_nasty_values_survive(make_project, textfiles, way, start_prometheus, require_program):
    """Quotes, backslashes, newlines and what is not UTF-8, in names of projects, tests, branches."""
    target, publish = way
    shop = make_project('sh"op \\ é\udce9\n', GITHUB_ACTIONS="true", GITHUB_REF_NAME=NASTY)
    # Its node id has all of them.
    (shop.root / 'test_"nasty" \\ \udcff\n.py').write_text("def test_it():\n    pass\n")
    shop.run(1)
    publish(shop)
    (path,) = textfiles.glob("*.prom")
    checked = subprocess.run(
        [require_program("promtool", "prometheus"), "check", "metrics"],
        input=path.read_bytes(),
        capture_output=True,
        check=False,
    )
    prometheus = start_prometheus({"pytest": target})
    (info,) = prometheus.wait_for("pytest_run_info")

    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
    assert info["metric"]["branch"] == NASTY.replace("\udcff", "\\udcff")
    assert info["metric"]["project"].startswith('sh"op \\ é\\udce9')
    prometheus.expect({(): PASSING + 1}, "pytest_test_passes_total")


QUERIES = (
    "sum by (outcome) (pytest_test_outcomes_total)",
    "pytest_test_failures_total",
    "sum by (result) (pytest_runs_total)",
    "increase(pytest_test_failures_total[5m]) > bool 0",
    "histogram_quantile(0.95, sum by (le) (pytest_test_duration_seconds_bucket))",
    "time() - pytest_last_run_timestamp_seconds < bool 600",
    "pytest_last_run_tests",
    "count(pytest_run_info)",
)


def test_victoria_metrics_answers_the_same(
    make_project, textfiles, start_node_exporter, start_prometheus, start_victoria_metrics
):
    """The same target and the same queries, for those who outgrow one Prometheus."""
    shop = make_project("shop")
    node = start_node_exporter(textfiles)
    engines = start_prometheus({"node": node}), start_victoria_metrics({"node": node})
    for failures, until in ((2, 2), (3, 5)):
        shop.run(failures)
        for engine in engines:
            engine.wait_for(f"pytest_test_failures_total == {until}")
    for engine in engines:
        engine.wait_for("increase(pytest_test_failures_total[5m]) > 0")

    prometheus, victoria = engines
    for query in QUERIES:
        expected = prometheus.values(query, "outcome", "result", "project")
        assert expected, query
        victoria.expect(expected, query, "outcome", "result", "project")


def test_victoria_metrics_takes_what_prometheus_passes_on(
    make_project, textfiles, start_node_exporter, start_prometheus, start_victoria_metrics
):
    """By remote_write, as Mimir does."""
    make_project("shop").run(2)
    victoria = start_victoria_metrics({})
    start_prometheus(
        {"node": start_node_exporter(textfiles)},
        further={"remote_write": [{"url": f"{victoria.url}/api/v1/write"}]},
    )

    victoria.wait_for('pytest_test_failures_total{project="shop"} == 2')
