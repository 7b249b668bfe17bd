"""Exceptions that nobody raised here and that are told of: in a result, in what a process printed.

A test that starts a command line sees its exit status; what the command died of stands in the
result that its runner returns, or in the output that pytest captured.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator

from conftest_kit.records import Failure, Raised
from orchestrator.chain import decisive

TOLD = "told"
"""A note on each such exception."""
OF_A_RESULT = "result"
"""A note on what a command line that the test runs died of."""
_READ = 65536
# E   OSError: [Errno 24] Too many open files
_PRINTED = re.compile(
    r"^E {3}(?P<type>[A-Za-z_][\w.]{0,100}): (?P<message>.{0,1000})", re.MULTILINE
)
# +  where 1 = <Result ModuleNotFoundError("No module named 'yaml'")>.exit_code
_RESULT = re.compile(
    r"^ *\+ {1,10}where .{0,200}= <Result (?P<type>[A-Za-z_]\w{0,100})\((?P<said>.{0,2000})\)>",
    re.MULTILINE,
)
_TRACEBACK = re.compile(
    r"^Traceback \(most recent call last\):\n(?:[ \t].*\n){1,400}"
    r"(?P<type>ModuleNotFoundError|ImportError): (?P<message>.{1,1000})",
    re.MULTILINE,
)
# python: can't open file '/srv/tools/gen.py': [Errno 2] No such file or directory
_NO_SCRIPT = re.compile(
    r"can't open file '(?P<filename>[^'\n]{1,500})': (?P<message>\[Errno 2\] .{1,200})"
)
_OF_A_PROCESS = {"AssertionError", "CalledProcessError", "SystemExit", "Failed"}


def told(failure: Failure) -> Iterator[Raised]:
    """The exceptions that a failure tells of, as far as they can be taken for its cause."""
    raised = decisive(failure)
    if raised is None:
        found = _PRINTED.findall(failure.text[-_READ:])
        if found:
            yield _raised(*found[-1])
        return
    types = {name.rpartition(".")[2] for name in (raised.type, *raised.bases)}
    if not types & _OF_A_PROCESS:
        return
    for result in _RESULT.finditer(raised.message[:_READ]):
        notes = (TOLD, OF_A_RESULT) if result["type"] != "SystemExit" else (TOLD,)
        yield _raised(result["type"], _first(result["said"]))._replace(notes=notes)
    for text in failure.captured.values():
        for script in list(_NO_SCRIPT.finditer(text[-_READ:]))[-1:]:
            missing = _raised("FileNotFoundError", script["message"])
            attributes = {**missing.attributes, "filename": script["filename"]}
            yield missing._replace(attributes=attributes)
        for printed in list(_TRACEBACK.finditer(text[-_READ:]))[-1:]:
            yield _raised(printed["type"], printed["message"])


def _raised(name: str, message: str) -> Raised:
    kind = getattr(builtins, name.rpartition(".")[2], None)
    known = kind if isinstance(kind, type) and issubclass(kind, BaseException) else None
    bases = tuple(base.__name__ for base in known.__mro__[1:-1]) if known else ()
    errno = re.match(r"\[Errno (\d{1,5})\]", message)
    attributes = {"errno": int(errno[1])} if errno else {}
    return Raised(type=name, bases=bases, message=message, notes=(TOLD,), attributes=attributes)


def _first(said: str) -> str:
    """The first argument of an exception, out of its repr."""
    try:
        values = ast.literal_eval(f"({said},)")
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return said
    return str(values[0]) if values else ""
