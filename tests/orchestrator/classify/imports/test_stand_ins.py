"""A module that is there and is another than the one that an import means."""

from __future__ import annotations

import pytest

from conftest_kit.records import Distribution
from orchestrator.checkout.project import Project
from orchestrator.checkout.requirements import Requirement

ASKED = (Requirement(name="zzyzx", text="zzyzx>=1", file="pyproject.toml"),)
OF_ANOTHER = Distribution(name="frames", version="2.0", modules=("frames", "zzyzx"))
ITS_OWN = Distribution(name="zzyzx", version="2.0", modules=("zzyzx",))
NAME = (
    "ImportError",
    "cannot import name 'io' from 'zzyzx' (/env/site-packages/zzyzx.py)",
    "zzyzx",
)
BELOW = ("ModuleNotFoundError", "No module named 'zzyzx.io'; 'zzyzx' is not a package", "zzyzx.io")
ATTRIBUTE = ("AttributeError", "module 'zzyzx' has no attribute 'io'", "io")


@pytest.mark.parametrize(
    ("said", "around", "rule"),
    [
        (NAME, (OF_ANOTHER, ASKED, ()), "missing-behind-stand-in@1"),
        (BELOW, (OF_ANOTHER, ASKED, ()), "missing-behind-stand-in@1"),
        (ATTRIBUTE, (OF_ANOTHER, ASKED, ()), "missing-behind-stand-in@1"),
        (NAME, (OF_ANOTHER, (), ()), "name-removed@2"),
        (BELOW, (OF_ANOTHER, (), ()), "missing-behind-stand-in-unasked@1"),
        (NAME, (ITS_OWN, ASKED, ()), "name-removed@2"),
        (BELOW, (ITS_OWN, ASKED, ()), "module-gone@2"),
        (BELOW, (OF_ANOTHER, ASKED, ("tests/zzyzx.py",)), "module-shadowed@1"),
    ],
)
def test_who_answers_for_the_name(red, raised, said, around, rule):
    """One that is asked for and absent wins; a file of the checkout hides it."""
    kind, message, name = said
    owner, asked, files = around
    project = Project(
        name="shop",
        modules=frozenset({"shop"}),
        files=("shop/__init__.py", *files),
        requirements=asked,
    )
    link = raised(kind, message, "shop/cart.py:1:<module>", attributes={"name": name})

    assert red(link, project=project, distributions=(owner,)).verdict().rule == rule
