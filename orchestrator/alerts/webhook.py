"""The body that Alertmanager posts (webhook, version 4) → alerts; pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from corpus_memory_logging.keys import identifier, moment_of
from corpus_memory_logging.records import Alert

VERSION = "4"
MAX_ALERTS = 1000
_MAX_TEXTS = 100
_MAX_TEXT = 4096


class MalformedBody(ValueError):
    """The body is not what Alertmanager posts; the message says where."""


def parse(body: bytes) -> tuple[Alert, ...]:
    """The alerts of one post.

    Raises:
        MalformedBody: it is no such body.
    """
    try:
        document = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise MalformedBody(f"not JSON in UTF-8: {error}") from None
    if not isinstance(document, dict):
        raise MalformedBody("not a JSON object")
    if document.get("version") != VERSION:
        raise MalformedBody(f"version is {document.get('version')!r:.40}, not {VERSION!r}")
    alerts = document.get("alerts")
    if not isinstance(alerts, list):
        raise MalformedBody("alerts is not a list")
    if len(alerts) > MAX_ALERTS:
        raise MalformedBody(f"{len(alerts)} alerts in one post, {MAX_ALERTS} at most")
    return tuple(_alert(alert, f"alerts[{number}]") for number, alert in enumerate(alerts))


def _alert(document: Any, where: str) -> Alert:
    if not isinstance(document, dict):
        raise MalformedBody(f"{where} is not an object")
    status = document.get("status")
    if status not in ("firing", "resolved"):
        raise MalformedBody(f"{where}.status is {status!r:.40}, neither 'firing' nor 'resolved'")
    labels = _texts(document.get("labels"), f"{where}.labels")
    if not labels:
        raise MalformedBody(f"{where}.labels is empty: the alert has no name")
    fingerprint = document.get("fingerprint") or identifier(*_flat(labels))
    if not isinstance(fingerprint, str) or len(fingerprint) > _MAX_TEXT:
        raise MalformedBody(f"{where}.fingerprint is not a text")
    started = _time(document.get("startsAt"))
    if started is None:
        raise MalformedBody(f"{where}.startsAt is {document.get('startsAt')!r:.40}, not a time")
    return Alert(
        fingerprint=fingerprint,
        status=status,
        started=started,
        ended=_time(document.get("endsAt")) if status == "resolved" else None,
        name=labels.get("alertname", "unnamed"),
        severity=labels.get("severity"),
        labels=labels,
        annotations=_texts(document.get("annotations") or {}, f"{where}.annotations"),
    )


def _texts(value: Any, where: str) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise MalformedBody(f"{where} is not an object of texts")
    if len(value) > _MAX_TEXTS:
        raise MalformedBody(f"{where} has {len(value)} members, {_MAX_TEXTS} at most")
    return {name[:_MAX_TEXT]: text[:_MAX_TEXT] for name, text in value.items()}


def _flat(labels: Mapping[str, str]) -> list[str]:
    return [part for name in sorted(labels) for part in (name, labels[name])]


def _time(value: Any) -> str | None:
    return moment_of(value) if isinstance(value, str) else None
