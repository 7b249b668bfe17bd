from __future__ import annotations

from pathlib import Path

import pytest

from conftest_kit import reading, rundir
from conftest_kit.records import Run
from orchestrator.launch import Launched
from orchestrator.launch.outside import record_death, record_not_started, start_failure


def launched(stderr, exit_code=4, **fields):
    """A command that ended without a record."""
    return Launched(
        **{
            "command": ("pytest",),
            "directory": Path("/project"),
            "exit_code": exit_code,
            "run_id": "20261121T100000.000000Z-00000000",
            "run_directory": None,
            "started": "2026-11-21T10:00:00.000000Z",
            "finished": "2026-11-21T10:00:01.000000Z",
            "stderr_tail": stderr,
            **fields,
        }
    )


USAGE = """\
ERROR: usage: pytest [options] [file_or_dir] [file_or_dir] [...]
pytest: error: unrecognized arguments: --cov
  inifile: None
  rootdir: /project

"""
OLD_USAGE = """\
usage: python -m pytest [options] [file_or_dir] [file_or_dir] [...]
python -m pytest: error: unrecognized arguments: --cov
"""
MISSING = """\
ImportError while loading conftest '/project/conftest.py'.
conftest.py:3: in <module>
    from helpers import nothing
src/helpers.py:1: in <module>
    import yaml
E   ModuleNotFoundError: No module named 'yaml'
"""
SYNTAX = """\
ImportError while loading conftest '/project/conftest.py'.
/usr/lib/python3.11/ast.py:50: in parse
    return compile(source, filename, mode, flags,
E     File "/project/conftest.py", line 1
E       def (
E           ^
E   SyntaxError: invalid syntax
"""
LINES = """\
ImportError while loading conftest '/project/conftest.py'.
conftest.py:4: in <module>
    raise ValueError("one\\nmore")
E   project.errors.BadValue: one
E   more
"""
INTERNAL = """\
INTERNALERROR> Traceback (most recent call last):
INTERNALERROR>   File "/venv/lib/python3.11/site-packages/pluggy/_manager.py", line 9, in _hookexec
INTERNALERROR>     return self._inner_hookexec(hook_name, methods, kwargs, firstresult)
INTERNALERROR>            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
INTERNALERROR>   File "/project/conftest.py", line 1, in pytest_configure
INTERNALERROR>     raise KeyError("boo")
INTERNALERROR> KeyError: 'boo'
"""
TRACEBACK = """\
warning: something else
Traceback (most recent call last):
  File "/venv/bin/pytest", line 5, in <module>
    from pytest import console_main
ModuleNotFoundError: No module named 'pytest'
"""


@pytest.mark.parametrize(
    ("stderr", "message"),
    [
        (USAGE, "pytest: error: unrecognized arguments: --cov"),
        (OLD_USAGE, "python -m pytest: error: unrecognized arguments: --cov"),
        ("ERROR: file or directory not found: x\n\n", "ERROR: file or directory not found: x"),
        ("/bin/python: No module named pytest\n", "/bin/python: No module named pytest"),
        ("", "the command ended with exit status 4"),
    ],
)
def test_the_decisive_line(stderr, message):
    """The message is the line that says what is wrong; the text is all that is known."""
    failure = start_failure(launched(stderr))

    assert failure.message == message
    assert failure.text == stderr
    assert failure.phase == "start"
    assert failure.exceptions == ()


@pytest.mark.parametrize(
    ("stderr", "kind", "message", "bases"),
    [
        (MISSING, "ModuleNotFoundError", "No module named 'yaml'", "ImportError"),
        (SYNTAX, "SyntaxError", "invalid syntax", "Exception"),
        (LINES, "project.errors.BadValue", "one", None),
        (INTERNAL, "KeyError", "'boo'", "LookupError"),
        (TRACEBACK, "ModuleNotFoundError", "No module named 'pytest'", "ImportError"),
    ],
)
def test_the_last_exception(stderr, kind, message, bases):
    """What a failed import shows last becomes an exception as the kit would have recorded it."""
    failure = start_failure(launched(stderr))
    (raised,) = failure.exceptions

    assert failure.message == message
    assert (raised.type, raised.message) == (kind, message)
    assert raised.bases[0] == bases if bases else raised.bases == ()


def test_frames_and_name_of_a_missing_module():
    """The frames that pytest shows and the module's name are kept as data."""
    (raised,) = start_failure(launched(MISSING)).exceptions

    assert raised.attributes == {"name": "yaml"}
    assert [(frame.file, frame.line, frame.source) for frame in raised.frames] == [
        ("conftest.py", 3, "from helpers import nothing"),
        ("src/helpers.py", 1, "import yaml"),
    ]
    assert {frame.origin for frame in raised.frames} == {"project"}


def test_frames_of_an_internal_error():
    """As Python writes them: what is below the folder of the command is the project's."""
    (raised,) = start_failure(launched(INTERNAL)).exceptions

    assert [(frame.file, frame.origin, frame.function) for frame in raised.frames] == [
        ("pluggy/_manager.py", "installed", "_hookexec"),
        ("conftest.py", "project", "pytest_configure"),
    ]
    assert raised.frames[1].source == 'raise KeyError("boo")'


