"""What a project's settings file tells pytest; read as pytest looks for it, never executed."""

from __future__ import annotations

import configparser
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_IN_TOML = {
    "pytest.toml": ("pytest",),
    ".pytest.toml": ("pytest",),
    "pyproject.toml": ("tool", "pytest"),
}
_IN_INI = {
    "pytest.ini": "pytest",
    ".pytest.ini": "pytest",
    "tox.ini": "pytest",
    "setup.cfg": "tool:pytest",
}
_ORDER = (
    "pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini",
    "setup.cfg",
)  # fmt: skip
_COUNTS_EMPTY = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini")


def read(root: Path) -> tuple[str, Mapping[str, str]]:
    """The name of the file at `root` that pytest takes, and its settings; empty without one, and
    where it cannot be read. Lists are lines.
    """
    for name in _ORDER:
        found = _of_toml(root / name) if name in _IN_TOML else _of_ini(root / name)
        if found or (found is not None and name in _COUNTS_EMPTY):
            return name, found
    return "", {}


def _of_toml(path: Path) -> Mapping[str, str] | None:
    try:
        table: Any = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return None
    for key in _IN_TOML[path.name]:
        table = table.get(key, {}) if isinstance(table, dict) else {}
    if not isinstance(table, dict):
        return {}
    return dict(_texts({**table, **_inner(table)}))


def _inner(table: Mapping[str, Any]) -> Mapping[str, Any]:
    """`[tool.pytest.ini_options]`, as pytest before 9 has it."""
    inner = table.get("ini_options", {})
    return inner if isinstance(inner, dict) else {}


def _texts(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, list):
            yield key, "\n".join(map(str, value))
        elif isinstance(value, bool):
            yield key, str(value).lower()
        elif not isinstance(value, dict):
            yield key, str(value)


def _of_ini(path: Path) -> Mapping[str, str] | None:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        parser.read_string(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, configparser.Error):
        return None
    section = _IN_INI[path.name]
    return dict(parser[section]) if parser.has_section(section) else {}
