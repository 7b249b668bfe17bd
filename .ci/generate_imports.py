"""Generates `orchestrator/knowledge/imports.txt`: which distributions bring an import name.

    python .ci/generate_imports.py INDEX TOP

TOP is the list of the most downloaded distributions that hugovk/top-pypi-packages publishes
(`top-pypi-packages.json`). Of the newest release of each, the package index at the address INDEX
is asked for the names of the files, and for no file's content: the end of a wheel lists them. Of
distributions without a wheel the sdist is read, where it is small. A name that no popular release
brings is not in the mapping: what is said to be installed has to be known to many.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import sys
import tarfile
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin

import httpx
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

FILE = Path(__file__).resolve().parents[1] / "orchestrator" / "knowledge" / "imports.txt"
SIMPLE = {"Accept": "application/vnd.pypi.simple.v1+json"}
AT_ONCE = 24
END = 200_000
"""Bytes at the end of a wheel that are asked for first: they hold most lists of files whole."""
MAX_SDIST = 10_000_000
KEPT = 4
"""Distributions of one name."""
MANY = 5
"""Distributions that have parts of a name, from which on it is a namespace whoever has the name."""
NEARLY = 0.1
"""How much of the most downloaded's downloads the distribution of the module's own name needs to
come first: memcache before python-memcached, but not serial before pyserial."""
FAR_MORE = 1000
"""Times that a name is downloaded more than one that looks like it, for the latter to be a slip."""
SHORT = 4
"""Letters of names that look alike by chance."""
DEPTH = 3
"""Parts of the longest names: what is deeper in a namespace is found by these."""

# Names at the top level that say nothing of who brings them.
JUNK = {
    "test", "tests", "testing", "doc", "docs", "example", "examples", "benchmark", "benchmarks",
    "script", "scripts", "setup", "build", "dist", "bin", "lib", "src", "data", "tools", "tool",
    "utils", "util", "include", "share", "conftest", "main", "config", "core", "common", "app",
    "server", "client", "plugins", "samples", "demo", "ci", "etc", "requirements", "helpers",
    "models", "settings", "site", "packages", "noxfile", "tasks", "version", "integration",
    "integration_tests", "unit_tests", "test_utils", "tests_integration", "tests_unit", "assets",
    "resources", "images", "notebooks", "sample", "playground", "scratch", "types", "api",
    "constants", "exceptions", "base", "backend", "frontend", "service", "services", "commands",
    "cli", "dev", "ext", "contrib", "extras", "python", "unittests", "functional_tests", "stubs",
    "db", "database", "auth", "schemas", "routers", "crud", "views", "urls", "forms", "admin",
    "middleware", "worker", "workers", "jobs", "pipeline", "pipelines", "train", "model", "module",
    "modules", "package", "project", "handlers", "controllers", "nodes", "manage", "run", "runner",
    "ez_setup", "fabfile", "runtests", "utilities", "common_utils", "build_tools", "build_utils",
    "app_utils", "configs", "_version", "_build", "_vendor", "_build_backend", "build_backend",
}  # fmt: skip
OF_TESTS = re.compile(r"(?:.+_)?tests?|tests?_.+|(?:.+_)?(?:demo|example)s?(?:_.+)?", re.IGNORECASE)
"""Junk as well, where it is not the distribution's own name."""

# What no file at the top level of the newest release is: setuptools had it until release 82, and
# pywin32 puts its folders on the path.
BESIDE = {
    "pkg_resources": "setuptools",
    **dict.fromkeys(
        ["win32api", "win32con", "win32event", "win32file", "win32gui", "win32process"], "pywin32"
    ),
}


class Listed(NamedTuple):
    """A distribution, as the list has it."""

    name: str
    downloads: int


class File(NamedTuple):
    """A file of a release, as the index has it."""

    name: str
    address: str
    size: int
    version: Version


class Remote(io.RawIOBase):
    """A file at an address, of which only what is read is asked for."""

    def __init__(self, client: httpx.Client, file: File) -> None:
        self._client, self._file, self._at = client, file, 0
        self._from = max(file.size - END, 0)
        self._end = self._ask(self._from, file.size)

    def _ask(self, start: int, stop: int) -> bytes:
        headers = {"Range": f"bytes={start}-{stop - 1}"}
        return self._client.get(self._file.address, headers=headers).raise_for_status().content

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """As of any file."""
        self._at = offset + (0, self._at, self._file.size)[whence]
        return self._at

    def tell(self) -> int:
        """As of any file."""
        return self._at

    def read(self, size: int = -1) -> bytes:
        """From the end that was asked for at once, else asked for now."""
        stop = self._file.size if size < 0 else min(self._at + size, self._file.size)
        start, self._at = self._at, stop
        if start >= self._from:
            return self._end[start - self._from : stop - self._from]
        return self._ask(start, stop) if stop > start else b""


