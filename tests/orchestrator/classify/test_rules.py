"""The rule files hold together, and what does not is refused with the name of the rule."""

from __future__ import annotations

import re
import string

import pytest

from corpus_memory_logging.records import CATEGORIES
from orchestrator.classify.catalogue import CATALOGUE
from orchestrator.classify.distributions.plugins import plugins
from orchestrator.classify.rules import BadRule, general, knowledge, parse, rules

VERBS = ("add ", "add-test ", "pin ", "sync ", "upgrade ", "reinstall ", "install-self")


def templates(rule):
    """Every text of a rule that facts are filled into."""
    yield from rule.culprit.values()
    yield from rule.evidence
    for remedy in rule.remedies:
        yield from remedy.text
        yield from remedy.commands
        yield remedy.checklist or ""


def test_every_category_has_rules():
    """All but `unknown`, which is what is left."""
    assert {rule.category for rule in rules()} == set(CATEGORIES) - {"unknown"}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_rule_holds_together(rule):
    """Its facts exist, its numbers are in range, and it says what to do."""
    groups = {
        name for pattern in (*rule.when.message, *rule.when.report) for name in pattern.groupindex
    }
    asked = set(rule.when.facts) | {fact for remedy in rule.remedies for fact in remedy.facts}
    filled = {
        name for text in templates(rule) for _, name, _, _ in string.Formatter().parse(text) if name
    }

    assert asked | filled <= set(CATALOGUE) | groups
    assert 0 < rule.confidence <= 1
    assert 0 < rule.priority < 100
    assert rule.when.position in ("decisive", "any")
    assert rule.kind
    assert rule.remedies
    assert all(0 < remedy.confidence <= rule.confidence for remedy in rule.remedies)
    assert {"type", "name"} <= set(rule.culprit) or not rule.culprit
    assert all(
        command.startswith(VERBS) or command.split()[0] in ("find", "apt-file")
        for remedy in rule.remedies
        for command in remedy.commands
    )


def test_every_fact_is_used():
    """A fact that no rule and no other fact asks for is dead."""
    beside = general()
    remedies = [*beside.remedies, *(remedy for rule in rules() for remedy in rule.remedies)]
    texts = " ".join(text for rule in rules() for text in templates(rule))
    texts += " ".join((*beside.evidence, *(str(only.culprit) for only in beside.culprits)))
    texts += " ".join(text for remedy in beside.remedies for text in remedy.text)
    asked = {fact for rule in rules() for fact in rule.when.facts}
    asked |= {fact for one in (*remedies, *beside.culprits) for fact in one.facts}
    asked |= set(re.findall(r"\{(\w+)", texts))
    inner = {"code_alone", "defined_in", "object", "place", "test_file", "top", "type_module"}
    inner |= {"unchanged", "variables_changed"}  # what flaky findings say

    assert set(CATALOGUE) <= asked | inner


GOOD = {
    "id": "a",
    "version": 1,
    "kind": "k",
    "priority": 50,
    "confidence": 0.5,
    "when": {"exception": ["ValueError"]},
    "remedy": [{"text": "Do it."}],
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"colour": "red"}, "unknown key 'colour'"),
        ({"when": {"wehn": 1}}, "unknown key 'wehn'"),
        ({"when": {"message": "("}}, "'(' is no regular expression"),
        ({"remedy": [{"text": "x", "cost": 1}]}, "unknown key 'cost'"),
    ],
)
def test_bad_rules_are_refused(change, said):
    """The message names the rule and what is wrong with it."""
    with pytest.raises(BadRule) as refused:
        parse({"rule": [GOOD | change]}, "network")

    assert "rule a" in str(refused.value)
    assert said in str(refused.value)


def test_a_missing_key_is_refused():
    """As above."""
    without = {key: value for key, value in GOOD.items() if key != "kind"}

    with pytest.raises(BadRule, match="rule a: 'kind' is missing"):
        parse({"rule": [without]}, "network")


