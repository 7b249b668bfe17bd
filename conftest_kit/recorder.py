"""What a session writes down as it goes: one writer, one line per fact. PYTEST_DONT_REWRITE

Kept fast by hand: a passing test costs one line when it starts and one when it ends, each a string
put together here; the line of its end is written together with that of the next start, which
follows at once.
"""

from __future__ import annotations

import functools
import re
import time
from json.encoder import encode_basestring_ascii as quoted
from types import ModuleType
from typing import TYPE_CHECKING, Any

from conftest_kit import log
from conftest_kit.counts import Counts
from conftest_kit.documents import encoded
from conftest_kit.masking import Mask
from conftest_kit.run import Outcome
from conftest_kit.rundir import RunDir
from conftest_kit.texts import bounded

if TYPE_CHECKING:
    from conftest_kit.metrics import FailureType
    from conftest_kit.records import Phase
    from conftest_kit.sizes import Size

EXTRACTED = "_conftest_kit"
"""The attribute of a report that carries, as ASCII JSON, what only the process that ran the test
can say of a failure. It survives every serialisation on the way to the writer."""

SIZE = "_conftest_kit_size"
"""The attribute that carries size and limit of a test that has a size; of the first report of each
attempt."""

SELF_MASKED = '{"text":'
"""How it begins where the process that ran the test knows secrets that the writer may not know, and
so says itself what pytest rendered."""

_SIZE = r"\s\[(?:SMALL|MEDIUM|LARGE|XLARGE)\]$"
_ENDS_OF_SIZES = ("SMALL]", "MEDIUM]", "LARGE]")
_GROUP = r"(?s)^(.*?::[^\[@]*(?:\[.*\])?)@[^@]+$"
_PHASES = frozenset({"setup", "call", "teardown"})
_SLIM_FROM = 0.9
"""Share of the allowed bytes from which on failures are recorded without text and output."""


class _Clock:
    """RFC 3339 at little cost: the part down to the second is formatted once a second."""

    def __init__(self) -> None:
        self._second = -1
        self._prefix = ""

    def __call__(self, now: Any = time.time) -> str:
        # The default keeps the clock even where a test replaces `time.time` in every module.
        moment = now()
        second = int(moment)
        if second != self._second:
            self._second = second
            self._prefix = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._prefix}.{int((moment - second) * 1e6):06d}Z"


class _Open:
    """A test that is being executed."""

    __slots__ = (
        "durations",
        "failure_type",
        "nodeid",
        "number",
        "outcome",
        "phase",
        "reason",
        "reported_as",
        "seconds",
        "size",
        "started",
        "subtests_failed",
        "waiting",
        "worker",
    )

    size: Size | None
    """Whoever opens the test sets it."""

    def __init__(
        self, nodeid: str, reported_as: str, started: str, worker: str | None, number: int
    ) -> None:
        self.nodeid = nodeid
        self.reported_as = reported_as
        self.started = started
        self.worker = worker
        self.number = number
        self.outcome: Outcome = "passed"
        self.phase: Phase = "call"
        self.failure_type: FailureType | None = None
        self.durations = ""
        self.seconds = 0.0
        self.reason = ""
        self.subtests_failed = False
        self.waiting = ""


