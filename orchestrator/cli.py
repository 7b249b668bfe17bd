"""The command line. It alone prints, through `terminal`, and exits."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from conftest_kit import settings as kit_settings
from conftest_kit.settings import Settings, SettingsError
from corpus_memory_logging import Filters, Store, queries
from corpus_memory_logging.errors import QueryError, StoreError, UnknownId
from corpus_memory_logging.records import CATEGORIES, Review
from orchestrator import demo as sample
from orchestrator import explaining, exposition, launch, report, reviews
from orchestrator.commands import options, terminal
from orchestrator.commands.brief import brief
from orchestrator.commands.init import init
from orchestrator.commands.memory import memory
from orchestrator.commands.options import FAIL_ON
from orchestrator.commands.rules import rules
from orchestrator.commands.send import send
from orchestrator.commands.serve import serve
from orchestrator.commands.stats import stats
from orchestrator.errors import MemoryUnreachable, OrchestratorError, UnreadableInput, UsageProblem
from orchestrator.reader import model_settings
from orchestrator.report import history, plain, tables

USAGE, BUG = 64, 70
EXIT_CODES: tuple[tuple[str, str], ...] = (
    ("0", "done; `run`: pytest passed"),
    ("1–5", "`run` only: pytest's own status, unchanged (128+n where signal n ended it)"),
    (f"{USAGE}", "usage: an option, a value or a setting that is not allowed"),
    ("65", "unreadable input: an id that names nothing, a damaged record or metrics file"),
    ("69", "the memory, or a server that is asked, cannot be reached; a report is printed anyway"),
    (f"{BUG}", "a bug of ours; `--debug` shows where"),
    (
        f"{FAIL_ON}",
        "`--fail-on` matched (under `run` only where pytest gave 0); a score below `--baseline`",
    ),
)
COLUMNS = {
    "suggestions": ("suggestion_id", "status", "category", "culprit", "text"),
    "failures": ("failure_id", "phase", "category", "nodeid", "message"),
    "causes": ("cause_id", "status", "category", "culprit", "failures", "last_seen", "title"),
    "runs": ("run_id", "state", "exit_code", "counts", "causes", "branch", "commit"),
}
INVENTORY = (
    *("category", "culprit", "title", "tests", "failures", "occurrences", "first_seen"),
    *("last_seen", "status", "suggestion", "cause_id"),
)
"""Columns of causes in Markdown: the failure inventory of a project, which keeps itself."""


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
@options.no_model
@options.metrics_dir
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_context
def run(
    context: click.Context,
    /,
    command: tuple[str, ...],
    memory: str | None,
    metrics_dir: str | None,
    no_model: bool,
    **wanted: Any,
) -> int:
    """Run pytest with the kit loaded and review the run: `orchestrator run -- pytest …`.

    COMMAND may be any pytest of any environment. Its output and exit status are passed through.
    """
    root, environ, overrides = terminal.place_here(memory)
    if metrics_dir:
        environ = {**environ, f"{kit_settings.PREFIX}METRICS_DIR": metrics_dir}
    settings, problems = kit_settings.load_what_is_right(root, environ, overrides)
    try:
        model = None if no_model else model_settings.load(root, environ)
    except SettingsError as error:
        model, problems = None, (*problems, str(error))
    for problem in problems:
        terminal.say(f"{problem}; this run goes on without it")
    launched = launch.launch(
        command, environ=environ, directory=Path.cwd(), stderr=sys.stderr.buffer
    )

    def stages(store: Store | None) -> Iterator[str | Review]:
        return reviews.of_launched(
            launched, settings=settings, store=store, now=terminal.now(), model=model
        )

    if wanted["form"] == "text" and not wanted["output"]:
        terminal.emit("\n")  # a process that died leaves its last line open
    status = _status(
        lambda: _review(stages, settings, **wanted), debug=context.find_root().params["debug"]
    )
    return launched.exit_code or (status if status == FAIL_ON else 0)


@cli.command()
@options.reporting
@options.no_model
@click.argument("run", default="latest")
def review(run: str, memory: str | None, no_model: bool, **wanted: Any) -> int:
    """Review the latest run, or the one named, and remember what it taught."""
    settings, is_readable = terminal.settings_despite_all(memory)
    wants_model = is_readable and not no_model
    model = model_settings.load(settings.root, os.environ) if wants_model else None

    if run != "latest" or not settings.metrics_file.exists():
        reviews.locate(run, settings)  # first, so that a wrong name makes no memory

    def stages(store: Store | None) -> Iterator[str | Review]:
        return reviews.of_named(
            run, settings=settings, store=store, now=terminal.now(), model=model
        )

    return _review(stages, settings, **wanted)


def _query(name: str, help: str) -> None:
    @cli.command(name, help=help)
    @options.filtering
    def command(memory: str | None, form: str, **filters: Any) -> None:
        with terminal.open_memory(terminal.settings_here(memory)) as store:
            rows = getattr(queries, name)(store, Filters(**filters))
        if not rows and form == "text":
            terminal.say(f"no {name} match")
            return
        is_inventory = (name, form) == ("causes", "markdown")
        columns = INVENTORY if is_inventory else COLUMNS[name]
        terminal.emit(tables.render(rows, form, columns=columns, **terminal.look()))


_query("causes", "List causes, the most recently seen first.")
_query("failures", "List failures, the newest first.")
_query("suggestions", "List what was suggested, the newest first.")
_query("runs", "List runs, the newest first.")


@cli.command()
@options.memory
@options.chosen_format(history.FORMATS, "How it is shown.")
@click.option("--explain", is_flag=True, help="Of a cause also what the configured model says.")
@click.argument("id")
def show(id: str, form: str, memory: str | None, explain: bool) -> None:
    """Show a run, cause, failure, suggestion, finding or alert with its history."""
    settings = terminal.settings_here(memory)
    model = model_settings.load(settings.root, os.environ) if explain else None
    with terminal.open_memory(settings) as store:
        found = queries.show(store, id)
        if explain:
            found = explaining.explained(
                found, store=store, settings=settings, model=model, now=terminal.now()
            )
    terminal.emit(history.render(found, form, **terminal.look()))


@cli.command()
@options.memory
@click.argument("cause", metavar="CAUSE|FINDING")
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
    """Record what a reviewer decided; it is recalled when the cause or finding comes back."""
    settings, now = terminal.settings_here(memory), terminal.now()
    with terminal.open_memory(settings) as store:
        decided = reviews.resolve(store, cause, now=now, reviewer=terminal.reviewer(), **decision)
        trouble = exposition.refresh(settings, store, now=now)
    for sentence in trouble:
        terminal.say(sentence)
    terminal.emit(
        f"{decided['type']} {decided['id']} is {decided['status']}: "
        f"{plain.one_line(decided['title'])}\n"
    )


@cli.command()
@click.argument("run", default="latest")
@click.option("-o", "--output", metavar="FILE", required=True, help="The archive to write.")
@click.option(
    "--include-binary", is_flag=True, help="Also what cannot be searched for secrets: pictures, …"
)
def archive(run: str, output: str, include_binary: bool) -> None:
    """Write a run to an archive that can be shared: redacted, with a manifest."""
    settings = terminal.settings_here()
    directory = reviews.locate(run, settings)
    try:
        absent = reviews.share(
            directory, Path(output), settings=settings, include_binary=include_binary
        )
    except OSError as error:
        raise UsageProblem(f"cannot write {output!r}: {error.strerror}") from error
    for sentence in absent:
        terminal.say(sentence)
    terminal.emit(f"{output}\n")


cli.add_command(brief)
cli.add_command(init)


@cli.command()
@click.argument("directory", required=False, type=click.Path(path_type=Path))
def demo(directory: Path | None) -> int:
    """Watch a small project go red and be reviewed, in DIRECTORY or a new temporary folder."""
    try:
        return sample.run(directory, lambda line: terminal.emit(f"{line}\n"))
    except FileExistsError as error:
        raise UsageProblem(f"{str(directory)!r} exists: name a folder to make") from error


cli.add_command(stats)
cli.add_command(memory)
cli.add_command(serve)
cli.add_command(send)
cli.add_command(rules)


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
        with terminal.open_memory(settings, create=True) as store:
            found = _followed(stages(store))
    except (StoreError, MemoryUnreachable) as error:
        terminal.say(str(error))
        status = MemoryUnreachable.exit_code
        found = _followed(stages(None))
        found = replace(found, warnings=(*found.warnings, f"nothing was remembered: {error}"))
    terminal.emit(report.render(found, form, **terminal.look(output)), output)
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
        terminal.say(str(error))
        return UnreadableInput.exit_code
    except (click.ClickException, SettingsError, QueryError) as error:
        terminal.say(str(error))
        return USAGE
    except StoreError as error:
        terminal.say(str(error))
        return MemoryUnreachable.exit_code
    except OrchestratorError as error:
        terminal.say(str(error))
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the last resort: our bugs are said, not shown
        if debug:
            traceback.print_exception(error)
        terminal.say(
            f"a bug of ours: {type(error).__name__}: {plain.one_line(str(error), 200)}; please "
            "report it with what `orchestrator --debug …` prints"
        )
        return BUG
