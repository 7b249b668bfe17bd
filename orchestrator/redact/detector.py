"""Where the secrets of a text are: detect-secrets' patterns, our own, and values of secret names.

detect-secrets 1.5 is used for its regular expressions alone. Its own `analyze_line` yields groups
(`ghp` of a GitHub token: masking that would leave the token), may call the vendor to verify, and
goes line by line. Here the whole match is taken, over the whole text, and nothing opens a socket.
Which detectors are off, and why, stands with our own patterns in `knowledge/secrets.toml`.
"""

from __future__ import annotations

import base64
import binascii
import functools
import importlib
import pkgutil
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from orchestrator.redact import private_keys, spans
from orchestrator.redact.spans import FILLER, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A shape that gives a secret away by itself."""

    label: str
    regex: re.Pattern[str]
    needs: tuple[str, ...] = ()
    """One of these, in lower case, is in every text that matches."""
    decoded: bool = False
    """Whether the match must be base64 of `user:password`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """Everything that was compiled; `load` makes the one there is."""

    patterns: tuple[Pattern, ...]
    names: re.Pattern[str]
    """Finds, in lower-case text, where an assignment may begin."""
    assignment: re.Pattern[str]
    others: tuple[re.Pattern[str], ...]
    """Other shapes that put a value beside a name."""
    name: re.Pattern[str]
    word: re.Pattern[str]
    """A value that only repeats such a name, in lower case."""
    variable: re.Pattern[str]
    """Code that reads such a name, in lower case."""
    plain: frozenset[str]

    def find(self, text: str, *, markup: bool = False) -> list[Span]:
        """The secrets in `text`, in order and apart from each other.

        With `markup` also those that the tags of HTML take apart.
        """
        text = spans.without_markers(text)
        return spans.merged(
            text, [*spans.find_as_seen(text, self._spans, markup=markup), *_at_cuts(text)]
        )

    def is_secret_value(self, name: str, value: str) -> bool:
        """Whether `value`, stored under `name`, is to be masked."""
        found = self.name.fullmatch(name)
        return found is not None and self._counts(value, weak=found["weak"] is not None)

    def _spans(self, text: str) -> Iterator[Span]:
        if "PRIVATE KEY" in text:
            for start, end in private_keys.find(text):
                yield Span(start=start, end=end, label="private-key")
        lower = _lower(text)
        for pattern in self.patterns:
            if not pattern.needs or any(needed in lower for needed in pattern.needs):
                yield from _matches(text, pattern)
        yield from self._assigned(text, lower)

    def _assigned(self, text: str, lower: str) -> Iterator[Span]:
        position = 0
        while name := self.names.search(lower, position):
            found = self.assignment.match(text, name.start())
            position = name.start() + 1
            if found and self._assigns(text, found):
                group = "quoted" if found["quote"] else "bare"
                start, end = found.span(group)
                position = _bare_end(text, found) if group == "bare" else end
                yield Span(start=start, end=position, label=label(found["name"]))
        for pattern in self.others:
            for found in pattern.finditer(text):
                value = found["value"]
                if not _is_code(value) and self._counts(value, weak=found["weak"] is not None):
                    yield _span(found, "value", label(found["name"]))

    def _assigns(self, text: str, found: re.Match[str]) -> bool:
        weak = found["weak"] is not None
        if found["quote"]:
            quoted = found["quoted"]
            # `"password: " + value`: what looks like an opening quote closes the string.
            return quoted[:1] not in " \t,)" and self._counts(quoted, weak=weak)
        value, separator = text[found.start("bare") : _bare_end(text, found)], found["separator"]
        if len(value) < 4 or not self._counts(value, weak=weak):
            return False
        # `password=user_password` is code, in a line of `env` it is none.
        is_code = _is_code(value) or self.variable.fullmatch(value.lower())
        if is_code and not _is_variable(text, found):
            return False
        if _has_digit_and_letter(value) or separator.lower() in {"=", "%3d"}:
            return True
        return separator.strip() in {"=", ":"} and _is_alone(text, found)

    def _counts(self, value: str, *, weak: bool) -> bool:
        value = value.strip(FILLER)
        bare = value.strip().strip(".:!?)]}>").lower()
        if bare in self.plain or _PLACEHOLDER.fullmatch(bare) or _PATH.fullmatch(value):
            return False
        if self.word.fullmatch(bare):
            return False
        return not weak or _looks_random(value)


