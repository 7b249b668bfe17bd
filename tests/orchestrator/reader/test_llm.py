"""A model's server on loopback, in every mood: what is asked of it, and when it is left alone."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import subprocess
import threading
import time

import pytest

from orchestrator.errors import OverBudget, Unanswered
from orchestrator.reader import llm
from orchestrator.reader.llm import ANSWER_TOKENS, Model
from orchestrator.reader.model_settings import load

MESSAGES = [{"role": "system", "content": "judge"}, {"role": "user", "content": "é" * 300}]
SCHEMA = {"type": "object"}
SOON = {"Retry-After": "0"}


class Tally:
    """A meter that allows so many requests and remembers what they cost."""

    def __init__(self, allowed=100):
        self.allowed = allowed
        self.costs = []

    def reserve(self, tokens):
        """See llm.Meter."""
        if len(self.costs) == self.allowed:
            raise OverBudget("used up")
        self.costs.append(tokens)

    def settle(self, reserved, used):
        """See llm.Meter."""
        assert self.costs[-1] == reserved
        self.costs[-1] = used


@pytest.fixture
def model(tmp_path):
    """`model(url, meter, timeout_seconds="1")`."""

    def make(url, meter=None, **limits):
        environ = {"endpoint": f"{url}/v1", "name": "llama", "timeout_seconds": "5", **limits}
        settings = load(
            tmp_path, {f"CONFTEST_KIT_MODEL_{key.upper()}": value for key, value in environ.items()}
        )
        return Model(settings, meter=meter or Tally())

    return make


def ask(model):
    """What it replies."""
    return model.ask(MESSAGES, schema=SCHEMA)


def refusal(model):
    """Why there is no reply."""
    with pytest.raises(Unanswered) as refused:
        ask(model)
    return str(refused.value)


def test_a_reply_is_what_the_model_said_and_cost(model, scripted, says):
    """One request, as the API has it, with the key."""
    server, meter = scripted(says("{}")), Tally()

    reply = ask(model(server.url, meter, key="sk-1"))

    ((method, path, headers, body),) = server.requests
    assert (reply.text, reply.prompt_tokens, reply.answer_tokens) == ("{}", 700, 50)
    assert reply.seconds > 0
    assert (method, path) == ("POST", "/v1/chat/completions")
    assert headers["Authorization"] == "Bearer sk-1"
    assert json.loads(body) == {
        "model": "llama",
        "messages": MESSAGES,
        "temperature": 0,
        "max_tokens": ANSWER_TOKENS,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "verdict", "schema": SCHEMA, "strict": True},
        },
    }
    assert meter.costs == [750]


def test_without_a_key_none_is_sent(model, scripted, says):
    """As a local server wants it; nor one of another program's configuration."""
    server = scripted(says("{}"))
    ask(model(server.url))

    assert "Authorization" not in server.requests[0][2]


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": "7"}, {"prompt_tokens": -1}])
def test_a_server_that_does_not_count_is_reckoned_with(model, scripted, answer, usage):
    """By the text, as the reducer reckons."""
    document = {"choices": [{"message": {"content": "abc" * 10}}], "usage": usage}
    reply = ask(model(scripted(answer(body=json.dumps(document).encode())).url))

    assert (reply.prompt_tokens, reply.answer_tokens) == (202, 10)


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_what_may_pass_is_tried_again(model, scripted, answer, says, status):
    """After the pause that the server asks for; each request counts, an unanswered costs nothing."""
    server, meter = scripted(answer(status=status, headers=SOON), says("{}")), Tally()

    assert ask(model(server.url, meter)).text == "{}"
    assert meter.costs == [0, 750]


def test_it_is_not_tried_for_ever(model, scripted, answer):
    """Three times, then the question is given up."""
    server = scripted(answer(status=500, headers=SOON, body=b"over\x1b[31mloaded\nsee log"))

    assert refusal(model(server.url)) == f"{server.url}/v1: it answers 500 overloaded see log"
    assert len(server.requests) == llm.ATTEMPTS


def test_a_server_that_keeps_failing_is_left_alone(model, scripted, answer, says):
    """After two questions without an answer, until the review ends."""
    server = scripted(answer(status=500, headers=SOON))
    asked = model(server.url)
    said = [refusal(asked) for _ in range(5)]

    assert len(server.requests) == llm.FAILURES_IN_A_ROW * llm.ATTEMPTS
    assert len(set(said)) == 1


