"""What the checkout says: name, requirements, own modules and fixtures, and how it installs things.

Read once per review, within bounds, and never executed. What cannot be read is said in `warnings`.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path

from packaging.utils import canonicalize_name

from orchestrator.checkout import pytest_settings, requirements, source
from orchestrator.checkout.requirements import Idiom, Requirement
from orchestrator.checkout.source import Source

# A large monorepo has 20,000 Python files; listing these takes 0.2 s, parsing 500 conftests 0.3 s.
_MAX_FILES = 20_000
_MAX_PARSED = 500
_PASSED_OVER = {"node_modules", "__pycache__", "site-packages"}
_UNLESS_PACKAGES = {"build", "dist", "venv", "env"}
_MANIFESTS = ("pyproject.toml", "setup.py", "setup.cfg")
_NEAR, _MAX_NEAR, _MAX_FOLDERS, _MAX_BESIDE = 3, 100, 100, 1000
_NO_MODULES = {"setup", "conftest", "noxfile", "tasks", "fabfile"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FixtureDefinition:
    """A fixture that a file of the checkout defines."""

    name: str
    function: str
    file: str
    line: int
    asks: tuple[str, ...] = ()
    """The fixtures that it asks for, as its parameters name them."""
    gives_nothing: bool = False
    """Whether its function returns and yields no value, whatever happens."""


@dataclass(frozen=True, kw_only=True)
class Project:
    """What a checkout says of itself; all empty where there is none."""

    root: Path | None = None
    name: str = ""
    idiom: Idiom = "pip"
    is_package: bool = False
    """Whether pip can install it."""
    requirements_file: str | None = None
    """Where a requirement that pip installs is written down."""
    requirements: tuple[Requirement, ...] = ()
    newest_python: str = ""
    """The newest Python that it is classified for, `3.11`; empty where no classifier names one."""
    modules: frozenset[str] = frozenset()
    """Import names at the top level, in the root and in `src`."""
    files: tuple[str, ...] = ()
    """Python files, relative, with `/`."""
    data: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Where files that are no Python are: their ending, `.json`, to folders."""
    fixtures: tuple[FixtureDefinition, ...] = ()
    parts: tuple[str, ...] = ()
    """Folders, relative, that hold projects of their own: `examples/blog`."""
    settings_file: str = ""
    """Where pytest finds its settings: `pytest.ini`."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """What that file tells pytest; lists are lines."""
    warnings: tuple[str, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    """What files say, where there is no checkout to read."""
    _known: dict[str, Source] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What files of the checkout said when they were asked for first."""
    _placed: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)
    """The files of what was asked for already."""

    def part_of(self, file: str) -> str:
        """The innermost project inside this one that holds a file; empty where none does."""
        holding = [part for part in self.parts if file.startswith(f"{part}/")]
        return max(holding, key=len, default="")

    def declared(self, names: Iterable[str]) -> Requirement | None:
        """The first requirement on one of these distributions."""
        wanted = {canonicalize_name(name) for name in names} & self._required
        return next((entry for entry in self.requirements if entry.name in wanted), None)

    @cached_property
    def _required(self) -> frozenset[str]:
        return frozenset(entry.name for entry in self.requirements)

    def source(self, file: str) -> Source:
        """What a file of the checkout says; empty where it cannot be read, or lies elsewhere."""
        if self.root is None:
            return self.sources.get(file, Source())
        if file not in self._known:
            outside = Path(file).is_absolute() or ".." in file.split("/")
            self._known[file] = Source() if outside else source.read(self.root / file, file)
        return self._known[file]

    def beside(self, folder: str) -> tuple[str, ...]:
        """The files in a folder below the root; none where there is no checkout."""
        if self.root is None or Path(folder).is_absolute() or ".." in folder.split("/"):
            return ()
        try:
            found = islice((self.root / folder).iterdir(), _MAX_BESIDE)
            return tuple(sorted(one.name for one in found if one.is_file()))
        except OSError:
            return ()

    def written(self, file: str) -> float | None:
        """When a file of the checkout was last written, in seconds since 1970; None where that is
        not known.
        """
        try:
            return (self.root / file).stat().st_mtime if self.root is not None else None
        except OSError:
            return None

    def file_of(self, dotted: str) -> str:
        """The file of the checkout that holds a module, or the module that a dotted name is in:
        that at the top or in `src` before one further down; empty where none does.
        """
        if dotted not in self._placed:
            tried = map(self._place, (dotted, dotted.rpartition(".")[0]))
            self._placed[dotted] = next(filter(None, tried), "")
        return self._placed[dotted]

    def _place(self, module: str) -> str:
        path = module.replace(".", "/")
        known = self._by_ending if path else {}
        endings = (known.get(f"{path}/__init__.py"), known.get(f"{path}.py"))
        return min(filter(None, endings), key=len, default="")

    @cached_property  # to look through 20,000 files for each of 10,000 names takes a minute
    def _by_ending(self) -> Mapping[str, str]:
        """What a path may end with, from a folder on, to the shortest file that does."""
        found: dict[str, str] = {}
        for file in sorted(self.files, key=len):
            parts = file.split("/")
            for place in range(len(parts)):
                found.setdefault("/".join(parts[place:]), file)
        return found

    def sources_near(self, files: Iterable[str]) -> Mapping[str, Source]:
        """What these files say, and what the modules of the project say that they import, directly
        or through two more.
        """
        found = {file: self.source(file) for file in files}
        for _ in range(_NEAR):
            imported = (dotted for one in found.values() for dotted in one.imports.values())
            further = {self.file_of(dotted) for dotted in imported} - {"", *found}
            found.update((file, self.source(file)) for file in sorted(further)[:_MAX_NEAR])
        return found


