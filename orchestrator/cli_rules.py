"""The commands of the group `rules`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from orchestrator import options, terminal
from orchestrator.errors import UnreadableInput
from orchestrator.evaluate import cases, reducing, scores
from orchestrator.evaluate import rendering as report
from orchestrator.evaluate.judge import judge


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
@options.chosen_format(report.FORMATS, "How the scores are written.")
@options.output
def evaluate(
    *, folder: Path, baseline: Path | None, form: str, output: Path | None, **shown: bool
) -> int:
    """Score the rules on labelled runs: categories, culprits, remedies, grouping, calibration.

    CASES is a folder of cases, as in tests/cases of the repository.
    """
    before = _scores(baseline) if baseline else None
    labelled = list(cases.read_all(folder))
    found = scores.evaluate(map(judge, labelled), reducing.by_section(labelled))
    terminal.emit(report.render(found, form, **shown), output)
    if before is None:
        return 0
    try:
        fallen = list(scores.fallen(scores.to_json(found, show_scored=False), before))
    except ValueError as error:
        raise UnreadableInput(f"--baseline {str(baseline)!r}: {error}") from error
    for sentence in fallen:
        terminal.say(sentence)
    return options.FAIL_ON if fallen else 0


def _scores(path: Path) -> dict[str, object]:
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UnreadableInput(f"--baseline {str(path)!r} cannot be read: {error}") from error
    if not isinstance(document, dict):
        raise UnreadableInput(f"--baseline {str(path)!r} must hold a JSON object")
    return document
