"""Keys that are no time zone's, and those whose data lack."""

from __future__ import annotations

import pytest

TEST = "tests/test_cart.py:9:test_total"
SITE = "/shop/.venv/lib/python3.11/site-packages/tzdata/zoneinfo"
SAID = "'No time zone found with key {}'"
NOT_FOUND = "zoneinfo._common.ZoneInfoNotFoundError"


def _asked(red, raised, key, **more):
    missing = raised(
        "FileNotFoundError",
        "[Errno 2] No such file or directory",
        "std/zoneinfo/_common.py:12:load_tzdata",
        attributes={"errno": 2, "filename": f"{SITE}/{key}"},
        relation="context",
    )
    said = raised(
        NOT_FOUND,
        SAID.format(key),
        TEST,
        "std/zoneinfo/_common.py:24:load_tzdata",
        source="raise ZoneInfoNotFoundError(f'No time zone found with key {key}')",
        bases=("KeyError",),
    )
    return red(said, missing, **more)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("Europe/Belin", "Write `Europe/Berlin` in place of `Europe/Belin`"),
        ("Asia/Calcuta", "Write `Asia/Calcutta`"),
        ("Zzyzx", "Correct `Zzyzx`"),
    ],
)
def test_a_key_that_is_no_time_zone(red, raised, key, said):
    """No data lack, whatever file was looked for among what is installed."""
    made = _asked(red, raised, key)

    assert made.verdict().rule == "time-zone-unknown@1"
    assert made.verdict().culprit.name == "tests/test_cart.py"
    assert made.suggestions()[0].text.startswith(said)
    assert "tests/test_cart.py:9" in made.suggestions()[0].text


@pytest.mark.parametrize(
    ("kind", "message", "rule"),
    [
        ("pytz.exceptions.UnknownTimeZoneError", "'Europe/Belin'", "time-zone-unknown@1"),
        ("pytz.exceptions.UnknownTimeZoneError", "'Europe/Berlin'", "time-zone@1"),
        (NOT_FOUND, SAID.format("Europe/Berlin"), "time-zone@1"),
    ],
)
def test_the_data_of_a_time_zone_that_there_is(red, raised, kind, message, rule):
    """Lack on the machine."""
    assert red(raised(kind, message, TEST, bases=("KeyError",))).verdict().rule == rule


@pytest.mark.parametrize(
    ("filename", "rule"),
    [
        ("/shop/.venv/lib/python3.11/site-packages/frames/a.json", "installed-file-missing@1"),
        ("/shop/.tox/py/lib/python3.11/site-packages/frames/a.json", "installed-file-missing@1"),
        ("/usr/lib/python3/dist-packages/frames/a.json", "installed-file-missing@1"),
        ("/shop/shop/a.json", "project-file-missing@1"),
        ("/shop/lib/a.json", "project-file-missing@1"),
    ],
)
def test_a_file_among_what_is_installed(red, raised, filename, rule):
    """Is not the project's to bring back, though its environment lies in the checkout."""
    link = raised(
        "FileNotFoundError",
        "",
        "shop/cart.py:7:total",
        attributes={"errno": 2, "filename": filename},
    )

    assert red(link).verdict().rule == rule
