"""Takes, where a test runs, what no report can carry: exceptions as data, and artifacts.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conftest_kit import rundir
from conftest_kit.documents import encoded, to_json
from conftest_kit.imports import swift_imports
from conftest_kit.masking import Mask, environment, secret_values
from conftest_kit.recorder import EXTRACTED, without_size
from conftest_kit.texts import bounded

if TYPE_CHECKING:
    from conftest_kit.failures import Extraction
    from conftest_kit.leftovers import Leftovers
    from conftest_kit.records import Raised
    from conftest_kit.sizes import Size


WORKER_KEY = "conftest_kit"
"""Under which the writer and xdist's workers tell each other things."""
DESELECTED_KEY = "conftest_kit_deselected"
"""Under which xdist's workers say how many tests they deselected: each the same."""


_KEPT_BACK = 4
_SPARE = 28
"""Descriptors that have to be free beside them."""


class _Reserve:
    """File descriptors for the first failure: it may be that a test has used up all others.

    What is said of a failure lies in modules that are loaded then, and in source files. Of a
    process that may open few nothing is taken away.
    """

    def __init__(self) -> None:
        self._descriptors: list[int] = []
        try:
            for _ in range(_KEPT_BACK + _SPARE):
                self._descriptors.append(os.open(os.devnull, os.O_RDONLY))
        except OSError:
            self.release()
        while len(self._descriptors) > _KEPT_BACK:
            os.close(self._descriptors.pop())

    def release(self) -> None:
        """Give them back."""
        while self._descriptors:
            with contextlib.suppress(OSError):  # a test may have closed what it did not open
                os.close(self._descriptors.pop())


class _Artifacts:
    """The folder of one test, kept only if the test fails."""

    def __init__(self, folder: Path) -> None:
        self.failed = False
        self._folder = folder

    def close(self, mask: Mask) -> None:
        """Leave what a failed test wrote, without secrets; take everything else away."""
        if not self.failed:
            shutil.rmtree(self._folder, ignore_errors=True)
        elif mask.needles:
            _mask_files(self._folder, mask)
        for empty in (self._folder, self._folder.parent):
            try:
                empty.rmdir()
            except OSError:  # something is kept in it
                return


