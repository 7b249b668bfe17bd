"""The environments of runs, in the order of time, and what changed from one to the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conftest_kit.records import Run, to_json
from corpus_memory_logging.engine import Partition, Row
from corpus_memory_logging.keys import from_text


def identify(key: int) -> str:
    """The id of an environment: 16 hex digits."""
    return f"{key % 2**64:016x}"


def of_runs(memory: Partition, runs: Sequence[Row]) -> list[dict[str, Any]]:
    """The environments of rows of `runs`, the first seen first.

    Keys: environment (id), python (version), platform, first_seen, last_seen, runs (number),
    changes: what differs from the one before, a list of {name, before, after}.
    """
    contents: dict[int, dict[str, Any]] = {}
    found: dict[int, dict[str, Any]] = {}
    previous: dict[str, Any] | None = None
    for run in sorted(runs, key=lambda run: (run["started"], run["run"])):
        key = run["environment"]
        if key not in found:
            row = memory.select("environment", environment=key)[0]
            content = contents[key] = from_text(row["content"])
            found[key] = {
                "environment": identify(key),
                "python": content.get("python", {}).get("version", ""),
                "platform": " ".join(content.get("platform", {}).values()),
                "first_seen": run["started"],
                "runs": 0,
                "changes": [] if previous is None else changes(previous, content),
            }
        found[key]["last_seen"] = run["started"]
        found[key]["runs"] += 1
        previous = contents[key]
    return list(found.values())


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, str | None]]:
    """What differs between two environments as `to_json` gives them; null for absent.

    Distributions go by their names, the rest as `python.version`; plugins are distributions.
    """
    old, new = _flat(before), _flat(after)
    return [
        {"name": name, "before": old.get(name), "after": new.get(name)}
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    ]


def compared(before: Run, after: Run) -> dict[str, Any]:
    """What differs between two runs: `before` and `after` (run_id, started, commit, branch, dirty)
    and `changes` of their environments.
    """
    return {
        "before": _checkout(before),
        "after": _checkout(after),
        "changes": changes(to_json(before.environment), to_json(after.environment)),
    }


def _checkout(run: Run) -> dict[str, Any]:
    git = run.environment.git
    said = {name: git.get(name) for name in ("commit", "branch", "dirty")}
    return {"run_id": run.run_id, "started": run.started, **said}


def _flat(content: dict[str, Any]) -> dict[str, str]:
    flat = {name: str(version) for name, version in content.get("distributions", {}).items()}
    for section in ("python", "platform"):
        for name, value in content.get(section, {}).items():
            flat[f"{section}.{name}"] = str(value)
    for section in ("sys_path", "variables"):
        flat |= {f"{section} {item}": "present" for item in content.get(section, ())}
    return flat
