"""From alerts that the memory holds to reviews of the runs that they speak of, one by one."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from conftest_kit import rundir
from conftest_kit.settings import Settings
from corpus_memory_logging import alerts, queries
from corpus_memory_logging.errors import StoreError
from corpus_memory_logging.filters import Filters
from corpus_memory_logging.records import Alert, Review
from corpus_memory_logging.store import Store, open_store
from orchestrator import reviews
from orchestrator.errors import OrchestratorError, UnfinishedRun
from orchestrator.redact import Redactor
from orchestrator.report.view import counted

RETRY_SECONDS = 10.0
"""Until the next look at a run that is still going on, or at a memory that refused."""

_log = logging.getLogger(__name__)


class Reviewing:
    """Keeps alerts, and reviews what they speak of in a thread of its own.

    What was kept and not reviewed when the process ended is reviewed by the next one.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        redactor: Redactor,
        clock: Callable[[], datetime],
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._settings = settings
        self._redactor = redactor
        self._clock = clock
        self._retry_seconds = retry_seconds
        self._wake = threading.Event()
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._work, name="reviews", daemon=True)

    def start(self) -> None:
        """Begin, with what an earlier process left."""
        self._thread.start()

    def stop(self, timeout_seconds: float) -> None:
        """End after the review under way; what it takes longer than the time is left to the next
        process.
        """
        self._ends.set()
        self._wake.set()
        self._thread.join(timeout_seconds)

    def keep(self, told: tuple[Alert, ...]) -> int:
        """Keep alerts and have those reviewed that are new, or whose review failed before; returns
        how many they are.

        Raises:
            StoreError: the memory refused; nothing was kept.
        """
        due = 0
        with self._open(self._settings.project) as own:
            for project in {alert.labels.get("project", "") for alert in told}:
                of_project = [
                    self._redacted(alert)
                    for alert in told
                    if alert.labels.get("project", "") == project
                ]
                if project in {"", own.project} or not alerts.knows(own, project):
                    due += alerts.accept(own, of_project, now=self._clock())
                    continue
                with self._open(project) as other:
                    due += alerts.accept(other, of_project, now=self._clock())
        if due:
            self._wake.set()
        return due

    def _redacted(self, alert: Alert) -> Alert:
        def clean(texts: Mapping[str, str]) -> dict[str, str]:
            # The id of a run looks like a secret.
            return {
                name: text if name == "run_id" else self._redactor.redact_text(text)
                for name, text in texts.items()
            }

        return replace(alert, labels=clean(alert.labels), annotations=clean(alert.annotations))

    def _open(self, project: str) -> Store:
        return open_store(self._settings.memory_location, project=project)

    def _work(self) -> None:
        while not self._ends.is_set():
            self._wake.clear()
            try:
                waiting = self._settle_all()
            except StoreError as error:
                _log.warning("alerts wait: %s", error)
                waiting = True
            self._wake.wait(self._retry_seconds if waiting else None)

    def _settle_all(self) -> bool:
        """Whether some of them are to be looked at again later."""
        waiting = False
        with self._open(self._settings.project) as own:
            projects = alerts.alerted(own)
        for project in projects:
            with self._open(project) as store:
                for alert in alerts.pending(store):
                    if self._ends.is_set():
                        return True
                    waiting |= not self._settle(alert, store)
        return waiting

    def _settle(self, alert: Mapping[str, Any], store: Store) -> bool:
        try:
            run_id, said = self._reviewed(alert, store)
        except UnfinishedRun as error:
            _log.info("alert %s waits: %s", alert["name"], error)
            return False
        except StoreError:
            raise
        except OrchestratorError as error:
            self._failed(alert, store, str(error))
        except Exception as error:  # noqa: BLE001 - one alert must not hold up the others
            _log.debug("alert %s", alert["name"], exc_info=True)
            self._failed(alert, store, f"a bug of ours: {type(error).__name__}: {error}")
        else:
            alerts.settle(store, alert["alert_id"], "reviewed", run_id=run_id)
            _log.info("alert %s: run %s %s", alert["name"], run_id, said)
        return True

    def _failed(self, alert: Mapping[str, Any], store: Store, note: str) -> None:
        alerts.settle(store, alert["alert_id"], "failed", note=note)
        _log.warning("alert %s: nothing reviewed: %s", alert["name"], note)

    def _reviewed(self, alert: Mapping[str, Any], store: Store) -> tuple[str, str]:
        """The run that the alert speaks of, and what came of its review."""
        own = store.project == self._settings.project
        project = alert["labels"].get("project", "")
        if own and project not in {"", store.project}:
            raise NoRun(f"the memory knows no project {project!r}")
        folders = list(_finished(self._settings.logs_dir)) if own else []
        run_id = str(alert["run_id"] or _latest(folders, store))
        folder = next((path for path in folders if path.name == run_id), None)
        if folder is None:
            if store.reviewed(run_id):
                return run_id, "was reviewed before"
            if own and any(path.name == run_id for path in rundir.runs(self._settings.logs_dir)):
                raise UnfinishedRun(f"run {run_id} is still going on")
            raise NoRun(f"run {run_id!r} is neither recorded here nor in the memory")
        stages = reviews.of_named(
            str(folder), settings=self._settings, store=store, now=self._clock()
        )
        found = [stage for stage in stages if isinstance(stage, Review)][-1]
        if found.reviewed_before:
            return run_id, "was reviewed before"
        causes, off = counted(len(found.causes), "cause"), counted(len(found.findings), "finding")
        return run_id, f"has {causes} and {off}"


class NoRun(OrchestratorError):
    """There is no run that an alert could speak of."""


def _finished(logs_dir: Path) -> Iterator[Path]:
    """Run directories of runs that have ended: the metrics speak of no other."""
    for path in rundir.runs(logs_dir):
        try:
            if rundir.read_run(path).state != "running":
                yield path
        except rundir.UnreadableRun:
            continue


def _latest(folders: list[Path], store: Store) -> str:
    """Ids sort by time."""
    remembered = queries.runs(store, Filters(limit=1))
    ids = [path.name for path in folders[:1]] + [str(row["run_id"]) for row in remembered]
    if not ids:
        raise NoRun("no run is recorded here, and none is in the memory")
    return max(ids)
