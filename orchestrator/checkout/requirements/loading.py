"""Settings files of a checkout as tables: one that cannot be read is empty, and that is said."""

from __future__ import annotations

import configparser
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def document(path: Path, unread: list[str]) -> dict[str, Any]:
    """A file of TOML, or of JSON as `Pipfile.lock` is; empty where there is none."""
    if not path.is_file():
        return {}
    loads = json.loads if path.name == "Pipfile.lock" else tomllib.loads
    try:
        loaded = loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:  # TOML's, JSON's and UTF-8's are values
        _say(path, error, unread)
        return {}
    return loaded if isinstance(loaded, dict) else {}


def sections(path: Path, unread: list[str]) -> dict[str, dict[str, str]]:
    """An INI file: `setup.cfg`, `tox.ini`."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read(path, encoding="utf-8")
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        _say(path, error, unread)
    return {section: dict(parser[section]) for section in parser.sections()}


def table(document: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """The table below these keys; empty where something else is there."""
    value: Any = document
    for key in keys:
        value = value.get(key, {}) if isinstance(value, dict) else {}
    return value if isinstance(value, dict) else {}


def _say(path: Path, error: Exception, unread: list[str]) -> None:
    unread.append(f"{path.name} cannot be read, its requirements are not known: {error}")
