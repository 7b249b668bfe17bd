"""Facts about fixtures: which is not found or raised, who asks for it, and where it is defined."""

from __future__ import annotations

import difflib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from conftest_kit.records import Fixture, Frame
from orchestrator.checkout.source import is_of_tests
from orchestrator.classify.facts import Context, Fact, Facts, is_harness, own_frame
from orchestrator.failures.following import runs_pytest

_OWN = ("project", "test")
_LACKED = re.compile(
    r"^(?P<whole>(?:module |type object )?'[\w.]{1,200}'(?: object)?) has no attribute "
    r"'(?P<symbol>\w{1,200})'"
)
_REMOVAL = re.compile(r"\b(?:remove|unlink|rmtree|rmdir|removedirs)\(")
_NAMED_FOR_TESTS = re.compile(r"\w*tests?/|tests?_\w+/")


def _fixture(facts: Facts) -> str:
    return facts.group("fixture") or facts.attribute("argname")


def _nearest_fixture(facts: Facts) -> str:
    """Fixtures that the test may have meant, of those within reach."""
    available = facts.link.attributes.get("available")
    names = [str(name) for name in available] if isinstance(available, (list, tuple)) else []
    near = difflib.get_close_matches(facts["fixture"], names, n=3, cutoff=0.75)
    return ", ".join(near)


def _defined_in(facts: Facts) -> str:
    """Where the checkout defines the fixture, out of the test's reach."""
    project, test = facts.context.project, facts["test_file"]
    found = (
        entry
        for entry in project.fixtures
        # An example in the checkout that is a project of its own does not serve these tests.
        if entry.name == facts["fixture"] and project.part_of(entry.file) == project.part_of(test)
    )
    first = next(found, None)
    return f"{first.file}:{first.line}" if first else ""


def _near_in_conftest(facts: Facts) -> str:
    """A fixture of a conftest.py above the test whose name is near: a part of the one that was
    asked for, or more than it; where what bears that name is in no conftest.py.
    """
    if facts["defined_in"].rpartition(":")[0].endswith("conftest.py"):
        return ""
    wanted = set(facts["fixture"].strip("_").split("_"))
    for entry in facts.context.project.fixtures:
        folder, _, name = entry.file.rpartition("/")
        above = name == "conftest.py" and facts["test_file"].startswith(f"{folder}/".lstrip("/"))
        parts = set(entry.name.strip("_").split("_"))
        if above and entry.name != facts["fixture"] and (wanted <= parts or parts <= wanted):
            return entry.name
    return ""


def _unused_near(facts: Facts) -> str:
    """The one fixture within reach, of the checkout, that has a word of its name in common with
    the one asked for, and that no other fixture and no failing test asks for.
    """
    available, fixture = facts.link.attributes.get("available"), facts["fixture"]
    if not isinstance(available, (list, tuple)) or not fixture:
        return ""
    used = facts.context.once(_asked_for)
    words = _words(fixture)
    near = {
        entry.name
        for entry in facts.context.project.fixtures
        if entry.name in available and entry.name not in used and words & _words(entry.name)
    }
    return near.pop() if len(near) == 1 else ""


def _asked_for(context: Context) -> frozenset[str]:
    """By fixtures of the checkout, and by tests that failed."""
    asked = (name for entry in context.project.fixtures for name in entry.asks)
    given = (entry.name for failure in context.recording.failures for entry in failure.fixtures)
    return frozenset((*asked, *given))


def _words(name: str) -> set[str]:
    return {word for word in name.split("_") if len(word) > 2}


def _given_as_parameter(facts: Facts) -> str:
    """A fixture of the checkout in whose place a test was given a parameter of its name, where its
    line stumbles over that: `indirect` was forgotten.
    """
    _, _, values = facts.failure.nodeid.partition("[")
    given = {entry.name for entry in facts.failure.fixtures}
    frame = own_frame(facts)
    for entry in facts.context.project.fixtures if values and frame else ():
        named = re.search(rf"(?:^|-){re.escape(entry.name)}\d", values)
        used = frame and re.search(rf"\b{re.escape(entry.name)}\b", frame.source)
        if named and used and entry.name not in given:
            return entry.name
    return ""


def _alike_beside(facts: Facts) -> str:
    """`yes` where several tests of a file failed with this type of exception."""
    found = facts.context.once(_by_file_and_type)
    return "yes" if found[facts["test_file"], facts.link.type] > 1 else ""


def _by_file_and_type(context: Context) -> Counter[tuple[str, str]]:
    return Counter(
        (failure.nodeid.partition("::")[0], kind)
        for failure in context.recording.failures
        for kind in {link.type for link in failure.exceptions}
    )


