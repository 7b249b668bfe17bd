"""Facts about the Python of a run, and code that counts on how one Python is made inside."""

from __future__ import annotations

import re
from itertools import islice

from conftest_kit.records import Frame
from orchestrator.classify.code.tested import imported_product
from orchestrator.classify.facts import Context, Fact, Facts, is_harness, own_frame
from orchestrator.classify.installed import version_of
from orchestrator.failures.chain import decisive

_BYTECODE = re.compile(
    r"\.co_(?:cellvars|code|consts|exceptiontable|freevars|linetable|lnotab|names|varnames)\b"
    r"|\bop(?:arg|code|map|name)s?\b|\bcmp_op\b|\bHAVE_ARGUMENT\b|\bf_lasti\b|\bdis\.\w"
)
_INSIDE = re.compile(r"(?:dis|opcode|bytecode)(?:\.|$)|types\.(?:Code|Frame)Type$")
"""What is imported to read code objects and frames."""
_LOOKED_AT = 500
"""Failures of a run in which the same is looked for."""
_WAYS = 3
"""In so many places nothing breaks at once that one edit broke."""


def _bytecode_read(facts: Facts) -> str:
    """The line of own code that raised, where it reads the bytecode of functions."""
    own, last = own_frame(facts), facts.frames[-1] if facts.frames else None
    if own is None or own is not last or own.origin != "project":
        return ""
    return own.source if _BYTECODE.search(own.source) else ""


def _python_unnamed(facts: Facts) -> str:
    """The newest Python that the project is classified for, where the run used a later one."""
    newest = version_of(facts.context.project.newest_python)
    used = version_of(facts["python"])
    is_later = newest and used and used.release[:2] > newest.release[:2]
    return facts.context.project.newest_python if is_later else ""


def _files_inside(context: Context) -> frozenset[str]:
    """Files of the product that read code objects or frames, where the failures of the run came out
    of them in many ways.
    """
    ways, files = set(), set()
    for failure in islice(context.recording.failures, _LOOKED_AT):
        raised = decisive(failure)
        product = [one for one in raised.frames if _is_product(one)] if raised else []
        inside = {one.file for one in product if _reads_inside(context, one.file)}
        if raised and inside:
            ways.add((raised.type, product[-1].file, product[-1].line))
            files |= inside
    return frozenset(files if len(ways) >= _WAYS else ())


def _is_product(frame: Frame) -> bool:
    return frame.origin == "project" and not is_harness(frame)


def _reads_inside(context: Context, file: str) -> bool:
    return any(map(_INSIDE.match, context.project.source(file).imports.values()))


def _inside_file(facts: Facts) -> str:
    """Of these files the one that the failure came through, or that its test imports."""
    files = facts.context.once(_files_inside)
    passed = (frame.file for frame in reversed(facts.frames) if frame.file in files)
    reached = (file for file in (imported_product(facts) if files else ()) if file in files)
    return next(passed, "") or next(reached, "")


FACTS: dict[str, Fact] = {
    "bytecode_read": _bytecode_read,
    "inside_file": _inside_file,
    "python_unnamed": _python_unnamed,
}
