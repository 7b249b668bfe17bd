from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from conftest_kit import reading
from orchestrator import launch as launch_module
from orchestrator.errors import UsageProblem
from orchestrator.launch import launch, lending

PYTHON = sys.executable
LAUNCHER = """
import os, signal, sys
from pathlib import Path
from orchestrator.launch import launch
# A shell starts what runs in its background deaf to it.
signal.signal(signal.SIGINT, signal.default_int_handler)
launched = launch(
    sys.argv[1:], environ=os.environ, directory=Path.cwd(), stderr=sys.stderr.buffer
)
print("ended", launched.exit_code, flush=True)
"""


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory):
    """The Python of an environment with pytest and pytest-xdist, and nothing of ours."""
    folder = tmp_path_factory.mktemp("elsewhere")
    subprocess.run([PYTHON, "-m", "venv", folder], check=True)
    python = str(folder / "bin" / "python")
    install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*install, "pytest", "pytest-xdist"], check=True, capture_output=True)
    return python


@pytest.fixture(scope="session")
def old_pytest(elsewhere, tmp_path_factory):
    """A folder with the last pytest that is too old for the kit, for `elsewhere`."""
    folder = tmp_path_factory.mktemp("old_pytest")
    install = [elsewhere, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*install, "--target", folder, "pytest==7.3.2"], check=True, capture_output=True)
    return folder


@pytest.fixture(autouse=True)
def tox_as_it_is(monkeypatch):
    """Whoever runs these tests may have told tox something."""
    monkeypatch.delenv("TOX_OVERRIDE", raising=False)


@pytest.fixture
def project(tmp_path):
    """Writes files of the user's project and gives its folder."""

    def write(**files):
        for name, content in files.items():
            (tmp_path / f"{name}.py").write_text(textwrap.dedent(content))
        return tmp_path

    return write


def run(directory, *command, **variables):
    """Launch `command` in `directory`; returns what it gave and what it wrote to standard error."""
    stderr = io.BytesIO()
    environ = {**os.environ, **variables}
    return launch(command, environ=environ, directory=directory, stderr=stderr), stderr.getvalue()


