"""The command line as a user meets it: what it prints where, and the status it ends with."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from orchestrator.cli import EXIT_CODES, cli
from orchestrator.commands.options import FAIL_ON_WORDS

TOP_LEVEL = (
    *("run", "review", "causes", "failures", "suggestions", "runs", "show", "resolve", "archive"),
    *("brief", "init", "demo", "stats", "memory", "serve", "send", "rules"),
)
RED = """
import pytest

def test_passes():
    pass

@pytest.mark.parametrize("number", range(6))
def test_wrong(number):
    assert number == -1
"""
NEEDS = "import no_such_module_anywhere\n"


def orchestrator(*arguments: str, cwd: Path, **options):
    """The real command in a process of its own."""
    environ = {**os.environ, **options.pop("environ", {})}
    return subprocess.run(
        [sys.executable, "-m", "orchestrator", *arguments],
        cwd=cwd,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **options,
    )


def pytest_command(*arguments: str) -> tuple[str, ...]:
    """pytest as the tests' own environment has it, without the plugins of the developer."""
    return (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments)


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory):
    """A project whose red run was recorded and reviewed, and what `run` gave."""
    project = tmp_path_factory.mktemp("reviewed")
    (project / "pyproject.toml").write_text('[project]\nname = "shop"\n[tool.pytest.ini_options]\n')
    (project / "test_red.py").write_text(RED)
    (project / "test_needs.py").write_text(NEEDS)
    command = pytest_command("--continue-on-collection-errors")
    return project, orchestrator("run", "--", *command, cwd=project)


@pytest.fixture
def project(reviewed, tmp_path):
    """A copy of the project with its runs and its memory."""
    copy = tmp_path / "project"
    shutil.copytree(reviewed[0], copy)
    return copy


@pytest.fixture
def invoke(monkeypatch):
    """Calls a command in this process, in a folder."""

    def call(*arguments: str, cwd: Path):
        monkeypatch.chdir(cwd)
        return CliRunner().invoke(cli, list(arguments))

    return call


def commands(group: click.Group = cli, path: tuple[str, ...] = ()):
    """Every command with the words that call it."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        yield (*path, name), command


def test_the_top_level_is_what_was_promised():
    """No command more, none less, and in the order in which people need them."""
    assert tuple(cli.list_commands(click.Context(cli))) == TOP_LEVEL


@pytest.mark.parametrize(
    ("words", "command"), list(commands()), ids=[" ".join(words) for words, _ in commands()]
)
def test_every_command_explains_itself(words, command, invoke, tmp_path):
    """Each has a help text, and so has each of its options."""
    result = invoke(*words, "--help", cwd=tmp_path)

    assert result.exit_code == 0
    assert command.help
    assert all(one.help for one in command.params if isinstance(one, click.Option))


def test_every_command_is_documented():
    """The README names every command."""
    readme = Path(__file__).parents[2].joinpath("README.md").read_text("utf-8")

    assert [words[0] for words, _ in commands() if f"orchestrator {words[0]}" not in readme] == []


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--no-such"], 64, "No such option"),
        (["no-such"], 64, "No such command 'no-such'"),
        (["review", "--format", "yaml"], 64, "'yaml' is not one of"),
        (["review", "--fail-on", "new,rain"], 64, "'rain' is none of: new, capture,"),
        (["review", "--output", "no/such/folder.md"], 64, "must be a file in a folder that exists"),
        (["run"], 64, "Missing argument 'COMMAND...'"),
        (["run", "--", "no-such-program"], 64, "cannot run 'no-such-program'"),
        (["review"], 65, "run"),
        (["review", "20250101"], 65, "20250101"),
        (["archive", "-o", "x.tar.gz"], 65, "run"),
        (["causes"], 69, "there is no memory at"),
        (["causes", "--memory", "no/such.db"], 69, "no/such.db"),
        (["causes", "--memory", "postgresql://me:secret@host/db"], 69, "not supported yet"),
    ],
)
def test_what_goes_wrong_has_a_status_and_one_message(arguments, status, said, invoke, tmp_path):
    """The message names the thing and its value; nothing is left behind."""
    result = invoke(*arguments, cwd=tmp_path)

    assert result.exit_code == status
    assert said in result.stderr
    assert "secret" not in result.stderr
    assert result.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_a_setting_that_is_not_allowed_is_named(invoke, tmp_path, monkeypatch):
    """A wrong variable is a usage error that names key and value."""
    monkeypatch.setenv("CONFTEST_KIT_KEEP_RUNS", "many")

    result = invoke("review", cwd=tmp_path)

    assert result.exit_code == 64
    assert "CONFTEST_KIT_KEEP_RUNS" in result.stderr
    assert "'many'" in result.stderr


@pytest.mark.parametrize("debug", [False, True])
def test_a_bug_of_ours_is_one_line(debug, invoke, tmp_path, monkeypatch):
    """No traceback unless it is asked for."""

    def broken(*_arguments):
        raise RuntimeError("\x1b[31mno good\x1b[0m")

    monkeypatch.setattr("orchestrator.reviews.locate", broken)

    result = invoke(*(["--debug"] if debug else []), "review", cwd=tmp_path)

    assert result.exit_code == 70
    assert "a bug of ours: RuntimeError: no good; please report" in result.stderr
    assert ("Traceback" in result.stderr) is debug


def test_a_red_run_is_reviewed_and_its_status_kept(reviewed):
    """pytest's output, then the report, and pytest's own exit status."""
    _, result = reviewed

    assert result.returncode == 1
    assert result.stdout.index("6 failed, 1 passed") < result.stdout.index("2 causes of 7 failures")
    assert "\n\nrun 2" in result.stdout
    assert "missing dependency · no-such-module-anywhere · 1 failure · NEW" in result.stdout
    assert "… and 2 more" in result.stdout
    assert result.stderr == ""


def test_what_no_test_could_fail_on_is_reviewed(tmp_path):
    """A conftest that cannot be imported ends pytest before any test: it is the cause."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "conftest.py").write_text(NEEDS)
    result = orchestrator("run", "--", *pytest_command(), cwd=tmp_path)

    assert result.returncode == 4
    assert "no test started (exit status 4)" in result.stdout
    assert "where   conftest.py:1 in <module>" in result.stdout
    assert "tests   pytest itself (start)" in result.stdout
    assert "warning" not in result.stdout


