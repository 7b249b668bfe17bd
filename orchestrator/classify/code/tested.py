"""What a line of a test asks of the product: the functions that it calls, and where they are; and
facts about it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from conftest_kit.records import Frame
from orchestrator.checkout.project import Project
from orchestrator.checkout.source import is_of_tests, module_name
from orchestrator.classify.distributions.owners import owner_of
from orchestrator.classify.facts import Fact, Facts, is_harness, own_frame, part
from orchestrator.classify.imports.modules import is_own

_CALLED = re.compile(r"(?<![\w.])([A-Za-z_]\w{0,100}(?:\.[A-Za-z_]\w{0,100}){0,6})\(")
_METHOD = re.compile(r"(?P<of>\b[A-Za-z_]\w{0,100})?\.(?P<name>[A-Za-z_]\w{0,100})\(")
_VALUE = re.compile(r"(?<![\w.'\"])([a-z]\w{2,60})(?![\w(.'\"=])")
"""A name in a line that is neither called nor asked for a part."""
_SHORT = 5
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_EXPECTED = re.compile(
    r"^(?:DID NOT (?:RAISE|WARN)[^'\n]{0,50}'(?P<type>[\w.]{1,200})'"
    r"|(?P<name>\w{1,200}) not raised)"
)
_CHECK = re.compile(r"assert\b|(?:self|cls)\.assert\w*\(|assert_\w+\(")
_PARTS = frozenset({"IndexError", "KeyError"})
_TAKEN = frozenset({"AttributeError", "TypeError"})
_NEXT = re.compile(r"(?<![\w.])a?next\(|\.__a?next__\(")
_ITERATES = frozenset({"__next__", "__anext__", "next", "anext"})
_ANY = "*"
"""What `holds` has among the members of a class that may have others."""
_NOSE_LEFT = 8
"""The major version of pytest that no longer runs tests as nose did."""
_DEPTH = 4
"""Modules that a name is taken over through, and files that import one another."""


class Called(NamedTuple):
    """A function or method of the product."""

    file: str
    name: str
    """`price`, `Cart.total`; of a class that is only made its own: `Cart`."""

    @property
    def is_class(self) -> bool:
        """Whether nothing is known but the class."""
        return "." not in self.name and self.name[:1].isupper()


def called(project: Project, frame: Frame) -> Iterator[Called]:
    """The product's functions that a line calls by names which its file imports."""
    imports = project.source(frame.file).imports
    for found in _CALLED.finditer(frame.source):
        first, *rest = found[1].split(".")
        if first not in imports:
            continue
        # `import shop.cart` binds `shop`.
        taken = first if imports[first].startswith(f"{first}.") else imports[first]
        dotted = ".".join((taken, *rest))
        is_module = f".{module_name(project.file_of(taken))}".endswith(f".{taken}")
        file = home(project, f"{taken}.{rest[0]}" if is_module and rest else taken)
        if file and not is_of_tests(file):
            yield Called(file, _name(dotted, frame.source[found.end() :], imports))


def home(project: Project, dotted: str, depth: int = _DEPTH) -> str:
    """The file of the project that a name is defined in, as far as its modules tell whom they take
    it from; empty where it is none of the project's.
    """
    file, name = project.file_of(dotted), dotted.rpartition(".")[2]
    further = project.source(file).imports.get(name, "") if file else ""
    if further and further != dotted and depth:
        return home(project, further, depth - 1) or file
    return file


def imported_product(facts: Facts) -> Iterator[str]:
    """Files of the product that the test's file imports, directly or through others; the nearest
    first.
    """
    project, files, seen = facts.context.project, [facts["test_file"]], {facts["test_file"]}
    for _ in range(_DEPTH):
        dotted = (one for file in files for one in project.source(file).imports.values())
        further = (project.file_of(one) for one in dotted if is_own(facts, one.partition(".")[0]))
        files = [file for file in dict.fromkeys(further) if file and file not in seen]
        seen.update(files)
        yield from (file for file in files if not is_of_tests(file))


def _name(dotted: str, following: str, imports: Mapping[str, str]) -> str:
    """The last name; of a class with the method that the line calls of what it made: not what it
    calls of something else that the file imports.
    """
    *before, last = dotted.split(".")
    if before and before[-1][:1].isupper():
        return f"{before[-1]}.{last}"
    methods = _METHOD.finditer(following) if last[:1].isupper() else ()
    method = next((one["name"] for one in methods if one["of"] not in imports), "")
    return f"{last}.{method}" if method else last


def _asked(facts: Facts) -> Called | None:
    """What the line of the test calls that failed, or its nearest line that calls the product."""
    lines = [frame for frame in facts.frames if is_harness(frame)]
    own = [frame for frame in lines if frame.file == facts["test_file"]] or lines
    project = facts.context.project
    found = (one for frame in reversed(own) for one in called(project, frame))
    return next(found, None)


def _asked_function(facts: Facts) -> str:
    found = facts.once(_asked)
    return found.name if found else ""


def _asked_file(facts: Facts) -> str:
    found = facts.once(_asked)
    return found.file if found else ""


def _named_after(facts: Facts) -> Called | None:
    """The function or class of the product that the test's file imports and that the test, its
    class, or a name in its line bears the name of, the longest of them; None where the line itself
    calls the product.
    """
    if facts.once(_asked):
        return None
    line = facts["test_place"].partition(": ")[2]
    values = {name for name in _VALUE.findall(line) if "_" in name or len(name) > _SHORT}
    project, borne = facts.context.project, f"_{_in_words(facts['test'].partition('::')[2])}_"
    found = []
    for name, dotted in project.source(facts["test_file"]).imports.items():
        is_module = dotted == module_name(file := home(project, dotted))
        bears = f"_{_in_words(name)}_" in borne or any(name.endswith(f"_{one}") for one in values)
        if bears and file and not (is_module or is_of_tests(file)):
            found.append(Called(file, dotted.rpartition(".")[2]))
    return max(found, key=lambda one: len(one.name), default=None)


