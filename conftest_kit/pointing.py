"""Which variable points at a path or a module that is not there. PYTEST_DONT_REWRITE

An exception names what is missing, and not the variable that led to it; the record keeps the names
of variables, and not what they held. So the two are brought together here, where both are known.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

MAX_READ = 4096
_ALL_VARIABLES = "environ({"
"""How Python shows `os.environ`: what comes then names no path in particular."""
_SHORTEST, _LONGEST = 4, 1000
_MODULE = re.compile(r"(?P<module>[A-Za-z_]\w{0,100}(?:\.\w{1,100}){0,8})(?::\w{1,100})?")
"""`shop.settings`, `shop.web:app`."""
_NO_MODULE = re.compile(r"No module named '([\w.]{1,300})'")
_ABSOLUTE = re.compile(r"~?[/\\]|[A-Za-z]:[/\\]")


class Variables:
    """Those that hold a path or the name of a module, as they were when the run began: what a test
    sets is its own.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._paths = [
            (path, name)
            for name, value in environment.items()
            if _ABSOLUTE.match(value) and os.pathsep not in value
            for path in (value.rstrip("/\\"),)
            if _SHORTEST <= len(path) <= _LONGEST
        ]
        self._paths.sort(key=lambda entry: -len(entry[0]))
        named = ((name, _MODULE.fullmatch(value)) for name, value in environment.items())
        self._modules = [(found["module"], name) for name, found in named if found]

    def pointing(self, text: str) -> str:
        """The variable whose path a text names, or one below it, though it is not there; of several
        the one that leads furthest; else the variable of whose module it says that there is none;
        empty where there is no such variable.
        """
        text = text[:MAX_READ].partition(_ALL_VARIABLES)[0]
        for path, name in self._paths:
            if path in text and _names(text, path) and not os.path.exists(path):
                return name
        missing = _NO_MODULE.match(text)
        asked = f"{missing[1]}." if missing else ""
        leading = (
            name for module, name in self._modules if asked and f"{module}.".startswith(asked)
        )
        return next(leading, "")


def _names(text: str, path: str) -> bool:
    return re.search(rf"(?<![\w./\\-]){re.escape(path)}(?![\w-])", text) is not None
