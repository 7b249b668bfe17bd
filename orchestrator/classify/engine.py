"""Applies rules to a failure: the first that holds, by priority, and what it rests on."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

from packaging.utils import canonicalize_name

from conftest_kit.records import Failure, Raised
from corpus_memory_logging.records import Culprit, Verdict
from orchestrator.classify.exceptions.told import TOLD, told
from orchestrator.classify.facts import Context, Facts
from orchestrator.classify.rules import Remedy, Rule, Wanted, When, general
from orchestrator.failures.chain import decisive, headline, said
from orchestrator.failures.signature import sign

_MESSAGE_LIMIT = 4096
_FAILURES_TRIED = 3
"""Failures of one signature differ in little; a few are tried."""
_HANDLED_COUNTS_LESS = 25
_WRAPPING_COUNTS_LESS = 20
"""The same of the exception that came out, where another one is its root."""
_SURE = 0.97
"""What a verdict is worth whose culprit changed since the test passed with the same code."""
_FAIRLY_SURE = 0.8
"""What a rule has to be worth for that."""
_TOLD = 0.85
"""What counts of a verdict's confidence where the exception was only told of."""
_REPORTERS = ("*.CollectError", "*.UsageError", "*.PytestConfigWarning")
"""What pytest raises only to report."""
_NO_MODULE = "No module named "


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A failure as rules see it."""

    failure: Failure
    links: tuple[Raised, ...]
    """First those that decide: the root of the chain, and of a group its members."""
    deciding: int
    """How many of the links decide."""
    facts: tuple[Facts, ...]
    """Of each link; one where there is no link."""
    names: frozenset[str]
    """By which rules may name the classes of the links."""

    @classmethod
    def of(cls, failure: Failure, context: Context) -> Subject:
        """Takes the chain apart."""
        root = decisive(failure)
        deciding = (
            *((root, *_members(root)) if root else ()),
            *told(failure, context.recording.run.root),
        )
        others = (link for link in failure.exceptions if not any(link is seen for seen in deciding))
        links = (*deciding, *others)
        return cls(
            failure=failure,
            links=links,
            deciding=len(deciding),
            facts=tuple(context.facts(failure, link) for link in links or (None,)),
            names=frozenset().union(*map(_names, links)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A rule that holds for a failure, and the facts that it holds with."""

    rule: Rule
    facts: Facts
    evidence: tuple[str, ...]

    def verdict(self) -> Verdict:
        """What the rule says of the failure."""
        facts = self.with_culprit()
        fits = self.rule.confidence >= _FAIRLY_SURE and facts["code_touched"] == "no"
        sure = fits and facts["culprit_before"]
        return Verdict(
            category=self.rule.category,
            kind=self.rule.kind,
            culprit=self._culprit,
            confidence=max(self._confidence, _SURE if sure else 0),
            evidence=(*self.evidence, *said_since_green(facts)),
            rule=self.rule.name,
        )

    @property
    def _confidence(self) -> float:
        is_told = TOLD in self.facts.link.notes
        return round(self.rule.confidence * (_TOLD if is_told else 1), 2)

    @property
    def _culprit(self) -> Culprit | None:
        """What alone changed since the tests passed, or is alone out of step with the rest where
        that is not known; else what the rule names.
        """
        named = self._named
        for only in general().culprits:
            if only.is_of(self.rule) and satisfied(only.facts, self.facts):
                found = _culprit(only.culprit, self.facts)
                return found if found and not _is_same(found, named) else named
        return named

    @property
    def _named(self) -> Culprit | None:
        return _culprit(self.rule.culprit, self.facts)

    def with_culprit(self) -> Facts:
        """The facts, `category`: the rule's, and `culprit`: the name of its culprit, where it has
        one; `instead_of`: that of the one which the rule names, where it is another.
        """
        culprit, named = self._culprit, self._named
        found = {"category": self.rule.category, "culprit": culprit.name if culprit else ""}
        is_other = culprit and named and not _is_same(culprit, named)
        found["instead_of"] = named.name if named and is_other else ""
        return self.facts.with_groups({name: value for name, value in found.items() if value})

    def remedies(self) -> Iterator[tuple[Remedy, Facts]]:
        """What mends it, and the facts that fill its texts; first what undoes a change. Where the
        rule's own come first, what changed leads.
        """
        facts, beside = self.with_culprit(), general()
        found = [one for one in beside.remedies if satisfied(one.facts, facts)]
        own = [one for one in self.rule.remedies if satisfied(one.facts, facts)]
        if own and not found:
            leads = [one.text for one in beside.leads if satisfied(one.facts, facts)]
            own[0] = replace(own[0], text=(*leads, *own[0].text))
        for remedy in (*found, *own):
            yield remedy, facts


def said_since_green(facts: Facts) -> tuple[str, ...]:
    """What changed since the tests passed last, where the memory knows when that was."""
    return fill_all(general().evidence, facts)


def match(rules: Sequence[Rule], failures: Sequence[Failure], context: Context) -> Match | None:
    """The rule of highest priority that holds for one of the failures; None where none does.

    `rules` begin with the highest priority. What only holds for a link that does not decide counts
    less, so that an exception that was handled on the way seldom outweighs the one that came out.
    """
    subjects = [Subject.of(failure, context) for failure in _telling(failures)]
    best, best_priority = None, -1
    for rule in rules:
        if rule.priority <= best_priority:
            break
        for subject in subjects:
            found, priority = _holds(rule, subject)
            if found and priority > best_priority:
                best, best_priority = found, priority
    return best


