"""The functions of ABZU's `corpus_memory_logging`, with their names and arguments.

They write to and read from the memory that the settings of the current project name. What they are
given is stored as it is: whoever calls them keeps secrets out.

Raises, all of them:
    StoreError: the memory cannot be opened, read or written.
    conftest_kit.settings.SettingsError: the project's settings are wrong.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from conftest_kit import settings
from conftest_kit.root import find_root
from corpus_memory_logging import interactions
from corpus_memory_logging.keys import moment
from corpus_memory_logging.store import Store, open_store

logger = logging.getLogger(__name__)


def log_interaction(
    input_text: str,
    intent: dict[str, Any],
    result: dict[str, Any],
    outcome: str,
    *,
    source_type: str | None = None,
    genre: str | None = None,
    instrument: str | None = None,
    feedback: str | None = None,
    rating: float | None = None,
) -> None:
    """Keeps what was asked, understood and answered; an `emotion` of result or intent is lifted."""
    optional = {
        "emotion": result.get("emotion") or intent.get("emotion"),
        "source_type": source_type,
        "genre": genre,
        "instrument": instrument,
        "feedback": feedback,
        "rating": rating,
    }
    record = {"input": input_text, "intent": intent, "result": result, "outcome": outcome}
    _log(record | {name: value for name, value in optional.items() if value is not None})


def log_suggestion(text: str, context: dict[str, Any] | None = None) -> None:
    """Keeps a suggestion that no review made."""
    _log({"suggestion": text} | ({"context": context} if context else {}))


def log_test_failure(
    test: str, log_path: str | Path, artifacts: Sequence[str | Path] | None = None
) -> None:
    """Keeps a failure that no recorded run has."""
    told: dict[str, Any] = {"test": test, "log": str(log_path)}
    if artifacts:
        told["artifacts"] = [str(artifact) for artifact in artifacts]
    _log({"test_failure": told})


def log_ritual_result(name: str, steps: list[str]) -> None:
    """Keeps the steps of a ritual."""
    _log({"ritual": name, "steps": list(steps)})


def load_interactions(limit: int | None = None) -> list[dict[str, Any]]:
    """The last `limit` records (all without one), the oldest first; `timestamp` is UTC."""
    with _store() as store:
        return interactions.load(store, limit)


def import_interactions(path: str | Path) -> int:
    """Takes in ABZU's JSONL: see `interactions.take_in`. How many records are new.

    Lines that are no record are counted in the log.
    """
    with _store() as store:
        imported = interactions.take_in(store, Path(path))
    if imported.malformed:
        logger.warning("%s: left out %d malformed lines", path, imported.malformed)
    return imported.added


def watchdog() -> None:
    """Checks the memory and says in the log what is wrong with it; mends and deletes nothing."""
    with _store() as store:
        problems = store.problems()
        place = store.engine.location
    for problem in problems:
        logger.error("%s: %s", place, problem, extra={"event": "corpus_watchdog"})


def _log(record: Mapping[str, Any]) -> None:
    with _store() as store, store.transaction():
        interactions.add(store, record, time=moment(datetime.now(UTC)))


def _store() -> Store:
    chosen = settings.load(find_root(Path.cwd()), os.environ)
    return open_store(chosen.memory_location, project=chosen.project)
