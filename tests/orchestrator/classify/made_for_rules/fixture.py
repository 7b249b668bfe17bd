"""The smallest failure that shows what a rule is about, for those of `fixture.toml`."""

from __future__ import annotations

from made_for_rules.surroundings import (
    ALONE,
    BASKET,
    CASE,
    CONFTEST,
    FAR,
    GIVING_NOTHING,
    GONE,
    LEFT,
    LIB,
    LOOKUP,
    MISMATCH,
    SHOP,
    SILENT,
    TEMPORARY,
    TEST,
    WENT,
    one,
    using,
)

from orchestrator.checkout.project import FixtureDefinition, Project

CASES = {
    "fixture-out-of-reach": one(
        LOOKUP, "fixture 'basket' not found", attributes={"argname": "basket"}, project=FAR
    ),
    "fixture-misspelt": one(
        LOOKUP,
        "fixture 'bsket' not found",
        attributes={"argname": "bsket", "available": ["basket"]},
    ),
    "prepared-without": one("KeyError", "'pear'", TEST, source="price(self.rows['pear'])"),
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
    "test-asks-for-self": one(LOOKUP, "fixture 'self' not found", phase="setup"),
    "fixture-asks-for-self": one(
        LOOKUP,
        "fixture 'self' not found",
        phase="setup",
        attributes={"argname": "self", "requested_by": "basket"},
    ),
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
    "fixture-loads-no-code": one(
        "FileNotFoundError",
        "[Errno 2] No such file or directory",
        "tests/conftest.py:5:basket",
        phase="setup",
        fixtures=BASKET,
        attributes={"errno": 2, "filename": "/shop/tests/samples/__init__.py"},
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
    "parameter-in-place-of-fixture": one(
        "AttributeError",
        "'dict' object has no attribute 'total'",
        TEST,
        source="assert basket.total() == 3",
        nodeid="tests/test_cart.py::test_total[basket0]",
        project=Project(
            name="shop",
            fixtures=(
                FixtureDefinition(
                    name="basket", function="basket", file="tests/conftest.py", line=4
                ),
            ),
        ),
    ),
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
    "case-set-up-raised": one("ValueError", "no rows", CASE, "tests/test_cart.py:5:setUp"),
    "case-tear-down-raised": one("ValueError", "no rows", CASE, "tests/test_cart.py:8:tearDown"),
    "cleanup-raised": one(
        "KeyError", "'SHOP'", "std/unittest/case.py:587:_callCleanup", "tests/test_cart.py:8:unset"
    ),
    "module-blocked": one(
        "ModuleNotFoundError", "import of frames.wkb halted; None in sys.modules", TEST
    ),
    "variable-left": one(
        "ValueError",
        "unknown mode",
        SHOP,
        project=using("variable", "SHOP_MODE"),
        left=(LEFT._replace(fixtures=("_unittest_setUpClass_fixture_TestCart",)),),
    ),
    "variable-left-by-test": one(
        "ValueError", "unknown mode", SHOP, project=using("variable", "SHOP_MODE"), left=(LEFT,)
    ),
    "variable-left-beside": one(
        "AssertionError",
        "assert 1 == 2",
        TEST,
        left=(LEFT,),
        project=using("set", "SHOP_MODE", file="tests/test_cart.py", at=30),
    ),
    "logging-left": one("AssertionError", "assert 'sold' in ''", TEST, left=(SILENT,)),
    "current-folder-left": one(
        "FileNotFoundError",
        "[Errno 2] No such file or directory: 'prices.csv'",
        SHOP,
        attributes={"errno": 2, "filename": "prices.csv"},
        left=(WENT,),
    ),
    "current-folder-gone": one(
        "FileNotFoundError",
        "[Errno 2] No such file or directory",
        CONFTEST,
        source="origin = os.getcwd()",
        phase="setup",
        attributes={"errno": 2},
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
    "fixture-of-pytest-not-asked-for": one(
        LOOKUP, "fixture 'testdir' not found", phase="setup", attributes={"argname": "testdir"}
    ),
    "database-not-asked-for": one(
        "RuntimeError",
        'Database access not allowed, use the "django_db" mark, or the "db" or "transactional_db"',
        TEST,
        SHOP,
        LIB,
        **ALONE,
    ),
    "fixture-outlived-by-examples": one(
        "hypothesis.errors.FailedHealthCheck",
        "Function-scoped fixture 'basket' used by 'tests/test_cart.py::test_total'",
        TEST,
    ),
}
