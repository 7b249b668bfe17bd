"""The JSON report keeps to its schema, whatever a review holds."""

from __future__ import annotations

import json
import re
from importlib.resources import files

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator

from conftest_kit.records import OUTCOMES
from corpus_memory_logging.records import CATEGORIES
from orchestrator.report.json_report import document, render


@pytest.fixture(scope="module")
def schema():
    """The schema that the package ships."""
    text = files("orchestrator").joinpath("data/report.schema.json").read_text("utf-8")
    return Draft202012Validator(json.loads(text))


def test_the_schema_is_one(schema):
    """It is valid itself, and every object in it says whether it may have further keys."""
    Draft202012Validator.check_schema(schema.schema)

    objects = list(_objects(schema.schema))
    assert objects
    assert all("additionalProperties" in one for one in objects)


def test_the_schema_names_what_the_records_name(schema):
    """Categories and outcomes are those of the records, in their order."""
    definitions = schema.schema["$defs"]

    assert definitions["cause"]["properties"]["category"]["enum"] == list(CATEGORIES)
    assert list(definitions["run"]["properties"]["counts"]["properties"]) == list(OUTCOMES)


def test_a_red_run_in_the_promised_shape(schema, red):
    """The keys that programs rely on, with their values."""
    report = json.loads(render(red))
    cause = report["causes"][1]

    schema.validate(report)
    assert report["schema_version"] == 1
    assert report["run"]["run_id"] == red.recording.run.run_id
    assert report["run"]["counts"]["failed"] == 44
    assert report["run"]["counts"]["rerun"] == 0
    assert cause["culprit"] == {"type": "distribution", "name": "numpy", "version": "2.3.0"}
    assert cause["known"] is True
    assert cause["first_seen"] == "2025-11-03T08:00:00+00:00"
    assert cause["occurrences"] == 4
    assert [one["status"] for one in cause["suggestions"]] == ["accepted", "proposed"]
    assert cause["failures"] == [
        {
            "nodeid": "tests/test_price.py::test_rounding",
            "phase": "setup",
            "attempt": 1,
            "subtest": None,
            "message": "",
        }
    ]


def test_a_new_cause_is_first_seen_in_this_run(red):
    """Without a memory of it, a cause is new, and this is its first occurrence."""
    cause = document(red)["causes"][0]

    assert cause["known"] is False
    assert cause["first_seen"] == red.recording.run.started
    assert cause["occurrences"] == 1


def test_any_review_is_valid_and_safe(schema, reviews):
    """Whatever the texts hold: valid, printable in a terminal, and the same text to a parser."""

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(reviews)
    def check(review):
        text = render(review)
        report = json.loads(text)
        schema.validate(report)
        assert report == json.loads(json.dumps(document(review)))
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
        assert text.encode()

    check()


def _objects(node):
    if isinstance(node, dict):
        kind = node.get("type")
        if kind == "object" or (isinstance(kind, list) and "object" in kind):
            yield node
        for child in node.values():
            yield from _objects(child)
    elif isinstance(node, list):
        for child in node:
            yield from _objects(child)
