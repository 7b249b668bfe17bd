"""The HTTP side: who may post what, and how much of it. Nothing here knows what a review is."""

from __future__ import annotations

import hmac
import io
import json
import logging
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from corpus_memory_logging.errors import StoreError
from corpus_memory_logging.records import Alert
from orchestrator.alerts import webhook
from orchestrator.listening import is_loopback

PATH = "/alerts"
HEALTH = "/healthz"
MAX_BYTES = 1024 * 1024
"""Of a body; Alertmanager's for 1000 alerts has about 700 kB."""
SECONDS = 10.0
"""For a whole request, however slowly it trickles in."""
THREADS = 8
_LINGER_SECONDS = 1.0

Keep = Callable[[tuple[Alert, ...]], int]
"""Keeps alerts for good; returns how many are to be reviewed. Raises StoreError where it cannot."""

_log = logging.getLogger(__name__)


class Server(ThreadingHTTPServer):
    """Listens at once; `serve_forever()` answers, `shutdown()` and `server_close()` end it.

    An alert that was answered with 202 was kept; whoever gets 503, or no answer, is to post again.

    Raises:
        OSError: the address cannot be listened on.
    """

    daemon_threads = False  # server_close() waits for those that answer, SECONDS at most
    request_queue_size = 32

    def __init__(
        self,
        host: str,
        port: int,
        *,
        keep: Keep,
        token: str | None,
        seconds: float = SECONDS,
        threads: int = THREADS,
    ) -> None:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        self.address_family = found[0]
        self.keep = keep
        self.token = token
        self.seconds = seconds
        self.on_loopback = is_loopback(str(found[4][0]))
        self._free = threading.BoundedSemaphore(threads)
        super().__init__((str(found[4][0]), port), _Handler)

    @property
    def url(self) -> str:
        """Where alerts are to be posted."""
        host, port = self.server_address[:2]
        return f"http://{f'[{host!s}]' if ':' in str(host) else host!s}:{port}{PATH}"

    def server_bind(self) -> None:
        """Without the look-up of the host's name, which may take seconds."""
        if self.allow_reuse_address:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = map(str, self.server_address[:2])  # type: ignore[assignment]

    def process_request(self, request: Any, client_address: Any) -> None:
        """In a thread, where one is free."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
            return
        _log.warning("refused %s: all threads are busy", client_address[0])
        with suppress(OSError):
            request.settimeout(1.0)
            request.sendall(b"HTTP/1.0 503 Service Unavailable\r\nRetry-After: 5\r\n\r\n")
        self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Gives the thread back, whatever happens."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, _request: Any, client_address: Any) -> None:
        """A client that went away is no error of ours."""
        _log.warning("no answer to %s", client_address[0], exc_info=True)


class _Refused(Exception):
    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class _Handler(BaseHTTPRequestHandler):
    """One request a connection."""

    server: Server
    server_version = "conftest-kit"
    sys_version = ""

    def setup(self) -> None:
        """Bounds the time for the whole request, not only between two bytes."""
        super().setup()
        self.connection.settimeout(self.server.seconds)
        self._within = _Within(self.connection, time.monotonic() + self.server.seconds)
        self.rfile = io.BufferedReader(self._within)

    def do_GET(self) -> None:
        """Whether the server lives."""
        try:
            self._check_place(HEALTH)
        except _Refused as refused:
            self.send_error(refused.status, str(refused))
            return
        self._answer(HTTPStatus.OK, "text/plain", "ok\n")

    def do_POST(self) -> None:
        """Alerts."""
        try:
            self._check_place(PATH)
            self._check_sender()
            alerts = webhook.parse(self._body())
        except _Refused as refused:
            self.send_error(refused.status, str(refused))
            self._linger()
            return
        except webhook.MalformedBody as error:
            self.send_error(HTTPStatus.BAD_REQUEST, str(error))
            return
        try:
            due = self.server.keep(alerts)
        except StoreError as error:
            self.send_error(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
            return
        told = json.dumps({"alerts": len(alerts), "due": due})
        self._answer(HTTPStatus.ACCEPTED, "application/json", f"{told}\n")

    def _check_place(self, path: str) -> None:
        """A page in a browser of this machine can reach loopback, under a name of its own."""
        if self.path != path:
            asked = f"{self.command} {self.path!r:.80}"
            raise _Refused(HTTPStatus.NOT_FOUND, f"{asked}: there are POST {PATH} and GET {HEALTH}")
        if not self.server.on_loopback:
            return  # a token is asked for there
        host = self.headers.get("Host", "")
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
        name = name.removeprefix("[").removesuffix("]").lower()
        try:
            known = name == "localhost" or is_loopback(name)
        except ValueError:
            known = False
        if not known:
            raise _Refused(HTTPStatus.MISDIRECTED_REQUEST, f"Host {host!r:.80} is not this machine")

    def _check_sender(self) -> None:
        if self.headers.get("Origin") is not None:
            raise _Refused(HTTPStatus.FORBIDDEN, "a web page may not post alerts")
        scheme, _, given = self.headers.get("Authorization", "").partition(" ")
        if self.server.token is not None and not (
            scheme.lower() == "bearer"
            and hmac.compare_digest(given.strip().encode(), self.server.token.encode())
        ):
            raise _Refused(HTTPStatus.UNAUTHORIZED, "the token is missing or wrong")
        # Web pages can post other types without asking first.
        if self.headers.get_content_type() != "application/json":
            raise _Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "the body is not application/json")

    def _body(self) -> bytes:
        length = self._length()
        if length is None:
            raise _Refused(HTTPStatus.LENGTH_REQUIRED, "no Content-Length")
        if length > MAX_BYTES:
            raise _Refused(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{length} bytes, {MAX_BYTES} at most"
            )
        body = self.rfile.read(length)
        if len(body) < length:
            raise _Refused(HTTPStatus.BAD_REQUEST, f"only {len(body)} of {length} bytes came")
        return body

    def _length(self) -> int | None:
        text = self.headers.get("Content-Length", "")
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else None

    def _linger(self) -> None:
        """Take what was sent for nothing, for a moment: else the system may reset the connection
        before the answer was read.
        """
        self._within.deadline = min(self._within.deadline, time.monotonic() + _LINGER_SECONDS)
        left = min(self._length() or 0, MAX_BYTES)
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            while left > 0 and (read := self.rfile.read1(min(left, 65536))):
                left -= len(read)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """A line of text, and the same line in the log."""
        status = HTTPStatus(code)
        said = message or explain or status.phrase
        _log.warning("refused %s: %s %s", self.client_address[0], status.value, said)
        self._answer(status, "text/plain", f"{said}\n")

    def _answer(self, status: HTTPStatus, kind: str, text: str) -> None:
        content = text.encode("utf-8", "backslashreplace")
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        if status is HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", "Bearer")
        if status is HTTPStatus.SERVICE_UNAVAILABLE:
            self.send_header("Retry-After", "5")
        self.end_headers()
        self.wfile.write(content)

    def log_error(self, format: str, *args: Any) -> None:
        """Of the base class: a request that took too long."""
        _log.warning(f"no answer to %s: {format}", self.client_address[0], *args)

    def log_message(self, format: str, *args: Any) -> None:
        """What is refused is said where it is refused; the rest is of no interest."""
        _log.debug(format, *args)


class _Within(io.RawIOBase):
    """What a socket receives until a moment."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection = connection
        self.deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the request took too long")
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)
