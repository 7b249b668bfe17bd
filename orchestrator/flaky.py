"""Failures that passed when the test was run again: no cause of a red run, and worth a finding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from conftest_kit.records import Attempt, Failure, Recording, Run
from corpus_memory_logging.records import Finding, Green, Suggestion
from orchestrator.brief.reproduce import command
from orchestrator.classify import Context
from orchestrator.failures.chain import decisive, headline, said

_SHOWN = 6
_SAME = {"commit": "commit", "code": "code", "files": "files of the test"}
_RED = ("failed", "error", "rerun")
_SUGGESTION = Suggestion(
    text="Take it for a failure that hides: find out what it depends on besides the code (time, "
    "order, what other tests leave behind, the network, a race), and fix that instead of running "
    "it again.",
    confidence=0.4,
    origin="flaky@1",
)
_ORDER = Suggestion(
    text="Run it as it failed, then as it passed: what else runs decides. Find what the test takes "
    "over from another one or leaves behind (a module's variables, files, a database, a cache), "
    "and let it set that up itself and clean up after it.",
    confidence=0.5,
    origin="order-dependent@1",
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
    facts = context.facts(failures[0], None)
    if green is None or not both or not facts["unchanged"]:
        return
    more = f" and {len(both) - 1} more" if len(both) > 1 else ""
    apart = tuple(_apart(green, context.recording))
    likely = ": likely it depends on which tests run before it, or beside it" if apart else ""
    variables = facts["variables_changed"]
    others = (f"set then or now, and not both times: {variables}",) if variables else ()
    yield Finding(
        kind="flaky",
        text=f"{both[0]}{more} failed, and passed in run {green.run.run_id} with the same "
        f"{_SAME[facts['unchanged']]}, packages and interpreter{likely}",
        evidence=(*apart, *others, *both[1:_SHOWN]),
        subject=both[0],
        suggestions=(_repeating(green, context, depends=bool(apart)),),
    )


def _apart(green: Green, recording: Recording) -> Iterator[str]:
    """In what the two runs differ that decides which tests run before one, in the same process."""
    seeds = green.run.environment.random_seed, recording.run.environment.random_seed
    if seeds[0] is None and seeds[1] is not None:
        yield f"now in the order of random seed {seeds[1]}, when it passed in that of the files"
    elif seeds[1] is None and seeds[0] is not None:
        yield f"now in the order of the files, when it passed in that of random seed {seeds[0]}"
    elif seeds[0] != seeds[1]:
        yield f"the random seed was {seeds[0]} and is {seeds[1]}"
    before, now = green.run.collected, recording.run.collected
    if before and now and before != now:
        yield f"now it ran {_among(now)}, when it passed {_among(before)}"
    workers = len({attempt.worker for attempt in recording.attempts} - {None})
    if workers != green.workers:
        yield f"now it ran {_on(workers)}, when it passed {_on(green.workers)}"


def _among(tests: int) -> str:
    return "alone" if tests == 1 else f"among {tests} tests"


def _on(workers: int) -> str:
    return f"on {workers} workers of xdist" if workers else "without xdist"


def _repeating(green: Green, context: Context, *, depends: bool) -> Suggestion:
    """What to do, with the commands that run the tests again as they failed and as they passed."""
    failed = _command(context.recording.run, context)
    if not depends:
        return replace(_SUGGESTION, commands=(failed,))
    passed = _command(green.run, context) if green.run.command else ""
    return replace(_ORDER, commands=tuple(dict.fromkeys(filter(None, (failed, passed)))))


def _command(run: Run, context: Context) -> str:
    """The run's own command, in the same order of the tests."""
    known = {"command": run.command, "directory": run.directory, "root": run.root}
    line, seed = command(context.project, known, ()), run.environment.random_seed
    if seed is None or "--randomly-seed" in line:
        return line
    return f"{line} --randomly-seed={seed}"


def _last_attempts(attempts: Iterable[Attempt]) -> dict[tuple[str, str | None], Attempt]:
    return {(attempt.nodeid, attempt.worker): attempt for attempt in attempts}


def _times(failures: list[Failure]) -> str:
    count = len({failure.attempt for failure in failures})
    return "once" if count == 1 else f"{count} times"


def _said(failure: Failure) -> str:
    raised = decisive(failure)
    return said(raised) if raised else headline(failure.message)
