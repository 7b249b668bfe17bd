"""From an alert to the review of a run, with real runs and a real memory."""

from __future__ import annotations

import json
import logging
import shutil
import time
from datetime import UTC, datetime

import pytest

from conftest_kit import rundir
from conftest_kit.settings import load
from corpus_memory_logging import alerts, queries
from corpus_memory_logging.errors import StoreError
from corpus_memory_logging.store import open_store
from orchestrator.alerts import webhook
from orchestrator.alerts.reviewing import Reviewing
from orchestrator.redact import Redactor

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def recorded(once):
    """A project with two red runs that nobody has reviewed."""

    def fill(folder):
        import subprocess
        import sys

        (folder / "pytest.ini").write_text("[pytest]\n")
        (folder / "test_red.py").write_text("def test_red():\n    assert 1 == 2\n")
        for _ in range(2):
            subprocess.run(
                [sys.executable, "-m", "pytest", "-q", "-p", "conftest_kit"],
                cwd=folder,
                check=False,
                capture_output=True,
            )

    return once("alerted-project", fill)


@pytest.fixture
def settings(recorded, tmp_path):
    """Those of a copy of it."""
    folder = tmp_path / "project"
    shutil.copytree(recorded, folder)
    return load(folder, {})._replace(project="shop")


@pytest.fixture
def runs(settings):
    """The ids of its runs, the latest first."""
    return [path.name for path in rundir.runs(settings.logs_dir)]


@pytest.fixture
def memory(settings):
    """The memory that all write to."""
    with open_store(settings.memory_location, project="shop") as store:
        yield store


@pytest.fixture
def reviewing(settings, caplog):
    """`reviewing()` gives one that has begun; all are ended."""
    caplog.set_level(logging.INFO, "orchestrator.alerts")
    begun = []

    def begin(settings=settings):
        begun.append(Reviewing(settings, redactor=Redactor(), clock=lambda: NOW, retry_seconds=0.1))
        begun[-1].start()
        return begun[-1]

    yield begin
    for one in begun:
        one.stop(30)


def parsed(told, **changed):
    """One alert, changed as said."""
    labels = {"alertname": "Rising", **changed.pop("labels", {})}
    return webhook.parse(json.dumps(told.post(told.alert(labels=labels, **changed))).encode())


def settled(store, number=1):
    """All alerts, once so many are settled."""
    for _ in range(600):
        rows = store.select("alerts")
        if sum(row["state"] != "accepted" for row in rows) >= number:
            return rows
        time.sleep(0.05)
    raise AssertionError(f"still waiting: {rows}")


def test_an_alert_becomes_a_review_of_the_latest_run(reviewing, memory, told, runs, caplog):
    """The alert stands beside the run, and the run in the memory."""
    assert reviewing().keep(parsed(told)) == 1
    (row,) = settled(memory)
    (run,) = queries.runs(memory)

    assert (row["state"], row["run_id"]) == ("reviewed", runs[0])
    assert (run["run_id"], run["causes"], run["alerts"]) == (runs[0], 1, 1)
    assert f"alert Rising: run {runs[0]} has 1 cause and 0 findings" in caplog.text


def test_an_alert_that_is_told_again_adds_nothing(reviewing, memory, told):
    """Until it was resolved and fires anew; then the run was reviewed before."""
    one = reviewing()
    one.keep(parsed(told))
    settled(memory)

    assert one.keep(parsed(told)) == 0
    assert one.keep(parsed(told, status="resolved", endsAt="2026-01-01T01:00:00Z")) == 0
    assert one.keep(parsed(told, startsAt="2026-01-01T02:00:00Z")) == 1
    rows = settled(memory, 2)
    assert [row["state"] for row in rows] == ["reviewed", "reviewed"]
    assert queries.runs(memory)[0]["alerts"] == 2


@pytest.mark.parametrize("where", ["labels", "annotations"])
def test_the_run_that_it_names(reviewing, memory, told, runs, where: str):
    """Not the latest; our rules name it in an annotation."""
    reviewing().keep(parsed(told, **{where: {"run_id": runs[1]}}))
    (row,) = settled(memory)

    assert row["run_id"] == runs[1]
    assert [run["run_id"] for run in queries.runs(memory)] == [runs[1]]


@pytest.mark.parametrize(
    ("labels", "note"),
    [
        ({"run_id": "gone"}, "run 'gone' is neither recorded here nor in the memory"),
        ({"run_id": ".."}, "run '..' is neither recorded here nor in the memory"),
        ({"project": "cloud-7"}, "the memory knows no project 'cloud-7'"),
    ],
)
def test_an_alert_of_no_run_says_so(reviewing, memory, told, labels, note):
    """It is kept, with the reason, and waits no longer."""
    reviewing().keep(parsed(told, labels=labels))
    (row,) = settled(memory)

    assert (row["state"], row["note"]) == ("failed", note)