def test_an_answer_between_two_failures_forgives_the_first(model, scripted, answer, says):
    """Only failures in a row count."""
    bad = answer(body=b"<html>")
    server = scripted(bad, says("1"), bad, says("2"))
    asked = model(server.url)

    refusal(asked)
    assert ask(asked).text == "1"
    refusal(asked)
    assert ask(asked).text == "2"


@pytest.mark.parametrize(
    ("refused", "told"),
    [
        ({"status": 401}, "it answers 401 no"),
        ({"status": 403}, "it answers 403 no"),
        ({"status": 404}, "it answers 404 no"),
        (
            {"status": 307, "headers": {"Location": "http://elsewhere.invalid/v1"}},
            "sends us on to 'http://elsewhere",
        ),
        ({"status": 302, "headers": {"Location": "/v1/other"}}, "sends us on to '/v1/other'"),
    ],
)
def test_what_will_not_pass_is_not_tried_again(model, scripted, answer, refused, told):
    """Neither now nor for the next cause; nobody is followed anywhere."""
    server = scripted(answer(**refused, body=b"no"))
    asked = model(server.url)

    assert told in refusal(asked)
    assert told in refusal(asked)
    assert len(server.requests) == 1


def test_nobody_is_followed_with_the_key(model, scripted, answer, says):
    """A redirect to another server leaves that one alone."""
    other = scripted(says("{}"))
    server = scripted(answer(status=308, headers={"Location": f"{other.url}/v1/chat/completions"}))
    refusal(model(server.url, key="sk-1"))

    assert other.requests == []


def test_what_a_server_says_is_without_the_key(model, scripted, answer, says):
    """Refusals like to repeat it; so may a model that a proxy shows the request."""
    key = "correct horse battery 9"
    server = scripted(answer(status=400, body=f"{key}?".encode()), says(f"it is {key}"))
    asked = model(server.url, key=key)

    assert ask(asked).text == "it is [masked:CONFTEST_KIT_MODEL_KEY]"
    refused = scripted(answer(status=401, body=f"who is {key}".encode()))
    assert key not in refusal(model(refused.url, key=key))


def test_a_server_that_knows_no_schema_is_asked_plainly(model, scripted, answer, says):
    """At once, and from then on."""
    server = scripted(answer(status=400, body=b"response_format?"), says("1"), says("2"))
    asked = model(server.url)

    assert (ask(asked).text, ask(asked).text) == ("1", "2")
    sent = [sorted(json.loads(body)) for *_, body in server.requests]
    assert sent[1:] == [["messages", "model"]] * 2


def test_what_is_wrong_even_so_is_said(model, scripted, answer):
    """A model of that name may not be there."""
    server = scripted(answer(status=400, body=b"no model llama"))

    assert refusal(model(server.url)).endswith("it answers 400 no model llama")
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Sign in</body></html>",
        b'{"choices": [{"message": {"content": "{',
        b"[]",
        b'{"choices": []}',
        b'{"choices": [{"message": {"content": [1]}}]}',
        b'{"choices": "a"}',
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"choices": [{"message": {"content": "a"}}], "usage": 7}',
    ],
    ids=["nothing", "HTML", "cut", "list", "none", "no text", "text", "deep", "bytes", "usage"],
)
def test_what_is_no_completion_is_no_answer(model, scripted, answer, body):
    """And may have cost something."""
    meter = Tally()

    assert "answer" in refusal(model(scripted(answer(body=body)).url, meter))
    assert meter.costs == [202 + ANSWER_TOKENS]


def test_a_model_that_says_nothing_says_nothing(model, scripted, answer):
    """A refusal, or a call of a tool that was never offered, has no content."""
    call = {"content": None, "tool_calls": [{"function": {"name": "run", "arguments": "{}"}}]}
    body = json.dumps({"choices": [{"message": call}]}).encode()

    assert ask(model(scripted(answer(body=body)).url)).text == ""


def test_a_text_may_come_in_parts(model, scripted, answer):
    """Thoughts are others."""
    parts = [{"type": "thinking", "thinking": []}, *({"type": "text", "text": it} for it in "{}")]
    body = json.dumps({"choices": [{"message": {"content": parts}}]}).encode()

    assert ask(model(scripted(answer(body=body)).url)).text == "{}"


