"""What a project can set, and where the answer came from.

Defaults < `[tool.conftest_kit]` of pyproject.toml < `CONFTEST_KIT_<KEY>` < command line.
PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import difflib
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from conftest_kit import git, values

PREFIX = "CONFTEST_KIT_"
MEMORY_FILE = "corpus_memory.db"
RESERVED = frozenset({"TOKEN", "SERVE_TOKEN"})
"""What the kit and the orchestrator tell each other through `CONFTEST_KIT_<name>`: not settings."""


class SettingsError(ValueError):
    """A setting is unknown or has a value that it cannot have; the message says which and why."""


class Settings(NamedTuple):
    """The settings of one run; paths are absolute."""

    root: Path
    """The folder that relative paths were relative to."""
    project: str
    logs_dir: Path
    metrics_file: Path
    """Below `metrics_dir`, where that is set."""
    metrics_dir: Path | None
    metrics_labels: Mapping[str, str]
    """With `project` among them where `metrics_dir` is set."""
    max_series: int
    size_markers: Mapping[str, str]
    """Names of markers to sizes."""
    memory: str | None
    """An absolute path or a URL; None stands for `corpus_memory.db` in `logs_dir`."""
    keep_runs: int
    max_run_bytes: int
    max_archive_bytes: int
    artifacts: tuple[str, ...]
    # What a review calls a finding.
    coverage_min: float
    coverage_max_drop: float
    runtime_max_rise: float
    runtime_floor_seconds: float
    runtime_baseline_runs: int
    size_targets: tuple[tuple[str, float, float], ...]
    """Size, and the least and the most percent of the sized tests."""

    @property
    def memory_location(self) -> str:
        """The path or URL of the memory, whoever named it."""
        return self.memory or str(self.logs_dir / MEMORY_FILE)


class Setting(NamedTuple):
    """One row of the table in the README."""

    key: str
    type: str
    read: Callable[[Any, Path], Any]
    """From a raw value and the root; raises ValueError saying what is allowed."""
    default: Any
    help: str


SETTINGS: tuple[Setting, ...] = (
    Setting(
        key="project",
        type="text",
        read=values.text,
        default="",
        help="Name under which runs are remembered; else the name in pyproject.toml, "
        "the repository's, the folder's.",
    ),
    Setting(
        key="logs_dir",
        type="path",
        read=values.path,
        default="logs",
        help="Where runs, archives, `pytest.log` and the embedded memory go.",
    ),
    Setting(
        key="metrics_file",
        type="path",
        read=values.path,
        default="monitoring/pytest_metrics.prom",
        help="The Prometheus textfile.",
    ),
    Setting(
        key="metrics_dir",
        type="path",
        read=values.path,
        default=None,
        help="Instead of `metrics_file` a folder of several projects: the textfile is "
        "`<project>.prom`, and each of its series has the label `project`.",
    ),
    Setting(
        key="metrics_labels",
        type="table of texts",
        read=values.labels,
        default="",
        help='Labels of every series, such as `{team = "shop"}`.',
    ),
    Setting(
        key="max_series",
        type="number",
        read=values.series,
        default=500,
        help="Series in the textfile; beyond, coverage by module goes first.",
    ),
    Setting(
        key="size_markers",
        type="table of texts",
        read=values.sizes,
        default="small=small,medium=medium,large=large,xlarge=xlarge",
        help='Markers that give tests a size, such as `{unit = "small"}`.',
    ),
    Setting(
        key="memory",
        type="path or URL",
        read=values.place,
        default=None,
        help="The database of causes and suggestions; else `corpus_memory.db` in `logs_dir`.",
    ),
    Setting(
        key="keep_runs",
        type="number",
        read=values.count,
        default=20,
        help="Run directories to keep; red ones that nobody reviewed go last.",
    ),
    Setting(
        key="max_run_bytes",
        type="number",
        read=values.count,
        default=64 * 1024 * 1024,
        help="Size of one run directory; what did not fit is said.",
    ),
    Setting(
        key="max_archive_bytes",
        type="number",
        read=values.count,
        default=500_000_000,
        help="Size of all archives together; the oldest go first.",
    ),
    Setting(
        key="artifacts",
        type="list of paths",
        read=values.patterns,
        default=(),
        help="Files, folders and patterns (`screenshots/*.png`) archived with a red run.",
    ),
    # What a review calls a finding.
    Setting(
        key="coverage_min",
        type="percent",
        read=values.number,
        default=80,
        help="Coverage below this is a finding; 0 for never.",
    ),
    Setting(
        key="coverage_max_drop",
        type="points",
        read=values.number,
        default=1,
        help="Coverage that lost more than this against comparable green runs is a finding.",
    ),
    Setting(
        key="runtime_max_rise",
        type="percent",
        read=values.number,
        default=30,
        help="A run that took longer than the median of comparable green runs by more than this "
        "is a finding …",
    ),
    Setting(
        key="runtime_floor_seconds",
        type="seconds",
        read=values.number,
        default=10,
        help="… where it is also longer by more than this.",
    ),
    Setting(
        key="runtime_baseline_runs",
        type="number",
        read=values.count,
        default=3,
        help="Comparable green runs that the memory must hold before run time is judged.",
    ),
    Setting(
        key="size_targets",
        type="list of shares",
        read=values.shares,
        default=("small:75-85", "medium:10-20", "large:2-8"),
        help="Percent of the sized tests that may have each size; `large` is large and xlarge "
        "together. A suite that is off by a test or more is a finding.",
    ),
)
_BY_KEY = {setting.key: setting for setting in SETTINGS}


def load(
    root: Path, environ: Mapping[str, str], overrides: Mapping[str, str] | None = None
) -> Settings:
    """The settings that hold in `root`; `overrides` (from the command line) win.

    An empty environment variable counts as not set. One that is unknown is an error only where its
    name is nearly that of a setting: others may belong to another version of the kit. Tables below
    `[tool.conftest_kit]` are not read here.

    Raises:
        SettingsError: a key is unknown, a value is not allowed, or pyproject.toml is not TOML.
    """
    settings, problems = load_what_is_right(root, environ, overrides)
    if problems:
        raise SettingsError(problems[0])
    return settings


def load_what_is_right(
    root: Path, environ: Mapping[str, str], overrides: Mapping[str, str] | None = None
) -> tuple[Settings, tuple[str, ...]]:
    """As `load` for those who must go on: a wrong setting has its default, and is named."""
    root = root.absolute()
    document, problem = read_pyproject(root)
    problems = [problem] if problem else []
    found = {
        setting.key: setting.default
        if setting.default is None or setting.key == "project"
        else setting.read(setting.default, root)
        for setting in SETTINGS
    }
    for source, key, raw in _given(document, environ, overrides or {}, root):
        try:
            found[key] = _read(key, raw, root, source=source)
        except SettingsError as error:
            problems.append(str(error))
    project = found["project"] = found["project"] or _project_name(document, root)
    if found["metrics_dir"] is not None:
        found["metrics_file"] = found["metrics_dir"] / f"{file_name(project)}.prom"
        found["metrics_labels"] = {**found["metrics_labels"], "project": project}
    return Settings(root=root, **found), tuple(problems)


def file_name(project: str) -> str:
    """A name for files of the project, which no other project has."""
    plain = "[a-zA-Z0-9._-]"
    # Not hidden, and not what `<project>-causes.prom` of another project is called.
    name = re.sub(
        rf"^\.|-(?=causes$)|(?!{plain}).",
        lambda odd: "".join(f"%{byte:02X}" for byte in odd[0].encode("utf-8", "surrogatepass")),
        project,
        flags=re.DOTALL,
    )
    if len(name) <= 150:
        return name
    return f"{name[:140]}%{zlib.crc32(name.encode()):08x}"


def table() -> str:
    """The table of the README, in Markdown."""
    rows = ["| key | type | default | what it sets |", "|---|---|---|---|"]
    for setting in SETTINGS:
        value = setting.default
        shown = ", ".join(value) if isinstance(value, tuple) else value
        default = f"`{shown}`" if shown else "none"
        rows.append(f"| `{setting.key}` | {setting.type} | {default} | {setting.help} |")
    return "\n".join(rows) + "\n"


def _given(
    document: dict[str, Any],
    environ: Mapping[str, str],
    overrides: Mapping[str, str],
    root: Path,
) -> Iterator[tuple[str, str, Any]]:
    """What is set: by whom, which key, and the raw value; the later wins."""
    section = subtable(subtable(document, "tool"), "conftest_kit")
    for key, raw in section.items():
        if key in _BY_KEY or not isinstance(raw, dict):
            yield f"[tool.conftest_kit] in {root / 'pyproject.toml'}", key, raw
    for name, raw in environ.items():
        if not name.startswith(PREFIX) or name.removeprefix(PREFIX) in RESERVED or not raw:
            continue
        key = name.removeprefix(PREFIX).lower()
        if key in _BY_KEY or difflib.get_close_matches(key, _BY_KEY, cutoff=0.8):
            yield name, key, raw
    for key, raw in overrides.items():
        yield "command line", key, raw


def _read(key: str, raw: Any, root: Path, *, source: str) -> Any:
    setting = _BY_KEY.get(key)
    # A misspelled memory setting may hold a URL with a password.
    shown = re.sub(r"://\S*@", "://***@", repr(raw))
    if setting is None:
        near = difflib.get_close_matches(key, _BY_KEY, n=2)
        hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
        raise SettingsError(
            f"{source}: unknown setting {key!r} (value {shown}); {hint}known: {', '.join(_BY_KEY)}"
        )
    try:
        return setting.read(raw, root)
    except ValueError as error:
        raise SettingsError(f"{source}: {key} = {shown} is not allowed; allowed: {error}") from None


def _project_name(document: dict[str, Any], root: Path) -> str:
    name = subtable(document, "project").get("name")
    if isinstance(name, str) and name:
        return name
    repository = git.find(root)
    return (repository.name() if repository else root.name) or "unnamed"


def read_pyproject(root: Path) -> tuple[dict[str, Any], str | None]:
    """The content of pyproject.toml, and why it cannot be read."""
    path = root / "pyproject.toml"
    if not path.is_file():
        return {}, None
    import tomllib  # noqa: PLC0415 - four modules that many runs do without

    try:
        return tomllib.loads(path.read_text(encoding="utf-8")), None
    except (OSError, ValueError) as error:
        return {}, f"cannot read {path}: {error}"


def subtable(document: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The table of that name; empty where there is none, or something else."""
    value = document.get(key)
    return value if isinstance(value, dict) else {}