def test_run_goes_on_where_the_settings_cannot_be_read(tmp_path):
    """A pyproject.toml that does not parse stops pytest, and is reviewed, not refused."""
    (tmp_path / "pyproject.toml").write_text("[tool.pytest\n")

    done = orchestrator("run", "--format", "json", "--", *pytest_command(), cwd=tmp_path)

    assert done.returncode == 4
    assert "this run goes on without it" in done.stderr
    assert json.loads(done.stdout)["causes"][0]["category"] == "configuration"


def test_a_run_is_reviewed_again_without_a_change(invoke, project):
    """The second review says so, and the memory has one run."""
    result = invoke("review", cwd=project)
    runs = invoke("runs", "--format", "json", cwd=project)

    assert result.exit_code == 0
    assert "reviewed before" in result.stdout
    assert len(json.loads(runs.stdout)) == 1


def test_a_report_for_programs_goes_to_a_file(invoke, project):
    """`--format json --output FILE` writes what the schema describes, and prints nothing."""
    result = invoke("review", "--format", "json", "--output", "report.json", cwd=project)
    report = json.loads((project / "report.json").read_text("utf-8"))
    schema = json.loads(files("orchestrator").joinpath("data/report.schema.json").read_text())

    assert result.stdout == ""
    assert report["run"]["counts"]["failed"] == 6
    Draft202012Validator(schema).validate(report)


@pytest.mark.parametrize(
    ("words", "status"),
    [("missing_dependency", 80), ("network,new", 80), ("network, capture", 0)],
)
def test_a_gate_fails_on_what_it_names(words, status, invoke, project):
    """`--fail-on` matches categories and `new`; otherwise the review did its work."""
    assert invoke("review", "--fail-on", words, cwd=project).exit_code == status


def test_a_gate_speaks_under_run_only_where_pytest_passed(tmp_path):
    """pytest's own status stands, unless it is 0."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_red.py").write_text("def test(): assert 0\n")
    red = orchestrator("run", "--fail-on", "new", "--", *pytest_command(), cwd=tmp_path)
    (tmp_path / "conftest.py").write_text(
        "def pytest_sessionfinish(session): session.exitstatus = 0\n"
    )
    forgiven = orchestrator("run", "--fail-on", "assertion", "--", *pytest_command(), cwd=tmp_path)

    assert red.returncode == 1
    assert forgiven.returncode == 80


def test_projects_share_a_folder_of_metrics(tmp_path):
    """Each has its own file and its name on each series; the review reads what was written there."""
    for name in ("shop", "till"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "pyproject.toml").write_text(f'[project]\nname = "{name}"\n[tool.pytest]\n')
        (folder / "test_red.py").write_text(RED)
        command = ("run", "--metrics-dir", "../shared", "--", *pytest_command())
        ended = orchestrator(*command, cwd=folder)

        assert ended.returncode == 1, ended.stderr
        assert "the metrics file" not in ended.stdout
        assert not (folder / "monitoring").exists()

    for name in ("shop", "till"):
        lines = (tmp_path / "shared" / f"{name}.prom").read_text().splitlines()
        series = [line for line in lines if not line.startswith("#")]
        assert f'pytest_test_failures_total{{project="{name}"}} 6.0' in series
        assert [line for line in series if f'project="{name}"' not in line] == []


def test_without_a_memory_the_report_is_still_printed(project):
    """An unreachable memory is said, and costs `review` its status but `run` not pytest's."""
    (project / "folder").mkdir()
    review = orchestrator("review", "--memory", "folder", cwd=project)
    run = orchestrator(
        "run", "--memory", "folder", "--", *pytest_command("test_red.py"), cwd=project
    )

    assert review.returncode == 69
    assert run.returncode == 1
    for result in (review, run):
        assert "assertion · 6 failures" in result.stdout
        assert "warning  nothing was remembered: the memory" in result.stdout
        assert "is a folder: name a file in it" in result.stderr


