"""Where cases are built: source distributions, environments, checkouts, and pytest in them."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recipe import CaseError, Recipe

from conftest_kit import rundir

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".venvs" / "cases"
LIMIT_SECONDS = 600
_UV = Path(sys.executable).with_name("uv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run of pytest ended."""

    exit_code: int
    run_directory: Path
    output: str
    """Its last lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """An environment of a project, and its checkout as it is before any mutation."""

    recipe: Recipe
    python: str
    folder: Path
    checkout: Path
    """Outside of this repository, lest pytest take our settings for the project's."""

    @property
    def interpreter(self) -> Path:
        """The Python of the environment."""
        return self.folder / "env" / "bin" / "python"

    def fresh_checkout(self) -> None:
        """Every file as it was unpacked and built."""
        shutil.rmtree(self.checkout, ignore_errors=True)
        shutil.copytree(self.folder / "pristine", self.checkout, symlinks=True)

    def install(self, requirements: Sequence[str]) -> None:
        """These alone, without what they ask for."""
        if requirements:
            _uv("pip", "install", *self._python, "--no-deps", *requirements)

    def uninstall(self, names: Sequence[str]) -> None:
        """Refuses what is not installed: a recipe that removes nothing is wrong."""
        installed = {name for name, _ in self._frozen()}
        for name in names:
            if _normal(name) not in installed:
                raise CaseError(f"{name!r} cannot be uninstalled: it is not installed")
        if names:
            _uv("pip", "uninstall", *self._python, *names)

    def restore(self) -> None:
        """The environment as it was made."""
        green = [tuple(entry) for entry in json.loads(self._green.read_text("utf-8"))]
        now = self._frozen()
        surplus = {name for name, _ in now} - {name for name, _ in green}
        if surplus:
            _uv("pip", "uninstall", *self._python, *sorted(surplus))
        self.install([text for name, text in green if (name, text) not in now])

    def make(self) -> None:
        """Unpack, create the environment and install what the recipe pins."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        _unpack(_download(self.recipe), self.folder / "pristine")
        self.fresh_checkout()
        _uv("venv", "--python", str(_find_python(self.python)), str(self.folder / "env"))
        if self.recipe.install:
            _uv("pip", "install", *self._python, *self._building, *self.recipe.install)
        if self.recipe.editable:
            build = ["--no-deps", "--editable", str(self.checkout)]
            _uv("pip", "install", *self._python, *self._building, *build)
            # What the build left in the checkout belongs to it: versions, compiled modules.
            shutil.rmtree(self.folder / "pristine")
            shutil.copytree(self.checkout, self.folder / "pristine", symlinks=True)
        self._green.write_text(json.dumps(self._frozen()), "utf-8")

    def is_made(self) -> bool:
        """Whether `make` came to its end."""
        return self._green.is_file()

    def pytest(
        self,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str],
        limits: Mapping[str, int],
    ) -> Ended:
        """One run with the kit loaded; the orchestrator lends it, as it does to any environment."""
        return record(
            [*_limited(limits), str(self.interpreter), "-m", "pytest", *arguments],
            checkout=self.checkout,
            programs=self.interpreter.parent,
            project=self.recipe.project,
            environment=environment,
        )

    @property
    def _green(self) -> Path:
        return self.folder / "green.json"

    @property
    def _python(self) -> tuple[str, str]:
        return "--python", str(self.interpreter)

    @property
    def _building(self) -> tuple[str, ...]:
        constraints = _constraints(self.recipe, self.folder)
        return ("--build-constraints", str(constraints)) if constraints else ()

    def _frozen(self) -> list[tuple[str, str]]:
        """What is installed: normalised name, and the requirement that installs it."""
        listed: list[dict[str, Any]] = json.loads(
            _uv("pip", "list", *self._python, "--format", "json")
        )
        return [
            (
                _normal(entry["name"]),
                f"-e{entry['editable_project_location']}"
                if "editable_project_location" in entry
                else f"{entry['name']}=={entry['version']}",
            )
            for entry in listed
        ]


def record(
    command: Sequence[str],
    *,
    checkout: Path,
    programs: Path,
    project: str,
    environment: Mapping[str, str],
) -> Ended:
    """One run of a command that starts pytest, recorded in a folder beside the checkout.

    `programs` is searched before what the system has.

    Raises:
        CaseError: it does not end, or nothing was recorded.
    """
    home = Path(tempfile.mkdtemp(prefix="home-", dir=checkout.parent))
    (home / "tmp").mkdir()
    report = [sys.executable, "-m", "orchestrator", "run", "--output", str(home / "report"), "--"]
    # For pytest alone: where the orchestrator keeps its token is masked in what is recorded.
    temporary = f"TMPDIR={environment.get('TMPDIR', home / 'tmp')}"
    try:
        done = subprocess.run(
            [*report, "env", temporary, *command],
            cwd=checkout,
            env=_variables(home, project, programs, environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=LIMIT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CaseError(f"pytest ran for more than {LIMIT_SECONDS} s") from error
    found = rundir.runs(home / "logs")
    if not found:
        raise CaseError(f"the orchestrator recorded no run: {done.stdout[-2000:]}")
    return Ended(exit_code=done.returncode, run_directory=found[0], output=done.stdout[-2000:])


def _variables(
    home: Path, project: str, programs: Path, environment: Mapping[str, str]
) -> dict[str, str]:
    path = [str(programs), "/usr/local/bin", "/usr/bin", "/bin"]
    variables = {
        "CONFTEST_KIT_LOGS_DIR": str(home / "logs"),
        "CONFTEST_KIT_METRICS_FILE": str(home / "metrics.prom"),
        "CONFTEST_KIT_PROJECT": project,
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "LOGNAME": "user",
        "PATH": os.pathsep.join(path),
        "PYTHONHASHSEED": "0",
    }
    return {
        key: value for key, value in {**variables, **environment, "TMPDIR": ""}.items() if value
    }


@contextmanager
def workshop(recipe: Recipe, python: str) -> Iterator[Workshop]:
    """The project's environment for one version of Python, made once, held by one process.

    Raises:
        CaseError: it cannot be made.
    """
    asked = [recipe.sha256, recipe.install, recipe.editable, recipe.build_constraints]
    digest = hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:8]
    name = f"{_normal(recipe.project)}-{recipe.version}-py{python}-{digest}"
    # Several clones are kept apart.
    here = hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]
    outside = Path(tempfile.gettempdir()) / f"cases-{here}" / digest
    outside.mkdir(parents=True, exist_ok=True)
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = Workshop(
            recipe=recipe,
            python=python,
            folder=CACHE / name,
            checkout=outside / f"{_normal(recipe.project)}-{recipe.version}",
        )
        if made.is_made():
            made.fresh_checkout()
            made.restore()
        else:
            made.make()
        try:
            yield made
        finally:
            shutil.rmtree(outside, ignore_errors=True)
            with suppress(OSError):  # where another case of this clone is being built
                outside.parent.rmdir()


def _download(recipe: Recipe) -> Path:
    """The source distribution; pip verifies its hash."""
    folder = CACHE / "sources" / f"{_normal(recipe.project)}-{recipe.version}"
    if not (found := _archives(folder)):
        folder.mkdir(parents=True, exist_ok=True)
        wanted = folder / "requirements.txt"
        pin = f"{recipe.project}=={recipe.version} --hash=sha256:{recipe.sha256}\n"
        wanted.write_text(pin, "utf-8")
        constraints = _constraints(recipe, folder)
        building = ("--build-constraint", str(constraints)) if constraints else ()
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--require-hashes"]
        command += ["--no-deps", "--no-binary", ":all:", *building, "--dest", str(folder)]
        _succeed([*command, "--requirement", str(wanted)])
        found = _archives(folder)
    actual = hashlib.sha256(found[0].read_bytes()).hexdigest()
    if actual != recipe.sha256:
        shutil.rmtree(folder)
        raise CaseError(f"{found[0].name} has the hash {actual}, the recipe says {recipe.sha256}")
    return found[0]


def _archives(folder: Path) -> list[Path]:
    return [*folder.glob("*.tar.*"), *folder.glob("*.tgz"), *folder.glob("*.zip")]


def _constraints(recipe: Recipe, folder: Path) -> Path | None:
    if not recipe.build_constraints:
        return None
    path = folder / "build-constraints.txt"
    path.write_text("".join(f"{line}\n" for line in recipe.build_constraints), "utf-8")
    return path


def _unpack(archive: Path, folder: Path) -> None:
    """The one folder that an archive holds."""
    unpacked = folder.with_name("unpacked")
    if archive.suffix == ".zip":
        shutil.unpack_archive(archive, unpacked)
    else:
        with tarfile.open(archive) as tar:
            tar.extractall(unpacked, filter="data")
    (only,) = unpacked.iterdir()
    only.rename(folder)
    unpacked.rmdir()


def _find_python(version: str) -> Path:
    """Also where pyenv keeps them: its shims start only the version that is switched on."""
    candidates = [
        shutil.which(f"python{version}"),
        shutil.which("python3"),
        *sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python")),
    ]
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    for candidate in filter(None, candidates):
        said = subprocess.run([candidate, "-c", ask], capture_output=True, text=True, check=False)
        if said.stdout.strip() == version:
            return Path(candidate)
    raise CaseError(f"Python {version} is not installed: no python{version} on PATH or with pyenv")


def _limited(limits: Mapping[str, int]) -> list[str]:
    if not limits:
        return []
    options = {
        "open_files": lambda count: f"--nofile={count}",
        "memory_mb": lambda size: f"--as={size * 1024 * 1024}",
    }
    return ["prlimit", *(options[name](value) for name, value in limits.items()), "--"]


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _uv(*arguments: str) -> str:
    return _succeed([str(_UV), "--quiet", "--no-config", *arguments])


def _succeed(command: Sequence[str]) -> str:
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        said = (ended.stderr or ended.stdout).strip()[-1500:]
        raise CaseError(f"{Path(command[0]).name} {' '.join(command[1:])[:300]} failed: {said}")
    return ended.stdout
