"""The command line: the only place that prints or exits."""

from __future__ import annotations

import getpass
import os
import shutil
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from conftest_kit import settings as kit_settings
from conftest_kit.settings import Settings, SettingsError
from corpus_memory_logging import Filters, Store, interactions, open_store, queries
from corpus_memory_logging.errors import QueryError, StoreError, UnknownId
from corpus_memory_logging.records import CATEGORIES, Review
from orchestrator import demo as sample
from orchestrator import launch, options, report, reviews
from orchestrator.cli_init import init
from orchestrator.errors import (
    MemoryUnreachable,
    OrchestratorError,
    UnreadableInput,
    UsageProblem,
)
from orchestrator.options import FAIL_ON
from orchestrator.report import history, plain, tables
from orchestrator.report.view import counted

USAGE, BUG = 64, 70
EXIT_CODES: tuple[tuple[str, str], ...] = (
    ("0", "done; `run`: pytest passed"),
    ("1–5", "`run` only: pytest's own status, unchanged (128+n where signal n ended it)"),
    (f"{USAGE}", "usage: an option, a value or a setting that is not allowed"),
    ("65", "unreadable input: an id that names nothing, a damaged record or metrics file"),
    ("69", "the memory cannot be reached; a report is printed all the same"),
    (f"{BUG}", "a bug of ours; `--debug` shows where"),
    (f"{FAIL_ON}", "`--fail-on` matched (under `run` only where pytest gave 0)"),
)
COLUMNS = {
    "suggestions": ("suggestion_id", "status", "category", "culprit", "text"),
    "failures": ("failure_id", "phase", "category", "nodeid", "message"),
    "causes": ("cause_id", "status", "category", "culprit", "failures", "last_seen", "title"),
    "runs": ("run_id", "state", "exit_code", "counts", "causes", "branch", "commit"),
}


