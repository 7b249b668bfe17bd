from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import hypothesis
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conftest_kit import settings
from conftest_kit.settings import SettingsError

METRICS_FILES = (".prom", "-causes.prom")
"""What the kit and the orchestrator add to a project's name."""


def load(root: Path, pyproject: str = "", environ: dict[str, str] | None = None, **overrides: str):
    """The settings of a project whose pyproject.toml has this text."""
    (root / "pyproject.toml").write_text(pyproject, encoding="utf-8")
    return settings.load(root, environ or {}, overrides)


class TestLoad:
    """Where values come from, and which are refused."""

    def test_defaults(self, tmp_path: Path):
        """A project that sets nothing has the documented places below its root."""
        loaded = settings.load(tmp_path, {})

        assert loaded.root == tmp_path
        assert loaded.logs_dir == tmp_path / "logs"
        assert loaded.metrics_file == tmp_path / "monitoring/pytest_metrics.prom"
        assert loaded.memory is None
        assert loaded.keep_runs == 20
        assert loaded.artifacts == ()

    @pytest.mark.parametrize(
        ("pyproject", "environ", "overrides", "expected"),
        [
            ("", {}, {}, 20),
            ("keep_runs = 3", {}, {}, 3),
            ("keep_runs = 3", {"CONFTEST_KIT_KEEP_RUNS": "4"}, {}, 4),
            ("keep_runs = 3", {"CONFTEST_KIT_KEEP_RUNS": "4"}, {"keep_runs": "5"}, 5),
            ("keep_runs = 3", {"CONFTEST_KIT_KEEP_RUNS": ""}, {}, 3),
        ],
    )
    def test_precedence(self, tmp_path: Path, pyproject, environ, overrides, expected):
        """Command line beats environment beats pyproject.toml beats default; empty is not set."""
        loaded = load(tmp_path, f"[tool.conftest_kit]\n{pyproject}", environ, **overrides)

        assert loaded.keep_runs == expected

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("memory/x.db", "{root}/memory/x.db"),
            ("/var/x.db", "/var/x.db"),
            ("postgresql://db/x", "postgresql://db/x"),
        ],
    )
    def test_memory_is_a_path_or_a_url(self, tmp_path: Path, value, expected):
        """A path is relative to the root, a URL stays what it is."""
        loaded = load(tmp_path, memory=value)

        assert loaded.memory == expected.format(root=tmp_path)

    def test_lists(self, tmp_path: Path):
        """A list is an array in pyproject.toml and separated by commas elsewhere."""
        table = '[tool.conftest_kit]\nartifacts = ["shots/*.png", "core"]'

        assert load(tmp_path, table).artifacts == ("shots/*.png", "core")
        assert load(tmp_path, artifacts="a/*.png, b").artifacts == ("a/*.png", "b")

    @pytest.mark.parametrize(
        ("table", "environ", "overrides", "parts"),
        [
            ("keep_run = 3", {}, {}, ["pyproject.toml", "'keep_run'", "3", "'keep_runs'"]),
            ("nonsense = 3", {}, {}, ["'nonsense'", "known: project, logs_dir"]),
            ("keep_runs = 0", {}, {}, ["[tool.conftest_kit]", "keep_runs = 0", "from 1"]),
            ("keep_runs = true", {}, {}, ["keep_runs = True", "a whole number from 1"]),
            ("keep_runs = {}", {}, {}, ["keep_runs = {}", "a whole number from 1"]),
            ("logs_dir = ''", {}, {}, ["logs_dir = ''", "not empty"]),
            ("artifacts = 3", {}, {}, ["artifacts = 3", "a list"]),
            ("artifacts = ['../x']", {}, {}, ["['../x']", "below"]),
            ("max_series = 49", {}, {}, ["max_series = 49", "from 50"]),
            ("metrics_labels = 'team'", {}, {}, ["'team'", "a table of texts", "NAME=TEXT"]),
            ("metrics_labels = {team = 3}", {}, {}, ["{'team': 3}", "a table of texts"]),
            ("metrics_labels = {'a-b' = 'x'}", {}, {}, ["unlike 'a-b'", "letters, digits"]),
            ("metrics_labels = {__a = 'x'}", {}, {}, ["unlike '__a'"]),
            ("metrics_labels = {le = '1'}", {}, {}, ["unlike 'le'", "our own metrics"]),
            ("metrics_labels = {outcome = 'x'}", {}, {}, ["unlike 'outcome'"]),
            (f"metrics_labels = {{a = '{'x' * 201}'}}", {}, {}, ["200 characters"]),
            ('metrics_labels = {a = "x\\ny"}', {}, {}, ["a table of texts"]),
            ("size_markers = {unit = 'tiny'}", {}, {}, ["'tiny'", "small, medium, large, xlarge"]),
            ("size_markers = 'not a name=small'", {}, {}, ["MARKER=SIZE"]),
            ("", {"CONFTEST_KIT_KEEP_RUNS": "many"}, {}, ["CONFTEST_KIT_KEEP_RUNS", "'many'"]),
            ("", {"CONFTEST_KIT_KEPRUNS": "3"}, {}, ["CONFTEST_KIT_KEPRUNS", "'keep_runs'"]),
            ("", {}, {"keep_runs": "-1"}, ["command line", "keep_runs = '-1'"]),
            ("", {}, {"keep": "1"}, ["command line", "'keep'"]),
            ("= 3", {}, {}, ["cannot read", "pyproject.toml"]),
        ],
    )
    def test_an_error_names_key_value_place_and_remedy(
        self, tmp_path: Path, table, environ, overrides, parts
    ):
        """Whoever reads the message knows what to change, and where."""
        with pytest.raises(SettingsError) as caught:
            load(tmp_path, f"[tool.conftest_kit]\n{table}", environ, **overrides)

        assert all(part in str(caught.value) for part in parts), str(caught.value)

    def test_an_error_shows_no_password(self, tmp_path: Path):
        """A misspelled memory variable may hold a URL with credentials."""
        with pytest.raises(SettingsError) as caught:
            load(tmp_path, environ={"CONFTEST_KIT_MEMROY": "postgresql://me:s3cr/et@db/x"})

        assert "s3cr" not in str(caught.value)
        assert "'memory'" in str(caught.value)

    def test_what_is_left_alone(self, tmp_path: Path):
        """Sub-tables, internal variables and variables of other versions are not read."""
        environ = {"CONFTEST_KIT_TOKEN": "abc", "CONFTEST_KIT_SOMETHING_NEW": "1", "OTHER": "1"}
        loaded = load(tmp_path, "[tool.conftest_kit.model]\nname = 'x'", environ)

        assert loaded == load(tmp_path)

    def test_a_table_that_is_none_is_left_alone(self, tmp_path: Path):
        """`tool.conftest_kit = 3` has no settings to read."""
        assert load(tmp_path, "[tool]\nconftest_kit = 3") == load(tmp_path)


