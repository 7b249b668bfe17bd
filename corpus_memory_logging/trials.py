"""Whether suggestions helped: what later runs say of them.

A later run says something of a cause where it is of the same lane (branch, interpreter, platform,
CI job) and something that is recorded changed since (commit, uncommitted work, environment), or the
cause lies outside of what is recorded. Green is where all that the cause broke passed.
"""

from __future__ import annotations

import shlex
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

from conftest_kit.records import Recording, Run
from corpus_memory_logging import history
from corpus_memory_logging.engine import Partition, Row
from corpus_memory_logging.keys import from_text, key, storable
from corpus_memory_logging.records import Cause, Review, Success
from corpus_memory_logging.rows import environment_row

_OUTSIDE = frozenset({"environment", "network", "timeout", "resource"})
"""Categories of causes that go away without a trace in commits and environments."""
_GOOD = frozenset({"passed", "xfailed"})
_BAD = frozenset({"failed", "error", "rerun"})
_ENOUGH = 5
"""Episodes below which a rate says nothing."""
_JUDGED = (0, 1)
"""Exit codes of runs that came to their end."""


def conclude(memory: Partition, review: Review, *, run: int, started: str) -> None:
    """Keeps what a run that is being remembered says of what was suggested before it, and notes
    what it leaves broken.

    A suggestion that a reviewer accepted, or whose commands were carried out by the look of the
    installed distributions, gets the status `worked` or `failed`.
    """
    recorded = review.recording.run
    lane = lane_of(memory.project, recorded)
    seen = {storable(cause.cause_id) for cause in review.causes}
    after = _After(
        run=recorded,
        environment=environment_row(memory.project, recorded.environment)["environment"],
        started=started,
        outcomes=_Outcomes.of(review.recording),
    )
    for episode in memory.select("episodes", lane=lane):
        if episode["started"] >= started:
            continue
        cause_id, about = episode["cause_id"], {"lane": lane, "cause_id": episode["cause_id"]}
        if cause_id in seen:
            _judge(memory, episode, after, lane=lane, green=False)
            memory.execute("move_episode", run=run, **about)
        elif after.outcomes.green(memory.select("broken", run=episode["run"], cause_id=cause_id)):
            _judge(memory, episode, after, lane=lane, green=True)
            memory.execute("end_episode", **about)
    for cause_id in sorted(seen):
        memory.execute("add_episode", lane=lane, cause_id=cause_id, run=run)


def success(memory: Partition, source: str, origin: str) -> Success | None:
    """How often suggestions of that kind were followed by green; None where too few episodes of
    causes have been judged to say.
    """
    row = memory.first("successes", source=source, origin=_kind(source, origin))
    if row is None or row["judged"] < _ENOUGH:
        return None
    return Success(judged=row["judged"], green=row["green"])


def with_success(memory: Partition, causes: Iterable[Cause]) -> tuple[Cause, ...]:
    """The causes with the success of what is suggested for them."""
    known = cache(partial(success, memory))
    return tuple(
        replace(
            cause,
            suggestions=tuple(
                replace(one, success=known(one.source, one.origin)) for one in cause.suggestions
            ),
        )
        for cause in causes
    )


def successes(memory: Partition) -> list[dict[str, Any]]:
    """How often each kind of suggestion was followed by green, the one most judged first.

    Keys: source, origin (rule or model with its version; empty for reviewers), causes, judged
    (episodes of which a later run says something), green (those whose tests passed in the run after
    one that suggested it), success_rate (green of judged), tried (accepted by a reviewer, or seen
    to be carried out), worked, failed (of the tried).
    """
    return [
        {
            **{name: row[name] for name in ("source", "origin", "causes", "judged", "green")},
            "success_rate": round(row["green"] / row["judged"], 4),
            **{name: row[name] for name in ("tried", "worked")},
            "failed": row["tried"] - row["worked"],
        }
        for row in memory.select("successes")
    ]


