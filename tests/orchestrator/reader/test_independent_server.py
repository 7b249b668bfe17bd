"""Beside a server of chat completions that others wrote: fakellm, pinned by hash.

The first test of a session installs it into a folder of its own.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

LOCK = Path(__file__).parents[3] / "requirements" / "model-server.txt"
START_SECONDS = 60
RULES = {
    "version": 1,
    "rules": [
        {
            "name": "broken",
            "when": {"messages_contain": "out of order"},
            "respond": {"status": 500, "error": "Internal error"},
        },
        {
            "name": "read",
            "when": {"messages_contain": "out of tune", "model_matches": "canned*"},
            "respond": {
                "content": json.dumps(
                    {
                        "category": "environment",
                        "kind": "tuning",
                        "culprit": {"type": "file", "name": "test_tune.py", "version": None},
                        "remedy": "Tune it.",
                        "commands": [],
                        "citations": [{"line": 2, "quote": "out of tune"}],
                        "confidence": 0.97,
                        "more_information": None,
                    }
                )
            },
        },
        {"name": "chatter", "respond": {"content": "How can I help you today?"}},
    ],
}


@pytest.fixture(scope="session")
def installed(once, unavailable):
    """The folder that it is in; ends the test where the registry cannot be reached."""

    def fill(folder):
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install"]
        ended = subprocess.run(
            [*pip, "--quiet", "--target", folder, "--require-hashes", "-r", LOCK],
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode:
            unavailable(f"the package registry cannot be reached: {ended.stderr.strip()[-300:]}")

    return once("model-server", fill)


@pytest.fixture
def server(installed, tmp_path):
    """Its address."""
    rules = tmp_path / "rules.yaml"
    rules.write_text(json.dumps(RULES))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    start = "from fakellm.cli import main; main()"
    log = (tmp_path / "server.log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-c", start, "serve", "--port", port, "--config", rules],
        env={**os.environ, "PYTHONPATH": str(installed)},
        stdout=log,
        stderr=log,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _is_up(url):
            assert process.poll() is None, (tmp_path / "server.log").read_text()
            assert time.monotonic() < deadline, "it does not start"
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)
        log.close()


def _is_up(url):
    try:
        return httpx.get(f"{url}/_fakellm", follow_redirects=True).status_code < 500
    except httpx.TransportError:
        return False


@pytest.fixture
def reviewed(server, tmp_path):
    """`reviewed("out of tune")` is the review of a run in which a test says so, as JSON."""

    def review(message, *, model="canned-1"):
        root = tmp_path / "project"
        root.mkdir()
        (root / "pyproject.toml").write_text('[project]\nname = "shop"\n')
        (root / "test_tune.py").write_text(f"def test():\n    raise RuntimeError({message!r})\n")
        environ = {
            **os.environ,
            "CONFTEST_KIT_MODEL_ENDPOINT": f"{server}/v1",
            "CONFTEST_KIT_MODEL_NAME": model,
            "CONFTEST_KIT_MODEL_CONFIDENCE": "1",
        }
        words = ("-m", "orchestrator", "run", "--format", "json", "--output", "report.json", "--")
        command = [sys.executable, *words, sys.executable, "-m", "pytest", "-q"]
        done = subprocess.run(command, cwd=root, env=environ, capture_output=True, check=False)
        assert done.returncode == 1, done.stderr
        return json.loads((root / "report.json").read_text())

    return review


def test_a_server_of_others_is_understood(reviewed):
    """Request and answer, from the run to the report."""
    report = reviewed("the piano is out of tune")
    (cause,) = report["causes"]

    assert report["warnings"] == []
    assert cause["category"] == "environment"
    assert cause["rule"].startswith("model canned-1 triage@")
    assert cause["suggestions"][0]["text"] == "A model suggests: Tune it."


def test_an_answer_of_no_use_leaves_the_rules(reviewed):
    """It talks, twice, and is rejected."""
    report = reviewed("something else")
    (cause,) = report["causes"]

    assert report["warnings"] == []
    assert not cause["rule"].startswith("model")
    assert [one["source"] for one in cause["suggestions"]] == ["rule"]


def test_an_error_of_others_is_one_warning(reviewed, server):
    """As the server words it."""
    report = reviewed("the lift is out of order")

    (warning,) = report["warnings"]
    assert warning.startswith(f"1 cause was not read by the model: {server}/v1: it answers 500 ")
