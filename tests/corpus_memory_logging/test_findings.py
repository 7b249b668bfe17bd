"""Findings in the memory: the same from run to run, with suggestions and decisions."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from corpus_memory_logging import Filters, QueryError, history, interactions, queries, sqlite
from corpus_memory_logging.records import Finding, Suggestion
from corpus_memory_logging.store import open_store

SLOW = Finding(
    kind="runtime",
    text="the run took 80 s",
    evidence=("median 60 s",),
    subject="suite",
    suggestions=(
        Suggestion(text="Look at test_slow first", commands=("pytest --durations=20",)),
        Suggestion(text="Buy a faster machine", confidence=0.1),
    ),
)
LOW = Finding(kind="coverage", text="coverage is 3 %", subject="below")


def review(make, number, *found, **changed):
    """A green run with these findings."""
    quiet = {"failures": (), "causes": (), "exit_code": 0, "counts": {"passed": 1}}
    return make.review(number, findings=found, **{**quiet, **changed})


def remember(store, make, number, *found, **changed):
    """The review of a run as a pipeline makes it: recalled, then remembered."""
    recalled = store.recall_findings(found, run_id=make.run_id(number))
    store.remember(review(make, number, *recalled, **changed))
    return recalled


def test_a_finding_is_the_same_in_every_run(store, make):
    """By kind and subject, whatever its text says."""
    (first,) = remember(store, make, 1, SLOW)
    slower = Finding(kind="runtime", text="the run took 95 s", subject="suite")
    (second,) = remember(store, make, 2, slower)

    assert first.remembered is None
    assert second.finding_id == first.finding_id
    assert second.remembered.occurrences == 1
    (row,) = queries.findings(store)
    assert (row["text"], row["occurrences"], row["known"]) == ("the run took 95 s", 2, True)
    assert row["run_id"] == make.run_id(2)
    assert row["suggestion"] == "Look at test_slow first"


def test_reviewing_again_adds_nothing(store, make):
    """Neither findings nor counts, and it is recalled as the first time."""
    remember(store, make, 1, SLOW)
    (again,) = remember(store, make, 1, SLOW)

    assert again.remembered is None
    assert queries.findings(store)[0]["occurrences"] == 1


def test_filters(store, make):
    """By kind, run, age, status and novelty."""
    remember(store, make, 1, SLOW, LOW)
    remember(store, make, 2, LOW)

    def kinds(**asked):
        now = make.started(2) + timedelta(seconds=30)
        return [row["kind"] for row in queries.findings(store, Filters(**asked), now=now)]

    assert kinds() == ["coverage", "runtime"]
    assert kinds(kind="runtime") == ["runtime"]
    assert kinds(run=make.run_id(1)) == ["runtime", "coverage"]
    assert kinds(since="1m") == ["coverage"]
    assert kinds(known=False) == ["runtime"]
    assert kinds(status="open", limit=1) == ["coverage"]
    assert kinds(status="ignored") == []
    with pytest.raises(QueryError, match="status 'worked' of findings is none of open"):
        kinds(status="worked")


def test_runs_and_suggestions_go_by_the_kind_of_a_finding(store, make):
    """As they go by the kind of a cause."""
    store.remember(make.review(1, findings=()))
    remember(store, make, 2, SLOW)

    of_kind = Filters(kind="runtime")
    runs = queries.runs(store, of_kind)
    found = queries.suggestions(store, of_kind)

    assert [run["run_id"] for run in runs] == [make.run_id(2)]
    assert [one["text"] for one in found] == ["Look at test_slow first", "Buy a faster machine"]
    assert {one["kind"] for one in found} == {"runtime"}
    assert {one["title"] for one in found} == {"the run took 80 s"}
    assert {one["category"] for one in found} == {None}
    assert queries.suggestions(store, Filters(kind="distribution", status="proposed"))
    assert queries.suggestions(store, Filters(kind="runtime", category="network")) == []


def test_show(store, make):
    """A finding with its runs and suggestions, a suggestion with its finding, a run with both."""
    (finding,) = remember(store, make, 1, SLOW)
    shown = queries.show(store, finding.finding_id[:8])
    suggestion = queries.show(store, shown["suggestions"][0]["suggestion_id"])
    run = queries.show(store, make.run_id(1))

    assert (shown["type"], shown["evidence"]) == ("finding", ["median 60 s"])
    assert [run["run_id"] for run in shown["runs"]] == [make.run_id(1)]
    assert suggestion["finding"]["finding_id"] == finding.finding_id
    assert suggestion["cause"] is None
    assert len(suggestion["runs"]) == 1
    assert run["findings"][0]["finding_id"] == finding.finding_id
    assert len(run["suggestions"]) == 2


def decide(store, make, finding, *, at, **decision):
    """A decision at that minute."""
    return store.resolve(finding.finding_id, now=make.started(at), reviewer="ada", **decision)


def test_what_was_decided_is_recalled(store, make):
    """Note, fix and judged suggestions; a resolved finding that comes back is open again."""
    (finding,) = remember(store, make, 1, SLOW)
    rows = queries.show(store, finding.finding_id)["suggestions"]
    said = decide(
        store, make, finding, at=2, accept=rows[1]["suggestion_id"], note="bought", fix="c0ffee"
    )
    resolved = queries.findings(store)[0]
    (known,) = store.recall_findings([SLOW], run_id=make.run_id(3))
    remember(store, make, 3, SLOW)

    assert (said["type"], said["id"], said["status"]) == ("finding", finding.finding_id, "resolved")
    assert (resolved["status"], resolved["note"]) == ("resolved", "bought")
    assert known.remembered.fix == "c0ffee"
    assert [one.text for one in known.remembered.suggestions] == ["Buy a faster machine"]
    assert queries.findings(store)[0]["status"] == "open"
    assert queries.show(store, finding.finding_id)["decisions"][0]["reviewer"] == "ada"
    assert queries.show(store, rows[1]["suggestion_id"])["decisions"]


def test_what_is_ignored_stays_so(store, make):
    """However often it comes; a later decision keeps the note."""
    (finding,) = remember(store, make, 1, SLOW)
    decide(store, make, finding, at=2, ignore=True, note="known")
    remember(store, make, 3, SLOW)
    rows = queries.show(store, finding.finding_id)["suggestions"]
    decide(store, make, finding, at=4, reject=rows[0]["suggestion_id"])

    (row,) = queries.findings(store, Filters(status="ignored"))
    assert row["note"] == "known"


def test_a_remedy_of_ones_own(store, make):
    """In a sentence; it is recalled as the reviewer's."""
    (finding,) = remember(store, make, 1, SLOW)
    decide(store, make, finding, at=2, accept="Run it with -n auto")
    (known,) = store.recall_findings([SLOW], run_id=make.run_id(3))

    assert known.remembered.suggestions[0].source == "reviewer"


