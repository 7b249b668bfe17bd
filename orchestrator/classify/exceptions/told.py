"""Exceptions that nobody raised here and that are told of: in a result, in what a process printed.

A test that starts a command line sees its exit status; what the command died of stands in the
result that its runner returns, or in the output that pytest captured. A test that asks a web
application sees status 500, or the page of an error; what the application raised stands in the log.
pytest itself quotes a traceback where a setting names something that cannot be imported; who runs
a process often raises what that printed. Compiled code that panics prints why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from conftest_kit.records import Failure, Raised
from orchestrator.classify.facts import is_harness
from orchestrator.failures.chain import decisive
from orchestrator.failures.following import runs_pytest
from orchestrator.failures.printed import READ, exception, last_exception, literal

TOLD = "told"
"""A note on each such exception."""
OF_A_RESULT = "result"
"""A note on what a command line that the test runs died of."""
OF_A_REQUEST = "request"
"""A note on what a web application logged when it answered with status 5xx."""
OF_A_PROCESS = "process"
"""A note on what was printed or logged where the test looks at a status, a flag or no output."""
# E   OSError: [Errno 24] Too many open files
_PRINTED = re.compile(
    r"^E {3}(?P<type>[A-Za-z_][\w.]{0,100}): (?P<message>.{0,1000})", re.MULTILINE
)
# +  where 1 = <Result ModuleNotFoundError("No module named 'yaml'")>.exit_code
_RESULT = re.compile(
    r"^ *\+ {1,10}where .{0,200}= <Result (?P<type>[A-Za-z_]\w{0,100})\((?P<said>.{0,2000})\)>",
    re.MULTILINE,
)
_INTERNAL = "INTERNALERROR> "
# assert <ExitCode.INTERNAL_ERROR: 3> == 0
_EXIT_CODE = re.compile(r"<ExitCode\.[A-Z_]{1,30}: \d>")
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
# '<!doctype html>…<title>5[225 chars]' is not what the test asked for
_PAGE = re.compile(r"(?i)b?['\"](?:<!doctype html|<html)")
# HTTPError: 500 Server Error, AppError: Bad response: 500 Internal Server Error
_OF_A_SERVER = re.compile(r"(?i)\b5\d\d (?:internal )?server error|\bHTTP Error 5\d\d\b")
# False is not true, 1 != 0, assert '' == 'a line', 'a line' not found in ''
_NOTHING = r"(?:b?''|\[\]|None)"
_SAYS_NOTHING = re.compile(
    r"False is not true|True is not false|unexpectedly None|assert (?:not True|False|None)$"
    r"|(?:assert )?(?:0 (?:==|!=) -?[1-9]\d{0,2}|-?[1-9]\d{0,2} (?:==|!=) 0)(?= |:|$)"
    rf"|(?:assert )?{_NOTHING} (?:==|!=) |.{{1,300}} (?:==|!=|in) {_NOTHING}(?= :|$)",
    re.MULTILINE,
)
# ERROR    shop:app.py:875 Exception on / [GET]
# … 11729 bytes left out …: what stands behind is of no record that can be told
_LEVEL = re.compile(
    r"^(?=(?:DEBUG|INFO|WARNING|ERROR|CRITICAL) |… \d{1,12} bytes left out …)", re.MULTILINE
)
_MINOR = ("DEBUG ", "INFO ", "WARNING ")
# python: can't open file '/srv/tools/gen.py': [Errno 2] No such file or directory
_NO_SCRIPT = re.compile(
    r"can't open file '(?P<filename>[^'\n]{1,500})': (?P<message>\[Errno 2\] .{1,200})"
)
# Error importing plugin "shop.fixtures": No module named 'cgi'
_OF_A_PLUGIN = re.compile(
    r'Error importing plugin "(?P<plugin>[^"\n]{1,200})": (?P<said>.{1,1000})'
)
_TRACEBACK = re.compile(r"^Traceback \(most recent call last\):$", re.MULTILINE)
# ModuleNotFoundError: No module named '_cffi_backend'\nthread '<unnamed>' panicked at …
_PANICKED = re.compile(
    r"^(?P<type>[A-Za-z_][\w.]{0,100}): (?P<message>.{0,1000})\nthread '.{0,200}' panicked at ",
    re.MULTILINE,
)
# Traceback (most recent call last):\n  Fil...ort Row\nModuleNotFoundError: No module named 'x'
_SHORTENED = re.compile(
    r"^Traceback \(most recent call last\):\n[^\n]{0,200}\.\.\.(?:.{0,4000}\n)?"
    r"(?P<type>(?:[A-Za-z_]\w{0,100}\.){0,9}[A-Z]\w{0,100}(?:Error|Exception)): "
    r"(?P<message>[^\n]{1,1000})\s*$",
    re.DOTALL,
)
# __main__.py: error: unrecognized arguments: -n3 --dist=loadfile
_REFUSED = re.compile(r"error: (?P<message>unrecognized arguments: [^\n]{1,500})")
# Unable to import required dependencies:\nnumpy: No module named 'numpy'
_LACKED = re.compile(
    r"^(?:[\w.-]{1,100}: )?(?P<message>No module named '[\w.]{1,200}')$", re.MULTILINE
)
_OF_PROCESSES = {"AssertionError", "CalledProcessError", "SystemExit", "Failed"}


def told(failure: Failure, root: str) -> Iterator[Raised]:
    """The exceptions that a failure tells of, as far as they can be taken for its cause; paths of
    the project lie below `root`.
    """
    for found in _found(failure, root):
        bases = found.bases or ("Exception", "BaseException")
        yield found._replace(bases=bases, notes=(TOLD, *found.notes))


def says_nothing(message: str) -> bool:
    """Whether what an assertion compares is a flag, the status of a process, or nothing at all:
    why it is so stands elsewhere.
    """
    return _SAYS_NOTHING.match(message[:READ]) is not None


def _found(failure: Failure, root: str) -> Iterator[Raised]:
    raised = decisive(failure)
    if raised is None:
        for type_and_message in _PRINTED.findall(failure.text[-READ:])[-1:]:
            yield exception(*type_and_message)
        return
    types = {name.rpartition(".")[2] for name in (raised.type, *raised.bases)}
    yield from _quoted(raised, types, root)
    yield from _of_message(raised, root)
    yield from _of_panic(failure, raised)
    yield from _of_inner_run(failure, raised, root)
    yield from _of_request(failure, raised, root)
    if not types & _OF_PROCESSES and not _gives_up(raised):
        return
    for result in _RESULT.finditer(raised.message[:READ]):
        notes = (OF_A_RESULT,) if result["type"] != "SystemExit" else ()
        yield exception(result["type"], _first(result["said"]))._replace(notes=notes)
    # Where a status is raised, or looked at, what the process wrote is why; else only what cannot
    # be meant.
    of_nothing = says_nothing(raised.message)
    wanted = () if "CalledProcessError" in types or of_nothing else _IMPORTING
    for process in list(_PROCESS.finditer(raised.message[:READ]))[:1]:
        yield from _of_process(_first(process["said"]), root, wanted)
    for stream, text in failure.captured.items():
        shown = _errors(text) if stream == "log" else text
        for died in _unmeant(_of_process(shown, root, wanted), failure):
            yield died._replace(notes=(OF_A_PROCESS,) if of_nothing else ())


def _of_request(failure: Failure, raised: Raised, root: str) -> Iterator[Raised]:
    """What a web application logged, where the test shows the status or the page of an error."""
    message, log = raised.message[:READ], _errors(failure.captured.get("log", ""))
    answered = _STATUS.match(message) or _OF_A_SERVER.search(message)
    if answered or _PAGE.search(message.partition("\n")[0]):
        found = list(last_exception(log, root))
        for logged in found if answered else _unmeant(found, failure):
            yield logged._replace(notes=(OF_A_REQUEST,))


def _errors(log: str) -> str:
    """The log without records that are of no error: what they show was dealt with."""
    return "".join(one for one in _LEVEL.split(log[-READ:]) if not one.startswith(_MINOR))


def _unmeant(found: Iterable[Raised], failure: Failure) -> Iterator[Raised]:
    """Those that neither the test nor a stand-in of it raised, to see what comes of them."""
    test = failure.nodeid.partition("::")[0]
    for raised in found:
        if not raised.frames or raised.frames[-1].file not in (test, "unittest/mock.py"):
            yield raised


def _quoted(raised: Raised, types: set[str], root: str) -> Iterator[Raised]:
    """What pytest quotes where it refuses a setting or a plugin."""
    if "UsageError" in types:
        yield from last_exception(raised.message, root, (*_IMPORTING, "AttributeError"))
    if "ImportError" in types:
        yield from _of_plugin(raised)
        yield from _of_import(raised)


def _of_import(raised: Raised) -> Iterator[Raised]:
    """What an installed library says it could not import, while it was imported itself."""
    last = raised.frames[-1] if raised.frames else None
    if last and (last.origin, last.function) == ("installed", "<module>"):
        for lacked in list(_LACKED.finditer(raised.message[:READ]))[:1]:
            if lacked.start():
                yield exception("ModuleNotFoundError", lacked["message"])._replace(
                    frames=raised.frames
                )


def _of_message(raised: Raised, root: str) -> Iterator[Raised]:
    """What was not found on import by the process whose traceback is raised as a message."""
    if _TRACEBACK.search(raised.message[-READ:]):
        yield from last_exception(raised.message, root, _IMPORTING)


def _of_panic(failure: Failure, raised: Raised) -> Iterator[Raised]:
    """What compiled code printed that it panicked of."""
    if raised.type.rpartition(".")[2] == "PanicException":
        for found in _PANICKED.findall(failure.captured.get("stderr", "")[-READ:])[-1:]:
            yield exception(*found)._replace(frames=raised.frames)


def _gives_up(raised: Raised) -> bool:
    """Whether a line of tests says itself, by raising, that something did not go well."""
    frame = raised.frames[-1] if raised.frames else None
    return frame is not None and is_harness(frame) and frame.source.startswith("raise ")


def _of_plugin(raised: Raised) -> Iterator[Raised]:
    """What pytest says that a plugin could not be imported for, where it is not the plugin itself
    that is lacking and nothing else was recorded.
    """
    found = _OF_A_PLUGIN.match(raised.message)
    if found is None or f"'{found['plugin']}'" in found["said"]:
        return
    for kind, said in _SAID.items():
        if found["said"].startswith(said):
            yield exception(kind, found["said"])._replace(frames=raised.frames)


def _of_inner_run(failure: Failure, raised: Raised, root: str) -> Iterator[Raised]:
    """What a run of pytest inside a test broke off with, or could not import: one that pytester
    starts, or whose status the test looks at.
    """
    runs = runs_pytest(failure) or _EXIT_CODE.search(raised.message[:READ])
    for text in failure.captured.values() if runs else ():
        lines = text[-READ:].splitlines()
        broke = [line.removeprefix(_INTERNAL) for line in lines if line.startswith(_INTERNAL)]
        yield from last_exception("\n".join(broke), root)
        for refused in _REFUSED.finditer(text[-READ:]):
            yield exception("_pytest.config.exceptions.UsageError", refused["message"])
        for shown in _PRINTED.finditer(text[-READ:]):
            if shown["type"] in _IMPORTING:
                yield exception(shown["type"], shown["message"])


def _of_process(text: str, root: str, types: tuple[str, ...]) -> Iterator[Raised]:
    """What a process wrote that could not find its script or a module, or that died of one of
    these types of exceptions.
    """
    for script in list(_NO_SCRIPT.finditer(text[-READ:]))[-1:]:
        missing = exception("FileNotFoundError", script["message"])
        attributes = {**missing.attributes, "filename": script["filename"]}
        yield missing._replace(attributes=attributes)
    lines = text[-READ:].strip().splitlines()
    not_run = _NOT_RUN.match(lines[-1]) if lines else None
    if not_run:
        yield exception("ModuleNotFoundError", not_run["message"])
    shortened = _SHORTENED.match(text[-READ:])
    if shortened and (not types or shortened["type"] in types):
        yield exception(shortened["type"], shortened["message"])
    yield from last_exception(text, root, types)


def _first(said: str) -> str:
    """The first argument of an exception, out of its repr."""
    values = literal(f"({said},)")
    return str(values[0]) if isinstance(values, tuple) else said
