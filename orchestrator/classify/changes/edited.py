"""Facts about what was edited since the tests of a cause passed last, and what of it the failure
may have to do with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import NamedTuple

from conftest_kit.records import Failure
from orchestrator.checkout.edits import Edit
from orchestrator.checkout.source import is_of_tests, module_name
from orchestrator.classify.changes.since_green import same_code, was_committed
from orchestrator.classify.code.tested import called
from orchestrator.classify.facts import Context, Fact, Facts, is_harness, own_frame, part
from orchestrator.failures.chain import decisive

_READ = 2000
_SHOWN = 3
"""Edits that are named in one sentence."""
_AROUND_TESTS = re.compile(
    r"(?:asyncSetUp|asyncTearDown|(?:setUp|tearDown)(?:Class|Module|TestData)?"
    r"|(?:setup|teardown)(?:_class|_function|_method|_module)?|pytest_\w+)"
)
"""What is run around tests without being a fixture."""
_SETTINGS = re.compile(
    r"(?:.*/)?(?:[\w.-]+\.(?:ini|cfg)|\.?pytest\.toml|pyproject\.toml|setup\.py)"
)
_TOLD_BESIDE = re.compile(r"(?:docs?|\.[^./][^/]*)/")
"""Folders of what documents the code, and of what hides from it."""
_TELLS_NOTHING = re.compile(
    r"(?:docs?|requirements|scripts|examples|\.[^./][^/]*)/.*|\.[^./][^/]*|requirements[\w.-]*"
    r"|(?:.*/)?(?:authors|changelog|changes|contributing|copying|dockerfile|history|licen[cs]e|makefile"
    r"|manifest\.in|news|notice|readme)[^/]*|[^/]+\.(?:lock|md|rst|txt)"
    r"|(?:appveyor|azure-pipelines|codecov|docker-compose|mkdocs|readthedocs)[^/]*\.ya?ml",
    re.IGNORECASE,
)
"""No code: what is written about it, what is installed for it, and how others start it."""
_ANYWHERE, _IMPORTED, _ABOVE, ASKED, _AROUND = 10, 15, 20, 35, 40
"""How near is what any test may rest on, what the test imports, a conftest above it, what its lines
call, and what stands around it.
"""


class Touched(NamedTuple):
    """A part of an edit that a failure may have to do with."""

    nearness: int
    file: str
    function: str
    """`Shop.add`; empty for what stands in none, and for files that are no Python."""
    role: str
    """`harness`, `test`, `product`, `settings` or `data`."""
    state: str

    def __str__(self) -> str:
        if self.function:
            return f"`{self.function}` in {self.file}"
        return self.file if self.state == "changed" else f"{self.file} ({self.state})"


def touched(facts: Facts) -> tuple[Touched, ...]:
    """The nearest first: a function that it came through, a fixture that the test was given, the
    test or what stands around it, a file on the way, a conftest above, what the test imports, and
    what any test may rest on.
    """
    found: list[Touched] = []
    for edit in _told(facts.context.edits or ()):
        least, parts = _least(facts, edit), (*edit.parts, *edit.gone) or ("",)
        is_conftest = edit.file.rpartition("/")[2] == "conftest.py"
        if _kind(edit.file) and (is_conftest or edit.file in facts.once(_near)):
            near = [(max(_nearness(facts, edit.file, one), least), one) for one in parts]
        else:
            asked = [(ASKED, one) for one in parts if _is_asked(facts, edit.file, one)]
            near = asked or [(least, parts[0])]
        found.extend(
            Touched(nearness, edit.file, function, _role(facts, edit.file, function), edit.state)
            for nearness, function in near
            if nearness
        )
    return tuple(sorted(found, key=lambda one: -one.nearness))


def only_edit(failure: Failure, context: Context) -> str:
    """Of a failure whose test passed before: the one function or file that was edited since, where
    nothing else changed and the failure may come from there; empty where that is not so.
    """
    edits = list(_told(context.edits or ()))
    if len(edits) != 1 or len((*edits[0].parts, *edits[0].gone)) > 1:
        return ""
    facts = context.facts(failure, decisive(failure))
    return facts["edited"] if facts["edited_alone"] else ""


def _told(edits: Sequence[Edit]) -> Iterator[Edit]:
    """The edits without what only went with its package."""
    removed = (edit.file for edit in edits if edit.state == "removed")
    packages = [
        file.removesuffix("__init__.py") for file in removed if file.endswith("/__init__.py")
    ]
    for edit in edits:
        if edit.file.endswith("/__init__.py") or not edit.file.startswith(tuple(packages)):
            yield edit


def _near(facts: Facts) -> AbstractSet[str]:
    """Files on the way of the exception, of the fixtures, and that of the test."""
    return {*facts.once(_way), *(file for _, file in facts.once(_given)), facts["test_file"]}


def _least(facts: Facts, edit: Edit) -> int:
    """How near a whole file is, wherever in it something was edited. What imports a module that was
    removed is not told by what is there.
    """
    file, kind = edit.file, _kind(edit.file)
    if kind == "product" and edit.state == "removed":
        return _IMPORTED
    if kind in ("settings", "data") or file.startswith("../"):
        return _ANYWHERE if kind else 0
    is_conftest = file.rpartition("/")[2] == "conftest.py"
    if kind and not is_conftest and file in facts.once(_imported):
        return _IMPORTED
    return _ANYWHERE if kind == "product" and facts.once(_is_check) else 0


def _is_asked(facts: Facts, file: str, function: str) -> bool:
    """Whether a line of the tests on the way calls a function of the product."""
    return (file, function.rpartition(".")[2]) in facts.once(_asked)


def _asked(facts: Facts) -> AbstractSet[tuple[str, str]]:
    lines = (frame for frame in facts.frames if is_harness(frame))
    found = (one for line in lines for one in called(facts.context.project, line))
    return {(one.file, one.name.rpartition(".")[2]) for one in found}


def _is_check(facts: Facts) -> bool:
    """Whether no product raised: what a test checks may have come out of any function of it."""
    own = own_frame(facts)
    return own is None or is_harness(own)


def _imported(facts: Facts) -> AbstractSet[str]:
    """What the test's file and what lies on the way import of the project, also through others."""
    test = facts["test_file"]
    return facts.context.project.sources_near(sorted(facts.once(_near))).keys() - {test}


