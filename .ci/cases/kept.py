"""What is kept of a run: redacted, compact, the same on every machine."""

from __future__ import annotations

import getpass
import os
import re
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recipe import CaseError

from conftest_kit.records import Recording
from orchestrator.checkout import project
from orchestrator.checkout.edits import compared
from orchestrator.evaluate import keeping
from orchestrator.evaluate.before import Before, between
from orchestrator.evaluate.cases import LABEL_FILE, belonging
from orchestrator.intake import recorded
from orchestrator.redact import Redactor

MAX_CASE = 1024 * 1024
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,16}\b")
_TEMPORARY = re.compile(r"pytest-of-[\w.-]+/pytest-\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Folders of this machine, and the neutral names that stand for them."""

    names: Mapping[str, str]

    def neutral(self, value: Any) -> Any:
        """`value`, a JSON document, with neutral names in each of its texts."""
        if isinstance(value, str):
            for folder, name in self.names.items():
                value = re.sub(rf"{re.escape(folder)}(?![\w-])", name, value)
            return _ADDRESS.sub("0x7f0000000000", _TEMPORARY.sub("pytest-of-user/pytest-0", value))
        if isinstance(value, list):
            return [self.neutral(item) for item in value]
        if isinstance(value, dict):
            return {self.neutral(key): self.neutral(item) for key, item in value.items()}
        return value


def contents(
    label: Mapping[str, Any],
    *,
    run_directory: Path,
    places: Places,
    root: Path,
    before: Before | None = None,
) -> dict[str, str]:
    """The files of a case: the run, what the checkout at `root` says, the label, and what was
    otherwise before, where that is known.

    Raises:
        CaseError: the failures are not those of the label, or there is too much of them.
    """
    recording = Redactor().redact_recording(recorded.read(run_directory))
    _check_label(label["causes"], recording)
    said, name = project.read(root), label["case"]
    found = keeping.documents(recording, said, name=name, label=label, before=before)
    named = {name: places.neutral(list(many)) for name, many in found.items() if name != LABEL_FILE}
    files = keeping.contents({**named, LABEL_FILE: [label]})
    size = sum(map(len, files.values()))
    if size > MAX_CASE:
        raise CaseError(f"{size // 1024} KB would be kept: ask for fewer tests")
    return files


def before_of(
    *, passed: Path, failed: Path, pristine: Path, checkout: Path, files: Iterable[str]
) -> Before:
    """What was otherwise in the run that passed: its environment, and the files that were edited
    since; a folder stands for all that is in it.
    """
    edited = {
        path.relative_to(root).as_posix()
        for root in (pristine, checkout)
        for file in files
        for path in (root / file, *(root / file).rglob("*"))
        if path.is_file()
    }
    edits = (
        compared(file, _content(pristine / file), _content(checkout / file))
        for file in sorted(edited)
    )
    return between(
        recorded.read(passed).run.environment,
        recorded.read(failed).run.environment,
        tuple(filter(None, edits)),
    )


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def places_of(*, checkout: Path, environment: Path, home: Path) -> Places:
    """The names that stand for this machine's folders, the innermost first."""
    named = {
        checkout: "/project",
        environment: "/env",
        home / "tmp": "/tmp",  # noqa: S108 - a name, where nothing is written
        home: "/home/user",
        checkout.parent: "/build",
        Path(__file__).parents[2]: "/conftest-kit",
        _base(environment): "/python",
        Path(sysconfig.get_config_var("installed_base")): "/python",
        Path.home(): "/home/user",
    }
    known = {str(folder): name for folder, name in named.items() if len(folder.parts) > 1}
    resolved = {str(Path(folder).resolve()): name for folder, name in known.items()}
    together = {**resolved, **known}
    together[f"/home/{getpass.getuser()}"] = "/home/user"
    together[os.path.relpath(environment, checkout)] = "../env"  # pytest shows some paths so
    return Places(names=dict(sorted(together.items(), key=lambda entry: -len(entry[0]))))


def _base(environment: Path) -> Path:
    """Where the interpreter of a virtual environment is installed."""
    settings = (environment / "pyvenv.cfg").read_text("utf-8")
    return Path(re.findall(r"(?m)^home = (.+)$", settings)[0]).parent


def _check_label(causes: Sequence[Mapping[str, Any]], recording: Recording) -> None:
    """Each failure belongs to a cause of the label, each cause has failures."""
    patterns = [cause["tests"] for cause in causes]
    belongs = belonging(patterns, [failure.nodeid for failure in recording.failures])
    for failure, index in zip(recording.failures, belongs, strict=True):
        if index is None:
            raise CaseError(f"failure {failure.nodeid!r} belongs to no cause: see `tests`")
    for index, cause in enumerate(causes):
        if recording.failures and index not in belongs:
            raise CaseError(f"no failure belongs to the cause with tests {cause['tests']}")
