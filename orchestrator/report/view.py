"""What every format for people says in the same words: counts, place, confidence, novelty."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from conftest_kit.records import OUTCOMES, Failure, Frame, Recording, Run
from corpus_memory_logging.records import Cause, Finding, Review, Suggestion
from orchestrator.report.plain import one_line

_EXIT_CODES = {
    1: "tests failed",
    2: "interrupted",
    3: "an internal error",
    4: "a usage error",
    5: "no tests collected",
}
_PHASES = {
    "setup": "set-up",
    "teardown": "tear-down",
    "collect": "collection",
    "crash": "crash",
    "internal": "internal error",
    "start": "start",
}
_ORDER = ("failed", "error", "passed", *OUTCOMES)


def phase(name: str) -> str:
    """`set-up`, `collection`; the name itself for the call."""
    return _PHASES.get(name, name)


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """`1 failure`, `2 failures`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def words(name: str) -> str:
    """A category, kind or state as people write it."""
    return one_line(name).replace("_", " ")


def heading(review: Review) -> str:
    """Which run this is, how old and of which commit: the first of the notes."""
    run_id = one_line(review.recording.run.run_id)
    return one_line(review.notes[0]) if review.notes else f"run {run_id or 'without a record'}"


def tally(recording: Recording) -> Mapping[str, int]:
    """One outcome per attempt; of a run that never came to its end, as far as it was recorded."""
    if recording.run.counts:
        return recording.run.counts
    found = Counter[str](attempt.outcome for attempt in recording.attempts)
    phases = Counter(failure.phase for failure in recording.failures)
    return found + Counter(error=phases["collect"], failed=phases["crash"])


def counts(recording: Recording) -> str:
    """`3 failed, 1 error, 120 passed`; empty where nothing ran."""
    found = tally(recording)
    named = {name: found[name] for name in _ORDER if found.get(name)}
    return ", ".join(
        counted(number, "error") if name == "error" else f"{number:,} {name}"
        for name, number in named.items()
    )


def duration(run: Run) -> str:
    """`12.3 s`, `4 min 10 s`; empty where the run did not end."""
    try:
        ended, began = datetime.fromisoformat(run.finished), datetime.fromisoformat(run.started)
    except ValueError:
        return ""
    seconds = (ended - began).total_seconds()
    if seconds >= 60:
        return f"{int(seconds // 60)} min {int(seconds % 60)} s"
    return f"{seconds:.1f} s"


def ending(run: Run) -> str:
    """How the run ended, where that is more than its counts say."""
    if run.state in ("died", "interrupted", "not_started"):
        state = {"died": "the process died", "not_started": "no test started"}
        text = state.get(run.state, run.state)
        return text if run.exit_code is None else f"{text} (exit status {run.exit_code})"
    if not run.exit_code:
        return ""
    meaning = _EXIT_CODES.get(run.exit_code)
    return f"exit status {run.exit_code}" + (f", {meaning}" if meaning else "")


def place(run: Run) -> str:
    """`Python 3.11.4 on Linux`."""
    version = one_line(run.environment.python.get("version", ""))
    system = one_line(run.environment.platform.get("system", ""))
    return " on ".join(part for part in (f"Python {version}" if version else "", system) if part)


def summary(review: Review) -> str:
    """`2 causes of 44 failures`; `nothing failed, 1 finding`."""
    failures = sum(failing(cause) for cause in review.causes)
    if not review.causes:
        said = ending(review.recording.run) or "nothing failed"
        found = counted(len(review.findings), "finding")
        return f"{said}, {found}" if review.findings else said
    causes = counted(len(review.causes), "cause")
    return f"{causes} of {counted(failures, 'failure')}" if failures else causes


def failing(cause: Cause) -> int:
    """How many tests a cause breaks: a test that was run again counts once."""
    return len({(found.nodeid, found.phase, found.subtest) for found in cause.failures})


def subject(cause: Cause) -> str:
    """`PyYAML`, `numpy 2.3.0`: what to act on; empty where nobody knows."""
    culprit = cause.verdict.culprit
    if culprit is None:
        return ""
    return one_line(" ".join(filter(None, (culprit.name, culprit.version))))


def confidence(value: float) -> str:
    """`very likely (95%)`."""
    bounds = ((0.9, "very likely"), (0.7, "likely"), (0.4, "possible"))
    word = next((word for bound, word in bounds if value >= bound), "a guess")
    return f"{word} ({value:.0%})"


def novelty(seen: Cause | Finding) -> str:
    """`new`, or since when it is known and in how many runs it was seen before."""
    known = seen.remembered
    if known is None:
        return "new"
    before = counted(known.occurrences, "run")
    text = f"known since {one_line(known.first_seen)[:10]}, {before} before"
    return text if known.status == "open" else f"{text}, was {known.status}"


def success(suggestion: Suggestion) -> str:
    """`… this kind was followed by green 7 of 9 times`; empty where too little is known."""
    known = suggestion.success
    return f"this kind was followed by green {known.green} of {known.judged} times" if known else ""


def location(cause: Cause) -> Frame | None:
    """The frame to look at: the last one inside the project, of the root exception first."""
    frames: list[Frame] = [
        frame
        for failure in cause.failures[:1]
        for raised in reversed(failure.exceptions)
        for frame in reversed(raised.frames)
    ]
    for origin in ("project", "test"):
        for frame in frames:
            if frame.origin == origin:
                return frame
    return frames[0] if frames else None


def evidence(cause: Cause) -> list[str]:
    """What the verdict rests on, without what the title and the place say already."""
    frame = location(cause)
    said = {one_line(cause.title)}
    if frame:
        said.add(one_line(f"{frame.file}:{frame.line} in {frame.function}: {frame.source}"))
    lines = dict.fromkeys(map(one_line, cause.verdict.evidence))
    return [line for line in lines if line and line not in said]


def named(failures: Iterable[Failure]) -> list[str]:
    """A line for each failing test: `tests/test_a.py::test_b (set-up, 3 attempts)`."""
    seen = Counter((failure.nodeid, failure.subtest, failure.phase) for failure in failures)
    lines = []
    for (nodeid, subtest, phase), times in seen.items():
        aside = [_PHASES[phase]] if phase in _PHASES else []
        aside += [f"{times} attempts"] if times > 1 else []
        line = one_line(nodeid) or "pytest itself"
        line += f" [{one_line(subtest)}]" if subtest else ""
        lines.append(line + (f" ({', '.join(aside)})" if aside else ""))
    return lines
