"""`orchestrator serve alerts` as a process, told by HTTP and by the real Alertmanager."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conftest_kit.settings import load
from corpus_memory_logging import queries
from corpus_memory_logging.store import open_store

LISTENING = re.compile(r"listening on (http://\S+/alerts)")
PATIENCE = 60.0


def wait_until(ask, otherwise):
    """The first true answer."""
    deadline = time.monotonic() + PATIENCE
    while not (answer := ask()):
        if time.monotonic() > deadline:
            pytest.fail(otherwise())
        time.sleep(0.1)
    return answer


class Serving:
    """The command in a project, and what it says."""

    def __init__(self, project, *arguments, **environ):
        self.log = project / "serve.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "orchestrator", "serve", "alerts", *arguments],
                cwd=project,
                env={**os.environ, **environ},
                stdout=log,
                stderr=log,
            )

    @property
    def said(self):
        """All that it has said."""
        return self.log.read_text(errors="replace")

    @property
    def url(self):
        """Where it listens."""

        def found():
            assert self.process.poll() is None, self.said
            return LISTENING.findall(self.said)

        return wait_until(found, lambda: self.said)[-1]

    def post(self, body, **headers):
        """The status of the answer to a post."""
        request = urllib.request.Request(
            self.url,
            json.dumps(body).encode(),
            {"Content-Type": "application/json", **headers},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=20) as answer:
                return answer.status
        except urllib.error.HTTPError as refused:
            return refused.code

    def end(self, number=signal.SIGTERM):
        """Its exit status after this signal."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@pytest.fixture
def project(tmp_path):
    """A project with one red run that nobody has reviewed."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_red.py").write_text("def test_red():\n    assert 1 == 2\n")
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "conftest_kit"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
    )
    return tmp_path


@pytest.fixture
def serve(project):
    """`serve(*arguments, **environ)` starts the command there."""
    begun = []

    def start(*arguments, **environ):
        begun.append(Serving(project, "--listen", "127.0.0.1:0", *arguments, **environ))
        return begun[-1]

    yield start
    for one in begun:
        one.process.kill()
        one.process.wait()


def alerts_of(project):
    """The alerts beside the runs of the project's memory, once all are settled."""
    settings = load(project, {})

    def settled():
        with open_store(settings.memory_location, project=settings.project) as store:
            rows = store.select("alerts")
            return all(row["state"] != "accepted" for row in rows) and rows

    return wait_until(settled, lambda: "the alerts are not reviewed")


