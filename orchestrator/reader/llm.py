"""The HTTP of the model's server: chat completions, as OpenAI's API has them and many others too.

The only module that speaks to it. A server that is down, slow or broken costs a review no more than
its own time limit: requests are tried a few times, and a server that keeps failing is left alone.
Redirects are not followed: the prompt, and the key with it, goes where the user said.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any, Protocol

import httpx

from conftest_kit.masking import Mask
from orchestrator.errors import Unanswered
from orchestrator.patience import asked_wait, pause, tls_problem
from orchestrator.reader.model_settings import KEY_VARIABLE, ModelSettings
from orchestrator.reduce import tokens
from orchestrator.report.plain import one_line

ANSWER_TOKENS = 4096
"""What an answer may have, and is reckoned with before it comes: a tenth of it, but for models that
think first."""
ATTEMPTS = 3
MAX_ANSWER_BYTES = 1_000_000
"""Of a server that answers more, nothing is read beyond."""
FAILURES_IN_A_ROW = 2
"""Questions without an answer after which a server is left alone for the rest of a review."""

_LATER = (408, 409, 425, 429)
_FORM_IS_WRONG = (400, 422)
_SHOWN = 200

Message = Mapping[str, str]
"""`role` and `content`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the model said, and what that cost."""

    text: str
    prompt_tokens: int
    """As the server counts, else as `reduce.tokens` estimates; so are those of the answer."""
    answer_tokens: int
    seconds: float


class Meter(Protocol):
    """Counts what is asked, before it is asked."""

    def reserve(self, tokens: int) -> None:
        """One request that may cost so much.

        Raises:
            OverBudget: there is not so much left; nothing may be sent.
        """

    def settle(self, reserved: int, used: int) -> None:
        """What the request cost in the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failure:
    """Why an attempt failed, and how to go on."""

    reason: str
    again: bool = False
    """Whether another attempt may help."""
    wait: float | None = None
    """Seconds that the server wants to be left alone."""
    hopeless: bool = False
    """No other question will fare better."""
    plainer: bool = False
    """The server does not know something of the request."""
    used: int = 0
    """Tokens that it may have cost."""


