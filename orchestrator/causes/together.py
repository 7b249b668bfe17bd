"""What to do about causes that became one, where one release took several things away."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from packaging.utils import canonicalize_name
from packaging.version import Version

from corpus_memory_logging.records import Cause, Suggestion
from orchestrator.classify.installed import version_of

_BEFORE = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]{0,100}?) ?<(?P<version>\d[\w.]{0,40})(?=['\"`,\s]|$)"
)
_OF_PYTHON = re.compile(r"\b(?P<name>Python) before (?P<version>\d+\.\d+)\b")
_PYTHON = "python"
# What comes after the change itself: how to do without it for now.
_FOR_NOW = re.compile(r" (?=Or pin |Or upgrade |Until then )|; (?=(?:or )?run on a Python before )")
_MOST = 12
"""Changes that one text names."""


def suggested(first: Cause, others: Sequence[Cause]) -> tuple[Suggestion, ...]:
    """What mends all of them that blame the same: the changes of all, and of what goes back to an
    earlier release the earliest. Where none goes back, or one does alone, what mends the first.
    """
    alike = [
        first,
        *(one for one in others if _culprit(first) and _culprit(one) == _culprit(first)),
    ]
    bounds = {place: bound for place, one in enumerate(alike) if (bound := _bound(one))}
    if first.verdict.category != "compatibility" or len(alike) == 1 or not bounds:
        return first.suggestions
    leading = min(bounds, key=bounds.__getitem__)
    lowest, name = bounds[leading], _culprit(first)
    kept = [one for one in first.suggestions if not _is_proposed(one)]
    kept = [one for one in kept if min(_bounds(one, name), default=lowest) <= lowest]
    proposed = list(filter(_is_proposed, alike[leading].suggestions))
    place = next(at for at, one in enumerate(proposed) if lowest in _bounds(one, name))
    telling = proposed[place]
    commands = telling.commands or tuple(_commands(alike))
    proposed[place] = replace(telling, text=_text(telling, alike), commands=commands)
    known = {one.text for one in kept}
    return (*kept, *(one for one in proposed if one.text not in known))


def _is_proposed(suggestion: Suggestion) -> bool:
    """Whether nobody has said yet that it is right, by words or by a green run."""
    return suggestion.status == "proposed" and suggestion.source == "rule"


def _commands(causes: Sequence[Cause]) -> Iterator[str]:
    """What the first suggestion of each has done."""
    found = (
        command for one in causes for first in one.suggestions[:1] for command in first.commands
    )
    yield from dict.fromkeys(found)


def _culprit(cause: Cause) -> str:
    culprit = cause.verdict.culprit
    of_release = culprit is not None and culprit.type in ("distribution", "interpreter")
    if culprit is None or not of_release:
        return ""
    return _PYTHON if culprit.type == "interpreter" else canonicalize_name(culprit.name)


def _bound(cause: Cause) -> Version | None:
    """The release that what is proposed for a cause goes back behind."""
    proposed = filter(_is_proposed, cause.suggestions)
    return min((bound for one in proposed for bound in _bounds(one, _culprit(cause))), default=None)


def _bounds(suggestion: Suggestion, name: str) -> Iterator[Version]:
    for text in (*suggestion.commands, suggestion.text):
        found = (_OF_PYTHON if name == _PYTHON else _BEFORE).finditer(text)
        named = (one for one in found if canonicalize_name(one["name"]) == name)
        yield from filter(None, (version_of(one["version"]) for one in named))


def _text(telling: Suggestion, causes: Sequence[Cause]) -> str:
    """What to change for each, and what to do for now where that is furthest back."""
    changes = list(dict.fromkeys(filter(None, map(_change, causes))))
    left = [f"So for {len(changes) - _MOST} more."] if len(changes) > _MOST else []
    _, *for_now = _FOR_NOW.split(telling.text)
    return " ".join(map(_sentence, (*changes[:_MOST], *left, *(for_now or [telling.text]))))


def _change(cause: Cause) -> str:
    """What is said before what to do for now; all of it where nothing is for now."""
    told = [_FOR_NOW.split(one.text) for one in cause.suggestions]
    changes = (change for change, *for_now in told if for_now)
    whole = (one.text for one in cause.suggestions if not any("==" in of for of in one.commands))
    return next(changes, next(whole, ""))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].removesuffix('.')}."