def body(name="Rising"):
    """A post with one alert."""
    return {
        "version": "4",
        "alerts": [
            {
                "status": "firing",
                "labels": {"alertname": name},
                "annotations": {"summary": "tests fail"},
                "startsAt": "2026-01-01T00:00:00Z",
                "fingerprint": name,
            }
        ],
    }


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_whichever_thread_takes_the_signal(serve, number):
    """As the one that starts another at that moment does on Linux: the process ends all the same."""
    one = serve()
    assert one.url
    tasks = Path(f"/proc/{one.process.pid}/task")
    if not tasks.is_dir():
        pytest.skip("there is no /proc that lists threads: run it on Linux")
    threads = sorted(int(task.name) for task in tasks.iterdir())
    assert threads[0] == one.process.pid
    os.kill(threads[-1], number)

    assert one.process.wait(PATIENCE) == 0, one.said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_from_a_post_to_a_review(serve, project, number):
    """The run is in the memory with the alert beside it; the process ends cleanly when told."""
    one = serve()

    assert one.post(body()) == 202
    assert one.post(body()) == 202
    assert one.post({"version": "4"}) == 400
    (row,) = alerts_of(project)
    assert row["state"] == "reviewed"
    assert one.end(number) == 0
    assert "refused 127.0.0.1: 400 alerts is not a list" in one.said
    assert one.said.count("alert Rising: run") == 1
    assert "Traceback" not in one.said
    assert (project / "monitoring" / "pytest_causes.prom").exists()
    report = subprocess.run(
        [sys.executable, "-m", "orchestrator", "review"],
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "alert Rising, firing, since 2026-01-01 00:00: tests fail" in report.stdout


def test_an_alert_that_was_answered_survives_a_crash(serve, project):
    """It was kept before the answer: the next process reviews it."""
    one = serve()
    # Stopped in between, so that there is no time to review.
    assert one.post(body()) == 202
    one.end(signal.SIGKILL)
    serve()

    assert [row["state"] for row in alerts_of(project)] == ["reviewed"]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--listen", "0.0.0.0:0"], 64, "0.0.0.0 is reached by others: set CONFTEST_KIT_SERVE_TO"),
        (["--listen", "9195"], 64, "'9195' is not HOST:PORT, such as 127.0.0.1:9195"),
        (["--listen", "127.0.0.1:99999"], 64, "is not HOST:PORT"),
        (["--listen", "192.0.2.1:9195"], 64, "cannot listen on 192.0.2.1:9195: "),
        (["--listen", "no-such-host.invalid:9195"], 64, "cannot listen on no-such-host.invalid"),
        (["--token-file", "empty"], 64, "there is no token in 'empty'"),
        (["--token-file", "binary"], 64, "cannot read the token in 'binary'"),
        (["--memory", "pytest.ini"], 69, "it is not a SQLite database"),
    ],
)
def test_what_it_does_not_begin_with(project, arguments, status, said):
    """One message each, before the first alert could be lost."""
    (project / "empty").write_text("\n")
    (project / "binary").write_bytes(b"\xff")
    found = subprocess.run(
        [sys.executable, "-m", "orchestrator", "serve", "alerts", *arguments],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (found.returncode, found.stdout) == (status, "")
    assert said in found.stderr


@pytest.mark.parametrize("from_file", [True, False])
def test_beyond_loopback_a_token_is_asked_for(project, tmp_path, from_file):
    """From a file, or from the environment."""
    (project / "token").write_text("s3cret\n")
    given = ["--token-file", "token"] if from_file else []
    environ = {} if from_file else {"CONFTEST_KIT_SERVE_TOKEN": "s3cret"}
    one = Serving(project, "--listen", "0.0.0.0:0", *given, **environ)
    try:
        assert one.post(body()) == 401
        assert one.post(body(), Authorization="Bearer s3cret") == 202
    finally:
        assert one.end() == 0
    assert "s3cret" not in one.said


def test_the_real_alertmanager(serve, project, tmp_path, require_program):
    """Fires, is reviewed; resolves, is noted."""
    program = require_program("prometheus-alertmanager", "prometheus-alertmanager")
    (tmp_path / "token").write_text("s3cret")
    one = serve("--token-file", "token")
    (tmp_path / "alertmanager.yml").write_text(f"""
route: {{receiver: reviews, group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers:
  - name: reviews
    webhook_configs:
      - url: {one.url}
        send_resolved: true
        http_config: {{authorization: {{credentials_file: {tmp_path}/token}}}}
""")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with (tmp_path / "alertmanager.log").open("wb") as log:
        process = subprocess.Popen(
            [
                program,
                "--config.file=alertmanager.yml",
                "--storage.path=am",
                f"--web.listen-address={address}",
                "--cluster.listen-address=",
            ],
            cwd=tmp_path,
            stdout=log,
            stderr=log,
        )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def tell(**times):
        labels = {"alertname": "PytestFailuresRising", "severity": "critical"}
        alert = {"labels": labels, "annotations": {"summary": "1 test failed"}, **times}
        request = urllib.request.Request(
            f"http://{address}/api/v2/alerts",
            json.dumps([alert]).encode(),
            {"Content-Type": "application/json"},
        )
        try:
            return opener.open(request, timeout=10).status == 200
        except OSError:
            return False

    def log():
        return (tmp_path / "alertmanager.log").read_text() + one.said

    try:
        began = datetime.now(UTC).isoformat()
        wait_until(lambda: tell(startsAt=began), log)
        wait_until(lambda: "alert PytestFailuresRising: run" in one.said, log)
        (fired,) = alerts_of(project)
        tell(startsAt=began, endsAt=datetime.now(UTC).isoformat())
        wait_until(lambda: alerts_of(project)[0]["status"] == "resolved", log)
    finally:
        process.terminate()
        process.wait(PATIENCE)
    settings = load(project, {})
    with open_store(settings.memory_location, project=settings.project) as store:
        (run,) = queries.runs(store)
        (beside,) = queries.show(store, run["run_id"])["alerts"]

    assert (fired["state"], fired["severity"]) == ("reviewed", "critical")
    assert (beside["status"], beside["summary"]) == ("resolved", "1 test failed")
    assert beside["ended"] is not None
    assert run["causes"] == 1