class _Orchestrator(click.Group):
    """Turns every error into one message and the exit status that the README promises."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """In the order in which people need them."""
        return list(self.commands)

    def main(self, *args: Any, **extra: Any) -> Any:
        """Never returns: it exits."""
        extra["standalone_mode"] = False
        words = extra.get("args") or (args[0] if args else None) or sys.argv[1:]
        debug = words[:1] == ["--debug"] or bool(os.environ.get("CONFTEST_KIT_DEBUG"))
        sys.exit(_status(lambda: super(_Orchestrator, self).main(*args, **extra), debug=debug))


def main() -> None:
    """The whole command. Exits."""
    for stream in (sys.stdout, sys.stderr):
        # A report may hold any text, while the stream may be ASCII.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    cli(prog_name="orchestrator")


@click.group(cls=_Orchestrator, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("conftest-kit"), prog_name="orchestrator")
@click.option("--debug", is_flag=True, help="Show where a bug of ours happened.")
def cli(debug: bool) -> None:
    """Find out what broke in a pytest run, why, whether it is new and what to do.

    RUN is the id of a run, the beginning of one, its folder, or `latest`.
    """


@cli.command(context_settings={"allow_interspersed_args": False})
@options.reporting
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_context
def run(
    context: click.Context, /, command: tuple[str, ...], memory: str | None, **wanted: Any
) -> int:
    """Run pytest with the kit loaded and review the run: `orchestrator run -- pytest …`.

    COMMAND may be any pytest of any environment. Its output and exit status are passed through.
    """
    settings, problems = kit_settings.load_what_is_right(*_place(memory))
    for problem in problems:
        _say(f"{problem}; this run goes on without it")
    launched = launch.launch(
        command, environ=os.environ, directory=Path.cwd(), stderr=sys.stderr.buffer
    )

    def stages(store: Store | None) -> Iterator[str | Review]:
        return reviews.of_launched(launched, settings=settings, store=store, now=_now())

    if wanted["form"] == "text" and not wanted["output"]:
        _emit("\n")  # a process that died leaves its last line open
    status = _status(
        lambda: _review(stages, settings, **wanted), debug=context.find_root().params["debug"]
    )
    return launched.exit_code or (status if status == FAIL_ON else 0)


@cli.command()
@options.reporting
@click.argument("run", default="latest")
def review(run: str, memory: str | None, **wanted: Any) -> int:
    """Review the latest run, or the one named, and remember what it taught."""
    settings = _settings(memory)

    if run != "latest" or not settings.metrics_file.exists():
        reviews.locate(run, settings)  # first, so that a wrong name makes no memory

    def stages(store: Store | None) -> Iterator[str | Review]:
        return reviews.of_named(run, settings=settings, store=store, now=_now())

    return _review(stages, settings, **wanted)


def _query(name: str, help: str) -> None:
    @cli.command(name, help=help)
    @options.filtering
    def command(memory: str | None, form: str, **filters: Any) -> None:
        with _open(_settings(memory)) as store:
            rows = getattr(queries, name)(store, Filters(**filters))
        if not rows and form == "text":
            _say(f"no {name} match")
            return
        _emit(tables.render(rows, form, columns=COLUMNS[name], **_look()))


_query("causes", "List causes, the most recently seen first.")
_query("failures", "List failures, the newest first.")
_query("suggestions", "List what was suggested, the newest first.")
_query("runs", "List runs, the newest first.")


@cli.command()
@options.memory
@options.chosen_format(history.FORMATS, "How it is shown.")
@click.argument("id")
def show(id: str, form: str, memory: str | None) -> None:
    """Show a run, cause, failure or suggestion with its history."""
    with _open(_settings(memory)) as store:
        found = queries.show(store, id)
    _emit(history.render(found, form, **_look()))


@cli.command()
@options.memory
@click.argument("cause")
@click.option(
    "--accept", metavar="SUGGESTION", help="It is right; a sentence is a remedy of your own."
)
@click.option("--reject", metavar="SUGGESTION", help="This suggestion is wrong.")
@click.option("--category", type=click.Choice(CATEGORIES), metavar="CATEGORY", help="It is this.")
@click.option("--culprit", metavar="NAME", help="This is what to act on.")
@click.option("--note", metavar="TEXT", help="What the next reader should know.")
@click.option("--fix", metavar="COMMIT", help="The commit that fixed it.")
@click.option("--ignore", is_flag=True, help="Known and left as it is.")
def resolve(cause: str, memory: str | None, **decision: Any) -> None:
    """Record what a reviewer decided; it is recalled when the cause comes back."""
    with _open(_settings(memory)) as store:
        decided = reviews.resolve(store, cause, now=_now(), reviewer=_reviewer(), **decision)
    _emit(
        f"cause {decided['cause_id']} is {decided['status']}: {plain.one_line(decided['title'])}\n"
    )


@cli.command()
@click.argument("run", default="latest")
@click.option("-o", "--output", metavar="FILE", required=True, help="The archive to write.")
@click.option(
    "--include-binary", is_flag=True, help="Also what cannot be searched for secrets: pictures, …"
)
def archive(run: str, output: str, include_binary: bool) -> None:
    """Write a run to an archive that can be shared: redacted, with a manifest."""
    settings = _settings()
    directory = reviews.locate(run, settings)
    try:
        absent = reviews.share(
            directory, Path(output), settings=settings, include_binary=include_binary
        )
    except OSError as error:
        raise UsageProblem(f"cannot write {output!r}: {error.strerror}") from error
    for sentence in absent:
        _say(sentence)
    _emit(f"{output}\n")


cli.add_command(init)


@cli.command()
@click.argument("directory", required=False, type=click.Path(path_type=Path))
def demo(directory: Path | None) -> int:
    """Watch a small project go red and be reviewed, in DIRECTORY or a new temporary folder."""
    try:
        return sample.run(directory, lambda line: _emit(f"{line}\n"))
    except FileExistsError as error:
        raise UsageProblem(f"{str(directory)!r} exists: name a folder to make") from error


@cli.group()
def memory() -> None:
    """Work on the memory as a whole."""


@memory.command("import")
@options.memory
@click.argument("path", type=click.Path(exists=True, path_type=Path))
def import_(path: Path, memory: str | None) -> None:
    """Take in the interactions that ABZU's JSONL files hold, rotated and quarantined ones too."""
    with _open(_settings(memory), create=True) as store:
        taken = interactions.take_in(store, path)
    _emit(f"{counted(taken.added, 'record')} added, {taken.repeated} known already\n")
    if taken.malformed:
        _say(f"{counted(taken.malformed, 'line')} left out: no JSON objects")


