"""What a reader must know before trusting a review: how old the run is and what moved since."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from conftest_kit.records import Recording, Run
from orchestrator.checkout.git import commit, is_shallow
from orchestrator.classify import Context

_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60))
_CLOCK_SLACK = timedelta(seconds=5)
"""The kit ends a moment after pytest wrote its cache."""


def notes(
    recording: Recording, *, root: Path, now: datetime, reviewed_before: bool
) -> tuple[str, ...]:
    """The run's id, age and commit, then whatever makes it less than fresh."""
    run = recording.run
    said = [_headline(run, now)]
    if reviewed_before:
        said.append("this run was reviewed before; nothing was stored again")
    recorded, current = str(run.environment.git.get("commit") or ""), commit(root)
    if recorded and current and recorded != current:
        said.append(
            f"the run is of commit {recorded[:10]}, the working tree is at {current[:10]}: "
            "run pytest again to review the present code"
        )
    later = _last_session(root)
    finished = _time(run.finished or run.started)
    if later and finished and later > finished + _CLOCK_SLACK:
        said.append(
            "pytest ran again after this run without recording it (its cache is newer): "
            "was it started without conftest_kit?"
        )
    return tuple(said)


def unfetched(contexts: Iterable[Context], root: Path) -> tuple[str, ...]:
    """What keeps causes from saying what was edited: a shallow clone without the commit of the run
    that passed.
    """
    runs = [one.green.run for one in contexts if one.green and one.edits is None]
    commits = {str(run.environment.git.get("commit") or ""): run.run_id for run in runs}
    commits.pop("", None)
    if not commits or not is_shallow(root):
        return ()
    commit, run_id = next(iter(commits.items()))
    said = f"this shallow clone has not commit {commit[:10]} of run {run_id}, which passed"
    return (
        f"{said}: with a deeper one (`git fetch --unshallow`) causes say what was edited since",
    )


def _headline(run: Run, now: datetime) -> str:
    parts = [f"run {run.run_id}"]
    ended = _time(run.finished or run.started)
    if ended:
        parts.append(age((now - ended).total_seconds()))
    git = run.environment.git
    if git.get("commit"):
        branch = f" on {git['branch']}" if git.get("branch") else ""
        dirty = ", with uncommitted changes" if git.get("dirty") else ""
        parts.append(f"commit {str(git['commit'])[:10]}{branch}{dirty}")
    return " · ".join(parts)


def age(seconds: float) -> str:
    """`just now`, `3 minutes ago`, `2 days ago`."""
    for unit, size in _UNITS:
        count = int(seconds // size)
        if count >= 1:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


def _last_session(root: Path) -> datetime | None:
    cache = root / ".pytest_cache" / "v" / "cache"
    try:
        latest = max((entry.stat().st_mtime for entry in cache.iterdir()), default=None)
    except OSError:
        return None
    return datetime.fromtimestamp(latest).astimezone() if latest else None


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