def _shared_fixture(facts: Facts) -> str:
    """The one own fixture that all tests ask for which failed with this type of exception, where
    they are several.
    """
    return facts.context.once(_shared_by_type).get(facts.link.type, "")


def _shared_by_type(context: Context) -> Mapping[str, str]:
    asked: defaultdict[str, list[set[str]]] = defaultdict(list)
    for failure in context.recording.failures:
        own = {entry.name for entry in failure.fixtures if entry.origin in _OWN}
        for kind in dict.fromkeys(link.type for link in failure.exceptions):
            asked[kind].append(own)
    shared = {kind: set.intersection(*sets) for kind, sets in asked.items() if len(sets) > 1}
    return {kind: names.pop() for kind, names in shared.items() if len(names) == 1}


def _out_of_reach(facts: Facts) -> str:
    """Why the test does not see that fixture."""
    file = facts["defined_in"].rpartition(":")[0]
    folder, _, name = file.rpartition("/")
    if not file:
        return ""
    if name != "conftest.py":
        return f"{file} is no conftest.py, so its fixtures serve only the tests in it"
    if not folder or facts["test_file"].startswith(f"{folder}/"):
        return f"{file} is above the test and was not loaded (--noconftest, confcutdir, rootdir)"
    return f"{file} serves only tests below {folder}/"


def _own_conftest(facts: Facts) -> str:
    """The nearest conftest.py that the checkout has for the test; empty where it has none."""
    folder = facts["test_file"].rpartition("/")[0]
    while True:
        file = f"{folder}/conftest.py".lstrip("/")
        if file in facts.context.project.files:
            return file
        if not folder:
            return ""
        folder = folder.rpartition("/")[0]


def _fixture_asked_for_by(facts: Facts) -> str:
    """The fixture that asks for the one that nobody brings; empty where the test does."""
    asking = facts.attribute("requested_by")
    return "" if asking.startswith("test") or asking == facts["fixture"] else asking


def _asks_itself(facts: Facts) -> str:
    """`yes` where the fixture asks for one of its own name, which somebody else would bring."""
    name = facts["fixture"]
    own = any(name in one.asks for one in facts.context.project.fixtures if one.name == name)
    return "yes" if name and (own or facts.attribute("requested_by") == name) else ""


def _raised_in(facts: Facts) -> Fixture | None:
    """The fixture in whose code the exception was raised.

    While a test is set up or torn down, the code that runs is a fixture's: the one whose file and
    function, or nearest line above, the first own frame of the traceback shows.
    """
    if facts.failure.phase not in ("setup", "teardown"):
        return None
    for frame in facts.frames:
        if frame.origin not in ("project", "test"):
            continue
        here = [entry for entry in facts.failure.fixtures if entry.file == frame.file]
        names = {frame.function, *_names_of(facts, frame)}
        named = [entry for entry in here if entry.name in names]
        above = [entry for entry in here if entry.line <= frame.line and not _is_xunit(frame)]
        found = named or sorted(above, key=lambda entry: -entry.line)
        return found[0] if found else _of_others(facts, frame)
    return None


def _of_others(facts: Facts, frame: Frame) -> Fixture | None:
    """The fixture that a function is: what outlives tests may end after one that never had it."""
    for one in facts.context.project.fixtures if facts.failure.phase == "teardown" else ():
        if (one.file, one.function) == (frame.file, frame.function):
            return Fixture(one.name, "made for several tests", one.file, one.line)
    return None


def _fixture_is_own(facts: Facts) -> str:
    """`yes` where a file of the checkout defines the fixture that was asked for."""
    named = (entry for entry in facts.failure.fixtures if entry.name == facts["fixture"])
    return "yes" if any(entry.origin in _OWN for entry in named) else ""


def _matched_by(facts: Facts) -> str:
    """`pytester` where its matching of an inner run's output raised."""
    inside = any(frame.file == "_pytest/pytester.py" for frame in facts.link.frames)
    return "pytester" if inside else ""


def _inner_run(facts: Facts) -> str:
    """`yes` where the test runs pytest inside it."""
    return "yes" if runs_pytest(facts.failure) else ""


def _names_of(facts: Facts, frame: Frame) -> Iterator[str]:
    """The fixture that a function defines under another name."""
    for entry in facts.context.project.fixtures:
        if (entry.file, entry.function) == (frame.file, frame.function):
            yield entry.name


def _is_xunit(frame: Frame) -> bool:
    return frame.function.lower().startswith(("setup", "teardown", "asyncsetup", "asyncteardown"))


def _failing_fixture(facts: Facts) -> str:
    found = _raised_in(facts)
    return found.name if found else ""


def _failing_fixture_place(facts: Facts) -> str:
    found = _raised_in(facts)
    return f"{found.file}:{found.line} ({found.scope})" if found else ""


