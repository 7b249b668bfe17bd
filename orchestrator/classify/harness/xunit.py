"""Facts about what unittest and pytest run around tests by its name, or because it was given to
`addCleanup`.
"""

from __future__ import annotations

import re

from conftest_kit.records import Frame
from orchestrator.classify.facts import Fact, Facts

_OWN = ("project", "test")
_XUNIT = re.compile(
    r"(?:setup|teardown)_(?:module|class|method|function)$|(?:setUp|tearDown)(?:Class|Module)$"
)
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
    """`yes` where unittest called what was given to `addCleanup`."""
    return "yes" if any(map(_is_cleaning_up, facts.frames)) else ""


def _cleanup(facts: Facts) -> str:
    """The function of the tests that was given to it."""
    frames = facts.frames
    calling = [place for place, one in enumerate(frames) if _is_cleaning_up(one)]
    called = frames[calling[-1] + 1 :] if calling else ()
    return next((one.function for one in called if one.origin in _OWN), "")


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
