"""Fixtures that give a test `None`, where the test uses what it was given."""

from __future__ import annotations

from textwrap import dedent

import pytest

CONFTEST = """
    import pytest

    @pytest.fixture
    def void(): pass

    @pytest.fixture
    def full(): return 3
"""


@pytest.mark.parametrize(
    ("test", "nothing"),
    [
        ("def test_it(void, full): assert void.total == full", ["void"]),
        ("def test_it(full, *, void): assert (void, full) == (1, 2)", ["void"]),
        ("def test_it(void): assert [void for _ in range(2)] == []", ["void"]),
        ("def test_it(void): assert (lambda: void)()", ["void"]),
        ("class TestIt:\n    def test_it(self, void): assert void", ["void"]),
        ("def test_it(void): assert 'void' == ('void', 1)", []),
        ("def test_it(void):\n    void = 3\n    assert void == 4", ["void"]),
        ("def test_it(void): assert 0", []),
        ("def test_it(full): assert full == 4", []),
        ("@pytest.mark.usefixtures('void')\ndef test_it(): assert 0", []),
    ],
)
def test_what_a_test_was_given(record, workers, test, nothing):
    """By its code: that it asks for it does not count. That it gives the name to something else
    before is not looked for.
    """
    module = f"import pytest\n\n{dedent(test)}\n"
    run = record(workers, conftest=CONFTEST, test_it=module)

    assert [one.name for one in run.failure.fixtures if one.gave_nothing] == nothing


def test_what_a_parameter_gives_is_no_fixture(record, workers):
    """A test that is given `None` by its parameters is given what it asks for."""
    module = """
        import pytest

        @pytest.mark.parametrize("void", [None])
        def test_it(void): assert void
    """

    assert record(workers, conftest=CONFTEST, test_it=module).failure.fixtures == ()
