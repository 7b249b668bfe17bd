"""Delivery to servers that fail in the ways servers do. Each on loopback, each within seconds."""

from __future__ import annotations

import socket
import ssl
import subprocess
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from orchestrator.errors import Refused, Undelivered, UsageProblem
from orchestrator.sending.deliver import Access, Request, asked_wait, deliver

NO_ACCESS = Access()


def put(url: str) -> Request:
    """Something to send."""
    return Request(
        method="PUT", url=f"{url}/metrics/job/x", body="a 1\n", content_type="text/plain"
    )


def within(seconds: float) -> float:
    """A deadline."""
    return time.monotonic() + seconds


@pytest.fixture
def closed_port():
    """The URL of a port where nobody listens, and nobody else will."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory, require_program):
    """A file with a certificate for 127.0.0.1 and its key."""
    folder = tmp_path_factory.mktemp("tls")
    path = folder / "both.pem"
    subprocess.run(
        [
            *(require_program("openssl", "openssl"), "req", "-x509", "-newkey", "ec"),
            *("-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"),
            *("-keyout", path, "-out", folder / "certificate.pem"),
        ],
        check=True,
        capture_output=True,
    )
    with path.open("a") as both:
        both.write((folder / "certificate.pem").read_text())
    return str(path)


class TestTaken:
    """What a server gets."""

    def test_the_request_as_it_is(self, scripted, answer):
        """Method, path, body and the type of the body."""
        server = scripted(answer())
        deliver(put(server.url), access=NO_ACCESS, deadline=within(10))

        ((method, path, headers, body),) = server.requests
        assert (method, path, body) == ("PUT", "/metrics/job/x", b"a 1\n")
        assert headers["Content-Type"] == "text/plain"
        assert "Authorization" not in headers

    @pytest.mark.parametrize(
        ("access", "header"),
        [
            (Access(user="me", password="pass word"), "Basic bWU6cGFzcyB3b3Jk"),
            (Access(token="t0ken"), "Bearer t0ken"),
        ],
    )
    def test_credentials(self, scripted, answer, access, header):
        """In the header that they belong to; and never where they are printed."""
        server = scripted(answer())
        deliver(put(server.url), access=access, deadline=within(10))

        assert server.requests[0][2]["Authorization"] == header
        assert "t0ken" not in repr(access)
        assert "pass word" not in repr(access)


class TestTriedAgain:
    """Failures that pass."""

    @pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
    def test_until_taken(self, scripted, answer, status):
        """After a pause."""
        server = scripted(answer(status=status), answer())
        deliver(put(server.url), access=NO_ACCESS, deadline=within(10))

        assert len(server.requests) == 2
        assert server.times[1] - server.times[0] >= 0.25

    def test_when_the_server_wants(self, scripted, answer):
        """Retry-After is the pause."""
        server = scripted(answer(status=429, headers={"Retry-After": "1"}), answer())
        deliver(put(server.url), access=NO_ACCESS, deadline=within(10))

        assert 1 <= server.times[1] - server.times[0] < 5

    def test_not_when_that_is_too_late(self, scripted, answer):
        """Then nobody waits for it."""
        server = scripted(
            answer(status=503, headers={"Retry-After": "3600"}, body=b"maintenance\n")
        )
        began = time.monotonic()

        with pytest.raises(Undelivered) as caught:
            deliver(put(server.url), access=NO_ACCESS, deadline=within(20))
        assert time.monotonic() - began < 10
        assert "503 maintenance (tried once)" in str(caught.value)

    def test_until_time_is_up(self, closed_port):
        """With growing pauses; the message says how often."""
        began = time.monotonic()

        with pytest.raises(Undelivered) as caught:
            deliver(put(closed_port), access=NO_ACCESS, deadline=within(2))
        assert 0.5 < time.monotonic() - began < 6
        assert closed_port in str(caught.value)
        assert " times)" in str(caught.value)

    @pytest.mark.parametrize(
        "slow", [{"silent_seconds": 30}, {"body": b"x" * 100, "drip_seconds": 0.3}]
    )
    def test_servers_that_hang_or_drip_cost_no_more_time_than_there_is(
        self, scripted, answer, slow
    ):
        """However much they send meanwhile."""
        server = scripted(answer(**slow))
        began = time.monotonic()

        with pytest.raises(Undelivered) as caught:
            deliver(put(server.url), access=NO_ACCESS, deadline=within(1))
        assert time.monotonic() - began < 6
        assert "no answer within" in str(caught.value)

    def test_a_name_that_does_not_resolve(self):
        """DNS may be back in a moment."""
        with pytest.raises(Undelivered) as caught:
            deliver(put("http://gateway.invalid:9091"), access=NO_ACCESS, deadline=within(0.5))

        assert "gateway.invalid" in str(caught.value)


class TestRefused:
    """Failures that stay."""

    @pytest.mark.parametrize(
        ("status", "error"),
        [
            (400, Refused),
            (413, Refused),
            (401, UsageProblem),
            (403, UsageProblem),
            (404, UsageProblem),
            (405, UsageProblem),
        ],
    )
    def test_is_said_once(self, scripted, answer, status, error):
        """With the first line of what the server says."""
        server = scripted(answer(status=status, body=b"because\nof this"))

        with pytest.raises(error) as caught:
            deliver(put(server.url), access=NO_ACCESS, deadline=within(10))
        assert f"{status} because" in str(caught.value)
        assert "of this" not in str(caught.value)
        assert len(server.requests) == 1

    def test_an_endless_answer_is_not_read_to_its_end(self, scripted, answer):
        """One message is enough."""
        server = scripted(answer(status=400, body=b"x" * 50_000))

        with pytest.raises(Refused) as caught:
            deliver(put(server.url), access=NO_ACCESS, deadline=within(20))
        assert len(str(caught.value)) < 5_000

    @pytest.mark.parametrize("status", [301, 302, 307, 308])
    def test_redirects_are_not_followed(self, scripted, answer, status):
        """Neither the content nor the token reaches another host."""
        other = scripted(answer())
        server = scripted(answer(status=status, headers={"Location": other.url}))

        with pytest.raises(UsageProblem) as caught:
            deliver(put(server.url), access=Access(token="t0ken"), deadline=within(10))
        assert other.url in str(caught.value)
        assert other.requests == []


class TestTls:
    """Certificates, of both sides."""

    @pytest.fixture
    def server(self, scripted, answer, certificate):
        """It believes who has that certificate, and no one else."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=certificate)
        context.load_cert_chain(certificate)
        context.verify_mode = ssl.CERT_REQUIRED
        return scripted(answer(), tls=context)

    def test_both_sides_show_theirs(self, server, certificate):
        """Then it is taken."""
        access = Access(ca_file=certificate, client_certificate=certificate)
        deliver(put(server.url), access=access, deadline=within(10))

        assert len(server.requests) == 1

    def test_a_server_that_nobody_vouches_for_gets_nothing(self, server):
        """And is not asked again."""
        began = time.monotonic()

        with pytest.raises(UsageProblem) as caught:
            deliver(put(server.url), access=NO_ACCESS, deadline=within(20))
        assert "--ca-file" in str(caught.value)
        assert "self-signed" in str(caught.value).replace(" ", "-")
        assert server.requests == []
        assert time.monotonic() - began < 15

    def test_a_server_may_want_ours(self, server, certificate):
        """Its alert is passed on."""
        with pytest.raises((UsageProblem, Undelivered)):
            deliver(put(server.url), access=Access(ca_file=certificate), deadline=within(3))

        assert server.requests == []

    def test_an_alert_while_the_answer_is_awaited(self, monkeypatch):
        """With TLS 1.3 a server may say no after the handshake; httpx hands that on as it is."""

        async def alert(*_: object) -> None:
            raise ssl.SSLError(1, "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] certificate required")

        monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", alert)

        with pytest.raises(UsageProblem, match="--client-certificate"):
            deliver(put("https://127.0.0.1:1"), access=NO_ACCESS, deadline=within(3))

    @pytest.mark.parametrize(
        ("field", "option"),
        [("ca_file", "--ca-file"), ("client_certificate", "--client-certificate")],
    )
    @pytest.mark.parametrize("content", [None, "no certificate"])
    def test_a_wrong_file_is_named(self, tmp_path, field, option, content):
        """With the option that it came from."""
        path = tmp_path / "file.pem"
        if content:
            path.write_text(content)

        with pytest.raises(UsageProblem) as caught:
            deliver(
                put("https://127.0.0.1:1"),
                access=Access(**{field: str(path)}),
                deadline=within(5),
            )
        assert option in str(caught.value)
        assert str(path) in str(caught.value)

    def test_an_encrypted_key_does_not_ask_for_its_password(
        self, tmp_path, certificate, require_program
    ):
        """Nobody sits at the terminal of a CI job."""
        key = tmp_path / "key.pem"
        openssl = require_program("openssl", "openssl")
        encrypt = ["pkey", "-in", certificate, "-aes256", "-passout", "pass:x", "-out", key]
        subprocess.run([openssl, *encrypt], check=True, capture_output=True)
        access = Access(client_certificate=certificate, client_key=str(key))

        with pytest.raises(UsageProblem) as caught:
            deliver(put("https://127.0.0.1:1"), access=access, deadline=within(5))
        assert "without a password" in str(caught.value)


