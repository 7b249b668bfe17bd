"""The demo: a small shop's tests go red and are reviewed, told like a shell transcript."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SAMPLE = Path(__file__).parent / "data" / "demo"
# The sample's files end in this, so that neither pytest nor an import takes them for ours.
_SUFFIX = ".txt"
# Settings of the caller that would lead the demo to another memory or change what pytest does.
_FOREIGN = ("CONFTEST_KIT_", "PYTEST_")
_PYTEST = ("run", "--", "python", "-m", "pytest")


def run(directory: Path | None, echo: Callable[[str], None]) -> int:
    """Shows the commands at work on a copy of the sample project.

    The copy is made in `directory`, else in a new temporary folder, and stays. `echo` gets every
    command and its output, line by line.

    Returns 0, or the exit status of the first command that could not do its work.

    Raises:
        FileExistsError: the folder exists.
    """
    shell = _Shell(directory=copy_sample(directory), environ=_environ(os.environ), echo=echo)
    try:
        _tell(shell)
    except subprocess.CalledProcessError as error:
        return int(error.returncode)
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shell:
    """Runs `orchestrator` in the sample project."""

    directory: Path
    environ: Mapping[str, str]
    echo: Callable[[str], None]

    def say(self, text: str) -> None:
        """Echoes a remark."""
        self.echo("")
        self.echo(f"# {text}")

    def show(self, *arguments: str, red: bool = False) -> None:
        """Echoes the command and its output; a red test run is no error."""
        self.echo("")
        self.echo(f"$ orchestrator {shlex.join(arguments)}")
        with subprocess.Popen(
            self._command(arguments),
            cwd=self.directory,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                self.echo(line.rstrip("\n"))
        if process.returncode and not red:
            raise subprocess.CalledProcessError(process.returncode, arguments)

    def ask(self, *arguments: str) -> Any:
        """What a query command answers as JSON, not echoed."""
        answer = subprocess.run(
            self._command((*arguments, "--format", "json")),
            cwd=self.directory,
            env=self.environ,
            stdout=subprocess.PIPE,
            check=True,
        )
        return json.loads(answer.stdout)

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        python = [sys.executable if word == "python" else word for word in arguments]
        return [sys.executable, "-m", "orchestrator", *python]


def _tell(shell: _Shell) -> None:
    shell.echo(f"$ cd {shlex.quote(str(shell.directory))}")
    shell.say(
        "Two test files cannot be imported, other tests fail, the last one kills the process."
    )
    shell.show(*_PYTEST, red=True)

    missing = shell.ask("suggestions", "--category", "missing_dependency", "--search", "bs4")[0]
    cause, suggestion = str(missing["cause_id"]), str(missing["suggestion_id"])
    shell.say("All of it is in the memory now. What broke, what to do, and one cause in full:")
    shell.show("causes")
    shell.show("suggestions", "--category", "missing_dependency")
    shell.show("show", cause)

    shell.say("A reviewer decides; the next run that meets this cause is told.")
    shell.show("resolve", cause, "--accept", suggestion, "--note", "belongs in pyproject.toml")
    shell.show(*_PYTEST, "tests/test_suppliers.py", red=True)
    shell.say(f"The project, its runs and its memory stay in {shell.directory}")


def copy_sample(directory: Path | None) -> Path:
    """The sample project in `directory`, else in a new temporary folder.

    Raises:
        FileExistsError: the folder exists.
    """
    if directory is None:
        directory = Path(tempfile.mkdtemp(prefix="conftest-kit-demo-")) / "shop"
    directory.mkdir(parents=True)
    for source in sorted(_SAMPLE.rglob(f"*{_SUFFIX}")):
        target = directory / source.relative_to(_SAMPLE).with_suffix("")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    return directory


def _environ(environ: Mapping[str, str]) -> dict[str, str]:
    ours = {name: value for name, value in environ.items() if not name.startswith(_FOREIGN)}
    if sys.stdout.isatty() and "NO_COLOR" not in environ:
        ours["FORCE_COLOR"] = "1"  # what the commands write reaches the terminal through a pipe
    return ours
