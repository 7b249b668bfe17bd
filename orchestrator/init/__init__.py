"""Switches the kit on in a user's repository: what would be written where, then writing it."""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
import tomllib
from codecs import BOM_UTF8
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import ndiff
from itertools import takewhile
from pathlib import Path

from conftest_kit.root import find_root
from conftest_kit.settings import MEMORY_FILE, Settings
from corpus_memory_logging.keys import storable
from orchestrator.errors import UsageProblem
from orchestrator.report.view import counted

PLUGIN = "conftest_kit"
_BUILT_BY = ("setup.py", "setup.cfg")
_INI_FILES = ("pyproject.toml", "pytest.ini", ".pytest.ini", "pytest.toml", "tox.ini", "setup.cfg")

_HEADING = re.compile(rb"#!|#.{0,200}coding[:=]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A file before and after; equal where nothing is to be done."""

    path: Path
    before: str | None
    """None where there is no file yet."""
    after: str
    encoding: str = "utf-8"
    is_whole: bool = False
    """Whether all of it is ours: what is there already would be overwritten, not added to."""

    @property
    def needed(self) -> bool:
        """Whether writing it would change anything."""
        return self.before != self.after

    @property
    def overwrites(self) -> bool:
        """Whether writing it would destroy something."""
        return self.is_whole and self.needed and self.before is not None


def top(start: Path) -> Path:
    """The folder whose conftest.py every run loads.

    It is the one that runs write to, else the top of the repository: further down, `pytest_plugins`
    is an error of pytest's.
    """
    root = find_root(start)
    if has_ini_file(root) or PLUGIN in (text_of(root / "conftest.py")[0] or ""):
        return root
    above = (folder for folder in (start, *start.parents) if (folder / ".git").exists())
    return next(above, root)


def has_ini_file(root: Path) -> bool:
    """Whether pytest finds this root from the folders below it."""
    return any((root / name).is_file() for name in _INI_FILES)


def plan(settings: Settings) -> list[Change]:
    """The changes of the root conftest.py, of .gitignore and, where it is safe, of pyproject.toml.

    Raises:
        UsageProblem: a file cannot be read or edited safely; the message says what to add.
    """
    conftest, ignore = settings.root / "conftest.py", settings.root / ".gitignore"
    before, encoding = text_of(conftest)
    ignored, written_in = text_of(ignore)
    return [
        Change(
            path=conftest,
            before=before,
            after=switched_on(before or "", conftest),
            encoding=encoding,
        ),
        Change(
            path=ignore,
            before=ignored,
            after=ignoring(ignored or "", _local(settings)),
            encoding=written_in,
        ),
        *_settings(settings),
    ]


def spare(changes: Sequence[Change]) -> None:
    """Refuse to overwrite anything.

    Raises:
        UsageProblem: a change would; the message names the files.
    """
    names = [str(change.path) for change in changes if change.overwrites]
    if names:
        raise UsageProblem(
            f"there already, and not what would be written: {', '.join(names)}; move them away, or "
            "overwrite them with --force"
        )


def write(change: Change) -> None:
    """Write the file as it is after the change.

    Raises:
        UsageProblem: the file cannot be written.
    """
    try:
        change.path.parent.mkdir(parents=True, exist_ok=True)
        # Bytes, so that the line ends of the file stay as they are.
        change.path.write_bytes(change.after.encode(change.encoding))
    except OSError as error:
        raise UsageProblem(f"cannot write {str(change.path)!r}: {error.strerror}") from error


def told(change: Change, name: str) -> str:
    """What the change does, for people."""
    if not change.needed:
        return f"{name}: nothing to do"
    if change.is_whole:
        lines = counted(len(change.after.splitlines()), "line")
        return f"{name} ({'overwritten' if change.overwrites else 'new'}): {lines}"
    before = (change.before or "").splitlines()
    added = [line for line in ndiff(before, change.after.splitlines()) if line[:1] in "+-"]
    return "\n".join([f"{name}:" if change.before is not None else f"{name} (new):", *added])


def switched_on(source: str, path: Path) -> str:
    """The source of a root conftest with the kit among its `pytest_plugins`; twice is as once.

    Raises:
        UsageProblem: it does not parse, or computes its `pytest_plugins`.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError) as error:
        raise UsageProblem(f"{path} does not parse ({error}): mend it and try again") from error
    values = [_value(statement) for statement in ast.walk(tree)]
    assigned = [value for value in values if value is not None]
    if any(_names_the_kit(value) for value in assigned):
        return source
    if not assigned:
        return _inserted(source, tree)
    at_top = [value for value in map(_value, tree.body) if value is not None]
    if len(assigned) > 1 or len(at_top) != 1:
        raise _by_hand(path)
    return _extended(source, at_top[0], path)


def configured(text: str, project: str, path: Path) -> str:
    """The text of a pyproject.toml with a table of the kit's settings; one that it has stays.

    Raises:
        UsageProblem: it is not TOML, or writes its tables so that none can be added.
    """
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    # The name is that of the memory too, and stays when a folder or a distribution is renamed.
    table = f"[tool.{PLUGIN}]\nproject = {json.dumps(project, ensure_ascii=False)}\n"
    after = text + (gap + table).replace("\n", "\r\n" if "\r\n" in text else "\n")
    try:
        if PLUGIN in tomllib.loads(text).get("tool", {}):
            return text
        tomllib.loads(after)
    except tomllib.TOMLDecodeError as error:
        raise UsageProblem(f"cannot add [tool.{PLUGIN}] to {path}: {error}") from error
    return after


def ignoring(text: str, lines: Sequence[str]) -> str:
    """The text of a .gitignore with the lines that it lacks; a folder above counts as present."""
    present = {line.strip().strip("/") for line in text.splitlines()}
    lacking = [line for line in lines if not _covered(line, present)]
    if not lacking:
        return text
    end = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text else end if text.endswith("\n") else end * 2
    return text + gap + "".join(f"{line}{end}" for line in ("# conftest-kit", *lacking))


def _settings(settings: Settings) -> list[Change]:
    """None beside a setup.py or setup.cfg alone: a pyproject.toml changes how pip builds these."""
    path = settings.root / "pyproject.toml"
    before, encoding = text_of(path)
    if before is None and any((settings.root / name).exists() for name in _BUILT_BY):
        return []
    after = configured(before or "", storable(settings.project), path)
    return [Change(path=path, before=before, after=after, encoding=encoding)]


def _local(settings: Settings) -> list[str]:
    """What runs leave behind, inside the repository."""
    logs, metrics = settings.logs_dir, settings.metrics_file
    paths = [
        *(logs / name for name in ("runs/", "archive/", "*pytest.log*", f"{MEMORY_FILE}*")),
        # Its lock, and the metrics of the causes beside it.
        metrics.with_name("*.prom*" if metrics.suffix == ".prom" else f"*{metrics.name}*"),
    ]
    trailing = ["/", "/", "", "", ""]
    return [
        f"/{path.relative_to(settings.root).as_posix()}{end}"
        for path, end in zip(paths, trailing, strict=True)
        if path.is_relative_to(settings.root)
    ]


def _covered(line: str, present: set[str]) -> bool:
    parts = line.strip("/").split("/")
    return any("/".join(parts[: length + 1]) in present for length in range(len(parts)))


def _value(statement: ast.AST) -> ast.expr | None:
    if isinstance(statement, ast.Assign):
        targets: list[ast.expr] = statement.targets
    elif isinstance(statement, (ast.AnnAssign, ast.AugAssign)):
        targets = [statement.target]
    else:
        return None
    named = any(isinstance(item, ast.Name) and item.id == "pytest_plugins" for item in targets)
    return statement.value if named else None


def _names_the_kit(value: ast.expr) -> bool:
    texts = [node.value for node in ast.walk(value) if isinstance(node, ast.Constant)]
    return PLUGIN in texts or f"{PLUGIN}.plugin" in texts


def _inserted(source: str, tree: ast.Module) -> str:
    """After the docstring and the imports at the top."""
    end = "\r\n" if "\r\n" in source else "\n"
    lines = source.encode().splitlines(keepends=True)
    # An interpreter line counts only in line 1, a coding cookie in the first two.
    leading = len(list(takewhile(_HEADING.match, lines[:2])))
    for position, statement in enumerate(tree.body):
        docstring = position == 0 and isinstance(statement, ast.Expr)
        if not (docstring or isinstance(statement, (ast.Import, ast.ImportFrom))):
            break
        leading = statement.end_lineno or leading
    head = b"".join(lines[:leading]).decode()
    tail = b"".join(lines[leading:]).decode()
    if head:
        head += end if head.endswith("\n") else end * 2
    if tail and tail[0] not in "\r\n":
        tail = end + tail
    return f'{head}pytest_plugins = ["{PLUGIN}"]{end}{tail}'


def _extended(source: str, value: ast.expr, path: Path) -> str:
    # In bytes, because ast counts columns in bytes of UTF-8.
    content = source.encode()
    lines = content.splitlines(keepends=True)

    def offset(line: int | None, column: int | None) -> int:
        return sum(map(len, lines[: (line or 1) - 1])) + (column or 0)

    start = offset(value.lineno, value.col_offset)
    stop = offset(value.end_lineno, value.end_col_offset)
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        new = b"[" + content[start:stop] + f', "{PLUGIN}"]'.encode()
    elif isinstance(value, (ast.List, ast.Tuple)) and not value.elts:
        new = f'["{PLUGIN}"]'.encode()
    elif isinstance(value, (ast.List, ast.Tuple)):
        last = value.elts[-1]
        before = lines[last.lineno - 1][: last.col_offset]
        gap = " " if before.strip() else f"\n{before.decode()}"
        start = stop = offset(last.end_lineno, last.end_col_offset)
        new = f',{gap}"{PLUGIN}"'.encode()
    else:
        raise _by_hand(path)
    return (content[:start] + new + content[stop:]).decode()


def _by_hand(path: Path) -> UsageProblem:
    return UsageProblem(
        f'{path} computes its pytest_plugins: add "{PLUGIN}" to them by hand, '
        "or start pytest with -p conftest_kit"
    )


def text_of(path: Path) -> tuple[str | None, str]:
    """What a file holds, and the encoding that it is written in: UTF-8, but where a file of
    Python's names another. None for a file that is not there.

    Raises:
        UsageProblem: it cannot be read.
    """
    try:
        content = path.read_bytes()
        encoding = "utf-8-sig" if content.startswith(BOM_UTF8) else "utf-8"
        if path.suffix == ".py":  # a heading elsewhere may well say "coding: …"
            encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        return content.decode(encoding), encoding
    except FileNotFoundError:
        return None, "utf-8"
    except (OSError, SyntaxError, UnicodeDecodeError) as error:
        raise UsageProblem(f"cannot read {str(path)!r}: {error}") from error
