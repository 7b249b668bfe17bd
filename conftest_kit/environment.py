"""Where a run runs: interpreter, platform, installed distributions, git, CI. PYTEST_DONT_REWRITE"""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conftest_kit import git
from conftest_kit.distributions import installed_versions
from conftest_kit.run import Environment

_PULL_REQUEST = r"(?:^|pull(?:-requests)?/)(\d+)(?:/|$)"
_USERINFO = r"://[^/\s]*@"

# Each field is a list of templates, the first whose variables are all set counts. Of the variables
# that the providers document, these say where to find the job and what it built.
_CI_MARKERS = {
    "github": "GITHUB_ACTIONS",
    "gitlab": "GITLAB_CI",
    "buildkite": "BUILDKITE",
    "circleci": "CIRCLECI",
    "azure": "TF_BUILD",
    "jenkins": "JENKINS_URL",
}
_CI_FIELDS: dict[str, dict[str, tuple[str, ...]]] = {
    "github": {
        "job": ("{GITHUB_JOB}",),
        "build": ("{GITHUB_RUN_ID}",),
        "url": ("{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}",),
        "branch": ("{GITHUB_HEAD_REF}", "{GITHUB_REF_NAME}"),
        "commit": ("{GITHUB_SHA}",),
        "repository": ("{GITHUB_REPOSITORY}",),
        "workflow": ("{GITHUB_WORKFLOW}",),
        "attempt": ("{GITHUB_RUN_ATTEMPT}",),
        "pull_request": ("{GITHUB_REF}",),
    },
    "gitlab": {
        "job": ("{CI_JOB_NAME}",),
        "build": ("{CI_PIPELINE_ID}",),
        "url": ("{CI_JOB_URL}",),
        "branch": ("{CI_MERGE_REQUEST_SOURCE_BRANCH_NAME}", "{CI_COMMIT_REF_NAME}"),
        "commit": ("{CI_COMMIT_SHA}",),
        "repository": ("{CI_PROJECT_PATH}",),
        "workflow": ("{CI_PIPELINE_NAME}",),
        "pull_request": ("{CI_MERGE_REQUEST_IID}",),
    },
    "buildkite": {
        "job": ("{BUILDKITE_LABEL}", "{BUILDKITE_JOB_ID}"),
        "build": ("{BUILDKITE_BUILD_NUMBER}",),
        "url": ("{BUILDKITE_BUILD_URL}#{BUILDKITE_JOB_ID}", "{BUILDKITE_BUILD_URL}"),
        "branch": ("{BUILDKITE_BRANCH}",),
        "commit": ("{BUILDKITE_COMMIT}",),
        "repository": ("{BUILDKITE_REPO}",),
        "workflow": ("{BUILDKITE_PIPELINE_SLUG}",),
        "attempt": ("{BUILDKITE_RETRY_COUNT}",),
        "pull_request": ("{BUILDKITE_PULL_REQUEST}",),
    },
    "circleci": {
        "job": ("{CIRCLE_JOB}",),
        "build": ("{CIRCLE_BUILD_NUM}",),
        "url": ("{CIRCLE_BUILD_URL}",),
        "branch": ("{CIRCLE_BRANCH}",),
        "commit": ("{CIRCLE_SHA1}",),
        "repository": ("{CIRCLE_PROJECT_USERNAME}/{CIRCLE_PROJECT_REPONAME}",),
        "workflow": ("{CIRCLE_WORKFLOW_ID}",),
        "pull_request": ("{CIRCLE_PULL_REQUEST}",),
    },
    "azure": {
        "job": ("{SYSTEM_JOBDISPLAYNAME}", "{AGENT_JOBNAME}"),
        "build": ("{BUILD_BUILDID}",),
        "url": (
            "{SYSTEM_COLLECTIONURI}{SYSTEM_TEAMPROJECT}/_build/results?buildId={BUILD_BUILDID}",
        ),
        "branch": ("{SYSTEM_PULLREQUEST_SOURCEBRANCH}", "{BUILD_SOURCEBRANCH}"),
        "commit": ("{BUILD_SOURCEVERSION}",),
        "repository": ("{BUILD_REPOSITORY_NAME}",),
        "workflow": ("{BUILD_DEFINITIONNAME}",),
        "attempt": ("{SYSTEM_JOBATTEMPT}",),
        "pull_request": (
            "{SYSTEM_PULLREQUEST_PULLREQUESTNUMBER}",
            "{SYSTEM_PULLREQUEST_PULLREQUESTID}",
        ),
    },
    "jenkins": {
        "job": ("{JOB_NAME}",),
        "build": ("{BUILD_NUMBER}",),
        "url": ("{BUILD_URL}",),
        "branch": ("{CHANGE_BRANCH}", "{BRANCH_NAME}", "{GIT_BRANCH}"),
        "commit": ("{GIT_COMMIT}",),
        "repository": ("{GIT_URL}",),
        "pull_request": ("{CHANGE_ID}",),
    },
}


def collect(
    root: Path,
    environ: Mapping[str, str],
    *,
    plugins: Mapping[str, str],
    random_seed: int | None = None,
) -> Environment:
    """Where this process runs; `git["dirty"]` is null, `git.start_dirty_check` answers it."""
    return Environment(
        python={
            "version": platform.python_version(),
            "implementation": sys.implementation.name,
            "executable": sys.executable,
            "prefix": sys.prefix,
        },
        platform={
            "system": platform.system(),
            "release": platform.release(),
            "machine": platform.machine(),
        },
        distributions=installed_versions(sys.path),
        plugins=dict(plugins),
        sys_path=tuple(sys.path),
        git=_git(root),
        ci=ci_job(environ),
        variables=tuple(sorted(environ)),
        random_seed=random_seed,
    )


def ci_job(environ: Mapping[str, str]) -> dict[str, str]:
    """The provider and what it says of this job; empty where no known provider runs it."""
    for provider, marker in _CI_MARKERS.items():
        if environ.get(marker):
            fields = {"provider": provider}
            for field, templates in _CI_FIELDS[provider].items():
                if value := _first_filled(templates, environ):
                    fields[field] = value
            return _cleaned(fields)
    return {}


def _first_filled(templates: tuple[str, ...], environ: Mapping[str, str]) -> str:
    present = {name: value for name, value in environ.items() if value}
    for template in templates:
        try:
            return template.format_map(present)
        except KeyError:
            continue
    return ""


def _cleaned(fields: dict[str, str]) -> dict[str, str]:
    number = re.search(_PULL_REQUEST, fields.pop("pull_request", ""))
    if number:
        fields["pull_request"] = number[1]
    if "branch" in fields:
        fields["branch"] = re.sub(r"^(?:refs/heads|refs/tags|origin)/", "", fields["branch"])
    # Clone URLs may carry the job's credentials.
    return {key: re.sub(_USERINFO, "://", value) for key, value in fields.items()}


def _git(root: Path) -> dict[str, Any]:
    repository = git.find(root)
    if repository is None:
        return {}
    commit, branch = repository.head()
    return {"commit": commit, "branch": branch, "dirty": None}
