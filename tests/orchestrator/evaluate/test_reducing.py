"""What is measured of the reducer: on cases whose decisive lines are known by hand."""

from __future__ import annotations

import json

import pytest

from conftest_kit.records import Failure, Raised
from orchestrator.evaluate import cases, reducing

YAML = "tests/test_yaml.py"
"""Whose failures the label puts down to PyYAML."""


@pytest.fixture
def measured(write_case, missing):
    """`measured(failure)` is the reduction of one case with it; without, of a missing yaml."""
    usual, (label,) = missing

    def measure(*failures, max_tokens=2000, beside=()):
        folder = write_case("yaml-gone", failures or usual, [label], project="shop")
        for number, other in enumerate(beside):
            write_case(f"other-{number}", [other], [{**label, "tests": ["*"]}])
            path = folder / "runs" / f"other-{number}" / "run.json"
            path.write_text(json.dumps({**json.loads(path.read_text()), "project": "another"}))
        found = {case.name: case for case in cases.read_all(folder)}
        return reducing.measure([found.pop("yaml-gone"), *found.values()], max_tokens=max_tokens)

    return measure


def test_what_fits_is_kept_by_all(measured):
    """A failure of two lines is no matter for anybody."""
    found = measured()

    assert (found.causes, found.large, found.lost) == (1, 0, ())
    assert {name: kept.all for name, kept in found.means.items()} == dict.fromkeys(found.means, 1.0)


def test_what_does_not_fit_is_lost(measured):
    """With no room at all, nothing is kept: the measure can fail."""
    found = measured(max_tokens=4)

    assert found.large == 1
    assert {kept.all for kept in found.means.values()} == {0.0}
    assert found.lost == ("yaml-gone",)


def test_a_long_message_hides_what_was_raised_from_the_tail(measured):
    """The tail of a message of a thousand lines is its tail."""
    long = "\n".join(["No module named 'yaml'", *(f"line {number}" for number in range(3000))])
    raised = Raised(type="ModuleNotFoundError", message=long)
    found = measured(Failure(phase="collect", nodeid=YAML, exceptions=(raised,)))

    assert found.means["reducer"].all == found.means["head"].all == 1.0
    assert found.means["tail"].all == 0.0


def test_noise_is_what_other_projects_print(measured):
    """Among 20 kB of others' exceptions neither end of the text has the failure's own."""
    others = [
        Failure(phase="call", nodeid=f"test_{number}.py", message=f"error {number}\n" * 2000)
        for number in range(3)
    ]

    found = measured(beside=others)

    assert found.means["reducer"].all == found.means["reducer"].noisy == 1.0
    assert found.means["head"].noisy < found.means["head"].all
    assert found.means["tail"].noisy < found.means["tail"].all


def test_the_culprit_must_be_left_too(measured):
    """What was raised is not enough where another line names the culprit."""
    message = "\n".join(["cannot load", *["…" * 900] * 20, "is PyYAML installed?"])
    failure = Failure(
        phase="call", nodeid=YAML, exceptions=(Raised(type="ImportError", message=message),)
    )

    found = measured(failure)

    assert found.means["reducer"].all == 1.0
    assert found.means["head"].all == 0.0


@pytest.mark.parametrize("name", ["py-yaml", "py_yaml", "Py.Yaml"])
def test_names_are_compared_as_distributions_are(name):
    """`-`, `_` and `.` are one, in any case, and a part of a word is no name."""
    found = [*reducing._around(["install Py-YAML now", "mypy-yamls", "happy-yaml"], [name])]

    assert found == ["install Py-YAML now"]
