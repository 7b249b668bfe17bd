"""What runs of public projects, each broken in one known way, taught; reduced to the records."""

from __future__ import annotations

import pytest

from conftest_kit.records import Distribution
from orchestrator.checkout.project import FixtureDefinition, Project
from orchestrator.checkout.project import read as read_project

TEST = "tests/test_cart.py:9:test_total"
SHOP = "shop/cart.py:7:total"
MISMATCH = (
    "ScopeMismatch: You tried to access the function scoped fixture {} with a session scoped"
    " request object"
)


def test_a_project_that_asks_for_its_own_extra_owns_its_modules(red, raised, tmp_path):
    """`dev = ["shop[test]"]` makes no other distribution of the project that is installed."""
    (tmp_path / "src/shop").mkdir(parents=True)
    (tmp_path / "src/shop/__init__.py").touch()
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "shop"\n[project.optional-dependencies]\ndev = ["shop[test]"]\n', "utf-8"
    )

    verdict = red(
        raised(
            "ModuleNotFoundError",
            "No module named 'shop.card'",
            "src/shop/cart.py:3:<module>",
            attributes={"name": "shop.card"},
        ),
        phase="collect",
        project=read_project(tmp_path),
        distributions=(Distribution(name="shop", version="1.0", modules=("shop",)),),
    ).verdict()

    assert (verdict.category, verdict.kind) == ("product_error", "missing_module")


@pytest.mark.parametrize("place", [SHOP, "lib/webframe/forms.py:3:parse"])
def test_an_assertion_of_called_code_asks_for_a_distribution(red, raised, place):
    """`assert parse is not None, "… must be installed"` in a library is no test's assertion."""
    message = "The `python-multipart` library must be installed to use form parsing."

    verdict = red(raised("AssertionError", message, TEST, place)).verdict()

    assert (verdict.category, verdict.culprit.name) == ("missing_dependency", "python-multipart")


def test_the_same_words_in_a_test_do_not_decide(red, raised):
    """What a test asserts itself is its data."""
    message = "The `python-multipart` library must be installed to use form parsing."

    assert red(raised("AssertionError", message, TEST)).verdict().category == "assertion"


@pytest.mark.parametrize(
    ("kind", "message", "attributes"),
    [
        ("AttributeError", "module 'frames' has no attribute 'Row'", {"name": "Row"}),
        ("AttributeError", "'T' object has no attribute 'r'", {"obj": "frames.core.T"}),
        ("ImportError", "cannot import name 'Row' from 'frames'", {"name": "frames"}),
    ],
)
def test_the_requirement_that_is_not_met_is_named(red, raised, kind, message, attributes):
    """Where own code stumbles over a version that metadata forbids, the requirement is the evidence."""
    found = red(raised(kind, message, SHOP, attributes=attributes))

    assert found.verdict().kind == "unmet_requirement"
    assert "webframe 0.110 requires frames<2, installed is frames 2.0" in found.verdict().evidence
    assert any("frames<2" in line for line in found.suggestions()[0].commands)


def test_an_attribute_called_like_a_module_is_none(red, raised):
    """The name that an AttributeError carries is that of the attribute."""
    verdict = red(
        raised("AttributeError", "'C' object has no attribute 'frames'", SHOP,
               attributes={"name": "frames", "obj": "shop.cart.C"})
    ).verdict()  # fmt: skip

    assert verdict.category == "product_error"


@pytest.mark.parametrize(
    "stack",
    [
        (
            "Requesting fixture stack:\nconftest.py:4:  def basket({})\nRequested fixture:\n"
            "../lib/python3.11/site-packages/_pytest/tmpdir.py:328:  def {}(request)"
        ),
        "involved factories:\nconftest.py:1:  def outer(basket)\nconftest.py:4:  def basket({})",
    ],
    ids=["pytest 8", "pytest 7"],
)
@pytest.mark.parametrize(
    ("asked", "remedy"),
    [
        ("tmp_path", "tmp_path_factory.mktemp"),
        ("monkeypatch", "pytest.MonkeyPatch.context()"),
        ("capsys", "not the project's to widen"),
    ],
)
def test_who_asks_too_widely(red, raised, stack, asked, remedy):
    """The project's fixture is to be changed, not pytest's own that it asks for."""
    message = f"{MISMATCH.format(asked)}, {stack.format(asked, asked)}"

    found = red(raised("Failed", message), phase="setup", fixtures=[("basket", "conftest.py", 4)])

    assert found.verdict().culprit.name == "basket"
    assert any("conftest.py:4" in line for line in found.verdict().evidence)
    assert remedy in found.suggestions()[0].text


def test_a_plugin_that_asks_too_widely(red, raised):
    """A plugin's fixture cannot be changed: the one it asks for can."""
    stack = "/v/site-packages/plugin.py:4:  def wide(loop)\nRequested fixture:\nconftest.py:9:  def loop()"

    verdict = red(
        raised("Failed", f"{MISMATCH.format('loop')}. Requesting fixture stack:\n{stack}"),
        phase="setup",
    ).verdict()

    assert verdict.culprit.name == "loop"


def test_a_fixture_of_an_example_is_out_of_question(red, raised):
    """An example that is a project of its own does not define what these tests ask for."""
    project = Project(
        name="shop",
        fixtures=(
            FixtureDefinition(
                name="client", function="client", file="examples/blog/conftest.py", line=4
            ),
        ),
        parts=("examples/blog",),
    )
    lookup = raised(
        "_pytest.fixtures.FixtureLookupError",
        "fixture 'client' not found",
        attributes={"argname": "client", "available": ["clients"]},
    )

    verdict = red(lookup, phase="setup", project=project).verdict()

    assert verdict.rule.startswith("fixture-misspelt@")