def test_a_review_that_failed_is_tried_again_where_the_alert_is_repeated(
    reviewing, settings, memory, told, runs
):
    """Once each time; what was in the way may be gone, and then nothing more is to do."""
    aside = settings.logs_dir / "aside"
    (settings.logs_dir / "runs").rename(aside)
    one = reviewing()
    one.keep(parsed(told))
    assert settled(memory)[0]["state"] == "failed"
    assert one.keep(parsed(told)) == 1
    assert settled(memory)[0]["state"] == "failed"

    aside.rename(settings.logs_dir / "runs")
    assert one.keep(parsed(told)) == 1
    (row,) = settled(memory)
    assert (row["state"], row["run_id"], row["note"]) == ("reviewed", runs[0], None)
    assert one.keep(parsed(told)) == 0


def test_without_any_run(reviewing, settings, told, memory):
    """There is nothing to review."""
    shutil.rmtree(settings.logs_dir / "runs")
    reviewing().keep(parsed(told))

    assert settled(memory)[0]["note"] == "no run is recorded here, and none is in the memory"


def test_a_run_that_only_the_memory_has(reviewing, settings, memory, told, runs):
    """It was reviewed elsewhere."""
    one = reviewing()
    one.keep(parsed(told))
    settled(memory)
    shutil.rmtree(settings.logs_dir / "runs")
    one.keep(parsed(told, fingerprint="other"))

    assert {row["run_id"] for row in settled(memory, 2)} == {runs[0]}


def test_another_project_of_the_memory(reviewing, settings, memory, told):
    """Its alerts go beside its own runs."""
    with open_store(settings.memory_location, project="till") as till:
        reviewing().keep(parsed(told, labels={"project": "till"}))
        (row,) = settled(till)

    assert row["note"] == "no run is recorded here, and none is in the memory"
    assert memory.select("alerts") == []


def test_a_run_that_goes_on_is_waited_for(reviewing, settings, memory, told, runs):
    """A label may name it; without one the latest that has ended is meant."""
    path = settings.logs_dir / "runs" / runs[0] / "run.json"
    ended = path.read_text()
    document = {**json.loads(ended), "state": "running"}
    # A process that lives, and began before the run.
    document |= {"pid": 1, "started": "2100-01-01T00:00:00Z"}
    path.write_text(json.dumps(document))
    one = reviewing()
    one.keep(parsed(told, labels={"run_id": runs[0]}))
    one.keep(parsed(told, fingerprint="latest"))
    rows = settled(memory)
    assert {row["run_id"] for row in rows if row["state"] == "reviewed"} == {runs[1]}

    path.write_text(ended)
    assert {row["run_id"] for row in settled(memory, 2)} == set(runs)


def test_what_was_kept_survives_the_process(reviewing, memory, told, runs):
    """The next one reviews it."""
    alerts.accept(memory, parsed(told), now=NOW)
    reviewing()

    assert settled(memory)[0]["run_id"] == runs[0]


def test_a_memory_that_refuses(reviewing, settings, told, tmp_path, caplog):
    """Is said to whoever posts, and asked again by what waits."""
    (tmp_path / "folder").mkdir()
    one = reviewing(settings._replace(memory=str(tmp_path / "folder")))

    with pytest.raises(StoreError):
        one.keep(parsed(told))
    for _ in range(100):
        if "alerts wait" in caplog.text:
            break
        time.sleep(0.05)
    assert "is a folder" in caplog.text


def test_a_bug_of_ours_holds_up_no_other_alert(reviewing, settings, memory, told, runs):
    """It is noted with the alert that met it."""
    broken = settings._replace(artifacts=(3,))
    one = reviewing(broken)
    one.keep(parsed(told, labels={"run_id": runs[0]}))
    one.keep(parsed(told, fingerprint="other", labels={"run_id": "gone"}))
    rows = {row["fingerprint"]: row for row in settled(memory, 2)}

    assert "a bug of ours: " in rows["5ef77f1f8a3ecf8d"]["note"]
    assert rows["other"]["note"].startswith("run 'gone' is neither")


def test_secrets_of_an_alert_are_masked(reviewing, memory, told):
    """In what it says, and in its labels."""
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    reviewing().keep(
        parsed(told, annotations={"summary": f"token={token}"}, labels={"hook": token})
    )
    (row,) = settled(memory)

    assert token not in row["annotations"] + row["labels"]
    assert "[redacted:" in row["annotations"]
