"""What the rules say of failures as pytest really raises them, recorded by the kit."""

from __future__ import annotations

import pytest

CALLS = """
import asyncio, os, socket, subprocess, warnings
import pytest, webframe
from shop import cart

@pytest.fixture
def circle(circle): pass
@pytest.fixture
def narrow(): pass
@pytest.fixture(scope="session")
def wide(narrow): pass
@pytest.fixture
def empty():
    if False: yield
@pytest.fixture
def twice():
    yield 1
    yield 2
@pytest.fixture(name="renamed")
def _renamed():
    raise ValueError("set-up")
@pytest.fixture
def untidy():
    yield
    raise ValueError("tear-down")
@pytest.fixture
def asserting():
    assert cart is None
@pytest.fixture
def product(): cart.total(1)
@pytest.fixture
def lacking(): import cv2
@pytest.fixture
def service(): socket.create_connection(("127.0.0.1", 1))

class TestOld:
    def setup_method(self): raise ValueError("set-up method")
    def test_setup_method(self): pass

def test_circle(circle): pass
def test_wide(wide): pass
def test_empty(empty): pass
def test_twice(twice): pass
def test_renamed(renamed): pass
def test_untidy(untidy): pass
def test_asserting(asserting): pass
def test_product(product): pass
def test_lacking(lacking): pass
def test_service(service): pass
def test_direct(): narrow()
def test_plugin(httpx_mock): pass
def test_mocker(requests_mock): pass
def test_far(far): pass
def test_near(narow): pass
def test_nowhere(zzyzx): pass
def test_form(): webframe.form()
def test_keyword(): webframe.get("x", timeout=1)
def test_attribute(): webframe.gone
def test_method(): webframe.Frame().gone
def test_own_method(): cart.Cart().gone
def test_own_keyword(): cart.total(prices=1)
def test_variable(): os.environ["SHOP_KEY"]
def test_program(): subprocess.run(["no-such-program"])
def test_slow_program(): subprocess.run(["sleep", "9"], timeout=0.01)
def test_file(): open("/no/such/file")
def test_root_decides():
    try: raise ConnectionRefusedError(111, "refused")
    except OSError as error: raise RuntimeError("wrapped") from error
def test_lookup_does_not_decide():
    try: {}["price"]
    except KeyError: cart.total(1)
def test_group(): raise ExceptionGroup("two", [ValueError("a"), ConnectionRefusedError(111, "b")])
def test_value(): assert cart is None
def test_raises():
    with pytest.raises(ValueError): pass
def test_fail(): pytest.fail("ScopeMismatch is no fixture of ours")
@pytest.mark.xfail(strict=True)
def test_xpass(): pass
@pytest.mark.filterwarnings("error")
def test_deprecated(): webframe.old()
@pytest.mark.filterwarnings("error")
def test_own_deprecated(): cart.old()
async def test_async(): pass
def test_waits(): asyncio.run(asyncio.wait_for(asyncio.sleep(9), 0.01))
def test_port():
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0)); one.listen()
        two.bind(one.getsockname())
"""

