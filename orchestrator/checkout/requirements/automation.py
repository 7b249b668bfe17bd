"""What tox, nox and hatch install into the environments that they make."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from orchestrator.checkout.requirements.loading import table
from orchestrator.checkout.requirements.requirement import Requirement, parsed
from orchestrator.checkout.source import parse
from orchestrator.checkout.uses import last_name

_FACTORS = re.compile(r"^[\w.,!{}-]{1,200}:\s+(?P<line>.+)$")
_NAME = re.compile(r"^[\w.-]+(?:\[[^\]]*\])?")


def read(
    root: Path, pyproject: Mapping[str, Any], tox: Mapping[str, Mapping[str, str]]
) -> Iterator[Requirement]:
    """The distributions that these tools are told to install; nothing where that is computed."""
    yield from _tox(tox)
    environments = table(pyproject, "tool", "hatch", "envs")
    for name in environments:
        installed = table(environments, name)
        for key in ("dependencies", "extra-dependencies"):
            yield from parsed(installed.get(key), "pyproject.toml", by=f"hatch, environment {name}")
    yield from parsed(list(_nox(root / "noxfile.py")), "noxfile.py", by="nox")


def _tox(tox: Mapping[str, Mapping[str, str]]) -> Iterator[Requirement]:
    for section, settings in tox.items():
        if section.startswith("testenv"):
            lines = settings.get("deps", "").splitlines()
            yield from parsed(list(_of_any_factor(lines)), "tox.ini", by="tox")


def _of_any_factor(lines: Iterable[str]) -> Iterator[str]:
    """`django42: Django>=4.2` asks for Django: its bounds hold in one environment alone."""
    for line in lines:
        conditional = _FACTORS.match(line.strip())
        if conditional is None:
            yield line
        elif name := _NAME.match(conditional["line"]):
            yield name[0]


def _nox(path: Path) -> Iterator[str]:
    """The texts that `session.install(…)` is called with, but for options and what follows one."""
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Call) and last_name(node.func) == "install":
            given = [one.value if isinstance(one, ast.Constant) else "" for one in node.args]
            for before, text in pairwise(["", *map(str, given)]):
                if not before.startswith("-"):
                    yield text
