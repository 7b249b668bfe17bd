"""Facts about pytest itself: what it refuses, where it raised alone, and who asks it for what."""

from __future__ import annotations

import difflib
import re
from collections import Counter

from orchestrator.classify.facts import Context, Fact, Facts
from orchestrator.failures.chain import headline

_FILTER = re.compile(
    r"while parsing the following warning configuration:\s{1,20}(?P<filter>[^\n]{1,200})"
)
_UNDER = re.compile(r"^(?:ERROR: )?(?:/[^\s:]{1,300}/)?(?=[\w.-]{1,60}\.(?:ini|toml|cfg): )")
"""The folder of the settings file that a refusal begins with."""
_RESOLVES = "_resolve_warning_category"
"""What of pytest looks for the category of a filter."""
_KINDS = (
    "Bytes Deprecation Encoding Future Import PendingDeprecation Resource Runtime Syntax Unicode"
)
_WARNINGS = tuple(f"{kind}Warning" for kind in ("", "User", *_KINDS.split()))
_READ = 1000


def _harness_asks_pytest(facts: Facts) -> str:
    """`yes` where a conftest or fixture asks an object of pytest's, or of a plugin's, for what it
    does not have, before or after a test.
    """
    owner = facts["object_owner"]
    serves = owner == "pytest" or facts.context.installed.is_plugin(owner)
    early = facts.failure.phase in ("start", "internal", "setup", "teardown")
    return "yes" if serves and early and facts["raised_origin"] == "test" else ""


def _harness_misspells(facts: Facts) -> str:
    """`yes` where a test or conftest asks the module `pytest` itself for what it does not have."""
    return "yes" if facts["module"] == "pytest" and facts["raised_origin"] == "test" else ""


def _refused(facts: Facts) -> str:
    """What pytest, or a plugin, said when it refused to go on, whatever made it; empty where own
    code did.
    """
    first = facts.failure.exceptions[0] if facts.failure.exceptions else None
    if first is None or not first.type.endswith("UsageError") or facts["own_file"]:
        return ""
    return _UNDER.sub("", headline(first.message))


def _filter_refused(facts: Facts) -> str:
    """The filter of warnings that pytest could not read; or its category, where the settings show
    no such line.
    """
    first = facts.failure.exceptions[0] if facts.failure.exceptions else None
    found = _FILTER.search(first.message[:_READ]) if first else None
    if found or facts["raised_function"] != _RESOLVES:
        return found["filter"] if found else ""
    category = facts["symbol"]
    lines = facts.context.project.settings.get("filterwarnings", "").splitlines()
    named = (line.strip(" \t\"',") for line in lines if category in line)
    return next(named, category) if category else ""


def _nearest_category(facts: Facts) -> str:
    """The warning of Python's own that the category of a filter is most like."""
    near = difflib.get_close_matches(facts["symbol"], _WARNINGS, n=1, cutoff=0.8)
    return near[0] if near and facts["module"] == "builtins" else ""


def _named_as_plugin(facts: Facts) -> str:
    """`yes` where the module was to be loaded as a plugin of pytest's."""
    said = f'Error importing plugin "{facts["module"]}"'
    return "yes" if any(said in link.message for link in facts.failure.exceptions) else ""


def _pytest_reads(facts: Facts) -> str:
    """`settings` where pytest alone was running, and read its configuration; else `tests`."""
    if facts.frames or facts["file_is_own"]:
        return ""
    reads = any(frame.file.startswith("_pytest/config/") for frame in facts.link.frames)
    return "settings" if reads else "tests"


def _pytest_below(facts: Facts) -> str:
    """`pytest<8`: the releases before its major version."""
    major = facts["pytest_version"].partition(".")[0]
    return f"pytest<{major}" if major else ""


_CIRCLE = re.compile(r"recursive dependency involving fixture '([^'\n]{1,200})' detected")


def _circle(facts: Facts) -> tuple[str, ...]:
    """The fixtures that ask for each other: pytest names of each circle the one that a test asked
    for first, and who asked for it again; to every test what it asked for belongs.
    """
    mine = {fixture.name for fixture in facts.failure.fixtures} | {facts.group("fixture")}
    return tuple(name for name in facts.context.once(_named_in_circles) if name in mine)


def _named_in_circles(context: Context) -> tuple[str, ...]:
    """Those that pytest names before those that asked."""
    named, asking = set(), set()
    for failure in context.recording.failures:
        for link in failure.exceptions[:1]:
            if found := _CIRCLE.match(link.message):
                named.add(found[1])
                asking.add(str(link.attributes.get("requested_by") or found[1]))
    return (*sorted(named), *sorted(asking - named))


def _fixture_circle(facts: Facts) -> str:
    return "`, `".join(facts.once(_circle)) if facts.group("fixture") else ""


def _fixture_circle_first(facts: Facts) -> str:
    """The one to look at: one of the tests before one of a plugin, which was there before; of those
    the one that most others ask for was there before too, so that it is what asks for another now;
    else the first by name, of those that pytest names.
    """
    circle = facts.once(_circle) if facts.group("fixture") else ()
    asked = Counter(
        name
        for entry in facts.context.project.fixtures
        if entry.name not in circle
        for name in set(entry.asks)
    )
    of_tests = {entry.name for entry in facts.failure.fixtures if entry.origin == "test"}
    return max(circle, key=lambda name: (name in of_tests, asked[name]), default="")


FACTS: dict[str, Fact] = {
    "filter_refused": _filter_refused,
    "fixture_circle": _fixture_circle,
    "fixture_circle_first": _fixture_circle_first,
    "harness_asks_pytest": _harness_asks_pytest,
    "harness_misspells": _harness_misspells,
    "named_as_plugin": _named_as_plugin,
    "nearest_category": _nearest_category,
    "pytest_below": _pytest_below,
    "pytest_reads": _pytest_reads,
    "refused": _refused,
}
