"""Whether the sources that count a run agree: pytest, the record, the metrics file, the memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from conftest_kit.records import Failure
from corpus_memory_logging.history import Held
from corpus_memory_logging.records import Finding, Suggestion
from orchestrator.findings.seen import Seen
from orchestrator.intake.metrics_file import Metrics

_ORIGIN = "capture@1"
_PYTEST_WORDS = frozenset(
    (
        *("passed", "failed", "error", "skipped", "xfailed", "xpassed", "rerun", "deselected"),
        *("warnings", "subtests passed", "subtests failed", "subtests skipped"),
    )
)
_SUGGESTIONS = {
    "not_started": "Look at what the command printed: no pytest of it told the kit anything. Add "
    "`-p conftest_kit` where it is another environment's pytest.",
    "lines": "Take the counts for true and the list of tests for incomplete: lines are missing in "
    "records.ndjson. Where the warnings say that the run became too large, raise `max_run_bytes`; "
    "else look at the disk.",
    "pytest": "Take pytest's own summary for true, and do not rely on what this review leaves out. "
    "Run the tests again without the plugin that changes reports (`-p no:NAME`); if the figures "
    "still differ, report it with an archive of the run.",
    "metrics": "Take the record for true. Two runs ended at once, or something else writes the "
    "metrics file: give each project a file of its own with `metrics_file`, and run pytest again.",
    "other_run": "Take no alert on this run's metrics for granted: see whether the metrics file "
    "can be written and whether another project writes it, then run pytest again.",
    "memory": "Take the record for true. What is in the memory was remembered from another state "
    "of it: was the run directory changed, or was it reviewed before the run had ended?",
}
_COMMANDS = {"pytest": ("orchestrator archive -o failure-artifacts.tar.gz",)}


def find(seen: Seen) -> Iterator[Finding]:
    """A finding for each two sources that disagree, with both figures."""
    run = seen.run
    if run.state == "not_started":
        if run.exit_code == 0:
            yield _finding(
                "not_started", "no pytest was recorded: what ran, if anything, is not known"
            )
        return
    yield from _disagreement(
        "lines", "the lines of the record and its own summary disagree", tuple(_lines(seen))
    )
    yield from _disagreement(
        "pytest", "pytest's own summary and the record disagree", tuple(_pytest(seen))
    )
    if seen.own is not None:
        yield from _disagreement(
            "metrics",
            "the metrics file and the record of this run disagree",
            tuple(_metrics(seen.own, seen)),
        )
    elif seen.is_latest and run.state != "died":
        metrics = seen.metrics
        other = f"is of run {metrics.run_id or 'unknown'}" if metrics else "is missing"
        yield _finding(
            "other_run",
            f"this is the latest run, and the metrics file {other}",
            f"metrics file: {seen.metrics_file}",
            f"record: run {run.run_id}",
        )


def of_memory(seen: Seen, held: Held) -> Iterator[Finding]:
    """As `find`, of what the memory holds once the run was remembered."""
    yield from _disagreement(
        "memory",
        "the memory and the record of this run disagree",
        tuple(_memory(held, seen)),
    )


def _lines(seen: Seen) -> Iterator[str]:
    """Only of a run that came to its end: others have no summary."""
    if not seen.run.counts:
        return
    listed = Counter[str](attempt.outcome for attempt in seen.recording.attempts)
    listed["error"] += sum(failure.phase == "collect" for failure in _counted(seen))
    yield from _differences(listed, seen.run.counts, "records.ndjson", "run.json")


def _counted(seen: Seen) -> Iterator[Failure]:
    """The failures that hooks saw; others are added when a record is read, and have no node id."""
    return (failure for failure in seen.recording.failures if failure.nodeid)


def _pytest(seen: Seen) -> Iterator[str]:
    """pytest counts reports and the kit attempts: a test whose call passes and whose tear-down
    fails is one passed and one error there, and each failing subtest is one failed. The test around
    subtests of unittest it counts as passed besides, where nothing but they failed.
    """
    said, run = seen.run.pytest_counts, seen.run
    if said is None or not run.counts or any(_lines(seen)):
        return
    reruns = {
        (attempt.nodeid, attempt.worker, attempt.attempt)
        for attempt in seen.recording.attempts
        if attempt.outcome == "rerun"
    }
    failures = [
        failure
        for failure in _counted(seen)
        if (failure.nodeid, failure.worker, failure.attempt) not in reruns
    ]
    phases = Counter(failure.phase for failure in failures)
    subtests = Counter(failure.subtest is not None for failure in failures)[True]
    around = len(
        {(one.nodeid, one.worker, one.attempt) for one in failures if one.subtest is not None}
    )
    late = phases["teardown"] + phases["crash"]
    errors = phases["setup"] + phases["teardown"] + phases["collect"]
    # Other plugins may count under words of their own.
    foreign = sum(number for word, number in said.items() if word not in _PYTEST_WORDS)
    failed = run.counts.get("failed", 0)
    bounds = {
        "failed": (failed - subtests - foreign, failed + subtests),
        # xdist tells of a collector once for each worker where their words differ.
        "error": (errors - foreign, errors + phases["collect"] * max(seen.workers - 1, 0)),
        **{
            word: (run.counts.get(word, 0) - foreign, run.counts.get(word, 0) + late + more)
            for word, more in (("passed", around), ("xfailed", 0), ("xpassed", 0))
        },
    }
    for word, (least, most) in bounds.items():
        figure = said.get(word, 0)
        if not least <= figure <= most:
            recorded = errors if word == "error" else run.counts.get(word, 0)
            yield f"{word}: {figure} in pytest's own summary, {recorded} in the record"


def _metrics(metrics: Metrics, seen: Seen) -> Iterator[str]:
    name, run = seen.metrics_file.rpartition("/")[2], seen.run
    yield from _differences(metrics.last_run, run.counts, name, "the record")
    for word, said, recorded in (
        ("exit code", metrics.exit_code, run.exit_code),
        ("collected", metrics.collected, run.collected),
    ):
        if None not in (said, recorded) and said != recorded:
            yield f"{word}: {said:g} in {name}, {recorded} in the record"


def _memory(held: Held, seen: Seen) -> Iterator[str]:
    yield from _differences(held.counts, seen.run.counts, "the memory", "the record")
    if held.exit_code != seen.run.exit_code:
        yield f"exit code: {held.exit_code} in the memory, {seen.run.exit_code} in the record"
    listed = Counter[str](attempt.outcome for attempt in seen.recording.attempts)
    for line in _differences(held.attempts, listed, "the memory", "records.ndjson"):
        yield f"tests {line}"


def _differences(
    first: Mapping[str, int], second: Mapping[str, int], source: str, other: str
) -> Iterator[str]:
    for outcome in sorted({*first, *second}):
        one, two = first.get(outcome, 0), second.get(outcome, 0)
        if one != two:
            yield f"{outcome}: {one} in {source}, {two} in {other}"


def _disagreement(subject: str, text: str, evidence: tuple[str, ...]) -> Iterator[Finding]:
    if evidence:
        yield _finding(subject, text, *evidence)


def _finding(subject: str, text: str, *evidence: str) -> Finding:
    suggestion = Suggestion(
        text=_SUGGESTIONS[subject],
        commands=_COMMANDS.get(subject, ()),
        confidence=0.6,
        origin=_ORIGIN,
    )
    return Finding(
        kind="capture",
        text=text,
        evidence=evidence,
        subject=subject,
        suggestions=(suggestion,),
    )
