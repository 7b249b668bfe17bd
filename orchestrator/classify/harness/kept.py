"""Facts about fixtures that are made once for several tests: what one test does to the value, the
next one finds.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from conftest_kit.records import Failure, Fixture, Frame, Raised
from orchestrator.checkout.source import parsed
from orchestrator.classify.facts import Context, Fact, Facts, is_harness, part
from orchestrator.failures.chain import decisive, is_assertion
from orchestrator.failures.printed import literal

_OWN = ("project", "test")
_MOCKS = "unittest/mock.py"
_READ = r"(?<![\w.'\"]){name}(?:\.\w+|\[[^\]]*\])+(?![\w(])"
"""A look at the state of what bears a name, which asks nobody to do anything."""
_CALL = r"(?<![\w.'\"]){name}\.\w+\("
_MORE = re.compile(
    r"^ *(?:(?P<one>Left|Right) contains |Extra items in the (?P<other>left|right) set)",
    re.MULTILINE,
)
"""Where pytest says which side of a comparison has more than the other."""
_CALLED_MORE = re.compile(
    r"^Expected '[^'\n]{1,100}' to "
    r"(?:not have been called|(?:have been|be) called once\b[^.\n]{0,50})\. "
    r"Called (?P<times>\d{1,6}) times"
)
"""How a mock says that it was called more often than it should have been."""
_OF_STATE = ("repr", "str", "len", "bool", "list", "dict", "set", "tuple", "sorted", "sum")
"""Functions of Python's that show the state of a value."""
_WORD = r"(?<![\w.'\"]){name}(?![\w'\"])"
_THERE_ALREADY = re.compile(r"Exists|Already|Duplicate|Conflict|Integrity|Multiple\w*Found")
"""In the type of what is raised where something is made a second time."""
_SAYS_ALREADY = re.compile(
    r"(?i)\balready (?:exists?|registered|defined|present|added|in use|taken|there)\b|\bduplicate\b"
)
"""The same in its message."""
_GAVE_NONE = re.compile(r"^ \+ {2}where None = [a-z_]\w{0,100}\(", re.MULTILINE)
"""How pytest shows that a function which a check calls by its plain name gave nothing."""
_READ_OF_MESSAGE = 2000
_GOES_ON = ("(", "[", "{")
"""At the end of a line that is not the whole of a check."""
_A_WORD = 3
"""Letters that a shortened name has at least."""
_SEVERAL = 3
"""Tests that have to break on what they do with one value, for it to be the value; fixtures that
have to be alike, for one to be the odd one."""


class _Use(NamedTuple):
    fixture: str
    function: str
    """What the exception came out of: file and function."""


def _kept(facts: Facts) -> Fixture | None:
    """The own fixture, made once for several tests, whose state a check of a test looks at, or that
    alone of its like outlives a test; that has grown for several; that a test adds something to
    which is there already; or with which several tests break in different functions of the product.
    """
    failure, link = facts.failure, facts.link
    frame = _checking(facts)
    if failure.phase != "call" or frame is None or link is not decisive(failure):
        return None
    if is_harness(frame):
        looked_at = _looked_at(facts, frame)
        cut = frame.source.endswith(_GOES_ON)
        shown = facts.context.once(_shown) if cut and not looked_at else frozenset()
        beside = [one for _, one in _names(facts) if (one.name, one.file) in shown]
        found = iter((*looked_at, *beside, *_odd_among_its_like(facts), *_grown_for(facts)))
    elif _is_there_already(link):
        found = (one for name, one in _names(facts) if _matches(_WORD, name, _asking(failure)))
    else:
        broken = facts.context.once(_broken)
        found = (one for _, one in _names(facts) if one.name in broken)
    return next((one for one in found if _was_used_before(facts, one)), None)


def _checking(facts: Facts) -> Frame | None:
    """The line that raised; that of a check which a mock made."""
    frames = [frame for frame in facts.frames if frame.file != _MOCKS]
    return frames[-1] if frames else None


def _is_there_already(link: Raised) -> bool:
    by_type = _THERE_ALREADY.search(link.type.rpartition(".")[2])
    return bool(by_type or _SAYS_ALREADY.search(link.message[:_READ_OF_MESSAGE]))


