"""The commands and edits of the project's own tool: uv, poetry, pdm, pipenv, pip."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Parsed
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from orchestrator.checkout.project import Project
from orchestrator.checkout.requirements import Requirement

_TEST_GROUPS = ("test", "tests", "testing", "dev", "development")

# A name, extras and a version; whatever else a message put there becomes no command.
_SAFE = re.compile(
    r"[A-Za-z0-9][\w.-]{0,100}(?:\[[\w,.-]{1,100}\])?(?:[<>=!~][\w.,<>=!~*+ -]{1,100})?"
)

_GROUPS, _WITH_GROUPS = "pip install --group", "25.1"
"""What pip knows since that version."""
_MADE = re.compile(r"/\.(?P<tool>tox|nox)/(?P<name>[^/]{1,200})(?:/|$)")

_NAMED = re.compile(r"[A-Za-z0-9][\w.-]*")

_ADD = {
    "uv": "uv add {}",
    "poetry": "poetry add {}",
    "pdm": "pdm add {}",
    "pipenv": "pipenv install {}",
}
_ADD_TEST = {
    "uv": "uv add --dev {}",
    "poetry": "poetry add --group dev {}",
    "pdm": "pdm add --dev --group test {}",
    "pipenv": "pipenv install --dev {}",
}
_UPGRADE = {
    "uv": "uv lock --upgrade-package {} && uv sync",
    "poetry": "poetry update {}",
    "pdm": "pdm update {}",
    "pipenv": "pipenv update {}",
}
_REINSTALL = {"uv": "uv sync --reinstall-package {}"}
_SYNC = {
    "uv": "uv sync",
    "poetry": "poetry install",
    "pdm": "pdm install",
    "pipenv": "pipenv sync --dev",
}
_SYNC_EXTRA = {
    "uv": "uv sync --extra {}",
    "poetry": "poetry install --extras {}",
    "pdm": "pdm install --group {}",
}
_SYNC_GROUP = {
    "uv": "uv sync --group {}",
    "poetry": "poetry install --with {}",
    "pdm": "pdm install --group {}",
}


def command(project: Project, asked: str, *, pip: str = "") -> str | None:
    """What a rule asks for (`add NAME`, `add-test NAME …`, `pin SPECIFIER` …) as a command of the
    project's tool; any other text is a command already. None where a name is not one.

    `pip` is the version in the tested environment, where it is known: an older one is upgraded
    before it is asked for what it does not know.
    """
    verb, _, subject = asked.partition(" ")
    make = _VERBS.get(verb)
    if make is None:
        return asked
    subjects = subject.split() if verb == "add-test" else [subject]
    safe = verb == "install-self" or all(_SAFE.fullmatch(name) for name in subjects)
    line = make(project, subject) if safe else None
    needs_later = line is not None and _GROUPS in line and _is_older(pip, _WITH_GROUPS)
    return f"pip install --upgrade 'pip>={_WITH_GROUPS}' && {line}" if needs_later else line


def _is_older(version: str, than: str) -> bool:
    try:
        return bool(version) and Version(version) < Version(than)
    except InvalidVersion:
        return False


def of_tool(prefix: str, asked: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Where the tests ran in an environment that tox or nox made, which is in the folder `prefix`,
    the edit that brings what rules ask for into it, and the command that makes it anew. Empty
    elsewhere, and where nothing is to be installed.
    """
    found = _MADE.search(prefix.replace("\\", "/"))
    names = [one for line in asked for one in _wanted(line)]
    if found is None or not names:
        return "", ()
    wanted = ", ".join(f"`{one}`" for one in dict.fromkeys(names))
    name = shlex.quote(found["name"])
    if found["tool"] == "tox":
        edit = f"tox made the environment: add {wanted} to its `deps`, and let it be made anew."
        return edit, (f"tox -r -e {name}",)
    return f"nox made the environment: let its session install {wanted}.", ("nox",)


def _wanted(asked: str) -> list[str]:
    """The distributions that are to be installed."""
    verb, _, subject = asked.partition(" ")
    names = subject.split() if verb in ("add", "add-test", "pin", "sync") else []
    return names if all(_SAFE.fullmatch(name) for name in names) else []


def from_scratch(project: Project) -> tuple[tuple[str, ...], str]:
    """Where there is Python alone: the lines that install what the tests need, and the command that
    then runs pytest.
    """
    if project.idiom in _SYNC:
        tool = project.idiom
        declared = project.declared(("pytest",))
        needs = _sync(project, "pytest") if declared else _SYNC[tool]
        return (f"python -m pip install {tool}", needs), in_environment(project, "pytest")
    with_pytest = _sync(project, "pytest")
    declares = any(
        entry.file == "pyproject.toml" and not entry.group for entry in project.requirements
    )
    lines = []
    if project.requirements_file:
        lines.append(f"pip install -r {shlex.quote(project.requirements_file)}")
    if (project.is_package or declares) and not with_pytest.startswith("pip install -e"):
        lines.append("pip install -e .")
    lines.append(with_pytest)
    return tuple(f"python -m {line}" for line in dict.fromkeys(lines)), "pytest"


