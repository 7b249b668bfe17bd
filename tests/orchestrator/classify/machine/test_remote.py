"""A network that fails, as libraries and products dress it, and what only looks like it."""

from __future__ import annotations

import pytest
from made_for_rules.assertion import LIKE, OTHER

from conftest_kit.records import Distribution
from orchestrator.checkout.project import Project

TEST = "tests/test_cart.py:9:test_total"
SHOP = "shop/cart.py:7:total"
PYMONGO = Distribution(name="pymongo", version="4.9", modules=("pymongo",))
DRIVERS = ("ldap3", "kafka", "pika", "dns", "redis", "neo4j", "trio", "requests", "django", "bus")
INSTALLED = tuple(Distribution(name=name, version="1.0", modules=(name,)) for name in DRIVERS)


@pytest.mark.parametrize(
    ("link", "host"),
    [
        (
            (
                "ldap3.core.exceptions.LDAPSocketOpenError",
                ("ldap3.core.exceptions.LDAPExceptionError",),
                "socket connection error while opening: [Errno 111] Connection refused",
                "lib/ldap3/strategy/base.py:1:open",
            ),
            "",
        ),
        (
            (
                "kafka.errors.NoBrokersAvailable",
                ("kafka.errors.KafkaError", "RuntimeError"),
                "NoBrokersAvailable",
                "lib/kafka/client_async.py:1:check_version",
            ),
            "",
        ),
        (
            (
                "pika.exceptions.AMQPConnectionError",
                ("pika.exceptions.AMQPError",),
                "",
                "lib/pika/adapters/blocking_connection.py:1:_create_connection",
            ),
            "",
        ),
        (
            (
                "dns.resolver.NXDOMAIN",
                ("dns.exception.DNSException",),
                "The DNS query name does not exist: shop.internal.",
                "lib/dns/resolver.py:1:resolve",
            ),
            "",
        ),
        (
            (
                "redis.exceptions.TimeoutError",
                ("redis.exceptions.RedisError",),
                "Timeout connecting to server",
                "lib/redis/connection.py:1:connect",
            ),
            "",
        ),
        (
            (
                "bus.NoServersError",
                ("bus.BusError",),
                "none is left",
                "lib/bus/client.py:1:connect",
            ),
            "",
        ),
        (
            (
                "neo4j.exceptions.ServiceUnavailable",
                ("neo4j.exceptions.DriverError",),
                "Couldn't connect to db.internal:7687 (resolved to ())",
                "lib/neo4j/_sync/io/_pool.py:1:fetch",
            ),
            "db.internal:7687",
        ),
        (
            (
                "OSError",
                (),
                "all attempts to connect to 127.0.0.1:9 failed",
                "lib/trio/_highlevel_open_tcp_stream.py:1:open_tcp_stream_connect",
            ),
            "127.0.0.1:9",
        ),
        (("TimeoutError", ("OSError",), "timed out", "std/socket.py:1:create_connection"), ""),
    ],
)
@pytest.mark.parametrize("phase", ["call", "setup", "collect"])
def test_a_connection_that_is_not_made(red, raised, phase, link, host):
    """Of whatever class and in whatever phase: the class and the function tell."""
    kind, bases, message, frame = link
    failed = raised(kind, message, SHOP, frame, bases=bases)

    verdict = red(failed, distributions=INSTALLED, phase=phase).verdict()

    assert verdict.category == "network"
    assert (verdict.culprit.name if verdict.culprit else "") == host


def test_a_compiled_driver(red, raised):
    """Of what is compiled no frame is recorded: the class is the library's, and nothing raises."""
    kind, bases = "pymongo.errors.ConnectionFailure", ("pymongo.errors.PyMongoError",)
    called = raised(kind, "", SHOP, bases=bases, source="client = pymongo.open(url)")

    assert red(called, distributions=(PYMONGO,)).verdict().category == "network"


@pytest.mark.parametrize(
    "link",
    [
        (
            "requests.exceptions.InvalidURL",
            ("requests.exceptions.RequestException", "OSError", "ValueError"),
            "Invalid URL 'http://:80': No host supplied",
            "lib/requests/adapters.py:1:get_connection",
        ),
        (
            "django.core.exceptions.DisallowedHost",
            ("django.core.exceptions.SuspiciousOperation",),
            "Invalid HTTP_HOST header: 'shop.example:80'.",
            "lib/django/http/request.py:1:get_host",
        ),
        (
            "redis.exceptions.AuthenticationError",
            ("redis.exceptions.ConnectionError", "redis.exceptions.RedisError"),
            "invalid username-password pair",
            "lib/redis/connection.py:1:on_connect",
        ),
        (
            "bus.ResolutionImpossible",
            ("bus.ResolverError",),
            "no release fits",
            "lib/bus/resolver.py:1:resolve",
        ),
        (
            "bus.ConnectionStringError",
            ("bus.BusError",),
            "no bus at db.internal:5432/x?y",
            "lib/bus/client.py:1:connect",
        ),
        (
            "bus.NotConnected",
            ("bus.BusError",),
            "call connect() first",
            "lib/bus/client.py:1:publish",
        ),
    ],
)
def test_what_finds_fault_with_its_caller(red, raised, link):
    """A library that is used wrongly says so in classes of like names."""
    kind, bases, message, frame = link
    failed = raised(kind, message, SHOP, frame, bases=bases)

    assert red(failed, distributions=INSTALLED).verdict().category != "network"


