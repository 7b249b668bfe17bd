"""What lock files hold: each distribution that an environment gets, with its release."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orchestrator.requirements.requirement import Requirement, parsed

_PYLOCK = "pylock.toml"
_PACKAGES = {
    "uv.lock": "package",
    "poetry.lock": "package",
    "pdm.lock": "package",
    _PYLOCK: "packages",
}
_PIPFILE = "Pipfile.lock"


def read(root: Path) -> Iterator[Requirement]:
    """The releases that the lock files at `root` name; nothing where one cannot be read."""
    for file, key in _PACKAGES.items():
        packages = _loaded(root / file).get(key)
        for entry in packages if isinstance(packages, list) else ():
            if isinstance(entry, dict):
                release = f"{entry.get('name')}=={entry.get('version')}"
                yield from parsed([release], file, by=_PYLOCK if file == _PYLOCK else "")
    for section in ("default", "develop"):
        locked = _loaded(root / _PIPFILE).get(section)
        for name, entry in locked.items() if isinstance(locked, dict) else ():
            if isinstance(entry, dict) and "version" in entry:
                yield from parsed([f"{name}{entry['version']}"], _PIPFILE)


def _loaded(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text("utf-8")
        loaded = json.loads(text) if path.name == _PIPFILE else tomllib.loads(text)
    except (OSError, ValueError, RecursionError):  # JSON's, TOML's and UTF-8's errors
        return {}
    return loaded if isinstance(loaded, dict) else {}
