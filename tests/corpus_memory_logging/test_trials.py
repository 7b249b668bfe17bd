from __future__ import annotations

from dataclasses import replace

import pytest

from conftest_kit.records import Attempt, Environment
from corpus_memory_logging import queries
from corpus_memory_logging.records import Success, Suggestion
from corpus_memory_logging.trials import success, successes, with_success

TEST = "tests/test_a.py::test_x[1]"
RULE = {"source": "rule", "origin": "missing-module@1"}
INSTALL = Suggestion(text="Install PyYAML", commands=("pip install 'PyYAML>=6'",), **RULE)
GUARD = Suggestion(text="Guard the import", **RULE)


def environment(commit="c0ffee", *, branch="main", dirty=False, version="3.11.2", **found):
    """Where a run ran."""
    return Environment(
        python={"version": version, "implementation": "CPython"},
        platform={"system": "Linux"},
        distributions={"numpy": "1.26.4", **found},
        git={"commit": commit, "branch": branch, "dirty": dirty},
    )


@pytest.fixture
def red(store, make):
    """`red(1, commit)`: remembers a run in which the cause broke the test."""

    def remember(number, *where, category="missing_dependency", nodeid=TEST, **changed):
        suggestions = changed.pop("suggestions", (INSTALL, GUARD))
        phase = changed.pop("phase", "call")
        failure = make.failure(nodeid, phase=phase)
        cause = make.cause(failure, category=category, suggestions=suggestions)
        review = make.review(
            number,
            environment=environment(*where, **changed),
            failures=(failure,),
            causes=(cause,),
        )
        store.remember(review)

    return remember


@pytest.fixture
def green(store, make):
    """`green(2, commit)`: remembers a run in which the tests came out as said."""

    def remember(number, *where, outcome="passed", nodeids=(TEST,), exit_code=0, **changed):
        attempts = tuple(Attempt(nodeid=nodeid, outcome=outcome) for nodeid in nodeids)
        state = changed.pop("state", "complete")
        review = make.review(
            number,
            environment=environment(*where, **changed),
            failures=(),
            causes=(),
            attempts=attempts,
            exit_code=exit_code,
            state=state,
        )
        store.remember(review)

    return remember


@pytest.fixture
def accept(store, make):
    """`accept(INSTALL, at=2)`: a reviewer accepts the suggestion, or a remedy of their own."""

    def decide(what, *, at):
        text = what if isinstance(what, str) else statuses(store, key="suggestion_id")[what.text]
        store.resolve(make.cause_id, accept=text, now=make.started(at), reviewer="ana")

    return decide


@pytest.fixture
def broken_and_green(store, red, green):
    """What is counted where a collector was broken, and tests passed afterwards."""

    def count(collector, passed):
        red(1, nodeid=collector, phase="collect" if collector else "start")
        green(2, "f1c5", nodeids=passed)
        return counted(store)

    return count


def statuses(store, key="status"):
    """What became of each suggestion."""
    return {row["text"]: row[key] for row in queries.suggestions(store)}


def counted(store):
    """(judged, green, tried, worked) of the rule."""
    return [
        (row["judged"], row["green"], row["tried"], row["worked"])
        for row in successes(store)
        if row["source"] == "rule"
    ]


