"""`orchestrator init` edits other people's files: little, once, and never wrongly."""

from __future__ import annotations

import ast
import os
import tomllib
from pathlib import Path

import pytest

from conftest_kit import settings
from orchestrator.errors import UsageProblem
from orchestrator.init import configured, ignoring, plan, switched_on, top, write

CONFTEST = Path("conftest.py")
LINES = ("/logs/runs/", "/logs/pytest.log*", "/monitoring/*pytest_metrics.prom*")

CASES = {
    "no file": ("", 'pytest_plugins = ["conftest_kit"]\n'),
    "imports": (
        '"""Doc."""\n\nfrom __future__ import annotations\nimport os\n\nX = 1\n',
        '"""Doc."""\n\nfrom __future__ import annotations\nimport os\n\npytest_plugins = ["conftest_kit"]\n\nX = 1\n',
    ),
    "no last newline": ("import os", 'import os\n\npytest_plugins = ["conftest_kit"]\n'),
    "code first": ("X = 1\n", 'pytest_plugins = ["conftest_kit"]\n\nX = 1\n'),
    "interpreter line": (
        "#!/usr/bin/python\nX = 1\n",
        '#!/usr/bin/python\n\npytest_plugins = ["conftest_kit"]\n\nX = 1\n',
    ),
    "coding cookie": (
        "#!/usr/bin/python\n# -*- coding: latin-1 -*-\nX = 1\n",
        '#!/usr/bin/python\n# -*- coding: latin-1 -*-\n\npytest_plugins = ["conftest_kit"]\n\nX = 1\n',
    ),
    "list": ('pytest_plugins = ["a"]\n', 'pytest_plugins = ["a", "conftest_kit"]\n'),
    "trailing comma": ('pytest_plugins = ["a",]\n', 'pytest_plugins = ["a", "conftest_kit",]\n'),
    "empty list": ("pytest_plugins = []\n", 'pytest_plugins = ["conftest_kit"]\n'),
    "one text": ('pytest_plugins = "a"\n', 'pytest_plugins = ["a", "conftest_kit"]\n'),
    "bare tuple": ('pytest_plugins = "a",\n', 'pytest_plugins = "a", "conftest_kit",\n'),
    "annotated": (
        'pytest_plugins: list[str] = ["a"]\n',
        'pytest_plugins: list[str] = ["a", "conftest_kit"]\n',
    ),
    "a line each": (
        'pytest_plugins = [\n    "ä",  # why\n    "b",\n]\n',
        'pytest_plugins = [\n    "ä",  # why\n    "b",\n    "conftest_kit",\n]\n',
    ),
    "wide characters before": (
        'X = "ä"; pytest_plugins = ["é"]\n',
        'X = "ä"; pytest_plugins = ["é", "conftest_kit"]\n',
    ),
    "windows line ends": (
        "import os\r\n\r\nX = 1\r\n",
        'import os\r\n\r\npytest_plugins = ["conftest_kit"]\r\n\r\nX = 1\r\n',
    ),
}


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES.keys())
def test_the_line_is_added_where_it_belongs(before, after):
    """Whatever the conftest looks like, it still parses, and twice is as once."""
    changed = switched_on(before, CONFTEST)

    assert changed == after
    ast.parse(changed)
    assert switched_on(changed, CONFTEST) == changed


@pytest.mark.parametrize(
    "source",
    [
        'pytest_plugins = ["conftest_kit"]\n',
        'pytest_plugins = "conftest_kit"\n',
        'pytest_plugins = ["a"]\npytest_plugins += ["conftest_kit.plugin"]\n',
    ],
)
def test_what_is_switched_on_stays_as_it_is(source):
    """A conftest that names the kit already is not touched."""
    assert switched_on(source, CONFTEST) == source


@pytest.mark.parametrize(
    "source",
    [
        "pytest_plugins = plugins()\n",
        'pytest_plugins = ["a"] + more\n',
        'if X:\n    pytest_plugins = ["a"]\n',
        'pytest_plugins = ["a"]\npytest_plugins += ["b"]\n',
    ],
)
def test_what_is_computed_is_left_to_people(source):
    """Plugins that the conftest computes are not edited; the message says what to add."""
    with pytest.raises(UsageProblem) as caught:
        switched_on(source, CONFTEST)

    assert 'add "conftest_kit" to them by hand' in str(caught.value)


