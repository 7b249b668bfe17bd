"""`orchestrator init` as a user meets it: shown first, written once, nothing overwritten."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from orchestrator.cli import cli

ALL = ("init", "--monitoring", "ops", "--ci", "github")


@pytest.fixture
def invoke(tmp_path, monkeypatch):
    """Calls the command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(cli, list(arguments))


def files(folder):
    """What every file holds."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in found}


def test_switches_the_kit_on_once(invoke, tmp_path):
    """Three files are written, shown, and left alone the second time."""
    first = invoke("init")
    written = files(tmp_path)
    second = invoke("init")

    assert first.exit_code == second.exit_code == 0
    assert '+ pytest_plugins = ["conftest_kit"]' in first.stdout
    assert written["conftest.py"] == 'pytest_plugins = ["conftest_kit"]\n'
    assert written["pyproject.toml"] == f'[tool.conftest_kit]\nproject = "{tmp_path.name}"\n'
    assert "/logs/runs/" in written[".gitignore"]
    assert len(written) == 3
    assert second.stdout.count("nothing to do") == 3
    assert files(tmp_path) == written


def test_says_where_to_start_pytest_without_an_ini_file(invoke, tmp_path):
    """A setup.py is none, and forbids a new pyproject.toml."""
    (tmp_path / "setup.py").touch()

    assert "start pytest in" in invoke("init").stderr


def test_a_dry_run_shows_what_would_be_written(invoke, tmp_path):
    """And the same is written without it."""
    shown = invoke(*ALL, "--dry-run")
    before = files(tmp_path)
    done = invoke(*ALL)

    assert shown.exit_code == 0
    assert before == {}
    assert "ops/README.md (new): " in shown.stdout
    assert ".github/workflows/conftest-kit.yml (new): " in shown.stdout
    assert shown.stdout.endswith("\nNothing was written.\n")
    assert shown.stdout.splitlines()[:-1] == done.stdout.splitlines()[:-1]
    assert {"conftest.py", "ops/README.md", ".github/workflows/conftest-kit.yml"} < {
        *files(tmp_path)
    }


@pytest.mark.parametrize("name", ["ops/README.md", ".github/workflows/conftest-kit.yml"])
def test_overwrites_nothing_unless_forced(invoke, tmp_path, name):
    """A file that differs stops it before anything is written; the message names the file."""
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_bytes(b"mine \xff")

    refused = invoke(*ALL)
    untouched = [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / name]
    dry = invoke(*ALL, "--force", "--dry-run")
    kept = (tmp_path / name).read_bytes()
    forced = invoke(*ALL, "--force")

    assert refused.exit_code == 64
    assert name in refused.stderr
    assert "--force" in refused.stderr
    assert untouched
    assert f"{name} (overwritten): " in dry.stdout
    assert kept == b"mine \xff"
    assert forced.exit_code == 0
    assert "mine" not in (tmp_path / name).read_text()


def test_what_is_there_already_is_no_obstacle(invoke):
    """A second time there is nothing to do."""
    invoke(*ALL)
    again = invoke(*ALL)

    assert again.exit_code == 0
    assert again.stdout.count(": nothing to do\n") == again.stdout.strip().count("\n") - 1


@pytest.mark.parametrize("obstacle", ["ops", "ops/README.md/x"])
def test_a_place_that_cannot_be_written_is_named(invoke, tmp_path, obstacle):
    """A file where a folder is needed, and the other way round."""
    (tmp_path / obstacle).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / obstacle).touch()

    refused = invoke("init", "--monitoring", "ops")

    assert refused.exit_code == 64
    assert "ops" in refused.stderr
    assert not (tmp_path / "conftest.py").exists()


def test_a_job_does_not_depend_on_this_machine(invoke, tmp_path, monkeypatch):
    """Settings of the environment are not those of CI."""
    monkeypatch.setenv("CONFTEST_KIT_MEMORY", str(tmp_path / "mine.db"))

    invoke("init", "--ci", "github")

    workflow = (tmp_path / ".github/workflows/conftest-kit.yml").read_text()
    assert 'path: "logs/corpus_memory.db"' in workflow
    assert "mine.db" not in workflow


def test_a_pipeline_of_gitlab_is_left_to_people(invoke, tmp_path):
    """What to add to it is said aside."""
    (tmp_path / ".gitlab-ci.yml").write_text("stages: [test]\n")

    told = invoke("init", "--ci", "gitlab")

    assert told.exit_code == 0
    assert "add to .gitlab-ci.yml, in `include`" in told.stderr
