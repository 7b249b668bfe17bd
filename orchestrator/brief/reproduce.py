"""The command that runs failing tests again, as the project starts pytest; pure."""

from __future__ import annotations

import os.path
import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from orchestrator.checkout.install import in_environment
from orchestrator.checkout.project import Project
from orchestrator.report.plain import one_line

_AS_MODULE = "pytest/__main__.py"
_REDACTED = "[redacted:"
_LONG = 300
"""Characters of a node id beyond which all parameters of the test are asked for."""

_LEFT_OUT = frozenset(
    (
        *("--exitfirst", "--quiet", "--verbose", "--no-header", "--no-summary", "--", "--trace"),
        *("--lf", "--last-failed", "--ff", "--failed-first", "--nf", "--new-first", "--sw"),
        *("--stepwise", "--sw-skip", "--stepwise-skip", "--sw-reset", "--stepwise-reset"),
        *("--co", "--collect-only", "--no-cov", "--self-contained-html", "--pdb"),
        "--continue-on-collection-errors",
    )
)
"""What chooses tests anew, ends the session early, or changes only what is printed and written."""
_LEFT_OUT_WITH_VALUE = frozenset(
    (
        *("-n", "--numprocesses", "--dist", "--maxprocesses", "--tx", "--maxfail", "--tb", "-r"),
        *("--color", "--durations", "--durations-min", "--junitxml", "--junit-xml", "--html"),
        *("--report-log", "--json-report-file", "--cov-report", "--cov-fail-under", "--reruns"),
        *("--reruns-delay", "--deselect", "--randomly-seed"),
    )
)
_KEPT_WITH_VALUE = frozenset(
    (
        *("-c", "--config-file", "-p", "-o", "--override-ini", "-W", "--pythonwarnings", "-k"),
        *("-m", "--rootdir", "--confcutdir", "--import-mode", "--basetemp", "--ignore"),
    )
)
_SWITCHES = re.compile("-[vqxsl]+")
_ATTACHED = re.compile("-[nr].+")


def command(project: Project, run: Mapping[str, Any], nodeids: Sequence[str]) -> str:
    """A line for a shell, to be typed in the project's folder, that runs these tests again.

    `run` are the details of the run that the memory holds (command, directory, root, seed): options
    that decide what a test does are those of the run. Without tests it is the run's own command.
    """
    program, *words = [one_line(word) for word in run.get("command") or ("pytest",)]
    tests = list(dict.fromkeys(_asked(nodeid) for nodeid in nodeids if nodeid))
    if not tests and not _is_pytest(program):
        return shlex.join([program, *words])  # as it was typed: no session of pytest came of it
    if tests:
        words = [*_options(words, _places(words, tests, run)), *_further(tests, run), *tests]
    start = "python -m pytest" if program.endswith(_AS_MODULE) else "pytest"
    line = in_environment(project, " ".join([start, *map(shlex.quote, words)]))
    below = os.path.relpath(run["root"], project.root) if run.get("root") and project.root else "."
    return line if below.startswith(".") else f"cd {shlex.quote(below)} && {line}"


def files(nodeids: Iterable[str]) -> tuple[str, ...]:
    """The files that hold these tests, each once."""
    return tuple(dict.fromkeys(_asked(nodeid).partition("::")[0] for nodeid in nodeids if nodeid))


def _is_pytest(program: str) -> bool:
    return program.endswith(_AS_MODULE) or PurePosixPath(program).name in ("pytest", "py.test")


def _asked(nodeid: str) -> str:
    """The node id as pytest is asked for it; of a long or secret one all parameters."""
    exact = len(nodeid) <= _LONG and _REDACTED not in nodeid and one_line(nodeid) == nodeid
    return nodeid if exact else one_line(nodeid.partition("[")[0])


def _further(tests: Sequence[str], run: Mapping[str, Any]) -> Iterator[str]:
    if "random_seed" in run:
        yield f"--randomly-seed={run['random_seed']}"
    if len(tests) > 1 and any("::" not in name for name in tests):
        # Else a file that cannot be collected keeps the others from running.
        yield "--continue-on-collection-errors"


def _options(words: Sequence[str], places: Collection[str]) -> Iterator[str]:
    """Options that matter to a test, with their values; not the tests that were named."""
    left = list(words)
    while left:
        word = left.pop(0)
        name, is_whole, _ = word.partition("=")
        if _SWITCHES.fullmatch(word):
            yield from ["-s"] * ("s" in word)
        if not word.startswith("-") or name in _LEFT_OUT or _SWITCHES.fullmatch(word):
            continue
        kept = name not in _LEFT_OUT_WITH_VALUE and not _ATTACHED.fullmatch(word)
        value = [] if is_whole or not left or left[0].startswith("-") else left[:1]
        if value and name not in _KEPT_WITH_VALUE | _LEFT_OUT_WITH_VALUE and value[0] in places:
            value = []
        del left[: len(value)]
        if kept:
            yield from (word, *value)


def _places(words: Iterable[str], tests: Sequence[str], run: Mapping[str, Any]) -> set[str]:
    """Those of the words that name a file of the tests, or a folder above it."""
    root = run.get("root") or "/"
    paths = [PurePosixPath(root, name) for name in files(tests)]
    holding = {str(path) for name in paths for path in (name, *name.parents)}
    started_in = run.get("directory") or root
    return {
        word
        for word in words
        if os.path.normpath(f"{started_in}/{word.partition('::')[0]}") in holding
    }
