"""Takes the secrets out of texts and recordings; pure."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conftest_kit.masking import Mask
from conftest_kit.records import (
    Attempt,
    Environment,
    Failure,
    Fixture,
    Frame,
    Raised,
    Recording,
    Run,
    Skip,
)
from orchestrator.redact import detector, spans
from orchestrator.redact.detector import Detector

_UNTOUCHED = frozenset(
    ["run_id", "state", "outcome", "phase", "relation", "origin", "scope", "size", "bases"]
)
"""Fields that hold words of ours or names of classes."""
_RECORDS = frozenset([Attempt, Environment, Failure, Fixture, Frame, Raised, Recording, Run, Skip])
"""What is searched; distributions are public."""
_WORD = re.compile(r"[\w.+/~!#$%^*-]{7,}")
_MAY_BE_SECRET = re.compile(r"(?=.*\d)(?=.*[^\W\d])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Redactor:
    """Puts `[redacted:<what>]` in the place of secrets.

    The same secret gives the same marker everywhere; a text that was redacted stays as it is.
    """

    detector: Detector = field(default_factory=detector.load, repr=False)
    mask: Mask = field(default_factory=Mask, repr=False)
    """Hides the secrets of an environment, whatever they look like."""

    def redact_text(self, text: str, *, markup: bool = False) -> str:
        """`text` without its secrets; with `markup` also those that tags of HTML take apart."""
        known: dict[str, str] = {}
        return _replace_known(self._redact(text, known, markup=markup), known)

    def redact_recording(self, recording: Recording) -> Recording:
        """`recording` without the secrets in any of its texts.

        What is a secret in one text is one in all: a password that a source line names is masked in
        the assertion message too, which does not name it. Node ids that differ in a secret only are
        numbered, so that different tests stay different.
        """
        known: dict[str, str] = {}
        once = functools.cache(lambda text: self._redact(text, known))
        by_name = functools.partial(self._by_name, known)
        run = recording.run._replace(command=self._command(recording.run.command, known))
        redacted = _Change(text=once, named=by_name)(recording._replace(run=run))
        if known:
            again = functools.cache(lambda text: _replace_known(text, known))
            redacted = _Change(text=again)(redacted)
        return _numbered(recording, redacted)

    def _by_name(self, known: dict[str, str], name: str, value: str) -> str:
        """The value of a mapping, by its key."""
        if not self.detector.is_secret_value(name, value):
            return value
        marker = f"[redacted:{detector.label(name)}]"
        _learn(known, value, marker)
        return marker

    def _command(self, command: tuple[str, ...], known: dict[str, str]) -> tuple[str, ...]:
        """`--password X`, which is two words here."""
        return tuple(
            self._by_name(known, option.lstrip("-"), word) if option.startswith("--") else word
            for option, word in zip(("", *command), command, strict=False)
        )

    def _redact(self, text: str, known: dict[str, str], *, markup: bool = False) -> str:
        text = self.mask(text)
        # What is left may show a secret that another one hid, so search until nothing is found;
        # each round leaves fewer characters outside of markers.
        while found := self.detector.find(text, markup=markup):
            for span in found:
                _learn(known, text[span.start : span.end], f"[redacted:{span.label}]")
            text = spans.replaced(text, found)
        return text


def _learn(known: dict[str, str], value: str, marker: str) -> None:
    """Remember a secret that is told from ordinary words, to find it where nothing names it."""
    word = value.rstrip("=")
    if marker != "[redacted:]" and _WORD.fullmatch(word) and _MAY_BE_SECRET.match(word):
        known.setdefault(word, marker)


def _replace_known(text: str, known: Mapping[str, str]) -> str:
    def marker_or_same(found: re.Match[str]) -> str:
        word = found[0].rstrip(".")
        return known.get(word, word) + found[0][len(word) :]

    return _WORD.sub(marker_or_same, text) if known else text


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """Applies `text` to each text of a value, and `named` before it to those in mappings."""

    text: Callable[[str], str]
    named: Callable[[str, str], str] = lambda _, value: value
    seen: dict[Frame, Frame] = field(default_factory=dict)
    """Frames recur in most failures of a run."""

    def __call__(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Frame):
            if value not in self.seen:
                self.seen[value] = self._record(value)
            return self.seen[value]
        if type(value) in _RECORDS:
            return self._record(value)
        if type(value) in (list, tuple):
            return type(value)([self(item) for item in value]) if value else value
        if isinstance(value, dict):
            return {
                self.text(key): self(self.named(key, item) if isinstance(item, str) else item)
                for key, item in value.items()
            }
        return value

    def _record(self, record: Any) -> Any:
        old = {
            name: value
            for name, value in zip(record._fields, record, strict=True)
            if name not in _UNTOUCHED
        }
        new = {name: self(value) for name, value in old.items()}
        return record if new == old else record._replace(**new)


def _numbered(original: Recording, redacted: Recording) -> Recording:
    """`redacted`, where node ids that only a secret told apart get a number."""
    same: dict[str, set[str]] = {}
    befores: list[Any] = [*original.attempts, *original.failures]
    afters: list[Any] = [*redacted.attempts, *redacted.failures]
    for before, after in zip(befores, afters, strict=True):
        same.setdefault(after.nodeid, set()).add(before.nodeid)
    new = {
        before: f"{after}#{number}"
        for after, merged in same.items()
        for number, before in enumerate(sorted(merged), start=1)
        if number > 1
    }
    if not new:
        return redacted

    def rename(befores: Iterable[Any], afters: Iterable[Any]) -> tuple[Any, ...]:
        return tuple(
            after._replace(nodeid=new.get(before.nodeid, after.nodeid))
            for before, after in zip(befores, afters, strict=True)
        )

    return redacted._replace(
        attempts=rename(original.attempts, redacted.attempts),
        failures=rename(original.failures, redacted.failures),
        in_flight=tuple(
            new.get(before, after)
            for before, after in zip(original.in_flight, redacted.in_flight, strict=True)
        ),
    )
