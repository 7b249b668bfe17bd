"""Failures that passed when the test was run again: no cause of a red run, and worth a finding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from conftest_kit.records import Attempt, Failure, Recording
from corpus_memory_logging.records import Finding, Suggestion
from orchestrator.chain import decisive, headline, said
from orchestrator.classify import Context

_SHOWN = 6
_RED = ("failed", "error", "rerun")
_SUGGESTION = Suggestion(
    text="Take it for a failure that hides: find out what it depends on besides the code (time, "
    "order, what other tests leave behind, the network, a race), and fix that instead of running "
    "it again.",
    confidence=0.4,
    origin="flaky@1",
)


def split(recording: Recording) -> tuple[tuple[Failure, ...], tuple[Finding, ...]]:
    """The failures that count, and a finding for each test whose failures do not.

    A failure counts unless its attempt was rerun and the last attempt of the test came out well.
    """
    last = _last_attempts(recording.attempts)
    counting: list[Failure] = []
    forgiven: dict[str, list[Failure]] = {}
    for failure in recording.failures:
        final = last.get((failure.nodeid, failure.worker))
        if final is None or final.outcome in _RED or failure.attempt >= final.attempt:
            counting.append(failure)
        else:
            forgiven.setdefault(failure.nodeid, []).append(failure)
    findings = tuple(
        Finding(
            kind="flaky",
            text=f"{nodeid} failed {_times(failures)} and then passed when it was run again",
            evidence=tuple(dict.fromkeys(_said(failure) for failure in failures)),
            subject=nodeid,
            suggestions=(_SUGGESTION,),
        )
        for nodeid, failures in forgiven.items()
    )
    return tuple(counting), findings


def both_outcomes(failures: Sequence[Failure], context: Context) -> Iterator[Finding]:
    """A finding where tests of a cause passed before with the same code, packages and machine.

    The cause stays one: that a test is known to be flaky excuses no failure of it.
    """
    green = context.green
    red = dict.fromkeys(failure.nodeid for failure in failures)
    both = [nodeid for nodeid in red if green and nodeid in green.passed]
    if green is None or not both or not context.facts(failures[0], None)["unchanged"]:
        return
    before, now = green.run.environment.random_seed, context.recording.run.environment.random_seed
    seeds = (f"the random seed was {before} and is {now}",) if before != now else ()
    more = f" and {len(both) - 1} more" if len(both) > 1 else ""
    yield Finding(
        kind="flaky",
        text=f"{both[0]}{more} failed, and passed in run {green.run.run_id} with the same commit, "
        "packages and interpreter",
        evidence=(*seeds, *both[1:_SHOWN]),
        subject=both[0],
        suggestions=(_SUGGESTION,),
    )


def _last_attempts(attempts: Iterable[Attempt]) -> dict[tuple[str, str | None], Attempt]:
    return {(attempt.nodeid, attempt.worker): attempt for attempt in attempts}


def _times(failures: list[Failure]) -> str:
    count = len({failure.attempt for failure in failures})
    return "once" if count == 1 else f"{count} times"


def _said(failure: Failure) -> str:
    raised = decisive(failure)
    return said(raised) if raised else headline(failure.message)