def test_a_metrics_file_alone_is_reviewed(invoke, tmp_path):
    """Without a record of a run, what the metrics count is still said."""
    (tmp_path / "monitoring").mkdir()
    (tmp_path / "monitoring" / "pytest_metrics.prom").write_text("pytest_test_failures_total 2\n")

    result = invoke("review", cwd=tmp_path)

    assert result.exit_code == 0
    assert "2 failures counted in total" in result.stdout


@pytest.mark.parametrize("name", ["causes", "failures", "suggestions", "runs"])
def test_lists_come_in_every_format(name, invoke, project):
    """Text, JSON (a list), CSV and Markdown have the same rows."""
    rows = json.loads(invoke(name, "--format", "json", cwd=project).stdout)
    table = invoke(name, cwd=project).stdout.splitlines()
    records = list(csv.DictReader(io.StringIO(invoke(name, "--format", "csv", cwd=project).stdout)))
    page = invoke(name, "--format", "markdown", cwd=project).stdout.splitlines()

    assert rows
    assert len(rows) == len(table) - 1 == len(records) == len(page) - 2
    assert [record.keys() for record in records] == [row.keys() for row in rows]


@pytest.mark.parametrize(
    ("arguments", "number"),
    [
        (["causes", "--category", "missing_dependency"], 1),
        (["causes", "--culprit", "no_such_module_anywhere"], 1),
        (["causes", "--known"], 0),
        (["causes", "--new", "--since", "7d", "--status", "open"], 2),
        (["failures", "--test", "test_red.py::test_wrong*"], 6),
        (["failures", "--run", "latest", "--limit", "3"], 3),
        (["failures", "--search", "no_such_module_anywhere"], 1),
        (["suggestions", "--kind", "no_such_kind"], 0),
        (["runs", "--status", "complete"], 1),
    ],
)
def test_lists_are_narrowed_down(arguments, number, invoke, project):
    """Every filter of the command line reaches the memory."""
    result = invoke(*arguments, "--format", "json", cwd=project)

    assert result.exit_code == 0
    assert len(json.loads(result.stdout)) == number


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", "zz"],
        ["review", "zz"],
        ["archive", "-o", "x.tar.gz", "zz"],
        ["resolve", "--ignore", "zz"],
        ["failures", "--run", "zz"],
    ],
)
def test_an_id_that_names_nothing_has_one_status(arguments, invoke, project):
    """Whichever command is asked, and whether files or the memory have no such thing."""
    result = invoke(*arguments, cwd=project)

    assert result.exit_code == 65
    assert "'zz'" in result.stderr


@pytest.mark.parametrize(
    "arguments", [["causes", "--since", "soon"], ["causes", "--status", "worked"]]
)
def test_a_question_that_makes_no_sense_is_a_usage_error(arguments, invoke, project):
    """The memory's own message is passed on."""
    result = invoke(*arguments, cwd=project)

    assert result.exit_code == 64
    assert arguments[-1] in result.stderr


def test_no_match_is_said_aside(invoke, project):
    """An empty list is no output and no error."""
    result = invoke("causes", "--category", "network", cwd=project)

    assert result.exit_code == 0
    assert result.stdout == ""
    assert "no causes match" in result.stderr


