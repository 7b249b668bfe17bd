from __future__ import annotations

import pytest

from orchestrator.errors import UnreadableInput
from orchestrator.evaluate import cases


@pytest.mark.parametrize(
    ("project", "part"),
    [("Flask-Login", "tuned"), ("flask_login", "tuned"), ("tinydb", "scored"), ("", "tuned")],
)
def test_a_name_decides_the_part(project, part):
    """However the name is written; what was made up counts as tuned."""
    assert cases.part_of(project) == part


def test_the_first_cause_that_fits_has_a_failure():
    """A pattern for all the rest comes last; what fits none belongs to none."""
    patterns = [["tests/a.py*"], ["tests/*"]]
    nodeids = ["tests/a.py::test_x", "tests/b.py::test_x[1]", ""]

    assert cases.belonging(patterns, nodeids) == [0, 1, None]
    assert cases.belonging([["*"]], [""]) == [0]


def test_reads_what_a_folder_holds(write_case, both):
    """By name, with the part of the project and the kind that the folder names."""
    write_case("b", *both, project="tinydb")
    folder = write_case("a", *both, kind="adversarial")
    first, second = cases.read_all(folder)

    assert (first.name, first.kind, first.part) == ("a", "adversarial", "tuned")
    assert (second.name, second.kind, second.part) == ("b", "runs", "scored")
    assert [cause.category for cause in first.causes] == ["missing_dependency", "assertion"]
    assert first.causes[0].remedy.install == ("PyYAML==6.0.2",)
    assert len(first.recording.failures) == 2
    assert first.project.name == "shop"


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("run.json", "{", "run"),
        ("label.json", "[]", "label.json must hold a JSON object"),
        ("label.json", "{", "label.json cannot be read"),
        ("label.json", "{}", "label.json: KeyError: 'causes'"),
        (
            "label.json",
            '{"causes": [{"category": "bad", "kind": "", "tests": []}]}',
            "'bad' is no category",
        ),
        ("project.json", '{"files": 1}', "not a list: 1"),
        ("records.ndjson", "{\n", "1 records are damaged"),
    ],
)
def test_names_the_file_that_cannot_be_read(write_case, missing, file, content, told):
    """A damaged case is said, not scored."""
    folder = write_case("a", *missing)
    (folder / "runs" / "a" / file).write_text(content)

    with pytest.raises(UnreadableInput) as refused:
        list(cases.read_all(folder))
    assert told in str(refused.value)
    assert str(folder / "runs" / "a") in str(refused.value)


def test_says_that_there_are_none(tmp_path):
    """A wrong folder is no perfect score."""
    with pytest.raises(UnreadableInput) as refused:
        list(cases.read_all(tmp_path))
    assert "there are no cases below" in str(refused.value)
