"""Facts about what stands around tests: set-ups that leave something out, replace what is not
there, clash, or point elsewhere.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from conftest_kit.records import Fixture
from orchestrator.classify.facts import Context, Fact, Facts, is_harness, own_frame, part

_OWN = ("project", "test")
_PATCHING = ("_pytest/monkeypatch.py", "unittest/mock.py", "pkgutil.py")
_INSIDE_MODULE = re.compile(r"'([\w.]{1,200})' is not a package")
_OF_FOLDERS = re.compile(r"root|dir|path|folder|data")
"""In the names of fixtures that say where files are."""
_RESETS = re.compile(r"_?(?:auto_?)?(?:re_?set|clear|clean|restore|forget|flush)_?(?:up_)?")
_SHORT = 3
"""Letters of a name that any message may have."""
_SEVERAL = 3
"""Files of one folder that have to be out of reach, for it to be the way there."""
# /tmp/pytest-of-user/pytest-0/test_total0/prices.json
_OF_A_TEST = re.compile(r"/pytest-of-[^/\s'\"]{1,80}/pytest-\d{1,6}/(test_\w{1,60}?)\d{1,6}/")
_NAMED_LONG = 30
"""How much of a test's name pytest gives its folder."""
_GIVING_FOLDERS = frozenset({"tmp_path", "tmpdir", "tmp_path_factory", "tmpdir_factory"})
_READ = 4096


def _own_given(facts: Facts) -> Iterator[Fixture]:
    return (entry for entry in facts.failure.fixtures if entry.origin in _OWN)


def _unset_attribute(facts: Facts) -> str:
    """What a line of a test reads of the test's own class, and nothing set; not what it calls:
    methods come from the class and its bases.
    """
    symbol, frame = facts["symbol"], facts.frames[-1] if facts.frames else None
    of_test = facts["object"].rpartition(".")[2] in facts["test"].split("::")[1:-1]
    if not symbol or not of_test or frame is None or facts["case_method"]:
        return ""
    in_tests = is_harness(frame) or frame.file == facts["test_file"]
    # What it gives a value is no lack.
    reads = re.search(rf"\b(?:self|cls)\.{symbol}\b(?!\s*(?:\(|=[^=]))", frame.source)
    return symbol if in_tests and reads else ""


def _set_ups(facts: Facts) -> str:
    """The methods that prepare tests of such a class, as who runs it calls them."""
    by_unittest = any(frame.file == "unittest/case.py" for frame in facts.frames)
    return "`setUp` or `setUpClass`" if by_unittest else "`setup_method` or an `autouse` fixture"


def _patching(facts: Facts) -> Facts | None:
    """Of the exception that came out of a set-up which replaces something by its dotted name, where
    a module of the project has none of that name, or is gone through as if it were a package.
    """
    first = facts.failure.exceptions[0] if facts.failure.exceptions else None
    if first is None or not (_leads_through_module(facts) or _lacks_name(facts)):
        return None
    outer = facts.context.facts(facts.failure, first)
    replaces = any(frame.file in _PATCHING for frame in first.frames)
    around = facts.failure.phase in ("setup", "teardown") or outer["case_method"]
    return outer if replaces and around and outer["harness_raised"] else None


def _leads_through_module(facts: Facts) -> bool:
    said = _INSIDE_MODULE.search(facts.link.message[:_READ])
    file = facts.context.project.file_of(said[1]) if said else ""
    # What is a package in the checkout, something else stands in for.
    return bool(file) and not file.endswith("__init__.py")


def _lacks_name(facts: Facts) -> bool:
    return "AttributeError" in facts.link.type and facts["owner_state"] == "project"


def _patched_name(facts: Facts) -> str:
    """What was to be replaced and is not there: `shop.cart.TAX`."""
    is_name = _lacks_name(facts) and facts["symbol"]
    return f"{facts['module']}.{facts['symbol']}" if is_name else facts["module"]


def _patching_place(facts: Facts) -> str:
    outer = facts.once(_patching)
    frame = own_frame(outer) if outer else None
    return f"{frame.file}:{frame.line}" if frame else ""


def _patching_fixture(facts: Facts) -> str:
    outer = facts.once(_patching)
    return outer["failing_fixture"] if outer else ""


class _Clash(NamedTuple):
    fixture: str
    """The one of the two that somebody else than the test asks for."""
    asking: str
    place: str


def _clash(facts: Facts) -> _Clash | None:
    """Which own fixture of the test asks for one of two that cannot be together."""
    two = (facts.group("one"), facts.group("other"))
    given = {(entry.name, entry.file) for entry in _own_given(facts)}
    for entry in facts.context.project.fixtures:
        asked = [name for name in two if name in entry.asks]
        if asked and (entry.name, entry.file) in given:
            return _Clash(asked[0], entry.name, f"{entry.file}:{entry.line}")
    return None


