"""Prometheus accepts the rules, each alert fires when it should, and each can be looked up."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

MONITORING = Path(__file__).parents[2] / "monitoring"
RULE_FILES = sorted((MONITORING / "rules").glob("*.yml"))
CASE_FILES = sorted((MONITORING / "tests").glob("*.yml"))
SEVERITIES = {"critical", "warning", "info"}


def _load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _groups() -> list[dict[str, Any]]:
    return [group for path in RULE_FILES for group in _load(path)["groups"]]


RULES = [rule for group in _groups() for rule in group["rules"]]
ALERTS = [rule for rule in RULES if "alert" in rule]


@pytest.fixture(scope="module")
def promtool(require_program):
    """`promtool(arguments)` gives what it says, and fails the test where it finds a mistake."""
    program = require_program("promtool", "prometheus")

    def run(*arguments: str | Path) -> str:
        ran = subprocess.run(
            [program, *arguments], capture_output=True, text=True, timeout=300, check=False
        )
        said = ran.stdout + ran.stderr
        assert ran.returncode == 0, said
        return said

    return run


def test_the_rules_are_clean(promtool):
    """`promtool check rules` finds nothing, and reads all of them."""
    said = promtool("check", "rules", *RULE_FILES)

    assert sum(map(int, re.findall(r"SUCCESS: (\d+) rules found", said))) == len(RULES)


@pytest.mark.parametrize("path", CASE_FILES, ids=lambda path: path.stem)
def test_alerts_fire_when_they_should_and_only_then(promtool, path):
    """The cases of monitoring/tests/."""
    assert "SUCCESS" in promtool("test", "rules", path)


def test_each_alert_has_a_case_that_fires_and_one_that_does_not():
    """Both kinds, for every severity that it has."""
    expected = [
        (case["alertname"], case["exp_alerts"])
        for path in CASE_FILES
        for test in _load(path)["tests"]
        for case in test.get("alert_rule_test", [])
    ]
    firing = {
        (name, alert["exp_labels"]["severity"]) for name, alerts in expected for alert in alerts
    }
    quiet = {name for name, alerts in expected if not alerts}

    assert firing == {(alert["alert"], alert["labels"]["severity"]) for alert in ALERTS}
    assert quiet == {alert["alert"] for alert in ALERTS}


@pytest.mark.parametrize("path", CASE_FILES, ids=lambda path: path.stem)
def test_cases_order_all_groups_or_none(path):
    """promtool takes a group that is not named in the order for the first."""
    cases = _load(path)
    groups = [group["name"] for group in _groups()]

    assert sorted(cases.get("group_eval_order", groups)) == sorted(groups)
    assert cases["rule_files"] == ["../rules/*.yml"]


@pytest.mark.parametrize(
    "alert", ALERTS, ids=lambda alert: f"{alert['alert']}-{alert['labels']['severity']}"
)
def test_an_alert_says_what_how_bad_and_what_to_do(alert):
    """A summary, a description, a severity, and a section of the runbook."""
    readme = (MONITORING / "README.md").read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", readme, re.MULTILINE)
    page, _, anchor = alert["annotations"]["runbook_url"].partition("#")

    assert alert["annotations"].keys() - {"run_id"} == {"summary", "description", "runbook_url"}
    assert alert["labels"].keys() == {"severity"}
    assert alert["labels"]["severity"] in SEVERITIES
    assert page == "monitoring/README.md"
    assert anchor == alert["alert"].lower()
    assert [heading.lower() for heading in headings].count(anchor) == 1


def test_the_runbook_speaks_of_no_other_alerts():
    """What was renamed or removed is gone from the runbook, Alertmanager and the cases."""
    names = {alert["alert"] for alert in ALERTS}
    mentioned = {
        name: path.name
        for path in MONITORING.rglob("*")
        if path.suffix in {".md", ".yml"}
        for name in re.findall(r"\bPytest[A-Z]\w+", path.read_text(encoding="utf-8"))
    }

    assert mentioned.keys() - names == set()


def test_prometheus_takes_the_example(promtool):
    """prometheus.yml is valid and finds the rules."""
    said = promtool("check", "config", MONITORING / "prometheus" / "prometheus.yml")

    assert f"{len(RULE_FILES)} rule files found" in said


def test_node_exporter_takes_the_flags_of_its_unit(require_program):
    """The command line of the unit is one that node_exporter understands."""
    program = require_program("prometheus-node-exporter", "prometheus-node-exporter")
    unit = (MONITORING / "prometheus" / "node_exporter.service").read_text(encoding="utf-8")
    (command,) = re.findall(r"^ExecStart=(.+)$", unit, re.MULTILINE)
    path, *flags = command.split()
    ran = subprocess.run(
        [program, *flags, "--version"], capture_output=True, text=True, timeout=60, check=False
    )

    assert Path(path).name == "prometheus-node-exporter"
    assert ran.returncode == 0, ran.stderr
