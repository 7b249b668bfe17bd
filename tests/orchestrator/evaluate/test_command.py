from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from orchestrator.cli import cli


@pytest.fixture
def evaluate(write_case, both, missing):
    """Runs the command on a case of each part."""
    write_case("one", *missing, project="tinydb")
    failures, (label, wrong) = both
    folder = write_case("two", failures, [{**label, "category": "fixture"}, wrong])

    def run(*arguments):
        return CliRunner().invoke(cli, ["rules", "evaluate", str(folder), *map(str, arguments)])

    run.folder = folder
    return run


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_shows_scores_and_what_is_wrong(evaluate, form):
    """Of the part that rules are tuned on in detail."""
    result = evaluate("--format", form)

    assert result.exit_code == 0
    for word in ("runs/tuned", "runs/scored", "macro-F1", "missing-module@", "two"):
        assert word in result.stdout
    assert ("fixture → missing_dependency" in result.stdout) is (form == "text")


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_a_summary_has_no_single_cases(evaluate, form):
    """For the README."""
    said = evaluate("--format", form, "--summary").stdout

    assert "missing-module@" not in said
    assert "missing_dependency" in said


def test_shows_what_is_only_scored_if_asked(evaluate):
    """Else it is a number."""
    (evaluate.folder / "runs" / "one" / "label.json").write_text(
        json.dumps(
            {
                "project": "tinydb",
                "causes": [{"category": "network", "kind": "dns", "tests": ["*"], "remedy": {}}],
            }
        )
    )

    assert "causes with something wrong: 1" in evaluate().stdout
    assert "Causes with something wrong: 1." in evaluate("--format", "markdown").stdout
    assert "one: network → missing_dependency" in evaluate("--show-scored").stdout


def test_fails_where_a_score_fell(evaluate, tmp_path):
    """With the status of a gate, and a sentence for each."""
    baseline = tmp_path / "scores.json"
    assert evaluate("--format", "json", "--output", baseline).exit_code == 0
    held = evaluate("--baseline", baseline)
    document = json.loads(baseline.read_text())
    document["scores"]["runs/tuned"]["accuracy"] = 0.9
    baseline.write_text(json.dumps(document))
    fell = evaluate("--baseline", baseline)

    assert (held.exit_code, held.stderr) == (0, "")
    assert fell.exit_code == 80
    assert fell.stderr == "orchestrator: runs/tuned: accuracy is 0.5000, was 0.9000\n"


def test_fails_where_the_reducer_keeps_less(evaluate, tmp_path):
    """What is left of failures is scored too; scores of before it was are still a baseline."""
    baseline = tmp_path / "scores.json"
    evaluate("--format", "json", "--output", baseline)
    document = json.loads(baseline.read_text())
    document["reducer"]["runs/tuned"]["means"]["reducer"]["noisy"] = 1.5
    baseline.write_text(json.dumps(document))
    fell = evaluate("--baseline", baseline)
    baseline.write_text(json.dumps({"scores": document["scores"]}))

    assert fell.exit_code == 80
    assert "runs/tuned: the reducer keeps 1.0000 of noisy, was 1.5000" in fell.stderr
    assert evaluate("--baseline", baseline).exit_code == 0


@pytest.mark.parametrize(
    ("content", "told"),
    [("{", "cannot be read"), ("[]", "must hold a JSON object"), ("{}", "no scores")],
)
def test_refuses_a_baseline_that_is_none(evaluate, tmp_path, content, told):
    """The message names the file."""
    baseline = tmp_path / "scores.json"
    baseline.write_text(content)
    result = evaluate("--baseline", baseline)

    assert result.exit_code == 65
    assert told in result.stderr
    assert str(baseline) in result.stderr


def test_refuses_a_damaged_case(evaluate):
    """The message names the file."""
    (evaluate.folder / "runs" / "one" / "label.json").unlink()
    (evaluate.folder / "runs" / "two" / "project.json").write_text("?")
    result = evaluate()

    assert result.exit_code == 65
    assert "project.json" in result.stderr


def test_refuses_a_folder_that_is_none(tmp_path):
    """As every wrong argument."""
    result = CliRunner().invoke(cli, ["rules", "evaluate", str(tmp_path / "none")])

    assert result.exit_code == 64
