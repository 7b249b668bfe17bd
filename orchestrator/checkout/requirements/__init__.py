"""What a checkout asks for: in its manifests, in requirement files, in what tox, nox and hatch
install, and in its lock files; in this order, so that the first entry on a distribution is the one
to edit. Nothing is executed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from packaging.utils import canonicalize_name

from orchestrator.checkout.requirements import automation, locks, setup_py
from orchestrator.checkout.requirements.loading import document, sections, table
from orchestrator.checkout.requirements.requirement import Requirement, named, parsed

__all__ = ["Declared", "Idiom", "Requirement", "read"]

Idiom = Literal["uv", "poetry", "pdm", "pipenv", "requirements", "pyproject", "pip"]

_LISTS = ("*requirements*.{}", "requirements/*.{}")
_LISTS_OF_TESTS = ("test/*requirements*.{}", "tests/*requirements*.{}")
_MAX_LISTS = 20
_CLASSIFIED = re.compile(r"Programming Language :: Python :: 3\.(\d{1,2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What the files of a checkout declare."""

    name: str
    """Of the project; empty where none of them says it."""
    idiom: Idiom
    is_package: bool
    """Whether pip can install it."""
    requirements_file: str | None
    """Where a requirement that pip installs is written down."""
    requirements: tuple[Requirement, ...]
    newest_python: str
    """The newest Python that it is classified for, `3.11`; empty where no classifier names one."""


def read(root: Path, unread: list[str]) -> Declared:
    """What the checkout at `root` declares; what cannot be read is added to `unread`."""
    pyproject = document(root / "pyproject.toml", unread)
    setup_cfg = sections(root / "setup.cfg", unread)
    setup = setup_py.read(root)
    project, poetry = table(pyproject, "project"), table(pyproject, "tool", "poetry")
    said = (project.get("name"), poetry.get("name"), setup_cfg.get("metadata", {}).get("name"))
    name = str(next(filter(None, said), setup.name))
    lists = _found(root, _LISTS)
    all_lists = (*lists, *_found(root, _LISTS_OF_TESTS))
    requirements = (
        *_of_pyproject(pyproject),
        *_of_setup_cfg(setup_cfg),
        *setup.requirements,
        *(entry for path in all_lists[:_MAX_LISTS] for entry in _listed(path, root)),
        *_of_pipfile(document(root / "Pipfile", unread)),
        *automation.read(root, pyproject, sections(root / "tox.ini", unread)),
        *locks.read(root, unread),
    )
    return Declared(
        name=name,
        idiom=_idiom(root, pyproject, has_lists=bool(lists)),
        is_package="build-system" in pyproject
        or (root / setup_py.FILE).is_file()
        or "metadata" in setup_cfg,
        requirements_file=lists[0].relative_to(root).as_posix() if lists else None,
        # An extra that names another (`dev = ["shop[test]"]`) asks for nothing from elsewhere.
        requirements=tuple(
            entry for entry in requirements if entry.name != canonicalize_name(name)
        ),
        newest_python=_newest_python(
            *_texts(project.get("classifiers")),
            *_texts(poetry.get("classifiers")),
            *setup_cfg.get("metadata", {}).get("classifiers", "").splitlines(),
            *setup.classifiers,
        ),
    )


def _newest_python(*classifiers: str) -> str:
    found = filter(None, (_CLASSIFIED.fullmatch(text.strip()) for text in classifiers))
    minors = [int(one[1]) for one in found]
    return f"3.{max(minors)}" if minors else ""


def _texts(value: Any) -> Iterator[str]:
    yield from (one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _idiom(root: Path, pyproject: Mapping[str, Any], *, has_lists: bool) -> Idiom:
    if (root / "uv.lock").is_file() or table(pyproject, "tool", "uv"):
        return "uv"
    if (root / "poetry.lock").is_file() or table(pyproject, "tool", "poetry"):
        return "poetry"
    if (root / "pdm.lock").is_file() or table(pyproject, "tool", "pdm"):
        return "pdm"
    if (root / "Pipfile").is_file():
        return "pipenv"
    if has_lists:
        return "requirements"
    return "pyproject" if table(pyproject, "project") else "pip"


def _of_pyproject(pyproject: Mapping[str, Any]) -> Iterator[Requirement]:
    file = "pyproject.toml"
    project = table(pyproject, "project")
    yield from parsed(project.get("dependencies"), file)
    for extra, lines in table(project, "optional-dependencies").items():
        yield from parsed(lines, file, group=extra, is_extra=True)
    for group, lines in table(pyproject, "dependency-groups").items():
        yield from parsed(lines, file, group=group)
    yield from parsed(table(pyproject, "tool", "uv").get("dev-dependencies"), file, group="dev")
    for group, lines in table(pyproject, "tool", "pdm", "dev-dependencies").items():
        yield from parsed(lines, file, group=group)
    poetry = table(pyproject, "tool", "poetry")
    extras = {
        str(canonicalize_name(name)): extra
        for extra, names in table(poetry, "extras").items()
        for name in _texts(names)
    }
    for entry in named(table(poetry, "dependencies"), file):
        extra = extras.get(entry.name, "")
        yield replace(entry, group=extra, is_extra=True) if extra else entry
    yield from named(table(poetry, "dev-dependencies"), file, group="dev")
    for group in table(poetry, "group"):
        yield from named(table(poetry, "group", group, "dependencies"), file, group=group)


def _of_setup_cfg(setup_cfg: Mapping[str, Mapping[str, str]]) -> Iterator[Requirement]:
    options = setup_cfg.get("options", {})
    yield from parsed(options.get("install_requires", "").splitlines(), "setup.cfg")
    yield from parsed(
        options.get("tests_require", "").splitlines(), "setup.cfg", by="setup.py test"
    )
    for extra, text in setup_cfg.get("options.extras_require", {}).items():
        yield from parsed(text.splitlines(), "setup.cfg", group=extra, is_extra=True)


def _of_pipfile(pipfile: Mapping[str, Any]) -> Iterator[Requirement]:
    yield from named(table(pipfile, "packages"), "Pipfile")
    yield from named(table(pipfile, "dev-packages"), "Pipfile", group="dev")


def _found(root: Path, patterns: Iterable[str]) -> list[Path]:
    """The requirement files at `root`; what is locked before what it was locked from."""
    found = {
        path for one in patterns for end in ("txt", "in") for path in root.glob(one.format(end))
    }
    return sorted(
        found, key=lambda path: (path.name != "requirements.txt", path.suffix == ".in", str(path))
    )


def _listed(path: Path, root: Path) -> Iterator[Requirement]:
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return
    yield from parsed(
        [line.partition(" --hash")[0].rstrip("\\ ") for line in lines],
        path.relative_to(root).as_posix(),
    )
