"""Tests that ran before and do not run now, though nothing is red for it: skipped, or gone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from conftest_kit.records import Run
from corpus_memory_logging.records import Finding, PastRun, Suggestion
from orchestrator.classify.distributions.mapping import known_names
from orchestrator.findings.seen import Earlier, Seen
from orchestrator.findings.uncollected import why

_ORIGIN = "absent@1"
_SHOWN = 5
_MOST = 10
"""Findings of one kind; what is beyond is one more."""
_NOT_IMPORTED = re.compile(r"^could not import '([\w.]{1,200})'")
_WORD = re.compile(r"[A-Za-z][\w-]{1,100}")
_JUDGED = (0, 1, 5)
"""Exit codes of runs that came to their end: passed, failed, nothing to run."""


def find(seen: Seen, earlier: Earlier) -> Iterator[Finding]:
    """Against the last run of the same command, in the same CI or in none.

    A run that was stopped early, or could not collect its tests, is not judged for what is gone; a
    test that is new under its name in another file was moved.
    """
    before = _before(seen)
    if before is None or seen.run.exit_code not in _JUDGED:
        return
    ran = {nodeid for nodeid, outcome in earlier.outcomes(before).items() if outcome != "skipped"}
    there = {attempt.nodeid for attempt in seen.recording.attempts}
    moved = {_in_file(nodeid) for nodeid in there - ran}
    absent = {nodeid for nodeid in ran - there if _in_file(nodeid) not in moved}
    skipped, gone = _skipped(seen, ran), _gone(seen, absent)
    if not skipped and not gone:
        return
    evidence = (f"they ran in run {before.run_id}", *_changed(seen.run, earlier.run(before)))
    lost = _lost(seen.run, earlier.run(before))
    yield from _bounded(_of_skips(skipped, evidence, lost))
    yield from _bounded(_of_gone(seen, gone, there - ran, evidence))


def _before(seen: Seen) -> PastRun | None:
    """The last run that was told to run the same tests."""
    words = seen.run.command[1:]
    same = (past for past in seen.past if past.ci == seen.ci and past.command[1:] == words)
    return next(same, None)


def _skipped(seen: Seen, ran: set[str]) -> dict[str, list[str]]:
    """Tests that ran before, by the reason for which they are skipped now."""
    found: dict[str, list[str]] = {}
    for attempt in seen.recording.attempts:
        if attempt.outcome == "skipped" and attempt.nodeid in ran:
            found.setdefault(_one_line(attempt.reason), []).append(attempt.nodeid)
    for skip in seen.recording.skips:
        below = [nodeid for nodeid in ran if _is_below(nodeid, skip.nodeid)]
        if below:
            found.setdefault(_one_line(skip.reason), []).extend(sorted(below))
    return found


def _gone(seen: Seen, absent: set[str]) -> set[str]:
    """Of the tests that are absent those that nothing explains."""
    recording = seen.recording
    if len({attempt.nodeid for attempt in recording.attempts}) < (seen.run.collected or 0):
        return set()  # stopped early
    broken = [failure.nodeid for failure in recording.failures if failure.phase == "collect"]
    above = [*broken, *(skip.nodeid for skip in recording.skips)]
    return {nodeid for nodeid in absent if not any(_is_below(nodeid, one) for one in above)}


def _in_file(nodeid: str) -> str:
    return nodeid.partition("::")[2]


def _is_below(nodeid: str, collector: str) -> bool:
    return nodeid.startswith((f"{collector}::", f"{collector}/")) or not collector


def _of_skips(
    skipped: Mapping[str, list[str]], evidence: tuple[str, ...], lost: frozenset[str]
) -> Iterator[Finding]:
    ordered = sorted(skipped.items(), key=lambda item: (-len(item[1]), item[0]))
    for reason, nodeids in ordered:
        missing = _NOT_IMPORTED.match(reason)
        said = reason or "no reason is given"
        yield Finding(
            kind="newly_skipped",
            text=f"{_tests(nodeids)} that ran before {_are(nodeids)} skipped: {said}",
            subject=reason,
            evidence=(*evidence, *_named(nodeids)),
            suggestions=(_install(missing[1]) if missing else _bring_back(reason, lost),),
        )


_LOOK = Suggestion(
    text="See whether the condition of the skip is meant: nothing is red, and these tests protect "
    "nothing any more.",
    confidence=0.4,
    origin=_ORIGIN,
)


def _lost(now: Run, then: Run | None) -> frozenset[str]:
    """The distributions that are not installed any more."""
    before = then.environment.distributions.keys() if then else frozenset[str]()
    return frozenset(before - now.environment.distributions.keys())


def _bring_back(reason: str, lost: frozenset[str]) -> Suggestion:
    """What the reason of a skip names and is not installed any more."""
    words = {word.casefold().replace("_", "-") for word in _WORD.findall(reason)}
    named = (name for name in sorted(lost) if name.casefold().replace("_", "-") in words)
    name = next(named, "")
    if not name:
        return _LOOK
    return Suggestion(
        text=f"Install `{name}` again where tests run, unless they are meant to be skipped there: "
        "it was installed when they ran.",
        commands=(f"pip install {name}",),
        confidence=0.75,
        origin=_ORIGIN,
    )


def _install(module: str) -> Suggestion:
    names = known_names(module)
    if not names:
        return Suggestion(
            text=f"Find out which distribution brings `{module}`, and install it where tests run.",
            confidence=0.5,
            origin=_ORIGIN,
        )
    return Suggestion(
        text=f"Install `{names[0]}`, which brings `{module}`, where tests run, unless they are "
        "meant to be skipped there.",
        commands=(f"pip install {names[0]}",),
        confidence=0.8,
        origin=_ORIGIN,
    )


def _of_gone(
    seen: Seen, gone: Iterable[str], new: Iterable[str], evidence: tuple[str, ...]
) -> Iterator[Finding]:
    by_file = _by_file(gone)
    added = _by_file(new)
    for file, nodeids in sorted(by_file.items(), key=lambda item: (-len(item[1]), item[0])):
        fresh = added.get(file, [])
        renamed = (f"{_tests(fresh)} of it {_are(fresh)} new",) if fresh else ()
        reasons = why(file, nodeids, seen.project, seen.recording.attempts)
        yield Finding(
            kind="vanished",
            text=f"{_tests(nodeids)} of {file} that ran before did not run",
            subject=file,
            evidence=(*(one.evidence for one in reasons), *evidence, *renamed, *_named(nodeids)),
            suggestions=(
                *(Suggestion(text=one.remedy, confidence=0.7, origin=_ORIGIN) for one in reasons),
                Suggestion(
                    text="If they were renamed or removed on purpose, nothing is to do. Else see "
                    "what is collected: a file or class that no longer bears the name that is "
                    "looked for, a changed `testpaths`, a plugin that is no longer loaded.",
                    commands=(f"pytest --collect-only -q {file}",),
                    confidence=0.3 if fresh else 0.5,
                    origin=_ORIGIN,
                ),
            ),
        )


def _bounded(found: Iterator[Finding]) -> Iterator[Finding]:
    yield from islice(found, _MOST)
    rest = list(found)
    if rest:
        first = rest[0]
        yield Finding(
            kind=first.kind,
            text=f"the same of {len(rest)} more",
            subject="more",
            evidence=tuple(one.text for one in rest[:_SHOWN]),
            suggestions=first.suggestions,
        )


def _by_file(nodeids: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for nodeid in sorted(nodeids):
        found.setdefault(nodeid.partition("::")[0], []).append(nodeid)
    return found


def _named(nodeids: list[str]) -> Iterator[str]:
    yield from nodeids[:_SHOWN]
    if len(nodeids) > _SHOWN:
        yield f"and {len(nodeids) - _SHOWN} more"


def _changed(now: Run, then: Run | None) -> Iterator[str]:
    """What is installed otherwise, and which plugins are no longer loaded."""
    if then is None:
        return
    before, after = then.environment.distributions, now.environment.distributions
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield f"{name}: {before.get(name, 'absent')} → {after.get(name, 'absent')}"
    for name in sorted(then.environment.plugins.keys() - now.environment.plugins.keys()):
        if name in after:
            yield f"the plugin {name} is installed and no longer loaded"


def _tests(nodeids: list[str]) -> str:
    return "1 test" if len(nodeids) == 1 else f"{len(nodeids)} tests"


def _are(nodeids: list[str]) -> str:
    return "is" if len(nodeids) == 1 else "are"


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]