class Model:
    """One model on one server for the length of one review."""

    def __init__(self, settings: ModelSettings, *, meter: Meter) -> None:
        self.name = settings.name
        self._settings = settings
        self._meter = meter
        self._deadline: float | None = None
        self._failed = 0
        self._plain = False
        self._given_up = ""
        self._trust: ssl.SSLContext | None = None

    def ask(self, messages: Sequence[Message], *, schema: Mapping[str, Any]) -> Reply:
        """The model's reply, which shall follow the schema; whether it does is not looked at.

        The time that a review has for its answers begins with the first question.

        Raises:
            OverBudget: the meter allows no more.
            Unanswered: there was no reply, or the server was given up before.
        """
        if self._given_up:
            raise Unanswered(self._given_up)
        if self._deadline is None:
            self._deadline = time.monotonic() + self._settings.review_seconds
        try:
            with asyncio.Runner(loop_factory=_Loop) as runner:
                reply = runner.run(self._ask(messages, schema, self._deadline))
        except _Silent as silent:
            self._failed += 1
            said = self._without_key(f"{self._settings.endpoint}: {silent.failure.reason}")
            if silent.failure.hopeless or self._failed >= FAILURES_IN_A_ROW:
                self._given_up = said
            raise Unanswered(said) from silent
        self._failed = 0
        return replace(reply, text=self._without_key(reply.text))

    def _without_key(self, text: str) -> str:
        """What a server says may repeat the key that it was sent, whatever that looks like."""
        return Mask.of({KEY_VARIABLE: self._settings.key or ""})(text)

    async def _ask(
        self, messages: Sequence[Message], schema: Mapping[str, Any], deadline: float
    ) -> Reply:
        prompt_tokens = sum(tokens(message["content"]) for message in messages)
        reserved = prompt_tokens + ANSWER_TOKENS
        attempt = 1
        async with self._client() as client:
            while True:
                self._meter.reserve(reserved)
                body = self._body(messages, None if self._plain else schema)
                found = await self._attempt(client, body, prompt_tokens, deadline)
                if isinstance(found, Reply):
                    self._meter.settle(reserved, found.prompt_tokens + found.answer_tokens)
                    return found
                self._meter.settle(reserved, found.used)
                if found.plainer and not self._plain:
                    self._plain = True
                    continue
                wait = pause(attempt) if found.wait is None else found.wait
                in_time = time.monotonic() + wait < deadline
                if not found.again or attempt >= ATTEMPTS or not in_time:
                    raise _Silent(found)
                attempt += 1
                await asyncio.sleep(wait)

    def _client(self) -> httpx.AsyncClient:
        headers = {
            "User-Agent": f"conftest-kit/{version('conftest-kit')}",
            "Accept-Encoding": "identity",  # a few bytes could unpack to gigabytes
        }
        if self._settings.key is not None:
            headers["Authorization"] = f"Bearer {self._settings.key}"
        try:
            # Whom to trust is read once: it takes longer than a request to this machine.
            self._trust = self._trust or httpx.create_ssl_context()
            return httpx.AsyncClient(
                headers=headers,
                verify=self._trust,
                timeout=self._settings.timeout_seconds,
                follow_redirects=False,
            )
        # SOCKS wants a package of its own; a proxy's URL may be none; a file of certificates too.
        except (ImportError, ValueError, OSError, httpx.InvalidURL) as error:
            raise _Silent(_Failure(reason=f"no client: {error}", hopeless=True)) from error

    def _body(
        self, messages: Sequence[Message], schema: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        body: dict[str, Any] = {"model": self.name, "messages": list(messages)}
        if schema is None:
            return body
        form = {"name": "verdict", "schema": schema, "strict": True}
        return {
            **body,
            "temperature": 0,
            "max_tokens": ANSWER_TOKENS,
            "response_format": {"type": "json_schema", "json_schema": form},
        }

    async def _attempt(
        self, client: httpx.AsyncClient, body: dict[str, Any], prompt_tokens: int, deadline: float
    ) -> Reply | _Failure:
        began = time.monotonic()
        left = max(0.0, min(self._settings.timeout_seconds, deadline - began))
        try:
            # Of the whole exchange: the client's own limit begins anew with each byte.
            async with (
                asyncio.timeout(left),
                client.stream(
                    "POST", f"{self._settings.endpoint}/chat/completions", json=body
                ) as response,
            ):
                content = await _content(response)
        except TimeoutError:
            spent = prompt_tokens + ANSWER_TOKENS  # it may still be at work, for money
            return _Failure(reason=f"no answer within {left:.0f} s", used=spent)
        except httpx.InvalidURL as error:
            return _Failure(reason=f"no address: {error}", hopeless=True)
        # An alert of TLS that comes while the answer is awaited passes through httpx as it is.
        except (httpx.TransportError, OSError) as error:
            problem = tls_problem(error)
            reason = problem or str(error) or type(error).__name__
            return _Failure(reason=reason, again=not problem, hopeless=bool(problem))
        if not response.is_success:
            return _refusal(response, content)
        return _reply(content, prompt_tokens, time.monotonic() - began)


class _Loop(asyncio.SelectorEventLoop):
    """Leaves a name server that does not answer alone; asyncio would wait for it at the end."""

    async def getaddrinfo(self, host: Any, port: Any, **how: Any) -> Any:
        found: asyncio.Future[Any] = self.create_future()

        def settle(addresses: Any, error: OSError | None) -> None:
            if found.done():
                return
            if error is None:
                found.set_result(addresses)
            else:
                found.set_exception(error)

        def look_up() -> None:
            addresses, problem = None, None
            try:
                addresses = socket.getaddrinfo(host, port, **how)
            except OSError as error:
                problem = error
            except UnicodeError as error:
                problem = OSError(str(error))
            with suppress(RuntimeError):  # nobody waits any more
                self.call_soon_threadsafe(settle, addresses, problem)

        threading.Thread(target=look_up, daemon=True).start()
        return await found


class _Silent(Exception):
    def __init__(self, failure: _Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


async def _content(response: httpx.Response) -> bytes:
    content = bytearray()
    async for chunk in response.aiter_raw():
        content += chunk
        if len(content) > MAX_ANSWER_BYTES:
            break
    return bytes(content)


def _refusal(response: httpx.Response, content: bytes) -> _Failure:
    said = one_line(content.decode(errors="replace"), _SHOWN)
    reason = f"it answers {response.status_code} {said}".strip()
    if response.status_code in _LATER or response.is_server_error:
        wait = asked_wait(response.headers.get("Retry-After"))
        return _Failure(reason=reason, again=True, wait=wait)
    if response.has_redirect_location:
        to = one_line(response.headers["Location"], _SHOWN)
        return _Failure(
            reason=f"it sends us on to {to!r}, where we do not go: set the endpoint to that "
            "address if it is yours",
            hopeless=True,
        )
    if response.status_code in _FORM_IS_WRONG:
        return _Failure(reason=reason, plainer=True)
    return _Failure(reason=reason, hopeless=True)


def _reply(content: bytes, prompt_tokens: int, seconds: float) -> Reply | _Failure:
    spent = prompt_tokens + ANSWER_TOKENS
    if len(content) > MAX_ANSWER_BYTES:
        reason = f"its answer is longer than {MAX_ANSWER_BYTES:,} bytes"
        return _Failure(reason=reason, used=spent)
    try:
        document = json.loads(content)
        text = document["choices"][0]["message"]["content"] or ""
        if isinstance(text, list):  # parts, as of models that show their thoughts in others
            text = "".join(part["text"] for part in text if part["type"] == "text")
        usage = document.get("usage") or {}
        used = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        said = one_line(content[: 4 * _SHOWN].decode(errors="replace"), _SHOWN)
        return _Failure(reason=f"its answer is no chat completion: {said}", used=spent)
    if not isinstance(text, str):
        return _Failure(reason="its answer has no text", used=spent)
    prompt, answer = (number if _is_count(number) else None for number in used)
    return Reply(
        text=text,
        prompt_tokens=prompt_tokens if prompt is None else prompt,
        answer_tokens=tokens(text) if answer is None else answer,
        seconds=seconds,
    )


def _is_count(number: object) -> bool:
    return type(number) is int and 0 <= number < 10**9
