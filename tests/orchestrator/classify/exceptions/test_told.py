"""Exceptions that a failure only tells of: they count, and for less."""

from __future__ import annotations

import pytest

from conftest_kit.records import Distribution

TEST = "tests/test_cart.py:9:test_total"
LIB = "lib/webframe/app.py:3:get"
RESULT = """assert 1 == 0\n +  where 1 = <Result {}>.exit_code"""
PRINTED = 'Traceback (most recent call last):\n  File "/x.py", line 1, in <module>\n{}\n'


@pytest.mark.parametrize(
    ("message", "captured", "expected"),
    [
        (
            RESULT.format("""ModuleNotFoundError("No module named 'yaml'")"""),
            "",
            ("missing_dependency", "PyYAML"),
        ),
        (
            RESULT.format("SystemExit('Cannot save it: PyYAML needs to be installed.')"),
            "",
            ("missing_dependency", "PyYAML"),
        ),
        (
            "assert 1 == 0",
            PRINTED.format("ModuleNotFoundError: No module named 'yaml'"),
            ("missing_dependency", "PyYAML"),
        ),
        (
            "assert 2 == 0",
            "python: can't open file '/shop/tools/gen.py': [Errno 2] No such file or directory\n",
            ("environment", "tools/gen.py"),
        ),
    ],
)
def test_what_a_process_died_of(red, raised, message, captured, expected):
    """Its result and its output say more than the status that the test looks at."""
    verdict = red(raised("AssertionError", message, TEST), captured={"stderr": captured}).verdict()

    assert (verdict.category, verdict.culprit.name) == expected
    assert verdict.confidence < 0.9


PROCESS = (
    """assert 'Emma' in ''\n +  where '' = CompletedProcess({}, stdout='', stderr={!r}).stdout"""
)
NOT_THERE = "/env/bin/python: No module named {}\n"


@pytest.mark.parametrize(
    ("message", "captured"),
    [
        (PROCESS.format("args=['python', '-m', 'yaml']", NOT_THERE.format("yaml")), ""),
        (PROCESS.format("args=['python', '-m', 'r...", NOT_THERE.format("yaml")), ""),
        (
            PROCESS.format(
                "args=['x'], returncode=1",
                PRINTED.format("ModuleNotFoundError: No module named 'yaml'"),
            ),
            "",
        ),
        ("assert 1 == 0", NOT_THERE.format("yaml")),
    ],
)
def test_a_module_that_a_process_did_not_find(red, raised, message, captured):
    """Python says it in a line or a traceback, in the process's result or in its output."""
    verdict = red(raised("AssertionError", message, TEST), captured={"stderr": captured}).verdict()

    assert (verdict.category, verdict.culprit.name) == ("missing_dependency", "PyYAML")
    assert verdict.confidence < 0.9


LOGGED = """ERROR    webframe:app.py:875 Exception on / [GET]
Traceback (most recent call last):
  File "/env/lib/python3.12/site-packages/webframe/app.py", line 976, in call
    return self.view()
           ^^^^^^^^^^^
{}"""
IN_SHOP = """  File "/shop/shop/cart.py", line 7, in total
    return prices[0]
IndexError: list index out of range"""
IN_WEBFRAME = """  File "/env/lib/python3.12/site-packages/webframe/app.py", line 997, in view
    raise RuntimeError(
RuntimeError: Install webframe with the 'all' extra to do so."""


@pytest.mark.parametrize(
    "message",
    [
        "assert 500 == 200\n +  where",
        "500 != 200",
        "200 != 503",
        "'<!DOCTYPE' != 'yes'\n- <title>500 Internal Server Error</title>",
    ],
)
@pytest.mark.parametrize(
    ("traceback", "expected"),
    [
        (IN_SHOP, ("product_error", "shop/cart.py")),
        (IN_WEBFRAME, ("missing_dependency", "python-multipart")),
    ],
)
def test_what_a_web_application_answered_an_error_for(red, raised, message, traceback, expected):
    """The status is what the test sees; the log has the exception, with its frames."""
    log = LOGGED.format(traceback)

    verdict = red(raised("AssertionError", message, TEST), captured={"log": log}).verdict()

    assert (verdict.category, verdict.culprit.name) == expected


