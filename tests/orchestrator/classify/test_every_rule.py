"""Each rule fires on a failure made for it: the smallest one that shows what the rule is about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from conftest_kit.records import Distribution
from orchestrator.classify.rules import rules
from orchestrator.project import FixtureDefinition, Project
from orchestrator.requirements import Requirement
from orchestrator.source import Guard, Source
from orchestrator.uses import Use

LOOKUP = "_pytest.fixtures.FixtureLookupError"
SHOP = "shop/cart.py:7:total"
TEST = "tests/test_cart.py:9:test_total"
CONFTEST = "tests/conftest.py:5:basket"
LIB = "lib/frames/table.py:3:read"
LIBRARY = "lib/webframe/app.py:3:get"
RPC = ("grpc.RpcError",)
CONNECTS = "lib/webframe/client.py:8:connect"
SHOP_CONNECTS = "shop/client.py:8:connect"
LOGGED = {
    "log": "WARNING  shop.cart:cart.py:6 will try again: [Errno 111] Connection refused "
    "by prices.internal:8080"
}
STOPPED = "lib/pytest_timeout.py:317:timeout_sigalrm"
CASE = "std/unittest/case.py:584:_callTearDown"
OS = "std/os.py:9:__getitem__"
MISMATCH = (
    "ScopeMismatch: You tried to access the function scoped fixture a with a session scoped request"
)
BASKET = [("basket", "tests/conftest.py", 4)]
GIVING_NOTHING = Project(
    name="shop",
    fixtures=(
        FixtureDefinition(
            name="basket", function="basket", file="tests/conftest.py", line=4, gives_nothing=True
        ),
    ),
)
NUMPY = Distribution(name="numpy", version="2.3.0", modules=("numpy",))
HTTPX = Distribution(name="httpx", version="0.28.1", modules=("httpx",))
URLLIB3 = Distribution(name="urllib3", version="2.5.0", modules=("urllib3",))
PIP = Distribution(name="frames", version="2.0", modules=("frames",))
WEBFRAME = Distribution(name="webframe", version="0.110", modules=("webframe",))
ALONE = {"distributions": (PIP, NUMPY)}
ASYNC = Project(
    name="shop",
    requirements=(
        Requirement(name="pytest-asyncio", text="pytest-asyncio", file="pyproject.toml"),
    ),
)
NEWER_WEBFRAME = Project(
    name="shop",
    requirements=(Requirement(name="webframe", text="webframe>=99", file="pyproject.toml"),),
)
OTHER_SERIAL = (Distribution(name="pyserial", version="2.7", modules=("serial_of_old",)),)
TEMPORARY = {"attributes": {"errno": 2, "filename": "/tmp/pytest-of-me/pytest-0/test_a0/x"}}
GONE = {"attributes": {"errno": 2, "filename": "out/prices.csv"}}
MOCK = Distribution(name="pytest-mock", version="3.17.0", modules=("pytest_mock",))
TIMEOUT = Distribution(
    name="pytest-timeout",
    version="2.3.1",
    modules=("pytest_timeout",),
    pytest_plugins={"timeout": "pytest_timeout"},
)
COV = Distribution(name="pytest-cov", version="7.1.0", modules=("pytest_cov",))
FAR = Project(
    name="shop",
    fixtures=(
        FixtureDefinition(name="basket", function="basket", file="tests/a/conftest.py", line=4),
    ),
)
ASYNCIO = Distribution(
    name="pytest-asyncio",
    version="0.23.2",
    modules=("pytest_asyncio",),
    pytest_plugins={"asyncio": "pytest_asyncio.plugin"},
)
LAZY = Distribution(
    name="pytest-lazy-fixture",
    version="99",
    modules=("pytest_lazyfixture",),
    pytest_plugins={"lazy-fixture": "pytest_lazyfixture"},
)
WITH_CV2X = Project(
    name="shop", requirements=(Requirement(name="cv2x", text="cv2x", file="pyproject.toml"),)
)
GUARDED = Project(
    name="shop",
    modules=frozenset({"shop"}),
    files=("shop/__init__.py", "shop/cart.py"),
    sources={
        "shop/cart.py": Source(
            guards=(Guard(modules=("yaml",), names=("yaml", "HAS_YAML"), lines=((5, 9),)),)
        )
    },
)
EXPECTING = Project(name="shop", sources={"tests/test_cart.py": Source(expects=((8, 10),))})
HELPED = Project(name="shop", modules=frozenset({"shop"}), files=("tests/support/prices.py",))
STAND_IN = Distribution(name="frames", version="2.0", modules=("frames", "zzyzx"))

ASKING = Project(
    name="shop",
    modules=frozenset({"shop"}),
    sources={"shop/cart.py": Source(imports={"webframe": "webframe"})},
)
ASKING_FRAMES = Project(
    name="shop",
    modules=frozenset({"shop", "tests"}),
    requirements=(Requirement(name="frames", text="frames>=1", file="pyproject.toml"),),
    sources={"tests/test_cart.py": Source(imports={"frames": "frames", "re": "re"})},
)
USING = Project(
    name="shop",
    modules=frozenset({"shop"}),
    sources={"shop/cart.py": Source(imports={"flask": "flask", "Flask": "flask.Flask"})},
)


def of_flask(version):
    """A run with a release of Flask."""
    flask = Distribution(name="Flask", version=version, modules=("flask",))
    return {"distributions": (flask,), "project": USING}


def using(kind, name, *, file="shop/cart.py", at=6, **more):
    """A project whose code uses something of the machine in the function that raises."""
    use = Use(kind=kind, name=name, at=at, lines=((at, 20),), **more)
    return Project(
        name="shop",
        modules=frozenset({"shop", "tests"}),
        files=("shop/__init__.py", "shop/cart.py", "tests/test_cart.py"),
        sources={
            "tests/test_cart.py": Source(imports={"total": "shop.cart.total"}),
            file: Source(imports={"total": "shop.cart.total"}, uses=(use,)),
        },
    )


YOUNGER = {
    "project": Project(
        name="shop",
        modules=frozenset({"shop"}),
        requirements=(Requirement(name="tables", text="tables>=1", file="pyproject.toml"),),
        sources={"tests/test_cart.py": Source(imports={"tables": "tables"})},
    ),
    "distributions": (
        Distribution(
            name="tables",
            version="3.0",
            modules=("tables",),
            extras=("test",),
            requires=('frames>=3; extra == "test"', 'numpy>=3; extra == "test"'),
        ),
        *ALONE["distributions"],
    ),
}
MOCKING = Project(
    name="shop",
    requirements=(Requirement(name="pytest-mock", text="pytest-mock", file="pyproject.toml"),),
    fixtures=(FixtureDefinition(name="mocker", function="mocker", file="t/conftest.py", line=4),),
)
BLOCKED = {"command": ("pytest", "-p", "no:asyncio")}


def no_module(name, *places, **more):
    """A chain of one ModuleNotFoundError."""
    message = f"No module named {name!r}"
    return [("ModuleNotFoundError", message, *places)], {"attributes": {"name": name}, **more}


def one(kind, message="", *places, **more):
    """A chain of one link."""
    return [(kind, message, *places)], more


ALONE_BELOW = {
    "project-file-missing-wrapped",
    "async-mode-set",
    "scope-narrowed",
    "signature-changed",
    "too-many-files-elsewhere",
    "group-of-another-release",
    "group-where-one-is-expected",
    "fixture-kept-for-others",
    "current-folder-elsewhere",
    "left-by-another-test-beside",
    "inside-of-a-later-python",
    "fallback-of-what-left",
}
"""Those that need more than one failure, exception or test: they have a test below, in
test_around.py, test_fallbacks.py, test_groups.py, test_kept.py or test_interpreters.py.
"""
OF_CHANGES = {
    "changed-since-green",
    "python-changed-since-green",
    "gone-since-green",
    "variable-since-green",
    "name-wrong-since-green",
    "changed-among-others-since-green",
    "changed-apart-since-green",
    "changed-asks-for-another-since-green",
    "fixture-edited-since-green",
    "fixture-edited-beside-since-green",
    "harness-edited-since-green",
    "settings-edited-since-green",
    "edited-setup-lacks-something",
    "file-removed-since-green",
    "upgrade-finds-another",
    "upgrade-lacks-requirement",
}
"""Those that need a green run: see test_changes.py and test_edited.py."""
CASES = {
    # missing_dependency
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
    "required-plugin-of-other-version": (
        [],
        {
            "phase": "start",
            "message": "Missing required plugins: pytest-mock==3.2.0",
            "distributions": (MOCK,),
        },
    ),
    "required-plugin-disabled": (
        [],
        {
            "phase": "start",
            "message": "Missing required plugins: pytest-mock",
            "distributions": (MOCK,),
            "run": {"command": ("pytest", "-p", "no:pytest_mock")},
        },
    ),
    "loaded-plugin-absent": (
        [],
        {"phase": "start", "message": 'Error importing plugin "pytest_timeout": No module named'},
    ),
    "fixture-plugin-absent": one(
        LOOKUP, "fixture 'mocker' not found", phase="setup", attributes={"argname": "mocker"}
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
    "setting-newer-than-plugin": one(
        "pytest.PytestConfigWarning",
        "Unknown config option: asyncio_mode\n",
        bases=("pytest.PytestWarning", "UserWarning", "Warning", "Exception"),
        phase="internal",
        distributions=(ASYNCIO._replace(version="0.16.0"),),
    ),
    "check-broke": one("IndexError", "list index out of range", TEST, source="assert rows[1] == 2"),
    "iterator-ended": one(
        "StopIteration",
        "",
        TEST,
        "shop/cart.py:7:__next__",
        source="assert next(cart) == row",
    ),
    "async-plugin-absent": one("Failed", "async def functions are not natively supported.\n"),
    "named-extra": one(
        "shop.Unavailable", 'Install cv2x (or `pip install "webframe[all]"`).', TEST, SHOP
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
    # compatibility
    "plugin-incompatible": one(
        "AttributeError",
        "'Package' object has no attribute 'obj'",
        "lib/pytest_asyncio/plugin.py:612:pytest_collectstart",
        attributes={"obj": "_pytest.python.Package", "name": "obj"},
        phase="collect",
        distributions=(ASYNCIO,),
    ),
    "pytest-left-plugin-behind": one(
        "AttributeError",
        "'CallSpec2' object has no attribute 'funcargs'",
        "lib/pytest_lazyfixture.py:74:pytest_generate_tests",
        attributes={"obj": "_pytest.python.CallSpec2", "name": "funcargs"},
        phase="collect",
        distributions=(LAZY,),
    ),
    "library-asks-own": one(
        "AttributeError",
        "'Cart' object has no attribute 'version'",
        TEST,
        "lib/frames/a.py:1:x",
        attributes={"obj": "shop.cart.Cart", "name": "version"},
        **ALONE,
    ),
    "yield-test": one(
        "Failed",
        "'yield' keyword is allowed in fixtures, but not in tests (test_a)",
        TEST,
        phase="collect",
    ),
    "module-of-another-release": no_module("serial", SHOP, distributions=OTHER_SERIAL),
    "said-to-be-removed": one(
        "AttributeError", "`frames.float_` was removed in 2.0.", LIB, **ALONE
    ),
    "python-said-unsupported": one(
        "NotImplementedError", "Python version 3.12 is currently not supported.", TEST, SHOP
    ),
    "stdlib-module-removed-under-library": no_module("imp", LIBRARY),
    "stdlib-module-removed-for-library": no_module("imp", LIBRARY, project=NEWER_WEBFRAME),
    "stdlib-module-removed": no_module("distutils.core", SHOP),
    "stdlib-module-newer": no_module("annotationlib", SHOP),
    "unmet-requirement": one("TypeError", "unhashable", SHOP, LIBRARY),
    "unmet-requirement-raised": one("ValueError", "no such model", SHOP, LIBRARY, LIB),
    "unmet-requirement-touched": one(
        "ImportError", "cannot import name 'Row' from 'webframe'", TEST
    ),
    "unmet-requirement-used": one("ImportError", "cannot import name 'Row' from 'frames'", TEST),
    "known-removed-module": no_module("urllib3.packages.six", TEST, distributions=(URLLIB3,)),
    "known-removed-name": one(
        "AttributeError", "module 'numpy' has no attribute 'float'", SHOP, **ALONE
    ),
    "known-changed-signature": one(
        "TypeError",
        "Client.__init__() got an unexpected keyword argument 'proxies'",
        SHOP,
        distributions=(HTTPX,),
    ),
    "module-left-release": no_module("flask.scaffold", TEST, **of_flask("3.0.3")),
    "module-came-later": no_module("flask.sansio", TEST, **of_flask("2.3.0")),
    "name-left-release": one(
        "ImportError",
        "cannot import name 'locked_cached_property' from 'flask.helpers' (/v/flask/helpers.py)",
        TEST,
        **of_flask("3.0.3"),
    ),
    "name-came-later": one(
        "AttributeError",
        "module 'flask' has no attribute 'stream_template'",
        TEST,
        **of_flask("2.1.0"),
    ),
    "call-changed-in-release": one(
        "TypeError",
        "Flask.__init__() got an unexpected keyword argument 'static_path'",
        SHOP,
        source="app = Flask(__name__, static_path='/s')",
        **of_flask("3.0.3"),
    ),
    "call-possible-later": one(
        "TypeError",
        "Flask.__init__() got an unexpected keyword argument 'host_matching'",
        SHOP,
        source="app = Flask(__name__, host_matching=True)",
        **of_flask("0.12.2"),
    ),
    "likely-left-release": one(
        "TypeError",
        "Blueprint.register() got an unexpected keyword argument 'first_registration'",
        SHOP,
        source="blueprint.register(app, {}, first_registration=True)",
        **of_flask("3.0.3"),
    ),
    "likely-came-later": one(
        "AttributeError",
        "'Config' object has no attribute 'from_file'",
        SHOP,
        source="app.config.from_file('a.toml')",
        **of_flask("1.1.4"),
    ),
    "known-changed-behaviour": one(
        "ValueError", "Unable to avoid copy while creating an array as requested.", SHOP, **ALONE
    ),
    "python-break": one(
        "AttributeError",
        "'TestCart' object has no attribute 'assertEquals'",
        TEST,
        attributes={"obj": "tests.test_cart.TestCart", "name": "assertEquals"},
    ),
    "python-break-in-copy": no_module(
        "six.moves",
        "lib/webframe/app.py:1:<module>",
        distributions=(Distribution(name="six", version="1.15.0", modules=("six",)), WEBFRAME),
    ),
    "python-break-in-library": one(
        "ImportError",
        "cannot import name 'Mapping' from 'collections'",
        "lib/frames/a.py:1:x",
        **ALONE,
    ),
    "module-gone": no_module("frames.old", TEST, **ALONE),
    "installation-broken": no_module("frames", TEST, **ALONE),
    "name-removed": one("ImportError", "cannot import name 'Row' from 'frames'", TEST, **ALONE),
    "stdlib-name-removed": one(
        "ImportError",
        "cannot import name 'zzyzx' from 'collections'",
        "lib/frames/a.py:1:x",
        **ALONE,
    ),
    "stdlib-name-absent": one(
        "ImportError", "cannot import name 'override' from 'typing' (/x.py)", SHOP, python="3.11.2"
    ),
    "name-gone-from-packages": one(
        "ImportError",
        "cannot import name 'gone' from 'yaml' (/env/lib/python3.11/site-packages/yaml/a.py)",
        SHOP,
        phase="start",
    ),
    "library-demands-another-version": (
        [("shop.errors.TooOld", "needs shop v5.0", TEST, SHOP, LIB, "shop/cart.py:9:require")],
        {"source": "app.require('5.0')", **ALONE},
    ),
    "module-attribute-removed": one(
        "AttributeError", "module 'numpy' has no attribute 'zzyzx'", SHOP, **ALONE
    ),
    "attribute-of-what-was-taken-over": one(
        "AttributeError",
        "module 'lib' has no attribute 'FLAG'",
        SHOP,
        source="FLAG = lib.FLAG",
        distributions=(HTTPX,),
        project=Project(
            name="shop",
            modules=frozenset({"shop"}),
            files=("shop/cart.py", "shop/lent.py"),
            sources={
                "shop/cart.py": Source(imports={"lib": "shop.lent.lib"}),
                "shop/lent.py": Source(imports={"binding": "httpx.binding", "os": "os"}),
            },
        ),
    ),
    "library-raised": one("frames.Error", "bad escape", SHOP, LIB),
    "library-asserted": one("AssertionError", "no view after the first", SHOP, LIB, **ALONE),
    "inner-run-broke-pytest": one(
        "AssertionError",
        "outcomes.passed has unexpected value",
        TEST,
        fixtures=[("pytester", "_pytest/pytester.py", 9)],
        captured={
            "stdout": ">   assert not self._finalizers\nE   AssertionError\n\n"
            "/env/lib/python3.12/site-packages/_pytest/fixtures.py:1290: AssertionError\n"
        },
    ),
    "library-raised-inside": (
        [("webframe.Wrong", "no", TEST, SHOP, LIBRARY), ("frames.Error", "no", LIBRARY, LIB)],
        {"distributions": (PIP, WEBFRAME)},
    ),
    "plugin-refused-by-pytest": one(
        "Failed",
        "Direct construction of _pytest.python.Function has been deprecated",
        "lib/pytest_asyncio/plugin.py:39:pytest_pycollect_makeitem",
        phase="collect",
        distributions=(ASYNCIO,),
    ),
    "import-hook-behind-python": one(
        "AttributeError",
        "'_Importer' object has no attribute 'find_spec'",
        attributes={"obj": "frames._Importer", "name": "find_spec"},
    ),
    "attribute-of-base-class": one(
        "AttributeError",
        "'super' object has no attribute '_set_choices'",
        SHOP,
        LIB,
        SHOP,
        source="super()._set_choices(value)",
        attributes={"obj": "super", "name": "_set_choices"},
    ),
    "nose-set-up-not-called": one(
        "AttributeError",
        "'TestCart' object has no attribute 'cart'",
        TEST,
        nodeid="tests/test_cart.py::TestCart::test_total",
        attributes={"obj": "tests.test_cart.TestCart", "name": "cart"},
    ),
    "stdlib-attribute-removed-under-library": one(
        "AttributeError",
        "module 'inspect' has no attribute 'zzyzx'",
        "lib/frames/a.py:1:x",
        attributes={"obj": "inspect", "name": "zzyzx"},
        **ALONE,
    ),
    "stdlib-attribute-removed": one(
        "AttributeError",
        "module 'inspect' has no attribute 'zzyzx'",
        "lib/webframe/a.py:1:x",
        attributes={"obj": "inspect", "name": "zzyzx"},
        distributions=(WEBFRAME,),
        project=NEWER_WEBFRAME,
    ),
    "attribute-removed": one(
        "AttributeError",
        "'Table' object has no attribute 'append'",
        SHOP,
        attributes={"obj": "frames.core.Table"},
        **ALONE,
    ),
    "signature-changed-inside": one(
        "TypeError",
        "read() got an unexpected keyword argument 'sep'",
        SHOP,
        "lib/frames/a.py:1:x",
        **ALONE,
    ),
    "binary-abi": one(
        "ValueError", "numpy.dtype size changed, may indicate binary incompatibility", TEST
    ),
    "extension-abi": one(
        "ImportError", "/x/_a.so: undefined symbol: _Py_x", TEST, "lib/frames/a.py:1:x"
    ),
    "version-conflict": one(
        "pkg_resources.VersionConflict",
        "(frames 2.0 (/x/site-packages), Requirement.parse('frames<2'))",
        TEST,
    ),
    "named-version-too-old": one(
        "ImportError",
        "Pandas requires version '2.1' or newer of 'frames' (version '2.0' installed)",
        TEST,
    ),
    "python-too-old": one("RuntimeError", "shop requires Python >= 3.13", SHOP),
    "deprecation-in-library": one("DeprecationWarning", "get() goes away", TEST, LIBRARY),
    "deprecation": one("DeprecationWarning", "datetime.utcnow() is deprecated", SHOP),
    "pytest-removed": one(
        "pytest.PytestRemovedIn9Warning",
        "The (fspath) argument",
        TEST,
        bases=(
            "pytest.PytestDeprecationWarning",
            "pytest.PytestWarning",
            "DeprecationWarning",
            "Warning",
        ),
    ),
    "plugin-asks-private-pytest": one(
        "ImportError",
        "cannot import name 'importlib_metadata' from '_pytest.compat' (/v/compat.py)",
        "lib/pytest_slow.py:9:pytest_configure",
        attributes={"name": "_pytest.compat"},
        phase="start",
        distributions=(
            Distribution(name="pytest", version="9.2.0", modules=("pytest", "_pytest")),
            Distribution(name="pytest-slow", version="0.1", modules=("pytest_slow",)),
        ),
    ),
    "younger-than-its-surroundings": one("KeyError", "'x'", TEST, SHOP, **YOUNGER),
    "younger-than-its-surroundings-asserted": one(
        "AssertionError", "assert 1 == 2", TEST, **YOUNGER
    ),
    "more-warnings-than-counted": one(
        "AssertionError",
        "2 != 1",
        TEST,
        source="self.assertEqual(len(w), 1)",
        project=replace(
            ASKING_FRAMES,
            sources={
                **ASKING_FRAMES.sources,
                "tests/test_cart.py": Source(imports={"shop": "shop", "frames": "frames"}),
            },
        ),
        **ALONE,
    ),
    "library-asked-alone-asserted": one(
        "AssertionError", "assert '3' == '34'", TEST, project=ASKING_FRAMES, **ALONE
    ),
    "library-asked-alone": one("KeyError", "'total'", TEST, project=ASKING_FRAMES, **ALONE),
    "result-of-another-type": one(
        "AttributeError",
        "'str' object has no attribute 'decode'",
        TEST,
        SHOP,
        source="return flask.encode(total).decode()",
        **of_flask("2.0.1"),
    ),
    "spaces-of-other-locale-data": one(
        "AssertionError",
        "assert '1:46\\u202fPM' == '1:46 PM'",
        TEST,
        project=replace(
            ASKING_FRAMES,
            sources={"tests/test_cart.py": Source(imports={"dates": "babel.dates"})},
        ),
        distributions=(Distribution(name="Babel", version="2.14.0", modules=("babel",)), PIP),
    ),
    "keyword-passed-on": one(
        "TypeError",
        "Connection.__init__() got an unexpected keyword argument 'shelf'",
        TEST,
        LIB,
        SHOP,
        source="Connection.__init__(self, *args, **kwargs)",
        **ALONE,
    ),
    "bytecode-of-a-later-python": one(
        "IndexError",
        "tuple index out of range",
        TEST,
        SHOP,
        source="arg = code.co_names[oparg]",
        project=Project(name="shop", modules=frozenset({"shop"}), newest_python="3.9"),
    ),
    "bytecode-of-another-python": one(
        "KeyError", "'RESUME'", TEST, SHOP, source="handler = handlers[dis.opname[code]]"
    ),
    "hook-argument-removed": one(
        "pluggy.PluginValidationError",
        "Plugin 'pytest_slow' for hook 'pytest_report_header'\nhookimpl definition: "
        "pytest_report_header(config, startdir)\nArgument(s) {'startdir'} are declared in the",
        phase="start",
    ),
    "hook-argument-likely": one(
        "pluggy.PluginValidationError",
        "Plugin 'pytest_slow' for hook 'pytest_collect_file'",
        phase="start",
    ),
    "case-made-without-a-method": one(
        "AttributeError",
        "'TestCart' object has no attribute 'runTest'",
        "lib/frames/case.py:1:__init__",
        phase="collect",
        attributes={"obj": "tests.test_cart.TestCart", "name": "runTest"},
        **ALONE,
    ),
    "plugin-hook-unknown": one(
        "pluggy.PluginValidationError", "unknown hook 'pytest_x' in plugin", phase="start"
    ),
    "plugin-broke-pytest": one(
        "AttributeError", "'Config' has no cache", "lib/frames/a.py:1:x", phase="internal", **ALONE
    ),
    "fixture-removed-from-plugin": one(
        LOOKUP,
        "fixture 'mocker' not found",
        phase="setup",
        attributes={"argname": "mocker"},
        distributions=(MOCK,),
        plugins={"pytest-mock": "3.17.0"},
    ),
    "option-removed-from-plugin": (
        [],
        {
            "phase": "start",
            "message": "pytest: error: unrecognized arguments: --cov-reset",
            "distributions": (COV,),
            "plugins": {"pytest-cov": "7.1.0"},
        },
    ),
    "library-does-not-parse": one(
        "SyntaxError",
        "invalid syntax",
        TEST,
        phase="collect",
        attributes={"filename": "/v/lib/python3.12/site-packages/frames/a.py"},
    ),
    "data-mismatch": one(
        "AttributeError",
        "'str' object has no attribute 'dtype'",
        SHOP,
        "lib/frames/a.py:1:x",
        **ALONE,
    ),
    # fixture
    "fixture-gone-from-plugin": one(
        LOOKUP,
        "fixture 'mocker' not found",
        phase="setup",
        attributes={"argname": "mocker"},
        distributions=(MOCK,),
        run={"command": ("pytest", "-p", "no:pytest_mock")},
    ),
    "fixture-out-of-reach": one(
        LOOKUP, "fixture 'basket' not found", attributes={"argname": "basket"}, project=FAR
    ),
    "fixture-misspelt": one(
        LOOKUP,
        "fixture 'bsket' not found",
        attributes={"argname": "bsket", "available": ["basket"]},
    ),
    "fixture-gives-nothing": one(
        "TypeError",
        "'NoneType' object is not subscriptable",
        TEST,
        source="assert basket['a'] == 1",
        fixtures=BASKET,
    ),
    "fixture-without-value": one(
        "AssertionError",
        "assert None == 3",
        TEST,
        source="assert basket == 3",
        fixtures=BASKET,
        project=GIVING_NOTHING,
    ),
    "fixture-not-found": one(LOOKUP, "fixture 'zzyzx' not found", attributes={"argname": "zzyzx"}),
    "recursive-fixture": one(LOOKUP, "recursive dependency involving fixture 'a' detected"),
    "scope-mismatch": one(
        "Failed",
        f"{MISMATCH} object. Requesting fixture stack:\ntests/conftest.py:4:  def basket(a)\n"
        "Requested fixture:\ntests/conftest.py:9:  def a()",
        phase="setup",
        fixtures=BASKET,
    ),
    "scope-mismatch-asked-by-plugin": one("Failed", MISMATCH, phase="setup"),
    "fixture-called-directly": one("Failed", 'Fixture "a" called directly. Fixtures are not'),
    "fixture-marked": one("Failed", "Marks cannot be applied to fixtures.", phase="collect"),
    "fixture-did-not-yield": one("ValueError", "a did not yield a value", phase="setup"),
    "fixture-yields-twice": one(
        "Failed",
        "fixture function has more than one 'yield':\n\n    def a():\n        yield",
        phase="teardown",
    ),
    "async-fixture-yields-twice": one(
        "RuntimeError", "too many yields in fixture", "lib/pytest_trio/plugin.py:9:run"
    ),
    "captures-clash": one(LOOKUP, "cannot use capsys and capfd at the same time", phase="setup"),
    "class-set-up-of-no-class": one(
        "TypeError",
        "TestCart.setUpClass() missing 1 required positional argument: 'cls'",
        phase="setup",
    ),
    "fixture-asks-undefined-name": one(
        "NameError", "name 'ROWS' is not defined", CONFTEST, phase="setup", fixtures=BASKET
    ),
    "set-up-asks-undefined-name": one(
        "NameError", "name 'ROWS' is not defined", CASE, "tests/test_cart.py:5:setUp"
    ),
    "case-attribute-not-set": one(
        "AttributeError",
        "'TestCart' object has no attribute 'rows'",
        CASE,
        TEST,
        source="total(self.rows)",
        attributes={"obj": "tests.test_cart.TestCart"},
        nodeid="tests/test_cart.py::TestCart::test_total",
    ),
    "set-up-patches-elsewhere": (
        [
            ("ImportError", "import error", CONFTEST, "lib/_pytest/monkeypatch.py:82:resolve"),
            ("ModuleNotFoundError", "No module named 'shop.a.b'; 'shop.a' is not a package"),
        ],
        {
            "attributes": {"name": "shop.a.b"},
            "phase": "setup",
            "fixtures": BASKET,
            "project": Project(name="shop", files=("shop/a.py",)),
        },
    ),
    "fixture-points-elsewhere": one(
        "FileNotFoundError",
        "[Errno 2] No such file or directory",
        LIB,
        phase="setup",
        fixtures=BASKET,
        attributes={"errno": 2, "filename": "/shop/tests/samples/cart"},
        project=Project(name="shop", data={".json": ("tests/data/cart",)}),
    ),
    "event-of-another-loop": one(
        "RuntimeError",
        "<asyncio.locks.Event object> is bound to a different event loop",
        SHOP,
        source="await Cart.ended.wait()",
        fixtures=[("reset_cart", "tests/conftest.py", 4)],
    ),
    "fixture-asked-for-no-more": one(
        "KeyError",
        "'shop_cart'",
        TEST,
        LIB,
        fixtures=[("basket", "tests/conftest.py", 4), ("shop", "tests/conftest.py", 1)],
        project=Project(
            name="shop",
            fixtures=tuple(
                FixtureDefinition(
                    name=name, function=name, file="tests/conftest.py", line=4, asks=("shop",)
                )
                for name in ("basket", "cart")
            ),
        ),
    ),
    "left-by-another-test": one(
        "AssertionError", "assert '/tmp/pytest-of-me/pytest-0/test_a0/x' is None", TEST
    ),
    "duplicate-parametrize": one("ValueError", "duplicate 'a'", phase="collect"),
    "parametrize-unused": one("Failed", "In x: function uses no argument 'a'", phase="collect"),
    "parametrize-count": one("Failed", "the number of names (2):", phase="collect"),
    "import-file-mismatch": (
        [],
        {"phase": "collect", "message": "import file mismatch:\nimported"},
    ),
    "import-file-mismatch-raised": one(
        "_pytest.pathlib.ImportPathMismatchError", "('conftest', '/a/conftest.py')", phase="start"
    ),
    "conftest-mixed-up": one("AttributeError", "module 'conftest' has no attribute 'x'", TEST),
    "stubbed-module": one("ValueError", "cv2.__spec__ is None", SHOP),
    "leaked-state": one("ValueError", "Duplicated timeseries in CollectorRegistry: {'a'}", SHOP),
    "fixture-asserts": one("AssertionError", "", CONFTEST, phase="setup", fixtures=BASKET),
    "setup-raised": one("ValueError", "x", CONFTEST, phase="setup", fixtures=BASKET),
    "teardown-raised": one("ValueError", "x", CONFTEST, phase="teardown", fixtures=BASKET),
    "setup-lacks-its-file": one(
        "FileNotFoundError", "x", CONFTEST, phase="setup", fixtures=BASKET, **TEMPORARY
    ),
    "teardown-lacks-its-file": one(
        "NotADirectoryError", "x", CONFTEST, phase="teardown", fixtures=BASKET, **TEMPORARY
    ),
    "teardown-finds-it-gone": one(
        "FileNotFoundError", "x", CONFTEST, phase="teardown", fixtures=BASKET, **GONE
    ),
    "setup-removes-what-is-gone": one(
        "FileNotFoundError",
        "x",
        CONFTEST,
        phase="setup",
        source="os.remove('out/prices.csv')",
        fixtures=BASKET,
        **GONE,
    ),
    "case-tear-down-finds-it-gone": one(
        "FileNotFoundError", "x", CASE, "tests/test_cart.py:8:tearDown", **GONE
    ),
    "setup-raised-elsewhere": one("ValueError", "x", CONFTEST, phase="setup"),
    "teardown-raised-elsewhere": one("ValueError", "x", CONFTEST, phase="teardown"),
    # assertion
    "another-exception": one("KeyError", "'x'", TEST, SHOP, project=EXPECTING),
    "unexpected-success": one("Failed", "Unexpected success"),
    "product-asserts": one(
        "AssertionError", "no rows", TEST, SHOP, source="assert rows, 'no rows'"
    ),
    "case-set-up-raised": one("ValueError", "no rows", CASE, "tests/test_cart.py:5:setUp"),
    "case-tear-down-raised": one("ValueError", "no rows", CASE, "tests/test_cart.py:8:tearDown"),
    "strict-xpass": ([], {"message": "[XPASS(strict)] it works"}),
    "did-not-raise": one("Failed", "DID NOT RAISE <class 'ValueError'>", TEST),
    "inner-run-without-plugins": one(
        "Failed",
        "nomatch: '* 1 passed*'",
        TEST,
        "lib/_pytest/pytester.py:9:_match_lines",
        fixtures=[("pytester", "_pytest/pytester.py", 9)],
        variables=("PYTEST_DISABLE_PLUGIN_AUTOLOAD",),
    ),
    "inner-run-output": one(
        "Failed", "nomatch: '* 1 passed*'", TEST, "lib/_pytest/pytester.py:9:_match_lines"
    ),
    "inner-run-left-no-file": one(
        "FileNotFoundError",
        "x",
        TEST,
        fixtures=[("pytester", "_pytest/pytester.py", 9)],
        **TEMPORARY,
    ),
    "expected-file-told-missing": one(
        "Failed",
        "File not found in the folder, created:\n- /shop/tests/prices/total.yml",
        TEST,
        "lib/expected/check.py:7:check",
        project=Project(name="shop", files=("tests/test_cart.py",)),
    ),
    "doctest": one("doctest.DocTestFailure", "", TEST),
    "flaky-property": one("hypothesis.errors.Flaky", "", TEST),
    "assertion": one("AssertionError", "assert 1 == 2", TEST),
    "explicit-fail": one("Failed", "no", TEST),
    # product_error
    "left-open": one(
        "pytest.PytestUnraisableExceptionWarning",
        "Exception ignored in: <function Stream.__del__>\n\nTraceback\nResourceWarning: Unclosed <S>",
        phase="setup",
    ),
    "project-module-missing": no_module("shop.card", TEST),
    "module-shadowed": (
        [("ModuleNotFoundError", "No module named 'shop.x'; 'shop' is not a package", TEST)],
        {"attributes": {"name": "shop.x"}},
    ),
    "relative-import": one(
        "ImportError", "attempted relative import with no known parent package", TEST
    ),
    "circular-import": one(
        "ImportError",
        "cannot import name 'a' from partially initialized module 'shop.x' (most",
        TEST,
    ),
    "project-name-missing": one("ImportError", "cannot import name 'a' from 'shop' (/x.py)", TEST),
    "name-missing-unknown-location": one(
        "ImportError", "cannot import name 'load_config' from 'core' (unknown location)", TEST
    ),
    "name-missing": one("ImportError", "cannot import name 'a' from 'zzyzx' (/x.py)", TEST),
    "project-attribute-missing": one("AttributeError", "module 'shop' has no attribute 'a'", TEST),
    "own-attribute-missing": one(
        "AttributeError",
        "'Cart' object has no attribute 'a'",
        TEST,
        attributes={"obj": "shop.cart.Cart"},
    ),
    "stdlib-name-unknown": one(
        "AttributeError",
        "module 'os' has no attribute 'getcwdd'",
        SHOP,
        attributes={"obj": "os", "name": "getcwdd"},
    ),
    "module-misspelt": no_module("jsno", SHOP),
    "command-line-raised": one(
        "AssertionError",
        """assert 1 == 0\n +  where 1 = <Result KeyError('price')>.exit_code""",
        TEST,
    ),
    "infinite-recursion": one("RecursionError", "maximum recursion depth exceeded", SHOP),
    "variable-without-value": one(
        "UnboundLocalError", "local variable 'a' referenced before assignment", SHOP
    ),
    "name-undefined": one("NameError", "name 'a' is not defined", SHOP),
    "product-exits": one("SystemExit", "2", SHOP),
    "product-raised": one("ValueError", "x", TEST, SHOP),
    "library-raised-in-test": one(
        "ValueError", "x", TEST, "lib/frames/a.py:1:x", "std/json/decoder.py:3:decode", **ALONE
    ),
    "test-raised": one("ValueError", "x", TEST),
    "collection-raised": one("ValueError", "x", TEST, phase="collect"),
    # environment
    "environment-variable": one("KeyError", "'SHOP_KEY'", SHOP, OS),
    "program-out-of-path": one(
        "FileNotFoundError",
        "",
        "std/subprocess.py:9:_execute_child",
        attributes={"filename": "frames"},
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
    "current-folder-gone": one(
        "FileNotFoundError",
        "[Errno 2] No such file or directory",
        CONFTEST,
        source="origin = os.getcwd()",
        phase="setup",
        attributes={"errno": 2},
    ),
    "module-file-missing": one(
        "FileNotFoundError",
        "[Errno 2] No such file or directory",
        TEST,
        SHOP,
        attributes={"errno": 2, "filename": "/shop/src/shop/runner/main.py"},
    ),
    "set-up-looks-elsewhere": one(
        "FileNotFoundError",
        "[Errno 2] No such file or directory",
        "tests/test_cart.py:9:setUp",
        attributes={"errno": 2, "filename": "/shop/pages/cart.html"},
        project=Project(name="shop", data={".html": ("tests/pages",)}),
    ),
    "xunit-tear-down-raised": one(
        "webframe.Closed", "It is closed", "tests/base.py:9:teardown_method", LIB, phase="teardown"
    ),
    "xunit-set-up-raised": one(
        "webframe.Closed", "It is closed", "tests/base.py:9:setup_method", LIB, phase="setup"
    ),
    "library-panicked": one("pyo3_runtime.PanicException", "Python API call failed", SHOP, LIBRARY),
    "part-of-package-gone": one(
        "ImportError",
        "cannot import name 'rows' from partially initialized module 'shop' (most likely)",
        "src/shop/__init__.py:3:<module>",
        phase="collect",
        project=Project(name="shop", modules=frozenset({"shop"}), files=("src/shop/__init__.py",)),
    ),
    "setting-named-by-refusal": one(
        "RuntimeError",
        "Model class Row isn't in an application in INSTALLED_APPS.",
        SHOP,
        LIBRARY,
        source="raise RuntimeError(",
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
    "time-zone-data": no_module("tzdata", SHOP, variables=("PYTHONTZPATH",)),
    "time-zone-data-absent": no_module("tzdata", SHOP),
    "user": one("KeyError", "'getpwuid(): uid not found: 12345'", SHOP),
    "display": one(
        "_tkinter.TclError", "no display name and no $DISPLAY environment variable", SHOP
    ),
    # network
    "network-blocked": one("pytest_socket.SocketBlockedError", "A test tried to use socket", TEST),
    "name-resolution": one("socket.gaierror", "", SHOP, bases=("OSError",)),
    "connection-refused": one("ConnectionRefusedError", "", SHOP),
    "tls": one("ssl.SSLCertVerificationError", "", SHOP, bases=("ssl.SSLError", "OSError")),
    "service-refused": one(
        "psycopg2.OperationalError",
        'connection to server at "localhost" (127.0.0.1), port 5432 failed: refused',
        SHOP,
    ),
    "server-error": one("urllib.error.HTTPError", "HTTP Error 503: Service Unavailable", SHOP),
    "service-check-failed": one("RuntimeError", "GLM health check failed: 503", SHOP),
    "connection": one("httpx.ReadError", "", SHOP, bases=("httpx.NetworkError",)),
    "unreachable": one("OSError", "", SHOP, attributes={"errno": 101}),
    "connecting": one(
        "webframe.Unreached", "port 1 on 10.0.0.7", SHOP, CONNECTS, bases=("OSError",)
    ),
    "rpc-unavailable": one(
        "grpc._channel._InactiveRpcError", "status = StatusCode.UNAVAILABLE", SHOP, bases=RPC
    ),
    "connecting-itself": one(
        "shop.NoConnection", "prices.internal:8080 does not answer", SHOP_CONNECTS
    ),
    "remote-logged": one(
        "shop.Stale", "no prices", TEST, SHOP, source="raise Stale('no prices')", captured=LOGGED
    ),
    # timeout
    "timeout-said": one("AssertionError", "timed out waiting for the cart", TEST),
    "pytest-timeout": one("Failed", "Timeout (>1.0s) from pytest-timeout.", TEST, STOPPED),
    "size-limit": ([], {"phase": "call", "message": "[TC006] Timing Violation\nTest: a.py::b"}),
    "deadline": one("hypothesis.errors.DeadlineExceeded", "", TEST),
    "process-timeout": one("subprocess.TimeoutExpired", "", SHOP),
    "remote-timeout": one("httpx.ReadTimeout", "", SHOP, bases=("httpx.TimeoutException",)),
    "timeout": one("TimeoutError", "", SHOP),
    "timeout-named": one("webframe.FutureTimeoutError", "", TEST, LIBRARY),
    "timeout-exit": (
        [],
        {
            "phase": "crash",
            "message": "died",
            "plugins": {"pytest-timeout": "2.4.0"},
            "run": {"state": "died", "exit_code": 1},
        },
    ),
    "crash-timeout": ([], {"phase": "crash", "message": "+++ Timeout +++"}),
    # resource
    "out-of-memory": one("MemoryError", "", SHOP),
    "out-of-memory-errno": one("OSError", "", SHOP, attributes={"errno": 12}),
    "disk-full": one("OSError", "", SHOP, attributes={"errno": 28}),
    "too-many-files": one("OSError", "", SHOP, attributes={"errno": 24}),
    "out-of-handles": one("OSError", "out of pty devices", SHOP),
    "too-many-threads": one("RuntimeError", "can't start new thread", SHOP),
    "segmentation-fault": ([], {"phase": "crash", "message": "died", "run": {"exit_code": 139}}),
    "segmentation-fault-said": ([], {"phase": "crash", "message": "ended by signal 11 (SIGSEGV)"}),
    "killed": ([], {"phase": "crash", "message": "died", "run": {"exit_code": 137}}),
    "ended-from-outside": ([], {"phase": "crash", "message": "died", "run": {"exit_code": 143}}),
    "process-exit": (
        [],
        {"phase": "crash", "message": "died", "run": {"state": "died", "exit_code": 9}},
    ),
    "crash": ([], {"phase": "crash", "message": "worker 'gw0' crashed while running 'x'"}),
    # configuration
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
    "pytest-too-old": (
        [],
        {
            "phase": "start",
            "message": "ERROR: /shop/pytest.ini: 'minversion' requires pytest-99, actual pytest-9.2.0'",
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
    "requirement-unmet-raised": one("ValueError", "x", TEST, SHOP, project=ASKING),
    "requirement-unmet-asserted": one(
        "AssertionError", "assert 1 == 2", SHOP, TEST, project=ASKING
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
    "setting-value": one(
        "ValueError",
        "invalid truth value 'x'",
        CONFTEST,
        "lib/_pytest/config/__init__.py:7:getini",
        phase="setup",
        source='config.getini("shop_strict")',
    ),
    "asker-refused": one(
        "ImportError",
        "cannot import name 'Row' from 'frames'",
        TEST,
        LIBRARY,
        distributions=(PIP, WEBFRAME),
        project=NEWER_WEBFRAME,
    ),
    "plugin-ahead": one(
        "ImportError",
        "cannot import name 'Row' from 'frames'",
        "lib/pytest_timeout.py:1:<module>",
        phase="start",
        distributions=(PIP, TIMEOUT._replace(requires=("frames>=3",))),
    ),
    "class-takes-no-type-yet": one(
        "TypeError",
        "type 'Row' is not subscriptable",
        TEST,
        source="Rows = frames.Row[str]",
        phase="collect",
        project=ASKING_FRAMES,
        distributions=(PIP,),
    ),
    "extra-behind": one(
        "AttributeError",
        "'dict' object has no attribute 'rows'",
        TEST,
        LIBRARY,
        distributions=(
            PIP,
            WEBFRAME._replace(extras=("rows",), requires=('frames>=3; extra == "rows"',)),
        ),
    ),
    "asker-behind": one(
        "ImportError",
        "cannot import name 'Row' from 'frames'",
        TEST,
        LIBRARY,
        distributions=(PIP, Distribution(name="webframe", version="0.9", modules=("webframe",))),
    ),
    "library-fails-on-import": one("ValueError", "x", SHOP, "lib/webframe/app.py:3:<module>"),
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
    "recording-absent": one(
        "betamax.exceptions.BetamaxError",
        "A request was made that could not be handled.\n\nA request was made to https://a.b/c that "
        "could not be found in prices.\n\nThe settings on the cassette are:",
        TEST,
    ),
    "own-warning-as-error": one(
        "UserWarning", "total() goes away", TEST, SHOP, source='warnings.warn("total() goes away")'
    ),
    "request-raised": one(
        "AssertionError",
        "assert 500 == 200",
        TEST,
        captured={
            "log": "Traceback (most recent call last):\n"
            '  File "/shop/shop/cart.py", line 7, in total\n    x()\nIndexError: x'
        },
    ),
    "library-raised-told": one(
        "AssertionError",
        "assert 500 == 200",
        TEST,
        captured={
            "log": "Traceback (most recent call last):\n"
            '  File "/shop/shop/cart.py", line 7, in total\n    read()\n'
            '  File "/env/lib/python3.11/site-packages/frames/table.py", line 3, in read\n'
            "    x, y = line\nValueError: not enough values to unpack"
        },
    ),
    "process-raised": one(
        "AssertionError",
        "False is not true",
        TEST,
        captured={
            "stdout": "Traceback (most recent call last):\n"
            '  File "/shop/shop/cart.py", line 7, in total\n    x()\nIndexError: x'
        },
    ),
    # what pytest was told
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
    "fixture-of-pytest-not-asked-for": one(
        LOOKUP, "fixture 'testdir' not found", phase="setup", attributes={"argname": "testdir"}
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
    "fixture-outlived-by-examples": one(
        "hypothesis.errors.FailedHealthCheck",
        "Function-scoped fixture 'basket' used by 'tests/test_cart.py::test_total'",
        TEST,
    ),
    "file-said-by-stdlib": one(
        "ValueError",
        "Invalid time zone file: /shop/tests/zones/Harare",
        SHOP,
        "std/zoneinfo/_tzpath.py:9:find",
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
    "refused-by-outcome": one("Failed", "[pytest] section is no longer supported", phase="start"),
    "conftest-name-undefined": one("NameError", "name 'x' is not defined", CONFTEST, phase="start"),
    # what code uses of the machine
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
    "variable-reached-raises": one(
        "shop.HostError",
        "port is required",
        SHOP,
        project=using("named", "SHOP_HOST", at=40),
        variables=("SHOP_HOST",),
    ),
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
    "own-name-lacking": one(
        "ImportError",
        "cannot import name '_fast' from 'frames.core' (/env/frames/core/__init__.py)",
        "lib/frames/table.py:3:<module>",
        attributes={"name": "frames.core"},
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
    "guarded-import-of-another-release": one(
        "NameError",
        "name 'asyncio' is not defined",
        SHOP,
        source="return asyncio.Redis()",
        attributes={"name": "asyncio"},
        distributions=(Distribution(name="redis", version="4.1.0", modules=("redis",)),),
        project=replace(
            GUARDED,
            sources={
                "shop/cart.py": Source(
                    guards=(Guard(modules=("redis.asyncio",), names=("asyncio",), lines=()),)
                )
            },
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
    "variable-leads-to-no-database": one(
        "sqlite3.OperationalError",
        "unable to open database file",
        SHOP,
        project=using("variable", "SHOP_DATABASE", at=30),
        variables=("SHOP_DATABASE",),
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
    "too-many-processes": one(
        "BlockingIOError",
        "[Errno 11] Resource temporarily unavailable",
        SHOP,
        "std/subprocess.py:9:_execute_child",
        attributes={"errno": 11},
    ),
    "database-full": one("sqlite3.OperationalError", "database or disk is full", SHOP),
    "child-killed": one(
        "subprocess.CalledProcessError", "died", SHOP, attributes={"returncode": -9}
    ),
    "child-crashed": one(
        "subprocess.CalledProcessError", "died", SHOP, attributes={"returncode": -11}
    ),
    "pool-died": one("concurrent.futures.process.BrokenProcessPool", "terminated abruptly", SHOP),
    "program-looked-for": one(
        "ConvertError", "no way", SHOP, source="raise ConvertError()", project=using("program", "x")
    ),
    "program-asserted": one(
        "AssertionError",
        "assert None is not None",
        TEST,
        project=using("program", "pandoc", file="tests/test_cart.py"),
    ),
    "alarm": ([], {"phase": "crash", "message": "died", "run": {"exit_code": 142}}),
    "faulthandler-timeout": (
        [],
        {"phase": "crash", "message": "died", "text": "Timeout (0:00:01)!\nThread 0x1"},
    ),
    "too-slow-asserted": one(
        "AssertionError", "assert 0.61 < 0.2", TEST, source="assert elapsed < 0.2"
    ),
    "remote-said": one("shop.ApiError", "HTTPConnectionPool(host='x', port=9): Max retries", SHOP),
    # syntax
    "syntax": one(
        "SyntaxError", "invalid", phase="collect", attributes={"filename": "/shop/shop/cart.py"}
    ),
    "indentation": one(
        "IndentationError", "x", phase="collect", attributes={"filename": "/shop/shop/cart.py"}
    ),
    "null-bytes": one(
        "ValueError", "source code string cannot contain null bytes", phase="collect"
    ),
    "syntax-unplaced": one("SyntaxError", "invalid syntax", phase="start"),
}


@pytest.mark.parametrize("rule", sorted(CASES))
def test_fires_on_what_it_is_for(red, raised, rule):
    """The failure is explained by this rule and no other, and there is something to do."""
    chain, more = CASES[rule]
    of_link = {key: more[key] for key in ("attributes", "bases", "source") if key in more}
    of_run = {key: value for key, value in more.items() if key not in of_link}
    made = red(*(raised(*link, **of_link) for link in chain), **of_run)

    verdict, suggestions = made.verdict(), made.suggestions()

    assert verdict.rule.partition("@")[0] == rule, verdict
    assert verdict.evidence[0]
    assert suggestions[0].origin == verdict.rule


@pytest.mark.parametrize(
    ("name", "command", "expected"),
    [
        ("testdir", (), ("fixture-of-pytest-not-asked-for@1", "testdir")),
        ("linecomp", (), ("fixture-of-pytest-not-asked-for@1", "linecomp")),
        ("testdir", ("-p", "no:legacypath"), ("fixture-of-pytest-switched-off@1", "legacypath")),
        ("pytester", ("-p", "no:pytester"), ("fixture-of-pytest-switched-off@1", "pytester")),
        ("tmpdir", (), ("fixture-of-pytest-switched-off@1", "legacypath")),
    ],
)
def test_a_fixture_of_pytest_that_is_not_there(red, raised, name, command, expected):
    """What two of its plugins bring together lacks the one that is loaded only on request."""
    missing = raised(LOOKUP, f"fixture {name!r} not found", attributes={"argname": name})

    verdict = red(missing, phase="setup", run={"command": ("pytest", *command)}).verdict()

    assert (verdict.rule, verdict.culprit.name) == expected


@pytest.mark.parametrize(
    ("message", "place", "file"),
    [
        ("snapshot tests/a/b.txt doesn't exist.", LIB, "tests/a/b.txt"),
        ("Image file not found: /shop/tests/a/b.png", LIB, "tests/a/b.png"),
        ("Image file differs: /shop/tests/a/b.png", LIB, None),
        ("Image file not found: /elsewhere/a/b.png", LIB, None),
        ("not found: tests/a/b.png", TEST, None),
        ("no test was found: tests/test_cart.py is missing", LIB, None),
    ],
)
def test_a_file_to_compare_with_that_is_told_missing(red, raised, message, place, file):
    """By what compares; a test that says so itself, or of other files, says what it expects."""
    project = Project(name="shop", files=("tests/test_cart.py",))

    found = red(raised("AssertionError", message, TEST, place), project=project).verdict()

    assert (found.culprit.name if found.rule == "expected-file-told-missing@1" else None) == file


def test_the_callers_of_where_a_test_was_stopped_are_named(red, raised):
    """The loop that does not end is as likely in one of them."""
    stopped = raised(
        "Failed", "Timeout >5.0s", TEST, "shop/cart.py:4:gains", "shop/cart.py:9:sorted", STOPPED
    )

    (first, *_) = red(stopped).suggestions()

    assert "It was called by gains (shop/cart.py:4)" in first.text


def test_signature_changed(red, raised, tmp_path):
    """Whose function a line calls is read from the imports of its file."""
    (tmp_path / "shop").mkdir()
    Path(tmp_path / "shop/cart.py").write_text("import frames as fr\nfr.read(sep=1)\n", "utf-8")
    error = "read() got an unexpected keyword argument 'sep'"

    verdict = red(
        raised("TypeError", error, SHOP, source="return fr.read(path, sep=1)"),
        project=Project(root=tmp_path, name="shop"),
        **ALONE,
    ).verdict()

    assert (verdict.rule, verdict.culprit.name) == ("signature-changed@1", "frames")
    assert "`read()` belongs to frames 2.0" in verdict.evidence


def test_a_variable_that_is_read_further_down(red, raised):
    """What a function has not read yet when it fails is not why."""
    project = using("variable", "SHOP_URL", file="tests/test_cart.py", at=8)
    later = using("variable", "SHOP_URL", file="tests/test_cart.py", at=12)
    failed = raised("AssertionError", "assert None", TEST)

    assert red(failed, project=project).verdict().culprit.name == "SHOP_URL"
    assert red(failed, project=later).verdict().category == "assertion"


def test_the_fixture_that_closes_a_circle(red, raised):
    """Of two fixtures that ask for each other the one that many others ask for was there before."""
    asks = {"cart": ("shop",), "shop": ("cart",), "shelf": ("shop",), "till": ("shop",)}
    project = Project(
        name="shop",
        fixtures=tuple(
            FixtureDefinition(name=name, function=name, file="tests/conftest.py", line=1, asks=of)
            for name, of in asks.items()
        ),
    )
    circles = [
        raised(LOOKUP, f"recursive dependency involving fixture '{name}' detected")
        for name in ("cart", "shop")
    ]
    fixtures = [(name, "tests/conftest.py", 1) for name in asks]
    made = [red(one, phase="setup", fixtures=fixtures, project=project) for one in circles]
    both = tuple(one.recording.failures[0] for one in made)

    verdict = replace(made[0], recording=made[0].recording._replace(failures=both)).verdict()

    assert verdict.culprit.name == "shop"


@pytest.mark.parametrize(
    ("source", "culprit"), [("os.makedirs(path)", "cache"), ("os.listdir(path)", "cache/a")]
)
def test_what_is_no_folder(red, raised, source, culprit):
    """What is listed is it itself; else it is on the way."""
    link = raised(
        "NotADirectoryError",
        "",
        SHOP,
        attributes={"errno": 20, "filename": "./cache/a"},
        source=source,
    )

    assert red(link).verdict().culprit.name == culprit


def test_a_file_whose_absence_is_said_otherwise(red, raised):
    """A function that catches the absence of a file and raises its own says what is missing."""
    said = raised("shop.Unready", "no prices", SHOP, source="raise Unready()")
    file = {"errno": 2, "filename": "/shop/shop/prices.csv"}
    missing = raised("FileNotFoundError", "x", SHOP, attributes=file, relation="context")
    key = raised("KeyError", "'x'", SHOP, relation="context")

    verdict = red(said, missing, key).verdict()

    assert verdict.rule == "project-file-missing-wrapped@1"
    assert verdict.culprit.name == "shop/prices.csv"


def test_a_fixture_that_several_find_too_narrow(red, raised):
    """Where two that live longer ask for one, that one is off; one alone may be off itself."""
    fixtures = [(name, "tests/conftest.py", line) for name, line in (("a", 9), ("b", 4), ("c", 6))]
    stack = (
        "object. Requesting fixture stack:\ntests/conftest.py:{}:  def {}(a)\nRequested fixture:"
    )
    made = [
        red(
            raised("Failed", f"{MISMATCH} {stack.format(line, name)}"),
            phase="setup",
            fixtures=fixtures,
        )
        for name, line in (("b", 4), ("c", 6))
    ]
    both = tuple(one.recording.failures[0] for one in made)
    together = replace(made[0], recording=made[0].recording._replace(failures=both))

    assert made[0].verdict().culprit.name == "b"
    assert together.verdict().rule == "scope-narrowed@1"
    assert together.verdict().culprit.name == "a"


@pytest.mark.parametrize(
    ("settings", "command"),
    [({"asyncio_mode": "strict"}, ()), ({}, ("pytest", "--asyncio-mode=strict"))],
)
def test_a_mode_that_leaves_several_tests_alone(red, raised, settings, command):
    """The mode that is asked for is why several are not run; of one alone its marker may be."""
    project = replace(ASYNC, settings=settings, settings_file="setup.cfg")
    made = red(
        raised("Failed", "async def functions are not natively supported."),
        project=project,
        distributions=(Distribution(name="pytest-asyncio", version="1.5.0"),),
        run={"command": command},
    )
    (failure,) = made.recording.failures
    several = (failure, failure._replace(nodeid="tests/test_cart.py::test_more"))
    together = replace(made, recording=made.recording._replace(failures=several))

    assert made.verdict().rule == "async-mode@1"
    assert together.verdict().rule == "async-mode-set@1"
    assert together.verdict().culprit.name == "asyncio_mode"


def test_files_ran_out_elsewhere(red, raised):
    """What SQLite does not say, another failure of the run does."""
    made = red(raised("sqlite3.OperationalError", "unable to open database file", SHOP))
    full = red(raised("OSError", "[Errno 24] Too many open files", SHOP, attributes={"errno": 24}))
    alone, both = made.verdict(), (*made.recording.failures, *full.recording.failures)
    together = replace(made, recording=made.recording._replace(failures=both[::-1]))

    assert (alone.category, alone.kind) == ("environment", "file")
    assert together.verdict().rule == "too-many-files-elsewhere@1"


@pytest.mark.parametrize(
    ("message", "frames", "rule"),
    [
        ("total() got an unexpected keyword argument 'sep'", (TEST, SHOP), "product-raised@1"),
        ("Cart.total() takes 1 positional argument but 2 were given", (TEST, SHOP), "product-raised@1"),
        ("unsupported operand type(s) for +: 'int' and 'str'", (TEST, SHOP), "another-exception@1"),
        ("total() missing 1 required positional argument: 'x'", (TEST,), "another-exception@1"),
    ],
)  # fmt: skip
def test_a_call_that_the_product_gets_wrong(red, raised, message, frames, rule):
    """What the product's own line passes wrongly no test can have expected otherwise."""
    assert red(raised("TypeError", message, *frames), project=EXPECTING).verdict().rule == rule


