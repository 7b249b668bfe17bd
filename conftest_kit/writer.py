"""The one process that writes the run, from its beginning to its end. PYTEST_DONT_REWRITE"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conftest_kit import distributions, environment, git, log, rundir, settings
from conftest_kit.capture import DESELECTED_KEY, WORKER_KEY, Capture
from conftest_kit.imports import swift_imports
from conftest_kit.masking import Mask
from conftest_kit.recorder import Recorder
from conftest_kit.run import OUTCOMES, Run, State
from conftest_kit.rundir import RunDir
from conftest_kit.settings import Settings
from conftest_kit.texts import bounded, message_of

if TYPE_CHECKING:
    from conftest_kit.coverage import Listener, Measured

TOKEN = "CONFTEST_KIT_TOKEN"  # noqa: S105 - the name of a variable
"""Names the folder through which `orchestrator run` and the first pytest below it meet."""
MAX_ARTIFACTS = 1000


class Writer:
    """The one process that writes the run."""

    def __init__(
        self,
        config: pytest.Config,
        options: Settings,
        directory: RunDir,
        run: Run,
        *,
        mask: Mask,
        asked: bool,
    ) -> None:
        self.session: pytest.Session | None = None
        self.directory = directory
        self._config = config
        self._settings = options
        self._run = run
        self._asked = asked
        """Whether somebody outside waits for this run."""
        self._dirty: git.DirtyCheck | None = None
        self._finished = 0.0
        self._interrupted = False
        self._worker_crashes = 0
        self._worker_deselected = 0
        self._coverage: Listener | None = None
        self._covered: Measured | None = None
        self.capture = Capture(config, directory.path, options.size_markers)
        option = config.option
        self.recorder = Recorder(
            directory,
            mask=mask,
            max_bytes=options.max_run_bytes,
            grouped=getattr(option, "dist", None) == "loadgroup",
        )

    @classmethod
    def begin(cls, config: pytest.Config, warn: Callable[[str], None]) -> Writer | None:
        """Create the run directory; None where this process must stay silent.

        A wrong setting costs a warning, not the record.

        Raises:
            OSError: the place cannot be written to.
        """
        now = time.time()
        folder = os.environ.get(TOKEN)
        run_id = rundir.new_run_id(now)
        if folder:
            if "PYTEST_XDIST_WORKER" in os.environ:
                return None
            run_id = (Path(folder) / "run_id").read_text().strip()
        options, problems = settings.load_what_is_right(
            _base_folder(config), os.environ, _overrides(config)
        )
        for problem in problems:
            warn(problem)
        directory = RunDir.new(options.logs_dir, run_id)
        if folder and not _take(Path(folder), directory.path):
            return None
        mask = Mask.of(os.environ)
        command = [sys.argv[0], *(str(arg) for arg in config.invocation_params.args)]
        run = Run(
            run_id=run_id,
            project=options.project,
            started=rundir.timestamp(now),
            pid=os.getpid(),
            host=platform.node(),
            command=tuple(bounded(mask(part), 4096) for part in command),
            directory=str(config.invocation_params.dir),
            root=str(config.rootpath),
            inifile=str(config.inipath) if config.inipath else None,
            environment=environment.collect(
                config.rootpath,
                os.environ,
                plugins=_plugin_versions(config),
                random_seed=_random_seed(config),
            ),
        )
        directory.create(run)
        writer = cls(config, options, directory, run, mask=mask, asked=bool(folder))
        repository = git.find(config.rootpath)
        if repository is not None:
            writer._dirty = git.start_dirty_check(repository.top)
        return writer

    def tell_worker(self, node: Any) -> None:
        """An xdist worker is about to start."""
        node.workerinput[WORKER_KEY] = {
            "directory": str(self.directory.path),
            "size_markers": dict(self._settings.size_markers),
        }

    def worker_ended(self, node: Any, error: Any) -> Sequence[str]:
        """An xdist worker ended, or died. Returns its warnings."""
        self._worker_crashes += bool(error)
        output = getattr(node, "workeroutput", {})
        deselected = output.get(DESELECTED_KEY, 0)
        self._worker_deselected = max(self._worker_deselected, deselected)
        warnings: Sequence[str] = output.get(WORKER_KEY, ())
        return warnings

    def loop_starts(self) -> None:
        """The first test is about to run."""
        self._ask_git()
        if self._config.pluginmanager.has_plugin("_cov") or "coverage" in sys.modules:
            with swift_imports():
                from conftest_kit.coverage import Listener  # noqa: PLC0415 - few are measured

            self._coverage = Listener(self._config)

    def internal_error(self, excrepr: Any, excinfo: Any) -> None:
        """pytest or a plugin broke, here or in a worker."""
        self._interrupted = True
        error = excinfo.value
        text = str(excrepr)
        last = excinfo.traceback[-1].name if len(excinfo.traceback) else ""
        if last == "worker_internal_error":  # xdist hands over text and raises it here
            self.recorder.failed("internal", None, _last_said(message_of(error)), text)
        else:
            self.recorder.failed("internal", self._extracted(error), "", text)

    def interrupted(self, excinfo: Any) -> None:
        """Somebody stopped the run. pytest's own ways to stop early are subclasses."""
        value = excinfo.value
        self._interrupted |= (
            type(value) is KeyboardInterrupt
            or isinstance(value, pytest.exit.Exception)
            or "received keyboard-interrupt" in message_of(value)  # xdist, of a worker
        )

    def session_finishes(self) -> None:
        """No more tests; summaries follow."""
        self._finished = time.time()
        self.recorder.flush()

    def finish(self, error: Exception | None, phase: str, warnings: list[str]) -> str:
        """Complete the record. Returns the line to print: of a red run that nobody waits for.

        `error` is what ended pytest in `phase`, before its session or instead of an end.
        """
        if error is not None:
            self.recorder.failed(phase, self._extracted(error), "", "")
        self.recorder.finish()
        self._ask_git()
        self._measure(warnings)
        exit_code = 3 if phase == "internal" else _exit_code(self.session, error)
        run = self._finished_run(error, exit_code, warnings)
        if self._is_dry() and not self.recorder.failures and not self._asked:
            self.directory.close()
            shutil.rmtree(self.directory.path, ignore_errors=True)
            return ""
        red = rundir.is_red(run) or self.recorder.failures > 0
        steps = [self._log, self._metrics, self._prune]
        if red:
            steps.insert(0, self._distributions)
        for step in steps:
            try:
                warnings.extend(step(run))
            except Exception as problem:  # noqa: BLE001 - the other steps are worth taking
                warnings.append(f"{type(problem).__name__}: {message_of(problem)[:300]}")
        self.directory.close()
        self.directory.finish(run._replace(warnings=tuple(warnings)))
        if not red or self._asked:
            return ""
        return f"conftest-kit: recorded run {run.run_id} · orchestrator review"

    def _measure(self, warnings: list[str]) -> None:
        if self._coverage is not None:
            try:
                self._covered = self._coverage.measured()
            except Exception as problem:  # noqa: BLE001 - coverage.py has many versions
                said = message_of(problem)[:300]
                warnings.append(f"coverage is unknown: {type(problem).__name__}: {said}")

    def _finished_run(self, error: Exception | None, exit_code: int, warnings: list[str]) -> Run:
        recorder = self.recorder
        if recorder.slim:
            warnings.append(f"{recorder.slim} failures have no text: the run became too large")
        if recorder.uncounted:
            warnings.append(f"{recorder.uncounted} records left out: the run became too large")
        session = self.session
        state: State = "interrupted" if self._interrupted else "complete"
        if error is not None and not recorder.counts.outcomes:
            state = "not_started"
        return self._run._replace(
            state=state,
            finished=rundir.timestamp(self._finished or time.time()),
            exit_code=exit_code,
            counts={name: recorder.counts.outcomes[name] for name in OUTCOMES},
            pytest_counts=_pytest_counts(self._config),
            collected=None if session is None else session.testscollected,
            coverage_percent=self._covered.percent if self._covered else None,
            artifacts=self.directory.kept_artifacts()[:MAX_ARTIFACTS],
            warnings=tuple(warnings),
        )

    def _distributions(self, _run: Run) -> Iterable[str]:
        self.directory.write_distributions(distributions.installed_metadata())
        return ()

    def _log(self, run: Run) -> Iterable[str]:
        recorder = self.recorder
        block = log.block(
            run,
            tests=recorder.log_entries.parts(),
            failures=recorder.log_failures.parts(),
            failed=recorder.log_failures.count,
            in_flight=recorder.in_flight(),
        )
        log.append(self._settings.logs_dir / rundir.LOG_FILE, block)
        return ()

    def _metrics(self, run: Run) -> Iterable[str]:
        with swift_imports():
            from conftest_kit import metrics  # noqa: PLC0415 - 10 ms that a session has at its end

        options, covered = self._settings, self._covered
        tally = self.recorder.counts.tally(
            worker_crashes=self._worker_crashes,
            deselected=max(self.capture.deselected_tests, self._worker_deselected),
            modules=covered.modules if covered else (),
        )
        place = metrics.Place(
            path=options.metrics_file,
            labels=options.metrics_labels,
            max_series=options.max_series,
        )
        return metrics.update(place, run=run, tally=tally)

    def _prune(self, _run: Run) -> Iterable[str]:
        removed = rundir.prune(self._settings.logs_dir, self._settings.keep_runs)
        return [
            f"the red run {path.name} was removed, and nobody had reviewed it" for path in removed
        ]

    def _extracted(self, error: BaseException) -> str | None:
        return self.capture.extracted(error)

    def _ask_git(self) -> None:
        if self._dirty is not None:
            dirty, self._dirty = self._dirty.result(), None
            found = self._run.environment
            found = found._replace(git={**found.git, "dirty": dirty})
            self._run = self._run._replace(environment=found)

    def _is_dry(self) -> bool:
        """Whether this session only shows something."""
        names = ("collectonly", "showfixtures", "show_fixtures_per_test", "setupplan", "cacheshow")
        return any(getattr(self._config.option, name, None) for name in names)