def test_a_conftest_that_does_not_parse_is_left_alone():
    """A broken conftest is named, not made worse."""
    with pytest.raises(UsageProblem) as caught:
        switched_on("def broken(:\n", CONFTEST)

    assert "conftest.py does not parse" in str(caught.value)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "# conftest-kit\n{0}\n{1}\n{2}\n"),
        ("*.pyc", "*.pyc\n\n# conftest-kit\n{0}\n{1}\n{2}\n"),
        ("*.pyc\r\n", "*.pyc\r\n\r\n# conftest-kit\r\n{0}\r\n{1}\r\n{2}\r\n"),
        ("logs/\n", "logs/\n\n# conftest-kit\n{2}\n"),
        ("/logs/runs\n/monitoring\n", "/logs/runs\n/monitoring\n\n# conftest-kit\n{1}\n"),
    ],
)
def test_what_runs_leave_is_ignored_once(before, after):
    """Lines that are there already, or whose folder is, are not repeated."""
    changed = ignoring(before, LINES)

    assert changed == after.format(*LINES)
    assert ignoring(changed, LINES) == changed


@pytest.mark.parametrize(
    ("before", "added"),
    [
        ("", '[tool.conftest_kit]\nproject = "größe"\n'),
        ("[project]\n", '\n[tool.conftest_kit]\nproject = "größe"\n'),
        ("x = 1", '\n\n[tool.conftest_kit]\nproject = "größe"\n'),
        ("x = 1\r\n", '\r\n[tool.conftest_kit]\r\nproject = "größe"\r\n'),
        ("[tool.conftest_kit]\nkeep_runs = 3\n", ""),
        ("tool.conftest_kit.keep_runs = 3\n", ""),
        ("[tool.conftest_kit.sizes]\n", ""),
    ],
)
def test_settings_are_added_once(before, added):
    """A table with the project's name, unless there is one."""
    changed = configured(before, "größe", Path("pyproject.toml"))

    assert changed == before + added
    tomllib.loads(changed)
    assert configured(changed, "größe", Path("pyproject.toml")) == changed


@pytest.mark.parametrize("before", ["tool = {ruff = {}}\n", "x = [\n"])
def test_what_takes_no_table_is_left_to_people(before):
    """The message names the table and the file."""
    with pytest.raises(UsageProblem) as caught:
        configured(before, "shop", Path("pyproject.toml"))

    assert str(caught.value).startswith("cannot add [tool.conftest_kit] to pyproject.toml: ")


@pytest.mark.parametrize("name", ["setup.py", "setup.cfg"])
def test_how_pip_builds_a_project_stays(tmp_path, name):
    """Beside a setup.py, a new pyproject.toml would change it."""
    (tmp_path / name).touch()

    changes = plan(settings.load(tmp_path, {}))

    assert [change.path.name for change in changes] == ["conftest.py", ".gitignore"]


def test_a_folder_of_an_odd_name_is_a_project(tmp_path):
    """What UTF-8 cannot say is escaped, as the memory does."""
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()

    *_, change = plan(settings.load(folder, {}))
    write(change)

    assert settings.load(folder, {}).project == r"caf\udce9"


def test_the_top_is_where_pytest_loads_the_conftest_from(tmp_path):
    """The folder of the ini file, else of a conftest with the kit, else the top of the repository."""
    below = tmp_path / "repository" / "tests"
    below.mkdir(parents=True)
    alone = top(below)
    (tmp_path / "repository" / ".git").mkdir()
    (below / "conftest.py").write_text("")
    repository = top(below)
    (below / "pytest.ini").write_text("[pytest]\n")

    assert alone == below
    assert repository == tmp_path / "repository"
    assert top(below) == below


@pytest.mark.parametrize(
    "before",
    [
        "# coding: latin-1\nX = 'größe'\n".encode("latin-1"),
        "# vim: set fileencoding=cp1252 :\r\nimport os\r\nX = '€'\r\n".encode("cp1252"),
        "X = 'größe'\n".encode("utf-8-sig"),
    ],
)
def test_a_conftest_is_written_as_it_was_read(tmp_path, before):
    """Its coding cookie or byte order mark holds, and what was in it stays byte for byte."""
    conftest = tmp_path / "conftest.py"
    conftest.write_bytes(before)

    write(plan(settings.load(tmp_path, {}))[0])

    after = conftest.read_bytes()
    line = b'pytest_plugins = ["conftest_kit"]'
    assert ast.literal_eval(ast.parse(after).body[-1].value) == ast.literal_eval(
        ast.parse(before).body[-1].value
    )
    assert line in after


def test_a_conftest_of_an_unknown_encoding_is_named(tmp_path):
    """What Python cannot read either is left alone."""
    (tmp_path / "conftest.py").write_bytes(b"# coding: klingon\n")

    with pytest.raises(UsageProblem, match="klingon"):
        plan(settings.load(tmp_path, {}))
