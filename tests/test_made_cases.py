"""Cases that are made up, run for real with the pytest that is installed here, and judged."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.evaluate import cases, scores
from orchestrator.evaluate.judge import judge
from orchestrator.failures.signature import sign

ROOT = Path(__file__).parents[1]
CASES = ROOT / "tests" / "cases"
FLOOR = 0.95


@pytest.fixture(scope="session")
def made(once):
    """The folder with every case that is made up, built now."""
    return once("made-cases", _build)


def _build(folder):
    command = [sys.executable, ".ci/cases", "--made", "--into", folder]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


@pytest.fixture(scope="session")
def adversarial(made):
    """What is said of each run that misleads, by name."""
    return {case.name: case for case in map(judge, cases.read_all(made / "adversarial"))}


def test_what_misleads_is_seen_through(adversarial):
    """Categories, culprits and remedies of at least 60 causes, and what belongs together."""
    found = scores.score(list(adversarial.values()))
    wrong = [
        f"{case.name}: {cause}"
        for case in adversarial.values()
        for cause in case.causes
        if cause.expected != cause.predicted
    ]

    assert found.causes >= 60
    assert found.accuracy >= FLOOR, wrong
    assert found.culprit >= FLOOR
    assert found.remedy >= FLOOR
    assert found.homogeneity == 1.0
    assert found.ari >= FLOOR


def _families():
    names = sorted(path.parent.name for path in (CASES / "adversarial").glob("*/label.json"))
    return sorted({name.removesuffix("-serial") for name in names if name.endswith("-serial")})


@pytest.mark.parametrize("family", _families())
def test_how_it_is_run_and_reported_does_not_matter(made, adversarial, family):
    """The same failures have the same signature without xdist and with it, whatever `--tb` is."""
    variants = [name for name in adversarial if name.startswith(f"{family}-")]
    signatures = {name: _signatures(made / "adversarial" / name) for name in variants}

    assert len(variants) > 1
    assert all(found == signatures[f"{family}-serial"] for found in signatures.values())


def _signatures(folder):
    """Of each failing test, however often it failed."""
    failures = cases.read(folder).recording.failures
    return {(one.nodeid, one.phase): sign(one).id for one in failures}


def test_the_inventory_of_the_predecessor_folds(made):
    """333 lines of 25 causes become 30 groups at the most, none of which holds two causes."""
    case = cases.read(made / "inventory" / "predecessor")
    judged = judge(case)

    assert len(case.recording.failures) == 333
    assert len(set(judged.labelled)) == 25
    assert len(set(judged.grouped)) <= 30
    assert {len(labels) for labels in _labels_by_group(judged).values()} == {1}


def _labels_by_group(judged):
    found = {}
    for label, group in zip(judged.labelled, judged.grouped, strict=True):
        found.setdefault(group, set()).add(label)
    return found


def test_the_inventory_keeps_itself(made, tmp_path):
    """A line for each cause: what it is, which tests, how many, when it was seen, what to do."""
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'abzu'\n", encoding="utf-8")
    shutil.copytree(made / "inventory" / "predecessor", tmp_path / "red")
    orchestrator = [sys.executable, "-m", "orchestrator"]
    memory = ["--memory", str(tmp_path / "memory.db")]
    for command in (["review", "./red"], ["causes", "--format", "markdown"]):
        ended = subprocess.run(
            [*orchestrator, *command, *memory],
            cwd=tmp_path, capture_output=True, text=True, check=True,
        )  # fmt: skip
    heading, _, *lines = ended.stdout.splitlines()
    names = [cell.strip() for cell in heading.strip("|").split(" | ")]
    rows = [
        dict(zip(names, (cell.strip() for cell in line.strip("|").split(" | ")), strict=True))
        for line in lines
    ]

    assert len(rows) == 25
    assert sum(int(row["failures"]) for row in rows) == 333
    assert all(row[name] for row in rows for name in names if name != "culprit")
