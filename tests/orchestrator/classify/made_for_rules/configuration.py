"""The smallest failure that shows what a rule is about, for those of `configuration.toml`."""

from __future__ import annotations

from made_for_rules.surroundings import (
    ALONE,
    ASYNC,
    ASYNCIO,
    BLOCKED,
    CONFTEST,
    HELPED,
    LIB,
    LIBRARY,
    LOOKUP,
    MOCK,
    SHOP,
    TEST,
    TIMEOUT,
    no_module,
    one,
)

from conftest_kit.records import Distribution
from orchestrator.checkout.project import FixtureDefinition, Project

DJANGO = Distribution(name="django", version="5.2", modules=("django",))
PYTEST_DJANGO = Distribution(
    name="pytest-django",
    version="4.14.0",
    modules=("pytest_django",),
    pytest_plugins={"django": "pytest_django.plugin"},
)

CASES = {
    "required-plugin-disabled": (
        [],
        {
            "phase": "start",
            "message": "Missing required plugins: pytest-mock",
            "distributions": (MOCK,),
            "run": {"command": ("pytest", "-p", "no:pytest_mock")},
        },
    ),
    "fixture-gone-from-plugin": one(
        LOOKUP,
        "fixture 'mocker' not found",
        phase="setup",
        attributes={"argname": "mocker"},
        distributions=(MOCK,),
        run={"command": ("pytest", "-p", "no:pytest_mock")},
    ),
    "setting-named-by-refusal": one(
        "RuntimeError",
        "Model class Row isn't in an application in INSTALLED_APPS.",
        SHOP,
        LIBRARY,
        source="raise RuntimeError(",
    ),
    "refused-by-pytest": (
        [("pytest.UsageError", "'x' is no level"), ("ValueError", "invalid literal")],
        {"phase": "start"},
    ),
    "settings-raised": (
        [("AttributeError", "no", "lib/_pytest/config/__init__.py:7:parse_warning_filter")],
        {"phase": "start"},
    ),
    "pytest-raised-alone": one("KeyError", "'BOGUS'", phase="collect"),
    "plugin-named-not-importable": one(
        "ImportError",
        """Error importing plugin "shop.nosuch": No module named 'shop.nosuch'""",
        phase="start",
    ),
    "own-plugin-not-importable": (
        [
            ("pytest.UsageError", 'Error importing plugin "shop.nosuch": No module named'),
            ("ModuleNotFoundError", "No module named 'shop.nosuch'"),
        ],
        {"phase": "start"},
    ),
    "conftest-hook-wrong": one(
        "pluggy.PluginValidationError",
        "unknown hook 'pytest_colection_finish' in plugin <module 'conftest' from '/x'>",
        phase="internal",
    ),
    "asked-option-unknown": one("ValueError", "no option named '--zzyzx'", CONFTEST),
    "asked-setting-unknown": one("ValueError", "unknown configuration value: 'zzyzx'", CONFTEST),
    "helper-unreachable": no_module("prices", TEST, project=HELPED),
    "session-hook-raised": one(
        "KeyError", "'boo'", "conftest.py:1:pytest_sessionfinish", phase="start"
    ),
    "plugin-registered-twice": (
        [],
        {
            "phase": "start",
            "message": "Plugin already registered under a different name: timeout="
            "<module 'pytest_timeout' from '/x/pytest_timeout.py'>",
        },
    ),
    "plugin-not-importable": (
        [],
        {"phase": "start", "message": 'Error importing plugin "zzyzx": No module named'},
    ),
    "unknown-option": ([], {"phase": "start", "message": "error: unrecognized arguments: --zzyzx"}),
    "test-path-missing": ([], {"phase": "start", "message": "file or directory not found: tset"}),
    "unknown-marker": one(
        "Failed", "'slwo' not found in `markers` configuration option", phase="collect"
    ),
    "unknown-setting": ([], {"phase": "start", "message": "Unknown config option: zzyzx"}),
    "option-of-setting-refused": one(
        "_pytest.config.exceptions.UsageError",
        "usage: pytest [options]\npytest: error: argument --maxfail: invalid int value: 'x'\n",
        phase="start",
        project=Project(name="shop", settings={"addopts": "--maxfail=x"}, settings_file="tox.ini"),
    ),
    "option-of-variable-refused": (
        [],
        {
            "phase": "start",
            "message": "usage: pytest [options]\npytest: error: argument -n/--numprocesses: expected one",
            "variables": ("PYTEST_ADDOPTS",),
        },
    ),
    "option-refused": one(
        "_pytest.config.exceptions.UsageError",
        "usage: pytest [options]\npytest: error: argument --maxfail: invalid int value: 'x'\n",
        phase="start",
        run={"command": ("pytest", "--maxfail", "x")},
    ),
    "async-mode": one(
        "Failed",
        "async def functions are not natively supported.",
        project=ASYNC,
        distributions=(Distribution(name="pytest-asyncio", version="1.5.0"),),
    ),
    "nested-pytest-plugins": (
        [],
        {"phase": "collect", "message": "Defining 'pytest_plugins' in a non-top-level conftest is"},
    ),
    "pytest-warning": one(
        "pytest.PytestConfigWarning", "x", bases=("pytest.PytestWarning", "UserWarning", "Warning")
    ),
    "usage-error": one("_pytest.config.exceptions.UsageError", "no", phase="start"),
    "bad-settings-file": one(
        "tomllib.TOMLDecodeError", "Expected ']'", phase="start", run={"inifile": "pyproject.toml"}
    ),
    "django-settings": one("django.core.exceptions.ImproperlyConfigured", "x", SHOP),
    "start-refused": (
        [],
        {
            "phase": "start",
            "message": "pytest: error: ambiguous option: --co could match --color, --cov",
        },
    ),
    "conftest-raised": one("ZeroDivisionError", "x", CONFTEST, phase="start"),
    "hook-raised": one("ZeroDivisionError", "x", CONFTEST, phase="internal"),
    "internal-error": one("ZeroDivisionError", "x", LIB, phase="internal", **ALONE),
    "unreadable-settings-file": (
        [],
        {"phase": "start", "message": "ERROR: /x/pytest.ini:1: unexpected value continuation"},
    ),
    "nothing-collected": ([], {"phase": "collect", "message": "no tests were collected"}),
    "setting-value": one(
        "ValueError",
        "invalid truth value 'x'",
        CONFTEST,
        "lib/_pytest/config/__init__.py:7:getini",
        phase="setup",
        source='config.getini("shop_strict")',
    ),
    "own-warning-as-error": one(
        "UserWarning", "total() goes away", TEST, SHOP, source='warnings.warn("total() goes away")'
    ),
    "setting-refused": one(
        "pytest.UsageError", "'loud' is no level for 'log_level'", phase="start"
    ),
    "setting-rejected": one(
        "ValueError",
        "Invalid number of seconds: '5 minutes'",
        "lib/pytest_timeout.py:9:pytest_configure",
        phase="internal",
        project=Project(name="shop", settings={"timeout": "5 minutes"}),
        distributions=(TIMEOUT,),
    ),
    "bad-filter": (
        [],
        {
            "phase": "start",
            "message": "ERROR: while parsing the following warning configuration:",
            "text": "while parsing the following warning configuration:\n\n  explode\n\n"
            "This error occurred:\n\ninvalid action: 'explode'\n",
        },
    ),
    "filter-names-no-class": (
        [
            (
                "_pytest.config.exceptions.UsageError",
                "while parsing the following warning configuration:\n\n  ignore::lib.OldWarning\n",
                "_pytest/config/__init__.py:9:parse_warning_filter",
            ),
            ("AttributeError", "module 'lib' has no attribute 'OldWarning'"),
        ],
        {"phase": "start"},
    ),
    "filter-module-absent": one(
        "pytest.PytestConfigWarning",
        "Failed to import filter module 'zzyzx': ignore::zzyzx.OldWarning",
        phase="start",
        bases=("pytest.PytestWarning", "UserWarning", "Warning", "Exception"),
    ),
    "unset-setting-warned": one(
        "pytest.PytestDeprecationWarning",
        'The configuration option "asyncio_default_fixture_loop_scope" is unset.\n'
        'Future versions of pytest-asyncio will default to "function" scope.',
        "lib/pytest_asyncio/plugin.py:306:pytest_configure",
        phase="internal",
        bases=("pytest.PytestWarning", "DeprecationWarning", "Warning"),
        distributions=(ASYNCIO,),
    ),
    "framework-plugin-off": one(
        "django.core.exceptions.ImproperlyConfigured",
        "Requested setting DATABASES, but settings are not configured.",
        TEST,
        "lib/django/conf/__init__.py:1:_setup",
        distributions=(DJANGO, PYTEST_DJANGO),
        run={"command": ("pytest", "-p", "no:django")},
    ),
    "path-plugin-off": one(
        "ModuleNotFoundError",
        "No module named 'blog'",
        TEST,
        attributes={"name": "blog"},
        project=Project(
            name="shop",
            files=("manage.py", "blog/__init__.py", "tests/test_cart.py"),
            modules=frozenset({"blog"}),
        ),
        distributions=(DJANGO, PYTEST_DJANGO),
        run={"command": ("pytest", "-p", "no:django")},
    ),
    "option-plugin-disabled": (
        [],
        {
            "phase": "start",
            "message": "pytest: error: unrecognized arguments: --asyncio-mode=auto",
            "distributions": (ASYNCIO,),
            "run": BLOCKED,
        },
    ),
    "marker-plugin-disabled": one(
        "Failed",
        "'asyncio' not found in `markers` configuration option",
        phase="collect",
        distributions=(ASYNCIO,),
        run=BLOCKED,
    ),
    "setting-plugin-disabled": (
        [],
        {
            "phase": "start",
            "message": "Unknown config option: asyncio_mode",
            "distributions": (ASYNCIO,),
            "run": BLOCKED,
        },
    ),
    "fixture-of-pytest-switched-off": one(
        LOOKUP, "fixture 'tmp_path' not found", phase="setup", attributes={"argname": "tmp_path"}
    ),
    "setting-of-the-project-undefined": one(
        "AttributeError",
        "'Settings' object has no attribute 'STRIPE_KEY'",
        SHOP,
        attributes={"name": "STRIPE_KEY", "obj": "django.conf.Settings"},
        distributions=(Distribution(name="Django", version="5.1", modules=("django",)),),
    ),
    "overridden-fixture-switched-off": one(
        LOOKUP,
        "recursive dependency involving fixture 'mocker' detected",
        phase="setup",
        attributes={"argname": "mocker", "requested_by": "mocker"},
        distributions=(MOCK,),
        run={"command": ("pytest", "-p", "no:pytest_mock")},
    ),
    "overridden-fixture-of-pytest-switched-off": one(
        LOOKUP,
        "recursive dependency involving fixture 'tmp_path' detected",
        phase="setup",
        attributes={"argname": "tmp_path", "requested_by": "tmp_path"},
    ),
    "fixture-of-own-plugin-switched-off": one(
        LOOKUP,
        "fixture 'basket' not found",
        phase="setup",
        attributes={"argname": "basket"},
        run={"command": ("pytest", "-p", "no:shop")},
        project=Project(
            name="shop",
            fixtures=(
                FixtureDefinition(name="basket", function="basket", file="shop/plugin.py", line=4),
            ),
        ),
    ),
    "refused-by-outcome": one("Failed", "[pytest] section is no longer supported", phase="start"),
    "conftest-name-undefined": one("NameError", "name 'x' is not defined", CONFTEST, phase="start"),
    "setting-names-no-module": one(
        "ImportError",
        "No module named 'shop.test_settings'\n\nThe project was found in .",
        "lib/webframe/app.py:3:get",
        project=Project(
            name="shop",
            modules=frozenset({"shop"}),
            files=("shop/__init__.py", "shop/testsettings.py"),
            settings={"SHOP_SETTINGS_MODULE": "shop.test_settings"},
        ),
    ),
}