def test_a_category_that_is_none_is_refused():
    """Rule files are named by category."""
    with pytest.raises(BadRule, match="'weather' is no category"):
        parse({"rule": [GOOD]}, "weather")


@pytest.mark.parametrize(
    ("key", "name", "plugin"),
    [
        ("fixtures", "mocker", "pytest-mock"),
        ("fixtures", "requests_mock", "requests-mock"),
        ("fixtures", "httpx_mock", "pytest-httpx"),
        ("fixtures", "qtbot", "pytest-qt"),
        ("fixtures", "fs", "pyfakefs"),
        ("fixtures", "freezer", "pytest-freezer"),
        ("fixtures", "benchmark", "pytest-benchmark"),
        ("fixtures", "httpserver", "pytest-httpserver"),
        ("fixtures", "respx_mock", "respx"),
        ("fixtures", "aiohttp_client", "pytest-aiohttp"),
        ("fixtures", "page", "pytest-playwright"),
        ("fixtures", "redisdb", "pytest-redis"),
        ("fixtures", "celery_app", "pytest-celery"),
        ("fixtures", "mongodb", "pytest-mongo"),
        ("fixtures", "datadir", "pytest-datadir"),
        ("fixtures", "settings", "pytest-django"),
        ("fixtures", "worker_id", "pytest-xdist"),
        ("fixtures", "subtests", "pytest-subtests"),
        ("fixtures", "aioresponses", "pytest-aioresponses"),
        ("fixtures", "event_loop_policy", "pytest-asyncio"),
        ("fixtures", "client", "pytest-django"),
        ("fixtures", "vcr", "pytest-recording"),
        ("hooks", "pytest_html_report_title", "pytest-html"),
        ("hooks", "pytest_xdist_setupnodes", "pytest-xdist"),
        ("hooks", "pytest_bdd_before_scenario", "pytest-bdd"),
        ("hooks", "pytest_benchmark_update_json", "pytest-benchmark"),
        ("fixtures", "postgresql", "pytest-postgresql"),
        ("fixtures", "snapshot", "syrupy"),
        ("formerly", "event_loop", "pytest-asyncio"),
        ("options", "--cov", "pytest-cov"),
        ("options", "-n", "pytest-xdist"),
        ("options", "--timeout", "pytest-timeout"),
        ("options", "--reruns", "pytest-rerunfailures"),
        ("options", "--benchmark-only", "pytest-benchmark"),
        ("ini", "asyncio_mode", "pytest-asyncio"),
        ("ini", "django_find_project", "pytest-django"),
        ("markers", "django_db", "pytest-django"),
        ("markers", "asyncio", "pytest-asyncio"),
    ],
)
def test_what_plugins_bring(key, name, plugin):
    """The scan of released plugins knows who brings what, the most used plugin first."""
    found = [entry for entry in plugins() if name in getattr(entry, key)]

    assert found[0].distribution == plugin


@pytest.mark.parametrize("name", ["testdir", "tmp_path", "monkeypatch", "capsys", "request"])
def test_fixtures_of_pytest_itself_are_no_plugin_s(name):
    """Whatever plugin defines one of these anew does not bring it."""
    assert not [entry.distribution for entry in plugins() if name in entry.fixtures]


def test_three_hundred_plugins_are_known():
    """Each once, by its normalised name."""
    names = [plugin.distribution for plugin in plugins()]

    assert len(names) >= 300
    assert len(names) == len(set(names))


def test_stdlib_releases():
    """What left and came is known by release."""
    table = knowledge("stdlib")

    assert (table["removed"]["distutils"], table["removed"]["cgi"]) == ("3.12", "3.13")
    assert (table["removed"]["asyncore"], table["removed"]["imp"]) == ("3.12", "3.12")
    assert table["added"]["tomllib"] == "3.11"
    assert {"os", "collections", "asyncio"} <= set(table["names"])
