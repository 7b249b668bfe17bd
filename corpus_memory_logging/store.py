"""The memory of one project: what the orchestrator writes into it and asks it while reviewing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from conftest_kit.records import Failure, Run
from corpus_memory_logging import decisions, rows, trials
from corpus_memory_logging.engine import Engine, Partition, Row
from corpus_memory_logging.errors import StoreError
from corpus_memory_logging.keys import from_text, key, storable
from corpus_memory_logging.records import (
    Cause,
    Culprit,
    Finding,
    Remembered,
    Review,
    Suggestion,
)

DEFAULT_TIMEOUT_SECONDS = 30.0


def open_store(
    location: str | Path, *, project: str, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
) -> Store:
    """Opens the memory at a path, creating or migrating it as needed. Close it, or use `with`.

    Other processes may read and write the same memory meanwhile; one that must wait for another
    writer waits at most `timeout_seconds`.

    Raises:
        StoreError: it cannot be opened; the message names the location and what to do.
    """
    if "://" in (text := str(location)):
        # Not `text` whole: it may hold a password.
        scheme = text.partition("://")[0]
        if scheme in {"postgres", "postgresql"}:
            raise StoreError(
                f"{scheme}:// memories are not supported yet: name the path of a SQLite file"
            )
        raise StoreError(f"no memory has an address that begins with {scheme}://: name a path")
    # Late, because the records of this package are read where no engine is installed or needed.
    try:
        from corpus_memory_logging.sqlite import SQLiteEngine  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise StoreError(
            f'the memory needs {error.name}: pip install "conftest-kit[orchestrator]"'
        ) from error
    engine = SQLiteEngine(Path(location), timeout_seconds=timeout_seconds)
    try:
        return Store(engine, project)
    except BaseException:
        engine.close()
        raise


class Store(Partition):
    """One project's memory. Methods raise StoreError where the database fails."""

    resolve = decisions.resolve

    def __init__(self, engine: Engine, project: str) -> None:
        super().__init__(engine, storable(project))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gives back the connection; twice does no harm."""
        self.engine.close()

    def problems(self) -> list[str]:
        """What an integrity check finds; empty where all is well."""
        return self.engine.problems()

    def reviewed(self, run_id: str) -> bool:
        """Whether a review of this run was remembered."""
        return self._run_number(run_id) is not None

    def remember(self, review: Review, *, now: datetime | None = None) -> None:
        """Keeps a review, whole or not at all; a run that was remembered before changes nothing.

        A resolved cause that appears in a run started after it was resolved is open again, which
        its decisions say; an ignored one stays ignored. Texts are kept as they come: redacted, the
        caller promises.
        """
        now = now or datetime.now(UTC)
        started = rows.started(review.recording.run, now)
        # Before the transaction: packing many failures takes longer than writing them.
        failures = list(rows.failure_rows(self.project, review, run_started=started))
        with self.transaction():
            if self.reviewed(review.recording.run.run_id):
                return
            run = self._add_run(review, now)
            self._add_texts_and_tests(review)
            attempts = rows.attempt_rows(self.project, review.recording.attempts)
            self.many("add_attempt", attempts, run=run)
            for cause in review.causes:
                self._add_cause(cause, run=run, started=started)
            self.many("add_failure", failures, run=run)
            trials.conclude(self, review, run=run, started=started)
            for number, finding in enumerate(review.findings, 1):
                self._add_finding(finding, number, run=run, started=started)
            self.many("add_artifact", map(rows.artifact_row, review.artifacts), run=run)
            for category, failed in rows.failures_by_category(review).items():
                self.execute("add_tally", name="failures", label=category, value=failed)

    def add_finding(self, run: Run, finding: Finding) -> None:
        """Keeps a finding that could be seen only once its run was remembered; twice is as once."""
        with self.transaction():
            number = self._run_number(run.run_id)
            if number is not None:
                started = rows.started(run, datetime.now(UTC))
                self._add_finding(finding, 0, run=number, started=started)

    def recall(
        self, signatures: Iterable[str], *, run_id: str | None = None
    ) -> dict[str, Remembered]:
        """What the memory knows of each signature that it has seen; those it has not are left out.

        Runs that count are those remembered before the first review of `run_id`, so reviewing a run
        again says what the first review said of its age; what reviewers decided since is included.
        Without `run_id` all runs count.
        """
        run = None if run_id is None else self._run_number(run_id)
        found = {}
        for signature in set(signatures):
            row = self.first("recall", signature=storable(signature), run=run)
            if row is not None:
                found[signature] = _remembered(
                    row, self.select("judged_suggestions", cause_id=row["cause_id"])
                )
        return found

    def recall_parts(
        self, failures: Iterable[Failure], *, run_id: str
    ) -> tuple[Remembered | None, ...]:
        """For each failure what `recall` knows of the cause that the same failure of its test, of
        the same class and words, was a part of before; None where it was of none.
        """
        run = self._run_number(run_id)
        signatures = [self._signature_before(failure, run) for failure in failures]
        known = self.recall(filter(None, signatures), run_id=run_id)
        return tuple(known.get(signature) for signature in signatures)

    def _signature_before(self, failure: Failure, run: int | None) -> str:
        row = self.first(
            "cause_of_failure",
            test=rows.nodeid_row(self.project, failure.nodeid)["test"],
            phase=storable(failure.phase),
            message=rows.text_row(self.project, failure.message)["text"],
            exception=storable(failure.exceptions[-1].type if failure.exceptions else ""),
            run=run,
        )
        return row["signature"] if row else ""

    def recall_findings(self, findings: Iterable[Finding], *, run_id: str) -> tuple[Finding, ...]:
        """The findings with their ids and what the memory knows of each, as `recall` knows it."""
        before = self._run_number(run_id)
        found = []
        for finding in findings:
            finding_id = rows.finding_id(self.project, finding)
            row = self.first("recall_finding", finding_id=finding_id, before=before)
            judged = self.select("judged_suggestions", finding_id=finding_id)
            remembered = _remembered(row, judged) if row else None
            found.append(replace(finding, finding_id=finding_id, remembered=remembered))
        return tuple(found)

    def prevented(self, collectors: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """For each collector (node id of a file, class or folder), the tests below it, sorted.

        Tests are those that remembered runs executed; collectors without any are left out.
        """
        found = {}
        for collector in set(collectors):
            # The separators ":" and "/" are followed by ";" and "0" in the order of characters.
            below = [
                row["nodeid"]
                for separator, beyond in (("::", ":;"), ("/", "0"))
                for row in self.select(
                    "tests_below",
                    first=storable(collector) + separator,
                    beyond=storable(collector) + beyond,
                )
            ]
            if below:
                found[collector] = tuple(below)
        return found

    def _run_number(self, run_id: str) -> int | None:
        row = self.first("run_number", run_id=storable(run_id))
        return None if row is None else row["run"]

    def _add_run(self, review: Review, now: datetime) -> int:
        environment = rows.environment_row(self.project, review.recording.run.environment)
        self.execute("add_environment", **environment)
        if distributions := rows.packed_distributions(review.recording.distributions):
            self.execute(
                "keep_distributions",
                environment=environment["environment"],
                distributions=distributions,
            )
        run: int = self.select("next_run_number")[0]["run"]
        row = rows.run_row(review, now=now)
        self.execute("add_run", run=run, environment=environment["environment"], **row)
        return run

    def _add_texts_and_tests(self, review: Review) -> None:
        recording = review.recording
        failures = [failure for _, failure, _ in rows.failures_by_cause(review)]
        nodeids = {attempt.nodeid for attempt in recording.attempts}
        nodeids |= {failure.nodeid for failure in failures}
        texts = {failure.message for failure in failures}
        for cause in review.causes:
            texts.add(cause.title)
        # Sorted by key: neighbours in the table go in together.
        tests = sorted(
            (rows.nodeid_row(self.project, nodeid) for nodeid in nodeids),
            key=lambda row: row["test"],
        )
        self.many("add_test", tests)
        self.many("add_text", [rows.text_row(self.project, text) for text in texts])

    def _add_cause(self, cause: Cause, *, run: int, started: str) -> None:
        cause_id = storable(cause.cause_id)
        title = rows.text_row(self.project, cause.title)["text"]
        before = self.first("cause", cause_id=cause_id)
        if before is None:
            self.execute(
                "add_cause",
                cause_id=cause_id,
                signature=storable(cause.signature),
                title=title,
                run=run,
                started=started,
            )
        elif before["last_seen"] <= started:
            self.execute("move_cause", cause_id=cause_id, run=run, title=title)
        self.execute("add_occurrence", run=run, **rows.occurrence_row(cause))
        self._add_likeness(cause, cause_id)
        self.propose(cause.suggestions, run=run, created=started, cause_id=cause_id)
        if before and before["status"] == "resolved" and before["status_since"] < started:
            self._reopen(cause_id, run=run, time=started)

    def _add_likeness(self, cause: Cause, cause_id: str) -> None:
        content = storable(cause.likeness or cause.title)
        likeness = key(self.project, "likeness", cause_id)
        self.execute("add_likeness", likeness=likeness, cause_id=cause_id, content=content)

    def _reopen(self, cause_id: str, *, run: int, time: str) -> None:
        nothing = dict.fromkeys(
            ("category", "culprit", "culprit_type", "note", "fix", "accepted", "rejected")
        )
        decision: Row = {"cause_id": cause_id, "status": "open", "status_since": time, **nothing}
        self.execute("decide_cause", **decision)
        self.execute("add_decision", **decision, time=time, reviewer="memory", run=run)

    def _add_finding(self, finding: Finding, number: int, *, run: int, started: str) -> None:
        finding_id = rows.finding_id(self.project, finding)
        kind = storable(finding.kind)
        before = self.first("finding", finding_id=finding_id)
        if before is None:
            self.execute("add_finding", finding_id=finding_id, kind=kind, run=run)
        elif before["last_seen"] <= started:
            self.execute("move_finding", finding_id=finding_id, run=run)
        row = rows.finding_row(number, finding)
        if not self.execute("add_finding_occurrence", finding_id=finding_id, run=run, **row):
            return
        self.execute("add_tally", name="findings", label=kind, value=1)
        self.propose(finding.suggestions, run=run, created=started, finding_id=finding_id)

    def propose(
        self, suggestions: Sequence[Suggestion], *, run: int, created: str, **about: str
    ) -> None:
        """Keeps what is suggested for a cause or a finding (`cause_id` or `finding_id`) in a run,
        best first.
        """
        texts = [rows.text_row(self.project, suggestion.text) for suggestion in suggestions]
        self.many("add_text", texts)
        (of,) = about.values()
        for rank, suggestion in enumerate(suggestions):
            suggestion_id = rows.suggestion_id(of, suggestion.text)
            self.execute(
                "add_suggestion",
                suggestion_id=suggestion_id,
                context=None,
                created=created,
                **rows.suggestion_row(self.project, suggestion, **about),
            )
            self.execute("add_proposal", run=run, suggestion_id=suggestion_id, rank=rank)


def _remembered(row: Row, suggestions: list[Row]) -> Remembered:
    name = row.get("culprit_name")
    return Remembered(
        first_seen=row["first_seen"],
        last_seen=row["last_seen"],
        occurrences=row["occurrences"],
        status=row["status"],
        category=row.get("category"),
        culprit=Culprit(type=row["culprit_type"], name=name) if name else None,
        reviewer=row.get("reviewer"),
        decided=row.get("decided"),
        note=row["note"],
        fix=row["fix"],
        suggestions=tuple(
            Suggestion(**{**found, "commands": tuple(from_text(found["commands"]))})
            for found in suggestions
        ),
    )