def test_a_decision_is_recorded_and_shown(invoke, project):
    """What a reviewer decided stands in the history of the cause."""
    listed = invoke(
        "suggestions", "--search", "no_such_module_anywhere", "--format", "json", cwd=project
    )
    suggestion = json.loads(listed.stdout)[0]
    cause = suggestion["cause_id"]
    accept = ("--accept", suggestion["suggestion_id"], "--note", "seen in #7", "--fix", "0d70142")
    resolved = invoke("resolve", cause[:8], *accept, cwd=project)
    shown = invoke("show", cause, cwd=project)
    document = json.loads(invoke("show", cause, "--format", "json", cwd=project).stdout)

    assert resolved.exit_code == 0
    assert f"cause {cause} is resolved" in resolved.stdout
    assert shown.stdout.startswith(f"cause {cause}\n")
    assert "seen in #7" in shown.stdout
    assert "accepted  rule" in shown.stdout
    assert document["status"] == "resolved"
    assert document["decisions"][0]["fix"] == "0d70142"


@pytest.mark.parametrize("there", [True, False])
def test_a_decision_is_in_the_metrics(there, invoke, project):
    """At once where a review has written them; elsewhere nothing is scraped."""
    metrics = project / "monitoring" / "pytest_causes.prom"
    before = metrics.read_text()
    if not there:
        metrics.unlink()
    (row, *_) = json.loads(invoke("causes", "--format", "json", cwd=project).stdout)
    resolved = invoke("resolve", row["cause_id"], "--ignore", cwd=project)

    assert (resolved.exit_code, metrics.exists()) == (0, there)
    if there:
        label = f'pytest_causes_open{{category="{row["category"]}"}}'
        was, now = (
            next(float(line.split()[1]) for line in text.splitlines() if line.startswith(label))
            for text in (before, metrics.read_text())
        )
        assert now == was - 1


def test_a_fix_is_a_commit(invoke, project):
    """Words that are none are refused, and nothing is kept."""
    (row, *_) = json.loads(invoke("causes", "--format", "json", cwd=project).stdout)

    refused = invoke("resolve", row["cause_id"], "--fix", "pinned it again", cwd=project)

    assert refused.exit_code == 64
    assert "a fix is a commit" in refused.stderr
    assert "pinned it again" not in invoke("show", row["cause_id"], cwd=project).stdout


def test_a_review_without_a_readable_manifest(invoke, project):
    """It may be why the run is red: it is said, and the review goes on without it."""
    (project / "pyproject.toml").write_text("[tool.black]\nline-length = 100,\n", "utf-8")

    done = invoke("review", cwd=project)

    assert done.exit_code == 0
    assert "cannot read" in done.stderr
    assert "this review goes on without it" in done.stderr


@pytest.mark.parametrize("option", ["--accept", "--note", "--fix", "--culprit"])
def test_what_a_reviewer_types_is_redacted(option, invoke, project, monkeypatch):
    """A token is in no file of the memory, in whatever words it was typed; neither is one in the
    reviewer's name.
    """
    token, name = "ghp_a1B2c3D4e5a1B2c3D4e5a1B2c3D4e5f6G7h8", "plainword-kqzjx-77"
    monkeypatch.setenv("LOGNAME", name)
    monkeypatch.setenv("SERVICE_TOKEN", name)
    (row, *_) = json.loads(invoke("causes", "--format", "json", cwd=project).stdout)

    said = "" if option == "--fix" else "log in with "

    resolved = invoke("resolve", row["cause_id"], option, f"{said}{token}", cwd=project)

    shown = invoke("show", row["cause_id"], cwd=project).stdout
    stored = b"".join(path.read_bytes() for path in (project / "logs").glob("corpus_memory.db*"))
    assert resolved.exit_code == 0
    assert f"{said}[redacted:github-token]" in shown
    assert f"{said}[redacted:github-token]".encode() in stored
    assert token.encode() not in stored
    assert name.encode() not in stored


def test_a_mistyped_suggestion_is_refused(invoke, project):
    """A single word is no remedy: the ids that were meant are said."""
    (row, *_) = json.loads(invoke("suggestions", "--format", "json", cwd=project).stdout)

    refused = invoke("resolve", row["cause_id"], "--accept", "bogus", cwd=project)

    assert refused.exit_code == 65
    assert row["suggestion_id"] in refused.stderr


def test_everything_that_is_listed_can_be_shown(invoke, project):
    """A run, a cause, a failure and a suggestion have a history for people and for programs."""
    for name, key in (
        ("runs", "run_id"),
        ("causes", "cause_id"),
        ("failures", "failure_id"),
        ("suggestions", "suggestion_id"),
    ):
        row = json.loads(invoke(name, "--format", "json", cwd=project).stdout)[0]
        shown = invoke("show", row[key], cwd=project)

        assert shown.exit_code == 0
        assert shown.stdout.startswith(f"{name.removesuffix('s')} {row[key]}\n")


