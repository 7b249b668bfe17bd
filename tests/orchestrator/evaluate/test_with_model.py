"""What a model is worth on cases: one that knows the labels, one that lies, one that is not there."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from orchestrator.cli import cli

SAID = {
    "category": "assertion",
    "kind": "wrong_value",
    "culprit": {"type": "test", "name": "tests/test_sum.py::test_adds", "version": None},
    "remedy": "Correct what test_adds expects.",
    "commands": [],
    "confidence": 0.9,
    "more_information": None,
}


@pytest.fixture
def evaluate(write_case, both, monkeypatch, tmp_path):
    """`evaluate(url, NAME="x")` runs the command with that model, on a run with two causes."""
    folder = write_case("two", *both)

    def run(url, *words, **limits):
        monkeypatch.chdir(tmp_path)
        for key, value in {"ENDPOINT": f"{url}/v1", "NAME": "llama", **limits}.items():
            monkeypatch.setenv(f"CONFTEST_KIT_MODEL_{key}", value)
        return CliRunner().invoke(cli, ["rules", "evaluate", str(folder), "--with-model", *words])

    return run


@pytest.fixture
def knowing(says):
    """It finds the wrong value, and takes a missing module for one too."""

    def respond(body):
        user = json.loads(body)["messages"][1]["content"]
        number, line = next(line.split(" ", 1) for line in user.splitlines() if "Error: " in line)
        said = {**SAID, "citations": [{"line": int(number), "quote": line.strip()}]}
        if "test_adds" not in user:
            said["culprit"] = None
        return says(json.dumps(said), prompt_tokens=800, answer_tokens=100)

    return respond


def test_rules_model_and_both_are_scored_beside_each_other(evaluate, scripted, knowing):
    """The model has one of two right; where the rules are sure, it changes nothing."""
    server = scripted(knowing)
    report = json.loads(evaluate(server.url, "--format", "json").stdout)
    found = report["model"]["scores"]["runs/tuned"]

    assert {who: one["accuracy"] for who, one in found.items()} == {
        "rules": 1.0,
        "model": 0.5,
        "both": 1.0,
    }
    assert found["model"]["culprit"] == found["model"]["remedy"] == 0.5
    assert found["rules"]["causes"] == 2


def test_the_cost_is_told(evaluate, scripted, knowing):
    """Of each question; where the rules are sure there is one a cause, for the model alone."""
    server = scripted(knowing)
    cost = json.loads(evaluate(server.url, "--format", "json").stdout)["model"]["cost"]

    assert len(server.requests) == cost["requests"] == cost["answers"] == 2
    assert (cost["prompt_tokens"], cost["answer_tokens"]) == (1600, 200)
    assert cost["seconds_slowest"] >= cost["seconds_mean"] > 0
    assert "what the rules thought" not in str(server.requests)


def test_what_the_rules_doubt_is_asked_about_as_a_review_does(evaluate, scripted, knowing):
    """With what the rules thought."""
    server = scripted(knowing)
    evaluate(server.url, CONFIDENCE="1")
    asked = [json.loads(body)["messages"][1]["content"] for *_, body in server.requests]

    assert sum("what the rules thought" in user for user in asked) == 2
    assert len(asked) == 4


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_it_is_shown_to_people(evaluate, scripted, knowing, form):
    """Below the scores of the rules."""
    said = evaluate(scripted(knowing).url, "--format", form).stdout

    assert "llama" in said
    assert "2 answers (0 rejected, 0 questions unanswered) in 2 requests" in said
    assert "800" not in said
    assert "1600 tokens of prompts" in said


def test_rejected_answers_count_as_unknown(evaluate, scripted, says):
    """After the repair."""
    model = json.loads(evaluate(scripted(says("I am sorry")).url, "--format", "json").stdout)[
        "model"
    ]

    assert model["cost"]["rejected"] == 2
    assert model["cost"]["requests"] == 4
    assert model["scores"]["runs/tuned"]["model"]["abstained"] == 1.0
    assert model["scores"]["runs/tuned"]["both"]["accuracy"] == 1.0


def test_the_budget_of_a_day_holds(evaluate, scripted, knowing):
    """Cases beyond it are in no score, and their number is said."""
    result = evaluate(scripted(knowing).url, "--format", "json", DAY_REQUESTS="1")
    model = json.loads(result.stdout)["model"]

    assert (model["left_out"], model["scores"]) == (1, {})


def test_a_server_that_is_silent_is_said(evaluate, scripted, answer, write_case, missing):
    """After a few cases: what nobody answered is no score."""
    write_case("three", *missing)
    result = evaluate(scripted(answer(status=401, body=b"who are you")).url)

    assert result.exit_code == 69
    assert "it answers 401 who are you" in result.stderr


def test_without_a_model_there_is_nothing_to_ask(evaluate, monkeypatch):
    """The message says what to set."""
    result = evaluate("http://127.0.0.1:1", ENDPOINT="", NAME="")

    assert result.exit_code == 64
    assert "--with-model needs a model: set `endpoint` and `name`" in result.stderr
