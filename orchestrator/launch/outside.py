"""What is seen of a run from outside, where no kit could say more: exit status, standard error."""

from __future__ import annotations

import builtins
import json
import re
import signal
from pathlib import Path

from conftest_kit import distributions, reading, records, rundir
from conftest_kit.records import Environment, Failure, Frame, Raised, Run
from orchestrator.intake import recorded
from orchestrator.launch import Launched

_USAGE = re.compile(r"^\S.*?: error: .+", re.MULTILINE)
"""`pytest: error: unrecognized arguments: --cov`, from argparse below a line `ERROR: usage: …`."""
_SAID = re.compile(r"^ERROR: (?!usage: ).+", re.MULTILINE)
_EXCEPTION = re.compile(r"^(?:E   )?((?:\w+\.)*[A-Z]\w*)(?:: (.*))?$", re.MULTILINE)
"""`E   ModuleNotFoundError: No module named 'yaml'`, or the last line of a plain traceback."""
_FRAME = re.compile(
    r"^(?:(\S.*?):(\d+): in (\S+)|  File \"(.+?)\", line (\d+), in (\S+))\n    (.*)$", re.MULTILINE
)
"""`conftest.py:1: in <module>`, or as Python says it, and the source line below it."""
_INTERNAL = re.compile(r"^INTERNALERROR> ?", re.MULTILINE)
_LOADING = "while loading"
_TRACEBACK = "Traceback (most recent call last):"
_SITE = re.compile(
    r"/[^\s:'\"()]{1,400}?/python(?:3|(?P<version>3\.\d{1,2}))/(?:site|dist)-packages(?=/)"
)
"""A folder of installed distributions, which the lines of a traceback name."""
_MISSING = re.compile(r"No module named '([^']+)'")


def record_not_started(launched: Launched, *, logs_dir: Path, project: str) -> Path:
    """Write the run directory that the kit did not, and return it.

    Its state is `died` where a signal ended the command, else `not_started`; where the exit status
    is not 0 it holds the one failure that is known. What is installed in the folders that standard
    error names is kept as well: who dies before the kit is loaded dies of that most often.

    Raises:
        OSError: `logs_dir` cannot be written to.
    """
    killed = _signal(launched.exit_code) is not None
    found = list(_SITE.finditer(launched.stderr_tail)) if launched.exit_code else []
    folders = list(dict.fromkeys(match[0] for match in found))
    version = next((match["version"] for match in found if match["version"]), "")
    run = Run(
        run_id=launched.run_id,
        project=project,
        state="died" if killed else "not_started",
        started=launched.started,
        finished=launched.finished,
        exit_code=launched.exit_code,
        command=launched.command,
        directory=str(launched.directory),
        root=str(launched.directory),
        warnings=launched.notes,
        environment=Environment(
            python={"version": version} if version else {},
            distributions=distributions.installed_versions(folders),
            variables=launched.variables,
        ),
    )
    directory = rundir.RunDir.new(logs_dir, launched.run_id)
    directory.create(run)
    if folders:
        directory.write_distributions(distributions.installed_metadata(folders))
    if launched.exit_code:
        document = {"$record": "failure", "nodeid": "", **records.to_json(start_failure(launched))}
        directory.append(json.dumps(document).encode() + b"\n")
    directory.close()
    return directory.path


def record_death(launched: Launched, run_directory: Path) -> None:
    """Complete the record of a run whose process died: how it ended, and what it said last.

    A run that came to its end stays as it is.

    Raises:
        conftest_kit.rundir.UnreadableRun: the directory holds no run.
        OSError: the record cannot be written to.
    """
    recording = reading.read(run_directory)
    if recording.run.state != "died":
        return
    directory = rundir.RunDir(run_directory)
    directory.reopen()
    for failure in recorded.deaths(recording):
        _append(directory, failure._replace(time=launched.finished, text=launched.stderr_tail))
    directory.close()
    directory.finish(
        recording.run._replace(exit_code=launched.exit_code, finished=launched.finished)
    )


def start_failure(launched: Launched) -> Failure:
    """What kept pytest from starting, as far as standard error tells. Pure."""
    tail = launched.stderr_tail
    raised = _raised(tail, launched.directory)
    return Failure(
        nodeid="",
        phase="start" if _signal(launched.exit_code) is None else "crash",
        time=launched.finished,
        message=_message(launched, raised),
        text=tail,
        exceptions=(raised,) if raised else (),
    )


def _append(directory: rundir.RunDir, failure: Failure) -> None:
    document = {"$record": "failure", **records.to_json(failure)}
    directory.append(json.dumps(document).encode() + b"\n")


def _message(launched: Launched, raised: Raised | None) -> str:
    tail = launched.stderr_tail
    if ended_by := _signal(launched.exit_code):
        return f"the command was ended by {ended_by}"
    if raised:
        return raised.message
    said = _USAGE.findall(tail) or _SAID.findall(tail) or launched.notes or tail.split("\n")
    lines = [line.strip() for line in said if line.strip()]
    return lines[-1] if lines else f"the command ended with exit status {launched.exit_code}"


def _raised(tail: str, directory: Path) -> Raised | None:
    """The exception at the end of a conftest's or plugin's failed import, or of a traceback."""
    tail = _INTERNAL.sub("", tail)
    begins = max(tail.rfind(_LOADING), tail.rfind(_TRACEBACK))
    found = list(_EXCEPTION.finditer(tail, begins)) if begins >= 0 else []
    if not found:
        return None
    kind, message = found[-1].group(1), found[-1].group(2) or ""
    missing = _MISSING.match(message)
    known = getattr(builtins, kind, None)
    bases = known.__mro__[1:-1] if isinstance(known, type) else ()
    return Raised(
        type=kind,
        bases=tuple(base.__name__ for base in bases),
        message=message,
        attributes={"name": missing[1]} if missing else {},
        frames=tuple(_frame(match, directory) for match in _FRAME.finditer(tail, begins)),
    )


def _frame(match: re.Match[str], directory: Path) -> Frame:
    short, full = match.groups()[:3], match.groups()[3:6]
    file, line, function = full if short[0] is None else short
    outside, _, inside = file.rpartition("/site-packages/")
    path = Path(file)
    own = not outside and path.is_relative_to(directory)
    return Frame(
        file=inside if outside else path.relative_to(directory).as_posix() if own else file,
        line=int(line),
        function=function,
        source=match[7].strip(),
        origin="project" if own or not path.is_absolute() else "installed" if outside else "stdlib",
    )


def _signal(exit_code: int) -> str | None:
    """The signal behind an exit status of 128 and more; None where there is no such signal."""
    try:
        number = exit_code - 128
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return None
