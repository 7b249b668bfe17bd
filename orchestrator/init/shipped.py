"""Whole files for a user's repository: rules, dashboards and configuration for servers, CI jobs."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from conftest_kit import rundir
from conftest_kit.settings import Settings
from orchestrator.checkout import install
from orchestrator.checkout.project import Project
from orchestrator.errors import UsageProblem
from orchestrator.init import Change

CI = ("github", "gitlab")
_DATA = Path(__file__).parents[1] / "data"
_NOT_COPIED = ("tests",)
"""Folders of `monitoring/` that are about this repository."""
_RUNBOOK = "runbook_url: {}/README.md"
_GITHUB_JOB = ".github/workflows/conftest-kit.yml"
_GITLAB_JOB = ".gitlab/conftest-kit.yml"
_GITLAB_PIPELINE = ".gitlab-ci.yml"


MONITORING = (
    _DATA / "monitoring"
    if (_DATA / "monitoring").is_dir()
    else Path(__file__).parents[2] / "monitoring"
)
"""Within the package where a wheel was installed, beside it in a checkout."""


def monitoring(destination: Path, root: Path, source: Path = MONITORING) -> list[Change]:
    """What monitors runs, below `destination`: rules, dashboards, configuration, the runbook.

    Links to the runbook lead to its copy, where that lies in the repository of `root`.

    Raises:
        UsageProblem: one of the files is there and cannot be read.
    """
    shipped = _RUNBOOK.format("monitoring")
    copied = _RUNBOOK.format(_inside(destination, _repository(root)) or "monitoring")
    return [
        _whole(destination / path, (source / path).read_text("utf-8").replace(shipped, copied))
        for path in _files(source)
    ]


def job(provider: str, settings: Settings, project: Project) -> tuple[list[Change], list[str]]:
    """A job of a provider in `CI` that runs the tests, keeps the memory and uploads archives, and
    what is left to do by hand.

    Raises:
        UsageProblem: one of the files is there and cannot be read.
    """
    repository = _repository(settings.root)
    lines, command = install.from_scratch(project)
    folder = _inside(settings.root, repository) or ""
    memory = _inside(Path(settings.memory_location), repository)
    values = {
        "install": lines,
        "command": command,
        "folder": folder,
        "quoted_folder": shlex.quote(folder),
        "memory": None if "://" in settings.memory_location else memory,
        "archive": _inside(settings.logs_dir / rundir.ARCHIVE_FOLDER, repository),
    }
    if values["archive"] is None:
        raise UsageProblem(
            f"logs_dir '{settings.logs_dir}' is outside of the repository {str(repository)!r}: "
            "a job of CI finds nothing there"
        )
    if provider == "github":
        return [_whole(repository / _GITHUB_JOB, _rendered("github.yml", values))], []
    changes = [_whole(repository / _GITLAB_JOB, _rendered("gitlab.yml", values))]
    pipeline = _whole(repository / _GITLAB_PIPELINE, _rendered("gitlab-ci.yml", values))
    if pipeline.before is None:
        return [*changes, pipeline], []
    if _GITLAB_JOB in pipeline.before:
        return changes, []
    return changes, [f"add to {_GITLAB_PIPELINE}, in `include`: - local: {_GITLAB_JOB}"]


def _files(source: Path) -> Iterator[Path]:
    """Relative to `source`. At its top pages alone count: runs write their metrics there."""
    yield from sorted(path.relative_to(source) for path in source.glob("*.md"))
    for path in sorted(source.glob("*/**/*")):
        relative = path.relative_to(source)
        if path.is_file() and relative.parts[0] not in _NOT_COPIED:
            yield relative


def _rendered(name: str, values: Mapping[str, object]) -> str:
    # Delimiters that neither GitHub's expressions nor a shell use.
    environment = Environment(  # noqa: S701 - YAML, whose texts are quoted as JSON
        loader=FileSystemLoader(_DATA / "ci"),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        block_start_string="[%",
        block_end_string="%]",
        variable_start_string="[=",
        variable_end_string="=]",
    )
    return environment.get_template(name).render(values)


def _whole(path: Path, text: str) -> Change:
    try:
        before = path.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        before = None
    except OSError as error:
        raise UsageProblem(f"cannot read {str(path)!r}: {error.strerror}") from error
    return Change(path=path, before=before, after=text, is_whole=True)


def _repository(root: Path) -> Path:
    above = (folder for folder in (root, *root.parents) if (folder / ".git").exists())
    return next(above, root)


def _inside(path: Path, repository: Path) -> str | None:
    """`path` as seen from the repository's top: empty for the top, None for what lies outside."""
    if not path.is_relative_to(repository):
        return None
    relative = path.relative_to(repository).as_posix()
    return "" if relative == "." else relative
