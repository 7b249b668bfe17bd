"""The server: tools, resources and prompts under their names, over stdio or HTTP."""

from __future__ import annotations

import functools
import inspect
import json
import socket
from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated, Any

import uvicorn
from jinja2 import Environment, PackageLoader, StrictUndefined
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, ToolAnnotations
from pydantic import Field

from corpus_memory_logging.errors import CorpusMemoryError
from orchestrator.agents.guard import Guard
from orchestrator.agents.tools import Tools
from orchestrator.errors import OrchestratorError
from orchestrator.listening import is_loopback
from orchestrator.report.plain import one_line

SCHEME = "conftest-kit"
PATH = "/mcp"
READING = (
    "brief",
    *("runs", "causes", "cause", "failures", "failure_text", "suggestions", "search"),
    *("artifacts", "read_artifact", "compare_environments", "stats"),
)
WRITING = ("record_decision",)
_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_WRITES = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)
_BRIEF_TOKENS = 4_000


def build(tools: Tools, *, allow_write: bool) -> MCPServer[Any]:
    """The server for a memory; without `allow_write` it has no tool that writes."""
    server = MCPServer[Any](
        "conftest-kit",
        title=f"Test runs of {tools.settings.project}",
        instructions=_prompt("instructions.md"),
        version=version("conftest-kit"),
        log_level="WARNING",
    )
    for name in (*READING, *(WRITING if allow_write else ())):
        ask = getattr(tools, name)
        server.add_tool(
            _translated(ask, ToolError),
            description=inspect.getdoc(ask),
            annotations=_WRITES if name in WRITING else _READS,
            structured_output=name != "brief",  # which is a page for reading
        )
    _add_resources(server, tools)
    _add_prompts(server, tools, may_record=allow_write)
    return server


def serve_stdio(server: MCPServer[Any]) -> None:
    """Until the other side closes; nothing but the protocol goes to standard output."""
    server.run("stdio")


def serve_http(server: MCPServer[Any], listening: socket.socket, *, token: str | None) -> None:
    """Until SIGTERM or Ctrl-C, on a socket that is bound already.

    On loopback it answers to this machine's own names alone, so that no page in a browser gets at
    it under another; beyond, where nobody knows the names, a token is asked for.
    """
    host = str(listening.getsockname()[0])
    names = (host, f"[{host}]", "127.0.0.1", "localhost", "[::1]")
    assert token or is_loopback(host)
    security = TransportSecuritySettings(
        enable_dns_rebinding_protection=is_loopback(host),
        allowed_hosts=[form for name in names for form in (name, f"{name}:*")],
    )
    application = server.streamable_http_app(
        streamable_http_path=PATH,
        json_response=True,
        stateless_http=True,  # nothing is ever sent unasked
        transport_security=security,
    )
    config = uvicorn.Config(
        Guard(application, token=token),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
        limit_concurrency=64,
    )
    uvicorn.Server(config).run(sockets=[listening])


def _add_resources(server: MCPServer[Any], tools: Tools) -> None:
    def runs() -> str:
        """The latest runs."""
        return _as_json(tools.runs())

    def causes() -> str:
        """Causes, the last seen first."""
        return _as_json(tools.causes())

    def run(run_id: str) -> str:
        """A run with its causes."""
        return _as_json(tools.run(run=run_id))

    def cause(cause_id: str) -> str:
        """A cause with its history."""
        return _as_json(tools.cause(cause_id=cause_id))

    for place, read in (
        ("runs", runs),
        ("causes", causes),
        ("runs/{run_id}", run),
        ("causes/{cause_id}", cause),
    ):
        add = server.resource(f"{SCHEME}://{place}", mime_type="application/json")
        add(_translated(read, ResourceError))


def _add_prompts(server: MCPServer[Any], tools: Tools, *, may_record: bool) -> None:
    def triage(
        run: Annotated[str, Field(description="A run's id or `latest`.")] = "latest",
    ) -> str:
        """Find out what broke in a run, and what to do about it."""
        page = tools.brief(what=run, max_tokens=_BRIEF_TOKENS)
        return _prompt("triage.md", run=one_line(run, 100), brief=page)

    def fix(cause: Annotated[str, Field(description="The id of a cause.")]) -> str:
        """Mend a cause, and show that it is mended."""
        page = tools.brief(what=cause, max_tokens=_BRIEF_TOKENS)
        return _prompt("fix.md", cause=one_line(cause, 100), brief=page, may_record=may_record)

    for made in (triage, fix):
        # Any other error of a prompt is the server's own to the SDK, which then says no reason.
        server.prompt()(_translated(made, functools.partial(MCPError, INVALID_PARAMS)))


def _translated(call: Callable[..., Any], error: Callable[[str], Exception]) -> Callable[..., Any]:
    """The call, with errors that can be shown as the protocol's own."""

    @functools.wraps(call)
    def translated(*words: Any, **arguments: Any) -> Any:
        try:
            return call(*words, **arguments)
        except (CorpusMemoryError, OrchestratorError) as caught:
            raise error(one_line(str(caught), 1_000)) from caught

    return translated


def _as_json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def _prompt(name: str, **values: Any) -> str:
    return _prompts().get_template(name).render(values)


@functools.cache
def _prompts() -> Environment:
    return Environment(
        loader=PackageLoader("orchestrator.agents", "prompts"),
        autoescape=False,  # noqa: S701 - Markdown for a model; the brief in it is made safe already
        keep_trailing_newline=False,
        undefined=StrictUndefined,
    )
