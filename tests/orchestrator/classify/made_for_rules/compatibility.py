"""The smallest failure that shows what a rule is about, for those of `compatibility.toml`."""

from __future__ import annotations

from dataclasses import replace

from made_for_rules.surroundings import (
    ALONE,
    ASKING,
    ASKING_FRAMES,
    ASYNCIO,
    COV,
    GUARDED,
    HTTPX,
    LAZY,
    LIB,
    LIBRARY,
    LOOKUP,
    MOCK,
    NEWER_WEBFRAME,
    OF_2024,
    OTHER_SERIAL,
    PIP,
    SHOP,
    TEST,
    TIMEOUT,
    URLLIB3,
    WEBFRAME,
    YOUNGER,
    no_module,
    of_flask,
    one,
)

from conftest_kit.records import Distribution
from orchestrator.checkout.project import Project
from orchestrator.checkout.requirements import Requirement
from orchestrator.checkout.source import Guard, Source

CASES = {
    "required-plugin-of-other-version": (
        [],
        {
            "phase": "start",
            "message": "Missing required plugins: pytest-mock==3.2.0",
            "distributions": (MOCK,),
        },
    ),
    "setting-newer-than-plugin": one(
        "pytest.PytestConfigWarning",
        "Unknown config option: asyncio_mode\n",
        bases=("pytest.PytestWarning", "UserWarning", "Warning", "Exception"),
        phase="internal",
        distributions=(ASYNCIO._replace(version="0.16.0"),),
    ),
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
    "installed-without-module": no_module(
        "zzyzx",
        TEST,
        project=Project(
            name="shop",
            requirements=(Requirement(name="zzyzx", text="zzyzx", file="pyproject.toml"),),
        ),
        distributions=(PIP, Distribution(name="zzyzx", version="1.0")),
    ),
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
    "library-asserted": one("AssertionError", "", SHOP, LIB, source="assert view", **ALONE),
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
        [
            ("webframe.Wrong", "no", TEST, SHOP, LIBRARY),
            ("TypeError", "'Table' object layout differs from 'Row'", LIBRARY, LIB),
        ],
        {"distributions": (PIP, WEBFRAME), "source": "self.__class__ = found"},
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
    "attribute-of-a-base-out-of-step": one(
        "AttributeError",
        "'Cart' object has no attribute 'priced'",
        TEST,
        attributes={"obj": "shop.cart.Cart", "derives": ["pandas.core.frame.DataFrame"]},
        **YOUNGER,
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
    "plugin-deprecates": one(
        "pytest.PytestDeprecationWarning",
        "The fixture loop is deprecated",
        "lib/pytest_asyncio/plugin.py:306:pytest_configure",
        phase="setup",
        bases=("pytest.PytestWarning", "DeprecationWarning", "Warning"),
        distributions=(ASYNCIO,),
    ),
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
    "python-younger-than-its-surroundings-asserted": one(
        "AssertionError", "assert 1 == 2", TEST, distributions=OF_2024, python="3.13.1"
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
    "python-miscounts-ast-depth": one(
        "SystemError",
        "AST constructor recursion depth mismatch (before=129, after=195)",
        phase="internal",
    ),
    "hook-of-another-release": one(
        "pluggy.PluginValidationError",
        "unknown hook 'pytest_asyncio_loops' in plugin <module 'conftest'>",
        phase="start",
        distributions=(ASYNCIO,),
        plugins={"pytest-asyncio": "0.23.2"},
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
    "hook-of-old-style": one(
        "pytest.PytestRemovedIn10Warning",
        "The hookimpl pytest_configure uses old-style configuration options (marks or attributes).",
        phase="start",
        distributions=(MOCK,),
    ),
    "overridden-fixture-removed-from-plugin": one(
        LOOKUP,
        "recursive dependency involving fixture 'mocker' detected",
        phase="setup",
        attributes={"argname": "mocker", "requested_by": "mocker"},
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
    "library-panicked": one("pyo3_runtime.PanicException", "Python API call failed", SHOP, LIBRARY),
    "pytest-too-old": (
        [],
        {
            "phase": "start",
            "message": "ERROR: /shop/pytest.ini: 'minversion' requires pytest-99, actual pytest-9.2.0'",
        },
    ),
    "requirement-unmet-raised": one("ValueError", "x", TEST, SHOP, project=ASKING),
    "requirement-unmet-asserted": one(
        "AssertionError", "assert 1 == 2", SHOP, TEST, project=ASKING
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
    "asker-outgrown": one(
        "ImportError",
        "cannot import name 'Row' from 'frames'",
        TEST,
        LIBRARY,
        distributions=(
            PIP,
            Distribution(name="webframe", version="0.9", modules=("webframe",)),
            Distribution(name="shopfront", version="3.0", requires=("webframe>=1.0",)),
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
    "own-name-lacking": one(
        "ImportError",
        "cannot import name '_fast' from 'frames.core' (/env/frames/core/__init__.py)",
        "lib/frames/table.py:3:<module>",
        attributes={"name": "frames.core"},
        **ALONE,
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
}
