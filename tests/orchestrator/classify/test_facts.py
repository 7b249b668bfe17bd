"""What is told from metadata, checkout and frames together."""

from __future__ import annotations

import pytest

from conftest_kit.records import Distribution
from orchestrator.project import Project, Requirement

TEST = "tests/test_cart.py:9:test_total"
LOOKUP = "_pytest.fixtures.FixtureLookupError"
PROTOBUF = Distribution(name="protobuf", version="5.0", modules=("google",))
AUTH = Distribution(name="google-auth", version="2.0", modules=("google",))
NUMPY = Distribution(name="numpy", version="2.3.0", modules=("numpy",))
EDITABLE = Distribution(name="shop", version="0.1", modules=("shop",))


@pytest.fixture
def missing(red, raised):
    """`missing(module, *places)`: the verdict on a module that cannot be imported."""

    def verdict(module, *places, **fields):
        error = raised(
            "ModuleNotFoundError",
            f"No module named {module!r}",
            *(places or (TEST,)),
            attributes={"name": module},
        )
        return red(error, **fields).verdict()

    return verdict


def requirement(name):
    """A line of pyproject.toml."""
    return Requirement(name=name, text=f"{name}>=1", file="pyproject.toml")


def test_metadata_of_installed_distributions_comes_first(missing):
    """A submodule of an installed distribution that is gone is no missing distribution."""
    verdict = missing("numpy.oldnumeric", distributions=(NUMPY,))

    assert (verdict.category, verdict.culprit.name, verdict.culprit.version) == (
        "compatibility",
        "numpy",
        "2.3.0",
    )


def test_what_the_project_declares_comes_second(missing):
    """A declared distribution explains a module that the mapping does not know."""
    project = Project(requirements=(requirement("python-zzyzx"),))

    verdict = missing("zzyzx", project=project)

    assert (verdict.culprit.type, verdict.culprit.name) == ("distribution", "python-zzyzx")
    assert "pyproject.toml asks for it: python-zzyzx>=1" in verdict.evidence[-1]


@pytest.mark.parametrize("owners", [(PROTOBUF,), (PROTOBUF, AUTH)])
def test_namespaces(missing, owners):
    """In a shared namespace, another distribution's presence says nothing."""
    absent = missing("google.cloud.storage", distributions=owners)
    moved = missing("google.protobuf.gone", distributions=owners)

    assert (absent.category, absent.culprit.name) == ("missing_dependency", "google.cloud.storage")
    assert (moved.category, moved.culprit.name) == ("compatibility", "protobuf")


def test_declared_part_of_a_namespace(missing):
    """The distribution of a namespace's part is known by its joined name."""
    project = Project(requirements=(requirement("google-cloud-storage"),))

    verdict = missing("google.cloud.storage", distributions=(PROTOBUF,), project=project)

    assert verdict.culprit.name == "google-cloud-storage"


@pytest.mark.parametrize(
    "fields",
    [
        {"project": Project(name="shop", modules=frozenset({"shop"}))},
        {
            "project": Project(name="shop", modules=frozenset({"shop"})),
            "distributions": (EDITABLE,),
        },
        {
            "project": Project(name="mall", files=("packages/shop/src/shop/__init__.py",)),
            "distributions": (EDITABLE,),
        },
    ],
)
def test_own_modules_installed_or_not(missing, fields):
    """A module that the project should hold is a product error, though the project is installed."""
    verdict = missing("shop.card", **fields)

    assert (verdict.category, verdict.kind) == ("product_error", "missing_module")


def test_own_modules_without_a_checkout(missing):
    """Without a checkout the frames tell."""
    verdict = missing("shop.card", "src/shop/cli.py:1:<module>", project=Project())

    assert verdict.category == "product_error"


def test_a_folder_of_a_dependencys_name_is_not_that_dependency(missing):
    """A requirement outweighs a folder that happens to have its name."""
    project = Project(modules=frozenset({"docker"}), requirements=(requirement("docker"),))

    verdict = missing("docker", project=project)

    assert (verdict.category, verdict.culprit.name) == ("missing_dependency", "docker")


