"""Keep the values of secret environment variables out of everything that is written.

Only the process under test knows these values; what a secret looks like in general is the
orchestrator's detector's business.
PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

_OURS = "CONFTEST_KIT_TOKEN"
"""Names a folder, see `writer.py`: to mask it would mask the paths of what lies beside it."""

# Not compiled before they are needed: most variables look like no secret at all.
_SUSPECT = ("TOKEN", "SECRET", "PASS", "CREDENTIAL", "WEBHOOK", "DSN", "AUTH", "KEY", "PWD")
"""What the names of secrets have in common."""
_SECRET_NAME = (
    r"TOKEN(?!IZ)|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|WEBHOOK|DSN"  # noqa: S105
    r"|AUTH(?!OR(?!I))"  # GIT_AUTHOR_NAME is none
    r"|(?:API|ACCESS|PRIVATE)_?KEY|(?:^|_)KEYS?(?:_|$)|_PASS$|_PWD$"
)
_USERINFO = (
    r"[\w+.-]+://([^/\s]*)@",  # up to the last @ of the host part
    r"[\w+.-]+://([^@\s]*)@",  # where the password holds an unescaped slash
)
_PLACE = r"(?:[\w+.-]+://[\w.:-]+|[~.]{0,2}|[A-Za-z]:)(?:[/\\][\w.@-]{0,19})*"
"""A path or a plain URL. Longer segments are taken for keys: those of webhooks have 24 characters
and more, and a base64 key may begin with a slash."""

_SHORTEST = 6
_LINE = 16
"""Lines of a multi-line secret are masked one by one from this length: output is often indented."""
_EDGE = 24
"""pytest shortens long texts in the middle; from this many characters on an end is masked alone."""

_COMMON = (
    r"always|anonymous|changeme|default|development|disabled|enabled|example|github|gitlab"
    r"|localhost|oauth2|optional|passw(?:or)?d|placeholder|postgres(?:ql)?|prefer|private"
    r"|production|public|rabbitmq|required|secret|sqlite|staging|testing|unknown|username"
)
"""Values that keep nothing secret; masking them would hide evidence."""


class Mask(NamedTuple):
    """Replaces secrets by `[masked:NAME]`, NAME being that of the variable."""

    needles: tuple[tuple[str, str, str], ...] = ()
    """What betrays a form of a secret, the form, and what to write instead; long forms first."""

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Mask:
        """The mask for the variables that `secret_values` finds."""
        return cls.hiding(secret_values(environ))

    @classmethod
    def hiding(cls, secrets: Mapping[str, str]) -> Mask:
        """The mask for these values; each has the name of its variable."""
        forms: dict[str, str] = {}
        for value, name in secrets.items():
            marker = f"[masked:{re.sub(r'[^A-Za-z0-9_.-]', '_', name)}]"
            for form in _forms(value):
                forms.setdefault(form, marker)
        longest_first = sorted(forms, key=lambda form: (-len(form), form))
        return cls(
            needles=tuple(
                (needle, form, forms[form]) for form in longest_first for needle in _ends(form)
            )
        )

    def __call__(self, text: str) -> str:
        """`text` without the secrets.

        Mask texts before they are cut or become part of a JSON line: half a secret is not always
        recognised, and a short one may equal a key of a record.
        """
        for needle, form, marker in self.needles:
            if needle in text:
                text = _mask_ends(text.replace(form, marker), form, marker)
        return text


def environment() -> dict[Any, Any]:
    """The variables, to be compared: as os keeps them, for decoding them takes 50 us."""
    environ = dict(getattr(os.environ, "_data", os.environ))
    for current_test in ("PYTEST_CURRENT_TEST", b"PYTEST_CURRENT_TEST"):
        environ.pop(current_test, None)
    return environ


def secret_values(environ: Mapping[str, str]) -> dict[str, str]:
    """Secret value to the name of its variable.

    A variable is secret by its name, a password also by its place in a URL. Values that are short,
    numbers, common words, paths or plain URLs are not: they hide nothing and occur everywhere.
    """
    found: dict[str, str] = {}
    for name, value in sorted(environ.items()):
        for candidate in _candidates(name, value):
            if _is_worth_masking(candidate):
                found.setdefault(candidate, name)
    return found


def _candidates(name: str, value: str) -> Iterator[str]:
    if name == _OURS:
        return
    upper = name.upper()
    is_secret = any(map(upper.__contains__, _SUSPECT)) and re.search(_SECRET_NAME, upper)
    if is_secret:
        yield value
        yield value.strip()
    for pattern in _USERINFO if "://" in value else ():
        if match := re.match(pattern, value):
            from urllib.parse import unquote  # noqa: PLC0415 - see `_forms`

            user, colon, password = match[1].partition(":")
            yield password
            yield unquote(password)
            if is_secret and not colon:  # https://KEY@host
                yield user


def _is_worth_masking(value: str) -> bool:
    return (
        len(value) >= _SHORTEST
        and not value.isdigit()
        and re.fullmatch(_COMMON, value, re.IGNORECASE) is None
        and re.fullmatch(_PLACE, value) is None
    )


def _forms(value: str) -> Iterator[str]:
    """The value as it may appear in output."""
    # pytest has not loaded these everywhere, and most runs have no secret.
    from urllib.parse import quote, quote_plus  # noqa: PLC0415

    yield value
    yield quote(value, safe="", errors="replace")
    yield quote_plus(value, errors="replace")
    yield repr(value)[1:-1]
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield from _base64_forms(value.encode("utf-8", "surrogateescape"))
    for line in value.splitlines():
        if len(line.strip()) >= _LINE and not line.startswith("-----"):
            yield line.strip()


def _base64_forms(value: bytes) -> Iterator[str]:
    """Its base64 alone, and inside something that is encoded with it (`user:password`).

    There it begins at one of three offsets; the characters at its ends depend on the neighbours.
    """
    import base64  # noqa: PLC0415 - see `_forms`

    for offset, skipped in ((0, 0), (1, 2), (2, 3)):
        whole_characters = (offset + len(value)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            form = encode(bytes(offset) + value).decode("ascii")[skipped:whole_characters]
            if len(form) >= 8:
                yield form


def _ends(form: str) -> tuple[str, ...]:
    return (form[:_EDGE], form[-_EDGE:]) if len(form) >= 2 * _EDGE else (form,)


def _mask_ends(text: str, form: str, marker: str) -> str:
    """Mask what is left of `form` where its middle was cut out."""
    head, *tails = _ends(form)
    at = text.find(head)
    while at >= 0:
        text = text[:at] + marker + text[at + _shared(text[at:], form) :]
        at = text.find(head, at + len(marker))
    for tail in tails:
        at = text.rfind(tail)
        while at >= 0:
            end = at + len(tail)
            start = end - _shared(text[:end][::-1], form[::-1])
            text = text[:start] + marker + text[end:]
            at = text.rfind(tail, 0, start)
    return text


def _shared(left: str, right: str) -> int:
    """How many characters both begin with."""
    pairs = enumerate(zip(left, right, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(left), len(right)))