def _calling_fixture(facts: Facts) -> Fixture | None:
    """The own fixture in whose code another is called directly: in its function, or in what it gave
    the test, which calls that by the fixture's name.
    """
    own = [frame for frame in facts.frames if frame.origin in _OWN]
    if not own:
        return None
    names = {(one.function, one.file): one.name for one in facts.context.project.fixtures}
    inside = names.get((own[-1].function, own[-1].file))
    calls = own[-2].source if len(own) > 1 else ""
    for entry in _own_given(facts):
        gave = (
            re.search(rf"(?<![\w.'\"]){re.escape(entry.name)}\(", calls)
            and entry.file == own[-1].file
        )
        if entry.name == inside or gave:
            return entry
    return None


def _calling_place(facts: Facts) -> str:
    found = facts.once(_calling_fixture)
    return f"{found.file}:{found.line}" if found else ""


class _Unasked(NamedTuple):
    name: str
    near: str
    """The fixture of the test that could ask for it."""
    place: str


def _unasked(facts: Facts) -> _Unasked | None:
    """A fixture beside one that the test was given, which nothing asks for any more: both prepare
    the same, and what was raised speaks of it.
    """
    project, given = facts.context.project, {entry.name for entry in facts.failure.fixtures}
    own = {(entry.name, entry.file) for entry in _own_given(facts)}
    said = _in_words(facts.link.message[:_READ])
    asking = [one for one in project.fixtures if (one.name, one.file) in own]
    for one in project.fixtures:
        words = _in_words(one.name) if len(one.name) > _SHORT else set()
        here = [known for known in project.fixtures if known.file == one.file]
        is_asked_for = one.name in given or any(one.name in known.asks for known in here)
        if is_asked_for or not words or not words <= said:
            continue
        for near in asking:
            if near.file == one.file and given.intersection(near.asks, one.asks):
                return _Unasked(one.name, near.name, f"{near.file}:{near.line}")
    return None


def _in_words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9]+", text.lower()))


class _Elsewhere(NamedTuple):
    looked: str
    """The folder that is not there."""
    there: str
    """The one that holds what was looked for."""


def _elsewhere(facts: Facts) -> _Elsewhere | None:
    """Where a path leads through a folder that the project has not, and beside that folder lies
    one which holds the rest of the path.
    """
    if not facts["file_is_own"]:
        return None
    folders, data = facts.context.once(_folders), facts.context.project.data
    parts = facts["filename"].split("/")
    depth = next((n for n in range(1, len(parts)) if "/".join(parts[:n]) not in folders), 0)
    above, rest = "/".join(parts[: depth - 1]), parts[depth:]
    if depth < 2:
        return None
    of_file = data.get(f".{parts[-1].rpartition('.')[2]}") if "." in parts[-1] else None
    if of_file is not None:
        rest = rest[:-1]
    ending = f"/{'/'.join(rest)}"
    like = [
        one
        for one in (folders if of_file is None else of_file)
        if rest and one.startswith(f"{above}/") and one.endswith(ending)
    ]
    looked = "/".join(parts[:depth])
    return _Elsewhere(looked, like[0].removesuffix(ending)) if len(like) == 1 else None


def _folders(context: Context) -> frozenset[str]:
    """The folders of the project that hold something."""
    project = context.project
    holding = {file.rpartition("/")[0] for file in project.files}
    holding.update(folder for found in project.data.values() for folder in found)
    above = (folder.split("/")[:n] for folder in holding for n in range(1, folder.count("/") + 2))
    return frozenset("/".join(parts) for parts in above)


def _pointing_fixture(facts: Facts) -> Fixture | None:
    """The one own fixture of a test that says where files are, where what prepares the test looks
    for some in a folder that is none.
    """
    if facts.failure.phase != "setup" or not facts.once(_elsewhere):
        return None
    own = list(_own_given(facts))
    found = own if len(own) == 1 else [one for one in own if _OF_FOLDERS.search(one.name)]
    return found[0] if len(found) == 1 else None


def _pointing_place(facts: Facts) -> str:
    found = facts.once(_pointing_fixture)
    return f"{found.file}:{found.line}" if found else ""


def _left_folder(facts: Facts) -> str:
    """The folder of which several files are out of reach that a process finds which is where it
    was started: pytest was started at the root, and the folder is there with others of their kind.
    """
    folder = _relative_folder(facts)
    return folder if folder and facts.context.once(_out_of_reach)[folder] >= _SEVERAL else ""


def _relative_folder(facts: Facts) -> str:
    """The folder of a file that was looked for from the current folder, where the project has it
    and files of that ending in it.
    """
    asked = facts.link.attributes.get("filename")
    if not isinstance(asked, str) or asked.startswith(("/", "~", "..")):
        return ""
    folder, _, name = asked.removeprefix("./").rpartition("/")
    ending = f".{name.rpartition('.')[2]}"
    return folder if folder in facts.context.project.data.get(ending, ()) else ""