def _take(folder: Path, directory: Path) -> bool:
    """Take the one-time token; False where another pytest has it."""
    try:
        descriptor = os.open(folder / "taken", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w") as file:
        json.dump({"pid": os.getpid(), "run_directory": str(directory)}, file)
    return True


def _overrides(config: pytest.Config) -> dict[str, str]:
    given = getattr(config.option, "conftest_kit", None)
    pairs = (str(text).partition("=") for text in (given if isinstance(given, list) else ()))
    return {key.strip(): value for key, _, value in pairs}


def _base_folder(config: pytest.Config) -> Path:
    """That of the ini file, else of the conftest that names the kit, else where pytest started."""
    if config.inipath is not None:
        return config.inipath.parent
    for plugin in config.pluginmanager.get_plugins():
        file = getattr(plugin, "__file__", None)
        if isinstance(file, str) and Path(file).name == "conftest.py":
            named = getattr(plugin, "pytest_plugins", ())
            named = (named,) if isinstance(named, str) else named
            if any(str(name).split(".")[0] == "conftest_kit" for name in named):
                return Path(file).parent
    return Path(config.invocation_params.dir)


def _plugin_versions(config: pytest.Config) -> dict[str, str]:
    """From the names of their metadata folders: reading the metadata takes 0.2 ms each."""
    found = {"pytest": pytest.__version__}
    for _, distribution in config.pluginmanager.list_plugin_distinfo():
        folder = getattr(getattr(distribution, "_dist", None), "_path", None)
        match = re.fullmatch(r"(.+?)-(.+)\.dist-info", getattr(folder, "name", ""))
        if match:
            found[distributions.normalised(match[1])] = match[2]
        else:
            name = distributions.normalised(str(distribution.project_name))
            found[name] = str(distribution.version)
    return found


def _random_seed(config: pytest.Config) -> int | None:
    seed = getattr(config.option, "randomly_seed", None)
    return seed if type(seed) is int and config.pluginmanager.has_plugin("randomly") else None


def _exit_code(session: pytest.Session | None, error: Exception | None) -> int:
    if error is None:
        return int(getattr(session, "exitstatus", 0))
    if isinstance(error, pytest.UsageError) or type(error).__name__ == "ConftestImportFailure":
        return 4
    return 3 if type(error).__name__ == "PluginImportFailure" else 1


def _pytest_counts(config: pytest.Config) -> dict[str, int] | None:
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    stats = getattr(reporter, "stats", None)
    if not isinstance(stats, dict):
        return None
    return {
        str(name): sum(getattr(report, "count_towards_summary", True) for report in reports)
        for name, reports in stats.items()
        if name
    }


def _last_said(text: str) -> str:
    """What a worker's error says: xdist sends its rendered traceback, and asserts False with it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next((line for line in reversed(lines) if line != "assert False"), "")
