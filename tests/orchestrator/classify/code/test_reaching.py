"""What a test uses of what changed: told by the functions that it reaches, where the source says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conftest_kit.records import Distribution, Environment, Run
from corpus_memory_logging.records import Green
from orchestrator.checkout.project import Project
from orchestrator.checkout.source import Source

COMMIT = {"commit": "a" * 40, "dirty": False}
NAMES = ("abc", "frames", "digits", "sums", "till", "web", "zlibs")
LIBRARIES = tuple(Distribution(name=one, version="2.0", modules=(one,)) for one in NAMES)
TEST, CART, SUMS = "tests/test_cart.py", "shop/cart.py", "shop/sums.py"


def _sources(mentions):
    return {
        TEST: Source(
            imports={"cart": "shop.cart", "till": "till"},
            mentions={"test_total": ("cart.total",), "test_till": ("till.open", "cart.none")},
        ),
        CART: Source(
            imports={"fr": "frames", "sums": "shop.sums", "web": "web"},
            mentions={
                "total": ("fr.Table", "_more"),
                "_more": ("sums.Sum", "_more"),
                "none": ("web.get",),
                **mentions,
            },
        ),
        SUMS: Source(imports={"n": "digits"}, mentions={"Sum.add": ("n.add",)}),
    }


@pytest.fixture
def upgraded(red, raised):
    """`upgraded(test, mentions=…)`: an assertion failed after all of these distributions went up."""

    def make(test="test_total", git=COMMIT, now=COMMIT, **mentions):
        made = red(
            raised("AssertionError", "assert 1 == 2", f"{TEST}:3:{test}"),
            nodeid=f"{TEST}::{test}",
            distributions=LIBRARIES,
            project=Project(
                name="shop",
                modules=frozenset({"shop", "tests"}),
                files=(TEST, CART, SUMS),
                sources=_sources(mentions),
            ),
        )
        run = made.recording.run
        run = run._replace(environment=run.environment._replace(git=now))
        before = Environment(
            python={"version": "3.12.4"},
            platform={"system": "Linux"},
            distributions=dict.fromkeys(NAMES, "1.0"),
            git=git,
        )
        green = Green(run=Run(run_id="green", environment=before), passed=frozenset())
        return replace(made, recording=made.recording._replace(run=run), green=green)

    return make


def test_what_the_test_reaches_is_said_first(upgraded):
    """By the functions that it calls, the nearest first; then what its files import."""
    first = "frames 1.0 → 2.0; digits 1.0 → 2.0; till 1.0 → 2.0; web 1.0 → 2.0; abc 1.0 → 2.0"

    verdict = upgraded().verdict()

    assert verdict.evidence[-2:] == (
        f"Changed since run green, in which it passed: {first}; 2 more distributions",
        "Of what changed the test uses frames 1.0 → 2.0; digits 1.0 → 2.0",
    )


def test_several_that_changed_leave_it_an_assertion(upgraded):
    """What to look at is said in the remedy."""
    made = upgraded()

    assert made.verdict().category == "assertion"
    assert "uses frames 1.0 → 2.0; digits 1.0 → 2.0" in made.suggestions()[0].text


def test_the_only_one_that_the_test_uses(upgraded):
    """With the same code it is the likeliest cause."""
    made = upgraded(_more=())

    verdict = made.verdict()

    assert (verdict.category, verdict.culprit.name) == ("compatibility", "frames")
    assert verdict.confidence <= 0.8
    assert made.suggestions()[0].commands == ("pip install frames==1.0",)


@pytest.mark.parametrize("now", [{**COMMIT, "dirty": True}, {"commit": "b" * 40, "dirty": False}])
def test_where_the_code_changed_it_may_be_that(upgraded, now):
    """Nothing tells that it is the distribution."""
    assert upgraded(_more=(), now=now).verdict().category == "assertion"


def test_where_no_source_says(upgraded):
    """What the files import comes first, and nothing is made of it."""
    made = upgraded(test="test_other")

    assert made.verdict().category == "assertion"
    assert "till 1.0 → 2.0; web 1.0 → 2.0; abc" in made.verdict().evidence[-1]
