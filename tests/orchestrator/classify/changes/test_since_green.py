"""What a verdict makes of a run in which the test passed: versions, Python, commit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.checkout.source import Source
from orchestrator.flaky import both_outcomes

COMMIT, OTHER = {"commit": "a" * 40, "dirty": False}, {"commit": "b" * 40, "dirty": False}


def test_the_version_that_changed_explains_a_wrong_value(since, wrong):
    """With the same code, and nothing else that changed, it is no bug of the product."""
    made = since(wrong, frames="1.9")

    verdict, (best, *_) = made.verdict(), made.suggestions()

    assert (verdict.category, verdict.culprit.name) == ("compatibility", "frames")
    assert verdict.culprit.version == "2.0"
    assert verdict.evidence[-1] == "Changed since run green, in which it passed: frames 1.9 → 2.0"
    assert best.commands == ("pip install frames==1.9",)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"frames": "1.9", "git": OTHER}, "frames 1.9 → 2.0; commit bbbbbbbbbb → aaaaaaaaaa"),
        ({"git": OTHER}, "commit bbbbbbbbbb → aaaaaaaaaa"),
        ({}, "nothing that is recorded"),
        ({"git": {}}, "nothing that is recorded; of the code no commit tells"),
        ({"gone": {"old": "1"}, "git": OTHER}, "old 1 → gone; commit bbbbbbbbbb → aaaaaaaaaa"),
        ({"git": {**COMMIT, "dirty": True}}, "files beside commit aaaaaaaaaa"),
    ],
)
def test_where_the_code_may_have_changed_it_is_only_said(since, wrong, changed, said):
    """The verdict is the one that the failure alone supports."""
    verdict = since(wrong, **changed).verdict()

    assert verdict.category == "assertion"
    assert verdict.evidence[-1] == f"Changed since run green, in which it passed: {said}"


def test_of_several_the_one_in_the_traceback(since, raised):
    """The deepest frame counts."""
    failed = raised(
        "ValueError", "no", "shop/cart.py:7:total", "lib/webframe/a.py:1:f", "lib/frames/b.py:2:g"
    )

    verdict = since(failed, frames="1.9", webframe="0.1").verdict()

    assert (verdict.category, verdict.culprit.name) == ("compatibility", "frames")


@pytest.mark.parametrize(
    ("changed", "category"),
    [
        ({"git": OTHER}, "product_error"),
        ({"git": OTHER, "webframe": "0.1"}, "compatibility"),
        ({"git": OTHER, "python": "3.11.2"}, "compatibility"),
        ({}, "compatibility"),
    ],
)
def test_a_name_of_what_is_as_it_was(since, raised, changed, category):
    """Where the code alone changed, the code has the wrong name."""
    failed = raised("AttributeError", "module 'webframe' has no attribute 'Tabel'", "shop/a.py:7:f")

    verdict = since(failed, **changed).verdict()

    assert (verdict.category, verdict.kind) in (
        (category, "missing_name"),
        (category, "removed_name"),
    )


def test_what_alone_is_gone(since, wrong):
    """Whatever failed: it was installed when it passed."""
    verdict = since(wrong, gone={"old": "1"}).verdict()

    assert (verdict.category, verdict.culprit.name) == ("missing_dependency", "old")


@pytest.mark.parametrize(
    ("before", "now", "state"),
    [
        ({"variables": ("SHOP_MODE", "PWD")}, {}, "no longer set"),
        ({}, {"variables": ("SHOP_MODE", "TERM")}, "new"),
    ],
)
def test_the_variable_that_alone_changed(since, wrong, before, now, state):
    """Variables that differ from terminal to terminal are passed over."""
    verdict = since(wrong, before=before, now=now).verdict()

    assert (verdict.category, verdict.culprit.name) == ("environment", "SHOP_MODE")
    assert f"The variable SHOP_MODE is {state} since it passed" in verdict.evidence[2]


def test_without_version_control_the_versions_decide(since, wrong):
    """No commit tells of another code."""
    verdict = since(wrong, frames="1.9", git={}).verdict()

    assert (verdict.category, verdict.culprit.name) == ("compatibility", "frames")
    assert verdict.confidence < 0.9


def test_several_that_have_nothing_to_do_with_it_decide_nothing(since, wrong):
    """Which of them it was is not guessed."""
    assert since(wrong, frames="1.9", webframe="0.1").verdict().category == "assertion"


def test_the_project_itself_is_no_package_that_changed(red, since, wrong):
    """Whose version a build writes anew for each commit."""
    made = since(wrong, shop="1.0")
    environment = made.recording.run.environment
    installed = {**environment.distributions, "shop": "1.1.dev3"}
    run = made.recording.run._replace(environment=environment._replace(distributions=installed))
    built = replace(made, recording=made.recording._replace(run=run))

    assert built.verdict().category == "assertion"


@pytest.mark.parametrize(
    ("imports", "sure"),
    [({"frames": "frames"}, True), ({}, False)],
)
def test_what_nothing_leads_to_may_be_chance(since, wrong, imports, sure):
    """What the test's file imports is more likely to have broken it."""
    made = since(wrong, frames="1.9")
    said = {"tests/test_cart.py": Source(imports=imports)}
    verdict = replace(made, project=replace(made.project, sources=said)).verdict()

    assert (verdict.category, verdict.culprit.name) == ("compatibility", "frames")
    assert (verdict.confidence > 0.9) is sure
    assert verdict.confidence == 0.6 or sure


