"""Facts about what was raised: its type, where, by which test, and what it names itself."""

from __future__ import annotations

import posixpath
import re
import signal
from itertools import islice

from orchestrator.classify.exceptions.told import OF_A_PROCESS, OF_A_REQUEST, OF_A_RESULT
from orchestrator.classify.facts import Fact, Facts, is_harness, module_of, own_frame
from orchestrator.failures.chain import headline

_PLACE_LIMIT = 200
_TWO = 2
_TELLING = re.compile(r"^(?:\++ Timeout \++|Fatal Python error: .+)$", re.MULTILINE)
_OF_FILES = {"FileNotFoundError", "NotADirectoryError", "IsADirectoryError", "FileExistsError"}
# '/srv/x.csv', "data/x.csv", 'x.csv', and /srv/x.csv without quotes
_SAID_PATH = re.compile(
    r"""['"`](/[^'"`\n]{1,300}|(?:[\w.~-]{1,100}/){1,20}[\w.-]{1,100}|[\w-]{1,100}\.\w{1,8})['"`]"""
    r"""|(?<![\w.:/])(/(?:[^\s'"`:;,()/]{1,100}/){0,30}[^\s'"`:;,()/]{1,100})"""
)
_READ = 2000
_TOLD_MISSING = re.compile(
    r"(?i)\b(?:not found|(?:does not|doesn't) exist|unable to find|no such file|missing)\b"
)
_TOLD_PATH = re.compile(r"(?<![\w./-])(?:/|[\w-])[\w./-]{1,300}/[\w.-]{1,100}\.\w{1,8}\b")
_INSTALLED = re.compile(
    r"(?:^|[/\\])(?:(?:site|dist)-packages|lib[/\\]python\d[.\dt]*)[/\\](?!(?:site|dist)-packages)"
)
# In tests/test_cart.py::TestCart::test_total: function uses no argument 'basket'
_FUNCTION = re.compile(
    r"In (?:[^\n:]{1,400}\.py::)?(?P<within>(?:\w{1,200}::)*)(?P<name>\w{1,200}): "
)
_FROZEN = re.compile(r"<frozen ([\w.]+)>")
_NAMELESS = frozenset({"<lambda>", "<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})
"""What Python calls functions that have no name."""


def _place(facts: Facts) -> str:
    """The deepest line of own code, else of an installed distribution."""
    installed = [frame for frame in facts.frames if frame.origin == "installed"]
    frame = own_frame(facts) or (installed[-1] if installed else None)
    if frame is None:
        return ""
    shown = f"{frame.file}:{frame.line} in {frame.function}"
    return f"{shown}: {frame.source}"[:_PLACE_LIMIT] if frame.source else shown


def _type(facts: Facts) -> str:
    return facts.link.type.rpartition(".")[2]


def _errno(facts: Facts) -> str:
    """The number of an OSError."""
    return str(facts.link.attributes.get("errno", ""))


def _type_module(facts: Facts) -> str:
    return facts.link.type.rpartition(".")[0]


def _raised_origin(facts: Facts) -> str:
    """`project`, `test`, `installed` or `stdlib`: where the exception was raised."""
    if not facts.frames:
        return ""
    return "test" if is_harness(facts.frames[-1]) else facts.frames[-1].origin


def _raised_file(facts: Facts) -> str:
    """Of the standard library with its usual name: `os.py`, which Python keeps as `<frozen os>`."""
    file = facts.link.frames[-1].file if facts.link.frames else ""
    frozen = _FROZEN.fullmatch(file)
    return f"{frozen[1].replace('.', '/')}.py" if frozen else file


def _raised_function(facts: Facts) -> str:
    return facts.link.frames[-1].function if facts.link.frames else ""


def _test_asserts(facts: Facts) -> str:
    """`yes` where a test's own `assert` failed: what its message quotes is the test's data."""
    asserted = "AssertionError" in (facts.link.type, *facts.link.bases)
    return "yes" if asserted and facts["raised_origin"] not in ("project", "installed") else ""


def _product_asserts(facts: Facts) -> str:
    """`yes` where the product's own line is an `assert`: it found itself in a state that cannot be.

    What is called `assert…` or `test…` checks for tests, wherever it is; so does what pytest
    rewrites, whose message shows the expression.
    """
    frame = facts.frames[-1] if facts.frames else None
    if frame is None or frame.origin != "project" or is_harness(frame):
        return ""
    checks = frame.function.lower().lstrip("_").startswith(("assert", "test"))
    rewritten = facts.link.message.startswith("assert ")
    return "yes" if frame.source.startswith("assert ") and not checks and not rewritten else ""


def _mere_claim(facts: Facts) -> str:
    """`yes` for a built-in OSError that a line of the project makes up: it has no number."""
    built_in = "." not in facts.link.type and "errno" not in facts.link.attributes
    return "yes" if built_in and facts["raised_origin"] == "project" else ""


def _own_origin(facts: Facts) -> str:
    """`project` or `test`: whose code the deepest own frame is."""
    frame = own_frame(facts)
    if frame is None:
        return ""
    return "test" if is_harness(frame) else frame.origin


def _own_file(facts: Facts) -> str:
    frame = own_frame(facts)
    return frame.file if frame else ""


def _own_module(facts: Facts) -> str:
    frame = own_frame(facts)
    return module_of(frame).removeprefix("src.") if frame else ""


def _own_source(facts: Facts) -> str:
    frame = own_frame(facts)
    return frame.source[:_PLACE_LIMIT] if frame else ""


def _own_callers(facts: Facts) -> str:
    """The functions of the product that called the deepest one, the nearest first: which of them
    goes on for too long the deepest does not tell.
    """
    own = [frame for frame in facts.frames if frame.origin == "project" and not is_harness(frame)]
    callers = {frame.function: frame for frame in reversed(own[:-1])}
    callers.pop(own[-1].function if own else "", None)
    shown = (f"{name} ({frame.file}:{frame.line})" for name, frame in callers.items())
    return ", ".join(islice(shown, 3))


def _own_caller(facts: Facts) -> str:
    """The line of the product that called the deepest one, where it is of another function: it may
    be what hands over what the deepest cannot take.
    """
    own = [frame for frame in facts.frames if frame.origin == "project" and not is_harness(frame)]
    if len(own) < _TWO or own[-1] is not own_frame(facts):
        return ""
    caller, deepest = own[-2:]
    if (caller.file, caller.function) == (deepest.file, deepest.function) or not caller.source:
        return ""
    return f"{caller.file}:{caller.line} in {caller.function}: {caller.source}"[:_PLACE_LIMIT]


def _own_function(facts: Facts) -> str:
    """The function of the own frame; of a lambda or a comprehension the one of its file that is
    around it, if that was on the way.
    """
    frame = own_frame(facts)
    if frame is None:
        return ""
    around = (one for one in reversed(facts.frames) if one.file == frame.file)
    named = (one.function for one in around if not one.function.startswith("<"))
    return next(named, frame.function) if frame.function in _NAMELESS else frame.function


def _hook(facts: Facts) -> str:
    """The hook of pytest in whose own code the exception was raised."""
    own = (frame for frame in facts.frames if frame.origin in ("project", "test"))
    first = next(own, None)
    return first.function if first and first.function.startswith("pytest_") else ""


def _signal(facts: Facts) -> str:
    """`SIGKILL`: what ended the run, where its exit status tells."""
    code = facts.context.recording.run.exit_code or 0
    try:
        return signal.Signals(-code if code < 0 else code - 128).name
    except ValueError:
        return ""


def _exit_status(facts: Facts) -> str:
    """What a process that died returned itself."""
    run = facts.context.recording.run
    died = run.state == "died" and run.exit_code is not None
    return "" if not died or facts["signal"] else str(run.exit_code)


def _last_words(facts: Facts) -> str:
    """What a process that died wrote last: the line that tells, else the last one."""
    if facts.context.recording.run.state != "died" or facts.failure.phase != "crash":
        return ""
    text = facts.failure.text
    lines = _TELLING.findall(text) or text.rstrip().splitlines()
    return headline(lines[-1]) if lines else ""


def _python(facts: Facts) -> str:
    """`3.12`."""
    version = facts.context.recording.run.environment.python.get("version", "")
    return ".".join(version.split(".")[:2])


def _test(facts: Facts) -> str:
    return facts.failure.nodeid


def _collected_test(facts: Facts) -> str:
    """The test that pytest could not collect: of a file or class, the function that it names."""
    named = _FUNCTION.match(facts.link.message or facts.failure.message)
    nodeid = facts.failure.nodeid
    if named is None:
        return nodeid
    within = f"{named['within']}{named['name']}"
    return f"{facts['test_file'] if named['within'] else nodeid}::{within}"


def _test_file(facts: Facts) -> str:
    return facts.failure.nodeid.partition("::")[0]


def _path(facts: Facts) -> str:
    """The file that an OSError is about; where a library raises one itself, what its words name."""
    given = facts.attribute("filename")
    if (
        given
        or "OSError" not in facts.link.bases
        or not _OF_FILES & {*facts.link.bases, _type(facts)}
    ):
        return given
    found = _SAID_PATH.search(facts.link.message[:_READ])
    path = next(filter(None, found.groups()), "").rstrip(".") if found else ""
    return posixpath.normpath(path) if "/" in path else path


def _filename(facts: Facts) -> str:
    """Relative to the root where it is below it; empty where a value that was not there, `None`,
    stands for its name.
    """
    root = facts.context.recording.run.root.rstrip("/")
    name = facts.once(_path)
    if name.rpartition("/")[2] == "None":
        return ""
    return name.removeprefix(f"{root}/") if root else name


def _file_told_missing(facts: Facts) -> str:
    """A file of the checkout, no Python, that a check which is none of the tests' own names as
    missing.
    """
    frame = facts.frames[-1] if facts.frames else None
    message = facts.link.message[:_READ]
    if frame is None or is_harness(frame) or not _TOLD_MISSING.search(message):
        return ""
    root = facts.context.recording.run.root.rstrip("/")
    folders = {file.partition("/")[0] for file in facts.context.project.files}
    for found in _TOLD_PATH.finditer(message):
        path = found[0].removeprefix(f"{root}/") if root else found[0]
        if path.partition("/")[0] in folders and not path.endswith(".py"):
            return path
    return ""


def _missing_before(facts: Facts) -> str:
    """A file that the project should hold and that was not found before this was raised."""
    for link in facts.failure.exceptions:
        before = facts.context.facts(facts.failure, link)
        if "FileNotFoundError" in (link.type, *link.bases) and before["file_is_own"]:
            return before["filename"] if not before["program"] else ""
    return ""


def _missing_wrapped(facts: Facts) -> str:
    """The same, where the function that looked for the file raised something else in its place."""
    chain, missing = facts.failure.exceptions, facts["missing_before"]
    links = [link for link in chain[1:] if "FileNotFoundError" in (link.type, *link.bases)]
    if not missing or not links or not chain[0].frames or not links[0].frames:
        return ""
    raised, looked = chain[0].frames[-1], links[0].frames[0]
    # A file of each Python that is supported is missing where this one is not.
    of_python = f"Python version {facts['python']}" in chain[0].message
    said = raised.source.startswith("raise ") and not of_python
    same = (raised.file, raised.function) == (looked.file, looked.function)
    return missing if said and same else ""


def _file_is_temporary(facts: Facts) -> str:
    """`yes` for what pytest's own temporary folders hold, which only tests and fixtures fill."""
    return "yes" if "/pytest-of-" in facts["filename"] else ""


def _file_is_own(facts: Facts) -> str:
    """`yes` for what the project should hold: below its root, or from where it was started, and not
    among what is installed there.
    """
    name, root = facts["filename"], facts.context.recording.run.root
    inside = bool(name and root) and name != facts.once(_path)
    relative = bool(name) and not name.startswith(("/", "~")) and name[1:2] != ":"
    has_ending = "." in name.rpartition("/")[2].lstrip(".") or "/" in name
    own = (inside or (relative and has_ending)) and not facts["file_is_temporary"]
    return "yes" if own and not _INSTALLED.search(name) else ""


def _file_installed(facts: Facts) -> str:
    """The file that is not there, from the folder on that distributions are installed in."""
    found = _INSTALLED.search(facts["filename"])
    return facts["filename"][found.end() :] if found else ""


def _test_place(facts: Facts) -> str:
    """The deepest line of the test's own file, else of the tests."""
    lines = [frame for frame in facts.frames if is_harness(frame)]
    own = [frame for frame in lines if frame.file == facts["test_file"]]
    shown = own or [frame for frame in lines if not frame.file.endswith("conftest.py")] or lines
    if not shown:
        return ""
    return f"{shown[-1].file}:{shown[-1].line}: {shown[-1].source}".rstrip(": ")[:_PLACE_LIMIT]


def _asked_at(facts: Facts) -> str:
    """`test_place` where that is not the line that `place` is."""
    line, *_ = facts["test_place"].split(": ")
    return "" if facts["place"].startswith(f"{line} ") else facts["test_place"]


def _told(facts: Facts) -> str:
    """`result` where the exception is what a command line died of that the test runs; `request`
    where it is what a web application answered with status 5xx for; `process` where it was printed
    or logged and the test looks at a status, a flag or output that is not there.
    """
    notes = (OF_A_RESULT, OF_A_REQUEST, OF_A_PROCESS)
    return next((note for note in notes if note in facts.link.notes), "")


def _failing_test_place(facts: Facts) -> str:
    """Where the test failed, for an exception that is only told of."""
    frames = [frame for link in facts.failure.exceptions[:1] for frame in link.frames]
    shown = [frame for frame in frames if is_harness(frame)]
    return f"{shown[-1].file}:{shown[-1].line}" if shown else ""


def _message(facts: Facts) -> str:
    return headline(facts.link.message or facts.failure.message) or "no message"


def _variable(facts: Facts) -> str:
    """The environment variable that `os.environ[…]` did not find."""
    found = re.fullmatch(r"'(\w{1,200})'", facts.link.message[:210])
    return found[1] if found else ""


FACTS: dict[str, Fact] = {
    "asked_at": _asked_at,
    "collected_test": _collected_test,
    "errno": _errno,
    "exit_status": _exit_status,
    "failing_test_place": _failing_test_place,
    "file_installed": _file_installed,
    "file_is_own": _file_is_own,
    "file_told_missing": _file_told_missing,
    "file_is_temporary": _file_is_temporary,
    "filename": _filename,
    "hook": _hook,
    "last_words": _last_words,
    "message": _message,
    "missing_before": _missing_before,
    "missing_wrapped": _missing_wrapped,
    "mere_claim": _mere_claim,
    "own_caller": _own_caller,
    "own_callers": _own_callers,
    "own_file": _own_file,
    "own_function": _own_function,
    "own_origin": _own_origin,
    "own_module": _own_module,
    "own_source": _own_source,
    "place": _place,
    "product_asserts": _product_asserts,
    "python": _python,
    "raised_file": _raised_file,
    "raised_function": _raised_function,
    "raised_origin": _raised_origin,
    "signal": _signal,
    "test": _test,
    "test_asserts": _test_asserts,
    "test_file": _test_file,
    "test_place": _test_place,
    "told": _told,
    "type": _type,
    "type_module": _type_module,
    "variable": _variable,
}