class TestMetrics:
    """Where metrics go, and what stands on them."""

    def test_tables(self, tmp_path: Path):
        """A table in pyproject.toml, pairs separated by commas elsewhere."""
        table = "[tool.conftest_kit]\nmetrics_labels = {team = 'shop', branch = 'main'}\n"
        table += "size_markers = {unit = 'small', e2e = 'large'}"
        elsewhere = {
            "metrics_labels": "team=shop, branch=main",
            "size_markers": "unit=small,e2e=large",
        }
        loaded = [load(tmp_path, table), load(tmp_path, **elsewhere)]

        for found in loaded:
            assert found.metrics_labels == {"team": "shop", "branch": "main"}
            assert found.size_markers == {"unit": "small", "e2e": "large"}

    def test_a_folder_of_several_projects(self, tmp_path: Path):
        """The file has the project's name, and every series has it as well."""
        environ = {"CONFTEST_KIT_METRICS_DIR": "shared", "CONFTEST_KIT_METRICS_LABELS": "team=x"}
        loaded = load(tmp_path, environ=environ, project="my shop", metrics_file="other.prom")

        assert loaded.metrics_file == tmp_path / "shared" / "my%20shop.prom"
        assert loaded.metrics_labels == {"team": "x", "project": "my shop"}

    @hypothesis.settings(deadline=None)
    @given(st.lists(st.text(st.characters(), min_size=1), min_size=2, max_size=2, unique=True))
    @example(["shop", "shop-causes"])
    @example(["a/b", "a%2Fb"])
    @example(["x" * 200, "x" * 201])
    @example([".", ".."])
    def test_no_two_projects_share_a_file(self, projects: list[str]):
        """A name is plain text of one folder, and no other project's, its causes' file included."""
        files = [
            f"{settings.file_name(project)}{end}" for project in projects for end in METRICS_FILES
        ]

        assert len(set(files)) == 4
        for file in files:
            assert re.fullmatch(r"(?!\.)[\w.%-]{1,170}", file, re.ASCII)


class TestProject:
    """The name that runs are remembered under."""

    def test_its_name_comes_from_the_nearest_source(self, tmp_path: Path):
        """The setting, else pyproject's name, else the repository's, else the folder's."""
        root = tmp_path / "folder"
        git_dir = root / ".git"
        git_dir.mkdir(parents=True)
        named = '[project]\nname = "declared"\n'

        assert settings.load(root, {}).project == "folder"
        (git_dir / "HEAD").write_text("ref: refs/heads/main\n")
        (git_dir / "config").write_text('[remote "origin"]\n\turl = git@host:me/remote.git\n')
        assert settings.load(root, {}).project == "remote"
        assert load(root, named).project == "declared"
        assert load(root, named + "[tool.conftest_kit]\nproject = 'set'").project == "set"


def test_the_table_names_every_setting():
    """The README's table cannot miss one."""
    table = settings.table()

    assert all(f"| `{setting.key}` |" in table for setting in settings.SETTINGS)
    assert len(table.splitlines()) == len(settings.SETTINGS) + 2


def test_imports_are_light():
    """Importing what pytest needs at its start adds few modules to those it has loaded."""
    code = (
        "import sys, pytest, _pytest.config; _pytest.config.get_config(); before = set(sys.modules)\n"
        "import conftest_kit.settings, conftest_kit.environment, conftest_kit.masking\n"
        "import conftest_kit.log\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert [name for name in result.stdout.split() if not name.startswith("conftest_kit")] == []


def test_what_is_right_holds_beside_what_is_wrong(tmp_path):
    """Who must go on gets the defaults for wrong settings, the right ones, and every problem."""
    (tmp_path / "pyproject.toml").write_text(
        '[tool.conftest_kit]\nkeep_runs = -1\nlogs_dir = "out"\n', encoding="utf-8"
    )

    found, problems = settings.load_what_is_right(tmp_path, {"CONFTEST_KIT_KEEP_RUN": "3"})

    assert (found.keep_runs, found.logs_dir) == (20, tmp_path / "out")
    assert len(problems) == 2
    assert "keep_runs = -1" in problems[0]
    assert "'keep_run'" in problems[1]


def test_unreadable_pyproject_is_a_problem_not_an_end(tmp_path):
    """A pyproject.toml that is not TOML leaves the defaults."""
    (tmp_path / "pyproject.toml").write_text("[tool.pytest\n", encoding="utf-8")

    found, problems = settings.load_what_is_right(tmp_path, {})

    assert found.logs_dir == tmp_path / "logs"
    assert "pyproject.toml" in problems[0]
