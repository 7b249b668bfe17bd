from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.checkout.project import Project, read


@pytest.fixture
def checkout(checked_out):
    """`checkout({file: content})` writes a checkout and reads it."""
    return lambda files: read(checked_out(files))


@pytest.mark.parametrize("root", [None, "nowhere"])
def test_no_checkout(tmp_path, root):
    """Without a checkout nothing is known, and nothing is said."""
    assert read(tmp_path / root if root else None) == Project()


@given(content=st.binary(max_size=200))
def test_anything_can_be_read(tmp_path_factory, content):
    """Whatever the files hold, reading them never raises."""
    root = tmp_path_factory.mktemp("checkout")
    for name in ("pyproject.toml", "setup.cfg", "requirements.txt", "conftest.py", "Pipfile"):
        (root / name).write_bytes(content)

    assert read(root).root == root


def test_modules_and_files(checkout):
    """Modules of the root and of `src` are the project's; environments and builds are passed over,
    unless a package is called so.
    """
    project = checkout(
        {
            "shop/cart.py": "",
            "src/store/__init__.py": "",
            "single.py": "",
            "conftest.py": "",
            "setup.py": "",
            "build/lib/old.py": "",
            "src/dist/__init__.py": "",
            "src/dist/cart.py": "",
            ".tox/py/x.py": "",
            "my-env/pyvenv.cfg": "",
            "my-env/lib/y.py": "",
        }
    )

    assert project.modules == {"shop", "store", "single", "dist"}
    assert {"my-env/lib/y.py", "build/lib/old.py"}.isdisjoint(project.files)
    assert "src/dist/cart.py" in project.files


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


_NAMED = ["Programming Language :: Python :: 3", "Programming Language :: Python :: 3.9"]
_LATER = "Programming Language :: Python :: 3.11"


@pytest.mark.parametrize(
    ("files", "newest"),
    [
        ({"pyproject.toml": f"[project]\nclassifiers = {[*_NAMED, _LATER]}"}, "3.11"),
        ({"pyproject.toml": f"[tool.poetry]\nclassifiers = {_NAMED}"}, "3.9"),
        ({"setup.cfg": f"[metadata]\nclassifiers =\n  {_LATER}\n  {_NAMED[1]}\n"}, "3.11"),
        ({"setup.py": f"said = {_NAMED}\nsetup(classifiers=said)"}, "3.9"),
        ({"setup.py": f"setup(classifiers='''\n{_NAMED[1]}\n{_LATER}\n''')"}, "3.11"),
        ({"setup.py": "setup(classifiers=read())"}, ""),
        ({"pyproject.toml": "[project]\nclassifiers = 3"}, ""),
    ],
)
def test_the_newest_python_that_is_named(checkout, files, newest):
    """By the classifiers, wherever they stand; `Python :: 3` names none."""
    assert checkout(files).newest_python == newest


def test_a_checkout_that_changed_says_so(checked_out):
    """Who serves alerts reviews for days: what lies beside a file may have changed as well."""
    test = {"tests/test_it.py": "from pathlib import Path\nDATA = Path(__file__).parent / 'a.json'"}
    before = read(checked_out({**test, "tests/a.json": "{}"}))
    assert not before.source("tests/test_it.py").uses

    (before.root / "tests/a.json").unlink()

    assert not before.source("tests/test_it.py").uses
    assert [use.kind for use in read(before.root).source("tests/test_it.py").uses] == ["absent"]
