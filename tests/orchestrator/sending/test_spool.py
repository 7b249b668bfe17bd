"""The spool: what waits on disk, in which order, and what must leave."""

from __future__ import annotations

import os
import stat
import subprocess
import sys

import pytest

from orchestrator.sending.deliver import Request
from orchestrator.sending.spool import Spool


def request(url: str, body: str = "a 1\n") -> Request:
    """Something to send."""
    return Request(method="PUT", url=url, body=body, content_type="text/plain")


@pytest.fixture
def spool(tmp_path):
    """In a folder of logs that does not exist yet."""
    return Spool(tmp_path / "logs" / "spool", max_requests=3, max_bytes=2_000)


def waiting(spool: Spool) -> list[tuple[str, str]]:
    """URL and body of all, in order."""
    return [(each.request.url, each.request.body) for each in spool.waiting()]


def test_keeps_the_order(spool):
    """The oldest first; nothing of a request is lost."""
    nasty = request("http://b", 'a{x="\\n\\"é"} 1\n')
    assert [spool.add(each) for each in (request("http://a"), nasty)] == [[], []]

    assert [each.request for each in spool.waiting()] == [request("http://a"), nasty]


def test_the_newer_of_one_url_stays(spool):
    """At its own place, the last."""
    for url, body in (("http://a", "1"), ("http://b", "2"), ("http://a", "3")):
        spool.add(request(url, body))

    assert waiting(spool) == [("http://b", "2"), ("http://a", "3")]


def test_is_bounded_in_number(spool):
    """The oldest leave, and are named."""
    dropped = [spool.add(request(f"http://{letter}")) for letter in "abcde"]

    assert [each.url for some in dropped for each in some] == ["http://a", "http://b"]
    assert [url for url, _ in waiting(spool)] == ["http://c", "http://d", "http://e"]


def test_is_bounded_in_bytes(spool):
    """But what is asked for now stays, however large."""
    spool.add(request("http://a", "x" * 1_500))
    dropped = spool.add(request("http://b", "y" * 5_000))

    assert [each.url for each in dropped] == ["http://a"]
    assert [url for url, _ in waiting(spool)] == ["http://b"]


def test_is_for_its_owner_alone(spool):
    """And git does not see the folder that it made."""
    spool.add(request("http://a"))
    (path,) = spool.folder.glob("*.json")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(spool.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(spool.folder.parent.stat().st_mode) == 0o700
    assert (spool.folder.parent / ".gitignore").read_text() == "*\n"


@pytest.mark.usefixtures("another_was_first")
def test_two_first_deliveries_at_once(spool):
    """Both make the folder, and both wait in it."""
    spool.add(request("http://a"))

    assert len(waiting(spool)) == 1


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"url": "http://a"}', b"\xff"])
def test_what_is_damaged_is_removed(spool, content):
    """The rest is delivered all the same."""
    spool.add(request("http://a"))
    damaged = spool.folder / "00000000000000000000-00000000.json"
    damaged.write_bytes(content)

    assert [url for url, _ in waiting(spool)] == ["http://a"]
    assert not damaged.exists()


def test_what_a_killed_process_left_is_removed(spool):
    """Not what another one is writing now."""
    spool.add(request("http://a"))
    left, writing = spool.folder / "1.tmp", spool.folder / "2.tmp"
    for path in (left, writing):
        path.touch()
    os.utime(left, (0, 0))
    spool.add(request("http://b"))

    assert not left.exists()
    assert writing.exists()


def test_one_process_delivers_at_a_time(spool):
    """Another one waits as long as it is told; the system lets it in when the first has died."""
    spool.add(request("http://a"))
    hold = (
        "import sys, pathlib; from orchestrator.sending.spool import Spool\n"
        "with Spool(pathlib.Path(sys.argv[1])).alone(5) as held:\n"
        "    print(held, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, spool.folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout.readline() == b"True\n"
        with spool.alone(0.2) as held:
            assert not held
        other.kill()

    with spool.alone(5) as held:
        assert held
