from __future__ import annotations

import sys

import pytest

from corpus_memory_logging import StoreError, queries
from corpus_memory_logging.records import Culprit
from corpus_memory_logging.similar import similar
from corpus_memory_logging.store import open_store

YAML = "ModuleNotFoundError: No module named 'yaml'\nimport yaml"
TOML = "ModuleNotFoundError: No module named 'toml'\nimport toml"
DISK = "OSError: [Errno 28] No space left on device\nself.file.write(block)"


@pytest.fixture
def seen(store, make):
    """Remembers a run with one cause for each text, and gives their ids."""

    def remember(*texts, number=1, **changed):
        causes = [
            make.cause(
                make.failure(f"tests/test_{name}.py::test_it"),
                cause_id=f"{ord(name):016x}",
                signature=f"reason-v1:{name}",
                title=text.partition("\n")[0],
                likeness=text,
                **changed,
            )
            for name, text in zip("abcdefgh", texts, strict=False)
        ]
        store.remember(make.review(number, causes=tuple(causes)))
        return [cause.cause_id for cause in causes]

    return remember


def decide(store, make, cause_id, at=9, **said):
    """A decision of Ana's."""
    return store.resolve(cause_id, now=make.started(at), reviewer="ana", **said)


def near(store, text=YAML, title="", signature="reason-v1:new", **more):
    """What the store finds near a text."""
    return similar(store, signature=signature, title=title, text=text, **more)