def start(directory, *command, through=(), **options):
    """A process of its own that launches `command`."""
    return subprocess.Popen(
        [*through, PYTHON, "-c", LAUNCHER, *command],
        cwd=directory,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def wait_for(path):
    """Give a process ten seconds to write a file."""
    for _ in range(200):
        if path.exists():
            return
        time.sleep(0.05)
    pytest.fail(f"{path} did not come")


@pytest.mark.parametrize(
    ("status", "files", "arguments"),
    [
        (0, {"test_it": "def test(): pass"}, ()),
        (1, {"test_it": "def test(): assert 0"}, ()),
        (2, {"test_it": "import nothing_of_that_name"}, ()),
        (3, {"conftest": "def pytest_collection(): 1 / 0"}, ()),
        (4, {}, ("--no-such-option",)),
        (5, {}, ()),
    ],
)
def test_exit_status_is_pytests_own(project, status, files, arguments):
    """Each of pytest's exit statuses comes back unchanged."""
    launched, _ = run(project(**files), PYTHON, "-m", "pytest", *arguments)

    assert launched.exit_code == status


def test_the_run_is_found(project):
    """The kit's run directory carries the id that the launch gave to the run."""
    launched, _ = run(project(test_it="def test(): assert 0"), PYTHON, "-m", "pytest")

    assert launched.run_directory is not None
    assert launched.run_directory.name == launched.run_id
    assert reading.read(launched.run_directory).run.exit_code == 1
    assert launched.started < launched.finished
    assert launched.notes == ()


UNTOUCHED = """
    import importlib.util
    import os
    import subprocess
    import sys

    import pytest

    def test_variables():
        assert os.environ.get("PYTEST_PLUGINS") == os.environ.get("EXPECT_PLUGINS")
        assert os.environ.get("PYTHONPATH") == os.environ.get("EXPECT_PATH")
        assert "TOX_OVERRIDE" not in os.environ

    def test_path():
        assert not [entry for entry in sys.path if entry.endswith("/lent")]

    @pytest.mark.parametrize("name", ["prometheus_client", "click", "rich", "orchestrator"])
    def test_missing_stays_missing(name):
        assert importlib.util.find_spec(name) is None
        with pytest.raises(ModuleNotFoundError):
            __import__(name)

    @pytest.mark.parametrize("variables", [{}, {"PYTHONPATH": ""}])
    def test_nested(variables, tmp_path):
        (tmp_path / "test_inner.py").write_text("def test(): pass")
        inner = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(tmp_path)]
        subprocess.run(inner, check=True, env={**os.environ, **variables})
"""


@pytest.mark.parametrize("arguments", [(), ("-n2",)], ids=["serial", "xdist"])
def test_lent_kit_leaves_no_trace(project, elsewhere, arguments):
    """Lent to an environment without it, the kit records; the tests see only what they had."""
    directory = project(test_it=UNTOUCHED)

    launched, _ = run(directory, elsewhere, "-m", "pytest", *arguments)

    assert launched.exit_code == 0
    assert launched.run_directory is not None
    assert reading.read(launched.run_directory).run.counts["passed"] == 8
    assert (directory / "monitoring" / "pytest_metrics.prom").exists()
    assert launched.notes == ()


@pytest.mark.parametrize("arguments", [(), ("-n2",)], ids=["serial", "xdist"])
def test_lent_kit_records_exceptions_where_tests_run(project, elsewhere, arguments):
    """xdist's workers extract exceptions too: the chain is complete."""
    directory = project(test_it="def test(): raise OSError(2, 'gone', 'file.txt')")

    launched, _ = run(directory, elsewhere, "-m", "pytest", *arguments)

    assert launched.run_directory is not None
    (failure,) = reading.read(launched.run_directory).failures
    assert failure.exceptions[0].type == "FileNotFoundError"
    assert failure.exceptions[0].attributes["filename"] == "file.txt"


def test_variables_of_the_user_stay(project, elsewhere):
    """The user's PYTHONPATH and PYTEST_PLUGINS work and read as he set them."""
    directory = project(test_it=UNTOUCHED, users_plugin="def pytest_report_header(): return 'mine'")
    variables = {"PYTHONPATH": f"{directory}:", "PYTEST_PLUGINS": "users_plugin"}
    expected = {f"EXPECT_{name[-len(short) :]}": variables[name] for name, short in
                (("PYTHONPATH", "PATH"), ("PYTEST_PLUGINS", "PLUGINS"))}  # fmt: skip

    launched, _ = run(directory, elsewhere, "-m", "pytest", "-k", "var", **variables, **expected)

    assert launched.exit_code == 0
    assert launched.run_directory is not None


@pytest.fixture
def installed_kit(project):
    """Puts a kit of another version into a folder that stands for site-packages."""

    def install(plugin):
        folder = project() / "installed"
        (folder / "conftest_kit").mkdir(parents=True)
        (folder / "conftest_kit" / "__init__.py").write_text(
            "pytest_plugins = ('conftest_kit.plugin',)"
        )
        (folder / "conftest_kit" / "plugin.py").write_text(plugin)
        return str(folder)

    return install


def test_installed_kit_is_not_shadowed(project, elsewhere, installed_kit):
    """A kit that the environment has is the one that is used."""
    folder = installed_kit("def pytest_sessionfinish(session): session.exitstatus = 77")

    launched, _ = run(project(), elsewhere, "-m", "pytest", PYTHONPATH=folder)

    assert launched.exit_code == 77


def test_broken_kit_does_not_break_the_run(project, elsewhere, installed_kit):
    """A kit that cannot be imported is left out, and the note says why."""
    folder = installed_kit("raise RuntimeError('too bad')")

    launched, stderr = run(
        project(test_it="def test(): pass"), elsewhere, "-m", "pytest", PYTHONPATH=folder
    )

    assert launched.exit_code == 0
    assert stderr == b""
    assert "cannot be lent, RuntimeError: too bad" in launched.notes[0]


@pytest.mark.parametrize(
    ("how", "status"),
    [("os.kill(os.getpid(), signal.SIGKILL)", 137), ("os._exit(7)", 7), ("os.abort()", 134)],
)
def test_death_of_the_process(project, how, status):
    """A process that dies under a test ends with the shell's status, and its record is found."""
    launched, _ = run(
        project(test_it=f"import os, signal\ndef test(): {how}"), PYTHON, "-m", "pytest"
    )

    assert launched.exit_code == status
    assert launched.run_directory is not None
    recording = reading.read(launched.run_directory)
    assert recording.run.state == "died"
    assert recording.in_flight == ("test_it.py::test",)


@pytest.mark.parametrize(
    "send", [os.kill, os.killpg], ids=["to the launcher", "to the whole group"]
)
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 2), (signal.SIGTERM, 143)])
def test_signals_are_passed_on(project, number, status, send):
    """A signal reaches pytest once, and the launcher lives until pytest has ended."""
    directory = project(
        test_it="import pathlib, time\ndef test(): pathlib.Path('ready').touch(); time.sleep(30)"
    )
    process = start(directory, PYTHON, "-m", "pytest", start_new_session=True)
    wait_for(directory / "ready")
    send(process.pid, number)
    output, _ = process.communicate(timeout=20)

    assert output.endswith(f"ended {status}\n")


