"""Why tests that ran before are not collected any more, as far as settings and the files tell."""

from __future__ import annotations

import ast
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatch
from itertools import islice, pairwise
from typing import NamedTuple

from conftest_kit.records import Attempt
from orchestrator.checkout.project import Project

_FILES = ("test_*.py", "*_test.py")
_SELECTING = ("-k", "-m")
_EVERYTHING = "*"
_EMPTY = "got empty parameter set"
_READ = 50
"""So many other files are looked into for tests that left one."""
_MOST = 3
_Written = Mapping[str, ast.ClassDef | None]
"""Functions and classes of a file, as in a node id: with the class, where it is one."""


class Why(NamedTuple):
    """What is said of it, and what to do."""

    evidence: str
    remedy: str


def why(
    file: str, nodeids: Sequence[str], project: Project, attempts: Iterable[Attempt]
) -> tuple[Why, ...]:
    """Of the tests of one file that are gone, what may have taken some of them; often nothing."""
    found = (
        *_left_out(file, nodeids, project),
        *_empty(nodeids, attempts),
        *_moved(file, nodeids, project),
        *_not_a_test_class(file, nodeids, project),
    )
    return (found or tuple(_selected(project)))[:_MOST]


def _options(project: Project) -> Iterator[tuple[str, str]]:
    """Those of `addopts`, with their values: the command line is that of before."""
    try:
        words = shlex.split(project.settings.get("addopts", ""))
    except ValueError:  # an open quote
        return
    for word, following in pairwise((*words, "")):
        option, _, value = word.partition("=")
        yield option, value or following


def _left_out(file: str, nodeids: Sequence[str], project: Project) -> Iterator[Why]:
    for option, value in _options(project):
        of_file = (option == "--ignore" and _holds(value, file)) or (
            option == "--ignore-glob" and fnmatch(file, value)
        )
        if of_file or (option == "--deselect" and any(one.startswith(value) for one in nodeids)):
            yield _of_option(f"{option}={value}", project)


def _selected(project: Project) -> Iterator[Why]:
    """Tests by their names or markers."""
    for option, value in _options(project):
        if option in _SELECTING:
            yield _of_option(f"{option} {value}", project)


def _of_option(given: str, project: Project) -> Why:
    where = f"`addopts` of {project.settings_file}"
    return Why(
        f"`{given}` stands in {where}",
        f"If `{given}` in {where} is not meant to leave them out, take it away.",
    )


def _holds(folder: str, file: str) -> bool:
    path = folder.removeprefix("./").rstrip("/")
    return file == path or file.startswith(f"{path}/")


def _empty(nodeids: Sequence[str], attempts: Iterable[Attempt]) -> Iterator[Why]:
    """A parametrised test without a parameter is one that is skipped."""
    bases = {nodeid.partition("[")[0] for nodeid in nodeids}
    for attempt in attempts:
        base = attempt.nodeid.partition("[")[0]
        if base in bases and attempt.reason.startswith(_EMPTY):
            yield Why(
                f"{attempt.nodeid} is skipped: {attempt.reason[:200]}",
                f"See why nothing is left of what `{base}` is parametrised with: its list of "
                "values is empty. `empty_parameter_set_mark = fail_at_collect` lets pytest say so.",
            )


def _moved(file: str, nodeids: Sequence[str], project: Project) -> Iterator[Why]:
    """The file is gone, and another that pytest does not collect has its tests."""
    if project.root is None or file in project.files:
        return
    names = _names(nodeids)
    patterns = project.settings.get("python_files", "").split() or _FILES
    folder = file.rpartition("/")[0]
    unlike = [
        other
        for other in project.files
        if not any(fnmatch(other.rpartition("/")[2], pattern) for pattern in patterns)
    ]
    near = sorted(unlike, key=lambda other: other.rpartition("/")[0] != folder)
    for other in islice(near, _READ):
        if names <= _written(project, other).keys():
            yield Why(
                f"{file} is gone; {other} has these tests, and its name is not one that pytest "
                f"looks for ({', '.join(patterns)})",
                f"Give {other} a name that pytest looks for, or add a pattern for it to "
                "`python_files`.",
            )
            return
    yield Why(f"{file} is gone", f"If {file} was not removed on purpose, bring it back.")


def _not_a_test_class(file: str, nodeids: Sequence[str], project: Project) -> Iterator[Why]:
    """The class is there, and one that pytest does not collect; or the tests are not there."""
    if project.root is None or file not in project.files:
        return
    written, names = _written(project, file), _names(nodeids)
    for outer in sorted({name.rpartition("::")[0] for name in names}):
        node = written.get(outer)
        if node and any(_is_init(one) for one in node.body):
            yield Why(
                f"The class {node.name} of {file} has an `__init__`, and pytest collects no such "
                "class",
                f"Take the `__init__` out of {node.name} ({file}:{node.lineno}): prepare in a "
                "fixture or in `setup_method`.",
            )
    missing = [name for name in sorted(names) if _is_missing(name, written)]
    if missing:
        shown = ", ".join(f"`{name}`" for name in missing[:3])
        yield Why(
            f"{file} does not define {shown} any more",
            f"If {shown} was not renamed or removed on purpose, bring it back to {file}.",
        )


def _is_missing(name: str, written: _Written) -> bool:
    """Whether a file defines other things and not this; what it may inherit or import is not."""
    outer = name.rpartition("::")[0]
    node = written.get(outer)
    elsewhere = (outer in written and node is None) or (node is not None and node.bases)
    unseen = elsewhere or _EVERYTHING in written or "." in name
    return bool(written) and name not in written and not unseen


def _is_init(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name == "__init__"


def _names(nodeids: Iterable[str]) -> set[str]:
    return {nodeid.partition("::")[2].partition("[")[0] for nodeid in nodeids}


def _written(project: Project, file: str) -> _Written:
    """What a file of the checkout defines; nothing where it cannot be read."""
    if project.root is None:
        return {}
    try:
        tree = ast.parse((project.root / file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return {}
    return dict(_defined(tree.body, ""))


def _defined(body: Iterable[ast.stmt], within: str) -> Iterator[tuple[str, ast.ClassDef | None]]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{within}{node.name}", None
        elif isinstance(node, ast.ImportFrom):
            yield from ((one.asname or one.name, None) for one in node.names)
        elif isinstance(node, ast.ClassDef):
            yield f"{within}{node.name}", node
            yield from _defined(node.body, f"{within}{node.name}::")