@pytest.mark.parametrize(
    ("decision", "reason"),
    [
        ({"category": "network"}, "is a finding, which has no category"),
        ({"culprit": "numpy"}, "is a finding, which has no category"),
        (
            {"accept": "beef"},
            "no suggestion has an id that begins with 'beef'; suggestions of find",
        ),
    ],
)
def test_what_cannot_be_decided(store, make, decision, reason):
    """Is said, and nothing is changed."""
    (finding,) = remember(store, make, 1, SLOW)

    with pytest.raises(QueryError) as refused:
        decide(store, make, finding, at=2, **decision)
    assert reason in str(refused.value)
    assert queries.findings(store)[0]["status"] == "open"


def test_a_suggestion_of_a_finding_is_none_of_a_cause(store, make):
    """Nor the other way round."""
    store.remember(make.review(1, findings=()))
    (finding,) = remember(store, make, 2, SLOW)
    (cause,) = queries.causes(store)
    of_cause = queries.show(store, cause["cause_id"])["suggestions"][0]["suggestion_id"]
    of_finding = queries.show(store, finding.finding_id)["suggestions"][0]["suggestion_id"]

    with pytest.raises(QueryError, match=f"belongs to cause {cause['cause_id']}, not to"):
        decide(store, make, finding, at=3, accept=of_cause)
    with pytest.raises(QueryError, match=f"belongs to finding {finding.finding_id}, not to"):
        store.resolve(cause["cause_id"], now=make.started(3), reviewer="ada", accept=of_finding)


def test_one_that_shows_only_in_the_memory_is_added_later(store, make):
    """Once, however often; to a run that the memory does not have, never."""
    seen = review(make, 1)
    store.remember(seen)
    late = Finding(kind="capture", text="differs", subject="memory")
    other = review(make, 2).recording.run
    for run in (seen.recording.run, seen.recording.run, other):
        store.add_finding(run, late)

    (row,) = queries.findings(store)
    assert (row["kind"], row["occurrences"]) == ("capture", 1)


