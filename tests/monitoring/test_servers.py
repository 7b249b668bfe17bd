"""The fixtures themselves: servers start, answer and end."""

from __future__ import annotations

import pytest


def test_prometheus_scrapes_what_node_exporter_serves(
    tmp_path, start_node_exporter, start_prometheus
):
    """A value in a textfile becomes the answer to a query."""
    (tmp_path / "a.prom").write_text("pytest_runs_total 3\n")
    prometheus = start_prometheus({"node": start_node_exporter(tmp_path)})

    prometheus.wait_for("pytest_runs_total == 3")

    assert prometheus.values("up", "job") == {("node",): 1.0}


def test_a_stopped_server_is_gone(start_pushgateway):
    """Its process has ended, and its port is free for the same again."""
    gateway = start_pushgateway()
    gateway.stop()

    assert gateway.process.returncode is not None
    with pytest.raises(OSError):
        gateway.get("/-/ready")


def test_alertmanager_takes_a_configuration(start_alertmanager):
    """A dict will do."""
    server = start_alertmanager(
        {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]}
    )

    assert '"uptime"' in server.get("/api/v2/status")
