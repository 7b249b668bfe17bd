"""The commands of the group `rules`."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import click

from conftest_kit.root import find_root
from orchestrator import reviews
from orchestrator.commands import options, terminal
from orchestrator.errors import UnreadableInput, UsageProblem
from orchestrator.evaluate import adding, cases, reducing, scores
from orchestrator.evaluate import rendering as report
from orchestrator.evaluate import with_model as comparing
from orchestrator.evaluate.cases import LabelledCase
from orchestrator.evaluate.judge import judge_all
from orchestrator.evaluate.with_model import Comparison
from orchestrator.reader import model_settings


@click.group()
def rules() -> None:
    """Work on the rules that explain failures."""


@rules.command()
@click.argument(
    "folder", metavar="CASES", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option(
    "--baseline",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=f"Scores as `--format json` writes them: exit with {options.FAIL_ON} where one is worse.",
)
@click.option(
    "--show-scored", is_flag=True, help="Also single cases of projects that are only scored."
)
@click.option("--summary", is_flag=True, help="No single cases at all.")
@click.option(
    "--with-model",
    is_flag=True,
    help="Also ask the configured model of each cause: it alone, the rules alone, and both.",
)
@options.chosen_format(report.FORMATS, "How the scores are written.")
@options.output
def evaluate(
    *,
    folder: Path,
    baseline: Path | None,
    form: str,
    output: Path | None,
    with_model: bool,
    **shown: bool,
) -> int:
    """Score the rules on labelled runs: categories, culprits, remedies, grouping, calibration.

    CASES is a folder of cases, as in tests/cases of the repository.
    """
    before = _scores(baseline) if baseline else None
    labelled = list(cases.read_all(folder))
    found = scores.evaluate(judge_all(labelled), reducing.by_section(labelled))
    comparison = _compared(labelled) if with_model else None
    terminal.emit(report.render(found, form, comparison=comparison, **shown), output)
    if before is None:
        return 0
    try:
        fallen = list(scores.fallen(scores.to_json(found, show_scored=False), before))
    except ValueError as error:
        raise UnreadableInput(f"--baseline {str(baseline)!r}: {error}") from error
    for sentence in fallen:
        terminal.say(sentence)
    return options.FAIL_ON if fallen else 0


@rules.command("add-case")
@options.memory
@click.option(
    "--into",
    metavar="CASES",
    type=click.Path(file_okay=False, path_type=Path),
    default="tests/cases",
    show_default=True,
    help="The folder of cases.",
)
@click.option(
    "--mentions",
    metavar="WORD",
    multiple=True,
    help="What a right suggestion has to name; else what the accepted one names, or the culprit.",
)
@click.argument("cause", metavar="CAUSE")
def add_case(cause: str, memory: str | None, into: Path, mentions: tuple[str, ...]) -> None:
    """Make a case of a cause that a reviewer decided, to score rules and models on.

    The last run that had it must still be in `logs/runs`. What is written is redacted.
    """
    settings = terminal.settings_here(memory)
    with terminal.open_memory(settings) as store:
        case = adding.add(
            store,
            cause,
            folder=into,
            settings=settings,
            redactor=reviews.redactor_here(),
            mentions=mentions,
        )
    terminal.emit(f"{case}\n")


def _compared(labelled: Sequence[LabelledCase]) -> Comparison:
    from orchestrator.reader.llm import Model  # noqa: PLC0415 - the HTTP client takes 0.2 s to import

    settings = model_settings.load(find_root(Path.cwd()), os.environ)
    if settings is None:
        raise UsageProblem(
            "--with-model needs a model: set `endpoint` and `name` in [tool.conftest_kit.model]"
        )
    return comparing.evaluate(
        labelled,
        settings=settings,
        model_of_a_review=lambda meter: Model(settings, meter=meter),
        redact=reviews.redactor_here(settings).redact_text,
    )


def _scores(path: Path) -> dict[str, object]:
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UnreadableInput(f"--baseline {str(path)!r} cannot be read: {error}") from error
    if not isinstance(document, dict):
        raise UnreadableInput(f"--baseline {str(path)!r} must hold a JSON object")
    return document