def fill(template: str, facts: Mapping[str, str]) -> str | None:
    """The template with its facts in place; None where one is not known."""
    names = [name for _, name, _, _ in string.Formatter().parse(template) if name]
    values = {name: facts[name] for name in names}
    return template.format(**values) if all(values.values()) else None


def fill_all(templates: Iterable[str], facts: Mapping[str, str]) -> tuple[str, ...]:
    """Those templates whose facts are all known."""
    return tuple(text for text in (fill(template, facts) for template in templates) if text)


def satisfied(wanted: Wanted, facts: Mapping[str, str]) -> bool:
    """Whether every fact has one of the values that are wanted of it."""
    return all(
        bool(facts[name]) is value if isinstance(value, bool) else facts[name] in value
        for name, value in wanted.items()
    )


def _telling(failures: Sequence[Failure]) -> Sequence[Failure]:
    """A few of the first one's signature: what followed from them says something else."""
    if not failures:
        return ()
    first = sign(failures[0]).id
    return tuple(islice((entry for entry in failures if sign(entry).id == first), _FAILURES_TRIED))


def _members(group: Raised) -> Iterator[Raised]:
    for chain in group.members:
        inner = decisive(Failure(nodeid="", phase="call", exceptions=chain))
        if inner is not None:
            yield inner
            yield from _members(inner)


def _holds(rule: Rule, subject: Subject) -> tuple[Match | None, int]:
    when = rule.when
    if when.exception and subject.links and subject.names.isdisjoint(when.exception):
        return None, 0  # of most rules there is no more to ask
    if when.phase and subject.failure.phase not in when.phase:
        return None, 0
    if not subject.links:
        if when.report or not _needs_exception(when):
            return _reported(rule, subject), rule.priority
        return None, 0
    reach = len(subject.links) if when.position == "any" else subject.deciding
    for place, (link, facts) in enumerate(zip(subject.links[:reach], subject.facts, strict=False)):
        groups = _groups(when, subject.failure, link)
        if groups is not None and satisfied(when.facts, found := facts.with_groups(groups)):
            match = Match(rule=rule, facts=found, evidence=_evidence(rule, found, link))
            return match, rule.priority - _counts_less(subject, place)
    return None, 0


def _counts_less(subject: Subject, place: int) -> int:
    if place < subject.deciding:
        return 0
    came_out = subject.links[place] is subject.failure.exceptions[0]
    return _WRAPPING_COUNTS_LESS if came_out else _HANDLED_COUNTS_LESS


def _reported(rule: Rule, subject: Subject) -> Match | None:
    failure = subject.failure
    reported = failure.message or failure.text
    groups, facts = _search(rule.when.report, reported), subject.facts[0]
    # What the process wrote at its end, or where it refused to start.
    if groups is None and rule.when.phase in (("crash",), ("start",)):
        groups = _search(rule.when.report, failure.text, limit=len(failure.text))
    if groups is None or not satisfied(rule.when.facts, found := facts.with_groups(groups)):
        return None
    evidence = (headline(reported), *fill_all(rule.evidence, found))
    return Match(rule=rule, facts=found, evidence=tuple(filter(None, evidence)))


def _needs_exception(when: When) -> bool:
    return bool(when.exception or when.message or when.attributes)


def _groups(when: When, failure: Failure, link: Raised) -> dict[str, str] | None:
    """The named groups of the rule's patterns; None where the link is not the rule's."""
    if when.exception and not _is_one_of(link, when.exception):
        return None
    if when.unless and _is_one_of(link, when.unless):
        return None
    if any(link.attributes.get(key) not in values for key, values in when.attributes.items()):
        return None
    if when.report and not (when.message or when.exception):
        return _search(when.report, failure.message) if _is_one_of(link, _REPORTERS) else None
    return _search(when.message, link.message)


def _search(
    patterns: tuple[re.Pattern[str], ...], text: str, *, limit: int = _MESSAGE_LIMIT
) -> dict[str, str] | None:
    if not patterns:
        return {}
    found = next(filter(None, (pattern.search(text[:limit]) for pattern in patterns)), None)
    return None if found is None else {key: value or "" for key, value in found.groupdict().items()}


def _is_one_of(link: Raised, names: tuple[str, ...]) -> bool:
    return not _names(link).isdisjoint(names)


def _names(link: Raised) -> frozenset[str]:
    known = _names_of(link.type, link.bases)
    # Who catches it to say more often raises one of its own in its place, in Python's words.
    if "ImportError" in known and link.message.startswith(_NO_MODULE):
        known |= _names_of("ModuleNotFoundError", ())
    return known


@lru_cache(maxsize=4096)
def _names_of(kind: str, bases: tuple[str, ...]) -> frozenset[str]:
    """By which rules may name a class: in full, and `*.Name`."""
    names = (kind, *bases)
    return frozenset((*names, *(f"*.{name.rpartition('.')[2]}" for name in names)))


def _evidence(rule: Rule, facts: Facts, link: Raised) -> tuple[str, ...]:
    return tuple(filter(None, (said(link), facts["place"], *fill_all(rule.evidence, facts))))


def _is_same(one: Culprit, other: Culprit | None) -> bool:
    """Whether both are the same distribution, however it is written."""
    return other is not None and canonicalize_name(one.name) == canonicalize_name(other.name)


def _culprit(templates: Mapping[str, str], facts: Facts) -> Culprit | None:
    if not templates:
        return None
    name = fill(templates["name"], facts)
    if not name:
        return None
    version = fill(templates["version"], facts) if "version" in templates else None
    return Culprit(type=templates["type"], name=name, version=version)
