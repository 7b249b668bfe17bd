from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from conftest_kit import git

ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    **{f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch):
    """Calls git with an identity and without the machine's configuration."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)

    def run(folder: Path, *arguments: str) -> str:
        command = ["git", "-c", "protocol.file.allow=always", *arguments]
        return subprocess.run(
            command, cwd=folder, check=True, capture_output=True, text=True
        ).stdout.strip()

    return run


@pytest.fixture
def work_tree(tmp_path: Path, run) -> Path:
    """A repository with one commit on the branch `feature/x`."""
    folder = tmp_path / "project"
    folder.mkdir()
    run(folder, "init", "-q", "-b", "feature/x")
    (folder / "a.txt").write_text("a")
    run(folder, "add", "a.txt")
    run(folder, "commit", "-q", "-m", "first")
    return folder


class TestHead:
    """Commit and branch, from files."""

    def test_loose_and_packed_refs(self, work_tree: Path, run):
        """Commit and branch are what git says, wherever it keeps them."""
        (work_tree / "below").mkdir()
        expected = (run(work_tree, "rev-parse", "HEAD"), "feature/x")

        assert git.find(work_tree / "below").head() == expected
        run(work_tree, "pack-refs", "--all")
        assert git.find(work_tree).head() == expected

    def test_detached(self, work_tree: Path, run):
        """Without a branch there is still a commit."""
        commit = run(work_tree, "rev-parse", "HEAD")
        run(work_tree, "checkout", "-q", "--detach")

        assert git.find(work_tree).head() == (commit, None)

    def test_worktree(self, work_tree: Path, run, tmp_path: Path):
        """A linked work tree has its own HEAD and shares the branches and the name."""
        run(work_tree, "remote", "add", "origin", "https://host/me/there.git/")
        run(work_tree, "worktree", "add", "-q", "-b", "other", str(tmp_path / "linked"))
        run(work_tree, "pack-refs", "--all")
        found = git.find(tmp_path / "linked")

        assert found.head() == (run(work_tree, "rev-parse", "HEAD"), "other")
        assert found.name() == "there"

    def test_submodule(self, work_tree: Path, run, tmp_path: Path):
        """A submodule's `.git` is a file with a relative path."""
        outer = tmp_path / "outer"
        outer.mkdir()
        run(outer, "init", "-q")
        run(outer, "submodule", "--quiet", "add", str(work_tree), "inner")

        assert git.find(outer / "inner").head()[0] == run(work_tree, "rev-parse", "HEAD")

    def test_no_commit_yet(self, tmp_path: Path, run):
        """A new repository has a branch and no commit."""
        run(tmp_path, "init", "-q", "-b", "main")

        assert git.find(tmp_path).head() == (None, "main")

    def test_head_kept_elsewhere(self, work_tree: Path):
        """Repositories with reftables leave a placeholder in HEAD."""
        (work_tree / ".git" / "HEAD").write_text("ref: refs/heads/.invalid\n")

        assert git.find(work_tree).head() == (None, None)

    @pytest.mark.parametrize("content", [None, "", "gitdir: nowhere", "\0"])
    def test_no_repository(self, tmp_path: Path, content: str | None):
        """A folder without one, or with a broken pointer, is none and no error."""
        if content is not None:
            (tmp_path / ".git").write_text(content)

        assert git.find(tmp_path) is None


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("git@github.com:me/there.git", "there"),
        ("https://me:token@host/group/there", "there"),
        ("/srv/there.git/", "there"),
        ("/", "project"),
    ],
)
def test_name(work_tree: Path, run, url: str, name: str):
    """The last part of origin's URL, else the folder."""
    run(work_tree, "remote", "add", "other", "https://host/not-this")
    run(work_tree, "remote", "add", "origin", url)

    assert git.find(work_tree).name() == name


class TestDirtyCheck:
    """Whether the work tree differs from the commit, by git itself."""

    def test_changes_to_tracked_files_count(self, work_tree: Path):
        """Untracked files do not: the kit's own records would make every run dirty."""
        (work_tree / "new.txt").touch()

        assert git.start_dirty_check(work_tree).result() is False
        (work_tree / "a.txt").write_text("changed")
        assert git.start_dirty_check(work_tree).result() is True

    def test_no_repository(self, tmp_path: Path):
        """Unknown, not clean."""
        assert git.start_dirty_check(tmp_path).result() is None

    def test_no_git(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        """Unknown as well, and no error."""
        monkeypatch.setenv("PATH", str(tmp_path))
        check = git.start_dirty_check(tmp_path)

        assert check.result() is None
        assert check.result() is None

    def test_a_slow_git(self, work_tree: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
        """It is given up after half a second."""
        slow = tmp_path / "git"
        slow.write_text("#!/bin/sh\nexec /bin/sleep 30\n")
        slow.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        started = time.monotonic()

        assert git.start_dirty_check(work_tree).result() is None
        assert time.monotonic() - started < 5
