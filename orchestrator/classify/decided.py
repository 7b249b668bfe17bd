"""What reviewers decided, carried over: to the same signature, and with less confidence to near
ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from packaging.utils import canonicalize_name

from corpus_memory_logging.records import Culprit, Remembered, Similar, Suggestion, Verdict

SURE = 0.7
"""From this confidence on a rule knows better than what is near: near decisions are worth less."""
_EXACT = 0.99
# benchmarks/near.py, 2026-11-23: from here on, where near causes agree, 80 % of the nearest are of
# the same category (3,109 of 3,874 answers); from 0.75 to 0.85 it is 69 %, below 0.6 it is 42 %.
_NEAR = 0.85
_NEAR_RULE = "near-decision@1"


def apply_decision(verdict: Verdict, remembered: Remembered | None) -> Verdict:
    """The verdict as a reviewer corrected or accepted it for this signature; else as it is."""
    if remembered is None or (remembered.category is None and remembered.culprit is None):
        return verdict
    category = remembered.category or verdict.category
    same_category = category == verdict.category
    culprit = remembered.culprit or (verdict.culprit if same_category else None)
    who = _who(remembered.reviewer, remembered.decided)
    return replace(
        verdict,
        category=category,
        kind=verdict.kind if same_category else "",
        culprit=verdict.culprit if _same(culprit, verdict.culprit) else culprit,
        confidence=_EXACT,
        evidence=(
            f"{who} decided so; last seen {remembered.last_seen}",
            *verdict.evidence,
        ),
        rule="reviewer",
    )


def gives_way(verdict: Verdict, *, is_general: bool) -> bool:
    """Whether near decisions have a say: where the rules are not sure, and where the rule
    `is_general`, whatever it claims.
    """
    return is_general or verdict.confidence < SURE


def apply_near(
    verdict: Verdict, near: Sequence[Similar], likeness: str, *, is_general: bool = False
) -> Verdict:
    """The verdict as a reviewer decided of the nearest cause, where that is near enough and worth
    more than what the rules say, or the rule `is_general`; else as it is.

    Where near causes were decided differently, none counts. The culprit comes along only if the
    failure itself, by its `likeness`, names it.
    """
    found = _nearest(near)
    if found is None or (_worth(found) <= verdict.confidence and not is_general):
        return verdict
    if found.category == verdict.category:
        sure = max(_worth(found), verdict.confidence)
        return replace(verdict, confidence=sure, evidence=(*verdict.evidence, _said(found)))
    named = found.culprit and found.culprit.name.casefold() in likeness.casefold()
    return replace(
        verdict,
        category=found.category,
        kind=found.kind,
        culprit=found.culprit if named else None,
        confidence=_worth(found),
        evidence=(_said(found), *verdict.evidence),
        rule=_NEAR_RULE,
    )


def near_remedies(verdict: Verdict, near: Sequence[Similar]) -> Iterator[Suggestion]:
    """What mended the nearest cause, where the verdict is of its category and has its culprit; and
    what its reviewer wrote, where the verdict is of its category.
    """
    enough = [one for one in near if one.similarity >= _NEAR and one.category == verdict.category]
    noted = next((one for one in enough if one.note or one.fix), None)
    found = next((one for one in near if one.similarity >= _NEAR and one.remedies), None)
    if noted:
        yield _suggestion(noted, _noted(noted))
    if found is None or found.category != verdict.category:
        return
    if found.culprit and not _same(found.culprit, verdict.culprit):
        return
    of = f"For a cause that is {_alike(found)} ({found.cause_id}) this was the remedy: "
    yield from (_suggestion(found, f"{of}{remedy}") for remedy in found.remedies)


def _suggestion(found: Similar, text: str) -> Suggestion:
    return Suggestion(text=text, source="rule", confidence=_worth(found), origin=_NEAR_RULE)


def _noted(found: Similar) -> str:
    """What a reviewer wrote of another cause, and that it is another."""
    of = f"Of cause {found.cause_id}, which is {_alike(found)}"
    sentences = []
    if found.note:
        sentences.append(f"{of}, {found.reviewer or 'a reviewer'} noted: {sentence(found.note)}")
    if found.fix:
        by = "It" if found.note else f"{of}, is told that it"
        sentences.append(f"{by} was mended by commit {found.fix}.")
    return " ".join(sentences)


def sentence(text: str) -> str:
    """A text with a mark at its end."""
    ended = text.rstrip()
    return ended if ended.endswith((".", "!", "?", ":", "…")) else f"{ended}."


def _nearest(near: Sequence[Similar]) -> Similar | None:
    enough = [one for one in near if one.similarity >= _NEAR and one.reviewer]
    return enough[0] if len({one.category for one in enough}) == 1 else None


def _worth(found: Similar) -> float:
    return round(SURE * found.similarity, 2)


def _said(found: Similar) -> str:
    who = _who(found.reviewer, found.decided)
    return f"{who} decided so of cause {found.cause_id}, which is {_alike(found)}: {found.title}"


def _alike(found: Similar) -> str:
    return f"{int(found.similarity * 100)} % alike"


def _who(reviewer: str | None, decided: str | None) -> str:
    return " on ".join(filter(None, (reviewer or "A reviewer", (decided or "")[:10])))


def _same(one: Culprit | None, other: Culprit | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.type == other.type and canonicalize_name(one.name) == canonicalize_name(other.name)
