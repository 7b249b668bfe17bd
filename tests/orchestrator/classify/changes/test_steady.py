"""Where nothing changed since a test passed: it is flaky, or depends on what else runs."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from orchestrator.checkout.edits import Edit
from orchestrator.checkout.project import read as read_project
from orchestrator.flaky import both_outcomes

COMMIT = {"commit": "a" * 40, "dirty": False}


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (None, 1, "now in the order of random seed 1, when it passed in that of the files"),
        (1, None, "now in the order of the files, when it passed in that of random seed 1"),
    ],
)
def test_an_order_by_chance(since, wrong, before, now, said):
    """The commands repeat both runs, each in its order."""
    made = since(wrong, before={"random_seed": before}, now={"random_seed": now})
    run = made.recording.run._replace(command=("pytest", "-q"))
    green = replace(made.green, run=made.green.run._replace(command=("pytest",)))
    made = replace(made, recording=made.recording._replace(run=run), green=green)

    (finding,) = both_outcomes(made.recording.failures, made.context)

    assert finding.evidence == (said,)
    assert "depends on which tests run before it" in finding.text
    assert finding.suggestions[0].commands == (
        ("pytest -q --randomly-seed=1", "pytest")
        if now
        else ("pytest -q", "pytest --randomly-seed=1")
    )


@pytest.mark.parametrize(
    ("tests", "workers", "said"),
    [
        ((5, 1), 0, ("now it ran alone, when it passed among 5 tests",)),
        ((5, 5), 2, ("now it ran without xdist, when it passed on 2 workers of xdist",)),
        ((1, None), 0, ()),
        ((5, 5), 0, ()),
    ],
)
def test_what_else_ran_may_decide(since, wrong, tests, workers, said):
    """Other tests before it, or none: it is said to depend on them, as far as that is likely."""
    before, now = tests
    made = since(wrong)
    run = made.recording.run._replace(collected=now)
    green = replace(made.green, run=made.green.run._replace(collected=before), workers=workers)
    made = replace(made, recording=made.recording._replace(run=run), green=green)

    (finding,) = both_outcomes(made.recording.failures, made.context)

    assert finding.evidence == said
    assert ("likely it depends on" in finding.text) is bool(said)
    assert finding.suggestions[0].origin == ("order-dependent@1" if said else "flaky@1")


DIRTY = {**COMMIT, "dirty": True}


@pytest.mark.parametrize(
    ("before", "edits", "same"),
    [
        ((COMMIT, "a"), (), "code"),
        ((DIRTY, "a"), (), "code"),
        ((DIRTY, "b"), (), None),
        ((DIRTY, "a"), (Edit(file="shop/cart.py"),), None),
        ((COMMIT, "a"), None, None),
    ],
)
def test_where_files_are_not_committed(since, wrong, before, edits, same):
    """It is the same code where git finds nothing that was edited, on the same machine."""
    git, host = before
    made = since(wrong, git=git, now={"git": DIRTY})
    run = made.recording.run._replace(host="a", root="/shop")
    green = replace(made.green, run=made.green.run._replace(host=host, root="/shop"))
    made = replace(made, recording=made.recording._replace(run=run), green=green, edits=edits)

    found = list(both_outcomes(made.recording.failures, made.context))

    assert [f"with the same {same}, packages" in one.text for one in found] == [True] * bool(same)


@pytest.mark.parametrize(
    ("changed", "is_flaky"),
    [(None, True), ("tests/test_cart.py", False), ("shop/cart.py", False), ("other.py", True)],
)
def test_without_git_the_files_tell(since, wrong, tmp_path, changed, is_flaky):
    """Those of the test and what it imports were written before it passed."""
    for file, text in (
        ("tests/test_cart.py", "from shop import cart"),
        ("shop/cart.py", ""),
        ("other.py", ""),
    ):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text, "utf-8")
        os.utime(tmp_path / file, (1000, 3000 if file == changed else 1000))
    made = since(wrong, git={}, now={"git": {}})
    place = {"host": "a", "root": str(tmp_path)}
    began = datetime.fromtimestamp(2000, UTC).isoformat()
    green = replace(made.green, run=made.green.run._replace(started=began, **place))
    run = made.recording.run._replace(**place)
    made = replace(
        made,
        recording=made.recording._replace(run=run),
        green=green,
        project=read_project(tmp_path),
    )

    found = list(both_outcomes(made.recording.failures, made.context))

    assert [one.kind for one in found] == ["flaky"] * is_flaky
    assert all("with the same files of the test, packages" in one.text for one in found)


def test_a_variable_that_alone_is_another_is_no_flakiness(since, wrong):
    """It may be what the test fails for; of several it is said which."""
    one = since(wrong, before={"variables": ("HOME",)}, now={"variables": ("CRASH", "HOME")})
    two = since(wrong, before={"variables": ("HOME",)}, now={"variables": ("CRASH",)})

    assert list(both_outcomes(one.recording.failures, one.context)) == []
    assert one.verdict().evidence[-1].endswith("variables, set or no longer set: CRASH")
    (finding,) = both_outcomes(two.recording.failures, two.context)
    assert finding.evidence == ("set then or now, and not both times: CRASH, HOME",)
