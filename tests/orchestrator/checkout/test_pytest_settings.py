"""Which settings file pytest takes, and what it says."""

from __future__ import annotations

import pytest

from orchestrator.checkout import pytest_settings

INI = "[pytest]\naddopts = -q\nusefixtures =\n    a\n"


@pytest.mark.parametrize(
    ("name", "content", "settings"),
    [
        ("pytest.ini", INI, {"addopts": "-q", "usefixtures": "\na"}),
        ("pytest.ini", "", {}),
        ("setup.cfg", "[tool:pytest]\naddopts = -q\n", {"addopts": "-q"}),
        ("pyproject.toml", '[tool.pytest.ini_options]\naddopts = "-q"\n', {"addopts": "-q"}),
        ("pyproject.toml", '[tool.pytest]\naddopts = ["-q", "-x"]\n', {"addopts": "-q\n-x"}),
        ("pytest.toml", "[pytest]\nstrict_markers = true\n", {"strict_markers": "true"}),
        ("tox.ini", "[pytest]\nDJANGO_SETTINGS_MODULE = a\n", {"DJANGO_SETTINGS_MODULE": "a"}),
    ],
)
def test_reads(tmp_path, name, content, settings):
    """Each file that pytest looks for, with its own section."""
    (tmp_path / name).write_text(content, "utf-8")

    assert pytest_settings.read(tmp_path) == (name, settings)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("setup.cfg", "[metadata]\nname = shop\n"),
        ("pyproject.toml", "[project"),
        ("pytest.ini", "addopts = -q\n"),
    ],
)
def test_passes_over(tmp_path, name, content):
    """A file without pytest's section, or that does not parse, says nothing."""
    (tmp_path / name).write_text(content, "utf-8")

    assert pytest_settings.read(tmp_path) == ("", {})


def test_the_first_wins(tmp_path):
    """The order is pytest's own."""
    (tmp_path / "tox.ini").write_text("[pytest]\naddopts = -x\n", "utf-8")
    (tmp_path / "pytest.ini").write_text(INI, "utf-8")

    assert pytest_settings.read(tmp_path)[0] == "pytest.ini"
