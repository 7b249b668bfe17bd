"""What is absent where several things are guarded at once, and where a name is handed over."""

from __future__ import annotations

import pytest

from conftest_kit.records import Distribution
from orchestrator.checkout.project import Project
from orchestrator.checkout.requirements import Requirement
from orchestrator.checkout.source import Guard, Source

REAL_TEST = """
    try:
        import shop_daemon
        from zmq.utils import Daemon
    except ImportError:
        ready = False

    class TestDaemon(Daemon):
        def test_start(self): ...
"""


def test_of_a_guard_what_the_name_is_imported_from_comes_first(run):
    """Not the first that lacks something: the project's own module may do without it."""
    files = {
        "shop_daemon.py": "try:\n    import yaml_not_here\nexcept ImportError:\n    yaml = None\nimport colorama\n",
        "tests/test_daemon.py": REAL_TEST,
        "pyproject.toml": "[project]\nname = 'shop'\nversion = '1'\ndependencies = ['colorama', 'pyzmq']\n",
    }
    verdict = run(files).verdict()

    assert (verdict.category, verdict.culprit.name) == ("missing_dependency", "pyzmq")


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("", ("environment", "DJANGO_SETTINGS_MODULE")),
        ("shop_tests.settings", ("environment", "DJANGO_SETTINGS_MODULE")),
        ("storefront.settings", ("missing_dependency", "storefront")),
    ],
)
def test_a_variable_is_stronger_than_a_setting_of_its_name(run, installed, setting, expected):
    """Unless the setting asks for the module that is not there."""
    framework = "import importlib\ndef load(SETTINGS): return importlib.import_module(SETTINGS)\n"
    conftest = """
        import os, frame

        def pytest_addoption(parser):
            parser.addini("DJANGO_SETTINGS_MODULE", "")

        def pytest_configure(config):
            frame.load(os.environ["DJANGO_SETTINGS_MODULE"])
    """
    files = {
        **installed("frame", "1.0", {"frame.py": framework}),
        "conftest.py": conftest,
        "pytest.ini": f"[pytest]\nDJANGO_SETTINGS_MODULE = {setting}\n"
        if setting
        else "[pytest]\n",
        "test_a.py": "def test_a(): ...\n",
    }
    verdict = run(files, DJANGO_SETTINGS_MODULE="storefront.settings").verdict()

    assert (verdict.category, verdict.culprit.name) == expected


@pytest.mark.parametrize(
    ("name", "category"), [("Tabular", "product_error"), ("Prices", "missing_dependency")]
)
def test_a_name_that_was_renamed_is_missed_for_want_of_nothing(run, name, category):
    """Of a file that does without something as well: it binds a name like the one that is asked for."""
    files = {
        "shop_cart.py": "try:\n    import pytest\n    class Tabulars: ...\nexcept ImportError:\n    pass\n"
        "try:\n    import yaml_not_here as yaml\nexcept ImportError:\n    pass\n",
        "tests/test_cart.py": f"from shop_cart import {name}\n\ndef test_cart():\n    assert {name}\n",
        "pyproject.toml": "[project]\nname = 'shop'\nversion = '1'\ndependencies = ['yaml-not-here']\n",
    }

    assert run(files).verdict().category == category


def test_a_name_that_was_renamed_outside_of_any_guard(run):
    """The kit saw the nearest name of the module: what the file does without is not missed."""
    files = {
        "shop_cart.py": "def totals(): ...\ntry:\n    import yaml_not_here as yaml\nexcept ImportError:\n    pass\n",
        "test_cart.py": "def test_cart():\n    from shop_cart import total\n",
        "pyproject.toml": "[project]\nname = 'shop'\nversion = '1'\ndependencies = ['yaml-not-here']\n",
    }

    assert run(files).verdict().category == "product_error"


GUARDS = Guard(modules=("redis.asyncio",), names=("Redis",), lines=((5, 9),))


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("4.1.0", ("compatibility", "redis")),
        ("5.0.1", ("product_error", "shop.store")),
        (None, ("missing_dependency", "redis")),
    ],
)
def test_a_guarded_module_of_a_later_release(red, raised, version, expected):
    """The distribution is there, and does not have the module yet."""
    redis = Distribution(name="redis", version=version or "", modules=("redis",))
    project = Project(
        name="shop",
        modules=frozenset({"shop", "tests"}),
        files=("shop/__init__.py", "shop/store.py"),
        requirements=(Requirement(name="redis", text="redis>=4", file="pyproject.toml"),),
        sources={
            "shop/store.py": Source(guards=(GUARDS,), imports={"Redis": "redis.asyncio.Redis"})
        },
    )
    failed = raised(
        "ImportError",
        "cannot import name 'Redis' from 'shop.store' (/shop/shop/store.py)",
        "tests/test_cart.py:1:<module>",
        attributes={"name": "shop.store"},
    )

    made = red(failed, project=project, distributions=(redis,) if version else ())

    assert (made.verdict().category, made.verdict().culprit.name) == expected


