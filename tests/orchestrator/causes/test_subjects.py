"""What says the same of different things is told apart; what is about one thing stays together."""

from __future__ import annotations

import pytest

from conftest_kit.records import Failure, Frame, Raised
from orchestrator.causes import group
from orchestrator.failures.signature import sign


def _absent(name, source, file="shop/store.py"):
    raised = Raised(
        type="ModuleNotFoundError",
        bases=("ImportError", "Exception", "BaseException"),
        message=f"No module named {name!r}",
        attributes={"name": name},
        frames=(Frame(file=file, line=1, function="<module>", source=source),),
    )
    return Failure(nodeid="tests/test_a.py", phase="collect", exceptions=(raised,))


def _refused(source, *, own="test", below="socket.py", said=""):
    raised = Raised(
        type="ConnectionRefusedError",
        bases=("ConnectionError", "OSError", "Exception", "BaseException"),
        message="[Errno 111] Connection refused",
        frames=(
            Frame(file="tests/test_a.py", line=1, function="test_a", source=source, origin=own),
            *((Frame(file=below, line=9, function="connect", origin="stdlib"),) if below else ()),
        ),
    )
    outer = Raised(type="lib.ConnectionError", bases=("Exception",), message=said)
    wrapped = (outer, raised._replace(relation="cause")) if said else (raised,)
    return Failure(nodeid="tests/test_a.py::test_a", phase="call", exceptions=wrapped)


CONNECT = "socket.create_connection({})"


@pytest.mark.parametrize(
    ("one", "other", "causes"),
    [
        (
            _absent("google", "from google.cloud import storage"),
            _absent("google", "import google.auth", file="shop/who.py"),
            2,
        ),
        (
            _absent("google", "from google.cloud import storage"),
            _absent("google", "def load(): import google.protobuf"),
            2,
        ),
        (
            _absent("google", "from google.cloud import storage"),
            _absent("google", "import_module('google.protobuf')"),
            2,
        ),
        (
            _absent("google", "from google.cloud import storage"),
            _absent("google", "from google.cloud.storage.blob import Blob", file="shop/b.py"),
            1,
        ),
        (
            _absent("requests", "import requests"),
            _absent("requests", "from requests.adapters import HTTPAdapter", file="shop/b.py"),
            1,
        ),
        (
            _refused(CONNECT.format('("127.0.0.1",5432)')),
            _refused(CONNECT.format('("127.0.0.1", 6379)')),
            2,
        ),
        (_refused(CONNECT.format('("127.0.0.1",5432)')), _refused(CONNECT.format("address")), 2),
        (_refused("s.connect(database)", below=""), _refused("s.connect(broker)", below=""), 2),
        (_refused("cart.total(1)", below="std.py"), _refused("cart.add(2)", below="std.py"), 1),
        (
            _refused("", said="Error 111 connecting to localhost:6379."),
            _refused("", said="Error 111 connecting to localhost:6380."),
            2,
        ),
        (
            _refused("", said="Error 111 connecting to localhost:43121."),
            _refused("", said="Error 111 connecting to localhost:58111."),
            1,
        ),
    ],
)
def test_what_is_about_different_things(one, other, causes):
    """By the part of a namespace, and by the remote, whose port is not one of chance."""
    assert len(group([one, other])) == causes


def test_what_says_what_it_is_about_keeps_its_signature():
    """Only what does not is given another."""
    failure = _absent("requests", "import requests")

    (found,) = group([failure])

    assert found.signature == sign(failure)
