from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.checkout import project
from orchestrator.checkout.source import Guard, Source
from orchestrator.evaluate import checkout


def test_a_project_is_the_same_after_json():
    """Ours, with requirements, fixtures and modules; the folder alone is not kept."""
    read = project.read(Path(__file__).parents[3])
    guard = Guard(modules=("numpy",), names=("np",), lines=((3, 4),))
    said = Source(imports={"np": "numpy"}, guards=(guard,))
    sources = {"a.py": said, "b.py": Source(expects=((1, 2),))}
    document = json.loads(json.dumps(checkout.to_json(replace(read, sources=sources))))
    back = checkout.from_json(document)

    assert read.requirements
    assert read.fixtures
    assert back == replace(read, root=None, sources=sources)
    assert back.source("a.py") == said
    assert back.source("c.py") == Source()


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
        ({"sources": []}, "not a JSON object"),
        ({"sources": {"a.py": {"guards": [{}]}}}, "incomplete Guard"),
    ],
)
def test_refuses_another_shape(document, told):
    """The message says what is wrong."""
    with pytest.raises(ValueError) as refused:
        checkout.from_json(document)
    assert told in str(refused.value)
