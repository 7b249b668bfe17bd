"""Whether a model's answer may be believed: form, citations, what it would install; pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from corpus_memory_logging.records import Culprit
from orchestrator.reader.installs import installed_by, names_in
from orchestrator.reader.prompt import Prompt, schema
from orchestrator.report.plain import one_line

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

_THOUGHT = re.compile(r"\A.*</think(?:ing)?>", re.DOTALL)
"""Where a server puts its beginning into the prompt, only its end is in the reply."""
_FENCE = re.compile(r"```(?:json)?\s*(\{.*\})\s*```", re.DOTALL)
_REPEATED = 48
"""Letters in a row of our instructions that an answer may not have, however they are set."""
_REASON = 300


class Rejected(Exception):
    """An answer that cannot be used; the message says why, for the model and for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model says of a cause, as far as it can be checked."""

    category: str
    kind: str
    culprit: Culprit | None
    remedy: str
    commands: tuple[str, ...]
    """To be shown, never to be run."""
    unverified: tuple[str, ...]
    """Distributions it would install that neither the run's metadata nor our maps know; commands
    that would are left out."""
    evidence: tuple[str, ...]
    """The lines it cites."""
    confidence: float
    more_information: str


def read(text: str, prompt: Prompt, *, known: Callable[[str], bool]) -> Answer:
    """The answer in a model's reply. `known` says whether a distribution is known by that name.

    Raises:
        Rejected: it has not the form of the schema, cites what was not sent, names what nobody
            sent or knows, or repeats the prompt.
    """
    document = _document(text)
    fault = next(iter(_validator().iter_errors(document)), None)
    if fault is not None:
        where = "/".join(map(str, fault.absolute_path)) or "the answer"
        raise Rejected(one_line(f"{where}: {fault.message}", _REASON))
    _check_repeats(document, prompt)
    evidence = tuple(dict.fromkeys(_cited(document["citations"], prompt.lines)))
    culprit = _culprit(document["culprit"], prompt.lines, known)
    commands = [one_line(command) for command in document["commands"]]
    doubtful = [*names_in(document["remedy"])]
    shown = []
    for command in commands:
        asked = installed_by(command)
        if asked is None or all(map(known, asked)):
            shown.append(command)
        doubtful += asked or ()
    return Answer(
        category=document["category"],
        kind=document["kind"],
        culprit=culprit,
        remedy=one_line(document["remedy"]),
        commands=tuple(shown),
        unverified=tuple(dict.fromkeys(name for name in doubtful if not known(name))),
        evidence=evidence,
        confidence=float(document["confidence"]),
        more_information=one_line(document["more_information"] or ""),
    )


def _document(text: str) -> Mapping[str, Any]:
    """The object in a reply; what models put around it is no fault."""
    said = text.strip()
    bare = _THOUGHT.sub("", said).strip()
    fenced = _FENCE.search(bare)
    framed = bare[bare.find("{") : bare.rfind("}") + 1]
    fault = ""
    for place in dict.fromkeys((said, bare, fenced[1] if fenced else bare, framed)):
        try:
            document = json.loads(place, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            fault = fault or f": {error}"
            continue
        if isinstance(document, dict):
            return document
    raise Rejected(f"it is no JSON object{fault}")


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number")


@cache
def _validator() -> Draft202012Validator:
    # Imported when a model answers: it is a tenth of what every command would import.
    from jsonschema import Draft202012Validator  # noqa: PLC0415

    return Draft202012Validator(schema())


def _check_repeats(document: Mapping[str, Any], prompt: Prompt) -> None:
    said, ours = _letters(json.dumps(document, ensure_ascii=False)), _letters(prompt.system)
    starts = range(0, len(ours) - _REPEATED, _REPEATED // 2)
    repeated = any(ours[start : start + _REPEATED] in said for start in starts)
    if repeated or _letters(prompt.delimiter) in said:
        raise Rejected("it repeats the instructions")


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()


def _cited(citations: Sequence[Mapping[str, Any]], lines: Sequence[str]) -> Iterator[str]:
    for citation in citations:
        number, quote = int(citation["line"]), citation["quote"]
        if number > len(lines):
            raise Rejected(f"line {number} was not sent: there are {len(lines)}")
        line = lines[number - 1]
        if not _flat(quote) or _flat(quote) not in _flat(line):
            raise Rejected(f"line {number} does not contain {one_line(quote, 80)!r}")
        yield line.strip()


def _culprit(
    document: Mapping[str, Any] | None, lines: Sequence[str], known: Callable[[str], bool]
) -> Culprit | None:
    if document is None:
        return None
    name = one_line(document["name"])
    sent = any(name.casefold() in line.casefold() for line in lines)
    if document["type"] == "distribution":
        # A whole name: `request` is not named by a line with `requests`, and another project.
        wanted = re.compile(rf"(?<![^\W_]){re.escape(canonicalize_name(name))}(?![^\W_])")
        sent = known(name) or any(wanted.search(canonicalize_name(line)) for line in lines)
    if not sent:
        raise Rejected(f"the culprit {one_line(name, 80)!r} stands in none of the lines")
    version = one_line(document["version"] or "") or None
    return Culprit(type=document["type"], name=name, version=version)


def _flat(text: str) -> str:
    return " ".join(text.split())
