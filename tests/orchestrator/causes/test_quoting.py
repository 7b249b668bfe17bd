"""Failures that repeat what another one says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_causes import thrown_by, united, verdict_of

from corpus_memory_logging.records import Culprit

SAYS = "The theme 'plain' does not have a configuration file."
OTHERWISE = "The theme 'other' does not have a configuration file."
GONE = verdict_of("environment", "file", 0.9, Culprit(type="file", name="themes/plain.yml"))
ABSENT = verdict_of("missing_dependency", "extra", 0.9, Culprit(type="distribution", name="plain"))


def _says(message, verdict, *, source="raise Unfit(self.problem)", captured=None):
    """A cause of one failure; each comes out of a function of its own."""
    name = f"{message}{verdict.kind}{captured}".lower()
    function = "".join(one for one in name if one.isalpha())
    nodeid = f"tests/test_{function}.py::test_a"
    cause = thrown_by(nodeid, "shop.Unfit", message, function, verdict=verdict)
    failures = []
    for failure in cause.failures:
        (link,) = failure.exceptions
        frames = tuple(frame._replace(source=source) for frame in link.frames)
        failures.append(
            failure._replace(exceptions=(link._replace(frames=frames),), captured=captured or {})
        )
    return replace(cause, cause_id=name, failures=tuple(failures))


RAISED = verdict_of("product_error", "exception", 0.6)


@pytest.mark.parametrize(
    ("other", "is_one"),
    [
        (_says(f'theme="{SAYS}"', RAISED), True),
        (_says("status 1", RAISED, captured={"stdout": f"inner run\n{SAYS}\n"}), True),
        (_says(f'theme="{OTHERWISE}"', RAISED), False),
        (_says(f"no: {SAYS}", RAISED, source=f"raise Unfit({SAYS!r})"), False),
        (_says(f'theme="{SAYS}"', ABSENT), False),
    ],
    ids=["raised anew", "printed", "other words", "written out", "explained otherwise"],
)
def test_who_repeats_an_explanation_follows_from_it(other, is_one):
    """Not who writes such words out, nor what is explained otherwise."""
    found = united([_says(SAYS, GONE), other])

    assert (len(found) == 1) is is_one
    if is_one:
        assert "it repeats what that says" in found[0].verdict.evidence[-1]


def test_who_repeats_several_explanations_follows_from_none():
    """Which one it came of is not said."""
    one, other = _says(SAYS, GONE), _says(OTHERWISE, ABSENT)

    assert len(united([one, other, _says(f"{SAYS} {OTHERWISE}", RAISED)])) == 3
