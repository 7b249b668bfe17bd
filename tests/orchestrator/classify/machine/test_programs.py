"""Programs that are not there: however they were looked for, and whatever would bring them."""

from __future__ import annotations

import pytest

from conftest_kit.records import Distribution
from orchestrator.checkout.project import Project
from orchestrator.checkout.requirements import Requirement
from orchestrator.checkout.source import Source
from orchestrator.checkout.uses import Use

TEST = "tests/test_cart.py:9:test_total"
STARTS = "std/subprocess.py:9:_execute_child"
ASKS = Project(
    name="shop",
    modules=frozenset({"shop"}),
    requirements=(Requirement(name="ruff", text="ruff>=1", file="requirements-tests.txt"),),
)
NOT_THERE = {"filename": "ruff"}
STATUS = {"returncode": 127, "cmd": "ruff check ."}


@pytest.mark.parametrize(
    ("raising", "places", "fields"),
    [
        (("FileNotFoundError", ""), (TEST, STARTS), {"attributes": NOT_THERE, "phase": "call"}),
        (
            ("FileNotFoundError", ""),
            ("tests/conftest.py:4:made", STARTS),
            {"attributes": NOT_THERE, "phase": "setup"},
        ),
        (
            ("FileNotFoundError", ""),
            ("tests/conftest.py:4:<module>", STARTS),
            {"attributes": NOT_THERE, "phase": "start"},
        ),
        (
            ("subprocess.CalledProcessError", "Command failed"),
            (TEST,),
            {"attributes": STATUS, "phase": "call"},
        ),
        (
            ("sheller.Absent", "no 'ruff'"),
            (TEST, "lib/frames/table.py:3:which"),
            {"attributes": {}, "phase": "call"},
        ),
    ],
)
def test_a_program_of_a_distribution_that_is_asked_for(red, raised, raising, places, fields):
    """What the project asks for and is not installed brings the program of its name."""
    phase = fields["phase"]
    link = raised(*raising, *places, attributes=fields["attributes"], source="raise Absent(name)")

    verdict = red(link, project=ASKS, phase=phase).verdict()

    assert (verdict.category, verdict.culprit.type, verdict.culprit.name) == (
        "missing_dependency",
        "distribution",
        "ruff",
    )


@pytest.mark.parametrize(
    ("asked", "culprit"),
    [
        (("ruff-core>=2",), "ruff-core"),
        (("ruff-core>=2", "ruff-lsp"), "ruff"),
        (("ruffle-core",), "ruff"),
        (('ruff-core; python_version < "3"',), "ruff"),
    ],
    ids=["one", "two", "another word", "on another Python"],
)
def test_a_program_that_is_called_like_what_is_always_needed(red, raised, asked, culprit):
    """The only distribution that is needed, not there and has the same first word."""
    needed = [
        Requirement(name=text.split(">")[0].split(";")[0], text=text, file="pyproject.toml")
        for text in asked
    ]
    link = raised("FileNotFoundError", "", TEST, STARTS, attributes=NOT_THERE)
    project = Project(name="shop", requirements=tuple(needed))

    assert red(link, project=project).verdict().culprit.name == culprit


@pytest.mark.parametrize(
    ("project", "distributions", "culprit"),
    [
        (Project(name="shop"), (), ("program", "ruff")),
        (
            ASKS,
            (Distribution(name="ruff", version="1.0", modules=("ruff",)),),
            ("variable", "PATH"),
        ),
    ],
)
def test_a_program_that_no_absent_distribution_brings(red, raised, project, distributions, culprit):
    """It is a system's where nobody asks for it; PATH's where its distribution is there."""
    link = raised("FileNotFoundError", "", TEST, STARTS, attributes=NOT_THERE)

    found = red(link, project=project, distributions=distributions).verdict().culprit

    assert (found.type, found.name) == culprit


@pytest.mark.parametrize(
    ("raising", "fields", "rule"),
    [
        (
            ("shop/machine.py:7:find", "(Absent(...), 'dot', ['/usr/bin'])"),
            {
                "attributes": {"path": ["/usr/local/bin", "/usr/bin"]},
                "source": "raise Absent(name, path)",
            },
            "program-not-found@1",
        ),
        (
            ("shop/machine.py:7:which", "dot"),
            {"attributes": {}, "source": "raise Absent(name)"},
            "program-not-found@1",
        ),
        (
            ("lib/frames/a.py:7:which", "dot"),
            {"attributes": {}, "source": "raise Absent(name)"},
            "program-not-found@1",
        ),
        (
            ("shop/machine.py:7:find_executable", "no `dot`"),
            {"attributes": {}, "source": "raise X"},
            "program-not-found@1",
        ),
        (
            ("shop/machine.py:7:which", "dot"),
            {"attributes": {}, "source": "return names[name]"},
            "product-raised@1",
        ),
        (
            ("shop/cli.py:7:find_command", "no `dot`"),
            {"attributes": {}, "source": "raise Absent(name)"},
            "product-raised@1",
        ),
        (
            ("shop/cart.py:7:total", "no 'dot'"),
            {"attributes": {"files": ["/srv/a", "/srv/b"]}, "source": "raise Absent(name)"},
            "product-raised@1",
        ),
    ],
)
def test_a_function_that_looks_on_path(red, raised, raising, fields, rule):
    """It says so by its name or by the folders that it kept, whatever the class of what it raises;
    a bug in it, and a command of the product's own, are something else.
    """
    place, message = raising
    link = raised("shop.Absent", message, TEST, place, **fields)

    assert red(link).verdict().rule == rule


WKHTML = "wkhtmltopdf not found"


@pytest.mark.parametrize(
    ("source", "at", "message", "is_one"),
    [
        ("raise RuntimeError('wkhtmltopdf not found')", 8, WKHTML, True),
        ("if not path: raise RuntimeError('wkhtmltopdf not found')", 8, WKHTML, True),
        ("raise RuntimeError(MISSING)", 40, WKHTML, True),
        ("raise RuntimeError(MISSING)", 40, "no price was found", False),
        ("render('wkhtmltopdf', raise_error=True)", 8, WKHTML, False),
    ],
)
def test_what_a_test_looks_for_and_raises_itself(red, raised, *, source, at, message, is_one):
    """In the function that raised, or in its file where the message names the program."""
    use = Use(kind="program", name="wkhtmltopdf", at=at, lines=((at, at + 2),))
    project = Project(
        name="shop",
        modules=frozenset({"shop"}),
        sources={"tests/test_cart.py": Source(uses=(use,))},
    )

    verdict = red(raised("RuntimeError", message, TEST, source=source), project=project).verdict()

    assert (verdict.rule == "program-looked-for@1") is is_one
