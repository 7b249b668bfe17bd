"""Facts about what an assertion shows of two values that differ, as pytest and unittest do."""

from __future__ import annotations

import re

from orchestrator.classify.facts import Fact, Facts

_READ = 4096
_SHOWN = 120
# a line that is expected, pytest's marks below it, and the line that is there
LINES = re.compile(
    r"^ *- ?(?P<right>\S.{0,2000})\n(?: *\? .{0,2000}\n)? *\+ ?(?P<left>\S.{0,2000})$",
    re.MULTILINE,
)
"""The first line that is otherwise: `left` there, `right` as pytest expects it."""
AT_INDEX = re.compile(
    r"^ *At index (?P<at>.{1,200}?) diff: (?P<sides>.{1,2000}? != .{1,2000})$", re.MULTILINE
)
"""The first item of a sequence that is otherwise."""
_UNITTEST = re.compile(r"^(?:[A-Z]\w{1,20} differ: |(?!assert ).{1,2000} != )")
"""How unittest begins, which shows first what is there."""
_ITEM = re.compile(r"^ *Differing items:\n *(?P<item>\{.{1,400}\} != \{.{1,400}\})$", re.MULTILINE)
_WHERE = re.compile(
    r"^ \+ {2}where (?P<value>.{1,200}?) = (?P<call>[A-Za-z_][\w.]{0,100}\(.{0,300}\))$",
    re.MULTILINE,
)


def _difference(facts: Facts) -> str:
    """The first item, or line, that is otherwise than expected: what is there, and for what."""
    message = facts.link.message[:_READ]
    if item := _ITEM.search(message):
        return f"`{_short(item['item'])}`"
    if item := AT_INDEX.search(message):
        return f"`{_short(item['sides'])}` (at {item['at']})"
    if lines := LINES.search(message):
        first, second = _short(lines["right"]), _short(lines["left"])
        expected, there = (second, first) if _UNITTEST.match(message) else (first, second)
        return f"`{there}` for `{expected}`"
    return ""


def _short(text: str) -> str:
    text = text.strip()
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _gave(facts: Facts) -> str:
    """`total() gives 3`: the call of which the check looks at the value."""
    found = _WHERE.search(facts.link.message[:_READ])
    return f"`{_short(found['call'])}` gives `{_short(found['value'])}`" if found else ""


FACTS: dict[str, Fact] = {"difference": _difference, "gave": _gave}
