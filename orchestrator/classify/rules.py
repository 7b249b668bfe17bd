"""Rules as data: what a file of `orchestrator/knowledge/` may say, read and checked once.

A rule looks at one link of an exception chain. Everything that `when` names must hold:

    phase       the failure's phase is one of these
    exception   the type or one of its bases is one of these; `*.Name` is that class of any module
    unless      … and none of these
    position    `decisive` (the link that the chain comes down to), or `any` link of the chain
    message     a regular expression (or one of several) found in the exception's message; its named
                groups become facts
    report      the same in what pytest reported, for failures that carry no exception, or only
                one that pytest reports with (CollectError, UsageError)
    attributes  the exception has one of these values: `errno = [98, 48]`
    facts       computed from structure: one of these values; `true` is known, `false` is not known

Texts are templates over facts: `{module}`. A sentence, command or line that needs a fact which is
not known is left out.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from corpus_memory_logging.records import CATEGORIES

_RULE_KEYS = {
    "id", "version", "kind", "priority", "confidence", "when", "culprit", "evidence", "remedy"
}  # fmt: skip
_WHEN_KEYS = {
    "phase", "exception", "unless", "position", "message", "report", "attributes", "facts"
}  # fmt: skip
_FROM_PLACE = 40
_REMEDY_KEYS = {"text", "commands", "checklist", "facts", "confidence"}

Wanted = Mapping[str, tuple[str, ...] | bool]


class BadRule(ValueError):
    """A rule file says something that the engine does not know; the message names rule and key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """The conditions of a rule; an empty one holds."""

    phase: tuple[str, ...] = ()
    exception: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    position: str = "decisive"
    message: tuple[re.Pattern[str], ...] = ()
    report: tuple[re.Pattern[str], ...] = ()
    attributes: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    facts: Wanted = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """One way to mend it."""

    text: tuple[str, ...]
    """Sentences."""
    commands: tuple[str, ...] = ()
    """A command, or `add DISTRIBUTION`, `add-test DISTRIBUTION`, `pin SPECIFIER` and `sync`, which
    become the project's own command."""
    checklist: str | None = None
    facts: Wanted = field(default_factory=dict)
    confidence: float = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One entry of a rule file."""

    id: str
    version: int
    category: str
    kind: str
    priority: int
    """The highest that holds wins. 80: the cause is beyond doubt; 60: a specific one; 40: read from
    where it was raised; 20: from the type alone."""
    confidence: float
    when: When
    culprit: Mapping[str, str]
    evidence: tuple[str, ...]
    remedies: tuple[Remedy, ...]

    @property
    def name(self) -> str:
        """`id@version`, as verdicts and suggestions carry it."""
        return f"{self.id}@{self.version}"

    @property
    def is_general(self) -> bool:
        """Whether it says no more than where an exception was raised, or of what type it is; what
        checks compare looks alike by chance.
        """
        return self.priority <= _FROM_PLACE and self.category != "assertion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Only:
    """The culprit where it alone changed, or is out of step with the rest, of causes of a category,
    whatever their rule names.
    """

    category: str
    kinds: tuple[str, ...]
    """Of these kinds alone; of all where there are none."""
    unless: tuple[str, ...]
    """Kinds of which the rule knows better."""
    culprit: Mapping[str, str]
    facts: Wanted

    def is_of(self, rule: Rule) -> bool:
        """Whether it holds for causes that this rule explains."""
        is_meant = rule.kind in self.kinds if self.kinds else rule.kind not in self.unless
        return is_meant and rule.category == self.category


class Lead(NamedTuple):
    """A sentence before the first of a rule's own remedies."""

    text: str
    facts: Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class General:
    """What is said of every cause beside its rule."""

    culprits: tuple[Only, ...]
    evidence: tuple[str, ...]
    leads: tuple[Lead, ...]
    remedies: tuple[Remedy, ...]


