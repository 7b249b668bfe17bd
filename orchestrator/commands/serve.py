"""The commands that serve others until they are told to end."""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import sys
import threading
from pathlib import Path
from types import ModuleType

import click

from orchestrator import listening
from orchestrator.alerts.reviewing import Reviewing
from orchestrator.alerts.server import Server
from orchestrator.commands import options, terminal
from orchestrator.errors import UsageProblem
from orchestrator.reviews import redactor_here

TOKEN = "CONFTEST_KIT_SERVE_TOKEN"  # noqa: S105 - the name of a variable
ALERTS = "127.0.0.1:9195"
_LAST_SECONDS = 30.0
"""What a review under way may take when the process is told to end."""
_LISTEN = re.compile(r"(\[[\da-fA-F:.]+\]|[\w.-]+):(\d{1,5})")


def _address(
    _context: click.Context, _option: click.Parameter, value: str | None
) -> tuple[str, int] | None:
    if value is None:
        return None
    found = _LISTEN.fullmatch(value)
    if found is None or int(found[2]) > 65535:
        raise click.BadParameter(f"{value!r} is not HOST:PORT, such as {ALERTS}")
    return found[1].strip("[]"), int(found[2])


token_file = click.option(
    "--token-file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=f"What senders must know; else the variable {TOKEN}.",
)


@click.group()
def serve() -> None:
    """Serve others until told to end: SIGTERM, or Ctrl-C."""


@serve.command("alerts")
@options.memory
@click.option(
    "--listen",
    metavar="HOST:PORT",
    default=ALERTS,
    show_default=True,
    callback=_address,
    help="Where; beyond loopback a token is required.",
)
@token_file
def alerts(listen: tuple[str, int], token_file: Path | None, memory: str | None) -> None:
    """Turn each alert that Alertmanager posts to /alerts into a review of the run it speaks of."""
    settings = terminal.settings_here(memory)
    token = _token(token_file)
    terminal.open_memory(settings, create=True).close()  # before the first alert, not with it
    reviewing = Reviewing(settings, redactor=redactor_here(), clock=terminal.now)
    try:
        server = Server(*listen, keep=reviewing.keep, token=token)
    except OSError as error:
        raise UsageProblem(f"cannot listen on {listen[0]}:{listen[1]}: {error.strerror}") from error
    if not (server.on_loopback or token):
        server.server_close()
        raise _reached_by_others(listen[0])
    _log_to_terminal()
    _until_told(server, reviewing)


@serve.command("mcp")
@options.memory
@click.option(
    "--listen",
    metavar="HOST:PORT",
    callback=_address,
    help="Streamable HTTP at /mcp in place of stdio; beyond loopback a token is required.",
)
@token_file
@click.option("--allow-write", is_flag=True, help="Also let agents record decisions.")
def mcp(
    *,
    listen: tuple[str, int] | None,
    token_file: Path | None,
    allow_write: bool,
    memory: str | None,
) -> None:
    """Offer the memory to coding agents as tools, over the Model Context Protocol.

    An agent starts it in the project's folder and speaks to it over standard input and output.
    """
    settings = terminal.settings_here(memory)
    agents, tools = _agents()
    server = agents.build(
        tools.Tools(
            settings=settings,
            open_memory=lambda: terminal.open_memory(settings),
            clock=terminal.now,
            reviewer=f"{terminal.reviewer()}, through an agent",
        ),
        allow_write=allow_write,
    )
    if listen is None:
        agents.serve_stdio(server)
        return
    token = _token(token_file)
    try:
        bound = listening.bound(*listen)
    except OSError as error:
        raise UsageProblem(f"cannot listen on {listen[0]}:{listen[1]}: {error.strerror}") from error
    with bound:
        if not (token or listening.is_loopback(str(bound.getsockname()[0]))):
            raise _reached_by_others(listen[0])
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)  # uvicorn raises it once more when it has ended
        bound.listen()
        terminal.say(f"listening on {listening.url(bound, agents.PATH)}")
        agents.serve_http(server, bound, token=token)


def _agents() -> tuple[ModuleType, ModuleType]:
    """The modules that need the extra `mcp`."""
    try:
        from orchestrator.agents import server, tools  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("orchestrator"):
            raise
        raise UsageProblem(
            f"the package {error.name!r} is not installed here ({sys.executable}); install what "
            '`serve mcp` needs: pipx install --force "conftest-kit[mcp]", or '
            'pip install "conftest-kit[mcp]"'
        ) from error
    return server, tools


def _reached_by_others(host: str) -> UsageProblem:
    return UsageProblem(
        f"{host} is reached by others: set {TOKEN} or --token-file, or listen on loopback"
    )


def _token(file: Path | None) -> str | None:
    try:
        text = file.read_text("utf-8") if file else os.environ.get(TOKEN, "")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageProblem(f"cannot read the token in {str(file)!r}: {error}") from error
    if file and not text.strip():
        raise UsageProblem(f"there is no token in {str(file)!r}")
    return text.strip() or None


def _until_told(server: Server, reviewing: Reviewing) -> None:
    # A thread that starts another, or git, may take the signal. Python would run its handler in the
    # main thread alone, and not wake it for that; what is written to a socket wakes it.
    told, tell = socket.socketpair()
    tell.settimeout(0)
    signal.set_wakeup_fd(tell.fileno())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    listening = threading.Thread(target=server.serve_forever, name="alerts")
    reviewing.start()
    listening.start()
    terminal.say(f"listening on {server.url}")
    told.recv(1)
    server.shutdown()
    listening.join()
    server.server_close()
    reviewing.stop(_LAST_SECONDS)
    terminal.say("ended; alerts that were not reviewed yet are by the next one")


def _log_to_terminal() -> None:
    class Terminal(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            terminal.say(self.format(record))

    log = logging.getLogger("orchestrator.alerts")
    log.addHandler(Terminal())
    log.setLevel(logging.INFO)
