"""What there is to mend of a cause, where causes that share it are certainly one."""

from __future__ import annotations

import re

from packaging.utils import canonicalize_name

from conftest_kit.records import Failure, Frame
from corpus_memory_logging.records import Cause, Verdict
from orchestrator.checkout.project import Project
from orchestrator.checkout.source import module_name
from orchestrator.classify import Context
from orchestrator.classify.code.tested import called
from orchestrator.classify.facts import Facts
from orchestrator.failures import following
from orchestrator.failures.chain import decisive
from orchestrator.failures.signature import normalise

STOPPED = "test_timeout"
"""The kind of a test that a time limit ended."""
_USED_UP = frozenset({"memory", "disk", "descriptors", "threads"})
"""Kinds of resources of which a machine has one."""
_OUTSIDE = frozenset(
    {
        "variable",
        "host",
        "program",
        "library",
        "marker",
        "option",
        "plugin",
        "setting",
        "interpreter",
        "table",
    }
)
"""Types of culprits that are mended outside of the code that failed."""
_ANOTHER_RELEASE = frozenset({"missing_dependency", "compatibility"})
"""Categories of what one installation mends, whatever it shows itself by."""
_RAISED = frozenset({"exception", "recursion"})
"""Kinds of what a line of the product raises, whatever it says of its input."""
OF_THE_RUN = frozenset(
    {"python_version", "import_path", "dns", "circular_import", "current_folder"}
)
"""Kinds of which a run has one, wherever it shows: its interpreter, its import path, its name
server, a circle, the folder that it is in.
"""
_AUTOLOAD = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"
_NOT_LOADED = frozenset({"plugin_disabled", "async_mode"})
"""Kinds of what all plugins share that pytest is told not to load by itself."""
_AROUND_TESTS = frozenset({"setup_raised", "teardown_raised"})
_MISWIRED = frozenset(
    {
        "not_found",
        "recursive",
        "scope_mismatch",
        "called_directly",
        "no_yield",
        "many_yields",
        "async_fixture",
        "no_value",
        "leaked_state",
        "changed_fixture",
        "wrong_path",
    }
)
"""Kinds of what is wrong with a fixture whoever asks for it."""
_EDITED = frozenset({"changed_setup", "changed_settings"})
"""Kinds of what the edit of one file broke."""
_NAMELESS = frozenset({"missing_name", "undefined_name"})
"""Kinds of a name that is not there."""
_LACKED = re.compile(r"has no attribute '(?P<name>\w{1,200})'")
_READ = 500
_REFERRING = "unregistered_class"
"""What each use of any class of the same registry trips over."""


def mended(cause: Cause, context: Context) -> str:
    """A distribution to bring to another release, a variable to set, a line of a fixture or of the
    product; empty where nothing can be named.
    """
    verdict, culprit = cause.verdict, cause.verdict.culprit
    if of_run := _of_the_run(verdict, context):
        return of_run
    if culprit is None:
        return _of_harness(cause)
    of_machine = bool(file_of_machine(cause))
    of_product = verdict.kind == "missing_module" and culprit.type == "module"
    if culprit.type in _OUTSIDE or of_machine or of_product:
        return f"{verdict.category} {culprit.type} {culprit.name}"
    is_sure = verdict.category in _ANOTHER_RELEASE and verdict.kind != "library_raised"
    if culprit.type == "distribution" and is_sure:
        return distribution(culprit.name)
    if verdict.kind == STOPPED:
        return _waiting(cause.failures[0], context.project)
    if verdict.category == "product_error" and verdict.kind in _RAISED:
        return _line_of_product(cause.failures[0])
    if verdict.kind in _EDITED:
        return f"edit of {culprit.name}"
    if culprit.type == "fixture":
        return _of_fixture(cause, context)
    return _of_part(cause, context)


def _of_the_run(verdict: Verdict, context: Context) -> str:
    if verdict.category == "resource" and verdict.kind in _USED_UP:
        return f"resource {verdict.kind}"
    variables = context.recording.run.environment.variables
    if verdict.kind in _NOT_LOADED and _AUTOLOAD in variables:
        return f"variable {_AUTOLOAD}"
    return verdict.kind if verdict.kind in OF_THE_RUN else ""


