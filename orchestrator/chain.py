"""Which link of an exception chain decides what a failure is."""

from __future__ import annotations

from collections.abc import Sequence

from conftest_kit.records import Failure, Raised


def decisive(failure: Failure) -> Raised | None:
    """The root of the failure's chain; None where nothing was raised (strict xpass, a crash).

    A cause (`raise … from …`) is always followed. A context is followed only where the handler
    itself raised, which wraps; what broke in a call that the handler made is a failure of its own.
    An exception group stands for its member where it has one.
    """
    return _root(failure.exceptions)


def _root(chain: Sequence[Raised]) -> Raised | None:
    if not chain:
        return None
    current = chain[0]
    for link in chain[1:]:
        if link.relation == "context" and not _wraps(current, link):
            break
        current = link
    if len(current.members) == 1:
        return _root(current.members[0]) or current
    return current


def _wraps(wrapper: Raised, handled: Raised) -> bool:
    # A traceback begins in the function that caught the exception, so the two meet there.
    if not wrapper.frames or not handled.frames:
        return True
    raised_in, caught_in = wrapper.frames[-1], handled.frames[0]
    return (raised_in.file, raised_in.function) == (caught_in.file, caught_in.function)
