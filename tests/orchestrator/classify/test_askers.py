"""A distribution that asks another for what it no longer has: which of the two is behind."""

from __future__ import annotations

import pytest

from conftest_kit.records import Distribution
from orchestrator.project import Project, Requirement

TEST = "tests/test_cart.py:9:test_total"
ASKS = "lib/webframe/app.py:3:<module>"
FRAMES = Distribution(name="frames", version="2.0", modules=("frames",))
GONE = "cannot import name 'Row' from 'frames'"


def webframe(version="1.4"):
    """The asker."""
    return Distribution(name="webframe", version=version, modules=("webframe",))


def holding(requirement):
    """Another distribution that requires the asker."""
    return Distribution(name="plugs", version="1", modules=("plugs",), requires=(requirement,))


@pytest.mark.parametrize(
    ("distributions", "declared", "culprit"),
    [
        ((webframe(), FRAMES), "webframe", "webframe"),
        ((webframe(), FRAMES, holding("webframe>=1")), "webframe>=1", "webframe"),
        ((webframe(), FRAMES, holding("webframe<2")), "webframe", "frames"),
        ((webframe(), FRAMES), "webframe==1.4", "frames"),
        ((webframe("0.4"), FRAMES, holding("webframe<0.5")), "webframe", "frames"),
        ((webframe("0.4"), FRAMES, holding("webframe<1")), "webframe", "webframe"),
    ],
)
def test_the_asker_is_behind_unless_it_is_held_back(red, raised, distributions, declared, culprit):
    """Where its next major release is not admitted, the one that dropped the name has to wait."""
    project = Project(
        name="shop",
        requirements=(Requirement(name="webframe", text=declared, file="pyproject.toml"),),
    )

    verdict = red(
        raised("ImportError", GONE, TEST, ASKS), project=project, distributions=distributions
    ).verdict()

    assert (verdict.category, verdict.culprit.name) == ("compatibility", culprit)


def test_the_project_is_no_asker(red, raised):
    """What its own line imports is for the project to mend."""
    verdict = red(raised("ImportError", GONE, TEST), distributions=(webframe(), FRAMES)).verdict()

    assert verdict.culprit.name == "frames"


@pytest.mark.parametrize(
    ("places", "kind"),
    [
        (("shop/cart.py:7:<module>", ASKS), "python_version"),
        (("shop/cart.py:7:<module>", ASKS, "lib/webframe/view.py:3:check"), "python_version"),
        (("shop/cart.py:7:<module>", ASKS, "lib/frames/table.py:3:read"), "library_raised"),
        (("shop/cart.py:7:total", "lib/webframe/app.py:3:get"), "library_raised"),
        ((ASKS, "shop/cart.py:7:total"), "exception"),
    ],
)
def test_only_what_fails_all_by_itself_cannot_be_imported(red, raised, places, kind):
    """Called with something, or calling others, it may fail for what it was given."""
    verdict = red(raised("ValueError", "x", *places), distributions=(webframe(), FRAMES)).verdict()

    assert verdict.kind == kind
