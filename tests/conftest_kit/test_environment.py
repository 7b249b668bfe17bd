from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest_kit import environment, records

GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_JOB": "test",
    "GITHUB_RUN_ID": "77",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_SERVER_URL": "https://github.example",
    "GITHUB_REPOSITORY": "me/it",
    "GITHUB_SHA": "abc",
    "GITHUB_WORKFLOW": "CI",
    "GITHUB_REF": "refs/pull/12/merge",
    "GITHUB_REF_NAME": "12/merge",
}


class TestCiJob:
    """What CI providers tell a job of itself."""

    @pytest.mark.parametrize(
        ("environ", "expected"),
        [
            ({}, {}),
            (
                {**GITHUB, "GITHUB_HEAD_REF": "feature/x"},
                {
                    "provider": "github",
                    "job": "test",
                    "build": "77",
                    "url": "https://github.example/me/it/actions/runs/77",
                    "branch": "feature/x",
                    "commit": "abc",
                    "repository": "me/it",
                    "workflow": "CI",
                    "attempt": "2",
                    "pull_request": "12",
                },
            ),
            (
                {
                    "GITHUB_ACTIONS": "true",
                    "GITHUB_REF": "refs/heads/v2/7",
                    "GITHUB_REF_NAME": "v2/7",
                },
                {"provider": "github", "branch": "v2/7"},
            ),
            (
                {
                    "GITLAB_CI": "true",
                    "CI_JOB_NAME": "unit {x}",
                    "CI_COMMIT_REF_NAME": "main",
                    "CI_MERGE_REQUEST_IID": "5",
                },
                {"provider": "gitlab", "job": "unit {x}", "branch": "main", "pull_request": "5"},
            ),
            (
                {
                    "BUILDKITE": "true",
                    "BUILDKITE_BUILD_URL": "https://bk.example/1",
                    "BUILDKITE_JOB_ID": "j",
                    "BUILDKITE_REPO": "https://me:token@host/it.git",
                    "BUILDKITE_PULL_REQUEST": "false",
                },
                {
                    "provider": "buildkite",
                    "job": "j",
                    "url": "https://bk.example/1#j",
                    "repository": "https://host/it.git",
                },
            ),
            (
                {
                    "CIRCLECI": "true",
                    "CIRCLE_PROJECT_USERNAME": "me",
                    "CIRCLE_PROJECT_REPONAME": "it",
                    "CIRCLE_PULL_REQUEST": "https://github.example/me/it/pull/9",
                },
                {"provider": "circleci", "repository": "me/it", "pull_request": "9"},
            ),
            (
                {
                    "TF_BUILD": "True",
                    "SYSTEM_COLLECTIONURI": "https://dev.azure.example/me/",
                    "SYSTEM_TEAMPROJECT": "it",
                    "BUILD_BUILDID": "3",
                    "BUILD_SOURCEBRANCH": "refs/heads/main",
                },
                {
                    "provider": "azure",
                    "build": "3",
                    "url": "https://dev.azure.example/me/it/_build/results?buildId=3",
                    "branch": "main",
                },
            ),
            (
                {
                    "JENKINS_URL": "https://j.example",
                    "BUILD_NUMBER": "4",
                    "GIT_BRANCH": "origin/main",
                },
                {"provider": "jenkins", "build": "4", "branch": "main"},
            ),
        ],
    )
    def test_fields(self, environ: dict[str, str], expected: dict[str, str]):
        """One set of field names, filled from each provider's variables."""
        assert environment.ci_job(environ) == expected


def test_collect(tmp_path: Path):
    """A run's environment, complete, serialisable, without the values of variables."""
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("0123456789\n")
    environ = {"B": "value-of-b", "A": "value-of-a"}
    found = environment.collect(tmp_path, environ, plugins={"pytest": "9.2.0"}, random_seed=7)

    assert found.python["version"] == ".".join(map(str, sys.version_info[:3]))
    assert found.python["executable"] == sys.executable
    assert found.platform["system"] == os.uname().sysname
    assert found.distributions["pytest"] == pytest.__version__
    assert found.plugins == {"pytest": "9.2.0"}
    assert found.git == {"commit": "0123456789", "branch": None, "dirty": None}
    assert found.variables == ("A", "B")
    assert found.random_seed == 7
    assert "value-of" not in json.dumps(records.to_json(found))


def test_no_repository(tmp_path: Path):
    """Outside a repository there is nothing to say of one."""
    assert environment.collect(tmp_path, {}, plugins={}).git == {}


def test_it_starts_no_process(tmp_path: Path):
    """Reading the environment runs no program, whatever the platform module would like to."""
    code = (
        "import sys, pathlib, os\n"
        "sys.addaudithook(lambda event, args: event in ('subprocess.Popen', 'os.posix_spawn',"
        " 'os.fork', 'os.system') and sys.exit(event))\n"
        "from conftest_kit import environment\n"
        "environment.collect(pathlib.Path.cwd(), os.environ, plugins={})\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=False
    )

    assert result.returncode == 0, result.stderr.decode()