@pytest.mark.parametrize(
    ("line", "category"),
    [("schedule(ret_type=1)", "compatibility"), ("total(ret_type=1)", "missing_dependency")],
)
def test_what_a_library_does_not_take_is_not_of_what_a_test_bears_the_name_of(
    red, raised, line, category
):
    """A call of it was made, so that it is there."""
    guard = Guard(modules=("yaml",), names=("yaml",), lines=())
    project = Project(
        name="shop",
        modules=frozenset({"shop", "tests"}),
        files=("shop/__init__.py", "shop/cart.py"),
        sources={
            "tests/test_yaml.py": Source(imports={"cart": "shop.cart"}),
            "shop/cart.py": Source(guards=(guard,), imports={"schedule": "frames.schedule"}),
        },
    )
    frames = Distribution(name="frames", version="2.0", modules=("frames",))
    failed = raised(
        "TypeError",
        f"{line.partition('(')[0]}() got an unexpected keyword argument 'ret_type'",
        "tests/test_yaml.py:9:test_yaml",
        "shop/cart.py:7:total",
        source=line,
    )
    made = red(
        failed, project=project, distributions=(frames,), nodeid="tests/test_yaml.py::test_yaml"
    )

    assert made.verdict().category == category


@pytest.mark.parametrize(
    ("imported", "is_absent"), [("tongues.Words", True), ("frames.Words", False)]
)
def test_a_name_that_is_imported_and_not_bound(red, raised, imported, is_absent):
    """The file ran to its end without it, so it does without what the name comes from; unless that
    is there.
    """
    frames = Distribution(name="frames", version="1.0", modules=("frames",))
    link = raised(
        "AttributeError",
        "module 'shop.words' has no attribute 'Words'",
        "tests/test_words.py:9:test_words",
        attributes={"name": "Words", "obj": "shop.words"},
    )
    project = Project(
        name="shop",
        modules=frozenset({"shop"}),
        files=("shop/__init__.py", "shop/words.py"),
        requirements=(Requirement(name="tongues", text="tongues", file="pyproject.toml"),),
        sources={"shop/words.py": Source(imports={"Words": imported})},
    )

    verdict = red(link, project=project, distributions=(frames,)).verdict()

    assert (verdict.category == "missing_dependency") is is_absent
    assert not is_absent or verdict.culprit.name == "tongues"


@pytest.mark.parametrize(
    ("nodeid", "is_absent"),
    [
        ("tests/test_cart.py::test_primitives", True),
        ("tests/test_primitives.py::test_total", True),
        ("tests/primitives/test_cart.py::test_total", False),
    ],
)
def test_a_test_that_bears_the_name_of_what_is_absent(red, raised, nodeid, is_absent):
    """Its own name or its file's, not that of a folder, which many tests share."""
    file = nodeid.partition("::")[0]
    guard = Guard(modules=("cryptography.hazmat.primitives",), names=("ciphers",))
    project = Project(
        name="shop",
        modules=frozenset({"shop"}),
        files=("shop/__init__.py", "shop/cart.py"),
        requirements=(Requirement(name="cryptography", text="cryptography", file="setup.py"),),
        sources={
            "shop/cart.py": Source(guards=(guard,)),
            file: Source(imports={"total": "shop.cart.total"}),
        },
    )
    link = raised("AssertionError", "assert 'a_' == 'a'", f"{file}:9:test_total")

    verdict = red(link, project=project, nodeid=nodeid).verdict()

    assert (verdict.rule == "guarded-import-of-test@1") is is_absent


def test_what_a_test_is_about_is_where_it_is_defined(red, raised):
    """Not where the package only hands it on."""
    project = Project(
        name="shop",
        modules=frozenset({"shop"}),
        files=("shop/__init__.py", "shop/till.py"),
        sources={
            "tests/test_cart.py": Source(imports={"total": "shop.total"}),
            "shop/__init__.py": Source(imports={"total": "shop.till.total"}),
        },
    )
    link = raised("AssertionError", "assert 1 == 2", "tests/test_cart.py:9:test_total")

    (suggestion, *_) = red(link, project=project).suggestions()

    assert "It is about shop/till.py." in suggestion.text
