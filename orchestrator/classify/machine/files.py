"""Facts about the machine: programs, files and settings files that an exception speaks of."""

from __future__ import annotations

import posixpath
import re

from packaging.utils import canonicalize_name

from orchestrator.checkout.install import where_to_write
from orchestrator.checkout.source import is_of_tests
from orchestrator.classify.facts import Context, Fact, Facts, own_frame
from orchestrator.classify.imports.modules import is_own

_OF_THE_TESTS = re.compile(
    r"(?:python|pypy|pytest|pip|tox|nox|(?:sh|bash|env|make|cmd|cd|export|source|set|echo|test|true|false|exit)$)"
)
"""Programs that run what is tested: how they end says nothing of the machine."""
_USAGE = re.compile(r"(?i)\busage: |unknown (?:option|command)|unrecogni[sz]ed (?:option|argument)")
_READ = 4096
# fatal: Unable to read current working directory: No such file or directory
_SAYS_GONE = re.compile(
    r"(?i)(?:unable to read|cannot access|error retrieving|could not get|cannot get) "
    r"(?:the )?(?:current|parent) (?:working )?director(?:y|ies)"
)
_LISTS_FOLDER = re.compile(r"\b(?:listdir|scandir|iterdir|chdir|walk|rmtree|glob)\(")
_ASKS_FOLDER = re.compile(r"\bgetcwdb?\(|\.cwd\(\)")


def _program(facts: Facts) -> str:
    """The program that a process was to be started from and that is not there."""
    started = any(
        frame.file == "subprocess.py" and frame.function == "_execute_child"
        for frame in facts.link.frames[-2:]
    )
    return facts["filename"] if started and "/" not in facts["filename"] else ""


READS = re.compile(r"""(?:\benviron(?:\.get\(|\.pop\(|\[)|\bgetenv\()\s{0,5}["'](\w{1,200})["']""")
"""Where a line reads a variable of the environment by its name."""


def _variable_read(facts: Facts) -> str:
    """The environment variable that the own line reads which raised; where what it called raised,
    only one that is set.
    """
    frame = own_frame(facts)
    found = READS.search(frame.source) if frame else None
    if frame is None or found is None:
        return ""
    is_set = found[1] in facts.context.recording.run.environment.variables
    return found[1] if frame is facts.frames[-1] or is_set else ""


def _variable_read_is_set(facts: Facts) -> str:
    variables = facts.context.recording.run.environment.variables
    return "yes" if facts["variable_read"] in variables else ""


_ASKS = re.compile(r"""\bgetini\(\s{0,5}["']([\w.-]{1,200})["']""")


def _setting_read(facts: Facts) -> str:
    """The setting that was asked for where nothing but pytest's reading of it raised."""
    frames = facts.link.frames
    asked = [place for place, frame in enumerate(frames) if frame.function == "getini"]
    inside = frames[asked[-1] :] if asked else ()
    if not inside or not all(frame.file.startswith("_pytest/config/") for frame in inside):
        return ""
    found = _ASKS.search(frames[asked[-1] - 1].source) if asked[-1] else None
    return found[1] if found else ""


def _said_variable_is_set(facts: Facts) -> str:
    """`yes` where a variable that the message names was set."""
    named = facts.group("said_variable")
    return "yes" if named in facts.context.recording.run.environment.variables else ""


def _said_file(facts: Facts) -> str:
    """The file that a message says is not there, relative to the root where it is below it; not one
    of pytest's temporary ones, nor a module that the checkout holds.
    """
    name = facts.group("named_file").removeprefix("./")
    root = facts.context.recording.run.root.rstrip("/")
    inside = name.removeprefix(f"{root}/") if root else name
    known = inside in facts.context.project.files
    if known or "pytest-of-" in name or not name:
        return ""
    folder = re.search(rf"{re.escape(root)}/([\w./-]{{1,200}})['\"]", facts.link.message[:2000])
    return f"{folder[1]}/{name}" if folder and root and "/" not in name else inside


def _ran_out(facts: Facts) -> str:
    """`yes` where a failure of the same run says that no more files could be opened."""
    return "yes" if facts.context.once(_no_more_files) else ""


