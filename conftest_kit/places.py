"""Where code comes from: project, tests, installed, standard library. PYTEST_DONT_REWRITE"""

from __future__ import annotations

import os
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

from conftest_kit.records import Origin

_INSTALLED = ("site-packages", "dist-packages")
_TEST_FOLDERS = frozenset({"tests", "test", "testing"})
_TEST_FILES = ("test_*.py", "*_test.py", "tests.py", "conftest.py")
"""Names that files of tests have whatever `python_files` says; Django's is `tests.py`."""


class Places:
    """Says of a file where it comes from and how a record names it; remembers every answer.

    `test_files` are further patterns of names that test files have.
    """

    def __init__(self, root: Path, test_files: Sequence[str] = ()) -> None:
        self._roots = tuple(dict.fromkeys((str(root), os.path.realpath(root))))
        self._test_files = tuple(dict.fromkeys((*_TEST_FILES, *test_files)))
        self._stdlib = tuple(
            {str(Path(os.__file__).parent), os.path.realpath(Path(os.__file__).parent)}
        )
        self._known: dict[str, tuple[str, Origin]] = {}

    def __call__(self, file: str) -> tuple[str, Origin]:
        """The name of `file` in a record, and its origin."""
        known = self._known.get(file)
        if known is None:
            known = self._known[file] = self._look(file)
        return known

    def _look(self, file: str) -> tuple[str, Origin]:
        if file.startswith("<"):  # not a file: `<frozen importlib._bootstrap>`, `<doctest …>`
            return file, "test" if file.startswith("<doctest") else "stdlib"
        path = os.path.abspath(file)
        if not os.path.isabs(file) and not os.path.exists(path):
            # Compiled code names its source from where it was built: `pandas/_libs/index.pyx`.
            return file.replace(os.sep, "/"), "installed"
        parts = path.replace(os.sep, "/").split("/")
        for marker in _INSTALLED:
            if marker in parts:
                last = len(parts) - parts[::-1].index(marker)
                return "/".join(parts[last:]), "installed"
        inside = _below(path, self._stdlib)
        if inside is not None:
            return inside, "stdlib"
        inside = _below(path, self._roots) or _below(os.path.realpath(path), self._roots)
        if inside is not None:
            return inside, "test" if self._is_test(inside) else "project"
        return "/".join(parts), "project"

    def _is_test(self, relative: str) -> bool:
        *folders, name = relative.split("/")
        if not _TEST_FOLDERS.isdisjoint(folders):
            return True
        return any(fnmatch(name, pattern) for pattern in self._test_files)


def _below(path: str, folders: Sequence[str]) -> str | None:
    for folder in folders:
        prefix = folder.rstrip(os.sep) + os.sep
        if path.startswith(prefix):
            return path[len(prefix) :].replace(os.sep, "/")
    return None
