"""Tests that ran before and do not run now: skipped, or gone."""

from __future__ import annotations

import pytest

from conftest_kit.records import Attempt, Environment, Failure, Run, Skip
from orchestrator.checkout.project import Project

WITH_YAML = Run(run_id="r1", environment=Environment(distributions={"pyyaml": "6.0"}))


@pytest.fixture
def found(make):
    """`found(kind, now, before=…)`: node ids to outcomes, now and in the run before."""

    def find(kind, now, *, before=None, reasons=None, skips=(), past=None, **changed):
        before = before or dict.fromkeys(make.tests, "passed")
        attempts = tuple(
            Attempt(nodeid=nodeid, outcome=outcome, reason=(reasons or {}).get(nodeid, ""))
            for nodeid, outcome in now.items()
        )
        seen = make.seen(attempts=attempts, past=[make.past(**(past or {}))], **changed)
        seen.__dict__["recording"] = seen.recording._replace(skips=skips)
        return make.found(seen, kind, outcomes=lambda _: before, run=lambda _: WITH_YAML)

    return find


def but(make, *absent, outcome=None):
    """The tests of every run, but for some."""
    return {
        name: outcome if name in absent else "passed"
        for name in make.tests
        if outcome or name not in absent
    }


def test_skipped_for_one_reason_is_one_finding(make, found):
    """What is not installed any more is named, with what brings it."""
    skipped = make.tests[:2]
    why = dict.fromkeys(skipped, "could not import 'yaml': No module named 'yaml'")

    (finding,) = found("newly_skipped", but(make, *skipped, outcome="skipped"), reasons=why)

    assert finding.text.startswith("2 tests that ran before are skipped: could not import 'yaml'")
    assert finding.evidence == ("they ran in run r1", "pyyaml: 6.0 → absent", *skipped)
    assert finding.suggestions[0].commands == ("pip install PyYAML",)


@pytest.mark.parametrize(
    ("reason", "commands"),
    [
        ("needs pyyaml", ("pip install pyyaml",)),
        ("PyYAML is not installed", ("pip install pyyaml",)),
        ("needs a display", ()),
    ],
)
def test_a_reason_that_names_what_is_not_installed_any_more(make, found, reason, commands):
    """It was there when the tests ran."""
    skipped = make.tests[:1]
    now = but(make, *skipped, outcome="skipped")

    (finding,) = found("newly_skipped", now, reasons=dict.fromkeys(skipped, reason))

    assert finding.suggestions[0].commands == commands


def test_a_file_that_was_skipped_as_a_whole(make, found):
    """Its tests are skipped, not gone."""
    skips = (Skip(nodeid="tests/test_3.py", reason="needs a display"),)
    now = but(make, make.tests[3])

    (finding,) = found("newly_skipped", now, skips=skips)

    assert finding.text == "1 test that ran before is skipped: needs a display"
    assert found("vanished", now, skips=skips) == []


def test_gone(make, found):
    """By file; tests that are new in it are mentioned, for it may have been a new name."""
    now = {**but(make, make.tests[0], make.tests[1]), "tests/test_1.py::other": "passed"}

    first, second = found("vanished", now)

    assert first.text == "1 test of tests/test_0.py that ran before did not run"
    assert "1 test of it is new" not in first.evidence
    assert "1 test of it is new" in second.evidence
    assert first.suggestions[0].commands == ("pytest --collect-only -q tests/test_0.py",)


def test_why_they_are_gone_is_said_first(make, found):
    """And what to do about it before what to look at."""
    project = Project(settings={"addopts": "--ignore=tests/test_0.py"}, settings_file="tox.ini")

    (finding,) = found("vanished", but(make, make.tests[0]), project=project)

    assert finding.evidence[0].startswith("`--ignore=tests/test_0.py` stands in `addopts` of tox")
    assert finding.suggestions[0].text.startswith("If `--ignore=tests/test_0.py`")


def test_everything_is_gone(make, found):
    """A run that collects nothing ends with 5; many files are not told one by one."""
    before = {f"tests/test_{n}.py::test": "passed" for n in range(30)}

    findings = found("vanished", {}, before=before, exit_code=5)

    assert len(findings) == 11
    assert findings[-1].text == "the same of 20 more"


def test_moved_to_another_file(make, found):
    """Under the name that it had."""
    now = {**but(make, make.tests[0]), "tests/unit/test_0.py::test": "passed"}

    assert found("vanished", now) == []


@pytest.mark.parametrize(
    "otherwise",
    [
        {"command": ("pytest", "-k", "fast")},
        {"past": {"command": ("pytest", "tests")}},
        {"past": {"ci": "github"}},
        {"exit_code": 2},
        {"collected": 10},
        {"failures": (Failure(nodeid="tests/test_0.py", phase="collect"),)},
        {"before": {"tests/test_0.py::test": "skipped"}},
    ],
    ids=["-k", "other command", "other CI", "interrupted", "stopped", "not collected", "skipped"],
)
def test_what_explains_itself_is_no_finding(make, found, otherwise):
    """Like is compared with like."""
    assert found("vanished", but(make, make.tests[0]), **otherwise) == []


def test_an_order_that_stays_skipped_is_said_once(make, found):
    """It was skipped in the run before as well."""
    skipped = but(make, make.tests[0], outcome="skipped")

    assert found("newly_skipped", skipped, before=skipped) == []
