"""Imports our modules, and what they need, at the speed of ordinary ones. PYTEST_DONT_REWRITE"""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def swift_imports() -> Iterator[None]:
    """Inside, modules are imported past pytest's rewriting of assertions, and nothing is collected.

    pytest would look through all of a plugin's package, and reads what it has cached of a module
    value by value, which doubles the time that an import takes; there are no assertions of ours.
    Imports leave no garbage either, and a sixth of their time goes into looking for it.
    """
    places = enumerate(sys.meta_path)
    hooks = [(at, hook) for at, hook in places if type(hook).__name__ == "AssertionRewritingHook"]
    for _, hook in hooks:
        sys.meta_path.remove(hook)
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        for at, hook in hooks:
            sys.meta_path.insert(at, hook)
        if collects:
            gc.enable()
