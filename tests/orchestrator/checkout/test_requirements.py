from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.checkout import requirements
from orchestrator.checkout.project import read


@pytest.fixture
def declared(checked_out):
    """`declared({file: content})` writes a checkout and reads what it declares."""
    return lambda files: requirements.read(checked_out(files), [])


PYPROJECT = """
[project]
name = "shop"
requires-python = ">=3.11"
dependencies = ["PyYAML>=6", "not a requirement !"]
[project.optional-dependencies]
test = ["pytest-mock"]
[dependency-groups]
dev = ["ruff", {include-group = "x"}]
"""
POETRY = """
[tool.poetry]
name = "shop"
[tool.poetry.dependencies]
python = "^3.11"
requests = "^2"
[tool.poetry.group.dev.dependencies]
pytest = { version = "^8" }
"""


def test_pyproject(declared):
    """Name, and requirements with the extra or group they belong to."""
    project = declared({"pyproject.toml": PYPROJECT})

    assert (project.name, project.idiom) == ("shop", "pyproject")
    assert [(entry.name, entry.group, entry.is_extra) for entry in project.requirements] == [
        ("pyyaml", "", False),
        ("pytest-mock", "test", True),
        ("ruff", "dev", False),
    ]


def test_extras_of_poetry(declared):
    """What an extra names is installed with it."""
    text = """
[tool.poetry.dependencies]
redis = {version = "^5", optional = true}
requests = "*"
[tool.poetry.extras]
cache = ["Redis"]
odd = "redis"
"""

    found = {one.name: one for one in declared({"pyproject.toml": text}).requirements}

    assert (found["redis"].group, found["redis"].is_extra) == ("cache", True)
    assert (found["requests"].group, found["requests"].is_extra) == ("", False)


def test_poetry(declared):
    """Poetry's own tables are read too."""
    project = declared({"pyproject.toml": POETRY})

    assert (project.name, project.idiom) == ("shop", "poetry")
    assert [(entry.name, entry.group) for entry in project.requirements] == [
        ("requests", ""),
        ("pytest", "dev"),
    ]


def test_setup_cfg(declared):
    """The older form."""
    project = declared(
        {
            "setup.cfg": "[metadata]\nname = shop\n[options]\ninstall_requires =\n  attrs\n"
            "[options.extras_require]\ntest =\n  pytest\n"
        }
    )

    assert project.name == "shop"
    assert [(entry.name, entry.group) for entry in project.requirements] == [
        ("attrs", ""),
        ("pytest", "test"),
    ]


@pytest.mark.parametrize(
    ("files", "idiom"),
    [
        ({"uv.lock": ""}, "uv"),
        ({"uv.lock": "", "poetry.lock": ""}, "uv"),
        ({"pyproject.toml": "[tool.uv]\ndev-dependencies = []\n"}, "uv"),
        ({"poetry.lock": ""}, "poetry"),
        ({"pdm.lock": ""}, "pdm"),
        ({"Pipfile": ""}, "pipenv"),
        ({"requirements.txt": "six\n", "pyproject.toml": PYPROJECT}, "requirements"),
        ({"requirements/test.txt": "six\n"}, "requirements"),
        ({"setup.py": ""}, "pip"),
    ],
)
def test_idiom(declared, files, idiom):
    """How the project installs things is read from its lock files and tables."""
    assert declared(files).idiom == idiom


def test_requirement_files(declared):
    """Comments, hashes, options and continuations of requirement files are no requirements."""
    lines = (
        "# tools\n-r other.txt\nsix==1.0 \\\n    --hash=sha256:00\nattrs>=22  # why\n--no-index\n"
    )

    project = declared({"requirements.txt": lines})

    assert [entry.text for entry in project.requirements] == ["six==1.0", "attrs>=22"]


@pytest.mark.parametrize(
    "name", ["pyproject.toml", "setup.cfg", "Pipfile", "tox.ini", "uv.lock", "Pipfile.lock"]
)
def test_unreadable_settings_are_said(checked_out, name):
    """A file that does not parse never raises; it is named."""
    unread: list[str] = []

    read = requirements.read(checked_out({name: "[project\nx"}), unread)

    assert name in unread[0]
    assert read.requirements == ()


def test_an_extra_of_the_project_itself(declared):
    """An extra that names another extra of the same project asks for nothing from elsewhere."""
    project = declared(
        {
            "pyproject.toml": '[project]\nname = "My.Shop"\n'
            '[project.optional-dependencies]\ndev = ["my-shop[test]", "tox"]\n'
        }
    )

    assert [entry.name for entry in project.requirements] == ["tox"]


SETUP_PY = """
import setuptools

TESTS = ["pytest>=7", "responses"]
EXTRAS = dict(redis=["redis>=4"], test=TESTS + ["mock"])
rest = {"tests_require": TESTS}
setuptools.setup(
    name="shop",
    version=open("VERSION").read(),
    install_requires=["six", computed()],
    extras_require=EXTRAS,
    **rest,
)
"""


def test_setup_py(declared):
    """What is written down counts, by whatever name it goes; what is computed is left out."""
    read = declared({"setup.py": SETUP_PY})

    assert (read.name, read.is_package) == ("shop", True)
    assert [(entry.text, entry.group, entry.by) for entry in read.requirements] == [
        ("six", "", ""),
        ("pytest>=7", "", "setup.py test"),
        ("responses", "", "setup.py test"),
        ("redis>=4", "redis", ""),
        ("pytest>=7", "test", ""),
        ("responses", "test", ""),
        ("mock", "test", ""),
    ]


