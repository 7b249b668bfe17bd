"""The release that is out of step with the others: `orchestrator/classify/releases/out_of_step.py`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conftest_kit.records import Distribution
from corpus_memory_logging.records import Green
from orchestrator.checkout.project import Project
from orchestrator.checkout.requirements import Requirement
from orchestrator.checkout.source import Source

TEST = "tests/test_cart.py:5:test_total"
OF_2024 = {
    "click": "8.1.7",
    "flask": "3.0.2",
    "packaging": "23.2",
    "pytest": "7.4.4",
    "pytest-benchmark": "4.0.0",
    "pandas": "2.1.4",
    "attrs": "23.2.0",
}


def installed(**otherwise):
    """What is installed, most of it of January 2024."""
    versions = {**OF_2024, **otherwise}
    return tuple(
        Distribution(
            name=name,
            version=version,
            modules=(name.replace("-", "_"), *(("_pytest",) if name == "pytest" else ())),
            pytest_plugins={"own": name} if name.startswith("pytest-") else {},
        )
        for name, version in versions.items()
    )


def shop(*asked, imports=("pandas", "click")):
    """A project whose test imports some of it, and that asks for this."""
    return Project(
        name="shop",
        modules=frozenset({"shop", "tests"}),
        requirements=tuple(
            Requirement(name=text.split(">")[0].split("=")[0], text=text, file="pyproject.toml")
            for text in asked
        ),
        sources={"tests/test_cart.py": Source(imports={name: name for name in imports})},
    )


@pytest.mark.parametrize("kind", ["AssertionError", "KeyError", "ValueError"])
def test_a_value_beside_a_release_that_came_long_after_the_others(red, raised, kind):
    """Where nothing else says why it is another one: it is likely, not sure, and said to be so."""
    made = red(
        raised(kind, "x", TEST), project=shop("pandas>=2"), distributions=installed(pandas="3.0.1")
    )
    verdict, first = made.verdict(), made.suggestions()[0]

    assert (verdict.category, verdict.culprit.name) == ("compatibility", "pandas")
    assert verdict.confidence <= 0.7
    assert any("pandas 3.0.1 came out 24 months later" in one for one in verdict.evidence)
    assert "pandas<3" in first.text


@pytest.mark.parametrize(
    ("project", "libraries", "kind"),
    [
        (shop(), installed(), "AssertionError"),
        (shop(imports=("click",)), installed(pandas="3.0.1"), "AssertionError"),
        (shop("pandas>=3.0"), installed(pandas="3.0.1"), "AssertionError"),
        (shop(), installed(pandas="3.0.1", click="8.3.0"), "AssertionError"),
        (shop(), installed(pandas="3.0.1")[3:], "AssertionError"),
        (shop(imports=("pytest",)), installed(pytest="9.2.0"), "AssertionError"),
        (shop(), installed(pandas="3.0.1"), "PermissionError"),
    ],
)
def test_what_says_nothing(red, raised, project, libraries, kind):
    """All are of one time, the test does not use it, the project asks for it, there are two, too
    few are known, it is what runs the tests, or the exception has to do with the machine.
    """
    verdict = red(raised(kind, "x", TEST), project=project, distributions=libraries).verdict()

    assert verdict.category != "compatibility"


def test_what_is_being_edited_comes_first(red, raised):
    """Uncommitted changes are a likelier reason than a release that nothing else speaks of."""
    libraries = installed(pandas="3.0.1")
    made = red(raised("AssertionError", "x", TEST), project=shop(), distributions=libraries)
    run = made.recording.run
    environment = run.environment._replace(git={"commit": "a" * 40, "dirty": True})

    changed = made.recording._replace(run=run._replace(environment=environment))
    assert replace(made, recording=changed).verdict().category == "assertion"


def test_it_is_nothing_new_where_the_tests_passed_with_it(red, raised):
    """A green run with the same libraries says more than dates."""
    libraries = installed(pandas="3.0.1")
    made = red(raised("AssertionError", "x", TEST), project=shop(), distributions=libraries)
    passed = frozenset({made.failure().nodeid})

    green = Green(run=made.recording.run, passed=passed)
    assert replace(made, green=green).verdict().category == "assertion"


ASKED = "lib/pytest_benchmark/fixture.py:36:__init__"


def inside_of_pytest(red, raised, libraries):
    """A plugin asks pytest for what it does not have."""
    link = raised(
        "AttributeError",
        "'Function' object has no attribute '_nodeid'",
        ASKED,
        attributes={"name": "_nodeid", "obj": "_pytest.python.Function"},
    )
    return red(link, phase="setup", project=shop(), distributions=libraries)


def test_of_two_that_do_not_fit_the_one_out_of_step(red, raised):
    """It was installed by itself; the remedy is for it, before what the rule says."""
    fits = inside_of_pytest(red, raised, installed()).verdict()
    made = inside_of_pytest(red, raised, installed(pytest="9.2.0"))

    assert fits.culprit.name == "pytest-benchmark"
    assert made.verdict().culprit.name == "pytest"
    assert any("Out of step: pytest 9.2.0" in one for one in made.verdict().evidence)
    assert made.suggestions()[0].commands == ("pip install 'pytest<9'",)
    assert "pytest-benchmark" in made.suggestions()[1].text


@pytest.mark.parametrize(
    ("places", "culprit"),
    [((TEST,), "flask"), ((TEST, "lib/flask/app.py:3:<module>"), "click")],
)
def test_what_own_code_asks_of_a_library(red, raised, places, culprit):
    """That the library itself does not get what it requires has no part in it."""
    libraries = tuple(
        one._replace(requires=("click>=8.1",)) if one.name == "flask" else one
        for one in installed(click="7.0")
    )
    gone = raised(
        "ImportError",
        "cannot import name '_app_ctx_stack' from 'flask'",
        *places,
        attributes={"name": "flask"},
    )

    verdict = red(gone, project=shop(imports=("flask",)), distributions=libraries).verdict()

    assert (verdict.category, verdict.culprit.name) == ("compatibility", culprit)


def test_both_of_the_two_are_out_of_step(red, raised):
    """Then the rule knows better."""
    libraries = installed(**{"pytest": "9.2.0", "pytest-benchmark": "5.1.0"})

    assert inside_of_pytest(red, raised, libraries).verdict().culprit.name == "pytest-benchmark"


@pytest.mark.parametrize(("python", "culprit"), [("3.13.0", "Python"), ("3.11.7", "slates")])
def test_a_python_that_came_long_after_what_is_installed(red, raised, python, culprit):
    """It was new to all of them; an older one is none that came alone."""
    slates = Distribution(name="slates", version="1.0", modules=("slates",))
    verdict = red(
        raised("TypeError", "x", "lib/slates/__init__.py:3:<module>"),
        project=shop(),
        python=python,
        phase="collect",
        distributions=(*installed(), slates),
    ).verdict()

    assert (verdict.kind, verdict.culprit.name) == ("python_version", culprit)


@pytest.mark.parametrize(
    ("others", "culprit"), [((), "flask"), (("packaging",), "click")], ids=["alone", "with others"]
)
def test_who_is_behind_and_refuses_what_others_refuse(red, raised, others, culprit):
    """What several refuse is at fault, and not the one of them that is out of step."""
    libraries = tuple(
        one._replace(requires=("click<8",)) if one.name in ("flask", *others) else one
        for one in installed(flask="1.0")
    )
    gone = raised(
        "ImportError",
        "cannot import name 'get_terminal_size' from 'click'",
        TEST,
        "lib/flask/cli.py:3:<module>",
        attributes={"name": "click"},
    )

    verdict = red(gone, project=shop(imports=("flask",)), distributions=libraries).verdict()

    assert (verdict.category, verdict.culprit.name) == ("compatibility", culprit)


def test_who_is_behind_what_changed_is_brought_on(red, raised):
    """Also where it is not the only one that is behind; nothing before it can know the change."""
    of_2025 = {
        "attrs": "22.1.0",
        "click": "8.1.8",
        "flask": "3.1.0",
        "httpx": "0.28.1",
        "packaging": "24.2",
        "pytest": "8.3.4",
        "pandas": "2.2.3",
        "pytest-benchmark": "5.1.0",
        "respx": "0.19.3",
    }
    message = "RESPX: <Request(b'GET', 'http://shop/cart')> not mocked!"
    places = (TEST, "lib/httpx/_client.py:9:get", "lib/respx/router.py:250:resolver")
    link = raised("respx.models.AllMockedAssertionError", message, *places)
    link = link._replace(bases=("AssertionError", "Exception", "BaseException"))
    made = red(link, project=shop(), distributions=installed(**of_2025))

    assert made.verdict().culprit.name == "respx"
    assert made.suggestions()[0].commands == ("pip install 'respx>0.19.3'",)


@pytest.mark.parametrize(
    ("version", "culprit"), [("3.0.1", "pandas"), ("2.1.4", "packaging")], ids=["later", "as old"]
)
def test_who_asks_for_more_than_the_rest_is_too_young(red, raised, version, culprit):
    """Not what it asks for in vain, which is of the time of the rest."""
    libraries = tuple(
        one._replace(requires=("packaging>=24",)) if one.name == "pandas" else one
        for one in installed(pandas=version)
    )
    error = raised(
        "TypeError", "not supported", TEST, "shop/cart.py:5:total", "lib/pandas/core.py:3:index"
    )

    verdict = red(error, project=shop(), distributions=libraries).verdict()

    assert (verdict.kind, verdict.culprit.name) == ("unmet_requirement", culprit)


@pytest.mark.parametrize(
    ("version", "goes_back"), [("3.0.1", True), ("2.1.4", False)], ids=["came later", "of the time"]
)
def test_who_requires_what_is_absent(red, raised, version, goes_back):
    """It may go back where it is younger than the rest; its requirement is none of the project's."""
    others = (one for one in installed(pandas=version) if one.name != "pandas")
    pandas = Distribution(
        name="pandas", version=version, modules=("pandas",), requires=("pyarrow>=13",)
    )
    missing = raised(
        "ModuleNotFoundError",
        "No module named 'pyarrow'",
        TEST,
        "lib/pandas/__init__.py:3:<module>",
        attributes={"name": "pyarrow"},
    )
    first = red(missing, project=shop("pandas"), distributions=(*others, pandas)).suggestions()[0]

    assert "Install `pyarrow`" in first.text
    assert "pyproject.toml" not in first.text
    assert ("`pandas<3` is of the time of the rest" in first.text) is goes_back
