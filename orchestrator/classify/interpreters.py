"""Facts about the Python of a run, and code that counts on how one Python is made inside."""

from __future__ import annotations

import re

from orchestrator.classify.facts import Fact, Facts, own_frame
from orchestrator.classify.installed import version_of

_BYTECODE = re.compile(
    r"\.co_(?:cellvars|code|consts|exceptiontable|freevars|linetable|lnotab|names|varnames)\b"
    r"|\bop(?:arg|code|map|name)s?\b|\bcmp_op\b|\bHAVE_ARGUMENT\b|\bf_lasti\b|\bdis\.\w"
)


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


FACTS: dict[str, Fact] = {
    "bytecode_read": _bytecode_read,
    "python_unnamed": _python_unnamed,
}
