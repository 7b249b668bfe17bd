"""`orchestrator send` as a user meets it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.fixture
def project(tmp_path):
    """A project with metrics of both writers."""
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "shop"\n[tool.pytest.ini_options]\n'
    )
    (tmp_path / "monitoring").mkdir()
    (tmp_path / "monitoring" / "pytest_metrics.prom").write_text("pytest_test_failures_total 2\n")
    (tmp_path / "monitoring" / "pytest_causes.prom").write_text("pytest_flaky_tests_ratio 0.5\n")
    return tmp_path


@pytest.fixture
def send(project):
    """`send(*arguments, environ={})` runs `orchestrator send pushgateway` in the project."""

    def send(*arguments: str, environ=None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "orchestrator", "send", "pushgateway", *arguments],
            cwd=project,
            env={**os.environ, **(environ or {})},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return send


def test_both_files_go_in_one_group(send, scripted, answer):
    """One PUT, and the line that says where."""
    server = scripted(answer())
    done = send(server.url)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"replaced {server.url}/metrics/job/pytest/project/shop\n"
    ((method, path, headers, body),) = server.requests
    assert (method, path) == ("PUT", "/metrics/job/pytest/project/shop")
    assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert body == b"pytest_test_failures_total 2\npytest_flaky_tests_ratio 0.5\n"


def test_the_address_may_come_from_the_environment(send, scripted, answer):
    """In the variable that others use too."""
    server = scripted(answer())
    done = send("--job", "ci", environ={"PROMETHEUS_PUSHGATEWAY": server.url})

    assert done.returncode == 0
    assert server.requests[0][1] == "/metrics/job/ci/project/shop"


def test_a_group_is_deleted(send, scripted, answer):
    """Without need of the files."""
    server = scripted(answer(status=202))
    done = send(server.url, "--grouping", "shard=1", "--delete")

    assert done.stdout == f"deleted {server.url}/metrics/job/pytest/project/shop/shard/1\n"
    assert server.requests[0][0] == "DELETE"
    assert server.requests[0][3] == b""


def test_a_gateway_that_is_down_is_served_later(send, project, scripted, answer):
    """69, and where it waits; the next call says what it delivered."""
    server = scripted(
        answer(status=503, headers={"Retry-After": "99"}, body=b"\x1b[31mno"), answer()
    )
    first = send(server.url, "--grouping", "shard=1")
    second = send(server.url, "--grouping", "shard=2")

    assert first.returncode == 69
    assert str(project / "logs" / "spool") in first.stderr
    assert "\x1b" not in first.stderr
    assert second.returncode == 0
    assert second.stderr == (
        "orchestrator: delivered from the spool: "
        f"{server.url}/metrics/job/pytest/project/shop/shard/1\n"
    )


@pytest.mark.parametrize(
    "login",
    [
        (["--user", "me", "--password-env", "SECRET"], "Basic bWU6aHVudGVyMg=="),
        (["--token-env", "SECRET"], "Bearer hunter2"),
    ],
)
def test_secrets_come_from_the_environment(send, project, scripted, answer, login):
    """They reach the server, and neither the output nor the disk."""
    option, header = login
    server = scripted(answer(), answer(status=503, headers={"Retry-After": "99"}))
    outputs = [send(server.url, *option, environ={"SECRET": "hunter2\n"}) for _ in range(2)]

    assert server.requests[0][2]["Authorization"] == header
    written = [path.read_text() for path in (project / "logs").rglob("*.json")]
    assert len(written) == 1
    assert not any(
        "hunter2" in text for done in outputs for text in (done.stdout, done.stderr, *written)
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Missing argument 'URL'"),
        (["ftp://gateway:9091"], "no address of a Pushgateway"),
        (["http://127.0.0.1:1", "--grouping", "shard"], "KEY=VALUE"),
        (["http://127.0.0.1:1", "--user", "me"], "go together"),
        (["http://127.0.0.1:1", "--password-env", "SECRET"], "go together"),
        (["http://127.0.0.1:1", "--token-env", "NO_SUCH"], "NO_SUCH"),
        (
            *(["http://127.0.0.1:1", "--token-env", "X", "--user", "a", "--password-env", "X"],),
            "one way",
        ),
        (["http://127.0.0.1:1", "--client-key", "x"], "--client-certificate"),
        (["http://127.0.0.1:1", "--time-limit", "0"], "--time-limit"),
        (["http://127.0.0.1:1", "--time-limit", "nan"], "--time-limit"),
    ],
)
def test_wrong_usage_is_64(send, project, arguments, said):
    """Said before anything is sent or kept."""
    done = send(*arguments)

    assert done.returncode == 64
    assert said in done.stderr
    assert not (project / "logs").exists()


@pytest.mark.parametrize("content", ["", "a 1 1700000000000\n", "a{ 1\n"])
def test_a_file_that_no_gateway_takes_is_65(send, project, scripted, answer, content):
    """Nothing is sent, so that no group is emptied."""
    server = scripted(answer())
    (project / "monitoring" / "pytest_causes.prom").unlink()
    (project / "monitoring" / "pytest_metrics.prom").write_text(content)
    done = send(server.url)

    assert done.returncode == 65
    assert server.requests == []
    assert not (project / "logs").exists()


def test_without_any_file_it_is_65(send, project, scripted, answer):
    """With what to do first."""
    server = scripted(answer())
    for path in (project / "monitoring").iterdir():
        path.unlink()
    done = send(server.url)

    assert done.returncode == 65
    assert "run pytest with the kit first" in done.stderr
    assert server.requests == []
