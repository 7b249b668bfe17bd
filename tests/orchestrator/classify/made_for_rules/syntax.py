"""The smallest failure that shows what a rule is about, for those of `syntax.toml`."""

from __future__ import annotations

from made_for_rules.surroundings import one

CASES = {
    "syntax": one(
        "SyntaxError", "invalid", phase="collect", attributes={"filename": "/shop/shop/cart.py"}
    ),
    "indentation": one(
        "IndentationError", "x", phase="collect", attributes={"filename": "/shop/shop/cart.py"}
    ),
    "null-bytes": one(
        "ValueError", "source code string cannot contain null bytes", phase="collect"
    ),
    "syntax-unplaced": one("SyntaxError", "invalid syntax", phase="start"),
}
