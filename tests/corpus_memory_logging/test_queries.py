from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from conftest_kit.records import Environment
from corpus_memory_logging import QueryError, UnknownId, queries
from corpus_memory_logging.filters import Filters
from corpus_memory_logging.records import Culprit

LISTS = {
    "runs": queries.runs,
    "causes": queries.causes,
    "failures": queries.failures,
    "suggestions": queries.suggestions,
}
FIXTURE_ID = "f1" * 8


@pytest.fixture
def full(store, make):
    """Three runs: yaml missing in the first two, a fixture not found in the last two."""
    lost = make.failure("tests/test_b.py::T::test_z", phase="setup", message="fixture 'db' is gone")
    fixture = make.cause(
        lost,
        cause_id=FIXTURE_ID,
        signature="reason-v1:fixture",
        title="fixture 'db' not found",
        category="fixture",
        kind="not_found",
        culprit=Culprit(type="fixture", name="db"),
        suggestions=(),
    )
    yaml = make.failure()
    store.remember(make.review(1, failures=(yaml,)))
    known = make.review(2, known=True).causes[0]
    store.remember(make.review(2, failures=(yaml, lost), causes=(known, fixture)))
    again = replace(fixture, remembered=known.remembered)
    upgraded = Environment(distributions={"numpy": "2.3.0", "six": "1"})
    store.remember(
        make.review(3, failures=(lost,), causes=(again,), environment=upgraded, state="died")
    )
    return store


@pytest.mark.parametrize("name", LISTS)
def test_a_list_has_the_keys_that_are_documented(full, name):
    """All of them in every row, none else, fit for JSON."""
    listed = re.search(r"Keys: (.*?)\.\n", LISTS[name].__doc__, re.DOTALL)[1]
    documented = re.findall(r"[a-z_]+", re.sub(r"\([^)]*\)", "", listed))

    for row in LISTS[name](full):
        assert sorted(row) == sorted(documented)
        json.dumps(row)


@pytest.mark.parametrize("name", LISTS)
def test_an_empty_memory_has_empty_lists(store, name):
    """With any filter."""
    assert LISTS[name](store, Filters(category="fixture", search="x", test="y", since="7d")) == []


@pytest.mark.parametrize(
    ("filters", "runs", "causes", "failures", "suggestions"),
    [
        ({}, "321", "fy", "fyfy", 2),
        ({"category": "fixture"}, "32", "f", "ff", 0),
        ({"kind": "distribution"}, "21", "y", "yy", 2),
        ({"culprit": "PYYAML"}, "21", "y", "yy", 2),
        ({"culprit": "nobody"}, "", "", "", 0),
        ({"test": "tests/test_a.py"}, "321", "y", "yy", 2),
        ({"test": "tests/test_b.py::T"}, "32", "f", "ff", 0),
        ({"test": "tests/test_a.py::test_x"}, "21", "y", "yy", 2),
        ({"test": "*TEST_Z"}, "32", "f", "ff", 0),
        ({"test": "tests/test_?.py"}, "321", "fy", "fyfy", 2),
        ({"test": "tests/test%"}, "", "", "", 0),
        ({"test": "ests/test_a.py"}, "", "", "", 0),
        ({"run": "latest"}, "3", "f", "f", 0),
        ({"run": "20260101T000200"}, "2", "fy", "fy", 2),
        ({"since": "2026-01-01T00:02:00Z"}, "32", "fy", "ffy", 2),
        ({"since": datetime(2026, 1, 1, 0, 3, tzinfo=UTC)}, "3", "f", "f", 0),
        ({"since": "2026-01-02"}, "", "", "", 0),
        ({"since": "90m"}, "3", "f", "f", 0),
        ({"known": True}, "32", "fy", "fy", 2),
        ({"known": False}, "21", "", "fy", 0),
        ({"known": False, "run": "20260101T000200"}, "2", "f", "f", 0),
        ({"search": "yaml"}, "21", "y", "yy", 2),
        ({"search": "gone db"}, "32", "f", "ff", 0),
        ({"search": "fixture FOUND"}, "32", "f", "ff", 0),
        ({"search": "inst"}, "21", "y", "", 1),
        ({"search": "'\"AND (NEAR* -"}, "", "", "", 0),
        ({"search": "..."}, "", "", "", 0),
        ({"limit": 1}, "3", "f", "f", 1),
        ({"limit": None}, "321", "fy", "fyfy", 2),
        ({"category": "fixture", "search": "yaml"}, "2", "", "", 0),
    ],
)
def test_filters(full, make, filters, runs, causes, failures, suggestions):  # noqa: PLR0917, a table
    """What is asked narrows every list, all of it at once, the newest first."""
    asked = Filters(**filters)
    now = make.started(93)

    assert [row["run_id"][-1] for row in queries.runs(full, asked, now=now)] == list(runs)
    assert letters(queries.causes(full, asked, now=now)) == causes
    assert sorted(letters(queries.failures(full, asked, now=now))) == sorted(failures)
    assert len(queries.suggestions(full, asked, now=now)) == suggestions


