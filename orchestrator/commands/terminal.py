"""Where the command meets its surroundings: what it prints, and what settings and memory it has."""

from __future__ import annotations

import getpass
import os
import shutil
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from conftest_kit import settings as kit_settings
from conftest_kit.root import find_root
from conftest_kit.settings import Settings
from corpus_memory_logging import Store, open_store
from orchestrator.errors import MemoryUnreachable, UsageProblem
from orchestrator.report import plain


def settings_here(memory: str | None = None) -> Settings:
    """The settings that hold where the command was started."""
    return kit_settings.load(*place_here(memory))


def settings_despite_all(memory: str | None) -> tuple[Settings, bool]:
    """As `settings_here`, and whether pyproject.toml can be read: where it cannot, which may be why
    a run is red, it is said, and the defaults hold.
    """
    root, environ, overrides = place_here(memory)
    if kit_settings.read_pyproject(root)[1] is None:
        return kit_settings.load(root, environ, overrides), True
    settings, problems = kit_settings.load_what_is_right(root, environ, overrides)
    for problem in problems:
        say(f"{problem}; this review goes on without it")
    return settings, False


def place_here(memory: str | None) -> tuple[Path, Mapping[str, str], Mapping[str, str]]:
    """Where settings come from: the project's folder, the environment, the command line."""
    if memory and "://" not in memory:
        memory = str(Path(memory).absolute())  # on a command line, relative to where we are
    root = find_root(Path.cwd())
    return root, os.environ, {"memory": memory} if memory else {}


def open_memory(settings: Settings, *, create: bool = False) -> Store:
    """The project's memory; without `create` only one that is there already.

    Raises:
        MemoryUnreachable: there is none yet.
        corpus_memory_logging.errors.StoreError: it cannot be opened.
    """
    location = settings.memory_location
    if not create and "://" not in location and not Path(location).exists():
        raise MemoryUnreachable(
            f"there is no memory at {location!r} yet: `orchestrator review` makes one, "
            "--memory names another"
        )
    return open_store(location, project=settings.project)


def reviewer() -> str:
    """Who sits at the terminal."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name, as in many containers
        return "unknown"


def now() -> datetime:
    """The present time."""
    return datetime.now(UTC)


def look(output: Path | None = None) -> dict[str, Any]:
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


def emit(text: str, output: Path | None = None) -> None:
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


def say(message: str) -> None:
    """One line on standard error."""
    # In one piece: threads of a server speak here too.
    sys.stderr.write(f"orchestrator: {plain.clean(message)}\n")
    sys.stderr.flush()
