"""The dashboards are what Grafana reads; test_real_runs.py asks their queries."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

DASHBOARDS = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((Path(__file__).parents[2] / "monitoring" / "dashboards").glob("*.json"))
}
PANELS = [(name, panel) for name, page in DASHBOARDS.items() for panel in page["panels"]]


def test_they_read_back_as_grafana_would_read_them():
    """Nothing of a file is unknown to the schema."""
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.cog.plugins import register_default_plugins
    from grafana_foundation_sdk.models.dashboard import Dashboard

    register_default_plugins()
    for page in DASHBOARDS.values():
        assert json.loads(JSONEncoder().encode(Dashboard.from_json(page))) == page


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_dashboard_can_be_told_from_others_and_shown(name):
    """Its address, its variables, and panels that lie side by side."""
    page = DASHBOARDS[name]
    panels = page["panels"]
    variables = [variable["name"] for variable in page["templating"]["list"]]
    cells = [
        (x, y)
        for grid in (panel["gridPos"] for panel in panels)
        for x in range(grid["x"], grid["x"] + grid["w"])
        for y in range(grid["y"], grid["y"] + grid["h"])
    ]

    assert page["uid"] == f"conftest-kit-{name}"
    assert variables == ["datasource", "project", "instance"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    assert {panel["datasource"]["uid"] for panel in panels} == {"${datasource}"}


@pytest.mark.parametrize(
    ("name", "panel"), PANELS, ids=lambda value: value if isinstance(value, str) else value["title"]
)
def test_a_panel_asks_for_the_selected_projects(name, panel):
    """Each metric of each query is limited by both variables, and each query has a name."""
    references = [target["refId"] for target in panel["targets"]]

    assert len(set(references)) == len(references)
    assert all(references)
    for target in panel["targets"]:
        metrics = re.findall(r"\b(?:pytest|ci)_\w+", target["expr"])
        selections = target["expr"].count('{project=~"$project", instance=~"$instance"')
        assert len(metrics) == selections > 0
