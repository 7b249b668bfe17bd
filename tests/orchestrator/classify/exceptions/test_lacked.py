"""A distribution that is asked for and absent, where the failure only hints at one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conftest_kit.records import Distribution
from orchestrator.checkout.project import Project
from orchestrator.checkout.requirements import Requirement
from orchestrator.checkout.source import Source

TEST = "tests/test_cart.py:9:test_total"
SHOP = "shop/cart.py:7:total"
LIBRARY = "lib/webframe/app.py:3:get"
ASKED = Project(
    name="shop",
    modules=frozenset({"shop"}),
    requirements=(
        Requirement(name="cv2x", text="cv2x", file="setup.py", group="test", is_extra=True),
        Requirement(name="frames", text="frames", file="setup.py"),
    ),
)
ABSENT = ("missing_dependency", "cv2x")
NOTHING = (None, None)


@pytest.mark.parametrize(
    ("kind", "message", "places", "source", "expected"),
    [
        ("shop.Unready", "You must have cv2x installed.", (TEST, SHOP), "raise X", ABSENT),
        ("ValueError", "No. Install shop or cv2x.", (TEST, LIBRARY), "raise X", ABSENT),
        ("SystemExit", "cv2x was not installed", (TEST, SHOP), "sys.exit(SAID)", ABSENT),
        ("webframe.PluginNotFound", "no plugin cv2x", (TEST, LIBRARY), "raise X", ABSENT),
        ("webframe.MissingBackend", "backend: cv2x", (TEST, LIBRARY), "raise X", ABSENT),
        ("shop.Unready", "You must have frames installed.", (TEST, SHOP), "raise X", NOTHING),
        ("shop.Unready", "You must have zzyzx installed.", (TEST, SHOP), "raise X", NOTHING),
        ("shop.Unready", "cv2x has no colour. Installed.", (TEST, SHOP), "raise X", NOTHING),
        ("ValueError", "no plugin cv2x", (TEST, LIBRARY), "raise X", NOTHING),
        ("KeyError", "install cv2x", (TEST, SHOP), "all[name]", NOTHING),
        ("ValueError", "no cv2x installed", (TEST,), "raise X", NOTHING),
    ],
)
def test_what_a_sentence_names(red, raised, kind, message, places, source, expected):  # noqa: PLR0917
    """Only what somebody asks for and is not there, where code raises on purpose to say so."""
    verdict = red(raised(kind, message, *places, source=source), project=ASKED).verdict()

    missing = verdict.category == "missing_dependency"
    assert (verdict.category, verdict.culprit.name) == expected if expected[0] else not missing


@pytest.mark.parametrize("written", ["form_data", "form-data", "Form-Data"])
def test_an_extra_whose_name_is_written_in_another_way(red, raised, written):
    """Names of extras are compared as those of distributions are."""
    webframe = Distribution(
        name="webframe",
        version="1.0",
        modules=("webframe",),
        extras=("form_data",),
        requires=("cv2x; extra == 'form_data'",),
    )
    link = raised("ImportError", f"Install webframe[{written}].", SHOP, LIBRARY)

    verdict = red(link, distributions=(webframe,)).verdict()

    assert (verdict.category, verdict.culprit.name) == ABSENT


NEEDED = Requirement(name="docoptx", text="docoptx", file="setup.py")
STARTS = {"tests/test_cart.py": Source(imports={"run": "subprocess.run"})}


@pytest.mark.parametrize(
    ("message", "entry", "sources", "is_told"),
    [
        ("1 != 0", NEEDED, STARTS, True),
        ("assert 'Usage' in ''", NEEDED, STARTS, True),
        ("1 != 0", NEEDED, {}, False),
        ("3 != 4", NEEDED, STARTS, False),
        ("1 != 0", Requirement(name="x", text="docoptx", file="s", group="dev"), STARTS, False),
        ("1 != 0", replace(NEEDED, file="requirements-dev.txt"), STARTS, False),
        ("1 != 0", Requirement(name="frames", text="frames", file="s"), STARTS, False),
    ],
)
def test_a_program_that_ends_without_a_word(red, raised, message, entry, sources, is_told):  # noqa: PLR0917
    """What the project always needs, where a test starts programs and sees nothing else."""
    project = Project(name="shop", requirements=(entry,), sources=sources)

    verdict = red(raised("AssertionError", message, TEST), project=project).verdict()

    assert (verdict.category == "missing_dependency") is is_told


def test_a_program_of_which_more_was_seen(red, raised):
    """What it printed that it died of is why, whatever else the project lacks."""
    printed = 'Traceback (most recent call last):\n  File "a.py", line 1, in x\nTypeError: no'
    died = raised("subprocess.CalledProcessError", "status 1", TEST)
    project = Project(name="shop", requirements=(NEEDED,), sources=STARTS)

    assert red(died, project=project).verdict().category == "missing_dependency"
    told = red(died, project=project, captured={"stderr": printed}).verdict()
    assert told.category != "missing_dependency"


@pytest.mark.parametrize(
    ("requires", "source", "culprit"),
    [
        ("tills>=2", "raise ValueError('no such mode')", "tills"),
        ("tills>=2", "modes[mode]", None),
        ("pip>=23", "raise ValueError('no such mode')", None),
    ],
    ids=["it refuses", "it stumbles", "what installs"],
)
def test_what_the_project_requires_and_is_not_there(red, raised, requires, source, culprit):
    """It explains who refuses what is given, not who stumbles; an environment may lack pip."""
    shop = Distribution(name="shop", version="1.0", modules=("shop",), requires=(requires,))
    link = raised("ValueError", "no such mode", TEST, SHOP, source=source)

    verdict = red(link, project=Project(name="shop"), distributions=(shop,)).verdict()

    named = verdict.culprit.name if verdict.category == "missing_dependency" else None
    assert named == culprit


@pytest.mark.parametrize(
    ("program", "rule"),
    [
        ("git", "program-fails@1"),
        ("python3", "process-lacks-requirement@1"),
        ("shop", "process-lacks-requirement@1"),
        ("/env/bin/shop.py", "process-lacks-requirement@1"),
    ],
)
def test_a_program_that_is_no_python(red, raised, program, rule):
    """What the project needs and is not there is nothing to it."""
    project = Project(
        name="shop",
        requirements=(Requirement(name="docoptx", text="docoptx>=0.6", file="setup.py"),),
        sources={"tests/test_cart.py": Source(imports={"run": "subprocess.run"})},
    )
    died = raised(
        "subprocess.CalledProcessError",
        f"Command '['{program}']' returned non-zero exit status 2.",
        "tests/test_cart.py:9:test_total",
        attributes={"cmd": [program], "returncode": 2},
    )

    assert red(died, project=project).verdict().rule == rule


def test_a_name_that_a_lambda_lacks(red, raised):
    """The function that holds it is named."""
    chain = raised(
        "NameError",
        "name 'txn' is not defined",
        "shop/cart.py:7:begin",
        "shop/weak.py:3:map",
        "shop/cart.py:8:<lambda>",
        attributes={"name": "txn"},
    )

    assert "It is asked for in `begin`, at shop/cart.py:8" in red(chain).suggestions()[0].text
