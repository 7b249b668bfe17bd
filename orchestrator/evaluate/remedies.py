"""Whether a suggestion is the remedy that made a run green; pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from conftest_kit.records import Distribution, Recording
from corpus_memory_logging.records import Suggestion
from orchestrator.evaluate.cases import LabelledCause

_IN_TEXT = re.compile(
    r"[A-Za-z0-9][\w.-]*(?:\[[\w,.-]+\])?(?:\s?(?:[<>=!~]=|[<>])\s?[\w.*+!-]+,?)*"
)

_SENTENCES = re.compile(r"(?<=[.;])\s+")
_TELLS = re.compile(
    r"\b(?:(?:un|re)?install|upgrade|downgrade|pin|add|remove|hold|bring)(?:s|ed|ing)?\b"
    r"|\b(?:asks? for|require[sd]?|depends?|declare[sd]?)\b",
    re.IGNORECASE,
)


def is_hit(suggestion: Suggestion, cause: LabelledCause, recording: Recording) -> bool:
    """Whether the suggestion asks for all that the remedy does."""
    remedy = cause.remedy
    said = " ".join((suggestion.text, *suggestion.commands)).lower()
    if not all(word.lower() in said for word in remedy.mentions):
        return False
    if not all(_names(suggestion, name) for name in remedy.uninstall):
        return False
    return all(_asks(suggestion, Requirement(pin), recording) for pin in _decisive(cause))


def _decisive(cause: LabelledCause) -> tuple[str, ...]:
    """Of what was installed together, the culprit; else everything."""
    if cause.culprit is None or cause.remedy.mentions:
        return () if cause.remedy.mentions else cause.remedy.install
    name = canonicalize_name(cause.culprit.name)
    named = [pin for pin in cause.remedy.install if _name(pin) == name]
    return tuple(named) or cause.remedy.install


def _asks(suggestion: Suggestion, pin: Requirement, recording: Recording) -> bool:
    """By a command, else by the text. Where a version is installed that did not do, only what
    admits the remedy's version and excludes that one.
    """
    broken = _installed(recording).get(canonicalize_name(pin.name))
    version = next(iter(pin.specifier)).version
    asked = [*_in_commands(suggestion), *_in_text(suggestion)]
    brought = {canonicalize_name(one.name): one for one in recording.distributions}
    for requirement in asked:
        names = {canonicalize_name(requirement.name), *_of_extras(requirement, brought)}
        if canonicalize_name(pin.name) not in names:
            continue
        if broken is None or broken == version:
            return True
        if canonicalize_name(requirement.name) != canonicalize_name(pin.name):
            continue
        admitted = requirement.specifier
        if admitted.contains(version, prereleases=True) and not admitted.contains(
            broken, prereleases=True
        ):
            return True
    return False


def _installed(recording: Recording) -> Mapping[str, str]:
    found = recording.run.environment.distributions
    return {canonicalize_name(name): version for name, version in found.items()}


def _names(suggestion: Suggestion, name: str) -> bool:
    asked = [*_in_commands(suggestion), *_in_text(suggestion)]
    return any(canonicalize_name(one.name) == canonicalize_name(name) for one in asked)


def _in_commands(suggestion: Suggestion) -> Iterator[Requirement]:
    for command in suggestion.commands:
        try:
            words = shlex.split(command)
        except ValueError:  # an apostrophe in an edit that is told in words
            words = command.split()
        for word in words:
            yield from _parsed(word)


def _in_text(suggestion: Suggestion) -> Iterator[Requirement]:
    """What a sentence that tells to install something names, and what is named with a version; no
    part of a path.
    """
    for sentence in _SENTENCES.split(suggestion.text):
        tells = _TELLS.search(sentence) is not None
        for found in _IN_TEXT.finditer(sentence):
            beside = (sentence[: found.start()][-1:], sentence[found.end() :][:1])
            for asked in () if "/" in beside else _parsed(found[0].rstrip(",.-")):
                if tells or asked.specifier:
                    yield asked


def _of_extras(
    requirement: Requirement, known: Mapping[NormalizedName, Distribution]
) -> Iterator[str]:
    """What the extras of an installed distribution bring."""
    distribution = known.get(canonicalize_name(requirement.name))
    for line in distribution.requires if distribution and requirement.extras else ():
        for asked in _parsed(line):
            if asked.marker and any(
                asked.marker.evaluate({"extra": extra}) and not asked.marker.evaluate({"extra": ""})
                for extra in requirement.extras
            ):
                yield canonicalize_name(asked.name)


def _parsed(text: str) -> Iterator[Requirement]:
    try:
        yield Requirement(text)
    except InvalidRequirement:
        return


def _name(pin: str) -> str:
    return canonicalize_name(Requirement(pin).name)
