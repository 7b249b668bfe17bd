"""The host that could not be resolved, as the own lines name it that led there."""

from __future__ import annotations

import pytest

from orchestrator.checkout.project import Project
from orchestrator.checkout.source import Source
from orchestrator.checkout.uses import Use

TEST = "tests/test_push.py:9:test_push"


@pytest.mark.parametrize(
    ("source", "host"),
    [
        ('push("gateway.example:9091", job="x")', "gateway.example:9091"),
        ("push('gateway.example:9091/path')", "gateway.example:9091"),
        ('Geocoder(domain="geo.example", timeout=1)', "geo.example"),
        ('connect(host="db.example")', "db.example"),
        ('get("https://a.example/x")', "a.example"),
        ('load("shop/cart.py:17")', None),
        ('at("1.2.3:4")', None),
        ('read(name="prices.json")', None),
    ],
)
@pytest.mark.parametrize("phase", ["setup", "call"])
def test_a_literal_of_an_own_line(red, raised, source, host, phase):
    """With and without a scheme; what only looks like one is none."""
    link = raised("socket.gaierror", "", TEST, "std/socket.py:962:getaddrinfo", bases=("OSError",))
    own = link.frames[0]._replace(source=source)

    verdict = red(link._replace(frames=(own, *link.frames[1:])), phase=phase).verdict()

    assert verdict.category == "network"
    assert (verdict.culprit.name if verdict.culprit else None) == host


@pytest.mark.parametrize(
    ("command", "addopts", "host"),
    [
        (("pytest", "--bind-addr=mail.invalid"), "", "mail.invalid"),
        (("pytest", "--db-url", "postgres://me@db.invalid:5432/x"), "", "db.invalid:5432"),
        (("pytest",), "--server=mq:5672 -q", "mq:5672"),
        (("pytest", "--host=a.invalid", "--other-host=b.invalid"), "", None),
        (("pytest", "--ds=shop.settings", "--cov-report=xml:a.xml", "tests/a.py"), "", None),
        (("pytest", "--server-log=7", "--localhost"), "", None),
    ],
)
def test_the_only_host_that_the_options_name(red, raised, command, addopts, host):
    """Where nothing nearer names one."""
    link = raised("socket.gaierror", "", TEST, "std/socket.py:962:getaddrinfo", bases=("OSError",))
    project = Project(name="shop", settings={"addopts": addopts})

    verdict = red(link, project=project, run={"command": command}).verdict()

    assert (verdict.culprit.name if verdict.culprit else None) == host


@pytest.mark.parametrize(
    ("message", "variables", "is_said"),
    [
        ("", ("SHOP_DB_HOST",), True),
        ("", ("SHOP_DB_HOST", "PRICES_URL"), False),
        ("", ("SHOP_COLOUR",), False),
        ("cannot resolve host: db.invalid", ("SHOP_DB_HOST",), False),
    ],
)
def test_the_only_variable_that_may_name_it(red, raised, message, variables, is_said):
    """Said beside the rest where the host itself is not known: no value is recorded."""
    link = raised("socket.gaierror", message, TEST, bases=("OSError",))

    (first, *_) = red(link, variables=variables).suggestions()

    assert ("SHOP_DB_HOST is set" in first.text) is is_said


@pytest.mark.parametrize(
    ("hosts", "host"),
    [(("mail.internal",), "mail.internal"), (("mail.internal", "db.internal"), None)],
)
def test_the_only_host_that_the_file_of_the_test_names(red, raised, hosts, host):
    """A set-up that is over is in no traceback; what another test asks for is not either."""
    uses = tuple(Use(kind="host", name=name, at=2, lines=((1, 3),)) for name in hosts)
    project = Project(sources={"tests/test_cart.py": Source(uses=uses)})
    link = raised("socket.gaierror", "", TEST, "std/socket.py:962:getaddrinfo", bases=("OSError",))
    made = red(link, project=project)

    assert made.verdict().culprit is None
    assert ("mail.internal, which may be another" in made.suggestions()[0].text) is bool(host)


@pytest.mark.parametrize(
    ("source", "host"),
    [
        ('socket.create_connection(("127.0.0.1",5432),1)', "127.0.0.1:5432"),
        ('socket.create_connection(("127.0.0.1",  5432))', "127.0.0.1:5432"),
        ("socket.create_connection((host, port))", None),
    ],
)
def test_the_address_that_the_socket_is_given(red, raised, source, host):
    """However it is set; where variables hold it, no other host of the file is taken for it."""
    uses = (Use(kind="host", name="api.invalid", at=20, lines=((19, 22),)),)
    project = Project(sources={"tests/test_push.py": Source(uses=uses)})
    places = TEST, "std/socket.py:851:create_connection"
    link = raised("ConnectionRefusedError", "[Errno 111] Connection refused", *places)
    own = link.frames[0]._replace(source=source)

    made = red(link._replace(frames=(own, link.frames[1])), project=project)
    verdict = made.verdict()

    assert (verdict.culprit.name if verdict.culprit else None) == host
    assert any("Nothing listens at" in one for one in verdict.evidence) is bool(host)


def test_the_address_that_the_system_was_asked_for(red, raised):
    """Before any that code names; what a message says comes first."""
    link = raised("socket.gaierror", "[Errno -2] Name or service not known", TEST)
    link = link._replace(attributes={"address": "mail.internal:25"})
    said = raised("shop.Unreachable", "cannot connect to host proxy.internal:3128", TEST)

    assert red(link).verdict().culprit.name == "mail.internal:25"
    later = link._replace(attributes={})
    assert red(link, later).verdict().culprit.name == "mail.internal:25"
    assert red(said, link).verdict().culprit.name == "proxy.internal:3128"


PING = 'def ping(host="db.invalid", port=5432): return connect((host, port))'


@pytest.mark.parametrize(
    ("called", "own", "uses", "host"),
    [
        ('ping("127.0.0.1",5433)', PING, (), "127.0.0.1:5433"),
        ("ping(*address)", PING, (), None),
        ("ping()", PING, (), "db.invalid:5432"),
        ("ping(url)", "return get(url)", ((3, 3, 6),), None),
        ("ping()", "return get(url)", ((3, 3, 6),), "db.invalid"),
        ("ping(1)", "return get(url)", ((4, 3, 6),), "db.invalid"),
    ],
)
def test_what_a_function_asks_where_it_is_given_nothing(red, raised, *, called, own, uses, host):
    """Is not what is asked where it is given something."""
    uses = tuple(
        Use(kind="host", name="db.invalid", at=at, lines=((first, last),))
        for at, first, last in uses
    )
    project = Project(modules=frozenset({"shop"}), sources={"shop/net.py": Source(uses=uses)})
    link = raised("ConnectionRefusedError", "", TEST, "shop/net.py:5:ping")
    frames = (
        link.frames[0]._replace(source=called),
        link.frames[1]._replace(source=own),
    )

    verdict = red(link._replace(frames=frames), project=project).verdict()

    assert (verdict.culprit.name if verdict.culprit else None) == host