@pytest.mark.parametrize("cut", [60, 130])
def test_a_log_whose_beginning_was_cut_off(red, raised, cut):
    """Of a long traceback the end is kept, and tells."""
    log = LOGGED.format(IN_SHOP)[cut:]

    verdict = red(raised("AssertionError", "500 != 200", TEST), captured={"log": log}).verdict()

    assert (verdict.category, verdict.culprit.name) == ("product_error", "shop/cart.py")


def test_a_log_that_was_cut_within_a_record_of_no_error(red, raised):
    """What stands behind the cut is of another record than what stands before."""
    shown = LOGGED.format(IN_SHOP).partition("\n")[2]
    log = f"INFO     engine:base.py:1 CREATE TABLE cart\n… 7042 bytes left out …\n{shown}"

    verdict = red(raised("AssertionError", "500 != 200", TEST), captured={"log": log}).verdict()

    assert (verdict.category, verdict.culprit.name) == ("product_error", "shop/cart.py")


BROKEN_OFF = """INTERNALERROR> Traceback (most recent call last):
INTERNALERROR>   File "/env/lib/python3.12/site-packages/webframe/app.py", line 59, in start
INTERNALERROR>     self.table = table(model="main")
INTERNALERROR>   File "/env/lib/python3.12/site-packages/frames/table.py", line 262, in table
INTERNALERROR>     raise ValueError(f"unknown model {model!r}")
INTERNALERROR> ValueError: unknown model 'main'
"""


@pytest.mark.parametrize(
    ("message", "category"),
    [
        ("assert <ExitCode.INTERNAL_ERROR: 3> == 0", "compatibility"),
        ("assert 3 == 0", "assertion"),
    ],
)
def test_a_run_of_pytest_whose_status_the_test_looks_at(red, raised, message, category):
    """What it broke off with is told, whoever started it."""
    failed = raised("AssertionError", message, TEST)

    verdict = red(failed, captured={"stdout": BROKEN_OFF}).verdict()

    assert verdict.category == category


def test_what_is_logged_beside_another_assertion_is_not_told(red, raised):
    """An application may log an exception and go on."""
    log = LOGGED.format(IN_SHOP)

    verdict = red(raised("AssertionError", "assert 3 == 4", TEST), captured={"log": log}).verdict()

    assert verdict.category == "assertion"


@pytest.mark.parametrize(
    "message",
    [
        "False is not true",
        "assert False\n +  where False = <Result>.ok",
        "1 != 0",
        "assert 0 == 1",
        "assert -9 == 0\n +  where -9 = run()",
        "assert '' == 'Usage:'\n  - Usage:",
        "'Usage' not found in ''",
        "Lists differ: ['a'] != []",
        "assert None == 3",
    ],
)
@pytest.mark.parametrize(
    ("stream", "shown"),
    [
        ("stdout", LOGGED.format(IN_SHOP)),
        ("stderr", LOGGED.format(IN_SHOP)),
        ("log", LOGGED.format(IN_SHOP)),
        ("stderr", LOGGED.format(IN_SHOP)[100:]),
        ("stderr", LOGGED.format(f'  File "/sh\n… 2853 bytes left out …\nin x\n    y\n{IN_SHOP}')),
    ],
)
def test_what_a_process_died_of_where_a_flag_is_looked_at(red, raised, message, stream, shown):
    """A flag, a status and missing output say nothing; the traceback does, and if only its end."""
    link = raised("AssertionError", message, TEST)

    verdict = red(link, captured={stream: shown}).verdict()

    assert (verdict.category, verdict.culprit.name) == ("product_error", "shop/cart.py")
    assert verdict.confidence < 0.8


IN_TEST = """  File "/shop/tests/test_cart.py", line 30, in broken
    raise RuntimeError("to see what comes of it")
RuntimeError: to see what comes of it"""
IN_MOCK = """  File "/env/lib/python3.12/unittest/mock.py", line 1173, in _execute_mock_call
    raise effect
OSError: to see what comes of it"""


