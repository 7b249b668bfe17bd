"""What tests leave behind in their process: variables, the current folder, logging switched off.

PYTEST_DONT_REWRITE

A test that fails alone for what another one left shows no trace of it. Values are compared here and
never recorded.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from conftest_kit.masking import environment
from conftest_kit.recorder import without_size

if TYPE_CHECKING:
    from conftest_kit.places import Places
    from conftest_kit.records import Left

_Leaver = tuple[str, tuple[str, ...]]
"""The node id of a test, and the names of its fixtures."""

MAX_LEFT = 20
"""So many are recorded with a failure."""
_GROUP = re.compile(r"@[^@\]]+$")
"""What pytest-xdist adds to a node id with `--dist loadgroup`."""


class Leftovers:
    """Of one process: what is otherwise than when this was made, and the test that left it so.

    To be made when the tests are collected: what that changed is not theirs. What a fixture that
    outlives its test sets counts as left by the first test that asked for it.
    """

    def __init__(self) -> None:
        self._first = self._environ = environment()
        self._first_folder = self._folder = _current_folder()
        self._first_level = self._level = logging.root.manager.disable
        self._left: dict[Any, _Leaver] = {}
        self._left_folder: _Leaver | None = None
        self._left_level: _Leaver | None = None

    def test_ended(self, item: pytest.Item) -> None:
        """Nothing of this test is to come."""
        environ = getattr(os.environ, "_data", os.environ)
        if environ != self._environ:
            self._compare(_leaver(item))
        folder = _current_folder()
        if folder != self._folder:
            self._folder, self._left_folder = folder, _leaver(item)
        if logging.root.manager.disable != self._level:
            self._level, self._left_level = logging.root.manager.disable, _leaver(item)

    def still_there(self, places: Places) -> tuple[Left, ...]:
        """What tests that are over left, and nobody has changed since."""
        if not (self._left or self._left_folder or self._left_level):
            return ()
        from conftest_kit.records import Left  # noqa: PLC0415 - a green run does without

        folder = _current_folder()
        found = [
            Left("variable", os.fsdecode(name), self._change_of(name), *leaver)
            for name, leaver in self._left.items()
            if self._is_still(name)
        ]
        if self._left_folder and folder == self._folder != self._first_folder:
            name = places(folder)[0] if folder else ""
            found.append(
                Left("folder", name, "changed" if folder else "removed", *self._left_folder)
            )
        if self._left_level and logging.root.manager.disable == self._level > self._first_level:
            name = logging.getLevelName(self._level)
            found.append(Left("logging", name, "changed", *self._left_level))
        return tuple(found[-MAX_LEFT:])

    def _is_still(self, name: Any) -> bool:
        value = self._environ.get(name)
        now = getattr(os.environ, "_data", os.environ)
        return bool(value != self._first.get(name) and now.get(name) == value)

    def _change_of(self, name: Any) -> Any:
        if name not in self._environ:
            return "removed"
        return "changed" if name in self._first else "set"

    def _compare(self, leaver: _Leaver) -> None:
        before, self._environ = self._environ, environment()
        for name in dict.fromkeys((*before, *self._environ)):
            if before.get(name) != self._environ.get(name):
                self._left[name] = leaver


def _leaver(item: pytest.Item) -> _Leaver:
    nodeid = _GROUP.sub("", without_size(item.nodeid))
    return nodeid, tuple(map(str, getattr(item, "fixturenames", ())))


def _current_folder(getcwd: Callable[[], str] = os.getcwd) -> str:
    # The default keeps the system's own function where a fixture stands in for the file system.
    try:
        return getcwd()
    except OSError:  # it is gone
        return ""
