"""What a value of a setting may be: from what somebody wrote to what the kit works with.

Each takes the raw value and the root that paths are relative to, and raises ValueError saying what
is allowed. PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import re
from pathlib import Path, PurePath
from typing import Any

TAKEN_LABELS = frozenset(
    {"category", "failure_type", "kind", "le", "module", "outcome", "phase", "quantile", "result"}
    | {"run_id", "size"}
)
"""What our own series differ in. Those of `pytest_run_info` may be set: there its own stand."""
SIZES = ("small", "medium", "large", "xlarge")
LEAST_SERIES = 50
"""More than the metrics that always stay have together."""


def text(value: Any, _root: Path) -> str:
    """A text of one line."""
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError("a text of one line, not empty")
    return value.strip()


def path(value: Any, root: Path) -> Path:
    """A path; a relative one below the root."""
    return root / text(value, root)


def place(value: Any, root: Path) -> str:
    """A path as `path`, or a URL."""
    said = text(value, root)
    return said if "://" in said else str(root / said)


def count(value: Any, _root: Path) -> int:
    """A whole number from 1."""
    try:
        found = value if type(value) is int else int(value) if isinstance(value, str) else 0
    except ValueError:
        found = 0
    if found < 1:
        raise ValueError("a whole number from 1")
    return found


def series(value: Any, root: Path) -> int:
    """A whole number from `LEAST_SERIES`."""
    found = count(value, root)
    if found < LEAST_SERIES:
        raise ValueError(f"a whole number from {LEAST_SERIES}")
    return found


def _pairs(value: Any) -> dict[str, str]:
    if isinstance(value, str):
        parts = [part.partition("=") for part in value.split(",") if part.strip()]
        value = {name.strip(): text.strip() for name, _, text in parts}
    if not isinstance(value, dict) or not all(
        isinstance(text, str) and text and text.isprintable() for text in value.values()
    ):
        raise ValueError("a table of texts (outside pyproject.toml NAME=TEXT,NAME=TEXT)")
    return value


def labels(value: Any, _root: Path) -> dict[str, str]:
    """Names and values that Prometheus and our own series admit."""
    pairs = _pairs(value)
    for name, said in pairs.items():
        if not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name) or name.startswith("__"):
            raise ValueError(f"names of letters, digits and _, unlike {name!r}")
        if name in TAKEN_LABELS:
            raise ValueError(f"names that our own metrics do not use, unlike {name!r}")
        if len(said) > 200:
            raise ValueError("values of 200 characters at most")
    return pairs


def sizes(value: Any, _root: Path) -> dict[str, str]:
    """Names of markers to sizes."""
    markers = _pairs(value)
    if not set(markers.values()) <= set(SIZES) or not all(map(str.isidentifier, markers)):
        raise ValueError(f"MARKER=SIZE, the size one of {', '.join(SIZES)}")
    return markers


def patterns(value: Any, root: Path) -> tuple[str, ...]:
    """Paths and patterns below the root."""
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)) or not all(isinstance(item, str) for item in items):
        raise ValueError("a list of texts (outside pyproject.toml separated by commas)")
    found = tuple(item.strip() for item in items if item.strip())
    for pattern in found:
        if PurePath(pattern).is_absolute() or ".." in PurePath(pattern).parts:
            raise ValueError(f"paths and patterns below {str(root)!r}")
    return found


def number(value: Any, _root: Path) -> float:
    """A number from 0."""
    try:
        found = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        found = float("nan")
    if not 0 <= found < float("inf"):
        raise ValueError("a number from 0")
    return found


def shares(value: Any, _root: Path) -> tuple[tuple[str, float, float], ...]:
    """Sizes, each with the least and the most percent."""
    allowed = "a list such as small:75-85, medium:10-20, large:2-8, in percent from 0 to 100"
    items = value.split(",") if isinstance(value, str) else value
    found = []
    for item in items if isinstance(items, (list, tuple)) else (None,):
        size, _, share = str(item).strip().partition(":")
        try:
            least, most = map(float, share.split("-"))
        except ValueError:
            raise ValueError(allowed) from None
        if size not in SIZES[:-1] or not 0 <= least <= most <= 100:
            raise ValueError(allowed)
        found.append((size, least, most))
    return tuple(found)
