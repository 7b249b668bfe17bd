from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest_kit.records import Attempt
from corpus_memory_logging import QueryError, UnknownId, queries
from corpus_memory_logging.filters import Filters
from corpus_memory_logging.history import last_green
from corpus_memory_logging.records import Culprit, Suggestion
from corpus_memory_logging.store import open_store

REMEMBER = """
import sys
from corpus_memory_logging.store import open_store
from conftest_kit.records import Attempt, Recording, Run
from corpus_memory_logging.records import Review
path, worker, number = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for run in range(number):
    attempts = (Attempt(nodeid=f"t.py::test_{run}", outcome="passed"),)
    record = Run(run_id=f"{worker}-{run}", started="2026-01-01T00:00:00Z", state="complete")
    with open_store(path, project="demo") as store:
        store.remember(Review(recording=Recording(run=record, attempts=attempts)))
"""


class TestStore:
    """What every engine must do."""

    def test_a_new_signature_is_not_recalled(self, store, make):
        """Nothing is known of what was never seen."""
        store.remember(make.review())

        assert store.recall(["reason-v1:else"], run_id="another") == {}

    def test_what_one_run_taught_is_recalled_in_the_next(self, store, make):
        """Times, number of runs and status come back for a signature seen before."""
        store.remember(make.review(1))
        store.remember(make.review(2, known=True))

        found = store.recall([make.signature, "reason-v1:else"], run_id=make.run_id(3))
        known = found.pop(make.signature)

        assert not found
        assert known.first_seen == "2026-01-01T00:01:00.000000+00:00"
        assert known.last_seen == "2026-01-01T00:02:00.000000+00:00"
        assert (known.occurrences, known.status, known.suggestions) == (2, "open", ())

    def test_reviewing_a_run_again_recalls_the_same(self, store, make):
        """Neither the run itself nor runs remembered after it make its causes known."""
        store.remember(make.review(1))
        store.remember(make.review(2))

        assert store.recall([make.signature], run_id=make.run_id(1)) == {}
        assert (
            store.recall([make.signature], run_id=make.run_id(2))[make.signature].occurrences == 1
        )

    def test_a_failure_is_recalled_by_the_cause_that_it_was_a_part_of(self, store, make):
        """The same failure of the same test, in an earlier run; other words are another failure."""
        part = make.failure("tests/test_b.py::test_z")
        store.remember(make.review(1, failures=(make.failure(), part)))

        others = (
            part._replace(message="No module named 'toml'"),
            part._replace(phase="setup"),
            part._replace(nodeid="tests/test_c.py::test_z"),
            part._replace(exceptions=()),
        )

        first, *rest = store.recall_parts([part, *others], run_id=make.run_id(2))
        assert first == store.recall([make.signature], run_id=make.run_id(2))[make.signature]
        assert rest == [None] * len(others)
        assert store.recall_parts([part], run_id=make.run_id(1)) == (None,)

    def test_a_run_is_remembered_once(self, store, make):
        """Remembering it again changes no list, also where the second review says otherwise."""
        lists = (queries.runs, queries.causes, queries.failures, queries.suggestions)
        store.remember(make.review())
        before = [of(store) for of in lists]

        store.remember(make.review(state="died", causes=()))

        assert store.reviewed(make.run_id(1))
        assert [of(store) for of in lists] == before

    def test_all_or_nothing(self, store, make):
        """A review that cannot be kept to the end leaves nothing behind."""
        broken = make.review(
            attempts=(Attempt(nodeid="t", outcome="passed", durations={"call": ""}),)
        )

        with pytest.raises(TypeError):
            store.remember(broken)

        assert not store.reviewed(make.run_id(1))
        assert queries.runs(store) == []

    def test_projects_do_not_see_each_other(self, location, make):
        """Two projects in one memory have nothing in common, though runs and causes are named alike."""
        with open_store(location, project="one") as one, open_store(location, project="two") as two:
            one.remember(make.review())

            assert not two.reviewed(make.run_id(1))
            assert two.recall([make.signature], run_id="x") == {}
            two.remember(make.review())
            assert len(queries.failures(one)) == len(queries.failures(two)) == 1

    def test_a_resolved_cause_that_returns_is_open_again(self, store, make):
        """In a later run; the decision stays in the history, and the note and fix are recalled."""
        store.remember(make.review(1))
        decide(store, make, at=2, fix="c0ffee", note="pinned")

        store.remember(make.review(3))
        known = store.recall([make.signature], run_id="x")[make.signature]

        assert (known.status, known.fix, known.note) == ("open", "c0ffee", "pinned")
        history = queries.show(store, make.cause_id)["decisions"]
        assert [decision["status"] for decision in history] == ["resolved", "open"]
        assert history[1]["run_id"] == make.run_id(3)

    def test_an_older_run_reopens_nothing(self, store, make):
        """A run from before the decision, reviewed after it, is no return."""
        store.remember(make.review(2))
        decide(store, make, at=3)

        store.remember(make.review(1))

        known = store.recall([make.signature], run_id="x")[make.signature]
        assert (known.status, known.occurrences) == ("resolved", 2)
        assert queries.causes(store)[0]["run_id"] == make.run_id(2)

    def test_a_later_correction_does_not_hide_a_return(self, store, make):
        """What counts is when the cause was resolved, not when its category was corrected."""
        store.remember(make.review(1))
        decide(store, make, at=2)
        decide(store, make, at=5, category="network")

        store.remember(make.review(4))

        assert store.recall([make.signature], run_id="x")[make.signature].status == "open"

    def test_an_ignored_cause_stays_ignored(self, store, make):
        """However often its signature returns."""
        store.remember(make.review(1))
        decide(store, make, at=2, ignore=True)

        store.remember(make.review(3))

        assert store.recall([make.signature], run_id="x")[make.signature].status == "ignored"

    def test_one_signature_under_two_ids_is_no_error(self, store, make):
        """A run recorded under another name of the project has other ids; the last seen counts."""
        store.remember(make.review(1))
        store.remember(make.review(2, causes=(replace(make.cause(), cause_id="ee" * 8),)))
        store.resolve("eeee", note="renamed", now=make.started(3), reviewer="ada")

        assert store.recall([make.signature], run_id="x")[make.signature].note == "renamed"

    def test_the_title_is_that_of_the_last_run(self, store, make):
        """Runs remembered out of order do not turn it back."""
        store.remember(make.review(2, causes=(make.cause(title="newer"),)))
        store.remember(make.review(1, causes=(make.cause(title="older"),)))

        assert queries.causes(store)[0]["title"] == "newer"

    def test_every_attempt_counts(self, store, make):
        """Reruns, and executions of one test on several workers under one number."""
        twice = [Attempt(nodeid="t.py::test_z", outcome="passed") for _ in range(2)]
        rerun = Attempt(nodeid="t.py::test_z", outcome="failed", attempt=2)
        store.remember(make.review(attempts=(*twice, rerun)))

        assert last_green(store, ["t.py::test_z"], before="").run.run_id == make.run_id(1)
        assert store.problems() == []

    def test_an_outcome_of_a_later_version_is_left_out(self, store, make):
        """The run is remembered all the same."""
        store.remember(make.review(attempts=(Attempt(nodeid="t", outcome="unheard of"),)))

        assert store.reviewed(make.run_id(1))
        assert store.prevented(["tests"]) == {}

    def test_failures_without_a_cause_are_kept(self, store, make):
        """Each failure of the run is there once, whether a cause explains it or not."""
        explained, alone = make.failure(), make.failure("t.py::test_b", message="boom")
        store.remember(make.review(failures=(explained, alone), causes=(make.cause(explained),)))

        found = {row["nodeid"]: row["cause_id"] for row in queries.failures(store)}

        assert found == {explained.nodeid: make.cause_id, alone.nodeid: None}

    def test_failures_that_look_alike_are_all_kept(self, store, make):
        """Two failures of one test in one phase have ids of their own."""
        store.remember(make.review(failures=(make.failure(), make.failure(message="again"))))

        assert len({row["failure_id"] for row in queries.failures(store)}) == 2

    def test_prevented_tests_are_those_below_the_collector(self, store, make):
        """A file names its own tests, not those of a file whose name it begins, nor collectors."""
        names = ("a/t.py::test_1", "a/t.py::C::test_2", "a/t.pyx::test_3", "a/tt.py::test_4")
        ran = tuple(Attempt(nodeid=name, outcome="passed") for name in names)
        failure = make.failure("a/t.py::C", phase="collect")
        store.remember(make.review(attempts=ran, failures=(failure,)))

        found = store.prevented(["a/t.py", "a", "b.py", ""])

        assert found == {"a/t.py": (names[1], names[0]), "a": tuple(sorted(names))}

    def test_last_green_is_the_last_in_which_one_passed(self, store, make):
        """Failing runs do not count, nor those that did not start before the time given."""
        name = "t.py::test_1"
        for number, outcome in enumerate(("passed", "passed", "failed")):
            ran = (Attempt(nodeid=name, outcome=outcome),)
            store.remember(make.review(number, attempts=ran))
        before, first = make.started(1).isoformat(), make.started(0).isoformat()

        green = last_green(store, ["never", name], before="")

        assert green.run.run_id == make.run_id(1)
        assert green.passed == {name}
        assert green.run.environment == make.review().recording.run.environment
        assert last_green(store, [name], before=before).run.run_id == make.run_id(0)
        assert last_green(store, [name], before=first) is None

    def test_environments_are_stored_once(self, store, make):
        """Runs that differ in commit, branch and seed alone share an environment."""
        for number in range(3):
            store.remember(make.review(number))

        (environment,) = queries.show(store, make.cause_id)["environments"]
        assert environment["runs"] == 3

    def test_a_run_without_times_is_remembered(self, store, make):
        """Its start is then its end, else the time of the review."""
        now = make.started(9)
        store.remember(make.review(1, started="", finished=""), now=now)
        store.remember(make.review(2, started="yesterday"), now=now)

        starts = {row["run_id"]: row["started"] for row in queries.runs(store)}
        assert starts[make.run_id(1)] == now.isoformat(timespec="microseconds")
        assert starts[make.run_id(2)] == "2026-01-01T00:02:03.000000+00:00"

    @settings(
        max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
    )
    @given(text=st.text(st.characters(exclude_categories=()), max_size=30))
    def test_any_text_can_be_kept_and_sought(self, store, make, text):
        """Lone surrogates, NUL, quotes and operators of the search are text like any other."""
        number = len(queries.runs(store, Filters(limit=None)))
        failure = make.failure(f"t.py::test[{text}]", message=text, captured={"stdout": text})
        cause = make.cause(
            failure, title=text, evidence=(text,), suggestions=(Suggestion(text=text),)
        )
        store.remember(make.review(number, failures=(failure,), causes=(cause,)))

        for of in (queries.runs, queries.causes, queries.failures, queries.suggestions):
            of(store, Filters(search=text, test=text, culprit=text, kind=text))
        (row,) = queries.failures(store, Filters(run=make.run_id(number)))
        shown = queries.show(store, row["failure_id"])

        assert shown["record"].get("message", "") == text
        assert shown["record"].get("captured") == {"stdout": text}
        row["message"].encode()

    def test_processes_write_at_once_and_lose_nothing(self, location, start):
        """Six of them, each opening the memory anew for every run, the first creating it."""
        workers = [start(REMEMBER, location, worker, 25, cwd=None) for worker in range(6)]
        outputs = [process.communicate(timeout=120)[0] for process in workers]

        assert outputs == [""] * 6
        with open_store(location, project="demo") as store:
            assert len(queries.runs(store, Filters(limit=None))) == 150
            assert store.problems() == []


