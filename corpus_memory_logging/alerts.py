"""Alerts of a monitoring system: kept once each, beside the run that they speak of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from corpus_memory_logging.engine import Partition, Row
from corpus_memory_logging.keys import from_text, identifier, moment, storable, to_text
from corpus_memory_logging.records import Alert

Settled = Literal["reviewed", "failed"]


def accept(memory: Partition, alerts: Iterable[Alert], *, now: datetime) -> int:
    """Keeps what was told, all or nothing; returns how many are to be reviewed.

    An alert that fires is new unless it is known by its fingerprint: as one that still fires and
    began no earlier, or as one that began at that very time. A new one is to be reviewed, and one
    whose review failed once more each time that it is repeated. An end is noted with the alert that
    it ends; one whose beginning was never told is kept, and there is nothing to review.
    """
    with memory.transaction():
        return sum(_accept(memory, alert, moment(now)) for alert in alerts)


def pending(memory: Partition) -> list[dict[str, Any]]:
    """Those accepted and not settled, the first told first; keys as in `of_run`."""
    return [_alert(row) for row in memory.select("alerts", pending=True)]


def settle(
    memory: Partition,
    alert_id: str,
    state: Settled,
    *,
    run_id: str | None = None,
    note: str | None = None,
) -> None:
    """Notes what came of an alert: the run that was reviewed, or why none was."""
    memory.execute(
        "settle_alert",
        alert_id=alert_id,
        state=state,
        run_id=storable(run_id) if run_id else None,
        note=storable(note) if note else None,
    )


def alerted(memory: Partition) -> list[str]:
    """The projects of the memory that have alerts to be reviewed."""
    return [row["name"] for row in memory.select("alerted_projects")]


def knows(memory: Partition, project: str) -> bool:
    """Whether the memory has a project of that name."""
    return bool(memory.select("project", name=storable(project)))


def of_run(memory: Partition, run_id: str) -> list[dict[str, Any]]:
    """The alerts that speak of a run, the one that began last first.

    Keys: alert_id, name, severity, status (firing, resolved), started, ended, received, summary
    (or null), labels, annotations, fingerprint, run_id, state (accepted, reviewed, failed, noted),
    note.
    """
    return [_alert(row) for row in memory.select("alerts", run_id=storable(run_id))]


def one(memory: Partition, alert_id: str) -> dict[str, Any]:
    """One alert; keys as in `of_run`."""
    return _alert(memory.select("alerts", alert_id=alert_id)[0])


def _accept(memory: Partition, alert: Alert, received: str) -> bool:
    fingerprint = storable(alert.fingerprint)
    known = memory.select("alerts_of_fingerprint", fingerprint=fingerprint)
    same = next((row for row in known if row["started"] == alert.started), None)
    fires = alert.status == "firing"
    going_on = known[0] if known and _still_fires(known[0], alert.started) else None
    if fires and (repeated := same or going_on):
        return _again(memory, repeated)
    if same:
        memory.execute("end_alert", alert_id=same["alert_id"], ended=alert.ended)
        return False
    if fires and known:  # whose end was never told
        memory.execute("end_alert", alert_id=known[0]["alert_id"], ended=None)
    memory.execute(
        "add_alert",
        alert_id=identifier(memory.project, "alert", fingerprint, alert.started),
        fingerprint=fingerprint,
        name=storable(alert.name),
        severity=storable(alert.severity) if alert.severity else None,
        status=alert.status,
        started=alert.started,
        ended=None if fires else alert.ended,
        received=received,
        labels=to_text(alert.labels),
        annotations=to_text(alert.annotations),
        run_id=storable(alert.run_id) if alert.run_id else None,
        state="accepted" if fires else "noted",
    )
    return fires


def _again(memory: Partition, repeated: Row) -> bool:
    failed = repeated["state"] == "failed" and repeated["status"] == "firing"
    if failed:
        alert_id = repeated["alert_id"]
        memory.execute("settle_alert", alert_id=alert_id, state="accepted", run_id=None, note=None)
    return bool(failed)


def _still_fires(last: Row, started: str) -> bool:
    # Alertmanager moves the beginning of an alert that goes on backwards only.
    return bool(last["status"] == "firing" and started <= last["started"])


def _alert(row: Row) -> dict[str, Any]:
    annotations = from_text(row["annotations"])
    return {
        **row,
        "labels": from_text(row["labels"]),
        "annotations": annotations,
        "summary": annotations.get("summary") or annotations.get("description"),
    }