@pytest.mark.parametrize(
    ("python", "category"), [("3.11.9", "missing_dependency"), ("3.12.0", "compatibility")]
)
def test_removed_from_the_standard_library(missing, python, category):
    """A module that the run's own Python dropped is compatibility; before that it was never gone."""
    assert missing("asyncore", python=python).category == category


def test_a_library_that_uses_what_python_dropped(missing):
    """The library that imports it is what to upgrade."""
    verdict = missing("distutils", "lib/webframe/build.py:1:<module>")

    assert (verdict.category, verdict.culprit.name) == ("compatibility", "webframe")


def test_own_extension_of_a_library(missing):
    """A library that lacks a part of itself is installed incompletely."""
    verdict = missing("numpy._core", "lib/numpy/__init__.py:1:<module>", distributions=(NUMPY,))

    assert (verdict.kind, verdict.culprit.name) == ("broken_installation", "numpy")


def test_unmet_requirement_of_what_the_failure_touches(red, raised):
    """A conflict between versions is named where the failure touches one of the two."""
    made = red(raised("TypeError", "got 2", TEST, "lib/webframe/app.py:3:get"))

    verdict = made.verdict()

    assert (verdict.kind, verdict.culprit.name, verdict.culprit.version) == (
        "unmet_requirement",
        "frames",
        "2.0",
    )
    assert "webframe 0.110 requires frames<2, installed is frames 2.0" in verdict.evidence
    assert made.suggestions()[0].commands == ("pip install 'frames<2'",)


def test_unmet_requirement_elsewhere_is_no_evidence(red, raised):
    """A conflict that no frame touches explains nothing."""
    verdict = red(raised("TypeError", "got 2", TEST, "lib/other/app.py:3:get")).verdict()

    assert verdict.category == "product_error"


@pytest.mark.parametrize(
    ("requirements", "category"),
    [((), "fixture"), ((requirement("pytest-django"),), "missing_dependency")],
)
def test_generic_fixture_names(red, raised, requirements, category):
    """Without Django anywhere, a fixture `db` is not that of pytest-django."""
    error = raised(LOOKUP, "fixture 'db' not found", attributes={"argname": "db"})

    verdict = red(error, phase="setup", project=Project(requirements=requirements)).verdict()

    assert verdict.category == category


def test_module_of_another_fixture_name(red, raised):
    """A fixture is named as tests ask for it; its function's line finds it."""
    error = raised("ValueError", "x", "tests/conftest.py:9:_make")

    verdict = red(
        error,
        phase="setup",
        fixtures=[("first", "tests/conftest.py", 2), ("second", "tests/conftest.py", 7)],
    ).verdict()

    assert verdict.culprit.name == "second"


def test_host_is_named(red, raised):
    """The host that could not be reached is the culprit."""
    wrapper = raised(
        "requests.exceptions.ConnectionError",
        "HTTPConnectionPool(host='pay.example', port=8443): Max retries exceeded",
        TEST,
    )
    root = raised("ConnectionRefusedError", "", TEST, relation="cause")

    verdict = red(wrapper, root).verdict()

    assert (verdict.kind, verdict.culprit.name) == ("refused", "pay.example:8443")


def test_installed_but_only_names_recorded(red, raised):
    """Where metadata was not recorded, a distribution of the module's name is taken for its owner."""
    made = red(raised("ImportError", "cannot import name 'gone' from 'numpy'", TEST))
    recording = made.recording
    environment = type(recording.run.environment)(distributions={"numpy": "2.3.0"})
    run = type(recording.run)(run_id="r", environment=environment)
    bare = type(recording)(run=run, failures=recording.failures)

    verdict = type(made)(recording=bare, project=Project()).verdict()

    assert (verdict.category, verdict.culprit.name, verdict.culprit.version) == (
        "compatibility",
        "numpy",
        "2.3.0",
    )
