"""The commands of the group `send`."""

from __future__ import annotations

import os
from typing import Any

import click

from orchestrator import exposition
from orchestrator.commands import terminal
from orchestrator.errors import UsageProblem
from orchestrator.sending import pushgateway

SPOOL_FOLDER = "spool"


@click.group()
def send() -> None:
    """Send what was recorded to another server."""


@send.command("pushgateway")
@click.argument("url", envvar="PROMETHEUS_PUSHGATEWAY")
@click.option("--job", default="pytest", show_default=True, help="The job of the group.")
@click.option(
    "--grouping",
    metavar="KEY=VALUE",
    multiple=True,
    help="A further label of the group; `project` is always one. One for each shard of a run.",
)
@click.option("--delete", is_flag=True, help="Delete the group instead of replacing it.")
@click.option("--user", metavar="NAME", help="Log in with a name, and the password of:")
@click.option("--password-env", metavar="VARIABLE", help="The variable that holds the password.")
@click.option(
    "--token-env", metavar="VARIABLE", help="Log in with the bearer token in this variable."
)
@click.option("--ca-file", metavar="FILE", help="Trust the certificates that these have signed.")
@click.option("--client-certificate", metavar="FILE", help="Who we are, over TLS.")
@click.option("--client-key", metavar="FILE", help="Its key, where it is not in the same file.")
@click.option(
    "--time-limit",
    metavar="SECONDS",
    type=click.IntRange(1, 3600),
    default=30,
    show_default=True,
    help="Stop trying after this; what was not delivered goes first at the next call.",
)
def to_pushgateway(
    url: str, job: str, grouping: tuple[str, ...], *, delete: bool, time_limit: int, **access: Any
) -> None:
    """Replace a project's group in a Pushgateway by what its metrics files hold.

    URL is the gateway's address; without it, that in PROMETHEUS_PUSHGATEWAY.
    """
    from orchestrator import sending  # noqa: PLC0415 - the HTTP client takes 0.2 s to import
    from orchestrator.sending.deliver import Request  # noqa: PLC0415 - as above
    from orchestrator.sending.spool import Spool  # noqa: PLC0415 - as above

    settings = terminal.settings_here()
    server = pushgateway.base_url(url)
    labels = pushgateway.group(job, project=settings.project, further=grouping)
    path = pushgateway.group_path(labels)
    if delete:
        request = Request(method="DELETE", url=server + path)
    else:
        body = pushgateway.exposition(
            (settings.metrics_file, exposition.place(settings)), labels=labels
        )
        request = Request(
            method="PUT", url=server + path, body=body, content_type=pushgateway.CONTENT_TYPE
        )
    spool = Spool(settings.logs_dir / SPOOL_FOLDER)
    for sentence in sending.send(
        request,
        server=f"{server}/metrics/",
        spool=spool,
        access=_access(**access),
        seconds=time_limit,
    ):
        terminal.say(sentence)
    terminal.emit(f"{'deleted' if delete else 'replaced'} {request.url}\n")


def _access(
    *, user: str | None, password_env: str | None, token_env: str | None, **files: str | None
) -> Any:
    from orchestrator.sending.deliver import Access  # noqa: PLC0415 - as above

    if bool(user) != bool(password_env):
        raise UsageProblem("--user and --password-env go together")
    if user and token_env:
        raise UsageProblem("--user and --token-env: one way to log in is enough")
    if files["client_key"] and not files["client_certificate"]:
        raise UsageProblem("--client-key needs --client-certificate")
    return Access(
        user=user,
        password=_secret("--password-env", password_env) if password_env else "",
        token=_secret("--token-env", token_env) if token_env else None,
        **files,
    )


def _secret(option: str, variable: str) -> str:
    value = os.environ.get(variable, "").strip()
    if not value:
        raise UsageProblem(f"{option} {variable!r}: no such environment variable, or it is empty")
    if not (value.isascii() and value.isprintable()):
        raise UsageProblem(f"{option} {variable!r}: its value is not printable ASCII")
    return value