def test_what_is_no_url_is_a_problem_of_the_user():
    """Not a bug of ours, and not worth another try."""
    with pytest.raises(UsageProblem) as caught:
        deliver(put("http://xn--a\u0378.example"), access=NO_ACCESS, deadline=within(10))

    assert "is no URL" in str(caught.value)


def test_a_proxy_that_cannot_be_used_is_a_problem_of_the_user(monkeypatch):
    """SOCKS needs a package that we do not bring."""
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")

    with pytest.raises(UsageProblem) as caught:
        deliver(put("http://gateway.invalid"), access=NO_ACCESS, deadline=within(2))
    assert "proxy" in str(caught.value)


@pytest.mark.parametrize(("retry_after", "seconds"), [("0", 0), (" 7 ", 7)])
def test_retry_after_may_be_a_number(retry_after, seconds):
    """Of seconds."""
    assert asked_wait(retry_after) == seconds


@pytest.mark.parametrize(("hours", "low", "high"), [(1, 3500, 3600), (-1, 0, 0)])
def test_retry_after_may_be_a_date(hours, low, high):
    """RFC 9110; what lies in the past is no pause."""
    date = format_datetime(datetime.now(UTC) + timedelta(hours=hours), usegmt=True)

    assert low <= asked_wait(date) <= high


@pytest.mark.parametrize(
    "retry_after", [None, "", "soon", "-5", "²", "Fri, 31 Dec 9999 23:59:59 -2300"]
)
def test_any_other_retry_after_is_none(retry_after):
    """Then our own pauses hold."""
    assert asked_wait(retry_after) is None
