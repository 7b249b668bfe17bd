"""What a plugin brings in another release than the one that is installed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conftest_kit.records import Distribution
from orchestrator.checkout.project import Project
from orchestrator.checkout.requirements import Requirement
from orchestrator.checkout.source import Source

LOOKUP = "_pytest.fixtures.FixtureLookupError"
WARNING = ("pytest.PytestWarning", "UserWarning", "Warning", "Exception")
REFUSED = ("Exception", "BaseException")


def asyncio(version):
    """pytest-asyncio, loaded."""
    return {
        "distributions": (
            Distribution(
                name="pytest-asyncio",
                version=version,
                modules=("pytest_asyncio",),
                pytest_plugins={"asyncio": "pytest_asyncio.plugin"},
            ),
        ),
        "plugins": {"pytest-asyncio": version},
    }


@pytest.mark.parametrize(
    ("kind", "bases", "phase"),
    [
        ("pytest.PytestConfigWarning", WARNING, "internal"),
        ("_pytest.config.exceptions.UsageError", REFUSED, "start"),
    ],
    ids=["filterwarnings = error", "--strict-config"],
)
@pytest.mark.parametrize(
    ("installed", "category"),
    [
        (asyncio("0.16.0"), "compatibility"),
        (asyncio("99.0"), "configuration"),
        ({"distributions": ()}, "missing_dependency"),
        (
            {**asyncio("0.16.0"), "run": {"command": ("pytest", "-p", "no:asyncio")}},
            "configuration",
        ),
    ],
    ids=["too old", "newer than is known", "absent", "switched off"],
)
def test_a_setting_that_nobody_reads(red, raised, kind, bases, phase, installed, category):  # noqa: PLR0917 - two tables
    """Whoever is known to read it is absent, switched off or too old for it; else it is wrong."""
    unknown = raised(kind, "Unknown config option: asyncio_mode\n", bases=bases)

    verdict = red(unknown, phase=phase, **installed).verdict()

    assert verdict.category == category
    assert (verdict.culprit.name == "pytest-asyncio") is (
        category in ("compatibility", "missing_dependency")
    )


def test_a_fixture_of_a_later_release(red, raised):
    """The plugin is loaded and does not bring it yet."""
    lookup = raised(
        LOOKUP, "fixture 'unused_udp_port' not found", attributes={"argname": "unused_udp_port"}
    )
    made = red(lookup, phase="setup", **asyncio("0.12.0"))

    assert made.verdict().culprit.name == "pytest-asyncio"
    assert made.suggestions()[0].commands == ("pip install 'pytest-asyncio>0.12.0'",)


def test_an_option_of_a_later_release(red):
    """The same on the command line."""
    message = "pytest: error: unrecognized arguments: --asyncio-mode=auto"
    made = red(phase="start", message=message, **asyncio("0.12.0"))

    assert made.verdict().culprit.name == "pytest-asyncio"
    assert made.suggestions()[0].commands == ("pip install 'pytest-asyncio>0.12.0'",)


TRIO = Distribution(name="trio", version="0.30.0", modules=("trio",))


@pytest.mark.parametrize(
    ("case", "imports", "declared", "installed", "culprit"),
    [
        ("[trio-slow]", (), "pytest-asyncio pytest-trio", (TRIO,), "pytest-trio"),
        ("[slow-trio]", (), "pytest-asyncio", (TRIO,), "pytest-trio"),
        ("", ("twisted",), "pytest-asyncio pytest-twisted", (), "pytest-twisted"),
        ("", ("trio",), "pytest-asyncio pytest-trio", (TRIO,), "pytest-trio"),
        ("[asyncio]", ("trio",), "pytest-asyncio pytest-trio", (TRIO,), "asyncio_mode"),
        ("", (), "pytest-asyncio pytest-trio", (), "asyncio_mode"),
        ("", ("trio",), "pytest-asyncio", (TRIO,), "asyncio_mode"),
    ],
)
def test_the_plugin_of_the_library_that_a_test_is_for(  # noqa: PLR0917 - a table
    red, raised, case, imports, declared, installed, culprit
):
    """Another plugin runs the tests for its own library; that it does is no fault of its mode."""
    project = Project(
        name="shop",
        settings={"asyncio_mode": "strict"},
        settings_file="setup.cfg",
        requirements=tuple(
            Requirement(name=name, text=name, file="requirements.txt") for name in declared.split()
        ),
        sources={"tests/test_cart.py": Source(imports={name: name for name in imports})},
    )
    there = asyncio("1.2.0")
    made = red(
        raised("Failed", "async def functions are not natively supported.\n"),
        nodeid=f"tests/test_cart.py::test_total{case}",
        project=project,
        **{**there, "distributions": (*there["distributions"], *installed)},
    )
    (failure,) = made.recording.failures
    other = failure._replace(nodeid=f"tests/test_cart.py::test_other{case}")
    both = made.recording._replace(failures=(failure, other))

    assert replace(made, recording=both).verdict().culprit.name == culprit


def test_a_backend_of_anyio_is_no_plugin(red, raised):
    """A parameter that anyio's own fixture gives says nothing of the plugin for that library."""
    there = asyncio("1.2.0")
    made = red(
        raised("Failed", "async def functions are not natively supported.\n"),
        nodeid="tests/test_cart.py::test_total[trio]",
        fixtures=[("anyio_backend", "anyio/pytest_plugin.py", 4)],
        **{**there, "distributions": (*there["distributions"], TRIO)},
    )

    assert made.verdict().culprit.name == "pytest-asyncio"


