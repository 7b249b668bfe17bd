from __future__ import annotations

import pytest

from corpus_memory_logging.statements import _pieces, statement


def test_only_lines_whose_parameters_are_given_count():
    """`-- if` and `-- unless` are about values; None is none, 0 is one."""
    text = statement("causes", {"run": 0, "since": None}, engine="sqlite")

    assert "occurrences.run = :run" in text
    assert "causes.last_run" not in text
    assert ":since" not in text
    assert "--" not in text


def test_fragments_are_put_in():
    """Those of the engine, and those with conditions of their own."""
    text = statement("failures", {"search": "x", "kind": "y"}, engine="sqlite")

    assert "texts_search MATCH :search" in text
    assert "occurrences.kind = :kind" in text
    assert "{" not in text


@pytest.mark.parametrize("name", sorted(_pieces("sqlite")))
def test_a_name_is_a_statement_or_a_fragment(name):
    """Every piece has text and ends where the next begins."""
    text = _pieces("sqlite")[name]

    assert text
    assert "-- name" not in text
