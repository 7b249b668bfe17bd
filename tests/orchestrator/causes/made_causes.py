"""Causes as the pipeline makes them before it asks which of them are one."""

from __future__ import annotations

from dataclasses import replace

from conftest_kit.records import (
    Environment,
    Failure,
    Frame,
    Raised,
    Recording,
    Run,
)
from corpus_memory_logging.records import Cause, Culprit, Verdict
from orchestrator.causes.uniting import united as united_in
from orchestrator.checkout.project import Project
from orchestrator.checkout.source import Source
from orchestrator.classify import context_of


def in_context(*, passed=0, distributions=(), installed=None, variables=(), sources=None, files=()):
    """What a run was like in which causes were found."""
    run = Run(
        run_id="1",
        counts={"passed": passed},
        environment=Environment(distributions=installed or {}, variables=variables),
    )
    return context_of(
        Recording(run=run, distributions=tuple(distributions)),
        Project(files=tuple(files), sources=sources or {}),
    )


def united(causes, **context):
    """The causes, in a run of that context."""
    return united_in(causes, in_context(**context))


def failure_of(nodeid, message):
    """A test that failed with these words."""
    return Failure(
        nodeid=nodeid, phase="call", exceptions=(Raised(type="ValueError", message=message),)
    )


def cause_of(name, title, failures, *, category="missing_dependency", kind="", remembered=None):
    """A cause of so many failures, for which a distribution is to blame."""
    return Cause(
        cause_id=title,
        signature=f"reason-v1:{title}",
        title=title,
        verdict=Verdict(
            category=category,
            kind=kind,
            culprit=Culprit(type="distribution", name=name),
            confidence=0.9,
            evidence=(title,),
            rule="x@1",
        ),
        failures=tuple(failure_of(f"{title}{n}", title) for n in range(failures)),
        remembered=remembered,
    )


def blaming(
    culprit, *, kind, category="environment", place="shop/a.py", message="x", origin="project"
):
    """A cause of one failure, for which this is to blame."""
    frames = (
        Frame(file=place, line=3, function="run", origin=origin),
        Frame(file=f"lib{place}", line=4, function="wait", origin="installed"),
    )
    raised = Raised(type="KeyError", message=message, frames=frames)
    return replace(
        cause_of("x", f"{place} {message}", 0, category=category, kind=kind),
        verdict=Verdict(
            category=category, kind=kind, culprit=culprit, confidence=0.9, evidence=(), rule="x@1"
        ),
        failures=(Failure(nodeid=f"{place}::test", phase="call", exceptions=(raised,)),),
    )


VARIABLE = Culprit(type="variable", name="DATABASE_URL")


NUMPY = Culprit(type="distribution", name="numpy")


DJANGO = Culprit(type="plugin", name="django")


BASKET = Culprit(type="fixture", name="basket")


PART = Culprit(type="module", name="shop.cart")


PYTHON = Culprit(type="interpreter", name="Python")


HOST = Culprit(type="host", name="prices.invalid")


MODULE = Culprit(type="module", name="shop.errors")


def file_of(name):
    """A file to blame."""
    return Culprit(type="file", name=name)


def verdict_of(category, kind, confidence, culprit=None):
    """A verdict of some rule."""
    return Verdict(
        category=category,
        kind=kind,
        culprit=culprit,
        confidence=confidence,
        evidence=("said",),
        rule="x@1",
    )


WRONG = verdict_of("assertion", "wrong_value", 0.82)


RAISED = verdict_of("product_error", "exception", 0.8, Culprit(type="file", name="shop/cart.py"))


def seen_in(nodeid, kind, message, *frames, verdict=WRONG):
    """A cause of one failure that this exception shows."""
    raised = Raised(type=kind, message=message, frames=frames)
    failure = Failure(nodeid=nodeid, phase="call", message=message, exceptions=(raised,))
    return Cause(
        cause_id=nodeid,
        signature=f"reason-v1:{nodeid}",
        title=f"{kind}: {message}",
        verdict=verdict,
        failures=(failure,),
    )


def failed_check(nodeid, source, message):
    """A check that a test of `tests/` makes itself."""
    file, _, test = nodeid.partition("::")
    frame = Frame(file=file, line=len(nodeid), function=test, source=source, origin="test")
    return seen_in(nodeid, "AssertionError", message, frame)


def thrown_by(nodeid, kind, message, function, *, file="shop/cart.py", verdict=RAISED):
    """An exception out of the product."""
    frame = Frame(file=file, line=len(message), function=function, source="raise")
    return seen_in(nodeid, kind, message, frame, verdict=verdict)


TESTS = "tests/test_cart.py"


SOURCES = {
    TESTS: Source(imports={"price": "shop.cart.price", "weigh": "shop.cart.weigh", "Cart": "shop.Cart"})
}  # fmt: skip


LONG = "assert 'utf-16' == 'utf-8'"