def _no_more_files(context: Context) -> bool:
    links = (link for one in context.recording.failures for link in one.exceptions)
    return any(link.attributes.get("errno") in (23, 24) for link in links)


def _own_path_said(facts: Facts) -> str:
    """A path below the project's root that a message names and that is no Python file of it."""
    root = facts.context.recording.run.root.rstrip("/")
    found = re.search(rf"{re.escape(root)}/([\w./-]{{1,300}}\w)", facts.link.message[:2000])
    named = found[1] if found and root else ""
    return "" if named in facts.context.project.files else named


def _file_placed(facts: Facts) -> str:
    """The file that is not there, with the one folder of the project that holds its like: those of
    its ending, below the package that looks for it; the name as asked for where none is sure.
    """
    name = facts["filename"]
    return name if "/" in name else _placed(facts, name, "")


def _folder_taken(facts: Facts) -> str:
    """What is no folder and is used as one: the path itself where what it holds was asked for, else
    what the path leads through.
    """
    path = posixpath.normpath(facts["filename"]) if facts["filename"] else ""
    is_asked_for = any(_LISTS_FOLDER.search(frame.source) for frame in facts.frames[-3:])
    return path if is_asked_for else posixpath.dirname(path)


def _file_elsewhere(facts: Facts) -> str:
    """The one folder of the project that holds files of the missing one's ending and whose path
    ends in the folder that it was looked for in, where that folder itself holds none.
    """
    folder, _, name = facts["filename"].rpartition("/")
    if not folder or not facts["file_is_own"]:
        return ""
    folders = facts.context.project.data.get(f".{name.rpartition('.')[2]}", ())
    found = [one for one in folders if one.endswith(f"/{folder}")]
    return found[0] if len(found) == 1 and folder not in folders else ""


def _module_file(facts: Facts) -> str:
    """The module of the project that a file would be which is not there."""
    path = facts["filename"]
    if not path.endswith(".py") or not facts["file_is_own"] or is_of_tests(path):
        return ""
    dotted = path.removeprefix("src/").removesuffix(".py").removesuffix("/__init__")
    top, _, inside = dotted.partition("/")
    return dotted.replace("/", ".") if inside and is_own(facts, top) else ""


def _harness_file(facts: Facts) -> str:
    """The Python file of the tests that is looked for and not there."""
    path = facts["filename"]
    asked = path.endswith(".py") and facts["file_is_own"]
    return path if asked and is_of_tests(path) else ""


def _folder_gone(facts: Facts) -> str:
    """`yes` where the system was asked for the folder that the process is in, and there is none; or
    a program says so.
    """
    if _SAYS_GONE.search(facts.link.message[:_READ]):
        return "yes"
    last = facts.link.frames[-1] if facts.link.frames else None
    if last is None or facts["filename"] or "FileNotFoundError" not in facts.link.type:
        return ""
    return "yes" if last.function == "abspath" or _ASKS_FOLDER.search(last.source) else ""


def _template_placed(facts: Facts) -> str:
    folder, _, name = facts.group("template").rpartition("/")
    return _placed(facts, name, folder) if name else ""


def _placed(facts: Facts, name: str, inside: str) -> str:
    """`name` in the one folder that ends in `inside` and holds files of its ending; of several in
    that of the package that asks for it.
    """
    ending = f".{name.rpartition('.')[2]}"
    top = facts["own_file"].removeprefix("src/").partition("/")[0]
    folders = [
        folder
        for folder in facts.context.project.data.get(ending, ())
        if f"/{folder}".endswith(f"/{inside}".rstrip("/")) and (inside or f"{top}/" in f"{folder}/")
    ]
    folders = [one for one in folders if f"{one}/".startswith(f"{top}/")] or folders
    place = folders[0] if len(folders) == 1 else inside
    return f"{place}/{name}".lstrip("/")


def _command_program(facts: Facts) -> str:
    """The program of a command that could not be run."""
    command = facts.link.attributes.get("cmd", "")
    first = command.split() if isinstance(command, str) else command
    return str(first[0]) if isinstance(first, (list, tuple)) and first else ""


