"""Builds cases for real: `python .ci/cases CASE…`, or `--all`; a project's name means all of its.

Downloads the project, proves it green, applies the mutation, proves it red with the kit loaded,
applies the remedy, proves it green again, and keeps the red run in `tests/cases/runs/<case>/`. A
case that is made up is only proved red; `--made` builds all of these.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import kept
import made
from recipe import Case, CaseError, Recipe, read_all
from workshop import ROOT, Ended, Workshop, workshop

CASES = ROOT / "tests" / "cases"


def main() -> int:
    """The exit status: 1 where a case could not be built."""
    parser = argparse.ArgumentParser(description=__doc__, prog="make case RECIPE=")
    parser.add_argument("names", nargs="*", metavar="CASE")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--made", action="store_true")
    parser.add_argument("--into", type=Path, default=CASES, help="where the runs are kept")
    wanted = parser.parse_args()
    try:
        chosen = list(_chosen(_known(), wanted))
    except CaseError as error:
        print(f"cases: {error}", file=sys.stderr)
        return 1
    # What is made up shares nothing; the cases of a project share its environment and its checkout.
    apart = all(one.folder != "runs" for one in chosen)
    with ThreadPoolExecutor(os.cpu_count() if apart else 1) as builders:
        built = list(builders.map(partial(_built, into=wanted.into), chosen))
    failed = [one.name for one, is_built in zip(chosen, built, strict=True) if not is_built]
    print(f"{len(chosen) - len(failed)} of {len(chosen)} cases built")
    if failed:
        print(f"not built: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Buildable:
    """A case, and how its files are made."""

    name: str
    family: str
    """The project, or the folder of what is made up."""
    folder: str
    """Where it is kept, below that of all cases."""
    build: Callable[[], Mapping[str, str]]


def _known() -> Iterator[Buildable]:
    for recipe in read_all(sorted((CASES / "recipes").glob("*.toml"))):
        for case in recipe.cases:
            yield Buildable(
                name=case.name,
                family=recipe.project,
                folder="runs",
                build=partial(_build, case, recipe),
            )
    for one in made.read_all(CASES):
        yield Buildable(
            name=one.name, family=one.kind, folder=one.kind, build=partial(made.build, one)
        )


def _chosen(known: Iterable[Buildable], wanted: argparse.Namespace) -> Iterator[Buildable]:
    every = list(known)
    for name in wanted.names:
        if not any(name in (one.name, one.family) for one in every):
            raise CaseError(f"no recipe has a case {name!r}, nor is it a project")
    if not (wanted.names or wanted.all or wanted.made):
        raise CaseError("name a case or a project: make case RECIPE=…")
    for one in every:
        is_made = wanted.made and one.folder != "runs"
        if wanted.all or is_made or {one.name, one.family} & set(wanted.names):
            yield one


def _built(one: Buildable, into: Path) -> bool:
    begun = time.monotonic()
    try:
        files = one.build()
    except CaseError as error:
        print(f"{one.name}: {error}", file=sys.stderr)
        return False
    folder = into / one.folder / one.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_text(content, "utf-8")
    print(f"{one.name}: built in {time.monotonic() - begun:.1f} s", flush=True)
    return True


def _build(case: Case, recipe: Recipe) -> dict[str, str]:
    with workshop(recipe, recipe.python) as green:
        passed = _run(green, recipe, {})
        _prove_green(passed, "before the mutation")
        python = case.mutation.get("python", recipe.python)
        if python == recipe.python:
            return _mutate_and_mend(case, recipe, green, green, passed)
        with workshop(recipe, python) as other:
            return _mutate_and_mend(case, recipe, other, green, passed)


def _mutate_and_mend(
    case: Case, recipe: Recipe, broken: Workshop, green: Workshop, passed: Ended
) -> dict[str, str]:
    broken.fresh_checkout()
    _edit(broken.checkout, case.mutation)
    broken.uninstall(case.mutation.get("uninstall", ()))
    broken.install(case.mutation.get("install", ()))
    red = _run(broken, recipe, case.mutation)
    if red.exit_code == 0:
        raise CaseError(f"the mutation leaves it green: {red.output}")
    files = kept.contents(
        case.label(recipe.project),
        run_directory=red.run_directory,
        before=kept.before_of(
            passed=passed.run_directory,
            failed=red.run_directory,
            pristine=broken.folder / "pristine",
            checkout=broken.checkout,
            files=case.edited,
        ),
        places=kept.places_of(
            checkout=broken.checkout,
            environment=broken.folder / "env",
            home=red.run_directory.parents[2],
        ),
        root=broken.checkout,
    )
    _mend(case, recipe, broken, green)
    return files


def _mend(case: Case, recipe: Recipe, broken: Workshop, green: Workshop) -> None:
    """Apply the remedies of all causes together, and prove the run green."""
    reverted = any(remedy.get("revert") for remedy in case.remedies)
    mended = green if reverted else broken
    if reverted:
        mended.fresh_checkout()
    for remedy in case.remedies:
        mended.uninstall(remedy.get("uninstall", ()))
        mended.install(remedy.get("install", ()))
    mutation = {} if reverted else case.mutation
    _prove_green(_run(mended, recipe, mutation), "after the remedy")


def _run(where: Workshop, recipe: Recipe, mutation: Mapping[str, Any]) -> Ended:
    arguments = [*recipe.arguments, *mutation.get("arguments", ()), *recipe.tests]
    return where.pytest(
        arguments,
        environment=mutation.get("environment", {}),
        limits=mutation.get("limits", {}),
    )


def _prove_green(ended: Ended, when: str) -> None:
    if ended.exit_code:
        raise CaseError(f"not green {when} (status {ended.exit_code}): {ended.output}")


def _edit(checkout: Path, mutation: Mapping[str, Any]) -> None:
    for edit in mutation.get("replace", ()):
        path = checkout / edit["file"]
        text = path.read_text("utf-8") if path.is_file() else ""
        if edit["old"] not in text:
            raise CaseError(f"{edit['file']} does not contain {edit['old']!r}")
        path.write_text(text.replace(edit["old"], edit["new"], edit.get("count", -1)), "utf-8")
    for name in mutation.get("delete", ()):
        path = checkout / name
        if path.is_dir():
            shutil.rmtree(path)
        elif path.exists():
            path.unlink()
        else:
            raise CaseError(f"{name} cannot be deleted: it is not there")
    for new in mutation.get("create", ()):
        path = checkout / new["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(new["text"], "utf-8")


if __name__ == "__main__":
    sys.exit(main())
