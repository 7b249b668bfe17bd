"""The smallest failure that shows what a rule is about, for those of `assertion.toml`."""

from __future__ import annotations

from made_for_rules.surroundings import EXPECTING, SHOP, TEMPORARY, TEST, one

OTHER = """Can't overwrite existing cassette ('/shop/tests/prices.yaml') in your current record mode.
No match for the request (<Request (GET) https://a.b/pears>) was found.
{found}
"""
"""What vcrpy says where a recording has no answer."""
LIKE = """Found 1 similar requests with 1 different matcher(s) :

1 - (<Request (GET) https://a.b/apples>).
Matchers succeeded : ['method', 'scheme', 'host', 'port', 'query']
Matchers failed :
path - assertion failure :
/pears != /apples"""

CASES = {
    "request-is-not-the-recorded": one(
        "vcr.errors.CannotOverwriteExistingCassetteException",
        OTHER.format(found=LIKE),
        TEST,
        SHOP,
        "lib/vcr/stubs/__init__.py:7:connect",
    ),
    "check-broke": one("IndexError", "list index out of range", TEST, source="assert rows[1] == 2"),
    "iterator-ended": one(
        "StopIteration",
        "",
        TEST,
        "shop/cart.py:7:__next__",
        source="assert next(cart) == row",
    ),
    "another-exception": one("KeyError", "'x'", TEST, SHOP, project=EXPECTING),
    "unexpected-success": one("Failed", "Unexpected success"),
    "strict-xpass": ([], {"message": "[XPASS(strict)] it works"}),
    "did-not-raise": one("Failed", "DID NOT RAISE <class 'ValueError'>", TEST),
    "inner-run-output": one(
        "Failed", "nomatch: '* 1 passed*'", TEST, "lib/_pytest/pytester.py:9:_match_lines"
    ),
    "inner-run-left-no-file": one(
        "FileNotFoundError",
        "x",
        TEST,
        fixtures=[("pytester", "_pytest/pytester.py", 9)],
        **TEMPORARY,
    ),
    "doctest": one("doctest.DocTestFailure", "", TEST),
    "flaky-property": one("hypothesis.errors.Flaky", "", TEST),
    "assertion": one("AssertionError", "assert 1 == 2", TEST),
    "explicit-fail": one("Failed", "no", TEST),
}
