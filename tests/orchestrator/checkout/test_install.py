from __future__ import annotations

import pytest

from orchestrator.checkout.install import command, from_scratch, of_tool, where_to_write
from orchestrator.checkout.project import Project
from orchestrator.checkout.requirements import Requirement

YAML = Requirement(name="pyyaml", text="PyYAML>=6", file="pyproject.toml")
MOCK = Requirement(
    name="pytest-mock", text="pytest-mock", file="pyproject.toml", group="test", is_extra=True
)
GROUP = Requirement(name="ruff", text="ruff", file="pyproject.toml", group="lint")
LISTED = Requirement(name="six", text="six", file="requirements/dev.txt")
BOUND = Requirement(name="pandas", text="pandas>=2,!=2.2,<4", file="pyproject.toml")
OF_TOX = Requirement(name="mock", text="mock", file="tox.ini", by="tox")


@pytest.mark.parametrize(
    ("idiom", "asked", "expected"),
    [
        ("uv", "add requests", "uv add requests"),
        ("uv", "add-test pytest-cov", "uv add --dev pytest-cov"),
        ("uv", "upgrade numpy", "uv lock --upgrade-package numpy && uv sync"),
        ("uv", "reinstall numpy", "uv sync --reinstall-package numpy"),
        ("uv", "pin pandas<3", "uv add 'pandas<3'"),
        ("uv", "pin numpy<2", "uv lock --upgrade-package 'numpy<2' && uv sync"),
        ("uv", "sync PyYAML", "uv sync"),
        ("uv", "sync pytest-mock", "uv sync --extra test"),
        ("uv", "sync ruff", "uv sync --group lint"),
        ("uv", "install-self", "uv sync"),
        ("poetry", "add requests", "poetry add requests"),
        ("poetry", "add-test pytest-cov", "poetry add --group dev pytest-cov"),
        ("poetry", "sync ruff", "poetry install --with lint"),
        ("pdm", "add-test pytest-cov", "pdm add --dev --group test pytest-cov"),
        ("pipenv", "add-test pytest-cov", "pipenv install --dev pytest-cov"),
        ("requirements", "add requests", "pip install requests"),
        ("requirements", "sync six", "pip install -r requirements/dev.txt"),
        ("pyproject", "add webframe[all]", "pip install 'webframe[all]'"),
        ("pyproject", "sync PyYAML", "pip install -e ."),
        ("pyproject", "sync pytest-mock", "pip install -e '.[test]'"),
        ("pyproject", "add-test pytest-mock", "pip install -e '.[test]'"),
        ("uv", "add-test pytest-cov pytest-x>=2", "uv add --dev pytest-cov 'pytest-x>=2'"),
        ("pip", "add-test pytest-cov pytest-xdist", "pip install pytest-cov pytest-xdist"),
        (
            "pyproject",
            "add-test pytest-cov pytest-mock pytest-xdist",
            "pip install -e '.[test]' && pip install pytest-cov pytest-xdist",
        ),
        ("pip", "add-test pytest-cov ;rm", None),
        ("pyproject", "sync ruff", "pip install --group lint"),
        ("pyproject", "sync unknown", "pip install unknown"),
        ("pyproject", "sync mock", "pip install mock"),
        ("uv", "add-test mock", "uv add --dev mock"),
        ("pip", "upgrade numpy", "pip install --upgrade numpy"),
        ("pip", "upgrade numpy>1.2+cpu", "pip install --upgrade 'numpy>1.2'"),
        ("pip", "upgrade pandas>2.1", "pip install --upgrade 'pandas>2.1,!=2.2,<4'"),
        ("uv", "upgrade pandas>2.1", "uv lock --upgrade-package 'pandas>=2,!=2.2,<4' && uv sync"),
        ("poetry", "upgrade numpy>1.2", "poetry update numpy"),
        ("pip", "reinstall numpy", "pip install --force-reinstall --no-deps numpy"),
        ("pip", "install-self", "pip install -e ."),
        ("pip", "apt-file search libGL.so.1", "apt-file search libGL.so.1"),
        ("pip", "add x; rm -rf /", None),
        ("pip", "add --index-url=x", None),
    ],
)
def test_command(idiom, asked, expected):
    """What a rule asks for becomes the project's own command; what is no name becomes none."""
    project = Project(idiom=idiom, requirements=(YAML, MOCK, GROUP, LISTED, BOUND, OF_TOX))

    assert command(project, asked) == expected


