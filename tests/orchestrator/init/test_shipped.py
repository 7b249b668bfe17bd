"""Files that `init` writes whole: each is valid, fits the project, and shares nothing unredacted."""

from __future__ import annotations

import pytest
import yaml

from conftest_kit import settings
from orchestrator.checkout import project
from orchestrator.errors import UsageProblem
from orchestrator.init import shipped, write

MEMORY = "logs/corpus_memory.db"


@pytest.fixture
def repository(tmp_path):
    """The top of a git repository."""
    (tmp_path / ".git").mkdir()
    return tmp_path


@pytest.fixture
def job(repository):
    """`job(provider, pyproject="", folder=".")`: what is written for a project, parsed, and notes."""

    def written(provider, pyproject="", folder="."):
        root = repository / folder
        root.mkdir(exist_ok=True)
        (root / "pyproject.toml").write_text(pyproject)
        changes, notes = shipped.job(provider, settings.load(root, {}), project.read(root))
        for change in changes:
            write(change)
        texts = {change.path.relative_to(repository).as_posix(): change.after for change in changes}
        return {name: yaml.safe_load(text) for name, text in texts.items()}, notes

    return written


@pytest.fixture
def github(job):
    """The only job of the workflow for GitHub."""

    def only(*arguments, **named):
        ((_, workflow),) = job("github", *arguments, **named)[0].items()
        (found,) = workflow["jobs"].values()
        return found

    return only


def steps_of(job, action):
    """What a job gives to an action, each time it uses it."""
    return [
        step["with"]
        for step in job["steps"]
        if step.get("uses", "").partition("@")[0] == f"actions/{action}"
    ]


def test_a_job_of_github_keeps_the_memory_and_uploads_the_archive_alone(github):
    """What is saved is what was fetched, under a key of its own for every attempt."""
    found = github()
    (fetched,), (kept,), (uploaded,) = (
        steps_of(found, name) for name in ("cache/restore", "cache/save", "upload-artifact")
    )

    assert (fetched["path"], fetched["key"]) == (kept["path"], kept["key"])
    assert kept["path"] == MEMORY
    assert kept["key"].startswith("test-memory-${{ github.ref_name }}-${{ github.run_id }}-")
    assert fetched["restore-keys"].splitlines() == [
        "test-memory-${{ github.ref_name }}-",
        "test-memory-",
    ]
    assert uploaded["path"] == "logs/archive"
    assert found["steps"][0]["uses"].startswith("actions/checkout@")


def test_a_workflow_of_github_asks_for_no_rights(job):
    """Reading is enough; YAML 1.1 reads its key `on` as true."""
    ((path, workflow),) = job("github")[0].items()

    assert path == ".github/workflows/conftest-kit.yml"
    assert workflow[True] == ["push", "pull_request"]
    assert workflow["permissions"] == {"contents": "read"}


@pytest.mark.parametrize(
    ("pyproject", "memory", "archive"),
    [
        (
            '[tool.conftest_kit]\nlogs_dir = "out: it\'s"\n',
            "out: it's/corpus_memory.db",
            "out: it's",
        ),
        ('[tool.conftest_kit]\nmemory = "team.db"\n', "team.db", "logs"),
        ('[tool.conftest_kit]\nmemory = "postgresql://db/tests"\n', None, "logs"),
        ('[tool.conftest_kit]\nmemory = "/var/lib/team.db"\n', None, "logs"),
    ],
)
def test_a_job_follows_the_settings(github, job, pyproject, memory, archive):
    """A memory that is elsewhere is not for a cache."""
    found = github(pyproject)
    pipeline = job("gitlab", pyproject)[0][".gitlab/conftest-kit.yml"]
    (uploaded,) = steps_of(found, "upload-artifact")
    kept = [step["path"] for step in steps_of(found, "cache/save")]

    assert kept == ([memory] if memory else [])
    assert uploaded["path"] == f"{archive}/archive"
    assert pipeline["pytest"].get("cache", {}).get("paths", []) == kept
    assert pipeline["pytest"]["artifacts"]["paths"] == [uploaded["path"]]


def test_runs_that_ci_would_not_find_are_refused(job):
    """An archive outside of the checkout cannot be uploaded."""
    with pytest.raises(UsageProblem, match="is outside of the repository"):
        job("github", '[tool.conftest_kit]\nlogs_dir = "/var/log/tests"\n')


def test_a_project_in_a_folder_of_its_repository(github, job):
    """The job is the repository's, its steps run in the folder."""
    found = github(folder="the shop")
    pipeline = job("gitlab", folder="the shop")[0][".gitlab/conftest-kit.yml"]

    assert found["defaults"]["run"]["working-directory"] == "the shop"
    assert steps_of(found, "cache/save")[0]["path"] == f"the shop/{MEMORY}"
    assert pipeline["pytest"]["before_script"][0] == "cd 'the shop'"
    assert pipeline["pytest"]["cache"]["paths"] == [f"the shop/{MEMORY}"]
    assert "defaults" not in github()


def test_a_job_of_gitlab_is_included(job, repository):
    """A pipeline that is there is not edited: what to add is said, until it is there."""
    files, notes = job("gitlab")
    pipeline = repository / ".gitlab-ci.yml"
    again = job("gitlab")
    pipeline.write_text("stages: [test]\n")
    other = job("gitlab")

    assert files[".gitlab-ci.yml"] == {"include": [{"local": ".gitlab/conftest-kit.yml"}]}
    assert files[".gitlab/conftest-kit.yml"]["pytest"]["artifacts"]["when"] == "on_failure"
    assert notes == again[1] == []
    assert list(again[0]) == list(other[0]) == [".gitlab/conftest-kit.yml"]
    assert other[1] == ["add to .gitlab-ci.yml, in `include`: - local: .gitlab/conftest-kit.yml"]
    assert pipeline.read_text() == "stages: [test]\n"


@pytest.fixture
def source(tmp_path_factory):
    """A folder as `monitoring/`, in which tests ran."""
    folder = tmp_path_factory.mktemp("monitoring")
    for name, text in {
        "README.md": "# Runbook\n",
        "pytest_metrics.prom": "",
        ".pytest_metrics.prom.lock": "",
        "rules/alerts.yml": "runbook_url: monitoring/README.md#x\n",
        "dashboards/health.json": "{}",
        "tests/alerts.yml": "",
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_what_monitors_is_copied_without_tests_and_metrics(source, tmp_path):
    """Every file has its place below the destination."""
    changes = shipped.monitoring(tmp_path / "ops", tmp_path, source)

    assert [change.path.relative_to(tmp_path / "ops").as_posix() for change in changes] == [
        "README.md",
        "dashboards/health.json",
        "rules/alerts.yml",
    ]


@pytest.mark.parametrize(
    ("destination", "linked"), [("ops/tests", "ops/tests"), ("../elsewhere", "monitoring")]
)
def test_alerts_lead_to_the_copied_runbook(source, repository, destination, linked):
    """Where it is in the repository."""
    target = (repository / destination).resolve()
    (*_, alerts) = shipped.monitoring(target, repository, source)

    assert alerts.after == f"runbook_url: {linked}/README.md#x\n"


def test_this_checkout_has_what_is_copied(tmp_path):
    """The runbook at least."""
    (first, *_) = shipped.monitoring(tmp_path, tmp_path)

    assert first.path == tmp_path / "README.md"
    assert first.after.startswith("# Monitoring\n")
