"""Which releases to go back to where no entry says which one broke it."""

from __future__ import annotations

import pytest
from packaging.requirements import Requirement as Requires

from conftest_kit.records import Distribution
from orchestrator.checkout.project import Project
from orchestrator.checkout.requirements import Requirement

TEST = "tests/test_cart.py:9:test_total"
LIB = "lib/frames/table.py:3:<module>"
GONE = ("ImportError", "cannot import name 'Row' from 'frames' (/v/frames/__init__.py)", TEST)


def frames(version, *others):
    """What is installed: the culprit and who asks for it."""
    return (Distribution(name="frames", version=version, modules=("frames",)), *others)


def asking(requirement):
    """An installed distribution that requires this."""
    return Distribution(name="shopkit", version="1.1", requires=(requirement,))


def declares(*texts):
    """A project that asks for the culprit so."""
    asked = (Requirement(name="frames", text=text, file="pyproject.toml") for text in texts)
    return Project(name="shop", requirements=tuple(asked))


@pytest.mark.parametrize(
    ("version", "pinned"),
    [
        ("3.1.4", "frames<3"),
        ("2025.1", "frames<2025"),
        ("1.24.0", "frames<1.24"),
        ("1.0.2", "frames<1"),
        ("0.28.1", "frames<0.28"),
        ("0.0.7", "frames<0.0.7"),
        ("3.0rc1", "frames<3"),
    ],
)
def test_a_guess_goes_below_the_major_version(red, raised, version, pinned):
    """Before 2.0 below the minor one; and it says that it is a guess."""
    made = red(raised(*GONE), distributions=frames(version))

    first = made.suggestions()[0]

    assert made.verdict().rule == "name-removed@2"
    assert f"`{pinned}` may be one (a guess" in first.text
    assert not first.commands
    assert first.confidence < 0.7


@pytest.mark.parametrize(
    ("asked", "pinned", "said"),
    [
        ((declares("frames>=1,<3"), ()), "frames<3,>=1", "pyproject.toml asks for frames<3,>=1"),
        ((None, (asking("frames~=2.4"),)), "frames~=2.4", "shopkit 1.1"),
    ],
)
def test_a_requirement_that_excludes_what_is_installed_is_used(red, raised, asked, pinned, said):
    """As a command, and it says whose it is."""
    project, others = asked
    made = red(raised(*GONE), distributions=frames("3.2.1", *others), project=project)

    suggestions = made.suggestions()

    commands = [command for one in suggestions for command in one.commands]
    assert any(pinned in command for command in commands), commands
    assert any(said in text for text in (*made.verdict().evidence, suggestions[0].text))


@pytest.mark.parametrize(
    ("named", "pinned"),
    [
        ("frames==2.9", "frames<3,>=2.9"),
        ("frames==3.1.7; python_version > '3'", "frames<3.2,>=3.1.7"),
        ("frames==4.0", "frames>=4.0"),
    ],
)
def test_what_a_file_of_the_project_names_tells_the_way(red, raised, named, pinned):
    """Back to it, but not to where it changed; or up to it."""
    made = red(raised(*GONE), distributions=frames("3.2.1"), project=declares(named))

    first = made.suggestions()[0]

    assert "pyproject.toml names" in first.text
    assert Requires(first.commands[0].split("'")[1]) == Requires(pinned)


def test_a_library_behind_python_is_not_brought_back(red, raised):
    """To an older release, which some file names: that is still more behind."""
    places = (TEST, "lib/frames/table.py:3:<module>")
    gone = raised("ModuleNotFoundError", "No module named 'imp'", *places)
    made = red(gone, distributions=frames("3.2.1"), project=declares("frames==2.9"))

    assert [one.commands for one in made.suggestions()] == [
        ("pip install --upgrade 'frames>3.2.1'",)
    ]


@pytest.mark.parametrize(
    ("asked", "pinned"),
    [
        ((None, (asking("frames<3; python_version < '3'"),)), "frames<3"),
        ((declares("frames<1; python_version < '3'"), ()), "frames<3"),
        ((declares("frames==1.0", "frames==3.2.1"), ()), "frames<3"),
        ((declares("frames>=3"), ()), "frames<3.2"),
        ((declares("frames>=3.2"), ()), "frames<3.2.1"),
        ((declares("frames>=1"), ()), "frames<3"),
        ((declares("frames>=3.2.1"), ()), "frames>3.2.1"),
    ],
)
def test_a_guess_keeps_what_others_ask_for(red, raised, asked, pinned):
    """The oldest release that is admitted can only be too old."""
    project, others = asked
    made = red(raised(*GONE), distributions=frames("3.2.1", *others), project=project)

    assert f"`{pinned}` may be one (a guess" in made.suggestions()[0].text


@pytest.mark.parametrize(
    ("others", "pinned"),
    [
        ((), "sqlalchemy>1.3.24"),
        ((asking("sqlalchemy<2"),), "sqlalchemy<1.3"),
        ((asking("sqlalchemy>=1.2"),), "sqlalchemy<1.3"),
    ],
)
def test_an_old_major_version_is_too_old(red, raised, others, pinned):
    """Unless somebody holds it back, or did with less: later major versions are known of it."""
    old = Distribution(name="sqlalchemy", version="1.3.24", modules=("sqlalchemy",))
    gone = "cannot import name 'zzyzx' from 'sqlalchemy.orm' (/v/sqlalchemy/orm/__init__.py)"
    made = red(raised("ImportError", gone, TEST, LIB), distributions=(old, *others))

    assert f"`{pinned}` may be one (a guess" in made.suggestions()[0].text


@pytest.mark.parametrize(
    ("version", "others", "pinned"),
    [
        ("4.6.3", (), "beautifulsoup4>4.6.3"),
        ("4.6.3", (asking("beautifulsoup4<4.8"),), "beautifulsoup4<4"),
        ("4.6.3", (asking("beautifulsoup4>=4.5"),), "beautifulsoup4<4.6"),
        ("4.13.4", (), "beautifulsoup4<4"),
    ],
)
def test_most_series_came_later(red, raised, version, others, pinned):
    """Within one major version too: what is far behind is rather too old than too new."""
    soup = Distribution(name="beautifulsoup4", version=version, modules=("bs4",))
    gone = "cannot import name 'zzyzx' from 'bs4' (/v/bs4/__init__.py)"
    made = red(raised("ImportError", gone, TEST, LIB), distributions=(soup, *others))

    assert f"`{pinned}` may be one (a guess" in made.suggestions()[0].text


@pytest.mark.parametrize(
    ("version", "asked", "pinned"),
    [
        ("1.3.24", "SQLAlchemy>=1.3", "SQLAlchemy>1.3.24"),
        ("1.3.24", "SQLAlchemy>=1.0", "SQLAlchemy<1.3"),
        ("2.0.30", "SQLAlchemy>=2.0", "SQLAlchemy<2.0.30"),
    ],
)
def test_where_somebody_asks_for_the_series_a_later_one_is_guessed(
    red, raised, version, asked, pinned
):
    """Before it there is nothing left to go back to; where a later major version is known."""
    column = {"obj": "sqlalchemy.sql.schema.Column", "name": "zzyzx"}
    lacks = raised(
        "AttributeError", "'Column' object has no attribute 'zzyzx'", TEST, attributes=column
    )
    known = Distribution(name="SQLAlchemy", version=version, modules=("sqlalchemy",))

    made = red(lacks, distributions=(known, asking(asked)))

    assert made.verdict().rule == "attribute-removed@2"
    assert f"`{pinned}` may have it (a guess" in made.suggestions()[0].text
