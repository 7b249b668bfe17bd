"""The HTTP of what is sent: a request is tried until it is taken, refused, or out of time.

Beside `llm` the only module with an HTTP client. Redirects are not followed: what is sent, and the
credentials with it, goes where the user said and nowhere else.
"""

from __future__ import annotations

import asyncio
import itertools
import ssl
import time
from dataclasses import dataclass, field
from importlib.metadata import version

import httpx

from orchestrator.errors import Refused, Undelivered, UsageProblem
from orchestrator.patience import asked_wait, pause, tls_problem

ATTEMPT_SECONDS = 10.0
"""A server that needs longer hangs, or drips."""
MAX_ANSWER_BYTES = 4096
"""What is read of an answer: enough for one message."""

_LATER = (408, 429)
_CONTENT_IS_WRONG = (400, 413, 422)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be sent where; without credentials."""

    method: str
    url: str
    body: str = ""
    content_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How a server is reached and lets us in."""

    user: str | None = None
    password: str = field(default="", repr=False)
    token: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None

    def trust(self) -> ssl.SSLContext:
        """Whom to believe, and who we are, over TLS.

        Raises:
            UsageProblem: a file is not what it should be.
        """
        try:
            context = (
                ssl.create_default_context(cafile=self.ca_file)
                if self.ca_file
                else httpx.create_ssl_context()
            )
        except OSError as error:
            raise UsageProblem(f"--ca-file {self.ca_file!r}: {error.strerror or error}") from error
        if self.client_certificate:
            try:
                # A password, so that OpenSSL does not ask for that of the key on the terminal.
                context.load_cert_chain(self.client_certificate, self.client_key, password="")
            except OSError as error:
                raise UsageProblem(
                    f"--client-certificate {self.client_certificate!r}"
                    f"{f', --client-key {self.client_key!r}' if self.client_key else ''}: "
                    f"{error.strerror or error}; both are PEM files, the key without a password"
                ) from error
        return context


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failure:
    """Why an attempt failed, and how long the server wants to be left alone."""

    reason: str
    wait: float | None = None


def deliver(request: Request, *, access: Access, deadline: float) -> None:
    """Send a request; returns when the server has taken it. `deadline` is of `time.monotonic()`.

    Tried again after refused connections, timeouts, 429 and 5xx, with growing pauses or the one
    that the server asks for.

    Raises:
        Undelivered: out of time; the same request may be taken later.
        Refused: the server does not want this content, now or later.
        UsageProblem: the address, the credentials or the certificates are wrong.
    """
    asyncio.run(_deliver(request, access=access, deadline=deadline))


async def _deliver(request: Request, *, access: Access, deadline: float) -> None:
    async with _client(access) as client:
        for attempt in itertools.count(1):
            failure = await _attempt(client, request, deadline=deadline)
            if failure is None:
                return
            wait = pause(attempt) if failure.wait is None else failure.wait
            if time.monotonic() + wait >= deadline:
                tried = "once" if attempt == 1 else f"{attempt} times"
                raise Undelivered(f"{request.url}: {failure.reason} (tried {tried})")
            await asyncio.sleep(wait)


def _client(access: Access) -> httpx.AsyncClient:
    headers = {"User-Agent": f"conftest-kit/{version('conftest-kit')}"}
    if access.token is not None:
        headers["Authorization"] = f"Bearer {access.token}"
    login = httpx.BasicAuth(access.user, access.password) if access.user is not None else None
    try:
        return httpx.AsyncClient(
            headers=headers,
            auth=login,
            verify=access.trust(),
            timeout=ATTEMPT_SECONDS,
            follow_redirects=False,
        )
    # SOCKS wants a package of its own; a proxy's URL may be none.
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        raise UsageProblem(f"the proxy that the environment names: {error}") from error


async def _attempt(
    client: httpx.AsyncClient, request: Request, *, deadline: float
) -> _Failure | None:
    left = max(0.0, min(ATTEMPT_SECONDS, deadline - time.monotonic()))
    try:
        # Of the whole exchange: the client's own limit begins anew with each byte.
        async with (
            asyncio.timeout(left),
            client.stream(
                request.method,
                request.url,
                content=request.body.encode() or None,
                headers={"Content-Type": request.content_type} if request.body else {},
            ) as response,
        ):
            message = await _message(response)
    except TimeoutError:
        return _Failure(reason=f"no answer within {left:.0f} s")
    except httpx.InvalidURL as error:
        raise UsageProblem(f"{request.url!r} is no URL: {error}") from error
    # An alert of TLS that comes while the answer is awaited passes through httpx as it is.
    except (httpx.TransportError, OSError) as error:
        if problem := tls_problem(error):
            raise UsageProblem(
                f"{request.url}: {problem}; --ca-file names whom to trust, --client-certificate "
                "who we are"
            ) from error
        return _Failure(reason=str(error) or type(error).__name__)
    return _judged(request, response, message)


async def _message(response: httpx.Response) -> str:
    """The first line of the answer: what servers say about a refusal."""
    content = b""
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) >= MAX_ANSWER_BYTES:
            break
    line = content[:MAX_ANSWER_BYTES].decode(errors="replace").strip().partition("\n")[0]
    return f"{response.status_code} {line}".strip()


def _judged(request: Request, response: httpx.Response, message: str) -> _Failure | None:
    if response.is_success:
        return None
    if response.status_code in _LATER or response.is_server_error:
        return _Failure(
            reason=f"it answers {message}", wait=asked_wait(response.headers.get("Retry-After"))
        )
    if response.status_code in _CONTENT_IS_WRONG:
        raise Refused(f"{request.url} refuses this content: {message}")
    if response.has_redirect_location:
        raise UsageProblem(
            f"{request.url} sends us on to {response.headers['Location']!r}; we go nowhere but "
            "where you say: give that address if it is yours"
        )
    raise UsageProblem(f"{request.url} refuses the call: {message}")
