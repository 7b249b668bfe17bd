"""What lock files hold: each distribution that an environment gets, with its release."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from orchestrator.checkout.requirements.loading import document, table
from orchestrator.checkout.requirements.requirement import Requirement, parsed

_PYLOCK = "pylock.toml"
_PACKAGES = {
    "uv.lock": "package",
    "poetry.lock": "package",
    "pdm.lock": "package",
    _PYLOCK: "packages",
}
_PIPFILE = "Pipfile.lock"


def read(root: Path, unread: list[str]) -> Iterator[Requirement]:
    """The releases that the lock files at `root` name; what cannot be read is added to `unread`."""
    for file, key in _PACKAGES.items():
        packages = document(root / file, unread).get(key)
        for entry in packages if isinstance(packages, list) else ():
            if isinstance(entry, dict):
                release = f"{entry.get('name')}=={entry.get('version')}"
                yield from parsed([release], file, by=_PYLOCK if file == _PYLOCK else "")
    pipfile = document(root / _PIPFILE, unread)
    for section in ("default", "develop"):
        for name, entry in table(pipfile, section).items():
            if isinstance(entry, dict) and "version" in entry:
                yield from parsed([f"{name}{entry['version']}"], _PIPFILE)
