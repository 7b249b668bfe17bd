"""Generates `orchestrator/knowledge/surface/`, by hand: which release of a library has what.

    python .ci/surface --work FOLDER [DISTRIBUTION…]

For each distribution of `libraries.txt` it unpacks the wheels of a number of releases in FOLDER,
reads their sources and writes down what came and what left. Nothing of them is imported or run, and
nothing but names is kept. What was read stays in FOLDER, so that it can go on where it was stopped.
Needs `pip`, to ask which releases there are, and `uv`, to get them.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import pickle
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import changes
import sources
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from releases import Surface, surface

LIBRARIES = Path(__file__).resolve().with_name("libraries.txt")
KNOWLEDGE = Path(__file__).resolve().parents[2] / "orchestrator" / "knowledge" / "surface"
PYTHONS = ("3.11", "3.12", "3.13", "3.9", "3.7", "3.6")
"""Tried in this order until one has a wheel of a release."""
MOST, NEWEST = 22, 6
"""Releases of a distribution that are looked at, and how many of them are the newest series."""


@dataclass(frozen=True)
class Workshop:
    """Gets releases and reads them, each once."""

    folder: Path

    def releases(self, name: str) -> list[str]:
        """The final releases of a distribution, the oldest first."""
        kept = self.folder / name / "releases"
        if not kept.exists():
            command = [sys.executable, "-m", "pip", "index", "versions", "--ignore-requires-python"]
            done = subprocess.run([*command, name], capture_output=True, text=True, check=False)
            listed = re.search(r"^Available versions: (.*)$", done.stdout, re.MULTILINE)
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(listed[1].replace(",", "") if listed else "", "utf-8")
        found = (version for text in kept.read_text("utf-8").split() if (version := _final(text)))
        return [str(version) for version in sorted(set(found))]

    def surface(self, name: str, version: str) -> Surface | None:
        """Of a release; None where it was withdrawn or has no wheel."""
        kept = self.folder / name / f"{version}.pickle"
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            unpacked = self.folder / name / "unpacked"
            shutil.rmtree(unpacked, ignore_errors=True)
            got = self._unpack(name, version, unpacked)
            kept.write_bytes(pickle.dumps(list(sources.modules_of(unpacked)) if got else []))
            shutil.rmtree(unpacked, ignore_errors=True)
        modules = pickle.loads(kept.read_bytes())  # noqa: S301 - our own
        return surface(modules) if modules else None

    def _unpack(self, name: str, version: str, folder: Path) -> bool:
        command = ["uv", "pip", "install", "--no-config", "--no-deps", "--only-binary", ":all:"]
        command += ["--python-platform", "x86_64-manylinux_2_28", "--target", str(folder)]
        command += ["--cache-dir", str(self.folder / "cache"), "--link-mode", "symlink"]
        environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        for python in PYTHONS:
            done = subprocess.run(
                [*command, "--python-version", python, f"{name}=={version}"],
                capture_output=True,
                text=True,
                check=False,
                env=environment,
            )
            if not done.returncode:
                return "is yanked" not in done.stderr
        return False

    def history(self, name: str, releases: list[str]) -> dict[str, Surface]:
        """The surfaces of the last release of each series, where it has none of the one before."""
        found: dict[str, Surface] = {}
        missed = 0
        for series in reversed(chosen(releases)):
            readable = ((one, self.surface(name, one)) for one in reversed(series[-2:]))
            version, surface = next((both for both in readable if both[1]), ("", None))
            if surface:
                found[version] = surface
            missed = 0 if surface else missed + 1
            if missed == 2:  # from before wheels
                break
        shutil.rmtree(self.folder / "cache", ignore_errors=True)
        return dict(reversed(found.items()))


def _final(text: str) -> Version | None:
    try:
        version = Version(text)
    except InvalidVersion:
        return None
    return None if version.is_prerelease or version.is_devrelease else version


def chosen(releases: list[str]) -> list[list[str]]:
    """The releases of each series to look at, the oldest first: `2.3`, `2.4`. Of too many the
    newest, the first and the last of each major version, and the middles of the widest gaps.
    """
    series: dict[tuple[int, ...], list[str]] = {}
    for text in releases:
        version = Version(text)
        series.setdefault((version.epoch, *version.release[:2]), []).append(text)
    ordered = list(series)
    majors = [key[:2] for key in ordered]
    edges = {majors.index(major) for major in majors}
    edges |= {place - 1 for place in edges if place} | set(range(len(ordered))[-NEWEST:])
    wanted = sorted(edges)[-MOST:]
    while len(wanted) < min(MOST, len(ordered) - wanted[0]):
        low, high = max(pairwise(wanted), key=lambda gap: gap[1] - gap[0])
        wanted = sorted({*wanted, (low + high) // 2})
    return [series[ordered[place]] for place in wanted]


def listed() -> Iterator[Requirement]:
    """The distributions of libraries.txt."""
    for line in LIBRARIES.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            yield Requirement(line)


def main() -> None:
    """Writes a file for each distribution."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--work", type=Path, required=True, help="folder for what is read")
    parser.add_argument("distributions", nargs="*", help="only these")
    asked = parser.parse_args()
    workshop = Workshop(asked.work)
    KNOWLEDGE.mkdir(exist_ok=True)
    today = str(dt.datetime.now(tz=dt.UTC).date())
    for library in listed():
        name = canonicalize_name(library.name)
        if asked.distributions and name not in asked.distributions:
            continue
        releases = [one for one in workshop.releases(name) if one in library.specifier]
        history = workshop.history(name, releases)
        if len(history) < 2:
            print(f"{name}: {len(history)} releases can be read; left out", file=sys.stderr)
            continue
        oldest = Version(next(iter(history)))
        every = [one for one in releases if Version(one) >= oldest]
        text = changes.document(name, history, every, today)
        (KNOWLEDGE / f"{name}.txt").write_text(text, "utf-8")
        print(f"{name}: {', '.join(history)}: {len(text) / 1000:.0f} kB", flush=True)


if __name__ == "__main__":
    main()
