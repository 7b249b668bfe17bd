"""The thread through everything: a conftest line, a red run, a review, a memory that answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile

import pytest

WORKERS = pytest.mark.parametrize("workers", ["-n0", "-n2"])

FILES = {
    "pyproject.toml": '[project]\nname = "shop"\n\n[tool.pytest.ini_options]\npythonpath = ["."]\n',
    "conftest.py": 'pytest_plugins = ["conftest_kit"]\n',
    "cart.py": "def total(prices):\n    raise ValueError('no prices in 2 baskets')\n",
    "test_cart.py": (
        "from cart import total\n\n\n"
        "def test_one():\n    assert total([1]) == 1\n\n\n"
        "def test_two():\n    assert total([1, 1]) == 2\n\n\n"
        "def test_nothing():\n    assert True\n"
    ),
    "test_export.py": "import yaml_that_is_not_there\n\n\ndef test_export():\n    pass\n",
}


@pytest.fixture
def project(tmp_path):
    """A project with two failing tests of one cause, and a module that cannot be collected."""
    for name, content in FILES.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path


@pytest.fixture
def call(project, left_out):
    """Runs a module in the project: `call("pytest", "-q")`, `call("orchestrator", "review")`."""
    options = {"pytest": left_out}

    def run(module, *arguments, status=0, **environment):
        done = subprocess.run(
            [sys.executable, "-m", module, *options.get(module, ()), *arguments],
            cwd=project,
            env={**os.environ, "PYTHONPATH": "", **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    return run


def _go_red(call, workers):
    call("pytest", "-q", workers, "--continue-on-collection-errors", status=1)


@WORKERS
def test_from_the_conftest_line_to_the_memory(call, project, workers):
    """Three failures become two causes, with category and culprit, and the memory answers."""
    _go_red(call, workers)

    report = json.loads(call("orchestrator", "review", "--format", "json"))

    assert [(c["category"], len(c["failures"]), c["known"]) for c in report["causes"]] == [
        ("product_error", 2, False),
        ("missing_dependency", 1, False),
    ]
    assert report["causes"][1]["culprit"]["name"] == "yaml-that-is-not-there"
    assert report["run"]["counts"] == {"passed": 1, "failed": 2, "error": 1} | dict.fromkeys(
        ("skipped", "xfailed", "xpassed", "rerun"), 0
    )
    assert report["findings"] == []

    suggestions = json.loads(call("orchestrator", "suggestions", "--format", "json"))

    assert {row["cause_id"] for row in suggestions} == {c["cause_id"] for c in report["causes"]}

    archives = list((project / "logs" / "archive").iterdir())

    with tarfile.open(archives[0]) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    assert {"run.json", "records.ndjson", "pytest.log", "manifest.json"} <= names


@WORKERS
def test_reviewing_twice_changes_nothing_and_says_so(call, project, workers):
    """The second review finds the same, stores nothing and tells the reader."""
    _go_red(call, workers)
    first = json.loads(call("orchestrator", "review", "--format", "json"))
    rows = call("orchestrator", "causes", "--format", "json")
    archive = next((project / "logs" / "archive").iterdir())
    packed = archive.read_bytes()

    second = json.loads(call("orchestrator", "review", "--format", "json"))
    text = call("orchestrator", "review")

    assert second["causes"] == first["causes"]
    assert call("orchestrator", "causes", "--format", "json") == rows
    assert archive.read_bytes() == packed
    assert "reviewed before" in text


def test_a_decision_is_recalled_in_the_next_run(call):
    """What a reviewer decided comes back with the signature and outranks the rule."""
    _go_red(call, "-n0")
    cause = json.loads(call("orchestrator", "review", "--format", "json"))["causes"][0]
    call(
        "orchestrator",
        *("resolve", cause["cause_id"], "--category", "environment", "--culprit", "PRICES"),
        *("--note", "set it in CI"),
    )

    _go_red(call, "-n0")
    again = json.loads(call("orchestrator", "review", "--format", "json"))["causes"][0]

    assert again["cause_id"] == cause["cause_id"]
    assert again["known"]
    assert again["category"] == "environment"
    assert again["culprit"]["name"] == "PRICES"


def test_run_records_without_the_conftest_line(call, project):
    """`orchestrator run` lends the kit, passes the status through and reviews."""
    (project / "conftest.py").unlink()

    printed = call("orchestrator", *("run", "--", sys.executable, "-m", "pytest", "-q"), status=2)

    assert "yaml_that_is_not_there" in printed
    assert "missing_dependency" in printed.replace(" ", "_")


def test_green_run_has_no_cause(call, project):
    """A green run is reviewed in a word and leaves no archive."""
    (project / "test_export.py").unlink()
    (project / "cart.py").write_text("total = sum\n", encoding="utf-8")
    call("pytest", "-q")

    report = json.loads(call("orchestrator", "review", "--format", "json"))

    assert report["causes"] == []
    assert report["run"]["exit_code"] == 0
    assert not (project / "logs" / "archive").exists()


def test_metrics_alone_say_what_is_known(call, project):
    """A metrics file without a record still yields a suggestion, which is honest about the rest."""
    (project / "monitoring").mkdir()
    (project / "monitoring" / "pytest_metrics.prom").write_text("pytest_test_failures_total 2\n")

    report = json.loads(call("orchestrator", "review", "--format", "json"))

    suggestion = report["causes"][0]["suggestions"][0]["text"]
    assert "2 failures counted in total" in suggestion
    assert "unknown" in suggestion


def test_an_older_commit_and_a_later_session_are_said(call, project):
    """The reader learns that the tree moved on and that pytest ran since without the kit."""
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run([*git, *command], cwd=project, check=True)
    _go_red(call, "-n0")
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "two"], cwd=project, check=True)
    cache = project / ".pytest_cache" / "v" / "cache" / "lastfailed"
    later = cache.stat().st_mtime + 60
    os.utime(cache, (later, later))

    text = call("orchestrator", "review")

    assert "the working tree is at" in text
    assert "without recording it" in text
