"""The command that reproduces a failure runs the same tests, in the way that the project does."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.brief.reproduce import command, files
from orchestrator.checkout.project import Project

TEST = "tests/test_a.py::test_x"


@pytest.mark.parametrize(
    ("idiom", "start"),
    [
        ("uv", "uv run pytest"),
        ("poetry", "poetry run pytest"),
        ("pdm", "pdm run pytest"),
        ("pipenv", "pipenv run pytest"),
        ("requirements", "pytest"),
        ("pip", "pytest"),
    ],
)
def test_starts_pytest_as_the_project_does(idiom, start):
    """The project's own tool knows the environment."""
    assert command(Project(idiom=idiom), {"command": ["pytest"]}, [TEST]) == f"{start} {TEST}"


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        (["/x/bin/pytest"], f"pytest {TEST}"),
        (["/x/site-packages/pytest/__main__.py"], f"python -m pytest {TEST}"),
        (["manage.py", "--reuse-db"], f"pytest --reuse-db {TEST}"),
        (["pytest", "tests", "-n", "4", "-n4", "-q", "-xvs"], f"pytest -s {TEST}"),
        (["pytest", "-c", "ci/pytest.ini", "tests/"], f"pytest -c ci/pytest.ini {TEST}"),
        (["pytest", "-m", "slow and not net"], f"pytest -m 'slow and not net' {TEST}"),
        (["pytest", "--runslow", "tests"], f"pytest --runslow {TEST}"),
        (["pytest", "--runslow", "./tests/test_a.py::test_x[1]"], f"pytest --runslow {TEST}"),
        (["pytest", "--db", "sqlite", "--url=x"], f"pytest --db sqlite --url=x {TEST}"),
        (["pytest", "--junitxml", "out.xml", "--lf", "--tb=no"], f"pytest {TEST}"),
        (["pytest", "-p", "no:randomly", "--", "tests"], f"pytest -p no:randomly {TEST}"),
        ([], f"pytest {TEST}"),
    ],
)
def test_keeps_the_options_that_matter(recorded, expected):
    """What decides how a test runs stays; what chose other tests, or only prints, goes."""
    run = {"command": recorded, "root": "/shop", "directory": "/shop"}

    assert command(Project(), run, [TEST]) == expected


@pytest.mark.parametrize(
    ("nodeid", "expected"),
    [
        ("tests/test_a.py::test_x[a b-'c']", "'tests/test_a.py::test_x[a b-'\"'\"'c'\"'\"']'"),
        ("tests/test_a.py::test_x[$(id)]", "'tests/test_a.py::test_x[$(id)]'"),
        ("tests/test_a.py::test_x[[redacted:token]]", "tests/test_a.py::test_x"),
        ("tests/test_a.py::test_x[\x1b[31mred]", "tests/test_a.py::test_x"),
        (f"tests/test_a.py::test_x[{'y' * 5_000}]", "tests/test_a.py::test_x"),
    ],
)
def test_quotes_for_a_shell(nodeid, expected):
    """No node id does anything in a shell; one that holds a secret is asked for with its kin."""
    assert command(Project(), {}, [nodeid]) == f"pytest {expected}"


def test_a_file_that_cannot_be_collected_stops_no_other_test():
    """pytest would run none of the tests beside it."""
    line = command(Project(), {}, ["tests/test_b.py", TEST])

    assert line == f"pytest --continue-on-collection-errors tests/test_b.py {TEST}"


def test_a_seed_is_part_of_the_run():
    """Tests that draw random numbers draw the same."""
    run = {"command": ["pytest", "--randomly-seed", "last"], "random_seed": 7}

    assert command(Project(), run, [TEST]) == f"pytest --randomly-seed=7 {TEST}"


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        (["uv", "run", "pytest", "--no-such"], "uv run pytest --no-such"),
        (["/x/bin/pytest", "--no-such"], "pytest --no-such"),
    ],
)
def test_what_pytest_refused_is_repeated_as_it_was(recorded, expected):
    """Without a test there is nothing to choose: the command itself failed."""
    assert command(Project(), {"command": recorded}, [""]) == expected


@pytest.mark.parametrize(
    ("root", "expected"),
    [("/repo/api", f"cd api && pytest {TEST}"), ("/repo", f"pytest {TEST}")],
)
def test_starts_where_node_ids_begin(root, expected):
    """pytest's root may lie below the project; on another machine nobody knows where it was."""
    assert command(Project(root=Path("/repo")), {"root": root}, [TEST]) == expected
    assert command(Project(root=Path("/elsewhere")), {"root": root}, [TEST]) == f"pytest {TEST}"


def test_the_files_of_tests():
    """Each once, in their order; pytest itself has none."""
    assert files(["b.py::x", "", "a.py", "b.py::y[z]"]) == ("b.py", "a.py")


def test_a_shell_runs_what_failed(pytester, monkeypatch):
    """The line, given to a shell, runs those tests and no others, whatever their names hold."""
    odd = 'it\'s "5 $HOME" `x`'
    pytester.makepyfile(
        test_odd=f"""
        import pytest

        @pytest.mark.parametrize("name", [{odd!r}, "other"])
        def test_named(name):
            assert not name
        """
    )
    line = command(
        Project(), {"command": ["pytest", "-n", "0"]}, [f"test_odd.py::test_named[{odd}]"]
    )
    python = Path(sys.executable).parent
    monkeypatch.setenv("PATH", f"{python}{os.pathsep}{os.environ['PATH']}")

    ended = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)

    assert shlex.split(line)[0] == "pytest"
    assert ended.stdout.splitlines()[-1].startswith("===")
    assert "1 failed in" in ended.stdout
