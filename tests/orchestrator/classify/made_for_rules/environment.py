"""The smallest failure that shows what a rule is about, for those of `environment.toml`."""

from __future__ import annotations

from made_for_rules.surroundings import (
    ALONE,
    CONFTEST,
    LIB,
    LIBRARY,
    OS,
    SHOP,
    TEST,
    no_module,
    one,
    using,
)

from conftest_kit.records import Distribution
from orchestrator.checkout.project import Project

CASES = {
    "inner-run-without-plugins": one(
        "Failed",
        "nomatch: '* 1 passed*'",
        TEST,
        "lib/_pytest/pytester.py:9:_match_lines",
        fixtures=[("pytester", "_pytest/pytester.py", 9)],
        variables=("PYTEST_DISABLE_PLUGIN_AUTOLOAD",),
    ),
    "expected-file-told-missing": one(
        "Failed",
        "File not found in the folder, created:\n- /shop/tests/prices/total.yml",
        TEST,
        "lib/expected/check.py:7:check",
        project=Project(name="shop", files=("tests/test_cart.py",)),
    ),
    "environment-variable": one("KeyError", "'SHOP_KEY'", SHOP, OS),
    "program-out-of-path": one(
        "FileNotFoundError",
        "",
        "std/subprocess.py:9:_execute_child",
        attributes={"filename": "frames"},
    ),
    "module-of-another-system": no_module("winreg", TEST),
    "installed-file-missing": one(
        "FileNotFoundError",
        "",
        LIB,
        attributes={"filename": "/shop/.venv/lib/python3.11/site-packages/frames/data.json"},
    ),
    "project-file-missing": one(
        "FileNotFoundError", "", SHOP, attributes={"filename": "/shop/shop/data.json"}
    ),
    "project-file-missing-before": (
        [
            ("shop.Wrong", "this version is not supported", TEST, SHOP),
            ("FileNotFoundError", "no", SHOP),
            ("KeyError", "'/shop/shop/data.json'", SHOP),
        ],
        {"attributes": {"filename": "/shop/shop/data.json"}},
    ),
    "variable-read": one(
        "ValueError", "invalid literal for int()", SHOP, source="int(os.environ['SHOP_PORT'])"
    ),
    "settings-field-required": one(
        "pydantic_core._pydantic_core.ValidationError",
        "1 validation error for ShopSettings\napi_key\n  Field required [type=missing, input_value={}]",
        SHOP,
        LIB,
    ),
    "variable-said": one("shop.Wrong", "environment variable SHOP_KEY is not set", TEST, SHOP),
    "variable-required": one("shop.Wrong", "SHOP_KEY is required", TEST, SHOP),
    "variable-named-is-set": one(
        "shop.Wrong", "SHOP_MODE must be fast or slow", TEST, SHOP, variables=("SHOP_MODE",)
    ),
    "program-fails": one(
        "subprocess.CalledProcessError",
        "Command '['frob', '-x']' returned non-zero exit status 1.",
        SHOP,
        "std/subprocess.py:571:run",
        attributes={"returncode": 1, "cmd": ["frob", "-x"]},
    ),
    "file-said-missing": one("shop.Wrong", "cannot find /shop/shop/prices.json", TEST, SHOP),
    "template-missing": one("jinja2.exceptions.TemplateNotFound", "mail.html", TEST),
    "database-file": one("sqlite3.OperationalError", "unable to open database file", SHOP),
    "port-in-use": one("OSError", "", SHOP, attributes={"errno": 98}),
    "read-only": one("OSError", "", SHOP, attributes={"errno": 30}),
    "permission": one("PermissionError", "", SHOP, attributes={"filename": "/srv/x"}),
    "folder-is-a-file": one(
        "NotADirectoryError", "", SHOP, attributes={"errno": 20, "filename": "./cache/a"}
    ),
    "file-missing": one("FileNotFoundError", "", SHOP, attributes={"filename": "/srv/a.csv"}),
    "locale": one("locale.Error", "unsupported locale setting", SHOP),
    "encoding": one("UnicodeEncodeError", "", SHOP, attributes={"encoding": "ascii"}),
    "time-zone": one("zoneinfo._common.ZoneInfoNotFoundError", "No time zone found", SHOP),
    "local-time-zone": one(
        "zoneinfo._common.ZoneInfoNotFoundError",
        "No time zone like Europe/Nowhere",
        TEST,
        "lib/webframe/app.py:3:get_localzone",
        variables=("TZ",),
    ),
    "locale-asked-for": one(
        "RuntimeError",
        "The tests need a unicode locale",
        "tests/__init__.py:3:<module>",
        source="raise RuntimeError(said)",
        phase="collect",
    ),
    "variable-named-by-harness": one(
        "Exception",
        "fatal: GIT_WORK_TREE not allowed without GIT_DIR",
        CONFTEST,
        source="raise Exception(output)",
        phase="setup",
        variables=("GIT_WORK_TREE",),
    ),
    "variable-of-its-type": one(
        "webframe.errors.ProfileNotFound",
        "The profile (staging) could not be found",
        SHOP,
        LIBRARY,
        source="raise ProfileNotFound(profile=name)",
        variables=("SHOP_PROFILE", "SHOP_NOT_FOUND"),
    ),
    "time-zone-data": no_module("tzdata", SHOP, variables=("PYTHONTZPATH",)),
    "time-zone-data-absent": no_module("tzdata", SHOP),
    "user": one("KeyError", "'getpwuid(): uid not found: 12345'", SHOP),
    "display": one(
        "_tkinter.TclError", "no display name and no $DISPLAY environment variable", SHOP
    ),
    "variable-names-no-file": one(
        "FileNotFoundError",
        "[Errno 2] No such file",
        TEST,
        SHOP,
        "std/ssl.py:7:load",
        source='load(os.environ["CERTS"])',
        variables=("CERTS",),
    ),
    "warning-by-variable": one(
        "ResourceWarning", "unclosed file", TEST, bases=("Warning",), variables=("PYTHONWARNINGS",)
    ),
    "recording-absent": one(
        "betamax.exceptions.BetamaxError",
        "A request was made that could not be handled.\n\nA request was made to https://a.b/c that "
        "could not be found in prices.\n\nThe settings on the cassette are:",
        TEST,
    ),
    "recording-absent-asked": one(
        "urllib3.exceptions.NewConnectionError",
        "Failed to establish a new connection: [Errno 111] Connection refused",
        TEST,
        SHOP,
        "lib/vcr/stubs/__init__.py:7:connect",
        bases=("ConnectionError",),
        distributions=(Distribution(name="vcrpy", version="6.0", modules=("vcr",)),),
    ),
    "file-said-by-stdlib": one(
        "ValueError",
        "Invalid time zone file: /shop/tests/zones/Harare",
        SHOP,
        "std/zoneinfo/_tzpath.py:9:find",
    ),
    "variable-unset-above": one(
        "AttributeError",
        "'NoneType' object has no attribute 'strip'",
        SHOP,
        project=using("variable", "SHOP_URL"),
    ),
    "variable-unset-raises": one(
        "ConfigError", "no URL", SHOP, source="raise ConfigError()", project=using("variable", "U")
    ),
    "variable-unwanted-raises": one(
        "RuntimeError",
        "please unset",
        SHOP,
        source="raise RuntimeError()",
        project=using("unwanted", "SHOP_PROXY"),
        variables=("SHOP_PROXY",),
    ),
    "variable-unset-asserted": one(
        "AssertionError",
        "assert None",
        TEST,
        project=using("variable", "SHOP_URL", file="tests/test_cart.py"),
    ),
    "variable-used-above": one(
        "ValueError",
        "invalid literal for int() with base 10: 'x'",
        SHOP,
        project=using("variable", "SHOP_PORT"),
        variables=("SHOP_PORT",),
    ),
    "variable-reached": one(
        "AssertionError",
        "assert 'blue' == 'red'",
        TEST,
        project=using("variable", "SHOP_COLOUR", default=True),
        variables=("SHOP_COLOUR",),
    ),
    "variable-of-field": one(
        "pydantic_core._pydantic_core.ValidationError",
        "1 validation error for Settings\nsize\n  Input should be a valid integer",
        SHOP,
        "lib/pydantic_settings/main.py:262:__init__",
        variables=("SHOP_SIZE",),
    ),
    "variable-of-project": one(
        "AssertionError",
        "assert 'blue' == 'red'",
        TEST,
        project=Project(name="shop"),
        variables=("SHOP_COLOUR",),
    ),
    "variable-reached-raises": one(
        "shop.HostError",
        "port is required",
        SHOP,
        project=using("named", "SHOP_HOST", at=40),
        variables=("SHOP_HOST",),
    ),
    "variable-named-by-refusal": one(
        "ImportError",
        "Bad program. It can be set via $FRAMES_PROGRAM.",
        SHOP,
        "lib/frames/table.py:3:refresh",
        source="raise ImportError(err)",
        variables=("FRAMES_PROGRAM",),
    ),
    "variable-passed-on": one(
        "ValueError",
        "'qt4' is not a valid value for backend",
        "lib/frames/__init__.py:12:<module>",
        source="params['backend'] = os.environ.get('FRAMESBACKEND')",
        variables=("FRAMESBACKEND",),
    ),
    "variable-chooses-what-is-not-there": one(
        "ImportError",
        "cannot import name '_fast' from 'frames.core' (/env/frames/core/__init__.py)",
        "lib/frames/table.py:3:<module>",
        attributes={"name": "frames.core"},
        variables=("FRAMES_IMPLEMENTATION",),
        **ALONE,
    ),
    "variable-names-no-module": one(
        "ModuleNotFoundError",
        "No module named 'zzyzx'",
        LIB,
        source="importlib.import_module(self.SETTINGS_MODULE)",
        attributes={"name": "zzyzx"},
        variables=("DJANGO_SETTINGS_MODULE",),
    ),
    "variable-leads-to-no-database": one(
        "sqlite3.OperationalError",
        "unable to open database file",
        SHOP,
        project=using("variable", "SHOP_DATABASE", at=30),
        variables=("SHOP_DATABASE",),
    ),
    "variable-points-nowhere": one(
        "FileNotFoundError",
        "[Errno 2] No such file or directory: '/srv/x'",
        SHOP,
        attributes={"errno": 2, "filename": "/srv/x", "pointing": "SHOP_DATA"},
    ),
    "variable-of-program": one(
        "subprocess.CalledProcessError",
        "Command '['git', 'init']' returned non-zero exit status 128.",
        TEST,
        "std/subprocess.py:9:check_call",
        attributes={"cmd": ["git", "init"], "returncode": 128},
        variables=("GIT_DIR",),
    ),
    "variable-leads-nowhere": one(
        "FileNotFoundError",
        "[Errno 2] No such file or directory: '/srv/x'",
        SHOP,
        attributes={"errno": 2, "filename": "/srv/x"},
        project=using("variable", "SHOP_DATA", at=30),
        variables=("SHOP_DATA",),
    ),
    "certificate-variable": one(
        "OSError",
        "Could not find a suitable TLS CA certificate bundle, invalid path: /x.pem",
        LIB,
        variables=("REQUESTS_CA_BUNDLE",),
    ),
    "file-absent-asserted": one(
        "AssertionError",
        "assert []",
        TEST,
        project=using("absent", "tests/data", file="tests/test_cart.py"),
    ),
    "file-absent-behind": one("ConfigError", "empty", SHOP, project=using("absent", "shop/x.ini")),
    "run-as-root": one(
        "Failed",
        "DID NOT RAISE PermissionError",
        TEST,
        project=using("mode", "0o0", file="tests/test_cart.py"),
    ),
    "asserts-switched-off": one(
        "Failed", "DID NOT RAISE AssertionError", TEST, variables=("PYTHONOPTIMIZE",)
    ),
    "time-zone-variable": one(
        "AssertionError", "assert '2020-01-01 09:00' == '2020-01-01 00:00'", TEST, variables=("TZ",)
    ),
    "colour-variable": one(
        "AssertionError", "assert 'x' == '\\x1b[31mx\\x1b[0m'", TEST, variables=("NO_COLOR",)
    ),
    "width-variable": one(
        "AssertionError", "assert 'a long line' == 'a long  line'", TEST, variables=("COLUMNS",)
    ),
    "file-left-over": one(
        "FileExistsError", "x", SHOP, attributes={"errno": 17, "filename": "data/spool"}
    ),
    "home-unset": one("RuntimeError", "Could not determine home directory.", SHOP),
}
