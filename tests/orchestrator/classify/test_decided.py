from __future__ import annotations

from dataclasses import replace

import pytest

from corpus_memory_logging.records import Culprit, Remembered, Similar, Verdict
from orchestrator.classify import apply_decision, apply_near, near_remedies
from orchestrator.classify.rules import rules

RULE = Verdict(
    category="product_error",
    kind="exception",
    culprit=None,
    confidence=0.55,
    evidence=("RuntimeError: no server",),
    rule="test-raised@1",
)
NEAR = Similar(
    cause_id="00aa11bb22cc33dd",
    signature="reason-v1:0123456789abcdef",
    title="RuntimeError: no servers",
    similarity=0.956,
    category="environment",
    kind="variable",
    culprit=Culprit(type="variable", name="SERVER"),
    remedies=("Set SERVER",),
    reviewer="ana",
    decided="2026-01-02T03:04:05.000000+00:00",
)


def test_a_near_decision_is_worth_less_than_its_similarity():
    """And the evidence says whose it is, when it was made, of which cause and how near."""
    verdict = apply_near(RULE, (NEAR,), "RuntimeError: no server\nos.environ['SERVER']")

    assert verdict == replace(
        RULE,
        category="environment",
        kind="variable",
        culprit=NEAR.culprit,
        confidence=0.67,
        evidence=(
            f"ana on 2026-01-02 decided so of cause {NEAR.cause_id}, which is 95 % alike: {NEAR.title}",
            "RuntimeError: no server",
        ),
        rule="near-decision@1",
    )


def test_a_culprit_that_the_failure_does_not_name_stays_behind():
    """What looks alike differs in a name more often than not."""
    assert apply_near(RULE, (NEAR,), "RuntimeError: no host").culprit is None


@pytest.mark.parametrize(
    "near",
    [
        (),
        (replace(NEAR, similarity=0.84),),
        (replace(NEAR, reviewer=None),),
        (NEAR, replace(NEAR, category="network")),
    ],
    ids=["nothing", "not near enough", "nobody decided", "near ones disagree"],
)
def test_what_is_not_applied(near):
    """The rule's verdict stays as it is."""
    assert apply_near(RULE, near, "SERVER") == RULE


@pytest.mark.parametrize("confidence", [0.67, 0.7, 0.99])
def test_a_surer_rule_stands(confidence):
    """A near decision never outranks it, however near."""
    rule = replace(RULE, confidence=confidence)

    assert apply_near(rule, (NEAR,), "SERVER") == rule


def test_a_rule_that_says_where_it_was_raised_gives_way():
    """However sure it is: what a reviewer said of what looks the same says more."""
    rule = replace(RULE, confidence=0.8, rule="product-raised@1")

    verdict = apply_near(rule, (NEAR,), "SERVER", is_general=True)

    assert (verdict.category, verdict.confidence) == ("environment", 0.67)
    assert apply_near(rule, (NEAR,), "SERVER") == rule


def test_a_near_decision_takes_nothing_from_what_it_confirms():
    """The rule's confidence stays, and the evidence names the other cause."""
    rule = replace(RULE, confidence=0.8)

    verdict = apply_near(rule, (replace(NEAR, category="product_error"),), "", is_general=True)

    assert verdict.confidence == 0.8
    assert "decided so of cause" in verdict.evidence[-1]


@pytest.mark.parametrize(
    ("rule", "general"),
    [("product-raised", True), ("test-raised", True), ("assertion", False), ("port-in-use", False)],
)
def test_rules_that_say_no_more_than_where_it_was_raised(rule, general):
    """Near decisions have a say where they hold."""
    (found,) = (one for one in rules() if one.id == rule)

    assert found.is_general is general


def test_what_is_less_near_does_not_disagree():
    """Only what is near enough has a say."""
    far = replace(NEAR, similarity=0.7, category="network")

    assert apply_near(RULE, (NEAR, far), "").category == "environment"