@lru_cache(maxsize=8192)
def _kind(file: str) -> str:
    """`settings`, `data`, `product` or `tests`; empty for what no test rests on."""
    if _SETTINGS.fullmatch(file):
        return "settings"
    if not file.endswith(".py"):
        return "" if _TELLS_NOTHING.fullmatch(file) else "data"
    if _TOLD_BESIDE.match(file):
        return ""
    return "tests" if is_of_tests(file) else "product"


def _role(facts: Facts, file: str, function: str) -> str:
    """Of the tests, whether it is a test or stands around them; else the kind of the file."""
    kind, name = _kind(file), function.rpartition(".")[2]
    if kind != "tests":
        return kind
    is_around = file.endswith("conftest.py") or _AROUND_TESTS.fullmatch(name)
    return "harness" if is_around or _fixture_of(facts, file, name) else "test"


def _nearness(facts: Facts, file: str, function: str) -> int:
    """How near a function of the tests or of the product is; 0 where nothing leads there."""
    name, way = function.rpartition(".")[2], facts.once(_way)
    fixture = _fixture_of(facts, file, name)
    if name and name in way.get(file, ()):
        return 60
    if fixture and (fixture, file) in facts.once(_given):
        return 50
    if file == facts["test_file"]:
        return 0 if fixture else _in_own_file(facts, function)
    folder, _, last = file.rpartition("/")
    if last == "conftest.py":
        is_above = not folder or facts["test_file"].startswith(f"{folder}/")
        return _ABOVE if is_above else 0
    return 30 if file in way else 0


def _in_own_file(facts: Facts, function: str) -> int:
    """The nearest are the test and what stands around it, then what it may call, and what its class
    may inherit; no other test.
    """
    parts = function.split(".")
    test = facts.failure.nodeid.partition("[")[0].split("::")[1:]
    is_around = _AROUND_TESTS.fullmatch(parts[-1])
    is_own = is_around and parts[:-1] == test[: len(parts) - 1]
    if not (test and function) or parts == test[: len(parts)] or is_own:
        return _AROUND
    return 0 if parts[-1].startswith("test") or not (is_around or "Test" not in parts[0]) else 25