@pytest.mark.parametrize(
    ("kind", "message", "is_network"),
    [
        ("shop.ShopError", "cannot reach https://api.example.com/prices", True),
        ("shop.ShopError", "unable to connect to db.internal:5432", True),
        ("shop.ShopError", "cannot reach a total", False),
        ("shop.ShopError", "no price of https://api.example.com/prices", False),
        ("ValueError", "cannot connect the dots of cart.py:7", False),
    ],
)
def test_what_the_product_says_itself(red, raised, kind, message, is_network):
    """In words it must name an address, and that it was not reached."""
    verdict = red(raised(kind, message, TEST, SHOP, source="raise ShopError(url)")).verdict()

    assert (verdict.category == "network") is is_network


REFUSED = "WARNING  shop.cart:cart.py:6 no prices: ConnectError('[Errno 111] Connection refused')"


@pytest.mark.parametrize(
    ("link", "log", "test", "category"),
    [
        (("AssertionError", "assert None == 3"), REFUSED, "test_total", "network"),
        (("AssertionError", "assert 503 == 200"), REFUSED, "test_total", "network"),
        (("AssertionError", "assert 2 == 3"), REFUSED, "test_total", "assertion"),
        (("AssertionError", "assert None == 3"), REFUSED, "test_retries_when_refused", "assertion"),
        (("AssertionError", "assert None == 3"), "INFO  shop:a.py:1 ok", "test_total", "assertion"),
        (("TypeError", "'NoneType' object is not iterable"), REFUSED, "test_total", "network"),
        (("KeyError", "'price'"), REFUSED, "test_total", "product_error"),
    ],
)
def test_what_was_logged_before(made_of, link, log, test, category):
    """A network that failed explains what is empty after it, unless the test wants it to fail."""
    made = made_of(link, captured={"log": log}, nodeid=f"tests/test_cart.py::{test}")

    assert made.verdict().category == category


@pytest.fixture
def made_of(red, raised):
    """`made_of((kind, message), …)`: a run with it, out of the product unless it is an assertion."""

    def made(link, **fields):
        places = (TEST,) if link[0] == "AssertionError" else (TEST, SHOP)
        return red(raised(*link, *places), **fields)

    return made


@pytest.mark.parametrize("status", ["INVALID_ARGUMENT", "NOT_FOUND", "UNIMPLEMENTED"])
def test_a_call_that_was_answered(red, raised, status):
    """A service that answers was reached, whatever it says."""
    message = f"<_InactiveRpcError of RPC that terminated with: status = StatusCode.{status}>"
    failed = raised("grpc._channel._InactiveRpcError", message, SHOP, bases=("grpc.RpcError",))

    assert red(failed).verdict().category != "network"


@pytest.mark.parametrize(
    ("kind", "category"),
    [
        ("bus.PoolTimeout", "timeout"),
        ("bus.OperationTimedOut", "timeout"),
        ("bus.SoftTimeLimitExceeded", "timeout"),
        ("bus.InvalidTimeout", "product_error"),
        ("shop.TimeoutSettingError", "product_error"),
        ("bus.TokenExpired", "product_error"),
    ],
)
def test_what_took_too_long(red, raised, kind, category):
    """The last words of a class tell; a value for a timeout that is wrong took no time."""
    assert red(raised(kind, "", TEST, SHOP)).verdict().category == category


def test_a_variable_that_is_everywhere(red, raised):
    """What every machine has set explains nothing, nor does a word that is no variable."""
    for said in ("PATH and HOME are fine", "SHOP_MODE is wrong"):
        failed = raised("shop.Wrong", said, TEST, SHOP)

        assert red(failed, variables=("PATH", "HOME")).verdict().category == "product_error"


@pytest.mark.parametrize(
    "command", [["/env/bin/python", "-m", "shop"], ["./tools/gen"], ["make", "docs"], ["shop"]]
)
def test_a_program_of_the_project(red, raised, command):
    """How a program of the project's own ends says nothing of the machine."""
    failed = raised(
        "subprocess.CalledProcessError",
        "returned non-zero exit status 1.",
        TEST,
        SHOP,
        "std/subprocess.py:571:run",
        attributes={"returncode": 1, "cmd": command},
    )

    assert red(failed).verdict().category != "environment"