def test_a_run_that_was_only_seen_from_outside():
    """Where standard error says nothing, the note on what kept the kit out is the message."""
    failure = start_failure(launched("", 1, notes=("the kit cannot be lent",)))

    assert failure.message == "the kit cannot be lent"


@pytest.mark.parametrize(
    ("exit_code", "state", "phase", "message"),
    [
        (137, "died", "crash", "the command was ended by signal 9 (SIGKILL)"),
        (254, "not_started", "start", "pytest: error: unrecognized arguments: --cov"),
        (4, "not_started", "start", "pytest: error: unrecognized arguments: --cov"),
    ],
)
def test_the_record_reads_back(tmp_path, exit_code, state, phase, message):
    """The run directory is one like the kit's, with the failure in it."""
    path = record_not_started(
        launched(USAGE, exit_code, notes=("a note",)), logs_dir=tmp_path, project="p"
    )
    recording = reading.read(path)
    (failure,) = recording.failures

    assert rundir.find(tmp_path, "latest") == path
    assert (recording.run.state, recording.run.exit_code) == (state, exit_code)
    assert (recording.run.project, recording.run.warnings) == ("p", ("a note",))
    assert (failure.phase, failure.message) == (phase, message)


def _dies_below(site):
    """What a plugin that cannot be imported prints, loaded by its entry point."""
    return f"""\
Traceback (most recent call last):
  File "{site}/_pytest/config/__init__.py", line 1305, in _preparse
    self.pluginmanager.load_setuptools_entrypoints("pytest11")
  File "/project/plug.py", line 1, in <module>
    from webby import gone
ImportError: cannot import name 'gone' from 'webby' ({site}/webby/__init__.py)
"""


@pytest.mark.parametrize(
    ("folder", "version"),
    [
        ("lib/python3.12/site-packages", "3.12"),
        ("usr/lib/python3/dist-packages", None),
    ],
)
def test_who_dies_before_the_kit_is_loaded_leaves_what_is_installed(tmp_path, folder, version):
    """The lines of the traceback name the folder."""
    site = tmp_path / folder
    info = site / "webby-2.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Name: Webby\nVersion: 2.0\nRequires-Dist: routes<2\n")
    (info / "top_level.txt").write_text("webby\n")
    path = record_not_started(launched(_dies_below(site), 1), logs_dir=tmp_path / "l", project="p")
    recording = reading.read(path)

    (webby,) = recording.distributions
    assert (webby.name, webby.version, webby.modules) == ("Webby", "2.0", ("webby",))
    assert recording.run.environment.distributions == {"webby": "2.0"}
    assert recording.run.environment.python.get("version") == version


def test_folders_that_are_gone_leave_nothing(tmp_path):
    """As those of another machine, or of a container."""
    site = tmp_path / "lib/python3.12/site-packages"
    path = record_not_started(launched(_dies_below(site), 1), logs_dir=tmp_path / "l", project="p")

    assert reading.read(path).distributions == ()


def test_a_green_command_has_no_failure(tmp_path):
    """A command that succeeded without pytest leaves a run without failures."""
    given = launched("", 0, variables=("HOME", "PATH"))
    path = record_not_started(given, logs_dir=tmp_path, project="p")
    recording = reading.read(path)

    assert recording.run.state == "not_started"
    assert recording.run.environment.variables == ("HOME", "PATH")
    assert recording.failures == ()


@pytest.fixture
def dead_run(tmp_path):
    """A run directory whose process is gone while a test was running."""
    directory = rundir.RunDir.new(tmp_path, "20261121T100000.000000Z-00000000")
    directory.create(Run(run_id=directory.path.name, state="running", pid=2**22 + 1))
    directory.append(b'{"$record":"start","nodeid":"t.py::test_a"}\n')
    directory.close()
    return directory.path


def test_a_death_is_completed_once(dead_run):
    """Exit status and last words join the record of a run that died, once."""
    ended = launched("Fatal Python error: Segmentation fault\n", exit_code=139)

    record_death(ended, dead_run)
    record_death(ended, dead_run)
    recording = reading.read(dead_run)

    assert recording.run.exit_code == 139
    assert recording.run.state == "died"
    assert [(f.nodeid, f.phase) for f in recording.failures] == [("t.py::test_a", "crash")]
    assert "Segmentation fault" in recording.failures[0].text


def test_a_run_that_ended_is_left_alone(tmp_path):
    """A complete record is not touched."""
    directory = rundir.RunDir.new(tmp_path, "20261121T100000.000000Z-00000000")
    directory.create(Run(run_id=directory.path.name, state="complete", exit_code=1))
    directory.close()
    before = (directory.path / rundir.RUN_FILE).read_bytes()

    record_death(launched("noise", exit_code=1), directory.path)

    assert (directory.path / rundir.RUN_FILE).read_bytes() == before