def _looked_at(facts: Facts, frame: Frame) -> tuple[Fixture, ...]:
    """Those whose state the line of a check looks at; none where a function gave it nothing."""
    if _GAVE_NONE.search(facts.link.message[:_READ_OF_MESSAGE]):
        return ()
    names = (*_names(facts), *_shortened(facts))
    return tuple(one for name, one in names if _looks_at(name, frame, facts.link.message))


def _odd_among_its_like(facts: Facts) -> Iterator[Fixture]:
    """The fixture of which several others of the same file bear the name, as `admin_user` that of
    `user`, are not made of it, and live for a test, while it outlives one.
    """
    given = facts.failure.fixtures
    asks = {(one.name, one.file): one.asks for one in facts.context.project.fixtures}
    for entry in given if is_assertion(facts.link) else ():
        like = [
            other
            for other in given
            if other.file == entry.file
            and other.name.endswith(entry.name)
            and other.name != entry.name
            and entry.name not in asks.get((other.name, other.file), ())
        ]
        if _outlives(entry) and len(like) >= _SEVERAL and not any(map(_outlives, like)):
            yield entry


def _grown_for(facts: Facts) -> Iterator[Fixture]:
    """The fixture that a check was given which finds more than it expects, as all such checks of
    the run were.
    """
    finds = _finds_more(facts.failure) or _calls_found(facts.failure)
    grown = facts.context.once(_grown) if finds else frozenset()
    return (one for one in facts.failure.fixtures if (one.name, one.file) in grown)


def _grown(context: Context) -> frozenset[tuple[str, str]]:
    """The fixtures, by name and file, which outlive a test and which every check was given that
    finds more than it expects, where several do; of calls where it is more and more.
    """
    failures = context.recording.failures
    finding = [one for one in failures if _finds_more(one)]
    if len({*map(_calls_found, failures)} - {""}) >= _SEVERAL:
        finding += (one for one in failures if _calls_found(one))
    given = [
        frozenset((one.name, one.file) for one in failure.fixtures if _outlives(one))
        for failure in finding
    ]
    return frozenset.intersection(*given) if len(given) >= _SEVERAL else frozenset()


def _finds_more(failure: Failure) -> bool:
    raised = decisive(failure)
    more = _MORE.search(raised.message[:_READ_OF_MESSAGE]) if raised else None
    return failure.phase == "call" and more is not None


def _calls_found(failure: Failure) -> str:
    """How often a mock was called that should have been called once or not at all."""
    raised = decisive(failure) if failure.phase == "call" else None
    found = _CALLED_MORE.match(raised.message[:_READ_OF_MESSAGE]) if raised else None
    return found["times"] if found and found["times"] != "0" else ""


def _shown(context: Context) -> frozenset[tuple[str, str]]:
    """The fixtures, by name and file, whose state some failing check looks at in the line that was
    recorded: where a check goes on for several lines, only its first was.
    """
    found: set[tuple[str, str]] = set()
    for failure in context.recording.failures:
        raised = decisive(failure)
        facts = context.facts(failure, raised)
        frame = facts.frames[-1] if facts.frames else None
        if failure.phase == "call" and raised is not None and frame and is_harness(frame):
            found.update((one.name, one.file) for one in _looked_at(facts, frame))
    return frozenset(found)


def _names(facts: Facts) -> Iterator[tuple[str, Fixture]]:
    """The fixtures of the failure that outlive a test, by the names that a test has them by: their
    own, and those of what is made of them for each test.
    """
    project, given = facts.context.project, facts.failure.fixtures
    void = {(one.name, one.file) for one in project.fixtures if one.gives_nothing}
    asks = {(one.name, one.file): one.asks for one in project.fixtures}
    for entry in given:
        if not _outlives(entry) or (entry.name, entry.file) in void:
            continue
        yield entry.name, entry
        for other in given:
            if not _outlives(other) and entry.name in asks.get((other.name, other.file), ()):
                yield other.name, entry


def _shortened(facts: Facts) -> Iterator[tuple[str, Fixture]]:
    """The same by the first word of the fixture's name, as which a test keeps it: `font` for
    `font_of_roman`; no name that the test has from elsewhere.
    """
    project, given = facts.context.project, facts.failure.fixtures
    taken = {*project.source(facts["test_file"]).imports, *(one.name for one in given)}
    for name, entry in _names(facts):
        first, _, rest = name.partition("_")
        if rest and len(first) >= _A_WORD and first not in taken:
            yield first, entry


