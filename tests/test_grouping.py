"""One cause, one line: what real runs of pytest are reduced to, wherever and however they ran."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

FILES = {
    "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\n',
    "shop/__init__.py": "",
    "shop/cart.py": "def total(rows):\n    return sum(rows) + 'pence'\n",
    "shop/warehouse.py": "SHELVES = 200\n",
    "tests/conftest.py": (
        "import pytest\n\n@pytest.fixture\ndef database(request):\n"
        "    raise LookupError(f'no table {request.node.name} in {id(request)}')\n"
    ),
    "tests/test_cart.py": (
        "import pytest\nfrom shop import cart\n\n"
        "@pytest.mark.parametrize('size', range(39))\n"
        "def test_size(size):\n    assert cart.total(range(size)) == size\n\n"
        "def test_empty():\n    assert cart.total([]) == 0\n"
    ),
    "tests/test_bill.py": (
        "from shop import cart\n\n"
        "class TestBill:\n    def test_bill(self):\n        assert str(cart.total([1]))\n"
    ),
    "tests/test_rows.py": (
        "import pytest\n\n"
        "@pytest.mark.parametrize('row', ['a', 'b\\nc', '💥', *range(27)])\n"
        "def test_row(database, row):\n    pass\n"
    ),
    "tests/test_shelves.py": (
        "import pytest\nfrom shop import warehouse\n\n"
        "@pytest.mark.parametrize('shelf', range(warehouse.SHELVES))\n"
        "def test_shelf(shelf):\n    pass\n"
    ),
}
NO_WAREHOUSE = "ModuleNotFoundError: No module named 'shop.warehouse'"


def _project(folder):
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder


def _causes(root, *arguments):
    """What a review says of a run, by title."""
    command = ["run", "--format", "json", "--output", "report.json", "--"]
    command += [sys.executable, "-m", "pytest", "--continue-on-collection-errors", *arguments]
    variables = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run(
        [sys.executable, "-m", "orchestrator", *command], cwd=root, env=variables, check=False
    )
    report = json.loads((root / "report.json").read_text(encoding="utf-8"))
    return {cause["title"].partition(" in ")[0]: cause for cause in report["causes"]}


@pytest.fixture(scope="module")
def folded(tmp_path_factory):
    """The causes of a run after one in which a module could still be imported."""
    root = _project(tmp_path_factory.mktemp("folded"))
    _causes(root)
    (root / "shop" / "warehouse.py").unlink()
    (root / "tests" / "test_shelves.py").write_text(
        FILES["tests/test_shelves.py"].replace("from shop import", "import shop.warehouse as"),
        encoding="utf-8",
    )
    return _causes(root)


@pytest.mark.parametrize(
    ("title", "failures", "prevented"),
    [
        ("TypeError: unsupported operand type(s) for +: 'int' and 'str'", 41, 0),
        ("LookupError: no table test_row[0]", 30, 0),
        (NO_WAREHOUSE, 1, 200),
    ],
)
def test_one_cause_is_one_line(folded, title, failures, prevented):
    """41 tests of one TypeError, 30 cases of one fixture, a module and the tests that it hid."""
    cause = folded[title]

    assert (len(folded), len(cause["failures"]), len(cause["prevented"])) == (
        3,
        failures,
        prevented,
    )


def test_the_same_wherever_and_however_it_runs(folded, tmp_path):
    """In another folder, in another order and with xdist a cause has the signature it had."""
    root = _project(tmp_path / "somewhere else" / "päckchen")
    serial = _causes(root, "tests/test_rows.py", "tests/test_bill.py")
    spread = _causes(root, "-n2")

    for causes in (serial, spread):
        assert _identities(causes) == {
            entry for entry in _identities(folded) if entry[0] != NO_WAREHOUSE
        }


def _identities(causes):
    return {(title.partition("[")[0], cause["signature"]) for title, cause in causes.items()}
