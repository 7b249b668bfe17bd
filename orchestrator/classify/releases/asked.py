"""Facts about what the project and what it imports ask for, where another version is installed.

A call into the wrong release may fail anywhere: with a value that a test does not expect, or with
an exception out of the project's own line. What is asked for is metadata, and no guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.utils import canonicalize_name

from orchestrator.classify.distributions.owners import owner_of
from orchestrator.classify.facts import Fact, Facts, is_harness, own_frame, part
from orchestrator.classify.imports.modules import is_own
from orchestrator.classify.installed import Owner, Unmet

_MANIFESTS = ("pyproject.toml", "setup.cfg", "setup.py")
_READ = 1000
# 2 != 1, assert 2 == 1
_UNEQUAL = re.compile(
    r"^(?:assert )?(?P<first>\d{1,4}) (?:!=|==) (?P<second>\d{1,4})\b", re.MULTILINE
)
# +  where 2 = len([<warnings.WarningMessage object at 0x7f>, …])
_RECORDED = re.compile(
    r"where \d{1,4} = len\((?:\[<warnings\.WarningMessage|Warnings(?:Checker|Recorder)\()"
)
_COUNTS = re.compile(
    r"\blen\((?:w|ws|warn|warns|recwarn|(?:\w{1,40}_)?warnings?(?:_list)?|caught(?:_warnings)?)(?:\.list)?\)"
)
_SECOND = re.compile(r"(?:,|==)\s*len\(")
_DEPTH = 3
"""Files of the project that are followed, one importing the other."""


def _asked(facts: Facts) -> Unmet | None:
    """What the project requires comes first, then what the distributions that it imports do."""
    names = facts.once(used)
    wanted = (one for one in _of_project(facts) if canonicalize_name(one.name) in names)
    return next(wanted, None) or next(_of_imported(facts), None)


def _of_project(facts: Facts) -> Iterator[Unmet]:
    """By its own metadata, else by what the checkout declares for whoever uses it: a range, since
    exact versions stand in files that are only one way to install it.
    """
    installed, project = facts.context.installed, facts.context.project
    own = facts.context.own_names
    for unmet in installed.unmet(own):
        if unmet.installed and canonicalize_name(unmet.by.name) in own:
            yield unmet
    owner = Owner(name=project.name or facts.context.recording.run.project, version="")
    for entry in project.requirements:
        is_for_users = entry.file in _MANIFESTS and not (entry.group or entry.by)
        if is_for_users and "==" not in entry.text:
            found = installed.unmet_by(owner, entry.text)
            if found and found.installed:
                yield found


def _of_imported(facts: Facts) -> Iterator[Unmet]:
    """What the distributions require that the failing files import themselves."""
    direct = facts.once(imported)
    for unmet in facts.context.installed.unmet(direct):
        if unmet.installed and canonicalize_name(unmet.by.name) in direct:
            yield unmet


def imported(facts: Facts) -> frozenset[str]:
    """Normalised names of what the files of the failure import."""
    return frozenset(_reached(facts, _files(facts), 1))


def used(facts: Facts) -> frozenset[str]:
    """As `imported`, with what the files of the project import that these import."""
    return frozenset(_reached(facts, _files(facts), _DEPTH))


def _files(facts: Facts) -> tuple[str, ...]:
    """The test's, those of own code that the exception came through, and of the test's fixtures."""
    own = (frame.file for frame in facts.frames if frame.origin in ("project", "test"))
    given = (one.file for one in facts.failure.fixtures if not one.file.startswith("_pytest/"))
    return tuple(dict.fromkeys((facts["test_file"], *own, *given)))


def _reached(facts: Facts, files: tuple[str, ...], depth: int) -> Iterator[str]:
    seen: set[str] = set()
    for _ in range(depth):
        further: dict[str, None] = {}
        for file in (one for one in files if one not in seen):
            seen.add(file)
            for dotted in facts.context.project.source(file).imports.values():
                if is_own(facts, dotted.partition(".")[0]):
                    further[facts.context.project.file_of(dotted)] = None
                elif owner := owner_of(facts, dotted):
                    yield canonicalize_name(owner.name)
        files = tuple(file for file in further if file)


def _behind(facts: Facts) -> Unmet | None:
    """The one distribution that is older than what raised asks for with an extra: it can be done
    without, and where it is there it has to be that young.
    """
    installed = facts.context.installed
    found = dict(installed.behind(facts["raiser"])) if facts["raiser"] else {}
    by = Owner(name=facts["raiser"], version=facts["raiser_version"])
    return installed.unmet_by(by, next(iter(found.values()))) if len(found) == 1 else None


def _behind_said(facts: Facts) -> str:
    """`frames 3.0 asks for till>=4.1 with an extra, installed is till 3.2`."""
    found = facts.once(_behind)
    if found is None:
        return ""
    by = f"{found.by.name} {found.by.version}"
    asks = f"{by} asks for {found.requirement} with an extra"
    return f"{asks}, installed is {found.name} {found.installed}"


def _counted_of(facts: Facts) -> Owner | None:
    """The one library that the project asks for and the failing files use, where a test counts
    warnings and finds more than it expects.
    """
    if not _has_more_warnings(facts):
        return None
    names, project = facts.once(used), facts.context.project
    own = canonicalize_name(project.name or facts.context.recording.run.project)
    for_users = {one.name for one in project.requirements if not (one.group or one.by)}
    found = sorted((for_users & names) - {own, "pytest"})
    version = facts.context.installed.version(found[0]) if len(found) == 1 else ""
    return Owner(name=found[0], version=version) if version else None


def _has_more_warnings(facts: Facts) -> bool:
    """Whether an assertion on the length of what recorded warnings has more than it wants."""
    message, frame = facts.link.message[:_READ], own_frame(facts)
    source = frame.source if frame and is_harness(frame) else ""
    numbers = _UNEQUAL.search(message)
    if numbers is None or not (_COUNTS.search(source) or _RECORDED.search(message)):
        return False
    first, second = int(numbers["first"]), int(numbers["second"])
    return second > first if _SECOND.search(source) else first > second


def _asked_said(facts: Facts) -> str:
    """`shop 1.0 requires frames<2, installed is frames 2.0`."""
    found = facts.once(_asked)
    if found is None:
        return ""
    by = f"{found.by.name} {found.by.version}".strip() or "the project"
    return f"{by} requires {found.requirement}, installed is {found.name} {found.installed}"


def _asked_name(facts: Facts) -> str:
    found = facts.once(_asked)
    return found.name if found else ""


def _asked_version(facts: Facts) -> str:
    found = facts.once(_asked)
    return found.installed if found else ""


def _asked_requirement(facts: Facts) -> str:
    found = facts.once(_asked)
    return found.requirement if found else ""


FACTS: dict[str, Fact] = {
    "behind": part(_behind, "name"),
    "behind_requirement": part(_behind, "requirement"),
    "behind_said": _behind_said,
    "behind_version": part(_behind, "installed"),
    "counted": part(_counted_of, "name"),
    "counted_version": part(_counted_of, "version"),
    "asked_name": _asked_name,
    "asked_requirement": _asked_requirement,
    "asked_said": _asked_said,
    "asked_version": _asked_version,
}