def _review(
    stages: Callable[[Store | None], Iterator[str | Review]],
    settings: Settings,
    *,
    form: str,
    output: Path | None,
    fail_on: frozenset[str],
) -> int:
    """Prints the report, also where the memory cannot be reached."""
    status = 0
    try:
        with _open(settings, create=True) as store:
            found = _followed(stages(store))
    except (StoreError, MemoryUnreachable) as error:
        _say(str(error))
        status = MemoryUnreachable.exit_code
        found = _followed(stages(None))
        found = replace(found, warnings=(*found.warnings, f"nothing was remembered: {error}"))
    _emit(report.render(found, form, **_look(output)), output)
    return FAIL_ON if fail_on & _words(found) else status


def _words(review: Review) -> set[str]:
    """What `--fail-on` can match in a review."""
    words = {cause.verdict.category for cause in review.causes}
    words |= {finding.kind for finding in review.findings}
    return words | ({"new"} if any(not cause.remembered for cause in review.causes) else set())


def _followed(stages: Iterator[str | Review]) -> Review:
    """The review that the stages end with; on a terminal the stage is shown meanwhile."""
    terminal = sys.stderr.isatty()
    with Console(stderr=True).status("") if terminal else nullcontext() as progress:
        for stage in stages:
            if isinstance(stage, Review):
                return stage
            if progress:
                progress.update(stage)
    raise AssertionError("the pipeline ended without a review")


def _settings(memory: str | None = None) -> Settings:
    return kit_settings.load(*_place(memory))


def _place(memory: str | None) -> tuple[Path, Mapping[str, str], Mapping[str, str]]:
    """Where settings come from: the project's folder, the environment, the command line."""
    if memory and "://" not in memory:
        memory = str(Path(memory).absolute())  # on a command line, relative to where we are
    root = kit_settings.find_root(Path.cwd())
    return root, os.environ, {"memory": memory} if memory else {}


def _open(settings: Settings, *, create: bool = False) -> Store:
    location = settings.memory_location
    if not create and "://" not in location and not Path(location).exists():
        raise MemoryUnreachable(
            f"there is no memory at {location!r} yet: `orchestrator review` makes one, "
            "--memory names another"
        )
    return open_store(location, project=settings.project)


def _reviewer() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name, as in many containers
        return "unknown"


def _now() -> datetime:
    return datetime.now(UTC)


def _look(output: Path | None = None) -> dict[str, Any]:
    """How text may look where it goes: only a terminal has a width."""
    terminal = sys.stdout.isatty() and not output
    colour = terminal and os.environ.get("TERM") != "dumb"
    asked = bool(os.environ.get("FORCE_COLOR")) and not output
    if os.environ.get("NO_COLOR"):
        colour = False
    elif asked:
        colour = True
    # Through a pipe to a terminal (the demo), both variables together stand for it.
    width = terminal or (asked and "COLUMNS" in os.environ)
    return {"width": shutil.get_terminal_size().columns if width else None, "colour": colour}


def _emit(text: str, output: Path | None = None) -> None:
    """To a file, else to standard output; a reader that has gone (`| head`) is no error."""
    if output:
        try:
            output.write_text(text, encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise UsageProblem(f"--output {str(output)!r}: {error.strerror}") from error
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # What is still buffered would fail once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(message: str) -> None:
    print(f"orchestrator: {plain.clean(message)}", file=sys.stderr)


def _status(command: Callable[[], Any], *, debug: bool) -> int:
    """The exit status of a command, whatever it raises."""
    try:
        return int(command() or 0)
    except click.UsageError as error:
        error.show()
        return USAGE
    except click.Abort:
        return 130
    except UnknownId as error:
        _say(str(error))
        return UnreadableInput.exit_code
    except (click.ClickException, SettingsError, QueryError) as error:
        _say(str(error))
        return USAGE
    except StoreError as error:
        _say(str(error))
        return MemoryUnreachable.exit_code
    except OrchestratorError as error:
        _say(str(error))
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the last resort: our bugs are said, not shown
        if debug:
            traceback.print_exception(error)
        _say(
            f"a bug of ours: {type(error).__name__}: {plain.one_line(str(error), 200)}; please "
            "report it with what `orchestrator --debug …` prints"
        )
        return BUG
