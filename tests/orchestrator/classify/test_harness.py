"""What a plugin brings in another release than the one that is installed."""

from __future__ import annotations

import pytest

from conftest_kit.records import Distribution

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
