"""Where a run runs: interpreter, platform, installed distributions, git, CI.

Everything here is read from names and small files. importlib.metadata takes 90 ms for 300
distributions where the names of their folders take 2.
PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from conftest_kit import git
from conftest_kit.records import Distribution, Environment

_INFO_FOLDER = re.compile(
    r"(?P<name>[^-~][^-]*)(?:-(?P<version>.+?))?(?:-py\d[^-]*(?:-.+)?)?\.(?:dist|egg)-info"
)
"""pip leaves folders that begin with `~` when it cannot remove what it replaced."""

_HEADER = re.compile(r"^(Name|Version|Requires-Dist|Provides-Extra): *(.+)", re.MULTILINE)
_RECORDED_MODULE = re.compile(
    r'^"?([A-Za-z_]\w*)(?:/[^,\n]*|\.[\w.-]+)?\.(?:py|so|pyd)"?,', re.MULTILINE
)
_RECORDED_PTH = re.compile(r'^"?([^/,\n]+\.pth)"?,', re.MULTILINE)
_PULL_REQUEST = re.compile(r"(?:^|pull(?:-requests)?/)(\d+)(?:/|$)")
_USERINFO = re.compile(r"://[^/\s]*@")

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


def installed_versions(search_path: Sequence[str]) -> dict[str, str]:
    """Normalised name to version, as `import` would find them: the first on the path counts."""
    found: dict[str, str] = {}
    for folder, name, version in _info_folders(search_path):
        key = normalised(name)
        if key not in found:
            found[key] = version or _headers(folder).get("Version", [""])[0]
    return dict(sorted(found.items()))


def installed_metadata(search_path: Sequence[str] | None = None) -> tuple[Distribution, ...]:
    """What the metadata of each installed distribution says, by name; reads a few files of each."""
    found: dict[str, Distribution] = {}
    for folder, name, _ in _info_folders(sys.path if search_path is None else search_path):
        key = normalised(name)
        headers = _headers(folder)
        if key in found or not headers:
            continue
        found[key] = Distribution(
            name=headers.get("Name", [name])[0],
            version=headers.get("Version", [""])[0],
            requires=tuple(headers.get("Requires-Dist", ())),
            extras=tuple(headers.get("Provides-Extra", ())),
            modules=_modules(folder),
            pytest_plugins=_pytest_plugins(folder),
        )
    return tuple(found[key] for key in sorted(found))


def normalised(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


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
    number = _PULL_REQUEST.search(fields.pop("pull_request", ""))
    if number:
        fields["pull_request"] = number[1]
    if "branch" in fields:
        fields["branch"] = re.sub(r"^(?:refs/heads|refs/tags|origin)/", "", fields["branch"])
    # Clone URLs may carry the job's credentials.
    return {key: _USERINFO.sub("://", value) for key, value in fields.items()}


def _git(root: Path) -> dict[str, Any]:
    repository = git.find(root)
    if repository is None:
        return {}
    commit, branch = repository.head()
    return {"commit": commit, "branch": branch, "dirty": None}


def _info_folders(search_path: Sequence[str]) -> Iterator[tuple[Path, str, str]]:
    """Folder, name and version (empty where only the metadata says it)."""
    for entry in dict.fromkeys(search_path):
        try:
            names = os.listdir(entry or ".")
        except OSError:
            continue
        for folder in names:
            if folder.endswith("-info") and (match := _INFO_FOLDER.fullmatch(folder)):
                yield Path(entry, folder), match["name"], match["version"] or ""


def _headers(folder: Path) -> dict[str, list[str]]:
    """What METADATA or PKG-INFO says under the names in `_HEADER`; empty where neither is there."""
    # What distutils left behind is the file itself.
    for path in (folder / "METADATA", folder / "PKG-INFO", folder):
        if text := _read(path):
            headers: dict[str, list[str]] = {}
            for name, value in _HEADER.findall(text.partition("\n\n")[0]):
                headers.setdefault(name, []).append(value.rstrip())
            return headers
    return {}


def _modules(folder: Path) -> tuple[str, ...]:
    """Import names at the top level: those listed, else those an editable install leads to."""
    listed = _read(folder / "top_level.txt").split()
    if listed:
        return tuple(sorted(listed))
    record = _read(folder / "RECORD")
    modules = set(_RECORDED_MODULE.findall(record))
    if not modules:
        for pth in _RECORDED_PTH.findall(record):
            for line in _read(folder.parent / pth).splitlines():
                modules.update(_importable(Path(line.strip())) if line.startswith("/") else ())
    return tuple(sorted(modules))


def _importable(folder: Path) -> Iterator[str]:
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.suffix == ".py" or (path / "__init__.py").is_file():
            yield path.stem


def _pytest_plugins(folder: Path) -> dict[str, str]:
    _, _, section = _read(folder / "entry_points.txt").partition("[pytest11]")
    lines = section.partition("\n[")[0].splitlines()
    pairs = (line.partition("=") for line in lines if not line.startswith("#"))
    return {name.strip(): target.strip() for name, equals, target in pairs if equals}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
