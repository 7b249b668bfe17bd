"""What brings back what a Python has no more."""

from __future__ import annotations

import pytest

from conftest_kit.records import Distribution
from orchestrator.checkout.project import Project
from orchestrator.checkout.requirements import Requirement

WEBFRAME = Distribution(name="webframe", version="1.8", modules=("webframe",))
SINCE_3_13 = 'legacy-cgi>=2; python_version >= "3.13"'
LEGACY = Distribution(name="legacy-cgi", version="2.6", modules=("cgi", "cgitb"))


@pytest.mark.parametrize(
    ("requires", "declared", "there", "culprit"),
    [
        ((SINCE_3_13,), "", (), "legacy-cgi"),
        ((), SINCE_3_13, (), "legacy-cgi"),
        ((), "", (), "Python"),
        (('legacy-cgi; python_version < "3"',), "", (), "Python"),
        (('legacy-cgi; extra == "old"',), "", (), "Python"),
        ((SINCE_3_13,), "", (LEGACY,), "Python"),
    ],
    ids=["required", "declared", "nobody asks", "for another Python", "an extra", "it is there"],
)
def test_what_brings_it_back_is_asked_for(red, raised, *, requires, declared, there, culprit):
    """By who imports it, or by the project, and for this Python: then it is only not installed."""
    asked = [
        Requirement(name="legacy-cgi", text=text, file="setup.py") for text in [declared] if text
    ]
    gone = raised(
        "ModuleNotFoundError",
        "No module named 'cgi'",
        "lib/webframe/compat.py:5:<module>",
        attributes={"name": "cgi"},
    )
    made = red(
        gone,
        python="3.13.1",
        project=Project(name="shop", requirements=tuple(asked)),
        distributions=(WEBFRAME._replace(requires=requires), *there),
    )

    assert made.verdict().culprit.name == culprit
