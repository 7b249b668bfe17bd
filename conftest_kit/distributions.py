"""What is installed, read from the names of metadata folders and from small files in them.

importlib.metadata takes 90 ms for 300 distributions where the names of their folders take 2.
PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest_kit.records import Distribution

_INFO_FOLDER = re.compile(
    r"(?P<name>[^-~][^-]*)(?:-(?P<version>.+?))?(?:-py\d[^-]*(?:-.+)?)?\.(?:dist|egg)-info"
)
"""pip leaves folders that begin with `~` when it cannot remove what it replaced."""

# Not compiled before they are needed: a green run has no use for them.
_HEADER = r"(?m)^(Name|Version|Requires-Dist|Provides-Extra): *(.+)"
_RECORDED_MODULE = r'(?m)^"?([A-Za-z_]\w*)(?:/[^,\n]*|\.[\w.-]+)?\.(?:py|so|pyd)"?,'
_RECORDED_PTH = r'(?m)^"?([^/,\n]+\.pth)"?,'


def installed_versions(search_path: Sequence[str]) -> dict[str, str]:
    """Normalised name to version, as `import` would find them: the first on the path counts."""
    found: dict[str, str] = {}
    for folder, name, version in _info_folders(search_path):
        key = normalised(name)
        if key not in found:
            found[key] = version or _headers(folder).get("Version", [""])[0]
    return dict(sorted(found.items()))


def installed_metadata(search_path: Sequence[str] | None = None) -> tuple[Distribution, ...]:
    """What the metadata of each installed distribution says, by name; reads a few files of each."""
    from conftest_kit.records import Distribution  # noqa: PLC0415 - a green run does without

    found: dict[str, Distribution] = {}
    for folder, name, _ in _info_folders(sys.path if search_path is None else search_path):
        key = normalised(name)
        headers = _headers(folder)
        if key in found or not headers:
            continue
        found[key] = Distribution(
            name=headers.get("Name", [name])[0],
            version=headers.get("Version", [""])[0],
            requires=tuple(headers.get("Requires-Dist", ())),
            extras=tuple(headers.get("Provides-Extra", ())),
            modules=_modules(folder),
            pytest_plugins=_pytest_plugins(folder),
        )
    return tuple(found[key] for key in sorted(found))


def normalised(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _info_folders(search_path: Sequence[str]) -> Iterator[tuple[Path, str, str]]:
    """Folder, name and version (empty where only the metadata says it)."""
    for entry in dict.fromkeys(search_path):
        try:
            names = os.listdir(entry or ".")
        except OSError:
            continue
        for folder in names:
            if folder.endswith("-info") and (match := _INFO_FOLDER.fullmatch(folder)):
                yield Path(entry, folder), match["name"], match["version"] or ""


def _headers(folder: Path) -> dict[str, list[str]]:
    """What METADATA or PKG-INFO says under the names in `_HEADER`; empty where neither is there."""
    # What distutils left behind is the file itself.
    for path in (folder / "METADATA", folder / "PKG-INFO", folder):
        if text := _read(path):
            headers: dict[str, list[str]] = {}
            for name, value in re.findall(_HEADER, text.partition("\n\n")[0]):
                headers.setdefault(name, []).append(value.rstrip())
            return headers
    return {}


def _modules(folder: Path) -> tuple[str, ...]:
    """Import names at the top level: those listed, else those an editable install leads to."""
    listed = _read(folder / "top_level.txt").split()
    if listed:
        return tuple(sorted(listed))
    record = _read(folder / "RECORD")
    modules = set(re.findall(_RECORDED_MODULE, record))
    if not modules:
        for pth in re.findall(_RECORDED_PTH, record):
            for line in _read(folder.parent / pth).splitlines():
                modules.update(_importable(Path(line.strip())) if line.startswith("/") else ())
    return tuple(sorted(modules))


def _importable(folder: Path) -> Iterator[str]:
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.suffix == ".py" or (path / "__init__.py").is_file():
            yield path.stem


def _pytest_plugins(folder: Path) -> dict[str, str]:
    _, _, section = _read(folder / "entry_points.txt").partition("[pytest11]")
    lines = section.partition("\n[")[0].splitlines()
    pairs = (line.partition("=") for line in lines if not line.startswith("#"))
    return {name.strip(): target.strip() for name, equals, target in pairs if equals}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
