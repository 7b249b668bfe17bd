"""Facts about exception groups: who put what one task raised into a group of its own."""

from __future__ import annotations

from collections.abc import Iterator

from conftest_kit.records import Raised
from orchestrator.classify.distributions.owners import owner_of
from orchestrator.classify.facts import Fact, Facts, module_of
from orchestrator.classify.installed import Owner
from orchestrator.classify.releases.pins import Pin, asked_otherwise


def _nested(facts: Facts) -> Iterator[Raised]:
    """The group that came out and those inside it, the outermost first."""
    group = next((link for link in facts.failure.exceptions if link.members), None)
    while group is not None:
        yield group
        group = next((link for link in group.members[0] if link.members), None)


def _wrapper(facts: Facts) -> Owner | None:
    """Who raised a group of one member: a release before may have let that one through."""
    groups = list(_nested(facts))
    if not groups or any(len(group.members) != 1 for group in groups):
        return None
    raised = (group.frames[-1] for group in groups if group.frames)
    owners = (owner_of(facts, module_of(one)) for one in raised if one.origin == "installed")
    return next((owner for owner in owners if owner), None)


def _asked(facts: Facts) -> Pin | None:
    owner = facts.once(_wrapper)
    return asked_otherwise(facts, owner.name) if owner else None


def _group_wrapper(facts: Facts) -> str:
    owner = facts.once(_wrapper)
    return owner.name if owner else ""


def _group_wrapper_version(facts: Facts) -> str:
    owner = facts.once(_wrapper)
    return owner.version if owner else ""


def _group_asked(facts: Facts) -> str:
    """What is asked for of the distribution that made the group, where that is another release."""
    found = facts.once(_asked)
    return found.requirement if found else ""


def _group_asked_said(facts: Facts) -> str:
    found = facts.once(_asked)
    return found.said if found else ""


def _group_expected(facts: Facts) -> str:
    """`yes` where a test waited for an exception where the group came out, and its file knows the
    class of the one inside.
    """
    project, name = facts.context.project, facts.link.type.rpartition(".")[2]
    raised = (frame for group in _nested(facts) for frame in group.frames)
    waiting = (
        source
        for frame in raised
        if frame.origin == "test" and (source := project.source(frame.file)).expects_at(frame.line)
    )
    return "yes" if any(name in source.imports for source in waiting) else ""


FACTS: dict[str, Fact] = {
    "group_asked": _group_asked,
    "group_asked_said": _group_asked_said,
    "group_expected": _group_expected,
    "group_wrapper": _group_wrapper,
    "group_wrapper_version": _group_wrapper_version,
}
