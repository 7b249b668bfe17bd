"""Facts about what libraries raise: whether that is a complaint about what they were given, or
something supports that a release does not fit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from packaging.utils import canonicalize_name

from conftest_kit.records import Frame
from orchestrator.classify.changes.edited import ASKED, Touched, touched
from orchestrator.classify.changes.since_green import changed
from orchestrator.classify.code.calls import named_owners
from orchestrator.classify.distributions.owners import owner_of
from orchestrator.classify.facts import Fact, Facts, module_of, own_frame, part
from orchestrator.classify.releases.pins import asked_otherwise

ANSWERING = frozenset({"__getattr__", "__getattribute__"})
"""Methods that answer for an object which lacks an attribute: who asked is above them."""
_OWN = ("project", "test")
_STUMBLES = frozenset({"AttributeError", "TypeError"})
_FAULTS = frozenset({"NameError", "SyntaxError"})
"""What Python raises of a line that is wrong whatever it is given."""
_PLAIN = frozenset(
    {"NoneType", "bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset"}
)
_PLAIN |= {"function", "generator", "int", "list", "method", "range", "set", "str", "tuple", "type"}
"""Python's own types: who hands one over in the place of another hands over what is wrong."""
_OF_ARRAYS = frozenset({"astype", "dtype", "dtypes", "iloc", "ndim", "shape", "to_numpy"})
"""What libraries came to ask of any value that they work with, once they worked with arrays."""
_TWICE = "got multiple values for keyword argument"
_QUOTED = re.compile(r"'(\w{1,100})'")
_WORD = re.compile(r"[A-Za-z_]\w{0,100}")
_READ = 500
_NEAR = 15
"""An edit is near from what the test imports on."""
_OF_CODE = ("harness", "product", "test")


def _libraries_since_green(facts: Facts) -> str:
    """`same` where Python, the libraries that the failure has to do with and what they rest on are
    what they were in the green run; else `changed`. Empty where no such run or library is known.
    """
    green = facts.context.green
    if (
        green is None
        or not green.run.environment.distributions
        or not facts.context.installed.versions
    ):
        return ""
    involved = frozenset(canonicalize_name(name) for name in _involved(facts) if name)
    if not involved:
        return ""
    other = facts["python_before"] or facts.once(changed).keys() & _rests_on(facts, involved)
    return "changed" if other else "same"


def _involved(facts: Facts) -> Iterator[str]:
    """Distributions that the failure went through, is about, or that its own lines name."""
    yield from (facts[name] for name in ("asked_alone", "callee", "counted", "newcomer"))
    yield from (facts[name] for name in ("object_owner", "owner", "refuser", "refuser_of_test"))
    yield facts["returned_by"]
    for frame in facts.frames:
        owner = owner_of(facts, module_of(frame)) if frame.origin == "installed" else None
        if owner:
            yield owner.name
        if frame.origin in _OWN:
            yield from (named.name for named in named_owners(facts, frame))


def _rests_on(facts: Facts, names: frozenset[str]) -> frozenset[str]:
    """These distributions, and all that they ask for."""
    found: set[str] = {*names}
    while more := {one for name in found for one in facts.context.installed.asked_by(name)} - found:
        found |= more
    return frozenset(found)


def _complaint(facts: Facts) -> str:
    """`yes` where what a library raised belongs to who called it: where the libraries are what they
    were when it passed; and where that is not known, and nothing supports that a release does not
    fit.
    """
    library, since = facts["complaining"], facts["libraries_since_green"]
    if not library or since == "changed":
        return ""
    called = own_frame(facts) is not None or facts["refuser"] or facts["refuser_of_test"]
    answers = facts["told"] == "request"
    is_its_own = (called or answers) and not _supported(facts, library)
    return "yes" if since == "same" or is_its_own else ""


def _supported(facts: Facts, library: str) -> bool:
    """Whether somebody asks for another release of the library, or it stumbled itself."""
    warned = "Warning" in facts.link.bases
    return warned or asked_otherwise(facts, library) is not None or _stumbled(facts)