@pytest.mark.parametrize(
    ("message", "log"),
    [
        ("False is not true", LOGGED.format(IN_TEST)),
        ("False is not true", LOGGED.format(IN_MOCK)),
        ("False is not true", LOGGED.format(IN_SHOP).replace("ERROR  ", "WARNING")),
        ("2 != 3", LOGGED.format(IN_SHOP)),
        ("assert 10 == 0.5", LOGGED.format(IN_SHOP)),
        ("assert None is object()", "Traceback (most recent call last):\nIndexError: x"),
    ],
)
def test_what_was_meant_or_dealt_with_is_not_told(red, raised, message, log):
    """What a test raises to see what comes of it, and what is logged as of no error."""
    verdict = red(raised("AssertionError", message, TEST), captured={"log": log}).verdict()

    assert verdict.category == "assertion"


CAUSE = "\n\nThe above exception was the direct cause of the following exception:\n\n"
HANDLING = "\n\nDuring handling of the above exception, another exception occurred:\n\n"
REFUSED = """Traceback (most recent call last):
  File "/env/lib/python3.12/site-packages/frames/table.py", line 9, in read
    return connect()
ConnectionRefusedError: [Errno 111] Connection refused"""
WRAPPED = """Traceback (most recent call last):
  File "/env/lib/python3.12/site-packages/frames/table.py", line 11, in read
    raise Broken() from error
frames.Broken: no answer"""
NO_SESSION = """Traceback (most recent call last):
  File "/shop/shop/session.py", line 53, in save
    if session.modified:
AttributeError: 'NoneType' object has no attribute 'modified'"""
MISSING = """Traceback (most recent call last):
  File "/shop/shop/session.py", line 3, in load
    import yaml
ModuleNotFoundError: No module named 'yaml'"""
CUT_OFF = f"… 458 bytes left out …\nxy\n    import yaml\n{MISSING.splitlines()[-1]}"
RECORD = "ERROR    shop:app.py:875 Exception on /"
PAGE = r"b'<!doctype html>\n<title>5[225 chars]p>\n' != b'value set'"


@pytest.mark.parametrize(
    ("log", "category"),
    [
        (f"{REFUSED}{CAUSE}{WRAPPED}", "network"),
        (f"{REFUSED}{HANDLING}{WRAPPED}", "network"),
        (f"{MISSING}\n{RECORD}\n{MISSING}{HANDLING}{NO_SESSION}", "missing_dependency"),
        (f"{MISSING}\n{RECORD}\nTraceb\n{CUT_OFF}{HANDLING}{NO_SESSION}", "missing_dependency"),
    ],
)
@pytest.mark.parametrize(
    "seen",
    [
        ("AssertionError", PAGE),
        ("AssertionError", "assert {'message': '500 Internal Server Error'} == {}"),
        ("webclient.HTTPError", "500 Server Error: INTERNAL SERVER ERROR for url: http://x/"),
        ("urllib.error.HTTPError", "HTTP Error 500: Internal Server Error"),
    ],
)
def test_the_first_of_a_chain_that_was_logged(red, raised, seen, log, category):
    """What others were raised from, or what was logged by itself before, is what happened."""
    verdict = red(raised(*seen, TEST), captured={"log": f"{RECORD}\n{log}"}).verdict()

    assert verdict.category == category


def test_what_broke_while_another_exception_was_handled(red, raised):
    """Where the first was not logged by itself, it may have been dealt with."""
    log = f"{RECORD}\n{MISSING}{HANDLING}{NO_SESSION}"

    verdict = red(raised("AssertionError", PAGE, TEST), captured={"log": log}).verdict()

    assert (verdict.category, verdict.culprit.name) == ("product_error", "shop/session.py")


def test_a_traceback_that_pytest_quotes_when_it_refuses(red, raised):
    """A filter for warnings names a class of a module that is not installed."""
    quoted = PRINTED.format("ModuleNotFoundError: No module named 'yaml'")
    refused = f"while parsing the following warning configuration:\n\n{quoted}"

    verdict = red(raised("_pytest.config.exceptions.UsageError", refused), phase="start").verdict()

    assert (verdict.category, verdict.culprit.name) == ("missing_dependency", "PyYAML")


def test_what_a_process_died_of_that_ended_with_a_status(red, raised):
    """Where its status is raised, what it wrote is why."""
    died = raised("subprocess.CalledProcessError", "returned non-zero exit status 1.", TEST)

    verdict = red(died, captured={"stderr": PRINTED.format("MemoryError")}).verdict()

    assert (verdict.category, verdict.kind) == ("resource", "memory")


