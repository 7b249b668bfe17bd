from __future__ import annotations

import os
from pathlib import Path

import pytest

from conftest_kit.root import find_root


class TestFindRoot:
    """The folder that review works on."""

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("pytest.ini", ""),
            (".pytest.ini", ""),
            ("pytest.toml", ""),
            ("pyproject.toml", "[tool.pytest.ini_options]"),
            ("pyproject.toml", "[tool.pytest]\naddopts = ['-q']"),
            ("pyproject.toml", "[project]"),
            ("tox.ini", "[tox]\n[pytest]"),
            ("setup.cfg", "[tool:pytest]\n"),
            ("conftest.py", 'pytest_plugins = ["conftest_kit"]'),
        ],
    )
    def test_marks(self, tmp_path: Path, name, text):
        """Each of these makes its folder the root for the folders below."""
        below = tmp_path / "a" / "b"
        below.mkdir(parents=True)
        (tmp_path / name).write_text(text, encoding="utf-8")

        assert find_root(below) == tmp_path

    def test_runs_mark_it_as_well(self, tmp_path: Path):
        """Without ini file and conftest, the nearest folder with runs is meant."""
        below = tmp_path / "a"
        (tmp_path / "logs" / "runs").mkdir(parents=True)
        below.mkdir()

        assert find_root(below) == tmp_path

    def test_an_ini_file_further_up_beats_a_conftest(self, tmp_path: Path):
        """As for pytest, which looks for its ini file first, in all parents."""
        below = tmp_path / "a"
        below.mkdir()
        (tmp_path / "pytest.ini").touch()
        (below / "conftest.py").write_text('pytest_plugins = ["conftest_kit"]')
        (below / "tox.ini").write_text("[tox]")
        (below / "pyproject.toml").write_text("not toml")

        assert find_root(below) == tmp_path

    def test_nothing_found(self, tmp_path: Path):
        """Then it is the folder where the search began."""
        assert find_root(tmp_path) == tmp_path

    def test_what_lies_above_a_repository_is_not_the_projects(self, tmp_path: Path):
        """A stray conftest or logs folder above the repository captures nothing."""
        (tmp_path / "conftest.py").write_text('pytest_plugins = ["conftest_kit"]')
        (tmp_path / "logs" / "runs").mkdir(parents=True)
        below = tmp_path / "repository" / "tests"
        below.mkdir(parents=True)
        (below.parent / ".git").mkdir()

        assert find_root(below) == below
        assert find_root(tmp_path / "other") == tmp_path

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("pytest.ini", "[pytest]"),
            ("pyproject.toml", "[tool.pytest.ini_options]"),
            ("tox.ini", "[pytest]"),
            ("setup.cfg", "[tool:pytest]"),
            ("pyproject.toml", "[project]\nname = 'x'"),
        ],
    )
    def test_pytest_agrees(self, pytester: pytest.Pytester, name, text):
        """The folder is that of the ini file which pytest uses (its root, where it uses none)."""
        pytester.path.joinpath(name).write_text(text, encoding="utf-8")
        below = pytester.mkdir("below")
        pytester.makepyfile(
            """
            def test_it(request):
                config = request.config
                print(f"<{config.inipath.parent if config.inipath else config.rootpath}>")
            """
        )
        os.chdir(below)
        result = pytester.runpytest_inprocess("-s", "../test_pytest_agrees.py")

        result.stdout.fnmatch_lines([f"*<{find_root(below)}>*"])
