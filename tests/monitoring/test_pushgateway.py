"""What `orchestrator send pushgateway` does to a real Pushgateway."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from prometheus_client.parser import text_string_to_metric_families

from orchestrator.sending.spool import Spool


@pytest.fixture(scope="module")
def gateway(start_pushgateway):
    """One for all tests: each has a job of its own."""
    return start_pushgateway()


@pytest.fixture
def project(tmp_path):
    """A project with a metrics file of one sample."""
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "shop"\n[tool.pytest.ini_options]\n'
    )
    (tmp_path / "monitoring").mkdir()
    (tmp_path / "monitoring" / "pytest_metrics.prom").write_text("pytest_runs_total 1\n")
    return tmp_path


@pytest.fixture
def send(project):
    """`send(url, *arguments)` in the project."""

    def send(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "orchestrator", "send", "pushgateway", *arguments],
            cwd=project,
            env={**os.environ, "NO_PROXY": "127.0.0.1"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return send


def pushed(gateway, job: str) -> dict[str, list[tuple[dict[str, str], float]]]:
    """Labels and values of all samples of a job, by name; the gateway's own `push_…` left out."""
    found = {}
    for family in text_string_to_metric_families(gateway.get("/metrics")):
        for sample in family.samples:
            labels = dict(sample.labels)
            if labels.pop("job", None) == job and not sample.name.startswith("push_"):
                assert labels.pop("instance") == ""
                found.setdefault(sample.name, []).append((labels, sample.value))
    return found


def test_a_group_is_what_the_files_hold(gateway, send, project):
    """Also when the last run measured less than the one before."""
    metrics = project / "monitoring" / "pytest_metrics.prom"
    metrics.write_text("pytest_runs_total 1\npytest_coverage_percent 80\n")
    assert send(gateway.url, "--job", "replaced").returncode == 0
    before = pushed(gateway, "replaced")
    metrics.write_text("pytest_runs_total 2\n")
    assert send(gateway.url, "--job", "replaced").returncode == 0

    shop = {"project": "shop"}
    assert before == {
        "pytest_runs_total": [(shop, 1.0)],
        "pytest_coverage_percent": [(shop, 80.0)],
    }
    assert pushed(gateway, "replaced") == {"pytest_runs_total": [(shop, 2.0)]}


def test_shards_have_groups_of_their_own(gateway, send):
    """Until they are deleted."""
    for shard in ("1", "2"):
        assert send(gateway.url, "--job", "shards", "--grouping", f"shard={shard}").returncode == 0
    both = pushed(gateway, "shards")
    send(gateway.url, "--job", "shards", "--grouping", "shard=2", "--delete")

    assert [labels["shard"] for labels, _ in both["pytest_runs_total"]] == ["1", "2"]
    assert [labels["shard"] for labels, _ in pushed(gateway, "shards")["pytest_runs_total"]] == [
        "1"
    ]


@pytest.mark.parametrize("value", ["feature/a b", 'quo"te\\n', "..", "ü/\n", ""])
def test_any_value_groups(gateway, send, value):
    """The gateway reads it as it was meant; an empty one is no label to Prometheus."""
    job = f"values/{value}"
    done = send(gateway.url, "--job", job, "--grouping", f"branch={value}")

    assert done.returncode == 0, done.stderr
    assert pushed(gateway, job) == {
        "pytest_runs_total": [({"project": "shop", "branch": value}, 1.0)]
    }


def test_what_it_finds_inconsistent_is_65(gateway, send, project):
    """With its own words; nothing is kept that would be refused again."""
    send(gateway.url, "--job", "types")
    metrics = project / "monitoring" / "pytest_metrics.prom"
    metrics.write_text("# TYPE pytest_runs_total gauge\npytest_runs_total 1\n")
    done = send(gateway.url, "--job", "types", "--grouping", "shard=1")

    assert done.returncode == 65
    assert "400 pushed metrics are invalid or inconsistent" in done.stderr
    assert Spool(project / "logs" / "spool").waiting() == []


def test_a_gateway_that_comes_back_gets_all(start_pushgateway, send, project):
    """Of each group the newest, in order."""
    gateway = start_pushgateway()
    gateway.stop()
    metrics = project / "monitoring" / "pytest_metrics.prom"
    codes = []
    for runs, shard in ((1, "a"), (2, "b"), (3, "a")):
        metrics.write_text(f"pytest_runs_total {runs}\n")
        codes.append(
            send(gateway.url, "--grouping", f"shard={shard}", "--time-limit", "1").returncode
        )
    again = start_pushgateway(port=int(gateway.url.rpartition(":")[2]))
    metrics.write_text("pytest_runs_total 4\n")
    done = send(again.url, "--grouping", "shard=c")

    assert codes == [69, 69, 69]
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("delivered from the spool") == 2
    assert {
        labels["shard"]: value for labels, value in pushed(again, "pytest")["pytest_runs_total"]
    } == {"a": 3.0, "b": 2.0, "c": 4.0}
    assert Spool(project / "logs" / "spool").waiting() == []


def test_a_push_without_a_sample_would_delete_the_group(gateway, send, project):
    """Which is why none is sent: what stood there stands."""
    send(gateway.url, "--job", "empty")
    (project / "monitoring" / "pytest_metrics.prom").write_text("# nothing\n")
    done = send(gateway.url, "--job", "empty")

    assert done.returncode == 65
    assert pushed(gateway, "empty") == {"pytest_runs_total": [({"project": "shop"}, 1.0)]}
