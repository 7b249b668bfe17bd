"""Imports that are tried only because another one failed before."""

from __future__ import annotations

import pytest

from conftest_kit.records import Distribution
from orchestrator.checkout.project import Project
from orchestrator.checkout.requirements import Requirement

DOCUTILS = Distribution(name="docutils", version="0.22.2", modules=("docutils",))
OLDER = DOCUTILS._replace(version="0.21.2")
FRAMES = Distribution(name="frames", version="2.0", modules=("frames",))
WRITER = "lib/frames/writer.py:3:<module>"
PRINTED = """
Traceback (most recent call last):
  File "/env/lib/python3.12/site-packages/frames/writer.py", line 3, in <module>
    from docutils.utils.roman import toRoman
ModuleNotFoundError: No module named '{first}'

During handling of the above exception, another exception occurred:

… 936 bytes left out …
  File "/env/lib/python3.12/site-packages/frames/writer.py", line 5, in <module>
    from roman import toRoman
ModuleNotFoundError: No module named 'roman'
"""


def absent(raised, name, relation="root"):
    """An import that failed."""
    return raised(
        "ModuleNotFoundError",
        f"No module named {name!r}",
        WRITER,
        attributes={"name": name},
        relation=relation,
        source=f"from {name} import toRoman",
    )


@pytest.mark.parametrize(
    ("first", "then", "docutils", "expected"),
    [
        ("docutils.utils.roman", "roman", DOCUTILS, ("fallback-of-what-left@1", "docutils")),
        ("docutils.utils.roman", "roman", OLDER, ("missing-module@1", "roman")),
        ("docutils.utils.roman", "yaml", DOCUTILS, ("missing-module@1", "PyYAML")),
        ("distutils", "setuptools", DOCUTILS, ("missing-module@1", "setuptools")),
    ],
)
def test_what_left_is_why_its_substitute_is_asked_for(
    red, raised, *, first, then, docutils, expected
):
    """Where a release is known to have dropped it, and what is absent stands in its place."""
    chain = (absent(raised, then), absent(raised, first, "context"))

    verdict = red(*chain, distributions=(docutils, FRAMES)).verdict()

    assert (verdict.rule, verdict.culprit.name) == expected


@pytest.mark.parametrize(
    ("first", "expected"),
    [("docutils.utils.roman", "docutils"), ("frames.utils.roman", "roman")],
)
def test_so_where_it_was_only_printed(red, raised, first, expected):
    """Of a printed traceback the middle may be lost."""
    gave_up = raised("RuntimeError", "build failed", "tests/test_cart.py:9:build", source="raise x")
    made = red(
        gave_up,
        captured={"stderr": PRINTED.format(first=first)},
        distributions=(DOCUTILS, FRAMES),
    )

    assert made.verdict().culprit.name == expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("frozzle", ("missing-module-tried-first@1", "frozzle")),
        ("zz_yzx", ("missing-module@1", "zz-yzx")),
        ("attrs", ("missing-module-like-its-distribution@1", "zz-yzx")),
    ],
)
def test_of_two_that_will_do_the_one_that_is_asked_for(red, raised, asked, expected):
    """The other is only tried where that is not there."""
    project = Project(
        name="shop",
        requirements=(Requirement(name=asked.replace("_", "-"), text=asked, file="setup.py"),),
    )
    chain = (absent(raised, "zz_yzx"), absent(raised, "frozzle", "context"))

    verdict = red(*chain, project=project, distributions=(DOCUTILS,)).verdict()

    assert (verdict.rule, verdict.culprit.name) == expected
