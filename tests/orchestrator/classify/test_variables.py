"""A variable that is set, in place of the release of what stumbled over it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conftest_kit.records import Distribution
from orchestrator.checkout.project import Project
from orchestrator.checkout.source import Source
from orchestrator.checkout.uses import Use

ALONE = (Distribution(name="frames", version="2.0", modules=("frames",)),)
READS = "params['backend'] = os.environ.get('FRAMESBACKEND')"
IMPORTED = "lib/frames/__init__.py:12:<module>"
TEST = "tests/test_cart.py:1:<module>"
CONFTEST = "tests/conftest.py:5:basket"
OWN = "cannot import name '_fast' from 'frames.core' (/env/frames/core/__init__.py)"
SAYS = "Bad program. It can be set via $FRAMES_PROGRAM."


def using(name, at):
    """A project whose code reads a variable at that line, in a function that begins there."""
    use = Use(kind="variable", name=name, at=at, lines=((at, 40),))
    return Project(name="shop", sources={"shop/cart.py": Source(uses=(use,))})


def read_at(link, place):
    """The link, of whose frames this one reads the variable."""
    frames = [
        frame._replace(source=READS) if at == place else frame
        for at, frame in enumerate(link.frames)
    ]
    return link._replace(frames=tuple(frames))


@pytest.mark.parametrize("kind", ["ValueError", "KeyError", "ImportError", "frames.BadBackend"])
@pytest.mark.parametrize("phase", ["collect", "setup", "call", "start"])
def test_what_a_library_reads_on_the_way(red, raised, kind, phase):
    """Whatever came of it, and whenever."""
    link = raised(kind, "'qt4' is none", TEST, IMPORTED, "lib/frames/table.py:3:check")
    made = red(read_at(link, 1), phase=phase, variables=("FRAMESBACKEND",), distributions=ALONE)

    assert made.verdict().culprit.name == "FRAMESBACKEND"
    assert made.verdict().category == "environment"


@pytest.mark.parametrize(
    ("kind", "last", "variables"),
    [
        ("ValueError", "lib/frames/table.py:3:check", ()),
        ("ValueError", "shop/cart.py:7:total", ("FRAMESBACKEND",)),
        ("ModuleNotFoundError", "lib/frames/table.py:3:check", ("FRAMESBACKEND",)),
    ],
)
def test_what_a_library_reads_and_is_not_to_blame(red, raised, kind, last, variables):
    """It is not set; own code ran below; or a module is not there, which has rules of its own."""
    link = raised(kind, "No module named 'zzyzx'", TEST, IMPORTED, last)
    verdict = red(read_at(link, 1), variables=variables, distributions=ALONE).verdict()

    assert verdict.category != "environment"


@pytest.mark.parametrize(
    ("kind", "variables", "rule"),
    [
        ("ImportError", ("FRAMES_PROGRAM",), "variable-named-by-refusal@1"),
        ("OSError", ("FRAMES_PROGRAM",), "variable-named-by-refusal@1"),
        ("RuntimeError", ("FRAMES_PROGRAM",), "variable-named-is-set@1"),
        ("ImportError", (), "library-fails-on-import@2"),
    ],
)  # fmt: skip
def test_a_refusal_that_names_a_variable(red, raised, kind, variables, rule):
    """Only where it was set in this run."""
    link = raised(kind, SAYS, IMPORTED, "lib/frames/table.py:3:refresh", source="raise Bad(said)")

    assert red(link, variables=variables, distributions=ALONE).verdict().rule == rule


@pytest.mark.parametrize(
    ("variables", "asker", "rule"),
    [
        (("FRAMES_IMPLEMENTATION",), "lib/frames/a.py:3:<module>", "variable-chooses-what-is-not-there@1"),
        (("SHOP_IMPLEMENTATION",), "lib/frames/a.py:3:<module>", "own-name-lacking@1"),
        (("FRAMES_IMPLEMENTATION",), "shop/cart.py:1:<module>", "name-removed@2"),
        (("FRAMES_IMPLEMENTATION",), "lib/frames/a.py:3:__getattr__", "name-removed@2"),
    ],
)  # fmt: skip
def test_a_name_that_a_library_lacks_of_itself(red, raised, variables, asker, rule):
    """No other release took it away."""
    link = raised("ImportError", OWN, asker, attributes={"name": "frames.core"})
    made = red(link, variables=variables, distributions=ALONE)

    assert made.verdict().rule == rule
    assert rule == "name-removed@2" or made.verdict().confidence < 0.9


@pytest.mark.parametrize(
    ("source", "variables", "category"),
    [
        ("raise Exception(output)", ("GIT_WORK_TREE",), "environment"),
        ("raise Exception(output)", ("GIT_DIR_OF_OURS",), "fixture"),
        ("raise Exception(output)", ("HOME",), "fixture"),
        ("git('init')", ("GIT_WORK_TREE",), "fixture"),
    ],
)
def test_what_the_tests_raise_of_a_program_that_names_a_variable(
    red, raised, source, variables, category
):
    """A helper raises what a program said; one that is set and named there is why."""
    link = raised("Exception", "fatal: GIT_WORK_TREE at HOME", CONFTEST, source=source)
    made = red(
        link, phase="setup", variables=variables, fixtures=[("basket", "tests/conftest.py", 4)]
    )

    assert made.verdict().category == category


@pytest.mark.parametrize(
    ("function", "variables", "culprit"),
    [
        ("get_localzone", ("TZ",), "TZ"),
        ("_tz_from_env", ("TZ",), "TZ"),
        ("tzlocal", ("TZ",), "TZ"),
        ("get_localzone", (), None),
        ("zone_of", ("TZ",), None),
        ("localized", ("TZ",), None),
    ],
)
def test_a_time_zone_that_the_machine_says(red, raised, function, variables, culprit):
    """`TZ` is why where the local zone was asked for, not where the code names one."""
    kind = "zoneinfo._common.ZoneInfoNotFoundError"
    link = raised(kind, "no zone Europe/Nowhere", TEST, f"lib/frames/table.py:3:{function}")

    verdict = red(link, variables=variables).verdict()

    assert verdict.category == "environment"
    assert (verdict.culprit.name if verdict.culprit else None) == culprit


def test_a_time_zone_that_a_line_reads_from_a_variable(red, raised):
    """Whatever it is called."""
    kind, source = "zoneinfo._common.ZoneInfoNotFoundError", "ZoneInfo(os.environ['SHOP_ZONE'])"
    link = raised(kind, "no zone Europe/Nowhere", "shop/cart.py:7:zone", source=source)

    assert red(link, variables=("SHOP_ZONE",)).verdict().culprit.name == "SHOP_ZONE"


@pytest.mark.parametrize(
    ("kind", "message", "source", "category"),
    [
        ("RuntimeError", "needs a unicode locale encoding", "raise Bad(said)", "environment"),
        ("RuntimeError", "Try setting LANG=C.UTF-8", "raise Bad(said)", "environment"),
        ("SystemExit", "locale is not UTF-8", "raise Bad(said)", "environment"),
        ("RuntimeError", "needs a unicode locale encoding", "shop.start()", "product_error"),
        ("RuntimeError", "file system encoding is ASCII", "raise Bad(said)", "environment"),
        ("RuntimeError", "the locale de is not known", "raise Bad(said)", "product_error"),
        ("ValueError", "a locale has ASCII letters alone", "raise Bad(said)", "product_error"),
        ("RuntimeError", "the language is unicode", "raise Bad(said)", "product_error"),
    ],
)
def test_a_refusal_of_the_locale(red, raised, *, kind, message, source, category):
    """Who refuses to run with it says so."""
    link = raised(kind, message, TEST, source=source)

    assert red(link, phase="collect").verdict().category == category


@pytest.mark.parametrize(
    ("path", "variables", "rule"),
    [
        ("/mnt/x/pytest-of-me", ("PYTEST_DEBUG_TEMPROOT",), "variable-leads-nowhere@1"),
        ("/mnt/x/pytest-of-me", (), "file-missing@1"),
        ("/mnt/x/pytest-of-me/pytest-0/a0/x", ("PYTEST_DEBUG_TEMPROOT",), "file-missing@1"),
    ],
)
def test_where_pytest_makes_its_folders(red, raised, path, variables, rule):
    """What a test looks for in one of them is its own."""
    link = raised(
        "FileNotFoundError", "", "std/pathlib.py:9:mkdir", attributes={"errno": 2, "filename": path}
    )

    assert red(link, phase="setup", variables=variables).verdict().rule == rule


@pytest.mark.parametrize(
    ("at", "variables", "rule"),
    [
        (6, ("SHELL",), "variable-leads-nowhere@1"),
        (6, ("SHOP_SHELL",), "file-missing@1"),
        (6, ("HOME",), "file-missing@1"),
        (30, ("SHELL",), "file-missing@1"),
    ],
)
def test_a_usual_variable_of_a_path(red, raised, at, variables, rule):
    """Everybody has it set: a function on the way has to read it."""
    link = raised(
        "FileNotFoundError",
        "",
        "shop/cart.py:7:total",
        "std/subprocess.py:9:_execute_child",
        attributes={"errno": 2, "filename": "/usr/bin/fish"},
    )

    found = red(
        link, variables=variables, project=using("HOME" if "HOME" in variables else "SHELL", at)
    ).verdict()

    assert found.rule == rule


@pytest.mark.parametrize(
    ("filters", "command", "by_variable"),
    [
        ("", (), True),
        ("ignore::ResourceWarning", (), True),
        ("default\nerror::ResourceWarning", (), False),
        ("", ("pytest", "-Werror"), False),
    ],
)
def test_what_turns_warnings_into_errors(red, raised, filters, command, by_variable):
    """The variable only where neither the settings nor the command line do."""
    warned = raised("ResourceWarning", "unclosed file", "shop/cart.py:7:total", bases=("Warning",))
    project = Project(name="shop", settings={"filterwarnings": filters})
    made = red(warned, project=project, variables=("PYTHONWARNINGS",))
    run = made.recording.run._replace(command=command)

    found = replace(made, recording=made.recording._replace(run=run)).verdict()

    assert (found.rule == "warning-by-variable@1") is by_variable


@pytest.mark.parametrize(
    ("name", "set_by", "rule"),
    [
        ("SHOP_DATA", None, "variable-points-nowhere@1"),
        ("XDG_DATA_HOME", None, "variable-points-nowhere@1"),
        ("HOME", None, "variable-points-nowhere@1"),
        ("PWD", None, "file-missing@1"),
        ("SHOP_DATA", "tests/conftest.py", "file-missing@1"),
        ("SHOP_DATA", "shop/other.py", "variable-points-nowhere@1"),
    ],
)
def test_a_variable_that_points_at_what_is_not_there(red, raised, name, set_by, rule):
    """It is the culprit, whatever the file; not where the folder of the shell is meant, and not
    where the tests set it.
    """
    uses = Source(uses=(Use(kind="set", name=name, at=3),))
    path = "/srv/x/cart.json"
    told = {"errno": 2, "filename": path, "pointing": name}
    says = f"[Errno 2] No such file or directory: '{path}'"
    link = raised("FileNotFoundError", says, "shop/cart.py:7:total", attributes=told)
    made = red(link, project=Project(name="shop", sources={set_by: uses} if set_by else {}))

    assert made.verdict().rule == rule
    if rule.startswith("variable"):
        assert made.verdict().culprit.name == name


@pytest.mark.parametrize(
    ("program", "variable", "rule"),
    [
        (["git", "init"], "GIT_DIR", "variable-of-program@1"),
        ("/usr/bin/git init", "GIT_DIR", "variable-of-program@1"),
        (["git"], "GITHUB_DIR", "program-fails@1"),
        (["git"], "SHOP_DIR", "program-fails@1"),
    ],
)
def test_a_variable_that_is_for_the_program_which_failed(red, raised, program, variable, rule):
    """By its first word; what is set for one place holds for all that it starts."""
    link = raised(
        "subprocess.CalledProcessError",
        "Command returned non-zero exit status 128.",
        "tests/test_cart.py:9:test_total",
        attributes={"cmd": program, "returncode": 128},
    )

    assert red(link, variables=(variable,)).verdict().rule == rule
