"""Real servers on loopback: each on a port that the system chose, in a folder of its own.

Their factories have the scope of the session, and so have the servers: a test may stop one early.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PATIENCE_SECONDS = 60.0
"""Servers answer within a second; a machine that is busy with other tests may need many."""

_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_LISTENING = re.compile(r'msg="Listening on" address=(\S+)')


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A process that listens at `url`; all that it writes is in `folder`."""

    name: str
    url: str
    folder: Path
    process: subprocess.Popen[bytes]

    def get(self, path: str, **parameters: str) -> str:
        """What it answers to GET."""
        asked = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
        with _NO_PROXY.open(f"{self.url}{path}{asked}", timeout=10) as answer:
            return answer.read().decode()

    @property
    def address(self) -> str:
        """`host:port`, as Prometheus wants its targets."""
        return self.url.removeprefix("http://")

    @property
    def log(self) -> str:
        """What it has said so far."""
        return (self.folder / "log").read_text(errors="replace")

    def stop(self) -> None:
        """End the process; once is enough, twice is no error."""
        self.process.terminate()
        try:
            self.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prometheus(Server):
    """A server that answers PromQL: Prometheus, or VictoriaMetrics."""

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The instant vector: `{"metric": {…}, "value": [time, "1"]}` for each series."""
        answer = json.loads(self.get("/api/v1/query", query=expression))
        assert answer["status"] == "success", answer
        return answer["data"]["result"]

    def values(self, expression: str, *labels: str) -> dict[tuple[str, ...], float]:
        """The values by those labels: `values("up", "job") == {("node",): 1.0}`."""
        return {
            tuple(series["metric"].get(label, "") for label in labels): float(series["value"][1])
            for series in self.query(expression)
        }

    def expect(
        self, expected: Mapping[tuple[str, ...], float], expression: str, *labels: str
    ) -> None:
        """Fail the test unless the values by those labels become what is expected.

        What a scrape has brought is not visible to queries at once.
        """
        wait_until(
            lambda: self.values(expression, *labels) == pytest.approx(expected),
            lambda: f"{expression} is {self.values(expression, *labels)}, not {expected}",
        )

    def wait_for(
        self, expression: str, *, seconds: float = PATIENCE_SECONDS
    ) -> list[dict[str, Any]]:
        """What the query gives as soon as it gives anything; comparisons make it wait for a value.

        `wait_for("pytest_runs_total > 2")` fails the test after those seconds, with the targets.
        """
        return wait_until(
            lambda: self.query(expression),
            lambda: f"no data for {expression!r}; targets: {self.get('/api/v1/targets')[:2000]}",
            seconds=seconds,
        )


def wait_until(
    ask: Callable[[], Any],
    otherwise: Callable[[], str],
    *,
    seconds: float = PATIENCE_SECONDS,
) -> Any:
    """The first true answer; after those seconds the test fails with what `otherwise` says."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        if time.monotonic() >= deadline:
            pytest.fail(f"after {seconds:g} s: {otherwise()}")
        time.sleep(0.1)
    return answer


@pytest.fixture(scope="session", name="wait_until")
def _wait_until() -> Callable[..., Any]:
    """`wait_until(ask, otherwise, seconds=…)` gives the first true answer, or fails the test."""
    return wait_until


@pytest.fixture(scope="session")
def start_server(require_program, tmp_path_factory) -> Iterator[Callable[..., Server]]:
    """`start_server(program, debian_package, arguments, …)` gives it when it is ready."""
    with ExitStack() as running:

        def start(
            program: str,
            debian_package: str,
            arguments: Callable[[Path], Sequence[str]],
            *,
            ready: str = "/-/ready",
            url: str | None = None,
            kind: type[Server] = Server,
        ) -> Server:
            path = require_program(program, debian_package)
            folder = tmp_path_factory.mktemp(program)
            with (folder / "log").open("wb") as log:
                process = subprocess.Popen(
                    [path, *arguments(folder)], stdout=log, stderr=log, cwd=folder
                )
            server = kind(name=program, url=url or "", folder=folder, process=process)
            running.callback(server.stop)
            if url is None:
                server = kind(name=program, url=_listening(server), folder=folder, process=process)
            wait_until(lambda: _answers(server, ready), lambda: f"not ready: {server.log}")
            return server

        yield start


def _listening(server: Server) -> str:
    def address() -> str | None:
        assert server.process.poll() is None, server.log
        found = _LISTENING.search(server.log)
        return found and found[1]

    return f"http://{wait_until(address, lambda: f'does not listen: {server.log}')}"


def _answers(server: Server, path: str) -> bool:
    assert server.process.poll() is None, server.log
    try:
        server.get(path)
    except OSError:  # refused, or 503 while it starts
        return False
    return True


