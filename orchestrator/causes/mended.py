"""What there is to mend of a cause, where causes that share it are certainly one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence

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

_STOPPED = "test_timeout"
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
_LACKING = frozenset({"removed_name", "removed_module"})
"""Kinds of what an installed distribution does not have."""
_RAISED = frozenset({"exception", "recursion"})
"""Kinds of what a line of the product raises, whatever it says of its input."""
_OF_THE_RUN = frozenset(
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
    of_machine = bool(_file(cause))
    of_product = verdict.kind == "missing_module" and culprit.type == "module"
    if culprit.type in _OUTSIDE or of_machine or of_product:
        return f"{verdict.category} {culprit.type} {culprit.name}"
    is_sure = verdict.category in _ANOTHER_RELEASE and verdict.kind != "library_raised"
    if culprit.type == "distribution" and is_sure:
        return _distribution(culprit.name)
    if verdict.kind == _STOPPED:
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
    return verdict.kind if verdict.kind in _OF_THE_RUN else ""


def paths_by_name(causes: Iterable[Cause]) -> Mapping[str, str]:
    """Of the files of the machine that are to blame by their path: the path, by its last part where
    that is of no other.
    """
    paths = {path for path in map(_file, causes) if "/" in path}
    names = Counter(path.rpartition("/")[2] for path in paths)
    found = {path.rpartition("/")[2]: path for path in paths}
    return {name: path for name, path in found.items() if names[name] == 1}


def file_meant(cause: Cause, paths: Mapping[str, str]) -> str:
    """As `mended`: the file that a cause names by its last part, where others name its path."""
    path = paths.get(_file(cause))
    return f"environment file {path}" if path else ""


def _file(cause: Cause) -> str:
    """The file of the machine that is to blame."""
    culprit = cause.verdict.culprit
    is_one = culprit is not None and culprit.type == "file"
    return culprit.name if is_one and culprit and cause.verdict.category == "environment" else ""


def unfit_releases(causes: Sequence[Cause]) -> frozenset[str]:
    """What there is to mend of the distributions of which a release is unfit whatever the Python;
    none where a cause blames Python itself.
    """
    is_python = any(_type(cause) == "interpreter" for cause in causes)
    return frozenset(
        _distribution(cause.verdict.culprit.name)
        for cause in causes
        if not is_python and cause.verdict.culprit and _is_of_release(cause)
    )


def _is_of_release(cause: Cause) -> bool:
    is_other = cause.verdict.kind not in {*_OF_THE_RUN, "library_raised"}
    return _type(cause) == "distribution" and cause.verdict.category == "compatibility" and is_other


def of_release(cause: Cause, unfit: Container[str]) -> str:
    """As `mended`: the distribution that does not fit this Python, where its release is unfit."""
    culprit = cause.verdict.culprit
    if culprit is None or culprit.type != "distribution" or cause.verdict.kind not in _OF_THE_RUN:
        return ""
    return _distribution(culprit.name) if _distribution(culprit.name) in unfit else ""


def _type(cause: Cause) -> str:
    return cause.verdict.culprit.type if cause.verdict.culprit else ""


def fixtures_not_found(causes: Iterable[Cause], context: Context) -> Mapping[str, str]:
    """Of the fixtures that are not found: what there is to mend, by their names."""
    return {
        cause.verdict.culprit.name: mended(cause, context)
        for cause in causes
        if cause.verdict.kind == "not_found" and cause.verdict.culprit
    }


def overrides(cause: Cause, not_found: Mapping[str, str]) -> str:
    """As `mended`: the fixture that is not found, where one of its name asks for it in vain and so
    for itself.
    """
    culprit = cause.verdict.culprit
    is_circle = culprit is not None and cause.verdict.kind == "recursive"
    return not_found.get(culprit.name, "") if culprit and is_circle else ""


def absent_distribution(cause: Cause) -> str:
    """The distribution that is to be installed; empty where it is anything else."""
    culprit = cause.verdict.culprit
    if culprit is None or culprit.type != "distribution":
        return ""
    return culprit.name if cause.verdict.category == "missing_dependency" else ""


def lacked(cause: Cause, absent: Iterable[str], context: Context) -> str:
    """As `mended`: the absent distribution that the culprit asks for, in one of its extras too,
    where something of it is missing; it does without what is not installed.
    """
    culprit = cause.verdict.culprit
    if culprit is None or cause.verdict.kind not in _LACKING:
        return ""
    name = canonicalize_name(culprit.name)
    asked = (
        one
        for one in absent
        if any(canonicalize_name(by.name) == name for by, _ in context.installed.asked_for(one))
    )
    return next((_distribution(one) for one in asked), "")


def _distribution(name: str) -> str:
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
        return _gone_name(context.facts(cause.failures[0], raised), culprit.name)
    name = raised.attributes.get("name")
    if culprit.type == "class" and name:
        # What a class and those made from it lack is gone from one place, whichever is asked.
        return f"missing name {name} of classes of {culprit.name.partition('.')[0]}"
    return f"missing name of {culprit.name} {normalise(raised.message)}"


def _gone_name(facts: Facts, place: str) -> str:
    """A name that the package of a module or file has no more: its own code finds it undefined,
    others cannot import it or read it from the module.
    """
    name = facts["undefined"] or facts["symbol"]
    module = module_name(place) if place.endswith(".py") else place
    return f"missing name {name} of {module.partition('.')[0]}" if name else ""


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


def waited_in(causes: Iterable[Cause]) -> Mapping[str, str]:
    """Of the tests that were stopped, by the identity of their causes: as `mended`, the function of
    the product that most of them were in, where they are several.
    """
    inside = {
        cause.cause_id: [
            f"timeout {frame.file} {frame.function}"
            for frame in _own(cause.failures[0])
            if frame.origin == "project"
        ]
        for cause in causes
        if cause.verdict.kind == _STOPPED
    }
    held = Counter(function for functions in inside.values() for function in {*functions})
    common = {cause: max(found, key=held.__getitem__) for cause, found in inside.items() if found}
    return {cause: function for cause, function in common.items() if held[function] > 1}


def _waiting(failure: Failure, project: Project) -> str:
    """What the test called that did not end; where in it the test was stopped is chance."""
    frames = _own(failure)
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
    raised, own = decisive(failure), _own(failure)
    return f"{raised.type} {own[-1].file}:{own[-1].line}" if raised and own else failure.nodeid


def _line_of_product(failure: Failure) -> str:
    """The type of the exception and the line of the product that it came out of; else empty."""
    own = _own(failure)
    return f"raised {_line(failure)}" if own and own[-1].origin == "project" else ""


def _own(failure: Failure) -> list[Frame]:
    raised = decisive(failure)
    return [frame for frame in raised.frames if frame.origin in following.OWN] if raised else []
