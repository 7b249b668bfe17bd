"""Cases as they lie in a folder: a recorded run, what its checkout said, a label."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from conftest_kit.records import Distribution, Environment, Failure, Raised, Run, to_json

MISSING = {
    "category": "missing_dependency",
    "kind": "distribution",
    "culprit": {"type": "distribution", "name": "PyYAML"},
    "tests": ["tests/test_yaml.py*"],
    "remedy": {"install": ["PyYAML==6.0.2"]},
}
WRONG = {
    "category": "assertion",
    "kind": "wrong_value",
    "culprit": {"type": "test", "name": "tests/test_sum.py::test_adds"},
    "tests": ["tests/test_sum.py::*"],
    "remedy": {"revert": True, "mentions": ["test_adds"]},
}


def no_module(name: str, nodeid: str) -> Failure:
    """A test module that cannot be imported."""
    message = f"No module named {name!r}"
    raised = Raised(
        type="ModuleNotFoundError",
        bases=("ImportError", "Exception", "BaseException"),
        message=message,
        attributes={"name": name},
    )
    return Failure(phase="collect", nodeid=nodeid, message=message, exceptions=(raised,))


def unequal(nodeid: str) -> Failure:
    """A test that finds a wrong value."""
    raised = Raised(type="AssertionError", bases=("Exception",), message="assert 3 == 4")
    return Failure(phase="call", nodeid=nodeid, message=raised.message, exceptions=(raised,))


@pytest.fixture
def write_case(tmp_path) -> Callable[..., Path]:
    """`write_case("name", failures, causes, project="shop")` gives the folder of all cases."""

    def write(
        name: str,
        failures: Sequence[Failure],
        causes: Sequence[dict[str, Any]],
        *,
        project: str = "",
        kind: str = "runs",
        installed: Sequence[Distribution] = (),
    ) -> Path:
        folder = tmp_path / "cases" / kind / name
        folder.mkdir(parents=True, exist_ok=True)
        run = Run(
            run_id=name,
            state="complete",
            exit_code=1,
            environment=Environment(distributions={one.name: one.version for one in installed}),
        )
        documents = {
            "run.json": {"$record": "run", **to_json(run)},
            "distributions.json": [to_json(one) for one in installed],
            "project.json": {"name": "shop"},
            "label.json": {"case": name, "project": project, "causes": list(causes)},
        }
        for file, document in documents.items():
            (folder / file).write_text(json.dumps(document))
        lines = [json.dumps({"$record": "failure", **to_json(one)}) for one in failures]
        (folder / "records.ndjson").write_text("".join(f"{line}\n" for line in lines))
        return tmp_path / "cases"

    return write


@pytest.fixture
def missing() -> tuple[list[Failure], list[dict[str, Any]]]:
    """A run that one absent distribution broke: its failures and its label."""
    return [no_module("yaml", "tests/test_yaml.py")], [MISSING]


@pytest.fixture
def both() -> tuple[list[Failure], list[dict[str, Any]]]:
    """A run with two causes."""
    failures = [no_module("yaml", "tests/test_yaml.py"), unequal("tests/test_sum.py::test_adds")]
    return failures, [MISSING, WRONG]
