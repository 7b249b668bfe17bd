"""A module that is imported by a name which a setting, an option or a variable gives."""

from __future__ import annotations

import pytest

from orchestrator.checkout.project import Project
from orchestrator.checkout.requirements import Requirement

LIBRARY = "lib/webframe/plugin.py:3:load"
IMPORTS = "importlib.import_module(name)"


def shop(settings=(), requirements=()):
    """A project that has `shop.testsettings`."""
    return Project(
        name="shop",
        modules=frozenset({"shop"}),
        files=("shop/__init__.py", "shop/testsettings.py"),
        settings=dict(settings),
        settings_file="pytest.ini",
        requirements=tuple(
            Requirement(name=name, text=name, file="requirements.txt") for name in requirements
        ),
    )


@pytest.fixture
def again(raised):
    """`again(module)`: the absence of a module, as a library says it in an exception of its own."""
    return lambda module: raised("ImportError", f"No module named '{module}'\n\nLook.", LIBRARY)


@pytest.mark.parametrize(
    ("module", "settings", "command", "culprit"),
    [
        ("shop.tset", {"SHOP_SETTINGS_MODULE": "shop.tset"}, (), "SHOP_SETTINGS_MODULE"),
        ("shop.tset", {"SHOP_APP": "shop.tset:app"}, (), "SHOP_APP"),
        ("shop.gone", {"SHOP_SETTINGS_MODULE": "shop.gone.settings"}, (), "SHOP_SETTINGS_MODULE"),
        ("shpo", {"SHOP_SETTINGS_MODULE": "shpo.testsettings"}, (), "SHOP_SETTINGS_MODULE"),
        ("shop.tset", {}, ("pytest", "--ds=shop.tset"), "--ds"),
        ("shop.tset", {"addopts": "--ds=shop.tset"}, (), "--ds"),
    ],
)
@pytest.mark.parametrize("is_raised_again", [True, False])
def test_a_setting_that_names_no_module(  # noqa: PLR0917 - two tables
    red, raised, again, module, settings, command, culprit, is_raised_again
):
    """Whether the import's own exception came out or one in its place."""
    direct = raised("ModuleNotFoundError", f"No module named {module!r}", LIBRARY, source=IMPORTS)
    link = again(module) if is_raised_again else direct
    verdict = red(link, phase="start", project=shop(settings), run={"command": command}).verdict()

    assert verdict.rule == "setting-names-no-module@1"
    assert verdict.culprit.name == culprit


def test_a_module_that_the_settings_import(red, again):
    """The setting's own module is there: what it imports is missing, and nobody misnamed it."""
    project = shop({"SHOP_SETTINGS_MODULE": "shop.testsettings"})

    verdict = red(again("shop.gone"), phase="start", project=project).verdict()

    assert verdict.rule == "project-module-missing@1"


def test_what_a_library_calls_its_own(red, raised):
    """An exception of a library's own that is an ImportError and speaks as Python does."""
    link = raised("frames.Unloadable", "No module named 'yaml'", LIBRARY, bases=("ImportError",))

    assert red(link).verdict().rule == "missing-module@1"


def test_a_distribution_that_the_settings_import(red, again):
    """What the environment lacks is named as of any other import, by the name that is declared."""
    project = shop({"SHOP_SETTINGS_MODULE": "shop.testsettings"}, ["webframe-zzyzx", "types-zzyzx"])

    verdict = red(again("zzyzx"), phase="start", project=project).verdict()

    assert verdict.rule == "missing-module@1"
    assert verdict.culprit.name == "webframe-zzyzx"


@pytest.mark.parametrize(
    ("module", "variables", "expected"),
    [
        ("shop.tset_settings", ("SHOP_SETTINGS_MODULE",), ("variable-names-no-module@1", 0)),
        ("shop.carts", ("SHOP_SETTINGS_MODULE",), ("project-module-missing@1", None)),
        ("a+b", ("SHOP_SETTINGS_MODULE", "PRICES_URL"), ("variable-names-no-module@1", 1)),
        ("zzyzx", ("PRICES_URL", "SHOP_SETTINGS_MODULE"), ("variable-names-no-module@1", 1)),
    ],
)
def test_of_several_variables_the_one_that_fits(red, raised, module, variables, expected):
    """What no module can be called is a part of an address; a module's name is like a variable's."""
    link = raised(
        "ModuleNotFoundError",
        f"No module named {module!r}",
        LIBRARY,
        source=IMPORTS,
        attributes={"name": module},
    )
    verdict = red(link, phase="start", project=shop(), variables=variables).verdict()

    rule, place = expected
    assert verdict.rule == rule
    assert place is None or verdict.culprit.name == variables[place]
