"""What Alertmanager posts."""

from __future__ import annotations

import pytest


def alert(**changed):
    """One alert as Alertmanager 0.25 posts it, changed as said."""
    return {
        "status": "firing",
        "labels": {"alertname": "PytestFailuresRising", "severity": "critical"},
        "annotations": {"summary": "2 tests failed"},
        "startsAt": "2026-01-01T00:00:00.123456789Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus:9090/graph",
        "fingerprint": "5ef77f1f8a3ecf8d",
        **changed,
    }


def post(*alerts, **changed):
    """The body of a post with these alerts."""
    return {
        "version": "4",
        "groupKey": "{}:{}",
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "orchestrator",
        "alerts": list(alerts),
        **changed,
    }


class Told:
    """Alerts and posts."""

    alert = staticmethod(alert)
    post = staticmethod(post)


@pytest.fixture(scope="session")
def told():
    """Alerts and posts, as Alertmanager has them."""
    return Told()
