"""What pytest-cov or coverage.py measured in this run, by module. PYTEST_DONT_REWRITE"""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from conftest_kit.metrics.tally import Module

MAX_SOURCE_BYTES = 1_000_000
"""Of code that the kit lets coverage.py analyse where nobody else does: 1 to 3 seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The coverage of one run; empty where nothing was measured."""

    percent: float | None = None
    modules: tuple[Module, ...] = ()
    """At the top level, those with the most statements first."""


class Listener:
    """Keeps what coverage.py finds out of each file while pytest-cov writes its reports.

    To find it out anew takes as long as another report: 0.8 s for 7,000 statements.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._numbers: dict[str, Any] = {}
        reporting = getattr(_controller(config), "combining_cov", None)
        analyse = getattr(reporting, "_analyze", None)
        if callable(analyse):
            reporting._analyze = self._listening(analyse)  # type: ignore[union-attr]  # noqa: SLF001

    def _listening(self, analyse: Callable[..., Any]) -> Callable[..., Any]:
        def listen(*args: Any, **extra: Any) -> Any:
            analysis = analyse(*args, **extra)
            with contextlib.suppress(AttributeError):  # of another version of coverage.py
                self._numbers[analysis.filename] = analysis.numbers
            return analysis

        return listen

    def measured(self) -> Measured:
        """What this run measured, when all tests are over."""
        controller = _controller(self._config)
        numbers: Mapping[str, Any] = self._numbers
        if controller is None:
            numbers = _of_coverage_run(self._config)
        elif controller.cov is not controller.combining_cov:  # stopped before its end
            return Measured()
        elif not numbers:  # no report was asked for
            numbers = _analysed(controller.cov)
        total = getattr(_plugin(self._config), "cov_total", None)
        if not isinstance(total, int | float):
            total = _sum(numbers.values()).pc_covered if numbers else None
        return Measured(percent=total, modules=tuple(_modules(numbers)))


def _plugin(config: pytest.Config) -> Any:
    return config.pluginmanager.get_plugin("_cov")


def _controller(config: pytest.Config) -> Any:
    return getattr(_plugin(config), "cov_controller", None)


def _of_coverage_run(config: pytest.Config) -> dict[str, Any]:
    """Of `coverage run -m pytest`, which goes on measuring; it knows nothing of xdist's workers."""
    coverage: Any = sys.modules.get("coverage")
    running = coverage.Coverage.current() if hasattr(coverage, "Coverage") else None
    if running is None or getattr(config.option, "dist", "no") != "no":
        return {}
    # Its own reports may put other data in the place of those that it saves at the end.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it repeats them at its own end
        running.stop()
        try:
            return _analysed(running)
        finally:
            running.start()


def _analysed(measuring: Any) -> dict[str, Any]:
    try:
        from coverage.report_core import get_analysis_to_report  # noqa: PLC0415 - if it is there
    except ImportError:  # before 7.3
        from coverage.report import (  # type: ignore[attr-defined]  # noqa: PLC0415
            get_analysis_to_report,
        )
    from coverage.exceptions import CoverageException  # noqa: PLC0415 - as above

    try:
        if sum(map(_bytes, measuring.get_data().measured_files())) > MAX_SOURCE_BYTES:
            return {}
        found = get_analysis_to_report(measuring, None)
        return {analysis.filename: analysis.numbers for _, analysis in found}
    except CoverageException:  # no data, or a file that does not parse
        return {}


def _bytes(file: str) -> int:
    try:
        return os.stat(file).st_size
    except OSError:
        return 0


def _modules(numbers: Mapping[str, Any]) -> Iterator[Module]:
    is_package: dict[str, bool] = {}
    by_name: dict[str, list[Any]] = {}
    for file, found in numbers.items():
        by_name.setdefault(_top(file, is_package), []).append(found)
    sums = {name: _sum(found) for name, found in by_name.items()}
    for name, total in sorted(sums.items(), key=lambda item: (-item[1].n_statements, item[0])):
        if total.n_statements:
            yield Module(name=name, percent=total.pc_covered, uncovered=total.n_missing)


def _sum(numbers: Any) -> Any:
    first, *rest = numbers
    for other in rest:
        first += other
    return first


def _top(file: str, is_package: dict[str, bool]) -> str:
    """The outermost package that holds the file, else the file's own module."""
    folder, name = os.path.split(file)
    top = os.path.splitext(name)[0]
    while True:
        if folder not in is_package:
            is_package[folder] = os.path.isfile(os.path.join(folder, "__init__.py"))
        if not is_package[folder]:
            return top
        folder, top = os.path.split(folder)