FILES = {
    "pyproject.toml": """
        [project]
        name = "shop"
        dependencies = ["pyusb>=1"]
        [project.optional-dependencies]
        test = ["pytest", "requests-mock"]
        [tool.pytest.ini_options]
        pythonpath = ["."]
        addopts = ["--strict-markers", "--continue-on-collection-errors"]
    """,
    "shop/__init__.py": "",
    "shop/cart.py": """
        import warnings
        class Cart: pass
        def total(value): raise ValueError("bad")
        def endless(): return endless()
        def old(): warnings.warn("old() goes away", DeprecationWarning, stacklevel=1)
    """,
    "shop/first.py": "from shop.second import b\na = 1\n",
    "shop/second.py": "from shop.first import a\nb = 1\n",
    "tests/test_calls.py": CALLS,
    "tests/test_known.py": "import cv2\n",
    "tests/test_unverified.py": "import zzyzx\n",
    "tests/test_misspelt.py": "import nunpy\n",
    "tests/test_own_module.py": "import shop.card\n",
    "tests/test_own_name.py": "from shop import nothing\n",
    "tests/test_gone_name.py": "from webframe import gone\n",
    "tests/test_gone_module.py": "import webframe.gone\n",
    "tests/test_circular.py": "import shop.first\n",
    "tests/test_syntax.py": "def x(:\n",
    "tests/test_indentation.py": "def x():\nreturn 1\n",
    "tests/test_stdlib_name.py": "from collections import Mapping\n",
    "tests/test_helper.py": "from prices_helper import price\n",
    "tests/support/prices_helper.py": "price = 1\n",
    "tests/test_library_needs.py": "import needy\n",
    "tests/test_twice.py": """
        import pytest
        @pytest.mark.parametrize("a", [1])
        @pytest.mark.parametrize("a", [1])
        def test_a(a): pass
    """,
    "tests/test_unused.py": """
        import pytest
        @pytest.mark.parametrize("b", [1])
        def test_a(): pass
    """,
    "tests/test_count.py": """
        import pytest
        @pytest.mark.parametrize("a, b", [(1,)])
        def test_a(a, b): pass
    """,
    "tests/test_marker.py": "import pytest\n@pytest.mark.slwo\ndef test_a(): pass\n",
    "tests/test_plugin_marker.py": "import pytest\n@pytest.mark.benchmark\ndef test_a(): pass\n",
    "tests/test_deep_plugins.py": "def test_a(): pass\n",
    "tests/a/test_same.py": "def test_a(): pass\n",
    "tests/b/test_same.py": "def test_a(): pass\n",
    "tests/other/conftest.py": "import pytest\n@pytest.fixture\ndef far(): pass\n",
}

WEBFRAME = """
    import warnings
    def form():
        raise RuntimeError('Form data requires "python-docx" to be installed.')
    def get(url): pass
    def old(): warnings.warn("old() goes away", DeprecationWarning, stacklevel=2)
    class Frame: pass
"""

