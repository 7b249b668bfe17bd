"""Looks for what `check_breaks.py` asks about, in the interpreter that runs this.

Reads questions as JSON from standard input, `{kind, of, name, …}` each, and writes
one line of JSON: `present`, `absent`, or what went wrong. It has to run on every Python that
releases are for, 3.7 on.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import re
import subprocess
import sys
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    Question = Mapping[str, Any]


def resolve(path: str) -> Any:
    """The object of a dotted path: the longest module, then attributes."""
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        try:
            found = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name and not name.startswith(error.name):
                raise
            continue
        for part in parts[length:]:
            found = getattr(found, part)
        return found
    raise LookupError("no " + path)


def module(question: Question) -> bool:
    """Whether the module can be imported."""
    try:
        importlib.import_module(question["name"])
    except ModuleNotFoundError as error:
        # A part of it that is not installed is another matter.
        if not question["name"].startswith(error.name or "?"):
            raise
        return False
    except ImportError as error:
        if type(error) is ImportError and "cannot import name" in str(error):
            raise
        return False
    return True


def name(question: Question) -> bool:
    """Whether the module has the name."""
    try:
        found = importlib.import_module(question["of"])
    except ModuleNotFoundError:
        # `of` may be what `import a; a.b` finds without being a module of its own.
        found = resolve(question["of"])
    return has(found, question["name"])


def has(found: Any, wanted: str) -> bool:
    """Whether an object has the attribute, whatever it raises for want of it."""
    try:
        getattr(found, wanted)
    except (AttributeError, ImportError, RuntimeError):
        return False
    return True


def attribute(question: Question) -> bool:
    """Whether the class has the attribute."""
    return has(resolve(question["of"]), question["name"])


def parameters(question: Question) -> Mapping[str, inspect.Parameter]:
    """Those of the function, by name; what takes more than its signature says needs an example.

    A decorator that warns of what will leave shows the signature to come, and takes the old one.
    """
    found = resolve(question["of"])
    wrapper = found.__init__ if inspect.isclass(found) else found
    code = getattr(wrapper, "__code__", None)
    shown = hasattr(wrapper, "__wrapped__") or hasattr(wrapper, "__signature__")
    if shown and code is not None and code.co_flags & inspect.CO_VARKEYWORDS:
        raise LookupError("wrapped: give an example")
    return inspect.signature(found).parameters


def keyword(question: Question) -> bool:
    """Whether the function takes the keyword."""
    found = parameters(question)
    takes_all = any(entry.kind is entry.VAR_KEYWORD for entry in found.values())
    if question["name"] not in found and takes_all:
        raise LookupError("takes any keyword: give an example")
    return question["name"] in found


def positional(question: Question) -> bool:
    """Whether the parameter can be given by position."""
    found = parameters(question)[question["name"]]
    return found.kind in (found.POSITIONAL_OR_KEYWORD, found.POSITIONAL_ONLY)


def required(question: Question) -> bool:
    """Whether the parameter may be left out."""
    found = parameters(question)[question["name"]]
    return found.default is not found.empty


def example(question: Question) -> bool:
    """Whether the example runs; what it raises otherwise has to be about the name."""
    try:
        exec(question["example"].replace("{name}", question["name"]), {})  # noqa: S102 - our own
    except AssertionError:
        return False
    except Exception as error:
        expected = question.get("message") or re.escape(question["name"])
        if question["kind"] == "positional":
            expected = "positional"
        kind = question.get("exception") or type(error).__name__
        if type(error).__name__ == kind.rpartition(".")[2] and re.search(expected, str(error)):
            return False
        raise
    return True


def option(question: Question) -> bool:
    """Whether pytest has the option."""
    helped = subprocess.run(
        [sys.executable, "-m", "pytest", "--help"],
        env=dict(os.environ, PYTHONPATH=sys.argv[1]),
        cwd=sys.argv[1],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    ).stdout
    words = helped.replace("=", " ").replace(",", " ").split()
    if "--help" not in helped:
        raise LookupError("pytest does not start: " + helped[-200:])
    return question["name"] in words


KINDS = {
    "argument": keyword,
    "attribute": attribute,
    "behaviour": example,
    "fixture": name,
    "hook": name,
    "keyword": keyword,
    "module": module,
    "name": name,
    "option": option,
    "positional": positional,
    "required": required,
}


def look(question: Question) -> str:
    """The answer to one question."""
    try:
        if question.get("prelude"):
            exec(question["prelude"], {})  # noqa: S102 - our own
        looks = example if question.get("example") else KINDS[question["kind"]]
        return "present" if looks(question) else "absent"
    except BaseException as error:  # noqa: BLE001 - whatever a release does is its answer
        return f"not to be seen: {type(error).__name__}: {str(error)[:200]}"


if __name__ == "__main__":
    if sys.argv[1]:
        sys.path.insert(0, sys.argv[1])
    warnings.simplefilter("ignore")
    os.environ["MPLBACKEND"] = "Agg"
    answers = [look(question) for question in json.load(sys.stdin)]
    print("\n" + json.dumps(answers))