@functools.cache
def load() -> Detector:
    """The detector as `knowledge/secrets.toml` and the installed detect-secrets make it."""
    source = resources.files("orchestrator") / "knowledge" / "secrets.toml"
    data = tomllib.loads(source.read_text(encoding="utf-8"))
    name = _name_regex(data["names"])
    words = _alternatives([word for kind in _KINDS for word in data["names"][kind]])

    def compiled(shape: str) -> re.Pattern[str]:
        return re.compile(shape.replace("NAME", name), re.IGNORECASE | re.VERBOSE)

    own = [
        Pattern(
            label=entry["label"],
            regex=re.compile(entry["regex"]),
            needs=tuple(entry.get("needs", ())),
            decoded=entry.get("decoded", False),
        )
        for entry in data["pattern"]
    ]
    return Detector(
        patterns=(*own, *_maintained(data["detectors_off"])),
        # A faster superset of `name`: alternatives of one case that begin with a letter.
        names=re.compile(rf"(?:{words})(?=[\d\"'`\]\\& \t:=!%])"),
        assignment=compiled(_ASSIGNMENT),
        others=tuple(compiled(shape) for shape in (_COMPARISON, _PAIR, _OPTION)),
        name=re.compile(rf"[\w.-]{{0,80}}?{name}", re.IGNORECASE),
        word=re.compile(words),
        variable=re.compile(rf"[\w.]*[_.](?:{words})"),
        plain=frozenset(data["names"]["plain"]),
    )


def _maintained(off: Mapping[str, str]) -> Iterator[Pattern]:
    # Imported when a review needs it: it brings requests and PyYAML, 0.2 s for every `--help`.
    from detect_secrets import plugins  # noqa: PLC0415
    from detect_secrets.plugins.base import RegexBasedDetector  # noqa: PLC0415

    for module in sorted(entry.name for entry in pkgutil.iter_modules(plugins.__path__)):
        members: dict[str, Any] = vars(importlib.import_module(f"{plugins.__name__}.{module}"))
        for name, member in sorted(members.items()):
            if (
                isinstance(member, type)
                and issubclass(member, RegexBasedDetector)
                and member is not RegexBasedDetector
                and name not in off
            ):
                patterns: Any = member.denylist
                for pattern in patterns:
                    yield Pattern(label=label(str(member.secret_type)), regex=pattern)


_QUOTE = r"(?:\\*[\"'`]|&(?:quot|\#34|\#0?39|\#x27|apos);|%2[27])"
_END_OF_NAME = rf"(?:{_QUOTE})?\]?"
_TEXT_IN_QUOTES = r"(?P<quoted>(?:(?!(?P=quote))(?:\\+[\"'`]|[^\n]))*)"
_ASSIGNMENT = rf"""
    NAME {_END_OF_NAME}
    (?P<separator>
        (?:: [ \t]* [a-z_][\w.\[\], |]{{0,40}}? (?=[ \t]*=(?!=)))?   # the annotation of a variable
        [ \t]* (?: [=!]==? | :=|=>|= |: | %3D|%3A ) [ \t]*
    )
    (?: [bru]{{0,2}} (?P<quote>{_QUOTE}) {_TEXT_IN_QUOTES} | (?P<bare> [^\s"'`,;&]+ ) )
"""
# `assert 'hunter2' == form.password`, and pytest's `where 'hunter2' = <User 1>.password`.
_COMPARISON = r"""
    b? (?P<quote>["'`]) (?P<value>[^\n"'`]{4,200}) (?P=quote)
    [ \t]* [!=]?=[ \t]* (?:<[^\n>]{1,200}>)? [\w.()]{0,80}? (?:\[["'])? NAME (?![\w(])
"""
# `("password", "hunter2")`, as in setenv() and in lists of headers.
_PAIR = rf"""
    \([ \t]* b? {_QUOTE} [\w.-]{{0,80}}? NAME {_QUOTE} [ \t]* , [ \t]*
    b? (?P<quote>{_QUOTE}) (?P<value>(?=[^\n]{{0,60}}\d)(?:(?!(?P=quote))[^\n]){{4,}}) (?P=quote)
"""
_OPTION = rf"""
    (?<![\w-]) --(?=\w) [\w-]{{0,40}}? NAME [ \t]+ (?:{_QUOTE})?
    (?P<value> [^\s"'`\\<-] [^\s"'`]{{3,}} )
"""


_KINDS = ("strong", "short", "weak")


def _alternatives(words: Sequence[str]) -> str:
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    return "|".join(word.replace("_", "[_-]?") for word in longest_first)


def _name_regex(names: Mapping[str, Sequence[str]]) -> str:
    strong, short, weak = (_alternatives(names[kind]) for kind in _KINDS)
    return rf"(?P<name>(?:{strong})|(?<![a-z$])(?:{short})|(?P<weak>{weak}))\d{{0,2}}"


