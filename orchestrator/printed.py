"""Tracebacks and exceptions as Python prints them → what the record would have of them."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator

from conftest_kit.records import Failure, Frame, Raised

READ = 65536
"""Characters of a text that are looked at, its last ones."""
_TRACEBACK = re.compile(
    r"^Traceback \(most recent call last\):\n(?P<frames>(?:[ \t].*\n){1,400})"
    r"(?P<type>[A-Za-z_][\w.]{0,200})(?:: (?P<message>.{0,1000}))?$",
    re.MULTILINE,
)
# The end of one whose beginning was cut off, as it is of a long log
_END_OF_TRACEBACK = re.compile(
    r'(?P<frames>(?:^  File "[^"\n]{1,500}", line \d{1,7}, in \S{1,200}\n'
    r"(?:    .*\n| *[~^]+ *\n){0,3}){1,200})"
    r"(?P<type>[A-Za-z_][\w.]{0,200})(?:: (?P<message>.{0,1000}))?$",
    re.MULTILINE,
)
_UNREPRESENTED = "NOTE: Incompatible Exception Representation, displaying natively:"
"""What pytest puts before what it was handed as text only."""
_BARE = re.compile(
    r"^(?P<type>[A-Za-z_][\w.]{0,200}): (?P<message>.{1,1000}?)\s*\Z", re.MULTILINE | re.DOTALL
)
_BEGINS = "Traceback (most recent call last):"
_STDLIB = re.compile(r"^.{0,400}/lib/python\d\.\d{1,2}/")
_FRAME = re.compile(
    r'^  File "(?P<file>[^"\n]{1,500})", line (?P<line>\d{1,7}), in (?P<function>\S{1,200})\n'
    r"(?:    (?P<source>.{0,500})\n)?",
    re.MULTILINE,
)


def native(failure: Failure, root: str) -> Failure:
    """The failure with the exception that its message holds as a native traceback, or as its last
    paragraph, where none of its exceptions has a frame: so hands over what pytest cannot represent.
    """
    message = failure.exceptions[0].message if failure.exceptions else ""
    if any(link.frames for link in failure.exceptions):
        return failure
    if message.startswith(_UNREPRESENTED) and _BEGINS not in message:
        last = message[-READ:].rstrip().rpartition("\n\n")[2]
        if (bare := _BARE.match(last)) and _is_one(bare["type"]):
            raised = exception(bare["type"], bare["message"])
            return failure._replace(exceptions=(raised,), message=raised.message)
    if _BEGINS not in message:
        return failure
    text = message.replace(f": {_BEGINS}", f":\n{_BEGINS}")
    for found in last_exception(text, root):
        checks = found.frames[-1].function.startswith(("assert", "fail"))
        bases = found.bases or (("AssertionError",) if checks else ())
        raised = found._replace(bases=bases)
        return failure._replace(exceptions=(raised,), message=raised.message)
    return failure


def last_exception(text: str, root: str, types: tuple[str, ...] = ()) -> Iterator[Raised]:
    """The exception of the last traceback of `text`, where it is of one of these types; paths of
    the project lie below `root`.
    """
    whole = list(_TRACEBACK.finditer(text[-READ:]))
    for printed in (whole or list(_END_OF_TRACEBACK.finditer(text[-READ:])))[-1:]:
        if not types or printed["type"] in types:
            frames = tuple(_frame(found, root) for found in _FRAME.finditer(printed["frames"]))
            yield exception(printed["type"], printed["message"] or "")._replace(frames=frames)


def _is_one(name: str) -> bool:
    """Whether an exception may be called so."""
    return bool(exception(name, "").bases) or name.endswith(("Error", "Exception", "Failure"))


def exception(name: str, message: str) -> Raised:
    """One of this type, its own `[Errno 2]` and the bases of a builtin with it; without frames."""
    kind = getattr(builtins, name.rpartition(".")[2], None)
    known = kind if isinstance(kind, type) and issubclass(kind, BaseException) else None
    bases = tuple(base.__name__ for base in known.__mro__[1:-1]) if known else ()
    errno = re.match(r"\[Errno (\d{1,5})\]", message)
    attributes = {"errno": int(errno[1])} if errno else {}
    return Raised(type=name, bases=bases, message=message, attributes=attributes)


def _frame(found: re.Match[str], root: str) -> Frame:
    file, source = found["file"], (found["source"] or "").strip()
    line, function = int(found["line"]), found["function"]
    _, site, inside = file.rpartition("-packages/")
    if site:
        return Frame(inside, line, function, source, origin="installed")
    own = file.removeprefix(f"{root.rstrip('/')}/")
    if own == file:
        return Frame(_STDLIB.sub("", file), line, function, source, origin="stdlib")
    is_test = own.rpartition("/")[2].startswith("test_") or own.startswith(("tests/", "test/"))
    return Frame(own, line, function, source, origin="test" if is_test else "project")
