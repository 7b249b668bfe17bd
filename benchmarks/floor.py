"""The floor: a pytest plugin that writes what the kit writes, and does nothing else.

No masking, no limits, no settings, no metrics, no log, no care for what may go wrong: what is left
is what it costs to see every test and to write its record.
"""

from __future__ import annotations

import json
import os
import time

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Extractor())
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Writer(os.environ["FLOOR_FILE"]))


class Extractor:
    """Where a test runs: puts the exception as data on the report."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]):  # noqa: ANN201
        report = yield
        if report.failed and call.excinfo is not None:
            report.floor_chain = list(self._links(call.excinfo.value))
        return report

    def _links(self, error: BaseException | None):  # noqa: ANN202
        while error is not None:
            frames, trace = [], error.__traceback__
            while trace is not None:
                code = trace.tb_frame.f_code
                frames.append([code.co_filename, trace.tb_lineno, code.co_qualname])
                trace = trace.tb_next
            bases = [base.__qualname__ for base in type(error).__mro__[:-1]]
            yield {"bases": bases, "message": str(error), "frames": frames}
            error = error.__cause__ or error.__context__


class Writer:
    """Where the session is controlled: one line before each test, one or two after it; the last of
    them is written with the next test's first.
    """

    def __init__(self, path: str) -> None:
        self.file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        self.durations: dict[str, dict[str, float]] = {}
        self.encode = json.JSONEncoder(ensure_ascii=False).encode
        self.held = b""

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._write({"$record": "start", "nodeid": nodeid, "time": time.time()})

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        durations = self.durations.setdefault(report.nodeid, {})
        durations[report.when] = report.duration
        if report.failed:
            failure = {"$record": "failure", "nodeid": report.nodeid, "phase": report.when}
            self._write(
                failure
                | {"text": report.longreprtext, "exceptions": getattr(report, "floor_chain", [])}
                | {"captured": report.sections}
            )
        if report.when == "teardown":
            attempt = {"$record": "attempt", "nodeid": report.nodeid, "outcome": report.outcome}
            self.held = self._line(attempt | {"durations": self.durations.pop(report.nodeid)})

    def pytest_unconfigure(self) -> None:
        os.write(self.file, self.held)
        os.close(self.file)

    def _write(self, record: dict[str, object]) -> None:
        os.write(self.file, self.held + self._line(record))
        self.held = b""

    def _line(self, record: dict[str, object]) -> bytes:
        return self.encode(record).encode() + b"\n"
