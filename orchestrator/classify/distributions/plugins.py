"""Which pytest plugin brings what, as scanned from released plugins: `knowledge/plugins.toml`."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from orchestrator.classify.rules import knowledge

WIDELY_USED = 100
"""How many plugins, of those that are known."""


class Plugin(NamedTuple):
    """A distribution with pytest plugins, and what they bring."""

    distribution: str
    version: str
    names: frozenset[str] = frozenset()
    """What `-p` knows it by."""
    formerly: frozenset[str] = frozenset()
    """Fixtures and options that it brought once."""
    fixtures: frozenset[str] = frozenset()
    options: frozenset[str] = frozenset()
    ini: frozenset[str] = frozenset()
    markers: frozenset[str] = frozenset()
    hooks: frozenset[str] = frozenset()

    def brings(self, kind: str, name: str) -> bool:
        """Whether it brings a thing of one of these lists, or once brought it."""
        return name in getattr(self, kind) or (
            kind in ("fixtures", "options") and name in self.formerly
        )


@cache
def plugins() -> tuple[Plugin, ...]:
    """Every plugin that is known, the most used first."""
    unseen = knowledge("markers")
    scanned = (
        Plugin(
            entry["distribution"],
            entry["version"],
            **{key: frozenset(entry.get(key, "").split()) for key in Plugin._fields[2:]},
        )
        for entry in knowledge("plugins")["plugin"]
    )
    return tuple(
        one._replace(markers=one.markers.union(unseen.get(one.distribution, "").split()))
        for one in scanned
    )


@cache
def plugins_by_name() -> dict[str, Plugin]:
    """Normalised name of the distribution to what it brings."""
    return {plugin.distribution: plugin for plugin in plugins()}
