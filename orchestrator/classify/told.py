"""Exceptions that nobody raised here and that are told of: in a result, in what a process printed.

A test that starts a command line sees its exit status; what the command died of stands in the
result that its runner returns, or in the output that pytest captured. A test that asks a web
application sees status 500; what the application raised stands in the log. pytest itself quotes a
traceback where a setting names something that cannot be imported.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator

from conftest_kit.records import Failure, Frame, Raised
from orchestrator.chain import decisive
from orchestrator.following import runs_pytest

TOLD = "told"
"""A note on each such exception."""
OF_A_RESULT = "result"
"""A note on what a command line that the test runs died of."""
OF_A_REQUEST = "request"
"""A note on what a web application logged when it answered with status 5xx."""
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
_INTERNAL = "INTERNALERROR> "
_BEGINS = "Traceback (most recent call last):"
_STDLIB = re.compile(r"^.{0,400}/lib/python\d\.\d{1,2}/")
_FRAME = re.compile(
    r'^  File "(?P<file>[^"\n]{1,500})", line (?P<line>\d{1,7}), in (?P<function>\S{1,200})\n'
    r"(?:    (?P<source>.{0,500})\n)?",
    re.MULTILINE,
)
_SAID = {"ModuleNotFoundError": "No module named ", "ImportError": "cannot import name "}
_IMPORTING = ("ModuleNotFoundError", "ImportError")
# +  where '' = CompletedProcess(args=[…], returncode=1, stdout='', stderr='…').stdout
_PROCESS = re.compile(
    r"^ *\+ {1,10}(?:where|and) .{0,4000}?= CompletedProcess\(args=.{0,4000}?"
    r"""stderr=b?(?P<said>'(?:[^'\\\n]|\\.){1,8000}'|"(?:[^"\\\n]|\\.){1,8000}")""",
    re.MULTILINE,
)
# /env/bin/python: No module named coverage
_NOT_RUN = re.compile(r"^\S{0,300}python[\w.]{0,20}: (?P<message>No module named '?[\w.]{1,200}'?)")
# assert 500 == 200, and unittest's 500 != 200
_STATUS = re.compile(r"(?:assert )?5\d\d (?:==|!=|in|<) |\d{3} != 5\d\d\b")
_ANSWERED = "500 Internal Server Error"
# python: can't open file '/srv/tools/gen.py': [Errno 2] No such file or directory
_NO_SCRIPT = re.compile(
    r"can't open file '(?P<filename>[^'\n]{1,500})': (?P<message>\[Errno 2\] .{1,200})"
)
# Error importing plugin "shop.fixtures": No module named 'cgi'
_OF_A_PLUGIN = re.compile(
    r'Error importing plugin "(?P<plugin>[^"\n]{1,200})": (?P<said>.{1,1000})'
)
_OF_A_PROCESS = {"AssertionError", "CalledProcessError", "SystemExit", "Failed"}


def told(failure: Failure, root: str) -> Iterator[Raised]:
    """The exceptions that a failure tells of, as far as they can be taken for its cause; paths of
    the project lie below `root`.
    """
    raised = decisive(failure)
    if raised is None:
        found = _PRINTED.findall(failure.text[-_READ:])
        if found:
            yield _raised(*found[-1])
        return
    types = {name.rpartition(".")[2] for name in (raised.type, *raised.bases)}
    yield from _quoted(raised, types, root)
    yield from _of_inner_run(failure, root)
    if not types & _OF_A_PROCESS:
        return
    for result in _RESULT.finditer(raised.message[:_READ]):
        notes = (TOLD, OF_A_RESULT) if result["type"] != "SystemExit" else (TOLD,)
        yield _raised(result["type"], _first(result["said"]))._replace(notes=notes)
    # Where a status is raised, what the process wrote is why; else only what cannot be meant.
    wanted = () if "CalledProcessError" in types else _IMPORTING
    for process in list(_PROCESS.finditer(raised.message[:_READ]))[:1]:
        yield from _of_process(_first(process["said"]), root, wanted)
    for text in failure.captured.values():
        yield from _of_process(text, root, wanted)
    if _STATUS.match(raised.message) or _ANSWERED in raised.message[:_READ]:
        for logged in _tracebacks(failure.captured.get("log", ""), root):
            yield logged._replace(notes=(TOLD, OF_A_REQUEST))


