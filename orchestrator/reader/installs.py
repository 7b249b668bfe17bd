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
    r"setup\.py|install|add|(?<!\.)(?:ba|da|k|z)?sh)\b"
)
_OPERATORS = ";&|<>()"
_SUBSTITUTED = re.compile(r"[`$\\]")
"""With these a shell runs something else than what is read."""
_PATTERN = re.compile(r"[][?*{}]")
_IN_PROSE = re.compile(
    r"(?:pip3?|uv|poetry|pdm|pipenv)\s+(?:pip\s+)?(?:install|add)((?:\s+(?!(?:again|and|as|at|before|"
    r"by|first|for|from|if|in|instead|into|now|on|once|or|so|that|the|then|to|with)\b)"
    r"['\"]?(?:[^\s.;,`'\")]|\.(?=\w))+['\"]?)+)"
)
UNREADABLE = "what that command would fetch"


def installed_by(command: str) -> tuple[str, ...] | None:
    """The distributions that a command installs; None where it brings no code from elsewhere.

    Only the plain form of a package manager's command is read: of all others that could bring code
    the answer is `UNREADABLE`, which nobody knows.
    """
    words = _words(command)
    if _SUBSTITUTED.search(command) or any(map(_PATTERN.search, _programs(words))):
        return (UNREADABLE,)
    spoken = " ".join(words) or command
    if any(map(_is_operator, words)):
        return (UNREADABLE,) if _BRINGS_CODE.search(spoken) else None
    if len(words) > 2 and _PYTHON.fullmatch(words[0]) and words[1] == "-m":
        words = words[2:]
    for installer in _INSTALLERS:
        if tuple(words[: len(installer)]) == installer:
            return _names(words[len(installer) :])
    return (UNREADABLE,) if _BRINGS_CODE.search(spoken) else None


def _words(command: str) -> list[str]:
    """As a shell has them, without their quotes; none where a quote is left open."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=_OPERATORS)
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        return list(lexer)
    except ValueError:
        return []


def _is_operator(word: str) -> bool:
    return not word.strip(_OPERATORS)


def _programs(words: list[str]) -> list[str]:
    """What each simple command runs."""
    before = [";", *words]
    return [word for last, word in zip(before, words, strict=False) if _is_operator(last)]


def names_in(text: str) -> Iterator[str]:
    """The distributions that prose tells to install, by a command in it."""
    for found in _IN_PROSE.finditer(text):
        yield from _names(re.sub("['\"]", "", found[1]).split())


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
