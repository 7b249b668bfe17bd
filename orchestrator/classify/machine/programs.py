"""Facts about programs that are not there: which one was looked for, and what would bring it."""

from __future__ import annotations

import re

from packaging.utils import canonicalize_name

from orchestrator.classify.distributions.owners import needed_and_absent
from orchestrator.classify.facts import Fact, Facts

_NOT_FOUND = 127
"""The status with which a shell ends that finds no such program."""
_LOOKS = re.compile(
    r"^_*(?:which|(?:find|resolve|locate)_(?:\w{1,30}_)?(?:program|executable|binary))\b"
)
"""Functions that look for a program on PATH."""
_QUOTED = re.compile(r"""['"`](?P<program>\w[\w.+-]{0,60})['"`]""")
_BARE = re.compile(r"^\s*(?P<program>\w[\w.+-]{0,60})\s*$")
_PROGRAMS = re.compile(r"/s?bin$")
_SHORTEST = 4
"""Letters of a word that is seldom the first of two names by chance."""


def _program_not_found(facts: Facts) -> str:
    """The program that a function looked for on PATH, where that function says itself, by raising,
    that there is none.
    """
    frame = facts.frames[-1] if facts.frames else None
    looks = frame is not None and bool(_LOOKS.match(frame.function)) and _is_raised(frame.source)
    if not looks and not _carries_path(facts):
        return ""
    message = facts.link.message[:1000]
    found = _QUOTED.search(message) or _BARE.match(message)
    return found["program"] if found else ""


def _is_raised(source: str) -> bool:
    return source.strip().startswith("raise ")


def _carries_path(facts: Facts) -> bool:
    """Whether the exception keeps the folders of PATH that it looked in."""
    lists = (value for value in facts.link.attributes.values() if isinstance(value, (list, tuple)))
    return any(
        len(value) > 1
        and all(isinstance(one, str) and one.startswith("/") for one in value)
        # some folder of PATH may be any; none of theirs is seldom
        and any(_PROGRAMS.search(one.rstrip("/")) for one in value)
        for value in lists
    )


def _program_distribution(facts: Facts) -> str:
    """The distribution that bears the name of a program which is not there: the project, or what is
    installed, asks for it, and it is not installed. Else the one of those that the project always
    needs and that are not installed whose name begins with the same word: `ansible-core`.
    """
    status = facts.link.attributes.get("returncode")
    started = facts["command_program"] if status == _NOT_FOUND else ""
    program = facts["program"] or started or facts["program_not_found"]
    installed, name = facts.context.installed, canonicalize_name(program)
    if not name or "/" in name or installed.has(name):
        return ""
    asked = facts.context.project.declared([name]) or any(installed.asked_for(name))
    return name if asked else _needed_like(facts, name.partition("-")[0])


def _needed_like(facts: Facts, word: str) -> str:
    needed = map(canonicalize_name, needed_and_absent(facts))
    like = {name for name in needed if name.partition("-")[0] == word}
    return like.pop() if len(like) == 1 and len(word) >= _SHORTEST else ""


FACTS: dict[str, Fact] = {
    "program_distribution": _program_distribution,
    "program_not_found": _program_not_found,
}
