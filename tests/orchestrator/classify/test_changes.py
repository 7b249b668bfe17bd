"""What a verdict makes of a run in which the test passed: versions, Python, commit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conftest_kit.records import Environment, Run

COMMIT, OTHER = {"commit": "a" * 40, "dirty": False}, {"commit": "b" * 40, "dirty": False}
NOW = {"webframe": "0.110", "frames": "2.0", "pytest": "9.2.0"}


@pytest.fixture
def since(red):
    """`since(*chain, now=COMMIT, frames="1.9", …)`: a failure that passed with those versions."""

    def make(*chain, now=COMMIT, git=COMMIT, python="3.12.4", gone=None, **versions):
        made = red(*chain)
        run = made.recording.run
        run = run._replace(environment=run.environment._replace(git=now))
        green = Run(
            run_id="green",
            environment=Environment(
                python={"version": python},
                distributions={**NOW, **versions, **(gone or {})},
                git=git,
            ),
        )
        return replace(made, recording=made.recording._replace(run=run), green=green)

    return make


@pytest.fixture
def wrong(raised):
    """The test's own assertion failed; nothing in the traceback is of others."""
    return raised("AssertionError", "assert 1 == 2", "tests/test_cart.py:3:test_total")


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
        ({"git": {}}, "no installed version"),
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


def test_several_that_have_nothing_to_do_with_it_decide_nothing(since, wrong):
    """Which of them it was is not guessed."""
    assert since(wrong, frames="1.9", webframe="0.1").verdict().category == "assertion"


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


def test_a_culprit_that_changed_is_surer(since, raised):
    """What the rule says stays first, what changed is said after it."""
    gone = raised(
        "AttributeError", "module 'webframe' has no attribute 'get'", "shop/cart.py:7:total"
    )

    sure, alone = since(gone, webframe="0.99").verdict(), since(gone).verdict()

    assert sure.rule == alone.rule == "module-attribute-removed@1"
    assert sure.confidence > alone.confidence


@pytest.mark.parametrize("kind", ["ConnectionRefusedError", "MemoryError"])
def test_the_machine_is_not_explained_by_versions(since, raised, kind):
    """A port that refuses does so with any version."""
    assert since(raised(kind, "no"), frames="1.9").verdict().category != "compatibility"