def native(failure: Failure, root: str) -> Failure:
    """The failure with the exception that its message holds as a native traceback, where none of
    its exceptions has a frame: so hands over what pytest cannot represent.
    """
    message = failure.exceptions[0].message if failure.exceptions else ""
    if _BEGINS not in message or any(link.frames for link in failure.exceptions):
        return failure
    text = message.replace(f": {_BEGINS}", f":\n{_BEGINS}")
    for found in _tracebacks(text, root):
        checks = found.frames[-1].function.startswith(("assert", "fail"))
        bases = found.bases or (("AssertionError",) if checks else ())
        raised = found._replace(notes=(), bases=bases)
        return failure._replace(exceptions=(raised,), message=raised.message)
    return failure


def _quoted(raised: Raised, types: set[str], root: str) -> Iterator[Raised]:
    """What pytest quotes where it refuses a setting or a plugin."""
    if "UsageError" in types:
        yield from _tracebacks(raised.message, root, (*_IMPORTING, "AttributeError"))
    if "ImportError" in types:
        yield from _of_plugin(raised)


def _of_plugin(raised: Raised) -> Iterator[Raised]:
    """What pytest says that a plugin could not be imported for, where it is not the plugin itself
    that is lacking and nothing else was recorded.
    """
    found = _OF_A_PLUGIN.match(raised.message)
    if found is None or f"'{found['plugin']}'" in found["said"]:
        return
    for kind, said in _SAID.items():
        if found["said"].startswith(said):
            yield _raised(kind, found["said"])._replace(frames=raised.frames)


def _of_inner_run(failure: Failure, root: str) -> Iterator[Raised]:
    """What a run of pytest inside a test broke off with, or could not import."""
    for text in failure.captured.values() if runs_pytest(failure) else ():
        lines = text[-_READ:].splitlines()
        broke = [line.removeprefix(_INTERNAL) for line in lines if line.startswith(_INTERNAL)]
        yield from _tracebacks("\n".join(broke), root)
        for shown in _PRINTED.finditer(text[-_READ:]):
            if shown["type"] in _IMPORTING:
                yield _raised(shown["type"], shown["message"])


def _of_process(text: str, root: str, types: tuple[str, ...]) -> Iterator[Raised]:
    """What a process wrote that could not find its script or a module, or that died of one of
    these types of exceptions.
    """
    for script in list(_NO_SCRIPT.finditer(text[-_READ:]))[-1:]:
        missing = _raised("FileNotFoundError", script["message"])
        attributes = {**missing.attributes, "filename": script["filename"]}
        yield missing._replace(attributes=attributes)
    lines = text[-_READ:].strip().splitlines()
    not_run = _NOT_RUN.match(lines[-1]) if lines else None
    if not_run:
        yield _raised("ModuleNotFoundError", not_run["message"])
    yield from _tracebacks(text, root, types)


def _tracebacks(text: str, root: str, types: tuple[str, ...] = ()) -> Iterator[Raised]:
    """The exception of the last traceback, where it is of one of these types."""
    whole = list(_TRACEBACK.finditer(text[-_READ:]))
    for printed in (whole or list(_END_OF_TRACEBACK.finditer(text[-_READ:])))[-1:]:
        if not types or printed["type"] in types:
            frames = tuple(_frame(found, root) for found in _FRAME.finditer(printed["frames"]))
            yield _raised(printed["type"], printed["message"] or "")._replace(frames=frames)


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
