"""What failures that say little for themselves leave, by which they are found to be one cause.

Each function yields keys; causes that share one belong together, as far as nothing speaks against
it. The keys of one function say the same of causes: `why` in `uniting` has it in words.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator
from itertools import islice

from packaging.utils import canonicalize_name

from conftest_kit.records import Failure, Frame, Raised
from corpus_memory_logging.records import Cause
from orchestrator.classify import Context
from orchestrator.classify.code.tested import Called, called
from orchestrator.classify.exceptions.differences import AT_INDEX, LINES
from orchestrator.classify.exceptions.told import told as told_of
from orchestrator.failures.chain import decisive, is_assertion
from orchestrator.failures.following import OWN
from orchestrator.failures.printed import literal
from orchestrator.failures.signature import normalise

_READ = 4096
_TRIED = 5
"""Failures of one cause differ in little; a few are looked at."""
_TELLING = 24
"""Characters from which on what a check says is its own: `assert 500 == 200` has 17."""
_SIDES = re.compile(r"^(?:assert )?(?P<left>.{1,2000}?) [!=]= (?P<right>.{1,2000})$")
_EXPECTED_LINE = re.compile(r"^ *- (?P<right>.{5,2000})$", re.MULTILINE)
_IN_COMMON = 3
"""Characters that two texts have in common, from which on one has something more."""
_TOKEN = re.compile(r"-?\d+(?:\.\d+)?|\w+|[^\w\s]")
_SENTENCE = 40
"""Characters from which on what a package says in several of its exceptions is one thing."""
_USUAL = frozenset(
    [
        *(200, 201, 202, 204, 301, 302, 303, 304, 307, 308),
        *(400, 401, 403, 404, 405, 406, 409, 410, 415, 422, 429),
        *(500, 501, 502, 503, 504),
    ]
)
"""Statuses with which servers answer most of what they are asked."""
_NO_VALUES = frozenset({"True", "False", "None"})
_LITERAL = re.compile(r"""^b?(['"]).{2,}\1$""")
# 'auth_user', "auth_user", and in `no such table: auth_user` what follows
_OBJECT = re.compile(r"""'[^']*'|"[^"]*"|(?<=: )\S.*$""")
_PARTS = re.compile(
    r"^ *Differing (?:attributes:\n *\[(?P<attributes>[^\]\n]{1,500})\]"
    r"|items:\n(?P<items>(?: *\{.{1,2000}\} != \{.{1,2000}\}\n?){1,50}))",
    re.MULTILINE,
)
_KEY = re.compile(r"^ *\{('[^'\n]{1,200}'|\"[^\"\n]{1,200}\"|[\w.-]{1,200}):", re.MULTILINE)
_CLASS = re.compile(r"(?:assert )?([A-Za-z_][\w.]{0,200})\(")
_EXPECTED = re.compile(r"^DID NOT (?:RAISE|WARN)[^'\n]{0,50}'(?P<type>[\w.]{1,200})'")


_NONE = re.compile(r"\bNone(?:Type)?\b")
# +  where None = make_xref('…'), … = <function eval at 0x7f0>('…'), … = <bound method Cart.sum of …
_GAVE_NONE = re.compile(
    r"^ *\+ {1,10}where None = "
    r"(?:<(?:function|bound method) (?:[\w<>]{1,100}\.){0,9}(?P<function>\w{1,100}) (?:at|of) "
    r"|(?:\w{1,100}\.){0,9}(?P<called>\w{1,100})\()",
    re.MULTILINE,
)
_CALL = re.compile(r"(?P<dot>\.?)\b(?P<name>[A-Za-z_]\w{3,100})\(")
_OF_OTHERS = frozenset(
    [
        *("match", "fullmatch", "search", "find", "first", "getenv", "append", "format", "join"),
        *("group", "split", "strip", "items", "keys", "values", "update", "read", "write", "close"),
    ]
)
"""What is called on things that are nobody's of the project."""


def place(nodeid: str) -> str:
    """The class that a test is in, else its file."""
    return nodeid.partition("[")[0].rpartition("::")[0] or nodeid


def told(cause: Cause, _: Context) -> Iterator[str]:
    """The same check of one file that fails with the same values."""
    for failure, raised, frame in _looked_at(cause):
        if not is_assertion(raised) or not frame.source:
            continue
        line = raised.message.strip().partition("\n")[0]
        expected = _EXPECTED.match(line)
        if expected and "." in expected["type"]:
            yield f"{place(failure.nodeid)} {frame.source} {line}"
        elif not expected and len(line) > _TELLING:
            yield f"{frame.file} {frame.source} {line}"


def thrown(cause: Cause, context: Context) -> Iterator[str]:
    """The same exception out of one function of the product, raised or logged; what a library below
    it says has to be the same as well.
    """
    for _failure, raised, frame in _looked_at(cause):
        if frame.origin == "project" and not is_assertion(raised):
            below = "" if raised.frames[-1].origin != "installed" else normalise(raised.message)
            yield f"{raised.type} {frame.file} {frame.function} {below}".strip()
    for failure in cause.failures[:1]:  # to read what 1 MB of tests printed takes 0.3 s
        for raised in told_of(failure, context.recording.run.root):
            own = [frame for frame in raised.frames if frame.origin == "project"]
            if own:
                yield f"{raised.type} {own[-1].file} {own[-1].function}"


def distribution(cause: Cause, _: Context) -> Iterator[str]:
    """The distribution that is to blame."""
    culprit = cause.verdict.culprit
    if culprit and culprit.type == "distribution":
        yield canonicalize_name(culprit.name)


def constant(cause: Cause, _: Context) -> Iterator[str]:
    """A text that the checks find whatever they expect, on the same side."""
    for _failure, raised, _frame in _looked_at(cause):
        sides = _sides(raised.message) if is_assertion(raised) else None
        for side, value in zip("lr", sides or (), strict=False):
            if _LITERAL.match(value):
                yield f"{side} {value}"


def beneath(cause: Cause, _: Context) -> Iterator[str]:
    """The same complaint of one function of a library, whatever it is of; not of unknown hosts."""
    for failure in islice(cause.failures if _tells_of_whom(cause) else (), _TRIED):
        raised = decisive(failure)
        frame = raised.frames[-1] if raised and raised.frames else None
        if raised and frame and frame.origin == "installed" and not is_assertion(raised):
            shape = _OBJECT.sub("<name>", normalise(raised.message))
            if shape.strip() != "<name>":  # of a KeyError: what is asked for may be anything
                yield f"{raised.type} {frame.file} {frame.function} {shape}"


def way(cause: Cause, _: Context) -> Iterator[str]:
    """The function of the product that an exception comes out of; those of one file that a check
    was called through.
    """
    for _failure, raised, frame in _looked_at(cause):
        product = [one for one in raised.frames if one.origin == "project"]
        if is_assertion(raised):
            inside = (one for one in product if one.file == product[-1].file)
            yield from dict.fromkeys(f"{one.file} {one.function}" for one in inside)
        elif frame.origin == "project":
            yield f"{frame.file} {frame.function}"


def said(cause: Cause, _: Context) -> Iterator[str]:
    """The same exception with the same words, wherever it was raised; not of an unknown host."""
    for _failure, raised, _frame in _looked_at(cause) if _tells_of_whom(cause) else ():
        if not is_assertion(raised) and len(raised.message) > _TELLING:
            yield f"{raised.type} {normalise(raised.message)}"


def function(cause: Cause, _: Context) -> Iterator[str]:
    """The function of the product that exceptions come out of, whatever they are."""
    for _failure, raised, frame in _looked_at(cause):
        if frame.origin == "project" and not is_assertion(raised):
            yield f"{frame.file} {frame.function}"


def asked(cause: Cause, context: Context) -> Iterator[str]:
    """The product's functions that the checks call."""
    for _failure, raised, frame in _looked_at(cause):
        if is_assertion(raised):
            yield from (
                f"{one.file} {one.name}"
                for one in called(context.project, frame)
                if not one.is_class
            )


def functions(cause: Cause, context: Context) -> frozenset[Called]:
    """The product's functions that the failing lines call."""
    frames = (frame for _, _, frame in _looked_at(cause))
    return frozenset(
        one for frame in frames for one in called(context.project, frame) if not one.is_class
    )


def differing(cause: Cause, _: Context) -> Iterator[str]:
    """How what is differs from what is expected; of numbers in the checks of one class."""
    for failure, raised, _frame in _looked_at(cause):
        sides = _sides(raised.message) if is_assertion(raised) else None
        apart = _apart(*sides) if sides else ""
        if apart:
            yield f"{place(failure.nodeid)} {apart}" if apart.startswith("by ") else apart
        if sides and (more := _more(*map(_text, sides))):
            yield more
        elif sides and not apart and (line := _EXPECTED_LINE.search(raised.message[:_READ])):
            yield f"for {line['right']}"


def parts(cause: Cause, _: Context) -> Iterator[str]:
    """In which attributes, or under which keys, what is differs from what is expected: of a check
    that tests call, or of objects of one class in the tests of one.
    """
    for failure, raised, frame in _looked_at(cause):
        named = _parts(raised.message) if is_assertion(raised) else ""
        of_class = _CLASS.match(raised.message)
        if named and not frame.function.startswith("test"):
            yield f"{frame.file} {frame.function} {frame.source} {named}"
        elif named and of_class:
            yield f"{place(failure.nodeid)} {of_class[1]} {named}"


def _parts(message: str) -> str:
    found = _PARTS.search(message[:_READ])
    if found is None:
        return ""
    return found["attributes"] or " ".join(sorted({*_KEY.findall(found["items"])}))


def nothing(cause: Cause, _: Context) -> Iterator[str]:
    """The functions that may have given `None`, to a check or to a line that stumbled over it: the
    one that the check names, else all that this line calls, and the line that led there.
    """
    for _failure, raised, _frame in _looked_at(cause):
        message = raised.message[:_READ]
        if not _NONE.search(message.strip().partition("\n")[0]):
            continue
        if named := _GAVE_NONE.search(message):
            yield named["function"] or named["called"]
        else:
            own = [frame for frame in raised.frames if frame.origin in OWN][-2:]
            found = (one for frame in own for one in _CALL.finditer(frame.source[:1000]))
            yield from dict.fromkeys(one["name"] for one in found if _may_be_own(one))


def _may_be_own(call: re.Match[str]) -> bool:
    name = call["name"]
    is_builtin = not call["dot"] and hasattr(builtins, name)
    is_check = name.lower().startswith("assert")
    return not (is_builtin or is_check or name in _OF_OTHERS)


def worded(cause: Cause, _: Context) -> Iterator[str]:
    """A sentence that the product says in exceptions of one package, whichever it raises."""
    for _failure, raised, frame in _looked_at(cause):
        package, dot, _name = raised.type.partition(".")
        sentence = normalise(raised.message)
        says = frame.origin == "project" and raised.frames[-1] is frame and not is_assertion(raised)
        if says and dot and len(sentence) >= _SENTENCE:
            yield f"{package} {sentence}"


def _tells_of_whom(cause: Cause) -> bool:
    """Whether it is not of a remote that nobody names: `Connection refused` is said of each."""
    return cause.verdict.category != "network" or cause.verdict.culprit is not None


def _sides(message: str) -> tuple[str, str] | None:
    at_index = AT_INDEX.search(message[:_READ])
    line = at_index["sides"] if at_index else message.strip().partition("\n")[0]
    found = _SIDES.match(line)
    if found and not at_index and "..." in line:  # both are abbreviated
        found = LINES.search(message[:_READ]) or found
    return (found["left"], found["right"]) if found else None


def _apart(left: str, right: str) -> str:
    """What one side has and the other has not; empty where that may be by chance."""
    one, other = _TOKEN.findall(_text(left)), _TOKEN.findall(_text(right))
    mine, yours = sorted(set(one) - set(other)), sorted(set(other) - set(one))
    if len(one) == len(other) == 1 and one != other:
        return _by(one[0], other[0])
    if (not mine and not yours) or {*mine, *yours} <= _NO_VALUES:
        return ""
    return f"{' '.join(mine)} for {' '.join(yours)}"


def _more(left: str, right: str) -> str:
    """What stands at one place of one text and not of the other, which has all else of it; empty
    for a number.
    """
    longer, shorter = sorted((left, right), key=len, reverse=True)
    alike = zip(longer, shorter, strict=False)
    before = next((at for at, (a, b) in enumerate(alike) if a != b), len(shorter))
    behind = len(shorter) - before
    if len(shorter) < _IN_COMMON or len(longer) == len(shorter) or longer.isdigit():
        return ""
    if behind and not longer.endswith(shorter[before:]):
        return ""
    more = longer[before : len(longer) - behind]
    if more.isdigit() or not more.strip():
        return ""
    return f"{'more' if longer is left else 'less'}: {more}"


def _text(value: str) -> str:
    """What stands in the quotes of a string."""
    found = literal(value)
    return found if isinstance(found, str) else value


def _by(one: str, other: str) -> str:
    """By how much two numbers differ; the two HTTP statuses where one of them is seldom seen, as
    the usual ones stand for anything; else the two words.
    """
    try:
        left, right = float(one), float(other)
    except ValueError:
        return "" if {one, other} & _NO_VALUES else f"{one} for {other}"
    statuses = all(100 <= value < 600 and value.is_integer() for value in (left, right))
    if statuses:
        return "" if {left, right} <= _USUAL else f"{one} for {other}"
    return f"by {left - right:g}"


def _looked_at(cause: Cause) -> Iterator[tuple[Failure, Raised, Frame]]:
    """A few failures with what they come down to and the deepest line of own code."""
    for failure in islice(cause.failures, _TRIED):
        raised = decisive(failure)
        own = [frame for frame in raised.frames if frame.origin in OWN] if raised else []
        if raised and own:
            yield failure, raised, own[-1]
