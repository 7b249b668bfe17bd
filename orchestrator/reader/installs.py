"""What a command would install, as far as it can be told; pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement

_INSTALLERS = (
    ("pip", "install"),
    ("pip3", "install"),
    ("uv", "add"),
    ("uv", "pip", "install"),
    ("poetry", "add"),
    ("pdm", "add"),
    ("pipenv", "install"),
)
_HARMLESS = frozenset(
    {"-U", "--upgrade", "--dev", "-d", "-dG", "--user", "--force-reinstall", "--no-deps", "--pre"}
)
_WITH_A_NAME = frozenset({"--group", "-G", "--optional", "--extra"})
_OF_THE_PROJECT = re.compile(
    r"-e|-r|\.(?:\[[\w,.-]+\])?|(?:[\w-]+/){0,3}[\w-]*requirements[\w-]*\.txt"
)
"""The project itself, and what its own files ask for."""
_PYTHON = re.compile(r"python(?:3(?:\.\d+)?)?")
_BRINGS_CODE = re.compile(
    r"\b(?:pip[0-9.]*|uv|uvx|pipx|poetry|pdm|pipenv|hatch|rye|conda|mamba|micromamba|easy_install|"
    r"npm|npx|yarn|pnpm|apt|apt-get|apk|yum|dnf|brew|gem|cargo|go|curl|wget|git|eval|source|"
    r"setup\.py)\b"
)
_OPERATORS = ";&|<>()"
_SUBSTITUTED = re.compile(r"[`$\\]")
_IN_PROSE = re.compile(
    r"(?:pip3?|uv|poetry|pdm|pipenv)\s+(?:pip\s+)?(?:install|add)\s+((?:[^\s.;,`'\")]|\.(?=\w))+)"
)
UNREADABLE = "what that command would fetch"


def installed_by(command: str) -> tuple[str, ...] | None:
    """The distributions that a command installs; None where it brings no code from elsewhere.

    Only the plain form of a package manager's command is read: of all others that could bring code
    the answer is `UNREADABLE`, which nobody knows.
    """
    words = _words(command)
    if not words:
        return (UNREADABLE,) if _BRINGS_CODE.search(command) else None
    if len(words) > 2 and _PYTHON.fullmatch(words[0]) and words[1] == "-m":
        words = words[2:]
    for installer in _INSTALLERS:
        if tuple(words[: len(installer)]) == installer:
            return _names(words[len(installer) :])
    return (UNREADABLE,) if _BRINGS_CODE.search(command) else None


def _words(command: str) -> list[str]:
    """The words of one simple command; none where it is more than that, or no command."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=_OPERATORS)
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        words = list(lexer)
    except ValueError:
        return []
    chained = _SUBSTITUTED.search(command) or any(not word.strip(_OPERATORS) for word in words)
    return [] if chained else words


def names_in(text: str) -> Iterator[str]:
    """The distributions that prose tells to install, by a command in it."""
    for found in _IN_PROSE.finditer(text):
        name = _name(found[1])
        yield name or UNREADABLE


def _names(words: list[str]) -> tuple[str, ...]:
    names, left = [], iter(words)
    for word in left:
        if word in _WITH_A_NAME:
            next(left, None)
        elif word not in _HARMLESS and not _OF_THE_PROJECT.fullmatch(word):
            # An option that names another index, a URL, a path: anything could come from there.
            names.append(_name(word) or UNREADABLE)
    return tuple(names)


def _name(word: str) -> str:
    try:
        requirement = Requirement(word)
    except InvalidRequirement:
        return ""
    return "" if requirement.url else requirement.name