def file_of_machine(cause: Cause) -> str:
    """The file of the machine that is to blame."""
    culprit = cause.verdict.culprit
    is_one = culprit is not None and culprit.type == "file"
    return culprit.name if is_one and culprit and cause.verdict.category == "environment" else ""


def distribution(name: str) -> str:
    """As `mended`: another release of it, or it at all."""
    return f"distribution {canonicalize_name(name)}"


def _of_part(cause: Cause, context: Context) -> str:
    """A name that a module or class lacks, or that a class refers to."""
    verdict, culprit = cause.verdict, cause.verdict.culprit
    if culprit and verdict.kind == _REFERRING:
        return f"{_REFERRING} {culprit.name}"
    raised = decisive(cause.failures[0])
    if culprit is None or raised is None or verdict.kind not in _NAMELESS:
        return ""
    if verdict.category == "product_error" and culprit.type in ("module", "file"):
        asked = asked_name(context.facts(cause.failures[0], raised))
        return _gone_name(asked, culprit.name)
    name = raised.attributes.get("name")
    if culprit.type == "class" and name:
        # What a class and those made from it lack is gone from one place, whichever is asked.
        return f"missing name {name} of classes of {culprit.name.partition('.')[0]}"
    return f"missing name of {culprit.name} {normalise(raised.message)}"


def _gone_name(name: str, place: str) -> str:
    """A name that the package of a module or file has no more: its own code finds it undefined,
    others cannot import it or read it from the module.
    """
    module = module_name(place) if place.endswith(".py") else place
    return f"missing name {name} of {module.partition('.')[0]}" if name else ""


def asked_name(facts: Facts) -> str:
    """The name that is not there; of a module that something is to replace, too."""
    said = _LACKED.search(facts.link.message[:_READ])
    return facts["undefined"] or facts["symbol"] or (said["name"] if said else "")


def _of_fixture(cause: Cause, context: Context) -> str:
    """A fixture; the file that defines it out of reach of the tests, with all others of it."""
    verdict, culprit = cause.verdict, cause.verdict.culprit
    name = culprit.name if culprit else ""
    raised = decisive(cause.failures[0])
    if raised and verdict.kind == "not_found":
        defined_in = context.facts(cause.failures[0], raised)["defined_in"].rpartition(":")[0]
        return f"fixtures of {defined_in}" if defined_in else f"fixture {name}"
    if verdict.kind in _MISWIRED:
        return f"fixture {name}"
    if verdict.kind in _AROUND_TESTS:
        return f"{verdict.kind} {name} {_line(cause.failures[0])}"
    return ""


def _waiting(failure: Failure, project: Project) -> str:
    """What the test called that did not end; where in it the test was stopped is chance."""
    frames = own_frames(failure)
    first = next((frame for frame in frames if frame.origin == "project"), None)
    if first:
        return f"timeout {first.file} {first.function}"
    asked = called(project, frames[-1]) if frames else ()
    return next((f"timeout {one.file} {one.name}" for one in asked), "")


def _of_harness(cause: Cause) -> str:
    """A set-up or tear-down of which the harness itself complains, in each class alike; the line of
    one that classes share.
    """
    raised = decisive(cause.failures[0]) if cause.failures else None
    if raised is None or cause.verdict.kind not in _AROUND_TESTS:
        return ""
    where = _line(cause.failures[0]) if raised.frames else raised.type
    return f"{cause.verdict.kind} {where}"


def _line(failure: Failure) -> str:
    """The type of the exception, and the deepest line of own code."""
    raised, own = decisive(failure), own_frames(failure)
    return f"{raised.type} {own[-1].file}:{own[-1].line}" if raised and own else failure.nodeid


def _line_of_product(failure: Failure) -> str:
    """The type of the exception and the line of the product that it came out of; else empty."""
    own = own_frames(failure)
    return f"raised {_line(failure)}" if own and own[-1].origin == "project" else ""


def own_frames(failure: Failure) -> list[Frame]:
    """Those of the project and its tests, of what it comes down to."""
    raised = decisive(failure)
    return [frame for frame in raised.frames if frame.origin in following.OWN] if raised else []
