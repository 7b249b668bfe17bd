"""The smallest failure that shows what a rule is about, for those of `missing_dependency.toml`."""

from __future__ import annotations

from dataclasses import replace

from made_for_rules.surroundings import (
    CONFTEST,
    GUARDED,
    HELPED,
    LIBRARY,
    LOOKUP,
    MOCKING,
    PIP,
    SHOP,
    STAND_IN,
    TEMPORARY,
    TEST,
    WITH_CV2X,
    no_module,
    one,
    using,
)

from conftest_kit.records import Distribution
from orchestrator.checkout.project import Project
from orchestrator.checkout.requirements import Requirement
from orchestrator.checkout.source import Guard, Source

CASES = {
    "missing-extra": no_module("cv2x", LIBRARY),
    "missing-module": no_module("yaml", TEST),
    "named-module-absent": one(
        "RuntimeError", "cannot import cv2x.core", TEST, source="raise", project=WITH_CV2X
    ),
    "missing-behind-stand-in": one(
        "ImportError",
        "cannot import name 'io' from 'zzyzx' (/env/lib/python3.11/site-packages/zzyzx.py)",
        SHOP,
        attributes={"name": "zzyzx"},
        project=replace(
            HELPED,
            requirements=(Requirement(name="zzyzx", text="zzyzx", file="pyproject.toml"),),
        ),
        distributions=(STAND_IN,),
    ),
    "missing-behind-stand-in-unasked": one(
        "ModuleNotFoundError",
        "No module named 'zzyzx.xml'; 'zzyzx' is not a package",
        SHOP,
        attributes={"name": "zzyzx.xml"},
        project=HELPED,
        distributions=(STAND_IN,),
    ),
    "dialect-absent": one(
        "sqlalchemy.exc.NoSuchModuleError", "Can't load plugin: sqlalchemy.dialects:duckdb", SHOP
    ),
    "kernel-absent": one(
        "jupyter_client.kernelspec.NoSuchKernel", "No such kernel named python3", SHOP, LIBRARY
    ),
    "extra-asked-by-assert": one(
        "AssertionError",
        "cv2x not found, please run `pip install webframe[all]`\nassert False is True",
        TEST,
    ),
    "missing-and-misnamed": no_module("beautifulsoup4", TEST),
    "missing-look-alike": no_module(
        "reqeusts",
        TEST,
        project=Project(
            name="shop",
            requirements=(Requirement(name="reqeusts", text="reqeusts", file="pyproject.toml"),),
        ),
    ),
    "stdlib-replacement-absent": no_module(
        "cgi",
        LIBRARY,
        python="3.13.1",
        project=Project(
            name="shop",
            requirements=(Requirement(name="legacy-cgi", text="legacy-cgi", file="setup.py"),),
        ),
    ),
    "missing-module-like-its-distribution": no_module("zz_yzx", TEST),
    "missing-module-unverified": no_module("_zzyzx", TEST),
    "unbuilt-stdlib-module": no_module("_tkinter", TEST),
    "shared-library": one(
        "ImportError", "libGL.so.1: cannot open shared object file: No such file", TEST
    ),
    "system-program": one(
        "FileNotFoundError",
        "",
        "std/subprocess.py:9:_execute_child",
        attributes={"filename": "git"},
    ),
    "program-of-distribution": one(
        "FileNotFoundError",
        "",
        "std/subprocess.py:9:_execute_child",
        attributes={"filename": "cv2x"},
        project=WITH_CV2X,
    ),
    "program-not-found": one(
        "shop.Absent",
        "(Absent(...), 'pdfinfo', ['/usr/bin', '/bin'])",
        TEST,
        SHOP,
        attributes={"path": ["/usr/bin", "/bin"]},
    ),
    "required-plugin-absent": (
        [],
        {"phase": "start", "message": "Missing required plugins: pytest-x"},
    ),
    "loaded-plugin-absent": (
        [],
        {"phase": "start", "message": 'Error importing plugin "pytest_timeout": No module named'},
    ),
    "plugin-module-absent": one(
        "ImportError",
        "Error importing plugin \"pytest_pudb\": No module named 'pytest_pudb'",
        phase="start",
    ),
    "required-absent-on-import": one(
        "TypeError",
        "TypeVar.__init__() got an unexpected keyword argument 'default'",
        "tests/conftest.py:1:<module>",
        "lib/tills/typing.py:3:<module>",
        distributions=(
            Distribution(name="tills", version="1.0", modules=("tills",), requires=("frames>=2",)),
        ),
    ),
    "required-absent-in-inner-run": one(
        "FileNotFoundError",
        "x",
        TEST,
        fixtures=[("pytester", "_pytest/pytester.py", 9)],
        project=Project(name="shop", modules=frozenset({"shop"})),
        distributions=(
            Distribution(name="shop", version="1.0", modules=("shop",), requires=("tills>=2",)),
        ),
        **TEMPORARY,
    ),
    "required-absent-raised": one(
        "ValueError",
        "no such mode",
        SHOP,
        source="raise ValueError('no such mode')",
        project=Project(name="shop", modules=frozenset({"shop"})),
        distributions=(
            Distribution(name="shop", version="1.0", modules=("shop",), requires=("tills>=2",)),
        ),
    ),
    "fixture-plugin-absent": one(
        LOOKUP, "fixture 'mocker' not found", phase="setup", attributes={"argname": "mocker"}
    ),
    "fixture-plugin-likely": one(
        LOOKUP,
        "fixture 'client' not found",
        phase="setup",
        attributes={"argname": "client"},
        distributions=(Distribution(name="flask", version="3.1.0", modules=("flask",)),),
    ),
    "inner-option-plugin-absent": one(
        "_pytest.config.exceptions.UsageError", "unrecognized arguments: -n3 --dist=loadfile", TEST
    ),
    "option-plugin-absent": (
        [],
        {"phase": "start", "message": "pytest: error: unrecognized arguments: -n4 --cov=shop"},
    ),
    "marker-plugin-absent": one(
        "Failed", "'benchmark' not found in `markers` configuration option", phase="collect"
    ),
    "hook-plugin-absent": one(
        "pluggy.PluginValidationError", "unknown hook 'pytest_html_report_title' in", phase="start"
    ),
    "ini-plugin-absent": ([], {"phase": "start", "message": "Unknown config option: asyncio_mode"}),
    "async-plugin-absent": one("Failed", "async def functions are not natively supported.\n"),
    "named-extra": one(
        "shop.Unavailable", 'Install cv2x (or `pip install "webframe[all]"`).', TEST, SHOP
    ),
    "named-extra-in-output": one(
        "AssertionError", """assert 'sold' in 'Error: pip install "webframe[all]"'""", TEST
    ),
    "named-distribution": one(
        "RuntimeError", 'Form data requires "python-multipart" to be installed. \n', LIBRARY
    ),
    "absent-in-a-sentence": one(
        "shop.Unready",
        "You must have cv2x installed to look.",
        SHOP,
        LIBRARY,
        source="raise Unready(",
    ),
    "loaded-by-name-absent": one(
        "webframe.NoSuchModuleError",
        "Can't load plugin: webframe.looks:cv2x",
        SHOP,
        LIBRARY,
        source="raise NoSuchModuleError(",
    ),
    "process-lacks-requirement": one(
        "AssertionError",
        "1 != 0",
        TEST,
        project=Project(
            name="shop",
            requirements=(Requirement(name="docoptx", text="docoptx>=0.6", file="setup.py"),),
            sources={"tests/test_cart.py": Source(imports={"run": "subprocess.run"})},
        ),
    ),
    "named-distribution-unverified": one("RuntimeError", "please install zzyzx", LIBRARY),
    "distribution-metadata-absent": one(
        "importlib.metadata.PackageNotFoundError",
        "No package metadata was found for shop",
        TEST,
        bases=("ModuleNotFoundError", "ImportError"),
    ),
    "system-program-said": one(
        "shop.Unstarted", "The command was not found or was not executable: dtach.", TEST, SHOP
    ),
    "guarded-import-absent": one("TypeError", "Sorting needs YAML.", TEST, SHOP, project=GUARDED),
    "guarded-import-beside": one(
        "ImportError", "cannot import name 'Row' from 'shop.cart'", TEST, project=GUARDED
    ),
    "owner-lacks-extra": one(
        "AttributeError",
        "module 'webframe' has no attribute 'draw'",
        SHOP,
        attributes={"obj": "webframe", "name": "draw"},
        project=WITH_CV2X,
    ),
    "pytest-name-plugin-absent": one(
        "AttributeError",
        "module pytest has no attribute lazy_fixture",
        TEST,
        attributes={"obj": "pytest", "name": "lazy_fixture"},
        phase="collect",
    ),
    "system-program-status": one(
        "subprocess.CalledProcessError",
        "Command 'frob -x' returned non-zero exit status 127.",
        TEST,
        attributes={"returncode": 127, "cmd": "frob -x"},
    ),
    "asked-option-plugin-absent": one("ValueError", "no option named '--cov'", CONFTEST),
    "missing-behind-folder": one(
        "ImportError",
        "cannot import name 'Redis' from 'redis' (unknown location)",
        TEST,
        attributes={"name": "redis"},
    ),
    "asked-setting-plugin-absent": one(
        "ValueError", "unknown configuration value: 'asyncio_mode'", CONFTEST
    ),
    "attribute-of-extra": one(
        "AttributeError",
        "'Cart' object has no attribute 'xls'",
        TEST,
        attributes={"obj": "shop.cart.Cart", "name": "xls"},
        project=Project(
            name="shop",
            modules=frozenset({"shop"}),
            requirements=(
                Requirement(
                    name="xlwt", text="xlwt", file="pyproject.toml", group="xls", is_extra=True
                ),
            ),
        ),
    ),
    "extra-named-by-test": one(
        "AssertionError",
        "assert 3 == 4",
        TEST,
        nodeid="tests/test_cart.py::test_xlwt_export",
        project=Project(
            name="shop",
            requirements=(
                Requirement(
                    name="xlwt",
                    text="xlwt; platform_python_implementation == 'CPython'",
                    file="pyproject.toml",
                    group="xls",
                    is_extra=True,
                ),
            ),
        ),
    ),
    "fixture-plugin-declared-absent": one(
        LOOKUP,
        "fixture 'mocker' not found",
        phase="setup",
        attributes={"argname": "mocker"},
        project=MOCKING,
    ),
    "overridden-fixture-plugin-absent": one(
        LOOKUP,
        "recursive dependency involving fixture 'mocker' detected",
        phase="setup",
        attributes={"argname": "mocker", "requested_by": "mocker"},
        project=MOCKING,
    ),
    "filter-module-of-absent": one(
        "pytest.PytestConfigWarning",
        "Failed to import filter module 'cv2x': ignore::cv2x.OldWarning",
        phase="start",
        bases=("pytest.PytestWarning", "UserWarning", "Warning", "Exception"),
        project=WITH_CV2X,
    ),
    "framework-plugin-absent": one(
        "django.db.utils.OperationalError",
        "no such table: auth_user",
        "lib/django/db/x.py:1:run",
        distributions=(Distribution(name="Django", version="5.1", modules=("django",)),),
    ),
    "module-imported-by-absent-plugin": one(
        "AttributeError",
        "module 'frames' has no attribute 'baskets'",
        TEST,
        source="basket = frames.baskets.Basket()",
        attributes={"obj": "frames", "name": "baskets"},
        distributions=(PIP,),
        project=Project(
            name="shop",
            modules=frozenset({"shop"}),
            requirements=(
                Requirement(name="pytest-frames", text="pytest-frames", file="pyproject.toml"),
            ),
        ),
    ),
    "guarded-import-of-test": one(
        "AssertionError",
        "assert b'x' == b'y'",
        TEST,
        nodeid="tests/test_cart.py::test_yaml",
        project=Project(
            name="shop",
            modules=frozenset({"shop"}),
            files=("shop/__init__.py", "shop/cart.py"),
            sources={
                "shop/cart.py": Source(guards=(Guard(modules=("yaml",), names=("yaml",)),)),
                "tests/test_cart.py": Source(imports={"total": "shop.cart.total"}),
            },
        ),
    ),
    "program-looked-for": one(
        "ConvertError", "no way", SHOP, source="raise ConvertError()", project=using("program", "x")
    ),
    "program-asserted": one(
        "AssertionError",
        "assert None is not None",
        TEST,
        project=using("program", "pandoc", file="tests/test_cart.py"),
    ),
}
