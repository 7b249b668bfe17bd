"""The smallest failure that shows what a rule is about, for those of `assertion.toml`."""

from __future__ import annotations

from made_for_rules.surroundings import EXPECTING, SHOP, TEMPORARY, TEST, one

CASES = {
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