def test_an_archive_to_share_is_written(invoke, project):
    """One file, named on standard output."""
    result = invoke("archive", "latest", "-o", "failure-artifacts.tar.gz", cwd=project)

    assert result.exit_code == 0
    assert result.stdout == "failure-artifacts.tar.gz\n"
    assert (project / "failure-artifacts.tar.gz").stat().st_size > 500


def test_interactions_of_the_predecessor_are_taken_in(invoke, project):
    """`memory import` adds each record once, and counts what is no record."""
    lines = '{"timestamp": "2025-08-30T10:00:00", "suggestion": "Resolve 2"}\nnot JSON\n'
    (project / "interactions.jsonl").write_text(lines)
    first = invoke("memory", "import", "interactions.jsonl", cwd=project)
    second = invoke("memory", "import", "interactions.jsonl", cwd=project)

    assert first.stdout == "1 record added, 0 known already\n"
    assert "1 line left out" in first.stderr
    assert second.stdout == "0 records added, 1 known already\n"


def test_a_reader_that_goes_away_is_no_error(project):
    """`orchestrator review | head` ends quietly, with the status of the command."""
    command = f"{sys.executable} -m orchestrator review | true; echo ${{PIPESTATUS[0]}}"
    result = subprocess.run(
        ["bash", "-c", command], cwd=project, capture_output=True, text=True, check=True
    )

    assert result.stdout == "0\n"
    assert result.stderr == ""


def test_an_ascii_stream_takes_any_report(project):
    """What the stream cannot say is escaped, never a traceback."""
    result = orchestrator("review", cwd=project, environ={"PYTHONIOENCODING": "ascii"})

    assert result.returncode == 0
    assert r"assertion \xb7 6 failures" in result.stdout


@pytest.mark.parametrize(
    ("environ", "terminal", "coloured"),
    [
        ({"TERM": "xterm"}, True, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, True, False),
        ({}, False, False),
        ({"FORCE_COLOR": "1"}, False, True),
    ],
)
def test_colours_are_for_terminals(environ, terminal, coloured, project):
    """A terminal gets colours unless it says otherwise; a pipe gets them only where asked."""
    ours, theirs = pty.openpty()
    options = {"NO_COLOR": "", "FORCE_COLOR": "", **environ}
    with subprocess.Popen(
        [sys.executable, "-m", "orchestrator", "review"],
        cwd=project,
        env={**os.environ, **options},
        stdout=theirs if terminal else subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        output, _ = process.communicate(timeout=60) if not terminal else (b"", b"")
        os.close(theirs)
        while terminal:
            try:
                output += os.read(ours, 65536)
            except OSError:
                break
    os.close(ours)

    assert (b"\x1b[1;31massertion" in output) is coloured
    assert b"6 failures" in output


def test_an_environment_with_the_kit_alone_hands_over(tmp_path):
    """The `orchestrator` that the kit brings into an environment does not hide the tool on PATH."""
    own, tools = tmp_path / "env", tmp_path / "tools"
    for folder, code in (
        (
            own,
            "import sys; sys.modules['click'] = None\nfrom orchestrator.__main__ import main\nmain()",
        ),
        (tools, "import sys; print('the tool', *sys.argv[1:])"),
    ):
        folder.mkdir()
        script = folder / "orchestrator"
        script.write_text(f"#!{sys.executable}\n{code}\n")
        script.chmod(0o755)
    environ = {**os.environ, "PATH": f"{own}{os.pathsep}{tools}{os.pathsep}{os.environ['PATH']}"}

    done = subprocess.run(
        [own / "orchestrator", "review", "latest"],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.returncode) == ("the tool review latest\n", 0)


def test_the_missing_extra_is_named(tmp_path):
    """Without the command's packages there is a message with the install line."""
    code = "import sys; sys.modules['click'] = None; from orchestrator.__main__ import main; main()"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert result.returncode == 64
    assert 'pip install "conftest-kit[orchestrator]"' in result.stderr
    assert "'click' is not installed" in result.stderr


def test_importing_the_package_is_cheap():
    """`import orchestrator` needs none of the command's packages."""
    code = (
        "import sys, orchestrator; orchestrator.review_test_outcomes; "
        "print([name for name in ('click', 'rich', 'jinja2', 'sqlite_utils') if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert result.stdout == "[]\n"


def test_the_exit_codes_are_told_apart():
    """None of ours is one of pytest's, and each is explained once."""
    codes = [code for code, _ in EXIT_CODES]

    assert codes == ["0", "1–5", "64", "65", "69", "70", "80"]
    assert all(meaning for _, meaning in EXIT_CODES)
    assert len(set(FAIL_ON_WORDS)) == len(FAIL_ON_WORDS)