class Recorder:
    """Turns reports into records. Whoever calls it guards against what it raises."""

    def __init__(self, directory: RunDir, *, mask: Mask, max_bytes: int, grouped: bool) -> None:
        self.counts = Counts()
        self.failures = 0
        self.slim = 0
        """Failures recorded without text and output, because the run had become too large."""
        self.uncounted = 0
        """Records left out for the same reason."""
        self.log_entries = log.Spool(directory.path)
        """What the log says of each attempt."""
        self.log_failures = log.Spool(directory.path)
        """What the log says of each failure."""
        self.mask = mask
        self.clock = _Clock()
        self._directory = directory
        self._taken = 0
        """Bytes of the lines that are written or held."""
        self._held = ""
        """The last test's line, where the start of the next one is at hand."""
        self._max_bytes = max_bytes
        self._grouped = grouped
        self._open: dict[tuple[str, str | None], _Open] = {}
        self._started: dict[str, list[str]] = {}
        self._ended: dict[tuple[str, str | None], int] = {}
        self._latest: _Open | None = None
        self._collected: set[tuple[str, str]] = set()

    def started(self, nodeid: str) -> None:
        """A test starts; under xdist it is not said in which worker."""
        nodeid = self.identity(nodeid)
        now = self.clock()
        waiting = self._started.get(nodeid)
        if waiting is None:
            self._started[nodeid] = [now]
        else:
            waiting.append(now)
        self._hold(f'{{"$record":"start","nodeid":{quoted(nodeid)},"time":"{now}"}}\n')
        self.flush()

    def reported(self, report: Any) -> None:
        """A phase of a test, a subtest or a crash."""
        fields = report.__dict__
        extracted = fields.pop(EXTRACTED, None)
        worker = fields.get("worker_id")
        if worker is None and "node" in fields:
            worker = report.node.gateway.id
        nodeid, when, outcome = str(report.nodeid), report.when, report.outcome
        test = self._latest
        if test is None or test.reported_as != nodeid or test.worker != worker:
            test = self._latest = self._find(nodeid, worker, fields)
        if test.outcome == "rerun" and when != "teardown":
            # Whether a tear-down follows a rerun depends on the version of pytest-rerunfailures.
            self._end(test)
            test = self._latest = self._find(nodeid, worker, fields)
        if "context" in fields:
            self._subtest(test, report, extracted)
            return
        if when in _PHASES:
            duration = report.duration
            test.durations += f'"{when}":{duration:.6f},'
            test.seconds += duration
        if outcome != "passed" or "wasxfail" in fields:
            self._not_passed(test, report, extracted)
        if when == "teardown" or when not in _PHASES:
            self._end(test)

    def in_flight(self) -> list[str]:
        """The node ids of tests that started and did not end."""
        return [*self._started, *(nodeid for nodeid, _ in self._open)]

    def finish(self) -> None:
        """End what waits for a report that will not come any more."""
        for test in list(self._open.values()):
            if test.outcome == "rerun":
                self._end(test)
        self.flush()

    def flush(self) -> None:
        """Write what is held: it may be that no test follows."""
        lines, self._held = self._held, ""
        if lines:
            self._directory.append(lines.encode("ascii"))

    def collected(self, report: Any) -> None:
        """A collector that failed or was skipped; each once, however many workers saw it."""
        extracted = report.__dict__.pop(EXTRACTED, None)
        nodeid = self.identity(str(report.nodeid))
        if (nodeid, report.outcome) in self._collected:
            return
        self._collected.add((nodeid, report.outcome))
        if report.outcome == "skipped":
            reason = self._clean(_why_skipped(report.longrepr))
            self._write(f"{encoded({'$record': 'skip', 'nodeid': nodeid, 'reason': reason})}\n")
            return
        self.counts.not_collected()
        self._write(self._failure(nodeid, "collect", report, extracted))

    def failed(self, phase: str, extracted: str | None, message: str, text: str) -> None:
        """pytest itself failed."""
        self.failures += 1
        head = {"phase": phase, "time": self.clock(), "text": self._clean(text)}
        self._write(self._failure_line({"nodeid": "", **head}, extracted, message))

    def identity(self, nodeid: str) -> str:
        """The node id without secrets, and what plugins add to it for display or scheduling."""
        if self.mask.needles:
            nodeid = self.mask(nodeid)
        if self._grouped:
            nodeid = re.sub(_GROUP, r"\1", nodeid)
        return without_size(nodeid) if nodeid[-1:] == "]" else nodeid

    @functools.cached_property
    def _reports(self) -> ModuleType:
        from conftest_kit import reports  # noqa: PLC0415 - a green run does without

        return reports

    def _find(self, reported_as: str, worker: str | None, fields: dict[str, Any]) -> _Open:
        nodeid = self.identity(reported_as)
        key = (nodeid, worker)
        test = self._open.get(key)
        if test is None:
            waiting = self._started.get(nodeid)
            started = waiting.pop(0) if waiting else self.clock()
            if not waiting:
                self._started.pop(nodeid, None)
            number = self._ended.get(key, 0) + 1
            test = self._open[key] = _Open(nodeid, reported_as, started, worker, number)
            test.size = fields.pop(SIZE, None)
        return test

    def _subtest(self, test: _Open, report: Any, extracted: str | None) -> None:
        if report.outcome == "failed":
            test.subtests_failed = True
            kind = test.failure_type or self._reports.failure_type("call", extracted, report)
            test.failure_type = kind
            # No I/O during the call: it waits until the test reports.
            subtest = self._reports.subtest_name(report, in_worker=test.worker is not None)
            test.waiting += self._failure(test, report.when, report, extracted, subtest)

    def _not_passed(self, test: _Open, report: Any, extracted: str | None) -> None:
        outcome, when = report.outcome, report.when
        expected = report.__dict__.get("wasxfail")
        if outcome in ("failed", "rerun"):
            phase: Phase = when if when in _PHASES else "crash"
            self._decide(test, outcome, phase)
            if test.failure_type is None:
                test.failure_type = self._reports.failure_type(phase, extracted, report)
            # A test that failed only because its subtests did is no cause of its own.
            if extracted is not None or not test.subtests_failed:
                self._write(test.waiting + self._failure(test, phase, report, extracted))
                test.waiting = ""
        elif expected is not None:
            test.outcome = "xfailed" if outcome == "skipped" else "xpassed"
            test.phase = when
            test.reason = str(expected).removeprefix("reason: ")
        elif outcome == "skipped" and test.outcome == "passed":
            test.outcome = "skipped"
            test.phase = when
            test.reason = _why_skipped(report.longrepr)

    @staticmethod
    def _decide(test: _Open, outcome: str, phase: Phase) -> None:
        """The first failure decides, but for a rerun and for what is worse than an error."""
        decided: Outcome = "error" if phase in ("setup", "teardown") else "failed"
        if outcome == "rerun":
            decided = "rerun"
        elif test.outcome == "failed":
            return
        if test.outcome != decided:
            test.outcome, test.phase = decided, phase

    def _end(self, test: _Open) -> None:
        key = (test.nodeid, test.worker)
        del self._open[key]
        self._latest = None
        outcome = test.outcome
        if test.subtests_failed and outcome in ("passed", "skipped", "xpassed"):
            outcome, test.phase = "failed", "call"
        self.counts.ended(outcome, test.phase, test.failure_type, test.seconds)
        if test.size is not None:
            call = _call_seconds(test.durations)
            self.counts.sized(test.size, outcome, seconds=test.seconds, call=call)
        if test.reason:
            test.reason = self._clean(test.reason)
        self.flush()
        self._hold(_attempt_line(test, outcome))
        if test.worker is not None or outcome == "rerun":
            self.flush()
        self.log_entries.add(
            log.entry(
                test.nodeid,
                outcome,
                started=test.started,
                seconds=test.seconds,
                attempt=test.number,
                worker=test.worker,
                reason=test.reason,
            )
        )
        self.log_entries.settle()
        if outcome == "rerun":
            self._ended[key] = test.number

    def _failure(
        self,
        test: _Open | str,
        phase: str,
        report: Any,
        extracted: str | None,
        subtest: str | None = None,
    ) -> str:
        self.failures += 1
        head: dict[str, Any] = {"nodeid": test if isinstance(test, str) else test.nodeid}
        head["phase"] = phase
        if isinstance(test, _Open):
            if test.number > 1:
                head["attempt"] = test.number
            if test.worker is not None:
                head["worker"] = test.worker
        if subtest is not None:
            head["subtest"] = self._clean(subtest)
        head["time"] = self.clock()
        if extracted is None or not extracted.startswith(SELF_MASKED):
            head.update(self._reports.rendered(report, self._clean))
        message = "" if extracted is not None else _first_said(head.get("text", ""))
        return self._failure_line(head, extracted, message)

    def _failure_line(self, head: dict[str, Any], extracted: str | None, message: str) -> str:
        said = extracted if extracted is not None else encoded({"message": self._clean(message)})
        line = self._joined(head, said)
        if self._taken + len(line) > self._max_bytes * _SLIM_FROM:
            self.slim += 1
            head = {key: value for key, value in head.items() if key not in ("text", "captured")}
            line = self._joined(head, said)
        if self._taken + len(line) <= self._max_bytes:
            number = self.log_failures.count + 1
            self.log_failures.add(log.failure_entry(number, self._reports.for_log(head, line)))
        return line

    @staticmethod
    def _joined(head: dict[str, Any], said: str) -> str:
        head = {"$record": "failure", **{key: value for key, value in head.items() if value}}
        return f"{encoded(head)[:-1]},{said[1:]}\n"

    def _clean(self, text: str) -> str:
        return bounded(self.mask(text))

    def _write(self, lines: str) -> None:
        self._hold(lines)
        self.flush()
        self.log_failures.settle()

    def _hold(self, lines: str) -> None:
        if self._taken + len(lines) > self._max_bytes:
            self.uncounted += lines.count("\n")
            return
        self._taken += len(lines)
        self._held += lines


