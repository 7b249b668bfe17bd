"""The hooks: what pytest calls, and nothing of what is done about it. PYTEST_DONT_REWRITE"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from conftest_kit.imports import swift_imports

with swift_imports():
    from conftest_kit.capture import Capture
    from conftest_kit.recorder import SIZE
    from conftest_kit.session import Kit

if TYPE_CHECKING:
    from conftest_kit.sizes import Size
    from conftest_kit.writer import Writer

_KIT = pytest.StashKey[Kit]()
_Hook = TypeVar("_Hook", bound=Callable[..., Any])
_Wrapper = Generator[None, Any, Any]
_NEW_WRAPPERS = "wrapper" in type(pytest.hookimpl).__call__.__code__.co_varnames
"""Whether pluggy knows the wrappers that cost a third: pytest 7.4 is content with one that does
not."""


def _fenced(hook: _Hook) -> _Hook:
    """What goes wrong in the hook becomes a warning of the run, never an error in it."""

    @functools.wraps(hook)
    def fence(self: Any, *args: Any) -> Any:
        try:
            return hook(self, *args)
        except Exception as error:  # noqa: BLE001 - the kit never changes the run
            self.kit.trouble(error)
            return None

    # Older versions of pluggy look here, newer ones behind the wrapper.
    fence.__signature__ = inspect.signature(hook)  # type: ignore[attr-defined]
    return fence  # type: ignore[return-value]


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """The earliest moment a plugin sees; what it registers first is cleaned up last."""
    config: Any = pluginmanager.get_plugin("pytestconfig")
    kit = config.stash[_KIT] = Kit(config)
    config.add_cleanup(kit.close)
    pluginmanager.register(StartHooks(kit), "conftest_kit.start")
    if _is_taken(parser, "--conftest-kit"):
        kit.warn("another plugin has the option --conftest-kit: it cannot be used for settings")
    else:
        parser.getgroup("conftest-kit").addoption(
            "--conftest-kit",
            action="append",
            metavar="KEY=VALUE",
            dest="conftest_kit",
            help="set a setting of conftest-kit for this run, such as logs_dir=out",
        )


def _is_taken(parser: pytest.Parser, option: str) -> bool:
    """Some versions of pytest refuse a second option of one name here, some when they parse."""
    groups = (parser._anonymous, *parser._groups)  # noqa: SLF001 - there is no other way to ask
    return any(option in known.names() for group in groups for known in group.options)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Decide what this process does: write, capture for the one that writes, or nothing."""
    kit = session.config.stash[_KIT]
    try:
        kit.start(session)
    except Exception as error:  # noqa: BLE001 - as above
        kit.trouble(error)
    if kit.capture is not None:
        session.config.pluginmanager.register(
            CaptureHooks(kit, kit.capture), "conftest_kit.capture"
        )
    if kit.writer is not None:
        session.config.pluginmanager.register(WriterHooks(kit, kit.writer), "conftest_kit.writer")


@pytest.fixture
def failure_artifacts(request: pytest.FixtureRequest) -> Path:
    """A folder whose content is kept with the record of the run if this test fails."""
    return request.config.stash[_KIT].artifacts_folder(request)


class StartHooks:
    """From the earliest moment on: sees what breaks before there is a session to record."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @pytest.hookimpl(tryfirst=True)
    @_fenced
    def pytest_internalerror(self, excinfo: Any) -> None:
        self.kit.broke(excinfo.value)


class CaptureHooks:
    """Where tests run: takes from exceptions what only this process can see."""

    def __init__(self, kit: Kit, capture: Capture) -> None:
        self.kit = kit
        self._capture = capture

    if _NEW_WRAPPERS:

        @pytest.hookimpl(wrapper=True, tryfirst=True)
        def pytest_runtest_makereport(self, item: pytest.Item, call: Any) -> _Wrapper:
            report = yield
            if report.outcome == "failed" or call.when == "teardown":
                self._take(item, call, report)
            return report

    else:

        @pytest.hookimpl(hookwrapper=True, tryfirst=True)
        def pytest_runtest_makereport(self, item: pytest.Item, call: Any) -> _Wrapper:
            outcome = yield
            if outcome.excinfo is None:
                report = outcome.get_result()
                if report.outcome == "failed" or call.when == "teardown":
                    self._take(item, call, report)

    def _take(self, item: pytest.Item, call: Any, report: Any) -> None:
        try:
            self._capture.test(item, call, report)
        except Exception as error:  # noqa: BLE001 - as above
            self.kit.trouble(error)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_make_collect_report(self) -> _Wrapper:
        outcome = yield
        if outcome.excinfo is None:
            report = outcome.get_result()
            if report.outcome == "failed":
                try:
                    self._capture.collector(report)
                except Exception as error:  # noqa: BLE001 - as above
                    self.kit.trouble(error)

    @_fenced
    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        # There are no tests, and pytest 7.4 stumbles over what is gone once it was listed.
        return self._capture.is_changing(collection_path) or None

    @_fenced
    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        self._capture.deselected(items)

    @pytest.hookimpl(trylast=True)
    @_fenced
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._capture.tests_begin()
        sizes = self._capture.sizes(session.items)
        if sizes:
            session.config.pluginmanager.register(SizeHooks(sizes), "conftest_kit.sizes")


class SizeHooks:
    """Where tests run that have a size: says it with the first report of each attempt."""

    def __init__(self, sizes: Mapping[str, Size]) -> None:
        self._sizes = sizes

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "setup":
            size = self._sizes.get(str(report.nodeid))
            if size is not None:
                setattr(report, SIZE, size)


class WriterHooks:
    """In the process that reports: hands everything to the one writer, before other reporters."""

    def __init__(self, kit: Kit, writer: Writer) -> None:
        self.kit = kit
        self._writer = writer
        self._recorder = writer.recorder

    @pytest.hookimpl(optionalhook=True)
    @_fenced
    def pytest_configure_node(self, node: Any) -> None:
        self._writer.tell_worker(node)

    @pytest.hookimpl(optionalhook=True)
    @_fenced
    def pytest_testnodedown(self, node: Any, error: Any) -> None:
        for warning in self._writer.worker_ended(node, error):
            self.kit.warn(warning)

    @pytest.hookimpl(tryfirst=True)
    @_fenced
    def pytest_runtestloop(self) -> None:
        self._writer.loop_starts()

    # What is called for every test has its fence inside: another call costs as much as the hook.
    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid: str) -> None:
        try:
            self._recorder.started(str(nodeid))
        except Exception as error:  # noqa: BLE001 - as above
            self.kit.trouble(error)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        try:
            self._recorder.reported(report)
        except Exception as error:  # noqa: BLE001 - as above
            self.kit.trouble(error)

    @pytest.hookimpl(tryfirst=True)
    @_fenced
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.outcome != "passed":
            self._recorder.collected(report)

    @pytest.hookimpl(tryfirst=True)
    @_fenced
    def pytest_internalerror(self, excrepr: Any, excinfo: Any) -> None:
        self._writer.internal_error(excrepr, excinfo)

    @pytest.hookimpl(tryfirst=True)
    @_fenced
    def pytest_keyboard_interrupt(self, excinfo: Any) -> None:
        self._writer.interrupted(excinfo)

    @pytest.hookimpl(tryfirst=True)
    @_fenced
    def pytest_sessionfinish(self) -> None:
        self._writer.session_finishes()