def _program_failing(facts: Facts) -> str:
    """The program of the machine that a command started and that ended with an error."""
    path, root = facts["command_program"], facts.context.recording.run.root.rstrip("/")
    name = path.rpartition("/")[2]
    beside = path.startswith((".", f"{root}/")) or facts.context.installed.has(name)
    own = facts.context.recording.run.environment.python.get("prefix", "")
    of_environment = bool(own) and path.startswith(f"{own.rstrip('/')}/")
    known = _OF_THE_TESTS.match(name) or name in facts.context.project.modules
    complains = any(_USAGE.search(text[-_READ:]) for text in facts.failure.captured.values())
    return "" if beside or of_environment or known or complains else name


def _program_status(facts: Facts) -> str:
    return str(facts.link.attributes.get("returncode", ""))


def _program_is_installed(facts: Facts) -> str:
    """`yes` where a distribution of the environment bears the program's name: it is there, and
    where programs are looked for is not.
    """
    name = facts["program"]
    own = facts.context.recording.run.environment.python.get("executable", "")
    is_python = name.startswith("python") and name == own.rpartition("/")[2]
    return "yes" if name and (facts.context.installed.has(name) or is_python) else ""


def _undefined(facts: Facts) -> str:
    """The name that was not defined, or the variable that had no value yet."""
    found = re.match(
        r"(?:name |(?:cannot access )?(?:free |local )variable )'(\w{1,200})'", facts.link.message
    )
    return found[1] if found else ""


def _inifile(facts: Facts) -> str:
    return facts.context.recording.run.inifile or ""


def _yielding_fixture(facts: Facts) -> str:
    """The function that pytest quotes under its message; a plugin, which quotes none, may mean the
    one own fixture that the test was given.
    """
    found = re.search(r"\n\s{0,80}(?:async )?def (\w{1,200})\(", facts.link.message[:4096])
    own = [one.name for one in facts.failure.fixtures if one.origin in ("project", "test")]
    return found[1] if found else own[0] if len(own) == 1 else ""


def _named_is_project(facts: Facts) -> str:
    """`yes` where the project's own metadata was asked for."""
    named = facts.group("named")
    return "yes" if named and canonicalize_name(named) in facts.context.own_names else ""


def _where(facts: Facts) -> str:
    """Where a requirement on the distribution is written down; what another requires is written
    down there.
    """
    is_required = facts["distribution_source"] == "required"
    return "" if is_required else where_to_write(facts.context.project, facts["distribution"])


def _where_named(facts: Facts) -> str:
    return where_to_write(facts.context.project, facts["named_distribution"])


def _where_test(facts: Facts) -> str:
    names = facts["lacking_plugins"].split() or [facts["plugin"] or facts["async_plugin"]]
    edits = (where_to_write(facts.context.project, name, for_tests=True) for name in names)
    return " ".join(filter(None, edits))


def _time_zone_path(facts: Facts) -> str:
    """`yes` where the environment tells zoneinfo where to look."""
    return "yes" if "PYTHONTZPATH" in facts.context.recording.run.environment.variables else ""


FACTS: dict[str, Fact] = {
    "command_program": _command_program,
    "file_elsewhere": _file_elsewhere,
    "file_placed": _file_placed,
    "folder_gone": _folder_gone,
    "folder_taken": _folder_taken,
    "inifile": _inifile,
    "harness_file": _harness_file,
    "module_file": _module_file,
    "named_is_project": _named_is_project,
    "program": _program,
    "program_failing": _program_failing,
    "program_status": _program_status,
    "program_is_installed": _program_is_installed,
    "own_path_said": _own_path_said,
    "ran_out": _ran_out,
    "said_file": _said_file,
    "said_variable_is_set": _said_variable_is_set,
    "template_placed": _template_placed,
    "where": _where,
    "where_named": _where_named,
    "where_test": _where_test,
    "undefined": _undefined,
    "setting_read": _setting_read,
    "variable_read": _variable_read,
    "variable_read_is_set": _variable_read_is_set,
    "yielding_fixture": _yielding_fixture,
    "time_zone_path": _time_zone_path,
}
