"""When releases came out: `orchestrator/classify/releases/dates.py`, on what its file says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.classify.releases import dates

JANUARY_2024 = {
    "click": "8.1.7",
    "flask": "3.0.2",
    "Jinja2": "3.1.3",
    "packaging": "23.2",
    "pytest": "7.4.4",
    "pandas": "2.1.4",
    "attrs": "23.2.0",
    "my-own": "1.0",
}


def spans(versions):
    """Of those that are known."""
    return {name: one for name, version in versions.items() if (one := dates.span(name, version))}


def month(year, number):
    """As they are counted."""
    return (year - 2000) * 12 + number - 1


def test_the_month_in_which_most_were_the_newest():
    """Distributions that are not known do not count."""
    found = dates.moment(spans(JANUARY_2024).values())

    assert found.first <= month(2024, 1) <= found.last
    assert (found.fitting, found.known) == (7, 7)


def test_one_that_came_later_is_not_of_the_moment():
    """The others decide."""
    found = dates.moment(spans({**JANUARY_2024, "pandas": "3.0.1"}).values())
    later = dates.span("pandas", "3.0.1")

    assert (found.fitting, found.known) == (6, 7)
    assert found.months_from(later) == month(2026, 1) - found.last


def test_one_that_was_replaced_long_before():
    """The months are negative."""
    found = dates.moment(spans({**JANUARY_2024, "click": "7.0"}).values())

    assert found.months_from(dates.span("click", "7.0")) == month(2020, 3) - found.first


@pytest.mark.parametrize(
    "versions",
    [
        {"click": "8.1.7", "flask": "3.0.2"},
        {**dict.fromkeys(JANUARY_2024, "1.0"), "flask": "3.0.2", "click": "8.1.7"},
        {},
    ],
)
def test_no_moment(versions):
    """Few are known, or each is of another time."""
    assert dates.moment(spans(versions).values()) is None


def test_what_is_newer_than_what_is_known():
    """It came after the releases were listed."""
    assert dates.span("pandas", "99.0").first == dates.listed()


@pytest.mark.parametrize(
    ("name", "version"), [("my-own", "1.0"), ("click", "8.77"), ("click", "x")]
)
def test_what_is_not_known(name, version):
    """An unknown distribution, a minor release that never was, no version at all."""
    found = dates.span(name, version)

    assert found is None or found.first == dates.listed()


def test_what_was_the_newest():
    """By month; before the first release nothing."""
    assert dates.newest_at("Click", month(2024, 1)) == (8, 1)
    assert dates.newest_at("click", month(2001, 1)) is None
    assert dates.newest_at(dates.PYTHON, month(2024, 1)) == (3, 12)


@given(st.sampled_from(sorted(JANUARY_2024)), st.integers(0, 400))
def test_one_release_is_the_newest_at_a_time(name, at):
    """Or in the month of a change both; as `newest_at` says."""
    newest = dates.newest_at(name, at)
    known = {
        minor: dates.span(name, f"{minor[0]}.{minor[1]}") for minor in dates.months(name.lower())
    }

    assert newest is None or known[newest].first <= at


def test_a_month_in_words():
    """As evidence has it."""
    assert dates.said(month(2024, 2)) == "February 2024"


def test_one_release_that_was_over_before_the_others_came_out():
    """However far apart these are."""
    others = {"flask": "3.0.2", "packaging": "24.2", "pytest": "9.0.0", "pandas": "2.1.4"}
    name, found = dates.since_one(spans({**others, "click": "7.0"}))

    assert (name, found.first, found.fitting, found.known) == ("click", month(2023, 8), 4, 5)
    assert found.said == "August 2023 or later"
    assert dates.since_one(spans({**others, "click": "8.1.7"})) is None
    assert dates.since_one(spans({"flask": "3.0.2", "click": "7.0"})) is None
    assert dates.since_one({}) is None


def test_what_has_very_many_releases_is_known_for_years():
    """The oldest ones are asked for too."""
    assert dates.span("fastapi", "0.100.0").first == month(2023, 7)
