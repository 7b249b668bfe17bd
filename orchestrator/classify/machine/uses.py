"""Facts about what code uses of the machine: variables, files beside it, access to files.

What is read in a line above, or by what the test calls, shows in no message: a value from the
environment is an operand like any other. Names of variables are recorded, not what they held.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.utils import canonicalize_name

from conftest_kit.records import Frame
from orchestrator.checkout.uses import Use
from orchestrator.classify.code.tested import imported_product
from orchestrator.classify.facts import Fact, Facts, is_harness, own_frame
from orchestrator.classify.machine.files import READS
from orchestrator.classify.names.spelling import whole_word

_WORDS = re.compile(r"[-_.]+")
_RAISES = re.compile(r"^raise\b|^(?:if|elif|else|except|def)\b.*: {0,4}raise\b")
_USUAL = frozenset(
    {
        "HOME",
        "PATH",
        "LANG",
        "LANGUAGE",
        "LC_ALL",
        "LC_CTYPE",
        "LOGNAME",
        "USER",
        "USERNAME",
        "SHELL",
        "PWD",
        "OLDPWD",
        "SHLVL",
        "_",
        "TMPDIR",
        "TEMP",
        "TMP",
        "TERM",
        "HOSTNAME",
        "CI",
        "TZ",
        "PYTHONPATH",
        "PYTHONHASHSEED",
        "VIRTUAL_ENV",
        "EDITOR",
        "PYTEST_VERSION",
        "PYTEST_CURRENT_TEST",
        "PYTEST_ADDOPTS",
        "PYTEST_PLUGINS",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD",
        "PYTEST_DEBUG",
    }
)
_OF_OTHERS = (
    "PYTEST_XDIST_",
    "CONFTEST_KIT_",
    "GITHUB_",
    "CI_",
    "XDG_",
    "PIP_",
    "UV_",
    "COV_",
    "CONDA_",
)
_OF_PROGRAMS = frozenset({"SHELL", "EDITOR"})
"""Of those that are set everywhere, which name a program: a path that is there or not; what is not
in HOME is only not there.
"""
_OF_FOLDERS = frozenset({"HOME", "TMPDIR", "TEMP", "TMP"})
_TEMPORARY, _ALL_FOLDERS = "PYTEST_DEBUG_TEMPROOT", re.compile(r"/pytest-of-[^/]{1,100}$")
"""Where pytest makes its temporary folders, and the folder that holds them all."""
_NAME = re.compile(r"(?<![\w.])[A-Z][A-Z0-9_]{3,100}(?!\w)")
_SETTINGS = "pydantic_settings/"
_FIELD = re.compile(r"^(?P<field>[A-Za-z]\w{2,100})(?:\.\w+){0,5}$", re.MULTILINE)
"""How pydantic names the field that it refuses: on a line of its own."""
_GENERAL = frozenset({"ERROR", "FOUND", "INVALID", "EXCEPTION", "VERSION", "MISSING", "UNKNOWN"})
_TELLING = 8
_LIKE = 5
"""So many letters of a name tell whose it is: PROTOCOL_BUFFERS_…, protobuf."""
_READ = 2000
_EMPTY = re.compile(r"\b(?:False|None|0)\b|\[\]|\{\}|''|\bset\(\)|\(\)")
_LONGER = re.compile(r"^assert \(?-?[\d.]{1,30}(?:e-?\d+)?(?: - [\d.]+)?\)? <=? [\d.]{1,30}")
_CLOCKED = re.compile(
    r"(?i)elapsed|duration|took|second|perf_counter|monotonic|\btime\(|time\.time|runtime|\bstart"
)


def _frames(facts: Facts) -> Iterator[Frame]:
    """Own frames, the deepest first."""
    return (frame for frame in reversed(facts.frames) if frame.origin in ("project", "test"))


def _at(facts: Facts, frame: Frame, kind: str) -> list[Use]:
    """What the function of a frame uses, at its line or above it; the nearest first."""
    found = facts.context.project.source(frame.file).uses
    near = [use for use in found if use.kind == kind and use.serves(frame.line)]
    return sorted(near, key=lambda use: (use.at > frame.line, abs(frame.line - use.at)))


def _variable_unset(facts: Facts) -> str:
    """A variable that the function which raised reads, has no other value for, and that was not
    set.
    """
    frame = own_frame(facts)
    unwanted = {use.name for use in _at(facts, frame, "unwanted")} if frame else ()
    for use in _at(facts, frame, "variable") if frame else ():
        # What is read only further down was not read yet.
        above = frame is not None and use.at <= frame.line
        is_wanted = not use.default and use.name not in unwanted
        if above and is_wanted and not _is_set(facts, use.name):
            return use.name
    return ""


def _variable_unwanted(facts: Facts) -> str:
    """A variable that was set, for which the function which raised does so."""
    frame = own_frame(facts)
    found = _at(facts, frame, "unwanted") if frame else ()
    above = (use.name for use in found if frame and use.at <= frame.line)
    return next((name for name in above if _is_set(facts, name)), "")


def _variable_used(facts: Facts) -> str:
    """A variable that the function which raised reads, and that was set."""
    frame = own_frame(facts)
    named = (use.name for use in _at(facts, frame, "variable")) if frame else ()
    return next((name for name in named if _is_peculiar(facts, name)), "")


def _variable_of_path(facts: Facts) -> str:
    """A variable that was set and that a file of the traceback reads, or pytest for its folders,
    where a path leads out of the project and to nothing; also one that everybody has set, where a
    function on the way reads it.
    """
    path = facts["filename"]
    if _ALL_FOLDERS.search(path) and _is_set(facts, _TEMPORARY):
        return _TEMPORARY
    if not path.startswith("/") or facts["file_is_temporary"]:
        return ""
    used = (use.name for frame in _frames(facts) for use in _at(facts, frame, "variable"))
    usual = (name for name in used if name in _OF_PROGRAMS and _is_set(facts, name))
    return facts["variable_on_the_way"] or next(usual, "")


def _variable_pointing(facts: Facts) -> str:
    """The variable that was set to a path which the message names, or one above it, or to a module
    that is none of the project's, though it is not there; of those that are set everywhere one that
    names a folder for files.
    """
    name = facts.attribute("pointing")
    setting = facts.context.project.settings.get(name, "")
    if facts["owner_state"] == "project" or (facts["top"] and setting.startswith(facts["top"])):
        return ""
    counts = name in _OF_FOLDERS or name.startswith("XDG_") or not is_everybodys(name)
    return name if counts and name not in facts.once(_set_by_tests) else ""


def _variable_of_program(facts: Facts) -> str:
    """A variable that was set and whose first word is the program that failed: GIT_DIR."""
    program = re.sub(r"\W", "_", facts["command_program"].rpartition("/")[2]).upper()
    names = facts.context.recording.run.environment.variables if program else ()
    named = (name for name in names if name.startswith(f"{program}_"))
    return next((name for name in named if _is_peculiar(facts, name)), "")


def _variable_on_the_way(facts: Facts) -> str:
    """A variable that was set and that a file of the traceback reads."""
    everywhere = {frame.file for link in facts.failure.exceptions for frame in link.frames}
    for file in (*(frame.file for frame in _frames(facts)), *sorted(everywhere)):
        for use in facts.context.project.source(file).uses:
            if use.kind == "variable" and _is_peculiar(facts, use.name):
                return use.name
    return ""


def _variable_reached(facts: Facts) -> str:
    """A variable that was set and that product code reads which the test's file imports, and the
    test does not set itself.
    """
    project = facts.context.project
    own = facts.once(_set_by_tests)
    passed = (frame.file for frame in _frames(facts) if not is_harness(frame))
    found = (
        use.name
        for file in dict.fromkeys((*passed, *imported_product(facts)))
        for use in project.source(file).uses
        if use.kind in ("variable", "named") and use.name not in own
    )
    peculiar = [name for name in found if _is_peculiar(facts, name)]
    # One that bears the project's name is its own; others may be everybody's.
    bearing = canonicalize_name(project.name or facts.context.recording.run.project)
    own_first = (name for name in peculiar if canonicalize_name(name).startswith(bearing))
    return next(own_first, next(iter(peculiar), ""))


def _variable_of_project(facts: Facts) -> str:
    """A variable that was set and bears the project's name, as those do that settings are made
    from, and that neither the tests nor what they test speak of.
    """
    name = facts.context.project.name or facts.context.recording.run.project
    begins = _WORDS.sub("_", name).upper().removeprefix("PYTHON_")
    variables = facts.context.recording.run.environment.variables if begins else ()
    named = (one for one in variables if one.startswith(f"{begins}_"))
    own = facts.once(_set_by_tests)
    return next((one for one in named if one not in own and _is_peculiar(facts, one)), "")


def _variable_of_field(facts: Facts) -> str:
    """A variable that was set, and that by its end is for a field which settings made from the
    environment refuse.
    """
    made = any(frame.file.startswith(_SETTINGS) for frame in facts.frames)
    fields = _FIELD.findall(facts.link.message[:_READ]) if made else ()
    variables = facts.context.recording.run.environment.variables if fields else ()
    for name in variables:
        if name.lower().endswith(tuple(field.lower() for field in fields)):
            return name if _is_peculiar(facts, name) else ""
    return ""


def _variable_named(facts: Facts) -> str:
    """A variable that was set and that the message names. Short words are other things as well."""
    said = dict.fromkeys(_NAME.findall(facts.link.message[:_READ]))
    named = (name for name in said if "_" in name or len(name) >= _TELLING)
    return next((name for name in named if _is_peculiar(facts, name)), "")


def _variable_of_type(facts: Facts) -> str:
    """A variable that was set, and whose last word the exception's class is called by: AWS_PROFILE
    of a `ProfileNotFound` that a library raised.
    """
    kind = facts.link.type.rpartition(".")[2]
    words = {word.upper() for word in re.findall(r"[A-Z][a-z]{4,}", kind)} - _GENERAL
    for name in facts.context.recording.run.environment.variables if words else ():
        before, _, last = name.rpartition("_")
        if before and last in words and _is_peculiar(facts, name):
            return name
    return ""


def _variable_passed(facts: Facts) -> str:
    """A variable that was set and that a line of a library reads, below which no own code ran."""
    for frame in reversed(facts.frames):
        if frame.origin in ("project", "test"):
            return ""
        found = READS.search(frame.source)
        if found and _is_peculiar(facts, found[1]):
            return found[1]
    return ""


def _lacks_own_name(facts: Facts) -> str:
    """`yes` where a library has not the name that it imports of itself: its `__getattr__` is asked
    by others.
    """
    for_others = any(frame.function == "__getattr__" for frame in facts.frames[-1:])
    itself = facts["owner"] and facts["owner"] == facts["raiser"] and not for_others
    return "yes" if itself and facts["symbol"] else ""


def _variable_of_owner(facts: Facts) -> str:
    """The variable that was set and begins like the name of the distribution that owns the module,
    or like the module.
    """
    names = [_letters(facts[name])[:_LIKE] for name in ("owner", "top")]
    like = tuple(name for name in names if len(name) == _LIKE)
    variables = facts.context.recording.run.environment.variables
    found = (one for one in variables if like and _letters(one).startswith(like))
    return next((one for one in found if _is_peculiar(facts, one)), "")


def _letters(name: str) -> str:
    return re.sub(r"[^a-z\d]", "", name.lower().removeprefix("python-"))


def _set_by_tests(facts: Facts) -> frozenset[str]:
    """Variables that the test sets itself, or the files of its fixtures and conftests do."""
    folders = facts["test_file"].split("/")[:-1]
    above = ("/".join((*folders[:depth], "conftest.py")) for depth in range(len(folders) + 1))
    files = {*above, *(fixture.file for fixture in facts.failure.fixtures)} - {facts["test_file"]}
    uses = [use for file in files for use in facts.context.project.source(file).uses]
    lines = [frame.line for frame in _frames(facts) if frame.file == facts["test_file"]]
    uses += (
        use
        for use in facts.context.project.source(facts["test_file"]).uses
        if not use.lines or any(use.serves(line) for line in lines)
    )
    return frozenset(use.name for use in uses if use.kind == "set")


def _is_set(facts: Facts, name: str) -> bool:
    return name in facts.context.recording.run.environment.variables


def _is_peculiar(facts: Facts, name: str) -> bool:
    """Whether a variable was set that is not everywhere, and was not where the test passed last."""
    green = facts.context.green
    before = green is not None and name in green.run.environment.variables
    return _is_set(facts, name) and not is_everybodys(name) and not before


def is_everybodys(name: str) -> bool:
    """Whether a variable is set wherever tests run, or belongs to what runs them."""
    return name in _USUAL or name.startswith(_OF_OTHERS)


def _raises_itself(facts: Facts) -> str:
    """`yes` where the own line that raised is a `raise`."""
    frame = own_frame(facts)
    is_last = frame is not None and frame is facts.frames[-1]
    return "yes" if frame and is_last and _RAISES.search(frame.source) else ""


def _raised_on_purpose(facts: Facts) -> str:
    """`yes` where the line that raised, of whomever, is a `raise`, not an import that failed."""
    last = facts.frames[-1] if facts.frames else None
    return (
        "yes" if last and last.source.startswith("raise ") and not facts.attribute("name") else ""
    )


def _holds_none(facts: Facts) -> str:
    """`yes` where a line stumbled over `None`."""
    return "yes" if "NoneType" in facts.link.message[:500] else ""


def _absent_file(facts: Facts) -> str:
    """A file, no Python, that is not there and to which a function of the traceback makes the path;
    of a failed assertion only where something is false or empty.
    """
    asserts = {"AssertionError", "Failed"} & {facts.link.type, *facts.link.bases}
    if asserts and not _EMPTY.search(facts.link.message[:500].partition("\n")[0]):
        return ""
    found = (use.name for frame in _frames(facts) for use in _at(facts, frame, "absent"))
    # A test that needs a name of a module mostly needs no such file.
    return max((name for name in found if not name.endswith(".py")), key=len, default="")


def _program_looked_for(facts: Facts) -> str:
    """A program that the function which raised looks for on PATH; one that its file looks for and
    the message names.
    """
    frame = own_frame(facts)
    if frame is None:
        return ""
    message = facts.link.message[:500].lower()
    of_file = facts.context.project.source(frame.file).uses
    looked_for = (use.name for use in of_file if use.kind == "program")
    named = (name for name in looked_for if whole_word(name).search(message))
    return next((use.name for use in _at(facts, frame, "program")), next(named, ""))


def _measures_time(facts: Facts) -> str:
    """`yes` where an assertion finds that something took longer than it may."""
    longer = _LONGER.match(facts.link.message[:200])
    return "yes" if longer and _CLOCKED.search(facts["own_source"]) else ""


def _takes_access(facts: Facts) -> str:
    """`yes` where the test takes from the owner of a file the right to read or write it."""
    tests = (frame for frame in _frames(facts) if is_harness(frame))
    return "yes" if any(_at(facts, frame, "mode") for frame in tests) else ""


FACTS: dict[str, Fact] = {
    "absent_file": _absent_file,
    "holds_none": _holds_none,
    "lacks_own_name": _lacks_own_name,
    "measures_time": _measures_time,
    "program_looked_for": _program_looked_for,
    "raises_itself": _raises_itself,
    "raised_on_purpose": _raised_on_purpose,
    "takes_access": _takes_access,
    "variable_named": _variable_named,
    "variable_of_field": _variable_of_field,
    "variable_of_owner": _variable_of_owner,
    "variable_of_path": _variable_of_path,
    "variable_of_program": _variable_of_program,
    "variable_of_project": _variable_of_project,
    "variable_of_type": _variable_of_type,
    "variable_on_the_way": _variable_on_the_way,
    "variable_pointing": _variable_pointing,
    "variable_passed": _variable_passed,
    "variable_reached": _variable_reached,
    "variable_unset": _variable_unset,
    "variable_unwanted": _variable_unwanted,
    "variable_used": _variable_used,
}
