"""What the pipeline says of a case, beside what was so; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from packaging.utils import canonicalize_name

from corpus_memory_logging.records import Cause, Culprit
from orchestrator import causes, diagnosis, flaky
from orchestrator.classify import Context, context_of
from orchestrator.evaluate import remedies
from orchestrator.evaluate.cases import LabelledCase, LabelledCause, belonging


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One labelled cause, and the predicted one that holds most of its failures."""

    case: str
    expected: str
    """Category, as everywhere here."""
    predicted: str
    """`unknown` where no cause holds any of its failures."""
    confidence: float
    rule: str
    has_culprit: bool
    """Whether the label names one."""
    culprit_hit: bool
    remedy_hit: bool
    expected_culprit: str = ""
    predicted_culprit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedCase:
    """One run: its causes, and for each failure of the label which cause has it, in both views."""

    name: str
    kind: str
    part: str
    causes: tuple[Judged, ...]
    labelled: tuple[int, ...]
    grouped: tuple[int, ...]
    surplus: int
    """Predicted causes beyond the labelled ones."""


AFTER_GREEN, AFTER_CHANGES = "after-green", "after-changes"
"""What a case is scored as where the memory holds its green run, and where much changed since."""


def judge_all(cases: Iterable[LabelledCase]) -> Iterator[JudgedCase]:
    """Each case as a first run; and where it is known what was otherwise while it was green, also
    with that in the memory, by itself and among much else that changed.
    """
    for case in cases:
        yield judge(case)
        if case.before is None:
            continue
        first = context_of(case.recording, case.project)
        for kind, before in (
            (AFTER_GREEN, case.before),
            (AFTER_CHANGES, case.before.among_others(first)),
        ):
            yield replace(compare(case, _explained(before.remembered(first))), kind=kind)


def judge(case: LabelledCase) -> JudgedCase:
    """Group, classify and suggest, with no memory; then compare."""
    return compare(case, explained(case)[0])


def explained(case: LabelledCase) -> tuple[tuple[Cause, ...], Context]:
    """The causes that the rules find, and what they look at."""
    context = context_of(case.recording, case.project)
    return _explained(context), context


def _explained(context: Context) -> tuple[Cause, ...]:
    counting, _ = flaky.split(context.recording)
    return diagnosis.explain((group, context) for group in causes.group(counting))


def compare(case: LabelledCase, found: Sequence[Cause]) -> JudgedCase:
    """Causes that somebody found, beside those of the label."""
    recording = case.recording
    holder = {id(one): index for index, cause in enumerate(found) for one in cause.failures}
    labels = belonging(
        [cause.tests for cause in case.causes], [one.nodeid for one in recording.failures]
    )
    pairs = [
        (label, holder.get(id(one), len(found)))  # forgiven ones are a group of their own
        for one, label in zip(recording.failures, labels, strict=True)
        if label is not None
    ]
    return JudgedCase(
        name=case.name,
        kind=case.kind,
        part=case.part,
        causes=tuple(
            _judged(case, cause, _matching(index, pairs, found))
            for index, cause in enumerate(case.causes)
        ),
        labelled=tuple(label for label, _ in pairs),
        grouped=tuple(group for _, group in pairs),
        surplus=max(len(found) - len(case.causes), 0),
    )


def _matching(label: int, pairs: Sequence[tuple[int, int]], found: Sequence[Cause]) -> Cause | None:
    """The predicted cause with most of a label's failures; of several the biggest.

    A cause without failures (tests that vanished) is matched with one that has none either.
    """
    groups = [group for of, group in pairs if of == label]
    if not groups:
        return next((cause for cause in found if not cause.failures), None)
    held = [index for index in range(len(found)) if index in groups]
    best = max(
        held, key=lambda index: (groups.count(index), len(found[index].failures)), default=None
    )
    return None if best is None else found[best]


def _judged(case: LabelledCase, label: LabelledCause, found: Cause | None) -> Judged:
    verdict = found.verdict if found else None
    first = found.suggestions[0] if found and found.suggestions else None
    culprit = verdict.culprit if verdict else None
    return Judged(
        case=case.name,
        expected=label.category,
        predicted=verdict.category if verdict else "unknown",
        confidence=verdict.confidence if verdict else 0.0,
        rule=verdict.rule if verdict else "none",
        has_culprit=label.culprit is not None,
        culprit_hit=label.culprit is not None and _same(label.culprit, culprit),
        remedy_hit=first is not None and remedies.is_hit(first, label, case.recording),
        expected_culprit=_told(label.culprit),
        predicted_culprit=_told(culprit),
    )


def _same(expected: Culprit, found: Culprit | None) -> bool:
    if found is None or found.type != expected.type:
        return False
    if expected.version and found.version != expected.version:
        return False
    if expected.type == "distribution":
        return canonicalize_name(found.name) == canonicalize_name(expected.name)
    if expected.type == "file":  # a label may say no more than its name
        return f"/{found.name}".endswith(f"/{expected.name}")
    if expected.type == "host":  # what listens there is said with its port or without
        return found.name.partition(":")[0] == expected.name.partition(":")[0]
    return found.name.casefold() == expected.name.casefold()


def _told(culprit: Culprit | None) -> str:
    return f"{culprit.type} {culprit.name}" if culprit else ""
