"""Modules that there are on other systems alone."""

from __future__ import annotations

import pytest

from conftest_kit.records import Environment
from orchestrator.checkout.project import Project
from orchestrator.checkout.requirements import Requirement

TEST = "tests/test_cart.py:9:test_total"


@pytest.mark.parametrize(
    ("module", "system", "said"),
    [
        ("winreg", "Linux", 'behind `if sys.platform == "win32":`'),
        ("msvcrt", "Darwin", "There is nothing to install on macOS"),
        ("win32api", "Linux", "only on Windows"),
        ("win32clipboard", "Linux", "only on Windows"),
        ("pywintypes", "Linux", "only on Windows"),
        ("objc", "Linux", "only on macOS"),
        ("fcntl", "Windows", 'behind `if os.name == "posix":`'),
        ("uvloop", "Windows", "only on Unix"),
        ("uvloop", "Linux", None),
        ("win32api", "Windows", None),
        ("winreg", "", None),
        ("yaml", "Linux", None),
    ],
)
@pytest.mark.parametrize("declared", [(), ("pywin32", "uvloop")])
def test_a_module_of_another_system(red, raised, module, system, *, said, declared):
    """Nothing is to be installed, whatever asks for it."""
    project = Project(
        name="shop",
        modules=frozenset({"shop"}),
        requirements=tuple(Requirement(name=one, text=one, file="setup.py") for one in declared),
    )
    link = raised(
        "ModuleNotFoundError", f"No module named {module!r}", TEST, attributes={"name": module}
    )
    environment = Environment(python={"version": "3.12.4"}, platform={"system": system})
    made = red(link, project=project)
    run = made.recording.run._replace(environment=environment)
    made = type(made)(recording=made.recording._replace(run=run), project=project)

    (first, *_) = made.suggestions()

    assert (made.verdict().rule == "module-of-another-system@1") is bool(said)
    assert not said or (said in first.text and first.commands == ())


def test_a_module_of_the_project_of_such_a_name(red, raised):
    """Is gone from the project."""
    project = Project(name="shop", modules=frozenset({"shop", "resource"}))
    link = raised(
        "ModuleNotFoundError", "No module named 'winreg.x'", TEST, attributes={"name": "winreg.x"}
    )
    own = Project(name="shop", modules=project.modules | {"winreg"})

    assert red(link, project=own).verdict().category == "product_error"