def test_it_is_an_interaction_as_suggestions_of_causes_are(store, make):
    """The predecessor's view of the memory names the finding."""
    (finding,) = remember(store, make, 1, SLOW)

    assert interactions.load(store)[0]["context"] == {"finding": finding.finding_id}


class TestHistory:
    """What a run is compared with."""

    def test_past_runs(self, store, make):
        """Complete ones remembered before it, the latest first, with the tests they share."""
        names = [f"t.py::test_{number}" for number in range(4)]

        def ran(number, tests, **changed):
            from conftest_kit.records import Attempt

            attempts = [Attempt(nodeid="skipped", outcome="skipped")]
            attempts += [
                Attempt(nodeid=name, outcome="passed", durations={"call": 2.0}, worker="gw0")
                for name in tests
            ]
            store.remember(
                review(
                    make,
                    number,
                    attempts=tuple(attempts),
                    coverage_percent=90.0,
                    measured={"x": 1},
                    **changed,
                )
            )

        ran(1, names)
        ran(2, names[:3], exit_code=1)
        ran(3, names, state="interrupted")
        ran(4, names, exit_code=5)
        found = history.past_runs(store, make.run_id(5), [*names[1:], "new"])
        again = history.past_runs(store, make.run_id(2), names)
        first, second = found[1], found[0]

        assert [past.run_id for past in found] == [make.run_id(2), make.run_id(1)]
        assert [past.run_id for past in again] == [make.run_id(1)]
        assert (first.tests, first.shared, first.green) == (4, 3, True)
        assert (second.tests, second.shared, second.green) == (3, 2, False)
        assert (first.seconds, first.workers, first.coverage_percent) == (3.0, 1, 90.0)
        assert (first.branch, first.commit, first.ci) == ("main", "c0ffee", "")
        assert first.measured == {"x": 1}
        assert history.usual_durations(store, found)[names[0]] == 2.0

    def test_a_run_without_an_end(self, store, make):
        """Took nobody knows how long."""
        store.remember(review(make, 1, finished=""))

        assert history.past_runs(store, "x", [])[0].seconds is None

    def test_what_the_memory_holds(self, store, make):
        """Counts as they were told, and rows by outcome."""
        store.remember(make.review(1))
        held = history.held(store, make.run_id(1))

        assert (held.counts, held.exit_code) == ({"passed": 1, "failed": 1}, 1)
        assert held.attempts == {"passed": 1, "failed": 1}
        assert history.held(store, "nowhere") is None

    def test_what_it_holds_of_a_run_without_tests(self, store, make):
        """No rows, and no error."""
        store.remember(review(make, 1, attempts=()))

        assert history.held(store, make.run_id(1)).attempts == {}


def test_findings_of_the_first_tables_are_kept(tmp_path, make, monkeypatch):
    """Those that said the same are one, their counts are carried over."""
    path = tmp_path / "memory.db"
    migrations = sqlite._migrations()
    with monkeypatch.context() as patch:
        patch.setattr(sqlite, "_migrations", lambda: migrations[:1])
        open_store(path, project="demo").close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO environments VALUES (1, 1, '{}')")
        for run in (1, 2):
            connection.execute(
                "INSERT INTO runs (project, run, run_id, started, reviewed, state, counts, "
                "environment, details) VALUES (1, ?, ?, '2026', '2026', 'complete', '{}', 1, '{}')",
                (run, f"r{run}"),
            )
            connection.execute("INSERT INTO findings VALUES (1, ?, 1, 'flaky', 'a', '[]')", (run,))
        connection.execute("INSERT INTO findings VALUES (1, 2, 2, 'capture', 'b', '[\"x\"]')")
    with open_store(path, project="demo") as store:
        rows = queries.findings(store)
        tallies = {row["label"]: row["value"] for row in store.select("tallies")}
        problems = store.problems()

    assert [(row["text"], row["occurrences"], row["known"]) for row in rows] == [
        ("a", 2, True),
        ("b", 1, False),
    ]
    assert rows[1]["evidence"] == json.loads('["x"]')
    assert tallies == {"flaky": 2, "capture": 1}
    assert problems == []
