"""Filters of warnings: what they name, and what they make an error of."""

from __future__ import annotations

import pytest

from conftest_kit.records import Distribution
from orchestrator.checkout.project import Project
from orchestrator.checkout.requirements import Requirement

RESOLVES = "lib/_pytest/config/__init__.py:2473:_resolve_warning_category"
CONFIGURES = "lib/pytest_asyncio/plugin.py:306:pytest_configure"
PYTEST = ("pytest.PytestWarning", "UserWarning", "Warning", "Exception")
DEPRECATES = ("pytest.PytestWarning", "DeprecationWarning", "Warning", "Exception")
ASYNCIO = Distribution(
    name="pytest-asyncio",
    version="1.5.0",
    modules=("pytest_asyncio",),
    pytest_plugins={"asyncio": "pytest_asyncio.plugin"},
)
PLAIN_PYTEST = Distribution(name="pytest", version="9.2.0", modules=("pytest", "_pytest"))


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ([], ("configuration", "filterwarnings")),
        (["sqlalchemy"], ("missing_dependency", "sqlalchemy")),
    ],
)
def test_a_filter_of_what_is_not_installed(red, raised, declared, expected):
    """Where the project asks for it, it is to be installed."""
    said = "Failed to import filter module 'sqlalchemy': ignore::sqlalchemy.exc.OldWarning"
    asked = (Requirement(name=name, text=name, file="pyproject.toml") for name in declared)

    found = red(
        raised("pytest.PytestConfigWarning", said, bases=PYTEST),
        phase="start",
        project=Project(name="shop", requirements=tuple(asked)),
    )

    verdict = found.verdict()
    assert (verdict.category, verdict.culprit.name.lower()) == expected


@pytest.mark.parametrize(
    ("module", "name", "text"),
    [
        ("builtins", "DeprecationWarnng", "`DeprecationWarnng` is not there, `DeprecationWarning` is"),
        ("pytest", "PytestRemovedIn8Warning", "or take it out: module 'pytest' has no attribute"),
    ],
)  # fmt: skip
def test_a_filter_of_a_category_that_is_not_there(red, raised, module, name, text):
    """The line is named, and what it may mean."""
    gone = raised("AttributeError", f"module '{module}' has no attribute '{name}'", RESOLVES)
    lines = f"error\nignore::{name}\n"

    found = red(gone, phase="start", project=Project(settings={"filterwarnings": lines}))

    assert found.verdict().culprit.name == "filterwarnings"
    first = found.suggestions()[0].text
    assert first.startswith(f"Correct the line `ignore::{name}` under `filterwarnings`")
    assert text in first


@pytest.mark.parametrize(
    ("said", "place", "expected"),
    [
        (
            (
                'The configuration option "asyncio_default_fixture_loop_scope" is unset.\nIt will '
                'default to "function" scope.'
            ),
            CONFIGURES,
            ("configuration", "asyncio_default_fixture_loop_scope"),
        ),
        ("The loop fixture is deprecated", CONFIGURES, ("compatibility", "pytest-asyncio")),
        ("The (fspath) argument", "lib/_pytest/nodes.py:3:make", ("compatibility", "pytest")),
    ],
    ids=["unset", "a plugin's", "pytest's"],
)
def test_whose_warning_it_is(red, raised, said, place, expected):
    """What a plugin gives is not of pytest, though its class is."""
    warning = raised("pytest.PytestDeprecationWarning", said, place, bases=DEPRECATES)

    found = red(warning, phase="internal", distributions=(ASYNCIO, PLAIN_PYTEST))

    assert (found.verdict().category, found.verdict().culprit.name) == expected


def test_the_value_that_the_warning_says(red, raised):
    """It is what to set."""
    said = 'The configuration option "loop_scope" is unset.\nIt will default to "function" scope.'
    warning = raised("pytest.PytestDeprecationWarning", said, CONFIGURES, bases=DEPRECATES)

    first = red(warning, phase="internal", distributions=(ASYNCIO,)).suggestions()[0]

    assert "`loop_scope = function`" in first.text
