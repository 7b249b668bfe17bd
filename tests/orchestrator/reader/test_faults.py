"""A review whose model fails it: it ends in time, with what the rules say and one warning."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys

import pytest

SECONDS = {"TIMEOUT_SECONDS": "1", "REVIEW_SECONDS": "3"}


@pytest.fixture(scope="module")
def red(tmp_path_factory):
    """A run with three causes."""
    root = tmp_path_factory.mktemp("red")
    (root / "pyproject.toml").write_text('[project]\nname = "shop"\n[tool.pytest.ini_options]\n')
    (root / "test_red.py").write_text(
        "def test_tune():\n    raise RuntimeError('out of tune')\n\n"
        "def test_colour():\n    raise RuntimeError('too green')\n\n"
        "def test_sum():\n    assert 1 == 2\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "conftest_kit"]
    assert subprocess.run(command, cwd=root, capture_output=True, check=False).returncode == 1
    return root


@pytest.fixture
def reviewed(red, tmp_path):
    """`reviewed(url, "--no-model", NAME="x")` is the JSON report, and what went to stderr."""

    def review(url, *words, **limits):
        settings = {
            "ENDPOINT": f"{url}/v1",
            "NAME": "llama",
            "CONFIDENCE": "1",
            **SECONDS,
            **limits,
        }
        environ = {
            **os.environ,
            **{f"CONFTEST_KIT_MODEL_{key}": value for key, value in settings.items()},
            "CONFTEST_KIT_MEMORY": str(tmp_path / "memory.db"),
        }
        command = [sys.executable, "-m", "orchestrator", "review", "--format", "json", *words]
        done = subprocess.run(
            command,
            cwd=red,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,  # far beyond the limit of the review: else a test that hangs
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return review


def without_model(report):
    """What the rules say, whatever the warnings and times."""
    return [
        (cause["title"], cause["category"], cause["confidence"], cause["suggestions"])
        for cause in report["causes"]
    ]


@pytest.fixture
def down():
    """Where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


FAULTS = {
    "slow": {"silent_seconds": 600},
    "trickle": {"body": b" " * 100_000, "drip_seconds": 0.02},
    "401": {"status": 401, "body": b"who are you"},
    "429": {"status": 429, "headers": {"Retry-After": "600"}},
    "500": {"status": 500, "body": b"boom"},
    "cut": {"body": b'{"choices": [{"message": {"content": "{\\"category'},
    "HTML": {"body": b"<html><body>Sign in</body></html>"},
    "50 MB": {"body": b" " * 50_000_000},
    "elsewhere": {"status": 307, "headers": {"Location": "http://192.0.2.1/v1"}},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_review_ends_with_rules_only_and_one_warning(reviewed, scripted, answer, fault):
    """Whatever the server does; reviewing again asks again, for nothing was learned."""
    server = scripted(answer(**FAULTS[fault]))
    report = reviewed(server.url)
    (warning,) = report["warnings"]

    assert without_model(report) == without_model(reviewed(server.url, "--no-model"))
    assert warning.startswith(f"3 causes were not read by the model: {server.url}/v1: ")
    assert 0 < len(server.requests) <= 6


def test_a_server_that_is_down_costs_a_warning(reviewed, down):
    """As one that answers nonsense."""
    report = reviewed(down)

    assert without_model(report) == without_model(reviewed(down, "--no-model"))
    assert report["warnings"][0].startswith(f"3 causes were not read by the model: {down}/v1: ")


def test_no_model_wins_over_every_setting(reviewed, scripted, says):
    """Not a byte is sent."""
    server = scripted(says("{}"))
    reviewed(server.url, "--no-model")

    assert server.requests == []


def test_without_a_budget_nothing_is_sent(reviewed, scripted, says):
    """And that is said once."""
    server = scripted(says("{}"))
    report = reviewed(server.url, DAY_REQUESTS="0")

    assert server.requests == []
    assert report["warnings"] == [
        "3 causes were not read by the model: today's 0 requests or 1,000,000 tokens are used up"
    ]