@pytest.mark.parametrize("asked", ["pytest-mock", "PYTEST_MOCK", "Pytest.Mock"])
def test_a_culprit_is_found_however_its_name_is_spelt(store, make, asked):
    """Names of distributions are the same in any case and with any of `-_.`."""
    plugin = make.cause(culprit=Culprit(type="distribution", name="pytest_mock"))
    store.remember(make.review(causes=(plugin,)))

    found = queries.causes(store, Filters(culprit=asked))

    assert [row["culprit"]["name"] for row in found] == ["pytest_mock"]


def letters(rows):
    """`y` for a row of the cause of yaml, `f` for one of the fixture's."""
    return "".join("f" if row["cause_id"] == FIXTURE_ID else "y" for row in rows)


@pytest.mark.parametrize(
    ("name", "status", "number"),
    [
        ("runs", "died", 1),
        ("runs", "complete", 2),
        ("causes", "resolved", 1),
        ("failures", "open", 2),
        ("suggestions", "accepted", 1),
        ("suggestions", "proposed", 2),
        ("suggestions", "resolved", 3),
    ],
)
def test_status_is_that_of_what_is_listed(full, make, name, status, number):
    """Failures have their cause's; suggestions their own, or their cause's."""
    full.resolve(make.cause_id, accept="Vendor it", now=make.started(9), reviewer="ada")

    assert len(LISTS[name](full, Filters(status=status))) == number


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"category": "x"}, "category 'x' is none of missing_dependency, compatibility, fixture,"),
        ({"status": "worked"}, "status 'worked' of causes is none of open, resolved, ignored"),
        ({"since": "soon"}, "since 'soon' is neither an age such as 90m, 12h, 7d or 2w nor a"),
        ({"since": "999999w"}, "since '999999w' is neither an age"),
        ({"run": "1999"}, "no run has an id that begins with '1999'"),
        ({"run": "2026"}, "'2026' begins the id of several: run 20260101T000300.000000Z-00000003 "),
        ({"limit": 0}, "limit 0 is not a number from 1"),
    ],
)
def test_a_filter_that_cannot_be_is_refused(full, filters, message):
    """With one message that names it, its value and the allowed ones."""
    with pytest.raises(QueryError) as refused:
        queries.causes(full, Filters(**filters))

    assert str(refused.value).startswith(message)


def test_causes_say_what_they_said_last(full):
    """Number of failures and evidence are of the last run that had the cause."""
    fixture, yaml = queries.causes(full)

    assert (yaml["occurrences"], yaml["known"], yaml["suggestion"]) == (2, True, "Install PyYAML")
    assert yaml["culprit"] == {"type": "distribution", "name": "PyYAML", "version": "6.0"}
    assert (yaml["first_seen"][:16], yaml["last_seen"][:16]) == (
        "2026-01-01T00:01",
        "2026-01-01T00:02",
    )
    assert (fixture["culprit"]["version"], fixture["suggestion"]) == (None, None)


def test_suggestions_come_best_first(full, make):
    """As the review ranked them; what was accepted goes before, what was rejected after."""
    assert [row["text"] for row in queries.suggestions(full)] == [
        "Install PyYAML",
        "Guard the import",
    ]
    first = queries.suggestions(full)[0]["suggestion_id"]
    full.resolve(
        make.cause_id, accept="Vendor it", reject=first, now=make.started(3), reviewer="ada"
    )
    full.remember(make.review(4))

    assert [(row["text"], row["status"]) for row in queries.suggestions(full)] == [
        ("Vendor it", "accepted"),
        ("Guard the import", "proposed"),
        ("Install PyYAML", "rejected"),
    ]


def test_a_rejected_suggestion_is_not_the_best_of_its_cause(full, make):
    """Where there is no other, there is none."""
    for row in queries.suggestions(full):
        full.resolve(
            make.cause_id, reject=row["suggestion_id"], now=make.started(3), reviewer="ada"
        )

    assert [cause["suggestion"] for cause in queries.causes(full)] == [None, None]