@pytest.mark.parametrize(
    "message",
    [
        "assert '<Result KeyError(1)>' == 'x'",
        "assert 'CompletedProcess' == \"stderr='python: No module named yaml'\"",
        "assert err == \"No module named 'yaml'\"",
        "assert 1 == 0\n +  where 1 = <Result okay>.exit_code",
    ],
)
def test_what_an_assertion_quotes_is_not_told(red, raised, message):
    """Only pytest's own line on a result is read."""
    assert red(raised("AssertionError", message, TEST)).verdict().category == "assertion"


def test_output_of_a_test_that_raised_itself_is_not_read(red, raised):
    """What it printed on the way is not why it failed."""
    printed = PRINTED.format("ModuleNotFoundError: No module named 'yaml'")

    verdict = red(raised("KeyError", "'x'", TEST), captured={"stdout": printed}).verdict()

    assert verdict.category == "product_error"


def test_a_traceback_that_was_only_printed(red):
    """Where pytest could not take the exception apart its text says what it was."""
    verdict = red(text="x = 1\nE   OSError: [Errno 24] Too many open files\n").verdict()

    assert (verdict.category, verdict.kind) == ("resource", "descriptors")


@pytest.mark.parametrize(
    ("said", "python", "expected"),
    [
        ("No module named 'cgi'", "", ("compatibility", "Python")),
        ("No module named 'cgi'", "3.13.0", ("compatibility", "Python")),
        ("No module named 'yaml'", "", ("missing_dependency", "PyYAML")),
        ("cannot import name 'gone' from 'frames'", "", ("compatibility", "frames")),
    ],
)
def test_what_a_plugin_could_not_be_imported_for(red, raised, said, python, expected):
    """pytest quotes it; seen from outside no more was recorded, not even the Python."""
    quoted = f'Error importing plugin "shop.fixtures": {said}'
    places = ("shop/fixtures.py:3:<module>", "lib/babel/catalog.py:3:<module>")

    verdict = red(raised("ImportError", quoted, *places), phase="start", python=python).verdict()

    assert (verdict.category, verdict.culprit.name) == expected


@pytest.mark.parametrize(
    ("printed", "fixture", "expected"),
    [
        ("E   ModuleNotFoundError: No module named 'yaml'", "_pytest/pytester.py", "PyYAML"),
        (
            (
                "INTERNALERROR> Traceback (most recent call last):\n"
                'INTERNALERROR>   File "/x/conftest.py", line 3, in pytest_configure\n'
                "INTERNALERROR>     import yaml\n"
                "INTERNALERROR> ModuleNotFoundError: No module named 'yaml'"
            ),
            "_pytest/pytester.py",
            "PyYAML",
        ),
        ("E   ModuleNotFoundError: No module named 'yaml'", "tests/conftest.py", None),
    ],
)
def test_what_an_inner_run_of_pytest_broke_off_with(red, raised, printed, fixture, expected):
    """The report that it did not write is a consequence."""
    gone = raised("FileNotFoundError", "no report", TEST, attributes={"errno": 2})

    found = red(gone, captured={"stdout": printed}, fixtures=[("run", fixture, 9)]).verdict()

    assert (found.culprit.name if found.category == "missing_dependency" else None) == expected


def test_options_that_an_inner_run_of_pytest_does_not_know(red, raised):
    """The plugin that brings them is not installed."""
    refused = raised("AssertionError", "assert <ExitCode.USAGE_ERROR: 4> == 0", TEST)
    printed = "usage: x\n__main__.py: error: unrecognized arguments: -n3 --dist=loadfile\n"

    found = red(refused, captured={"stderr": printed}).verdict()

    assert (found.category, found.culprit.name) == ("missing_dependency", "pytest-xdist")


