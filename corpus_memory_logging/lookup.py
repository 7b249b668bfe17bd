"""From what a person typed to the one thing it names."""

from __future__ import annotations

from corpus_memory_logging.engine import Partition, Row
from corpus_memory_logging.errors import UnknownId
from corpus_memory_logging.keys import storable

KINDS = ("run", "cause", "failure", "suggestion", "finding", "alert")


def named(memory: Partition, typed: str, kinds: tuple[str, ...] = KINDS) -> tuple[str, Row]:
    """The kind and the row (`id`, `about`) of what an id or a unique beginning of one names.

    `latest` is the run that started last; of a path, the last part counts.

    Raises:
        UnknownId: nothing has that id, or several have; the message names them.
    """
    wanted = " or ".join(kinds)
    text = storable(typed.strip().rstrip("/").rpartition("/")[2])
    if not text:
        raise UnknownId(f"{typed!r} names no {wanted}: give an id or the beginning of one")
    if text == "latest" and "run" in kinds:
        text = _latest(memory)
    found = [
        (kind, row)
        for kind in kinds
        for row in memory.select(f"{kind}s_named", prefix=text, beyond=text + "\U0010ffff")
    ]
    exact = [(kind, row) for kind, row in found if row["id"] == text]
    if len(exact or found) == 1:
        return (exact or found)[0]
    if not found:
        raise UnknownId(f"no {wanted} has an id that begins with {typed!r}")
    candidates = "; ".join(f"{kind} {row['id']} ({row['about']:.60})" for kind, row in found)
    raise UnknownId(f"{typed!r} begins the id of several: {candidates}")


def _latest(memory: Partition) -> str:
    row = memory.first("latest_run")
    if row is None:
        raise UnknownId("the memory has no run yet: 'latest' names none")
    run_id: str = row["run_id"]
    return run_id
