"""Exception groups that a library made, where another release of it would not have."""

from __future__ import annotations

import pytest

from conftest_kit.records import Distribution
from orchestrator.checkout.project import Project
from orchestrator.checkout.requirements import Requirement
from orchestrator.checkout.source import Source

TEST = "tests/test_cart.py:9:test_total"
NURSERY = "lib/tasks/nursery.py:7:__aexit__"
TASKS = Distribution(name="tasks", version="4.1", modules=("tasks",))


def project(*pins, imports=()):
    """The test waits for an exception at its line 9, and a file pins the library."""
    return Project(
        name="shop",
        requirements=tuple(
            Requirement(name="tasks", text=text, file="requirements.txt") for text in pins
        ),
        sources={"tests/test_cart.py": Source(expects=((8, 9),), imports=dict(imports))},
    )


@pytest.fixture
def grouped(red, raised):
    """`grouped(member, …)`: what the rules say where these came out of the library in a group."""

    def verdict(*kinds, depth=1, **more):
        members = tuple((raised(kind, "x", "shop/cart.py:4:pay"),) for kind in kinds)
        for _ in range(depth):
            group = raised("ExceptionGroup", "of tasks", TEST, NURSERY, members=members)
            members = ((group,),)
        return red(group, distributions=(TASKS,), **more).verdict()

    return verdict


@pytest.mark.parametrize("pin", ["tasks==3.2.1", "tasks==3.*", "tasks~=3.2", "tasks<4"])
@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("kind", ["shop.Unpaid", "TimeoutError", "ValueError"])
def test_a_group_of_a_release_that_is_not_asked_for(grouped, pin, depth, kind):
    """Whatever one task raised: the library that wrapped it is to be as it is asked for."""
    verdict = grouped(kind, depth=depth, project=project(pin))

    assert verdict.rule == "group-of-another-release@1"
    assert (verdict.category, verdict.culprit.name) == ("compatibility", "tasks")


@pytest.mark.parametrize("pins", [(), ("tasks==4.*",), ("tasks==4.1",), ("tasks>=3",)])
def test_a_group_of_the_release_that_is_asked_for(grouped, pins):
    """The product's own exception, which would have come out of any release."""
    assert grouped("ValueError", project=project(*pins)).category != "compatibility"


def test_a_group_of_several(grouped):
    """Whoever let several tasks fail gets a group from every release."""
    verdict = grouped("ValueError", "KeyError", project=project("tasks==3.*"))

    assert verdict.category != "compatibility"


def test_a_check_inside_a_task(grouped):
    """An assertion that fails does so in a group and without."""
    assert grouped("AssertionError", project=project("tasks==3.*")).category == "assertion"


@pytest.mark.parametrize(
    ("imports", "category"),
    [({"Unpaid": "shop.Unpaid"}, "compatibility"), ({"Sold": "shop.Sold"}, "product_error")],
)
def test_a_group_where_its_member_is_expected(grouped, imports, category):
    """Where nothing is asked for: the test knows the class that came out inside the group."""
    assert grouped("shop.Unpaid", project=project(imports=imports)).category == category
