"""Tracebacks and exceptions as Python prints them → what the record would have of them."""

from __future__ import annotations

import ast
import builtins
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from conftest_kit.records import Failure, Frame, Raised
from orchestrator.checkout.source import is_of_tests
from orchestrator.failures.chain import decisive

READ = 65536
"""Characters of a text that are looked at, its last ones."""
_UNREPRESENTED = "NOTE: Incompatible Exception Representation, displaying natively:"
"""What pytest puts before what it was handed as text only."""
_BARE = re.compile(
    r"^(?P<type>[A-Za-z_][\w.]{0,200}): (?P<message>.{1,1000}?)\s*\Z", re.MULTILINE | re.DOTALL
)
_BEGINS = "Traceback (most recent call last):"
_LINKS = {
    "The above exception was the direct cause of the following exception:": "cause",
    "During handling of the above exception, another exception occurred:": "context",
}
# Where a long text was cut, with parts of lines at both ends
_CUT = re.compile(r"… \d{1,12} bytes left out …")
_STDLIB = re.compile(r"^.{0,400}/lib/python\d\.\d{1,2}/")
_FRAME = re.compile(
    r'  File "(?P<file>[^"\n]{1,500})", line (?P<line>\d{1,7}), in (?P<function>\S{1,200})$'
)
# 'ascii' codec can't encode character '\xe9' in position 3: ordinal not in range(128)
_CODEC = re.compile(r"'(?P<encoding>[\w.-]{1,50})' codec can't (?:en|de)code ")
_RAISED = re.compile(r"(?P<type>[A-Za-z_][\w.]{0,200})(?:: (?P<message>.{0,1000}))?$")


def literal(text: str) -> Any:
    """The value that a printed literal stands for; the text itself where it is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a program prints is not warned of
            return ast.literal_eval(text)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return text


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
        if not found.frames:
            continue
        checks = found.frames[-1].function.startswith(("assert", "fail"))
        bases = found.bases or (("AssertionError",) if checks else ())
        raised = found._replace(bases=bases)
        return failure._replace(exceptions=(raised,), message=raised.message)
    return failure


def last_exception(text: str, root: str, types: tuple[str, ...] = ()) -> Iterator[Raised]:
    """What decides of the last traceback of `text` and those that it is chained to, where it is of
    one of these types; paths of the project lie below `root`. Of a traceback whose beginning was
    cut off the end will do.
    """
    for chain in _chains(text[-READ:].splitlines(), root)[-1:]:
        raised = decisive(Failure(phase="call", exceptions=chain))
        if raised is not None and (not types or raised.type in types):
            yield raised


def _chains(lines: Iterable[str], root: str) -> list[tuple[Raised, ...]]:
    """The chains of exceptions that the lines show, each as a record has it: the root last."""
    found: list[tuple[Raised, ...]] = []
    reading, relation, before = _Reading(root, is_cut=True), "", ""
    for line in map(str.rstrip, lines):
        if line in _LINKS:
            # Of one that was cut off within its last frame no more than the last line is there.
            last = _RAISED.match(before) if reading.is_cut else None
            if last:
                found.append((exception(last["type"], last["message"] or ""),))
            reading, relation = _Reading(root), _LINKS[line]
        elif _CUT.match(line):
            reading, relation = _Reading(root, is_cut=True), ""
        elif raised := reading.ended_by(line):
            handled = found.pop() if relation and found else ()
            found.append((raised, *_handled(handled, relation, found)))
            reading, relation = _Reading(root), ""
        before = line or before
    return found


def _handled(
    chain: tuple[Raised, ...], relation: str, before: Iterable[tuple[Raised, ...]]
) -> Iterator[Raised]:
    """The chain, as the exception behind another one. What was printed by itself before was not
    handled: what came of it is only a consequence.
    """
    for link in chain[:1]:
        told = (one for one, *_ in before if (one.type, one.message) == (link.type, link.message))
        itself = next(told, None)
        if itself is not None:
            yield itself._replace(relation="cause")
        else:
            yield link._replace(relation="cause" if relation == "cause" else "context")
            yield from chain[1:]


@dataclass(slots=True)
class _Reading:
    """A traceback of which the lines are read one by one."""

    root: str
    is_cut: bool = False
    """Whether no frame was read yet since a place where the text was cut."""
    _is_open: bool = False
    _frames: list[Frame] = field(default_factory=list)

    def ended_by(self, line: str) -> Raised | None:
        """The exception, where the line is the one that names it."""
        inside = line[:1].isspace()
        if not inside and line.endswith(_BEGINS):
            self._begin()
        elif found := _FRAME.match(line):
            self.is_cut, self._is_open = False, True
            self._frames.append(_frame(found, self.root))
        elif inside and self._frames:
            self._add_source(line)
        elif self._is_open and not inside:
            ending, frames = _RAISED.match(line), tuple(self._frames)
            self._begin(is_open=False)
            if ending and frames:
                raised = exception(ending["type"], ending["message"] or "")
                return raised._replace(frames=frames)
        return None

    def _begin(self, *, is_open: bool = True) -> None:
        self.is_cut, self._is_open, self._frames = False, is_open, []

    def _add_source(self, line: str) -> None:
        last = self._frames[-1]
        if not last.source and line.startswith("    "):
            self._frames[-1] = last._replace(source=line.strip()[:500])


def _is_one(name: str) -> bool:
    """Whether an exception may be called so."""
    return bool(exception(name, "").bases) or name.endswith(("Error", "Exception", "Failure"))


def exception(name: str, message: str) -> Raised:
    """One of this type, with its own `[Errno 2]` or codec and the bases of a builtin; without
    frames.
    """
    kind = getattr(builtins, name.rpartition(".")[2], None)
    known = kind if isinstance(kind, type) and issubclass(kind, BaseException) else None
    bases = tuple(base.__name__ for base in known.__mro__[1:-1]) if known else ()
    errno = re.match(r"\[Errno (\d{1,5})\]", message)
    attributes: dict[str, int | str] = {"errno": int(errno[1])} if errno else {}
    if "UnicodeError" in bases and (codec := _CODEC.match(message)):
        attributes["encoding"] = codec["encoding"]
    return Raised(type=name, bases=bases, message=message, attributes=attributes)


def _frame(found: re.Match[str], root: str) -> Frame:
    file, line, function = found["file"], int(found["line"]), found["function"]
    _, site, inside = file.rpartition("-packages/")
    if site:
        return Frame(inside, line, function, origin="installed")
    own = file.removeprefix(f"{root.rstrip('/')}/")
    if own == file:
        return Frame(_STDLIB.sub("", file), line, function, origin="stdlib")
    return Frame(own, line, function, origin="test" if is_of_tests(own) else "project")