def _harness_raised(facts: Facts) -> str:
    """`yes` where the deepest own frame is of tests, so that no product code was running."""
    frame = own_frame(facts)
    return "yes" if frame is None or is_harness(frame) else ""


def _removes(facts: Facts) -> str:
    """`yes` where the deepest own line, which is of tests, removes a file or folder."""
    frame = own_frame(facts)
    is_removal = frame is not None and is_harness(frame) and _REMOVAL.search(frame.source)
    return "yes" if is_removal else ""


def _shared_support(facts: Facts) -> str:
    """The one file of the tests' own code that all of these files of tests import which failed
    with this type of exception, where they are several.
    """
    return facts.context.once(_support_by_type).get(facts.link.type, "")


def _support_by_type(context: Context) -> Mapping[str, str]:
    tests: defaultdict[str, set[str]] = defaultdict(set)
    for failure in context.recording.failures:
        for link in failure.exceptions:
            tests[link.type].add(failure.nodeid.partition("::")[0])
    shared: dict[str, str] = {}
    for kind, files in tests.items():
        imported = [_imported_of_tests(context, file) for file in sorted(files)]
        common = set.intersection(*imported)
        if len(files) > 1 and len(common) == 1:
            shared[kind] = common.pop()
    return shared


def _imported_of_tests(context: Context, file: str) -> set[str]:
    project = context.project
    found = {project.file_of(dotted) for dotted in project.source(file).imports.values()}
    return {one for one in found if one and is_of_tests(one)}


def _helper_of_tests(facts: Facts) -> str:
    """`yes` where the file of the checkout that an import means is of tests."""
    return "yes" if facts["helper"] and is_of_tests(facts["helper"]) else ""


def _lacking_around_test(facts: Facts) -> str:
    """`yes` where what prepares a test, or cleans up after it, asks for a name that is not there:
    one of the tests' own code, or an attribute that no test lacks while it runs itself; of a module
    only where that has one like it, as what was not renamed may be gone.
    """
    around = facts.failure.phase in ("setup", "teardown") or facts["case_method"]
    frame, project = own_frame(facts), facts.context.project
    home = project.file_of(facts["module"] or facts["object"])
    if not (around and facts["harness_raised"] and home and frame):
        return ""
    beside = home.partition("/")[0] == frame.file.partition("/")[0]
    if is_of_tests(home) or (beside and _NAMED_FOR_TESTS.match(home)):
        return "yes"
    asked = facts.group("symbol") or facts["symbol"]
    if facts.link.type != "AttributeError" or frame != facts.frames[-1]:
        return ""
    is_like = facts["nearest_name"] or facts.attribute("nearest") or not facts["module"]
    return "yes" if is_like and asked not in facts.context.once(_lacked_by_tests) else ""


def _attribute_lacked(facts: Facts) -> str:
    """What tests' own code asked for in vain as an attribute, and the nearest that is there."""
    said = _LACKED.search(facts.link.message[:1000])
    if not said or not facts["harness_raised"] or facts.link.type != "AttributeError":
        return ""
    nearest = facts["nearest_member"] or facts.attribute("nearest")
    return f"{said['whole']} has no `{said['symbol']}`{f', but `{nearest}`' if nearest else ''}"


def _lacked_by_tests(context: Context) -> frozenset[str]:
    """The attributes that were asked for in vain while tests themselves ran."""
    return frozenset(
        found["symbol"]
        for failure in context.recording.failures
        for link in failure.exceptions
        if link.type == "AttributeError" and (found := _LACKED.search(link.message[:1000]))
        if failure.phase == "call" and not context.facts(failure, link)["case_method"]
    )


FACTS: dict[str, Fact] = {
    "alike_beside": _alike_beside,
    "asks_itself": _asks_itself,
    "attribute_lacked": _attribute_lacked,
    "defined_in": _defined_in,
    "failing_fixture": _failing_fixture,
    "failing_fixture_place": _failing_fixture_place,
    "fixture": _fixture,
    "fixture_asked_for_by": _fixture_asked_for_by,
    "fixture_is_own": _fixture_is_own,
    "given_as_parameter": _given_as_parameter,
    "harness_raised": _harness_raised,
    "helper_of_tests": _helper_of_tests,
    "inner_run": _inner_run,
    "lacking_around_test": _lacking_around_test,
    "matched_by": _matched_by,
    "near_in_conftest": _near_in_conftest,
    "nearest_fixture": _nearest_fixture,
    "out_of_reach": _out_of_reach,
    "own_conftest": _own_conftest,
    "removes": _removes,
    "shared_fixture": _shared_fixture,
    "shared_support": _shared_support,
    "unused_near": _unused_near,
}
