from __future__ import annotations

import json

import pytest

from corpus_memory_logging import StoreError, interactions, queries
from corpus_memory_logging.interactions import Imported

INTERACTION = {"input": "hi", "intent": {"a": 1}, "result": {"emotion": "joy"}, "outcome": "ok"}
RECORDS = [
    {"timestamp": "2025-01-01T00:00:01", **INTERACTION, "emotion": "joy"},
    {"timestamp": "2025-01-01T00:00:02", "suggestion": "Resolve 2 failing test(s)", "context": {"failures": 2}},
    {"timestamp": "2025-01-01T00:00:03", "suggestion": "Resolve 2 failing test(s)"},
    {"timestamp": "2025-01-01T00:00:04", "test_failure": {"test": "t.py::test_1", "log": "logs/pytest.log", "artifacts": ["htmlcov"]}},
    {"timestamp": "2025-01-01T00:00:05", "ritual": "dawn", "steps": ["one", "two"]},
    {"timestamp": "2025-01-01T00:00:06", "suggestion": "with more", "weight": 3},
]  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    """The predecessor's data, current, rotated and quarantined, with a line that stands in two."""
    folder = tmp_path / "data"
    folder.mkdir()
    lines = [json.dumps(record) for record in RECORDS]
    (folder / "interactions.jsonl").write_text("\n".join([*lines[3:], "", "{broken"]) + "\n")
    (folder / "interactions-20250101_000003.jsonl").write_text("\n".join(lines[:3]) + "\n")
    (folder / "interactions.quarantine.jsonl").write_text(f"not json\n[1]\n{lines[0]}\n")
    (folder / "other.jsonl").write_text(lines[0])
    return folder


def test_files_come_back_as_they_were(store, folder):
    """In the order of time, which is UTC with its offset now; malformed lines are counted."""
    taken = interactions.take_in(store, folder)

    assert taken == Imported(added=6, repeated=1, malformed=3)
    assert interactions.load(store) == [
        {**record, "timestamp": f"{record['timestamp']}.000000+00:00"} for record in RECORDS
    ]


def test_taking_in_again_adds_nothing(store, folder):
    """Neither the folder nor one of its files, also after a file was rotated."""
    interactions.take_in(store, folder)
    (folder / "interactions.jsonl").rename(folder / "interactions-20250101_000009.jsonl")

    assert interactions.take_in(store, folder).added == 0
    assert interactions.take_in(store, folder / "interactions-20250101_000009.jsonl").added == 0
    assert len(interactions.load(store)) == 6


def test_lines_without_a_time_keep_their_order(store, tmp_path):
    """They get that of the rotation, else of the file."""
    rotated = tmp_path / "interactions-20250102_030405.jsonl"
    rotated.write_text('{"ritual": "one"}\n{"ritual": "two", "timestamp": "never"}\n')

    interactions.take_in(store, rotated)

    assert interactions.load(store) == [
        {"timestamp": "2025-01-02T03:04:05.000000+00:00", "ritual": "one"},
        {"timestamp": "2025-01-02T03:04:05.000001+00:00", "ritual": "two"},
    ]


def test_more_lines_than_one_transaction_takes(store, tmp_path):
    """All come in, in their order; bytes that are no UTF-8 are no obstacle."""
    path = tmp_path / "interactions.jsonl"
    path.write_bytes(b"".join(b'{"ritual": "%d \xff"}\n' % number for number in range(2500)))

    assert interactions.take_in(store, path).added == 2500
    assert interactions.load(store, 1)[0]["ritual"] == "2499 \ufffd"


def test_a_file_that_cannot_be_read_says_so(store, tmp_path):
    """By its path."""
    with pytest.raises(StoreError, match=r"cannot read '.*missing\.jsonl': No such file"):
        interactions.take_in(store, tmp_path / "missing.jsonl")


@pytest.mark.parametrize(("limit", "number"), [(None, 6), (2, 2), (99, 6), (0, 0), (-1, 0)])
def test_a_limit_counts_from_the_end(store, folder, limit, number):
    """The last ones, the oldest of them first."""
    interactions.take_in(store, folder)

    found = interactions.load(store, limit)

    assert [record["timestamp"][18] for record in found] == list("123456"[6 - number :])


def test_what_reviews_found_is_there_too(store, make):
    """Each fact is kept once, so failures and suggestions of runs are among the records."""
    review = make.review()
    store.remember(review)

    records = interactions.load(store)

    assert {record.get("suggestion") for record in records} == {
        None,
        "Install PyYAML",
        "Guard the import",
    }
    assert {"test": "tests/test_a.py::test_x[1]", "log": review.archive} in [
        record.get("test_failure") for record in records
    ]


def test_records_without_a_run_are_listed(store, folder):
    """Suggestions and failures told by hand stand beside those of reviews."""
    interactions.take_in(store, folder)

    (failure,) = queries.failures(store)
    found = queries.suggestions(store)
    shown = queries.show(store, failure["failure_id"])

    assert (failure["nodeid"], failure["run_id"], failure["cause_id"]) == (
        "t.py::test_1",
        None,
        None,
    )
    assert {row["text"] for row in found} == {"Resolve 2 failing test(s)"}
    assert [row["context"] for row in found] == [None, {"failures": 2}]
    assert shown["context"] == {"log": "logs/pytest.log", "artifacts": ["htmlcov"]}
    assert (shown["record"], shown["cause"], shown["artifacts"]) == (None, None, [])
    assert queries.show(store, found[0]["suggestion_id"])["cause"] is None