def test_a_variable_that_changed_too_is_as_good_an_explanation(since, wrong):
    """Not the version alone changed."""
    made = since(wrong, frames="1.9", now={"variables": ("MODE",)})

    assert made.verdict().category == "assertion"


def test_what_is_gone_is_installed_again_in_its_version(since, raised):
    """A missing dependency that was there: the version that fits is known."""
    missing = raised("ModuleNotFoundError", "No module named 'yaml'", attributes={"name": "yaml"})

    made = since(missing, gone={"pyyaml": "6.0.2"})

    assert made.verdict().category == "missing_dependency"
    assert made.suggestions()[0].commands == ("pip install PyYAML==6.0.2",)


def test_another_python(since, wrong):
    """Nothing else changed."""
    verdict = since(wrong, python="3.11.9").verdict()

    assert (verdict.kind, verdict.culprit.name) == ("python_version", "Python")
    assert "with Python 3.11" in verdict.evidence[2]


def test_what_alone_changed_is_to_blame(since, raised):
    """Whichever distribution the rule would name; also the interpreter."""
    gone = raised("AttributeError", "module 'webframe' has no attribute 'get'", "shop/a.py:7:f")
    alone, another = since(gone).verdict(), since(gone, frames="1.9")
    python = since(gone, python="3.11.9").verdict()

    assert alone.culprit.name == "webframe"
    assert another.verdict().rule == python.rule == alone.rule
    assert (another.verdict().culprit.name, python.culprit.name) == ("frames", "Python")
    assert another.suggestions()[0].commands == ("pip install frames==1.9",)


def test_what_an_upgrade_brings_with_it_is_no_other_change(since, wrong):
    """A distribution that it asks for, and that was not there before."""
    verdict = since(wrong, webframe="0.111", frames="").verdict()

    assert (verdict.category, verdict.culprit.name) == ("compatibility", "webframe")


@pytest.mark.parametrize(
    ("before", "category", "culprit"),
    [
        ("0.1", "compatibility", "frames"),
        ("0.111", "compatibility", "webframe"),
        ("odd", "compatibility", "webframe"),
    ],
)
def test_an_upgrade_that_asks_for_what_is_not_so(since, wrong, before, category, culprit):
    """`webframe` 0.110 asks for `frames<2`, and 2.0 is installed; going back asks for nothing."""
    verdict = since(wrong, webframe=before).verdict()

    assert (verdict.category, verdict.culprit.name) == (category, culprit)


@pytest.mark.parametrize(
    ("place", "culprit"),
    [("lib/pytest/main.py:3:main", "webframe"), ("lib/frames/table.py:3:read", "frames")],
)
def test_an_upgrade_that_asks_for_what_another_has_no_part_in(since, raised, place, culprit):
    """What raised is neither the upgraded nor what it asks for."""
    link = raised("ValueError", "no", "tests/test_cart.py:3:test_total", place)

    assert since(link, webframe="0.1").verdict().culprit.name == culprit


def test_an_upgrade_that_asks_for_what_is_absent(red, since, wrong):
    """Install it with it."""
    made = since(wrong, webframe="0.1")
    libraries = tuple(one for one in made.recording.distributions if one.name != "frames")
    environment = made.recording.run.environment
    installed = {one.name: one.version for one in libraries}
    run = made.recording.run._replace(environment=environment._replace(distributions=installed))
    green = made.green.run.environment
    green = green._replace(distributions={**installed, "webframe": "0.1"})
    without = replace(
        made,
        recording=made.recording._replace(run=run, distributions=libraries),
        green=replace(made.green, run=made.green.run._replace(environment=green)),
    )

    assert without.verdict().category == "missing_dependency"
    assert without.verdict().culprit.name == "frames"
    assert without.suggestions()[0].commands == ("pip install 'frames<2'",)