def test_keys_reach_the_command_once(project):
    """Ctrl-C on a terminal goes to every process of it: it is not passed on a second time."""
    directory = project(
        command="""
            import signal, sys, time
            signal.signal(signal.SIGINT, lambda *_: print("interrupted", flush=True))
            print("ready", sys.stderr.isatty(), flush=True)
            time.sleep(1)
            time.sleep(1)
        """
    )
    spawn = "import pty, sys; pty.spawn(sys.argv[1:])"
    with start(directory, PYTHON, "command.py", through=(PYTHON, "-c", spawn)) as process:
        ready = process.stdout.readline()
        output, _ = process.communicate("\x03", timeout=20)

    assert ready == "ready True\n"
    assert output.count("interrupted") == 1
    assert output.endswith("ended 0\n")


def test_standard_input_is_the_callers(project):
    """The command reads what the caller of the launcher is given."""
    process = start(project(), PYTHON, "-c", "print(input()[::-1])")
    output, _ = process.communicate("olleh\n", timeout=20)

    assert output == "hello\nended 0\n"


def test_standard_error_passes_through_whole(project):
    """Every byte of standard error comes through; the tail is kept as text without escapes."""
    content = b"\x1b[31mred\x1b[0m \xff\r\n" * 20_000
    directory = project()
    (directory / "content").write_bytes(content)

    launched, stderr = run(directory, "sh", "-c", "cat content >&2")

    assert stderr == content
    assert len(launched.stderr_tail) <= launch_module.TAIL_BYTES
    assert launched.stderr_tail.endswith("red �\r\n")
    assert "\x1b" not in launched.stderr_tail


def test_secrets_of_the_environment_are_masked(project):
    """The terminal shows what the command wrote; what is kept does not hold secret values."""
    script = "echo $API_TOKEN refused >&2"
    secret = {"API_TOKEN": "hunter2hunter2"}

    launched, stderr = run(project(), "sh", "-c", script, "hunter2hunter2", **secret)

    assert stderr == b"hunter2hunter2 refused\n"
    assert launched.stderr_tail == "[masked:API_TOKEN] refused\n"
    assert launched.command == ("sh", "-c", script, "[masked:API_TOKEN]")


