"""Recipes: read from TOML, and refused with one message where they are wrong."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema

from corpus_memory_logging.records import CATEGORIES

_SCHEMA = Path(__file__).with_name("recipe.schema.json")


class CaseError(Exception):
    """A recipe is wrong, or what it says is not so. The message is for whoever wrote it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One public project, its pinned green environment and the mutations of it."""

    project: str
    version: str
    sha256: str
    """Of the source distribution."""
    python: str
    install: tuple[str, ...]
    editable: bool
    build_constraints: tuple[str, ...]
    """For what builds the project: `setuptools<70`."""
    tests: tuple[str, ...]
    arguments: tuple[str, ...]
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A mutation with its label; both as in the recipe, which the schema has checked."""

    name: str
    what: str
    mutation: dict[str, Any]
    causes: tuple[dict[str, Any], ...]

    def label(self, project: str) -> dict[str, Any]:
        """What is kept beside the run."""
        causes = list(self.causes)
        return {"case": self.name, "project": project, "what": self.what, "causes": causes}

    @property
    def edited(self) -> tuple[str, ...]:
        """Files and folders that the mutation edits, makes or deletes."""
        texts = (*self.mutation.get("replace", ()), *self.mutation.get("create", ()))
        return (*(one["file"] for one in texts), *self.mutation.get("delete", ()))

    @property
    def remedies(self) -> tuple[dict[str, Any], ...]:
        """One of each cause."""
        return tuple(cause["remedy"] for cause in self.causes)


def read(path: Path) -> Recipe:
    """The recipe in a file.

    Raises:
        CaseError: it is no TOML, or no recipe.
    """
    document = load(path)
    for case in document["case"]:
        for problem in _case_problems(case):
            raise CaseError(f"{path.name}: case {case['name']!r}: {problem}")
    return Recipe(
        project=document["project"],
        version=document["version"],
        sha256=document["sha256"],
        python=document["python"],
        install=tuple(document["install"]),
        editable=document.get("editable", True),
        build_constraints=tuple(document.get("build_constraints", ())),
        tests=tuple(document["tests"]),
        arguments=tuple(document.get("arguments", ())),
        cases=tuple(
            Case(
                name=case["name"],
                what=case["what"],
                mutation=case["mutation"],
                causes=tuple(case["cause"]),
            )
            for case in document["case"]
        ),
    )


def read_all(paths: Sequence[Path]) -> list[Recipe]:
    """The recipes in these files; no two cases have one name.

    Raises:
        CaseError: as `read`.
    """
    recipes = [read(path) for path in paths]
    seen: dict[str, str] = {}
    for recipe in recipes:
        for case in recipe.cases:
            if case.name in seen:
                raise CaseError(f"case {case.name!r} is in {seen[case.name]} and {recipe.project}")
            seen[case.name] = recipe.project
    return recipes


def load(path: Path, *, form: str = "recipe") -> dict[str, Any]:
    """What a TOML file says, in the form that the schema names: `recipe` or `made`.

    Raises:
        CaseError: it is no TOML, or not of that form.
    """
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CaseError(f"{path.name} cannot be read: {error}") from error
    schema = json.loads(_SCHEMA.read_text("utf-8"))
    schema["$defs"]["cause"]["properties"]["category"] = {"enum": list(CATEGORIES)}
    chosen = {"$defs": schema["$defs"], "$ref": f"#/$defs/{form}"}
    validator = jsonschema.Draft202012Validator(chosen)
    problem = jsonschema.exceptions.best_match(validator.iter_errors(document))
    if problem is not None:
        place = _place(document, problem.absolute_path)
        raise CaseError(f"{path.name}: {place}: {problem.message}")
    return document


def _place(document: Any, path: Sequence[Any]) -> str:
    words = [str(word) for word in path]
    if words[:1] == ["case"] and len(words) > 1:
        case = document["case"][int(words[1])]
        name = case.get("name", words[1]) if isinstance(case, dict) else words[1]
        words[:2] = [f"case {name!r}"]
    return " · ".join(words) or "the recipe"


def _case_problems(case: dict[str, Any]) -> Iterator[str]:
    remedies = [cause["remedy"] for cause in case["cause"]]
    changed = set(case["mutation"]) - {"install", "uninstall"}
    if changed and not any(remedy.get("revert") for remedy in remedies):
        yield f"no remedy has `revert = true`, and nothing else undoes {', '.join(sorted(changed))}"
    for cause, remedy in zip(case["cause"], remedies, strict=True):
        if remedy.get("revert") and not remedy.get("mentions"):
            yield f"the remedy of its {cause['category']} needs `mentions`: what a hit has to name"