def test_a_culprit_that_changed_is_surer(since, raised):
    """What the rule says stays first, what changed is said after it."""
    gone = raised(
        "AttributeError", "module 'webframe' has no attribute 'get'", "shop/cart.py:7:total"
    )

    sure, alone = since(gone, webframe="0.99").verdict(), since(gone).verdict()

    assert sure.rule == alone.rule == "module-attribute-removed@3"
    assert sure.confidence > alone.confidence


@pytest.mark.parametrize("kind", ["ConnectionRefusedError", "MemoryError"])
def test_the_machine_is_not_explained_by_versions(since, raised, kind):
    """A port that refuses does so with any version."""
    assert since(raised(kind, "no"), frames="1.9").verdict().category != "compatibility"


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ({"platform": {"system": "Darwin"}}, {}, "Darwin → Linux"),
        ({"plugins": {"pytest": "9"}}, {"plugins": {}}, "the plugin pytest is no longer loaded"),
        ({"variables": ("TOKEN",)}, {}, "the variable TOKEN is no longer set"),
        ({}, {"variables": ("TOKEN",)}, "the variable TOKEN is new"),
        (
            {"variables": ("TOKENS", "HOME")},
            {},
            "variables, set or no longer set: HOME, TOKENS",
        ),
        ({"variables": ("TOKENS", "TOKEN")}, {}, "the variable TOKEN is no longer set"),
    ],
)
def test_what_changed_around_the_packages(since, raised, before, now, said):
    """Of the environment variables those that the failure names; others where nothing else is."""
    failed = raised("KeyError", "'TOKEN'", "shop/a.py:1:f", source="os.environ['TOKEN']")

    evidence = since(failed, before=before, now=now).verdict().evidence

    assert evidence[-1] == f"Changed since run green, in which it passed: {said}"


@pytest.mark.parametrize(
    ("versions", "rule"),
    [
        ({"frames": "1.9"}, "changed-asks-for-another-since-green@1"),
        ({"frames": "1.9", "webframe": "0.100"}, "missing-module@1"),
        ({}, "missing-module@1"),
    ],
)
def test_a_module_that_was_not_there_either(since, raised, versions, rule):
    """What alone changed asks for it, or no longer brings its own."""
    link = raised(
        "ModuleNotFoundError",
        "No module named 'yaml'",
        "tests/test_cart.py:3:<module>",
        "lib/frames/table.py:3:<module>",
        attributes={"name": "yaml"},
    )

    assert since(link, **versions).verdict().rule == rule


@pytest.mark.parametrize("version", ["1.9", "2.0"])
def test_what_is_gone_explains_what_another_lacks(since, raised, version):
    """That is what it was when the test passed."""
    link = raised(
        "AttributeError",
        "module 'webframe' has no attribute 'testing'",
        "tests/test_cart.py:3:<module>",
        attributes={"name": "testing"},
    )

    found = since(link, gone={"webframe-testing": "0.8"}, frames=version).verdict()

    assert (found.rule == "gone-since-green@2") == (version == "2.0"), found


def test_what_was_not_recorded_did_not_change(since, raised):
    """A pytest that did not start says nothing of its Python, its plugins and its variables."""
    nothing = {"python": {}, "platform": {}, "plugins": {}, "variables": ()}
    before = {"plugins": {"webframe": "0.110"}, "variables": ("SHOP_KEY",)}
    link = raised("pytest.UsageError", "unrecognized arguments: --shop with SHOP_KEY")

    verdict = since(link, python="3.11.2", before=before, now=nothing).verdict()

    assert verdict.culprit is None or verdict.culprit.type != "variable"
    assert verdict.evidence[-1].endswith("in which it passed: nothing that is recorded")


def test_both_outcomes_with_nothing_changed_are_flaky(since, wrong):
    """Said beside the cause, which stays; another seed is a hint at the order."""
    made = since(wrong, before={"random_seed": 1}, now={"random_seed": 2})

    (finding,) = both_outcomes(made.recording.failures, made.context)

    assert finding.kind == "flaky"
    assert "passed in run green with the same commit" in finding.text
    assert finding.evidence == ("the random seed was 1 and is 2",)
    assert made.verdict().category == "assertion"


@pytest.mark.parametrize("changed", [{"frames": "1.9"}, {"git": OTHER}, {"python": "3.11.1"}])
def test_what_changed_explains_both_outcomes(since, wrong, changed):
    """Not flaky."""
    made = since(wrong, **changed)

    assert list(both_outcomes(made.recording.failures, made.context)) == []