def in_environment(project: Project, command: str) -> str:
    """The command as the project's tool runs it, in the environment that the tool keeps."""
    return f"{project.idiom} run {command}" if project.idiom in _SYNC else command


def where_to_write(project: Project, name: str, *, for_tests: bool = False) -> str:
    """The edit that goes with the command; empty where the tool makes it, or it is made already."""
    if not name or project.idiom in _ADD or project.declared((name.partition("[")[0],)):
        return ""
    if project.idiom == "requirements":
        return f"Add the line `{name}` to {project.requirements_file}."
    if project.idiom == "pyproject":
        table = _test_table(project) if for_tests else "`dependencies` of [project]"
        return f'Add `"{name}"` to {table} in pyproject.toml.'
    return ""


def _test_table(project: Project) -> str:
    for entry in project.requirements:
        if entry.group in _TEST_GROUPS:
            kind = "[project.optional-dependencies]" if entry.is_extra else "[dependency-groups]"
            return f"`{entry.group}` of {kind}"
    return "`test` of [project.optional-dependencies]"


def _add(project: Project, name: str) -> str:
    return _in_idiom(project, _ADD, name, "pip install {}")


def _add_test(project: Project, names: str) -> str:
    declared = [name for name in names.split() if _installed_with(project, name)]
    steps = [_sync(project, name) for name in declared]
    if new := [name for name in names.split() if name not in declared]:
        template = _ADD_TEST.get(project.idiom, "pip install {}")
        steps.append(template.format(" ".join(map(shlex.quote, new))))
    return " && ".join(dict.fromkeys(steps))


def _pin(project: Project, specifier: str) -> str:
    name = _NAMED.match(specifier)
    is_others = name is not None and project.declared((name[0],)) is None
    # What others ask for stays theirs: it is held in the lock file, and becomes no requirement.
    if project.idiom == "uv" and project.requirements and is_others:
        return _UPGRADE["uv"].format(shlex.quote(specifier))
    return _in_idiom(project, _ADD, specifier, "pip install {}")


def _upgrade(project: Project, later: str) -> str:
    """To a release later than the installed one, below what the project sets as the highest."""
    name, _, version = later.partition(">")
    declared = project.declared((name,))
    # `==` names the release that is to be left.
    kept = declared if declared and "==" not in declared.text else None
    if project.idiom in _UPGRADE:
        wanted = kept.text if kept and _SAFE.fullmatch(kept.text) else name
        return _UPGRADE[project.idiom].format(shlex.quote(wanted))
    bounds = [f">{version.partition('+')[0]}"] if version else []
    bounds += [part for part in _bounds(kept) if not (version and part.startswith(">"))]
    return f"pip install --upgrade {shlex.quote(name + ','.join(bounds))}"


def _bounds(declared: Requirement | None) -> list[str]:
    try:
        return sorted(map(str, Parsed(declared.text).specifier)) if declared else []
    except InvalidRequirement:  # a caret of poetry's
        return []


def _reinstall(project: Project, name: str) -> str:
    return _in_idiom(project, _REINSTALL, name, "pip install --force-reinstall --no-deps {}")


def _install_self(project: Project, _: str) -> str:
    return _SYNC.get(project.idiom, "pip install -e .")


def _sync(project: Project, name: str) -> str:
    declared = _installed_with(project, name)
    if declared is None:
        return _add(project, name)
    if project.idiom in _SYNC:
        tables = _SYNC_EXTRA if declared.is_extra else _SYNC_GROUP
        if declared.group and project.idiom in tables and not _is_default(declared):
            return tables[project.idiom].format(declared.group)
        return _SYNC[project.idiom]
    if declared.file.endswith((".txt", ".in")):
        return f"pip install -r {shlex.quote(declared.file)}"
    if declared.is_extra:
        return f"pip install -e '.[{declared.group}]'"
    return f"pip install --group {declared.group}" if declared.group else "pip install -e ."


def _installed_with(project: Project, name: str) -> Requirement | None:
    """What the project declares and a command of its tool, or of pip, installs."""
    declared = project.declared((name,))
    return None if declared is None or declared.by else declared


def _is_default(declared: Requirement) -> bool:
    # uv, poetry and pdm install the group `dev` unless told otherwise.
    return declared.group == "dev" and not declared.is_extra


def _in_idiom(project: Project, commands: dict[str, str], subject: str, otherwise: str) -> str:
    declared = project.declared((canonicalize_name(subject),)) if subject.isidentifier() else None
    wanted = declared.text if declared and _SAFE.fullmatch(declared.text) else subject
    return commands.get(project.idiom, otherwise).format(shlex.quote(wanted))


_VERBS: dict[str, Callable[[Project, str], str]] = {
    "add": _add,
    "add-test": _add_test,
    "install-self": _install_self,
    "pin": _pin,
    "reinstall": _reinstall,
    "sync": _sync,
    "upgrade": _upgrade,
}
