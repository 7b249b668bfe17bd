"""What a model is asked about one cause; pure.

Whatever comes from the run or the memory stands in sections whose delimiter nobody can guess, one
numbered line after the other, so that each can be cited.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from corpus_memory_logging.records import CATEGORIES, Cause, Similar
from orchestrator.classify import Context
from orchestrator.failures.chain import decisive
from orchestrator.reduce import reduce
from orchestrator.report.plain import one_line

FAILURE_TOKENS = 2000
"""For the failures of the cause; the other sections have a number of lines each."""
_FIXTURES, _CHANGES, _UNMET, _EVIDENCE, _REMEDIES = 12, 20, 8, 8, 3
_LINE = 300

MEANINGS = {
    "missing_dependency": "something that must be installed is not",
    "compatibility": "installed versions do not fit each other, the interpreter or the code",
    "fixture": "the test harness is wired wrongly",
    "assertion": "the product does not do what the test expects",
    "product_error": "the product raised where it should not, or a part of it is gone",
    "environment": "the machine lacks what the code expects: variable, file, permission, locale",
    "network": "a remote could not be reached",
    "timeout": "too slow",
    "resource": "out of memory, descriptors, disk; killed",
    "configuration": "pytest or the project is configured wrongly",
    "syntax": "code does not parse",
    "unknown": "the lines support no verdict",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Lines of one origin, and the number of the first."""

    about: str
    lines: tuple[str, ...]
    first: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A question, and what its answer is checked against."""

    version: str
    """Name and hash of the prompt's files: `triage@0123456789ab`."""
    delimiter: str
    system: str
    user: str
    lines: tuple[str, ...]
    """All that were sent; the first is number 1."""

    def messages(self) -> list[dict[str, str]]:
        """As the model's server takes them."""
        return [
            {"role": "system", "content": self.system},
            {"role": "user", "content": self.user},
        ]

    def repair(self, answer: str, reason: str) -> list[dict[str, str]]:
        """The question once more, after an answer that cannot be used, and why."""
        return [
            *self.messages(),
            {"role": "assistant", "content": answer[:4000]},
            {"role": "user", "content": _rendered("repair", reason=reason)},
        ]


def build(
    cause: Cause,
    context: Context,
    near: Sequence[Similar],
    *,
    delimiter: str,
    redact: Callable[[str], str],
    with_rules: bool = True,
) -> Prompt:
    """The question about a cause; `redact` goes over each line before it is numbered.

    `delimiter` is a text that nobody who writes tests can know. Without `with_rules` the model is
    not told what the rules thought.
    """
    reduced = reduce(cause.failures, max_tokens=FAILURE_TOKENS)
    content = {
        "failures": reduced.lines,
        "fixtures": [*_fixtures(cause)],
        "since the last green run": [*_changes(cause, context)],
        "unmet requirements": [*_unmet(context)],
        "environment": [*_environment(context)],
        "what the rules thought": [*_thought(cause)] if with_rules else [],
        "similar causes, remembered": [line for one in near for line in _near(one)],
    }
    sections, sent = [], list[str]()
    for about, lines in content.items():
        shown = tuple(one_line(redact(line), _LINE) for line in lines)
        if about == "failures":  # cut to size already, and their indentation tells
            shown = tuple(redact(line).replace("\n", " ") for line in lines)
        if shown:
            sections.append(Section(about=about, lines=shown, first=len(sent) + 1))
            sent += shown
    return Prompt(
        version=version(),
        delimiter=delimiter,
        system=_rendered("system", delimiter=delimiter, categories=CATEGORIES, meanings=MEANINGS),
        user=_rendered("user", delimiter=delimiter, sections=sections, left_out=reduced.left_out),
        lines=tuple(sent),
    )


@cache
def version() -> str:
    """The prompt's name and the hash of its files."""
    content = b"\0".join(_file(name).read_bytes() for name in ("md.j2", "schema.json"))
    return f"triage@{hashlib.sha256(content).hexdigest()[:12]}"


@cache
def schema() -> dict[str, Any]:
    """What an answer must be."""
    document: dict[str, Any] = json.loads(_file("schema.json").read_bytes())
    return document


def _file(suffix: str) -> Any:
    return files("orchestrator").joinpath("prompts", f"triage.{suffix}")


@cache
def _template() -> Template:
    # Markdown for a model: nothing in it is HTML, and what is not ours is inside of its section.
    made = Environment(
        loader=PackageLoader("orchestrator", "prompts"),
        autoescape=False,  # noqa: S701
        undefined=StrictUndefined,
    )
    return made.get_template("triage.md.j2")


def _rendered(block: str, **values: Any) -> str:
    template = _template()
    return "".join(template.blocks[block](template.new_context(values))).strip()


def _fixtures(cause: Cause) -> Iterator[str]:
    """The chain of fixtures of the first failure, as pytest set them up."""
    for fixture in islice(cause.failures[0].fixtures if cause.failures else (), _FIXTURES):
        yield f"{fixture.name} ({fixture.scope}, {fixture.origin}) {fixture.file}:{fixture.line}"


def _changes(cause: Cause, context: Context) -> Iterator[str]:
    if context.green is None or not cause.failures:
        return
    failure = cause.failures[0]
    facts = context.facts(failure, decisive(failure))
    yield f"last green run: {facts['green_run']}"
    yield from islice(facts["since_green"].split("; "), _CHANGES)


def _unmet(context: Context) -> Iterator[str]:
    for unmet in islice(context.installed.unmet(context.installed.versions), _UNMET):
        there = f"{unmet.name} {unmet.installed} is" if unmet.installed else "none is"
        yield f"{unmet.by.name} {unmet.by.version} requires {unmet.requirement}; {there} installed"


def _environment(context: Context) -> Iterator[str]:
    environment = context.recording.run.environment
    python, system = environment.python.get("version"), environment.platform.get("system")
    yield f"Python {python or 'unknown'}, {system or 'unknown platform'}"
    versions = context.installed.versions
    if "pytest" in versions:
        yield f"pytest {versions['pytest']}"


def _thought(cause: Cause) -> Iterator[str]:
    verdict, culprit = cause.verdict, cause.verdict.culprit
    named = f", culprit {culprit.type} {culprit.name}" if culprit else ""
    yield f"{verdict.category} {verdict.kind}{named}, confidence {verdict.confidence:.2f}"
    yield from islice(verdict.evidence, _EVIDENCE)


def _near(one: Similar) -> Iterable[str]:
    culprit = f", culprit {one.culprit.type} {one.culprit.name}" if one.culprit else ""
    yield f"{one.similarity:.0%} alike: {one.title}"
    yield f"it was {one.category} {one.kind}{culprit}"
    for remedy in one.remedies[:_REMEDIES]:
        yield f"what people accepted: {remedy}"
