"""Alerts in the memory."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from corpus_memory_logging import alerts, queries
from corpus_memory_logging.keys import moment
from corpus_memory_logging.records import Alert
from corpus_memory_logging.store import open_store

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def alert(hour=1, status="firing", **changed):
    """An alert that began at that hour."""
    labels = {"alertname": "PytestSuiteSlow", **changed.pop("labels", {})}
    fields = {
        "fingerprint": "f1",
        "status": status,
        "started": moment(datetime(2026, 1, 1, hour, tzinfo=UTC)),
        "ended": moment(datetime(2026, 1, 1, hour, 30, tzinfo=UTC)) if status != "firing" else None,
        "name": labels["alertname"],
        "severity": None,
        "labels": labels,
        "annotations": {"summary": "slow"},
    }
    return Alert(**{**fields, **changed})


def rows(store):
    """Hour of the beginning, status and state of all alerts, in the order of time."""
    found = [(row["started"][11:13], row["status"], row["state"]) for row in store.select("alerts")]
    return sorted(found)


@pytest.mark.parametrize(
    ("told", "new", "expected"),
    [
        ([alert()], 1, [("01", "firing", "accepted")]),
        # Repeated, and resent.
        ([alert(), alert(), alert()], 1, [("01", "firing", "accepted")]),
        ([alert(), alert(status="resolved")], 1, [("01", "resolved", "accepted")]),
        ([alert(), alert(status="resolved"), alert()], 1, [("01", "resolved", "accepted")]),
        (
            [alert(), alert(status="resolved"), alert(2)],
            2,
            [("01", "resolved", "accepted"), ("02", "firing", "accepted")],
        ),
        # Whose end was never told, because nobody listened.
        (
            [alert(), alert(2)],
            2,
            [("01", "resolved", "accepted"), ("02", "firing", "accepted")],
        ),
        # Alertmanager saw the beginning of one that goes on in another Prometheus.
        ([alert(2), alert(1)], 1, [("02", "firing", "accepted")]),
        # An end without a beginning is noted, and reviewed by nobody.
        ([alert(status="resolved")], 0, [("01", "resolved", "noted")]),
        ([alert(), alert(fingerprint="f2")], 2, [("01", "firing", "accepted")] * 2),
    ],
)
def test_an_alert_is_kept_once(store, told, new, expected):
    """By its fingerprint, until it ended; posted one by one or together, the same."""
    assert sum(alerts.accept(store, [one], now=NOW) for one in told) == new
    assert rows(store) == expected
    assert alerts.accept(store, told, now=NOW) == 0
    assert rows(store) == expected


def test_it_waits_until_it_is_settled(store):
    """In the order in which it came, and then with the run and a note."""
    alerts.accept(store, [alert(3, fingerprint="late")], now=NOW)
    alerts.accept(store, [alert(1)], now=NOW.replace(hour=5))
    waiting = alerts.pending(store)
    alerts.settle(store, waiting[0]["alert_id"], "reviewed", run_id="r1")
    alerts.settle(store, waiting[1]["alert_id"], "failed", note="no run")

    assert [one["fingerprint"] for one in waiting] == ["late", "f1"]
    assert alerts.pending(store) == []
    assert [one["summary"] for one in alerts.of_run(store, "r1")] == ["slow"]
    assert alerts.one(store, waiting[1]["alert_id"])["note"] == "no run"


@pytest.mark.parametrize(
    ("state", "told", "expected"),
    [
        ("failed", [alert()], ["accepted"]),
        ("failed", [alert(), alert()], ["accepted"]),
        # As Alertmanager moves the beginning.
        ("failed", [alert(0)], ["accepted"]),
        ("failed", [alert(status="resolved"), alert()], ["failed"]),
        ("failed", [alert(status="resolved"), alert(2)], ["failed", "accepted"]),
        ("reviewed", [alert()], ["reviewed"]),
    ],
)
def test_one_that_failed_is_to_be_reviewed_again_where_it_is_repeated(store, state, told, expected):
    """Once each time that Alertmanager repeats it, while it goes on."""
    alerts.accept(store, [alert()], now=NOW)
    alerts.settle(store, alerts.pending(store)[0]["alert_id"], state, note="no run")

    due = sum(alerts.accept(store, [one], now=NOW) for one in told)

    assert due == len(alerts.pending(store)) == expected.count("accepted")
    assert [state for _, _, state in rows(store)] == expected


def test_which_projects_have_some(store, location):
    """Others than the one that asks, too."""
    with open_store(location, project="other") as other:
        alerts.accept(other, [alert()], now=NOW)

    assert alerts.alerted(store) == ["other"]
    assert alerts.knows(store, "other")
    assert not alerts.knows(store, "third")


def test_reviewers_see_it_beside_the_run(store, make):
    """In the list of runs a number, of a run all of them, and each by its id."""
    store.remember(make.review(1))
    run_id = make.run_id(1)
    alerts.accept(store, [alert(labels={"run_id": run_id})], now=NOW)

    (row,) = queries.runs(store)
    (beside,) = queries.show(store, run_id)["alerts"]
    shown = queries.show(store, beside["alert_id"][:8])

    assert row["alerts"] == 1
    assert (shown["type"], shown["name"]) == ("alert", "PytestSuiteSlow")
    assert [run["run_id"] for run in shown["runs"]] == [run_id]


def test_one_of_an_unknown_run_is_shown_too(store):
    """Without runs."""
    alerts.accept(store, [alert(labels={"run_id": "gone"})], now=NOW)
    (row,) = alerts.pending(store)

    assert queries.show(store, row["alert_id"])["runs"] == []


def test_texts_of_any_kind(store):
    """Surrogates and NUL, which no database takes."""
    nasty = "\ud800\x00'\"\\"
    alerts.accept(
        store, [alert(fingerprint=nasty, name=nasty, severity=nasty, labels={"x": nasty})], now=NOW
    )

    assert alerts.pending(store)[0]["severity"] == "\\ud800\\x00'\"\\"