@pytest.mark.parametrize(
    "content",
    [
        "setup(**globals())",
        "a = a\nsetup(name=a, install_requires=a)",
        "setup(install_requires=read('requirements.txt'), extras_require={**more, key: ['six']})",
        "setup(name=1, install_requires=3, extras_require=['six'])",
        "def (",
    ],
)
def test_a_setup_py_that_computes(declared, content):
    """Nothing is known of what is computed, and reading it never fails."""
    read = declared({"setup.py": content})

    assert (read.name, read.requirements) == ("", ())


WHERE = """
from setuptools import setup
setup(
    name="shop",
    extras_require={
        ":python_version < '3.4'": ["statistics", "pathlib2>=2; os_name == 'nt'"],
        "test:python_version<'3'": ["mock"],
        ":on some machines": ["six"],
    },
)
"""


def test_where_a_setup_py_asks_for_it(declared):
    """By the key of an extra, beside the marker that a line has of its own."""
    read = declared({"setup.py": WHERE})

    assert [(entry.text, entry.group) for entry in read.requirements] == [
        ("statistics; python_version < '3.4'", ""),
        ("pathlib2>=2; (os_name == 'nt') and (python_version < '3.4')", ""),
        ("mock; python_version<'3'", "test"),
        ("six", ""),
    ]


TOX = """
[tox]
envlist = py311-django{42,50}
[testenv]
deps =
    pytest-mock
    -rrequirements/test.txt
    django42: Django>=4.2,<5
    django50: Django>=5.0
[testenv:docs]
deps = sphinx<8
"""
HATCH = """
[tool.hatch.envs.test]
dependencies = ["time-machine"]
[tool.hatch.envs.lint]
scripts.all = "ruff"
"""
NOX = """
def tests(session):
    session.install("-r", "requirements.txt")
    session.install("trustme", extra())
"""


def test_tox_hatch_and_nox(declared):
    """What they install is declared; the bounds of one environment of tox hold in that alone."""
    read = declared({"tox.ini": TOX, "pyproject.toml": HATCH, "noxfile.py": NOX})

    assert [(entry.text, entry.file, entry.by) for entry in read.requirements] == [
        ("pytest-mock", "tox.ini", "tox"),
        ("Django", "tox.ini", "tox"),
        ("Django", "tox.ini", "tox"),
        ("sphinx<8", "tox.ini", "tox"),
        ("time-machine", "pyproject.toml", "hatch, environment test"),
        ("trustme", "noxfile.py", "nox"),
    ]


PIPFILE = """
[packages]
requests = "*"
[dev-packages]
responses = {version = ">=0.2"}
"""


def test_pipfile(declared):
    """Those of development are a group."""
    read = declared({"Pipfile": PIPFILE})

    assert [(entry.name, entry.group) for entry in read.requirements] == [
        ("requests", ""),
        ("responses", "dev"),
    ]


LOCK = """
[[package]]
name = "PyYAML"
version = "6.0.1"
[[package]]
name = "shop"
source = { editable = "." }
"""
PIPFILE_LOCK = """
{"default": {"six": {"version": "==1.16.0"}, "own": {"path": "."}},
 "develop": {"pytest": {"version": "==8.4.1"}, "broken": 3}}
"""


@pytest.mark.parametrize(
    ("file", "content", "expected"),
    [
        ("uv.lock", LOCK, ["PyYAML==6.0.1"]),
        ("poetry.lock", LOCK, ["PyYAML==6.0.1"]),
        ("pdm.lock", LOCK, ["PyYAML==6.0.1"]),
        ("pylock.toml", LOCK.replace("[[package]]", "[[packages]]"), ["PyYAML==6.0.1"]),
        ("Pipfile.lock", PIPFILE_LOCK, ["six==1.16.0", "pytest==8.4.1"]),
        ("uv.lock", "package = 3", []),
        ("uv.lock", "[[package", []),
        ("Pipfile.lock", "[]", []),
        ("Pipfile.lock", "[" * 100_000, []),
    ],
)
def test_locks(declared, file, content, expected):
    """Lock files hold releases; one that cannot be read holds none."""
    found = declared({file: content}).requirements

    assert [(entry.text, entry.file) for entry in found] == [(text, file) for text in expected]


def test_manifests_come_before_what_was_locked_from_them(checked_out):
    """The first entry on a distribution is the one that a person edits."""
    root = checked_out(
        {
            "pyproject.toml": PYPROJECT,
            "uv.lock": LOCK,
            "requirements/dev.in": "ruff\n",
            "requirements/dev.txt": "ruff==0.5.0\n",
            "tests/requirements.txt": "responses\n",
        }
    )

    declared = read(root).declared

    assert declared(["pyyaml"]).file == "pyproject.toml"
    assert declared(["responses"]).file == "tests/requirements.txt"
    assert requirements.read(root, []).requirements_file == "requirements/dev.txt"


FILES = ("requirements.txt", "Pipfile", "Pipfile.lock", "uv.lock", "pylock.toml")


@given(content=st.binary(max_size=200))
def test_anything_can_be_read(tmp_path_factory, content):
    """Whatever the files hold, reading them never raises."""
    root = tmp_path_factory.mktemp("checkout")
    for name in ("pyproject.toml", "setup.cfg", "setup.py", "tox.ini", "noxfile.py", *FILES):
        (root / name).write_bytes(content)

    assert isinstance(requirements.read(root, []).requirements, tuple)
