"""Cases that are made up: a few small files, what pytest is told, and what is wrong with them."""

from __future__ import annotations

import sys
import tempfile
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kept
from recipe import CaseError, load
from workshop import record

SITE = "site-packages"
"""What lies here is installed."""
_LEFT_OUT = "-pno:hypothesispytest"
"""It imports hypothesis at the end of every run, which takes longer than all the rest of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Files that go red, and why they do."""

    name: str
    kind: str
    """The folder that its run is kept in: `adversarial`."""
    what: str
    files: Mapping[str, str]
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    causes: tuple[dict[str, Any], ...]

    @property
    def label(self) -> dict[str, Any]:
        """What is kept beside the run; it is of no public project."""
        return {"case": self.name, "project": "", "what": self.what, "causes": list(self.causes)}


def read_all(folder: Path) -> list[Made]:
    """The cases of the TOML files one folder below, recipes left out, each in all of its variants.

    Raises:
        CaseError: one is no TOML, or says something that is not known.
    """
    paths = (path for path in sorted(folder.glob("*/*.toml")) if path.parent.name != "recipes")
    return [made for path in paths for made in _read(path)]


def build(made: Made) -> dict[str, str]:
    """Run pytest on the files, and give what is kept of the run.

    Raises:
        CaseError: it is green, or has failures that the label does not tell of.
    """
    with tempfile.TemporaryDirectory(prefix="conftest-kit-made-") as temporary:
        # Where pytest looks for settings and conftests above its root there is nothing of others.
        checkout = Path(temporary).resolve() / "made" / "shop"
        for name, text in made.files.items():
            path = checkout / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text).lstrip("\n"), "utf-8")
        ended = record(
            [sys.executable, "-m", "pytest", _LEFT_OUT, *made.arguments],
            checkout=checkout,
            programs=Path(sys.executable).parent,
            project="shop",
            environment={"PYTHONPATH": str(checkout / SITE), **made.environment},
        )
        if ended.exit_code == 0:
            raise CaseError(f"{made.name} is green: {ended.output}")
        return kept.contents(
            made.label,
            run_directory=ended.run_directory,
            places=kept.places_of(
                checkout=checkout,
                environment=Path(sys.prefix),
                home=ended.run_directory.parents[2],
            ),
            root=checkout,
        )


def _files(written: Mapping[str, str], copies: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Every file; of those that are copied each with its `{number}` in name and text."""
    for name, text in written.items():
        if name not in copies:
            yield name, text
        for number in range(copies.get(name, 0)):
            yield name.replace("{number}", str(number)), text.replace("{number}", str(number))


def _read(path: Path) -> Iterator[Made]:
    document = load(path, form="made")
    variants: Mapping[str, Sequence[str]] = document.get("variants", {"": ()})
    for variant, arguments in variants.items():
        yield Made(
            name="-".join(filter(None, (path.stem, variant))),
            kind=path.parent.name,
            what=document["what"],
            files=dict(_files(document["files"], document.get("copies", {}))),
            arguments=(*document.get("arguments", ()), *arguments),
            environment=document.get("environment", {}),
            causes=tuple(document["cause"]),
        )
