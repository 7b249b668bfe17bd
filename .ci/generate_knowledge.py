"""Generates the data files under `orchestrator/knowledge/` from released packages and interpreters.

    pip download --no-deps --prefer-binary -r .ci/plugins.txt -d WHEELS
    python .ci/generate_knowledge.py plugins WHEELS…
    python .ci/generate_knowledge.py stdlib PYTHON…

`plugins` scans the source of each release of `.ci/plugins.txt` that has a `pytest11`
entry point for fixtures, options, ini keys, markers and hooks (also of what it takes over with a
star from another release in WHEELS: celery for pytest-celery), and adds what plugins once brought
from `breaks/`; where there is no wheel the sdist is read. `stdlib` asks each interpreter which
modules it has, and which public names are in these. Facts only, no code is kept.
"""

from __future__ import annotations

import argparse
import ast
import datetime as dt
import email.parser
import itertools
import json
import re
import subprocess
import sys
import tarfile
import tomllib
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from configparser import ConfigParser
from dataclasses import dataclass, field
from pathlib import Path

PLUGINS = Path(__file__).resolve().with_name("plugins.txt")
KNOWLEDGE = Path(__file__).resolve().parent.parent / "orchestrator" / "knowledge"

READ = (".py", "/METADATA", "/PKG-INFO", "/entry_points.txt")
"""Files of a release that are read."""

# CPython's documentation, "Requirements for optional modules": what each is built with.
OPTIONAL = {
    "_bz2": "libbz2", "bz2": "libbz2", "_lzma": "liblzma", "lzma": "liblzma", "_ctypes": "libffi",
    "ctypes": "libffi", "_curses": "ncurses", "curses": "ncurses", "_dbm": "ndbm",
    "_gdbm": "gdbm", "dbm.gnu": "gdbm", "readline": "readline", "_sqlite3": "SQLite",
    "sqlite3": "SQLite", "_ssl": "OpenSSL", "ssl": "OpenSSL", "_hashlib": "OpenSSL",
    "_tkinter": "Tcl/Tk", "tkinter": "Tcl/Tk", "zlib": "zlib", "_uuid": "libuuid",
}  # fmt: skip

# What PEP 594, PEP 632 and "What's New" name in place of what left, and backports of what came.
REPLACED_BY = {
    "distutils": "setuptools", "imp": "", "asynchat": "pyasynchat", "asyncore": "pyasyncore",
    "smtpd": "aiosmtpd", "cgi": "legacy-cgi", "cgitb": "legacy-cgi", "crypt": "legacycrypt",
    "telnetlib": "telnetlib3", "imghdr": "filetype", "sndhdr": "filetype",
    "audioop": "audioop-lts", "pipes": "", "nntplib": "", "xdrlib": "", "tomllib": "tomli",
    "zoneinfo": "backports.zoneinfo", "graphlib": "graphlib-backport",
    "compression": "backports.zstd",
}  # fmt: skip

# Modules came and went in releases that need not be at hand when this runs; "What's New" of each.
REMOVED = {
    "dummy_threading": "3.9", "_dummy_threading": "3.9", "macpath": "3.8", "macurl2path": "3.7",
    "formatter": "3.10", "parser": "3.10", "symbol": "3.10", "binhex": "3.11",
    "asyncio.compat": "3.7", "distutils": "3.12", "lib2to3": "3.13",
}  # fmt: skip
ADDED = {
    "zoneinfo": "3.9", "graphlib": "3.9", "importlib.metadata": "3.8",
    "importlib.resources": "3.7", "dataclasses": "3.7", "contextvars": "3.7", "tomllib": "3.11",
    "wsgiref.types": "3.11", "asyncio.taskgroups": "3.11", "asyncio.timeouts": "3.11",
    "annotationlib": "3.14", "compression": "3.14", "string.templatelib": "3.14",
    "concurrent.interpreters": "3.14",
}  # fmt: skip

_GETS_MARKERS = re.compile(r"\w+\.getini\('markers'\)\.append$")
KINDS = ("fixtures", "options", "ini", "markers", "hooks")
"""What is kept of a plugin, beside the names that `-p` and `no:` know it by."""


