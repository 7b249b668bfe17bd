"""What reviewers say and later runs show, carried into the next review: the real commands."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

PYPROJECT = '[project]\nname = "shop"\n\n[tool.pytest.ini_options]\npythonpath = ["."]\n'
CONFTEST = 'pytest_plugins = ["conftest_kit"]\n'
LICENCE = """
def test_reads():
    raise RuntimeError("no licence server answers for the {service} of warehouse 17")
"""


@pytest.fixture
def write(tmp_path):
    """Writes files of the project: `write(test_a="…")`."""

    def files(**modules):
        for name, content in modules.items():
            (tmp_path / f"{name}.py").write_text(content, encoding="utf-8")

    (tmp_path / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    files(conftest=CONFTEST)
    return files


@pytest.fixture
def call(tmp_path):
    """Runs a module in the project and gives what it printed: standard output, and error."""

    def run(module, *arguments, status=0, **environment):
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": "", **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout, done.stderr

    return run


@pytest.fixture
def review(call, left_out):
    """Runs the tests, reviews them and gives the causes by their titles."""

    def causes(status=1):
        call("pytest", "-q", "-p", "no:cacheprovider", *left_out, status=status)
        report = json.loads(call("orchestrator", "review", "--format", "json")[0])
        return {cause["title"]: cause for cause in report["causes"]}

    return causes


def orchestrator(call, *arguments):
    """A command's JSON."""
    return json.loads(call("orchestrator", *arguments, "--format", "json")[0])


def test_a_decision_reaches_near_causes(write, call, review):
    """Another signature that looks alike gets the category with less confidence; the evidence says
    whose word that is, of which cause and how near; the remedy comes along.
    """
    write(test_catalogue=LICENCE.format(service="catalogue"))
    ((title, first),) = review().items()
    decided = ("--category", "environment", "--accept", "Start the licence server")
    call("orchestrator", "resolve", first["cause_id"], *decided, LOGNAME="ana")

    write(test_orders=LICENCE.format(service="orders"))
    causes = review()
    exact = causes.pop(title)
    (near,) = causes.values()

    assert (exact["category"], exact["confidence"], exact["rule"]) == (
        "environment",
        0.99,
        "reviewer",
    )
    assert exact["evidence"][0].startswith("ana on 20")
    assert (near["category"], near["rule"]) == ("environment", "near-decision@1")
    assert 0.6 < near["confidence"] < 0.7
    assert near["evidence"][0].startswith("ana on 20")
    assert f"decided so of cause {first['cause_id']}, which is 90 % alike" in near["evidence"][0]
    assert near["evidence"][0].endswith(f": {title}")
    assert near["suggestions"][0]["text"].endswith("this was the remedy: Start the licence server")


def test_a_rule_that_is_sure_outranks_what_is_near(write, call, review):
    """A module that is not there is not there, whatever a reviewer said of another."""
    write(test_catalogue="import catalogue_of_nothing\n")
    (first,) = review(status=2).values()
    call("orchestrator", "resolve", first["cause_id"], "--category", "environment")

    write(test_catalogue="import catalogue_of_something\n")
    (near,) = review(status=2).values()

    assert near["category"] == "missing_dependency"
    assert first["cause_id"] not in str(near["evidence"])


def test_an_accepted_verdict_applies_from_then_on(write, call, review):
    """Who accepts what was suggested accepts what it was suggested for."""
    write(test_catalogue=LICENCE.format(service="catalogue"))
    (first,) = review().values()
    (suggestion, *_) = orchestrator(call, "suggestions")
    call("orchestrator", "resolve", first["cause_id"], "--accept", suggestion["suggestion_id"])

    (again,) = review().values()

    assert (again["category"], again["rule"]) == (first["category"], "reviewer")
    assert again["confidence"] > first["confidence"]
    assert again["suggestions"][0]["status"] == "accepted"


def test_later_runs_say_what_worked(write, call, review):
    """Accepted and green: it worked, which `stats suggestions` counts, and comes first from then
    on.
    """
    write(test_orders=LICENCE.format(service="orders"))
    (cause,) = review().values()
    (best, *_) = orchestrator(call, "suggestions")
    call("orchestrator", "resolve", cause["cause_id"], "--accept", best["suggestion_id"])
    write(test_orders="def test_reads():\n    pass\n")
    assert not review(status=0)

    write(test_orders=LICENCE.format(service="orders"))
    (cause,) = review().values()
    (row,) = orchestrator(call, "stats", "suggestions")
    table, _ = call("orchestrator", "stats", "suggestions")
    shown = orchestrator(call, "show", best["suggestion_id"])

    assert (cause["suggestions"][0]["text"], cause["suggestions"][0]["status"]) == (
        best["text"],
        "worked",
    )
    assert (row["judged"], row["green"], row["success_rate"]) == (1, 1, 1.0)
    assert (row["tried"], row["worked"], row["failed"]) == (1, 1, 0)
    assert row["origin"] in table
    assert (shown["status"], shown["success"]) == ("worked", None)


def test_suggestions_that_nobody_judged_have_no_rate(write, call, review):
    """The list is empty, and says so."""
    write(test_orders=LICENCE.format(service="orders"))
    review()

    assert call("orchestrator", "stats", "suggestions") == (
        "",
        "orchestrator: no later run says yet what became of a suggestion\n",
    )