def main() -> None:
    """Writes the file; what could not be read is named on standard error."""
    index, listed = sys.argv[1].rstrip("/") + "/", json.loads(Path(sys.argv[2]).read_text("utf-8"))
    top = [Listed(row["project"], row["download_count"]) for row in listed["rows"]]
    kept_open = httpx.Limits(max_keepalive_connections=AT_ONCE, keepalive_expiry=60)
    transport = httpx.HTTPTransport(retries=5, limits=kept_open)
    with (
        httpx.Client(timeout=60, follow_redirects=True, transport=transport) as client,
        ThreadPoolExecutor(AT_ONCE) as workers,
    ):
        brought = list(workers.map(lambda one: release(client, index, one), top))
    date = listed["last_update"].partition(" ")[0]
    source = f"the {len(top)} most downloaded distributions of {date}"
    FILE.write_text(written(source, zip(top, brought, strict=True)), "utf-8")


def release(client: httpx.Client, index: str, listed: Listed) -> tuple[str, set[str]]:
    """The distribution's name as it writes it, and the modules that it brings."""
    try:
        file = newest(client, f"{index}{listed.name}/")
        spelled, names = ("", ()) if file is None else looked_at(client, file)
    except (
        httpx.HTTPError,
        zipfile.BadZipFile,
        tarfile.TarError,
        EOFError,
        StopIteration,
    ) as error:
        print(f"{listed.name}: {error!r}", file=sys.stderr)
        return listed.name, set()
    own = canonicalize_name(listed.name)
    brought = {one for one in modules(names) if is_telling(one) or canonicalize_name(one) == own}
    return spelled if canonicalize_name(spelled) == own else listed.name, brought


def newest(client: httpx.Client, page: str) -> File | None:
    """The file of the newest release to look at: a wheel where there is one, the most general."""
    answer = client.get(page, headers=SIMPLE)
    if answer.is_error:
        return None
    found = [
        File(one["filename"], urljoin(page, one["url"]), one["size"], version)
        for one in answer.json()["files"]
        if not one.get("yanked") and (version := version_of(one["filename"]))
    ]
    final = [one for one in found if not one.version.is_prerelease] or found
    wheels = [one for one in final if one.name.endswith(".whl")]
    small = [one for one in final if one.size < MAX_SDIST]
    return max(wheels or small, key=_generality, default=None)


def _generality(file: File) -> tuple[Version, bool, bool, int]:
    name = file.name
    return file.version, name.endswith("-any.whl"), "linux" in name and "x86" in name, -file.size


def version_of(file: str) -> Version | None:
    """Of a wheel or an sdist; None of anything else."""
    try:
        if file.endswith(".whl"):
            return parse_wheel_filename(file)[1]
        stem = re.fullmatch(r".+-(\d[^-]*)\.(?:tar\.gz|tar\.bz2|zip)", file)
        return Version(stem[1]) if stem else None
    except (InvalidWheelFilename, InvalidVersion):
        return None


def looked_at(client: httpx.Client, file: File) -> tuple[str, tuple[str, ...]]:
    """The distribution's name, and those of the files in a wheel, or in an sdist without its first
    folder.
    """
    if file.name.endswith(".whl"):
        with zipfile.ZipFile(Remote(client, file)) as archive:  # type: ignore[arg-type]
            names = tuple(archive.namelist())
            about = next(one for one in names if re.fullmatch(r"[^/]+\.dist-info/METADATA", one))
            spelled = re.search(rb"^Name: *(\S+)", archive.read(about), re.MULTILINE)
            return (spelled[1].decode() if spelled else ""), names
    content = io.BytesIO(client.get(file.address).raise_for_status().content)
    if file.name.endswith(".zip"):
        with zipfile.ZipFile(content) as archive:
            found = archive.namelist()
    else:
        with tarfile.open(fileobj=content) as archive:
            found = archive.getnames()
    return "", tuple(name.partition("/")[2].removeprefix("src/") for name in found)


def is_telling(module: str) -> bool:
    """Whether the name does not say that it is of tests or examples."""
    return not OF_TESTS.fullmatch(module.partition(".")[0])


