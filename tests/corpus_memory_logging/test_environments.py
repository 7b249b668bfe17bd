from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from corpus_memory_logging import environments

NAMES = st.sampled_from(["numpy", "six", "yaml"])
CONTENT = st.fixed_dictionaries(
    {},
    optional={
        "distributions": st.dictionaries(NAMES, st.sampled_from("123")),
        "python": st.dictionaries(st.just("version"), st.sampled_from("123")),
        "sys_path": st.lists(NAMES),
    },
)


@given(CONTENT, CONTENT)
def test_changes_mirror_each_other(before, after):
    """What appears one way disappears the other, and nothing differs from itself."""
    there = environments.changes(before, after)
    back = environments.changes(after, before)

    assert [(item["name"], item["before"], item["after"]) for item in there] == [
        (item["name"], item["after"], item["before"]) for item in back
    ]
    assert environments.changes(before, before) == []


def test_an_environment_has_an_id_of_16_digits():
    """Keys of either sign."""
    assert environments.identify(-1) == "f" * 16
    assert environments.identify(1) == "0" * 15 + "1"
