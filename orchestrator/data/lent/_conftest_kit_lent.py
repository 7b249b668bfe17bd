"""Lends the kit to the pytest that imports this module. PYTEST_DONT_REWRITE.

`orchestrator run` names it in PYTEST_PLUGINS and puts this folder, which holds nothing else, at the
end of PYTHONPATH. It runs in whatever interpreter the command chose, so it keeps to the standard
library and to what Python 3.6 understands. What it finds it tells in the token folder; it never
fails the run.
"""
# ruff: noqa: INP001, a module on its own and not a package

import importlib
import importlib.util
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = str(Path(__file__).parent)
KIT = "conftest_kit"
OLDEST_PYTHON = (3, 11)
OLDEST_PYTEST = (7, 4)


class Finder:
    """Finds the kit for everybody, and what it borrows for the kit alone; asked last."""

    def __init__(self, folders: "dict[str, str]") -> None:
        self.folders = folders

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:  # noqa: ARG002
        """As importlib asks: what the tests cannot import without us stays missing for them."""
        folder = self.folders.get(name)
        if folder is None or not (name == KIT or asked_by_the_kit()):
            return None
        return importlib.util.spec_from_file_location(
            name, Path(folder, "__init__.py"), submodule_search_locations=[folder]
        )


def asked_by_the_kit() -> bool:
    """Whether the import that is being resolved stands in a module of the kit."""
    frame = sys._getframe(1)  # type: Any # noqa: SLF001 - nothing else tells who imports
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name != __name__ and name.partition(".")[0] != "importlib":
            return bool(name.partition(".")[0] == KIT)
        frame = frame.f_back
    return False


def without(value: str, separator: str, added: str) -> str:
    """A variable as the user set it."""
    return separator.join(item for item in value.split(separator) if item != added)


def give_back(additions: "list[list[str]]") -> None:
    """Make the environment the user's own: what the tests start must not depend on this module."""
    for name, separator, added in additions:
        value = without(os.environ.get(name, ""), separator, added)
        if value:
            os.environ[name] = value
        else:
            os.environ.pop(name, None)


def refusal() -> str:
    """What keeps the kit from running here; empty where nothing does."""
    if sys.version_info < OLDEST_PYTHON:
        return "it needs Python 3.11, this is {}.{}.{}".format(*sys.version_info)
    if tuple(map(int, re.findall(r"\d+", pytest.__version__)[:2])) < OLDEST_PYTEST:
        return "it needs pytest 7.4, this is " + pytest.__version__
    try:
        # Before pytest marks the kit for assertion rewriting: that would read every module of it
        # again, only to find that it does not want to be rewritten.
        importlib.import_module(KIT + ".plugin")
    except Exception as error:  # noqa: BLE001 - a kit that is broken must not break the run
        return f"{type(error).__name__}: {error}"
    return ""


def is_worker() -> bool:
    """Whether this is a worker of xdist: it records for its controller."""
    return "PYTEST_XDIST_WORKER" in os.environ


def tell(token: str, refused: str) -> None:
    """Say in the token folder that a pytest came by, xdist's workers left out."""
    if is_worker():
        return
    line = json.dumps({"pid": os.getpid(), "refused": refused}) + "\n"
    with Path(token, "pytests.ndjson").open("a", encoding="utf-8") as stream:
        stream.write(line)


def lend() -> "tuple[str, ...]":
    """The plugins that this pytest shall load: the installed kit, else ours, else none."""
    token = os.environ.get("CONFTEST_KIT_TOKEN", "")
    try:
        lending = json.loads(Path(token, "lending.json").read_text(encoding="utf-8"))
        give_back(lending["additions"])
        sys.meta_path.append(Finder(lending["packages"]))
        silent = Path(token, "taken").exists() and not is_worker()
        refused = "" if silent else refusal()
        tell(token, refused)
    except (OSError, ValueError):
        return ()  # the run that lent it is over
    return () if silent or refused else (KIT,)


def pytest_configure() -> None:
    """By now xdist has kept the sys.path that its workers get: nothing else needs this folder."""
    sys.path[:] = [entry for entry in sys.path if entry != HERE]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(specs: "list[Any]") -> None:
    """Lend to the workers on this machine too: they inherit the environment that was given back."""
    for spec in specs:
        if spec.popen:
            users = spec.env.get("PYTEST_PLUGINS", os.environ.get("PYTEST_PLUGINS"))
            spec.env["PYTEST_PLUGINS"] = ",".join(filter(None, (users, __name__)))


pytest_plugins = lend()
