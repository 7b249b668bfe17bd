"""Facts about distributions that are asked for and absent, where the failure only hints at one: it
is named in a sentence, or a process ends without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from packaging.utils import canonicalize_name

from orchestrator.classify.distributions.mapping import known_names
from orchestrator.classify.distributions.owners import asking, asks, needed_and_absent
from orchestrator.classify.exceptions.told import says_nothing, told
from orchestrator.classify.facts import Fact, Facts, is_harness, part
from orchestrator.classify.installed import Owner, Unmet

_READ = 2000
_WORDS = 200
_SENTENCE = re.compile(r"[.!?;](?=\s)|\n+")
_WORD = re.compile(r"[A-Za-z][\w.-]{1,60}")
_INSTALLS = re.compile(r"(?i)\b(?:un|pre)?install(?:ed|ing|ation|s)?\b")
_OF_ITSELF = re.compile(r"^(?:No module named |cannot import name )")
"""What Python says of an import: who is meant there others find out better."""
_LOADED = (
    r"(?i)(?:plugin|extension|driver|dialect|backend|engine|adapter|codec|entry_?point|module)"
)
_SAYS_LOADED = re.compile(_LOADED.replace("_?", "[ -]?"))
_MISSING = re.compile(r"(?i)(?:no_?such|not_?found|missing|unknown|unavailable|not_?installed)")
_IS_LOADED = re.compile(_LOADED)
_SPEAKS = re.compile(r"(?:raise\b|sys\.exit\(|exit\()")
_INSTALLERS = frozenset({"pip", "setuptools", "wheel"})
"""What an environment may be without from its beginning."""
_STARTING = frozenset(
    [
        "subprocess",
        "delegator",
        "pexpect",
        "sh",
        "plumbum",
        "sarge",
        "envoy",
        "invoke",
        "scripttest",
    ]
)
"""Modules that start programs."""


class Named(NamedTuple):
    """An absent distribution that a message names."""

    name: str
    said: str
    """Who asks for it."""
    how: str
    """`install`: the sentence speaks of installing it; `load`: of something that is loaded by its
    name and cannot be.
    """


def _named(facts: Facts) -> Named | None:
    """The first that somebody asks for, in a sentence of who raised on purpose."""
    message = facts.link.message[:_READ]
    frame = facts.frames[-1] if facts.frames else None
    if frame is None or is_harness(frame) or _OF_ITSELF.match(message):
        return None
    return next(_in_sentences(facts, message), None) if _SPEAKS.match(frame.source) else None


def _in_sentences(facts: Facts, message: str) -> Iterator[Named]:
    for sentence in _SENTENCE.split(message):
        installs = _INSTALLS.search(sentence)
        kind = facts.link.type.rpartition(".")[2]
        loads = _SAYS_LOADED.search(sentence) and _MISSING.search(kind) and _IS_LOADED.search(kind)
        if not (installs or loads):
            continue
        for word in islice(_WORD.finditer(sentence), _WORDS):
            token = word[0].strip("-_.")
            for name in (token, *(known_names(token) if installs else ())):
                if said := _asked_for(facts, name):
                    yield Named(name, said, "install" if installs else "load")


def _asked_for(facts: Facts, name: str) -> str:
    """Who asks for a distribution that is not installed; empty where nobody does."""
    if not name or facts.context.installed.has(name):
        return ""
    if found := facts.context.project.declared((name,)):
        return f"{found.file} asks for it: {found.text}"
    return next((asks(owner, extra) for owner, extra in _asking(facts, name)), "")


def _asking(facts: Facts, name: str) -> Iterator[tuple[Owner, str]]:
    """Of the distributions that asks for it the one that raised counts whatever the extra."""
    owners = {facts["raiser"], facts.context.project.name}
    for owner, extra in facts.context.installed.asked_for(name):
        if owner.name in owners:
            yield owner, extra
    yield from asking(facts, name)


def _process_lacks(facts: Facts) -> str:
    """What the project always needs to run and is not installed, where a test that starts programs
    looks at a status or at output, and not more than that was seen.
    """
    died = "CalledProcessError" in facts.link.type
    if not (died or says_nothing(facts.link.message)) or not _starts_programs(facts):
        return ""
    if facts["command_program"] and not _is_python(facts):
        return ""
    if next(told(facts.failure, facts.context.recording.run.root), None) is not None:
        return ""
    return next(needed_and_absent(facts), "")


def _is_python(facts: Facts) -> bool:
    """Whether the program that died is Python, or bears the name of what the project brings."""
    program = facts["command_program"].rpartition("/")[2].lower()
    own = {*facts.context.own_names, *facts.context.project.modules}
    return program.startswith("python") or program.removesuffix(".py") in own


def _starts_programs(facts: Facts) -> bool:
    """Whether the test's file, or one that came into its traceback, imports what starts them."""
    files = {facts["test_file"], *(one.file for one in facts.frames if is_harness(one))}
    imported = (facts.context.project.source(file).imports.values() for file in files if file)
    return any(dotted.partition(".")[0] in _STARTING for one in imported for dotted in one)


def _required_of(facts: Facts) -> Unmet | None:
    """The one distribution that the library which raised, else the project by its own metadata,
    always requires and that is not installed.
    """
    installed, raiser = facts.context.installed, facts["raiser"]
    asking = {canonicalize_name(raiser)} if raiser else facts.context.own_names
    lacking = {
        one.name: one
        for one in installed.unmet(asking)
        if not one.installed
        and canonicalize_name(one.by.name) in asking
        and canonicalize_name(one.name) not in _INSTALLERS
    }
    return next(iter(lacking.values())) if len(lacking) == 1 else None


def _refuses(facts: Facts) -> str:
    """`yes` where the deepest frame raises in so many words, rather than stumbling."""
    frame = facts.frames[-1] if facts.frames else None
    return "yes" if frame is not None and _SPEAKS.match(frame.source) else ""


def _required_said(facts: Facts) -> str:
    found = facts.once(_required_of)
    return f"{found.by.name} {found.by.version} requires {found.requirement}" if found else ""


def _process_lacks_said(facts: Facts) -> str:
    found = facts.context.project.declared((facts["process_lacks"],))
    return f"{found.file} asks for it: {found.text}" if found else ""


FACTS: dict[str, Fact] = {
    "message_lacks": part(_named, "name"),
    "message_lacks_how": part(_named, "how"),
    "message_lacks_said": part(_named, "said"),
    "process_lacks": _process_lacks,
    "process_lacks_said": _process_lacks_said,
    "refuses": _refuses,
    "required_absent": part(_required_of, "name"),
    "required_absent_said": _required_said,
}