def test_a_closed_standard_error_does_not_hurt(project):
    """Where nobody reads our standard error any more, the command ends as it would."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb", buffering=0) as sink:
        launched = launch(
            ["sh", "-c", "echo told >&2; exit 3"],
            environ=os.environ,
            directory=project(),
            stderr=sink,
        )

    assert launched.exit_code == 3
    assert launched.stderr_tail == "told\n"


def test_a_grandchild_does_not_keep_us(project):
    """A process left behind that holds standard error open delays the end by a second at most."""
    began = time.monotonic()
    launched, stderr = run(project(), "sh", "-c", "sleep 8 & echo told >&2")

    assert time.monotonic() - began < 4
    assert launched.exit_code == 0
    assert stderr == b"told\n"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["no-such-program"], "cannot run 'no-such-program': there is no such program"),
        (["./test_it.py"], "cannot run './test_it.py': it is not executable"),
        (["./stale"], "cannot run './stale': the interpreter in its first line does not exist"),
        ([], "no command: name one that runs pytest"),
    ],
)
def test_a_command_that_cannot_start(project, command, message):
    """The message names the command and what to do."""
    directory = project(test_it="")
    (directory / "stale").write_text("#!/no/such/python\n")
    (directory / "stale").chmod(0o755)

    with pytest.raises(UsageProblem) as raised:
        run(directory, *command)

    assert str(raised.value).startswith(message)


def test_a_folder_that_is_gone(tmp_path):
    """The message names the folder."""
    with pytest.raises(UsageProblem, match="there is no such folder"):
        run(tmp_path / "gone", PYTHON)


@pytest.mark.parametrize(
    ("files", "arguments"),
    [({"conftest": "import nothing_of_that_name"}, ()), ({}, ("--no-such-option",))],
)
def test_a_start_that_fails_is_told(project, elsewhere, files, arguments):
    """A pytest that gives up before collection leaves a record, or the line that says why."""
    launched, _ = run(project(**files), elsewhere, "-m", "pytest", *arguments)

    assert launched.exit_code == 4
    assert "nothing_of_that_name" in launched.stderr_tail or "--no-such" in launched.stderr_tail
    assert launched.notes == ()


def test_an_isolated_interpreter(project, elsewhere):
    """`python -I` runs unharmed, and the note says how to install the kit there."""
    directory = project(test_it="def test(): pass")

    launched, _ = run(directory, elsewhere, "-I", "-m", "pytest")

    assert launched.exit_code == 0
    assert launched.run_directory is None
    assert "`python -I` ignores PYTHONPATH: install it" in launched.notes[0]


def test_pythonpath_set_on_the_way(project, elsewhere):
    """Where our PYTHONPATH gets lost, the command runs once more, without what was lent."""
    directory = project(test_it="def test(): assert 0")

    launched, stderr = run(directory, "env", "PYTHONPATH=src", elsewhere, "-m", "pytest")

    assert launched.exit_code == 1
    assert launched.run_directory is None
    assert b"running again without it" in stderr
    assert "PYTHONPATH does not reach its pytest" in launched.notes[0]


def test_a_pytest_that_is_too_old(project, elsewhere, old_pytest):
    """It runs unharmed, and the note says what is too old."""
    directory = project(test_it="def test(): pass")

    launched, _ = run(directory, elsewhere, "-m", "pytest", PYTHONPATH=str(old_pytest))

    assert launched.exit_code == 0
    assert launched.run_directory is None
    assert "it needs pytest 7.4, this is 7.3.2" in launched.notes[0]


def test_several_pytests_of_one_command(project, elsewhere):
    """The first pytest is recorded, the others run silently, and a note says so."""
    directory = project(test_a="def test(): pass", test_b="def test(): pass")
    script = f"{elsewhere} -m pytest test_a.py; {elsewhere} -m pytest test_b.py"

    launched, _ = run(directory, "sh", "-c", script)

    assert launched.run_directory is not None
    (attempt,) = reading.read(launched.run_directory).attempts
    assert attempt.nodeid == "test_a.py::test"
    assert "started pytest 2 times" in launched.notes[0]


def test_a_command_without_pytest(project):
    """The note says that no pytest was met."""
    launched, _ = run(project(), "true")

    assert launched.exit_code == 0
    assert launched.run_directory is None
    assert launched.notes[0].startswith("no pytest of the command loaded the kit")


def test_no_room_for_a_token(project, monkeypatch):
    """Where nothing temporary can be written the tests run all the same, and a note says why."""
    monkeypatch.setattr("tempfile.tempdir", "/no/such/folder")

    launched, _ = run(project(), "true")

    assert launched.exit_code == 0
    assert "no temporary folder" in launched.notes[0]


def test_nothing_is_left_behind(project, tmp_path):
    """The folder that names the run is there while the command runs, and gone afterwards."""
    script = f"cat ${lending.TOKEN}/run_id > run_id; echo ${lending.TOKEN} > token"

    launched, _ = run(project(), "sh", "-c", script)

    assert (tmp_path / "run_id").read_text() == launched.run_id
    assert not Path((tmp_path / "token").read_text().strip()).exists()