def _lower(text: str) -> str:
    """`text` in lower case, as long as before."""
    lower = text.lower()
    return lower if len(lower) == len(text) else "".join(c.lower()[:1] for c in text)


def _matches(text: str, pattern: Pattern) -> Iterator[Span]:
    group: str | int = "secret" if "secret" in pattern.regex.groupindex else 0
    covered = 0
    for found in pattern.regex.finditer(text):
        start, end = found.span(group)
        if end <= covered or (pattern.decoded and not _is_credentials(found[group])):
            continue
        covered = end if group else _run_end(text, end)
        yield Span(start=start, end=covered, label=pattern.label)


_PLACEHOLDER = re.compile(
    r"[*x.•…_-]+|<.*>?|\$\{?\w+\}?|\{.*|%\(?\w*\)?[sdr]?|\[.*|\(.*|\.{3}.*|\\+.?|[:/|+]+.?"
)
# Lower case only: a base64 key may begin with a slash too.
_PATH = re.compile(r"(?:~|\.{1,2})?(?:/[a-z0-9._-]{1,60})+/?")
_CALL = re.compile(r"(?!.*[!$#@%^?~&])[^\W\d]\w*(?:\.\w+)*[(\[{<].*|f?lambda\b.*", re.DOTALL)
_DOTTED = re.compile(r"[^\W\d]+(?:\.[^\W\d]+)+[.:)\]}]*")


def _is_code(value: str) -> bool:
    return bool(_CALL.fullmatch(value) or _DOTTED.fullmatch(value))


def _has_digit_and_letter(value: str) -> bool:
    return any(c.isdigit() for c in value) and any(c.isalpha() for c in value)


def _looks_random(value: str) -> bool:
    if len(value) < 8 or any(c.isspace() for c in value) or _is_code(value):
        return False
    return _has_digit_and_letter(value) or len(value) >= 16


def _is_alone(text: str, found: re.Match[str]) -> bool:
    """Whether name and value are all there is on the line, as in YAML, INI and `env`."""
    begin = text.rfind("\n", 0, found.start()) + 1
    end = text.find("\n", found.end())
    before, after = text[begin : found.start()], text[found.end() : end if end >= 0 else None]
    return re.fullmatch(r"[\s>E|-]*[\w.-]*", before) is not None and not after.strip()


_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")


def _is_variable(text: str, found: re.Match[str]) -> bool:
    """Whether the line is one of `env`: its value goes to its end, and is no code."""
    begin = text.rfind("\n", 0, found.start()) + 1
    name = text[begin : found.end("name")]
    return found["separator"] == "=" and _VARIABLE.fullmatch(name) is not None


def _bare_end(text: str, found: re.Match[str]) -> int:
    """Where an unquoted value ends: in a line of `env` with it, else before closing punctuation."""
    start, end = found.span("bare")
    if _is_variable(text, found):
        line_end = text.find("\n", end)
        return len(text) if line_end < 0 else line_end
    while end > start + 1 and text[end - 1] in ")]}>.":
        end -= 1
    return end


def _is_credentials(value: str) -> bool:
    """Whether `value` is base64 of `user:password`."""
    try:
        return b":" in base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False


_RUN = re.compile(r"[\w-]*(?:\.\.\.[\w+/=-]*)?")


def _run_end(text: str, position: int) -> int:
    """The end of the run of word characters.

    No rest of a token may stay that is longer than its pattern, or was shortened to `ghp_ab...yz`.
    """
    run = _RUN.match(text, position)
    return run.end() if run else position


def label(name: str) -> str:
    """What a marker says of a secret that was found under `name`."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "secret"


def _span(found: re.Match[str], group: str, label: str) -> Span:
    return Span(start=found.start(group), end=found.end(group), label=label)


# As conftest_kit.texts.bounded says that it cut a text.
_CUT = re.compile(r"\n… \d+ bytes left out …\n")
_HARMLESS_WORD = re.compile(r"[a-z]{0,12}|\W{0,8}")


def _at_cuts(text: str) -> Iterator[Span]:
    """The words that were cut in half: no pattern knows half a token."""
    for cut in _CUT.finditer(text) if "bytes left out" in text else ():
        start, end = cut.span()
        while start and not _ends_word(text[start - 1]):
            start -= 1
        while end < len(text) and not _ends_word(text[end]):
            end += 1
        for first, last in ((start, cut.start()), (cut.end(), end)):
            word = text[first:last].strip(FILLER)
            if not _HARMLESS_WORD.fullmatch(word) and not _PATH.fullmatch(word):
                yield Span(start=first, end=last, label="cut")


def _ends_word(character: str) -> bool:
    return character.isspace() or character in "\"'`"
