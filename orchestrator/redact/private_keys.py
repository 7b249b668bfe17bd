r"""Where the private keys of a text are: whole, cut, or with `\n` written out."""

from __future__ import annotations

import re
from collections.abc import Iterator

_KIND = r"[A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?"
_BEGIN = re.compile(rf"-{{4,5}} ?BEGIN {_KIND} ?-{{4,5}}")
_END = re.compile(rf"-{{4,5}} ?END {_KIND} ?-{{4,5}}")
_LONGEST = 20_000
"""An RSA key of 16384 bits has 12,700 characters; PGP blocks are of that order."""

# What stands between the lines of a key: breaks, also written out, quotes and commas of lists,
# the margins of pytest, of diffs and of boxes.
_BETWEEN = r"(?:\\+[nrt]|&#10;|%0A|[\s\"',>|│+()E-]){1,24}"
_HEADER = r"(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset)[^\n\\]{0,200}"
_BODY = re.compile(
    rf"(?:(?:{_BETWEEN})?(?:{_HEADER}|[A-Za-z0-9+/=]{{20,}}))*(?:{_BETWEEN}=?[A-Za-z0-9+/]+={{1,2}})?"
)
_BODY_BEFORE_END = re.compile(
    rf"(?:[A-Za-z0-9+/=]{{20,}}{_BETWEEN})*=?[A-Za-z0-9+/=]{{0,76}}(?:{_BETWEEN})?(?:=[A-Za-z0-9+/]{{4}}{_BETWEEN})?\Z"
)


def find(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each private key.

    A key without its last line ends with what still looks like one; a key without its first line
    begins where it does.
    """
    position = 0
    while begin := _BEGIN.search(text, position):
        after = _BEGIN.search(text, begin.end())
        limit = min(begin.end() + _LONGEST, after.start() if after else len(text))
        end = _END.search(text, begin.end(), limit)
        yield from _ends(text, position, begin.start())
        body = _BODY.match(text, begin.end())
        position = end.end() if end else max(begin.end(), body.end() if body else 0)
        yield begin.start(), position
    yield from _ends(text, position, len(text))


def _ends(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Keys between `start` and `stop` whose first line was cut away."""
    for end in _END.finditer(text, start, stop):
        first = max(start, end.start() - _LONGEST)
        start = end.end()
        yield first + _body_start(text[first : end.start()]), end.end()


def _body_start(text: str) -> int:
    """Where the lines of a key begin that reach to the end of `text`."""
    body = _BODY_BEFORE_END.search(text)
    return body.start() if body else len(text)
