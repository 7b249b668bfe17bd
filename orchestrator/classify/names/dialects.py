"""Facts about names that something is loaded by and nobody knows: that which a database URL begins
with, to SQLAlchemy, and that of the kernel which runs a notebook, to Jupyter.
"""

from __future__ import annotations

import difflib

from orchestrator.classify.facts import Fact, Facts
from orchestrator.classify.rules import knowledge

_ALIKE = 0.7


def _dialect_distribution(facts: Facts) -> str:
    """The distribution that brings it and is not installed."""
    name = facts.group("dialect").partition(".")[0]
    found = str(knowledge("dialects")["brought_by"].get(name, ""))
    return found if found and not facts.context.installed.has(found) else ""


def _kernel_distribution(facts: Facts) -> str:
    """The distribution that brings the kernel and is not installed."""
    found = str(knowledge("kernels")["brought_by"].get(facts.group("kernel"), ""))
    return found if found and not facts.context.installed.has(found) else ""


def _dialect_meant(facts: Facts) -> str:
    """The name of one of SQLAlchemy's own, and of a driver for it, that is the nearest."""
    name, _, driver = facts.group("dialect").partition(".")
    own = knowledge("dialects")["own"]
    if name in own:
        drivers = _nearest(driver, own[name]) if driver else ""
        return f"{name}+{drivers}" if drivers else ""
    return "" if name in knowledge("dialects")["brought_by"] else _nearest(name, list(own))


def _nearest(word: str, names: list[str]) -> str:
    return next(iter(difflib.get_close_matches(word, names, n=1, cutoff=_ALIKE)), "")


FACTS: dict[str, Fact] = {
    "dialect_distribution": _dialect_distribution,
    "dialect_meant": _dialect_meant,
    "kernel_distribution": _kernel_distribution,
}
