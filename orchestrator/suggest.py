"""What to do about a cause: what a reviewer accepted before, then what the rule says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from corpus_memory_logging.records import Remembered, Similar, Suggestion, Verdict
from orchestrator.checkout.install import command, of_tool
from orchestrator.checkout.project import Project
from orchestrator.classify import near_remedies
from orchestrator.classify.decided import sentence
from orchestrator.classify.engine import Match, fill, fill_all

_STANDING = {"worked": 0, "accepted": 1}


def suggest(
    verdict: Verdict,
    found: Match | None,
    project: Project,
    remembered: Remembered | None,
    near: Sequence[Similar] = (),
) -> tuple[Suggestion, ...]:
    """Suggestions for a cause, best first; never empty. `found` is the rule that explains it.

    What worked or was accepted for the signature before comes first; what was rejected or failed
    does not come again. What mended the nearest of `near` stands among what the rules say.
    """
    proposed = (
        [*_from_rule(found, project)] if found and found.rule.category == verdict.category else []
    )
    proposed += near_remedies(verdict, near)
    return ranked(proposed, remembered) or (_look(verdict, project),)


def ranked(proposed: Sequence[Suggestion], remembered: Remembered | None) -> tuple[Suggestion, ...]:
    """What worked or was accepted before, what a reviewer noted, then what is proposed now; without
    what was rejected or failed.
    """
    known = remembered.suggestions if remembered else ()
    refused = {entry.text for entry in known if entry.status in ("rejected", "failed")}
    kept = sorted(
        (entry for entry in known if entry.status in _STANDING),
        key=lambda entry: (_STANDING[entry.status], -entry.confidence),
    )
    seen = refused | {entry.text for entry in kept}
    fresh = [entry for entry in proposed if entry.text not in seen]
    fresh.sort(key=lambda entry: -entry.confidence)
    return (*kept, *_decided(remembered), *fresh)


def _from_rule(found: Match, project: Project) -> Iterator[Suggestion]:
    for remedy, facts in found.remedies():
        sentences = fill_all(remedy.text, facts)
        if not sentences:
            continue
        asked = fill_all(remedy.commands, facts)
        pip = facts.context.installed.version("pip")
        prefix = facts.context.recording.run.environment.python.get("prefix", "")
        made = (command(project, line, pip=pip) for line in asked)
        edit, anew = of_tool(prefix, asked)
        commands = anew or tuple(filter(None, made))
        yield Suggestion(
            text=" ".join((*sentences, *filter(None, [edit]))),
            commands=commands,
            source="rule",
            confidence=remedy.confidence,
            origin=found.rule.name,
            checklist=fill(remedy.checklist, facts) if remedy.checklist else None,
        )


def _decided(remembered: Remembered | None) -> Iterator[Suggestion]:
    """What a reviewer wrote of the signature, where there is no suggestion of it."""
    if remembered is None or not (remembered.note or remembered.fix):
        return
    sentences = [f"A reviewer noted: {sentence(remembered.note)}"] if remembered.note else []
    if remembered.fix:
        sentences.append(f"It was mended before by commit {remembered.fix}.")
    yield Suggestion(text=" ".join(sentences), source="reviewer", confidence=0.9, origin="reviewer")


def _look(verdict: Verdict, project: Project) -> Suggestion:
    """What to look at where nothing supports a remedy."""
    if verdict.category != "unknown":
        kind = verdict.category.replace("_", " ")
        by_reviewer = verdict.rule == "reviewer" or verdict.rule.startswith("near-decision@")
        said = verdict.evidence[1:] if by_reviewer else verdict.evidence
        text = f"No remedy is known for this {kind}. Look at: {(said or verdict.evidence)[0]}"
    else:
        unread = f" ({'; '.join(project.warnings)})" if project.warnings else ""
        text = (
            "The cause is unknown: no rule explains it. Look at the deepest line of own code in the"
            " traceback, at what the process printed before it, and at what changed since the last"
            f" green run: commits, installed versions, settings, the machine{unread}."
        )
    return Suggestion(text=text, source="rule", confidence=0.1, origin=verdict.rule)
