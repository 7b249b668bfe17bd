"""Red runs of small projects, real and made up, and what the rules say of their failures."""

from __future__ import annotations

import builtins
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass, replace

import pytest

from conftest_kit import reading, rundir
from conftest_kit.records import (
    Distribution,
    Environment,
    Failure,
    Fixture,
    Frame,
    Raised,
    Recording,
    Run,
)
from corpus_memory_logging.records import Green
from orchestrator.checkout.edits import Edit
from orchestrator.checkout.project import Project
from orchestrator.checkout.project import read as read_project
from orchestrator.classify import context_of, rule_for, verdict_on
from orchestrator.suggest import suggest


@dataclass(frozen=True)
class Red:
    """A red run of a small project, read back."""

    recording: Recording
    project: Project
    green: Green | None = None
    """When it passed last."""
    edits: tuple[Edit, ...] | None = None
    """What was edited since."""

    @property
    def context(self):
        """What the rules look at."""
        known = context_of(self.recording, self.project)
        return replace(known, green=self.green, edits=self.edits)

    def failure(self, ending=""):
        """The failure whose node id ends so."""
        found = [entry for entry in self.recording.failures if entry.nodeid.endswith(ending)]
        assert found, [entry.nodeid for entry in self.recording.failures]
        return found[-1]

    def verdict(self, ending=""):
        """What the rules say of it."""
        return self._explained(ending)[1]

    def suggestions(self, ending="", remembered=None):
        """What to do about it."""
        found, verdict = self._explained(ending)
        return suggest(verdict, found, self.project, remembered)

    def _explained(self, ending):
        failures = [self.failure(ending)]
        found = rule_for(failures, self.context)
        return found, verdict_on(failures, self.context, found)


def _run_pytest(root, files, *arguments, **environment):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(content), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=root,
        env={
            **os.environ,
            "PYTEST_PLUGINS": "conftest_kit",
            "PYTHONPATH": str(root / "site-packages"),
            "PYTHONDONTWRITEBYTECODE": "1",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    runs = rundir.runs(root / "logs")
    assert runs, done.stdout + done.stderr
    return Red(recording=reading.read(runs[0]), project=read_project(root))


@pytest.fixture
def run(tmp_path):
    """`run(files, *arguments)` runs pytest on a project of these files, the kit loaded."""
    return lambda files, *arguments, **environment: _run_pytest(
        tmp_path, files, *arguments, **environment
    )


@pytest.fixture(scope="session")
def run_once(tmp_path_factory):
    """As `run`, for a run that many tests look at."""
    return lambda files, *arguments: _run_pytest(tmp_path_factory.mktemp("red"), files, *arguments)


@pytest.fixture(scope="session")
def installed():
    """`installed(name, version, {file: content})`: the files of a distribution in site-packages."""

    def files(name, version, modules, *, metadata=""):
        info = f"site-packages/{name.replace('-', '_')}-{version}.dist-info"
        said = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}"
        record = "".join(f"{path},,\n" for path in modules)
        contents = {f"site-packages/{path}": text for path, text in modules.items()}
        return {f"{info}/METADATA": said, f"{info}/RECORD": record, **contents}

    return files


def frame(place, origin="project", source=""):
    """`frame("shop/cart.py:7:total")`."""
    file, line, function = place.split(":")
    return Frame(file=file, line=int(line), function=function, source=source, origin=origin)


@pytest.fixture(scope="session")
def raised():
    """`raised("KeyError", "'x'", "shop/cart.py:7:total")`: one link of a chain.

    A frame below `lib/` is of the installed distribution that brings the module, below `std/` of the
    standard library, below `tests/` of the tests; the others are the project's.
    """

    def link(kind, message="", *places, bases=(), source="", **fields):
        known = getattr(builtins, kind, None)
        more = [base.__name__ for base in known.__mro__[1:-1]] if known else []
        return Raised(
            type=kind,
            bases=(*bases, *(more or ("Exception", "BaseException"))),
            message=message,
            frames=tuple(_frame(place, source) for place in places),
            **fields,
        )

    return link


def _frame(place, source):
    for folder, origin in (("lib/", "installed"), ("std/", "stdlib")):
        if place.startswith(folder):
            return frame(place.removeprefix(folder), origin, source)
    return frame(place, "test" if place.startswith("tests/") else "project", source)


LIBRARIES = (
    Distribution(name="frames", version="2.0", modules=("frames",)),
    Distribution(
        name="webframe",
        version="0.110",
        modules=("webframe",),
        extras=("all",),
        requires=("frames<2", 'python-multipart; extra == "all"', 'cv2x; extra == "all"'),
    ),
    Distribution(name="pytest", version="9.2.0", modules=("pytest", "_pytest")),
)


@pytest.fixture(scope="session")
def red():
    """`red(link, …, phase="call")`: a recording of one failure with this chain, and its project."""

    def recording(*chain, phase="call", message="", fixtures=(), project=None, run=None, **fields):
        libraries = fields.pop("distributions", LIBRARIES)
        environment = Environment(
            python={"version": fields.pop("python", "3.12.4"), "implementation": "cpython"},
            platform={"system": "Linux"},
            distributions={entry.name: entry.version for entry in libraries},
            plugins=fields.pop("plugins", {}),
            variables=fields.pop("variables", ()),
        )
        failure = Failure(
            nodeid=fields.pop("nodeid", "tests/test_cart.py::test_total"),
            phase=phase,
            message=message or (chain[0].message if chain else ""),
            exceptions=chain,
            fixtures=tuple(
                Fixture(name=name, scope="function", file=file, line=line)
                for name, file, line in fixtures
            ),
            **fields,
        )
        return Red(
            recording=Recording(
                run=Run(run_id="r", environment=environment, root="/shop", **(run or {})),
                failures=(failure,),
                distributions=libraries,
            ),
            project=project or Project(name="shop", modules=frozenset({"shop", "tests"})),
        )

    return recording


COMMIT = {"commit": "a" * 40, "dirty": False}
NOW = {"webframe": "0.110", "frames": "2.0", "pytest": "9.2.0"}


@pytest.fixture
def since(red):
    """`since(*chain, git=COMMIT, frames="1.9", …)`: a failure that passed with those versions."""

    def make(*chain, git=COMMIT, python="3.12.4", gone=None, before=None, now=None, **versions):
        made = red(*chain)
        run = made.recording.run
        environment = run.environment._replace(**{"git": COMMIT, **(now or {})})
        run = run._replace(environment=environment)
        green = Run(
            run_id="green",
            environment=Environment(
                python={"version": python},
                distributions={**NOW, **versions, **(gone or {})},
                git=git,
                **{"platform": {"system": "Linux"}, **(before or {})},
            ),
        )
        return replace(
            made,
            recording=made.recording._replace(run=run),
            green=Green(run=green, passed=frozenset({made.failure().nodeid})),
        )

    return make


@pytest.fixture
def wrong(raised):
    """The test's own assertion failed; nothing in the traceback is of others."""
    return raised("AssertionError", "assert 1 == 2", "tests/test_cart.py:3:test_total")
