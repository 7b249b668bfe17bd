"""A model in the daily work: review, ask once more, judge it, keep the case; by the real commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest


@pytest.fixture
def red(tmp_path):
    """A project with a red run whose cause no rule knows."""
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "shop"\n[tool.pytest.ini_options]\n'
        '[tool.conftest_kit.model]\nname = "llama"\nconfidence = 1\n'
    )
    (tmp_path / "test_tune.py").write_text(
        "import pytest\n\n@pytest.mark.parametrize('key', ['a', 'b'])\n"
        "def test_tune(key):\n    raise RuntimeError('out of tune')\n\n"
        "def test_other():\n    assert 1 == 2\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "conftest_kit"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 1
    return tmp_path


@pytest.fixture
def call(red):
    """`call("show", "3f9a", url=…)` runs the command; what it prints."""

    def run(*words, url="", status=0):
        environ = {**os.environ, "CONFTEST_KIT_MODEL_ENDPOINT": url and f"{url}/v1"}
        if not url:
            environ["CONFTEST_KIT_MODEL_ENDPOINT"] = "http://127.0.0.1:9/v1"
        done = subprocess.run(
            [sys.executable, "-m", "orchestrator", *words],
            cwd=red,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stderr if status else done.stdout

    return run


@pytest.fixture
def knowing(says):
    """A model that knows what to do."""

    def respond(body):
        user = json.loads(body)["messages"][1]["content"]
        number, line = next(line.split(" ", 1) for line in user.splitlines() if "Error: " in line)
        return says(
            json.dumps(
                {
                    "category": "environment",
                    "kind": "tuning",
                    "culprit": {"type": "file", "name": "test_tune.py", "version": None},
                    "remedy": "Tune `test_tune.py` before it plays.",
                    "commands": ["make tune"],
                    "citations": [{"line": int(number), "quote": line.strip()}],
                    "confidence": 0.97,
                    "more_information": None,
                }
            )
        )

    return respond


@pytest.fixture
def tune(call):
    """The cause that is out of tune, by its id."""

    def find():
        causes = json.loads(call("causes", "--format", "json"))
        return next(one["cause_id"] for one in causes if "out of tune" in one["title"])

    return find


def test_a_review_has_the_model_s_reading_and_what_it_cost(call, scripted, knowing, tune):
    """Marked as the model's in the report, the lists and the figures."""
    server = scripted(knowing)
    report = json.loads(call("review", "--format", "json", url=server.url))
    text = call("review", url=server.url)
    causes = {cause["title"]: cause for cause in report["causes"]}
    rows = json.loads(call("stats", "model", "--format", "json"))

    assert len(server.requests) == 2
    assert causes["RuntimeError: out of tune"]["category"] == "environment"
    assert causes["RuntimeError: out of tune"]["rule"].startswith("model llama triage@")
    assert "A model suggests: Tune `test_tune.py` before it plays." in text
    assert "The model llama says so, and cites:" in text
    assert [(row["model"], row["requests"], row["tokens"]) for row in rows] == [("llama", 2, 1500)]
    assert (rows[0]["accepted"], rows[0]["rejected"]) == (2, 0)


def test_reading_the_memory_again_keeps_what_the_model_read(call, scripted, knowing):
    """The rules are less sure today than it was."""
    call("review", url=scripted(knowing).url)
    call("memory", "reclassify", "--apply")
    causes = json.loads(call("causes", "--format", "json"))

    assert any(cause["rule"].startswith("model llama") for cause in causes)


def test_nothing_was_asked(call):
    """Nor is there a figure."""
    call("review", "--no-model")
    done = call("stats", "model", "--format", "json")

    assert json.loads(done) == []


def test_a_cause_is_explained_when_somebody_asks(call, scripted, knowing, tune):
    """Once; from then on its suggestion can be judged like any other."""
    server = scripted(knowing)
    call("review", "--no-model")
    first = json.loads(call("show", tune(), "--explain", "--format", "json", url=server.url))
    text = call("show", tune(), "--explain", url=server.url)
    (suggestion,) = (one for one in first["suggestions"] if one["source"] == "model")

    assert len(server.requests) == 1
    assert first["explanation"]["status"] == "accepted"
    assert first["explanation"]["evidence"] == ["RuntimeError: out of tune"]
    assert first["category"] != "environment"
    assert "what the model says" in text
    assert "Tune `test_tune.py` before it plays." in text
    assert suggestion["commands"] == ["make tune"]
    call("resolve", tune(), "--reject", suggestion["suggestion_id"])


def test_an_explanation_needs_no_run_directory(call, scripted, knowing, tune, red):
    """The memory has the failures whole."""
    call("review", "--no-model")
    for path in (red / "logs" / "runs").iterdir():
        path.rename(red / "gone")
    shown = json.loads(
        call("show", tune(), "--explain", "--format", "json", url=scripted(knowing).url)
    )

    assert shown["explanation"]["category"] == "environment"


def test_an_explanation_needs_a_cause_a_model_and_an_answer(call, scripted, answer, tune, red):
    """Each with what to do."""
    call("review", "--no-model")
    server = scripted(answer(status=401, body=b"no"))

    assert "--explain is for causes: run is none" in call("show", "latest", "--explain", status=64)
    assert "it answers 401 no" in call("show", tune(), "--explain", url=server.url, status=69)
    (red / "pyproject.toml").write_text('[project]\nname = "shop"\n')
    said = call("show", tune(), "--explain", status=64)
    assert "'name' is not set" in said


def test_what_a_reviewer_decided_becomes_a_case(call, tune, red):
    """Redacted, with the failures of the cause alone; the rules are scored on it."""
    call("review", "--no-model")
    words = ["--category", "environment", "--culprit", "file:test_tune.py"]
    call("resolve", tune(), *words, "--accept", "Tune `test_tune.py` before.")
    case = red / call("rules", "add-case", tune()).strip()
    label = json.loads((case / "label.json").read_text())
    records = (case / "records.ndjson").read_text()
    scores = json.loads(call("rules", "evaluate", "tests/cases", "--format", "json"))["scores"]

    assert case == red / "tests" / "cases" / "reviewed" / f"shop-{tune()[:8]}"
    assert label["causes"] == [
        {
            "category": "environment",
            "kind": "reviewed",
            "culprit": {"type": "file", "name": "test_tune.py"},
            "tests": ["test_tune.py::test_tune[[]a]", "test_tune.py::test_tune[[]b]"],
            "remedy": {"revert": True, "mentions": ["test_tune.py"]},
        }
    ]
    assert "test_other" not in records
    assert str(red) not in "".join(path.read_text() for path in case.iterdir())
    (section,) = scores
    assert section.startswith("reviewed/")
    assert scores[section]["causes"] == 1
    assert "is there already" in call("rules", "add-case", tune(), status=64)


def test_a_case_needs_a_decision_and_a_record(call, tune, red):
    """Else the message says what is missing."""
    call("review", "--no-model")

    assert "nobody said what cause" in call("rules", "add-case", tune(), status=64)
    call("resolve", tune(), "--category", "environment")
    assert "nothing tells which suggestion" in call("rules", "add-case", tune(), status=64)
    assert "is no cause" in call("rules", "add-case", "latest", status=64)
    call("rules", "add-case", tune(), "--mentions", "tune")
    (run,) = (red / "logs" / "runs").iterdir()
    run.rename(red / "gone")
    said = call("rules", "add-case", tune(), "--into", "elsewhere", "--mentions", "tune", status=65)
    assert f"the record of run {run.name} is gone" in said