class TestSimilar:
    """What every engine must do."""

    def test_what_nobody_decided_is_not_near(self, store, seen):
        """Of it nothing was learned, however alike it looks."""
        seen(YAML, TOML)

        assert near(store) == ()

    def test_a_decided_cause_is_found_with_what_was_said_of_it(self, store, make, seen):
        """Category, culprit, who said it and when, and the remedy that was accepted."""
        (toml,) = seen(TOML)
        said = {"category": "environment", "culprit": "variable:PYTHONPATH"}
        decide(store, make, toml, accept="Unset the path", **said)

        (found,) = near(store)

        assert (found.cause_id, found.signature, found.title) == (
            toml,
            "reason-v1:a",
            "ModuleNotFoundError: No module named 'toml'",
        )
        assert (found.category, found.culprit) == (
            "environment",
            Culprit(type="variable", name="PYTHONPATH"),
        )
        assert (found.reviewer, found.decided) == (
            "ana",
            make.started(9).isoformat(timespec="microseconds"),
        )
        assert found.remedies == ("Unset the path",)
        assert 0.8 < found.similarity < 1

    def test_what_was_noted_of_it_comes_along(self, store, make, seen):
        """And the commit that fixed it."""
        (toml,) = seen(TOML)
        decide(store, make, toml, category="environment", note="unset it", fix="1a2b3c4")

        (found,) = near(store)

        assert (found.note, found.fix) == ("unset it", "1a2b3c4")

    def test_a_word_that_is_said_again_counts_once(self, store, make, seen):
        """The line that raises repeats the message: what differs in one word is as near as that."""
        text = "ValueError: order {0} must not be negative\nraise ValueError('order {0} must not be"
        (total,) = seen(text.format("total"))
        decide(store, make, total, category="assertion")

        (found,) = near(store, text.format("refund"))

        assert found.similarity >= 0.85

    def test_another_category_takes_kind_and_culprit_away(self, store, make, seen):
        """They belonged to what the reviewer says it is not."""
        (toml,) = seen(TOML)
        decide(store, make, toml, category="environment")

        (found,) = near(store)

        assert (found.category, found.kind, found.culprit) == ("environment", "", None)

    def test_an_accepted_suggestion_confirms_the_verdict(self, store, make, seen):
        """Its category, kind and culprit are the reviewer's from then on; the culprit's version
        stays in the lists.
        """
        (toml,) = seen(TOML)
        best = queries.suggestions(store)[0]["suggestion_id"]
        decide(store, make, toml, accept=best)

        (found,) = near(store)
        known = store.recall(["reason-v1:a"], run_id="x")["reason-v1:a"]
        (listed,) = queries.causes(store)

        assert (found.category, found.kind) == ("missing_dependency", "distribution")
        assert (known.category, known.reviewer) == ("missing_dependency", "ana")
        assert known.culprit == found.culprit == Culprit(type="distribution", name="PyYAML")
        assert listed["culprit"]["version"] == "6.0"

    @pytest.mark.parametrize("changed", [{"category": "unknown"}, {"rejected": True}])
    def test_what_says_nothing_confirms_nothing(self, store, make, seen, changed):
        """Nobody accepts that the cause is unknown, nor a verdict by rejecting what it suggests."""
        rejected = changed.pop("rejected", False)
        (toml,) = seen(TOML, **changed)
        best = queries.suggestions(store)[0]["suggestion_id"]
        decide(store, make, toml, **{"reject" if rejected else "accept": best})

        assert store.recall(["reason-v1:a"], run_id="x")["reason-v1:a"].category is None

    def test_the_nearest_comes_first(self, store, make, seen):
        """What shares fewer words comes later, what shares none not at all."""
        for cause_id in seen(DISK, TOML, YAML, "Timeout: after 3 s"):
            decide(store, make, cause_id, category="environment")

        found = near(store)

        assert [one.signature[-1] for one in found] == ["c", "b", "a"]
        assert found[0].similarity == 1
        assert near(store, limit=1) == found[:1]

    def test_the_signature_itself_is_not_near(self, store, make, seen):
        """What the memory knows of it is recalled."""
        (yaml,) = seen(YAML)
        decide(store, make, yaml, category="environment")

        assert near(store, signature="reason-v1:a") == ()

    def test_a_correction_is_enough_and_a_rejection_is_not(self, store, make, seen):
        """That a suggestion is wrong does not say what is right."""
        toml, yaml = seen(TOML, YAML)
        decide(store, make, toml, culprit="tomli")
        decide(store, make, yaml, note="look into it")

        assert [one.cause_id for one in near(store)] == [toml]

    def test_what_differs_in_numbers_only_looks_the_same(self, store, make, seen):
        """Ports, sizes and versions are no words."""
        (refused,) = seen("ConnectionRefusedError: port 5432 of 10.0.0.7")
        decide(store, make, refused, category="network")

        (found,) = near(store, "ConnectionRefusedError: port 8080 of 192.168.1.12")

        assert found.similarity == 1

    def test_a_later_text_of_the_cause_counts(self, store, make, seen):
        """The index follows what the cause looks like in its last review, decided or not."""
        (cause,) = seen(DISK)
        decide(store, make, cause, category="resource")
        seen(YAML, number=2)

        assert [one.similarity for one in near(store)] == [1]
        assert near(store, "device space left") == ()

    def test_a_title_stands_in_for_a_text(self, store, make, seen):
        """As for causes from before texts were kept."""
        (yaml,) = seen(YAML.partition("\n")[0])
        decide(store, make, yaml, category="environment")

        assert near(store, text="", title="ModuleNotFoundError: No module named 'yaml'")

    def test_projects_do_not_learn_from_each_other(self, store, location, make, seen):
        """Also where another's causes are nearer than every own one."""
        (yaml,) = seen(YAML)
        decide(store, make, yaml, category="environment")

        with open_store(location, project="other") as other:
            assert near(other) == ()

    @pytest.mark.parametrize("text", ["", "…", '"', "NEAR(", "\x00", "\udc80", "a" * 99_999])
    def test_any_text_can_be_asked_for(self, store, make, seen, text):
        """Nothing in it is taken for a query language."""
        (yaml,) = seen(YAML)
        decide(store, make, yaml, category="environment")

        assert near(store, text) == ()

    def test_candidates_are_few(self, store, make, seen):
        """The index names at most 50, whatever the memory holds: more are never compared."""
        causes = tuple(
            make.cause(
                make.failure(f"tests/test_a.py::test_{number}"),
                cause_id=f"{number:016x}",
                signature=f"reason-v1:{number}",
                likeness=f"{YAML} {chr(97 + number // 26)}{chr(97 + number % 26)}x",
            )
            for number in range(60)
        )
        store.remember(make.review(causes=causes))
        for cause in causes:
            decide(store, make, cause.cause_id, category="environment")

        assert len(near(store, limit=1000)) == 50


def test_without_the_library_the_extra_is_named(store, make, seen, monkeypatch):
    """The message is what to type."""
    (yaml,) = seen(YAML)
    decide(store, make, yaml, category="environment")
    monkeypatch.setitem(sys.modules, "rapidfuzz", None)

    with pytest.raises(StoreError, match=r"near causes need rapidfuzz: pip install \"conftest-kit"):
        near(store)
