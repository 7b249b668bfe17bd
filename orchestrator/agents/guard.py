"""Who may speak to the server over HTTP: whoever knows the token, and never a page in a browser."""

from __future__ import annotations

import hmac
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class Guard:
    """An application behind a token, where there is one."""

    def __init__(self, application: ASGIApp, *, token: str | None) -> None:
        self._application = application
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        if scope["type"] == "http" and (refused := self._refused(Headers(scope=scope))):
            await refused(scope, receive, send)
            return
        await self._application(scope, receive, send)

    def _refused(self, headers: Headers) -> PlainTextResponse | None:
        if "origin" in headers:
            return PlainTextResponse("a web page may not ask", HTTPStatus.FORBIDDEN)
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if self._token is None or (
            scheme.lower() == "bearer"
            and hmac.compare_digest(given.strip().encode(), self._token.encode())
        ):
            return None
        return PlainTextResponse(
            "the token is missing or wrong",
            HTTPStatus.UNAUTHORIZED,
            headers={"WWW-Authenticate": "Bearer"},
        )
