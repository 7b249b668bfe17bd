"""Which address a call of the network was for, as the record keeps it."""

from __future__ import annotations

import asyncio
import http.client
import os
import socket
import socketserver
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from conftest_kit.addresses import address
from conftest_kit.failures import Extraction
from conftest_kit.places import Places

NOWHERE = "shop.invalid"  # RFC 6761: never resolved


class Asking:
    """Has no variables of its own."""

    __slots__ = ()

    def ask(self):
        """Nobody answers."""
        raise TimeoutError


class Client(Asking):
    """As many clients are: what they are for is theirs."""

    def __init__(self, host, port):
        self.host, self.port = host, port


class Property(Asking):
    """Its host is never asked for."""

    @property
    def host(self):
        """Never asked."""
        raise AssertionError("nobody's code is run")


@pytest.fixture
def port():
    """At which somebody listens who never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def free_port():
    """At which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def recorded(action):
    """The `address` of the exception that somebody raises, and of its causes."""
    with pytest.raises(OSError) as raised:
        action()
    chain = Extraction(Places("/nowhere")).chain(raised.value)
    return [link.attributes.get("address") for link in chain]


def with_variables(**variables):
    """Raises in a function that has these."""
    names = ", ".join(variables)
    space = {}
    exec(f"def ask({names}):\n    raise TimeoutError", space)
    return lambda: space["ask"](**variables)


def test_who_is_not_resolved():
    """By the standard library's clients and by asyncio."""
    for action in (
        lambda: socket.create_connection((NOWHERE, 5432)),
        lambda: http.client.HTTPConnection(NOWHERE, 5432).request("GET", "/"),
        lambda: asyncio.run(asyncio.open_connection(NOWHERE, 5432)),
    ):
        assert recorded(action) == [f"{NOWHERE}:5432"]

    asked = recorded(lambda: urllib.request.urlopen(f"http://{NOWHERE}/", timeout=5))
    assert asked == [NOWHERE, f"{NOWHERE}:80"]


def test_who_refuses(free_port):
    """By its name, though the number is what was refused."""
    local = f"localhost:{free_port}"

    assert recorded(lambda: socket.create_connection(("localhost", free_port))) == [local]
    opened = recorded(lambda: asyncio.run(asyncio.open_connection("localhost", free_port)))
    assert set(opened) == {local}


def test_who_does_not_answer(port):
    """A client knows whom it asked, though the socket does not say."""

    def ask():
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=0.05)) as client:
            client.request("GET", "/")
            client.getresponse()

    assert recorded(ask) == [f"127.0.0.1:{port}"]


def test_where_it_was_to_listen(port):
    """The port that somebody has."""
    server = socketserver.BaseRequestHandler
    taken = recorded(lambda: socketserver.TCPServer(("127.0.0.1", port), server))
    assert taken == [f"127.0.0.1:{port}"]


@pytest.mark.parametrize(
    ("action", "told"),
    [
        (Client("db.corp", 5432).ask, "db.corp:5432"),
        (Client("db.corp", None).ask, "db.corp"),
        (Client(b"db.corp", "5432").ask, "db.corp:5432"),
        (Client("::1", 5432).ask, "[::1]:5432"),
        (Client("db.corp", 99999).ask, "db.corp"),
        (Client("db.corp", "http").ask, "db.corp"),
        (Client("", 5432).ask, None),
        (Client("what is no name", 5432).ask, None),
        (Client("a" * 300, 5432).ask, None),
        (Client(7, 5432).ask, None),
        (Asking().ask, None),
        (Property().ask, None),
        (with_variables(address=("db.corp", 5432)), "db.corp:5432"),
        (with_variables(address=("::1", 5432, 0, 0)), "[::1]:5432"),
        (with_variables(address=()), None),
        (with_variables(address="/run/db.sock"), None),
        (with_variables(server_hostname="db.corp"), "db.corp"),
        (lambda: os.close(10**6), None),
        (lambda: Path("/nowhere/at/all").stat(), None),
    ],
)
def test_what_is_taken_for_an_address(action, told):
    """Hosts as functions and objects have them, of plain kinds; of a file nothing is told."""
    assert recorded(action) == [told]


def test_an_exception_that_was_never_raised():
    """Has no functions that could tell."""
    assert address(None) == ""
