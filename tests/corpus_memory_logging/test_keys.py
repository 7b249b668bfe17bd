from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_memory_logging import keys

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@given(st.lists(ANY_TEXT, max_size=3), st.lists(ANY_TEXT, max_size=3))
def test_keys_stand_for_their_parts(one, other):
    """Different parts have different keys, which fit into 64 bits with a sign."""
    assert (keys.key(*one) == keys.key(*other)) == (one == other)
    assert -(2**63) <= keys.key(*one) < 2**63


def test_keys_never_change():
    """They are in databases."""
    assert keys.key("demo", "tests/test_a.py::test_x") == 5079610022230171918
    assert keys.identifier("demo", "x") == "a55488da316002a8"


@given(ANY_TEXT)
def test_storable_text_can_be_stored(text):
    """It has a UTF-8 form without NUL, and text that had one already stays as it is."""
    stored = keys.storable(text)

    assert b"\0" not in stored.encode()
    assert keys.storable(stored) == stored


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=9,
    )
)
def test_values_come_back(value):
    """From the JSON that the memory keeps."""
    assert keys.from_text(keys.to_text(value)) == value


def test_json_survives_what_is_not_json():
    """A lone surrogate becomes a question mark, an object its text."""
    assert keys.from_text(keys.to_text({"a": "x\udc80", "b": {1j}})) == {"a": "x?", "b": "{1j}"}


@given(st.datetimes(timezones=st.timezones()), st.datetimes(timezones=st.just(UTC)))
def test_moments_sort_as_time(one, other):
    """As text, whatever their zones were."""
    assert (keys.moment(one) < keys.moment(other)) == (one < other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-01T12:00:00.5Z", "2026-01-01T12:00:00.500000+00:00"),
        ("2026-01-01T12:00:00+02:00", "2026-01-01T10:00:00.000000+00:00"),
        ("2026-01-01T12:00:00", "2026-01-01T12:00:00.000000+00:00"),
        ("0001-01-01T00:00:00+10:00", None),
        ("noon", None),
        ("", None),
    ],
)
def test_times_as_somebody_wrote_them(text, expected):
    """Become the memory's form, or nothing."""
    assert keys.moment_of(text) == expected


def test_fresh_identifiers_differ():
    """16 hex digits, new each time."""
    first, second = keys.fresh_identifier(), keys.fresh_identifier()

    assert first != second
    assert len(bytes.fromhex(first)) == 8


def test_moment_is_utc():
    """With microseconds, also where there are none."""
    assert keys.moment(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000000+00:00"
