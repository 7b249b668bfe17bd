from __future__ import annotations

import pytest

from conftest_kit.records import Distribution, Environment, Recording, Run
from corpus_memory_logging.records import Culprit, Suggestion
from orchestrator.evaluate import remedies
from orchestrator.evaluate.cases import LabelledCause, Remedy

BROKEN = Recording(
    run=Run(
        run_id="r",
        environment=Environment(distributions={"werkzeug": "3.0.6", "requests": "2.32.3"}),
    ),
    distributions=(
        Distribution(
            name="requests",
            version="2.32.3",
            requires=("idna<4", 'PySocks!=1.5.7; extra == "socks"'),
        ),
    ),
)


def _is_hit(text, *commands, culprit="", **remedy):
    cause = LabelledCause(
        category="compatibility",
        kind="",
        culprit=Culprit(type="distribution", name=culprit) if culprit else None,
        tests=("*",),
        remedy=Remedy(**remedy),
    )
    return remedies.is_hit(Suggestion(text=text, commands=commands), cause, BROKEN)


@pytest.mark.parametrize(
    ("text", "commands", "hit"),
    [
        ("Install it.", ["pip install pyyaml"], True),
        ("Install it.", ["uv add --dev 'PyYAML>=6'"], True),
        ("Install it.", ["pip install types-PyYAML"], False),
        ("`PyYAML` is declared and not installed.", ["pip install -e ."], True),
        ("Install PyYAML.", [], True),
        ("Install yaml.", ["pip install yaml"], False),
        ("Install what brings it: `PyYAML`.", [], True),
        ("Expose `load` in `PyYAML/load.py`; install nothing.", [], False),
        ("PyYAML raised it. Look at what it was given.", [], False),
        ("It's gone.", ["edit what's asked for"], False),
    ],
)
def test_what_is_not_installed_is_to_be_asked_for(text, commands, hit):
    """By a command, else by the text, under whatever form of its name."""
    assert _is_hit(text, *commands, install=("PyYAML==6.0.2",)) is hit


@pytest.mark.parametrize(
    ("text", "commands", "hit"),
    [
        ("", ["pip install 'Werkzeug<3'"], True),
        ("Pin `werkzeug<3`.", [], True),
        ("Pin it: werkzeug >=2.2,<3.", [], True),
        ("", ["pip install werkzeug==2.2.3"], True),
        ("", ["pip install 'werkzeug<2'"], False),
        ("", ["pip install 'werkzeug>=2'"], False),
        ("", ["pip install --upgrade werkzeug"], False),
        ("Pin Werkzeug to a version that still has it.", [], False),
    ],
)
def test_a_pin_admits_the_remedy_and_excludes_what_broke(text, commands, hit):
    """Where another version is installed, to name the distribution is not enough."""
    assert _is_hit(text, *commands, install=("Werkzeug==2.2.3",)) is hit


@pytest.mark.parametrize(
    ("command", "hit"), [("pip install requests[socks]", True), ("pip install requests", False)]
)
def test_an_extra_brings_what_it_asks_for(command, hit):
    """As the metadata of the run says."""
    assert _is_hit("", command, install=("PySocks==1.7.1",)) is hit


def test_of_several_distributions_the_culprit_counts():
    """What was installed along with it need not be named; without a culprit all must be."""
    install = ("PyYAML==6.0.2", "idna==3.7")

    assert _is_hit("", "pip install PyYAML", culprit="pyyaml", install=install)
    assert not _is_hit("", "pip install PyYAML", install=install)
    assert not _is_hit("", "pip install idna", culprit="pyyaml", install=install)


def test_an_edit_names_all_that_it_must():
    """In text or commands, in whatever case."""
    wanted = ("db", "tests/conftest.py")

    assert _is_hit("Define `DB` in tests/conftest.py.", mentions=wanted)
    assert not _is_hit("Define `db`.", mentions=wanted)


def test_what_is_to_go_is_named():
    """A plugin that breaks the others."""
    assert _is_hit("", "pip uninstall pytest-old", uninstall=("pytest_old",))
    assert not _is_hit("Look at the plugins.", uninstall=("pytest_old",))