def test_of_a_huge_answer_little_is_read(model, scripted, answer):
    """50 MB are not waited for."""
    said = refusal(model(scripted(answer(body=b" " * 50_000_000)).url))

    assert said.endswith("its answer is longer than 1,000,000 bytes")


def test_a_compressed_answer_is_not_unpacked(model, scripted, answer):
    """None was asked for, and a few bytes could become many."""
    server = scripted(
        answer(body=gzip.compress(b" " * 10_000_000), headers={"Content-Encoding": "gzip"})
    )

    assert "no chat completion" in refusal(model(server.url))
    assert server.requests[0][2]["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("how", [{"silent_seconds": 60}, {"drip_seconds": 0.05}])
def test_a_slow_answer_is_not_waited_for(model, scripted, answer, how):
    """A byte now and then makes it no faster; what it may cost is counted."""
    meter, server = Tally(), scripted(answer(body=b" " * 10_000, **how))

    assert refusal(model(server.url, meter, timeout_seconds="0.4")).endswith("no answer within 0 s")
    assert meter.costs == [202 + ANSWER_TOKENS]
    assert len(server.requests) == 1


def test_the_time_of_a_review_holds_for_all_questions(model, scripted, answer):
    """A pause that is longer than what is left of it is not made."""
    server = scripted(answer(status=429, headers={"Retry-After": "3600"}))
    asked = model(server.url, review_seconds="30")

    assert "429" in refusal(asked)
    assert len(server.requests) == 1


def test_a_review_without_time_asks_nothing_more(model, scripted, says, monkeypatch):
    """The first question starts the clock."""
    server = scripted(says("1"))
    asked = model(server.url, review_seconds="60")
    ask(asked)
    clock = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: clock() + 60)

    assert "no answer within 0 s" in refusal(asked)


def test_a_name_server_that_does_not_answer_is_not_waited_for(model, monkeypatch):
    """Neither by the question nor at its end."""
    answered, asked_for_ever = threading.Event(), []

    def look_up(*_, **__):
        asked_for_ever.append(answered.wait(20))
        raise OSError("too late")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    said = refusal(model("http://slow.invalid", timeout_seconds="0.2"))

    assert said.endswith("no answer within 0 s")
    assert asked_for_ever == []
    answered.set()


def test_a_server_that_is_down_is_said(model):
    """Tried again, for it may be starting."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    meter = Tally()

    assert refusal(model(url, meter)).startswith(f"{url}/v1: ")
    assert meter.costs == [0] * llm.ATTEMPTS


def test_nothing_is_sent_beyond_the_budget(model, scripted, answer):
    """A second attempt needs as much as the first."""
    server = scripted(answer(status=500, headers=SOON))
    asked = model(server.url, Tally(allowed=1))

    with pytest.raises(OverBudget, match="used up"):
        ask(asked)
    assert len(server.requests) == 1


def test_a_certificate_that_nobody_vouches_for_is_refused(model, scripted, says, self_signed):
    """Before anything is sent."""
    server = scripted(says("{}"), tls=self_signed)

    assert "self-signed certificate" in refusal(model(server.url)).replace(
        "self signed", "self-signed"
    )
    assert server.requests == []


def test_a_proxy_of_the_environment_is_used(model, scripted, says, monkeypatch):
    """As httpx reads it."""
    proxy = scripted(says("{}"))
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    ask(model("http://model.invalid"))

    assert proxy.requests[0][1] == "http://model.invalid/v1/chat/completions"


def test_a_proxy_that_is_none_is_said(model, monkeypatch):
    """Once for the whole review."""
    monkeypatch.setenv("HTTP_PROXY", "socks9://nobody")

    assert "no client: " in refusal(model("http://model.invalid"))


@pytest.fixture
def self_signed(tmp_path, require_program):
    """What a server on loopback shows whom nobody knows."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    openssl = [require_program("openssl", "openssl"), "req", "-x509", "-newkey", "rsa:2048"]
    made = ["-nodes", "-days", "1", "-keyout", str(key), "-out", str(certificate), *names]
    subprocess.run([*openssl, *made], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