def modules(names: Iterable[str]) -> set[str]:
    """Import names at the top level; of a namespace package, the packages in it."""
    files = [name for name in names if not re.match(r"[^/]+\.(dist-info|data|egg-info)/", name)]
    packages = {name.rpartition("/")[0] for name in files if name.endswith("/__init__.py")}
    found = set()
    for name in files:
        if not re.search(r"\.(py|so|pyd)$", name):
            continue
        parts = name.split("/")
        depth = next((n for n in range(1, len(parts)) if "/".join(parts[:n]) in packages), None)
        top = ".".join(parts[:depth]) if depth else None
        if top is None and len(parts) == 1:
            top = parts[0].partition(".")[0]
        if (
            top
            and re.fullmatch(r"(?:_?[A-Za-z]\w*\.)*_?[A-Za-z]\w*", top)
            and top.count(".") < DEPTH
        ):
            found.add(top)
    return {name for name in found if name.partition(".")[0].lower() not in JUNK}


def written(source: str, found: Iterable[tuple[Listed, tuple[str, set[str]]]]) -> str:
    """The content of the file."""
    brought: dict[str, dict[str, int]] = defaultdict(dict)
    for listed, (name, tops) in found:
        beside = {module for module, whose in BESIDE.items() if whose == listed.name}
        for module in tops | beside:
            brought[module][name] = listed.downloads
    lines = [
        "# Which distributions bring an import name, the most likely first; popular names first.",
        "# Generated by .ci/generate_imports.py; do not edit.",
        f"# source: {source}",
        f"# date: {dt.datetime.now(tz=dt.UTC).date()}",
    ]
    most = {module: max(downloads.values()) for module, downloads in brought.items()}
    likenesses = set(lookalikes(most))
    ordered = sorted(
        (module for module in kept(brought) if module not in likenesses),
        key=lambda module: (-most[module], module),
    )
    told = (" ".join((module, *preferred(module, brought[module]))) for module in ordered)
    return "\n".join((*lines, *told, ""))


def kept(brought: dict[str, dict[str, int]]) -> Iterator[str]:
    """The modules without what a stray folder seems to make: `yaml.tests` beside `yaml`, and the
    `google` of one distribution beside the namespace of many.
    """
    parts: dict[str, dict[str, int]] = defaultdict(dict)
    for module, downloads in brought.items():
        if "." in module:
            parts[module.partition(".")[0]] |= downloads
    for module, downloads in brought.items():
        top = module.partition(".")[0]
        whole = max(brought.get(top, {}).values(), default=-1)
        of_parts = max(parts[top].values(), default=-1)
        is_own = canonicalize_name(top) in map(canonicalize_name, downloads)
        if module == top and whole >= of_parts * (NEARLY if is_own else 1):
            yield module
        if module != top and (of_parts > whole or len(parts[top]) >= MANY):
            yield module


def lookalikes(downloads: dict[str, int]) -> Iterator[str]:
    """Modules whose names are slips of the keyboard for those of far more popular ones: `request`,
    `panda`. A letter was left out, was doubled, or changed places with the next.
    """
    meant: dict[str, int] = defaultdict(int)
    for module, count in downloads.items():
        for slip in {module, *shorter(module), *swapped(module)}:
            meant[slip] = max(meant[slip], count)
    for module, count in downloads.items():
        if len(module) <= SHORT or "." in module:
            continue
        known = [meant[module], *(downloads.get(without, 0) for without in shorter(module))]
        if max(known) >= FAR_MORE * count:
            yield module


def shorter(name: str) -> Iterator[str]:
    """The name without one of its letters; the first is left out by nobody."""
    letters = ((at, letter) for at, letter in enumerate(name) if at and letter.isalpha())
    return (name[:at] + name[at + 1 :] for at, _ in letters)


def swapped(name: str) -> Iterator[str]:
    """The name with two neighbours the other way round."""
    return (name[:at] + name[at + 1] + name[at] + name[at + 2 :] for at in range(len(name) - 1))


def preferred(module: str, downloads: dict[str, int]) -> list[str]:
    """By downloads; but that of the module's own name first where it has nearly as many, and the
    most downloaded is not its build.
    """
    own, most = canonicalize_name(module), max(downloads, key=lambda name: downloads[name])

    def rank(name: str) -> tuple[bool, int]:
        is_own = canonicalize_name(name) == own and canonicalize_name(most) != f"{own}-binary"
        return is_own and downloads[name] >= NEARLY * downloads[most], downloads[name]

    return sorted(downloads, key=rank, reverse=True)[:KEPT]


if __name__ == "__main__":
    main()