@dataclass
class Brought:
    """What a plugin brings."""

    fixtures: set[str] = field(default_factory=set)
    options: set[str] = field(default_factory=set)
    ini: set[str] = field(default_factory=set)
    markers: set[str] = field(default_factory=set)
    hooks: set[str] = field(default_factory=set)


class Release:
    """A wheel or an sdist, read without being installed."""

    def __init__(self, path: Path) -> None:
        self.files = dict(_wheel(path) if path.suffix == ".whl" else _sdist(path))
        self.info, found = next(_metadata(self.files))
        metadata = email.parser.Parser().parsestr(found)
        self.name, self.version = str(metadata["Name"]), str(metadata["Version"])

    @property
    def names(self) -> Iterable[str]:
        """Its files."""
        return self.files

    def text(self, name: str) -> str:
        """Of a file; empty where it has none."""
        return self.files.get(name, b"").decode("utf-8", "replace")

    def plugin_modules(self) -> dict[str, str]:
        """`pytest11` entry points."""
        points = ConfigParser(delimiters=("=",), strict=False)
        points.optionxform = str  # type: ignore[assignment,method-assign]
        points.read_string(self.text(f"{self.info}/entry_points.txt"))
        return dict(points["pytest11"]) if points.has_section("pytest11") else {}


def _wheel(path: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            yield name, archive.read(name) if name.endswith(READ) else b""


def _sdist(path: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(path) as archive:
        for member in archive:
            name = member.name.partition("/")[2].removeprefix("src/")
            content = archive.extractfile(member) if name.endswith(READ) else None
            yield name, content.read() if content else b""


def _metadata(files: dict[str, bytes]) -> Iterator[tuple[str, str]]:
    """The folder of the metadata, and its main file."""
    for name, content in files.items():
        if re.fullmatch(r"[^/]+\.(dist-info/METADATA|egg-info/PKG-INFO)", name):
            yield name.partition("/")[0], content.decode("utf-8", "replace")


def canonical(name: str) -> str:
    """A distribution's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def today() -> str:
    """The day that the facts are of."""
    return str(dt.datetime.now(tz=dt.UTC).date())


def releases(folders: Iterable[Path], *kinds: str) -> Iterator[Release]:
    """Every wheel, and what else is asked for, of the folders, once, by name."""
    found = (path for folder in folders for kind in ("*.whl", *kinds) for path in folder.glob(kind))
    paths = {path.name: path for path in found}
    for path in sorted(paths.values(), key=lambda path: path.name.lower()):
        try:
            yield Release(path)
        except (zipfile.BadZipFile, tarfile.TarError, StopIteration):
            print(f"{path.name} is no release; passed over", file=sys.stderr)


def plugins(folders: list[Path]) -> str:
    """The content of plugins.toml.

    Lists are texts with spaces, which read three times as fast as arrays.
    """
    lines = PLUGINS.read_text("utf-8").splitlines()
    order = [line.partition("==")[0] for line in lines if not line.startswith("#")]
    formerly = _formerly()
    written = [f'date = "{today()}"']
    found = {canonical(one.name): one for one in releases(folders, "*.tar.gz")}
    for release in (found[name] for name in order if name in found):
        points = release.plugin_modules()
        if not points:
            continue
        brought, name = _brought(release), canonical(release.name)
        for other, module in _taken_over(release, found.values()):
            _scan_file(other.text(module), module, brought)
        written += ["", "[[plugin]]", f'distribution = "{name}"', f'version = "{release.version}"']
        lists = {kind: getattr(brought, kind) for kind in KINDS}
        lists = {"names": {*points, *points.values()}, "formerly": formerly.get(name, ()), **lists}
        written += [f'{key} = "{" ".join(sorted(lists[key]))}"' for key in lists if lists[key]]
    return _file("What released pytest plugins bring, scanned from their source.", written)


def _formerly() -> dict[str, list[str]]:
    """The fixtures and options that plugins once brought, from the knowledge of breaks."""
    found: dict[str, list[str]] = {}
    for path in sorted((KNOWLEDGE / "breaks").glob("pytest-*.toml")):
        for entry in tomllib.loads(path.read_text("utf-8"))["break"]:
            if entry["kind"] in ("fixture", "option"):
                found.setdefault(path.stem, []).extend(entry["names"])
    return found


def _brought(release: Release) -> Brought:
    brought = Brought()
    for name in release.names:
        if not name.endswith(".py") or re.search(
            r"(^|/)(tests?|testing/tests|examples?|docs)/", name
        ):
            continue
        if "pytest" in release.text(name):
            _scan_file(release.text(name), name, brought)
    return brought


def _taken_over(release: Release, others: Iterable[Release]) -> Iterator[tuple[Release, str]]:
    """Files of other releases at hand of which a plugin's module imports everything."""
    for module in release.plugin_modules().values():
        path = module.partition(":")[0].replace(".", "/")
        source = release.text(f"{path}.py") or release.text(f"{path}/__init__.py")
        for imported in re.findall(r"^from ([\w.]+) import \*", source, re.MULTILINE):
            file = f"{imported.replace('.', '/')}.py"
            yield from ((other, file) for other in others if file in other.files)


def _scan_file(source: str, name: str, brought: Brought) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes in what others wrote
            tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    holds_hooks = re.search(r"hook(s|spec|specs)?\.py$", name) is not None
    constants = dict(_constants(tree))
    for node in ast.walk(tree):
        _scan(node, brought, constants)
        if isinstance(node, ast.FunctionDef) and _is_hookspec(node, holds_hooks=holds_hooks):
            brought.hooks.add(node.name)


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Texts that the module keeps under a name: `SETTINGS_MODULE_ENV`."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            target, value = node.targets[0], node.value.value
            if isinstance(target, ast.Name) and isinstance(value, str):
                yield target.id, value


def _is_hookspec(node: ast.FunctionDef, *, holds_hooks: bool) -> bool:
    """Whether a function declares a hook: marked so, or in a module of hooks and without a body."""
    if not node.name.startswith("pytest_"):
        return False
    marked = any("hookspec" in ast.unparse(decorator) for decorator in node.decorator_list)
    empty = all(isinstance(line, (ast.Pass, ast.Expr)) for line in node.body)
    return marked or (holds_hooks and empty)


def _scan(node: ast.AST, brought: Brought, constants: Mapping[str, str]) -> None:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        name = _fixture(node)
        if name and re.fullmatch(r"[a-z]\w+", name) and name not in ("config", "fixture"):
            brought.fixtures.add(name)
    elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
        # Made by a call: pytest.fixture(scope=…)(function), factories.postgresql(…).
        made = "factories" in ast.unparse(node.value.func).split(".")
        if isinstance(node.targets[0], ast.Name) and (made or _is_fixture(node.value.func)):
            brought.fixtures.add(node.targets[0].id)
    elif isinstance(node, ast.Call):
        _scan_call(node, brought, constants)


def _scan_call(node: ast.Call, brought: Brought, constants: Mapping[str, str]) -> None:
    called = (
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    )
    texts = [
        arg.value
        for arg in node.args
        if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
    ]
    if called in ("addoption", "_addoption", "add_option"):
        brought.options.update(text for text in texts if re.fullmatch(r"--?[a-zA-Z][\w-]*", text))
    elif called == "addini" and node.args:
        first = node.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            brought.ini.add(first.value)
        elif isinstance(first, ast.Name) and first.id in constants:
            brought.ini.add(constants[first.id])
    elif called == "addinivalue_line" and len(node.args) == 2 and texts[:1] == ["markers"]:
        brought.markers.update(_marker(node.args[1]))
    elif called == "append" and _GETS_MARKERS.match(ast.unparse(node.func)) and node.args:
        brought.markers.update(_marker(node.args[0]))


def _marker(line: ast.expr) -> Iterator[str]:
    """The name in the line of a marker: `slow(reason): takes long`."""
    first = line.values[0] if isinstance(line, ast.JoinedStr) else line
    text = first.value if isinstance(first, ast.Constant) else ""
    found = re.match(r"[A-Za-z_]\w*", text.strip()) if isinstance(text, str) else None
    yield from [found[0]] if found else ()


def _fixture(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str | None:
    for decorator in node.decorator_list:
        if not _is_fixture(decorator):
            continue
        keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
        renamed = [
            word.value.value
            for word in keywords
            if word.arg == "name" and isinstance(word.value, ast.Constant)
        ]
        return str(renamed[0]) if renamed else node.name
    return None


def _is_fixture(node: ast.AST) -> bool:
    called = node.func if isinstance(node, ast.Call) else node
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return re.search(r"(^|_)fixture(_|$)", name) is not None


_SUBMODULES = [
    "asyncio.events",
    "collections.abc",
    "concurrent.futures",
    "email.message",
    "email.policy",
    "email.utils",
    "http.client",
    "http.cookies",
    "http.server",
    "importlib.abc",
    "importlib.machinery",
    "importlib.metadata",
    "importlib.resources",
    "importlib.util",
    "json.decoder",
    "logging.config",
    "logging.handlers",
    "multiprocessing.pool",
    "os.path",
    "unittest.case",
    "unittest.mock",
    "urllib.error",
    "urllib.parse",
    "urllib.request",
    "wsgiref.util",
    "xml.dom.minidom",
    "xml.etree.ElementTree",
]
_NAMES = f"""
import importlib, json, sys, types, warnings
warnings.simplefilter("ignore")
found = {{}}
for name in [*sys.stdlib_module_names, *{_SUBMODULES!r}]:
    if name.startswith("_") or name in ("antigravity", "idlelib", "this", "turtledemo"):
        continue
    try:
        module = importlib.import_module(name)
    except Exception:
        continue
    found[name] = [
        key for key, value in vars(module).items()
        if not key.startswith("_") and not isinstance(value, types.ModuleType)
    ]
print(json.dumps(found))
"""


def _moved_names(interpreters: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Which release brought and which dropped a public name of a module: `typing.override`."""
    added: dict[str, str] = {}
    removed: dict[str, str] = {}
    before: dict[str, set[str]] = {}
    for interpreter in interpreters:
        asked = [interpreter, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        version = subprocess.check_output(asked, text=True).strip()
        said = json.loads(subprocess.check_output([interpreter, "-c", _NAMES], text=True))
        now = {module: set(names) for module, names in said.items()}
        for module in before.keys() & now.keys():
            for name in now[module] - before[module]:
                added[f"{module}.{name}"] = version
            for name in before[module] - now[module]:
                removed[f"{module}.{name}"] = version
        before = now
    return added, removed


def stdlib(interpreters: list[str]) -> str:
    """The content of stdlib.toml; the interpreters from the oldest to the newest."""
    present = {}
    for interpreter in interpreters:
        code = "import sys; print('%d.%d' % sys.version_info[:2], *sys.stdlib_module_names)"
        version, *names = subprocess.run(
            [interpreter, "-c", code], check=True, capture_output=True, text=True
        ).stdout.split()
        present[version] = set(names)
    versions = sorted(present, key=lambda version: int(version.partition(".")[2]))
    removed, added = dict(REMOVED), dict(ADDED)
    for before, after in itertools.pairwise(versions):
        for name in present[before] - present[after]:
            if not name.startswith("_"):
                removed.setdefault(name, after)
        for name in present[after] - present[before]:
            if not name.startswith("_"):
                added.setdefault(name, after)
    names = set.union(*present.values()) | set(REMOVED) | set(ADDED)
    lines = [f'source = "sys.stdlib_module_names of Python {", ".join(versions)}"']
    lines += [f'date = "{today()}"', f"names = {json.dumps(sorted(names))}"]
    names_added, names_removed = _moved_names(interpreters)
    tables = {
        "removed": removed,
        "added": added,
        "optional": OPTIONAL,
        "replaced_by": REPLACED_BY,
        "names_added": names_added,
        "names_removed": names_removed,
    }
    for title, table in tables.items():
        lines += ["", f"[{title}]", *(f'{_key(name)} = "{table[name]}"' for name in sorted(table))]
    return _file(
        "The standard library: what it has, which release dropped or brought a module.", lines
    )


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{name}"'


def _file(title: str, lines: list[str]) -> str:
    return "\n".join(
        [f"# {title}", "# Generated by .ci/generate_knowledge.py; do not edit.", *lines, ""]
    )


def main() -> None:
    """Writes the file that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("plugins")
    command.add_argument("folders", nargs="+", type=Path)
    command = commands.add_parser("stdlib")
    command.add_argument("interpreters", nargs="+")
    asked = parser.parse_args()
    text = plugins(asked.folders) if asked.command == "plugins" else stdlib(asked.interpreters)
    (KNOWLEDGE / f"{asked.command}.toml").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
