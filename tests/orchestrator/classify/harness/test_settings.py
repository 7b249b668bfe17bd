"""Settings of pytest whose value a plugin cannot use, whatever it raises."""

from __future__ import annotations

import pytest

from conftest_kit.records import Distribution
from orchestrator.checkout.project import Project

PLUGIN = Distribution(
    name="pytest-slow",
    version="2.3.1",
    modules=("pytest_slow",),
    pytest_plugins={"slow": "pytest_slow"},
)
HOOK = "lib/pytest_slow.py:9:pytest_configure"
SETTINGS = {"slow_after": "5 minutes", "slow_report": "on", "testpaths": "tests"}


@pytest.mark.parametrize(
    ("raising", "phase", "culprit"),
    [
        (
            ("ValueError", "could not convert string to float: '5 minutes'"),
            "internal",
            "slow_after",
        ),
        (("ValueError", "Invalid slow_after 5 minutes from config file"), "start", "slow_after"),
        (("KeyError", "'5 minutes'"), "setup", "slow_after"),
        (("slow.Bad", "slow_report must be a file, not on"), "internal", "slow_report"),
        (("ValueError", "nothing goes on in 'tests'"), "internal", "pytest-slow"),
        (
            ("AttributeError", "'Config' object has no attribute '5 minutes'"),
            "internal",
            PLUGIN.name,
        ),
    ],
)
def test_a_value_that_a_plugin_speaks_of(red, raised, raising, phase, culprit):
    """The value as it is quoted, or the setting and its value; else the plugin is to blame."""
    project = Project(name="shop", settings=SETTINGS, settings_file="pytest.ini")
    link = raised(*raising, HOOK)

    verdict = red(link, phase=phase, project=project, distributions=(PLUGIN,)).verdict()

    assert verdict.culprit.name == culprit


def test_a_value_in_a_test(red, raised):
    """A test that hands the value on itself has a part in it."""
    project = Project(name="shop", settings=SETTINGS)
    link = raised("ValueError", "bad: '5 minutes'", "tests/test_cart.py:9:test_total", HOOK)

    assert red(link, project=project, distributions=(PLUGIN,)).verdict().category != "configuration"


FILES = ("tests/test_cart.py", "tests/unit/check_rates.py", "shop/cart.py")


@pytest.mark.parametrize(
    ("patterns", "given", "culprit"),
    [
        ("check_*.py", ("tests",), None),
        ("spec_*.py", ("tests",), "python_files"),
        ("spec_*.py", (), "python_files"),
        ("test_*.py", ("tests/unit", "-q"), "python_files"),
        ("test_*.py spec_*.py", ("tests/",), None),
        ("tests/*/check_*.py", (), None),
        ("", (), None),
    ],
)
def test_patterns_that_match_no_file(red, patterns, given, culprit):
    """Of the folders that were given, else of the whole project."""
    project = Project(name="shop", files=FILES, settings={"python_files": patterns})
    made = red(
        phase="collect",
        message="no tests were collected",
        project=project,
        run={"command": ("pytest", *given)},
    )

    found = made.verdict()

    assert found.rule == "nothing-collected@1"
    assert (found.culprit.name if found.culprit else None) == culprit


@pytest.mark.parametrize(
    ("message", "culprit"),
    [
        ("[pytest] section in setup.cfg files is no longer supported", "setup.cfg"),
        ("tox.ini: unexpected line", "tox.ini"),
        ("stop: no database", None),
    ],
)
def test_the_file_that_a_refusal_names(red, raised, message, culprit):
    """pytest says which of its settings files it does not take."""
    link = raised("Failed", message, "lib/_pytest/outcomes.py:178:fail")

    found = red(link, phase="start").verdict().culprit

    assert (found.name if found else None) == culprit


REFUSED = "usage: pytest [options]\npytest: error: argument {}: invalid int value: 'x'\n"


