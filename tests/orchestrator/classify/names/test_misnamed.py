"""Names of distributions that stand where others belong: in an import, or misspelt."""

from __future__ import annotations

import pytest

from conftest_kit.records import Distribution
from orchestrator.checkout.project import Project
from orchestrator.checkout.requirements import Requirement
from orchestrator.classify.names.spelling import is_typo

PYYAML = Distribution(name="PyYAML", version="6.0.3", modules=("_yaml", "yaml"))
FOLDED = Distribution(name="zz-tables", version="2.0", modules=("zztab", "zztables", "tests"))
EDITABLE = Distribution(name="zzyzx", version="1.0")
TEST = "tests/test_cart.py:9:test_total"


def _imported(red, raised, module, *, declared=(), distributions=()):
    project = Project(
        name="shop",
        modules=frozenset({"shop"}),
        requirements=tuple(Requirement(name=one, text=one, file="setup.py") for one in declared),
    )
    link = raised(
        "ModuleNotFoundError", f"No module named {module!r}", TEST, attributes={"name": module}
    )
    return red(link, project=project, distributions=(FOLDED, PYYAML, *distributions))


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("PyYAML", "`import yaml` at tests/test_cart.py:9"),
        ("pyyaml", "`import yaml` at tests/test_cart.py:9"),
        ("zz_tables", "`import zztab` or `import zztables` at tests/test_cart.py:9"),
    ],
)
@pytest.mark.parametrize("is_declared", [True, False])
def test_what_is_installed_is_imported_by_its_other_name(red, raised, module, said, is_declared):
    """Declared or not: nothing is missing, and nothing is to be installed."""
    declared = (module.lower().replace("_", "-"),) if is_declared else ()
    made = _imported(red, raised, module, declared=declared)

    (first, *others) = made.suggestions()

    assert made.verdict().rule == "import-by-distribution-name@1"
    assert (first.commands, others) == ((), [])
    assert said in first.text


@pytest.mark.parametrize(
    ("module", "declared", "culprit", "said"),
    [
        ("beautifulsoup4", (), "beautifulsoup4", "`import bs4`"),
        ("python_dateutil", (), "python-dateutil", "`import dateutil`"),
        ("scikit_learn", (), "scikit-learn", "`import sklearn`"),
        ("protobuf", (), "protobuf", "`import google.protobuf`"),
        ("opencv", ("opencv-python",), "opencv-python", "`import cv2`"),
    ],
)
def test_what_is_not_installed_is_to_be_imported_otherwise_too(
    red, raised, module, *, declared, culprit, said
):
    """To install it alone would leave the test as red as it is."""
    made = _imported(red, raised, module, declared=declared)

    assert made.verdict().rule == "missing-and-misnamed@1"
    assert made.verdict().culprit.name == culprit
    assert said in made.suggestions()[0].text


@pytest.mark.parametrize(
    ("module", "declared", "rule"),
    [
        ("requests", ("requests",), "missing-module@1"),
        ("dateutil", (), "missing-module@1"),
        ("google", (), "missing-module-unverified@1"),
        ("utils", (), None),
        ("record", (), "missing-module-unverified@1"),
        ("zz_yzx", ("zz-yzx",), "missing-module@1"),
    ],
)
def test_a_module_of_the_name_that_is_imported(red, raised, module, declared, rule):
    """What brings it, or may for all that is known, is not misnamed; nor is a word that only an
    affix makes a distribution's.
    """
    found = _imported(red, raised, module, declared=declared).verdict().rule

    assert found == rule or (rule is None and "misnamed" not in found)


@pytest.mark.parametrize(
    ("declared", "rule"),
    [
        ("reqeusts", "missing-look-alike@1"),
        ("pandass", "missing-look-alike@1"),
        ("shoptools", "missing-module@1"),
        ("httpx", "missing-module@1"),
    ],
)
def test_a_declared_name_that_nobody_knows(red, raised, declared, rule):
    """Next to a popular one nothing is installed on its word."""
    made = _imported(red, raised, declared, declared=(declared,))

    assert made.verdict().rule == rule
    is_to_be_installed = any(one.commands for one in made.suggestions())
    assert is_to_be_installed is (rule == "missing-module@1")


@pytest.mark.parametrize(
    ("declared", "is_said"), [("reqeusts", True), ("reqstool", False), ("httpx", False)]
)
def test_a_misspelt_requirement_on_what_is_imported_rightly(red, raised, declared, is_said):
    """It is said beside what is to be installed, so that the other is not."""
    (first, *_) = _imported(red, raised, "requests", declared=(declared,)).suggestions()

    assert first.commands == ("pip install requests",)
    assert ("`reqeusts` in setup.py" in first.text) is is_said


@pytest.mark.parametrize("declared", [("zzyzx",), ()])
def test_what_is_installed_is_not_said_to_be_absent(red, raised, declared):
    """Though its module is: the files may not be complete, or the release another."""
    made = _imported(red, raised, "zzyzx", declared=declared, distributions=(EDITABLE,))

    assert made.verdict().rule == "installed-without-module@1"
    assert "not installed" not in made.suggestions()[0].text


@pytest.mark.parametrize(
    ("typed", "meant", "is_one"),
    [
        ("reqeusts", "requests", True),
        ("request", "requests", True),
        ("rrequests", "requests", True),
        ("requezts", "requests", True),
        ("requests", "requests", False),
        ("reuqetss", "requests", False),
        ("six", "sax", False),
    ],
)
def test_one_slip_of_the_keyboard(typed, meant, is_one):
    """Of short names nothing can be told."""
    assert is_typo(typed, meant) is is_one
