"""What git says of a checkout, asked of real repositories."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conftest_kit.records import Environment, Run
from orchestrator.checkout import git
from orchestrator.checkout.edits import Edit

CART = "def total():\n    return 1\n"


class Repository:
    """A repository whose project lies in a folder of it."""

    def __init__(self, top: Path) -> None:
        self.top, self.root = top, top / "shop"
        self.root.mkdir(parents=True)
        self.say("init", "-q")

    def say(self, *words: str) -> str:
        """What git answers."""
        author = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        done = subprocess.run(
            ["git", *author, *words], cwd=self.top, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, **files: str | None) -> str:
        """Commit these files of the project, `None` for one that goes; the commit."""
        for name, text in files.items():
            path = self.root / name
            path.unlink() if text is None else path.write_text(text)
        self.say("add", "-A")
        self.say("commit", "-q", "--allow-empty", "-m", "one")
        return self.say("rev-parse", "HEAD")


def _run(commit, *, dirty=False, started=""):
    git = {"commit": commit, "dirty": dirty}
    return Run(run_id="a", started=started, environment=Environment(git=git))


@pytest.fixture
def repository(tmp_path):
    """One with a first commit."""
    made = Repository(tmp_path / "top")
    made.first = made.commit(**{"cart.py": CART, "rates.json": "{}", "old.py": "x = 1\n"})
    return made


def test_says_the_commit(repository, tmp_path):
    """A folder that is no repository has none, and that is no error."""
    assert git.commit(repository.root) == repository.first
    assert git.commit(tmp_path / "gone") is None


def test_what_differs_between_two_commits(repository):
    """Of the project alone, with the functions; what was only laid out anew is not named."""
    (repository.top / "README").write_text("beside the project")
    files = {
        "cart.py": CART.replace("1", "2"),
        "rates.json": "[]",
        "old.py": None,
        "ä b.py": "y = 1",
    }
    second = repository.commit(**files)
    repository.commit(**{"cart.py": "later = 1\n"})

    found = git.edited_since(repository.root, _run(repository.first), _run(second))

    assert found == (
        Edit(file="cart.py", parts=("total",)),
        Edit(file="old.py", state="removed", gone=("",)),
        Edit(file="rates.json"),
        Edit(file="ä b.py", state="added", parts=("",)),
    )


@pytest.mark.parametrize("dirty", [True, None])
def test_what_was_not_committed_is_read_from_the_files(repository, dirty):
    """Also where git was too slow to say whether there is any; the files are those tested."""
    second = repository.commit(**{"rates.json": "[]"})
    (repository.root / "cart.py").write_text(CART + "\n\ndef vat():\n    return 19\n")

    found = git.edited_since(repository.root, _run(repository.first), _run(second, dirty=dirty))

    assert found == (Edit(file="cart.py", parts=("vat",)), Edit(file="rates.json"))


def test_the_same_commit_differs_in_nothing(repository):
    """Which is known, and not unknown."""
    now = _run(repository.first)

    assert git.edited_since(repository.root, _run(repository.first), now) == ()


@pytest.mark.parametrize(
    ("before", "now", "dirty"),
    [
        ("", "", False),
        ("a" * 40, None, False),
        ("--output=x", None, False),
        (None, "b" * 40, False),
        (None, "--output=x", False),
        (None, "b" * 40, True),
        (None, None, True),
    ],
)
def test_unknown_where_git_has_not_both(repository, before, now, dirty):
    """A shallow clone, an odd name, changes that were made on another commit or taken back since:
    `None`, no error.
    """
    old, new = (repository.first if one is None else one for one in (before, now))

    assert git.edited_since(repository.root, _run(old), _run(new, dirty=dirty)) is None
    assert not (repository.root / "x").exists()


def test_a_new_file_that_git_does_not_know_counts_from_when_it_was_written(repository):
    """Where the run that passed cannot have seen it; what git is told to ignore does not count."""
    (repository.root / ".gitignore").write_text("ignored.py\n")
    for name, day in (("old_one.py", 1), ("conftest.py", 3), ("ignored.py", 3)):
        path = repository.root / name
        path.write_text("def pytest_configure(): pass\n")
        moment = datetime(2026, 1, day, tzinfo=UTC).timestamp()
        os.utime(path, (moment, moment))
    before = _run(repository.first, started="2026-01-02T00:00:00.000000Z")

    assert git.edited_since(repository.root, before, _run(repository.first)) == (
        Edit(file="conftest.py", state="added", parts=("pytest_configure",)),
    )


def test_what_lies_beside_the_project_is_seen_too(repository):
    """A library of the same repository."""
    (repository.top / "libs").mkdir()
    (repository.top / "libs" / "money.py").write_text("def parse(): pass\n")
    second = repository.commit()

    found = git.edited_since(repository.root, _run(repository.first), _run(second))

    assert found == (Edit(file="../libs/money.py", state="added", parts=("parse",)),)


def test_a_partial_clone_is_asked_for_nothing(repository, tmp_path):
    """What it lacks is named without its functions; nobody is waited for."""
    second = repository.commit(**{"cart.py": CART.replace("1", "2")})
    repository.say("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    source = f"file://{repository.top}"
    repository.say("clone", "-q", "--filter=blob:none", source, str(clone))
    subprocess.run(
        ["git", "remote", "set-url", "origin", "git://127.0.0.1:9/gone"], cwd=clone, check=True
    )

    found = git.edited_since(clone / "shop", _run(repository.first), _run(second))

    assert found == (Edit(file="cart.py"),)


def test_a_checkout_names_no_program_to_start(repository):
    """What its configuration says of diffs and of watching files is not run."""
    trap = repository.top / "trap"
    for key in ("diff.external", "core.fsmonitor", "diff.trap.command", "diff.trap.textconv"):
        repository.say("config", key, f"touch {trap};")
    (repository.top / ".gitattributes").write_text("*.py diff=trap\n")
    (repository.root / "cart.py").write_text("changed = 1\n")

    now = _run(repository.first, dirty=True)

    assert git.edited_since(repository.root, _run(repository.first), now)
    assert not trap.exists()


def test_many_files_are_bounded(repository, monkeypatch):
    """Beyond one bound a file is named without its functions, beyond the other nothing is known."""
    monkeypatch.setattr(git, "_MAX_COMPARED", 2)
    before, now = (
        _run(repository.first),
        _run(repository.commit(**{f"m{number}.py": "a = 1" for number in range(3)})),
    )

    assert [(edit.file, edit.parts) for edit in git.edited_since(repository.root, before, now)] == [
        ("m0.py", ("",)),
        ("m1.py", ("",)),
        ("m2.py", ()),
    ]
    monkeypatch.setattr(git, "_MAX_FILES", 2)
    assert git.edited_since(repository.root, before, now) is None


def test_large_files_are_bounded(repository, monkeypatch):
    """As many bytes are compared as take two seconds."""
    monkeypatch.setattr(git, "_MAX_BYTES", 10)
    second = repository.commit(**{"a.py": "a = 1", "b.py": "b = 10000"})

    found = git.edited_since(repository.root, _run(repository.first), _run(second))

    assert [(edit.file, edit.parts) for edit in found] == [("a.py", ("",)), ("b.py", ())]


@pytest.mark.parametrize(
    ("dirty", "started", "files"),
    [
        (True, "2026-01-02T00:00:00.000000Z", ["new.py"]),
        (None, "2026-01-02T00:00:00.000000Z", ["new.py"]),
        (True, "soon", ["cart.py", "new.py"]),
        (False, "2026-01-02T00:00:00.000000Z", ["cart.py", "new.py"]),
    ],
)
def test_what_was_there_uncommitted_when_it_passed_is_no_edit(repository, dirty, started, files):
    """A file that is older than the run that passed."""
    for name, day in (("cart.py", 1), ("new.py", 3)):
        path = repository.root / name
        path.write_text("changed = 1\n")
        repository.say("add", "-N", f"shop/{name}")
        moment = datetime(2026, 1, day, tzinfo=UTC).timestamp()
        os.utime(path, (moment, moment))

    found = git.edited_since(
        repository.root,
        _run(repository.first, dirty=dirty, started=started),
        _run(repository.first, dirty=True),
    )

    assert [edit.file for edit in found] == files
