"""The repository keeps its promises: what is committed, what is locked, what a wheel installs."""

from __future__ import annotations

import re
import subprocess
import tomllib
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
# Spelled so that this file does not match itself.
FORBIDDEN = re.compile(
    r"pyp[i]\.org|pythonhoste[d]\.|registry\.npmj[s]|deb\.debia[n]|/roo[t]/|(?<![\w.])/wor[k]/"
)
PACKAGES = {"conftest_kit", "corpus_memory_logging", "orchestrator"}
LEAST = {
    "conftest-kit",
    "iniconfig",
    "packaging",
    "pluggy",
    "prometheus-client",
    "pygments",
    "pytest",
}


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    """The files that git knows."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if (ROOT / name).is_file()]


def test_names_no_registry_and_no_machine(tracked):
    """No committed file says where packages are served or where somebody works."""
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()[:100]}"
        for path in tracked
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
        if FORBIDDEN.search(line)
    ]

    assert found == []


def test_a_newcomer_can_start_every_script(tracked):
    """Scripts with a `#!` line are executable."""
    scripts = [path for path in tracked if path.read_bytes().startswith(b"#!")]

    assert [path for path in scripts if not path.stat().st_mode & 0o100] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_every_requirement_is_pinned_by_hash(lock):
    """A lock file has no requirement without a version and hashes, and no index."""
    text = lock.read_text(encoding="utf-8").replace("\\\n", " ")
    requirements = [
        line for line in text.splitlines() if line and not line.lstrip().startswith("#")
    ]

    assert requirements
    for requirement in requirements:
        assert re.match(r"[\w.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", requirement), requirement


def test_the_kit_brings_two_dependencies():
    """Beside the code under test stands the least possible."""
    names = [re.split(r"[<>=]", name)[0] for name in PROJECT["project"]["dependencies"]]

    assert names == ["pytest", "prometheus-client"]
    assert "entry-points" not in PROJECT["project"]


@dataclass(frozen=True, kw_only=True)
class Installed:
    """A fresh environment with nothing but the wheel and what it asked for."""

    folder: Path
    wheel: Path
    constraints: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs Python there, outside the repository."""
        command = [self.folder / "venv" / "bin" / "python", *arguments]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)

    def install(self, extra: str = "") -> subprocess.CompletedProcess[str]:
        """Installs the wheel with an extra, at the versions of the lock file."""
        return self.run("-m", "pip", "install", "-c", str(self.constraints), f"{self.wheel}{extra}")


@pytest.fixture(scope="module")
def installed(tmp_path_factory, wheel, pins, unavailable) -> Installed:
    """Ends the test where the registry cannot be reached."""
    folder = tmp_path_factory.mktemp("installed")
    constraints = folder / "constraints.txt"
    constraints.write_text("\n".join(pins))
    venv.create(folder / "venv", with_pip=True)
    made = Installed(folder=folder, wheel=wheel, constraints=constraints)
    ended = made.install()
    if ended.returncode:
        unavailable(f"the package registry cannot be reached: {ended.stderr.strip()[-300:]}")
    return made


def test_the_wheel_installs_the_three_packages_only(installed):
    """monitoring, logs and tests stay in the repository."""
    with zipfile.ZipFile(installed.wheel) as wheel:
        names = {name.split("/")[0] for name in wheel.namelist()}

    assert {name for name in names if not name.endswith(".dist-info")} == PACKAGES


def test_every_package_is_in_the_wheel():
    """pyproject.toml names them one by one."""
    modules = (path for name in PACKAGES for path in (ROOT / name).glob("**/__init__.py"))
    packages = {".".join(path.parent.relative_to(ROOT).parts) for path in modules}
    listed = PROJECT["tool"]["setuptools"]["packages"]

    assert listed == sorted({*packages, "orchestrator.data.monitoring"})


def test_the_wheel_works_as_it_is_installed(installed, tracked):
    """Without the extra the command names it; with it the demo runs, outside the repository, and
    `init` copies all that monitors, but not its tests.
    """
    bare = installed.run("-m", "pip", "list", "--format", "freeze")
    imported = installed.run("-Ic", "import conftest_kit")
    told = installed.run("-m", "orchestrator", "demo")
    extra = installed.install("[orchestrator]")
    demo = installed.run("-m", "orchestrator", "demo", str(installed.folder / "shop"))
    copied = installed.folder / "copied"
    init = installed.run("-m", "orchestrator", "init", "--monitoring", str(copied))

    names = {line.split("==")[0].replace("_", "-").lower() for line in bare.stdout.split()}
    assert names - {"pip", "setuptools"} == LEAST
    assert imported.returncode == 0, imported.stderr
    assert told.returncode != 0
    assert 'pip install "conftest-kit[orchestrator]"' in told.stderr
    assert extra.returncode == 0, extra.stderr
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert "beautifulsoup4" in demo.stdout
    assert init.returncode == 0, init.stderr
    monitoring = (ROOT / "monitoring", ROOT / "monitoring" / "tests")
    assert {path.relative_to(copied) for path in copied.rglob("*") if path.is_file()} == {
        path.relative_to(monitoring[0])
        for path in tracked
        if path.is_relative_to(monitoring[0]) and not path.is_relative_to(monitoring[1])
    }
