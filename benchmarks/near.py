"""How far a reviewer's decision carries: what near causes have in common, by their similarity.

    .venv/bin/python benchmarks/near.py

Takes the cases that rules may be tuned on. Again and again a reviewer decides what the causes of
one half are, as their labels say, and the other half asks for the nearest decided cause. All cases
share one memory: in those of one project nothing is broken twice.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from packaging.utils import canonicalize_name

from conftest_kit.records import Recording, Run
from corpus_memory_logging.records import Cause, Culprit, Review
from corpus_memory_logging.similar import similar
from corpus_memory_logging.store import Store, open_store
from orchestrator import causes, diagnosis, flaky
from orchestrator.classify import Context, context_of
from orchestrator.evaluate import cases
from orchestrator.evaluate.cases import LabelledCause

CASES = Path(__file__).parents[1] / "tests" / "cases"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
BOUNDS = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.6, 0.0)
HALVES = 20
FILLED = 10_000


@dataclass(frozen=True)
class Known:
    """A cause whose label is known."""

    case: str
    group: causes.Group
    context: Context
    cause: Cause
    label: LabelledCause


@dataclass(frozen=True)
class Asked:
    """What the nearest decided cause has in common with one that was asked for."""

    similarity: float
    categories: tuple[tuple[float, str], ...]
    """Of the nearest three, with their similarity."""
    category: bool
    culprit: bool
    named: bool
    """Whether the culprit's name stands in the text of the one asked for."""


def known(folder: Path) -> Iterator[Known]:
    """The causes of the cases, as the rules find them, with their labels."""
    for case in cases.read_all(folder):
        if case.part != "tuned":
            continue
        counting, _ = flaky.split(case.recording)
        context = context_of(case.recording, case.project)
        for group in causes.group(counting):
            (cause,) = diagnosis.explain([(group, context)])
            of = cases.belonging(
                [label.tests for label in case.causes], [one.nodeid for one in cause.failures]
            )
            labels = [index for index in of if index is not None]
            if labels:
                label = case.causes[statistics.mode(labels)]
                yield Known(case.name, group, context, cause, label)


def decide(store: Store, decided: Iterable[Known]) -> None:
    """A reviewer says of each what its label says."""
    for number, one in enumerate(decided):
        run = Run(run_id=f"{number:04}", started=NOW.isoformat(), state="complete", exit_code=1)
        cause = replace(one.cause, cause_id=f"{number:016x}")
        store.remember(Review(recording=Recording(run=run), causes=(cause,)))
        culprit = one.label.culprit
        store.resolve(
            cause.cause_id,
            category=one.label.category,
            culprit=f"{culprit.type}:{culprit.name}" if culprit else None,
            accept="what made it green",
            now=NOW,
            reviewer="label",
        )


def ask(store: Store, one: Known) -> Asked | None:
    """What the nearest decided cause has in common with it."""
    found = similar(
        store, signature=one.cause.signature, title=one.cause.title, text=one.cause.likeness
    )
    if not found:
        return None
    culprit, label = found[0].culprit, one.label
    return Asked(
        similarity=found[0].similarity,
        categories=tuple((near.similarity, near.category) for near in found),
        category=found[0].category == label.category,
        culprit=same(culprit, label.culprit),
        named=bool(culprit and culprit.name.casefold() in one.cause.likeness.casefold()),
    )


def same(one: Culprit | None, other: Culprit | None) -> bool:
    """Whether both name the same thing."""
    if one is None or other is None:
        return one is other
    return one.type == other.type and canonicalize_name(one.name) == canonicalize_name(other.name)


