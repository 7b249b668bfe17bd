"""What a reader must know before trusting a review."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from conftest_kit.records import Environment, Recording, Run
from corpus_memory_logging.records import Green
from orchestrator import freshness
from orchestrator.checkout import git
from orchestrator.checkout.project import Project
from orchestrator.classify import context_of

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def _notes(root, *, finished="2026-11-21T11:57:00.000000Z", git=None, reviewed_before=False):
    run = Run(run_id="r1", finished=finished, environment=Environment(git=git or {}))
    return freshness.notes(Recording(run=run), root=root, now=NOW, reviewed_before=reviewed_before)


@pytest.fixture
def repository(tmp_path):
    """A repository with two commits."""
    commit = ["commit", "-q", "--allow-empty", "-m", "one"]
    for command in (["init", "-q"], commit, commit):
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *command],
            cwd=tmp_path,
            check=True,
        )
    return tmp_path


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-3, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (3 * 3600 + 5, "3 hours ago"),
        (86400 * 2, "2 days ago"),
    ],
)
def test_age(seconds, expected):
    """An age is told in its biggest unit."""
    assert freshness.age(seconds) == expected


def test_headline_says_id_age_and_commit(tmp_path):
    """The first note names the run, how old it is and the commit it is of."""
    notes = _notes(tmp_path, git={"commit": "a" * 40, "branch": "main", "dirty": True})

    assert notes == (
        "run r1 · 3 minutes ago · commit aaaaaaaaaa on main, with uncommitted changes",
    )


def test_unreadable_time_is_left_out(tmp_path):
    """A run that does not say when it ended is still introduced."""
    assert _notes(tmp_path, finished="soon") == ("run r1",)


def test_another_commit_is_said(repository):
    """A run of another commit than the working tree's is named as such, one of the same is not."""
    current = git.commit(repository)

    assert current
    assert any(
        "working tree is at" in note for note in _notes(repository, git={"commit": "b" * 40})
    )
    assert len(_notes(repository, git={"commit": current})) == 1


@pytest.mark.parametrize(("minutes_later", "said"), [(10, True), (-10, False)])
def test_a_later_session_is_said(tmp_path, minutes_later, said):
    """pytest's own cache betrays a session that was not recorded."""
    cache = tmp_path / ".pytest_cache" / "v" / "cache" / "lastfailed"
    cache.parent.mkdir(parents=True)
    cache.touch()
    moment = datetime(2026, 11, 21, 11, 57, tzinfo=UTC).timestamp() + 60 * minutes_later
    os.utime(cache, (moment, moment))

    assert any("without recording it" in note for note in _notes(tmp_path)) is said


def test_reviewed_before_is_said(tmp_path):
    """A second review says that it stored nothing."""
    assert "reviewed before" in _notes(tmp_path, reviewed_before=True)[1]


@pytest.mark.parametrize(
    ("commit", "edits", "said"),
    [("a" * 40, None, True), ("a" * 40, (), False), ("", None, False)],
)
def test_a_shallow_clone_lacks_the_commit_that_passed(repository, tmp_path, commit, edits, said):
    """As CI makes them; a whole clone that does not know a commit is told nothing."""
    run = Run(run_id="green", environment=Environment(git={"commit": commit}))
    known = context_of(Recording(run=Run(run_id="red")), Project())
    contexts = [replace(known, green=Green(run=run), edits=edits), known]
    clone = tmp_path / "clone"
    source = f"file://{repository}"
    subprocess.run(["git", "clone", "-q", "--depth", "1", source, clone], check=True)

    (*told,) = freshness.unfetched(contexts, clone)

    assert bool(told) is said
    assert all("has not commit aaaaaaaaaa of run green, which passed" in note for note in told)
    assert freshness.unfetched(contexts, repository) == ()
