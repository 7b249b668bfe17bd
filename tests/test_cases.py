"""The cases of the repository: each recipe has its run, each run its recipe, and one is rebuilt."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
CASES = ROOT / "tests" / "cases"
RECIPES = [
    tomllib.loads(path.read_text(encoding="utf-8"))
    for path in sorted((CASES / "recipes").glob("*.toml"))
]
LABELS = {path.parent.name: path for path in sorted(CASES.glob("runs/*/label.json"))}

HERE = ('python = "3.11"', 'python = "{}.{}"'.format(*sys.version_info[:2]))
"""Built with the Python that is there."""


def test_every_recipe_was_built_and_every_run_has_its_recipe():
    """With the very label that the recipe gives."""
    wanted = {
        case["name"]: (recipe["project"], case["cause"])
        for recipe in RECIPES
        for case in recipe["case"]
    }
    labels = {name: json.loads(path.read_text(encoding="utf-8")) for name, path in LABELS.items()}

    assert {name: (one["project"], one["causes"]) for name, one in labels.items()} == wanted


def test_what_was_otherwise_before_is_what_the_mutation_did():
    """Files that it edits, distributions that it installs or removes, and its Python."""
    for recipe in RECIPES:
        for case in recipe["case"]:
            mutation, green = case["mutation"], LABELS[case["name"]].with_name("green.json")
            before = json.loads(green.read_text(encoding="utf-8"))
            edited = [one["file"] for one in before.get("edits", ())]
            texts = (*mutation.get("replace", ()), *mutation.get("create", ()))
            named = (*(one["file"] for one in texts), *mutation.get("delete", ()))
            touched = {
                canonicalize_name(one.partition("==")[0].partition("[")[0])
                for one in (*mutation.get("install", ()), *mutation.get("uninstall", ()))
            }

            assert all(file.startswith(named) for file in edited), case["name"]
            assert bool(edited) == bool(named), case["name"]
            run = json.loads(green.with_name("run.json").read_text(encoding="utf-8"))
            # Of a pytest that did not start nothing is known of what is installed.
            if "python" not in mutation and run["state"] != "not_started":
                assert {*before.get("distributions", ())} <= touched, case["name"]
                assert "python" not in before, case["name"]


def test_every_made_up_case_has_its_run():
    """In each of its variants, with the very label that its file gives."""
    wanted = {}
    for path in CASES.glob("*/*.toml"):
        if path.parent.name != "recipes":
            made = tomllib.loads(path.read_text(encoding="utf-8"))
            for variant in made.get("variants", {"": []}):
                name = "-".join(filter(None, (path.stem, variant)))
                wanted[path.parent.name, name] = made["cause"]
    labels = {
        (path.parents[1].name, path.parent.name): json.loads(path.read_text(encoding="utf-8"))
        for path in CASES.glob("*/*/label.json")
    }
    kept = {place: label["causes"] for place, label in labels.items() if place[0] != "runs"}

    assert kept == wanted


def test_the_scores_are_of_these_cases():
    """A new case changes them: `make evaluate-update`."""
    scored = json.loads((CASES / "scores.json").read_text(encoding="utf-8"))["scores"]
    counts = {section: one["cases"] for section, one in scored.items()}
    first = [counts[section] for section in counts if not section.startswith("after-")]
    known = [counts[section] for section in counts if section.startswith("after-green/")]

    assert sum(first) == len(list(CASES.glob("*/*/label.json")))
    assert sum(known) == len(list(CASES.glob("*/*/green.json")))


@pytest.fixture
def clone(tmp_path):
    """The builder with a recipe of its own, and a way to run it."""
    shutil.copytree(ROOT / ".ci" / "cases", tmp_path / ".ci" / "cases")
    (tmp_path / "tests" / "cases" / "recipes").mkdir(parents=True)
    recipe = tmp_path / "tests" / "cases" / "recipes" / "tinydb.toml"
    written = (CASES / "recipes" / "tinydb.toml").read_text(encoding="utf-8")

    def build(*names, change=("", "")):
        recipe.write_text(written.replace(*change).replace(*HERE), encoding="utf-8")
        command = [sys.executable, str(tmp_path / ".ci" / "cases"), *names]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)

    build.runs = tmp_path / "tests" / "cases" / "runs"
    return build


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('python = "3.11"', "python = 3.11"), "python: 3.11 is not of type 'string'"),
        (('python = "3.11"', 'python = "3.10"'), "python: '3.10' does not match"),
        (("pytest==8.4.2", "pytest==7.3.2"), "'pytest==7.3.2' does not match"),
        (('"fixture"\nkind', '"fixtures"\nkind'), "'fixtures' is not one of ["),
        (('what = "', 'wat = "'), "case 'tinydb-fixture-renamed': "),
        (('file = "tests', 'file = "../tests'), "does not match"),
        (("revert = true", 'install = ["x==1"]'), "no remedy has `revert = true`"),
        (('mentions = ["db", "tests/conftest.py"]', ""), "needs `mentions`"),
        (('project = "tinydb"', "project ="), "tinydb.toml cannot be read"),
    ],
)
def test_a_wrong_recipe_is_refused_with_one_message(clone, change, told):
    """Which names the recipe and what is wrong, before anything is downloaded."""
    ended = clone("tinydb", change=change)

    assert ended.returncode == 1
    assert ended.stderr.startswith("cases: tinydb.toml")
    assert told in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_asks_for_a_case_that_there_is(clone):
    """A name that is none, and no name."""
    assert "no recipe has a case 'x'" in clone("x").stderr
    assert "name a case or a project" in clone().stderr


def test_a_rebuilt_case_has_the_same_files(clone, unavailable):
    """Green, red and green again. A mutation that breaks nothing, and failures that the label does
    not have, are refused, and nothing is written.
    """
    ended = clone("tinydb-fixture-renamed")
    if " failed: " in ended.stderr:
        unavailable(f"the package registry cannot be reached: {ended.stderr[-300:]}")
    built = clone.runs / "tinydb-fixture-renamed"
    kept = _files(built)
    shutil.rmtree(built)
    harmless = clone("tinydb", change=('new = "def database("', 'new = "def  db("'))
    other = clone("tinydb", change=('tests = ["*"]', 'tests = ["tests/x.py*"]'))

    committed = _files(CASES / "runs" / "tinydb-fixture-renamed")
    assert ended.returncode == 0, ended.stderr
    # The others name Python's version and those of dependencies.
    for name in ("green.json", "label.json", "project.json", "records.ndjson"):
        assert kept[name] == committed[name]
    assert (harmless.returncode, other.returncode) == (1, 1)
    assert "the mutation leaves it green" in harmless.stderr
    assert "belongs to no cause" in other.stderr
    assert not built.exists()


@pytest.fixture
def kept(monkeypatch):
    """The builder's module of that name."""
    monkeypatch.syspath_prepend(str(ROOT / ".ci" / "cases"))
    before = set(sys.modules)
    import kept

    yield kept
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("text", "neutral"),
    [
        ("/build/shop/cart.py", "/project/cart.py"),
        ("-I/build/shop:/home/jo/.cache", "-I/project:/home/user/.cache"),
        ("/build/shop", "/project"),
        ("tests/home/johanna/a.txt /build/shop-2", "tests/home/johanna/a.txt /build/shop-2"),
    ],
)
def test_folders_of_the_machine_have_neutral_names(kept, text, neutral):
    """Whole folders, and none whose name only begins like one."""
    places = kept.Places(names={"/build/shop": "/project", "/home/jo": "/home/user"})

    assert places.neutral({text: [text, 3]}) == {neutral: [neutral, 3]}


def _files(folder):
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