EXPECTED = [
    ("test_known.py", "missing_dependency", "distribution", "opencv-python"),
    ("test_unverified.py", "missing_dependency", "distribution", "zzyzx"),
    ("test_misspelt.py", "missing_dependency", "distribution", "nunpy"),
    ("test_library_needs.py", "missing_dependency", "distribution", "pyusb"),
    ("::test_lacking", "missing_dependency", "distribution", "opencv-python"),
    ("::test_form", "missing_dependency", "distribution", "python-docx"),
    ("::test_plugin", "missing_dependency", "pytest_plugin", "pytest-httpx"),
    ("::test_mocker", "missing_dependency", "pytest_plugin", "requests-mock"),
    ("test_plugin_marker.py", "missing_dependency", "pytest_plugin", "pytest-benchmark"),
    ("::test_async", "missing_dependency", "pytest_plugin", "pytest-asyncio"),
    ("::test_program", "missing_dependency", "system_program", "no-such-program"),
    ("test_gone_name.py", "compatibility", "removed_name", "webframe"),
    ("test_gone_module.py", "compatibility", "removed_module", "webframe"),
    ("test_stdlib_name.py", "compatibility", "python_version", "Python"),
    ("::test_attribute", "compatibility", "removed_name", "webframe"),
    ("::test_method", "compatibility", "removed_name", "webframe"),
    ("::test_keyword", "compatibility", "changed_signature", "webframe"),
    ("::test_deprecated", "compatibility", "deprecation_as_error", "webframe"),
    ("::test_circle", "fixture", "recursive", "circle"),
    ("::test_wide", "fixture", "scope_mismatch", "wide"),
    ("::test_empty", "fixture", "no_yield", "empty"),
    ("::test_twice", "fixture", "many_yields", "twice"),
    ("::test_renamed", "fixture", "setup_raised", "renamed"),
    ("::test_untidy", "fixture", "teardown_raised", "untidy"),
    ("::test_asserting", "fixture", "setup_raised", "asserting"),
    ("::test_setup_method", "fixture", "setup_raised", None),
    ("::test_direct", "fixture", "called_directly", "narrow"),
    ("::test_far", "fixture", "not_found", "far"),
    ("::test_near", "fixture", "not_found", "narow"),
    ("::test_nowhere", "fixture", "not_found", "zzyzx"),
    ("test_twice.py", "fixture", "parametrize", "tests/test_twice.py"),
    ("test_unused.py", "fixture", "parametrize", "tests/test_unused.py::test_a"),
    ("test_count.py", "fixture", "parametrize", None),
    ("b/test_same.py", "fixture", "import_file_mismatch", "tests/b/test_same.py"),
    ("::test_value", "assertion", "wrong_value", None),
    ("::test_raises", "assertion", "wrong_exception", None),
    ("::test_fail", "assertion", "explicit_fail", None),
    ("::test_xpass", "assertion", "strict_xpass", "tests/test_calls.py::test_xpass"),
    ("test_own_module.py", "product_error", "missing_module", "shop.card"),
    ("test_own_name.py", "product_error", "missing_name", "shop"),
    ("test_circular.py", "product_error", "circular_import", "shop.first"),
    ("::test_product", "product_error", "exception", "shop/cart.py"),
    ("::test_own_method", "product_error", "missing_name", "shop.cart.Cart"),
    ("::test_own_keyword", "product_error", "exception", "tests/test_calls.py::test_own_keyword"),
    ("::test_own_deprecated", "configuration", "warning_as_error", None),
    ("::test_lookup_does_not_decide", "product_error", "exception", "shop/cart.py"),
    ("::test_variable", "environment", "variable", "SHOP_KEY"),
    ("::test_file", "environment", "file", "/no/such/file"),
    ("::test_port", "environment", "port", None),
    ("::test_service", "network", "refused", "127.0.0.1:1"),
    ("::test_root_decides", "network", "refused", None),
    ("::test_group", "network", "refused", None),
    ("::test_waits", "timeout", "wait", None),
    ("::test_slow_program", "timeout", "process", None),
    ("test_helper.py", "configuration", "import_path", "prices_helper"),
    ("test_marker.py", "configuration", "unknown_marker", "slwo"),
    ("test_syntax.py", "syntax", "syntax_error", "tests/test_syntax.py"),
    ("test_indentation.py", "syntax", "indentation", "tests/test_indentation.py"),
]


@pytest.fixture(scope="module")
def shop(run_once, installed):
    """One run of a project that fails in every way."""
    files = {
        **FILES,
        **installed(
            "webframe",
            "0.110",
            {"webframe/__init__.py": WEBFRAME},
            metadata='Provides-Extra: all\nRequires-Dist: python-multipart; extra == "all"\n',
        ),
        **installed("needy", "1.0", {"needy.py": "import usb\n"}),
    }
    return run_once(files)


@pytest.mark.parametrize(("ending", "category", "kind", "culprit"), EXPECTED)
def test_what_it_is(shop, ending, category, kind, culprit):
    """Category, kind and culprit of a failure that really happened."""
    verdict = shop.verdict(ending)

    name = verdict.culprit.name if verdict.culprit else None
    assert (verdict.category, verdict.kind, name) == (category, kind, culprit), verdict
    assert verdict.evidence
    assert verdict.rule.partition("@")[2].isdigit()


@pytest.mark.parametrize("ending", [row[0] for row in EXPECTED])
def test_what_to_do(shop, ending):
    """Every failure gets a suggestion that a person can act on, without a hole in it."""
    best, *_ = shop.suggestions(ending)

    assert len(best.text) > 30
    assert best.origin == shop.verdict(ending).rule
    assert not {"{", "}"} & set(best.text)


