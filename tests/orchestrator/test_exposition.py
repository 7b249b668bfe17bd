"""The textfile of the memory's totals."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from conftest_kit.records import Attempt, Failure, Recording, Run
from conftest_kit.settings import load
from corpus_memory_logging.records import CATEGORIES, FINDING_KINDS, Cause, Finding, Review, Verdict
from corpus_memory_logging.store import open_store
from orchestrator import exposition

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MANY = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from conftest_kit.settings import load
from corpus_memory_logging.store import open_store
from orchestrator import exposition
from test_exposition import NOW, review_of
settings = load(Path(sys.argv[2]), {})
for number in range(15):
    with open_store(settings.memory_location, project="shop") as store:
        store.remember(review_of(f"{sys.argv[3]}-{number}"), now=NOW)
        assert exposition.update(settings, store, now=NOW) == []
"""


def review_of(run_id="r1"):
    """A run with two failures of one cause, and a finding."""
    failures = tuple(Failure(nodeid=name, phase="call", message="no") for name in "ab")
    verdict = Verdict(
        category="network", kind="dns", culprit=None, confidence=1.0, evidence=(), rule="x@1"
    )
    cause = Cause(cause_id="c1", signature="s:1", title="no", verdict=verdict, failures=failures)
    attempts = (
        *(Attempt(nodeid=name, outcome="failed") for name in "ab"),
        Attempt(nodeid="c", outcome="rerun"),
        Attempt(nodeid="c", outcome="passed", attempt=2),
        Attempt(nodeid="d", outcome="passed"),
    )
    run = Run(run_id=run_id, state="complete", started="2025-12-31T00:00:00Z")
    return Review(
        recording=Recording(run=run, attempts=attempts, failures=failures),
        causes=(cause,),
        findings=(Finding(kind="flaky", text="c"),),
    )


def samples(path):
    """Name and labels to value."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(path.read_text("utf-8"))
        for sample in family.samples
    }


@pytest.fixture
def settings(tmp_path):
    """Those of an empty project."""
    return load(tmp_path, {})


@pytest.fixture
def store(settings):
    """Its memory, with one review."""
    with open_store(settings.memory_location, project="shop") as opened:
        opened.remember(review_of(), now=NOW)
        yield opened


def test_every_category_and_kind_is_there(settings, store):
    """Also those that never occurred: a series that appears with its first increase has none."""
    assert exposition.update(settings, store, now=NOW) == []
    found = samples(settings.root / "monitoring" / "pytest_causes.prom")

    for category in CATEGORIES:
        times = 1 if category == "network" else 0
        assert found["pytest_test_failures_by_category_total", category] == 2 * times
        assert found["pytest_causes_open", category] == times
    for kind in FINDING_KINDS:
        assert found["pytest_findings_total", kind] == (1 if kind == "flaky" else 0)
    assert found["pytest_flaky_tests_ratio",] == 0.25
    assert found["pytest_last_review_timestamp_seconds",] == NOW.timestamp()
    assert len(found) == 2 * len(CATEGORIES) + len(FINDING_KINDS) + 2


def test_reviewing_twice_adds_nothing(settings, store):
    """The file is the same, byte for byte."""
    exposition.update(settings, store, now=NOW)
    before = exposition.place(settings).read_bytes()
    store.remember(review_of(), now=NOW.replace(hour=5))
    exposition.update(settings, store, now=NOW.replace(hour=5))

    assert exposition.place(settings).read_bytes() == before


def test_a_memory_of_nothing(settings):
    """Zeros, and no gauge that would have to be made up."""
    with open_store(settings.memory_location, project="shop") as store:
        exposition.update(settings, store, now=NOW)
    found = samples(exposition.place(settings))

    assert set(found.values()) == {0}
    assert ("pytest_flaky_tests_ratio",) not in found


def test_promtool_finds_nothing(settings, store, require_program):
    """Names, help and types are as Prometheus wants them; no timestamps."""
    promtool = require_program("promtool", "prometheus")
    exposition.update(settings, store, now=NOW)
    content = exposition.place(settings).read_bytes()
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=content, capture_output=True, check=False
    )

    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")
    lines = content.decode().splitlines()
    assert all(len(line.split()) == 2 for line in lines if not line.startswith("#"))


def test_node_exporter_may_read_it(settings, store):
    """Whatever the umask; nothing else is left in the folder, and a link is followed."""
    target = settings.root / "elsewhere.prom"
    target.touch()
    place = exposition.place(settings)
    place.parent.mkdir()
    place.symlink_to(target)
    old = os.umask(0o077)
    try:
        exposition.update(settings, store, now=NOW)
    finally:
        os.umask(old)

    assert stat.S_IMODE(target.stat().st_mode) == 0o644
    assert place.is_symlink()
    assert [path.name for path in place.parent.iterdir()] == [place.name]


def test_a_folder_of_several_projects(tmp_path):
    """A file of its own for each, and its labels on every series, whatever they hold."""
    environ = {
        "CONFTEST_KIT_METRICS_DIR": str(tmp_path / "shared"),
        "CONFTEST_KIT_METRICS_LABELS": 'team=a "quoted" \\ one',
    }
    for project in ("shop.eu", 'till"1'):
        settings = load(tmp_path, {**environ, "CONFTEST_KIT_PROJECT": project})
        with open_store(settings.memory_location, project=project) as store:
            store.remember(review_of(), now=NOW)
            exposition.update(settings, store, now=NOW)
    names = sorted(path.name for path in (tmp_path / "shared").iterdir() if path.is_file())
    families = text_string_to_metric_families((tmp_path / "shared" / names[1]).read_text("utf-8"))
    labels = [sample.labels for family in families for sample in family.samples]

    assert names == ["shop.eu-causes.prom", "till%221-causes.prom"]
    assert {label["project"] for label in labels} == {'till"1'}
    assert {label["team"] for label in labels} == {'a "quoted" \\ one'}


def test_what_cannot_be_written_is_said(settings, store):
    """With the path; the review goes on."""
    (settings.root / "monitoring").write_text("in the way")
    (said,) = exposition.update(settings, store, now=NOW)

    assert said.startswith(f"metrics not written to {settings.root}/monitoring/pytest_causes.prom")


def test_reviews_at_once_lose_nothing(tmp_path):
    """The last file has all of them, whoever wrote it."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", MANY, Path(__file__).parent, tmp_path, name],
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in "abcd"
    ]
    said = [process.communicate(timeout=120)[1] for process in processes]
    found = samples(exposition.place(load(tmp_path, {})))

    assert said == [""] * 4
    assert found["pytest_test_failures_by_category_total", "network"] == 4 * 15 * 2
    assert found["pytest_findings_total", "flaky"] == 4 * 15


def test_counters_do_not_fall_where_runs_are_pruned(settings, store):
    """Prometheus would take it for a restart, and count everything again."""
    exposition.update(settings, store, now=NOW)
    connection = store.engine._connection
    connection.execute("PRAGMA foreign_keys = OFF")
    for table in ("attempts", "runs", "occurrences", "failures", "causes", "findings"):
        connection.execute(f"DELETE FROM {table}")
    connection.execute("DELETE FROM finding_occurrences")
    connection.execute("PRAGMA foreign_keys = ON")
    store.remember(replace(review_of("r2"), findings=()), now=NOW)
    exposition.update(settings, store, now=NOW)
    found = samples(exposition.place(settings))

    assert found["pytest_test_failures_by_category_total", "network"] == 4
    assert found["pytest_findings_total", "flaky"] == 1