@pytest.mark.parametrize(
    "message",
    [
        "cannot access local variable 'price' where it is not associated with a value",
        "local variable 'price' referenced before assignment",
        "cannot access free variable 'price' where it is not associated with a value in enclosing scope",
        "free variable 'price' referenced before assignment in enclosing scope",
    ],
)
def test_a_variable_without_a_value_is_named(red, raised, message):
    """In the words of every Python, though the exception itself does not name it."""
    (first, *_) = red(raised("UnboundLocalError", message, SHOP)).suggestions()

    assert first.text.startswith("Give `price` a value on every way through total in shop/cart.py")


@pytest.mark.parametrize(
    ("object_", "rule"),
    [("frames.core.Table", "attribute-removed@1"), ("NoneType", "guarded-import-of-test@1")],
)
def test_a_guard_explains_no_object_of_another_library(red, raised, object_, rule):
    """Though the test bears the name of what is absent: an object that is there is not of that."""
    chain, more = CASES["guarded-import-of-test"]
    kind = object_.rpartition(".")[2]
    failed = raised(
        "AttributeError",
        f"'{kind}' object has no attribute 'append'",
        *chain[0][2:],
        attributes={"obj": object_, "name": "append"},
    )

    assert red(failed, **more, **ALONE).verdict().rule == rule


