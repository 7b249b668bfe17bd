from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator import project
from orchestrator.evaluate import checkout


def test_a_project_is_the_same_after_json():
    """Ours, with requirements, fixtures and modules; the folder alone is not kept."""
    read = project.read(Path(__file__).parents[3])
    imports = {"a.py": {"np": "numpy"}}
    document = json.loads(json.dumps(checkout.to_json(replace(read, imports=imports))))
    back = checkout.from_json(document)

    assert read.requirements
    assert read.fixtures
    assert back == replace(read, root=None, imports=imports)
    assert back.imported_names("a.py") == {"np": "numpy"}
    assert back.imported_names("b.py") == {}


def test_passes_over_what_it_does_not_know():
    """A file of a newer version still reads."""
    document = {"name": "shop", "newer": 1, "fixtures": []}

    assert checkout.from_json(document) == project.Project(name="shop")


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"fixtures": {}}, "not a list"),
        ({"fixtures": [1]}, "must be a JSON object"),
        ({"fixtures": [{"name": "db"}]}, "incomplete FixtureDefinition"),
    ],
)
def test_refuses_another_shape(document, told):
    """The message says what is wrong."""
    with pytest.raises(ValueError) as refused:
        checkout.from_json(document)
    assert told in str(refused.value)