class TestTrials:
    """What every engine must do."""

    def test_what_was_accepted_and_is_green_worked(self, store, red, green, accept):
        """The other suggestion was followed by green, and nobody says that it was carried out."""
        red(1)
        accept(GUARD, at=2)
        green(3, "f1c5")

        assert statuses(store) == {"Install PyYAML": "proposed", "Guard the import": "worked"}
        assert counted(store) == [(1, 1, 1, 1)]

    def test_a_reviewer_s_own_remedy_works_too(self, store, red, green, accept):
        """Reviewers are one kind of suggestion, whoever they are."""
        red(1)
        accept("Pin it in setup.cfg", at=2)
        green(3, "f1c5")

        assert statuses(store)["Pin it in setup.cfg"] == "worked"
        assert [
            (row["origin"], row["worked"])
            for row in successes(store)
            if row["source"] == "reviewer"
        ] == [("", 1)]

    def test_what_was_accepted_and_comes_back_failed(self, store, red, accept):
        """Unless nothing changed: then nothing was tried yet."""
        red(1)
        accept(GUARD, at=2)
        red(3)
        assert statuses(store)["Guard the import"] == "accepted"

        red(4, "f1c5")

        assert statuses(store) == {"Install PyYAML": "proposed", "Guard the import": "failed"}
        assert counted(store) == [(1, 0, 1, 0)]

    def test_what_is_accepted_after_a_run_began_is_not_judged_by_it(self, store, red, accept):
        """The run says nothing of a decision that came later."""
        red(1)
        accept(GUARD, at=9)
        red(3, "f1c5")

        assert statuses(store)["Guard the import"] == "accepted"

    def test_of_several_the_one_accepted_last_counts(self, store, red, green, accept):
        """The reviewer changed their mind."""
        red(1)
        accept(GUARD, at=2)
        accept(INSTALL, at=3)
        green(4, "f1c5")

        assert statuses(store) == {"Install PyYAML": "worked", "Guard the import": "accepted"}

    @pytest.mark.parametrize(
        ("found", "status"),
        [
            ({"pyyaml": "6.0.2"}, "worked"),
            ({"PyYAML": "5.4"}, "proposed"),
            ({"toml": "1"}, "proposed"),
        ],
    )
    def test_an_installation_is_seen_to_be_carried_out(self, store, red, green, found, status):
        """By the versions that are installed when the tests pass; nobody needs to accept it."""
        red(1)
        green(2, **found)

        assert statuses(store)["Install PyYAML"] == status
        assert counted(store) == [(1, 1, int(status == "worked"), int(status == "worked"))]

    def test_an_installation_that_does_not_help_failed(self, store, red):
        """The distribution came, and the cause stayed."""
        red(1)
        red(2, pyyaml="6.0.2")

        assert statuses(store)["Install PyYAML"] == "failed"

    def test_followed_by_green_is_no_proof(self, store, red, green):
        """It is counted, and the suggestions stay what they were."""
        red(1)
        green(2, "f1c5")

        assert set(statuses(store).values()) == {"proposed"}
        assert counted(store) == [(1, 1, 0, 0)]

    def test_an_episode_counts_once(self, store, red, green):
        """However many runs it lasts; when it returns after green, another begins."""
        for number, commit in enumerate("abc", 1):
            red(number, commit)
        assert counted(store) == [(1, 0, 0, 0)]

        green(4, "d")
        green(5, "e")
        red(6, "f")
        red(7, "g")

        assert counted(store) == [(2, 1, 0, 0)]

    @pytest.mark.parametrize(
        "elsewhere",
        [
            {"branch": "feature"},
            {"version": "3.12.0"},
        ],
    )
    def test_a_run_of_another_lane_says_nothing(self, store, red, green, elsewhere):
        """On another branch or interpreter the cause may never have been."""
        red(1)
        green(2, "f1c5", **elsewhere)

        assert counted(store) == []

    @pytest.mark.parametrize(
        "changed",
        [
            {"outcome": "failed"},
            {"outcome": "skipped"},
            {"nodeids": ("tests/test_a.py::test_other",)},
            {"exit_code": 2},
            {"state": "died"},
        ],
    )
    def test_what_did_not_pass_is_not_green(self, store, red, green, changed):
        """A test that failed otherwise, was skipped, did not run, or whose run was cut short."""
        red(1)
        green(2, "f1c5", **changed)
        assert counted(store) == []

        green(3, "f1c5")
        assert counted(store) == [(1, 1, 0, 0)]

    def test_an_older_run_says_nothing(self, store, red, green):
        """Though it is reviewed later."""
        red(5)
        green(2, "f1c5")

        assert counted(store) == []

    @pytest.mark.parametrize(
        ("category", "judged"), [("assertion", []), ("network", [(1, 1, 0, 0)])]
    )
    def test_green_with_nothing_changed(self, store, red, green, category, judged):
        """It is flaky, unless the cause lies outside of what is recorded; either way it is over."""
        red(1, category=category)
        green(2)
        assert counted(store) == judged

        green(3, "f1c5")
        assert counted(store) == judged

    def test_uncommitted_work_is_a_change(self, store, red, green):
        """Of what is not committed nobody knows that it is the same."""
        red(1, dirty=True)
        green(2, dirty=True)

        assert counted(store) == [(1, 1, 0, 0)]

    @pytest.mark.parametrize(
        ("collector", "passed", "judged"),
        [
            ("tests/test_a.py", ("tests/test_a.py::test_x",), 1),
            ("tests", ("tests/test_a.py::test_x",), 1),
            ("tests/test_a.py", ("tests/test_b.py::test_x",), 0),
            ("", ("tests/test_b.py::test_x",), 1),
        ],
    )
    def test_what_could_not_be_collected(self, broken_and_green, collector, passed, judged):
        """Of a file or folder some test below it has to pass; of pytest itself the whole run."""
        assert len(broken_and_green(collector, passed)) == judged

    def test_what_a_reviewer_rejected_is_not_on_trial(self, store, make, red, green):
        """It was not carried out, and green says nothing for it."""
        red(1, suggestions=(GUARD,))
        guard = statuses(store, key="suggestion_id")["Guard the import"]
        store.resolve(make.cause_id, reject=guard, now=make.started(2), reviewer="ana")
        green(3, "f1c5")

        assert counted(store) == []

    def test_a_rate_of_a_few_is_not_shown(self, store, make, red, green):
        """From five episodes on it is, beside whatever is of that kind."""
        known = []
        for number in range(0, 12, 2):
            known.append(success(store, **RULE))
            red(number, f"a{number}")
            green(number + 1, f"b{number}")
        cause = make.cause(make.failure(), suggestions=(INSTALL, replace(GUARD, origin="x@1")))
        (found,) = with_success(store, [cause])

        assert known == [None] * 5 + [Success(judged=5, green=5)]
        assert [one.success for one in found.suggestions] == [Success(judged=6, green=6), None]
        listed = statuses(store, key="success")
        assert listed["Install PyYAML"] == {"judged": 6, "green": 6}

    def test_the_list_has_every_key(self, store, red, green, accept):
        """With the rate, and what failed of what was tried."""
        red(1)
        accept(GUARD, at=2)
        red(3, "f1c5")
        red(4, "f1c6", suggestions=(INSTALL,))
        green(5, "f1c7", pyyaml="6.0.2")

        assert successes(store) == [
            {
                **RULE,
                "causes": 1,
                "judged": 1,
                "green": 1,
                "success_rate": 1.0,
                "tried": 1,
                "worked": 1,
                "failed": 0,
            }
        ]
        assert statuses(store) == {"Install PyYAML": "worked", "Guard the import": "failed"}

    def test_reviewing_again_judges_nothing_twice(self, store, red, green):
        """The run was remembered already."""
        red(1)
        green(2, "f1c5")
        green(2, "f1c5")

        assert counted(store) == [(1, 1, 0, 0)]
