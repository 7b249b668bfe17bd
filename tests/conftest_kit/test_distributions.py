from __future__ import annotations

import importlib.metadata
import sys
import time
import venv
from pathlib import Path

import pytest

from conftest_kit import distributions, records


def install(folder: Path, name: str, version: str, **files: str) -> Path:
    """A `.dist-info` folder with METADATA and these further files."""
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    files = {"METADATA": f"Name: {name}\nVersion: {version}\n", **files}
    for file, text in files.items():
        (info / file.replace("__", ".")).write_text(text, encoding="utf-8")
    return info


class TestInstalledVersions:
    """Names and versions, from the names of folders."""

    @pytest.mark.parametrize(
        ("folder", "expected"),
        [
            ("PyYAML-6.0.2.dist-info", {"pyyaml": "6.0.2"}),
            ("zope.interface-7.2.dist-info", {"zope-interface": "7.2"}),
            ("ruamel_yaml__clib-0.2.dist-info", {"ruamel-yaml-clib": "0.2"}),
            ("torch-2.3.0+cu121.dist-info", {"torch": "2.3.0+cu121"}),
            ("old-1.0.dev1-py3.11.egg-info", {"old": "1.0.dev1"}),
            ("old-1.0-py3.11-linux-x86_64.egg-info", {"old": "1.0"}),
            ("unnumbered.egg-info", {"unnumbered": "3.4"}),
            ("~ip-23.0.dist-info", {}),
            ("package", {}),
        ],
    )
    def test_folder_names(self, tmp_path: Path, folder: str, expected: dict[str, str]):
        """Every way a distribution is named; leftovers of pip are none."""
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "PKG-INFO").write_text("Metadata-Version: 2.1\nVersion: 3.4\n\nx")

        assert distributions.installed_versions([str(tmp_path)]) == expected

    def test_the_first_on_the_path_counts(self, tmp_path: Path):
        """As for an import; what is no folder is passed over."""
        install(tmp_path / "a", "pkg", "1.0")
        install(tmp_path / "b", "pkg", "2.0")
        path = [str(tmp_path / name) for name in ("missing", "a", "b", "a")]

        assert distributions.installed_versions(path) == {"pkg": "1.0"}

    def test_importlib_agrees(self):
        """What is found here is what importlib.metadata finds, from files, in this distributions."""
        expected = {
            distributions.normalised(found.metadata["Name"]): found.version
            for found in reversed(list(importlib.metadata.distributions()))
        }

        assert distributions.installed_versions(sys.path) == expected


class TestInstalledMetadata:
    """What red runs record of each distribution."""

    def test_fields(self, tmp_path: Path):
        """Requirements, extras, modules and pytest plugins; the description is not looked at."""
        install(
            tmp_path,
            "Some_Pkg",
            "1.0",
            METADATA="Metadata-Version: 2.1\nName: Some-Pkg\nVersion: 1.0\n"
            'Requires-Dist: numpy<2,>=1.20\nRequires-Dist: rich; extra == "cli"\n'
            "Provides-Extra: cli\n\nRequires-Dist: not this\n",
            entry_points__txt="[console_scripts]\nx = a:b\n\n[pytest11]\n# c\nsome = some_pkg.plugin\n"
            "\n[other]\ny = z\n",
            RECORD="some_pkg/__init__.py,sha256=x,1\n_some.cpython-311-x86_64-linux-gnu.so,,\n"
            "single.py,,\n__pycache__/single.cpython-311.pyc,,\n../../bin/x,,\n"
            "Some_Pkg-1.0.dist-info/METADATA,,\nnative/_x.abi3.so,,\ndocs/a.txt,,\n",
        )

        assert distributions.installed_metadata([str(tmp_path)]) == (
            records.Distribution(
                name="Some-Pkg",
                version="1.0",
                requires=("numpy<2,>=1.20", 'rich; extra == "cli"'),
                extras=("cli",),
                modules=("_some", "native", "single", "some_pkg"),
                pytest_plugins={"some": "some_pkg.plugin"},
            ),
        )

    def test_top_level_names_are_taken_as_listed(self, tmp_path: Path):
        """Where setuptools listed the modules, RECORD is not read."""
        install(tmp_path, "pkg", "1.0", top_level__txt="b\na\n", RECORD="c.py,,\n")
        found = distributions.installed_metadata([str(tmp_path)])

        assert found[0].modules == ("a", "b")

    def test_editable_installs(self, tmp_path: Path):
        """A `.pth` file leads to the modules."""
        source = tmp_path / "src"
        (source / "pkg").mkdir(parents=True)
        (source / "pkg" / "__init__.py").touch()
        (source / "single.py").touch()
        (source / "data").mkdir()
        site = tmp_path / "site"
        install(site, "pkg", "1.0", RECORD="_pkg.pth,,\npkg-1.0.dist-info/METADATA,,\n")
        (site / "_pkg.pth").write_text(f"import this\n{source}\n/nowhere\n")

        assert distributions.installed_metadata([str(site)])[0].modules == ("pkg", "single")

    def test_a_broken_install_is_left_out(self, tmp_path: Path):
        """A folder without METADATA, or an unreadable one, is nothing that is installed."""
        install(tmp_path, "whole", "1.0")
        (tmp_path / "broken-1.0.dist-info").mkdir()
        (tmp_path / "binary-1.0.dist-info").mkdir()
        (tmp_path / "binary-1.0.dist-info" / "METADATA").write_bytes(b"\xff\xfe\0")
        found = distributions.installed_metadata([str(tmp_path)])

        assert [distribution.name for distribution in found] == ["whole"]

    def test_importlib_agrees(self):
        """Requirements and plugins of this environment are those that importlib.metadata finds."""
        ours = {
            distributions.normalised(found.name): found
            for found in distributions.installed_metadata()
        }

        for found in reversed(list(importlib.metadata.distributions())):
            record = ours[distributions.normalised(found.metadata["Name"])]
            plugins = found.entry_points.select(group="pytest11")
            assert sorted(record.requires) == sorted(found.metadata.get_all("Requires-Dist") or [])
            assert record.pytest_plugins == {plugin.name: plugin.value for plugin in plugins}

    def test_importing_agrees(self):
        """Every module that importlib.metadata knows of is found, in this distributions."""
        ours = {
            (distributions.normalised(found.name), module)
            for found in distributions.installed_metadata()
            for module in found.modules
        }
        expected = {
            (distributions.normalised(name), module)
            for module, names in importlib.metadata.packages_distributions().items()
            for name in names
            if module.isidentifier() and not module.startswith("__")
        }

        assert expected - ours == set()


def test_three_hundred_distributions_take_milliseconds(tmp_path: Path):
    """The names are read at the start of every run, so reading them must cost next to nothing."""
    venv.create(tmp_path, symlinks=True)
    site = next(tmp_path.glob("lib/python*/site-packages"))
    for number in range(300):
        install(site, f"fake_{number}", "1.0")
        (site / f"fake_{number}").mkdir()
    taken = []
    for _ in range(20):
        started = time.process_time()
        found = distributions.installed_versions([str(site)])
        taken.append(time.process_time() - started)

    assert len(found) == 300
    # 2 ms measured on an idle machine; a busy one is fair to the best of twenty only.
    assert min(taken) < 0.005