def _out_of_reach(context: Context) -> Counter[str]:
    """By folder: how many of its files were looked for in vain, from where pytest was started."""
    run = context.recording.run
    if run.directory != run.root or not run.counts.get("passed", 0):
        return Counter()
    missing = {
        (folder, str(link.attributes["filename"]))
        for failure in context.recording.failures
        for link in failure.exceptions
        if "FileNotFoundError" in (link.type, *link.bases)
        and (folder := _relative_folder(context.facts(failure, link)))
    }
    return Counter(folder for folder, _ in missing)


def _ran_before(facts: Facts) -> str:
    """The test that ran right before the first one which looked there in vain, as far as the record
    holds it.
    """
    context, folder, before = facts.context, facts["left_folder"], ""
    in_vain = {
        failure.nodeid
        for failure in context.recording.failures
        for link in failure.exceptions
        if folder and _relative_folder(context.facts(failure, link)) == folder
    }
    for attempt in context.recording.attempts if in_vain else ():
        if attempt.nodeid in in_vain:
            return before
        before = attempt.nodeid
    return ""


def _resetting_fixture(facts: Facts) -> Fixture | None:
    """The own fixture of the test that is there to reset what the deepest own line uses: its name
    says so.
    """
    frame = own_frame(facts)
    used = re.sub(r"[\W_]+", "", frame.source).lower() if frame else ""
    for entry in _own_given(facts):
        resets = _RESETS.match(entry.name)
        words = entry.name[resets.end() :].split("_") if resets else []
        if any(len(word) > 3 and word.lower() in used for word in words):
            return entry
    return None


def _resetting_place(facts: Facts) -> str:
    found = facts.once(_resetting_fixture)
    return f"{found.file}:{found.line}" if found else ""


def _left_by_test(facts: Facts) -> str:
    """The test whose temporary folder a check of another one found, where nothing that outlives a
    test was given to it.
    """
    found = _OF_A_TEST.search(facts.link.message[:_READ])
    outlives = any(entry.scope != "function" for entry in _own_given(facts))
    if found is None or outlives or facts.failure.phase != "call":
        return ""
    name = facts.failure.nodeid.partition("[")[0].rpartition("::")[2][:_NAMED_LONG]
    given = found[1].rstrip("_")
    is_own = name.startswith(given) or given.startswith(name.rstrip("_0123456789"))
    return "" if is_own else given


def _left_beside(facts: Facts) -> str:
    """The test that left something which a check of another test of the same file found."""
    return facts.context.once(_leaving_tests).get(facts["test_file"], "")


def _leaving_tests(context: Context) -> Mapping[str, str]:
    """By file: the test of whose temporary folder a failing check of the file found something."""
    leaving: dict[str, str] = {}
    for failure in context.recording.failures:
        for link in failure.exceptions[:1]:
            facts = context.facts(failure, link)
            if facts["left_by_test"] and not facts["inner_run"]:
                leaving.setdefault(facts["test_file"], facts["left_by_test"])
    return leaving


def _leaving_fixture(facts: Facts) -> str:
    """The one fixture of the checkout that asks for a temporary folder, where a test left its."""
    if not (facts["left_by_test"] or facts["left_beside"]):
        return ""
    fixtures = facts.context.project.fixtures
    asking = {one.name for one in fixtures if _GIVING_FOLDERS.intersection(one.asks)}
    return asking.pop() if len(asking) == 1 else ""


FACTS: dict[str, Fact] = {
    "around_method": lambda facts: facts["case_method"] or facts["xunit_method"],
    "calling_fixture": part(_calling_fixture, "name"),
    "calling_place": _calling_place,
    "clash_asked_by": part(_clash, "asking"),
    "clash_place": part(_clash, "place"),
    "clashing_fixture": part(_clash, "fixture"),
    "leaving_fixture": _leaving_fixture,
    "left_beside": _left_beside,
    "left_by_test": _left_by_test,
    "left_folder": _left_folder,
    "patched_name": _patched_name,
    "patching_fixture": _patching_fixture,
    "patching_place": _patching_place,
    "pointing_fixture": part(_pointing_fixture, "name"),
    "pointing_looked": part(_elsewhere, "looked"),
    "pointing_place": _pointing_place,
    "pointing_there": part(_elsewhere, "there"),
    "ran_before": _ran_before,
    "resetting_fixture": part(_resetting_fixture, "name"),
    "resetting_place": _resetting_place,
    "unasked_fixture": part(_unasked, "name"),
    "unasked_near": part(_unasked, "near"),
    "unasked_near_place": part(_unasked, "place"),
    "set_ups": _set_ups,
    "unset_attribute": _unset_attribute,
}