def test_a_near_decision_of_the_same_category_supports_the_rule():
    """Kind, culprit and rule stay; it is surer, and says why."""
    near = replace(NEAR, category="product_error")

    verdict = apply_near(RULE, (near,), "SERVER")

    assert (verdict.kind, verdict.culprit, verdict.rule) == ("exception", None, "test-raised@1")
    assert (verdict.confidence, verdict.evidence[0]) == (0.67, "RuntimeError: no server")
    assert verdict.evidence[1].startswith("ana on 2026-01-02 decided so")


def test_the_signature_s_own_decision_outranks_what_is_near():
    """It is applied last."""
    exact = Remembered(
        first_seen="",
        last_seen="2026-01-05",
        occurrences=1,
        category="network",
        reviewer="bob",
        decided="2026-01-03T00:00:00+00:00",
    )

    verdict = apply_decision(apply_near(RULE, (NEAR,), "SERVER"), exact)

    assert (verdict.category, verdict.confidence, verdict.rule) == ("network", 0.99, "reviewer")
    assert verdict.evidence[0] == "bob on 2026-01-03 decided so; last seen 2026-01-05"


def test_a_confirmed_culprit_keeps_its_version():
    """The reviewer named the thing, not its version."""
    numpy = Culprit(type="distribution", name="numpy", version="2.3.0")
    said = Culprit(type="distribution", name="NumPy")
    known = Remembered(first_seen="", last_seen="", occurrences=1, culprit=said)

    assert apply_decision(replace(RULE, culprit=numpy), known).culprit == numpy


@pytest.mark.parametrize(
    ("verdict", "near", "offered"),
    [
        ({"category": "environment", "culprit": NEAR.culprit}, {}, True),
        ({"category": "environment", "culprit": NEAR.culprit}, {"reviewer": None}, True),
        ({"category": "environment"}, {"culprit": None}, True),
        ({"category": "environment"}, {}, False),
        ({"category": "network", "culprit": NEAR.culprit}, {}, False),
        ({"category": "environment", "culprit": NEAR.culprit}, {"similarity": 0.8}, False),
        ({"category": "environment", "culprit": NEAR.culprit}, {"remedies": ()}, False),
    ],
)
def test_a_near_remedy_is_for_the_same_culprit(verdict, near, offered):
    """Of the same category, and said to be another cause's."""
    found = list(near_remedies(replace(RULE, **verdict), (replace(NEAR, **near),)))

    assert [one.text for one in found] == offered * [
        "For a cause that is 95 % alike (00aa11bb22cc33dd) this was the remedy: Set SERVER"
    ]
    assert all((one.source, one.origin) == ("rule", "near-decision@1") for one in found)


@pytest.mark.parametrize(
    ("noted", "text"),
    [
        ({"note": "the staging one"}, "ana noted: the staging one."),
        (
            {"note": "Set it.", "fix": "1a2b3c4"},
            "ana noted: Set it. It was mended by commit 1a2b3c4.",
        ),
        ({"reviewer": None, "note": "x"}, "a reviewer noted: x."),
    ],
)
def test_what_was_noted_of_a_near_cause(noted, text):
    """It is said to be of another cause, and how near that is."""
    near = replace(NEAR, remedies=(), **noted)

    (found,) = near_remedies(replace(RULE, category="environment"), (near,))

    assert found.text == f"Of cause {NEAR.cause_id}, which is 95 % alike, {text}"
    assert (found.source, found.confidence, found.origin) == ("rule", 0.67, "near-decision@1")
    assert not list(near_remedies(replace(RULE, category="network"), (near,)))


def test_the_commit_that_mended_a_near_cause():
    """Where nothing else was noted."""
    near = replace(NEAR, remedies=(), fix="1a2b3c4")

    (found,) = near_remedies(replace(RULE, category="environment"), (near,))

    assert found.text.endswith("95 % alike, is told that it was mended by commit 1a2b3c4.")
