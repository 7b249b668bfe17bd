"""The jobs that `orchestrator init --ci` writes are run, as far as a shell goes."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

GREEN = "def test_ok(): pass\n"


def prepare(project, idiom, *, green=False):
    """Leaves the sample with one way to install things, and red unless it is to be green."""
    (pyproject, _, constraints) = (
        (project.folder / "pyproject.toml").read_text().partition("[tool.uv]")
    )
    if idiom == "requirements":
        pyproject = ""
        (project.folder / "requirements.txt").write_text("pytest\n")
    if idiom == "uv":
        pyproject += f"[tool.uv]{constraints}"
    (project.folder / "pyproject.toml").write_text(pyproject)
    if green:
        (project.folder / "tests" / "api" / "test_login.py").write_text(GREEN)
        (project.folder / "tests" / "test_pages.py").unlink()


def archives(project, path):
    """What an upload of that path takes."""
    return [found.name for found in (project.folder / path).glob("**/*") if found.is_file()]


@pytest.mark.parametrize(("idiom", "green"), [("uv", False), ("requirements", True)])
def test_a_job_of_github(project, idiom, green):
    """It is red as pytest is, reports, keeps the memory, and uploads a red run's archive alone."""
    prepare(project, idiom, green=green)
    project.follow("orchestrator init --ci github")
    workflow = project.folder / ".github" / "workflows" / "conftest-kit.yml"
    summary = project.folder / "summary.md"
    project.environ["GITHUB_STEP_SUMMARY"] = str(summary)

    failed, used = project.follow_job(
        yaml.safe_load(workflow.read_text())["jobs"]["pytest"]["steps"]
    )

    report = summary.read_text()
    assert failed is not green, report
    assert ("2 causes of 2 failures" in report) is not green
    assert (project.folder / used["actions/cache/save"]["path"]).is_file()
    assert ("actions/upload-artifact" in used) is not green
    if not green:
        (name,) = archives(project, used["actions/upload-artifact"]["path"])
        assert name.endswith(".tar.gz")


def test_a_job_of_gitlab(project, tmp_path):
    """The same, with the report at the end of the log; what was learnt is known to the next job."""
    prepare(project, "pyproject")
    project.environ["HOME"] = str(tmp_path)
    project.follow("orchestrator init --ci gitlab")
    pipeline = yaml.safe_load((project.folder / ".gitlab-ci.yml").read_text())
    (included,) = (Path(entry["local"]) for entry in pipeline["include"])
    job = yaml.safe_load((project.folder / included).read_text())["pytest"]

    first = project.run("\n".join([*job["before_script"], *job["script"]]))
    second = project.run("\n".join(job["script"]))

    assert first.returncode == second.returncode == 1, first.stderr
    assert "2 causes of 2 failures" in first.stdout
    assert first.stdout.count("NEW") == 2
    assert "NEW" not in second.stdout
    (memory,), (archive,) = job["cache"]["paths"], job["artifacts"]["paths"]
    assert (project.folder / memory).is_file()
    assert len(archives(project, archive)) == 2
