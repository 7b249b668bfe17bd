"""Facts about fixtures that give nothing to those that use what they give."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from conftest_kit.records import Fixture, Frame
from orchestrator.classify.facts import Fact, Facts, is_harness

_OWN = ("project", "test")
_TYPES = "NoneType|coroutine|async_generator|generator|function"
# 'NoneType' object is not callable; cannot unpack non-iterable NoneType object; not NoneType
_EMPTY = re.compile(rf"'(?P<quoted>{_TYPES})'|\b(?:non-iterable|not|object) (?P<bare>{_TYPES})\b")
_WAITING = frozenset({"coroutine", "async_generator", "generator"})
"""What a fixture gives that nobody awaited or iterated for its users."""
_NAME = r"(?<![\w.'\"]){name}"
_WHOLE = r"(?![\w.(\[])"
_OPERATOR = r"[-+*/%@|&<>]"
_TAKING = r"(?:\bin |\*\*?|= |\bawait |\b(?:len|next|iter|list|tuple|set|dict|sorted|sum)\()"
_ITEM = re.compile(
    r"(?<![\w.'\"])(?P<of>self\.[a-z_]\w{0,100}|[a-z_]\w{0,100})"
    r"\[(?P<key>-?\d{1,9}|'[^'\n]{1,200}'|\"[^\"\n]{1,200}\")\]"
)
"""An item that is taken at once of what has a name: not `basket.rows[0]`."""
_STAND_IN = re.compile(r"^(?:mock|fake|dummy|stub|test|my|sample)_(?=\w{3})")
"""What a fixture's name has before that of what it stands for."""
_USES = (
    (re.compile(r"has no attribute '(?P<attribute>\w{1,200})'"), r"{name}\.{attribute}\b"),
    # Of name[0][1] it is not told which part is nothing.
    (re.compile(r"subscriptable|support item"), r"{name}\[(?![^\]]*\]\s*\[)"),
    (re.compile(r"not callable"), r"{name}\("),
    (re.compile(r"context manager"), rf"\bwith {{name}}{_WHOLE}"),
    (re.compile(r"iterable|mapping|iterator|len\(\)|await"), rf"{_TAKING}{{name}}{_WHOLE}"),
    (
        re.compile(r"operand type|between instances"),
        rf"(?:{{name}} ?{_OPERATOR}|{_OPERATOR}=? ?{{name}}{_WHOLE})",
    ),
)
"""What is said of something that is used as what it is not, and how a line uses it."""


def _empty(facts: Facts) -> tuple[str, str]:
    """An own fixture that the raising line of a test or of a fixture uses as what it is not, and
    what it is; a helper has it by that name from whoever called it. What waits to be awaited or
    iterated the product may have been handed as well.
    """
    found = _EMPTY.search(facts.link.message[:500])
    own = [frame for frame in facts.frames if frame.origin in _OWN]
    if not found or not own or own[-1] is not facts.frames[-1] or not is_harness(own[0]):
        return "", ""
    kind = found["quoted"] or found["bare"]
    in_tests = all(map(is_harness, own))
    for entry in _given(facts, own[0]) if in_tests or kind in _WAITING else ():
        handed_on = (re.search(_word(entry.name), frame.source) for frame in own[:-1])
        is_handed = all(handed_on) if in_tests else _is_nowhere_else(entry, own)
        if is_handed and _is_used(_word(entry.name), facts.link.message[:500], own[-1].source):
            return _behind(facts, entry), kind
    return "", ""


def _behind(facts: Facts, entry: Fixture) -> str:
    """The fixture; the one that gives nothing and that a parameter of the test names, where what
    the test was given may have been that one's: `request.getfixturevalue(request.param)`.
    """
    if _is_void(facts, entry):
        return entry.name
    named = facts.failure.nodeid.partition("[")[2].removesuffix("]").split("-")
    void = {one.name for one in facts.context.project.fixtures if one.gives_nothing}
    return next((name for name in named if name in void), entry.name)