@pytest.fixture(scope="module")
def red(tmp_path_factory):
    """A project with two causes, reviewed, and its report."""
    project = tmp_path_factory.mktemp("red")
    files = {
        "pyproject.toml": PYPROJECT,
        "conftest.py": CONFTEST,
        "test_orders.py": LICENCE.format(service="orders"),
        "test_export.py": "def test_export():\n    import yaml_that_is_not_there\n",
    }
    for name, content in files.items():
        (project / name).write_text(content, encoding="utf-8")
    run = ("run", "--format", "json", "--output", "report.json", "--")
    command = (*run, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    subprocess.run([sys.executable, "-m", "orchestrator", *command], cwd=project, check=False)
    report = json.loads((project / "report.json").read_bytes())
    return project, {cause["category"]: cause for cause in report["causes"]}


@pytest.fixture
def outdated(tmp_path, red):
    """The causes, reviewed when the rules said something else of one of them."""
    project, causes = red
    shutil.copytree(project, tmp_path, dirs_exist_ok=True)
    with closing(sqlite3.connect(tmp_path / "logs" / "corpus_memory.db")) as memory, memory:
        memory.execute(
            "UPDATE occurrences SET category = 'assertion', kind = 'wrong_value', rule = 'old@1', "
            "culprit_type = NULL, culprit_name = NULL, confidence = 0.5 "
            "WHERE category = 'missing_dependency'"
        )
    return causes


@pytest.mark.parametrize("kept", [True, False], ids=["from logs", "from the memory"])
def test_reclassify_shows_what_would_change_and_then_changes_it(tmp_path, call, outdated, kept):
    """From the run directory, and where that is gone from what the memory holds."""
    if not kept:
        for run in (tmp_path / "logs" / "runs").iterdir():
            run.rename(tmp_path / run.name)
    wanted = outdated["missing_dependency"]
    before = orchestrator(call, "causes")

    out, said = call("orchestrator", "memory", "reclassify", "--format", "json")
    assert orchestrator(call, "causes") == before
    (row,) = json.loads(out)
    done = call("orchestrator", "memory", "reclassify", "--apply")[1]
    (cause,) = orchestrator(call, "causes", "--category", "missing_dependency")
    again = call("orchestrator", "memory", "reclassify")

    assert (row["cause_id"], row["runs"]) == (wanted["cause_id"], 1)
    assert (row["old"]["category"], row["old"]["rule"]) == ("assertion", "old@1")
    assert row["new"] == {
        "category": "missing_dependency",
        "kind": wanted["kind"],
        "culprit": wanted["culprit"],
        "confidence": wanted["confidence"],
        "rule": wanted["rule"],
    }
    where = "1 of these from" if kept else "0 of these from"
    assert f"2 verdicts of 1 run read again, {where}" in said
    assert "1 verdict of 1 cause would change: --apply changes them" in said
    assert "1 verdict of 1 cause changed" in done
    assert (cause["cause_id"], cause["evidence"]) == (wanted["cause_id"], wanted["evidence"])
    assert cause["suggestion"] == wanted["suggestions"][0]["text"]
    assert (again[0], "nothing changes" in again[1]) == ("", True)


def test_reclassify_leaves_what_was_decided(call, outdated):
    """The reviewer's word stands, and is counted."""
    cause = outdated["missing_dependency"]["cause_id"]
    call("orchestrator", "resolve", cause, "--category", "network")

    out, said = call("orchestrator", "memory", "reclassify", "--apply")

    assert out == ""
    assert "left as reviewers decided: 1 verdict\n" in said
    assert orchestrator(call, "show", cause)["category"] == "network"


def test_reclassify_says_what_it_could_not_ask(tmp_path, call, outdated):
    """Of a cause whose failures and run directory are gone nothing can be said."""
    for run in (tmp_path / "logs" / "runs").iterdir():
        run.rename(tmp_path / run.name)
    with closing(sqlite3.connect(tmp_path / "logs" / "corpus_memory.db")) as memory, memory:
        memory.execute("DELETE FROM failures")

    _, said = call("orchestrator", "memory", "reclassify")

    for cause in outdated.values():
        assert f"cause {cause['cause_id']} in run " in said
    assert (
        said.count("stays: the memory holds no failure of it, and its run directory is gone") == 2
    )


@pytest.mark.parametrize(
    ("since", "rows"), [(("--since", "1d"), 1), (("--since", "2999-01-01"), 0), ((), 1)]
)
def test_reclassify_since(call, outdated, since, rows):
    """Of runs that started then or later; as CSV with both verdicts whole."""
    assert outdated

    out, _ = call("orchestrator", "memory", "reclassify", *since, "--format", "csv")

    listed = list(csv.DictReader(io.StringIO(out)))
    assert len(listed) == rows
    assert all(json.loads(row["old"])["rule"] == "old@1" for row in listed)


def test_reclassify_reads_well(call, outdated):
    """A line says both verdicts in the words of the report."""
    assert outdated

    out, _ = call("orchestrator", "memory", "reclassify")
    markdown, _ = call("orchestrator", "memory", "reclassify", "--format", "markdown")

    assert "assertion wrong_value (0.50, old@1)  missing_dependency" in out
    assert "| assertion wrong\\_value (0.50, old@\u20601) | missing\\_dependency" in markdown
