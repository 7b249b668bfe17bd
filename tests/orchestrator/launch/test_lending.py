from __future__ import annotations

import ast
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.launch import lending
from orchestrator.launch.lending import Answer, Met

ADDED = {name: added for name, _, added in lending.ADDITIONS}


@given(
    st.dictionaries(
        st.sampled_from(sorted(ADDED)), st.text("ab:;,/ ", min_size=1), max_size=len(ADDED)
    )
)
def test_what_is_lent_comes_last(environ):
    """The user's own values stay in front, and nothing of his is lost."""
    lent = lending.environment(environ, lending.FOLDER, lend=True)

    for name, value in environ.items():
        assert lent[name].startswith(value)
    assert lent["PYTHONPATH"].split(os.pathsep)[-1] == str(lending.FOLDER)
    assert lent["PYTEST_PLUGINS"].split(",")[-1] == lending.MODULE


def test_without_lending_only_the_token_goes_along(tmp_path):
    """A kit that is installed there can still take the token."""
    lent = lending.environment({"A": "b"}, tmp_path, lend=False)

    assert lent == {"A": "b", "CONFTEST_KIT_TOKEN": str(tmp_path)}


def test_the_folder_lends_one_module_only():
    """Nothing but the module, which has a name of its own, becomes importable."""
    names = {path.name for path in lending.FOLDER.iterdir()} - {"__pycache__"}

    assert names == {f"{lending.MODULE}.py"}


def test_the_module_keeps_to_old_syntax():
    """Python 3.6 must understand it, to be told that it is too old."""
    source = (lending.FOLDER / f"{lending.MODULE}.py").read_text(encoding="utf-8")

    assert ast.parse(source, feature_version=(3, 6))
    assert "from __future__" not in source


def test_a_token_names_the_packages_to_lend(tmp_path):
    """Both packages are named by their folders, none by the folder around them."""
    lending.write_token(tmp_path, run_id="20261121T100000.000000Z-00000000")
    packages = json.loads((tmp_path / "lending.json").read_text())["packages"]

    assert (tmp_path / "run_id").read_text() == "20261121T100000.000000Z-00000000"
    assert {name: os.path.basename(folder) for name, folder in packages.items()} == {  # noqa: PTH119
        "conftest_kit": "conftest_kit",
        "prometheus_client": "prometheus_client",
    }


@pytest.mark.parametrize("taken", [None, "", "{", "[]", "{}", '{"run_directory": 3}'])
def test_half_an_answer_counts_as_none(tmp_path, taken):
    """A pytest that was killed while it wrote does not hurt."""
    if taken is not None:
        (tmp_path / "taken").write_text(taken)

    assert lending.read_answer(tmp_path) == Answer()


def test_a_whole_answer(tmp_path):
    """The run directory and every pytest that came by are read."""
    (tmp_path / "taken").write_text('{"pid": 7, "run_directory": "/logs/runs/x"}')
    (tmp_path / "pytests.ndjson").write_text(
        '{"pid": 7, "refused": ""}\n{"pid": 8, "refused": "Python 3.8.18"}\n{"pid"'
    )
    answer = lending.read_answer(tmp_path)

    assert str(answer.run_directory) == "/logs/runs/x"
    assert answer.met == (Met(pid=7), Met(pid=8, refused="Python 3.8.18"))


@pytest.mark.parametrize(
    ("command", "call"),
    [
        ("python -m pytest", None),
        ("python -I -m pytest", "python -I"),
        ("/usr/bin/python3.11 -Im pytest", "python3.11 -I"),
        ("env A=b pypy3 -bE tests.py", "pypy3 -E"),
        ("uv run python -W error -I -m pytest", "python -I"),
        ("python -Werror::Icky -m pytest", None),
        ("python -X importtime -m pytest -I -E", None),
        ("python -mpytest -I", None),
        ("python -c IE", None),
        ("python run.py -I", None),
        ("python -- -I", None),
        ("coverage run -m pytest -E", None),
        ("pytest", None),
    ],
)
def test_isolated_calls(command, call):
    """Only options of the interpreter count, not those of pytest or the values of others."""
    assert lending.isolated_call(command.split()) == call


@pytest.mark.parametrize(
    ("first_line", "barred"),
    [
        ("#!/usr/bin/python3 -sE", "`python3 -E` ignores PYTHONPATH"),
        ("#!/usr/bin/env -S python -I", "`python -I` ignores PYTHONPATH"),
        ("#!/usr/bin/python3", None),
        ("no script at all -I python -I", None),
    ],
)
@pytest.mark.parametrize("named", ["pytest", "./bin/pytest"])
def test_isolated_scripts(tmp_path, first_line, barred, named):
    """A console script whose first line isolates it is found on PATH and by its path."""
    script = tmp_path / "bin" / "pytest"
    script.parent.mkdir()
    script.write_text(f"{first_line}\n")
    script.chmod(0o755)
    environ = {"PATH": str(script.parent)}

    assert lending.bar([named], environ=environ, directory=tmp_path) == barred


@pytest.mark.parametrize(
    ("stderr", "broke"),
    [
        ('ERROR: Error importing plugin "_conftest_kit_lent": No module named …', True),
        ('ImportError: Error importing plugin "_conftest_kit_lent": No module named …', True),
        ('  File "/site/_conftest_kit_lent.py", line 29\n    def __init__(self: "x"', True),
        ('ERROR: Error importing plugin "mine": No module named "mine"', False),
        ("import time: 12 | 12 | _conftest_kit_lent", False),
        ("", False),
    ],
)
def test_broken_by_lending(stderr, broke):
    """Only a failure that names what was lent is ours."""
    assert lending.broke(stderr) is broke


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        (Answer(met=(Met(pid=1),)), None),
        (Answer(run_directory=lending.FOLDER, met=(Met(pid=1),)), None),
        (Answer(run_directory=lending.FOLDER), None),
        (Answer(), "no pytest of the command loaded the kit"),
        (Answer(met=(Met(pid=1, refused="too old"),)), "the kit cannot be lent, too old; "),
        (Answer(met=(Met(pid=1), Met(pid=2))), "started pytest 2 times"),
    ],
)
def test_notes(answer, note):
    """There is a note where the record is missing or not whole, and none otherwise."""
    said = lending.note(answer)

    assert note in said if note else said is None


@pytest.mark.parametrize(
    ("stderr", "refused"),
    [
        ("ERROR: /shop/pytest.ini: 'minversion' requires pytest-99, actual pytest-9.2.0'\n", True),
        ("ERROR: /shop/pyproject.toml: Expected ']' (at line 2, column 2)\n", True),
        ("ERROR: usage: pytest [options]\npython -m pytest: error: unrecognized: --x\n", True),
        (
            '  File "/site/_pytest/config/__init__.py", line 9, in import_plugin\nImportError\n',
            True,
        ),
        ("ERROR: Error importing plugin \"x\": No module named 'x'\n", True),
        ("tests: FAIL code 1 (0.9 seconds)\nERROR: InvocationError for command pytest\n", False),
        ("", False),
    ],
)
def test_a_pytest_that_refused_to_start_was_reached(stderr, refused):
    """Then nothing is said of variables that tox keeps back."""
    said = lending.note(Answer(), stderr=stderr)

    assert ("pytest refused to start" in said) is refused
    assert ("tox" in said) is not refused
