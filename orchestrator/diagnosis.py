"""From groups of failures to causes: what reviewers decided, what the rules say, what is near."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from conftest_kit.records import Failure
from corpus_memory_logging import history
from corpus_memory_logging.records import Cause, Green, Remembered, Similar
from corpus_memory_logging.store import Store
from orchestrator import causes
from orchestrator.causes import Group, uniting
from orchestrator.causes.likeness import likeness
from orchestrator.checkout import git
from orchestrator.checkout.edits import Edit
from orchestrator.classify import Context, apply_decision, apply_near, rule_for, verdict_on
from orchestrator.classify.changes.edited import only_edit
from orchestrator.classify.decided import gives_way
from orchestrator.failures.chain import decisive, said
from orchestrator.suggest import suggest

Near = Callable[..., tuple[Similar, ...]]
"""Asks for near causes, as `similar` of a memory does."""


def explain(
    groups: Iterable[tuple[Group, Context]],
    *,
    remembered: Mapping[str, Remembered] | None = None,
    prevented: Mapping[str, tuple[str, ...]] | None = None,
    near: Near | None = None,
) -> tuple[Cause, ...]:
    """The causes of groups of failures, each seen in its context; without a memory by what the
    run itself says.

    `near` is asked, as `similar` of the memory is, where the rules are not sure.
    """
    known = list(groups)
    found = [
        _cause(group, context, remembered or {}, prevented or {}, near) for group, context in known
    ]
    edits = {
        cause.cause_id: only_edit(cause.failures[0], context)
        for cause, (_, context) in zip(found, known, strict=True)
        if context.edits
    }
    return uniting.united(found, known[0][1], edits) if known else ()


def in_context(
    explained: Iterable[Cause], known: Iterable[tuple[Group, Context]]
) -> list[tuple[Cause, Context]]:
    """Each cause with the context that its failures were seen in."""
    contexts = {id(group.failures[0]): context for group, context in known}
    return [
        (cause, next(contexts[id(one)] for one in cause.failures if id(one) in contexts))
        for cause in explained
    ]


def recalled_as_parts(found: Iterable[Cause], store: Store, run_id: str) -> tuple[Cause, ...]:
    """The causes; one that is seen for the first time by itself, with what the memory knows of the
    cause that its first failure was told with before: it is none that came since.
    """
    told = list(found)
    new = [place for place, cause in enumerate(told) if not cause.remembered]
    parts = store.recall_parts([told[place].failures[0] for place in new], run_id=run_id)
    for place, part in zip(new, parts, strict=True):
        told[place] = replace(told[place], remembered=part)
    return tuple(told)


def signatures(groups: Iterable[Group]) -> list[str]:
    """What the memory recalls the groups by."""
    return [group.signature.id for group in groups]


def collectors(groups: Iterable[Group]) -> list[str]:
    """Files, classes and folders that could not be collected."""
    failures = (failure for group in groups for failure in group.failures)
    return [failure.nodeid for failure in failures if failure.phase == "collect"]


def since_green(
    groups: Iterable[Group],
    context: Context,
    prevented: Mapping[str, tuple[str, ...]],
    store: Store | None,
) -> list[tuple[Group, Context]]:
    """Each group in the context, to which the run is added in which its tests passed last, and what
    was edited in the checkout since.
    """
    if store is None:
        return [(group, context) for group in groups]
    started, add = context.recording.run.started, green_added(context)
    return [
        (group, add(history.last_green(store, _tests_of(group, prevented), before=started)))
        for group in groups
    ]


def green_added(context: Context) -> Callable[[Green | None], Context]:
    """A function that adds a green run to the context; git is asked once for each run."""
    root, now = context.project.root, context.recording.run
    known: dict[str, tuple[Edit, ...] | None] = {}

    def add(green: Green | None) -> Context:
        if green is None or root is None:
            return replace(context, green=green)
        if green.run.run_id not in known:
            known[green.run.run_id] = git.edited_since(root, green.run, now)
        return replace(context, green=green, edits=known[green.run.run_id])

    return add


def _tests_of(group: Group, prevented: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for failure in group.failures:
        yield from (failure.nodeid, *prevented.get(failure.nodeid, ()))


def _cause(
    group: Group,
    context: Context,
    remembered: Mapping[str, Remembered],
    prevented: Mapping[str, tuple[str, ...]],
    near: Near | None,
) -> Cause:
    signature, failures = group.signature, group.failures
    known = remembered.get(signature.id)
    found, looks = rule_for(failures, context), likeness(failures)
    verdict = verdict_on(failures, context, found)
    alike: tuple[Similar, ...] = ()
    is_general = found is not None and found.rule.is_general
    if near and gives_way(verdict, is_general=is_general):
        alike = near(signature=signature.id, title=signature.title, text=looks)
    near_said = apply_near(verdict, alike, looks, is_general=is_general)
    verdict = apply_decision(near_said, known)
    verdict = replace(verdict, evidence=(*verdict.evidence, *_torn_down(failures)))
    kept_back = (prevented.get(failure.nodeid, ()) for failure in failures)
    return Cause(
        cause_id=causes.cause_id(context.recording.run.project, signature.id),
        signature=signature.id,
        title=signature.title,
        verdict=verdict,
        failures=failures,
        suggestions=suggest(verdict, found, context.project, known, alike),
        remembered=known,
        prevented=tuple(dict.fromkeys(nodeid for nodeids in kept_back for nodeid in nodeids)),
        likeness=looks,
    )


def _torn_down(failures: Iterable[Failure]) -> Iterator[str]:
    """What tear-downs raised after the tests of a cause had failed of something else."""
    first, *others = failures
    told = {said(raised)} if (raised := decisive(first)) else set()
    for failure in others:
        raised = decisive(failure) if failure.phase == "teardown" else None
        if raised and said(raised) not in told:
            told.add(said(raised))
            yield f"The tear-down of {failure.nodeid} failed after it as well: {said(raised)}"
