"""What a library gave: to a test that asks nothing of the project, and of another type."""

from __future__ import annotations

import pytest

from conftest_kit.records import Distribution
from orchestrator.checkout.project import Project
from orchestrator.checkout.requirements import Requirement
from orchestrator.checkout.source import Source

TEST, SHOP = "tests/test_cart.py:9:test_total", "shop/cart.py:7:total"
LIBRARIES = (
    Distribution(name="frames", version="2.0", modules=("frames",)),
    Distribution(name="tables", version="1.4", modules=("tables",)),
)
FRAMES = {"frames": "frames"}
BASKET = ("basket", "tests/conftest.py", 4)
CLIENT = ("client", "webframe/fixtures.py", 4)
OF_PYTEST = ("tmp_path", "_pytest/tmpdir.py", 4)
FOR_USERS = Requirement(name="frames", text="frames>=1", file="pyproject.toml")
FOR_TESTS = Requirement(
    name="frames", text="frames", file="pyproject.toml", group="test", is_extra=True
)
OF_TEXT = "'str' object has no attribute 'decode'"
OF_BYTES = "'bytes' object has no attribute 'encode'"
OF_LIST = "'list' object has no attribute 'items'"
OF_NOTHING = "'NoneType' object has no attribute 'items'"
ALONE = "library-asked-alone-asserted@2"


def _project(test, conftest=None, *, requirement=FOR_USERS, **others):
    sources = {"tests/test_cart.py": test, "tests/conftest.py": conftest or {}, **others}
    return Project(
        name="shop",
        modules=frozenset({"shop", "tests"}),
        files=("shop/cart.py", *sources),
        requirements=(requirement,),
        sources={file: Source(imports=imports) for file, imports in sources.items()},
    )


@pytest.mark.parametrize(
    ("project", "fixtures", "rule"),
    [
        (_project(FRAMES), (), ALONE),
        (_project({**FRAMES, "pytest": "pytest", "raw": "json"}), (OF_PYTEST,), ALONE),
        (_project(FRAMES, FRAMES), (BASKET,), ALONE),
        (
            _project(
                {**FRAMES, "near": "tests.near.near"}, **{"tests/near.py": {"near": "frames.near"}}
            ),
            (),
            ALONE,
        ),
        (_project({**FRAMES, "total": "shop.cart.total"}), (), "assertion@1"),
        (_project(FRAMES, {"total": "shop.cart.total"}), (BASKET,), "assertion@1"),
        (_project(FRAMES), (CLIENT,), "assertion@1"),
        (
            _project(
                {**FRAMES, "near": "tests.near.near"}, **{"tests/near.py": {"it": "shop.cart"}}
            ),
            (),
            "assertion@1",
        ),
        (_project({**FRAMES, "tables": "tables"}), (), "assertion@1"),
        (_project({**FRAMES, "run": "subprocess.run"}), (), "assertion@1"),
        (_project({"Client": "frames.testing.Client"}), (), "assertion@1"),
        (_project(FRAMES, requirement=FOR_TESTS), (), "assertion@1"),
        (_project({"re": "re"}), (), "assertion@1"),
    ],
)
def test_a_library_is_blamed_where_nothing_else_is_asked(red, raised, project, fixtures, rule):
    """Not where an import, a fixture or a process may lead to code of the project."""
    failed = raised("AssertionError", "assert '3' == '34'", TEST, source="assert found == '34'")

    made = red(failed, project=project, fixtures=fixtures, distributions=LIBRARIES)

    assert made.verdict().rule == rule


def test_a_test_that_reached_the_project_asks_no_library_alone(red, raised):
    """Though no import told so: its frames are there, of an earlier link of the chain."""
    chain = (
        raised("AssertionError", "assert '3' == '34'", TEST),
        raised("ValueError", "no such total", SHOP, relation="context"),
    )

    made = red(*chain, project=_project(FRAMES), distributions=LIBRARIES)

    assert made.verdict().rule == "assertion@1"


@pytest.mark.parametrize(
    ("told", "culprit"),
    [
        ((OF_TEXT, "frames.encode(it).decode()", FRAMES), "frames"),
        ((OF_TEXT, "if frames.encode(it).decode():", FRAMES), "frames"),
        ((OF_TEXT, "token.decode('utf-8')", FRAMES), "frames"),
        ((OF_BYTES, "token.encode('utf-8')", FRAMES), "frames"),
        ((OF_LIST, "frames.load(it).items()", FRAMES), "frames"),
        ((OF_LIST, "loaded.items()", FRAMES), None),
        ((OF_LIST, "loaded.items(frames.load(it))", FRAMES), None),
        ((OF_NOTHING, "frames.load(it).items()", FRAMES), None),
        ((OF_TEXT, "make(it).decode()", {}), None),
        ((OF_TEXT, "token.decode()", {**FRAMES, "tables": "tables"}), None),
    ],
)
def test_whose_result_has_another_type(red, raised, told, culprit):
    """The library that the line calls; of text and bytes also the only one of the file."""
    message, source, imports = told
    failed = raised("AttributeError", message, TEST, SHOP, source=source)
    project = _project({}, **{"shop/cart.py": imports})
    found = red(failed, project=project, distributions=LIBRARIES).verdict()

    expected = ("compatibility", culprit) if culprit else ("product_error", "shop/cart.py")
    assert (found.category, found.culprit.name) == expected


def test_what_is_text_by_now_was_bytes_in_releases_before(red, raised):
    """Whatever tells that the release is old: bytes never came back."""
    failed = raised(
        "AttributeError",
        OF_TEXT,
        SHOP,
        source="return frames.encode(it).decode()",
    )
    project = _project({}, **{"shop/cart.py": FRAMES})

    made = red(failed, project=project, distributions=LIBRARIES)

    assert "`frames<2` may be one" in made.suggestions()[0].text