def _outlives(entry: Fixture) -> bool:
    return entry.origin in _OWN and entry.scope != "function"


def _matches(pattern: str, name: str, frame: Frame | None) -> bool:
    return frame is not None and bool(re.search(pattern.format(name=name), frame.source))


def _looks_at(name: str, frame: Frame, message: str) -> bool:
    """Whether a check looks at the state of what bears the name: at a part of it, at what Python
    shows of it beside a literal, or at what it gave and holds more than was expected.
    """
    if _matches(_READ, name, frame):
        return True
    sides = _sides(frame.source)
    shown = {f"{function}({name})" for function in _OF_STATE}
    if any(side in shown and _is_literal(other) for side, other in (sides, sides[::-1])):
        return True
    more = _MORE.search(message[:_READ_OF_MESSAGE])
    if more is None:
        return False
    longer = sides[0 if (more["one"] or more["other"]).lower() == "left" else 1]
    return bool(re.match(_CALL.format(name=name), longer))


def _sides(source: str) -> tuple[str, str]:
    """Both sides of the one comparison that a line asserts; empty where it is none."""
    tree = parsed(source.encode()).body
    test = tree[0].test if len(tree) == 1 and isinstance(tree[0], ast.Assert) else None
    if not isinstance(test, ast.Compare) or len(test.comparators) != 1:
        return "", ""
    return ast.unparse(test.left), ast.unparse(test.comparators[0])


def _is_literal(text: str) -> bool:
    return bool(literal(text) != text)


def _asking(failure: Failure) -> Frame | None:
    """The deepest line of tests that the failure went through."""
    frames = (frame for link in failure.exceptions[:1] for frame in reversed(link.frames))
    return next((one for one in frames if one.origin in _OWN and is_harness(one)), None)


def _broken(context: Context) -> frozenset[str]:
    """Fixtures with which several tests break in more than one function of the product, each where
    it calls a method of the value.
    """
    functions: defaultdict[str, list[str]] = defaultdict(list)
    for failure in context.recording.failures:
        for use in _uses(failure):
            functions[use.fixture].append(use.function)
    return frozenset(
        name for name, found in functions.items() if len(found) >= _SEVERAL and len(set(found)) > 1
    )


def _uses(failure: Failure) -> Iterator[_Use]:
    raised, asking = decisive(failure), _asking(failure)
    if failure.phase != "call" or raised is None or is_assertion(raised):
        return
    inside = [frame for frame in raised.frames if frame.origin == "project"]
    for entry in failure.fixtures if inside else ():
        if _outlives(entry) and _matches(_CALL, entry.name, asking):
            yield _Use(entry.name, f"{inside[-1].file} {inside[-1].function}")


def _was_used_before(facts: Facts, entry: Fixture) -> bool:
    """Whether another test may have had it before this one, as far as the record holds what ran."""
    first = facts.context.once(_first_tests)
    if first is None:
        return bool(facts.context.recording.run.counts.get("passed", 0))
    file = "" if entry.scope in ("session", "package") else facts["test_file"]
    return first.get(file, facts.failure.nodeid) != facts.failure.nodeid


def _first_tests(context: Context) -> Mapping[str, str] | None:
    """The test that ran first of each file, and under "" of all; None where the record does not
    hold what passed.
    """
    recording = context.recording
    passed = recording.run.counts.get("passed", 0)
    if not passed or sum(one.outcome == "passed" for one in recording.attempts) < passed:
        return None
    first: dict[str, str] = {}
    for attempt in recording.attempts:
        first.setdefault("", attempt.nodeid)
        first.setdefault(attempt.nodeid.partition("::")[0], attempt.nodeid)
    return first


def _kept_place(facts: Facts) -> str:
    found = facts.once(_kept)
    return f"{found.file}:{found.line}" if found else ""


FACTS: dict[str, Fact] = {
    "kept_fixture": part(_kept, "name"),
    "kept_place": _kept_place,
    "kept_scope": part(_kept, "scope"),
}