@pytest.mark.parametrize("nodeid", ["tests/test_cart.py", "tests/test_cart.py::TestCart"])
def test_the_function_that_is_not_collected_is_named(red, raised, nodeid):
    """Where its file or class could not be collected for it."""
    failed = raised("Failed", "In test_total: function uses no argument 'basket'")

    found = red(failed, phase="collect", nodeid=nodeid).verdict()

    assert found.culprit.name == f"{nodeid}::test_total"


OF_TESTS = Project(
    name="shop",
    modules=frozenset({"shop", "shoptest", "tests"}),
    files=("shop/cart.py", "shoptest/baskets.py", "tests/support.py", "tests/test_cart.py"),
)
TORN = "tests/test_cart.py:8:tearDown"


@pytest.mark.parametrize(
    ("message", "places", "phase", "category"),
    [
        ("'tests.test_cart.T' object has no attribute 'a'", (CASE, TORN), "call", "fixture"),
        ("module 'tests.support' has no attribute 'a'", (CONFTEST,), "setup", "fixture"),
        ("module 'tests.support' has no attribute 'a'", (TEST,), "teardown", "fixture"),
        ("module 'shoptest.baskets' has no attribute 'a'", ("shoptest/conftest.py:5:basket",), "teardown", "fixture"),
        ("module 'shoptest.baskets' has no attribute 'a'", (TEST,), "call", "product_error"),
        ("module 'shop.cart' has no attribute 'a'", (CONFTEST,), "teardown", "product_error"),
        ("'shop.cart.Cart' object has no attribute 'a'", (CASE, TORN), "call", "product_error"),
        ("'tests.test_cart.T' object has no attribute 'a'", (CASE, TORN, SHOP), "call", "product_error"),
    ],
)  # fmt: skip
def test_a_name_that_tests_lack_around_a_test(red, raised, *, message, places, phase, category):
    """What a fixture or a set-up misses of the tests' own code is its own fault; what it misses of
    the product is the product's.
    """
    failed = raised(
        "AttributeError", message, *places, attributes={"obj": message.split("'")[1], "name": "a"}
    )

    assert red(failed, phase=phase, project=OF_TESTS).verdict().category == category


