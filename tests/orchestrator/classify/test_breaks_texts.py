"""Texts that a release writes otherwise: of two things they tell of no release."""

from __future__ import annotations

import pytest

from conftest_kit.records import Distribution

TEST = "tests/test_cart.py:9:test_total"


@pytest.mark.parametrize(
    ("name", "version", "message"),
    [
        ("python", "3.13.0", "assert 404 == <HTTPStatus.OK: 200>"),
        ("python", "3.13.0", "assert 'Right.READ' == 'Right.READ|WRITE'"),
        ("python", "3.13.0", "assert 'application/javascript' == 'text/javascript'"),
        ("python", "3.13.0", "assert 'string indices must be integers' == 'not an index'"),
        ("python", "3.13.0", "assert {'taskName': None, 'a': 1} == {'taskName': None, 'a': 2}"),
        (
            "python",
            "3.13.0",
            "assert {'b': 1} == {}\n  \n  Left contains 1 more item:\n  {'b': 1}\n  \n      'taskName': 1",
        ),
        ("python", "3.13.0", "assert 'test_a (m.T.test_a)' == 'test_b (m.T)'"),
        ("python", "3.13.0", "assert 'No package metadata was found for a' == 'b'"),
        ("python", "3.13.0", "assert 'Thread-1 (total)' == 'Thread-2'"),
        ("python", "3.14.0", "assert 'too many values to unpack (expected 2, got 3)' == 'got 3'"),
        ("mypy", "1.20.0", "assert 'error: a is not b  [misc]' == 'error: a is not c'"),
        ("black", "24.1.0", "assert 'class A: ...' == 'class B:\\n    ...'"),
        ("babel", "2.12.0", "assert '3:04\\u202fPM' == '4:04 PM'"),
        ("pygments", "2.19.0", "assert 'color: #666' == 'color: #FF0000'"),
        ("pyyaml", "6.0.2", "assert 'items:\\n- 1\\n' == 'items: [2]\\n'"),
        ("packaging", "26.0", "assert 'a @ https://x' == 'b@ https://x'"),
        ("setuptools", "70.0.0", "assert 'my_shop-1.0.tar.gz' == 'my-cart-1.0.tar.gz'"),
        ("watchdog", "6.0.0", "assert ['closed_no_write'] == ['closed_no_write', 'opened']"),
        (
            "docutils",
            "0.21",
            """assert '<aside class="admonition note">' == '<div class="note">'""",
        ),
        ("sphinx", "8.2.0", "assert 'Added in version 1.0' == 'New in version 2.0'"),
        ("ruamel-yaml", "0.18.6", "assert {'a': 1} == {'b': 1}"),
        ("chardet", "7.4.0", "assert 'utf-8' == 'Windows-1252'"),
    ],
)
def test_texts_of_two_things_are_no_break(red, raised, name, version, message):
    """The later form has to be of the very thing that the earlier form is of."""
    is_python = name == "python"
    more = {"python": version} if is_python else {}
    installed = () if is_python else (Distribution(name=name, version=version, modules=(name,)),)

    made = red(raised("AssertionError", message, TEST), distributions=installed, **more)

    assert made.verdict().category != "compatibility"