@pytest.mark.parametrize(
    ("kind", "message", "named"),
    [
        ("FileNotFoundError", "/shop/tests/../data/peak.dat not found.", "data/peak.dat"),
        ("FileNotFoundError", "No such file: 'data/peak.dat'", "data/peak.dat"),
        ("FileNotFoundError", "nothing there", ""),
    ],
)
def test_a_file_that_only_words_name(red, raised, kind, message, named):
    """A library that raises it itself says which file in its message alone."""
    verdict = red(raised(kind, message, TEST, "lib/frames/io.py:1:read")).verdict()

    assert verdict.category == "environment"
    assert (verdict.culprit.name if verdict.culprit else "") == named


FOLDER = Project(
    name="shop", modules=frozenset({"shop", "tests"}), files=("tests/docker/test_run.py",)
)


@pytest.mark.parametrize(
    ("kind", "message", "attributes"),
    [
        (
            "ImportError",
            "cannot import name 'from_env' from 'docker' (unknown location)",
            {"name": "docker"},
        ),
        (
            "AttributeError",
            "module 'docker' has no attribute 'from_env'",
            {"name": "from_env", "obj": "docker"},
        ),
    ],
)
def test_a_folder_in_place_of_a_distribution(red, raised, kind, message, attributes):
    """A folder of tests that bears the name of what is absent does not bring it."""
    failed = raised(kind, message, TEST, attributes=attributes)

    verdict = red(failed, project=FOLDER).verdict()

    assert (verdict.category, verdict.culprit.name) == ("missing_dependency", "docker")


def test_a_folder_of_helpers(red, raised):
    """Where no one asks for a distribution, a folder of modules may be what is meant."""
    files = ("tests/docker/images.py", "tests/docker/test_run.py")
    project = Project(name="shop", modules=frozenset({"shop", "tests"}), files=files)
    message = "cannot import name 'boxes' from 'docker' (unknown location)"
    failed = raised("ImportError", message, TEST, attributes={"name": "docker"})

    assert red(failed, project=project).verdict().category == "product_error"


@pytest.mark.parametrize(
    ("said", "category"),
    [
        ("ModuleNotFoundError: No module named 'yaml'", "missing_dependency"),
        ("ModuleNotFoundError: No module named 'zzyzx'", "configuration"),
        ("AttributeError: module 'frames' has no attribute 'OldWarning'", "configuration"),
        ("AttributeError: module 'numpy' has no attribute 'VisibleWarning'", "configuration"),
    ],
)
def test_a_filter_that_names_what_is_not_there(red, raised, said, category):
    """A filter of a class that is nowhere is a setting, unless what should bring it is absent."""
    message = (
        "while parsing the following warning configuration:\n\n  ignore::a.B\n\n"
        "This error occurred:\n\nTraceback (most recent call last):\n"
        f'  File "/env/_pytest/config/__init__.py", line 9, in parse\n    x\n{said}\n'
    )
    failed = raised("_pytest.config.exceptions.UsageError", message)

    assert red(failed, phase="start").verdict().category == category


@pytest.mark.parametrize(("status", "category"), [("503", "network"), ("501", "product_error")])
def test_a_status_that_is_the_askers_fault(red, raised, status, category):
    """A method that the remote does not know is no fault of the remote's."""
    error = raised("urllib.error.HTTPError", f"HTTP Error {status}: Unsupported method", TEST, SHOP)

    assert red(error).verdict().category == category


VCR = Distribution(name="vcrpy", version="6.0", modules=("vcr",))


@pytest.mark.parametrize(
    ("found", "rule"),
    [
        ("No similar requests, that have not been played, found.", "recording-absent@1"),
        (LIKE, "request-is-not-the-recorded@1"),
    ],
)
def test_a_recording_that_has_no_answer(red, raised, found, rule):
    """Where it has one that is like what was asked, that says what is asked otherwise."""
    kind, place = "vcr.errors.CannotOverwriteExistingCassetteException", "lib/vcr/stubs/a.py:3:f"
    error = raised(kind, OTHER.format(found=found), TEST, SHOP, place)
    made = red(error, distributions=(VCR,))

    assert made.verdict().rule == rule
    assert "prices.yaml" in made.suggestions()[0].text


@pytest.mark.parametrize(
    ("place", "category"),
    [
        ("lib/vcr/stubs/__init__.py:7:connect", "environment"),
        ("lib/requests/adapters.py:7:send", "network"),
        ("vcr/stubs/__init__.py:7:connect", "network"),
    ],
    ids=["a recording was to answer", "no recording", "the recorder itself is tested"],
)
def test_what_was_asked_for_want_of_a_recording(red, raised, place, category):
    """The remote itself has nothing to do with it."""
    refused = raised("ConnectionRefusedError", "[Errno 111] Connection refused", TEST, SHOP, place)

    assert red(refused, distributions=(*INSTALLED, VCR)).verdict().category == category