@pytest.mark.parametrize(
    ("place", "said", "category"),
    [
        ("lib/webframe/__init__.py:9:<module>", "Lacking:\nyaml: No module named 'yaml'", "absent"),
        ("lib/webframe/__init__.py:9:load", "Lacking:\nyaml: No module named 'yaml'", "other"),
        ("shop/__init__.py:9:<module>", "Lacking:\nyaml: No module named 'yaml'", "other"),
    ],
)
def test_what_a_library_lacks_while_it_is_imported(red, raised, place, said, category):
    """It says so in its own words; what the project says may be about anything."""
    found = red(raised("ImportError", said, place), phase="collect").verdict()

    absent = (found.category, found.culprit and found.culprit.name)
    assert (absent == ("missing_dependency", "PyYAML")) is (category == "absent")


ABSENT = PRINTED.format("ModuleNotFoundError: No module named 'yaml'")
REWORDED = PRINTED.format("ModuleNotFoundError: Cannot tell the version: No module named 'yaml'")
FAILS = PRINTED.format("ValueError: no price")


@pytest.mark.parametrize(
    ("message", "captured", "category"),
    [
        (ABSENT, {}, "missing_dependency"),
        (f"it ended with status 1:\n{ABSENT}", {}, "missing_dependency"),
        (REWORDED, {}, "missing_dependency"),
        ("the build failed", {"stdout": ABSENT}, "missing_dependency"),
        ("the build failed", {"stderr": REWORDED}, "missing_dependency"),
        ("the build failed", {"stderr": FAILS}, "product_error"),
        (FAILS, {}, "product_error"),
        (repr(ABSENT), {}, "product_error"),
        ("the build failed", {}, "product_error"),
    ],
)
def test_what_a_helper_of_tests_raises_of_a_process(red, raised, message, captured, category):
    """What it did not find on import is why, in its words or in what was captured; nothing else of
    what it printed is.
    """
    told = raised("RuntimeError", message, TEST, source="raise RuntimeError(output)")

    assert red(told, captured=captured).verdict().category == category


def test_what_a_line_that_does_not_raise_printed_is_not_why(red, raised):
    """Code may print what it can do without, and stumble over something else."""
    told = raised("RuntimeError", "no price", TEST, source="total(cart)")

    assert red(told, captured={"stderr": ABSENT}).verdict().category != "missing_dependency"


PANIC = (
    "ModuleNotFoundError: No module named '_cv2x_backend'\n"
    "thread '<unnamed>' panicked at /src/err/mod.rs:790:5:\nPython API call failed\n"
)


@pytest.mark.parametrize(
    ("kind", "printed", "category"),
    [
        ("pyo3_runtime.PanicException", PANIC, "missing_dependency"),
        ("pyo3_runtime.PanicException", PANIC.partition("thread")[0], "compatibility"),
        ("shop.Interrupted", PANIC, "unknown"),
    ],
)
def test_what_compiled_code_panicked_of(red, raised, kind, printed, category):
    """The exception says nothing; the line before that of the panic says what was not found."""
    needs = Distribution(
        name="webframe", version="1.0", modules=("webframe",), requires=("cv2x>=1.12",)
    )
    panicked = raised(kind, "Python API call failed", "shop/cart.py:1:<module>", LIB)
    panicked = panicked._replace(bases=("BaseException",))

    made = red(panicked, phase="collect", captured={"stderr": printed}, distributions=(needs,))

    assert made.verdict().category == category
    if category == "missing_dependency":
        assert made.verdict().culprit.name == "cv2x"


SHORTENED = "Traceback (most recent call last):\n  Fil...ort Row\n{}\n"


@pytest.mark.parametrize(
    ("written", "category"),
    [
        (SHORTENED.format("ModuleNotFoundError: No module named 'cv2x'"), "missing_dependency"),
        (SHORTENED.format("ValueError: No module named 'cv2x'"), "assertion"),
        (
            SHORTENED.format("FileNotFoundError: [Errno 2] No such file or directory: 'prices'"),
            "environment",
        ),
        ("warned ... of\nModuleNotFoundError: No module named 'cv2x'\n", "assertion"),
    ],
)
def test_a_traceback_that_an_assertion_shortens(red, raised, written, category):
    """Of what a process wrote only the first and the last words are shown."""
    said = (
        "assert 1 == 0\n +  where 1 = CompletedProcess(args=['shop'], returncode=1, stdout='', "
        f"stderr={written!r}).returncode"
    )

    assert red(raised("AssertionError", said, TEST)).verdict().category == category