def halves(every: Sequence[Known], seed: int) -> tuple[list[Known], list[Known]]:
    """By cases, so that no run is in both."""
    names = sorted({one.case for one in every})
    random.Random(seed).shuffle(names)  # noqa: S311 - halves, no secrets
    decided = set(names[: len(names) // 2])
    return (
        [one for one in every if one.case in decided],
        [one for one in every if one.case not in decided],
    )


def effect(store: Store, others: Iterable[Known]) -> Iterator[tuple[bool, bool, bool]]:
    """Of each cause whether a near decision was applied, and whether the category was right without
    and with it.
    """
    near = partial(similar, store)
    for one in others:
        (cause,) = diagnosis.explain([(one.group, one.context)], near=near)
        yield (
            cause.verdict.rule.startswith("near"),
            one.cause.verdict.category == one.label.category,
            cause.verdict.category == one.label.category,
        )


def seconds(store: Store, every: Sequence[Known], number: int) -> float:
    """How long it takes to ask a memory of so many decided causes, which look alike by dozens."""
    texts = [one.cause.likeness for one in every]
    cause = replace(every[0].cause, failures=(), suggestions=())
    made = tuple(
        replace(
            cause,
            cause_id=f"{index:016x}",
            signature=f"{index}",
            title=f"{index}",
            likeness=f"{texts[index % len(texts)]} {index:x}",
        )
        for index in range(number)
    )
    run = Run(run_id="filled", started=NOW.isoformat(), state="complete", exit_code=1)
    store.remember(Review(recording=Recording(run=run), causes=made))
    with store.transaction():
        for one in made:
            store.execute("learn", cause_id=one.cause_id)
    took = []
    for text in texts:
        begun = time.perf_counter()
        similar(store, signature="", title="", text=text)
        took.append(time.perf_counter() - begun)
    return statistics.median(took)


def main(arguments: Sequence[str]) -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--halves", type=int, default=HALVES, help="how often it is tried")
    options = parser.parse_args(arguments)
    every = list(known(CASES))
    asked: list[Asked] = []
    effects: list[tuple[bool, bool, bool]] = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(options.halves):
            decided, others = halves(every, seed)
            with open_store(Path(folder) / f"{seed}.db", project="cases") as store:
                decide(store, decided)
                asked += filter(None, (ask(store, one) for one in others))
                effects += effect(store, others)
        with open_store(Path(folder) / "filled.db", project="cases") as store:
            took = seconds(store, every, FILLED)
    print(f"{len(every)} causes, {options.halves} halves, {len(asked)} answers\n")
    _table(asked)
    applied = [(without, with_near) for was, without, with_near in effects if was]
    right = [sum(one[index] for one in effects) / len(effects) for index in (1, 2)]
    print(
        f"\nNear decisions applied: {len(applied)} of {len(effects)}; right before "
        f"{sum(one for one, _ in applied)}, right after {sum(one for _, one in applied)}; "
        f"accuracy of categories {right[0]:.4f} -> {right[1]:.4f}"
    )
    print(f"Asking a memory of {FILLED:,} decided causes: {took * 1000:.1f} ms (median)")


def _table(asked: Sequence[Asked]) -> None:
    print(
        "| similarity | answers | same category | near ones agree | of these same | same culprit "
        "| culprit named | of these same |"
    )
    print("|---|---|---|---|---|---|---|---|")
    upper = 2.0
    for bound in BOUNDS:
        found = [one for one in asked if bound <= one.similarity < upper]
        upper = bound
        if not found:
            continue
        named = [one for one in found if one.named]
        agreed = [one for one in found if _agree(one, bound)]
        shares = (
            f"{sum(one.category for one in found) / len(found):.3f}",
            f"{len(agreed)}",
            f"{sum(one.category for one in agreed) / len(agreed):.3f}" if agreed else "",
            f"{sum(one.culprit for one in found) / len(found):.3f}",
            f"{len(named)}",
            f"{sum(one.culprit for one in named) / len(named):.3f}" if named else "",
        )
        print(f"| from {bound:.2f} | {len(found)} | {' | '.join(shares)} |")


def _agree(asked: Asked, bound: float) -> bool:
    return len({category for similarity, category in asked.categories if similarity >= bound}) == 1


if __name__ == "__main__":
    main(sys.argv[1:])