@pytest.mark.parametrize("extra", ["docs", "test", "testing-extras", "Dev_tools"])
def test_an_extra_for_developers_leaves_no_name_out(red, raised, extra):
    """Nearly every distribution has one, and the tools in it are those of the project as well."""
    webframe = Distribution(
        name="webframe",
        version="4.2",
        modules=("webframe",),
        extras=(extra,),
        requires=(f'cv2x; extra == "{extra}"',),
    )
    attributes = {"obj": "webframe", "name": "draw"}
    asked = raised(
        "AttributeError", "module 'webframe' has no attribute 'draw'", SHOP, attributes=attributes
    )
    made = red(asked, project=WITH_CV2X, distributions=(webframe,))

    assert (made.verdict().category, made.verdict().culprit.name) == ("compatibility", "webframe")


def test_every_rule_has_a_case():
    """A rule without a case cannot be added."""
    assert {rule.id for rule in rules()} == set(CASES) | ALONE_BELOW | OF_CHANGES


@pytest.mark.parametrize(
    ("message", "category"),
    [
        ("'shop' does not have a template named 'default.rst'.", "environment"),
        ("shop has no file called 'prices.json'", "environment"),
        ("'shop' does not have a colour named 'default.rst'.", "product_error"),
        ("'shop' does not have a template named 'default'.", "product_error"),
    ],
)
def test_a_file_that_somebody_does_not_have(red, raised, message, category):
    """As who looks for it says."""
    assert red(raised("shop.Unready", message, TEST, SHOP)).verdict().category == category
