"""Builds cases for real: `python .ci/cases CASE…`, or `--all`; a project's name means all of its.

Downloads the project, proves it green, applies the mutation, proves it red with the kit loaded,
applies the remedy, proves it green again, and keeps the red run in `tests/cases/runs/<case>/`.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import kept
from recipe import Case, CaseError, Recipe, read_all
from workshop import ROOT, Ended, Workshop, workshop

CASES = ROOT / "tests" / "cases"


def main() -> int:
    """The exit status: 1 where a case could not be built."""
    parser = argparse.ArgumentParser(description=__doc__, prog="make case RECIPE=")
    parser.add_argument("names", nargs="*", metavar="CASE")
    parser.add_argument("--all", action="store_true")
    wanted = parser.parse_args()
    try:
        recipes = read_all(sorted((CASES / "recipes").glob("*.toml")))
        chosen = _chosen(recipes, None if wanted.all else wanted.names)
    except CaseError as error:
        print(f"cases: {error}", file=sys.stderr)
        return 1
    failed = [case.name for recipe, case in chosen if not _built(case, recipe)]
    print(f"{len(chosen) - len(failed)} of {len(chosen)} cases built")
    if failed:
        print(f"not built: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _chosen(recipes: Sequence[Recipe], names: Sequence[str] | None) -> list[tuple[Recipe, Case]]:
    known = [(recipe, case) for recipe in recipes for case in recipe.cases]
    if names is None:
        return known
    found = [(recipe, case) for recipe, case in known if {case.name, recipe.project} & set(names)]
    for name in names:
        if not any(name in (case.name, recipe.project) for recipe, case in found):
            raise CaseError(f"no recipe has a case {name!r}, nor is it a project")
    if not found:
        raise CaseError("name a case or a project: make case RECIPE=…")
    return found


def _built(case: Case, recipe: Recipe) -> bool:
    begun = time.monotonic()
    try:
        with workshop(recipe, recipe.python) as green:
            _build(case, recipe, green)
    except CaseError as error:
        print(f"{case.name}: {error}", file=sys.stderr)
        return False
    print(f"{case.name}: built in {time.monotonic() - begun:.1f} s", flush=True)
    return True


def _build(case: Case, recipe: Recipe, green: Workshop) -> None:
    _prove_green(_run(green, recipe, {}), "before the mutation")
    python = case.mutation.get("python", recipe.python)
    if python == recipe.python:
        _mutate_and_mend(case, recipe, green, green)
    else:
        with workshop(recipe, python) as other:
            _mutate_and_mend(case, recipe, other, green)


def _mutate_and_mend(case: Case, recipe: Recipe, broken: Workshop, green: Workshop) -> None:
    broken.fresh_checkout()
    _edit(broken.checkout, case.mutation)
    broken.uninstall(case.mutation.get("uninstall", ()))
    broken.install(case.mutation.get("install", ()))
    red = _run(broken, recipe, case.mutation)
    if red.exit_code == 0:
        raise CaseError(f"the mutation leaves it green: {red.output}")
    files = kept.contents(
        case,
        recipe,
        run_directory=red.run_directory,
        places=kept.places_of(
            checkout=broken.checkout,
            environment=broken.folder / "env",
            home=red.run_directory.parents[2],
        ),
        root=broken.checkout,
    )
    _mend(case, recipe, broken, green)
    folder = CASES / "runs" / case.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_text(content, "utf-8")


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
