"""Agents: the SDK's own client, connected to the real command over either transport."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

LISTENING = re.compile(r"listening on (http://\S+)")
PATIENCE = 60.0


@dataclass(frozen=True, kw_only=True)
class Agent:
    """Asks one server; every question is a connection of its own."""

    connect: Callable[[], Any]
    """A new transport."""
    mode: str = "auto"
    seen: list[str] = field(default_factory=list)
    """Protocol versions that were spoken."""

    def do(self, work: Callable[[Client], Any]) -> Any:
        """What an asynchronous function does with a connected client."""

        async def run() -> Any:
            with anyio.fail_after(PATIENCE):
                async with Client(self.connect(), mode=self.mode) as client:
                    self.seen.append(client.protocol_version)
                    return await work(client)

        return anyio.run(run)

    def call(self, tool: str, **arguments: Any) -> Any:
        """What a tool answers: its structure, or its text."""
        result = self.do(lambda client: client.call_tool(tool, arguments))
        text = "".join(block.text for block in result.content)
        assert not result.is_error, text
        return result.structured_content if result.structured_content is not None else text

    def refused(self, tool: str, **arguments: Any) -> str:
        """What a tool says where it cannot answer."""
        result = self.do(lambda client: client.call_tool(tool, arguments))
        assert result.is_error
        return "".join(block.text for block in result.content)


def stdio(folder: Path, *arguments: str, errors: Any = None) -> Agent:
    """An agent that starts the command itself."""
    parameters = StdioServerParameters(
        command=sys.executable, args=["-m", "orchestrator", "serve", "mcp", *arguments], cwd=folder
    )
    return Agent(connect=lambda: stdio_client(parameters, errlog=errors or sys.__stderr__))


@contextmanager
def serving(folder: Path, *arguments: str, log: Path, listen: str = "127.0.0.1:0", **environ: str):
    """The address of a server in a process of its own."""
    command = [sys.executable, "-m", "orchestrator", "serve", "mcp", "--listen", listen, *arguments]
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **environ}, stdout=file, stderr=file
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while not (found := LISTENING.search(log.read_text())):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield found[1]
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0, log.read_text()


def http(url: str, **headers: str) -> Agent:
    """An agent that speaks to a server that listens."""

    @asynccontextmanager
    async def connect():
        async with (
            create_mcp_http_client(headers=headers) as client,
            streamable_http_client(url, http_client=client) as streams,
        ):
            yield streams

    return Agent(connect=connect)


@pytest.fixture(scope="session")
def shop_server(shop, tmp_path_factory):
    """The address of a server for the shop."""
    with serving(shop, log=tmp_path_factory.mktemp("mcp") / "serve.log") as url:
        yield url


@pytest.fixture(params=["stdio", "http"])
def agent(request, shop):
    """An agent in the shop, over each transport."""
    return stdio(shop) if request.param == "stdio" else http(request.getfixturevalue("shop_server"))


@pytest.fixture
def shop_agent(shop_server):
    """An agent in the shop, over whichever transport answers faster."""
    return http(shop_server)


@pytest.fixture
def agents():
    """How to make agents and servers."""
    return Makers()


class Makers:
    """What tests start themselves."""

    stdio = staticmethod(stdio)
    http = staticmethod(http)
    serving = staticmethod(serving)
    agent = Agent
