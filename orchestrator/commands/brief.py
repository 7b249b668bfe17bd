"""The command `brief`."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator import brief as briefs
from orchestrator import reviews
from orchestrator.checkout import project
from orchestrator.commands import options, terminal


@click.command()
@options.memory
@click.option(
    "--max-tokens",
    type=click.IntRange(min=briefs.LEAST_TOKENS),
    default=4_000,
    show_default=True,
    help="How long the brief may be; three bytes count as a token.",
)
@options.output
@click.argument("what", metavar="[RUN|CAUSE]", default="latest")
def brief(*, what: str, max_tokens: int, memory: str | None, output: Path | None) -> None:
    """Tell a coding agent what failed, how to see it, what is known, what to try and what not.

    In Markdown, the most useful first; what found no room is named at the end. A run that nobody
    has reviewed yet is reviewed first.
    """
    settings = terminal.settings_here(memory)
    directory = reviews.recorded(what, settings)
    with terminal.open_memory(settings, create=directory is not None) as store:
        if directory:
            reviews.ensure(directory, settings=settings, store=store, now=terminal.now())
        found = briefs.gather(store, what, project=project.read(settings.root))
    terminal.emit(briefs.render(found, max_tokens=max_tokens), output)
