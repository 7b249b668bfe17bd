"""Facts about what unittest and pytest run around tests by its name, or because it was given to
`addCleanup`.
"""

from __future__ import annotations

import re

from conftest_kit.records import Frame
from orchestrator.classify.facts import Fact, Facts, is_harness

_OWN = ("project", "test")
_XUNIT = re.compile(
    r"(?:setup|teardown)_(?:module|class|method|function)$|(?:setUp|tearDown)(?:Class|Module)$"
)
_CLEANS = re.compile(r"(?i)clean_?up|tear_?down|restore|reset|un_?patch")
_CLEANING_UP = frozenset({"_callCleanup", "doClassCleanups"})
_AROUND_TESTS = frozenset({"setUp", "tearDown", "asyncSetUp", "asyncTearDown"})
_NAMED_AROUND = re.compile(rf"\b(?:{'|'.join(sorted(_AROUND_TESTS))})\b")


def _case_method(facts: Facts) -> str:
    """The method of a unittest.TestCase that the exception came out of, where it is no test; or
    that its words name, where it came out of nobody's code.
    """
    own = next((frame for frame in facts.frames if frame.origin in _OWN), None)
    if own is None and not facts.frames:
        named = _NAMED_AROUND.search(facts.link.message[:500])
        return named[0] if named else ""
    return own.function if own and own.function in _AROUND_TESTS else ""


def _cleaning_up(facts: Facts) -> str:
    """`yes` where unittest called what was given to `addCleanup`, or what else ran tests did, whose
    own frames are not on the way.
    """
    by_unittest = any(map(_is_cleaning_up, facts.frames))
    return "yes" if by_unittest or _called_by_nobody(facts) else ""


def _cleanup(facts: Facts) -> str:
    """The function of the tests that was given to it."""
    frames = facts.frames
    calling = [place for place, one in enumerate(frames) if _is_cleaning_up(one)]
    called = frames[calling[-1] + 1 :] if calling else ()
    found = next((one.function for one in called if one.origin in _OWN), "")
    return found or _called_by_nobody(facts)


def _called_by_nobody(facts: Facts) -> str:
    """The function of the tests, called after what it cleans up, that it all began in: the test's
    own function has no part in it.
    """
    own = [frame for frame in facts.frames if frame.origin in _OWN]
    test = facts["test"].partition("[")[0].rpartition("::")[2]
    if not own or not is_harness(own[0]) or any(frame.function == test for frame in own):
        return ""
    first = own[0].function
    is_one = facts.failure.phase == "call" and _CLEANS.search(first)
    is_known = first.startswith("test") or first in _AROUND_TESTS or _XUNIT.match(first)
    return first if is_one and not is_known else ""


def _is_cleaning_up(frame: Frame) -> bool:
    return frame.file == "unittest/case.py" and frame.function in _CLEANING_UP


def _xunit_method(facts: Facts) -> str:
    """The method or function that pytest runs around tests by its name, and that it came out of."""
    own = next((frame for frame in facts.frames if frame.origin in _OWN), None)
    return own.function if own and _XUNIT.match(own.function) else ""


FACTS: dict[str, Fact] = {
    "case_method": _case_method,
    "cleaning_up": _cleaning_up,
    "cleanup": _cleanup,
    "xunit_method": _xunit_method,
}
