"""What is absent where several things are guarded at once, and where a name is handed over."""

from __future__ import annotations

import pytest

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
