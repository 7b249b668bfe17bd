"""What tests of the orchestrator share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server answers, and how slowly."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    drip_seconds: float = 0
    """Each byte of the body after this time."""
    silent_seconds: float = 0
    """Before anything is answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted:
    """A server that gives its answers in turn, the last one for ever, and keeps what it got."""

    url: str
    requests: list[tuple[str, str, dict[str, str], bytes]]
    """Method, path, headers, body."""
    times: list[float]


@pytest.fixture
def scripted() -> Iterator[Callable[..., Scripted]]:
    """`scripted(Answer(status=500), Answer())` starts one on loopback; an answer may also be a
    function of the request's body.
    """
    with ExitStack() as running:

        def start(*answers: Answer | Callable[[bytes], Answer], tls=None) -> Scripted:
            ended = threading.Event()
            server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(answers, ended))
            server.got, server.times = [], []
            if tls:
                server.socket = tls.wrap_socket(server.socket, server_side=True)
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
            thread.start()
            running.callback(thread.join)
            running.callback(server.server_close)
            running.callback(server.shutdown)
            running.callback(ended.set)
            scheme = "https" if tls else "http"
            return Scripted(
                url=f"{scheme}://127.0.0.1:{server.server_port}",
                requests=server.got,
                times=server.times,
            )

        yield start


def _handler(
    answers: tuple[Answer | Callable[[bytes], Answer], ...], ended: threading.Event
) -> type[BaseHTTPRequestHandler]:
    left = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.server.got.append((self.command, self.path, dict(self.headers), body))
            self.server.times.append(time.monotonic())
            answer = left.pop(0) if len(left) > 1 else left[0]
            answer = answer(body) if callable(answer) else answer
            ended.wait(answer.silent_seconds)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            step = 1 if answer.drip_seconds else len(answer.body) or 1
            for index in range(0, len(answer.body), step):
                if ended.wait(answer.drip_seconds):
                    return
                self.wfile.write(answer.body[index : index + step])

        do_PUT = do_DELETE = do_POST = _answer  # noqa: N815 - names that the class looks for

        def log_message(self, *_arguments: object) -> None:
            """Nothing: what was asked is kept instead."""

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:  # who asked has gone
                self.close_connection = True

    return Handler


def completion(content: str, *, prompt_tokens: int = 700, answer_tokens: int = 50) -> Answer:
    """A chat completion that says so."""
    document = {
        "object": "chat.completion",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": content}}],
        "usage": {"prompt_tokens": prompt_tokens, "completion_tokens": answer_tokens},
    }
    return Answer(body=json.dumps(document).encode())


@pytest.fixture
def says() -> Callable[..., Answer]:
    """`says("text")` is an answer of a model's server."""
    return completion


@pytest.fixture
def answer() -> type[Answer]:
    """What `scripted` is given."""
    return Answer


@pytest.fixture
def checked_out(tmp_path) -> Callable[[Mapping[str, str]], Path]:
    """`checked_out({file: content})` writes a checkout and gives its root."""

    def write(files: Mapping[str, str]) -> Path:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, "utf-8")
        return tmp_path

    return write


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(scope="session")
def shop(once) -> Path:
    """The demo's project after the demo: a run that died with six causes, one of them resolved,
    and a run in which that one came back. To be read only.
    """

    def fill(folder: Path) -> None:
        told = subprocess.run(
            [sys.executable, "-m", "orchestrator", "demo", folder / "shop"],
            env={**os.environ, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert told.returncode == 0, told.stdout + told.stderr

    return once("shop", fill) / "shop"
