"""What to do about causes that became one."""

from __future__ import annotations

import pytest

from corpus_memory_logging.records import Cause, Culprit, Suggestion, Verdict
from orchestrator.causes.together import suggested

RULE = "known-removed-name@1"


def _cause(*suggestions, name="pandas", kind="distribution", category="compatibility"):
    verdict = Verdict(
        category=category,
        kind="removed_name",
        culprit=Culprit(type=kind, name=name),
        confidence=0.97,
        evidence=(),
        rule=RULE,
    )
    return Cause(
        cause_id=str(suggestions),
        signature="reason-v1:x",
        title="",
        verdict=verdict,
        failures=(),
        suggestions=tuple(
            one if isinstance(one, Suggestion) else _suggestion(one) for one in suggestions
        ),
    )


def _suggestion(text, *commands, status="proposed"):
    return Suggestion(text=text, commands=commands, status=status, origin=RULE, confidence=0.9)


def _pinned(change, below, last, *, status="proposed", name="pandas"):
    return _suggestion(
        f"{change} Or pin `{name}<{below}`: {last} is the last release from before.",
        f"pip install '{name}<{below}'",
        status=status,
    )


APPLYMAP = _pinned("Use `.map` instead of `.applymap`.", "3.0.0", "2.3.3")
APPEND = _pinned("Use `pandas.concat` instead of `.append`.", "2.0.0", "1.5.3")
TEXT = (
    "Use `.map` instead of `.applymap`. Use `pandas.concat` instead of `.append`. "
    "Or pin `pandas<2.0.0`: 1.5.3 is the last release from before."
)


@pytest.mark.parametrize("others", [[APPEND], [APPEND, APPEND, APPLYMAP]])
def test_the_earliest_release_has_all_that_left(others):
    """The changes of all are listed once, the pin is the one that mends them all."""
    (found,) = suggested(_cause(APPLYMAP), [_cause(one) for one in others])

    assert (found.text, found.commands) == (TEXT, ("pip install 'pandas<2.0.0'",))


def test_what_worked_for_one_is_no_way_back_for_all():
    """It comes first only where it goes back far enough."""
    worked = _pinned("Use `.map` instead of `.applymap`.", "3.0.0", "2.3.3", status="worked")
    enough = _suggestion("Pin it.", "pip install 'pandas<1.5'", status="worked")
    noted = Suggestion(text="A reviewer noted: ask Eve.", source="reviewer", origin="reviewer")

    (found,) = suggested(_cause(worked), [_cause(APPEND)])
    *kept, more = suggested(_cause(enough, worked, noted), [_cause(APPEND)])

    assert (found.text, found.status) == (TEXT, "proposed")
    assert (kept, more.text) == ([enough, noted], TEXT)


def test_python_itself():
    """What other distributions bring back is installed, and the oldest Python has all."""
    gone = _suggestion(
        "Stop using `cgi`, or add `legacy-cgi`, which brings it back; or run on a Python before 3.13.",
        "pip install legacy-cgi",
    )
    moved = _suggestion("Use `a.B` instead of `c.B`. Until then run on a Python before 3.10.")
    causes = [_cause(one, name="Python 3.13", kind="interpreter") for one in (moved, gone)]

    (found,) = suggested(causes[0], causes[1:])

    assert found.text == (
        "Use `a.B` instead of `c.B`. Stop using `cgi`, or add `legacy-cgi`, which brings it back. "
        "Until then run on a Python before 3.10."
    )
    assert found.commands == ("pip install legacy-cgi",)


@pytest.mark.parametrize(
    "other",
    [
        _cause(_pinned("Write it otherwise.", "1.0", "0.9", name="numpy"), name="numpy"),
        _cause(_suggestion("Look at it."), category="product_error", name="shop", kind="module"),
    ],
)
def test_what_blames_another_says_nothing(other):
    """It was seen as well, and is not why."""
    assert suggested(_cause(APPLYMAP), [other]) == (APPLYMAP,)


def test_one_that_names_no_release_adds_what_it_says():
    """The way back stays that of the one that has one."""
    (found,) = suggested(_cause(APPLYMAP), [_cause(_suggestion("Write it anew."))])

    assert found.text.startswith("Use `.map` instead of `.applymap`. Write it anew. Or pin")
