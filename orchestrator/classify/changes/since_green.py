"""Facts about what changed since the tests of a cause passed last: versions, Python, the commit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from conftest_kit.records import Environment
from orchestrator.classify.changes.steady import has_same_files, is_same_place
from orchestrator.classify.code.calls import named_owners
from orchestrator.classify.code.reaching import used
from orchestrator.classify.distributions.owners import owner_of
from orchestrator.classify.facts import Fact, Facts, module_of, part
from orchestrator.classify.installed import Unmet

_SHOWN = 5
"""Changes that are named in one sentence."""
_ONLY_THE_RUN = frozenset({"conftest-kit", "prometheus-client", "pip"})
"""What comes and goes with how tests are run, and changes none."""
_OF_EVERY_RUN = re.compile(
    r"(?:_|COLUMNS|CONFTEST_KIT_\w+|COV_CORE_\w+|LINES|OLDPWD|PWD|PYTEST_(?:CURRENT_TEST|VERSION|XDIST_\w+)|SHLVL"
    r"|(?:ALACRITTY|DIRENV|GNOME_TERMINAL|ITERM|KITTY|KONSOLE|NVM|SSH|TERM|TMUX|VSCODE|WT)_\w+"
    r"|XDG_SESSION_\w+|INVOCATION_ID|JOURNAL_STREAM|LESS\w*|LS_COLORS|EDITOR|PAGER|VISUAL"
    r"|SESSION_MANAGER|STY|TERM|TMPDIR|TMUX|VIRTUAL_ENV|WINDOWID)$"
)
"""Variables that differ from run to run, and from terminal to terminal."""


class Change(NamedTuple):
    """A distribution that has another version than in the green run; empty for absent."""

    name: str
    before: str
    now: str

    def __str__(self) -> str:
        if not self.before:
            return f"{self.name} {self.now} (new)"
        return f"{self.name} {self.before} → {self.now or 'gone'}"


def changed(facts: Facts) -> Mapping[str, Change]:
    """By normalised name; empty where no green run is known, or one of both could not say."""
    green = facts.context.green
    recorded = green.run.environment.distributions if green else {}
    before: dict[str, str] = {canonicalize_name(name): recorded[name] for name in recorded}
    now: dict[str, str] = {**facts.context.installed.versions}
    if not before or not now:
        return {}
    passed_over = _ONLY_THE_RUN | facts.context.own_names
    return {
        name: Change(name, before.get(name, ""), now.get(name, ""))
        for name in sorted(before.keys() | now.keys())
        if before.get(name, "") != now.get(name, "") and name not in passed_over
    }


def _touched(facts: Facts) -> Change | None:
    """The changed distribution that the failure has to do with, the nearest first: whose object it
    is about, or through whose code it went, of pytest's where all of it is installed.
    """
    found = facts.once(changed)
    names = (canonicalize_name(name) for name in _near(facts) if name)
    near = next((found[name] for name in names if name in found), None)
    return near or _used_alone(facts)


def _used_alone(facts: Facts) -> Change | None:
    """The only one of what changed that the test uses, through the project or itself, where the
    code is what it was.
    """
    found = facts.once(_changed_used)
    return found[0] if len(found) == 1 and facts["code_touched"] == "no" else None


def _changed_used(facts: Facts) -> tuple[Change, ...]:
    """Of what changed, what the test uses by what the source says of its functions."""
    found = facts.once(changed)
    return tuple(found[name] for name in facts.once(used) if name in found) if found else ()


def _changed_used_said(facts: Facts) -> str:
    """`frames 1.9 → 2.0; till 3 → 4`, of more than that; empty where the culprit says as much."""
    found = facts.once(_changed_used)
    names = [change.name for change in found]
    if len(facts.once(changed)) <= len(found) or names == [
        canonicalize_name(facts.group("culprit"))
    ]:
        return ""
    return "; ".join(map(str, found[:_SHOWN]))


def _ranked(facts: Facts) -> list[Change]:
    """What changed: first what the failure came through, what the test uses, what its files import
    through the project, what these ask for.
    """
    found = facts.once(changed)
    if not found:
        return []
    near = (canonicalize_name(name) for name in _near(facts) if name)
    places = {name: place for place, name in enumerate(dict.fromkeys((*near, *facts.once(used))))}
    imported, reached = facts.once(_imported), facts.once(_reached)

    def rank(name: str) -> tuple[int, int]:
        if name in places:
            return 0, places[name]
        return 1 + (name not in imported) + (name not in reached), 0

    return [found[name] for name in sorted(found, key=rank)]


def _near(facts: Facts) -> Iterator[str]:
    yield from (facts["callee"], facts["object_owner"], facts["owner"])
    for frame in reversed(facts.frames):
        owner = owner_of(facts, module_of(frame)) if frame.origin == "installed" else None
        if owner:
            yield owner.name
    for frame in reversed(facts.frames):
        yield from (owner.name for owner in named_owners(facts, frame))


def _only(facts: Facts) -> Change | None:
    """The only thing that changed, but for what it brought with it."""
    installed, every = facts.context.installed, facts.once(changed)
    found = [
        change
        for change in every.values()
        if change.before
        or not any(
            canonicalize_name(by.name) in every for by, _ in installed.asked_for(change.name)
        )
    ]
    others = facts["python_before"] or facts.once(_variables) or any(_elsewhere(facts))
    return found[0] if len(found) == 1 and not others else None


def _asked_by_upgraded(facts: Facts) -> Unmet | None:
    """A requirement, not satisfied, of the only distribution that changed, to a later version;
    none that has no part in it, where another distribution raised.
    """
    only, raiser = facts.once(_only), canonicalize_name(facts["raiser"])
    if only is None or not _is_later(only):
        return None
    for unmet in facts.context.installed.unmet((only.name,)):
        of = {only.name, canonicalize_name(unmet.name)}
        if canonicalize_name(unmet.by.name) == only.name and (not raiser or raiser in of):
            return unmet
    return None


def _is_later(change: Change) -> bool:
    try:
        return Version(change.now) > Version(change.before)
    except InvalidVersion:
        return False


def _gone(facts: Facts) -> str:
    """The only thing that changed: a distribution that was installed and is not."""
    only = facts.once(_only)
    return only.name if only and not only.now else ""


def _variables(facts: Facts) -> tuple[str, ...]:
    """The variables of the environment that are set, or no longer set."""
    return tuple(name for name in _differing(facts) if not _OF_EVERY_RUN.match(name))


def _differing(facts: Facts) -> list[str]:
    green, now = facts.context.green, facts.context.recording.run.environment
    if green is None or not (now.variables or _came_up(now)):
        return []
    return sorted({*green.run.environment.variables} ^ {*now.variables})


def _came_up(environment: Environment) -> bool:
    """Whether it was recorded by the run itself: of one that did not start little is known."""
    return bool(environment.platform)


def _variable_changed(facts: Facts) -> str:
    """The only thing that changed: a variable of the environment, set or no longer set."""
    told = facts.once(_variables)
    other = facts.once(changed) or facts["python_before"]
    return told[0] if len(told) == 1 and not other else ""


def _variable_state(facts: Facts) -> str:
    """`new` or `no longer set`."""
    now = facts.context.recording.run.environment.variables
    return (
        ("new" if facts["variable_changed"] in now else "no longer set")
        if facts["variable_changed"]
        else ""
    )


def _guilty(facts: Facts) -> Change | None:
    return facts.once(_only) or facts.once(_touched)


def _how_guilty(facts: Facts) -> str:
    """`alone`, `apart` where nothing leads from the failure to what alone changed, or `among
    others`; empty where no distribution is guilty.
    """
    only = facts.once(_only)
    if only and not facts["edited"]:
        return "alone" if only.name in facts.once(_reached) else "apart"
    return "among others" if facts.once(_touched) else ""


def _reached(facts: Facts) -> frozenset[str]:
    """Normalised names of the distributions that the failure may have to do with: those near it,
    plugins of pytest, what the test's file imports through the project, and what these ask for.
    """
    project, installed = facts.context.project, facts.context.installed
    found: set[str] = {canonicalize_name(name) for name in _near(facts) if name}
    found |= facts.once(_imported)
    found |= {canonicalize_name(name) for name in installed.plugins}
    found |= {entry.name for entry in project.requirements}
    while more := {one for name in found for one in installed.asked_by(name)} - found:
        found |= more
    return frozenset(found)


def _imported(facts: Facts) -> frozenset[str]:
    """Normalised names of what the files of the test and its fixtures import, through the project
    as well.
    """
    files = {facts["test_file"], *(one.file for one in facts.failure.fixtures)}
    modules = {
        module
        for said in facts.context.project.sources_near(sorted(files)).values()
        for module in said.imports.values()
    }
    owners = (owner_of(facts, module) for module in sorted(modules))
    return frozenset(canonicalize_name(owner.name) for owner in owners if owner)


def _green_run(facts: Facts) -> str:
    return facts.context.green.run.run_id if facts.context.green else ""


def same_code(facts: Facts) -> str:
    """`yes` where both runs had the same commit and nothing beside it; `no` where they had not."""
    green = facts.context.green
    if green is None:
        return ""
    before, now = green.run.environment.git, facts.context.recording.run.environment.git
    if not before.get("commit") or not now.get("commit"):
        return ""
    clean = facts.once(was_committed) and now.get("dirty") is False and not facts.context.edits
    return "yes" if clean and before["commit"] == now["commit"] else "no"


def was_committed(facts: Facts) -> bool:
    """Whether the code of the green run was that of its commit."""
    green = facts.context.green
    return green is not None and green.run.environment.git.get("dirty") is False


def _python_before(facts: Facts) -> str:
    """`3.11`, where the green run had another minor version of Python."""
    green = facts.context.green
    version = green.run.environment.python.get("version", "") if green else ""
    before = ".".join(version.split(".")[:2])
    return before if facts["python"] and before != facts["python"] else ""


def _unchanged(facts: Facts) -> str:
    """`commit`, `code` or `files`, whichever is known to be what it was in the green run, where
    packages, interpreter and platform are too, and no variable alone is another.
    """
    other = facts.once(changed) or facts["python_before"] or any(_elsewhere(facts))
    if facts.context.green is None or other or facts["variable_changed"]:
        return ""
    if facts.once(same_code) == "yes":
        return "commit"
    is_same = facts.context.edits == () and (facts.once(was_committed) or is_same_place(facts))
    return "code" if is_same else "files" if has_same_files(facts) else ""


def _variables_said(facts: Facts) -> str:
    """`CRASH, SHOP_HOME`: those that were set, or are no longer."""
    return ", ".join(facts.once(_variables)[:_SHOWN])


def _code_alone(facts: Facts) -> str:
    """`yes` where the code changed, and neither packages, interpreter nor platform did."""
    other = facts.once(changed) or facts["python_before"] or any(_elsewhere(facts))
    return "yes" if facts.once(same_code) == "no" and not other else ""


def _name_taken_of(facts: Facts) -> str:
    """The installed distribution of whose module or object a name was asked that is not there."""
    of_module = facts["owner"] if facts["owner_state"] == "installed" and facts["symbol"] else ""
    return of_module or facts["object_owner"]


def _culprit_changed(facts: Facts) -> Change | None:
    return facts.once(changed).get(canonicalize_name(facts.group("culprit")))


def _since_green(facts: Facts) -> str:
    """`numpy 1.26.4 → 2.3.0; commit 1a2b3c4 → 5d6e7f8`; empty where no green run is known."""
    if facts.context.green is None:
        return ""
    changes = facts.once(_ranked)
    said = [str(change) for change in changes[:_SHOWN]]
    if len(changes) > _SHOWN:
        said.append(f"{len(changes) - _SHOWN} more distributions")
    if facts["python_before"]:
        said.append(f"Python {facts['python_before']} → {facts['python']}")
    said.extend(_elsewhere(facts))
    if facts.once(same_code) == "no":
        said.append(_commits(facts))
    if not said and facts.once(_variables):
        said.append(f"variables, set or no longer set: {facts['variables_changed']}")
    return "; ".join(said) or _NOTHING[bool(facts["unchanged"])]


_NOTHING = {
    True: "nothing that is recorded",
    False: "nothing that is recorded; of the code no commit tells",
}


def _elsewhere(facts: Facts) -> Iterator[str]:
    """What changed around the packages: the platform, plugins, variables that the failure names."""
    green = facts.context.green
    if green is None:
        return
    before, now = green.run.environment, facts.context.recording.run.environment
    for name in ("system", "machine") if _came_up(now) else ():
        if before.platform.get(name) != now.platform.get(name):
            yield f"{before.platform.get(name)} → {now.platform.get(name)}"
    for name in sorted(before.plugins.keys() - now.plugins.keys()) if _came_up(now) else ():
        if name in now.distributions:
            yield f"the plugin {name} is no longer loaded"
    said = " ".join((facts.link.message, *(frame.source for frame in facts.frames)))
    for name in _differing(facts):
        if name in said:
            state = "no longer set" if name in before.variables else "new"
            yield f"the variable {name} is {state}"


def _commits(facts: Facts) -> str:
    green = facts.context.green
    before = green.run.environment.git.get("commit", "") if green else ""
    now = facts.context.recording.run.environment.git.get("commit", "")
    if before == now:
        return f"files beside commit {now[:10]}"
    return f"commit {before[:10]} → {now[:10]}"


FACTS: dict[str, Fact] = {
    "changed": part(_guilty, "name"),
    "upgraded_asks": part(_asked_by_upgraded, "requirement"),
    "upgraded_asks_name": part(_asked_by_upgraded, "name"),
    "upgraded_asks_version": part(_asked_by_upgraded, "installed"),
    "changed_how": _how_guilty,
    "changed_used": _changed_used_said,
    "changed_before": part(_guilty, "before"),
    "changed_now": part(_guilty, "now"),
    "code_alone": _code_alone,
    "culprit_before": part(_culprit_changed, "before"),
    "culprit_now": part(_culprit_changed, "now"),
    "gone": _gone,
    "green_run": _green_run,
    "name_taken_of": _name_taken_of,
    "python_before": _python_before,
    "since_green": _since_green,
    "unchanged": _unchanged,
    "variable_changed": _variable_changed,
    "variables_changed": _variables_said,
    "variable_state": _variable_state,
}