@pytest.fixture(scope="session")
def start_node_exporter(start_server) -> Callable[[Path], Server]:
    """`start_node_exporter(folder)` serves the textfiles of that folder and nothing else."""

    def start(textfiles: Path) -> Server:
        return start_server(
            "prometheus-node-exporter",
            "prometheus-node-exporter",
            lambda _folder: [
                "--collector.disable-defaults",
                "--collector.textfile",
                f"--collector.textfile.directory={textfiles}",
                "--web.disable-exporter-metrics",
                "--web.listen-address=127.0.0.1:0",
            ],
            ready="/",
        )

    return start


@pytest.fixture(scope="session")
def start_pushgateway(start_server) -> Callable[..., Server]:
    """`start_pushgateway(port=0, options=[])`: a port of one's own lets it come back there."""

    def start(*, port: int = 0, options: Sequence[str] = ()) -> Server:
        return start_server(
            "prometheus-pushgateway",
            "prometheus-pushgateway",
            lambda _folder: [
                "--persistence.file=",
                f"--web.listen-address=127.0.0.1:{port}",
                *options,
            ],
        )

    return start


@pytest.fixture(scope="session")
def start_alertmanager(start_server) -> Callable[[Mapping[str, Any]], Server]:
    """`start_alertmanager(configuration)`; JSON is YAML, so a dict will do."""

    def start(configuration: Mapping[str, Any]) -> Server:
        def arguments(folder: Path) -> list[str]:
            (folder / "alertmanager.json").write_text(json.dumps(configuration))
            return [
                f"--config.file={folder / 'alertmanager.json'}",
                f"--storage.path={folder / 'data'}",
                "--web.listen-address=127.0.0.1:0",
                "--cluster.listen-address=",
            ]

        return start_server("prometheus-alertmanager", "prometheus-alertmanager", arguments)

    return start


@pytest.fixture(scope="session")
def start_prometheus(start_server) -> Callable[..., Prometheus]:
    """`start_prometheus(targets, rules=[], alertmanager=None, further={})` scrapes and evaluates each second.

    `targets` has a server for each job: `{"node": node_exporter}`. Labels of the scraped series
    stand (`honor_labels`), as the Pushgateway's must. `rules` are paths of rule files, `further` is
    more of the configuration.
    """

    def start(
        targets: Mapping[str, Server],
        *,
        rules: Sequence[Path] = (),
        alertmanager: Server | None = None,
        further: Mapping[str, Any] | None = None,
    ) -> Prometheus:
        def arguments(folder: Path) -> list[str]:
            configuration = scraping(targets) | {"rule_files": [str(path) for path in rules]}
            configuration |= further or {}
            configuration["global"]["evaluation_interval"] = "1s"
            if alertmanager:
                receivers = [{"targets": [alertmanager.address]}]
                configuration["alerting"] = {"alertmanagers": [{"static_configs": receivers}]}
            (folder / "prometheus.json").write_text(json.dumps(configuration))
            return [
                f"--config.file={folder / 'prometheus.json'}",
                f"--storage.tsdb.path={folder / 'data'}",
                "--web.listen-address=127.0.0.1:0",
            ]

        return start_server("prometheus", "prometheus", arguments, kind=Prometheus)

    return start


@pytest.fixture(scope="session")
def start_victoria_metrics(start_server) -> Callable[[Mapping[str, Server]], Prometheus]:
    """`start_victoria_metrics(targets)` scrapes each second and answers PromQL.

    Also in CI its tests are skipped where the distribution has no such package.
    """
    if shutil.which("victoria-metrics") is None and _lacks("victoria-metrics"):
        pytest.skip("apt, which has prometheus, offers no package victoria-metrics")

    def start(targets: Mapping[str, Server]) -> Prometheus:
        with socket.socket() as free:  # it does not tell which port it was given
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"

        def arguments(folder: Path) -> list[str]:
            (folder / "scrape.json").write_text(json.dumps(scraping(targets)))
            return [
                f"-promscrape.config={folder / 'scrape.json'}",
                f"-storageDataPath={folder / 'data'}",
                f"-httpListenAddr={address}",
                "-search.latencyOffset=0s",
            ]

        return start_server(
            "victoria-metrics",
            "victoria-metrics",
            arguments,
            ready="/health",
            url=f"http://{address}",
            kind=Prometheus,
        )

    return start


def _lacks(package: str) -> bool:
    """Whether this release of Debian has no such package, rather than no lists of packages."""
    if shutil.which("apt-cache") is None:
        return False
    offered = subprocess.run(
        ["apt-cache", "madison", "prometheus", package], capture_output=True, text=True, check=False
    ).stdout
    return "prometheus |" in offered and f"{package} |" not in offered


def scraping(targets: Mapping[str, Server]) -> dict[str, Any]:
    """The configuration of who scrapes those servers each second."""
    return {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
        "scrape_configs": [
            {
                "job_name": job,
                "honor_labels": True,
                "static_configs": [{"targets": [server.address]}],
            }
            for job, server in targets.items()
        ],
    }