def _attempt_line(test: _Open, outcome: Outcome) -> str:
    line = (
        f'{test.waiting}{{"$record":"attempt","nodeid":{quoted(test.nodeid)},'
        f'"outcome":"{outcome}","started":"{test.started}",'
        f'"durations":{{{test.durations[:-1]}}}'
    )
    if test.number > 1:
        line += f',"attempt":{test.number}'
    if test.worker is not None:
        line += f',"worker":{quoted(test.worker)}'
    if test.reason:
        line += f',"reason":{quoted(test.reason)}'
    if test.size is not None:
        size, limit = test.size
        line += f',"size":"{size}","limit":{limit!r}'
    return line + "}\n"


def _why_skipped(longrepr: Any) -> str:
    text = longrepr[2] if isinstance(longrepr, tuple | list) else longrepr or ""
    return str(text).removeprefix("Skipped: ")


def _first_said(text: str) -> str:
    """Of what was rendered, without the frame that pytest-test-categories makes around it."""
    lines = [line for line in text.splitlines() if line.strip(" =")][:3]
    return "\n".join(map(without_size, lines)).strip()


def _call_seconds(durations: str) -> float:
    _, _, rest = durations.partition('"call":')
    return float(rest.partition(",")[0] or 0)


def without_size(nodeid: str) -> str:
    """The node id without what pytest-test-categories adds to it."""
    return re.sub(_SIZE, "", nodeid) if nodeid.endswith(_ENDS_OF_SIZES) else nodeid