def _stumbled(facts: Facts) -> bool:
    """Whether the library raised without meaning to: while it was imported, where another library
    asked its stand-in for an attribute, in an `assert` that says nothing, or over an object that is
    none of Python's own, or that it asks for what is private to it, or of arrays.
    """
    link, last, kinds = facts.link, facts.frames[-1:], {facts.link.type, *facts.link.bases}
    if _asked_by_another(facts):
        return True
    if not last or "." in link.type or last[0].source.startswith("raise "):
        return False
    if _TWICE in link.message[:_READ]:  # who called gave what the library gives itself
        return False
    if "AssertionError" in kinds:
        return not link.message
    if kinds & _FAULTS or any(frame.function == "<module>" for frame in _below(facts)):
        return True
    is_python = last[0].source or "AttributeError" in kinds
    over = _QUOTED.findall(link.message[:_READ]) if is_python else []
    is_odd = over and (over[0] not in _PLAIN or over[-1] in _OF_ARRAYS or over[-1][0] == "_")
    return bool(kinds & _STUMBLES and is_odd)


def _below(facts: Facts) -> tuple[Frame, ...]:
    """What own code called, at its deepest line."""
    own = [place for place, frame in enumerate(facts.frames) if frame.origin in _OWN]
    return facts.frames[own[-1] + 1 :] if own else facts.frames


def _asked_by_another(facts: Facts) -> bool:
    """Whether one library asked another's object for what that does not have."""
    if not facts.frames or facts.frames[-1].function not in ANSWERING:
        return False
    asking = next((one for one in reversed(facts.frames) if one.function not in ANSWERING), None)
    owner = owner_of(facts, module_of(asking)) if asking and asking.origin == "installed" else None
    return owner is not None and owner.name != facts["raiser"]


def _asked_inside(facts: Facts) -> str:
    """`yes` where it was a library's line that asked an object for an attribute; what only answers
    for the object is passed over.
    """
    asking = (frame for frame in reversed(facts.frames) if frame.function not in ANSWERING)
    frame = next(asking, None)
    return "yes" if frame and frame.origin == "installed" else ""


def _complaining(facts: Facts) -> str:
    """The library that raised, or within which it was raised and handled."""
    return facts["raiser"] or facts["refuser"] or facts["refuser_of_test"]


def _complaining_version(facts: Facts) -> str:
    return facts.context.installed.version(facts["complaining"])


def _complaint_place(facts: Facts) -> str:
    """The line of own code that called it."""
    return facts["refused_place"] or facts["place"]


class _Edited(NamedTuple):
    """Code that was edited since the tests passed."""

    file: str
    part: str
    """`Cart.total`; empty where it is in no function or class, or in several."""


def _edited_of(facts: Facts) -> _Edited | None:
    """What was edited and is named by a line that the exception came through; else the nearest of
    what it came through, or its test imports or is given: no function that it did not come through.
    """
    found = [one for one in facts.once(touched) if one.role in _OF_CODE]
    files = {one.file for one in found}
    links = facts.failure.exceptions
    own = (one for link in links for one in reversed(link.frames) if one.origin in _OWN)
    words = {word for frame in own for word in _WORD.findall(frame.source)}
    for edit in facts.context.edits or ():
        for name in (*edit.parts, *edit.gone) if edit.file in files else ():
            if words & {*name.split(".")}:
                return _Edited(edit.file, name)
    nearest = next((one for one in found if one.nearness >= _NEAR and not _is_beside(one)), None)
    return _Edited(nearest.file, nearest.function) if nearest else None


def _is_beside(one: Touched) -> bool:
    """Whether it is a function of a file on the way, and not on the way itself."""
    is_function = one.function.rpartition(".")[2][:1].islower() or one.function.startswith("_")
    return is_function and one.nearness < ASKED


FACTS: dict[str, Fact] = {
    "asked_inside": _asked_inside,
    "complaint": _complaint,
    "complaining": _complaining,
    "complaining_version": _complaining_version,
    "complaint_place": _complaint_place,
    "edited_near_file": part(_edited_of, "file"),
    "edited_near_part": part(_edited_of, "part"),
    "libraries_since_green": _libraries_since_green,
}
