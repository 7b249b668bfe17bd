"""Checks `orchestrator/knowledge/breaks/` against the releases themselves, by hand.

    python .ci/check_breaks.py --work FOLDER [DISTRIBUTION…]

For each entry it installs the last release that has what the entry names and the first that has
not, side by side in FOLDER, and looks: modules are imported, names and attributes asked for,
signatures inspected, examples run. It prints every entry that is not as the file says, and leaves
with status 1 if there is one. That no release lies between the two is checked as well. Entries that
say `probed = false` are left out: only their sources tell of them. Names of
Python itself are looked up in the interpreters found as `python3.N`.

What is installed is run: do it where that does no harm.
"""

from __future__ import annotations

import argparse
import functools
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

BREAKS = Path(__file__).resolve().parent.parent / "orchestrator" / "knowledge" / "breaks"
LOOK = Path(__file__).resolve().with_name("look.py")
PYTHONS = ("3.11", "3.9", "3.8", "3.12", "3.13", "3.10", "3.7")
"""Tried in this order until one has wheels of everything."""


@dataclass(frozen=True)
class Environment:
    """A release installed in a folder, and the interpreter that it is for."""

    interpreter: str
    folder: Path | None

    def look(self, questions: list[dict[str, Any]]) -> list[str]:
        """`present`, `absent` or what went wrong, for each question; see look.py."""
        # Isolated from everything but the folder: neither the user's site nor the environment.
        command = [self.interpreter, "-I", str(LOOK), str(self.folder or "")]
        asked = json.dumps(questions)
        done = subprocess.run(
            command, input=asked, capture_output=True, text=True, timeout=600, check=False
        )
        lines = done.stdout.splitlines()
        if done.returncode or not lines:
            return [f"the interpreter died: {done.stderr[-300:]}"] * len(questions)
        return [str(answer) for answer in json.loads(lines[-1])]


class Workshop:
    """Builds environments below a folder, each once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def python(self, version: str) -> str | None:
        """An interpreter of a minor version."""
        minor = ".".join(version.split(".")[:2])
        return shutil.which(f"python{minor}")

    def environment(
        self, name: str, version: str, *, before: str = "", beside: Iterable[str] = ()
    ) -> Environment | None:
        """`name==version` with what it requires, as of a day, and some more `beside`; None where no
        interpreter has wheels of it all.
        """
        if name.lower() == "python":
            found = self.python(version)
            return Environment(found, None) if found else None
        key = re.sub(r"[^\w.-]", "_", "-".join((name, version, before, *beside)))
        for python in PYTHONS:
            interpreter, folder = self.python(python), self.folder / key / python
            if interpreter is None:
                continue
            if (folder / "installed").exists() or self._install(
                interpreter, folder, [f"{name}=={version}", *beside], before
            ):
                return Environment(interpreter, folder)
        return None

    def _install(self, interpreter: str, folder: Path, wanted: list[str], before: str) -> bool:
        if (folder / "refused").exists():
            return False
        folder.mkdir(parents=True, exist_ok=True)
        command = ["uv", "pip", "install", "--quiet", "--no-config", "--only-binary", ":all:"]
        command += ["--python", interpreter, "--target", str(folder)]
        command += ["--exclude-newer", before] if before else []
        done = subprocess.run([*command, *wanted], capture_output=True, text=True, check=False)
        (folder / ("refused" if done.returncode else "installed")).write_text(done.stderr, "utf-8")
        return not done.returncode


@functools.cache
def releases(name: str) -> tuple[str, ...]:
    """The final releases of a distribution, oldest first."""
    if name.lower() == "python":
        return tuple(f"3.{minor}" for minor in range(15))
    command = [sys.executable, "-m", "pip", "index", "versions", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    listed = re.search(r"^Available versions: (.*)$", done.stdout, re.MULTILINE)
    found = []
    for text in listed[1].split(", ") if listed else ():
        try:
            version = Version(text)
        except InvalidVersion:
            continue
        if not version.is_prerelease:
            found.append((version, text))
    return tuple(text for _, text in sorted(found))


def questions(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What to look for, one question for each name of an entry."""
    asked = ("kind", "of", "example", "prelude", "message", "exception")
    shared = {key: entry[key] for key in asked if key in entry}
    return [{**shared, "name": name} for name in entry["names"]]


def wrong(workshop: Workshop, name: str, entry: Mapping[str, Any]) -> Iterator[str]:
    """What an entry says and the releases do not."""
    last, first = entry["last_with"], entry["removed_in"]
    listed = [Version(text) for text in releases(name)]
    between = [str(one) for one in listed if Version(last) < one < Version(first)]
    if between:
        yield f"{name}: between {last} and {first} there are {', '.join(between)}"
    for version, expected in ((last, "present"), (first, "absent")):
        environment = workshop.environment(
            name,
            version,
            before=entry.get(f"before_{expected}", ""),
            beside=entry.get("beside", ()),
        )
        if environment is None:
            yield f"{name} {version} cannot be installed from wheels"
            continue
        asked = questions(entry)
        for question, answer in zip(asked, environment.look(asked), strict=True):
            if answer != expected:
                what = f"{entry['kind']} {question['name']} of {entry.get('of', '')}"
                yield f"{name} {version}: {what} is {answer}, expected {expected}"


def main() -> None:
    """Prints what is wrong; status 1 if anything is."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--work", type=Path, required=True, help="folder for environments")
    parser.add_argument("distributions", nargs="*", help="only these")
    asked = parser.parse_args()
    workshop = Workshop(asked.work)
    todo = []
    for path in sorted(BREAKS.glob("*.toml")):
        if not asked.distributions or path.stem in asked.distributions:
            document = tomllib.loads(path.read_text("utf-8"))
            probed = (entry for entry in document["break"] if entry.get("probed", True))
            todo += [(document["distribution"], entry) for entry in probed]
    with ThreadPoolExecutor(3) as pool:
        found = pool.map(lambda item: list(wrong(workshop, *item)), todo)
        problems = [line for lines in found for line in lines]
    print("\n".join(problems))
    names = sum(len(entry["names"]) for _, entry in todo)
    print(f"{len(todo)} entries with {names} names checked, {len(problems)} wrong")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
