"""Which link of an exception chain decides what a failure is, and how it is said in one line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from conftest_kit.records import Failure, Raised

_LINE_LIMIT = 200
_READ_LIMIT = 4096
# /home/me/.venv/lib/python3.12/site-packages/: where things are installed tells little
_IMPORTING = re.compile(r"(?:import|from) \w")
# A handler that looks at what it caught, but not one that only says that something was raised
_CHECKING = re.compile(r"assert (?!\(?(?:False|0|None|not True)\b)")
_SITE = re.compile(r"(?:/[^/\s'\"()]{1,255}){1,40}/(?:site|dist)-packages/")


FROM_ELSEWHERE = frozenset(
    {"concurrent.futures.process._RemoteTraceback", "multiprocessing.pool.RemoteTraceback"}
)
"""Exceptions that were never raised: their message is the traceback in another process."""


def said(raised: Raised) -> str:
    """The type without its module and what the exception says, in one line."""
    kind = raised.type.rpartition(".")[2]
    message = headline(raised.message)
    return f"{kind}: {message}" if message else kind


def headline(text: str) -> str:
    """The line of a message that tells, for people: bounded, without where things are installed."""
    lines = (line.strip() for line in text[:_READ_LIMIT].splitlines())
    # argparse says what is wrong below its usage.
    line = next((line for line in lines if line and not line.startswith("usage: ")), "")
    line = _SITE.sub("", line)
    return line if len(line) <= _LINE_LIMIT else f"{line[: _LINE_LIMIT - 1]}…"


def is_assertion(raised: Raised) -> bool:
    """Whether a check failed, in a test or with `pytest.fail`, rather than the code checked."""
    kinds = {name.rpartition(".")[2] for name in (raised.type, *raised.bases)}
    return bool({"AssertionError", "Failed"} & kinds)


def decisive(failure: Failure) -> Raised | None:
    """The root of the failure's chain; None where nothing was raised (strict xpass, a crash).

    A cause (`raise … from …`) is always followed. A context is followed only where the handler
    itself raised, which wraps; what broke in a call or an import that the handler made is a failure
    of its own, and so is what it found wrong with an exception that was expected, or what a library
    says in place of its own `assert`. What a timeout cancelled is no cause of it.
    An exception group stands for its member where it has one. What a traceback of another process
    is carried in, dressed as a cause, is none.
    """
    return _root(failure.exceptions)


def _root(chain: Sequence[Raised]) -> Raised | None:
    if not chain:
        return None
    current = chain[0]
    for link in chain[1:]:
        if link.type in FROM_ELSEWHERE:
            continue
        if _is_by_timeout(current, link):
            break
        if link.relation == "context" and not _wraps(current, link):
            break
        current = link
    if len(current.members) == 1:
        return _root(current.members[0]) or current
    return current


def _is_by_timeout(timeout: Raised, cancelled: Raised) -> bool:
    """Whether something was cancelled because its time was over: it is what the timeout did."""
    names = {name.rpartition(".")[2] for name in (timeout.type, *timeout.bases)}
    return "TimeoutError" in names and cancelled.type.rpartition(".")[2] == "CancelledError"


def _wraps(wrapper: Raised, handled: Raised) -> bool:
    if _only_reports(wrapper):
        return True
    is_unset = wrapper.type == "UnboundLocalError"  # by what was tried, which failed before
    if "NameError" in (wrapper.type, *wrapper.bases) and not is_unset:
        return False  # a slip of the handler's, which nobody raises on purpose
    # A traceback begins in the function that caught the exception, so the two meet there.
    if not wrapper.frames or not handled.frames:
        return not is_unset
    raised_in, caught_in = wrapper.frames[-1], handled.frames[0]
    if handled.type == "AssertionError" and handled.frames[-1].origin == "installed":
        return False  # how a library checks what it was given; it says so itself
    met = (raised_in.file, raised_in.function) == (caught_in.file, caught_in.function)
    return met and not (_IMPORTING.match(raised_in.source) or _CHECKING.match(raised_in.source))


def _only_reports(wrapper: Raised) -> bool:
    """Whether pytest refused a setting whose import raised: its own frames are not recorded."""
    last = wrapper.frames[-1] if wrapper.frames else None
    return (
        wrapper.type.endswith("UsageError")
        and last is not None
        and last.function == "parse_warning_filter"
    )
