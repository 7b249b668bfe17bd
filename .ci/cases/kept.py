"""What is kept of a run: redacted, compact, the same on every machine."""

from __future__ import annotations

import getpass
import json
import re
import sysconfig
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from recipe import CaseError

from conftest_kit import rundir
from conftest_kit.records import Attempt, Failure, Frame, Raised, Recording, to_json
from conftest_kit.run import Run
from conftest_kit.texts import bounded
from orchestrator import project
from orchestrator.evaluate import checkout as form
from orchestrator.evaluate.cases import LABEL_FILE, PROJECT_FILE, belonging
from orchestrator.intake import recorded
from orchestrator.redact import Redactor

MAX_TEXT = 2048
MAX_MESSAGE = 8192
"""Rules read 4 KiB of a message."""
MAX_CASE = 1024 * 1024
_STARTED, _FINISHED = "2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:10.000000Z"
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,16}\b")
_TEMPORARY = re.compile(r"pytest-of-[\w.-]+/pytest-\d+")
_OWN = ("project", "test")


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Folders of this machine, and the neutral names that stand for them."""

    names: Mapping[str, str]

    def neutral(self, value: Any) -> Any:
        """`value`, a JSON document, with neutral names in each of its texts."""
        if isinstance(value, str):
            for folder, name in self.names.items():
                value = value.replace(folder, name)
            return _ADDRESS.sub("0x7f0000000000", _TEMPORARY.sub("pytest-of-user/pytest-0", value))
        if isinstance(value, list):
            return [self.neutral(item) for item in value]
        if isinstance(value, dict):
            return {self.neutral(key): self.neutral(item) for key, item in value.items()}
        return value


def contents(
    label: Mapping[str, Any], *, run_directory: Path, places: Places, root: Path
) -> dict[str, str]:
    """The files of a case: the run, what the checkout at `root` says, and the label.

    Raises:
        CaseError: the failures are not those of the label, or there is too much of them.
    """
    recording = Redactor().redact_recording(recorded.read(run_directory))
    _check_label(label["causes"], recording)
    lines = [
        *({"$record": "start", "nodeid": nodeid} for nodeid in recording.in_flight),
        *({"$record": "attempt", **to_json(attempt)} for attempt in _attempts(recording)),
        *({"$record": "failure", **to_json(_compact(one))} for one in recording.failures),
    ]
    checkout = project.read(root)
    own = {frame.file for frame in _frames(recording.failures) if frame.origin in _OWN}
    own.update(failure.nodeid.partition("::")[0] for failure in recording.failures)
    said = form.to_json(replace(checkout, sources=checkout.sources_near(sorted(own))))
    documents: dict[str, list[Any]] = {
        rundir.RUN_FILE: [{"$record": "run", **to_json(_run(recording.run, label["case"]))}],
        rundir.RECORDS_FILE: lines,
        rundir.DISTRIBUTIONS_FILE: [[to_json(one) for one in recording.distributions]],
        PROJECT_FILE: [said],
    }
    files = {
        name: "".join(_line(places.neutral(one)) for one in many)
        for name, many in documents.items()
    }
    files[LABEL_FILE] = json.dumps(label, indent=1, ensure_ascii=False) + "\n"
    size = sum(map(len, files.values()))
    if size > MAX_CASE:
        raise CaseError(f"{size // 1024} KB would be kept: ask for fewer tests")
    return files


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


def _run(run: Run, name: str) -> Run:
    environment = run.environment._replace(
        git={},
        ci={},
        platform={k: v for k, v in run.environment.platform.items() if k != "release"},
        variables=tuple(
            one for one in run.environment.variables if not one.startswith("CONFTEST_KIT_")
        ),
    )
    return run._replace(
        run_id=name,
        started=_STARTED,
        finished=_FINISHED,
        pid=None,
        host="",
        artifacts=(),
        environment=environment,
    )


def _attempts(recording: Recording) -> Iterator[Attempt]:
    """Those that did not simply pass; how many did is in `run.json`."""
    failed = {failure.nodeid for failure in recording.failures}
    for attempt in recording.attempts:
        if attempt.outcome != "passed" or attempt.nodeid in failed:
            reason = bounded(attempt.reason, MAX_TEXT)
            yield attempt._replace(started="", durations={}, reason=reason)


def _compact(failure: Failure) -> Failure:
    """Without what pytest rendered of an exception: it shows whole functions of the project."""
    return failure._replace(
        time="",
        message=bounded(failure.message, MAX_MESSAGE),
        text="" if failure.exceptions else bounded(failure.text, MAX_TEXT),
        exceptions=tuple(map(_raised, failure.exceptions)),
        captured={name: bounded(text, MAX_TEXT) for name, text in failure.captured.items()},
    )


def _raised(raised: Raised) -> Raised:
    return raised._replace(
        message=bounded(raised.message, MAX_MESSAGE),
        members=tuple(tuple(map(_raised, chain)) for chain in raised.members),
    )


def _frames(failures: Iterable[Failure]) -> Iterator[Frame]:
    for failure in failures:
        yield from _chain_frames(failure.exceptions)


def _chain_frames(chain: Iterable[Raised]) -> Iterator[Frame]:
    for raised in chain:
        yield from raised.frames
        for member in raised.members:
            yield from _chain_frames(member)


def _line(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"
