"""The host that could not be resolved, as the own lines name it that led there."""

from __future__ import annotations

import pytest

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