def read(root: Path | None) -> Project:
    """The project at `root`. Never raises for what it finds there."""
    if root is None or not root.is_dir():
        return Project()
    unread: list[str] = []
    declared = requirements.read(root, unread)
    data: dict[str, dict[str, None]] = {}
    files = tuple(_python_files(root, data))
    if len(files) == _MAX_FILES:
        unread.append(f"only the first {_MAX_FILES} Python files of {root} were looked at")
    settings_file, settings = pytest_settings.read(root)
    return Project(
        root=root,
        name=declared.name,
        idiom=declared.idiom,
        is_package=declared.is_package,
        requirements_file=declared.requirements_file,
        requirements=declared.requirements,
        newest_python=declared.newest_python,
        modules=_top_level(files),
        files=files,
        data={ending: tuple(folders) for ending, folders in sorted(data.items())},
        fixtures=tuple(_fixtures(root, files)),
        parts=tuple(_parts(root, files)),
        settings_file=settings_file,
        settings=settings,
        warnings=tuple(unread),
    )


def _python_files(root: Path, data: dict[str, dict[str, None]]) -> Iterator[str]:
    """Relative; what else is there is noted in `data`, as `Project.data` has it."""
    count = 0
    for visited, (folder, folders, names) in enumerate(os.walk(root)):
        if visited == _MAX_FILES:
            return
        folders[:] = sorted(name for name in folders if _is_looked_into(folder, name))
        for name in sorted(names):
            ending = Path(name).suffix
            if ending not in ("", ".py", ".pyc"):
                folders_of = data.setdefault(ending, {})
                if len(folders_of) < _MAX_FOLDERS:
                    folders_of[Path(folder).relative_to(root).as_posix()] = None
            if name.endswith(".py"):
                yield (Path(folder) / name).relative_to(root).as_posix()
                count += 1
                if count == _MAX_FILES:
                    return


def _is_looked_into(folder: str, name: str) -> bool:
    if name.startswith(".") or name in _PASSED_OVER or name.endswith(".egg-info"):
        return False
    if name in _UNLESS_PACKAGES and not _is_file(Path(folder) / name / "__init__.py"):
        return False
    return not _is_file(Path(folder) / name / "pyvenv.cfg")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # where the user may not look
        return False


def _top_level(files: Iterable[str]) -> frozenset[str]:
    names = set()
    for file in files:
        first, _, rest = file.removeprefix("src/").partition("/")
        # A folder of loose scripts (docs/conf.py, examples/…) can be imported too, from the root.
        names.add(first if rest else first.removesuffix(".py"))
    return frozenset(names - _NO_MODULES)


def _parts(root: Path, files: Iterable[str]) -> Iterator[str]:
    folders = {file.rpartition("/")[0] for file in files}
    above = {parent.as_posix() for folder in folders for parent in Path(folder).parents}
    for folder in sorted((folders | above) - {"", "."}):
        if any(_is_file(root / folder / name) for name in _MANIFESTS):
            yield folder


def _fixtures(root: Path, files: Iterable[str]) -> Iterator[FixtureDefinition]:
    # conftests first: should the bound be reached, these are the ones that others ask for.
    ordered = sorted(files, key=lambda file: not file.endswith("conftest.py"))
    candidates = [file for file in ordered if _may_define_fixtures(file)]
    for file in candidates[:_MAX_PARSED]:
        yield from _fixtures_of(root / file, file)


def _may_define_fixtures(file: str) -> bool:
    name = file.rpartition("/")[2]
    return name in ("conftest.py", "fixtures.py") or "test" in name or "/fixtures/" in file


def _fixtures_of(path: Path, file: str) -> Iterator[FixtureDefinition]:
    for node in ast.walk(source.parse(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and (
            name := _fixture_name(node)
        ):
            given = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
            yield FixtureDefinition(
                name=name,
                function=node.name,
                file=file,
                line=node.lineno,
                asks=tuple(one.arg for one in given if one.arg not in ("self", "cls", "request")),
                gives_nothing=len(node.decorator_list) == 1 and source.gives_nothing(node),
            )


def _fixture_name(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str | None:
    """The name of the fixture that a function defines; None where it defines none."""
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if name not in ("fixture", "yield_fixture", "async_fixture"):
            continue
        keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
        renamed = [word.value for word in keywords if word.arg == "name"]
        if renamed and isinstance(renamed[0], ast.Constant) and isinstance(renamed[0].value, str):
            return renamed[0].value
        return node.name
    return None