class Capture:
    """Of one process: what it has to say of failed tests, and their artifacts."""

    def __init__(
        self, config: pytest.Config, directory: Path, size_markers: Mapping[str, str]
    ) -> None:
        self._config: Any = config
        self.folders: dict[pytest.Item, _Artifacts] = {}
        """Of tests that asked for one and are not over."""
        self._size_markers = size_markers
        self.deselected_tests = 0
        self._reserve = _Reserve()
        self._leftovers: Leftovers | None = None
        self._artifacts = directory / rundir.ARTIFACTS_FOLDER
        logs_dir = Path(os.path.abspath(directory)).parent.parent
        self._changing = frozenset(
            (logs_dir / rundir.RUNS_FOLDER, logs_dir / rundir.ARCHIVE_FOLDER)
        )
        self._started_with = self._environ = environment()
        self._secrets = secret_values(os.environ)
        self._mask = Mask.hiding(self._secrets)
        self._learned = False
        """Whether secrets came into the environment that the writer did not see at the start."""

    def is_changing(self, path: Path) -> bool:
        """Whether other sessions and reviews add to this folder and remove from it meanwhile."""
        return path in self._changing

    def tests_begin(self) -> None:
        """They are collected: from here on it is they that leave something."""
        with swift_imports():
            from conftest_kit.leftovers import Leftovers  # noqa: PLC0415 - not before there are tests

        self._leftovers = Leftovers()

    def sizes(self, items: Sequence[pytest.Item]) -> dict[str, Size]:
        """Size and limit of the tests that have one, by node id."""
        with swift_imports():
            from conftest_kit import sizes  # noqa: PLC0415 - not before there are tests

        return sizes.of(items, self._size_markers)

    def deselected(self, items: Sequence[pytest.Item]) -> None:
        """Some tests will not be executed."""
        self.deselected_tests += len(items)
        if hasattr(self._config, "workeroutput"):
            self._config.workeroutput[DESELECTED_KEY] = self.deselected_tests

    def test(self, item: pytest.Item, call: Any, report: Any) -> None:
        """A phase failed, or the test is over."""
        failed = report.outcome == "failed"
        if failed:
            error = None if call.excinfo is None else call.excinfo.value
            setattr(report, EXTRACTED, self.extracted(error, item, report, call))
        kept = self.folders.get(item)
        if kept is not None:
            kept.failed = kept.failed or failed
            if call.when == "teardown":
                kept.close(self._current_mask())
                del self.folders[item]
        if call.when == "teardown" and self._leftovers is not None:
            self._leftovers.test_ended(item)

    def collector(self, report: Any) -> None:
        """A collector failed."""
        excinfo = report.call.excinfo
        error = None if excinfo is None else excinfo.value
        setattr(report, EXTRACTED, self.extracted(error, report=report))

    def extracted(
        self, error: BaseException | None, item: Any = None, report: Any = None, call: Any = None
    ) -> str | None:
        """The part of the failure's JSON that comes from objects; None without an exception."""
        if error is None:
            return None
        self._reserve.release()
        extraction = self._extraction
        chain = extraction.chain(error, call.excinfo.tb if call is not None else None)
        document: dict[str, Any] = {
            "message": _message(chain),
            "exceptions": [to_json(link) for link in chain],
        }
        fixtures = extraction.fixtures(item) if item is not None else ()
        if fixtures:
            document["fixtures"] = [to_json(fixture) for fixture in fixtures]
        if item is not None and self._leftovers is not None:
            left = self._leftovers.still_there(extraction.places)
            document.update({"left": [to_json(one) for one in left]} if left else {})
        mask = self._current_mask()
        if mask.needles:
            document = _map_texts(mask, document)
        replaced = _replaced(item, call, report) if call is not None else ""
        if (self._learned or replaced) and report is not None:
            from conftest_kit.reports import rendered  # noqa: PLC0415 - a green run does without

            said = rendered(report, lambda text: bounded(mask(text)))
            if replaced:
                said["text"] = bounded(mask(f"{replaced}\n\n{said['text']}"))
            document = {**said, **document}
        return encoded(document)

    @functools.cached_property
    def _extraction(self) -> Extraction:
        # Only failures need these modules.
        from conftest_kit.failures import Extraction  # noqa: PLC0415
        from conftest_kit.places import Places  # noqa: PLC0415

        patterns = [str(pattern) for pattern in self._config.getini("python_files")]
        started_with = {
            os.fsdecode(name): os.fsdecode(value) for name, value in self._started_with.items()
        }
        return Extraction(Places(self._config.rootpath, patterns), started_with)

    def _current_mask(self) -> Mask:
        """Of all secrets seen so far: tests and conftests load what they need, and unload it."""
        environ = environment()
        if environ != self._environ:
            self._environ = environ
            found = secret_values(os.environ)
            if not found.keys() <= self._secrets.keys():
                self._learned = True
                self._secrets = {**found, **self._secrets}
                self._mask = Mask.hiding(self._secrets)
        return self._mask

    def artifacts_folder(self, item: pytest.Item) -> Path:
        """Make a folder for this attempt at the test."""
        given = without_size(str(item.nodeid))
        nodeid = self._current_mask()(given)
        readable = re.sub(r"[^\w.-]+", "_", nodeid)[-80:].strip("_")
        name = f"{readable}-{zlib.crc32(given.encode('utf-8', 'replace')):08x}"
        attempt = str(getattr(item, "execution_count", 1))
        parent = self._artifacts / name
        folder = parent / attempt
        self._artifacts.mkdir(mode=0o700, exist_ok=True)
        parent.mkdir(mode=0o700, exist_ok=True)
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:  # the same test in another worker
            folder = parent / f"{attempt}-{os.getpid()}"
            folder.mkdir(mode=0o700, exist_ok=True)
        self.folders[item] = _Artifacts(folder)
        return folder


def _replaced(item: pytest.Item, call: Any, report: Any) -> str:
    """What pytest rendered of the exception, where a plugin put a text of its own in its place."""
    if call.when != "call" or not isinstance(report.longrepr, str):
        return ""
    text = str(item.repr_failure(call.excinfo)).strip("\n")
    return "" if text in report.longrepr else text


def _message(chain: tuple[Raised, ...]) -> str:
    """Of the exception that pytest saw; of its cause where that one has nothing to say itself."""
    for link in chain:
        is_wrapper = link.type.endswith((".CollectError", ".ConftestImportFailure"))
        if not (is_wrapper and len(chain) > 1 and "import file mismatch" not in link.message):
            return link.message
    return ""


def _mask_files(folder: Path, mask: Mask) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):  # what is in a folder before the folder
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            masked = _masked_bytes(content, mask)
            if masked != content:
                path.write_bytes(masked)
        name = mask(path.name)
        if name != path.name:
            path.rename(path.with_name(name))


def _masked_bytes(content: bytes, mask: Mask) -> bytes:
    for encoding in ("utf-8", "utf-16"):
        if encoding == "utf-16" and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
            continue
        try:
            return mask(content.decode(encoding)).encode(encoding)
        except UnicodeError:
            continue
    return mask(content.decode("latin-1")).encode("latin-1")


def _map_texts(change: Any, value: Any) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list | tuple):
        return [_map_texts(change, item) for item in value]
    if isinstance(value, dict):
        return {key: _map_texts(change, item) for key, item in value.items()}
    return value
