"""The HTTP side, over real sockets on loopback."""

from __future__ import annotations

import http.client
import json
import logging
import socket
import threading
import time
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus_memory_logging.errors import StoreError
from orchestrator.alerts.server import MAX_BYTES, Server

JSON = {"Content-Type": "application/json"}
CHUNKED = (
    b"POST /alerts HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
)


class Running:
    """A server, and what it was given to keep."""

    def __init__(self, **options):
        self.kept = []
        self.refuses = False
        self.server = Server("127.0.0.1", 0, keep=self._keep, **{"token": None, **options})
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def _keep(self, alerts):
        if self.refuses:
            raise StoreError("the memory is away")
        self.kept += alerts
        return len(alerts)

    def ask(self, method, path, body=None, headers=()):
        """Status and text of the answer."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as client:
            client.request(method, path, body, dict(headers))
            answer = client.getresponse()
            return answer.status, answer.read().decode()

    def post(self, body, **headers):
        """The answer to a post."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ask("POST", "/alerts", content, {**JSON, **headers})

    def raw(self, text):
        """What comes back for these bytes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as client:
            client.sendall(text)
            return client.makefile("rb").read()

    def end(self):
        """As the command ends it."""
        self.server.shutdown()
        self.thread.join(20)
        self.server.server_close()


@pytest.fixture
def running():
    """`running(**options)` gives a server that answers."""
    started = []

    def start(**options):
        started.append(Running(**options))
        return started[-1]

    yield start
    for one in started:
        one.end()


@pytest.fixture(scope="module")
def shared():
    """A server for many bodies."""
    one = Running()
    yield one
    one.end()


def test_alerts_are_kept_before_they_are_answered(running, told):
    """202 says that they are kept."""
    one = running()
    status, text = one.post(told.post(told.alert()))

    assert (status, json.loads(text)) == (202, {"alerts": 1, "due": 1})
    assert [alert.name for alert in one.kept] == ["PytestFailuresRising"]


def test_what_cannot_be_kept_is_to_be_posted_again(running, told):
    """Alertmanager repeats what was answered with 5xx."""
    one = running()
    one.refuses = True

    assert one.post(told.post(told.alert())) == (503, "the memory is away\n")


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/healthz", {}, 200),
        ("GET", "/healthz", {"Host": "localhost"}, 200),
        ("GET", "/healthz", {"Host": "[::1]:9195"}, 200),
        ("GET", "/healthz", {"Host": "rebound.example:9195"}, 421),
        ("GET", "/healthz", {"Host": "127.0.0.1.example"}, 421),
        ("GET", "/alerts", {}, 404),
        ("POST", "/", JSON, 404),
        ("POST", "/alerts", {**JSON, "Host": "rebound.example"}, 421),
        ("POST", "/alerts", {**JSON, "Origin": "http://evil.example"}, 403),
        ("POST", "/alerts", {"Content-Type": "text/plain"}, 415),
        ("POST", "/alerts", {**JSON, "Content-Length": "-1"}, 411),
        ("POST", "/alerts", {**JSON, "Content-Length": "1e3"}, 411),
        ("POST", "/alerts", {**JSON, "Content-Length": str(MAX_BYTES + 1)}, 413),
        ("DELETE", "/alerts", {}, 501),
    ],
)
def test_who_may_ask_what(running, method, path, headers, status):
    """Others are told why not; nothing is kept."""
    one = running(seconds=2.0)
    found = one.ask(method, path, headers=headers)

    assert found[0] == status
    assert one.kept == []


def test_a_token_is_asked_for_where_there_is_one(running, told):
    """Of those who post; whether the server lives is no secret."""
    one = running(token="s3cret")
    body = told.post(told.alert())

    assert one.ask("GET", "/healthz") == (200, "ok\n")
    for wrong in ("", "Bearer", "Bearer s3cre", "Basic s3cret", "Bearer s3cret2", "Bearer \xe9"):
        assert one.post(body, Authorization=wrong)[0] == 401
    assert one.kept == []
    assert one.post(body, Authorization="bearer s3cret")[0] == 202


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.integers() | st.text(max_size=10),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    ).map(lambda value: json.dumps({"version": "4", "alerts": [value]}).encode())
)
def test_malformed_bodies_are_refused_and_said(shared, caplog, body):
    """With 400, a reason and a line in the log; nothing is kept."""
    caplog.clear()
    status, reason = shared.post(body)

    assert status == 400
    assert f"400 {reason.strip()}" in caplog.text
    assert shared.kept == []


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (b"\r\n\r\n", b""),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n", b"Bad request"),
        (b"POST /alerts HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 200 + b"\r\n", b"431"),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", b"414"),
        (b"GET /healthz HTTP/1.1\r\n\r\n", b"421"),
        (CHUNKED, b"411"),
    ],
)
def test_what_is_not_http(running, text, answer):
    """It gets an answer that says so, or none, and harms nobody."""
    one = running(seconds=1.0)

    assert answer in one.raw(text).partition(b"\r\n")[0]
    assert one.ask("GET", "/healthz")[0] == 200


def test_a_body_that_ends_early_is_refused(running):
    """Half an alert is none."""
    one = running()
    with socket.create_connection(("127.0.0.1", one.port), timeout=20) as client:
        client.sendall(
            b"POST /alerts HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: 100\r\n\r\n{}"
        )
        client.shutdown(socket.SHUT_WR)

        assert b"400" in client.makefile("rb").readline()
    assert one.kept == []


@pytest.mark.parametrize("start", [b"", b"POST /alerts HTTP/1.1\r\nHost: localhost\r\n"])
def test_a_request_that_trickles_in_ends(running, caplog, start):
    """The time is for all of it, not for each byte."""
    one = running(seconds=0.5)
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", one.port), timeout=20) as client:
        client.sendall(start)
        client.settimeout(0.1)
        while time.monotonic() - began < 5:
            try:
                client.sendall(b"a")
                if client.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:  # reset
                break

    assert time.monotonic() - began < 4
    assert "timed out" in caplog.text


def test_no_more_threads_than_were_allowed(running, told):
    """Whoever comes while all are busy is told to come again, and then is heard."""
    one = running(seconds=3.0, threads=2)
    waiting = [socket.create_connection(("127.0.0.1", one.port), timeout=20) for _ in range(2)]
    for client in waiting:
        client.sendall(b"POST")
    for _ in range(100):
        if threading.active_count() >= 4:
            break
        time.sleep(0.01)
    busy = one.raw(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    for client in waiting:
        client.close()

    assert busy.startswith(b"HTTP/1.0 503")
    for _ in range(100):
        try:
            if one.post(told.post())[0] == 202:
                break
        except (http.client.HTTPException, OSError):
            pass
        time.sleep(0.05)
    else:
        pytest.fail("the threads were not given back")


def test_a_client_that_goes_away_is_no_error(running, caplog):
    """Nor is it the end of the server."""
    one = running()
    with socket.create_connection(("127.0.0.1", one.port), timeout=20) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        client.sendall(b"POST /alerts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n")

    assert one.ask("GET", "/healthz")[0] == 200
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_the_address_is_told():
    """The port too, where any would do."""
    server = Server("::1", 0, keep=len, token=None)
    url = server.url
    server.server_close()

    assert url == f"http://[::1]:{server.server_address[1]}/alerts"
    assert server.on_loopback
