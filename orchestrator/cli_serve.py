"""The commands that serve others until they are told to end."""

from __future__ import annotations

import logging
import os
import re
import signal
import threading
from pathlib import Path

import click

from orchestrator import options, terminal
from orchestrator.alerts.reviewing import Reviewing
from orchestrator.alerts.server import Server
from orchestrator.errors import UsageProblem
from orchestrator.reviews import redactor_here

TOKEN = "CONFTEST_KIT_SERVE_TOKEN"  # noqa: S105 - the name of a variable
ALERTS = "127.0.0.1:9195"
_LAST_SECONDS = 30.0
"""What a review under way may take when the process is told to end."""
_LISTEN = re.compile(r"(\[[\da-fA-F:.]+\]|[\w.-]+):(\d{1,5})")


def _address(_context: click.Context, _option: click.Parameter, value: str) -> tuple[str, int]:
    found = _LISTEN.fullmatch(value)
    if found is None or int(found[2]) > 65535:
        raise click.BadParameter(f"{value!r} is not HOST:PORT, such as {ALERTS}")
    return found[1].strip("[]"), int(found[2])


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
@click.option(
    "--token-file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=f"What senders must know; else the variable {TOKEN}.",
)
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
        raise UsageProblem(
            f"{listen[0]} is reached by others: set {TOKEN} or --token-file, or listen on loopback"
        )
    _log_to_terminal()
    _until_told(server, reviewing)


def _token(file: Path | None) -> str | None:
    try:
        text = file.read_text("utf-8") if file else os.environ.get(TOKEN, "")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageProblem(f"cannot read the token in {str(file)!r}: {error}") from error
    if file and not text.strip():
        raise UsageProblem(f"there is no token in {str(file)!r}")
    return text.strip() or None


def _until_told(server: Server, reviewing: Reviewing) -> None:
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    listening = threading.Thread(target=server.serve_forever, name="alerts")
    reviewing.start()
    listening.start()
    terminal.say(f"listening on {server.url}")
    told.wait()
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
