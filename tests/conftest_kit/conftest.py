"""Real pytest runs with the kit, and what they leave behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest_kit import reading, rundir
from conftest_kit.records import Failure, Recording

_NINE = """
    import pytest

    def test_passes(): pass
    def test_assert(): assert 1 == 2
    def test_raise(): raise ValueError("no")
    def test_fail(): pytest.fail("said so")
    def test_no_raise():
        with pytest.raises(KeyError): pass
    def test_chain():
        try: {}["key"]
        except KeyError as error: raise RuntimeError("wrapped") from error
    @pytest.fixture
    def broken(): raise OSError(2, "gone", "file.txt")
    def test_setup(broken): pass
    def test_missing(no_such_fixture): pass
    @pytest.fixture
    def late():
        yield
        1 / 0
    def test_teardown(late): pass
"""


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A run of pytest with the kit."""

    result: pytest.RunResult
    folder: Path
    """Where pytest ran."""

    @property
    def output(self) -> str:
        """Both streams."""
        return self.result.stdout.str() + self.result.stderr.str()

    @property
    def paths(self) -> list[Path]:
        """The run directories, newest first."""
        return rundir.runs(self.folder / "logs")

    @property
    def recording(self) -> Recording:
        """Of the only run."""
        (path,) = self.paths
        return reading.read(path)

    @property
    def failure(self) -> Failure:
        """The only one."""
        (failure,) = self.recording.failures
        return failure

    @property
    def outcomes(self) -> dict[str, str]:
        """Test name to outcomes of its attempts."""
        found: dict[str, list[str]] = {}
        for attempt in self.recording.attempts:
            found.setdefault(attempt.nodeid.rpartition("::")[2], []).append(attempt.outcome)
        return {name: " ".join(outcomes) for name, outcomes in found.items()}


@pytest.fixture
def record(pytester: pytest.Pytester, left_out: tuple[str, ...]) -> Callable[..., Recorded]:
    """`record("-n2", test_a="source")`: run pytest on these modules in another process."""

    def run(*args: str, plugin: bool = True, **modules: str) -> Recorded:
        if modules:
            pytester.makepyfile(**modules)
        loaded = ("-p", "conftest_kit") if plugin else ()
        result = pytester.runpytest_subprocess(*loaded, *left_out, *args)
        return Recorded(result=result, folder=pytester.path)

    return run


@pytest.fixture(params=["-n0", "-n2"])
def workers(request: pytest.FixtureRequest) -> str:
    """A test that asks for it runs without xdist and with it."""
    return str(request.param)


@pytest.fixture(scope="session")
def nine_failures() -> str:
    """A module of tests that fail in nine ways, and one that passes."""
    return _NINE
