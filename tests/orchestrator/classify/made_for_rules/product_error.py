"""The smallest failure that shows what a rule is about, for those of `product_error.toml`."""

from __future__ import annotations

from made_for_rules.surroundings import (
    ALONE,
    ASKING,
    LIB,
    LIBRARY,
    PIP,
    PYYAML,
    SHOP,
    TEST,
    WEBFRAME,
    no_module,
    one,
)

from orchestrator.checkout.project import Project
from orchestrator.checkout.source import Source

CASES = {
    "class-not-registered": one(
        "sqlalchemy.exc.InvalidRequestError",
        "When initializing mapper Mapper[Basket(baskets)], expression 'Usr' failed to locate a name",
        TEST,
        "lib/frames/orm.py:9:_raise_for_name",
    ),
    "column-not-there": one(
        "sqlite3.OperationalError",
        "table baskets has no column named price",
        TEST,
        "lib/frames/base.py:9:execute",
    ),
    "table-not-there": one(
        "sqlite3.OperationalError",
        "no such table: baskets",
        TEST,
        "lib/frames/base.py:9:execute",
    ),
    "own-call-misfit": (
        [("TypeError", "total() got an unexpected keyword argument 'tx'", TEST)],
        {
            "project": Project(
                name="shop",
                modules=frozenset({"shop"}),
                files=("shop/cart.py",),
                sources={
                    "tests/test_cart.py": Source(imports={"total": "shop.cart.total"}),
                    "shop/cart.py": Source(holds={"total()": ("items", "tax")}),
                },
            )
        },
    ),
    "library-refuses": (
        [
            (
                "AssertionError",
                "overwrites an endpoint",
                SHOP,
                "lib/webframe/app.py:3:route",
            )
        ],
        {"project": ASKING, "distributions": (WEBFRAME,), "source": "raise AssertionError("},
    ),
    "product-asserts": one(
        "AssertionError", "no rows", TEST, SHOP, source="assert rows, 'no rows'"
    ),
    "library-complains": one("frames.Error", "bad escape", TEST, SHOP, LIB, **ALONE),
    "library-complains-of-test": one("frames.Error", "bad escape", TEST, LIB, **ALONE),
    "library-complains-by-assert": one(
        "AssertionError", "no view after the first", SHOP, LIB, **ALONE
    ),
    "library-complains-inside": (
        [("webframe.Wrong", "no", TEST, SHOP, LIBRARY), ("frames.Error", "no", LIBRARY, LIB)],
        {"distributions": (PIP, WEBFRAME)},
    ),
    "library-complains-inside-of-test": (
        [("webframe.Wrong", "no", TEST, LIBRARY), ("frames.Error", "no", LIBRARY, LIB)],
        {"distributions": (PIP, WEBFRAME)},
    ),
    "library-complains-in-answering": one(
        "AssertionError",
        "assert 500 == 200",
        TEST,
        captured={
            "log": "Traceback (most recent call last):\n"
            '  File "/env/lib/python3.11/site-packages/frames/table.py", line 3, in answer\n'
            '    raise TypeError("the view gave nothing")\nTypeError: the view gave nothing'
        },
        **ALONE,
    ),
    "hook-of-own-plugins": one(
        "pluggy.PluginValidationError", "unknown hook 'shop_sells' in plugin <x>", SHOP, LIB
    ),
    "library-complains-told": one(
        "AssertionError",
        "assert 500 == 200",
        TEST,
        captured={
            "log": "Traceback (most recent call last):\n"
            '  File "/shop/shop/cart.py", line 7, in total\n    read()\n'
            '  File "/env/lib/python3.11/site-packages/frames/table.py", line 3, in read\n'
            "    x, y = line\nValueError: not enough values to unpack"
        },
        **ALONE,
    ),
    "name-misspelt": one(
        "ImportError",
        "cannot import name 'safe_laod' from 'frames' (/env/frames/__init__.py)",
        TEST,
        attributes={"name": "frames", "nearest": "safe_load"},
        **ALONE,
    ),
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
    "import-by-distribution-name": no_module("PyYAML", TEST, distributions=(PYYAML,)),
    "dialect-misspelt": one(
        "sqlalchemy.exc.NoSuchModuleError", "Can't load plugin: sqlalchemy.dialects:postgre", SHOP
    ),
    "time-zone-unknown": one(
        "zoneinfo._common.ZoneInfoNotFoundError",
        "'No time zone found with key Europe/Belin'",
        SHOP,
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
    "module-file-missing": one(
        "FileNotFoundError",
        "[Errno 2] No such file or directory",
        TEST,
        SHOP,
        attributes={"errno": 2, "filename": "/shop/src/shop/runner/main.py"},
    ),
    "part-of-package-gone": one(
        "ImportError",
        "cannot import name 'rows' from partially initialized module 'shop' (most likely)",
        "src/shop/__init__.py:3:<module>",
        phase="collect",
        project=Project(name="shop", modules=frozenset({"shop"}), files=("src/shop/__init__.py",)),
    ),
    "process-exit": (
        [],
        {"phase": "crash", "message": "died", "run": {"state": "died", "exit_code": 9}},
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
    "process-raised": one(
        "AssertionError",
        "False is not true",
        TEST,
        captured={
            "stdout": "Traceback (most recent call last):\n"
            '  File "/shop/shop/cart.py", line 7, in total\n    x()\nIndexError: x'
        },
    ),
}
