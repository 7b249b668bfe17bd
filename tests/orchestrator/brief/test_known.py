"""`orchestrator brief` on real runs: what it tells of, what it keeps to itself."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest_kit.settings import load
from corpus_memory_logging import open_store, queries
from orchestrator import brief
from orchestrator.checkout import project

SECRETS = {
    "API_TOKEN": "planted-0f8b1c7d-in-the-environment",
    "printed": "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    "password": "S3cr3t-Passw0rd-of-the-database",
}
LEAKS = f"""
import os
import pytest

DATABASE = "postgres://shop:{SECRETS["password"]}@db.example/shop"

@pytest.mark.parametrize("token", ["{SECRETS["printed"]}"])
def test_leaks(token):
    print("token", token)
    print("environment", os.environ["API_TOKEN"])
    connected = DATABASE
    assert connected == "never", os.environ["API_TOKEN"]
"""


def orchestrator(*arguments, cwd, **environ):
    """The real command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "orchestrator", *arguments],
        cwd=cwd,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def pytest_in(cwd, *arguments, **environ):
    """pytest with the kit, and nobody to review it."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "conftest_kit", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, *arguments],
        cwd=cwd,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def gathered(folder: Path, what: str) -> brief.Brief:
    """The brief as records."""
    settings = load(folder, {})
    with open_store(settings.memory_location, project=settings.project) as store:
        return brief.gather(store, what, project=project.read(settings.root))


def test_tells_all_that_is_known(shop):
    """What failed and how to see it, where, what was tried, what is known, who decided what."""
    said = orchestrator("brief", cwd=shop).stdout

    assert said.startswith("# Test run: 1 cause of 1 failure\n")
    assert "```sh\npython -m pytest tests/test_suppliers.py\n```" in said
    assert "## 1. missing dependency: `beautifulsoup4` (1 failure, known)" in said
    assert "do not try again:\n\n- Install `beautifulsoup4`" in said
    assert "(did not make it green; suggestion " in said
    assert "- `shop/suppliers.py:3` in `<module>`: `from bs4 import BeautifulSoup`" in said
    assert "caused by ModuleNotFoundError: No module named 'bs4'" in said
    assert "- seen in 2 runs, first " in said
    assert re.search(r"- \S+ \S+ \w+: resolved, accepted Install .*note belongs in pyproject", said)
    assert "Left out" not in said


def test_the_command_shows_each_cause(shop, tmp_path):
    """Its one line, typed in the project, makes pytest fail of the same things."""
    folder = tmp_path / "shop"
    shutil.copytree(shop, folder)
    known = gathered(folder, shop_run(folder, "died"))
    words = shlex.split(known.reproduce[-1])

    assert words[:4] == ["python", "-m", "pytest", "--continue-on-collection-errors"]
    assert len(words[4:]) == len(known.causes) == 6
    survivors = [word for word in words[3:] if "test_reads_a_barcode" not in word]
    assert re.search(r"FEE|EEF|EFE", pytest_in(folder, *survivors).stdout)
    said = orchestrator("brief", cwd=folder).stdout
    assert said.startswith("# Test run: 5 causes of 5 failures\n")


def shop_run(folder: Path, state: str) -> str:
    """The id of the demo's run that ended so."""
    settings = load(folder, {})
    with open_store(settings.memory_location, project=settings.project) as store:
        return next(run["run_id"] for run in queries.runs(store) if run["state"] == state)


def test_a_cause_alone(shop):
    """A cause by the beginning of its id is told of as the last run had it."""
    cause = gathered(shop, "latest").causes[0].cause

    said = orchestrator("brief", cause["cause_id"][:6], cwd=shop).stdout

    assert said.startswith("# Cause of 1 failure in the last run that had it\n")
    assert cause["cause_id"] in said