def _in_words(name: str) -> str:
    """`remove_integer`, of `RemoveInteger` as well."""
    return re.sub(r"\W+", "_", _HUMP.sub("_", name)).strip("_").lower()


def _expected(facts: Facts) -> str:
    """The name of the exception, or the warning, that the test waited for in vain."""
    found = _EXPECTED.match(facts.link.message[:500])
    return (found["type"] or found["name"]).rpartition(".")[2] if found else ""


def _expected_from(facts: Facts) -> str:
    """Files of the product that take the expected exception from another, to raise it; not those
    that only hand it on; else the one that it is defined in.
    """
    name, project = facts["expected"], facts.context.project
    dotted = project.source(facts["test_file"]).imports.get(name, "") if name else ""
    if not dotted:
        return ""
    taking = (file for file in imported_product(facts) if name in project.source(file).imports)
    raising = [file for file in taking if not file.endswith("__init__.py")]
    defining = home(project, dotted)
    return ", ".join(raising[:2]) or ("" if is_of_tests(defining) else defining)


def _iterator_ended(facts: Facts) -> str:
    """`yes` where a line of the tests asks an iterator for more than it has: what is between that
    line and the end only iterates.
    """
    frames = facts.frames
    places = [place for place, frame in enumerate(frames) if is_harness(frame)]
    if not places or not _NEXT.search(frames[places[-1]].source):
        return ""
    below = {frame.function for frame in frames[places[-1] + 1 :]}
    return "yes" if below <= _ITERATES else ""


def _check_broke(facts: Facts) -> str:
    """`yes` where a check of a test could not be made: its own line, which calls nothing deeper,
    takes apart what is not as it expects.
    """
    frame = facts.frames[-1] if facts.frames else None
    if frame is None or not is_harness(frame) or not _CHECK.match(frame.source):
        return ""
    types = {facts.link.type, *facts.link.bases}
    of_nothing = facts.link.message.startswith("'NoneType' object")
    return "yes" if types & _PARTS or (types & _TAKEN and of_nothing) else ""


def _asserted_inside(facts: Facts) -> str:
    """`yes` where a library that the product called asserts what it takes for granted: below the
    product no line of what helps tests.
    """
    frames = facts.frames
    own = [place for place, frame in enumerate(frames) if frame.origin in ("project", "test")]
    calling = frames[own[-1]] if own else None
    below = frames[own[-1] + 1 :] if own else ()
    if calling is None or is_harness(calling) or is_of_tests(calling.file) or not below:
        return ""
    helps = any(map(_helps_tests, below))
    return "yes" if below[-1].origin == "installed" and not helps else ""


def _refused_in_words(facts: Facts) -> str:
    """`yes` where a library that the product imports too refuses with an AssertionError of its own,
    in words: it checks what it is given, and is none that checks for tests.
    """
    frames, own = facts.frames, own_frame(facts)
    last = frames[-1] if frames else None
    if last is None or own is None or last.origin != "installed" or not facts.link.message:
        return ""
    below = frames[max(i for i, frame in enumerate(frames) if frame == own) + 1 :]
    if not last.source.startswith("raise AssertionError") or any(map(_helps_tests, below)):
        return ""
    product = {*imported_product(facts), *([] if is_harness(own) else [own.file])}
    imported = (
        dotted for file in product for dotted in facts.context.project.source(file).imports.values()
    )
    owners = (owner_of(facts, dotted) for dotted in imported)
    return "yes" if any(one and one.name == facts["raiser"] for one in owners) else ""


def _helps_tests(frame: Frame) -> bool:
    of_helpers = any(part.lstrip("_").startswith("test") for part in frame.file.split("/"))
    return of_helpers or frame.function.startswith("assert")


def _unprepared(facts: Facts) -> str:
    """`yes` where a test's own class, which is none of unittest's, lacks an attribute: what sets it
    before each test did not run.
    """
    of_test = facts["object"].rpartition(".")[2] in facts["test"].split("::")[1:-1]
    by_unittest = any(frame.file == "unittest/case.py" for frame in facts.frames)
    return "yes" if of_test and not by_unittest and facts.failure.phase == "call" else ""


def _without_nose(facts: Facts) -> str:
    """`yes` where pytest no longer calls what nose called: `setup` and `teardown`; not where the
    class, as its file has it, has no such method.
    """
    held = facts.context.project.source(facts["test_file"]).holds
    members = held.get(facts["object"].rpartition(".")[2], ())
    if members and not {"setup", _ANY} & {*members}:
        return ""
    major = facts.context.installed.version("pytest").partition(".")[0]
    return "yes" if major.isdigit() and int(major) >= _NOSE_LEFT else ""


FACTS: dict[str, Fact] = {
    "asserted_inside": _asserted_inside,
    "asked_file": _asked_file,
    "asked_function": _asked_function,
    "check_broke": _check_broke,
    "expected": _expected,
    "refused_in_words": _refused_in_words,
    "named_after": part(_named_after, "name"),
    "named_after_file": part(_named_after, "file"),
    "expected_from": _expected_from,
    "iterator_ended": _iterator_ended,
    "unprepared": _unprepared,
    "without_nose": _without_nose,
}
