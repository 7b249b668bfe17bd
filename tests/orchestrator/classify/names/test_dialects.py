"""What a database URL begins with and SQLAlchemy does not know."""

from __future__ import annotations

import pytest

from orchestrator.classify.distributions.mapping import distributions
from orchestrator.classify.rules import knowledge


@pytest.mark.parametrize(
    ("dialect", "category", "said"),
    [
        ("snowflake", "missing_dependency", "Install `snowflake-sqlalchemy`"),
        ("postgre", "product_error", "`postgresql://`"),
        ("postgresql.asnycpg", "product_error", "`postgresql+asyncpg://`"),
        ("mysql.zzyzx", None, ""),
        ("zzyzx", None, ""),
    ],
)
def test_an_unknown_dialect(red, raised, dialect, category, said):
    """Another distribution brings it, or it is misspelt; else nothing is said of it."""
    message = f"Can't load plugin: sqlalchemy.dialects:{dialect}"
    link = raised("sqlalchemy.exc.NoSuchModuleError", message, "shop/cart.py:7:total")
    made = red(link)

    assert "dialect" in made.verdict().rule if category else "dialect" not in made.verdict().rule
    assert made.verdict().category == (category or made.verdict().category)
    assert said in made.suggestions()[0].text


def test_who_brings_a_dialect_is_known():
    """A popular distribution each, so that nothing unknown is installed."""
    named = {
        name.lower().replace("_", "-") for name in knowledge("dialects")["brought_by"].values()
    }

    assert named <= distributions()
