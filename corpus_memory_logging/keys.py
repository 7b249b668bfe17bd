"""How things are named in the memory: keys and ids that need no sequence, times, storable text."""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import UTC, datetime
from typing import Any


def key(*parts: str) -> int:
    """A signed 64-bit integer that stands for the parts: the same everywhere, without a sequence.

    Two of ten million parts share one with a chance of 3 in a million.
    """
    return int.from_bytes(_digest(parts), "big", signed=True)


def identifier(*parts: str) -> str:
    """16 hex digits that stand for the parts."""
    return _digest(parts).hex()


def fresh_identifier() -> str:
    """16 hex digits for a fact that has no content of its own to be named by."""
    return secrets.token_hex(8)


def _digest(parts: tuple[str, ...]) -> bytes:
    # Lengths keep ("ab", "c") and ("a", "bc") apart.
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def storable(text: str) -> str:
    r"""The text as every engine takes it: lone surrogates are written as `\udc80`, NUL as `\x00`.

    Both occur in the output of tests; SQLite's driver refuses the first, PostgreSQL both.
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\x00", "\\x00")


def to_text(value: Any) -> str:
    """JSON as the memory keeps it: one line, sorted keys; what JSON refuses becomes text."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    # Not `storable`: JSON would read its escapes as the characters they stand for.
    return text.encode("utf-8", "replace").decode("utf-8")


def from_text(text: str | None) -> Any:
    """The value of `to_text`; null for null."""
    return None if text is None else json.loads(text)


def moment(value: datetime) -> str:
    """RFC 3339, UTC, microseconds: one form, so that text sorts as time."""
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def moment_of(text: str) -> str | None:
    """A time as somebody wrote it, in the memory's form; null where it is none. Naive means UTC."""
    try:
        value = datetime.fromisoformat(text)
        return moment(value.replace(tzinfo=UTC) if value.tzinfo is None else value)
    except (ValueError, OverflowError):
        return None