def test_a_run_is_shown_with_all_that_it_had(full, make):
    """Its details, environment, causes, failures, suggestions, findings and artifacts."""
    shown = queries.show(full, make.run_id(2))

    assert (shown["type"], shown["run_id"]) == ("run", make.run_id(2))
    assert shown["details"]["command"] == ["pytest", "-q"]
    assert shown["environment"]["python"] == "3.11.2"
    assert letters(shown["causes"]) in {"fy", "yf"}
    assert len(shown["failures"]) == len(shown["suggestions"]) == 2
    assert shown["findings"][0]["evidence"] == ["2 of 3"]
    assert shown["artifacts"][0]["name"] == "shot.png"
    assert queries.show(full, "latest")["run_id"] == make.run_id(3)
    assert queries.show(full, f"logs/runs/{make.run_id(1)}/")["run_id"] == make.run_id(1)


def test_a_cause_is_shown_with_its_history(full, make):
    """In which runs, with which environments and what changed between them, what was decided."""
    full.resolve(FIXTURE_ID, accept="Rename it", note="n", now=make.started(4), reviewer="ada")

    shown = queries.show(full, FIXTURE_ID[:5])

    assert (shown["type"], shown["cause_id"]) == ("cause", FIXTURE_ID)
    assert [run["run_id"] for run in shown["runs"]] == [make.run_id(3), make.run_id(2)]
    before, after = shown["environments"]
    assert (before["changes"], before["runs"]) == ([], 1)
    assert after["changes"] == [
        {"name": "numpy", "before": "1.26.4", "after": "2.3.0"},
        {"name": "python.version", "before": "3.11.2", "after": None},
        {"name": "six", "before": None, "after": "1"},
    ]
    (decision,) = shown["decisions"]
    assert (decision["reviewer"], decision["note"]) == ("ada", "n")
    assert [item["text"] for item in shown["suggestions"]] == ["Rename it"]
    assert decision["accepted"] == shown["suggestions"][0]["suggestion_id"]
    assert {artifact["run_id"] for artifact in shown["artifacts"]} == {
        make.run_id(2),
        make.run_id(3),
    }


def test_a_failure_is_shown_whole(full, make):
    """With its record, its cause and what to do."""
    found = queries.failures(full, Filters(run=make.run_id(1)))[0]

    shown = queries.show(full, found["failure_id"])

    assert (shown["type"], shown["exception"]) == ("failure", "ModuleNotFoundError")
    assert shown["record"]["exceptions"][0]["message"] == "No module named 'yaml'"
    assert (shown["cause"]["cause_id"], shown["cause"]["run_id"]) == (
        make.cause_id,
        make.run_id(1),
    )
    assert len(shown["suggestions"]) == 2
    assert shown["artifacts"][0]["run_id"] == make.run_id(1)


def test_a_failure_of_pytest_itself_is_shown(store, make):
    """It has no node id, and may have no cause."""
    start = make.failure("", phase="start", message="usage error", exceptions=())
    store.remember(make.review(failures=(start,), causes=(), attempts=()))

    shown = queries.show(store, queries.failures(store)[0]["failure_id"])

    assert (shown["nodeid"], shown["exception"], shown["cause"]) == ("", None, None)
    assert shown["record"] == {"phase": "start", "attempt": 1, "message": "usage error"}


def test_a_suggestion_is_shown_with_what_became_of_it(full, make):
    """Its cause, its runs, and the decisions that judged it."""
    first = queries.suggestions(full)[0]["suggestion_id"]
    full.resolve(make.cause_id, accept=first, now=make.started(9), reviewer="ada")
    full.resolve(make.cause_id, note="later", now=make.started(10), reviewer="ada")

    shown = queries.show(full, first)

    assert (shown["type"], shown["status"]) == ("suggestion", "accepted")
    assert [decision["accepted"] for decision in shown["decisions"]] == [first]
    assert len(shown["runs"]) == 2
    assert shown["cause"]["status"] == "resolved"


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (
            "",
            "'' names no run or cause or failure or suggestion or finding or alert: give an id or the beginning of",
        ),
        (
            "zzz",
            "no run or cause or failure or suggestion or finding or alert has an id that begins with 'zzz'",
        ),
        ("2026", "'2026' begins the id of several: run 20260101T000300.000000Z-00000003 (died); "),
        (
            "%",
            "no run or cause or failure or suggestion or finding or alert has an id that begins with '%'",
        ),
    ],
)
def test_an_id_that_names_nothing_or_several_is_refused(full, typed, message):
    """The message names the candidates."""
    with pytest.raises(UnknownId) as refused:
        queries.show(full, typed)

    assert str(refused.value).startswith(message)


def test_an_empty_memory_has_no_latest_run(store):
    """It says so."""
    with pytest.raises(UnknownId, match="the memory has no run yet: 'latest' names none"):
        queries.show(store, "latest")
