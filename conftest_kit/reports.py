"""What a report says of a failure. PYTEST_DONT_REWRITE

Apart from the recorder, because a green run has no use for it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from _pytest._code.code import TerminalRepr
from _pytest._io import TerminalWriter

from conftest_kit.documents import parse
from conftest_kit.records import Failure, failure_from_json

if TYPE_CHECKING:
    from conftest_kit.metrics import FailureType
    from conftest_kit.records import Phase

_CAPTURED = frozenset({"stdout", "stderr", "log"})
_RAISED = '"exceptions":[{"type":"'
"""What stands before the first exception in what `EXTRACTED` carries; within a text the quotes
would be escaped."""
_BASES = ',"bases":['
# pytest.fail raises `Failed`, which says that it is a builtin.
_ASSERTIONS = frozenset({"AssertionError", "Failed"})
_COLOUR = r"\x1b\[[\d;]*m"
_TIMING = r"\[TC00[68]\]"
"""What pytest-test-categories says where a test took too long."""


class _PlainText:
    """Takes what pytest renders, where pytest's own writer would look at colours and widths with
    each word; that one does what is left.
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        file: Any = SimpleNamespace(write=self._parts.append)
        self._writer: Any = TerminalWriter(file)
        vars(self._writer).update(hasmarkup=False, write=self._write, line=self._line)

    def _write(self, msg: str, *, flush: bool = False, **markup: bool) -> None:
        del flush, markup
        self._parts.append(msg)

    def _line(self, s: str = "", **markup: bool) -> None:
        del markup
        self._parts.append(f"{s}\n")

    def of(self, longrepr: Any) -> str:
        """What it renders."""
        self._parts.clear()
        longrepr.toterminal(self._writer)
        return "".join(self._parts)


_PLAIN_TEXT = _PlainText()


def rendered(report: Any, clean: Callable[[str], str]) -> dict[str, Any]:
    """What pytest rendered of a failure, and what was captured."""
    captured: dict[str, str] = {}
    for title, content in report.sections:
        word, _, rest = title.partition(" ")
        stream = rest.partition(" ")[0]
        if word == "Captured" and stream in _CAPTURED:
            captured[stream] = captured.get(stream, "") + content
    return {
        "text": clean(_text(report.longrepr).strip("\n")),
        "captured": {name: clean(content) for name, content in captured.items()},
    }


def _text(longrepr: Any) -> str:
    """What pytest renders, without its colours: a collection error brings them along."""
    text = "" if longrepr is None else _as_text(longrepr)
    return re.sub(_COLOUR, "", text) if "\x1b[" in text else text


def _as_text(longrepr: Any) -> str:
    if isinstance(longrepr, TerminalRepr):
        with contextlib.suppress(Exception):  # a plugin's may ask for what pytest's own never do
            return _PLAIN_TEXT.of(longrepr).strip()
    return str(longrepr)


def for_log(head: dict[str, Any], line: str) -> Failure:
    """The failure of a line of the record, as far as the log shows it.

    `head` is what the line says beside what `EXTRACTED` carries. Where pytest's text is in it, the
    log has no use for the exceptions, and the line is not parsed.
    """
    return Failure(**head) if head.get("text") else failure_from_json(parse(line.encode()))


def failure_type(phase: Phase, extracted: str | None, report: Any) -> FailureType:
    """What kind of failure it is to CI: `extracted` is what came with the report."""
    if phase != "call":
        return "error"
    # A strict xpass, failed subtests, a limit of pytest-test-categories.
    if extracted is None or "wasxfail" in report.__dict__:
        is_timing = re.search(_TIMING, str(report.longrepr))
        return "timing_violation" if is_timing else "assertion"
    kind, _, rest = extracted.partition(_RAISED)[2].partition('"')
    bases = rest.partition("]")[0].removeprefix(_BASES) if rest.startswith(_BASES) else ""
    is_assertion = kind in _ASSERTIONS or any(
        base.strip('"') in _ASSERTIONS for base in bases.split(",")
    )
    return "assertion" if is_assertion else "error"


def subtest_name(report: Any, *, in_worker: bool) -> str:
    """As pytest shows it: `[message] (key=value, …)`."""
    context = report.context
    builtin = type(report).__module__ == "_pytest.subtests"
    parts = [f"[{context.msg}]"] if isinstance(context.msg, str) else []
    values = []
    for key, value in context.kwargs.items():
        text = value if builtin else repr(value)
        if builtin and in_worker and text[:1] == text[-1:] and text[:1] in ("'", '"'):
            text = text[1:-1]  # pytest 9 takes the repr once more on the way from a worker
        values.append(f"{key}={text}")
    if values:
        parts.append(f"({', '.join(values)})")
    return " ".join(parts) or "(<subtest>)"
