"""Writes `orchestrator/knowledge/pytest.toml`: what pytest itself brings.

    PYTHON .ci/generate_pytest.py

with a Python that has the pytest to ask: its options, settings and hooks, what its module offers,
and the fixtures of each of its plugins, which `-p no:NAME` switches off. No plugin of another
distribution is loaded.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from _pytest.config import Config, get_config
from _pytest.fixtures import FixtureFunctionDefinition

KNOWLEDGE = Path(__file__).resolve().parent.parent / "orchestrator" / "knowledge"


def options(config: Config) -> set[str]:
    """What its command line takes."""
    parser = config._parser  # noqa: SLF001, there is no public list
    groups = (parser._anonymous, *parser._groups)  # noqa: SLF001
    return {name for group in groups for option in group.options for name in option.names()}


def settings(config: Config) -> set[str]:
    """What its settings file may hold, also by former names."""
    parser = config._parser  # noqa: SLF001
    return {*parser._inidict, *getattr(parser, "_ini_aliases", {})}  # noqa: SLF001


def hooks(config: Config) -> set[str]:
    """What plugins and conftests may implement."""
    return {name for name in dir(config.pluginmanager.hook) if name.startswith("pytest_")}


def fixtures(plugin: Any) -> Iterator[str]:
    """What a plugin of pytest's own defines, in its module or in classes of it."""
    classes = (one for one in vars(plugin).values() if inspect.isclass(one))
    own = (one for one in classes if one.__module__ == getattr(plugin, "__name__", ""))
    for space in (plugin if inspect.ismodule(plugin) else type(plugin), *own):
        for name, defined in vars(space).items():
            if isinstance(defined, FixtureFunctionDefinition):
                yield defined._fixture_function_marker.name or name  # noqa: SLF001


def main() -> None:
    """Ask the pytest at hand, and write."""
    config = get_config()
    by_default = {name for name, _ in config.pluginmanager.list_name_plugin()}
    config.pluginmanager.import_plugin("pytester")
    lines = [
        f"# What pytest {pytest.__version__} brings, as .ci/generate_pytest.py asked it.",
        "",
        f'version = "{pytest.__version__}"',
        *(
            f'{key} = "{" ".join(sorted(names))}"'
            for key, names in (
                ("options", options(config)),
                ("ini", settings(config)),
                ("hooks", hooks(config)),
                ("public", pytest.__all__),
            )
        ),
    ]
    brought: dict[str, set[str]] = {}
    for name, plugin in config.pluginmanager.list_name_plugin():
        # legacypath-pytester: what legacypath adds where pytester is loaded
        _, _, needed = name.rpartition("-")
        brought.setdefault(needed, set()).update(fixtures(plugin))
    lines += [
        f'on_request = "{" ".join(sorted({name for name in brought if name not in by_default}))}"',
        "",
        "[fixtures]  # of each plugin of its own, or with it",
        *(
            f'{name} = "{" ".join(sorted(names))}"'
            for name, names in sorted(brought.items())
            if names
        ),
    ]
    (KNOWLEDGE / "pytest.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