@pytest.mark.parametrize(
    ("ending", "command"),
    [
        ("test_known.py", "pip install opencv-python"),
        ("::test_form", "pip install python-docx"),
        ("::test_plugin", "pip install pytest-httpx"),
        ("::test_mocker", "pip install -e '.[test]'"),
        ("test_library_needs.py", "pip install -e ."),
    ],
)
def test_the_exact_command(shop, ending, command):
    """What is missing comes with the project's own command; what is declared is brought up to date."""
    best, *_ = shop.suggestions(ending)

    assert best.commands == (command,)


@pytest.mark.parametrize("ending", ["test_unverified.py", "test_misspelt.py"])
def test_unverified_names_become_no_command(shop, ending):
    """A name that nobody beside the failure knows is not turned into an install command."""
    assert [entry.commands for entry in shop.suggestions(ending) if entry.commands] == []


def test_evidence_names_line_and_fact(shop):
    """The line that was reached, and what was looked up, stand in the evidence."""
    evidence = shop.verdict("test_known.py").evidence

    assert evidence[0] == "ModuleNotFoundError: No module named 'cv2'"
    assert evidence[1] == "tests/test_known.py:1 in <module>: import cv2"
    assert "No installed distribution brings `cv2`" in evidence[2]


def test_far_fixture_says_where_and_why(shop):
    """A fixture of another folder's conftest is named with its file and the reason."""
    evidence = shop.verdict("::test_far").evidence

    assert "`far` is defined at tests/other/conftest.py:3" in evidence
    assert "tests/other/conftest.py serves only tests below tests/other/" in evidence


def test_misspelling_names_the_nearest(shop):
    """A misspelt fixture and a misspelt module come with what was meant."""
    assert "narrow" in shop.suggestions("::test_near")[0].text
    assert "`numpy`" in shop.suggestions("test_misspelt.py")[0].text
    assert "`shop.cart`" in shop.suggestions("test_own_module.py")[0].text


def test_disabled_plugin_is_no_missing_one(run):
    """A plugin that is installed and switched off is not to be installed."""
    red = run({"test_a.py": "def test_a(mocker): pass\n"}, "-p", "no:pytest_mock")

    verdict = red.verdict("::test_a")

    assert (verdict.category, verdict.kind) == ("configuration", "plugin_disabled")
    assert verdict.culprit.name == "pytest_mock"
    assert "Switched off by `-p no:pytest_mock`, on the command line" in verdict.evidence
    assert red.suggestions("::test_a")[0].commands == ()


@pytest.mark.parametrize(("file", "folder"), [("shop.py", "."), ("src/shop/__init__.py", "src")])
def test_an_own_module_out_of_the_import_path(run, file, folder):
    """What the checkout holds is not gone: the import path does not reach it."""
    red = run(
        {
            "pyproject.toml": "[project]\nname = 'shop'\nversion = '0'\n[tool.pytest.ini_options]\n",
            file: "x = 1\n",
            "tests/test_shop.py": "from shop import x\ndef test_x(): assert x\n",
        },
        PYTHONSAFEPATH="1",  # as plain `pytest` does, and `python -m pytest` does not
    )

    verdict = red.verdict()

    assert (verdict.category, verdict.kind) == ("configuration", "import_path")
    assert any(file in line for line in verdict.evidence)
    assert f'pythonpath = ["{folder}"]' in red.suggestions()[0].text


def test_a_hook_that_fails_at_the_end(run):
    """It was not the loading of the conftest: tests ran."""
    red = run(
        {
            "conftest.py": "def pytest_sessionfinish(session): raise KeyError('boo')\n",
            "test_a.py": "def test_a(): pass\n",
        }
    )

    verdict = red.verdict()

    assert (verdict.category, verdict.kind) == ("configuration", "hook")
    assert "Raised in the hook pytest_sessionfinish, outside of any test" in verdict.evidence
    assert "when it is loaded" not in red.suggestions()[0].text
