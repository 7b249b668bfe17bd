"""How the kit reaches a pytest of any environment: variables, and a folder that both sides read.

The token folder holds, written here: `run_id`, `lending.json` (read by `data/lent`). Written by the
pytest that comes by: `pytests.ndjson` (one line each), and `taken` by the first one that records.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from conftest_kit import records

TOKEN = "CONFTEST_KIT_TOKEN"  # noqa: S105, the name of a variable
MODULE = "_conftest_kit_lent"
FOLDER = Path(__file__).parents[1] / "data" / "lent"
KIT = Path(records.__file__).parent
PASSED_ON = "PYTEST_PLUGINS,PYTHONPATH,CONFTEST_KIT_*"

# Name, separator, what is appended to the user's own value. tox clears the environment; the
# override reaches environments that do not set pass_env themselves (tox 4, INI and TOML).
ADDITIONS: tuple[tuple[str, str, str], ...] = (
    ("PYTEST_PLUGINS", ",", MODULE),
    ("PYTHONPATH", os.pathsep, str(FOLDER)),
    ("TOX_OVERRIDE", ";", f"testenv.pass_env+={PASSED_ON}"),
    ("TOX_OVERRIDE", ";", f"env_run_base.pass_env+={PASSED_ON}"),
)

_BROKE = re.compile(rf'(?:importing|loading) plugin "{MODULE}"|{MODULE}\.py", line')
_REFUSED = re.compile(
    r"^ERROR: .{0,300}(?:\.ini|\.toml|\.cfg)\b|^.{0,300}\bpytest: error: "
    r"|Error importing plugin \"|[/\\]_pytest[/\\]config[/\\]",
    re.MULTILINE,
)
"""Settings that pytest cannot read, arguments, a plugin that cannot be imported."""
_PYTHON = re.compile(r"(?:python|pypy)[\d.]*(?:\.exe)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """A pytest that came by, xdist's workers left out."""

    pid: int
    refused: str = ""
    """Why the kit cannot be loaded there: what is too old, or what it raised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the pytest processes of a command left in the token folder."""

    run_directory: Path | None = None
    met: tuple[Met, ...] = ()


def write_token(folder: Path, *, run_id: str) -> None:
    """Prepare the folder that names the run."""
    packages = {"conftest_kit": str(KIT)}
    prometheus_client = importlib.util.find_spec("prometheus_client")
    if prometheus_client and prometheus_client.origin:
        packages["prometheus_client"] = str(Path(prometheus_client.origin).parent)
    (folder / "run_id").write_text(run_id, encoding="utf-8")
    lending = {"packages": packages, "additions": ADDITIONS}
    (folder / "lending.json").write_text(json.dumps(lending), encoding="utf-8")


def environment(environ: Mapping[str, str], token: Path | None, *, lend: bool) -> dict[str, str]:
    """The variables of the command: the user's own, ours behind them.

    Without `lend` only the token goes along, for a kit that is installed and switched on there.
    """
    lent = {**environ, TOKEN: str(token)} if token else dict(environ)
    for name, separator, added in ADDITIONS if lend else ():
        lent[name] = f"{lent[name]}{separator}{added}" if lent.get(name) else added
    return lent


def read_answer(folder: Path | None) -> Answer:
    """What came back; half-written files count as not there."""
    if folder is None:
        return Answer()
    try:
        run_directory = Path(json.loads((folder / "taken").read_bytes())["run_directory"])
    except (OSError, ValueError, KeyError, TypeError):
        run_directory = None
    return Answer(run_directory=run_directory, met=tuple(_read_met(folder / "pytests.ndjson")))


def _read_met(path: Path) -> Iterator[Met]:
    with suppress(OSError), path.open(encoding="utf-8") as lines:
        for line in lines:
            with suppress(ValueError):
                yield Met(**json.loads(line))


INSTALL = (
    "install it beside the tests (`pip install conftest-kit`) and switch it on "
    "(`pytest -p conftest_kit`, or `pytest_plugins` in the root conftest.py)"
)
OUTSIDE = "this run was seen from outside only: exit status and standard error"


def note(answer: Answer, *, barred: str | None = None, stderr: str = "") -> str | None:
    """What kept the kit out, or the record from telling all, with the remedy.

    `barred` says why nothing was lent, `stderr` what the command said.
    """
    if len(answer.met) > 1:
        return (
            f"the command started pytest {len(answer.met)} times: the first is recorded, "
            "run the others by themselves"
        )
    if answer.run_directory:
        return None
    if barred:
        return f"the kit cannot be lent, {barred}: {INSTALL}; {OUTSIDE}"
    if not answer.met and _REFUSED.search(stderr):
        return f"pytest refused to start before it loaded its plugins; {OUTSIDE}"
    if not answer.met:
        return (
            "no pytest of the command loaded the kit: the command started none, or its variables "
            f"do not reach it (tox: `pass_env = {PASSED_ON}`); {OUTSIDE}"
        )
    if answer.met[0].refused:
        return f"the kit cannot be lent, {answer.met[0].refused}; {OUTSIDE}"
    return None


def broke(stderr: str) -> bool:
    """Whether a pytest died of what was lent: it read PYTEST_PLUGINS, and not our PYTHONPATH."""
    return _BROKE.search(stderr) is not None


def bar(command: Sequence[str], *, environ: Mapping[str, str], directory: Path) -> str | None:
    """Why lending would break the command: it, or its shebang, calls `python -I` or `-E`."""
    call = isolated_call(command) or isolated_call(_shebang(command[0], environ, directory))
    return f"`{call}` ignores PYTHONPATH" if call else None


def isolated_call(words: Sequence[str]) -> str | None:
    """The first `python` among the words whose options hold -I or -E, with that option."""
    for position, word in enumerate(words):
        name = Path(word).name
        if _PYTHON.fullmatch(name):
            for letter in _interpreter_options(words[position + 1 :]):
                if letter in "IE":
                    return f"{name} -{letter}"
    return None


def _interpreter_options(words: Sequence[str]) -> Iterator[str]:
    rest = iter(words)
    for word in rest:
        if not word.startswith("-") or word.startswith("--"):
            return
        for position, letter in enumerate(word[1:], start=2):
            yield letter
            if letter in "cm":
                return
            if letter in "WX":
                if position == len(word):
                    next(rest, None)  # its value
                break


def _shebang(program: str, environ: Mapping[str, str], directory: Path) -> list[str]:
    named = str(directory / program) if os.sep in program else program
    script = shutil.which(named, path=environ.get("PATH"))
    try:
        with Path(script or named).open("rb") as stream:
            first = stream.readline(512)
    except OSError:
        return []
    return first[2:].decode(errors="replace").split() if first.startswith(b"#!") else []