def _way(facts: Facts) -> Mapping[str, AbstractSet[str]]:
    """Files and their functions that the exception came through; also one only told of."""
    links = facts.failure.exceptions
    found: dict[str, set[str]] = {}
    for frame in (*facts.frames, *(frame for link in links for frame in link.frames)):
        if frame.origin in ("project", "test"):
            found.setdefault(frame.file, set()).add(frame.function)
    return found


def _given(facts: Facts) -> AbstractSet[tuple[str, str]]:
    """The fixtures that the test was given, and their files."""
    return {(one.name, one.file) for one in facts.failure.fixtures}


def _fixture_of(facts: Facts, file: str, function: str) -> str:
    """The name of the fixture that a function of that name defines."""
    known = facts.context.once(_fixtures)
    return known.get((file, function), "")


def _fixtures(context: Context) -> Mapping[tuple[str, str], str]:
    return {(one.file, one.function): one.name for one in context.project.fixtures}


def _nearest(facts: Facts) -> Touched | None:
    return next(iter(facts.once(touched)), None)


def _only_role(facts: Facts) -> str:
    """The role of all that was edited and may matter, where the code alone changed and all of it
    was committed when it passed. Of what stands around tests something has to be near.
    """
    found = facts.once(touched)
    roles = {one.role for one in found}
    if len(roles) != 1 or not facts["code_alone"] or not facts.once(was_committed):
        return ""
    is_far = found[0].nearness < _AROUND and not found[0].file.endswith("conftest.py")
    return "" if roles == {"harness"} and is_far else roles.pop()


def _fixture(facts: Facts) -> str:
    """The name of the fixture that the nearest edited function defines."""
    nearest = facts.once(_nearest)
    if nearest is None:
        return ""
    return _fixture_of(facts, nearest.file, nearest.function.rpartition(".")[2])


def _is_given(facts: Facts) -> str:
    """`yes` where the nearest edit is of a fixture that the test was given; else `no`."""
    nearest = facts.once(_nearest)
    return "yes" if nearest and nearest.nearness >= _AROUND else "no"


def _removed(facts: Facts) -> str:
    """The file that was removed; of several the one that the exception names, else the folder that
    they were all in, else none.
    """
    files = [one.file for one in facts.once(touched) if one.state == "removed"]
    said = f"{facts['filename']} {facts.link.message[:_READ]}"
    named = [file for file in files if file.rpartition("/")[2] in said]
    if len(files) < 2 or len(named) == 1:
        return next(iter(named or files), "")
    folders = {file.rpartition("/")[0] for file in files}
    return folders.pop() if len(folders) == 1 else ""


def _module(facts: Facts) -> str:
    """The dotted name of the nearest edited module."""
    nearest = facts.once(_nearest)
    return module_name(nearest.file) if nearest and nearest.file.endswith(".py") else ""


def _edited(facts: Facts) -> str:
    """`client` in tests/conftest.py, shop/cart.py and 3 more."""
    found = [str(one) for one in facts.once(touched)]
    more = [f"{len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    return ", ".join((*found[:_SHOWN], *more))


def _edited_since(facts: Facts) -> str:
    return facts["edited"] if facts.once(was_committed) else ""


def _edited_perhaps(facts: Facts) -> str:
    """Where it passed with changes that were not committed, which may be among them."""
    return "" if facts.once(was_committed) else facts["edited"]


def _code_touched(facts: Facts) -> str:
    """`no` where the code is what it was, or nothing leads from the failure to what was edited;
    `yes` where something does or where that is not known; empty where no commit is.
    """
    same = facts.once(same_code)
    if same != "no":
        return "no" if same else ""
    if facts.context.edits is None or not facts.once(was_committed):
        return "yes"
    return "yes" if any(one.role != "settings" for one in facts.once(touched)) else "no"


FACTS: dict[str, Fact] = {
    "code_touched": _code_touched,
    "edited": _edited,
    "edited_alone": _only_role,
    "edited_file": part(_nearest, "file"),
    "edited_fixture": _fixture,
    "edited_is_given": _is_given,
    "edited_module": _module,
    "edited_perhaps": _edited_perhaps,
    "edited_removed": _removed,
    "edited_since": _edited_since,
    "edited_state": part(_nearest, "state"),
    "edited_function": part(_nearest, "function"),
}
