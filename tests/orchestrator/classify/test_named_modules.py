"""A message that says which module could not be imported, where no import's own exception came out."""

from __future__ import annotations

import pytest

from conftest_kit.records import Distribution
from orchestrator.checkout.project import Project
from orchestrator.checkout.requirements import Requirement
from orchestrator.checkout.source import Source

ASKED = tuple(
    Requirement(name=name, text=name, file="pyproject.toml") for name in ("cv2x", "frames", "numpy")
)
INSTALLED = (
    Distribution(name="frames", version="2.0", modules=("frames",)),
    Distribution(name="numpy", version="2.0", modules=("numpy",)),
)


@pytest.mark.parametrize(
    ("kind", "message", "rule"),
    [
        ("RuntimeError", "cannot import cv2x.core", "named-module-absent@2"),
        ("shop.Unready", "Could not import the class 'cv2x.core.Mat': nobody", "named-module-absent@2"),
        ("ValueError", "backend `cv2x.core.Mat` could not be imported", "named-module-absent@2"),
        ("ImportError", "Error while loading cv2x.core", "named-module-absent@2"),
        ("RuntimeError", "cannot import numpy.gone", "product-raised@1"),
        ("RuntimeError", "cannot import shop.gone", "product-raised@1"),
        ("RuntimeError", "cannot import zzyzx.gone", "product-raised@1"),
    ],
)  # fmt: skip
def test_what_a_message_could_not_import(red, raised, kind, message, rule):
    """Only what is asked for and nobody brings."""
    project = Project(name="shop", modules=frozenset({"shop"}), requirements=ASKED)
    link = raised(kind, message, "tests/test_cart.py:9:test_total", "shop/cart.py:7:total")

    assert red(link, project=project, distributions=INSTALLED).verdict().rule == rule


@pytest.mark.parametrize(
    ("asked", "culprit"), [((), "psycopg2"), (("psycopg2-binary",), "psycopg2-binary")]
)
def test_a_build_of_what_bears_the_name(red, raised, asked, culprit):
    """Which of the two is meant who asks for it knows; else it is the one of the module's name."""
    project = Project(
        name="shop",
        modules=frozenset({"shop"}),
        requirements=tuple(Requirement(name=one, text=one, file="setup.py") for one in asked),
    )
    made = red(
        raised(
            "ModuleNotFoundError", "No module named 'psycopg2'", attributes={"name": "psycopg2"}
        ),
        project=project,
    )

    assert made.verdict().culprit.name == culprit
    assert "psycopg2-binary" in made.suggestions()[0].text


@pytest.mark.parametrize(
    ("frames_version", "module", "category"),
    [
        ("2.0", "zzyzx", "compatibility"),
        ("1.0", "zzyzx", "missing_dependency"),
        ("2.0", "cv2x", "missing_dependency"),
    ],
)
def test_a_module_that_nobody_asks_for_beside_a_version_that_does_not_fit(
    red, raised, frames_version, module, category
):
    """What a library asks for and does not have is likelier to be why than what it does not ask
    for, and may only try.
    """
    webframe = Distribution(
        name="webframe", version="1.0", modules=("webframe",), requires=("frames<2", "cv2x")
    )
    frames = INSTALLED[0]._replace(version=frames_version)
    asked = "shop/cart.py:1:<module>", "lib/webframe/app.py:3:<module>"
    link = raised("ModuleNotFoundError", f"No module named '{module}'", *asked)

    made = red(link, phase="collect", distributions=(webframe, frames))

    assert made.verdict().category == category


@pytest.mark.parametrize(
    ("file", "more", "rule"),
    [
        ("shop/rules/__init__.py", (), "part-of-package-gone@1"),
        ("src/shop/rules/__init__.py", (), "part-of-package-gone@1"),
        ("shop/rules/__init__.py", ("shop/rules/octal.py",), "circular-import@2"),
        ("shop/rules/__init__.py", ("shop/rules/octal/__init__.py",), "circular-import@2"),
        ("shop/rules/other.py", (), "circular-import@2"),
        ("shop/__init__.py", (), "circular-import@2"),
    ],
)
def test_a_part_that_a_package_asks_itself_for(red, raised, file, more, rule):
    """Python says that it is a circle, most likely; where no file is there, it is none."""
    message = "cannot import name 'octal' from partially initialized module 'shop.rules' (most)"
    project = Project(name="shop", modules=frozenset({"shop"}), files=(file, *more))
    link = raised("ImportError", message, "tests/test_cart.py:1:<module>", f"{file}:3:<module>")

    assert red(link, phase="collect", project=project).verdict().rule == rule


@pytest.mark.parametrize(
    ("binds", "rule"),
    [
        (("Decimal", "rules"), "part-of-package-gone@1"),
        (("Decimal", "octal"), "circular-import@2"),
        (("Decimal", "*"), "circular-import@2"),
        ((), "circular-import@2"),
    ],
)
def test_a_part_that_another_module_asks_a_package_for(red, raised, binds, rule):
    """It is none where the package is known to bind no such name, either."""
    message = "cannot import name 'octal' from partially initialized module 'shop' (most)"
    init, file = "shop/__init__.py", "shop/cart.py"
    project = Project(
        name="shop",
        modules=frozenset({"shop"}),
        files=(init, file),
        sources={init: Source(binds=binds)},
    )
    link = raised("ImportError", message, f"{init}:1:<module>", f"{file}:3:<module>")

    assert red(link, phase="collect", project=project).verdict().rule == rule


@pytest.mark.parametrize(
    ("line", "declared", "distribution"),
    [
        ("from backports import zstd", "backports-zstd", "backports-zstd"),
        ("from backports import zstd", "backports-csv", "backports.tarfile"),
        ("from backports.zstd import open", "backports-zstd", "backports-zstd"),
    ],
)
def test_a_part_of_what_several_share_is_of_whom_the_project_asks(
    red, raised, line, declared, distribution
):
    """Python names no more than the part at the top that nobody brings; the line says the rest."""
    project = Project(requirements=(Requirement(name=declared, text=declared, file="setup.py"),))
    name = "backports"
    link = raised(
        "ModuleNotFoundError",
        f"No module named {name!r}",
        "shop/cart.py:3:<module>",
        attributes={"name": name},
        source=line,
    )

    assert red(link, phase="collect", project=project).verdict().culprit.name == distribution
