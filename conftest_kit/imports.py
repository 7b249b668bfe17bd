"""Imports our own modules at the speed of ordinary ones. PYTEST_DONT_REWRITE"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def past_rewriting() -> Iterator[None]:
    """Inside, modules are imported without pytest's rewriting of assertions.

    pytest would look through all of a plugin's package, and reads what it has cached of a module
    value by value, which doubles the time that an import takes. There are no assertions of ours.
    """
    finders = sys.meta_path[:]
    sys.meta_path[:] = [
        finder for finder in finders if type(finder).__name__ != "AssertionRewritingHook"
    ]
    try:
        yield
    finally:
        sys.meta_path[:] = finders
