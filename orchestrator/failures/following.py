"""Failures that are no causes of their own: they followed from others of the same run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from conftest_kit.records import Failure, Raised
from orchestrator.checkout.source import module_name
from orchestrator.failures.chain import decisive, is_assertion, said
from orchestrator.failures.signature import Signature

OWN = ("project", "test")

_TELLING = 30
"""Characters from which on a message that recurs is the same."""
_TRACEBACK = "Traceback"
_LINE_OF_TRACEBACK = re.compile(r'File "([^"\n]+)", line (\d+), in ([^\n]+)\n')
# module 'shop.formats' has no attribute 'csv'
_LACKS = re.compile(r"^module '([\w.]{1,200})' has no attribute '(\w{1,200})'")
# cannot import name 'Loader' from partially initialized module 'shop.loader'
_HALF = re.compile(
    r"^cannot import name '\w{1,200}' from partially initialized module '([\w.]{1,200})'"
)
# PyO3 modules may only be initialized once per interpreter process
_ONCE = re.compile(r"\bonce per (?:interpreter )?process\b")
# Where a quoted message may begin: at the beginning of a word, or of a line that repr() shows as \n
_BEGINNING = re.compile(r"(?:(?<!\w)|(?<=\\n))\S")


def leads(signed: Sequence[tuple[Failure, Signature]]) -> list[Signature]:
    """For each failure the signature of what it followed from, else its own.

    Seven kinds follow: an assertion that fails after the test logged the traceback of an exception
    that others died of, or that quotes what it says; a test whose inner run of pytest reports it; a
    tear-down that only fails where the test had failed already; a package's lack of a part that
    broke while it was imported; the second import of a compiled module that can be begun once; what
    a library's function complains of at the second start, the first of which an import had ended;
    and pytest's complaint that it found nothing in a file which it could not import. The cost grows
    with the text that failures carry, not with their pairs.
    """
    return _hidden(signed, _broken_off(signed, _begun(signed, _unbound(signed, _echoed(signed)))))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Exceptions:
    """Those of a run, found again by what they leave in the output of other tests."""

    order: dict[str, int] = field(default_factory=dict)
    """Of the signatures: what was seen first explains."""
    by_place: dict[tuple[str, str], dict[str, tuple[str, Signature]]] = field(default_factory=dict)
    """Line and function of a traceback, to what is said there, in which file, and whose it is."""
    by_said: dict[str, Signature] = field(default_factory=dict)
    """The last line of a traceback that tells enough, and whose it is."""
    by_line: dict[str, Signature] = field(default_factory=dict)
    """The first line of a message, and whose it is."""
    by_report: dict[str, Signature] = field(default_factory=dict)
    """What pytest shows of an exception, and whose it is."""
    lengths: dict[str, set[int]] = field(default_factory=dict)
    """How long the lines are that begin so."""

    def add(self, failure: Failure, signature: Signature) -> None:
        """What a failure may leave."""
        raised = decisive(failure)
        if raised is None or is_assertion(raised):
            return
        self.order.setdefault(signature.id, len(self.order))
        own = [frame for frame in raised.frames if frame.origin in OWN]
        if own and raised.message:
            place = (str(own[-1].line), own[-1].function)
            self.by_place.setdefault(place, {}).setdefault(said(raised), (own[-1].file, signature))
        self.by_report.setdefault(_reported(raised), signature)
        for link in failure.exceptions:
            line = link.message.strip().partition("\n")[0]
            if len(line) >= _TELLING:
                self.by_said.setdefault(said(link), signature)
                self.by_line.setdefault(line, signature)
                self.lengths.setdefault(line[:_TELLING], set()).add(len(line))

    def behind(self, failure: Failure) -> Signature | None:
        """What an assertion logged or quotes, that others of the run died of; or what the other end
        logged, where a connection broke off; or what a run of pytest inside the test reports.
        """
        raised = decisive(failure)
        if runs_pytest(failure) and (reported := self._reported(failure.captured.values())):
            return reported
        if raised is None or not (is_assertion(raised) or _is_broken_off(raised)):
            return None
        quoted = self._quoted(raised.message) if is_assertion(raised) else ()
        found = [*self._logged(failure.captured.values()), *quoted]
        return min(found, key=lambda one: self.order[one.id], default=None)

    def _logged(self, printed: Iterable[str]) -> Iterator[Signature]:
        text = "\n".join(printed) if self.by_place or self.by_said else ""
        if _TRACEBACK not in text:
            return
        lines = {_without_module(line) for line in text.splitlines()}
        yield from (self.by_said[line] for line in lines & self.by_said.keys())
        places = dict.fromkeys(_LINE_OF_TRACEBACK.findall(text))
        for path, number, function in places:
            known = self.by_place.get((number, function), {})
            for line in lines & known.keys():
                file, signature = known[line]
                if path.endswith(file):
                    yield signature

    def _reported(self, printed: Iterable[str]) -> Signature | None:
        lines = "\n".join(printed).splitlines() if self.by_report else ()
        shown = (line[1:].strip() for line in lines if line.startswith("E  "))
        return next((self.by_report[line] for line in shown if line in self.by_report), None)

    def _quoted(self, message: str) -> Iterator[Signature]:
        for begins in _BEGINNING.finditer(message) if self.by_line else ():
            at = begins.start()
            for length in self.lengths.get(message[at : at + _TELLING], ()):
                if signature := self.by_line.get(message[at : at + length]):
                    yield signature


def runs_pytest(failure: Failure) -> bool:
    """Whether a test asks for what runs pytest inside it."""
    return any(one.file == "_pytest/pytester.py" for one in failure.fixtures)


def _reported(raised: Raised) -> str:
    """The line that pytest shows of an exception."""
    is_lookup = raised.type.endswith("FixtureLookupError")
    return raised.message.strip().partition("\n")[0] if is_lookup else said(raised)


def _is_broken_off(raised: Raised) -> bool:
    """Whether the other end of a connection went away: often a server that the test started."""
    return bool({"ConnectionError", "RemoteDisconnected"} & {*_kinds(raised)})


def _without_module(line: str) -> str:
    """The last line of a traceback as `said` has it."""
    kind, colon, message = line.strip().partition(":")
    return f"{kind.rpartition('.')[2]}{colon}{message}"


def _echoed(signed: Sequence[tuple[Failure, Signature]]) -> list[Signature]:
    exceptions = _Exceptions()
    for failure, signature in signed:
        exceptions.add(failure, signature)
    return [exceptions.behind(failure) or signature for failure, signature in signed]


def _unbound(
    signed: Sequence[tuple[Failure, Signature]], leading: Sequence[Signature]
) -> list[Signature]:
    """The leads; that of a part which a package lacks, or of a module that was left half imported,
    becomes what broke while it was imported.
    """
    broken: dict[str, Signature] = {}
    halves: dict[str, Signature] = {}
    for (failure, _), lead in zip(signed, leading, strict=True):
        raised = decisive(failure)
        if raised is None or _HALF.match(raised.message):
            continue
        for frame in raised.frames:
            if frame.function == "<module>":
                halves.setdefault(module_name(frame.file), lead)
                if frame.origin in OWN and "ImportError" in _kinds(raised):
                    broken.setdefault(module_name(frame.file), lead)
    found = list(leading)
    for place, (failure, _) in enumerate(signed if halves else ()):
        raised = decisive(failure)
        asked = _LACKS.match(raised.message) if raised else None
        half = _HALF.match(raised.message) if raised else None
        if asked:
            found[place] = broken.get(".".join(asked.groups()), found[place])
        elif half:
            found[place] = halves.get(half[1], found[place])
    return found


def _begun(
    signed: Sequence[tuple[Failure, Signature]], leading: Sequence[Signature]
) -> list[Signature]:
    """The leads; that of an import of a compiled module for the second time becomes what the first
    import broke of, at the same line; that of a RuntimeError which a library's function raises on
    purpose what an import died of that the same function had called before.
    """
    broke: dict[tuple[str, int], Signature] = {}
    ended: dict[tuple[str, str], Signature] = {}
    found = list(leading)
    for place, (failure, _) in enumerate(signed):
        raised = decisive(failure)
        if raised is None or not raised.frames:
            continue
        last, is_import = raised.frames[-1], "ImportError" in _kinds(raised)
        if is_import and _ONCE.search(raised.message):
            found[place] = broke.get((last.file, last.line), found[place])
        if "RuntimeError" in _kinds(raised) and last.source.startswith("raise "):
            found[place] = ended.get((last.file, last.function), found[place])
        for frame in raised.frames:
            broke.setdefault((frame.file, frame.line), found[place])
            if is_import and frame.origin == "installed":
                ended.setdefault((frame.file, frame.function), found[place])
    return found


def _kinds(raised: Raised) -> tuple[str, ...]:
    return (raised.type, *raised.bases)


def _hidden(
    signed: Sequence[tuple[Failure, Signature]], leading: Sequence[Signature]
) -> list[Signature]:
    """The leads; that of a usage error becomes that of the file whose tests it did not find."""
    broken = {
        failure.nodeid: lead
        for (failure, _), lead in zip(signed, leading, strict=True)
        if failure.phase == "collect"
    }
    found = list(leading)
    for place, (failure, _) in enumerate(signed):
        raised = decisive(failure) if failure.phase != "collect" else None
        if raised is None or not raised.type.endswith("UsageError"):
            continue
        named = [nodeid for nodeid in broken if nodeid and f"/{nodeid}::" in raised.message]
        found[place] = broken[named[0]] if named else found[place]
    return found


def _broken_off(
    signed: Sequence[tuple[Failure, Signature]], leading: Sequence[Signature]
) -> list[Signature]:
    """The leads; that of a tear-down becomes what the test failed of before."""
    broke: dict[tuple[str, int], Signature] = {}
    for (failure, _), lead in zip(signed, leading, strict=True):
        if failure.phase in ("setup", "call"):
            broke.setdefault((failure.nodeid, failure.attempt), lead)
    alone = {
        own.id
        for failure, own in signed
        if failure.phase != "teardown" or (failure.nodeid, failure.attempt) not in broke
    }
    return [
        lead if own.id in alone else broke[failure.nodeid, failure.attempt]
        for (failure, own), lead in zip(signed, leading, strict=True)
    ]
