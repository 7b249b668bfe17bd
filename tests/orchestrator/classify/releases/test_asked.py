"""What the project requires, and what it imports: another version explains what fails of it."""

from __future__ import annotations

import pytest

from conftest_kit.records import Distribution
from orchestrator.checkout.project import Project
from orchestrator.checkout.requirements import Requirement
from orchestrator.checkout.source import Source

TEST = "tests/test_cart.py:9:test_total"
FRAMES = Distribution(name="frames", version="2.0", modules=("frames",))
INSTALLED = Distribution(name="shop", version="1.0", modules=("shop",), requires=("frames<2",))
FILES = ("shop/__init__.py", "shop/cart.py", "tests/test_cart.py")
THROUGH = {
    "tests/test_cart.py": Source(imports={"total": "shop.cart.total"}),
    "shop/cart.py": Source(imports={"fr": "frames"}),
}
ELSEWHERE = {"tests/test_cart.py": Source(imports={"pytest": "pytest", "json": "json"})}
PYTEST = Distribution(name="pytest", version="9.2.0", modules=("pytest",))


def shop(sources, *declared, file="pyproject.toml", group="", by=""):
    """A checkout whose files import these."""
    return Project(
        name="shop",
        modules=frozenset({"shop", "tests"}),
        files=FILES,
        sources=sources,
        requirements=tuple(
            Requirement(name="frames", text=text, file=file, group=group, by=by)
            for text in declared
        ),
    )


@pytest.mark.parametrize(
    ("project", "distributions"),
    [
        (shop(THROUGH), (INSTALLED, FRAMES, PYTEST)),
        (shop(THROUGH, "frames<2"), (FRAMES, PYTEST)),
    ],
)
def test_another_version_than_the_project_requires(red, raised, project, distributions):
    """By its metadata or its manifest; the test reaches it through the project's modules."""
    verdict = red(
        raised("AssertionError", "assert 1 == 2", TEST),
        project=project,
        distributions=distributions,
    ).verdict()

    assert (verdict.category, verdict.culprit.name) == ("compatibility", "frames")
    assert verdict.confidence < 0.8
    assert "requires frames<2, installed is frames 2.0" in verdict.evidence[2]


@pytest.mark.parametrize(
    ("project", "distributions"),
    [
        (shop(ELSEWHERE), (INSTALLED, FRAMES, PYTEST)),
        (shop(THROUGH, "frames==1.4", file="requirements.txt"), (FRAMES, PYTEST)),
        (shop(THROUGH, "frames<2", group="docs"), (FRAMES, PYTEST)),
        (shop(THROUGH, "frames<2", file="setup.py", by="setup.py test"), (FRAMES, PYTEST)),
        (shop(THROUGH, "frames>=1"), (FRAMES, PYTEST)),
    ],
)
def test_what_says_nothing_of_the_assertion(red, raised, project, distributions):
    """The test does not use it, a lock file has other pins, an extra asks for it, or it fits."""
    verdict = red(
        raised("AssertionError", "assert 1 == 2", TEST),
        project=project,
        distributions=distributions,
    ).verdict()

    assert verdict.category == "assertion"


def test_a_requirement_in_brackets_is_a_command(red, raised):
    """As metadata of before 2020 writes it."""
    bracketed = Distribution(
        name="shop", version="1.0", modules=("shop",), requires=("frames (<2,>=1)",)
    )
    made = red(
        raised("AssertionError", "assert 1 == 2", TEST),
        project=shop(THROUGH),
        distributions=(bracketed, FRAMES, PYTEST),
    )

    commands = [command for one in made.suggestions() for command in one.commands]
    assert any("frames<2,>=1" in command for command in commands), commands


RECORDED = (
    "assert {} == {}\n +  where {} = len([<warnings.WarningMessage object at 0x7f>, "
    "<warnings.WarningMessage object at 0x7e>])"
)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("self.assertEqual(len(w), 1)", "2 != 1"),
        ("self.assertEqual(1, len(caught))", "1 != 2"),
        ("assert len(record) == 1", RECORDED.format(2, 1, 2)),
        ("assert 1 == len(record)", RECORDED.format(1, 2, 2)),
    ],
)
def test_more_warnings_than_the_test_counts(red, raised, source, message):
    """Where one library is used: what warns beside the project is that."""
    made = red(
        raised("AssertionError", message, TEST, source=source),
        project=shop(THROUGH, "frames>=1"),
        distributions=(FRAMES, PYTEST),
    )

    assert made.verdict().culprit.name == "frames"
    assert made.verdict().confidence < 0.7


@pytest.mark.parametrize(
    ("source", "message", "sources"),
    [
        ("self.assertEqual(len(w), 1)", "0 != 1", THROUGH),
        ("self.assertEqual(1, len(w))", "1 != 0", THROUGH),
        ("self.assertEqual(len(rows), 1)", "2 != 1", THROUGH),
        ("self.assertEqual(len(w), 1)", "2 != 1", ELSEWHERE),
    ],
)
def test_no_more_warnings_than_the_test_counts(red, raised, source, message, sources):
    """Fewer are the project's own affair, other things are no warnings, nor is it who is not used."""
    verdict = red(
        raised("AssertionError", message, TEST, source=source),
        project=shop(sources, "frames>=1"),
        distributions=(FRAMES, PYTEST),
    ).verdict()

    assert verdict.category == "assertion"
