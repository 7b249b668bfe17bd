"""Async fixtures that no plugin took: the mark that is lacking, and the mode that is not meant."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conftest_kit.records import Distribution, Failure, Fixture

ASYNCIO = Distribution(
    name="pytest-asyncio",
    version="1.5.0",
    modules=("pytest_asyncio",),
    pytest_plugins={"asyncio": "pytest_asyncio.plugin"},
)
REFUSED = "'test_total' requested an async fixture '{}', with no plugin or hook that handled it."
MARKED = "lib/pytest_asyncio/plugin.py:565:setup"
FILLS = "lib/_pytest/fixtures.py:1290:execute"
FAILS = "lib/_pytest/outcomes.py:162:__call__"


@pytest.fixture(name="of")
def of_fixture(red, raised):
    """`of({test: (fixture, *places)}, …)`: tests that ask for an async fixture, or are async."""

    def made(tests, installed=(ASYNCIO,), origin="test"):
        failures = []
        for name, (fixture, *places) in tests.items():
            if fixture and places[-1:] != [FILLS]:
                link = raised("Failed", REFUSED.format(fixture), *places)
            elif fixture:
                link = raised("AssertionError", "", *places, source="assert not self._finalizers")
            else:
                link = raised("Failed", "async def functions are not natively supported.\n")
            failures.append(
                Failure(
                    nodeid=f"tests/test_cart.py::{name}",
                    phase="setup" if fixture else "call",
                    message=link.message,
                    exceptions=(link,),
                    fixtures=tuple(
                        Fixture("session", "function", "tests/test_cart.py", 4, origin=origin)
                        for _ in filter(None, (fixture,))
                    ),
                )
            )
        found = red(distributions=installed, plugins={"pytest-asyncio": "1.5.0"})
        return replace(found, recording=found.recording._replace(failures=tuple(failures)))

    return made


def test_the_fixture_lacks_the_mark_that_its_test_has(of):
    """What pytest says of the others follows from it."""
    found = of(
        {
            "test_a": ("session", FAILS),
            "test_b": ("session", MARKED, FILLS),
            "test_c": ("",),
        }
    )

    for name in ("test_a", "test_b"):
        verdict = found.verdict(name)
        assert (verdict.category, verdict.culprit.name) == ("fixture", "session")
        assert "`@pytest_asyncio.fixture` in place" in found.suggestions(name)[0].text
    assert found.verdict("test_c").category == "configuration"


@pytest.mark.parametrize(
    ("tests", "options"),
    [
        ({"test_a": ("session", FAILS), "test_b": ("",)}, {}),
        ({"test_a": ("session", FAILS), "test_b": ("basket", FAILS)}, {}),
        ({"test_a": ("session", MARKED, FAILS)}, {"origin": "installed"}),
        ({"test_a": ("session", MARKED, FAILS)}, {"installed": ()}),
    ],
    ids=["a test too", "several fixtures", "not the project's", "no plugin"],
)
def test_what_is_wrong_with_more_than_one_fixture(of, tests, options):
    """Nothing shows that the fixture is what is to be marked."""
    assert of(tests, **options).verdict("test_a").category != "fixture"


def test_the_one_fixture_of_a_test_that_is_not_async(of):
    """The mode is right for all the others."""
    assert of({"test_a": ("session", FAILS)}).verdict("test_a").culprit.name == "session"


def test_another_assertion_inside_pytest(of):
    """Without a fixture that was refused it is what it looks like."""
    assert of({"test_b": ("session", MARKED, FILLS)}).verdict().category == "compatibility"
