"""What the kit does in one pytest process, from the first hook to the last. PYTEST_DONT_REWRITE"""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conftest_kit.capture import WORKER_KEY, Capture
from conftest_kit.imports import swift_imports
from conftest_kit.texts import message_of

if TYPE_CHECKING:
    from conftest_kit.writer import Writer

MAX_WARNINGS = 20

_recorded: weakref.WeakSet[pytest.Config] = weakref.WeakSet()
"""Sessions of this process that are recorded: one inside another (pytester) stays silent."""


class Kit:
    """The part of one pytest process: it writes, it captures for a writer, or it stays silent."""

    def __init__(self, config: pytest.Config) -> None:
        self.capture: Capture | None = None
        self.writer: Writer | None = None
        self._config = config
        self._warnings: list[str] = []
        self._broken_by: BaseException | None = None
        # pytest may have been started by somebody who handles an exception of their own.
        self._foreign_error = sys.exc_info()[1]

    def warn(self, message: str) -> None:
        """Say in the run, and in one line at its end, what the kit could not do."""
        if message not in self._warnings and len(self._warnings) < MAX_WARNINGS:
            self._warnings.append(message)
            if hasattr(self._config, "workeroutput"):
                self._config.workeroutput[WORKER_KEY] = list(self._warnings)

    def trouble(self, error: BaseException) -> None:
        """As `warn`, of an exception."""
        where = error.__traceback__
        while where is not None and where.tb_next is not None:
            where = where.tb_next
        place = f" ({where.tb_frame.f_code.co_name}:{where.tb_lineno})" if where else ""
        self.warn(f"{type(error).__name__}: {message_of(error)[:300]}{place}")

    def start(self, session: pytest.Session) -> None:
        """The session begins."""
        config = session.config
        if hasattr(config, "workerinput"):
            told = config.workerinput.get(WORKER_KEY)
            if told is not None and not _recorded:
                _recorded.add(config)
                directory = Path(told["directory"])
                self.capture = Capture(config, directory, told["size_markers"])
        elif not _recorded:
            self.writer = _begin(config, self.warn)
            if self.writer is not None:
                _recorded.add(config)
                self.writer.session = session
                self.capture = self.writer.capture

    def broke(self, error: BaseException) -> None:
        """pytest or a plugin broke; whoever writes already is told otherwise."""
        if self.writer is None:
            self._broken_by = error

    def close(self) -> None:
        """Nothing of pytest comes after this."""
        try:
            self._close()
        except Exception as error:  # noqa: BLE001 - the kit never changes the run
            self.trouble(error)
        _recorded.discard(self._config)
        if self._warnings and not hasattr(self._config, "workerinput"):
            self._say(f"conftest-kit: {self._warnings[0]}")

    def _close(self) -> None:
        error = sys.exc_info()[1] if self._broken_by is None else self._broken_by
        if error is self._foreign_error or not isinstance(error, Exception):
            error = None
        if self.writer is None and error is not None and _is_first(self._config):
            self.writer = _begin(self._config, self.warn)
        if self.writer is not None:
            phase = "start" if self._broken_by is None else "internal"
            line = self.writer.finish(error, phase, self._warnings)
            if line and getattr(self._config.option, "verbose", 0) >= 0:
                self._say(line)

    def _say(self, line: str) -> None:
        try:
            if self._config.pluginmanager.has_plugin("terminalreporter"):
                self._config.get_terminal_writer().line(line)
            else:
                sys.stderr.write(line + "\n")
        except (OSError, ValueError):  # closed by others
            pass

    def artifacts_folder(self, request: pytest.FixtureRequest) -> Path:
        """A new folder for the test; an ordinary temporary one where nothing is recorded."""
        if self.capture is not None:
            try:
                return self.capture.artifacts_folder(request.node)
            except OSError as error:
                self.trouble(error)
        factory: pytest.TempPathFactory = request.getfixturevalue("tmp_path_factory")
        return factory.mktemp("failure_artifacts")


def _is_first(config: pytest.Config) -> bool:
    """Whether a start that failed is this process's to record."""
    is_worker = hasattr(config, "workerinput") or "PYTEST_XDIST_WORKER" in os.environ
    return not _recorded and not is_worker


def _begin(config: pytest.Config, warn: Callable[[str], None]) -> Writer | None:
    with swift_imports():
        from conftest_kit.writer import Writer  # noqa: PLC0415 - xdist's workers have none

    return Writer.begin(config, warn)
