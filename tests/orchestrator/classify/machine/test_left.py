"""What an earlier test left in the process, as the kit saw it, and who prepares that test."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_for_rules.surroundings import LEFT, SHOP, SILENT, TEST, WENT, using

from conftest_kit.records import Fixture
from orchestrator.checkout.project import FixtureDefinition

SETTING = using("set", "SHOP_MODE", file="tests/test_cart.py", at=30)
READING = {
    "shop.py": """
        import os

        def mode():
            return os.environ.get("SHOP_MODE", "slow")
    """,
    "test_a.py": """
        import os
        import pytest

        @pytest.fixture
        def fast():
            os.environ["SHOP_MODE"] = "fast"

        def test_fast(fast, tmp_path):
            assert os.environ["SHOP_MODE"]
    """,
    "test_b.py": """
        import shop

        def test_mode():
            assert shop.mode() == "slow"
    """,
}


def test_a_variable_that_the_product_reads(run):
    """The fixture that set it is the culprit, and the test that left it is named."""
    red = run(READING)

    assert red.verdict().rule == "variable-left@2"
    assert red.verdict().culprit.name == "fast"
    assert any("test_a.py::test_fast" in line for line in red.verdict().evidence)
    assert "SHOP_MODE" in red.suggestions()[0].text


def test_a_variable_that_a_test_itself_left(run):
    """Nothing prepares that test: the variable is the culprit."""
    setting = """
        import os

        def test_fast():
            os.environ["SHOP_MODE"] = "fast"
    """
    verdict = run({**READING, "test_a.py": setting}).verdict()

    assert verdict.rule == "variable-left-by-test@1"
    assert (verdict.culprit.type, verdict.culprit.name) == ("variable", "SHOP_MODE")


def test_a_fixture_that_lives_on(run):
    """What a fixture of the session sets for all tests is not left."""
    files = {
        **READING,
        "conftest.py": """
            import os
            import pytest

            @pytest.fixture(scope="session", autouse=True)
            def fast():
                os.environ["SHOP_MODE"] = "fast"
        """,
        "test_a.py": "def test_passes(): pass",
    }

    assert not run(files).verdict().rule.startswith("variable-left")


def test_a_folder_that_a_test_went_to(run):
    """A file that is looked for from there is not at fault."""
    red = run(
        {
            "prices.csv": "apple,1",
            "test_a.py": """
                import os
                def test_goes(tmp_path): os.chdir(tmp_path)
            """,
            "test_b.py": "def test_reads(): assert open('prices.csv').read()",
        }
    )

    assert red.verdict().rule == "current-folder-left@1"
    assert red.verdict().category == "fixture"
    assert "test_a.py::test_goes" in red.suggestions()[0].text


@pytest.mark.parametrize(
    ("fixtures", "known", "setter"),
    [
        (("mode",), ("mode",), "mode"),
        (("mode", "tmp_path"), ("mode",), "mode"),
        (("mode", "basket"), ("mode", "basket"), None),
        (("tmp_path",), (), None),
        (("_unittest_setUpClass_fixture_TestCart",), (), "setUp"),
    ],
)
def test_who_prepares_the_test_that_left_it(red, raised, fixtures, known, setter):
    """The one fixture of the project that it had; where there are several, nobody is accused."""
    project = replace(
        SETTING,
        fixtures=tuple(
            FixtureDefinition(name=name, function=name, file="tests/conftest.py", line=line)
            for line, name in enumerate(known, 4)
        ),
    )
    left = (LEFT._replace(fixtures=fixtures),)
    verdict = red(raised("AssertionError", "", TEST), project=project, left=left).verdict()

    assert verdict.rule == "variable-left-beside@1"
    assert (verdict.culprit and verdict.culprit.name) == setter


@pytest.mark.parametrize(
    "left",
    [
        LEFT._replace(name="PYTEST_ADDOPTS"),
        LEFT._replace(name="OF_A_LIBRARY"),
        LEFT._replace(nodeid="tests/test_others.py::test_first"),
        LEFT._replace(nodeid="tests/test_cart.py::test_total"),
        WENT,
    ],
)
def test_what_has_nothing_to_do_with_it(red, raised, left):
    """A variable of pytest, of a library that was imported then, of a test elsewhere that nothing
    here reads, or that failed too, or the folder.
    """
    verdict = red(raised("AssertionError", "", TEST), left=(left,), project=SETTING).verdict()

    assert verdict.category == "assertion"


def test_a_file_that_is_not_looked_for_from_there(red, raised):
    """An absolute path leads to the same place from everywhere."""
    missing = raised("FileNotFoundError", "x", SHOP, attributes={"filename": "/data/prices.csv"})

    assert red(missing, left=(WENT,)).verdict().rule != "current-folder-left@1"


def test_a_variable_that_a_fixture_of_the_module_sets(red, raised):
    """It is still in its place: the fixture lives on."""
    mode = Fixture(name="mode", scope="module", file="shop/cart.py", line=5, origin="test")
    made = red(raised("ValueError", "", SHOP), project=using("set", "SHOP_MODE"), left=(LEFT,))
    (failure,) = made.recording.failures
    lasting = made.recording._replace(failures=(failure._replace(fixtures=(mode,)),))

    assert made.context.facts(failure, failure.exceptions[0])["left_variable"] == "SHOP_MODE"
    context = type(made)(recording=lasting, project=made.project).context
    failure = lasting.failures[0]
    assert context.facts(failure, failure.exceptions[0])["left_variable"] == ""


def test_a_variable_that_the_module_sets_for_all_its_tests(run):
    """pytest calls `setup_module` before the first of them, and no test left it."""
    files = {
        "shop.py": READING["shop.py"],
        "test_a.py": """
            import os
            import shop

            def setup_module():
                os.environ["SHOP_MODE"] = "fast"

            def test_fast():
                assert shop.mode() == "fast"

            def test_slow():
                assert shop.mode() == "slow"
        """,
    }

    assert not run(files).verdict().rule.startswith("variable-left")


@pytest.mark.parametrize(
    ("message", "category"),
    [
        ("assert 'sold' in ''", "fixture"),
        ("no logs of level INFO or higher triggered on root", "fixture"),
        ("assert [] == ['sold']", "fixture"),
        ("assert 3 == 4", "assertion"),
    ],
)
def test_logging_that_a_test_switched_off(red, raised, message, category):
    """Where a check finds nothing; another value is no matter of logging."""
    assert (
        red(raised("AssertionError", message, TEST), left=(SILENT,)).verdict().category == category
    )


@pytest.mark.parametrize(
    ("scope", "left", "category"),
    [
        ("function", SILENT, "fixture"),
        ("session", SILENT, "assertion"),
        ("session", LEFT, "fixture"),
        ("function", LEFT, "fixture"),
    ],
)
def test_what_a_fixture_that_both_tests_had_may_have_done(red, raised, scope, left, category):
    """It outlives tests, so that what it switched off is meant to be; a variable that the file of
    the test sets itself is not its.
    """
    made = red(raised("AssertionError", "assert 'sold' in ''", TEST), left=(left,), project=SETTING)
    quiet = Fixture(
        name=left.fixtures[0], scope=scope, file="tests/conftest.py", line=4, origin="test"
    )
    (failure,) = made.recording.failures
    recording = made.recording._replace(failures=(failure._replace(fixtures=(quiet,)),))

    assert type(made)(recording=recording, project=made.project).verdict().category == category


@pytest.mark.parametrize(
    ("scope", "by", "folders", "rule"),
    [
        # One of a class or a file does not outlive that.
        ("class", "tests/test_cart.py::TestOther::test_first", (), "current-folder-left@1"),
        ("class", "tests/test_cart.py::TestCart::test_first", (), "project-file-missing@1"),
        ("module", "tests/test_other.py::test_first", (), "current-folder-left@1"),
        ("module", "tests/test_cart.py::TestCart::test_first", (), "project-file-missing@1"),
        ("session", "tests/test_other.py::test_first", (), "project-file-missing@1"),
        # What is looked for is there, from the root.
        ("session", "tests/test_other.py::test_first", ("data/rows",), "current-folder-left@1"),
    ],
)
def test_a_folder_that_a_fixture_of_both_may_be_in(red, raised, *, scope, by, folders, rule):
    """Where it serves both tests, and what is looked for is not known to be elsewhere."""
    shared = Fixture(name="rows", scope=scope, file="tests/conftest.py", line=4, origin="test")
    missing = raised("FileNotFoundError", "x", TEST, attributes={"filename": "data/rows"})
    made = red(
        missing,
        left=(WENT._replace(nodeid=by, fixtures=("rows",)),),
        nodeid="tests/test_cart.py::TestCart::test_total",
        project=replace(SETTING, data={".csv": folders}),
    )
    (failure,) = made.recording.failures
    recording = made.recording._replace(failures=(failure._replace(fixtures=(shared,)),))

    assert replace(made, recording=recording).verdict().rule == rule


def test_the_fixture_that_goes_there(red, raised):
    """Of several that the test had, the one in which a line goes to a folder."""
    named = (("rows", 4), ("built", 9), ("other", 30))
    fixtures = tuple(
        FixtureDefinition(name=name, function=name, file="tests/conftest.py", line=line)
        for name, line in named
    )
    link = raised(
        "FileNotFoundError",
        "x",
        "tests/conftest.py:12:build",
        source="os.chdir(folder)",
        attributes={"filename": "data/rows"},
    )
    left = WENT._replace(fixtures=tuple(name for name, _ in named))
    verdict = red(link, left=(left,), project=replace(SETTING, fixtures=fixtures)).verdict()

    assert verdict.rule == "current-folder-left@1"
    assert verdict.culprit.name == "built"
