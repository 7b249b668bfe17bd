"""Sending through the spool: what stays, what goes first, what is given up."""

from __future__ import annotations

import pytest

from orchestrator import sending
from orchestrator.errors import Refused, Undelivered, UsageProblem
from orchestrator.sending.deliver import Access, Request
from orchestrator.sending.spool import Spool


@pytest.fixture
def spool(tmp_path):
    """An empty one."""
    return Spool(tmp_path / "spool")


@pytest.fixture
def send(spool):
    """`send(url, group, body)` gives what the user is told."""

    def send(server: str, group: str, body: str = "a 1\n", *, seconds: float = 10) -> list[str]:
        request = Request(method="PUT", url=f"{server}/metrics/job/{group}", body=body)
        return list(
            sending.send(
                request,
                server=f"{server}/metrics/",
                spool=spool,
                access=Access(),
                seconds=seconds,
            )
        )

    return send


def bodies(server) -> list[tuple[str, bytes]]:
    """Group and body of what a server got, in order."""
    return [(path.rpartition("/")[2], body) for _, path, _, body in server.requests]


def test_what_was_taken_leaves_the_spool(spool, send, scripted, answer):
    """And there is nothing to say."""
    server = scripted(answer())

    assert send(server.url, "x") == []
    assert spool.waiting() == []


def test_what_waits_goes_first(spool, send, scripted, answer):
    """In the order in which it came; of one group only the newest."""
    server = scripted(*[answer(status=503, headers={"Retry-After": "99"})] * 3, answer())
    for group, body in (("x", "1"), ("y", "2"), ("x", "3")):
        with pytest.raises(Undelivered) as caught:
            send(server.url, group, body)
        assert str(spool.folder) in str(caught.value)
    server.requests.clear()

    told = send(server.url, "z", "4")

    assert bodies(server) == [("y", b"2"), ("x", b"3"), ("z", b"4")]
    assert [line.rpartition("/")[2] for line in told] == ["y", "x"]
    assert spool.waiting() == []


def test_what_waits_for_another_server_stays(spool, send, scripted, answer):
    """Its credentials are not here. One address may have several behind it."""
    server = scripted(answer(status=503, headers={"Retry-After": "99"}), answer())
    with pytest.raises(Undelivered):
        send(f"{server.url}/other", "x")
    send(server.url, "y")

    assert [path for _, path, _, _ in server.requests] == ["/other/metrics/job/x", "/metrics/job/y"]
    assert len(spool.waiting()) == 1


def test_what_is_refused_does_not_wait(spool, send, scripted, answer):
    """It would be refused again, and hold up the rest."""
    server = scripted(answer(status=400, body=b"inconsistent"))

    with pytest.raises(Refused) as caught:
        send(server.url, "x")
    assert "inconsistent" in str(caught.value)
    assert spool.waiting() == []


def test_a_refused_one_of_an_earlier_call_is_given_up(spool, send, scripted, answer):
    """And said; what is asked for now goes on."""
    server = scripted(
        answer(status=503, headers={"Retry-After": "99"}), answer(status=400), answer()
    )
    with pytest.raises(Undelivered):
        send(server.url, "x")

    (told,) = send(server.url, "y")

    assert "/x refuses" in told
    assert "given up" in told
    assert spool.waiting() == []


def test_of_a_wrong_call_nothing_is_kept(spool, send, scripted, answer):
    """What waits stays: the next call may be right."""
    server = scripted(answer(status=503, headers={"Retry-After": "99"}), answer(status=401))
    with pytest.raises(Undelivered):
        send(server.url, "x")
    with pytest.raises(UsageProblem):
        send(server.url, "x", "2")

    assert spool.waiting() == []


def test_where_nothing_can_be_kept_it_is_sent_all_the_same(tmp_path, scripted, answer):
    """A read-only folder is said and no more."""
    (tmp_path / "spool").write_text("a file")
    server = scripted(answer())
    request = Request(method="PUT", url=f"{server.url}/metrics/job/x", body="a 1\n")
    (told,) = sending.send(
        request,
        server=f"{server.url}/metrics/",
        spool=Spool(tmp_path / "spool"),
        access=Access(),
        seconds=10,
    )

    assert str(tmp_path / "spool") in told
    assert len(server.requests) == 1


def test_what_a_full_spool_gives_up_is_said(tmp_path, scripted, answer):
    """By its group."""
    server = scripted(answer(status=503, headers={"Retry-After": "99"}))
    spool = Spool(tmp_path / "spool", max_requests=1)
    told = []
    for group in ("x", "y"):
        request = Request(method="PUT", url=f"{server.url}/metrics/job/{group}", body="a 1\n")
        sent = sending.send(
            request, server=f"{server.url}/metrics/", spool=spool, access=Access(), seconds=5
        )
        with pytest.raises(Undelivered):
            told += sent

    assert [each.request.url for each in spool.waiting()] == [f"{server.url}/metrics/job/y"]
    assert len(told) == 1
    assert "/job/x is given up" in told[0]


def test_two_at_once_do_not_mix(spool, send, scripted, answer):
    """The second says that its request waits."""
    server = scripted(answer())
    spool.folder.mkdir()
    with spool.alone(1) as held, pytest.raises(Undelivered) as caught:
        send(server.url, "x", seconds=0.3)

    assert held
    assert "another `send` is at work" in str(caught.value)
    assert len(spool.waiting()) == 1
    assert server.requests == []
