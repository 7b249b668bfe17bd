"""Writes `monitoring/dashboards/*.json` for Grafana: `python .ci/dashboards.py [--check]`.

With `--check` nothing is written, and the exit status says whether the files are those that would
be. The classes of grafana-foundation-sdk are made from Grafana's own schema.

Queries name their project and instance by variables. `sum by` adds up what was selected; where
projects must stay apart they are in the legend.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from string import ascii_uppercase

from grafana_foundation_sdk.builders import (
    bargauge,
    dashboard,
    heatmap,
    prometheus,
    stat,
    table,
    timeseries,
)
from grafana_foundation_sdk.builders import (
    common as common_builders,
)
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DataSourceRef,
    DataTransformerConfig,
    Threshold,
    ThresholdsMode,
    VariableOption,
    VariableRefresh,
    VariableSort,
)
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

FOLDER = Path(__file__).resolve().parents[1] / "monitoring" / "dashboards"
SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
WHO = "{{project}} {{instance}}"
LAST = common_builders.ReduceDataOptions().calcs(["lastNotNull"])
GREEN, YELLOW, RED = "green", "yellow", "red"

Panel = bargauge.Panel | heatmap.Panel | stat.Panel | table.Panel | timeseries.Panel


def of(metric: str, *matchers: str) -> str:
    """A metric of the projects and instances that the reader has selected.

    Without a label `project` (one project, one file) `All` selects, for `.*` matches nothing too.
    """
    selected = ('project=~"$project"', 'instance=~"$instance"', *matchers)
    return f"{metric}{{{', '.join(selected)}}}"


def rise(metric: str, by: str, window: str, *matchers: str) -> str:
    """How far counters rose, added up by those labels."""
    return f"sum by ({by}) (increase({of(metric, *matchers)}[{window}]))"


def query(expression: str, legend: str = WHO) -> prometheus.Dataquery:
    """What a panel shows over time."""
    return prometheus.Dataquery().expr(expression).legend_format(legend).range()


def now(expression: str, legend: str = WHO) -> prometheus.Dataquery:
    """What a panel shows at the end of the time that the reader has selected."""
    return prometheus.Dataquery().expr(expression).legend_format(legend).instant().ref_id("A")


def steps(*colours: tuple[float | None, str]) -> dashboard.ThresholdsConfig:
    """Colours from a value on; the first value is None."""
    return (
        dashboard.ThresholdsConfig()
        .mode(ThresholdsMode.ABSOLUTE)
        .steps([Threshold(value=value, color=colour) for value, colour in colours])
    )


def number(
    title: str,
    expression: str,
    unit: str,
    colours: dashboard.ThresholdsConfig | None = None,
    *,
    legend: str = WHO,
    no_value: str = "none",
) -> stat.Panel:
    """A number for each project, in the first row."""
    return (
        stat.Panel()
        .title(title)
        .datasource(SOURCE)
        .with_target(now(expression, legend))
        .unit(unit)
        .no_value(no_value)
        .thresholds(colours or steps((None, GREEN)))
        .graph_mode(common.BigValueGraphMode.NONE)
        .reduce_options(LAST)
        .height(4)
        .span(4)
    )


def lines(title: str, unit: str, *queries: prometheus.Dataquery) -> timeseries.Panel:
    """How gauges of the last run were over time: steps, as they stay until the next run."""
    return (
        timeseries.Panel()
        .title(title)
        .datasource(SOURCE)
        .targets([one.ref_id(ref) for one, ref in zip(queries, ascii_uppercase, strict=False)])
        .unit(unit)
        .min(0)
        .line_interpolation(common.LineInterpolation.STEP_AFTER)
        .show_points(common.VisibilityMode.NEVER)
        .legend(
            common_builders.VizLegendOptions()
            .show_legend(show_legend=True)
            .display_mode(common.LegendDisplayMode.LIST)
            .placement(common.LegendPlacement.BOTTOM)
        )
        .tooltip(common_builders.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI))
        .height(8)
        .span(12)
    )


def stacked(title: str, *queries: prometheus.Dataquery) -> timeseries.Panel:
    """How counters rose over time: stacked bars, as a run adds everything at once."""
    return (
        lines(title, "short", *queries)
        .draw_style(common.GraphDrawStyle.BARS)
        .fill_opacity(70)
        .stacking(common_builders.StackingConfig().mode(common.StackingMode.NORMAL))
    )


def ranking(
    title: str,
    unit: str,
    asked: prometheus.Dataquery,
    colours: dashboard.ThresholdsConfig | None = None,
) -> bargauge.Panel:
    """A bar for each series as it is now."""
    return (
        bargauge.Panel()
        .title(title)
        .datasource(SOURCE)
        .with_target(asked)
        .unit(unit)
        .min(0)
        .thresholds(colours or steps((None, "blue")))
        .orientation(common.VizOrientation.HORIZONTAL)
        .display_mode(common.BarGaugeDisplayMode.BASIC)
        .reduce_options(LAST)
        .height(8)
        .span(12)
    )


def durations(title: str, expression: str) -> heatmap.Panel:
    """How often which duration came, over time; Prometheus has counted the buckets already."""
    return (
        heatmap.Panel()
        .title(title)
        .datasource(SOURCE)
        .with_target(query(expression, "{{le}}").format(PromQueryFormat.HEATMAP).ref_id("A"))
        .calculate(calculate=False)
        .color(
            heatmap.HeatmapColorOptions()
            .mode(HeatmapColorMode.SCHEME)
            .scheme("Oranges")
            .exponent(0.5)
            .steps(64)
        )
        .show_tooltip()
        .show_y_histogram()
        .y_axis(heatmap.YAxisConfig().unit("s"))
        .scale_distribution(
            common_builders.ScaleDistributionConfig().type(common.ScaleDistribution.LINEAR)
        )
        .height(8)
        .span(12)
    )


def page(uid: str, title: str, description: str, *panels: Panel) -> dashboard.Dashboard:
    """A dashboard with its variables."""
    built = (
        dashboard.Dashboard(title)
        .uid(uid)
        .description(description)
        .tags(["pytest", "conftest-kit"])
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .time("now-7d", "now")
        .refresh("5m")
        .with_variable(
            dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus")
        )
        .with_variable(_chosen("project", "Project", "pytest_last_run_timestamp_seconds"))
        .with_variable(
            _chosen(
                "instance", "Instance", 'pytest_last_run_timestamp_seconds{project=~"$project"}'
            )
        )
    )
    for position, panel in enumerate(panels, start=1):
        built = built.with_panel(panel.id(position))
    return built


def _chosen(label: str, title: str, metric: str) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(label)
        .label(title)
        .datasource(SOURCE)
        .query(f"label_values({metric}, {label})")
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(multi=True)
        .include_all(include_all=True)
        .all_value(".*")
        .current(VariableOption(text="All", value="$__all", selected=True))
    )


def health() -> dashboard.Dashboard:
    """What a person asks first: is it red, since when, is it getting worse."""
    red = 'outcome=~"failed|error"'
    judged = 'outcome=~"passed|failed|error"'
    passed = of("pytest_last_run_tests", 'outcome="passed"')
    return page(
        "conftest-kit-health",
        "Test health",
        "What the last runs found.",
        number(
            "Failed in the last run",
            f"sum without (outcome) ({of('pytest_last_run_tests', red)})",
            "short",
            steps((None, GREEN), (1, RED)),
        ),
        number(
            "Passed, of all attempts shown",
            f"increase({of('pytest_test_passes_total')}[$__range]) / (increase("
            f"{of('pytest_test_passes_total')}[$__range]) + increase("
            f"{of('pytest_test_failures_total')}[$__range]))",
            "percentunit",
            steps((None, RED), (0.95, YELLOW), (0.99, GREEN)),
        ),
        number("Tests", of("pytest_last_run_collected"), "short"),
        number(
            "Flaky tests",
            of("pytest_flaky_tests_ratio"),
            "percentunit",
            steps((None, GREEN), (0.01, RED)),
        ),
        number(
            "Since the last run",
            f"time() - {of('pytest_last_run_timestamp_seconds')}",
            "s",
            steps((None, GREEN), (3 * 86400, YELLOW)),
        ),
        number(
            "Since the last green run",
            f"time() - {of('pytest_last_success_timestamp_seconds')}",
            "s",
            steps((None, GREEN), (86400, RED)),
            no_value="never",
        ),
        stacked(
            "Failures",
            query(rise("pytest_test_failures_total", "project, instance", "$__rate_interval")),
        ),
        lines(
            "Passed in the last run",
            "percentunit",
            query(
                f"sum without (outcome) ({passed})"
                f" / sum without (outcome) ({of('pytest_last_run_tests', judged)})"
            ),
        ).max(1),
        lines(
            "Tests of the last run by outcome",
            "short",
            query(f"sum by (outcome) ({of('pytest_last_run_tests')})", "{{outcome}}"),
        ),
        durations(
            "Durations of tests",
            rise("pytest_test_duration_seconds_bucket", "le", "$__rate_interval"),
        ),
        lines(
            "Sizes of tests",
            "percentunit",
            query(of("pytest_test_size_distribution"), f"{{{{size}}}} {WHO}"),
        )
        .max(1)
        .span(8),
        stacked(
            "Over their time limit",
            query(rise("pytest_timing_violations_total", "size", "$__rate_interval"), "{{size}}"),
        ).span(8),
        lines(
            "Near their time limit in the last run",
            "short",
            query(f"sum by (size) ({of('pytest_near_timing_limit_tests')})", "{{size}}"),
        ).span(8),
    )


def ci() -> dashboard.Dashboard:
    """Where the time of CI goes."""
    sized = rise("pytest_sized_test_duration_seconds_bucket", "le, size", "$__range")
    return page(
        "conftest-kit-ci",
        "CI performance",
        "How long runs take, and how they end.",
        number(
            "Last run",
            of("pytest_session_duration_seconds"),
            "s",
            steps((None, GREEN), (300, YELLOW)),
        ),
        number(
            "Last run in CI",
            of("ci_test_suite_duration_seconds"),
            "s",
            steps((None, GREEN), (300, YELLOW)),
        ),
        number("Slowest test", of("pytest_last_run_slowest_test_seconds"), "s"),
        number("Runs", rise("pytest_runs_total", "project, instance", "$__range"), "short"),
        number("Warnings", of("pytest_last_run_warnings"), "short"),
        number(
            "Series left out",
            of("pytest_metrics_series_dropped"),
            "short",
            steps((None, GREEN), (1, YELLOW)),
        ),
        lines("Duration of runs", "s", query(of("pytest_session_duration_seconds"))),
        lines(
            "Duration of tests in the last run",
            "s",
            query(of("pytest_last_run_test_duration_seconds"), f"{{{{quantile}}}} {WHO}"),
            query(of("pytest_last_run_slowest_test_seconds"), f"slowest {WHO}"),
        ),
        stacked(
            "Runs by result",
            query(rise("pytest_runs_total", "result", "$__rate_interval"), "{{result}}"),
        ),
        stacked(
            "Failures in CI by type",
            query(
                rise("ci_test_failures_total", "failure_type", "$__rate_interval"),
                "{{failure_type}}",
            ),
        ),
        ranking(
            "Median duration by size",
            "s",
            now(f"histogram_quantile(0.5, {sized})", "{{size}}"),
        ),
        stacked(
            "Reruns, collection errors, crashed workers",
            *(
                query(f"sum(increase({of(metric)}[$__rate_interval]))", legend)
                for metric, legend in (
                    ("pytest_test_reruns_total", "reruns"),
                    ("pytest_collection_errors_total", "collection errors"),
                    ("pytest_worker_crashes_total", "crashed workers"),
                )
            ),
        ),
        _last_runs(),
    )


def _last_runs() -> table.Panel:
    hidden = {"Time": True, "Value": True, "__name__": True}
    return (
        table.Panel()
        .title("Last runs")
        .datasource(SOURCE)
        .with_target(now(of("pytest_run_info")).format(PromQueryFormat.TABLE))
        .show_header(show_header=True)
        .with_transformation(
            DataTransformerConfig(id_val="organize", options={"excludeByName": hidden})
        )
        .height(6)
        .span(24)
    )


def coverage() -> dashboard.Dashboard:
    """What the tests do not run. Empty where nothing was measured."""
    covered = steps((None, RED), (80, YELLOW), (90, GREEN))
    return page(
        "conftest-kit-coverage",
        "Coverage",
        "What the last run that measured coverage executed.",
        number(
            "Coverage", of("pytest_coverage_percent"), "percent", covered, no_value="not measured"
        ).span(8),
        number(
            "Points below the best shown",
            f"max_over_time({of('pytest_coverage_percent')}[$__range])"
            f" - {of('pytest_coverage_percent')}",
            "short",
            steps((None, GREEN), (1, YELLOW), (5, RED)),
        ).span(8),
        number(
            "Lines not executed",
            f"sum without (module) ({of('pytest_uncovered_lines')})",
            "short",
        ).span(8),
        lines("Coverage", "percent", query(of("pytest_coverage_percent"))).max(100).span(24),
        ranking(
            "Modules with the least coverage",
            "percent",
            now(f"sort(bottomk(15, {of('pytest_coverage_module_percent')}))", "{{module}}"),
            covered,
        ).max(100),
        ranking(
            "Modules with most lines not executed",
            "short",
            now(f"sort_desc(topk(15, {of('pytest_uncovered_lines')}))", "{{module}}"),
        ),
    )


def causes() -> dashboard.Dashboard:
    """Why tests fail, from the reviews."""
    by_category = "pytest_test_failures_by_category_total"
    return page(
        "conftest-kit-causes",
        "Failure causes",
        "What `orchestrator review` has found in the runs.",
        number(
            "Open causes",
            f"sum without (category) ({of('pytest_causes_open')})",
            "short",
            steps((None, GREEN), (1, YELLOW)),
        ).span(8),
        number("Failures", rise(by_category, "project, instance", "$__range"), "short").span(8),
        number(
            "Since the last review",
            f"time() - {of('pytest_last_review_timestamp_seconds')}",
            "s",
        ).span(8),
        stacked(
            "Failures by category",
            query(rise(by_category, "category", "$__rate_interval"), "{{category}}"),
        ),
        ranking(
            "Failures by category, all that is shown",
            "short",
            now(f"sort_desc({rise(by_category, 'category', '$__range')})", "{{category}}"),
        ),
        ranking(
            "Open causes by category",
            "short",
            now(f"sort_desc(sum by (category) ({of('pytest_causes_open')}))", "{{category}}"),
        ),
        ranking(
            "Findings by kind, all that is shown",
            "short",
            now(f"sort_desc({rise('pytest_findings_total', 'kind', '$__range')})", "{{kind}}"),
        ),
        stacked(
            "Failures by the phase that decided",
            query(
                rise(
                    "pytest_test_outcomes_total",
                    "outcome, phase",
                    "$__rate_interval",
                    'outcome=~"failed|error"',
                ),
                "{{outcome}} in {{phase}}",
            ),
        ),
        lines("Flaky tests of seven days", "percentunit", query(of("pytest_flaky_tests_ratio"))),
    )


DASHBOARDS = {
    "health.json": health,
    "ci.json": ci,
    "coverage.json": coverage,
    "causes.json": causes,
}


def main() -> int:
    """Write the files, or say which are not what would be written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail where files differ"
    )
    check = parser.parse_args().check
    differing = []
    for name, made in DASHBOARDS.items():
        path = FOLDER / name
        text = JSONEncoder(indent=2, sort_keys=True).encode(made().build()) + "\n"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            differing.append(name)
            if not check:
                path.write_text(text, encoding="utf-8")
    if differing:
        print("not what .ci/dashboards.py writes:" if check else "written:", *differing)
    return 1 if check and differing else 0


if __name__ == "__main__":
    sys.exit(main())
