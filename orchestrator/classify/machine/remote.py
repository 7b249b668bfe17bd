"""Facts about what a library or the product makes of a network that fails.

Many libraries dress it in a class of their own and leave no trace of what the system said. What
they share: the class is called after a connection or is an OSError that speaks of no file, the
function that raised makes a connection, the message names an address. Where code tries again or
does without, nothing but the log tells.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from conftest_kit.records import Frame
from orchestrator.classify.distributions.owners import owner_of
from orchestrator.classify.facts import Fact, Facts, is_harness
from orchestrator.classify.machine.hosts import said_host
from orchestrator.classify.rules import knowledge

_NEAR = 4
"""Frames below own code that may be those of making a connection."""
_ERRNOS = (None, 110, 60, 10060, 111, 61, 10061, 104, 113, 101, 51, 65, -2, -3, -5, 11001)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_LOGGED = re.compile(
    r"^(?:WARNING|ERROR|CRITICAL|INFO) {1,9}\S{1,200}:[\w.<>-]{1,200}:\d{1,7} (?P<said>.{0,2000})$",
    re.MULTILINE,
)
_NOTHING = re.compile(r"\b(?:False|None|0)\b|\[\]|\{\}|''|\bset\(\)|\(\)|\b5\d\d\b")
_READ = 16384
_RECORDERS = {"vcr/stubs/": "vcrpy", "betamax/adapter": "betamax"}
"""Files through which a request goes that is to be answered from a recording."""


@cache
def _named(what: str) -> frozenset[str]:
    """Words of names, as `knowledge/remote.toml` lists them."""
    return frozenset(knowledge("remote")[what].split())


@cache
def _pattern(what: str) -> re.Pattern[str]:
    said = knowledge("remote")[what]
    return re.compile(said if isinstance(said, str) else "|".join(said))


@lru_cache(maxsize=4096)
def _words(name: str) -> tuple[str, ...]:
    """`no`, `valid`, `connections`, `error` of `ssh.NoValidConnectionsError`."""
    short = name.rpartition(".")[2]
    return tuple(word.lower() for part in short.split("_") for word in _WORD.findall(part))


def _kinds(facts: Facts) -> tuple[str, ...]:
    """The class and its bases, as far as they are no builtins."""
    return tuple(name for name in (facts.link.type, *facts.link.bases) if "." in name)


def _is_of_a_remote(facts: Facts) -> bool:
    """Whether the class is called after a connection, or after what resolves names."""
    named = any(_named("classes") & {*_words(kind)} for kind in _kinds(facts))
    return named or any("dns" in kind.split(".")[:-1] for kind in _kinds(facts))


def _is_of_the_system(facts: Facts) -> bool:
    """Whether it is an OSError that speaks of no file and of nothing else than the network."""
    link = facts.link
    of_os = "OSError" in (link.type, *link.bases) and "ValueError" not in link.bases
    no_file = not link.attributes.get("filename") and not facts["filename"]
    return of_os and no_file and link.attributes.get("errno") in _ERRNOS


def _is_certain(facts: Facts) -> bool:
    return any(_pattern("certain").search("_".join(_words(kind))) for kind in _kinds(facts))


def _waits(facts: Facts) -> bool:
    names = (facts.link.type, *facts.link.bases)
    return any(_pattern("waits").search("_".join(_words(name))) for name in names)


def _waited(facts: Facts) -> str:
    """`yes` for a class that is called after having waited too long."""
    return "yes" if _waits(facts) and not _finds_fault(facts) else ""


def _finds_fault(facts: Facts) -> bool:
    return (
        bool(_named("otherwise") & {*_words(facts.link.type)}) or "ValueError" in facts.link.bases
    )


def _makes(frame: Frame) -> bool:
    """Whether a function makes a connection, or looks for who serves it."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", frame.function).lower()
    return bool(_pattern("makes").search(name))


def _of_library(facts: Facts) -> bool:
    """Whether a library raised: its own code, or what is compiled of it, where no `raise` stands in
    the line. What stands in for something in tests does not count.
    """
    frame = facts.frames[-1] if facts.frames else None
    if frame is None or frame.file.startswith(("unittest/", "mock/")):
        return False
    if frame.origin in ("installed", "stdlib"):
        return not is_harness(frame)
    owner = owner_of(facts, facts["type_module"]) if facts["type_module"] else None
    return owner is not None and not frame.source.startswith("raise")


def _connecting(facts: Facts) -> str:
    """`yes` where a library says, in whatever class, that there is no connection."""
    if not _of_library(facts) or _finds_fault(facts):
        return ""
    made = any(_makes(frame) for frame in facts.frames[-_NEAR:] if not is_harness(frame))
    named = _is_of_a_remote(facts)
    address = bool(named and said_host(facts.link.message))
    waited = made and _waits(facts)
    there = made and (named or _is_of_the_system(facts))
    return "yes" if there or address or waited or _is_certain(facts) else ""


def _connecting_itself(facts: Facts) -> str:
    """`yes` where the product itself says so, and of which address: by its class and function, or
    in words.
    """
    frame = facts.frames[-1] if facts.frames else None
    if frame is None or facts["raised_origin"] != "project" or _finds_fault(facts):
        return ""
    by_class = _makes(frame) and (_is_of_a_remote(facts) or _is_of_the_system(facts))
    said = by_class or _pattern("claims").search(facts.link.message[:_READ])
    return "yes" if said and said_host(facts.link.message) else ""


def _remote_logged(facts: Facts) -> str:
    """What was logged of a network that failed, in a test that does not want it to."""
    text = facts.failure.captured.get("log", "")[-_READ:]
    if not text or _pattern("meant").search(facts["test"].rpartition("::")[2].lower()):
        return ""
    found = (
        one["said"] for one in _LOGGED.finditer(text) if _pattern("failed").search(one["said"])
    )
    return next(found, "")


def _follows_from_log(facts: Facts) -> str:
    """`yes` where what was logged explains the failure: own code raised on purpose, or something is
    empty, `None` or a status 5xx.
    """
    frame = facts.frames[-1] if facts.frames else None
    if frame is None or not facts["remote_logged"]:
        return ""
    raises = frame.origin in ("project", "installed") and frame.source.startswith("raise")
    empty = _NOTHING.search(facts.link.message[:500].partition("\n")[0])
    stumbles = {facts.link.type, *facts.link.bases} & {"AssertionError", "Failed"}
    of_none = "NoneType" in facts.link.message[:500]
    return "yes" if raises or (stumbles and empty) or of_none else ""


def _recorder(facts: Facts) -> str:
    """What plays recorded answers and made the connection itself, as it had none: `vcrpy`."""
    frames = (frame for link in facts.failure.exceptions for frame in link.frames)
    passed = [frame.file for frame in frames if frame.origin == "installed"]
    found = (name for file in passed for top, name in _RECORDERS.items() if file.startswith(top))
    return next(found, "")


FACTS: dict[str, Fact] = {
    "connecting": _connecting,
    "connecting_itself": _connecting_itself,
    "follows_from_log": _follows_from_log,
    "recorder": _recorder,
    "remote_logged": _remote_logged,
    "waited": _waited,
}
