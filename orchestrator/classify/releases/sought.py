"""What an exception says that it did not find: its kind, whose it is, and its name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from orchestrator.classify.facts import Facts

_IMPORT = re.compile(
    r"cannot import name '(?P<name>\w{1,200})' from "
    r"(?:partially initialized module )?'(?P<of>[\w.]{1,200})'"
)
_OF_MODULE = re.compile(r"module '(?P<of>[\w.]{1,200})' has no attribute '(?P<name>\w{1,200})'")
_PATCHED = re.compile(
    r"<module '(?P<of>[\w.]{1,200})'.{0,400}> does not have the attribute '(?P<name>\w{1,200})'"
)
_PATCHED_CLASS = re.compile(
    r"<class '(?P<of>[\w.]{1,200})'> does not have the attribute '(?P<name>\w{1,200})'"
)
_NO_MODULE = re.compile(r"(?P<of>)No module named '?(?P<name>[\w.]{1,200})'?")
_ATTRIBUTE = re.compile(
    r"(?:type object )?'(?P<of>[\w.]{1,200})' (?:object )?has no attribute '(?P<name>\w{1,200})'"
)
_KEYWORD = re.compile(
    r"(?P<of>[\w.<>]{1,200})\(\) got an unexpected keyword argument '(?P<name>\w{1,200})'"
)
_INVALID_KEYWORD = re.compile(
    r"'(?P<name>\w{1,200})' is an invalid keyword argument for (?P<of>[\w.]{1,200})"
)
_POSITIONAL = re.compile(
    r"(?P<of>[\w.<>]{1,200})\(\) takes .{1,60} positional arguments?"
    r" (?:but (?P<name>\d{1,3}) )?"
)
_REQUIRED = re.compile(
    r"(?P<of>[\w.<>]{1,200})\(\) missing \d{1,2} required (?:positional|keyword-only) arguments?: "
    r"'(?P<name>\w{1,200})'"
)
_FIXTURE = re.compile(r"(?P<of>)fixture '(?P<name>\w{1,200})' not found")
_HOOK = re.compile(r"(?P<of>)unknown hook '(?P<name>\w{1,200})'")
_ARGUMENT = re.compile(
    r"(?s)Plugin '[^'\n]{1,500}' for hook '(?P<of>\w{1,200})'.{1,1000}?"
    r"Argument\(s\) \{[^}]{0,200}?'(?P<name>\w{1,200})'"
)
_SHAPES = (
    ("module", "ImportError", _NO_MODULE),
    ("name", "ImportError", _IMPORT),
    ("name", "AttributeError", _OF_MODULE),
    ("name", "AttributeError", _PATCHED),
    ("attribute", "AttributeError", _ATTRIBUTE),
    ("attribute", "AttributeError", _PATCHED_CLASS),
    ("keyword", "TypeError", _KEYWORD),
    ("keyword", "TypeError", _INVALID_KEYWORD),
    ("positional", "TypeError", _POSITIONAL),
    ("required", "TypeError", _REQUIRED),
    ("fixture", "FixtureLookupError", _FIXTURE),
    ("hook", "PluginValidationError", _HOOK),
    ("argument", "PluginValidationError", _ARGUMENT),
)
"""What a message asks for, by the kind of entry that answers it, and the exception it is of."""


class Sought(NamedTuple):
    """What a failure did not find: an entry's kind, whose it is, and its name; of `positional` how
    many arguments were given.
    """

    kind: str
    of: str
    name: str


def sought(facts: Facts) -> Iterator[Sought]:
    """What the exception asks for, in each way that its message and attributes can be read."""
    types = {name.rpartition(".")[2] for name in (facts.link.type, *facts.link.bases)}
    message = facts.link.message[:1000]
    for kind, exception, shape in _SHAPES:
        if exception in types and (found := shape.match(message)):
            yield Sought(kind, found["of"], found["name"] or "")
    if "AttributeError" in types and facts.attribute("obj"):
        # Whatever a module's or a class's own __getattr__ says.
        yield Sought("name", facts.attribute("obj"), facts.attribute("name"))
        for of in (facts.attribute("obj"), *above(facts)):
            yield Sought("attribute", of, facts.attribute("name"))


def above(facts: Facts) -> list[str]:
    """The classes that the one which was asked derives from; the nearest first."""
    derives = facts.link.attributes.get("derives")
    return list(map(str, derives)) if isinstance(derives, list) else []
