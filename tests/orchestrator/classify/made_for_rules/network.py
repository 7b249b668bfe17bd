"""The smallest failure that shows what a rule is about, for those of `network.toml`."""

from __future__ import annotations

from made_for_rules.surroundings import CONNECTS, LOGGED, RPC, SHOP, SHOP_CONNECTS, TEST, one

CASES = {
    "network-blocked": one("pytest_socket.SocketBlockedError", "A test tried to use socket", TEST),
    "name-resolution": one("socket.gaierror", "", SHOP, bases=("OSError",)),
    "connection-refused": one("ConnectionRefusedError", "", SHOP),
    "tls": one("ssl.SSLCertVerificationError", "", SHOP, bases=("ssl.SSLError", "OSError")),
    "service-refused": one(
        "psycopg2.OperationalError",
        'connection to server at "localhost" (127.0.0.1), port 5432 failed: refused',
        SHOP,
    ),
    "server-error": one("urllib.error.HTTPError", "HTTP Error 503: Service Unavailable", SHOP),
    "service-check-failed": one("RuntimeError", "GLM health check failed: 503", SHOP),
    "connection": one("httpx.ReadError", "", SHOP, bases=("httpx.NetworkError",)),
    "unreachable": one("OSError", "", SHOP, attributes={"errno": 101}),
    "connecting": one(
        "webframe.Unreached", "port 1 on 10.0.0.7", SHOP, CONNECTS, bases=("OSError",)
    ),
    "rpc-unavailable": one(
        "grpc._channel._InactiveRpcError", "status = StatusCode.UNAVAILABLE", SHOP, bases=RPC
    ),
    "connecting-itself": one(
        "shop.NoConnection", "prices.internal:8080 does not answer", SHOP_CONNECTS
    ),
    "remote-logged": one(
        "shop.Stale", "no prices", TEST, SHOP, source="raise Stale('no prices')", captured=LOGGED
    ),
    "remote-said": one("shop.ApiError", "HTTPConnectionPool(host='x', port=9): Max retries", SHOP),
}
