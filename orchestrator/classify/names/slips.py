"""Facts about names that an installed library does not have: what an own line meant."""

from __future__ import annotations

from orchestrator.classify.facts import Fact, Facts
from orchestrator.classify.names.spelling import is_slip, is_typo


def _nearest_there(facts: Facts) -> str:
    """Of names that were there, the one nearest to what was not found."""
    return facts.attribute("nearest")


def _meant_name(facts: Facts) -> str:
    """The same where an own line asked an installed library and its name differs by a slip of the
    keyboard; what only goes on longer at its end was renamed as likely.
    """
    meant, typed = facts["nearest_there"], facts.attribute("name").rpartition(".")[2]
    typed = facts["symbol"] or typed
    if not meant or not facts["meant_of"] or facts["asked_inside"]:
        return ""
    longer, shorter = sorted((typed, meant), key=len, reverse=True)
    is_kept = typed.lower() == meant.lower() or longer.startswith(shorter)
    is_meant = is_slip(typed, meant) or _is_inner_typo(typed, meant)
    return meant if is_meant and not is_kept else ""


def _is_inner_typo(typed: str, meant: str) -> bool:
    """Whether a letter within the word is wrong: `get` and `set`, or 2 and 3, are two names."""
    numbers = [sorted(filter(str.isdigit, name)) for name in (typed, meant)]
    ends = [(name[0], name[-1]) for name in (typed, meant)]
    return is_typo(typed, meant) and numbers[0] == numbers[1] and ends[0] == ends[1]


def _meant_of(facts: Facts) -> str:
    """The installed distribution that was asked for the name."""
    return facts["name_taken_of"] or (facts["owner"] if facts["module_state"] == "gone" else "")


FACTS: dict[str, Fact] = {
    "meant_name": _meant_name,
    "meant_of": _meant_of,
    "nearest_there": _nearest_there,
}
