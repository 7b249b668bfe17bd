"""The body of a webhook."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_memory_logging.records import Alert
from orchestrator.alerts import webhook
from orchestrator.alerts.webhook import MalformedBody

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


def test_what_alertmanager_posts(told):
    """Names, times without nanoseconds, and no end for one that fires."""
    body = json.dumps(told.post(told.alert(), told.alert(status="resolved"))).encode()
    first, second = webhook.parse(body)

    assert first == Alert(
        fingerprint="5ef77f1f8a3ecf8d",
        status="firing",
        started="2026-01-01T00:00:00.123456+00:00",
        ended=None,
        name="PytestFailuresRising",
        severity="critical",
        labels={"alertname": "PytestFailuresRising", "severity": "critical"},
        annotations={"summary": "2 tests failed"},
    )
    assert second.ended == "0001-01-01T00:00:00.000000+00:00"


def test_a_fingerprint_that_is_missing_is_made_of_the_labels(told):
    """The same labels give the same one, in whatever order."""
    labels = {"a": "1", "b": "2"}
    bodies = [
        told.post(told.alert(fingerprint="", labels=dict(order)))
        for order in (labels.items(), reversed(labels.items()))
    ]
    one, two = (webhook.parse(json.dumps(body).encode())[0] for body in bodies)

    assert one.fingerprint == two.fingerprint
    assert one.name == "unnamed"


def test_long_texts_are_cut(told):
    """A description of a megabyte is no use to a reviewer."""
    body = json.dumps(told.post(told.alert(annotations={"summary": "x" * 10_000}))).encode()

    assert len(webhook.parse(body)[0].annotations["summary"]) == 4096


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON in UTF-8"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not a JSON object"),
        ({"alerts": []}, "version is None, not '4'"),
        ({"version": "3", "alerts": []}, "version is '3'"),
        ({"version": "4"}, "alerts is not a list"),
        ({"version": "4", "alerts": [{}] * 1001}, "1001 alerts"),
        ({"version": "4", "alerts": [3]}, "alerts[0] is not an object"),
        ({"status": "burning"}, "alerts[0].status is 'burning'"),
        ({"labels": None}, "alerts[0].labels is not an object of texts"),
        ({"labels": {}}, "alerts[0].labels is empty"),
        ({"labels": {"alertname": 3}}, "alerts[0].labels is not an object of texts"),
        ({"labels": {str(n): "" for n in range(101)}}, "alerts[0].labels has 101 members"),
        ({"annotations": ["x"]}, "alerts[0].annotations is not an object"),
        ({"fingerprint": 7}, "alerts[0].fingerprint is not a text"),
        ({"startsAt": "yesterday"}, "alerts[0].startsAt is 'yesterday', not a time"),
        ({"startsAt": None}, "alerts[0].startsAt is None, not a time"),
    ],
)
def test_what_is_malformed_is_named(told, body, reason):
    """Where it is, and what is there."""
    if isinstance(body, dict) and "version" not in body and "alerts" not in body:
        body = told.post(told.alert(**body))
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    with pytest.raises(MalformedBody) as refused:
        webhook.parse(content)
    assert reason in str(refused.value)


@given(st.binary() | ANYTHING.map(lambda value: json.dumps(value).encode()))
def test_nothing_else_is_raised(body):
    """Whatever comes."""
    with contextlib.suppress(MalformedBody):
        webhook.parse(body)


@given(st.dictionaries(st.sampled_from(["status", "labels", "startsAt", "fingerprint"]), ANYTHING))
def test_nothing_else_is_raised_of_an_alert(told, changed):
    """Whatever stands in the place of its fields."""
    with contextlib.suppress(MalformedBody):
        webhook.parse(json.dumps(told.post(told.alert(**changed))).encode())
