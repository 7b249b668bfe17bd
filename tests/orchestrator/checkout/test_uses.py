"""What of the machine a file uses, read from its syntax."""

from __future__ import annotations

import ast
import textwrap

import pytest

from orchestrator.checkout.uses import found_in

USES = [
    ('import os\nX = os.environ["SHOP_URL"]', "variable", "SHOP_URL"),
    ('import os\nKEY = "SHOP_URL"\nX = os.getenv(KEY)', "variable", "SHOP_URL"),
    ('import os\nX = "SHOP_URL" in os.environ', "variable", "SHOP_URL"),
    ('import os\nif os.getenv("SHOP_URL"):\n    raise ValueError', "unwanted", "SHOP_URL"),
    ('import os\nif X or "A_B" in os.environ:\n    raise ValueError', "unwanted", "A_B"),
    ('def f(environment):\n    return environment.get("SHOP_URL")', "variable", "SHOP_URL"),
    ('import os\nos.environ["SHOP_URL"] = "x"', "set", "SHOP_URL"),
    ('def test_a(monkeypatch):\n    monkeypatch.delenv("SHOP_URL")', "set", "SHOP_URL"),
    ('def test_a(env):\n    env.set("SHOP_URL", "x")', "set", "SHOP_URL"),
    ('X = "SHOP_URL"', "named", "SHOP_URL"),
    ('import shutil\nshutil.which("pandoc")', "program", "pandoc"),
    (
        'from pathlib import Path\nX = Path(__file__).parent / "a" / "b.json"',
        "absent",
        "t/a/b.json",
    ),
    ('import os\nX = os.path.join(os.path.dirname(__file__), "..", "b.csv")', "absent", "b.csv"),
    ('from pathlib import Path\nX = Path(__file__).parent / "../b.csv"', "absent", "b.csv"),
    ('from pathlib import Path\nX = Path(__file__).parents[1] / "b.csv"', "absent", "b.csv"),
    ("def test_a(tmp_path):\n    (tmp_path / 'x').chmod(0)", "mode", "0o0"),
    ('X = "http://db.example:81/x"', "host", "db.example:81"),
    ('HOST = "db.example"', "host", "db.example"),
    (
        'class A:\n    def setUp(self):\n        self.c["DB_HOST"] = "db.example"',
        "host",
        "db.example",
    ),
    ('X = {"server": "db.example"}', "host", "db.example"),
    ('connect(host="db.example")', "host", "db.example"),
    ('push("db.example:5432", job="x")', "host", "db.example:5432"),
    ('connect("db.example", 5432)', "host", "db.example:5432"),
]


def uses(root, text, file="t/test_a.py"):
    """Of a file with this text."""
    (root / file).parent.mkdir(exist_ok=True)
    (root / file).touch()
    return list(found_in(ast.parse(textwrap.dedent(text)), root / file, file))


@pytest.mark.parametrize(("text", "kind", "name"), USES)
def test_finds(tmp_path, text, kind, name):
    """Each way to use a thing is seen as the same kind of use."""
    assert (kind, name) in {(use.kind, use.name) for use in uses(tmp_path, text)}


@pytest.mark.parametrize(
    "text",
    [
        'def test_a(tmp_path):\n    (tmp_path / "x").chmod(0o644)',
        'X = {}.get("SHOP")',
        "from pathlib import Path\nX = Path(__file__).parent",
        'X = "shop.cart.total"',
        'X = "shop/cart.py:17"',
        'X = "1.2.3:4"',
    ],
)
def test_passes_over(tmp_path, text):
    """What is no use of the machine is none."""
    assert uses(tmp_path, text) == []


@pytest.mark.parametrize(
    "text",
    [
        'import os\nif "SHOP_URL" not in os.environ:\n    raise ValueError',
        'import os\nif not os.getenv("SHOP_URL"):\n    raise ValueError',
        'import os\nif "SHOP_URL" in os.environ:\n    pass\nelse:\n    raise ValueError',
    ],
)
def test_a_variable_that_is_wanted(tmp_path, text):
    """What raises where it is not set is no reason to unset it."""
    assert {use.kind for use in uses(tmp_path, text)} == {"variable", "named"}


def test_serves_the_functions_that_mention_it(tmp_path):
    """What the module keeps belongs to the functions that mention its name."""
    found = uses(
        tmp_path,
        """
        import os
        URL = os.environ.get("SHOP_URL")

        def asks():
            return URL.strip()

        def other():
            return 1
        """,
    )
    [use] = [one for one in found if one.kind == "variable"]

    assert (use.serves(6), use.serves(9), use.default) == (True, False, False)