@cache
def general() -> General:
    """What is said of every cause, whatever its rule."""
    document = knowledge("general")
    return General(
        culprits=tuple(
            Only(
                category=one["category"],
                kinds=tuple(one.get("kinds", ())),
                unless=tuple(one.get("unless", ())),
                culprit=one["culprit"],
                facts=_wanted(one["facts"]),
            )
            for one in document["only"]
        ),
        evidence=tuple(document["evidence"]),
        leads=tuple(Lead(one["text"], _wanted(one["facts"])) for one in document["lead"]),
        remedies=tuple(_remedy("general", entry) for entry in document["remedy"]),
    )


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, the highest priority first, else in the order of the files.

    Raises:
        BadRule: a file is not as described above.
    """
    found = [rule for name in _rule_files() for rule in _read(name)]
    names = [rule.id for rule in found]
    if doubles := {name for name in names if names.count(name) > 1}:
        raise BadRule(f"rule ids must be unique: {', '.join(sorted(doubles))}")
    return tuple(sorted(found, key=lambda rule: -rule.priority))


@cache
def knowledge(name: str) -> dict[str, Any]:
    """The content of `orchestrator/knowledge/<name>.toml`."""
    return tomllib.loads(
        files("orchestrator").joinpath(f"knowledge/{name}.toml").read_text("utf-8")
    )


def parse(document: Mapping[str, Any], category: str) -> tuple[Rule, ...]:
    """The rules of one file.

    Raises:
        BadRule: a rule lacks a key, has one that is not known, or a pattern that does not compile.
    """
    if category not in CATEGORIES:
        raise BadRule(f"{category!r} is no category")
    return tuple(_rule(entry, category) for entry in document.get("rule", ()))


def _rule_files() -> Iterator[str]:
    present = {entry.name for entry in files("orchestrator").joinpath("knowledge").iterdir()}
    yield from (name for name in CATEGORIES if f"{name}.toml" in present)


def _read(category: str) -> tuple[Rule, ...]:
    return parse(knowledge(category), category)


def _rule(entry: Mapping[str, Any], category: str) -> Rule:
    name = str(entry.get("id", "?"))
    _check(name, entry, _RULE_KEYS)
    try:
        return Rule(
            id=entry["id"],
            version=entry["version"],
            category=category,
            kind=entry["kind"],
            priority=entry["priority"],
            confidence=entry["confidence"],
            when=_when(name, entry["when"]),
            culprit=entry.get("culprit", {}),
            evidence=tuple(entry.get("evidence", ())),
            remedies=tuple(_remedy(name, remedy) for remedy in entry["remedy"]),
        )
    except KeyError as missing:
        raise BadRule(f"rule {name}: {missing} is missing") from None


def _when(rule: str, entry: Mapping[str, Any]) -> When:
    _check(rule, entry, _WHEN_KEYS)
    return When(
        phase=tuple(entry.get("phase", ())),
        exception=tuple(entry.get("exception", ())),
        unless=tuple(entry.get("unless", ())),
        position=entry.get("position", "decisive"),
        message=_patterns(rule, entry.get("message", ())),
        report=_patterns(rule, entry.get("report", ())),
        attributes={key: tuple(values) for key, values in entry.get("attributes", {}).items()},
        facts=_wanted(entry.get("facts", {})),
    )


def _remedy(rule: str, entry: Mapping[str, Any]) -> Remedy:
    _check(rule, entry, _REMEDY_KEYS)
    text = entry["text"]
    return Remedy(
        text=(text,) if isinstance(text, str) else tuple(text),
        commands=tuple(entry.get("commands", ())),
        checklist=entry.get("checklist"),
        facts=_wanted(entry.get("facts", {})),
        confidence=entry.get("confidence", 0.8),
    )


def _wanted(entry: Mapping[str, Any]) -> Wanted:
    return {
        fact: value
        if isinstance(value, bool)
        else (value,)
        if isinstance(value, str)
        else tuple(value)
        for fact, value in entry.items()
    }


def _patterns(rule: str, texts: str | list[str] | tuple[()]) -> tuple[re.Pattern[str], ...]:
    compiled = []
    for text in (texts,) if isinstance(texts, str) else texts:
        try:
            compiled.append(re.compile(text))
        except re.error as error:
            raise BadRule(f"rule {rule}: {text!r} is no regular expression: {error}") from None
    return tuple(compiled)


def _check(rule: str, entry: Mapping[str, Any], known: set[str]) -> None:
    if unknown := sorted(set(entry) - known):
        raise BadRule(
            f"rule {rule}: unknown key {unknown[0]!r}; known are {', '.join(sorted(known))}"
        )