def test_a_run_that_nobody_reviewed_is_reviewed_first(tmp_path):
    """pytest, then the brief: nothing has to be called in between, and nothing is done twice."""
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (tmp_path / "test_red.py").write_text("def test_red():\n    assert 1 == 2\n")
    pytest_in(tmp_path)

    first, second = (orchestrator("brief", cwd=tmp_path) for _ in range(2))

    assert "test_red.py::test_red" in first.stdout
    assert first.stdout == second.stdout
    assert (first.returncode, first.stderr) == (0, "")


def test_what_changed_since_it_passed(tmp_path):
    """The environment of the last green run is compared, whatever changed in it."""
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (tmp_path / "test_set.py").write_text(
        "import os\n\ndef test_set():\n    assert 'FEATURE_ON' not in os.environ\n"
    )
    pytest_in(tmp_path)
    orchestrator("review", cwd=tmp_path)
    pytest_in(tmp_path, FEATURE_ON="1")

    said = orchestrator("brief", cwd=tmp_path).stdout

    assert "Changed since these tests passed last (run " in said
    assert "- `variables FEATURE_ON` absent → present" in said


def test_what_was_rejected_is_not_tried_again(shop, tmp_path):
    """A suggestion that a reviewer rejected is named as such, and not among those to try."""
    folder = tmp_path / "shop"
    shutil.copytree(shop, folder)
    (cause,) = (
        one
        for one in gathered(folder, shop_run(folder, "died")).causes
        if one.cause["category"] == "compatibility"
    )
    advice = cause.suggestions[0]
    before = orchestrator("brief", cause.cause["cause_id"], cwd=folder).stdout
    orchestrator("resolve", advice["cause_id"], "--reject", advice["suggestion_id"], cwd=folder)

    after = orchestrator("brief", cause.cause["cause_id"], cwd=folder).stdout

    assert f"1. {advice['text']}\n\n   ```sh\n   pip install 'jinja2<3.1.0'\n   ```" in before
    assert f"1. {advice['text']}" not in after
    tried = after.partition("Tried and failed; do not try again:\n\n")[2]
    assert tried.startswith(f"- {advice['text']} (rejected by a reviewer; ")


def test_says_that_nothing_failed(tmp_path):
    """A green run has a brief too."""
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (tmp_path / "test_green.py").write_text("def test_green():\n    pass\n")
    pytest_in(tmp_path)

    said = orchestrator("brief", cwd=tmp_path).stdout

    assert said.startswith("# Test run: nothing failed\n")


def test_holds_no_secret(tmp_path):
    """Secrets in output, source lines, parameters, the command and the environment are masked."""
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (tmp_path / "test_leaks.py").write_text(LEAKS)
    (tmp_path / "conftest.py").write_text(
        "def pytest_addoption(parser):\n    parser.addoption('--password')\n"
    )
    environ = {"API_TOKEN": SECRETS["API_TOKEN"]}
    ended = pytest_in(tmp_path, "--password", SECRETS["password"], **environ)

    said = orchestrator("brief", "--max-tokens", "100000", cwd=tmp_path).stdout

    assert all(secret in ended.stdout for secret in SECRETS.values())
    assert "test_leaks.py::test_leaks" in said
    assert [secret for secret in SECRETS.values() if secret in said] == []


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--max-tokens", "10"], 64, f"not in the range x>={brief.LEAST_TOKENS}"),
        (["no-such-thing"], 65, "no run or cause has an id that begins with 'no-such-thing'"),
    ],
)
def test_refuses(arguments, status, said, shop):
    """What cannot be told of gets one message."""
    ended = orchestrator("brief", *arguments, cwd=shop)

    assert (ended.returncode, said in ended.stderr) == (status, True)


def test_without_a_memory(tmp_path):
    """Where nothing was ever recorded there is nothing to tell, and nothing is made."""
    ended = orchestrator("brief", cwd=tmp_path)

    assert ended.returncode == 69
    assert "there is no memory at" in ended.stderr
    assert list(tmp_path.iterdir()) == []