def lane_of(project: str, run: Run) -> int:
    """What runs have in common that may speak of each other's causes."""
    environment = run.environment
    version = environment.python.get("version", "").split(".")[:2]
    parts = (
        environment.git.get("branch") or environment.ci.get("branch"),
        environment.python.get("implementation"),
        ".".join(version),
        environment.platform.get("system"),
        environment.ci.get("provider"),
        environment.ci.get("job"),
    )
    return key(project, "lane", *(storable(str(part or "")) for part in parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcomes:
    """What became of the tests of a run that came to its end."""

    of_tests: Mapping[str, str]
    ordered: list[str]
    exit_code: int | None

    @classmethod
    def of(cls, recording: Recording) -> _Outcomes:
        """By the last attempt of each test; nothing where the run did not come to its end."""
        run = recording.run
        ended = run.state == "complete" and run.exit_code in _JUDGED
        last = {entry.nodeid: entry.outcome for entry in recording.attempts} if ended else {}
        return cls(of_tests=last, ordered=sorted(last), exit_code=run.exit_code if ended else None)

    def green(self, broken: Iterable[Row]) -> bool:
        """Whether all that was broken passed; a test that did not run did not."""
        rows = list(broken)
        return bool(rows) and all(self._passed(row["nodeid"]) for row in rows)

    def _passed(self, nodeid: str) -> bool:
        if not nodeid:  # pytest itself failed
            return self.exit_code == 0
        if nodeid in self.of_tests:
            return self.of_tests[nodeid] in _GOOD
        below = {self.of_tests[found] for found in self._below(nodeid)}
        return bool(below & _GOOD) and not below & _BAD

    def _below(self, collector: str) -> Iterator[str]:
        for start in (f"{collector}::", f"{collector}/"):
            place = bisect_left(self.ordered, start)
            while place < len(self.ordered) and self.ordered[place].startswith(start):
                yield self.ordered[place]
                place += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _After:
    """The run that speaks of what was suggested before it."""

    run: Run
    environment: int
    started: str
    outcomes: _Outcomes

    def differs_from(self, before: Row) -> bool:
        """Whether anything that is recorded changed; what is not known may have."""
        git = self.run.environment.git
        same_code = (
            bool(git.get("commit"))
            and before["commit_id"] == storable(str(git.get("commit")))
            and before["dirty"] == 0
            and git.get("dirty") is False
        )
        return not same_code or before["environment"] != self.environment


def _judge(memory: Partition, episode: Row, after: _After, *, lane: int, green: bool) -> None:
    if not after.differs_from(episode) and episode["category"] not in _OUTSIDE:
        return
    about = {"cause_id": episode["cause_id"]}
    proposed = memory.select("on_trial", run=episode["run"], **about)
    accepted = _accepted_last(proposed, after.started)
    before = history.run_of(memory, episode["run"]).environment.distributions
    for row in proposed:
        tried = row["suggestion_id"] == accepted or _carried_out(
            from_text(row["commands"]), before, after.run.environment.distributions
        )
        memory.execute(
            "add_trial",
            source=row["source"],
            origin=_kind(row["source"], row["origin"]),
            suggestion_id=row["suggestion_id"],
            lane=lane,
            first_run=episode["first_run"],
            run_id=storable(after.run.run_id),
            green=int(green),
            tried=int(tried),
            **about,
        )
        if tried:
            status = "worked" if green else "failed"
            memory.execute(
                "set_suggestion_status",
                suggestion_id=row["suggestion_id"],
                status=status,
                time=after.started,
            )
            if green:
                memory.execute("learn", **about)


def _kind(source: str, origin: str) -> str:
    """Reviewers are no kinds of suggestions."""
    return "" if source == "reviewer" else storable(origin)


def _accepted_last(proposed: Iterable[Row], started: str) -> str | None:
    accepted = [
        row for row in proposed if row["status"] == "accepted" and row["status_since"] < started
    ]
    last = max(accepted, key=lambda row: row["status_since"], default=None)
    return last["suggestion_id"] if last else None


def _carried_out(
    commands: Iterable[str], before: Mapping[str, str], after: Mapping[str, str]
) -> bool:
    """Whether a distribution that a command asks for came or changed, to a version that it asks
    for.
    """
    # Late, as sqlite-utils is: the records of this package are read where it is not installed.
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415
    from packaging.utils import canonicalize_name  # noqa: PLC0415

    had = {canonicalize_name(name): version for name, version in before.items()}
    has = {canonicalize_name(name): version for name, version in after.items()}
    for word in (word for command in commands for word in _split(command)):
        try:
            asked = Requirement(word)
        except InvalidRequirement:
            continue
        name = canonicalize_name(asked.name)
        version = has.get(name)
        if version and version != had.get(name):
            return asked.specifier.contains(version, prereleases=True)
    return False


def _split(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:  # an apostrophe in an edit that is told in words
        return command.split()
