"""The Prometheus textfile: what runs add up to, and how the last one was.

Counters and histograms continue those in the file, so that `rate()` and `increase()` mean
something; gauges describe the last run alone. The file is ours: other tools' families are dropped.
PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from conftest_kit.locking import TIMEOUT_SECONDS, hidden, lock, replace
from conftest_kit.metrics import content, textfile
from conftest_kit.metrics.content import Content
from conftest_kit.metrics.tally import FailureType, Module, Sizes, Tally
from conftest_kit.run import Run

__all__ = ["FailureType", "Module", "Place", "Sizes", "Tally", "update"]

_PENDING = "pending-"
"""How the file of a run begins that is still to be added."""


class Place(NamedTuple):
    """A textfile, and what holds for all of it."""

    path: Path
    labels: Mapping[str, str] = {}
    """On every series."""
    max_series: int = 500
    lock_seconds: float = TIMEOUT_SECONDS
    """How long to wait for another writer."""


def update(place: Place, *, run: Run, tally: Tally) -> list[str]:
    """Add a run to a textfile; what could not be done is returned, never raised.

    Where another writer holds the lock for too long, the run is left in a hidden folder beside it
    for the next update to add. A file that cannot be parsed is moved to another name, and counting
    begins anew.
    """
    path = Path(os.path.realpath(place.path))
    try:
        counted = content.of(run, tally)
        _make_folder(path)
        with lock(path, timeout_seconds=place.lock_seconds) as held:
            if held:
                return _add(path, place, counted)
            pending = hidden(path) / f"{_PENDING}{run.run_id}"
            replace(pending, textfile.written(counted, {}), folder=hidden(path))
            return [f"metrics file {path} is locked; the next run adds this one from {pending}"]
    except ImportError as error:
        return [f"metrics not written to {path}: {error}; pip install prometheus-client"]
    except OSError as error:
        return [f"metrics not written to {path}: {error}"]


def _add(path: Path, place: Place, counted: Content) -> list[str]:
    warnings = []
    pending = sorted(hidden(path).glob(f"{_PENDING}*"))
    for source in (path, *pending):
        try:
            stored, problems = textfile.read(source)
        except textfile.CorruptError as error:
            aside = path.with_name(f"{path.name}.corrupt-{time.time_ns()}")
            source.replace(aside)
            warnings.append(f"counting begins anew, {source} was moved to {aside}: {error}")
            continue
        warnings.extend(problems)
        counted = content.carry(counted, stored)
    exposed = textfile.written(content.bounded(counted, place.max_series), place.labels)
    replace(path, exposed, folder=hidden(path))
    for source in pending:
        source.unlink(missing_ok=True)
    return warnings


def _make_folder(path: Path) -> None:
    folder = path.parent
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)  # another run may make it at the same time
        folder.chmod(0o755)  # node_exporter is another user
        # What the kit brought into a project is not for its repository; what joins it later may be.
        (folder / ".gitignore").write_text("/.gitignore\n/*.prom*\n/.*.prom*\n")