def _is_nowhere_else(entry: Fixture, own: Sequence[Frame]) -> bool:
    """Whether no line on the way gives the name to something else."""
    given = re.compile(rf"{_NAME.format(name=entry.name)}\s*=[^=]|\bas {entry.name}\b")
    return not any(given.search(frame.source) for frame in own)


def _is_used(word: str, message: str, source: str) -> bool:
    """Whether a line uses what this pattern stands for in the way that the message says."""
    for said, use in _USES:
        if found := said.search(message):
            return bool(re.search(use.format(name=word, **found.groupdict()), source))
    return False


def _word(name: str) -> str:
    """A pattern of the name alone: no attribute, no text, no keyword."""
    return rf"{_NAME.format(name=name)}(?![\w'\"])(?!\s*=[^=])"


def _given(facts: Facts, frame: Frame) -> Iterator[Fixture]:
    """The own fixtures that a test or a fixture may have been given, by their names."""
    defined = [one for one in facts.context.project.fixtures if one.file == frame.file]
    asks = [one.asks for one in defined if one.function == frame.function]
    imports = facts.context.project.source(frame.file).imports
    for entry in facts.failure.fixtures:
        is_asked_for = not asks or any(entry.name in names for names in asks)
        is_itself = entry.name == frame.function or entry.name in imports
        if entry.origin in _OWN and is_asked_for and not is_itself:
            yield entry


def _void_fixture(facts: Facts) -> str:
    """An own fixture whose function gives nothing, and that the test uses as if it did: by its
    code, or by the line of it or of a fixture that was recorded; or one that the product uses so
    under its name, as what it was handed.
    """
    used = (one.name for one in facts.failure.fixtures if one.gave_nothing and _is_void(facts, one))
    if (name := next(used, "")) and facts.failure.phase == "call":
        return name
    own = [frame for frame in facts.frames if frame.origin in _OWN]
    if not own or not is_harness(own[0]):
        return ""
    message = facts.link.message[:500]
    for entry in _given(facts, own[0]):
        is_asked = re.search(_word(entry.name), own[0].source)
        # self.basket, which was given `basket` or `mock_basket`
        kept = rf"(?<![\w'\"])(?:{entry.name}|{_STAND_IN.sub('', entry.name)})"
        is_kept = "NoneType" in message and _is_used(kept, message, own[-1].source)
        if (is_asked or is_kept) and _is_void(facts, entry):
            return entry.name
    return ""


def _prepared_without(facts: Facts) -> str:
    """What a class's set-up or an own fixture made for the test, where the test's own line takes an
    item of it that it has not: `self.rows`, `basket`.
    """
    frame = facts.frames[-1] if facts.frames else None
    if frame is None or not is_harness(frame) or facts["case_method"]:
        return ""
    found = (one["of"] for one in _ITEM.finditer(frame.source) if _is_lacking(one, facts))
    given = {one.name for one in _given(facts, frame)}
    return next((of for of in found if of.startswith("self.") or of in given), "")


def _is_lacking(item: re.Match[str], facts: Facts) -> bool:
    """Whether it is what the exception speaks of: a key is named, a place in a list is not."""
    is_key = "KeyError" in (facts.link.type, *facts.link.bases)
    return item["key"].strip("'\"") == facts.link.message.strip("'\"") if is_key else True


def _is_void(facts: Facts, entry: Fixture) -> bool:
    """Whether a fixture is an own one of which no function gives anything."""
    named = (entry.name, entry.file)
    known = [one for one in facts.context.project.fixtures if (one.name, one.file) == named]
    return bool(known) and all(one.gives_nothing for one in known)


def _void_place(facts: Facts) -> str:
    """Where it is defined."""
    void = facts["void_fixture"]
    named = (entry for entry in facts.failure.fixtures if void and entry.name == void)
    return next((f"{entry.file}:{entry.line}" for entry in named), "")


FACTS: dict[str, Fact] = {
    "empty_fixture": lambda facts: facts.once(_empty)[0],
    "empty_object": lambda facts: facts.once(_empty)[1],
    "prepared_without": _prepared_without,
    "void_fixture": _void_fixture,
    "void_place": _void_place,
}
