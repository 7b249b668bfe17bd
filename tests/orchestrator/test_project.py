from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.project import Project, read


@pytest.fixture
def checkout(tmp_path):
    """`checkout({file: content})` writes a checkout and reads it."""

    def write(files):
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, "utf-8")
        return read(tmp_path)

    return write


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


@pytest.mark.parametrize("root", [None, "nowhere"])
def test_no_checkout(tmp_path, root):
    """Without a checkout nothing is known, and nothing is said."""
    assert read(tmp_path / root if root else None) == Project()


def test_pyproject(checkout):
    """Name, and requirements with the extra or group they belong to."""
    project = checkout({"pyproject.toml": PYPROJECT})

    assert (project.name, project.idiom) == ("shop", "pyproject")
    assert [(entry.name, entry.group, entry.is_extra) for entry in project.requirements] == [
        ("pyyaml", "", False),
        ("pytest-mock", "test", True),
        ("ruff", "dev", False),
    ]


def test_poetry(checkout):
    """Poetry's own tables are read too."""
    project = checkout({"pyproject.toml": POETRY})

    assert (project.name, project.idiom) == ("shop", "poetry")
    assert [(entry.name, entry.group) for entry in project.requirements] == [
        ("requests", ""),
        ("pytest", "dev"),
    ]


def test_setup_cfg(checkout):
    """The older form."""
    project = checkout(
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
def test_idiom(checkout, files, idiom):
    """How the project installs things is read from its lock files and tables."""
    assert checkout(files).idiom == idiom


def test_requirement_files(checkout):
    """Comments, hashes, options and continuations of requirement files are no requirements."""
    lines = (
        "# tools\n-r other.txt\nsix==1.0 \\\n    --hash=sha256:00\nattrs>=22  # why\n--no-index\n"
    )

    project = checkout({"requirements.txt": lines})

    assert [entry.text for entry in project.requirements] == ["six==1.0", "attrs>=22"]


@pytest.mark.parametrize("name", ["pyproject.toml", "setup.cfg"])
def test_unreadable_settings_are_said(checkout, name):
    """A file that does not parse never raises; it is named."""
    project = checkout({name: "[project\nx"})

    assert name in project.warnings[0]
    assert project.requirements == ()


@given(content=st.binary(max_size=200))
def test_anything_can_be_read(tmp_path_factory, content):
    """Whatever the files hold, reading them never raises."""
    root = tmp_path_factory.mktemp("checkout")
    for name in ("pyproject.toml", "setup.cfg", "requirements.txt", "conftest.py", "Pipfile"):
        (root / name).write_bytes(content)

    assert read(root).root == root


def test_modules_and_files(checkout):
    """Modules of the root and of `src` are the project's; environments and builds are passed over."""
    project = checkout(
        {
            "shop/cart.py": "",
            "src/store/__init__.py": "",
            "single.py": "",
            "conftest.py": "",
            "setup.py": "",
            "build/lib/old.py": "",
            ".tox/py/x.py": "",
            "my-env/pyvenv.cfg": "",
            "my-env/lib/y.py": "",
        }
    )

    assert project.modules == {"shop", "store", "single"}
    assert "my-env/lib/y.py" not in project.files


def test_fixtures(checkout):
    """Fixtures are found under their own or their given name, in files that may define them."""
    project = checkout(
        {
            "tests/conftest.py": "import pytest\n"
            "@pytest.fixture\ndef plain(): pass\n"
            "@pytest.fixture(name='given')\ndef _hidden(): pass\n"
            "@pytest_asyncio.fixture\nasync def later(): pass\n"
            "def no_fixture(): pass\n",
            "tests/test_broken.py": "def (",
            "shop/cart.py": "import pytest\n@pytest.fixture\ndef unseen(): pass\n",
        }
    )

    assert {(entry.name, entry.function, entry.line) for entry in project.fixtures} == {
        ("plain", "plain", 3),
        ("given", "_hidden", 5),
        ("later", "later", 7),
    }


def test_file_of(checkout):
    """The module at the top or in `src` comes before one further down, a name's module counts."""
    project = checkout(
        {"src/shop/__init__.py": "", "src/shop/cart.py": "", "vendor/shop/cart.py": ""}
    )

    assert project.file_of("shop.cart") == "src/shop/cart.py"
    assert project.file_of("shop.cart.total") == "src/shop/cart.py"
    assert project.file_of("shop") == "src/shop/__init__.py"
    assert project.file_of("yaml") == ""


def test_sources_near(checkout):
    """Those asked for, and what they import of the project, through two more."""
    project = checkout(
        {
            "shop/__init__.py": "",
            "shop/cart.py": "from shop.prices import price\n",
            "shop/prices.py": "from . import rates\n",
            "shop/rates.py": "import shop.far\n",
            "shop/far.py": "",
            "tests/test_cart.py": "from shop.cart import total\n",
        }
    )

    near = project.sources_near(["tests/test_cart.py"])

    assert set(near) == {
        "tests/test_cart.py",
        "shop/cart.py",
        "shop/prices.py",
        "shop/rates.py",
    }
    assert near["shop/prices.py"].imports == {"rates": "shop.rates"}
    assert Project().source("a.py").imports == {}


def test_an_extra_of_the_project_itself(checkout):
    """An extra that names another extra of the same project asks for nothing from elsewhere."""
    project = checkout(
        {
            "pyproject.toml": '[project]\nname = "My.Shop"\n'
            '[project.optional-dependencies]\ndev = ["my-shop[test]", "tox"]\n'
        }
    )

    assert [entry.name for entry in project.requirements] == ["tox"]


def test_projects_inside(checkout):
    """A folder with a manifest of its own is another project; the innermost holds a file."""
    project = checkout(
        {
            "examples/blog/pyproject.toml": "",
            "examples/blog/tests/conftest.py": "",
            "tests/conftest.py": "",
        }
    )

    assert project.parts == ("examples/blog",)
    assert project.part_of("examples/blog/tests/conftest.py") == "examples/blog"
    assert project.part_of("tests/conftest.py") == ""


def test_reads_nothing_outside_of_the_checkout(checkout, tmp_path):
    """A record names files of other places by their whole path: of a library that is edited too."""
    project = replace(checkout({"in/shop/cart.py": "import yaml\n"}), root=tmp_path / "in")
    (tmp_path / "elsewhere.py").write_text("import yaml\n")

    for file in (str(tmp_path / "elsewhere.py"), "shop/../../elsewhere.py", "/", "", ".."):
        assert project.source(file).imports == {}
    assert project.source("shop/cart.py").imports == {"yaml": "yaml"}
