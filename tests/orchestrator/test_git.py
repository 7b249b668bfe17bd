"""What git says of a checkout, asked of real repositories."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conftest_kit.records import Environment, Run
from orchestrator import git
from orchestrator.edits import Edit

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
    return Run(
        run_id="green",
        started=started,
        environment=Environment(git={"commit": commit, "dirty": dirty}),
    )


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

    found = git.edited_since(
        repository.root, _run(repository.first), {"commit": second, "dirty": False}
    )

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

    found = git.edited_since(
        repository.root, _run(repository.first), {"commit": second, "dirty": dirty}
    )

    assert found == (Edit(file="cart.py", parts=("vat",)), Edit(file="rates.json"))


def test_the_same_commit_differs_in_nothing(repository):
    """Which is known, and not unknown."""
    now = {"commit": repository.first, "dirty": False}

    assert git.edited_since(repository.root, _run(repository.first), now) == ()


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("", {}),
        ("a" * 40, {"dirty": False}),
        ("--output=x", {"dirty": False}),
        (None, {"commit": "b" * 40, "dirty": False}),
        (None, {"commit": "--output=x", "dirty": False}),
        (None, {"commit": "b" * 40, "dirty": True}),
        (None, {}),
    ],
)
def test_unknown_where_git_has_not_both(repository, before, now):
    """A shallow clone, an odd name, changes that were made on another commit: `None`, no error."""
    known = {} if now == {} else {"commit": repository.first}
    first = repository.first if before is None else before

    assert git.edited_since(repository.root, _run(first), {**known, **now}) is None
    assert not (repository.root / "x").exists()


def test_a_checkout_names_no_program_to_start(repository):
    """What its configuration says of diffs and of watching files is not run."""
    trap = repository.top / "trap"
    for key in ("diff.external", "core.fsmonitor", "diff.trap.command", "diff.trap.textconv"):
        repository.say("config", key, f"touch {trap};")
    (repository.top / ".gitattributes").write_text("*.py diff=trap\n")
    (repository.root / "cart.py").write_text("changed = 1\n")

    now = {"commit": repository.first, "dirty": True}

    assert git.edited_since(repository.root, _run(repository.first), now)
    assert not trap.exists()


def test_many_files_are_bounded(repository, monkeypatch):
    """Beyond the bound a file is named without its functions, and then not at all."""
    monkeypatch.setattr(git, "_MAX_COMPARED", 2)
    monkeypatch.setattr(git, "_MAX_FILES", 3)
    second = repository.commit(**{f"m{number}.py": "a = 1" for number in range(5)})

    found = git.edited_since(
        repository.root, _run(repository.first), {"commit": second, "dirty": False}
    )

    assert [(edit.file, edit.parts) for edit in found] == [
        ("m0.py", ("",)),
        ("m1.py", ("",)),
        ("m2.py", ()),
    ]


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
        {"commit": repository.first, "dirty": True},
    )

    assert [edit.file for edit in found] == files