@pytest.mark.parametrize(
    ("option", "addopts", "command", "variables", "culprit"),
    [
        ("--maxfail", "-q --maxfail=x", (), (), "addopts"),
        ("--maxfail", "--maxfail x", ("-q",), ("PYTEST_ADDOPTS",), "addopts"),
        ("-n/--numprocesses", "-nx", (), (), "addopts"),
        ("-n/--numprocesses", "-n 2", ("-n", "x"), (), "-n"),
        ("-n/--numprocesses", "-n x", ("--numprocesses=2",), (), "addopts"),
        ("--maxfail", "", ("--maxfail=x",), ("PYTEST_ADDOPTS",), "--maxfail"),
        ("--maxfail", "--maxfails=x", (), ("PYTEST_ADDOPTS",), "PYTEST_ADDOPTS"),
        ("--maxfail", "", (), (), "--maxfail"),
    ],
)
def test_where_a_refused_option_stands(  # noqa: PLR0917 - a table
    red, raised, option, addopts, command, variables, culprit
):
    """Its value is corrected there; where it stands twice, the value says which is meant."""
    made = red(
        raised("_pytest.config.exceptions.UsageError", REFUSED.format(option)),
        phase="start",
        project=Project(name="shop", settings={"addopts": addopts}, settings_file="tox.ini"),
        run={"command": ("pytest", *command)},
        variables=variables,
    )

    assert made.verdict().category == "configuration"
    assert made.verdict().culprit.name == culprit


SEEDED = Distribution(
    name="hypotheses",
    version="6.1",
    modules=("hypotheses",),
    pytest_plugins={"hypothesesplugin": "_hypotheses"},
)


@pytest.mark.parametrize(
    ("option", "addopts", "variables", "culprit"),
    [
        ("--hypotheses-seed=1", "-p no:hypothesesplugin", (), "hypothesesplugin"),
        ("--hypotheses-seed=1", "", ("PYTEST_DISABLE_PLUGIN_AUTOLOAD",), "hypotheses"),
        ("--hypotheses-seed=1", "", ("PYTEST_ADDOPTS",), "hypotheses"),
        ("--hypo-seed=1", "-p no:hypothesesplugin", (), "--hypo-seed"),
        ("--hypotheses-seed=1", "", (), "--hypotheses-seed"),
    ],
)
def test_an_option_that_bears_the_name_of_a_plugin(red, option, addopts, variables, culprit):
    """Its plugin is installed and was kept from being loaded, though nobody knows its options."""
    made = red(
        phase="start",
        message=f"pytest: error: unrecognized arguments: {option}",
        project=Project(name="shop", settings={"addopts": addopts}, settings_file="tox.ini"),
        plugins={"pytest": "9.2.0"},
        variables=variables,
        distributions=(SEEDED,),
    )

    assert made.verdict().culprit.name == culprit


@pytest.mark.parametrize(
    ("kind", "message", "culprit"),
    [
        ("RuntimeError", "Row isn't in an application in INSTALLED_APPS.", "INSTALLED_APPS"),
        ("web.ImproperlyConfigured", "The SECRET_KEY setting must not be empty.", "SECRET_KEY"),
        ("web.ImproperlyConfigured", "settings.CACHE_DIR is wrong", "CACHE_DIR"),
        ("RuntimeError", "gave up after MAX_TRIES attempts", None),
        ("LookupError", "The SECRET_KEY setting must not be empty.", None),
    ],
)
def test_a_setting_that_a_library_refuses(red, raised, kind, message, culprit):
    """By its own name, in what it raises on purpose."""
    places = "tests/test_cart.py:1:<module>", "lib/webframe/app.py:3:get"
    link = raised(kind, message, *places, source="raise Refused(said)")

    verdict = red(link, phase="collect").verdict()

    assert (verdict.category == "configuration") is bool(culprit)
    assert culprit is None or verdict.culprit.name == culprit
