"""Alertmanager accepts its configuration, and alerts reach whom they should."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.alerts.server import PATH
from orchestrator.commands.serve import ALERTS

MONITORING = Path(__file__).parents[2] / "monitoring"
CONFIGURATION = MONITORING / "alertmanager" / "alertmanager.yml"


@pytest.fixture(scope="module")
def amtool(require_program):
    """`amtool(arguments)` gives what it says, and fails the test where it finds a mistake."""
    program = require_program("amtool", "prometheus-alertmanager")

    def run(*arguments: str | Path) -> str:
        ran = subprocess.run(
            [program, *arguments], capture_output=True, text=True, timeout=60, check=False
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    return run


def test_the_configuration_is_valid(amtool):
    """`amtool check-config` finds nothing."""
    assert "SUCCESS" in amtool("check-config", CONFIGURATION)


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ({"alertname": "PytestNoSuccess", "severity": "critical"}, "orchestrator,on-call"),
        ({"alertname": "PytestTestsFailed", "severity": "warning"}, "orchestrator,team"),
        ({"alertname": "PytestSuiteSlow", "severity": "info"}, "orchestrator"),
        ({"alertname": "HostDown", "severity": "critical"}, "nobody"),
    ],
    ids=lambda value: value if isinstance(value, str) else value["severity"],
)
def test_severity_decides_who_is_told(amtool, labels, receivers):
    """The orchestrator hears of all of our alerts and of no others."""
    pairs = [f"{name}={value}" for name, value in (labels | {"project": "shop"}).items()]
    amtool(
        "config",
        "routes",
        "test",
        f"--config.file={CONFIGURATION}",
        f"--verify.receivers={receivers}",
        *pairs,
    )


def _configuration() -> dict[str, Any]:
    return yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))


def test_the_orchestrator_is_told_where_it_listens_with_a_token_from_a_file():
    """By default, on loopback; no secret stands in the configuration."""
    (receiver,) = (one for one in _configuration()["receivers"] if one["name"] == "orchestrator")
    (webhook,) = receiver["webhook_configs"]

    assert webhook["url"] == f"http://{ALERTS}{PATH}"
    assert webhook["http_config"]["authorization"].keys() == {"credentials_file"}


def test_projects_are_kept_apart():
    """Groups and inhibitions hold within one project of one instance."""
    configuration = _configuration()
    (ours,) = configuration["route"]["routes"]

    assert ours["group_by"] == ["job", "instance", "project"]
    assert all({"job", "instance"} <= {*rule["equal"]} for rule in configuration["inhibit_rules"])