@pytest.mark.parametrize(
    ("required", "category", "culprit"),
    [
        ("pytest-asyncio==0.21.0", "compatibility", "pytest-asyncio"),
        ("pytest-asyncio>=1, pytest_asyncio<0.22", "compatibility", "pytest-asyncio"),
        ("pytest-asyncio==0.21.0, pytest-x", "missing_dependency", "pytest-asyncio"),
        ("pytest-x==2.5.0", "missing_dependency", "pytest-x"),
        ("pytest-asyncio", "missing_dependency", "pytest-asyncio"),
    ],
    ids=["another version", "two of one", "and one absent", "absent", "in any version"],
)
def test_a_plugin_that_the_settings_require(red, raised, required, category, culprit):
    """What is installed in another version than is asked for is not absent."""
    message = f"Missing required plugins: {required}"
    refused = raised("_pytest.config.exceptions.UsageError", message, bases=REFUSED)

    verdict = red(refused, phase="start", **asyncio("0.23.2")).verdict()

    assert (verdict.category, verdict.culprit.name) == (category, culprit)


def test_a_required_plugin_of_another_version_is_pinned(red, raised):
    """To what the settings ask for."""
    message = "Missing required plugins: pytest-asyncio==0.21.0"
    refused = raised("_pytest.config.exceptions.UsageError", message, bases=REFUSED)

    best, *_ = red(refused, phase="start", **asyncio("0.23.2")).suggestions()

    assert best.commands == ("pip install pytest-asyncio==0.21.0",)


@pytest.mark.parametrize(
    ("options", "category"),
    [
        ("--zzyzx", "missing_dependency"),
        ("--zzyzx-level=2", "missing_dependency"),
        ("--zzyzxed", "configuration"),
        ("--isolated", "configuration"),
    ],
)
def test_an_option_that_bears_the_name_of_what_the_project_asks_for(red, options, category):
    """A plugin that nobody knows is told by its name, where the project asks for it."""
    project = Project(
        name="shop",
        requirements=(
            Requirement(
                name="pytest-zzyzx", text="pytest-zzyzx>=2", file="setup.py", group="tests"
            ),
            Requirement(name="isolated", text="isolated", file="setup.py"),
        ),
    )
    message = f"pytest: error: unrecognized arguments: {options}"

    made = red(phase="start", message=message, project=project)

    assert made.verdict().category == category
    if category == "missing_dependency":
        assert made.verdict().culprit.name == "pytest-zzyzx"
        assert "`pytest-zzyzx` (--zzyzx" in made.suggestions()[0].text


BROKE_OFF = """
INTERNALERROR> Traceback (most recent call last):
INTERNALERROR>   File "{first}", line 8, in hook
INTERNALERROR>     return report()
INTERNALERROR>   File "{last}", line 422, in __getitem__
INTERNALERROR>     return super().__getitem__(key)
INTERNALERROR>            ^^^^^^^^^^^^^^^^^^^^^^^^
INTERNALERROR> IndexError: list index out of range
"""
SITE = "/env/lib/python3.12/site-packages"


