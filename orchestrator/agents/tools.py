"""What an agent can ask the memory, and the one thing that it may be allowed to write.

Each answer is bounded and in pages; what tests, libraries and people wrote is below `untrusted`.
The docstrings of the methods are what an agent reads before it calls one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from conftest_kit import rundir
from conftest_kit.records import failure_from_json
from conftest_kit.settings import Settings
from corpus_memory_logging import (
    Filters,
    Store,
    environments,
    history,
    occurrences,
    queries,
    trials,
)
from corpus_memory_logging.errors import QueryError
from corpus_memory_logging.lookup import named
from corpus_memory_logging.similar import similar
from corpus_memory_logging.totals import flaky_ratio, totals
from orchestrator import archive, brief, exposition, reviews
from orchestrator.agents.arguments import (
    MOST_ROWS,
    AnyRun,
    Category,
    CauseStatus,
    Characters,
    Id,
    Limit,
    Offset,
    Part,
    RunId,
    Since,
    SuggestionStatus,
    Test,
    Words,
)
from orchestrator.agents.marking import UNTRUSTED, WHOLE_TEXT, all_marked, bounded, marked
from orchestrator.agents.pages import Answer, asked, few_changes, page_of, part_of
from orchestrator.causes.likeness import likeness
from orchestrator.checkout import project
from orchestrator.errors import UnreadableInput
from orchestrator.reduce import reduce
from orchestrator.report.plain import clean

_SHOWN = 10
_REDUCED_TOKENS = 1_500


@dataclass(frozen=True, kw_only=True)
class Tools:
    """The memory of one project, as an agent asks it. Every call opens and closes the memory.

    Methods raise errors of the memory and of the orchestrator, whose messages can be shown.
    """

    settings: Settings
    open_memory: Callable[[], Store]
    clock: Callable[[], datetime]
    reviewer: str
    """Who is said to have decided."""

    def brief(
        self,
        *,
        what: Annotated[str, Field(max_length=200, description="A run, or a cause.")] = "latest",
        max_tokens: Annotated[
            int, Field(ge=brief.LEAST_TOKENS, le=20_000, description="How long it may be.")
        ] = 4_000,
    ) -> str:
        """Start here when tests failed. One Markdown page on a run (`latest`) or on one cause: what
        failed, the command that reproduces it, where, what is known, what to try, and what was
        tried and did not help.
        """
        with self.open_memory() as store:
            found = brief.gather(store, what, project=project.read(self.settings.root))
            newer = self._not_reviewed(store)
        return "\n\n".join(filter(None, (newer, brief.render(found, max_tokens=max_tokens))))

    def runs(
        self,
        *,
        test: Test = None,
        category: Category = None,
        since: Since = None,
        limit: Limit = 20,
        offset: Offset = 0,
    ) -> Answer:
        """List test runs, the newest first. Use it to find a run's id, to see since when tests are
        red, or in which runs a test or category of cause occurred.
        """
        filters = Filters(test=test, category=category, since=since)
        with self.open_memory() as store:
            found = asked(store, queries.runs, filters, limit, offset)
            newer = self._not_reviewed(store)
        return found | ({"note": newer} if newer else {})

    def run(self, *, run: RunId) -> Answer:
        """A run with its causes."""
        with self.open_memory() as store:
            shown = queries.run(store, run)
            found = queries.causes(store, Filters(run=shown["run_id"], limit=MOST_ROWS))
        return {**marked(shown), "of_causes": all_marked(found)}

    def causes(
        self,
        *,
        run: AnyRun = None,
        category: Category = None,
        culprit: Annotated[str | None, Field(description="Name of what is to blame.")] = None,
        test: Test = None,
        since: Since = None,
        status: CauseStatus = None,
        new: Annotated[bool | None, Field(description="True: no earlier run had it.")] = None,
        limit: Limit = 20,
        offset: Offset = 0,
    ) -> Answer:
        """List causes: what explains failures, each once however many tests it broke. Use it to see
        what is wrong in a run (`run`) or in the project (`status` open), before any single failure.
        """
        filters = Filters(
            run=run,
            category=category,
            culprit=culprit,
            test=test,
            since=since,
            status=status,
            known=None if new is None else not new,
        )
        with self.open_memory() as store:
            return asked(store, queries.causes, filters, limit, offset)

    def cause(self, *, cause_id: Id) -> Answer:
        """All about one cause: verdict and evidence, its suggestions with what became of each, who
        decided what, the runs that had it, how the environment changed between them, and similar
        causes with what mended those. Use it before you try anything for the second time.
        """
        with self.open_memory() as store:
            shown = queries.show(store, named(store, cause_id, ("cause",))[1]["id"])
            whole = occurrences.failures(
                store, shown["cause_id"], run_id=shown["run_id"], limit=_SHOWN
            )
            near = similar(
                store,
                signature=shown["signature"],
                title=shown["title"],
                text=likeness(whole),
            )
        lists = {
            name: shown.pop(name)
            for name in ("suggestions", "decisions", "runs", "failures", "environments")
        }
        del shown["artifacts"]  # of all its runs; `artifacts` lists those of one
        return {
            **marked(shown, most=WHOLE_TEXT),
            "suggestions": all_marked(lists["suggestions"], most=WHOLE_TEXT),
            "decisions": all_marked(lists["decisions"][-_SHOWN:]),
            "runs": all_marked(lists["runs"][:_SHOWN]),
            "latest_failures": all_marked(lists["failures"][:_SHOWN]),
            "environments": all_marked(few_changes(lists["environments"][-_SHOWN:])),
            "similar": all_marked(map(asdict, near)),
        }

    def failures(
        self,
        *,
        run: AnyRun = None,
        test: Test = None,
        category: Category = None,
        since: Since = None,
        limit: Limit = 20,
        offset: Offset = 0,
    ) -> Answer:
        """List single failures, the newest first, with their ids and causes. Use it to see whether
        a test failed before and of what, and to get the id for `failure_text`.
        """
        filters = Filters(run=run, test=test, category=category, since=since)
        with self.open_memory() as store:
            return asked(store, queries.failures, filters, limit, offset)

    def failure_text(
        self,
        *,
        failure_id: Id,
        part: Annotated[
            Part,
            Field(
                description="`reduced`: the lines that decide, from the whole chain; `text`: what "
                "pytest printed; `stdout`, `stderr`, `log`: what the test printed."
            ),
        ] = "reduced",
        offset: Offset = 0,
        limit: Characters = 8_000,
    ) -> Answer:
        """The text of one failure, in parts. Use `reduced` first; read on with `offset` only where
        it leaves out what you need.
        """
        with self.open_memory() as store:
            shown = queries.show(store, named(store, failure_id, ("failure",))[1]["id"])
        record = shown["record"]
        if record is None:
            raise UnreadableInput(f"of failure {shown['failure_id']} nothing but a note was kept")
        failure = failure_from_json(record)
        parts = {
            "reduced": "\n".join(reduce([failure], max_tokens=_REDUCED_TOKENS).lines),
            "text": failure.text,
            **{name: failure.captured.get(name, "") for name in ("stdout", "stderr", "log")},
        }
        texts = {name: clean(text) for name, text in parts.items()}
        return {
            "failure_id": shown["failure_id"],
            "cause_id": shown["cause_id"],
            "characters": {name: len(text) for name, text in texts.items()},
            **part_of(texts[part], offset, limit),
        }

    def suggestions(
        self,
        *,
        run: AnyRun = None,
        category: Category = None,
        status: SuggestionStatus = None,
        since: Since = None,
        limit: Limit = 20,
        offset: Offset = 0,
    ) -> Answer:
        """List what was suggested for causes, with commands and what became of it. Use it to learn
        what worked (`worked`, `accepted`) and what must not be tried again (`failed`, `rejected`).
        """
        filters = Filters(run=run, category=category, status=status, since=since)
        with self.open_memory() as store:
            return asked(store, queries.suggestions, filters, limit, offset)

    def search(self, *, words: Words, since: Since = None, limit: Limit = 10) -> Answer:
        """Search messages of failures, titles of causes and suggestions for words. Use it when you
        have an error message and want to know whether it was seen, of what, and what mended it.
        """
        with self.open_memory() as store:
            filters = Filters(search=words, since=since, limit=limit)
            return {
                name: all_marked(ask(store, filters))
                for name, ask in (
                    ("causes", queries.causes),
                    ("failures", queries.failures),
                    ("suggestions", queries.suggestions),
                )
            }

    def artifacts(self, *, run: RunId = "latest", limit: Limit = 50, offset: Offset = 0) -> Answer:
        """List the files that were archived with a red run: its log, records, screenshots, what
        tests left behind. Use it to get a name for `read_artifact`.
        """
        with self.open_memory() as store:
            rows = queries.artifacts(store, run)
        return page_of(rows, limit, offset)

    def read_artifact(
        self,
        *,
        name: Annotated[str, Field(max_length=1000, description="As `artifacts` lists it.")],
        run: RunId = "latest",
        offset: Offset = 0,
        limit: Characters = 8_000,
    ) -> Answer:
        """Read a text file out of a run's archive, in parts; secrets in it are masked. Use it for
        what a test left behind, and where `failure_text` does not say enough.
        """
        with self.open_memory() as store:
            rows = queries.artifacts(store, run)
        row = next((row for row in rows if row["name"] == name), None)
        if row is None:
            raise UnreadableInput(f"no file {name!r} was archived with run {run!r}")
        text = archive.read_text(self.settings.logs_dir / rundir.ARCHIVE_FOLDER, row)
        return {
            "run_id": row["run_id"],
            "size": row["size"],
            **part_of(clean(text), offset, limit),
        }

    def compare_environments(
        self,
        *,
        run: RunId = "latest",
        with_run: Annotated[
            str | None, Field(description="Another run; else the last green one before it.")
        ] = None,
        limit: Limit = 50,
        offset: Offset = 0,
    ) -> Answer:
        """What differs between the environments of two runs: versions of packages, Python,
        platform, names of environment variables, the commit. Use it when tests that passed now
        fail and the code does not explain it.
        """
        with self.open_memory() as store:
            after = history.run_named(store, run)
            before = history.run_named(store, with_run) if with_run else _green(store, after.run_id)
        if before is None:
            raise UnreadableInput(
                f"no green run from before {after.run_id} is remembered: name one in with_run"
            )
        compared = environments.compared(before, after)
        changes = compared["changes"]
        return {
            "before": marked(compared["before"]),
            "after": marked(compared["after"]),
            "number_of_changes": len(changes),
            UNTRUSTED: {"changes": bounded(changes[offset : offset + limit], 200)},
            "next_offset": offset + limit if len(changes) > offset + limit else None,
        }

    def stats(self) -> Answer:
        """Figures over all runs: failures by category, open causes by category, findings by kind,
        the share of flaky tests in the last 7 days, and how often each kind of suggestion was
        followed by green. Use it to say what costs the project most, and what helps.
        """
        with self.open_memory() as store:
            found = totals(store)
            ratio = flaky_ratio(store, now=self.clock())
            judged = trials.successes(store)[:MOST_ROWS]
        return {
            "failures_by_category": dict(found.failures),
            "open_causes_by_category": dict(found.open_causes),
            "findings_by_kind": dict(found.findings),
            "flaky_ratio_7_days": ratio,
            "last_review": found.last_review and found.last_review.isoformat(),
            "suggestions": all_marked(judged),
        }

    def record_decision(
        self,
        *,
        about: Annotated[Id, Field(description="The id of a cause or a finding.")],
        accept: Annotated[
            str | None,
            Field(max_length=2000, description="A suggestion's id, or a sentence: what mended it."),
        ] = None,
        reject: Annotated[
            str | None, Field(max_length=200, description="The id of a suggestion that is wrong.")
        ] = None,
        category: Category = None,
        culprit: Annotated[str | None, Field(max_length=500)] = None,
        note: Annotated[
            str | None, Field(max_length=2000, description="What the next reader should know.")
        ] = None,
        fix: Annotated[str | None, Field(max_length=200, description="The commit.")] = None,
        ignore: Annotated[bool, Field(description="Known and left as it is.")] = False,
    ) -> Answer:
        """Record what you found out, after the tests showed it: what mended a cause (`accept`,
        `fix`), that a suggestion was wrong (`reject`), what the cause really is (`category`,
        `culprit`). It outranks every rule when the cause comes back, so record nothing that you
        have not seen.
        """
        decision = {
            "accept": accept,
            "reject": reject,
            "category": category,
            "culprit": culprit,
            "note": note,
            "fix": fix,
            "ignore": ignore,
        }
        if not any(decision.values()):
            raise QueryError("nothing was decided: give accept, reject, category, culprit, note …")
        now = self.clock()
        with self.open_memory() as store:
            decided = reviews.resolve(store, about, now=now, reviewer=self.reviewer, **decision)
            trouble = exposition.refresh(self.settings, store, now=now)
        return marked(decided) | ({"warnings": list(trouble)} if trouble else {})

    def _not_reviewed(self, store: Store) -> str:
        """A sentence where the newest recorded run is not in the memory."""
        newest = next(iter(rundir.runs(self.settings.logs_dir)), None)
        if newest is None or store.reviewed(newest.name):
            return ""
        return (
            f"Run {newest.name} was recorded and is not reviewed yet: `orchestrator review` takes "
            "it into the memory."
        )


def _green(store: Store, run_id: str) -> Any:
    run = history.run_named(store, run_id)
    failed = queries.failures(store, Filters(run=run_id))
    green = history.last_green(store, [row["nodeid"] for row in failed], before=run.started)
    return green.run if green else None