@pytest.mark.parametrize(
    ("project", "for_tests", "expected"),
    [
        (Project(idiom="uv"), False, ""),
        (Project(idiom="pip"), False, ""),
        (
            Project(idiom="requirements", requirements_file="requirements.txt"),
            False,
            "Add the line `six` to requirements.txt.",
        ),
        (
            Project(idiom="pyproject"),
            False,
            'Add `"six"` to `dependencies` of [project] in pyproject.toml.',
        ),
        (
            Project(idiom="pyproject", requirements=(MOCK,)),
            True,
            'Add `"six"` to `test` of [project.optional-dependencies] in pyproject.toml.',
        ),
        (Project(idiom="pyproject", requirements=(LISTED,)), False, ""),
    ],
)
def test_where_to_write(project, for_tests, expected):
    """Where pip does not write a requirement down, the edit is said; once, and not where it stands."""
    assert where_to_write(project, "six", for_tests=for_tests) == expected


PYTEST = {
    where: Requirement(name="pytest", text="pytest", **fields)
    for where, fields in {
        "main": {"file": "pyproject.toml"},
        "extra": {"file": "pyproject.toml", "group": "test", "is_extra": True},
        "group": {"file": "pyproject.toml", "group": "dev"},
        "list": {"file": "requirements-dev.txt"},
    }.items()
}


@pytest.mark.parametrize(
    ("project", "lines", "runs"),
    [
        (Project(), ["pip install pytest"], "pytest"),
        (Project(is_package=True), ["pip install -e .", "pip install pytest"], "pytest"),
        (
            Project(is_package=True, requirements=(PYTEST["main"],)),
            ["pip install -e ."],
            "pytest",
        ),
        (
            Project(is_package=True, requirements=(PYTEST["extra"],)),
            ["pip install -e '.[test]'"],
            "pytest",
        ),
        (Project(requirements=(PYTEST["group"],)), ["pip install --group dev"], "pytest"),
        (
            Project(
                idiom="requirements",
                requirements_file="my requirements.txt",
                requirements=(PYTEST["list"],),
            ),
            ["pip install -r 'my requirements.txt'", "pip install -r requirements-dev.txt"],
            "pytest",
        ),
        (
            Project(idiom="uv", requirements=(PYTEST["extra"],)),
            ["pip install uv", "uv sync --extra test"],
            "uv run pytest",
        ),
        (Project(idiom="poetry"), ["pip install poetry", "poetry install"], "poetry run pytest"),
    ],
)
def test_from_scratch(project, lines, runs):
    """Where there is Python alone, each tool installs itself, the project and pytest."""
    needed, command_line = from_scratch(project)

    assert [line.removeprefix("python -m ") for line in needed] == lines
    assert all(line.startswith("python -m ") for line in needed if line.startswith("pip"))
    assert command_line == runs


@pytest.mark.parametrize(
    ("pip", "first"),
    [("23.2.1", "pip install --upgrade 'pip>=25.1'"), ("25.1", None), ("", None), ("x", None)],
)
def test_groups_need_a_later_pip(pip, first):
    """An older one does not know them, and is upgraded first."""
    project = Project(idiom="pyproject", requirements=(GROUP, MOCK))

    line = command(project, "sync ruff", pip=pip)

    assert line == " && ".join(filter(None, (first, "pip install --group lint")))
    assert command(project, "sync pytest-mock", pip=pip) == "pip install -e '.[test]'"


@pytest.mark.parametrize(
    ("prefix", "asked", "commands"),
    [
        ("/shop/.tox/py311", ("add Markdown",), ("tox -r -e py311",)),
        ("/shop/.nox/tests-3-12", ("sync Markdown",), ("nox",)),
        ("/shop/.venv", ("add Markdown",), ()),
        ("/shop/.tox/py311", ("apt-file search x",), ()),
        ("/shop/.tox/py311", ("add x; rm",), ()),
        ("", ("add Markdown",), ()),
    ],
)
def test_an_environment_that_tox_made(prefix, asked, commands):
    """Is made by tox: what is installed beside it is gone the next time."""
    edit, anew = of_tool(prefix, asked)

    assert anew == commands
    assert ("`Markdown`" in edit) is bool(commands)