@pytest.mark.parametrize(
    ("first", "last", "broken"),
    [
        (f"{SITE}/_pytest/main.py", f"{SITE}/_pytest/_code/code.py", True),
        ("/shop/shop/plugin.py", f"{SITE}/_pytest/_code/code.py", False),
        (f"{SITE}/_pytest/main.py", f"{SITE}/frames/table.py", False),
    ],
)
def test_an_inner_run_that_pytest_itself_broke_off(red, raised, first, last, broken):
    """Where the plugin that is tested had a line in it, that may have misled pytest."""
    failed = raised(
        "AssertionError", "assert {'failed': 0} == {'failed': 1}", "tests/test_a.py:9:t"
    )
    captured = {"stdout": BROKE_OFF.format(first=first, last=last)}

    made = red(failed, fixtures=[("pytester", "_pytest/pytester.py", 9)], captured=captured)

    assert (made.verdict().rule == "inner-run-broke-pytest@1") is broken


@pytest.mark.parametrize(
    ("marker", "registered", "near"),
    [
        ("slwo", "slow: takes long\nnetwork", "slow"),
        ("netwrk(1)", "", ""),
        ("integation", "slow\nintegration(host): asks a server", "integration"),
        ("usefixture", "slow", "usefixtures"),
        ("skipIf", "", "skipif"),
        ("slow", "slow_ones", ""),
        ("zzyzx", "slow", ""),
    ],
)
def test_the_marker_that_may_be_meant(red, raised, marker, registered, near):
    """Those that the settings register come first; it is never the marker itself."""
    name = marker.partition("(")[0]
    message = f"'{name}' not found in `markers` configuration option"
    project = Project(name="shop", settings={"markers": registered})

    first = red(raised("Failed", message), phase="collect", project=project).suggestions()[0]

    assert first.text.endswith(f"The nearest known marker is `{near}`.") is bool(near)


def test_a_marker_that_a_plugin_makes_up_at_run_time(red, raised):
    """It is known of the plugin that most use, and of no other."""
    message = "'order' not found in `markers` configuration option"

    verdict = red(raised("Failed", message), phase="collect").verdict()

    assert (verdict.category, verdict.culprit.name) == ("missing_dependency", "pytest-order")


@pytest.mark.parametrize(
    ("where", "nodeid", "test"),
    [
        ("test_total", "tests/test_cart.py", "tests/test_cart.py::test_total"),
        ("test_total", "tests/test_cart.py::TestCart", "tests/test_cart.py::TestCart::test_total"),
        ("tests/test_cart.py::test_total", "tests/test_cart.py", "tests/test_cart.py::test_total"),
        (
            "tests/test_cart.py::TestCart::test_total",
            "tests/test_cart.py::TestCart",
            "tests/test_cart.py::TestCart::test_total",
        ),
    ],
)
def test_the_test_that_cannot_be_collected(red, raised, where, nodeid, test):
    """pytest names the function alone, or the whole of its id."""
    link = raised("Failed", f"In {where}: function uses no argument 'b'")

    assert red(link, phase="collect", nodeid=nodeid).verdict().culprit.name == test


@pytest.mark.parametrize(
    ("name", "category"), [("shop", "compatibility"), ("pytest-asyncio", "fixture")]
)
def test_a_fixture_of_the_plugin_that_is_tested(red, raised, name, category):
    """In its own checkout one that is gone has left no release."""
    missing = raised(
        LOOKUP,
        "fixture 'event_loop' not found",
        attributes={"argname": "event_loop", "available": ["event_loop_"]},
    )

    verdict = red(missing, phase="setup", project=Project(name=name), **asyncio("1.1.0")).verdict()

    assert verdict.category == category


def test_a_plugin_that_only_the_settings_speak_to(red, raised):
    """It is asked for by them, whatever else is there and runs such tests."""
    anyio = Distribution(
        name="anyio", version="4.9.0", modules=("anyio",), pytest_plugins={"anyio": "anyio.x"}
    )
    project = Project(name="shop", settings={"asyncio_mode": "strict"}, settings_file="setup.cfg")
    made = red(
        raised("Failed", "async def functions are not natively supported.\n"),
        project=replace(
            project, requirements=(Requirement(name="anyio", text="anyio", file="setup.py"),)
        ),
        distributions=(anyio,),
        plugins={"anyio": "4.9.0"},
    )

    verdict = made.verdict()
    assert (verdict.category, verdict.culprit.name) == ("missing_dependency", "pytest-asyncio")