class TestResolve:
    """What a reviewer says, on every engine."""

    def test_an_accepted_suggestion_is_recalled(self, store, make):
        """By a unique beginning of its id; the cause is resolved."""
        store.remember(make.review())
        first = next(row for row in queries.suggestions(store) if row["text"] == "Install PyYAML")

        said = decide(store, make, at=2, accept=first["suggestion_id"][:8])
        known = store.recall([make.signature], run_id="x")[make.signature]

        assert (said["accepted"], said["status"]) == (first["suggestion_id"], "resolved")
        assert [(item.text, item.status) for item in known.suggestions] == [
            ("Install PyYAML", "accepted")
        ]
        assert known.suggestions[0].commands == ("pip install PyYAML",)

    def test_words_of_the_reviewer_become_a_suggestion(self, store, make):
        """The same words again are the same suggestion."""
        store.remember(make.review())
        for at in (2, 3):
            decide(store, make, at=at, accept="Use the vendored copy")

        (mine,) = queries.suggestions(store, Filters(status="accepted"))

        assert (mine["source"], mine["origin"], mine["confidence"]) == ("reviewer", "ada", 1.0)

    def test_words_that_a_rule_said_before_accept_its_suggestion(self, store, make):
        """Nothing is stored twice."""
        store.remember(make.review())
        decide(store, make, at=2, accept="Install PyYAML")

        (accepted,) = queries.suggestions(store, Filters(status="accepted"))

        assert (accepted["source"], len(queries.suggestions(store))) == ("rule", 2)

    def test_a_rejected_suggestion_leaves_the_cause_open(self, store, make):
        """Its status is recalled, so that it is not proposed again."""
        store.remember(make.review())
        bad = queries.suggestions(store)[0]

        said = decide(store, make, at=2, reject=bad["suggestion_id"])
        known = store.recall([make.signature], run_id="x")[make.signature]

        assert said["status"] == known.status == "open"
        assert [item.status for item in known.suggestions] == ["rejected"]

    @pytest.mark.parametrize(
        ("decision", "status"),
        [
            ({}, "resolved"),
            ({"note": "DNS was down"}, "resolved"),
            ({"fix": "c0ffee", "category": "network"}, "resolved"),
            ({"category": "network", "note": "DNS"}, "open"),
            ({"culprit": "requests"}, "open"),
            ({"ignore": True, "category": "network"}, "ignored"),
        ],
    )
    def test_a_correction_alone_resolves_nothing(self, store, make, decision, status):
        """A decision resolves, unless it only corrects the verdict or ignores the cause."""
        store.remember(make.review())

        assert decide(store, make, at=2, **decision)["status"] == status

    def test_a_corrected_verdict_outranks_the_rules(self, store, make):
        """In what is recalled and in every list, also after the next review said otherwise."""
        store.remember(make.review(1))
        decide(store, make, at=2, category="compatibility", culprit="numpy")

        store.remember(make.review(3))
        known = store.recall([make.signature], run_id="x")[make.signature]

        assert known.category == "compatibility"
        assert known.culprit == Culprit(type="distribution", name="numpy")
        for of in (queries.causes, queries.failures, queries.suggestions):
            asked = Filters(category="compatibility", culprit="NumPy")
            assert {row["culprit"]["name"] for row in of(store, asked)} == {"numpy"}
        assert queries.causes(store, Filters(category="missing_dependency")) == []

    def test_what_was_not_decided_stays(self, store, make):
        """A second decision changes only what it names."""
        store.remember(make.review())
        decide(store, make, at=2, category="network", culprit="host:pypi", note="first", fix="f1")
        decide(store, make, at=3, note="second")

        known = store.recall([make.signature], run_id="x")[make.signature]

        assert (known.category, known.note, known.fix) == ("network", "second", "f1")
        assert known.culprit == Culprit(type="host", name="pypi")

    def test_the_type_of_a_culprit_is_guessed_from_the_category(self, store, make):
        """Where neither the reviewer nor a review said it."""
        store.remember(make.review(causes=(make.cause(culprit=None, category="fixture"),)))
        decide(store, make, at=2, culprit="db")

        known = store.recall([make.signature], run_id="x")[make.signature]

        assert known.culprit == Culprit(type="fixture", name="db")

    @pytest.mark.parametrize(
        ("typed", "type", "name"),
        [
            ("host:pay.example:8443", "host", "pay.example:8443"),
            ("pay.example:8443", "distribution", "pay.example:8443"),
            ("test:tests/a.py::test_b", "test", "tests/a.py::test_b"),
            ("shop::cart", "distribution", "shop::cart"),
            ("host:", "distribution", "host:"),
        ],
    )
    def test_colons_in_the_name_of_a_culprit(self, store, make, typed, type, name):
        """Only what stands before the first one, and is a word, is a type."""
        store.remember(make.review())
        decide(store, make, at=2, culprit=typed)

        known = store.recall([make.signature], run_id="x")[make.signature]

        assert known.culprit == Culprit(type=type, name=name)

    @pytest.mark.parametrize(
        ("decision", "message"),
        [
            ({"accept": "ffffffff"}, "no suggestion has an id that begins with 'ffffffff'"),
            ({"accept": "bogus"}, "no suggestion has an id that begins with 'bogus'"),
            ({"accept": " "}, "' ' names no suggestion"),
            ({"reject": "install it"}, "no suggestion has an id that begins with 'install it'"),
            ({"category": "bad"}, "category 'bad' is none of missing_dependency, compatibility,"),
            ({"cause": "beef"}, "no cause or finding has an id that begins with 'beef'"),
        ],
    )
    def test_a_decision_that_names_nothing_is_refused(self, store, make, decision, message):
        """With one message, and nothing is changed."""
        store.remember(make.review())

        with pytest.raises(QueryError) as refused:
            decide(store, make, at=2, **decision)

        assert str(refused.value).startswith(message)
        assert queries.show(store, make.cause_id)["decisions"] == []

    @pytest.mark.parametrize("decision", [{"accept": "bogus"}, {"reject": "ffff"}])
    def test_a_mistyped_suggestion_names_those_there_are(self, store, make, decision):
        """A single word is an id and never the reviewer's own remedy."""
        store.remember(make.review())

        with pytest.raises(UnknownId) as refused:
            decide(store, make, at=2, **decision)

        ids = [row["suggestion_id"] for row in queries.suggestions(store)]
        assert all(one in str(refused.value) for one in ids)
        assert "a remedy of your own takes several words" in str(refused.value)

    def test_a_suggestion_of_another_cause_is_refused(self, store, make):
        """The message says whose it is."""
        other = replace(make.cause(), cause_id="ff" * 8, signature="reason-v1:else")
        store.remember(make.review(causes=(make.cause(), other)))
        alien = next(row for row in queries.suggestions(store) if row["cause_id"] == "ff" * 8)

        with pytest.raises(QueryError, match="belongs to cause ffffffffffffffff, not to 00aa"):
            decide(store, make, at=2, accept=alien["suggestion_id"])

    def test_the_last_judged_suggestion_comes_first(self, store, make):
        """When several were accepted."""
        store.remember(make.review())
        decide(store, make, at=2, accept="the first")
        decide(store, make, at=3, accept="the second")

        known = store.recall([make.signature], run_id="x")[make.signature]

        assert [item.text for item in known.suggestions] == ["the second", "the first"]


def decide(store, make, *, at, **decision):
    """What a reviewer says half a minute after the run of that number started."""
    cause = decision.pop("cause", make.cause_id[:6])
    now = make.started(at) + timedelta(seconds=30)
    return store.resolve(cause, now=now, reviewer="ada", **decision)
