"""Fixtures that nobody brings: which plugin is meant, where several have one, or hardly any."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conftest_kit.records import Distribution
from orchestrator.checkout.project import Project
from orchestrator.checkout.requirements import Requirement

LOOKUP = "_pytest.fixtures.FixtureLookupError"


@pytest.fixture(name="lacking")
def lacking_fixture(red, raised):
    """`lacking(fixture, declared, installed)`: a test asks for it in such a project."""

    def made(fixture, declared=(), installed=()):
        link = raised(LOOKUP, f"fixture '{fixture}' not found", attributes={"argname": fixture})
        asked = (Requirement(name=name, text=name, file="pyproject.toml") for name in declared)
        return red(
            link,
            phase="setup",
            project=Project(name="shop", requirements=tuple(asked)),
            distributions=tuple(
                Distribution(name=name, version="1.0", modules=(name,)) for name in installed
            ),
        )

    return made


@pytest.mark.parametrize(
    ("fixture", "declared", "installed", "plugin"),
    [
        ("mocker", [], [], "pytest-mock"),
        ("benchmark", [], [], "pytest-benchmark"),
        ("worker_id", [], [], "pytest-xdist"),
        ("client", ["pytest-flask"], ["django"], "pytest-flask"),
        ("client", [], ["flask"], "pytest-flask"),
        ("client", ["flask"], ["django"], "pytest-flask"),
        ("client", ["django"], [], "pytest-django"),
        ("live_server", ["flask"], [], "pytest-flask"),
        ("page", [], ["playwright"], "pytest-playwright"),
        ("page", ["pytest-playwright"], [], "pytest-playwright"),
        ("db", [], ["django"], "pytest-django"),
        ("snapshot", ["pytest-snapshot"], [], "pytest-snapshot"),
        ("app", ["pytest-embedded"], [], "pytest-embedded"),
    ],
)
def test_the_plugin_that_the_project_makes_likely(lacking, fixture, declared, installed, plugin):
    """It asks for the plugin, or uses what the plugin is for; or the name leaves no doubt."""
    verdict = lacking(fixture, declared, installed).verdict()

    assert (verdict.category, verdict.culprit.name) == ("missing_dependency", plugin)


@pytest.mark.parametrize(
    ("declared", "category"),
    [([], "fixture"), (["sqlalchemy"], "fixture"), (["pytest-sqlalchemy"], "missing_dependency")],
)
def test_an_own_fixture_that_was_renamed(run, declared, category):
    """One of nearly its name is within reach, and nobody asks for it; nor for the plugin."""
    asked = ", ".join(f"'{name}'" for name in declared)
    files = {
        "conftest.py": "import pytest\n\n@pytest.fixture\ndef engine_(): ...\n",
        "test_a.py": "def test_a(engine): ...\n",
        "pyproject.toml": f"[project]\nname = 'shop'\nversion = '1'\ndependencies = [{asked}]\n",
    }

    assert run(files).verdict().category == category


def test_another_may_be_meant_too(lacking):
    """An application of Flask often has a `client` of its own."""
    found = lacking("client", installed=["flask"])

    assert found.verdict().confidence < 0.9
    assert any("`pytest-django`" in line for line in found.verdict().evidence)
    assert "if it was the project's own" in found.suggestions()[1].text


@pytest.mark.parametrize(
    ("fixture", "installed", "plugins"),
    [
        ("page", [], "`pytest-playwright`"),
        ("live_server", [], "`pytest-django`, `pytest-flask`"),
        ("db", ["flask"], "`pytest-django`"),
        ("snapshot", [], "`syrupy`, `pytest-snapshot`"),
        ("app", ["flask"], "`pytest-embedded`"),
        ("client", ["django", "flask"], "`pytest-django`, `pytest-flask`"),
    ],
)
def test_plugins_of_which_none_is_likely(lacking, fixture, installed, plugins):
    """They are named, and none is proposed."""
    found = lacking(fixture, installed=installed)
    verdict, first = found.verdict(), found.suggestions()[0]

    assert (verdict.category, verdict.culprit.name) == ("fixture", fixture)
    assert any(f"of known plugins these do: {plugins}" in line for line in verdict.evidence)
    assert first.text.startswith(f"Define the fixture `{fixture}`")
    assert plugins in first.text
    assert not first.commands


def test_a_name_that_nobody_knows(lacking):
    """That is said."""
    evidence = lacking("zzyzx").verdict().evidence

    assert any("no known plugin defines `zzyzx`" in line for line in evidence)


@pytest.mark.parametrize(
    ("name", "asking", "culprit"),
    [
        ("self", "test_total", ("test", "tests/test_cart.py::test_total")),
        ("cls", "test_total", ("test", "tests/test_cart.py::test_total")),
        ("self", "basket", ("fixture", "basket")),
    ],
)
def test_a_function_that_left_its_class(red, raised, name, asking, culprit):
    """Nobody is to define a fixture `self`."""
    link = raised(
        LOOKUP,
        f"fixture '{name}' not found",
        attributes={"argname": name, "requested_by": asking},
    )
    found = red(link, phase="setup")

    assert (found.verdict().culprit.type, found.verdict().culprit.name) == culprit
    assert found.suggestions()[0].text.startswith(f"Take `{name}` out of the parameters of")


def test_several_functions_that_left_their_class(red, raised):
    """One slip, in each of them."""

    def asks(test, asking):
        link = raised(
            LOOKUP,
            "fixture 'self' not found",
            attributes={"argname": "self", "requested_by": asking},
        )
        return red(link, phase="setup", nodeid=f"tests/test_cart.py::{test}")

    first = asks("test_a[1]", "test_a")
    more = (asks("test_a[2]", "test_a"), asks("test_b", "test_b"), asks("test_c", "basket"))
    failures = (one.failure() for one in (first, *more))
    found = replace(first, recording=first.recording._replace(failures=tuple(failures)))

    assert found.verdict("test_b").evidence[-1] == (
        "So it is with `tests/test_cart.py::test_a`, `basket`"
    )
